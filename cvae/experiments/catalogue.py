"""Every experiment: the reports', our better ones, and those that notebooks add."""

import difflib

from cvae.experiments.ablation import ABLATION, OTHERS, TRIED
from cvae.experiments.better import BETTER, DEEPER
from cvae.experiments.recipe import Recipe, make_recipe
from cvae.experiments.reports import REPORTS, zhao


def cifar10(latent_dim, likelihood="discretized_logistic", **settings):
    words = ["cifar10", str(latent_dim)]
    words += [] if likelihood == "discretized_logistic" else [likelihood]
    words += [f"{settings['variance']}"] if "variance" in settings else []
    return make_recipe(
        "-".join(words), f"CIFAR-10, {likelihood.replace('_', ' ')}, {latent_dim} latent dimensions",
        dataset="cifar10", latent_dim=latent_dim, likelihood=likelihood, bias_init=True,
        schedule="cosine", keep=latent_dim < 512,
        **DEEPER | {"seconds": 20} | settings,
    )  # fmt: skip


# Notebook 04: what a latent dimension buys, and what the likelihood does to blur.
CIFAR10 = (
    *(cifar10(latent_dim) for latent_dim in (2, 8, 32, 128, 512)),
    cifar10(128, "bernoulli"),
    cifar10(128, "gaussian", variance=0.01),
    cifar10(128, "gaussian", variance="learned"),
)

# Notebook 09: photographs. The linear model that it starts as, and the convolutions around it.
COSINE = make_recipe(
    "cifar10-cosine", "CIFAR-10, cosine transform, contrast and convolutions",
    dataset="cifar10", latent_dim=3075, network="cosine", likelihood="discretized_logistic",
    bias_init=True, schedule="cosine", learning_rate=2e-3, batch_size=64, epochs=10, keep=True,
    seconds=60,
)  # fmt: skip

# Notebook 08: how much of a difference is chance.
FIRST = {recipe.name: recipe for recipe in (*REPORTS, *BETTER)}
SEEDS = tuple(
    FIRST[name].replace(
        name=f"{name}-seed{seed}", about=f"{FIRST[name].about}, seed {seed}", seed=seed,
        report=None, reported={}, better=None, keep=False,
    )
    for name in ("zhao-mlp20-2", "zhao-mlp20-20", "zhao-cnn-2")
    for seed in (1, 2)
)  # fmt: skip

# Notebook 08: which settings were zhao's? The listing's 10 units in 20 dimensions, and another c.
ASIDE = (
    zhao("mlp", 20, report=None),
    zhao("mlp", dataset="fashion_mnist", c=0.01, report=None),
)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        *REPORTS, *BETTER, *CIFAR10, COSINE, *SEEDS, *ASIDE, *ABLATION, *TRIED, *OTHERS,
    )
}  # fmt: skip


def find(name: str) -> Recipe:
    """The recipe of this name.

    Raises:
        ValueError: there is none; the near ones are listed.
    """
    if name not in RECIPES:
        near = difflib.get_close_matches(str(name), RECIPES, n=3, cutoff=0.3)
        hint = f"did you mean {' or '.join(near)}?" if near else "python -m cvae list shows them all"
        raise ValueError(f"unknown recipe {name!r}; {hint}")
    return RECIPES[name]
