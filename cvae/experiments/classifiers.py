"""Reference classifiers, which score generated images; trained by us, so that nothing is downloaded."""

import json
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from keras import layers
from numpy.typing import ArrayLike

from cvae import metrics, runtime
from cvae.build import check_model_path
from cvae.datasets.base import ImageDataset
from cvae.datasets.tfds import load
from cvae.experiments import storage
from cvae.utils.checks import check_count, check_labels, check_seed, in_batches
from cvae.utils.files import atomic_write, only_one
from cvae.utils.images import check_images, to_float

REFERENCE = 10_000  # training images that generated ones are compared with
# How they are trained. The committed weights are older than `augmentation`: they saw all images of a
# batch flipped and moved alike, where now each is by itself. Flipped left to right a shirt is a shirt, a
# 3 is no digit. Digits are learnt better when moved by up to two pixels ("shift"), but not clothes,
# which fill their frame.
COMMON = {"network": "cnn", "batch_size": 128, "learning_rate": 2e-3}
SETTINGS = {
    "mnist": COMMON | {"epochs": 8, "flip": False, "shift": 2},
    "fashion_mnist": COMMON | {"epochs": 16, "flip": True, "shift": 0},
    "cifar10": COMMON | {"epochs": 10, "flip": True, "shift": 2},
}


def mlp(
    image_shape: tuple[int, int, int],
    num_classes: int,
    hidden: Sequence[int] = (512, 512),
    dropout: float = 0.2,
) -> keras.Model:
    """A multilayer perceptron: images in [0, 1] -> class probabilities."""
    body = [layers.Flatten()]
    for width in hidden:
        body += [layers.Dense(width, activation="relu"), layers.Dropout(dropout)]
    return classifier(image_shape, num_classes, body)


def cnn(
    image_shape: tuple[int, int, int], num_classes: int, filters: Sequence[int] = (32, 64)
) -> keras.Model:
    """Two 3x3 convolutions for each of `filters`, the second of stride 2; 128 features."""
    body = []
    for width in filters:
        for stride in (1, 2):
            body += [
                layers.Conv2D(width, 3, stride, padding="same", use_bias=False),
                layers.BatchNormalization(),
                layers.Activation("relu"),
            ]
        body.append(layers.Dropout(0.2))
    body += [layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dropout(0.4)]
    return classifier(image_shape, num_classes, body)


def classifier(image_shape, num_classes, body):
    to_classes = layers.Dense(num_classes, activation="softmax", dtype="float32")
    return keras.Sequential([keras.Input(image_shape), *body, to_classes])


NETWORKS = {"mlp": mlp, "cnn": cnn}


def probabilities(model: keras.Model, images: ArrayLike, batch_size: int = 512) -> np.ndarray:
    """What a classifier says of images: (n, classes), rows sum to 1.

    Raises:
        ValueError: images that do not fit the classifier.
    """
    images = check_images(images, tuple(model.input_shape[1:]))
    return in_batches(lambda batch: model(to_float(batch), training=False), images, batch_size)


def features(model: keras.Model, images: ArrayLike, batch_size: int = 512) -> np.ndarray:
    """What a classifier's last hidden layer says of images: (n, features), for `frechet_distance`.

    Raises:
        ValueError: images that do not fit the classifier.
    """
    images = check_images(images, tuple(model.input_shape[1:]))
    # The last layer makes classes of them; the one before drops some out, in training only.
    body = keras.Model(model.inputs, model.layers[-2].output)
    return in_batches(lambda batch: body(to_float(batch), training=False), images, batch_size)


def accuracy(model: keras.Model, images: ArrayLike, labels: ArrayLike) -> float:
    """The part of the images, 0 to 1, whose most probable class is their label."""
    predicted = probabilities(model, images)
    labels = check_labels(labels, len(predicted), predicted.shape[1])
    return float((predicted.argmax(axis=1) == labels).mean())


def scores(data: ImageDataset, images: ArrayLike) -> dict:
    """What the reference classifier of a data set says of generated images.

    Args:
        data: what `load` gives for "mnist" or "fashion_mnist".
        images: (n, height, width, channels), n above the classifier's 128 features; compare numbers of
            one n only.

    Returns:
        images: n; inception_score and inception_score_std over ten parts; frechet_distance to the
        first 10,000 training images; sure_of_64: of 64 images, on how many it is at least 90 % sure;
        classifier_accuracy: its own, on the test images.

    Source: see `metrics.inception_score` and `metrics.frechet_distance`.

    Raises:
        ValueError: too few images, images that do not fit the classifier.
    """
    model, known = load_or_train(data)
    verdicts = probabilities(model, images)
    mean, spread = metrics.inception_score(verdicts)
    distance = metrics.frechet_distance(
        features(model, images), features(model, data.x_train[:REFERENCE])
    )
    return {
        "images": len(images),
        "inception_score": round(mean, 3),
        "inception_score_std": round(spread, 3),
        "frechet_distance": round(distance, 3),
        "sure_of_64": round(64 * float((verdicts.max(axis=1) >= 0.9).mean()), 1),
        "classifier_accuracy": known["test_accuracy"],
    }


