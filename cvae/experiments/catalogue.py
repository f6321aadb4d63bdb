"""Every experiment: the reports', our better ones, and those that notebooks add."""

import difflib

from cvae.experiments.ablation import ABLATION, OTHERS, TRIED
from cvae.experiments.hierarchy import HIERARCHICAL
from cvae.experiments.recipe import Recipe, make_recipe
from cvae.experiments.reports import REPORTS, zhao

# What is better about the better ones: the decoder starts at the mean image, the learning rate falls to
# 0, batches are smaller, networks wider.
OURS = {"bias_init": True, "schedule": "cosine"}
WIDE = {"network": "mlp", "options": {"hidden": (512, 256)}}
DEEP = {"network": "conv", "options": {"filters": (32, 64), "hidden": (256,)}}
DEEPER = {
    "network": "conv",
    "options": {
        "filters": (32, 64, 64),
        "activation": "leaky_relu",
        "decoder": {"base_filters": 64},
    },
}


def better(name, what, dataset, latent_dim, **settings):
    return make_recipe(
        f"better-{name}", f"{what}, our better recipe, {latent_dim} latent dimensions",
        dataset=dataset, latent_dim=latent_dim, **OURS | settings,
    )  # fmt: skip


def better_luther(latent_dim, **changes):
    return better(
        f"luther-{latent_dim}", "MNIST", "mnist", latent_dim,
        batch_size=100, epochs=25, seconds=4, **WIDE | changes,
    )  # fmt: skip


def better_zhao(latent_dim, dataset="mnist"):
    which, what = str(latent_dim), "MNIST"
    if dataset == "fashion_mnist":
        which, what = "fashion", "Fashion-MNIST"
    return better(
        f"zhao-{which}", what, dataset, latent_dim,
        variance=0.05, batch_size=32, epochs=12, seconds=7, **WIDE,
    )  # fmt: skip


def better_aragam(latent_dim, **changes):
    settings = {"learning_rate": 2e-3, "epochs": 6, "seconds": 25, **DEEP} | changes
    return better(
        f"aragam-{latent_dim}", "MNIST", "mnist", latent_dim, variance=0.5, batch_size=64, **settings
    )


def cifar10(latent_dim, likelihood="discretized_logistic", **settings):
    words = ["cifar10", str(latent_dim)]
    words += [] if likelihood == "discretized_logistic" else [likelihood]
    words += [f"{settings['variance']}"] if "variance" in settings else []
    return make_recipe(
        "-".join(words), f"CIFAR-10, {likelihood.replace('_', ' ')}, {latent_dim} latent dimensions",
        dataset="cifar10", latent_dim=latent_dim, likelihood=likelihood, batch_size=64, epochs=8,
        seconds=20, keep=latent_dim < 512,
        **OURS | DEEPER | settings,
    )  # fmt: skip


BETTER = (
    *(better_luther(latent_dim) for latent_dim in (2, 10)),
    # A decoder that starts at the mean image has little use for 100 noisy dimensions: it ends at 103.9.
    better_luther(100, bias_init=False),
    better(
        "patadia-fashion", "Fashion-MNIST", "fashion_mnist", 2,
        batch_size=64, epochs=12, seconds=5, **WIDE,
    ),
    better("patadia-cifar10", "CIFAR-10", "cifar10", 2, batch_size=64, epochs=8, seconds=15, **DEEPER),
    better(
        "patadia-cifar10-gray", "CIFAR-10 in grey", "cifar10", 2, grayscale=True,
        batch_size=64, epochs=8, seconds=15, **DEEPER,
    ),
    *(better_zhao(latent_dim) for latent_dim in (1, 2, 3, 5, 20)),
    better_zhao(2, "fashion_mnist"),
    *(better_aragam(latent_dim) for latent_dim in (3, 4, 5, 10)),
    # A wide MLP, longer: 34.2 and 28.0 where the convolutions get 37.3 and 28.3.
    *(
        better_aragam(latent_dim, learning_rate=1e-3, epochs=24, seconds=5, **WIDE)
        for latent_dim in (2, 30)
    ),
    better(
        "ibrahim-dogs", "Stanford Dogs at 64x64", "stanford_dogs", 32, size=64, network="residual",
        options={"filters": (16, 32, 64, 128)}, batch_size=32, epochs=16, clip_norm=1.0, augment=0.0,
        seconds=40,
    ),
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

# Notebook 03 and the appendix: how much of a difference is chance.
FIRST = {recipe.name: recipe for recipe in (*REPORTS, *BETTER)}
SEEDS = tuple(
    FIRST[name].replace(
        name=f"{name}-seed{seed}", about=f"{FIRST[name].about}, seed {seed}", seed=seed,
        report=None, reported={}, better=None, keep=False,
    )
    for name in ("zhao-mlp20-2", "zhao-mlp20-20", "zhao-cnn-2")
    for seed in (1, 2)
)  # fmt: skip

# The appendix: which settings were zhao's? The listing's 10 units in 20 dimensions, and another c.
ASIDE = (
    zhao("mlp", 20, report=None, chosen="report, varied"),
    zhao("mlp", dataset="fashion_mnist", c=0.01, report=None, chosen="report, varied"),
)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        *REPORTS,
        *BETTER,
        *CIFAR10,
        COSINE,
        *SEEDS,
        *ASIDE,
        *ABLATION,
        *TRIED,
        *OTHERS,
        *HIERARCHICAL,
    )
}


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
