"""One method on one long tail: what a classifier that was trained with it says of rows it has not seen.

Every method gets the same rows, the same classifier and the same number of training steps.
"""

import functools
import time

import keras
import numpy as np
from imblearn.metrics import geometric_mean_score
from keras import layers
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score

from cvae import runtime
from cvae.datasets.batches import Batches
from cvae.experiments import classifiers
from cvae.experiments.studies import methods
from cvae.experiments.studies.tails import SIZES, Tail
from cvae.oversampling.class_vaes import seeded
from cvae.utils.checks import in_batches

DATASETS = tuple(SIZES)
PART = 4  # a class grows to as many rows as the largest has, or to a quarter of that
STEPS, BATCH = 1000, 128
RARE = 3  # the recall of this many of the rarest classes is shown


def small_cnn(image_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Two convolutions of stride 2: as much work as the MLP, a twentieth of `classifiers.cnn`."""
    body = [
        layers.Conv2D(16, 5, 2, padding="same", activation="relu"),
        layers.Conv2D(32, 3, 2, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dropout(0.2),
        layers.Dense(64, activation="relu"),
        layers.Dropout(0.2),
    ]
    return classifiers.classifier(image_shape, num_classes, body)


mlp = functools.partial(classifiers.mlp, hidden=(256, 256))
CLASSIFIERS = {"mlp": mlp, "cnn": small_cnn}
KINDS = dict.fromkeys(DATASETS, ("mlp", "cnn")) | {"breast_cancer": ("logistic", "forest")}


def train_classifier(build, x, y, image_shape, seed, weights=None, steps=STEPS) -> keras.Model:
    """What `build(image_shape, classes)` gives, after this many steps of Adam, whose rate falls to 0."""
    trained = compiled(build, image_shape, int(y.max()) + 1, steps)
    with seeded(seed):
        model = build(image_shape, int(y.max()) + 1)
        for variable, value in zip(trained.variables, model.variables, strict=True):
            variable.assign(value)
        for variable in trained.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))
        inputs = (x.reshape(-1, *image_shape), y)
        batches = Batches(inputs if weights is None else (*inputs, weights), BATCH, steps, seed)
        trained.fit(batches, epochs=batches.epochs, verbose=0)
        batches.release()
        model.set_weights(trained.get_weights())
    return model


@functools.lru_cache(maxsize=8)
def compiled(build, image_shape, num_classes, steps) -> keras.Model:
    """A model whose step is traced once, for all trainings: a process of a thousand does not grow."""
    model = build(image_shape, num_classes)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, steps)),
        "sparse_categorical_crossentropy",
        **runtime.compile_options(steps),
    )
    model.optimizer.build(model.trainable_variables)
    return model


def probabilities(kind: str, rows: Tail, x, y, seed, weights=None) -> np.ndarray:
    """What a classifier that was trained on x and y says of the test rows: (n, classes)."""
    if kind == "forest":
        forest = RandomForestClassifier(100, random_state=seed)
        return forest.fit(x, y, weights).predict_proba(rows.x_test)
    if kind == "logistic":
        return LogisticRegression(max_iter=1000).fit(x, y, weights).predict_proba(rows.x_test)
    model = train_classifier(CLASSIFIERS[kind], x, y, rows.image_shape, seed, weights)
    inputs = rows.x_test.reshape(-1, *rows.image_shape)
    return in_batches(lambda batch: model(batch, training=False), inputs, 2000)


def scores(y_true, y_pred, order) -> dict[str, float]:
    """The metrics of the study, each 0 to 1; `order` from the most common class to the rarest.

    `test_error` is the standard error of balanced_accuracy for the choice of the test rows.
    """
    recalls = recall_score(y_true, y_pred, labels=order, average=None)
    counts = np.bincount(y_true)[order]
    return {
        "balanced_accuracy": float(balanced_accuracy_score(y_true, y_pred)),
        "macro_f1": float(f1_score(y_true, y_pred, average="macro")),
        "g_mean": float(geometric_mean_score(y_true, y_pred)),
        "rare_recall": float(recalls[-RARE if len(order) > RARE else -1 :].mean()),
        "test_error": float(np.sqrt((recalls * (1 - recalls) / counts).sum()) / len(order)),
    }


def treated(rows: Tail, method: str, settings: dict, seed: int) -> tuple:
    """What a method trains on: x, y, and weights or None.

    A class grows to as many rows as the largest has; with the setting `part` to that part of it.
    """
    if method == "class weights":
        return rows.x, rows.y, methods.weights_for(rows.y, **settings)
    if method in methods.RESAMPLERS:
        settings = dict(settings)
        target = np.bincount(rows.y).max() // settings.pop("part", 1)
        strategy = methods.growth(rows.y, int(target))
        return *methods.RESAMPLERS[method](rows, strategy, seed, **settings), None
    return rows.x, rows.y, None


def run(rows: Tail, method: str, settings: dict, seed, kinds, taus=(None,)) -> dict:
    """{(kind of classifier, tau): scores} of one method; a tau adjusts what the classifier says."""
    started = time.perf_counter()
    x, y, weights = treated(rows, method, settings, seed)
    made, found = time.perf_counter() - started, {}
    for kind in kinds:
        started = time.perf_counter()
        says = probabilities(kind, rows, x, y, seed, weights)
        seconds = {"seconds": round(made + time.perf_counter() - started, 1)}
        for tau in taus:
            verdict = says if tau is None else methods.adjusted(says, y, tau)
            found[kind, tau] = scores(rows.y_test, verdict.argmax(axis=1), rows.order) | seconds
    return found
