"""RESULTS.md: every recorded number with its passport, and the numbers that a text may quote.

Nothing in it is typed: `python -m cvae table --out RESULTS.md` writes it from `data/results/`. A text
that quotes a number has `<!--= NAME:PATH -->` behind it, such as `83.2<!--= ladder-again:nll.nats -->`:
`quotes` finds them, `recorded` has what the number must be.
"""

import json
import re
from collections.abc import Iterator

import pandas as pd

from cvae import metrics
from cvae.experiments import against_papers, against_reports, storage
from cvae.experiments.catalogue import RECIPES
from cvae.experiments.recipe import Recipe
from cvae.experiments.studies import imbalance, samples, trials
from cvae.utils import tables

HEADER = (
    "recipe", "value, nats per image", "±", "settings chosen on", "images: train, set aside, test",
    "seeds", "time", "hardware",
)  # fmt: skip
NOTHING = "Not recorded: run python -m cvae reproduce {}\n"
INTRODUCTION = """# Results

Written by `python -m cvae table --out RESULTS.md` from the files in `data/results/`: no number here is
typed. Every recipe is trained again by `python -m cvae reproduce NAME`, with `CVAE_RETRAIN=1` also where
its result is recorded already.

Losses are in nats per image, summed over pixels and latent dimensions, with one z for each image; lower
is better.
"""
PASSPORTS = """## Passports

- **value**: of binarised digits -log p(x) on the test images, by importance sampling; else the loss on
  the test images. That of a Gaussian is a density, whose logarithm may be of either sign.
- **±**: the standard error for the choice of the test images, for one trained model. It says nothing of
  the seed. Blank where the weights were not kept and it was not measured.
- **settings chosen on**: "report", as a course report has them. "training images set aside", by the loss
  on images that those who were compared were neither trained nor tested on. "training images", by the
  loss in the first epochs. "test images", found by us while we looked at the loss on the test images:
  such a value is too good by a small, unknown amount.
- **seeds**: of a recipe that was trained with several, the spread (standard deviation) of its value.
- **time**: wall time of this training alone, on cores that often had other work beside it: an order of
  magnitude.
"""

LIKELIHOODS = """\
On test images; of binarised digits -log p(x) by importance sampling, of photographs the ELBO ("a
bound"). The time is that of a model's training and of the trainings whose weights it starts from.
"""
LONG_TAILS = """\
Notebook 07, in percent. Each method has the settings that were best on validation rows
(`data/results/oversampling-settings.json`), and the target, too: full balance or a quarter of it.
Means over as many seeds as a title says, each with its own tail; ± is half of the 95 % interval of
such a mean (Student's t). All seeds share one test set: `error of the test set` is the standard error
that its choice gives to balanced accuracy. Differences are paired by seed and taken to the best method
without a VAE on the validation rows, with their 95 % interval, and p after Holm's correction for all
rows of a table. Where ADASYN finds no row with a neighbour of another class it adds none: its numbers
are then those of `none`.
"""


def markdown() -> str:
    """The whole of RESULTS.md.

    Raises:
        FileNotFoundError: the results of reports' recipes are missing; it names them.
        ValueError: a study's are.
    """
    scores = samples.STUDY.read()
    parts = [
        INTRODUCTION,
        "## What the five course reports publish, and what we measured\n\n"
        "Squared errors are in the report's unit. Our better recipes were found while we looked at the "
        "loss on the test images.\n\n" + against_reports.markdown(against_reports.rows()),
        "## Likelihoods\n\n"
        + LIKELIHOODS
        + many_samples()
        + "\n"
        + against_papers.markdown(against_papers.rows()),
        "## Long-tailed classes\n\n" + LONG_TAILS + "\n" + long_tails(),
        "## Samples\n\n" + (samples.markdown(scores) if scores else NOTHING.format("samples")),
        PASSPORTS + "\n" + tables.markdown(pd.DataFrame(passports(), columns=HEADER)),
    ]
    return "\n".join(parts)


def many_samples() -> str:
    """What far more samples of z change, where it was measured; a line for each such recipe."""
    lines = []
    for recipe in RECIPES.values():
        result = storage.read_result(recipe) or {}
        if more := result.get("nll_many"):
            lines.append(
                f"{recipe.name} on the first {more['images']:,} test images: "
                f"{more['nats']:.2f} nats with {more['samples']:,} samples of z, "
                f"{more['nats_with_fewer']:.2f} with {result['nll']['samples']}.\n"
            )
    return "".join(lines)


