"""What can be done about a long tail: every method of notebook 07, under one name each.

A method makes the training set larger (`RESAMPLERS`), weighs its rows, or divides what the classifier
says by the classes' shares. `GRIDS` has the six settings of each that are tried on validation rows.
"""

from collections import Counter

import keras
import numpy as np
from imblearn.over_sampling import ADASYN, SMOTE, BorderlineSMOTE, RandomOverSampler
from sklearn.utils.class_weight import compute_sample_weight

from cvae.experiments.studies.tails import Tail
from cvae.oversampling import VAEOverSampler, class_vaes
from cvae.oversampling.augmentation import ImageAugmentOverSampler, augmented

# How the VAEs are trained: of images, and of rows that are none.
IMAGES = {"latent_dim": 20, "options": {"hidden": (512, 256)}, "steps": 4000}
ROWS = {"latent_dim": 5, "options": {"hidden": (64, 64)}, "steps": 2000}
MOVES = (  # degrees, pixels, whether left and right are the same
    (10, 0, False), (0, 2, False), (10, 2, False), (20, 3, False), (0, 0, True), (10, 2, True),
)  # fmt: skip
POWERS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
TEMPERATURES = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0)


def growth(y, target: int | None) -> dict:
    """{class: rows wanted} for imbalanced-learn; None for as many as the largest class has."""
    counts = Counter(y.tolist())
    goal = target or max(counts.values())
    return {label: goal for label, count in sorted(counts.items()) if count < goal}


def copies(tail, strategy, seed, shrinkage=None):
    """RandomOverSampler; with shrinkage, copies with noise (Menardi & Torelli 2014)."""
    sampler = RandomOverSampler(sampling_strategy=strategy, random_state=seed, shrinkage=shrinkage)
    x, y = sampler.fit_resample(tail.x, tail.y)
    return x.astype("float32"), y  # the noise is float64


def smote(kind):
    """SMOTE (Chawla et al. 2002), Borderline-SMOTE (Han et al. 2005) or ADASYN (He et al. 2008)."""

    def resample(tail, strategy, seed, **neighbours):
        smallest = min(Counter(tail.y.tolist()).values())  # which may have fewer neighbours to ask
        neighbours = {
            name: wanted if name == "m_neighbors" else min(wanted, smallest - 1)
            for name, wanted in neighbours.items()
        }
        sampler = kind(sampling_strategy=strategy, random_state=seed, **neighbours)
        try:
            return sampler.fit_resample(tail.x, tail.y)
        except (ValueError, RuntimeError) as error:
            if kind is not ADASYN or ("No samples" not in str(error) and "neigbours" not in str(error)):
                raise
            return tail.x, tail.y  # ADASYN adds nothing where no row has a neighbour of another class

    return resample


def augmented_copies(tail, strategy, seed, move):
    """Copies, each turned, moved, mirrored at random."""
    return ImageAugmentOverSampler(
        strategy, image_shape=tail.image_shape, augment=layers_of(move, tail), random_state=seed
    ).fit_resample(tail.x, tail.y)


def layers_of(move, tail: Tail) -> list[keras.layers.Layer]:
    """Keras's layers for (degrees, pixels, mirrored); what comes in from outside is black."""
    degrees, pixels, mirrored = move
    height, width, _ = tail.image_shape
    layers = [keras.layers.RandomFlip("horizontal")] if mirrored else []
    if degrees:
        layers.append(keras.layers.RandomRotation(degrees / 360, "constant"))
    if pixels:
        layers.append(keras.layers.RandomTranslation(pixels / height, pixels / width, "constant"))
    return layers


def vae(source, pixels):
    """Draws of `VAEOverSampler`; its VAE is trained once for each tail and latent_dim."""

    def resample(tail, strategy, seed, temperature, latent_dim=None, move=None):
        training = ROWS if tail.image_shape is None else IMAGES
        training = training | ({} if latent_dim is None else {"latent_dim": latent_dim})
        sampler = tail.samplers.setdefault(training["latent_dim"], VAEOverSampler(
            image_shape=tail.image_shape, random_state=seed, reuse_vaes=True, **training
        ))  # fmt: skip
        sampler.set_params(
            sampling_strategy=strategy, source=source, pixels=pixels, temperature=temperature
        )
        x, y = sampler.fit_resample(tail.x, tail.y)
        if move is not None:
            made = x[len(tail.x) :].reshape(-1, *tail.image_shape)
            made = augmented(made, layers_of(move, tail), seed)
            x = np.concatenate([tail.x, made.reshape(len(made), -1)])
        return x, y

    return resample


