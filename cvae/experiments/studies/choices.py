"""Which of the candidates in `better` is best, on training images that are set aside.

`STUDY.reproduce()` trains each and records its loss there. The test images are not looked at.
"""

import json

import pandas as pd

from cvae.experiments import storage, training
from cvae.experiments.better import CANDIDATES
from cvae.experiments.studies.study import Study


class ChoicesStudy(Study):
    """The losses of every candidate of every better recipe on the images set aside."""

    name = "choices"
    fields = ("recipe", "candidate")

    def protocol(self) -> dict:
        return {
            name: {how: recipe.settings.as_json() for how, recipe in found.items()}
            for name, found in CANDIDATES.items()
        }

    def keys(self) -> list[tuple]:
        return [(name, how) for name, found in CANDIDATES.items() for how in found]

    def dataset(self, key):
        return CANDIDATES[key[0]][key[1]].settings.dataset

    def run(self, work, keys):
        recipe = CANDIDATES[work[0]][work[1]]
        if storage.find_weights(recipe) is None:
            training.train(recipe, verbose=0)
        card = json.loads(storage.trained_weights(recipe).with_suffix(".json").read_text())
        return {work: losses(card)}

    def best(self, name: str) -> str:
        """The candidate with the lowest loss on the images set aside.

        Raises:
            ValueError: candidates that have not been trained.
        """
        known = self.read()
        self.check_complete(known, [(name, how) for how in CANDIDATES[name]])
        return min(CANDIDATES[name], key=lambda how: known[name, how]["loss"])

    def table(self) -> pd.DataFrame:
        """The loss on the images set aside, in nats per image: a row a recipe, a column a candidate."""
        self.check_complete(self.read())
        table = self.frame().pivot(index="recipe", columns="candidate", values="loss")
        return table.loc[list(CANDIDATES)]


def losses(card: dict) -> dict:
    """What is kept of a candidate's model card."""
    parts = {key: card["final"][f"val_{key}"] for key in ("loss", "reconstruction", "kl")}
    return parts | {
        "training_loss": card["final"]["loss"], "seconds": card["seconds"],
        "hardware": card["hardware"], "parameters": card["parameters"],
    }  # fmt: skip


STUDY = ChoicesStudy()
