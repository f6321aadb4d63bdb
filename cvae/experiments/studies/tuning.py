"""How the settings of every method in notebook 07 were chosen: on rows that are not tested on.

Each method, baselines too, has six candidates in `methods.GRIDS`, scored on validation rows at full
balance; the best of a method that adds rows is scored with a quarter of full balance, too. The score is
the mean over both classifiers, on one tail, of a seed that the study does not use. The test rows are
never looked at. `STUDY.reproduce()` records the scores of every candidate.
"""

import pandas as pd

from cvae.experiments.studies import methods, trials
from cvae.experiments.studies.study import Study
from cvae.experiments.studies.tails import SIZES, VALIDATION, tail

SEEDS = (100,)


class SettingsStudy(Study):
    """Every candidate of every method; `candidate` is its place in `methods.GRIDS`."""

    name = "oversampling-settings"
    fields = ("dataset", "seed", "method", "candidate", "classifier")

    def protocol(self) -> dict:
        return {
            "sizes": SIZES, "validation": VALIDATION, "steps": trials.STEPS,
            "batch_size": trials.BATCH, "images": methods.IMAGES, "rows": methods.ROWS,
            "grids": methods.GRIDS,
        }  # fmt: skip

    def keys(self) -> list[tuple]:
        return [
            (dataset, seed, method, candidate, kind)
            for dataset in trials.DATASETS
            for stage in ("settings", "settings that need another's", "target")
            for seed in SEEDS
            for method in methods.methods_for(dataset)
            for candidate in self.candidates(method, stage)
            for kind in trials.KINDS[dataset]
        ]

    def candidates(self, method: str, stage: str) -> range:
        """The places of a method's candidates in a stage; the last stage tries the best, smaller."""
        size = len(methods.GRIDS[method])
        if stage == "target":
            return range(size, size + 1) if method in methods.RESAMPLERS else range(0)
        return range(size) if (method in methods.MOVING) == (stage != "settings") else range(0)

    def dataset(self, key):
        return None if key[0] == "breast_cancer" else key[0]

    def work(self, key):
        """Candidates that are scored with the same classifier: all of what only adjusts it."""
        return key[:3] if key[2] == "logit adjustment" else key[:4]

    def run(self, work, keys):
        dataset, seed, method = work[:3]
        rows, kinds = tail(dataset, seed, "validation"), trials.KINDS[dataset]
        if method == "logit adjustment":
            taus = [candidate["tau"] for candidate in methods.GRIDS[method]]
            found = trials.run(rows, "none", {}, seed, kinds, taus)
            return {key: found[key[-1], taus[key[3]]] for key in keys}
        settings = self.settings(dataset, method, work[3])
        found = trials.run(rows, method, settings, seed, kinds)
        return {key: found[key[-1], None] for key in keys}

    def settings(self, dataset: str, method: str, candidate: int) -> dict:
        """A candidate's settings; some methods move images as the best augmented copies do."""
        grid = methods.GRIDS[method]
        if candidate == len(grid):
            return self.settings(dataset, method, self.best_of(dataset, method)) | {"part": trials.PART}
        settings = grid[candidate]
        if method in methods.MOVING:
            settings = settings | {"move": methods.MOVES[self.best_of(dataset, "augmented copies")]}
        return settings

    def best_of(self, dataset: str, method: str) -> int:
        """The place of the best candidate at full balance."""
        known, size = self.read(), len(methods.GRIDS[method])
        needed = [k for k in self.keys() if (k[0], k[2]) == (dataset, method) and k[3] < size]
        self.check_complete(known, needed)
        frame = pd.DataFrame([(key[3], known[key]["balanced_accuracy"]) for key in needed])
        return int(frame.groupby(0)[1].mean().idxmax())

    def means(self, dataset: str, method: str | None = None) -> pd.Series:
        """Balanced accuracy by method and candidate, a mean over seeds and classifiers.

        Raises:
            ValueError: candidates that have not been scored.
        """
        needed = [
            key for key in self.keys() if key[0] == dataset and (method is None or key[2] == method)
        ]
        known = self.read()
        self.check_complete(known, needed)
        frame = pd.DataFrame([(*key[2:4], known[key]["balanced_accuracy"]) for key in needed])
        return frame.groupby([0, 1])[2].mean()

    def chosen(self, dataset: str, method: str | None = None) -> dict:
        """The best settings of a method; without one {method: its best settings}."""
        means = self.means(dataset, method)
        names = [method] if method else methods.methods_for(dataset)
        best = {name: self.settings(dataset, name, int(means[name].idxmax())) for name in names}
        return best[method] if method else best

    def best(self, dataset: str) -> list[str]:
        """The methods by their best candidate, best first."""
        means = self.means(dataset).groupby(level=0).max()
        return means.sort_values(ascending=False).index.tolist()

    def table(self) -> pd.DataFrame:
        """Mean balanced accuracy over the seeds: a row for each candidate, a column for each data set
        and classifier."""
        self.check_complete(self.read())
        frame = self.frame()
        frame["settings"] = [
            str(methods.GRIDS[method][n]) if n < len(methods.GRIDS[method]) else "the best, a quarter"
            for method, n in zip(frame["method"], frame["candidate"], strict=True)
        ]
        return frame.pivot_table(
            "balanced_accuracy", index=["method", "settings"], columns=["dataset", "classifier"]
        )


STUDY = SettingsStudy()
