"""How good are samples? Every committed model of MNIST and Fashion-MNIST before one judge, beside real
test images, which are as good as samples can get.

`reproduce` runs it and can be interrupted; `markdown` makes the table.
"""

import os
from pathlib import Path

from tqdm import tqdm

from cvae import runtime
from cvae.build import load_vae
from cvae.datasets.tfds import load
from cvae.experiments import catalogue, classifiers, storage, training
from cvae.experiments.studies import journal

RESULT = runtime.ROOT / "data" / "results" / "samples.json"
REAL = "real test images"
FIELDS = ("dataset", "model")


def models(dataset: str) -> list[str]:
    """Real images, and the recipes of a data set whose weights are committed."""
    kept = [recipe for recipe in catalogue.RECIPES.values() if recipe.keep and recipe.dataset == dataset]
    return [REAL, *(recipe.name for recipe in kept)]


def reproduce(path: Path = RESULT) -> Path:
    """Score what has no score yet; each is written as it is finished.

    Raises:
        ValueError: a data set that is here only as a stand-in.
        FileNotFoundError: a recipe without weights.
    """
    known = read(path)
    wanted = [(name, model) for name in training.SCORED for model in models(name)]
    wanted = [arm for arm in wanted if arm not in known]
    for dataset in {dataset for dataset, _ in wanted}:
        load(dataset).check_real("the scores of samples")
    for dataset, model in tqdm(wanted, unit="model", disable=bool(os.environ.get("CI"))):
        known[dataset, model] = score(load(dataset), model)
        journal.write(path, protocol(), FIELDS, known)
    return path


def score(data, model: str) -> dict:
    """What the judge says of real test images, or of a recipe's samples from the prior."""
    if model == REAL:
        return classifiers.scores(data, data.x_test[: training.SAMPLES])
    recipe = catalogue.find(model)
    return training.score_samples(recipe, load_vae(storage.trained_weights(recipe)), training.SAMPLES)


def protocol() -> dict:
    """What all scores have in common."""
    return {"samples": training.SAMPLES, "reference": classifiers.REFERENCE, "splits": 10, "seed": 0}


def read(path: Path = RESULT) -> dict[tuple, dict]:
    """{(dataset, model): what `classifiers.scores` gives} of what has been scored like this."""
    return journal.read(path, protocol(), FIELDS)


def markdown(known: dict[tuple, dict]) -> str:
    """The scores as a table: real images first, then the models, the nearest to them first.

    Raises:
        ValueError: nothing is known.
    """
    if not known:
        raise ValueError("no samples have been scored: run python -m cvae reproduce samples")
    lines = [
        "| images | of | Frechet distance | inception score | sure, of 64 |", "| --- " * 5 + "|",
    ]  # fmt: skip
    order = {dataset: n for n, dataset in enumerate(training.SCORED)}
    for (dataset, model), found in sorted(
        known.items(), key=lambda row: (order[row[0][0]], row[0][1] != REAL, row[1]["frechet_distance"])
    ):
        score = f"{found['inception_score']:.2f} ± {found['inception_score_std']:.2f}"
        lines.append(
            f"| {model} | {dataset} | {found['frechet_distance']:.2f} | {score} "
            f"| {found['sure_of_64']:.0f} |"
        )
    return "\n".join(lines) + "\n"
