"""The study of notebook 07: does oversampling help a classifier on long-tailed images?

Every method gets the same images, the same classifier and the same number of training steps, and is
tested on the balanced test set. `STUDY.reproduce()` runs it; `summary` makes the table.
"""

import functools
import itertools

import keras
import numpy as np
import pandas as pd
import scipy.stats
from imblearn.metrics import geometric_mean_score
from imblearn.over_sampling import SMOTE, BorderlineSMOTE, RandomOverSampler
from keras import layers
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score
from sklearn.utils.class_weight import compute_sample_weight

from cvae import runtime
from cvae.datasets.base import ImageDataset
from cvae.datasets.batches import Batches
from cvae.datasets.tfds import load
from cvae.experiments import classifiers
from cvae.experiments.studies.study import Study
from cvae.oversampling import VAEOverSampler
from cvae.oversampling.class_vaes import seeded
from cvae.utils import tables

DATASETS = ("mnist", "fashion_mnist")
SEEDS = tuple(range(5))
# A class grows to at least this many images; None: to as many as the largest has.
TARGETS = (200, 400, 1000, None)
SAMPLERS = ("random", "smote", "borderline", "vae-prior", "vae-posterior")
# Every method that generates nothing, and every sampler with every target.
ARMS = (("none", None), ("weights", None), *itertools.product(SAMPLERS, TARGETS))
BASELINES = ("none", "weights", "random", "smote", "borderline")
STEPS, BATCH = 1000, 128
RARE = 3  # the recall of this many of the rarest classes is shown
METRICS = ("balanced_accuracy", "macro_f1", "g_mean", "rare_recall")
# The VAE of the two methods that draw from one, and what each draws; `tuning` is how they and
# TEMPERATURE were chosen.
TRAINING = {"latent_dim": 20, "options": {"hidden": (512, 256)}, "steps": 4000}
DRAWS = {
    "vae-prior": {"source": "prior", "temperature": 1.0},
    "vae-posterior": {"source": "posterior"},
}
TEMPERATURE = {"mnist": 3.0, "fashion_mnist": 2.0}  # of the posterior


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


CLASSIFIERS = {"mlp": functools.partial(classifiers.mlp, hidden=(256, 256)), "cnn": small_cnn}


def class_sizes(largest: int = 4000, ratio: float = 100, classes: int = 10) -> np.ndarray:
    """Sizes that fall exponentially from `largest` to `largest` / `ratio`: (classes,)."""
    return np.round(largest * ratio ** (-np.arange(classes) / (classes - 1))).astype(int)


def long_tailed(
    data: ImageDataset, sizes: np.ndarray, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Training images in classes of these sizes, which class is rare by the seed.

    Returns:
        x (n, features) float32 in [0, 1], y (n,), and the classes from the most common to the rarest.

    Raises:
        ValueError: a class has too few images.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(sizes))
    chosen = []
    for label, size in zip(order, sizes, strict=True):
        members = np.flatnonzero(data.y_train == label)
        if size > len(members):
            raise ValueError(
                f"class {label} of {data.name} has {len(members)} images, {size} are asked for"
            )
        chosen.append(rng.choice(members, size, replace=False))
    chosen = rng.permutation(np.concatenate(chosen))
    return flat(data.x_train[chosen]), data.y_train[chosen], order


def flat(images):
    return images.reshape(len(images), -1).astype("float32") / 255


def sampler(method: str, target: int | None, seed: int):
    """imbalanced-learn's sampler of that name, ready for `fit_resample`."""

    def grow(y):
        counts = dict(zip(*np.unique(y, return_counts=True), strict=True))
        goal = target or max(counts.values())
        return {label: goal for label, count in counts.items() if count < goal}

    kind = {"random": RandomOverSampler, "smote": SMOTE, "borderline": BorderlineSMOTE}[method]
    return kind(sampling_strategy=grow, random_state=seed)


def vae_sampler(image_shape, seed: int, training: dict) -> VAEOverSampler:
    """Ours, to full balance, which trains once, however often it is asked to draw in another way."""
    return VAEOverSampler(image_shape=image_shape, random_state=seed, reuse_vaes=True, **training)


def train_classifier(build, x, y, image_shape, seed, weights=None, steps=STEPS) -> keras.Model:
    """What `build(image_shape, classes)` gives, after this many steps of Adam, whose rate falls to 0."""
    with seeded(seed):
        model = build(image_shape, int(y.max()) + 1)
        rate = keras.optimizers.schedules.CosineDecay(1e-3, steps)
        model.compile(
            keras.optimizers.Adam(rate),
            "sparse_categorical_crossentropy",
            **runtime.compile_options(steps),
        )
        inputs = (x.reshape(-1, *image_shape), y)
        batches = Batches(inputs if weights is None else (*inputs, weights), BATCH, steps, seed)
        model.fit(batches, epochs=batches.epochs, verbose=0)
        batches.release()
    return model


def scores(y_true, y_pred, order) -> dict[str, float]:
    """The metrics of the study, each 0 to 1; `order` as `long_tailed` gives it."""
    rare = recall_score(y_true, y_pred, labels=order[-RARE:], average="macro")
    return {
        "balanced_accuracy": float(balanced_accuracy_score(y_true, y_pred)),
        "macro_f1": float(f1_score(y_true, y_pred, average="macro")),
        "g_mean": float(geometric_mean_score(y_true, y_pred)),
        "rare_recall": float(rare),
    }


