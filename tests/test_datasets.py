import numpy as np
import pytest

pytest.importorskip("tensorflow_datasets")

import tensorflow_datasets as tfds

import cvae
from cvae.datasets import base, stand_ins
from cvae.datasets import tfds as datasets

SIDE_OF = {"mnist": (28, 28, 1), "fashion_mnist": (28, 28, 1), "cifar10": (32, 32, 3)}


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No data folder and no network, as on a train."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CVAE_OFFLINE", "1")
    real_builder = tfds.builder
    monkeypatch.setattr(tfds, "builder", lambda name, **k: real_builder(name, data_dir=str(tmp_path)))


@pytest.mark.parametrize("name", list(SIDE_OF))
@pytest.mark.filterwarnings("ignore:.*IS NOT HERE")
def test_load(name):
    """The real set where TFDS has it, else its stand-in: the same promises."""
    data = cvae.load(name, limit=500)
    assert data.image_shape == SIDE_OF[name]
    assert data.x_train.dtype == data.x_test.dtype == np.uint8
    assert data.y_train.dtype == data.y_test.dtype == np.int64
    assert len(data.x_train) == len(data.y_train) == 500
    assert (np.bincount(data.y_train) == 50).all()
    assert len(data.class_names) == 10
    assert name in repr(data)
    if not data.is_stand_in:
        assert len(data.x_test) == 10_000
        assert data.source.startswith(f"TFDS {name} ")


@pytest.mark.filterwarnings("ignore:.*IS NOT HERE")
@pytest.mark.filterwarnings("ignore:.*IS NOT HERE")
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_where_images_come_from_is_known_before_they_are_read(name, monkeypatch):
    data, few = cvae.load(name), cvae.load(name, limit=7)
    monkeypatch.setattr(datasets, "read", lambda *args: pytest.fail("images were read"))
    monkeypatch.setattr(datasets, "stand_in", lambda *args: pytest.fail("images were made"))
    assert datasets.source_of(name) == (data.source, len(data.x_train))
    assert datasets.source_of(name, limit=7) == (few.source, 7)


def test_grayscale_and_size():
    grey = cvae.load("cifar10", grayscale=True, size=16, limit=20)
    assert grey.image_shape == (16, 16, 1)
    dogs = cvae.load("stanford_dogs", size=32, limit=240)
    assert dogs.image_shape == (32, 32, 3)
    assert len(dogs.class_names) == 120


def test_limit_is_seeded_and_balanced():
    labels = np.repeat([0, 1, 2], [100, 10, 50])
    chosen = base.balanced_choice(labels, 60, seed=0)
    assert np.array_equal(np.bincount(labels[chosen]), [25, 10, 25])
    assert (np.diff(chosen) > 0).all()
    assert np.array_equal(chosen, base.balanced_choice(labels, 60, seed=0))
    assert not np.array_equal(chosen, base.balanced_choice(labels, 60, seed=1))


def test_prepare_resizes_the_short_side_and_crops_the_centre():
    import tensorflow as tf

    # Left half black, right half white, twice as wide as high: the crop keeps the seam in the middle.
    image = np.zeros((40, 80, 3), "uint8")
    image[:, 40:] = 255
    small = datasets.prepare(tf.constant(image), 20, grayscale=False).numpy()
    assert small.shape == (20, 20, 3)
    assert small[:, :9].max() < 30
    assert small[:, 11:].min() > 225
    color = tf.constant(np.full((4, 4, 3), [255, 0, 0], "uint8"))
    assert datasets.prepare(color, None, grayscale=True).numpy()[0, 0, 0] == round(0.2989 * 255)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "stanford_dogs"])
def test_stand_in_is_loud_and_says_so_everywhere(offline, name):
    size = 64 if name == "stanford_dogs" else None
    with pytest.warns(UserWarning, match=f"{name.upper()} IS NOT HERE.*TFDS_DATA_DIR"):
        data = cvae.load(name, size=size)
    assert data.is_stand_in
    assert data.source in (f"stand-in: {stand_ins.DIGITS}", f"stand-in: {stand_ins.PICTURES}")
    assert data.source in repr(data)
    assert datasets.source_of(name) == (data.source, len(data.x_train))
    assert data.image_shape == SIDE_OF.get(name, (64, 64, 3))
    assert len(data.class_names) == (120 if name == "stanford_dogs" else 10)
    assert set(data.y_train) == set(range(len(data.class_names)))
    with pytest.warns(UserWarning, match="IS NOT HERE"):
        again = cvae.load(name, size=size)
    assert np.array_equal(data.x_train, again.x_train)


def test_offline_can_be_an_error(offline, monkeypatch):
    monkeypatch.setenv("CVAE_OFFLINE", "error")
    monkeypatch.setattr(datasets, "reachable", lambda builder: False)
    with pytest.raises(RuntimeError, match="mnist is not in .*TFDS_DATA_DIR"):
        cvae.load("mnist")


def test_an_unreachable_host_is_given_up_at_once(offline, monkeypatch):
    monkeypatch.delenv("CVAE_OFFLINE")
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    tried = []

    def refuse(address, timeout):
        tried.append(address)
        raise OSError("unreachable")

    monkeypatch.setattr(datasets.socket, "create_connection", refuse)
    with pytest.warns(UserWarning, match="download host cannot be reached"):
        cvae.load("mnist")
    assert tried == [("storage.googleapis.com", 443)]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionError("connection reset\nby peer"), "connection reset"),
        (AssertionError(), "Assertion"),
    ],
)
def test_a_broken_download_becomes_a_stand_in(offline, monkeypatch, error, reason):
    monkeypatch.delenv("CVAE_OFFLINE")
    monkeypatch.setattr(datasets, "reachable", lambda builder: True)

    def fail(self):
        raise error

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.warns(UserWarning, match=reason):
        assert cvae.load("mnist").is_stand_in


def test_wrong_arguments():
    with pytest.raises(ValueError, match="unknown data set 'mnits'; did you mean mnist"):
        cvae.load("mnits")
    with pytest.raises(ValueError, match="no image and label"):
        cvae.load("coco")
    for options in ({"limit": 0}, {"size": -1}, {"limit": 1.5}):
        with pytest.raises(ValueError, match="whole number of at least 1"):
            cvae.load("mnist", **options)


@pytest.mark.filterwarnings("ignore:.*IS NOT HERE")
def test_images_that_vary_in_size_need_one():
    if cvae.load("stanford_dogs", size=8, limit=1).is_stand_in:
        pytest.skip("needs the real photographs")
    with pytest.raises(ValueError, match="vary in size: choose one"):
        cvae.load("stanford_dogs")
