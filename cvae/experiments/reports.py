"""The five course reports' experiments as data, with what the reports publish."""

from cvae.experiments.recipe import make_recipe


def luther(latent_dim, figures):
    return make_recipe(
        name=f"luther-{latent_dim}",
        about=f"MNIST, MLP of 200 and 200, {latent_dim} latent dimensions",
        dataset="mnist", latent_dim=latent_dim, network="mlp", batch_size=100, epochs=25,
        report="luther", reported={"figures": figures}, better=f"better-luther-{latent_dim}",
        keep=True, seconds=2,
    )  # fmt: skip


def patadia(name, dataset, about, figures, seconds, **settings):
    """The TensorFlow CVAE tutorial's network, which the report took over."""
    return make_recipe(
        name=f"patadia-{name}", about=f"{about}, the tutorial's convolutions, 2 latent dimensions",
        dataset=dataset, latent_dim=2, options={"encoder": {"padding": "valid"}},
        learning_rate=1e-4, batch_size=32, epochs=10, report="patadia",
        reported={"figures": figures}, keep=True, seconds=seconds,
        **{"better": f"better-patadia-{name}"} | settings,
    )  # fmt: skip


def aragam(latent_dim, kl, reconstruction, total, **more):
    """Squared error plus KL: a Gaussian of variance 1/2, but for its constant."""
    return make_recipe(
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
    return make_recipe(
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
    make_recipe(
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
