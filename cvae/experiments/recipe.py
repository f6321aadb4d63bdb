"""A recipe: what is trained, on what and how; under a name, and beside what a report got."""

import dataclasses
import difflib
import json
from dataclasses import dataclass, field

import keras
import numpy as np

from cvae.base.generative import GenerativeModel
from cvae.build import build_vae
from cvae.callbacks import AnnealBeta
from cvae.datasets.base import ImageDataset
from cvae.datasets.binarize import binarize, binarize_dataset, binarized_source
from cvae.datasets.tfds import load, source_of
from cvae.likelihoods import Gaussian
from cvae.utils.checks import check_count


@dataclass(frozen=True)
class Settings:
    """What is trained, on what and how: all that the numbers depend on.

    Attributes:
        dataset, grayscale, size, limit: arguments of `load`.
        test_limit: at most this many test images, for a quick look; None for all.
        validation_split: this part of the training images, the last, is set aside: what is logged as
            `val_` is theirs, choices are made by them, and the test images are looked at once, after
            training. With 0 the test images are what is logged.
        network, options: of `build_vae`.
        latent_dim, likelihood, beta: of the VAE.
        variance: of the pixels: with it the likelihood is a Gaussian, whatever `likelihood` says by
            default.
        conditional: tell the encoder and the decoder the label: a `ConditionalVAE`.
        bias_init: start the decoder at the mean image.
        free_bits, importance_samples, prior: of the VAE, see there.
        anneal: raise beta from 0 over this many epochs: 10; or (10, 20): and again every 20.
        learning_rate, batch_size, epochs: of training with Adam.
        schedule: "constant", or "cosine": the learning rate falls to 0 along a cosine.
        warmup: raise the learning rate from 0 over so many first steps of a cosine.
        ema: keep a moving average of the weights, which this part of it outlives each step, such as
            0.999; it is what held-out losses are of, and the weights in the end. None for none.
        clip_norm: scale the gradient of all weights together down to this norm; None for no limit.
        binarize: None for grey images; "static", "dynamic" or "threshold", see `datasets.binarize`.
        augment: flip half of the training images left to right and turn each by up to this many degrees;
            None leaves them as they are.
        start: the name of a recipe of the same network, whose trained weights it starts with; that of a
            plain VAE will do for a conditional one of convolutions.
        reinit_latent_layers: draw the layers next to z anew all the same: a z that has said everything
            so far leaves a label nothing to say.
        seed: of the weights, the noise and the order of the images.
    """

    dataset: str
    latent_dim: int
    network: str = "conv"
    options: dict = field(default_factory=dict, hash=False)
    likelihood: str = "bernoulli"
    variance: float | str | None = None
    beta: float = 1.0
    conditional: bool = False
    bias_init: bool = False
    free_bits: float = 0.0
    importance_samples: int = 1
    prior: str = "normal"
    anneal: int | tuple[int, int] | None = None
    learning_rate: float = 1e-3
    batch_size: int = 128
    epochs: int = 10
    schedule: str = "constant"
    warmup: int = 0
    ema: float | None = None
    clip_norm: float | None = None
    binarize: str | None = None
    augment: float | None = None
    grayscale: bool = False
    size: int | None = None
    limit: int | None = None
    test_limit: int | None = None
    validation_split: float = 0.0
    start: str | None = None
    reinit_latent_layers: bool = False
    seed: int = 0

    def __post_init__(self):
        if isinstance(self.anneal, list):  # as a card has it
            object.__setattr__(self, "anneal", tuple(self.anneal))
        if self.test_limit is not None:
            check_count("test_limit", self.test_limit)
        if check_count("warmup", self.warmup, least=0) and self.schedule != "cosine":
            raise ValueError(f"warmup is of a cosine, the schedule is {self.schedule!r}")
        if self.ema is not None and not 0 < self.ema < 1:
            raise ValueError(f"ema must be None, or between 0 and 1 such as 0.999; got {self.ema!r}")
        if not 0 <= self.validation_split < 1:
            raise ValueError(
                "validation_split must be a part of the training images, from 0 to below 1; got "
                f"{self.validation_split!r}"
            )
        if self.variance is not None and self.likelihood not in ("bernoulli", "gaussian"):
            raise ValueError(
                f"variance is for a Gaussian, the likelihood is {self.likelihood!r}: leave one out"
            )

    def as_json(self) -> dict:
        """The settings as JSON has them, for a model card."""
        return json.loads(json.dumps(dataclasses.asdict(self)))

    def are(self, card: dict) -> bool:
        """Whether a card's settings are these; what an older card does not name has its default."""
        return DEFAULTS | card == self.as_json()

    def load(self) -> ImageDataset:
        """The training images, without those set aside, and the test images."""
        data = self.load_whole()
        if self.test_limit is not None:
            x_test, y_test = data.x_test[: self.test_limit], data.y_test[: self.test_limit]
            data = dataclasses.replace(data, x_test=x_test, y_test=y_test)
        kept = self.kept(len(data.x_train))
        data = dataclasses.replace(data, x_train=data.x_train[:kept], y_train=data.y_train[:kept])
        return data if self.binarize is None else binarize_dataset(data, self.binarize)

    def held_out(self, data: ImageDataset) -> tuple[np.ndarray, np.ndarray]:
        """The images that `val_` is of, and their labels: those set aside, or the test images of `data`,
        which `load` gave.

        Raises:
            ValueError: a part of so few images that none is set aside.
        """
        if not self.validation_split:
            return data.x_test, data.y_test
        whole = self.load_whole()
        images, labels = whole.x_train[len(data.x_train) :], whole.y_train[len(data.x_train) :]
        if len(images) == 0:
            raise ValueError(
                f"a validation_split of {self.validation_split:g} sets aside none of "
                f"{len(whole.x_train)} training images: raise limit, or the split"
            )
        return images if self.binarize is None else binarize(images, self.binarize, seed=2), labels

    def kept(self, images: int) -> int:
        """How many of so many training images are trained on."""
        return images - round(self.validation_split * images)

    def load_whole(self):
        return load(
            self.dataset, grayscale=self.grayscale, size=self.size, limit=self.limit, seed=self.seed
        )

    def source(self) -> tuple[str, int]:
        """`source` of the data set that `load` gives and its number of training images; reads none."""
        source, images = source_of(self.dataset, limit=self.limit)
        if self.binarize is not None:
            source = binarized_source(source, self.binarize)
        return source, self.kept(images)

    def build(
        self, image_shape: tuple[int, int, int], num_classes: int | None = None
    ) -> GenerativeModel:
        """The untrained VAE, its weights drawn with the seed; `num_classes` where it is conditional."""
        if self.conditional and num_classes is None:
            raise ValueError("these settings are conditional: build them with the number of classes")
        keras.utils.set_random_seed(self.seed)
        return build_vae(
            image_shape, self.latent_dim, self.network,
            self.likelihood if self.variance is None else Gaussian(self.variance),
            num_classes if self.conditional else None, beta=self.beta, seed=self.seed,
            free_bits=self.free_bits, importance_samples=self.importance_samples, prior=self.prior,
            **self.options,
        )  # fmt: skip

    def callbacks(self) -> list[keras.callbacks.Callback]:
        """What the training needs beside the data."""
        found = []
        if self.anneal is not None:
            epochs, cycle = (self.anneal, None) if isinstance(self.anneal, int) else self.anneal
            found.append(AnnealBeta(0.0, self.beta, epochs, cycle))
        if self.ema is not None:
            found.append(keras.callbacks.SwapEMAWeights())
        return found

    def optimizer(self, steps: int) -> keras.optimizers.Optimizer:
        """Adam for a training of this many steps."""
        rate = self.learning_rate
        if self.schedule == "cosine" and self.warmup:
            warmup = min(self.warmup, steps // 2)
            rate = keras.optimizers.schedules.CosineDecay(
                0.0, steps - warmup, warmup_target=rate, warmup_steps=warmup
            )
        elif self.schedule == "cosine":
            rate = keras.optimizers.schedules.CosineDecay(rate, steps)
        elif self.schedule != "constant":
            raise ValueError(f"schedule must be 'constant' or 'cosine', got {self.schedule!r}")
        average = {} if self.ema is None else {"use_ema": True, "ema_momentum": self.ema}
        return keras.optimizers.Adam(rate, global_clipnorm=self.clip_norm, **average)


@dataclass(frozen=True)
class Recipe:
    """Settings under a name, and what a reader is told of them. `make_recipe` makes one in a call.

    Attributes:
        name: also the file name of its weights and its result.
        about: one line for a reader.
        settings: what is trained.
        report: the course report whose setting this is; None for one of our own.
        reported: what that report publishes: {"total": 36.7, "kl": 4.4, ...}, a tuple where it gives
            two values for one setting, {"figures": "4 and 7"} where it shows pictures only,
            {"readable": 60} where it counts the samples, of 64, that a person can read.
        chosen: what our settings were chosen on, where it is no report's recipe.
        better: the name of our better recipe of the same data, likelihood and latent dimension.
        keep: whether its weights are committed under data/pretrained.
        seconds: a rough guess of an epoch's time on 2 CPU cores, for the progress bar.
        nll_samples: of z for each image, for the likelihood of binarised images.
        many_samples: so many once more, for the first 1,000 test images; 0 for no such look.
    """

    name: str
    about: str
    settings: Settings
    report: str | None = None
    reported: dict = field(default_factory=dict, hash=False)
    chosen: str = "test images"
    better: str | None = None
    keep: bool = False
    seconds: float = 10.0
    nll_samples: int = 500
    many_samples: int = 0

    def replace(self, **changes) -> "Recipe":
        """The same recipe with some of it changed, its settings too:
        `recipe.replace(epochs=2, limit=1000)`."""
        own, settings = divide(changes)
        return dataclasses.replace(self, settings=dataclasses.replace(self.settings, **settings), **own)


def make_recipe(name: str, about: str, **fields) -> Recipe:
    """A recipe from the fields of both objects:
    `make_recipe("tiny", "a small one", dataset="mnist", latent_dim=2, epochs=1, keep=True)`."""
    own, settings = divide(fields)
    return Recipe(name, about, Settings(**settings), **own)


def divide(fields) -> tuple[dict, dict]:
    """Fields of a `Recipe`, and those of its `Settings`."""
    known = {f.name for f in dataclasses.fields(Recipe)} - {"settings"}
    settings = {f.name for f in dataclasses.fields(Settings)}
    unknown = [name for name in fields if name not in known | settings]
    if unknown:
        near = difflib.get_close_matches(unknown[0], known | settings, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(f"a recipe has no field {', '.join(unknown)}{hint}")
    own = {name: value for name, value in fields.items() if name in known}
    return own, {name: value for name, value in fields.items() if name not in known}


DEFAULTS = {
    name: value
    for name, value in Settings("", 1).as_json().items()
    if name not in ("dataset", "latent_dim")
}
