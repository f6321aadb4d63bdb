"""What a likelihood of binarised digits depends on: samples of z, and whether the label is given.

`STUDY.reproduce()` runs it: 500 and 5,000 samples on the same 1,000 test images, and of the conditional
VAE log p(x) = log sum over y of p(y) p(x | y), which needs no label. `training.record` has the rest.
"""

import numpy as np
from scipy.special import logsumexp

from cvae import metrics
from cvae.build import load_vae
from cvae.experiments import catalogue, storage, training
from cvae.experiments.studies.study import Study
from cvae.vae import VAE

IMAGES = 1000  # the first test images
WITHOUT_LABEL = "without the label"


class LikelihoodsStudy(Study):
    """-log p(x) of a recipe's VAE: with more samples, or without the label."""

    name = "likelihoods"
    fields = ("recipe", "what")

    def protocol(self) -> dict:
        return {"images": IMAGES, "seed": 0}

    def keys(self) -> list[tuple]:
        names = ("ladder-tutorial", "ladder-long", "ladder-tighter")
        return [(name, samples) for name in names for samples in (500, 5000)] + [
            ("digits-conditional", WITHOUT_LABEL)
        ]

    def dataset(self, key):
        return "mnist"

    def run(self, work, keys):
        name, what = work
        recipe = catalogue.find(name)
        data = recipe.settings.load()
        vae, images = load_vae(storage.trained_weights(recipe)), data.x_test[:IMAGES]
        if what == WITHOUT_LABEL:
            nats, samples = nats_without_label(vae, images, data.y_train, recipe.nll_samples)
        else:
            nats, samples = -metrics.log_likelihood(vae, images, samples=what, seed=0), what
        return {work: training.as_result(nats, samples)}


def nats_without_label(vae: VAE, images, training_labels, samples: int) -> tuple[np.ndarray, int]:
    """-log p(x) of each image, (n,): a sum over the labels, each as frequent as in training."""
    shares = np.bincount(training_labels) / len(training_labels)
    given = [
        np.log(share)
        + metrics.log_likelihood(vae, images, np.full(len(images), label), samples=samples, seed=0)
        for label, share in enumerate(shares)
    ]
    return -logsumexp(given, axis=0), samples


STUDY = LikelihoodsStudy()
