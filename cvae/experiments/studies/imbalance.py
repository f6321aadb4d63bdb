"""The study of notebook 07: does oversampling help a classifier on long-tailed images?

Every method gets the same images, the same classifier and the same number of training steps, and is
tested on the balanced test set. `reproduce` runs it and can be interrupted; `summary` makes the table.
"""

import functools
import itertools
import os
from pathlib import Path

import keras
import numpy as np
import scipy.stats
from imblearn.metrics import geometric_mean_score
from imblearn.over_sampling import SMOTE, BorderlineSMOTE, RandomOverSampler
from keras import layers
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score
from tqdm import tqdm

from cvae import runtime
from cvae.datasets.base import ImageDataset
from cvae.datasets.batches import Batches
from cvae.datasets.tfds import load
from cvae.experiments import classifiers
from cvae.experiments.studies import journal
from cvae.oversampling import VAEOverSampler, seeded

RESULT = runtime.ROOT / "data" / "results" / "oversampling.json"
DATASETS = ("mnist", "fashion_mnist")
SEEDS = tuple(range(5))
# A class grows to at least so many images; None: to as many as the largest has.
TARGETS = (200, 400, 1000, None)
SAMPLERS = ("random", "smote", "borderline", "vae-prior", "vae-posterior")
# Every method that generates nothing, and every sampler with every target.
ARMS = (("none", None), ("weights", None), *itertools.product(SAMPLERS, TARGETS))
BASELINES = ("none", "weights", "random", "smote", "borderline")
STEPS, BATCH = 1000, 128
RARE = 3  # the recall of so many rarest classes is shown
METRICS = ("balanced_accuracy", "macro_f1", "g_mean", "rare_recall")
# The VAE of both its methods, and what each draws; `tuning` is how they and SPREAD were chosen.
TRAINING = {"latent_dim": 20, "options": {"hidden": (512, 256)}, "steps": 4000}
DRAWS = {
    "vae-prior": {"source": "prior", "spread": 1.0},
    "vae-posterior": {"source": "posterior"},
}
SPREAD = {"mnist": 3.0, "fashion_mnist": 2.0}  # of the posterior


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
    return VAEOverSampler(image_shape=image_shape, random_state=seed, warm_start=True, **training)


def train_classifier(build, x, y, image_shape, seed, weights=None, steps=STEPS) -> keras.Model:
    """What `build(image_shape, classes)` gives, after so many steps of Adam, whose rate falls to 0."""
    with seeded(seed):
        model = build(image_shape, int(y.max()) + 1)
        rate = keras.optimizers.schedules.CosineDecay(1e-3, steps)
        model.compile(
            keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", **runtime.compile_options()
        )
        inputs = (x.reshape(-1, *image_shape), y)
        batches = Batches(inputs if weights is None else (*inputs, weights), BATCH, steps, seed)
        model.fit(batches, epochs=batches.epochs, verbose=0)
    return model


def balanced_weights(y):
    """A weight for each image, so that every class weighs the same and the mean is 1."""
    counts = np.bincount(y)
    return (len(y) / (counts > 0).sum() / counts[y]).astype("float32")


def scores(y_true, y_pred, order) -> dict[str, float]:
    """The metrics of the study, each 0 to 1; `order` as `long_tailed` gives it."""
    rare = recall_score(y_true, y_pred, labels=order[-RARE:], average="macro")
    return {
        "balanced_accuracy": float(balanced_accuracy_score(y_true, y_pred)),
        "macro_f1": float(f1_score(y_true, y_pred, average="macro")),
        "g_mean": float(geometric_mean_score(y_true, y_pred)),
        "rare_recall": float(rare),
    }


def reproduce(path: Path = RESULT) -> Path:
    """Run what the study lacks; each result is written as it is finished.

    Raises:
        ValueError: a data set that is here only as a stand-in.
    """
    known = read(path)
    wanted = [
        (dataset, seed, method, target)
        for dataset, seed, (method, target) in itertools.product(DATASETS, SEEDS, ARMS)
        if any((dataset, seed, method, target, kind) not in known for kind in CLASSIFIERS)
    ]
    for dataset in {dataset for dataset, *_ in wanted}:
        load(dataset).check_real("the study")
    for dataset, seed, method, target in tqdm(wanted, unit="arm", disable=bool(os.environ.get("CI"))):
        data = load(dataset)
        x, y, order, weights = training_set(dataset, seed, method, target)
        for kind, result in judge(data, x, y, order, seed, weights).items():
            known[dataset, seed, method, target, kind] = result
        journal.write(path, protocol(), FIELDS, known)
    return path


def judge(data, x, y, order, seed, weights=None) -> dict[str, dict]:
    """{classifier: scores on the test images} of the classifiers trained on x and y."""
    found = {}
    for kind, build in CLASSIFIERS.items():
        model = train_classifier(build, x, y, data.image_shape, seed, weights)
        predicted = classifiers.probabilities(model, data.x_test).argmax(axis=1)
        found[kind] = scores(data.y_test, predicted, order)
    return found


def training_set(dataset, seed, method, target):
    """What an arm trains on: x, y, the classes from the most common to the rarest, weights or None."""
    data = load(dataset)
    x, y, order = long_tailed(data, class_sizes(classes=len(data.class_names)), seed)
    weights = balanced_weights(y) if method == "weights" else None
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
    draws = {"spread": SPREAD[dataset]} | DRAWS[method]
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


FIELDS = ("dataset", "seed", "method", "target", "classifier")


def protocol() -> dict:
    """What all results of the study have in common."""
    return {
        "class_sizes": class_sizes().tolist(), "steps": STEPS, "batch_size": BATCH,
        "training": TRAINING, "draws": DRAWS, "spread": SPREAD,
    }  # fmt: skip


def read(path: Path = RESULT) -> dict[tuple, dict]:
    """{(dataset, seed, method, target, classifier): metrics} of what has been run with this protocol."""
    return journal.read(path, protocol(), FIELDS)


def paired_difference(a, b) -> tuple[float, float, float]:
    """Mean of a - b over seeds and the ends of its 95 % interval (Student's t)."""
    difference = np.asarray(a) - np.asarray(b)
    mean, error = difference.mean(), scipy.stats.sem(difference)
    half = error * scipy.stats.t.ppf(0.975, len(difference) - 1)
    return float(mean), float(mean - half), float(mean + half)


def summary(known: dict, dataset: str, classifier: str) -> list[dict]:
    """A row for each arm: mean and standard deviation of every metric over the seeds, and the paired
    difference in balanced accuracy to the best baseline with its 95 % interval.

    Raises:
        ValueError: arms that have not been run with every seed.
    """
    lacking = [
        (method, target, seed)
        for (method, target), seed in itertools.product(ARMS, SEEDS)
        if (dataset, seed, method, target, classifier) not in known
    ]
    if lacking:
        raise ValueError(
            f"{len(lacking)} results of {dataset} with {classifier} are lacking, such as {lacking[0]}: "
            "run python -m cvae reproduce oversampling"
        )

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
    lines = [f"| {' | '.join(header)} | against the best baseline |", "| --- " * 7 + "|"]
    for row in rows:
        up_to = row["target"] or ("all equal" if row["method"] in SAMPLERS else "")
        cells = ["{:.1f} ± {:.1f}".format(*(100 * part for part in row[metric])) for metric in METRICS]
        if row["best_baseline"]:
            cells = [f"**{cell}**" for cell in cells] + [""]
        else:
            cells.append("{:+.1f} ({:+.1f} to {:+.1f})".format(*(100 * n for n in row["against_best"])))
        lines.append(f"| {row['method']} | {up_to} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
