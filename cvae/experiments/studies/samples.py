"""How good are samples? One reference classifier scores every committed model of MNIST and
Fashion-MNIST, and real test images, which are as good as samples can get.

`STUDY.reproduce()` runs it; `markdown` makes the table.
"""

import pandas as pd

from cvae.build import load_vae
from cvae.datasets.tfds import load
from cvae.experiments import catalogue, classifiers, storage, training
from cvae.experiments.studies.study import Study
from cvae.utils import tables

REAL = "real test images"


def models(dataset: str) -> list[str]:
    """Real images, and the recipes of a data set whose weights are committed."""
    kept = [
        recipe
        for recipe in catalogue.RECIPES.values()
        if recipe.keep and recipe.settings.dataset == dataset
    ]
    return [REAL, *(recipe.name for recipe in kept)]


class SamplesStudy(Study):
    """Real images and every committed model before the reference classifier of their data set."""

    name = "samples"
    fields = ("dataset", "model")

    def protocol(self) -> dict:
        return {"samples": training.SAMPLES, "reference": classifiers.REFERENCE, "splits": 10, "seed": 0}

    def keys(self) -> list[tuple]:
        return [(dataset, model) for dataset in training.SCORED for model in models(dataset)]

    def run(self, work, keys):
        dataset, model = work
        if model == REAL:
            data = load(dataset)
            return {work: classifiers.scores(data, data.x_test[: training.SAMPLES])}
        recipe = catalogue.find(model)
        vae = load_vae(storage.trained_weights(recipe))
        return {work: training.score_samples(recipe, vae, training.SAMPLES)}


STUDY = SamplesStudy()


def markdown(known: dict[tuple, dict]) -> str:
    """The scores as a table: real images first, then the models, the nearest to them first.

    Raises:
        ValueError: nothing is known.
    """
    if not known:
        raise ValueError("no samples have been scored: run python -m cvae reproduce samples")
    order = {dataset: n for n, dataset in enumerate(training.SCORED)}
    ranked = sorted(
        known.items(), key=lambda row: (order[row[0][0]], row[0][1] != REAL, row[1]["frechet_distance"])
    )
    header = ("images", "of", "Frechet distance", "inception score", "sure, of 64")
    return tables.markdown(pd.DataFrame([as_text(*row) for row in ranked], columns=header))


def as_text(key, found) -> list[str]:
    dataset, model = key
    return [
        model, dataset, f"{found['frechet_distance']:.2f}",
        f"{found['inception_score']:.2f} ± {found['inception_score_std']:.2f}",
        f"{found['sure_of_64']:.0f}",
    ]  # fmt: skip
