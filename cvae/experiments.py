"""Every experiment as data: what is trained, on what, how, and what the report got that it is from."""

import dataclasses
import difflib
import json
from dataclasses import dataclass, field

import keras

from cvae.binarize import binarize_dataset
from cvae.build import build_vae
from cvae.callbacks import AnnealBeta
from cvae.datasets import ImageDataset, load
from cvae.likelihoods import Gaussian


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
        binarize: None for grey images; "static", "dynamic" or "threshold", see `cvae.binarize`.
        augment: flip half of the training images left to right and turn each by up to so many degrees;
            None leaves them as they are.
        start: the name of a recipe of the same network, whose trained weights it starts with.
        seed: of the weights, the noise and the order of the images.
        report: the course report whose setting this is; None for one of our own.
        reported: what that report publishes: {"total": 36.7, "kl": 4.4, ...}, a tuple where it gives
            two values for one setting, {"figures": "4 and 7"} where it shows pictures only,
            {"readable": 60} where it counts the samples, of 64, that a person can read.
        better: the name of our better recipe of the same data, likelihood and latent dimension.
        keep: whether its weights are committed under data/pretrained.
        seconds: a rough guess of an epoch's time on 2 CPU cores, for the progress bar.
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
    seed: int = 0
    report: str | None = None
    reported: dict = field(default_factory=dict)
    better: str | None = None
    keep: bool = False
    seconds: float = 10.0

    def but(self, **changes) -> "Recipe":
        """The same recipe with some settings changed: `recipe.but(epochs=2, limit=1000)`."""
        return dataclasses.replace(self, **changes)

    def settings(self) -> dict:
        """All that the numbers depend on, as JSON has it."""
        settings = dataclasses.asdict(self)
        for text in ("name", "about", "report", "reported", "better", "keep", "seconds"):
            settings.pop(text)
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


def luther(latent_dim, figures):
    return Recipe(
        name=f"luther-{latent_dim}",
        about=f"MNIST, MLP of 200 and 200, {latent_dim} latent dimensions",
        dataset="mnist", latent_dim=latent_dim, network="mlp", batch_size=100, epochs=25,
        report="luther", reported={"figures": figures}, better=f"better-luther-{latent_dim}",
        keep=True, seconds=2,
    )  # fmt: skip


def patadia(name, dataset, about, figures, seconds, **settings):
    """The TensorFlow CVAE tutorial's network, which the report took over."""
    return Recipe(
        name=f"patadia-{name}", about=f"{about}, the tutorial's convolutions, 2 latent dimensions",
        dataset=dataset, latent_dim=2, options={"encoder": {"padding": "valid"}},
        learning_rate=1e-4, batch_size=32, epochs=10, report="patadia",
        reported={"figures": figures}, keep=True, seconds=seconds,
        **{"better": f"better-patadia-{name}"} | settings,
    )  # fmt: skip


def aragam(latent_dim, kl, reconstruction, total, **more):
    """Squared error plus KL: a Gaussian of variance 1/2, but for its constant."""
    return Recipe(
        name=f"aragam-{latent_dim}",
        about=f"MNIST, four convolutions, squared error, {latent_dim} latent dimensions",
        dataset="mnist", latent_dim=latent_dim, variance=0.5,
        options={
            "filters": (32, 64, 64, 64), "strides": (1, 2, 2, 1), "activation": "leaky_relu",
            # The mirror image: 64, 64, 32 channels, then the pixels.
            "decoder": {"filters": (64, 64, 32), "strides": (1, 2, 2), "base_filters": 64},
        },
        learning_rate=5e-4, batch_size=256, epochs=10, report="aragam",
        reported={"total": total, "reconstruction": reconstruction, "kl": kl} | more,
        better=f"better-aragam-{latent_dim}", keep=True, seconds=28,
    )  # fmt: skip


ZHAO = {
    # The listing, for 2 latent dimensions, narrows to 10 units; the text says 20. The sweep over
    # dimensions fits 20: through 10 units, 20 dimensions reach 166, the report prints 154.
    "mlp": {
        "network": "mlp", "options": {"hidden": (300, 100, 10), "activation": "elu"},
        "learning_rate": 2.5e-3, "seconds": 1.5,
    },
    "mlp20": {
        "network": "mlp", "options": {"hidden": (300, 100, 20), "activation": "elu"},
        "learning_rate": 2.5e-3, "seconds": 1.5,
    },
    "cnn": {
        "network": "conv",
        "options": {
            "filters": (32, 64, 32), "activation": "elu", "batch_norm": True, "any_side": True,
            "decoder": {"filters": (64, 32, 32)},
        },
        "learning_rate": 1.5e-3, "seconds": 20,
    },
}  # fmt: skip