def train(name: str, out: str | Path | None = None, limit: int | None = None, **changes) -> keras.Model:
    """Train the reference classifier of a data set on its training images; save it with a model card.

    Protocol: Adam, cosine decay to 0, the test images looked at once, at the end.

    Args:
        name: "mnist", "fashion_mnist" or "cifar10".
        out: the `.keras` file; None for a place under `runs/`. The card goes beside it.
        limit: at most this many training images.
        **changes: of `SETTINGS[name]`, or the seed.

    Raises:
        ValueError: another name, an unknown setting, a stand-in's weights for `data/pretrained`.
        OSError, ValueError: an `out` that cannot be written, before training starts.
    """
    settings = settings_of(name, **changes)
    data = load(name, limit=limit)
    out = check_model_path(out or weights_path(data, limit))
    if data.is_stand_in and storage.PRETRAINED in out.resolve().parents:
        raise ValueError("weights trained on a stand-in do not go into data/pretrained")
    with only_one(out.with_suffix(".lock"), f"the classifier of {name}"):
        return train_on(data, settings, out)


def train_on(data: ImageDataset, settings: dict, out: Path) -> keras.Model:
    """Train with these settings; save the classifier with its card."""
    keras.utils.set_random_seed(check_seed(settings["seed"]))
    model = NETWORKS[settings["network"]](data.image_shape, len(data.class_names))
    fit(model, data, settings)
    card = {
        "data": data.source, "training_images": len(data.x_train), "settings": settings,
        "test_accuracy": accuracy(model, data.x_test, data.y_test), "test_images": len(data.x_test),
    }  # fmt: skip
    out.with_suffix(".json").unlink(missing_ok=True)  # so that no card ever stands beside other weights
    with atomic_write(out) as temporary:
        model.save(temporary)
    storage.write_json(card, out.with_suffix(".json"))
    return model


def augmentation(image_shape: tuple[int, int, int], settings: dict) -> keras.Sequential:
    """uint8 images -> images in [0, 1]; in training each may be flipped and is moved by whole pixels."""
    height, width, _ = image_shape
    shift, seed = settings["shift"], settings["seed"]
    moves = []  # with two seeds: with one, both layers would draw the same numbers
    if settings["flip"]:
        moves.append(layers.RandomFlip("horizontal", seed=seed))
    if shift:
        moves.append(
            layers.RandomTranslation(shift / height, shift / width, "reflect", "nearest", seed=seed + 1)
        )
    return keras.Sequential([keras.Input(image_shape), layers.Rescaling(1 / 255), *moves])


def fit(model: keras.Model, data: ImageDataset, settings: dict) -> None:
    """Train on images that are augmented anew in every epoch, inside the model that is trained."""
    moved = keras.Sequential([augmentation(data.image_shape, settings), model])
    steps = settings["epochs"] * -(-len(data.x_train) // settings["batch_size"])
    rate = keras.optimizers.schedules.CosineDecay(settings["learning_rate"], steps)
    moved.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", **runtime.compile_options(steps)
    )
    moved.fit(
        data.x_train, data.y_train, batch_size=settings["batch_size"], epochs=settings["epochs"],
        verbose=runtime.verbose(),
    )  # fmt: skip


def load_or_train(data: ImageDataset, limit: int | None = None) -> tuple[keras.Model, dict]:
    """The reference classifier of a data set and its card (`test_accuracy` and how it was trained).

    It is the committed one where the data are real, else one kept under `runs/` or trained now.

    Args:
        data: what `load` gives for one of these; in color.
        limit: training images, where it has to be trained.

    Raises:
        ValueError: another data set.
    """
    settings = settings_of(data.name)
    kept = weights_path(data, limit)
    paths = [kept]
    if storage.PRETRAINED and not data.is_stand_in:
        paths.insert(0, storage.PRETRAINED / f"classifier-{data.name}.keras")
    for path in paths:
        if path.is_file() and path.with_suffix(".json").is_file():
            known = json.loads(path.with_suffix(".json").read_text())
            if known["settings"] == settings:
                return keras.saving.load_model(path), known
    return train(data.name, limit=limit), json.loads(kept.with_suffix(".json").read_text())


def weights_path(data, limit):
    kind = "stand-in" if data.is_stand_in else "real"
    return storage.RUNS / f"classifier-{data.name}-{kind}-{limit or 'all'}.keras"


def settings_of(name: str, **changes) -> dict:
    """How the reference classifier of a data set is trained.

    Raises:
        ValueError: a data set without one, an unknown setting or network, epochs or batches below 1.
    """
    if name not in SETTINGS:
        raise ValueError(f"there are classifiers for {', '.join(SETTINGS)}, got {name!r}")
    settings = SETTINGS[name] | {"seed": 0}
    if set(changes) - set(settings):
        raise ValueError(f"settings are {', '.join(settings)}; got {', '.join(changes)}")
    settings |= changes
    if settings["network"] not in NETWORKS:
        raise ValueError(f"network must be {' or '.join(NETWORKS)}, got {settings['network']!r}")
    for key in ("epochs", "batch_size"):
        check_count(key, settings[key])
    return settings