def borrowed(tail, strategy, seed, latent_dim, move, moved):
    """Codes of rows of all classes, decoded with the label of a rare one.

    For this the label must be obeyed: the VAE is trained on augmented copies, of every class as many.
    """
    if ("borrowed", latent_dim) not in tail.samplers:
        x, y = augmented_copies(tail, growth(tail.y, None), seed, move)
        with class_vaes.seeded(seed):
            tail.samplers["borrowed", latent_dim] = class_vaes.train(
                x.reshape(-1, *tail.image_shape), y, seed=seed, **IMAGES | {"latent_dim": latent_dim}
            )
    model, rng = tail.samplers["borrowed", latent_dim], np.random.default_rng(seed)
    counts, made, labels = Counter(tail.y.tolist()), [], []
    for label, goal in strategy.items():
        lenders = rng.choice(len(tail.x), goal - counts[label])
        z_mean, _ = model.encode(tail.x[lenders].reshape(-1, *tail.image_shape), tail.y[lenders])
        labels.append(np.full(len(z_mean), label))
        made.append(model.decode(z_mean, labels[-1]))
    made = np.concatenate(made)
    if moved:
        made = augmented(made, layers_of(move, tail), seed)
    rows = made.reshape(len(made), -1)
    return np.concatenate([tail.x, rows]), np.concatenate([tail.y, *labels])


RESAMPLERS = {
    "random copies": copies,
    "augmented copies": augmented_copies,
    "SMOTE": smote(SMOTE),
    "Borderline-SMOTE": smote(BorderlineSMOTE),
    "ADASYN": smote(ADASYN),
    "VAE prior": vae("prior", "mean"),
    "VAE posterior": vae("posterior", "mean"),
    "VAE residuals": vae("posterior", "residual"),
    "VAE residuals, augmented": vae("posterior", "residual"),
    "VAE borrowed styles": borrowed,
}
GRIDS = {
    "none": [{}],
    "class weights": [{"power": power} for power in POWERS],
    "logit adjustment": [{"tau": tau} for tau in POWERS],
    "random copies": [{"shrinkage": noise} for noise in (None, 0.05, 0.1, 0.2, 0.4, 0.8)],
    "augmented copies": [{"move": move} for move in MOVES],
    "SMOTE": [{"k_neighbors": k} for k in (1, 2, 3, 4, 5, 7)],
    "Borderline-SMOTE": [{"k_neighbors": k, "m_neighbors": m} for k in (2, 5) for m in (5, 10, 20)],
    "ADASYN": [{"n_neighbors": k} for k in (2, 3, 4, 5, 7, 10)],
    "VAE prior": [{"latent_dim": dim, "temperature": t} for dim in (10, 20) for t in (0.6, 0.8, 1.0)],
    "VAE posterior": [{"temperature": t} for t in TEMPERATURES],
    "VAE residuals": [{"temperature": t} for t in TEMPERATURES],
    # These two move as the augmented copies do that were best.
    "VAE residuals, augmented": [{"temperature": t} for t in TEMPERATURES],
    "VAE borrowed styles": [
        {"latent_dim": dim, "moved": moved} for dim in (5, 20) for moved in (False, True)
    ],
}
MOVING = ("VAE residuals, augmented", "VAE borrowed styles")
FOR_IMAGES = ("augmented copies", *MOVING)
VAES = tuple(name for name in RESAMPLERS if name.startswith("VAE"))


def methods_for(dataset: str) -> list[str]:
    """The methods that rows of this data set can be treated with."""
    return [name for name in GRIDS if dataset != "breast_cancer" or name not in FOR_IMAGES]


def weights_for(y: np.ndarray, power: float) -> np.ndarray:
    """A weight for each row, (1 / share of its class) ** power, 1 on average."""
    weights = compute_sample_weight("balanced", y) ** power
    return weights / weights.mean()


def adjusted(probabilities: np.ndarray, y: np.ndarray, tau: float) -> np.ndarray:
    """Probabilities divided by the classes' shares of y to the power of tau; rows sum to 1 again.

    Source: Menon et al. (2021), "Long-tail learning via logit adjustment", equation 9.
    """
    shares = np.bincount(y, minlength=probabilities.shape[1]) / len(y)
    scores = probabilities / shares**tau
    return scores / scores.sum(axis=1, keepdims=True)
