"""Going on with a training that was killed: Keras's backup and log, made safe to be cut off anywhere."""

import contextlib
import csv
import json
import shutil
import time
from pathlib import Path

import keras

from cvae.utils.files import atomic_write


class EpochSeconds(keras.callbacks.Callback):
    """Log how long each epoch took, its validation included."""

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = time.perf_counter() - self.start


def resumable(folder) -> list:
    """Keras's own callbacks for a training that may be killed: a log and a backup every epoch."""
    log = folder / "log.csv"
    folder.mkdir(parents=True, exist_ok=True)
    cut_log(log, epochs_backed_up(folder / "backup"))
    return [
        EpochSeconds(),
        keras.callbacks.CSVLogger(log, append=True),
        # Not deleted when `fit` ends, but by `finish`: the weights are not yet saved then.
        keras.callbacks.BackupAndRestore(
            folder / "backup", double_checkpoint=True, delete_checkpoint=False
        ),
    ]


def finish(folder) -> None:
    """Remove log and backup, after the weights have been saved."""
    shutil.rmtree(folder / "backup", ignore_errors=True)
    (folder / "log.csv").unlink()


def epochs_backed_up(backup) -> int:
    """How many epochs Keras's backup holds. Keras does not survive being killed while it writes the
    small file that says so: then the backup before takes its place."""
    metadata, weights = backup / "training_metadata.json", backup / "latest.weights.h5"
    for _ in range(2):
        try:
            return json.loads(metadata.read_text())["epoch"]
        except (FileNotFoundError, json.JSONDecodeError):
            for path in (weights, metadata):
                path.unlink(missing_ok=True)
                with contextlib.suppress(FileNotFoundError):
                    Path(f"{path}.bkp").rename(path)
    shutil.rmtree(backup, ignore_errors=True)
    return 0


def cut_log(path, epochs):
    """Leave the rows of the first `epochs` epochs: later ones, maybe half written, are done again."""
    if path.is_file():
        lines = path.read_text().splitlines(keepends=True)[: epochs + 1 if epochs else 0]
        with atomic_write(path) as temporary:
            Path(temporary).write_text("".join(lines))


def read_log(path) -> dict:
    """The log of a training as lists by name. Of an epoch that was done again, the second row."""
    with open(path, newline="") as file:
        rows = {int(row["epoch"]): row for row in csv.DictReader(file)}
    keys = [key for key in rows[0] if key != "epoch"]
    return {key: [float(rows[epoch][key]) for epoch in sorted(rows)] for key in keys}
