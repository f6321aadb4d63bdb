"""A recipe: what is trained, on what, how, and what the report got that it is from."""

import dataclasses
import json
from dataclasses import dataclass, field

import keras

from cvae.build import build_vae
from cvae.callbacks import AnnealBeta
from cvae.datasets.base import ImageDataset
from cvae.datasets.binarize import binarize_dataset
from cvae.datasets.tfds import load
from cvae.likelihoods import Gaussian

# What a reader is told of a recipe, and how it is measured: the training does not depend on it.
OTHER = ("name", "about", "report", "reported", "better", "keep", "seconds", "nll_samples")


@dataclass(frozen=True)
class Recipe:
    """What to train, on what and how long.

    Attributes:
        name: also the file name of its weights and its result.
        about: one line for a reader.
        dataset, grayscale, size, limit: arguments of `load`.
        network, options: of `build_vae`.
        latent_dim, likelihood, beta: of the VAE.
        variance: of a Gaussian likelihood.
        conditional: tell the encoder and the decoder the label: a `ConditionalVAE`.
        bias_init: start the decoder at the mean image.
        free_bits, importance_samples: of the VAE, see there.
        anneal: raise beta from 0 over so many epochs: 10; or (10, 20): and again every 20.
        learning_rate, batch_size, epochs: of training with Adam.
        schedule: "constant", or "cosine": the learning rate falls to 0 along a cosine.
        clip_norm: scale the gradient of all weights together down to this norm; None for no limit.
        binarize: None for grey images; "static", "dynamic" or "threshold", see `datasets.binarize`.
        augment: flip half of the training images left to right and turn each by up to so many degrees;
            None leaves them as they are.
        start: the name of a recipe of the same network, whose trained weights it starts with; that of a
            plain VAE will do for a conditional one of convolutions.
        new_z: draw the layers next to z anew all the same: a z that has said everything so far leaves a
            label nothing to say.
        seed: of the weights, the noise and the order of the images.
        report: the course report whose setting this is; None for one of our own.
        reported: what that report publishes: {"total": 36.7, "kl": 4.4, ...}, a tuple where it gives
            two values for one setting, {"figures": "4 and 7"} where it shows pictures only,
            {"readable": 60} where it counts the samples, of 64, that a person can read.
        better: the name of our better recipe of the same data, likelihood and latent dimension.
        keep: whether its weights are committed under data/pretrained.
        seconds: a rough guess of an epoch's time on 2 CPU cores, for the progress bar.
        nll_samples: of z for each test image, for the likelihood of binarised images.
    """

    name: str
    about: str
    dataset: str
    latent_dim: int
    network: str = "conv"
    options: dict = field(default_factory=dict)
    likelihood: str = "bernoulli"
    variance: float | str | None = None
    beta: float = 1.0
    conditional: bool = False
    bias_init: bool = False
    free_bits: float = 0.0
    importance_samples: int = 1
    anneal: int | tuple[int, int] | None = None
    learning_rate: float = 1e-3
    batch_size: int = 128
    epochs: int = 10
    schedule: str = "constant"
    clip_norm: float | None = None
    binarize: str | None = None
    augment: float | None = None
    grayscale: bool = False
    size: int | None = None
    limit: int | None = None
    start: str | None = None
    new_z: bool = False
    seed: int = 0
    report: str | None = None
    reported: dict = field(default_factory=dict)
    better: str | None = None
    keep: bool = False
    seconds: float = 10.0
    nll_samples: int = 500

    def but(self, **changes) -> "Recipe":
        """The same recipe with some settings changed: `recipe.but(epochs=2, limit=1000)`."""
        return dataclasses.replace(self, **changes)

    def settings(self) -> dict:
        """All that the numbers depend on, as JSON has it."""
        settings = dataclasses.asdict(self)
        for other in OTHER:
            settings.pop(other)
        return json.loads(json.dumps(settings))

    def has_settings(self, settings: dict) -> bool:
        """Whether a card's settings are these; what an older card does not name has its default."""
        return DEFAULTS | settings == self.settings()

    def load(self) -> ImageDataset:
        data = load(
            self.dataset, grayscale=self.grayscale, size=self.size, limit=self.limit, seed=self.seed
        )
        return data if self.binarize is None else binarize_dataset(data, self.binarize)

    def build(self, image_shape, num_classes=None):
        """The untrained VAE, its weights drawn with the seed; `num_classes` where it is conditional."""
        if self.conditional and num_classes is None:
            raise ValueError(f"{self.name} is conditional: build it with the number of classes")
        keras.utils.set_random_seed(self.seed)
        likelihood = self.likelihood
        if self.variance is not None:
            likelihood = Gaussian(self.variance)
        return build_vae(
            image_shape, self.latent_dim, self.network, likelihood,
            num_classes if self.conditional else None, beta=self.beta, seed=self.seed,
            free_bits=self.free_bits, importance_samples=self.importance_samples, **self.options,
        )  # fmt: skip

    def callbacks(self) -> list[keras.callbacks.Callback]:
        """What the training needs beside the data."""
        if self.anneal is None:
            return []
        epochs, cycle = (self.anneal, None) if isinstance(self.anneal, int) else self.anneal
        return [AnnealBeta(0.0, self.beta, epochs, cycle)]

    def optimizer(self, steps: int) -> keras.optimizers.Optimizer:
        """Adam for a training of so many steps."""
        rate = self.learning_rate
        if self.schedule == "cosine":
            rate = keras.optimizers.schedules.CosineDecay(rate, steps)
        elif self.schedule != "constant":
            raise ValueError(f"schedule must be 'constant' or 'cosine', got {self.schedule!r}")
        return keras.optimizers.Adam(rate, global_clipnorm=self.clip_norm)


DEFAULTS = {
    key: value
    for key, value in Recipe("", "", "", 1).settings().items()
    if key not in ("dataset", "latent_dim")
}
