"""Reported against measured: one table, from the recorded results."""

from collections.abc import Sequence

import pandas as pd

from cvae.experiments.catalogue import RECIPES, find
from cvae.experiments.recipe import Recipe
from cvae.experiments.storage import read_result, test_scores
from cvae.loss_conventions import Convention
from cvae.utils import tables

MEASURED = {"total": "loss", "reconstruction": "reconstruction", "kl": "kl", "figures": "loss"}
# "readable": of 64 prior samples, the number that a person took for a digit; here a classifier's
# certainty stands in for the person.
WORDS = {"figures": "loss", "readable": "readable samples of 64"}
HEADER = (
    "recipe", "what", "reported", "training", "held out", "time", "better", "better: held out",
    "better: time",
    "reaches the report's after",
)  # fmt: skip


def rows(names: Sequence[str] | None = None) -> list[dict]:
    """A row for each number that the reports publish, and one for each experiment shown as pictures.

    Squared errors are in the report's own unit (squared error / 2c, without the Gaussian's constant),
    cross-entropies in nats per image.

    Args:
        names: of recipes; None for all that stand for a report's experiment.

    Raises:
        FileNotFoundError: recipes without a result; it names them all.
        ValueError: an unknown recipe.
    """
    chosen = [find(name) for name in names or RECIPES]
    chosen = [recipe for recipe in chosen if names or recipe.report]
    missing = [r.name for r in chosen if read_result(r) is None]
    missing += [r.better for r in chosen if r.better and read_result(r.better) is None]
    if missing:
        names = " ".join(dict.fromkeys(missing))
        raise FileNotFoundError(f"not measured yet: run python -m cvae reproduce {names}")
    table = []
    for recipe in chosen:
        for what, values in recipe.reported.items():
            for value in values if isinstance(values, tuple) else (values,):
                table.append(row(recipe, what, value))
    return table


def row(recipe: Recipe, what: str, reported: float | str) -> dict:
    """What a report got, what we got at its setting, and what our better recipe gets."""
    ours = read_result(recipe)
    cells = {
        "recipe": recipe.name,
        "what": WORDS.get(what, what),
        "reported": figures(reported) if what == "figures" else reported,
        "training": measured(recipe, ours, what, ""),
        "held out": measured(recipe, ours, what, "val_"),
        "seconds": ours["seconds"],
        "better": recipe.better,
    }
    if recipe.better is None:
        return cells
    better = read_result(recipe.better)
    cells["better held out"] = measured(recipe, better, what, "val_")
    cells["better seconds"] = better["seconds"]
    # Of the parts of a loss, less is not better: only the total has something to reach.
    goal = {"total": reported, "figures": cells["held out"]}.get(what)
    if goal is not None:
        cells["reached"] = reached(recipe, better, goal)
    return cells


def figures(numbers):
    """What is in the place of a number where a report shows pictures only."""
    return f"figure{'s' * (not numbers.isdigit())} {numbers}"


def measured(recipe, result, what, split):
    if what == "readable":
        return result["samples"]["sure_of_64"] if split else "-"
    key = MEASURED[what]
    value = test_scores(result)[key] if split else result["final"][key]
    return in_reports_unit(recipe, result, key, value)


def in_reports_unit(recipe, result, key, value=None):
    """A logged number of nats per image -> the number that the report prints."""
    value = result["final"][key] if value is None else value
    variance = recipe.settings.variance
    if variance is None or key.endswith("kl"):
        return value
    convention = Convention("", "", error="squared error", c=variance)
    height, width, channels = result["image_shape"]
    return convention.from_nats(value, height * width * channels, recipe.settings.latent_dim)


def reached(recipe, result, goal) -> tuple[int, float] | None:
    """(epochs, seconds) after which the held-out loss is at or below the goal; None if it never is."""
    seconds = 0.0
    epochs = zip(result["history"]["val_loss"], result["history"]["seconds"], strict=True)
    for epoch, (loss, taken) in enumerate(epochs, start=1):
        seconds += taken
        if in_reports_unit(recipe, result, "val_loss", loss) <= goal:
            return epoch, seconds
    return None


def markdown(table: list[dict]) -> str:
    """The rows as a Markdown table, which lines up in a terminal too."""
    return tables.markdown(pd.DataFrame(map(as_text, table), columns=HEADER), aligned=True)


def as_text(cells) -> list[str]:
    def number(value):
        return value if isinstance(value, str) else f"{value:.4g}" if value < 1000 else f"{value:.1f}"

    better = ["-"] * 4
    if cells["better"]:
        better = [cells["better"], number(cells["better held out"]), f"{cells['better seconds']:.0f} s"]
        if "reached" not in cells:
            better.append("-")
        elif cells["reached"] is None:
            better.append("never")
        else:
            epochs, seconds = cells["reached"]
            better.append(f"{epochs} epoch{'s' * (epochs > 1)}, {seconds:.0f} s")
    return [
        cells["recipe"], cells["what"], number(cells["reported"]), number(cells["training"]),
        number(cells["held out"]), f"{cells['seconds']:.0f} s", *better,
    ]  # fmt: skip
