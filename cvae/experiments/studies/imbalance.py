"""The study of notebook 07: what helps a classifier on a long tail?

Every method of `methods`, with the settings that `tuning` chose, on every data set with every seed, by
`trials`. `STUDY.reproduce()` runs it; `summary` makes the table.
"""

import functools
import itertools

import numpy as np
import pandas as pd
import scipy.stats

from cvae.experiments.studies import methods, trials, tuning
from cvae.experiments.studies.study import Study
from cvae.experiments.studies.tails import SIZES, tail
from cvae.utils import tables

SEEDS = tuple(range(10))
METRICS = ("balanced_accuracy", "macro_f1", "g_mean", "rare_recall")


class LongTailStudy(Study):
    """Every method, as it did best on the validation rows, on every data set with every seed."""

    name = "oversampling"
    fields = ("dataset", "seed", "method", "classifier")

    def protocol(self) -> dict:
        return {
            "sizes": SIZES, "steps": trials.STEPS, "batch_size": trials.BATCH, "images": methods.IMAGES,
            "rows": methods.ROWS, "chosen": {name: chosen_settings(name) for name in trials.DATASETS},
        }  # fmt: skip

    def keys(self) -> list[tuple]:
        return [
            (dataset, seed, method, kind)
            for seed, dataset in itertools.product(SEEDS, trials.DATASETS)
            for method in arms(dataset)
            for kind in trials.KINDS[dataset]
        ]

    def dataset(self, key):
        return None if key[0] == "breast_cancer" else key[0]

    def work(self, key):
        """The training set; what is said by a classifier of untreated rows is adjusted, too."""
        return (*key[:2], "none" if key[2] == "logit adjustment" else key[2])

    def run(self, work, keys):
        dataset, seed, method = work
        chosen, base = chosen_settings(dataset), method.removesuffix(ADJUSTED)
        settings, tau = chosen[base], chosen["logit adjustment"]["tau"]
        if base != method:  # at full balance there would be nothing to adjust
            settings = settings | {"part": trials.PART}
        kinds = tuple(kind for kind in trials.KINDS[dataset] if any(key[-1] == kind for key in keys))
        found = trials.run(tail(dataset, seed), base, settings, seed, kinds, (None, tau))
        return {
            key: found[key[-1], tau if key[2].endswith("logit adjustment") else None] for key in keys
        }


ADJUSTED = " + logit adjustment"


@functools.lru_cache
def chosen_settings(dataset: str) -> dict[str, dict]:
    """{method: the settings that were best on validation rows}, as `tuning` recorded them."""
    return tuning.STUDY.chosen(dataset)


@functools.lru_cache
def arms(dataset: str) -> list[str]:
    """The rows of the table: every method, and the best two that add rows with adjusted scores, too."""
    best = [name for name in tuning.STUDY.best(dataset) if name in methods.RESAMPLERS][:2]
    return [*methods.methods_for(dataset), *(name + ADJUSTED for name in best)]


STUDY = LongTailStudy()


def paired_difference(a, b) -> tuple[float, float, float, float]:
    """Mean of a - b over seeds, the ends of its 95 % interval and the p-value (Student's t)."""
    result = scipy.stats.ttest_rel(a, b)
    interval, mean = result.confidence_interval(0.95), np.mean(np.asarray(a) - np.asarray(b))
    return float(mean), float(interval.low), float(interval.high), float(result.pvalue)


def holm(p_values) -> np.ndarray:
    """p-values corrected for the number of tests, so that all of them together are wrong in 5 %.

    Source: Holm (1979), "A simple sequentially rejective multiple test procedure".
    """
    p = np.asarray(p_values, "float64")
    order = np.argsort(p)
    steps = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(steps, 1)
    return corrected


def mean_interval(values) -> tuple[float, float]:
    """Mean, and half of the 95 % interval of the mean (Student's t)."""
    values = np.asarray(values)
    half = scipy.stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean()), float(half)


def summary(dataset: str, classifier: str, reference: str | None = None) -> pd.DataFrame:
    """A row for each method, the best first; over the seeds that every method has been run with.

    Args:
        reference: the method that all others are compared with; None for the one without a VAE that was
            best on the validation rows.

    Returns:
        Columns: method; part (1 for full balance, `PART`, 0 where no rows are added); for each metric
        its mean over the seeds and half of the 95 % interval of that mean; difference, low, high: to the
        reference, paired by seed, with its 95 % interval; p: of the paired t test, corrected after Holm
        for all rows of the table; test_error.

    Raises:
        ValueError: fewer than two seeds that every method has been run with.
    """
    known, seeds = STUDY.read(), seeds_of(dataset)

    def over_seeds(arm, metric="balanced_accuracy"):
        return [known[dataset, seed, arm, classifier][metric] for seed in seeds]

    reference = best_baseline(dataset) if reference is None else reference
    rows = []
    for arm in arms(dataset):
        row = {"method": arm, "part": part_of(dataset, arm)}
        row["test_error"] = np.mean(over_seeds(arm, "test_error"))
        for metric in METRICS:
            row[metric], row[f"{metric}_interval"] = mean_interval(over_seeds(arm, metric))
        if arm != reference:
            row["difference"], row["low"], row["high"], row["p"] = paired_difference(
                over_seeds(arm), over_seeds(reference)
            )
        rows.append(row)
    table = pd.DataFrame(rows).sort_values("balanced_accuracy", ascending=False, ignore_index=True)
    tested = table["p"].notna()
    table.loc[tested, "p"] = holm(table.loc[tested, "p"])
    return table


def seeds_of(dataset: str) -> list[int]:
    """The seeds that every method has been run with.

    Raises:
        ValueError: fewer than two.
    """
    known, keys = STUDY.read(), [key for key in STUDY.keys() if key[0] == dataset]  # noqa: SIM118
    lacking = {key[1] for key in keys if key not in known}
    seeds = [seed for seed in SEEDS if seed not in lacking]
    if len(seeds) < 2:
        STUDY.check_complete(known, keys)
    return seeds


def part_of(dataset: str, arm: str) -> int:
    """To which part of the largest class the others grew: 1 or `PART`; 0 where no rows are added."""
    base = arm.removesuffix(ADJUSTED)
    if base not in methods.RESAMPLERS:
        return 0
    return trials.PART if base != arm else chosen_settings(dataset)[base].get("part", 1)


def best_baseline(dataset: str) -> str:
    """The method without a VAE that was best on the validation rows."""
    return next(name for name in tuning.STUDY.best(dataset) if name not in methods.VAES)


def markdown(table: pd.DataFrame) -> str:
    """The table that `summary` gives, in percent."""
    header = (
        "method", "grown to", "balanced accuracy", "macro F1", "G-mean", "recall of the rare",
        "error of the test set", "against the reference", "p, corrected",
    )  # fmt: skip
    grown = {0: "", 1: "full balance", trials.PART: "a quarter"}
    lines = []
    for row in table.to_dict("records"):
        cells = [f"{100 * row[m]:.1f} ± {100 * row[f'{m}_interval']:.1f}" for m in METRICS]
        cells.append(f"{100 * row['test_error']:.1f}")
        against = "(the reference)", ""
        if pd.notna(row["p"]):
            low, high = 100 * row["low"], 100 * row["high"]
            against = f"{100 * row['difference']:+.1f} ({low:+.1f} to {high:+.1f})", f"{row['p']:.2g}"
        lines.append([row["method"], grown[row["part"]], *cells, *against])
    return tables.markdown(pd.DataFrame(lines, columns=header))
