import dataclasses
import json

import keras
import numpy as np
import pytest

import cvae
from cvae import runtime
from cvae.experiments import classifiers, storage

COMPILE_OPTIONS = runtime.compile_options


@pytest.fixture
def data(images, labels, monkeypatch, tmp_path):
    """Squares under MNIST's name, a classifier that trains in a second, and no folder of the project."""
    labels = labels.astype("int64")
    squares = cvae.ImageDataset(
        "mnist", "TFDS mnist 3.0.1", ("a", "b", "c"), images, labels, images[:32], labels[:32]
    )
    state = {"data": squares}

    def load(name, limit=None):
        whole = state["data"]
        return dataclasses.replace(whole, x_train=whole.x_train[:limit], y_train=whole.y_train[:limit])

    monkeypatch.setattr(classifiers, "load", load)
    monkeypatch.setattr(storage, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(storage, "PRETRAINED", tmp_path / "pretrained")
    settings = {
        "network": "mlp", "epochs": 2, "batch_size": 32, "learning_rate": 1e-2, "flip": True, "shift": 2,
    }  # fmt: skip
    monkeypatch.setattr(classifiers, "SETTINGS", {"mnist": settings})
    monkeypatch.setitem(
        classifiers.NETWORKS, "mlp", lambda shape, classes: classifiers.mlp(shape, classes, (32,))
    )
    # So few steps are done before a graph would be traced.
    monkeypatch.setattr(classifiers.runtime, "compile_options", lambda steps: {"run_eagerly": True})
    monkeypatch.setenv("CI", "1")
    return state


@pytest.fixture
def stand_in(data):
    data["data"] = dataclasses.replace(data["data"], source="stand-in: squares")
    return data["data"]


@pytest.fixture
def untrained(monkeypatch):
    """From here on, training fails the test."""
    return lambda: monkeypatch.setattr(keras.Model, "fit", lambda *a, **k: pytest.fail("trained"))


def constant(verdicts):
    """A classifier that says `verdicts` of every 2x2 image."""
    logits = np.log(np.asarray(verdicts, "float32"))
    model = classifiers.classifier((2, 2, 1), len(verdicts), [keras.layers.Flatten()])
    model.set_weights([np.zeros((4, len(verdicts))), logits])
    return model


@pytest.mark.parametrize("network", [classifiers.mlp, classifiers.cnn])
@pytest.mark.parametrize("shape", [(8, 8, 1), (12, 12, 3), (7, 9, 1)])
def test_rows_are_probabilities(network, shape, rng):
    images = rng.integers(0, 256, (5, *shape), "uint8")
    model = network(shape, 4)
    found = classifiers.probabilities(model, images)
    assert found.shape == (5, 4)
    assert found.dtype == np.float32
    assert found.min() >= 0
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    # Bytes and floats are one picture; batches, dropout and batch statistics change nothing.
    again = classifiers.probabilities(model, images / 255, batch_size=2)
    np.testing.assert_allclose(again, found, atol=1e-5)


def test_parameters_by_hand():
    model = classifiers.mlp((8, 8, 1), 10, hidden=(16, 8))
    assert model.count_params() == (64 * 16 + 16) + (16 * 8 + 8) + (8 * 10 + 10)
    model = classifiers.cnn((8, 8, 1), 10, filters=(4,))
    batch_norm = 4 * 4
    convolutions = 9 * 1 * 4 + batch_norm + 9 * 4 * 4 + batch_norm
    assert model.count_params() == convolutions + (4 * 4 * 4 * 128 + 128) + (128 * 10 + 10)


def test_accuracy_by_hand():
    model = constant([0.2, 0.5, 0.3])
    images = np.zeros((4, 2, 2, 1), "uint8")
    verdicts = classifiers.probabilities(model, images)
    np.testing.assert_allclose(verdicts, np.tile([0.2, 0.5, 0.3], (4, 1)), atol=1e-6)
    assert classifiers.accuracy(model, images, [1, 0, 1, 1]) == 0.75
    assert classifiers.accuracy(model, images, [0, 0, 2, 2]) == 0


def test_wrong_images_and_labels():
    model, images = constant([0.2, 0.8]), np.zeros((4, 2, 2, 1), "uint8")
    with pytest.raises(ValueError, match="images of the wrong side"):
        classifiers.probabilities(model, np.zeros((4, 3, 2, 1), "uint8"))
    with pytest.raises(ValueError, match="add the channel axis"):
        classifiers.probabilities(model, images[..., 0])
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.1, got 0\.\.2"):
        classifiers.accuracy(model, images, [0, 1, 2, 0])
    with pytest.raises(ValueError, match="one for each of 4 images"):
        classifiers.accuracy(model, images, [0, 1])
    with pytest.raises(ValueError, match="whole numbers"):
        classifiers.accuracy(model, images, [0.0, 1.0, 0.0, 1.0])


@pytest.mark.parametrize("shift", [0, 2])
@pytest.mark.parametrize("flip", [False, True])
def test_training_images_are_moved_and_flipped_as_they_should_be(flip, shift):
    images = np.zeros((800, 9, 9, 1), "uint8")
    images[:, 4, 3] = 255
    augment = classifiers.augmentation((9, 9, 1), {"flip": flip, "shift": shift, "seed": 0})
    shown = keras.ops.convert_to_numpy(augment(images, training=True))
    np.testing.assert_allclose(shown.sum(axis=(1, 2, 3)), 1, atol=1e-5)  # moved, not smeared, not lost
    places = {tuple(map(int, place)) for place in np.argwhere(shown[..., 0] > 0.5)[:, 1:]}
    # Flipped, column 3 is column 5.
    columns = {at + move for at in ((3, 5) if flip else (3,)) for move in range(-shift, shift + 1)}
    assert {column for _, column in places} == columns
    assert {row for row, _ in places} == set(range(4 - shift, 5 + shift))
    # Nearly every pair of them: rows, columns and flips are drawn apart.
    assert len(places) >= 0.9 * (2 * shift + 1) * len(columns)
    used = keras.ops.convert_to_numpy(augment(images, training=False))
    np.testing.assert_allclose(used, images / 255, atol=1e-6)


def test_train_writes_weights_and_card(data, tmp_path):
    out = tmp_path / "a" / "c.keras"
    model = classifiers.train("mnist", out, epochs=3, seed=5)
    card = json.loads(out.with_suffix(".json").read_text())
    assert card["settings"] == {
        "network": "mlp", "epochs": 3, "batch_size": 32, "learning_rate": 1e-2, "flip": True, "shift": 2,
        "seed": 5,
    }  # fmt: skip
    assert card["data"] == "TFDS mnist 3.0.1"
    assert (card["training_images"], card["test_images"]) == (96, 32)
    loaded = keras.saving.load_model(out)
    test = data["data"]
    expected = classifiers.probabilities(model, test.x_test)
    np.testing.assert_allclose(classifiers.probabilities(loaded, test.x_test), expected, atol=1e-6)
    assert card["test_accuracy"] == (expected.argmax(axis=1) == test.y_test).mean()
    again = classifiers.train("mnist", tmp_path / "b.keras", epochs=3, seed=5)
    np.testing.assert_allclose(classifiers.probabilities(again, test.x_test), expected, atol=1e-4)


def test_training_learns(data, tmp_path, monkeypatch):
    """Bright squares, dark squares and none: easy to tell, wherever they are moved to."""
    monkeypatch.setattr(classifiers.runtime, "compile_options", COMPILE_OPTIONS)
    whole = data["data"]
    images = np.where(whole.x_train > 0, 255, 0).astype("uint8")
    images[whole.y_train == 1] //= 3
    images[whole.y_train == 2] = 0
    data["data"] = dataclasses.replace(
        whole, x_train=images, x_test=images[:48], y_test=whole.y_train[:48]
    )
    classifiers.train("mnist", tmp_path / "c.keras", epochs=30)
    assert json.loads((tmp_path / "c.json").read_text())["test_accuracy"] > 0.9


def test_load_or_train_trains_once(data, untrained):
    first, card = classifiers.load_or_train(data["data"], limit=64)
    assert card["training_images"] == 64
    untrained()
    again, same = classifiers.load_or_train(data["data"], limit=64)
    assert same == card
    images = data["data"].x_test
    expected = classifiers.probabilities(first, images)
    np.testing.assert_allclose(classifiers.probabilities(again, images), expected, atol=1e-6)
    with pytest.raises(pytest.fail.Exception, match="trained"):
        classifiers.load_or_train(data["data"], limit=32)


def test_committed_weights_are_for_the_real_data_only(data, untrained):
    classifiers.train("mnist", storage.PRETRAINED / "classifier-mnist.keras")
    real = data["data"]
    stand_in = data["data"] = dataclasses.replace(real, source="stand-in: squares")
    _, card = classifiers.load_or_train(stand_in)
    assert card["data"] == "stand-in: squares"
    assert [path.stem for path in storage.RUNS.glob("*.keras")] == ["classifier-mnist-stand-in-all"]
    untrained()
    assert classifiers.load_or_train(stand_in)[1]["data"] == "stand-in: squares"
    assert classifiers.load_or_train(real)[1]["data"] == "TFDS mnist 3.0.1"


def test_a_stand_in_is_never_committed(stand_in, untrained):
    untrained()
    with pytest.raises(ValueError, match="do not go into data/pretrained"):
        classifiers.train("mnist", storage.PRETRAINED / "classifier-mnist.keras")
    assert not list(storage.PRETRAINED.glob("*.keras"))


def test_weights_of_other_settings_are_not_taken(data):
    classifiers.train("mnist", epochs=1)
    classifiers.train("mnist", storage.PRETRAINED / "classifier-mnist.keras", seed=1)
    _, card = classifiers.load_or_train(data["data"])
    assert (card["settings"]["epochs"], card["settings"]["seed"]) == (2, 0)


def test_a_card_never_stands_beside_other_weights(data, monkeypatch):
    classifiers.train("mnist")
    (card,) = storage.RUNS.glob("*.json")

    def fail(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(keras.Model, "save", fail)
    with pytest.raises(KeyboardInterrupt):
        classifiers.train("mnist", epochs=1)
    assert not card.exists()
    assert len(list(storage.RUNS.iterdir())) == 1  # the weights of before, and nothing half written


def test_wrong_arguments_are_found_before_training(data, untrained, tmp_path):
    untrained()
    for arguments, message in (
        ({"name": "cifar10"}, "there are classifiers for mnist, got 'cifar10'"),
        ({"epoch": 1}, "settings are network, .*epochs, .*; got epoch"),
        ({"network": "tree"}, "network must be mlp or cnn, got 'tree'"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1"),
        ({"out": tmp_path / "c.h5"}, "must end in .keras"),
    ):
        with pytest.raises(ValueError, match=message):
            classifiers.train(**{"name": "mnist"} | arguments)
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot write"):
        classifiers.train("mnist", tmp_path / "file" / "c.keras")
    other = dataclasses.replace(data["data"], name="cifar10")
    with pytest.raises(ValueError, match="there are classifiers for mnist, got 'cifar10'"):
        classifiers.load_or_train(other)


def test_the_settings_of_the_project_are_complete():
    for settings in classifiers.SETTINGS.values():
        assert set(settings) == {
            "network", "epochs", "batch_size", "learning_rate", "flip", "shift",
        }  # fmt: skip
        assert settings["network"] in classifiers.NETWORKS


def test_features_are_what_the_last_layer_makes_classes_of(images):
    model = classifiers.cnn(images.shape[1:], 3, filters=(4,))
    found = classifiers.features(model, images)
    assert found.shape == (len(images), 128)
    kernel, bias = model.layers[-1].get_weights()
    logits = found @ kernel + bias
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(classifiers.probabilities(model, images), expected, atol=1e-5)
    with pytest.raises(ValueError, match="wrong side"):
        classifiers.features(model, images[:, 1:])
