"""One training on two processes that talk over loopback: it has the losses and weights of one."""

import importlib.util
import json
import os
import re
import runpy
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import imageio.v3 as iio
import keras
import numpy as np
import pytest

import cvae
from cvae.__main__ import main
from cvae.datasets.batches import ImageBatches
from cvae.experiments import distributed

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "site" / "scale_out.py"
SMALL = ("--size", "16", "--batch-size", "8", "--epochs", "2")

jax_here = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="an extra: requirements-test.txt"
)

# `python -m cvae train NAME --distribute` of two recipes, with images of scikit-learn as the data set.
COMMAND = """
    import sys
    from pathlib import Path
    from sklearn.datasets import load_digits
    import cvae
    from cvae.__main__ import main
    from cvae.experiments import catalogue, recipe, storage
    folder = Path(sys.argv[1])
    x, y = load_digits(return_X_y=True)
    x = (x * 15.9).astype("uint8").reshape(-1, 8, 8, 1)
    # A last batch of 30; 2 processes divide it, and the images held out.
    data = cvae.ImageDataset("digits", "scikit-learn", tuple("0123456789"),
                             x[:1030], y[:1030], x[1030:1066], y[1030:1066])
    recipe.load = lambda *args, **options: data
    recipe.source_of = lambda *args, **options: (data.source, len(data.x_train))
    storage.RUNS = folder
    shared = {"about": "digits", "dataset": "digits", "latent_dim": 2, "network": "mlp",
              "options": {"hidden": (16,)}, "batch_size": 100, "epochs": 2}
    for changes in ({"name": "plain", "bias_init": True},
                    {"name": "told", "conditional": True, "binarize": "dynamic"}):
        name = changes["name"]
        catalogue.RECIPES[name] = recipe.make_recipe(**shared, **changes)
        if main(["train", name, "--distribute", "--out", f"{folder}/{name}.keras"]):
            sys.exit(1)
"""