class LongTailStudy(Study):
    """Every arm on every data set with every seed, each with both classifiers."""

    name = "oversampling"
    fields = ("dataset", "seed", "method", "target", "classifier")

    def protocol(self) -> dict:
        return {
            "class_sizes": class_sizes().tolist(), "steps": STEPS, "batch_size": BATCH,
            "training": TRAINING, "draws": DRAWS, "temperature": TEMPERATURE,
        }  # fmt: skip

    def keys(self) -> list[tuple]:
        return [
            (dataset, seed, *arm, kind)
            for dataset, seed, arm, kind in itertools.product(DATASETS, SEEDS, ARMS, CLASSIFIERS)
        ]

    def work(self, key):
        """The training set, which all classifiers share."""
        return key[:4]

    def run(self, work, keys):
        dataset, seed, method, target = work
        x, y, order, weights = training_set(dataset, seed, method, target)
        return {key: score(key[-1], load(dataset), x, y, order, seed, weights) for key in keys}


STUDY = LongTailStudy()


def score(kind, data, x, y, order, seed, weights=None) -> dict[str, float]:
    """The metrics, on the test images, of one kind of classifier trained on x and y."""
    model = train_classifier(CLASSIFIERS[kind], x, y, data.image_shape, seed, weights)
    predicted = classifiers.probabilities(model, data.x_test).argmax(axis=1)
    return scores(data.y_test, predicted, order)


def training_set(dataset, seed, method, target):
    """What an arm trains on: x, y, the classes from the most common to the rarest, weights or None."""
    data = load(dataset)
    x, y, order = long_tailed(data, class_sizes(classes=len(data.class_names)), seed)
    weights = compute_sample_weight("balanced", y) if method == "weights" else None
    if method in DRAWS:
        x, y = up_to(target, len(y), *balanced_by_vae(dataset, seed, method))
    elif method in SAMPLERS:
        x, y = sampler(method, target, seed).fit_resample(x, y)
    return x, y, order, weights


@functools.lru_cache(maxsize=1)
def balanced_by_vae(dataset, seed, method):
    """Full balance, of which every smaller target is a part."""
    data = load(dataset)
    x, y, _ = long_tailed(data, class_sizes(classes=len(data.class_names)), seed)
    draws = {"temperature": TEMPERATURE[dataset]} | DRAWS[method]
    return trained_sampler(dataset, seed).set_params(**draws).fit_resample(x, y)


@functools.lru_cache(maxsize=1)
def trained_sampler(dataset, seed):
    """One for both of a VAE's methods, and so one training."""
    return vae_sampler(load(dataset).image_shape, seed, TRAINING)


def up_to(target, originals, x, y):
    """Of resampled rows the originals, and of those after them what a class lacks to the target."""
    if target is None:
        return x, y
    rank = np.zeros(len(y), int)  # of a row among those of its class
    for label in np.unique(y):
        rank[y == label] = np.arange((y == label).sum())
    chosen = (np.arange(len(y)) < originals) | (rank < target)
    return x[chosen], y[chosen]


def paired_difference(a, b) -> tuple[float, float, float]:
    """Mean of a - b over seeds and the ends of its 95 % interval (Student's t)."""
    interval = scipy.stats.ttest_rel(a, b).confidence_interval(0.95)
    mean = np.mean(np.asarray(a) - np.asarray(b))
    return float(mean), float(interval.low), float(interval.high)


def summary(known: dict, dataset: str, classifier: str) -> list[dict]:
    """A row for each arm: mean and standard deviation of every metric over the seeds, and the paired
    difference in balanced accuracy to the best baseline with its 95 % interval.

    Raises:
        ValueError: arms that have not been run with every seed.
    """
    needed = [key for key in STUDY.keys() if (key[0], key[-1]) == (dataset, classifier)]  # noqa: SIM118
    STUDY.check_complete(known, needed)

    def over_seeds(arm, metric):
        return [known[dataset, seed, *arm, classifier][metric] for seed in SEEDS]

    baselines = [arm for arm in ARMS if arm[0] in BASELINES]
    best = max(baselines, key=lambda arm: np.mean(over_seeds(arm, "balanced_accuracy")))
    rows = []
    for arm in ARMS:
        row = {"method": arm[0], "target": arm[1], "best_baseline": arm == best}
        for metric in METRICS:
            values = over_seeds(arm, metric)
            row[metric] = float(np.mean(values)), float(np.std(values, ddof=1))
        accuracy = over_seeds(arm, "balanced_accuracy")
        row["against_best"] = paired_difference(accuracy, over_seeds(best, "balanced_accuracy"))
        rows.append(row)
    return rows


def markdown(rows: list[dict]) -> str:
    """The table that `summary` gives, in percent; the best baseline in bold."""
    header = ("method", "up to", "balanced accuracy", "macro F1", "G-mean", "recall of the 3 rarest")
    table = pd.DataFrame(map(as_text, rows), columns=[*header, "against the best baseline"])
    return tables.markdown(table)


def as_text(row) -> list[str]:
    up_to = row["target"] or ("all equal" if row["method"] in SAMPLERS else "")
    cells = ["{:.1f} ± {:.1f}".format(*(100 * part for part in row[metric])) for metric in METRICS]
    if row["best_baseline"]:
        cells = [f"**{cell}**" for cell in cells] + [""]
    else:
        cells.append("{:+.1f} ({:+.1f} to {:+.1f})".format(*(100 * n for n in row["against_best"])))
    return [row["method"], str(up_to), *cells]