def long_tails() -> str:
    """The study of notebook 07, a table for each data set and classifier."""
    if not imbalance.STUDY.read():
        return NOTHING.format("oversampling")
    return "\n".join(
        f"**{dataset}, {kind}, {len(imbalance.seeds_of(dataset))} seeds**\n\n"
        f"{imbalance.markdown(imbalance.summary(dataset, kind))}"
        for dataset in trials.DATASETS
        for kind in trials.KINDS[dataset]
    )


def passports() -> list[list[str]]:
    """A row for each recorded recipe; trainings that differ in the seed alone share one."""
    return [passport(recipe) for recipe in RECIPES.values() if recipe.name == without_seed(recipe)]


def without_seed(recipe: Recipe) -> str:
    """The name of the recipe that this one trains with a further seed; its own where it does not."""
    return re.sub(r"-seed\d+$", "", recipe.name)


def passport(recipe: Recipe) -> list[str]:
    result = storage.read_result(recipe)
    if result is None:
        return [recipe.name, "not measured yet", *[""] * (len(HEADER) - 2)]
    value, error = value_of(result)
    trained = result["training_images"]
    aside = round(trained / (1 - recipe.settings.validation_split)) - trained
    return [
        recipe.name, f"{value:.2f}", "" if error is None else f"{error:.2f}",
        "report" if recipe.report else recipe.chosen,
        f"{trained:,}, {aside:,}, {result['test_images']:,}", seeds(recipe),
        f"{result['seconds']:.0f} s", result["hardware"],
    ]  # fmt: skip


def value_of(result: dict) -> tuple[float, float | None]:
    """The number that a result is known by, in nats per image, and its standard error if measured."""
    if "nll" in result:
        return result["nll"]["nats"], result["nll"]["standard_error"]
    return storage.test_scores(result)["loss"], result.get("test", {}).get("standard_error")


def seeds(recipe: Recipe) -> str:
    """How many seeds, and the spread between them."""
    same = [other for other in RECIPES.values() if without_seed(other) == recipe.name]
    values = [value_of(result)[0] for other in same if (result := storage.read_result(other))]
    return f"{len(values)}, spread {pd.Series(values).std():.2f}" if len(values) > 1 else "1"


QUOTE = re.compile(r"([-−]?\d[\d,]*(?:\.\d+)?)\s*(%?)\**\s*<!--=\s*([\w.-]+):(\S.*?)\s*-->")


def quotes(text: str) -> Iterator[tuple[str, str, str, str]]:
    """(number as written, "%" or "", name, path) of every number that a text quotes."""
    return (match.groups() for match in QUOTE.finditer(text))


def recorded(name: str, path: str) -> float:
    """A recorded number: of a recipe's result by its keys, `nll.nats`, or `bits`, per dimension; of a
    study's by the fields of its row and a column, `mnist/3/accuracy`, with * for the mean over a field.

    Raises:
        KeyError: there is none.
    """
    found = json.loads(storage.result_path(name).read_text())
    if path == "bits":
        return metrics.bits_per_dimension(storage.test_scores(found)["loss"], found["image_shape"])
    if "rows" in found:
        *wanted, column = path.split("/")
        values = [row[column] for row in found["rows"] if fits(row, wanted)]
        if not values:
            raise KeyError(f"{name} has no row {path}")
        return sum(values) / len(values)
    for key in path.split("."):
        found = found[key]
    return found


def fits(row: dict, wanted: list[str]) -> bool:
    """Whether the first fields of a row are these; * is any."""
    fields = [str(value) for value in list(row.values())[: len(wanted)]]
    return all(want in ("*", field) for want, field in zip(wanted, fields, strict=True))


def agrees(written: str, percent: str, value: float) -> bool:
    """Whether a number as written is the recorded one, rounded."""
    written = written.replace(",", "").replace("−", "-")
    digits = len(written.partition(".")[2])
    # A value half way, as 85.455, may be written either way.
    return abs((100 * value if percent else value) - float(written)) <= 0.5001 * 10**-digits
