"""Likelihoods: every recorded one that can be compared, beside what others have published.

Two likelihoods can be compared where the data set, its binarisation and the condition are the same.
"""

import pandas as pd

from cvae import metrics
from cvae.experiments.catalogue import RECIPES
from cvae.experiments.recipe import Recipe
from cvae.experiments.storage import read_result, test_scores
from cvae.utils import tables

# (data set, binarisation, conditional): what others got on its test images, in nats per image; of
# photographs, which are not binarised, in bits for each pixel and channel. "a bound": a -ELBO, or
# a number that its paper gives with a <=.
ANCHORS = {
    ("mnist", "dynamic", False): (
        ("VAE, MLP", 86.76, "Burda et al. 2016"),
        ("VAE, MLP, in TensorFlow 2", 86.35, "github.com/nbip/IWAE"),
        ("IWAE of 50 samples, MLP", 84.78, "Burda et al. 2016"),
        ("IWAE of 50 samples, MLP, two layers of z", 82.90, "Burda et al. 2016"),
        ("LVAE, five layers of z, MLP", 81.74, "Sønderby et al. 2016"),
        ("VAE, residual network", 81.08, "Kingma et al. 2016"),
        ("VAE, residual network, flow as q (IAF)", 79.10, "Kingma et al. 2016"),
        ("BIVA, many layers of z", 78.41, "Maaløe et al. 2019"),
        ("NVAE, many layers of z", 78.01, "Vahdat and Kautz 2020"),
    ),
    ("mnist", "dynamic", True): (
        ("VAE, MLP", 82.32, "github.com/nbip/IWAE"),
        ("IWAE of 50 samples, MLP", 80.78, "github.com/nbip/IWAE"),
    ),
    ("mnist", "static", False): (
        ("VAE, a bound", 89.9, "Rezende and Mohamed 2015"),
        ("VAE, reproduced", 89.78, "Pythae"),
        ("IWAE of 50 samples, MLP", 87.1, "Burda et al. 2016"),
        ("IWAE of 50 samples, reproduced", 86.82, "Pythae"),
        ("VLAE, autoregressive decoder", 79.03, "Chen et al. 2017"),
    ),
    ("cifar10", None, False): (
        ("VAE, a bound", 4.51, "van den Oord et al. 2017"),
        ("IAF, many layers of z", 3.11, "Kingma et al. 2016"),
        ("NVAE, many layers of z, a bound", 2.91, "Vahdat and Kautz 2020"),
        ("VDVAE, many layers of z, a bound", 2.87, "Child 2021"),
    ),
    ("fashion_mnist", None, False): (),
}
HEADER = (
    "model", "-log p(x)", "samples of z", "-ELBO", "weights", "training images",
    "time, with that of its start", "source",
)  # fmt: skip


def rows() -> list[dict]:
    """A row for each published likelihood and for each of ours, the best of a kind last.

    Ours are held out: of binarised digits the importance-weighted estimate (`metrics.nll`), of
    photographs the ELBO of their 256 grey levels. "samples" says of how many z for each image. Left out
    are recipes that have no recorded result, and those whose likelihood is of a kind that `ANCHORS` does
    not have: grey digits, or digits binarised by a threshold.
    """
    table = []
    for kind, published in ANCHORS.items():
        same = [
            {"kind": kind, "model": model, "value": value, "source": source}
            for model, value, source in published
        ]
        same += [row(recipe) for recipe in RECIPES.values() if kind_of(recipe) == kind]
        table += sorted(filter(None, same), key=lambda row: -row["value"])
    return table


def kind_of(recipe: Recipe) -> tuple | None:
    """What its likelihood can be compared with; None if with nothing, as that of grey digits."""
    settings = recipe.settings
    if settings.grayscale or settings.size or settings.limit:
        return None
    discrete = settings.binarize is not None or settings.likelihood == "discretized_logistic"
    return (settings.dataset, settings.binarize, settings.conditional) if discrete else None


def row(recipe) -> dict | None:
    """A recipe's recorded likelihood; None if there is none."""
    result = read_result(recipe)
    if result is None:
        return None
    bound = test_scores(result)["loss"]
    if recipe.settings.binarize is None:
        bound = value = metrics.bits_per_dimension(bound, result["image_shape"])
        samples = 1  # the ELBO itself
    else:
        value, samples = result["nll"]["nats"], result["nll"]["samples"]
    return {
        "kind": kind_of(recipe), "model": recipe.name, "value": value, "samples": samples,
        "bound": bound, "parameters": result["parameters"], "images": result["training_images"],
        "seconds": seconds(recipe), "source": "ours",
    }  # fmt: skip


def seconds(recipe) -> float:
    """Of training, with that of the recipe whose weights it starts with."""
    start = recipe.settings.start
    first = seconds(RECIPES[start]) if start else 0.0
    return first + read_result(recipe)["seconds"]


def markdown(table: list[dict]) -> str:
    """The rows as Markdown, a table for each kind."""
    text = []
    for kind in dict.fromkeys(row["kind"] for row in table):
        dataset, binarize, conditional = kind
        about = (
            f"{dataset}, {binarize} binarisation, nats per image"
            if binarize
            else f"{dataset}, bits per dimension"
        )
        rows = [as_text(row) for row in table if row["kind"] == kind]
        title = f"**{about}{', given the label' * conditional}**"
        text.append(f"{title}\n\n{tables.markdown(pd.DataFrame(rows, columns=HEADER))}")
    return "\n".join(text)


def as_text(row) -> list[str]:
    cells = [row["model"], f"{row['value']:.2f}"]
    if "bound" not in row:
        return [*cells, "", "", "", "", "", row["source"]]
    if row["samples"] == 1:  # the ELBO is all that there is
        cells = [row["model"], f"{row['value']:.2f}, a bound"]
    return [
        *cells, str(row["samples"]), f"{row['bound']:.2f}", f"{row['parameters']:,}",
        f"{row['images']:,}", f"{row['seconds']:.0f} s", row["source"],
    ]  # fmt: skip