def processes(command, folder, number, **environment):
    """Run a command in so many processes, as `number` machines would; what each wrote."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        address = f"localhost:{probe.getsockname()[1]}"
    base = os.environ | {
        "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "CI": "1", "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3", **environment,
    }  # fmt: skip
    if number > 1:
        base |= {
            "KERAS_DISTRIBUTION_JOB_ADDRESSES": address,
            "KERAS_DISTRIBUTION_NUM_PROCESSES": str(number),
        }
    started = [
        subprocess.Popen(
            [sys.executable, *command], cwd=folder, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=base | {"KERAS_DISTRIBUTION_PROCESS_ID": str(process)},
        )
        for process in range(number)
    ]  # fmt: skip
    try:
        written = [process.communicate(timeout=120) for process in started]
    finally:
        for process in started:
            process.kill()
    for process, (_, errors) in zip(started, written, strict=True):
        assert process.returncode == 0, errors[-3000:]
    return [out for out, _ in written]


@jax_here
def test_recipes_on_two_processes_are_the_recipes_on_one(tmp_path):
    for number in (1, 2):
        folder = tmp_path / f"on-{number}"
        command = ["-c", textwrap.dedent(COMMAND), str(folder)]
        first, *others = processes(command, tmp_path, number)
        assert f"saved {folder}/told.keras" in first
        assert "saved" not in "".join(others)
    for name in ("plain", "told"):
        one, two = (tmp_path / f"on-{number}" / f"{name}.keras" for number in (1, 2))
        assert_same_training(*(json.loads(path.with_suffix(".json").read_text()) for path in (one, two)))
        weights = [cvae.load_vae(path).get_weights() for path in (one, two)]
        for a, b in zip(*weights, strict=True):
            np.testing.assert_allclose(b, a, atol=1e-5)


def assert_same_training(card, other):
    one, two = card["history"], other["history"]
    assert set(one) >= {"loss", "kl", "val_loss", "seconds"}
    assert one["loss"][1] < one["loss"][0]
    for key in set(one) - {"seconds"}:
        np.testing.assert_allclose(two[key], one[key], rtol=1e-5, err_msg=key)


@jax_here
@pytest.mark.parametrize(("images", "sizes"), [(40, [10] * 4), (33, [10, 10, 10, 2]), (31, [10] * 3)])
def test_what_the_devices_cannot_divide_is_left_out(monkeypatch, images, sizes):
    monkeypatch.setattr("keras.distribution.list_devices", lambda: ["gpu:0", "gpu:1"])
    pictures = np.arange(images, dtype="uint8").reshape(-1, 1, 1, 1) + np.uint8(1)
    batches = ImageBatches(pictures, 10, 0, shuffle=False)
    share = distributed.Share(batches)
    assert [len(share[n][0]) for n in range(len(share))] == sizes
    share.process, share.processes = 1, 2  # as the second of two processes
    assert [share[n][0][0, 0, 0, 0] for n in range(len(share))] == [
        1 + 10 * n + size // 2 for n, size in enumerate(sizes)
    ]


@jax_here
def test_fewer_images_than_devices_are_refused(monkeypatch):
    monkeypatch.setattr("keras.distribution.list_devices", lambda: ["gpu:0", "gpu:1"])
    one = ImageBatches(np.full((1, 1, 1, 1), 9, "uint8"), 1, 0, shuffle=False)
    with pytest.raises(ValueError, match="1 images cannot be divided among 2 devices"):
        distributed.Share(one)


@pytest.fixture
def photographs(tmp_path):
    """A folder of 40 photographs of several sizes."""
    rng = np.random.default_rng(0)
    for number in range(40):
        pixels = rng.integers(0, 256, (20 + number % 3, 24, 3), dtype="uint8")
        (tmp_path / "photographs").mkdir(exist_ok=True)
        iio.imwrite(tmp_path / "photographs" / f"{number:02}.png", pixels)
    return tmp_path / "photographs"


@jax_here
def test_a_folder_is_streamed_to_two_processes_as_to_one(photographs, tmp_path):
    losses = []
    for number in (1, 2):
        model = tmp_path / f"{number}.keras"
        first, *others = processes([SCRIPT, photographs, "--out", model, *SMALL], tmp_path, number)
        assert f"saved {model}" in first
        assert "saved" not in "".join(others)
        losses.append(
            [float(loss) for loss in re.search(r"^losses (.*)$", first, re.MULTILINE)[1].split()]
        )
        assert cvae.load_vae(model).sample(3, seed=0).shape == (3, 16, 16, 3)
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
    assert losses[0][1] < losses[0][0]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.distribute")
def test_the_script_runs_on_tensorflow(photographs, tmp_path, monkeypatch, capsys):
    model = tmp_path / "m.keras"
    monkeypatch.setattr("sys.argv", [*map(str, (SCRIPT, photographs, "--out", model)), *SMALL])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    assert f"saved {model}" in capsys.readouterr().out
    assert cvae.load_vae(model).sample(3, seed=0).shape == (3, 16, 16, 3)


def test_fewer_photographs_than_a_batch_are_refused(photographs, tmp_path, monkeypatch):
    command = (SCRIPT, photographs, "--out", tmp_path / "m.keras", *SMALL[:2], "--batch-size", 41)
    monkeypatch.setattr("sys.argv", [*map(str, command)])
    with pytest.raises(SystemExit, match="40 photographs are no batch of 41"):
        runpy.run_path(str(SCRIPT), run_name="__main__")


def test_other_backends_are_refused(tiny_recipe, monkeypatch, capsys):
    monkeypatch.setattr("keras.backend.backend", lambda: "tensorflow")
    assert main(["train", "tiny", "--distribute"]) == 2
    assert "needs Keras on JAX, this is Keras on tensorflow: pip install jax" in capsys.readouterr().err


def test_a_batch_that_the_devices_cannot_divide_is_refused(tiny_recipe, monkeypatch):
    monkeypatch.setattr("keras.distribution.list_devices", lambda: ["gpu:0", "gpu:1", "gpu:2"])
    with pytest.raises(ValueError, match="a batch of 32 cannot be divided among 3 devices"):
        distributed.check_devices(tiny_recipe)


def test_weights_to_start_with_must_be_there(tiny_recipe):
    recipe = tiny_recipe.replace(name="second", start="tiny")
    with pytest.raises(ValueError, match="second starts with the weights of tiny, which are not here"):
        distributed.check_devices(recipe)
