"""Notebook 10's recipes: several layers of z, and a learnt prior for one.

Trained without 5,000 of the training images, by which to choose; the test images are looked at when a
result is recorded. The sizes for digits are those of a first try whose loss on the test images was seen,
the others are guesses from them, and so are the epochs. For photographs the batch size and the learning
rate were chosen, by the loss of the first two epochs on training images. In the training on CIFAR-10
the loss leapt up for some batches, and the three upper layers fell silent: its weights are not kept. The
likelihood of digits is of 100 samples of z, that of the last recipe of 500, which take two cores a
quarter of an hour.
"""

from cvae.experiments.ablation import IMPORTANCE, RESIDUAL, step
from cvae.experiments.recipe import make_recipe

# Of all: the learning rate rises for some 200 steps and falls to 0; a moving average of the weights is
# what is kept.
TRAINING = {
    "bias_init": True, "schedule": "cosine", "warmup": 200, "ema": 0.999, "clip_norm": 200.0,
    "learning_rate": 2e-3, "batch_size": 128,
}  # fmt: skip
DIGITS = {"filters": (48, 24), "groups": ((4, 4), (2,)), "hidden": 256}
BY_TRAINING = "training images"
PHOTOGRAPHS = {"filters": (64, 32), "groups": ((8, 8), (16,)), "hidden": 256}


def hierarchical(name, about, dataset, **settings):
    return make_recipe(name, about, dataset=dataset, network="hierarchical", **TRAINING | settings)


# Set aside: 5,000 of 60,000 training images, and of CIFAR-10's 30,000.
BINARY = hierarchical(
    "digits-hierarchical", "binary MNIST: four layers of z", "mnist",
    latent_dim=16, options=DIGITS, binarize="dynamic", validation_split=1 / 12, epochs=100, keep=True,
    seconds=60, nll_samples=100,
)  # fmt: skip
TIGHTER = BINARY.replace(
    name="digits-hierarchical-tighter",
    about="binary MNIST: four layers of z, a mixture on top, 6 more epochs, on the bound of 5 samples",
    start=BINARY.name, bias_init=False, prior="mixture", importance_samples=5, epochs=6,
    learning_rate=5e-4, seconds=180,
)  # fmt: skip
TIGHTEST = TIGHTER.replace(
    name="digits-hierarchical-tightest",
    about="binary MNIST: four layers of z, a mixture on top, 7 more epochs, on the bound of 10 samples",
    start=TIGHTER.name, importance_samples=10, epochs=7, seconds=330, nll_samples=500,
    many_samples=5000,
)  # fmt: skip
FASHION = hierarchical(
    "fashion-hierarchical", "Fashion-MNIST, discretized logistic, four layers of z", "fashion_mnist",
    latent_dim=16, options=PHOTOGRAPHS, likelihood="discretized_logistic", validation_split=1 / 12,
    epochs=24, batch_size=32, learning_rate=1e-3, keep=True, seconds=100, chosen=BY_TRAINING,
)  # fmt: skip
FASHION_ONE = make_recipe(
    "fashion-one-layer", "Fashion-MNIST, discretized logistic, one layer of z", dataset="fashion_mnist",
    latent_dim=32, network="conv", options=RESIDUAL, likelihood="discretized_logistic",
    validation_split=1 / 12, seconds=20, chosen=BY_TRAINING,
    **TRAINING | {"epochs": 24, "batch_size": 32, "learning_rate": 1e-3},
)  # fmt: skip
CIFAR10 = hierarchical(
    "cifar10-hierarchical", "CIFAR-10, discretized logistic, four layers of z", "cifar10",
    latent_dim=32, options=PHOTOGRAPHS, likelihood="discretized_logistic", validation_split=1 / 6,
    epochs=40, batch_size=16, learning_rate=1e-3, seconds=50, chosen=BY_TRAINING,
)  # fmt: skip
# The training of ladder-again, and another prior: what it gains is ladder-again's nll less this one's.
LEARNT_PRIOR = step(
    IMPORTANCE, "ladder-prior", "10 more epochs, on the ELBO, the prior a flow", importance_samples=1,
    prior="flow", seconds=30, keep=False,
)  # fmt: skip
HIERARCHICAL = (BINARY, TIGHTER, TIGHTEST, FASHION, FASHION_ONE, CIFAR10, LEARNT_PRIOR)
