"""What the studies share: many trainings under one protocol, each leaving a row in a JSON file."""

import json
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from cvae.datasets.tfds import load
from cvae.experiments import storage
from cvae.utils.environment import flag
from cvae.utils.files import atomic_write, only_one


class Study:
    """Runs what has no row yet, and writes each row as it is finished.

    A subclass has `name` (of its file in `data/results`, and for `python -m cvae reproduce NAME`) and
    `fields`, the names whose values tell one row from the next: a row's key. Its methods say what all
    rows have in common (`protocol`), which there shall be (`keys`), and how they are made (`run`).

    Args:
        path: of the file, where it is not that of `name`.
    """

    name: str
    fields: tuple[str, ...]

    def __init__(self, path: str | Path | None = None):
        self._path = path

    @property
    def path(self) -> Path:
        """The file of results.

        Raises:
            FileNotFoundError: the package is installed without the repository.
        """
        return storage.result_path(self.name) if self._path is None else Path(self._path)

    def protocol(self) -> dict:
        """Settings that all rows share: rows of another protocol do not count."""
        raise NotImplementedError

    def keys(self) -> list[tuple]:
        """The key of every row, in the order in which they are to be run."""
        raise NotImplementedError

    def work(self, key: tuple) -> tuple:
        """What has to be done for a row; rows of the same work are made together."""
        return key

    def dataset(self, key: tuple) -> str | None:
        """The data set whose real images a row needs; None for rows that are always at hand."""
        return key[0]

    def run(self, work: tuple, keys: list[tuple]) -> dict[tuple, dict]:
        """{key: numbers} for these keys, which have this work in common."""
        raise NotImplementedError

    def reproduce(self) -> Path:
        """Run what has no row yet. Killed, it goes on where it was when it is called again.

        Raises:
            OSError: another process runs this study.
            FileNotFoundError: the package is installed without the repository.
            ValueError: a data set that is here only as a stand-in; nothing is run then.
        """
        with only_one(self.path.with_suffix(".lock"), f"the study {self.name}"):
            return self._reproduce()

    def _reproduce(self):
        path, known = self.path, self.read()
        missing = [key for key in self.keys() if key not in known]
        for dataset in filter(None, dict.fromkeys(map(self.dataset, missing))):
            load(dataset).check_real(f"the study {self.name!r}")
        together = {}
        for key in missing:
            together.setdefault(self.work(key), []).append(key)
        for work, keys in tqdm(together.items(), unit="part", disable=flag("CI")):
            known |= self.run(work, keys)
            self.write(known)
        return path

    def read(self) -> dict[tuple, dict]:
        """{key: numbers} of what has been run under this protocol; none where there is no file.

        Raises:
            ValueError: a file that does not hold a study's results.
        """
        if not self.path.is_file():
            return {}
        try:
            found = json.loads(self.path.read_text())
            if found["protocol"] != json.loads(json.dumps(self.protocol())):
                return {}
            return {tuple(row.pop(field) for field in self.fields): row for row in found["rows"]}
        except (json.JSONDecodeError, AttributeError, KeyError, TypeError) as error:
            raise ValueError(
                f"{self.path} does not hold a study's results: move it away, or restore it"
            ) from error

    def frame(self) -> pd.DataFrame:
        """What `read` gives as a data frame: a column for each field and each number."""
        return pd.DataFrame(
            [dict(zip(self.fields, key, strict=True)) | row for key, row in self.read().items()]
        )

    def check_complete(self, known: dict[tuple, dict], keys: list[tuple] | None = None) -> None:
        """Raises ValueError where rows are missing: how many, and which command runs them.

        Args:
            known: what `read` gives.
            keys: of the rows that are needed; None for all.
        """
        missing = [key for key in (self.keys() if keys is None else keys) if key not in known]
        if missing:
            raise ValueError(
                f"{len(missing)} results of {self.name} are missing, such as {missing[0]}: run "
                f"python -m cvae reproduce {self.name}"
            )

    def write(self, known: dict[tuple, dict]) -> None:
        """Write the rows, all or nothing."""
        rows = [dict(zip(self.fields, key, strict=True)) | row for key, row in known.items()]
        lines = ",\n".join(json.dumps(row) for row in rows)
        with atomic_write(self.path) as temporary:
            Path(temporary).write_text(
                f'{{"protocol": {json.dumps(self.protocol())},\n"rows": [\n{lines}\n]}}\n'
            )