def zhao(network, latent_dim=2, dataset="mnist", c=0.05, **settings):
    """Squared error / 2c plus KL: a Gaussian of variance c, but for its constant."""
    words = ["zhao", network]
    words += ["fashion"] if dataset == "fashion_mnist" else [str(latent_dim)]
    words += [f"c{c:g}"] if c != 0.05 else []
    what = "Fashion-MNIST" if dataset == "fashion_mnist" else "MNIST"
    return Recipe(
        name="-".join(words),
        about=f"{what}, {network[:3].upper()} with batch 256, c = {c:g}, {latent_dim} latent dimensions",
        dataset=dataset, latent_dim=latent_dim, variance=c, batch_size=256, epochs=15,
        **{"report": "zhao"} | ZHAO[network] | settings,
    )  # fmt: skip


def zhao_reported(network, latent_dim, total, dataset="mnist", **parts):
    which = "fashion" if dataset == "fashion_mnist" else str(latent_dim)
    return zhao(
        network, latent_dim, dataset, reported={"total": total, **parts}, better=f"better-zhao-{which}",
        keep=network != "mlp20",
    )  # fmt: skip


REPORTS = (
    luther(2, "1 and 2"),
    luther(10, "1"),
    luther(100, "1"),
    patadia("mnist", "mnist", "MNIST", "4 and 7", 15, better="better-luther-2"),
    patadia("fashion", "fashion_mnist", "Fashion-MNIST", "5 and 8", 15),
    patadia("cifar10", "cifar10", "CIFAR-10", "6 and 9", 10),
    patadia("cifar10-gray", "cifar10", "CIFAR-10 in grey", "6 and 9", 10, grayscale=True),
    zhao_reported("mlp", 2, 307, reconstruction=293, kl=14),
    zhao_reported("mlp20", 1, 365),
    zhao_reported("mlp20", 2, 302),
    zhao_reported("mlp20", 3, 258),
    zhao_reported("mlp20", 5, 204),
    zhao_reported("mlp20", 20, 154),
    zhao_reported("mlp", 2, 229, "fashion_mnist", reconstruction=216, kl=13.4),
    *(
        zhao("mlp", c=c, reported={"figures": "10"})
        for c in (0.0001, 0.001, 0.01, 0.1, 1)
    ),
    Recipe(
        name="ibrahim-dogs", about="Stanford Dogs at 64x64, residual network, 32 latent dimensions",
        dataset="stanford_dogs", size=64, latent_dim=32, network="residual",
        options={"filters": (16, 32, 64, 128)}, batch_size=32, epochs=50, clip_norm=1.0, augment=10.0,
        report="ibrahim", reported={"figures": "of steps 8 to 12"}, better="better-ibrahim-dogs",
        keep=True, seconds=40,
    ),
    zhao_reported("cnn", 1, 399),
    zhao_reported("cnn", 2, (322, 336)),
    zhao_reported("cnn", 3, 284),
    zhao_reported("cnn", 5, 218),
    zhao_reported("cnn", 20, 133),
    zhao_reported("cnn", 2, 246, "fashion_mnist"),
    aragam(2, 4.4122, 32.26999, 36.68219),
    aragam(3, 6.12124, 30.11598, 36.23721),
    aragam(4, 7.30888, 25.05045, 32.35933),
    aragam(5, 8.39849, 22.89452, 31.29301, readable=60),
    aragam(10, 11.90844, 17.10307, 29.01152),
    aragam(30, 12.58757, 15.39129, 27.97886),
)  # fmt: skip

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
    return Recipe(
        f"better-{name}", f"{what}, our better recipe, {latent_dim} latent dimensions",
        dataset, latent_dim, **OURS | settings,
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
    return Recipe(
        "-".join(words), f"CIFAR-10, {likelihood.replace('_', ' ')}, {latent_dim} latent dimensions",
        "cifar10", latent_dim, likelihood=likelihood, batch_size=64, epochs=8, seconds=20,
        keep=latent_dim < 512,
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

# Notebook 08: how much of a difference is chance.
FIRST = {recipe.name: recipe for recipe in (*REPORTS, *BETTER)}
SEEDS = tuple(
    FIRST[name].but(
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

RECIPES = {recipe.name: recipe for recipe in (*REPORTS, *BETTER, *CIFAR10, *SEEDS, *ASIDE)}


def find(name: str) -> Recipe:
    """The recipe of this name.

    Raises:
        ValueError: there is none; the near ones are listed.
    """
    if name not in RECIPES:
        near = difflib.get_close_matches(str(name), RECIPES, n=3, cutoff=0.3) or list(RECIPES)
        raise ValueError(f"unknown recipe {name!r}; did you mean {' or '.join(near)}?")
    return RECIPES[name]
