"""The VAEs behind `VAEOverSampler`: how they are trained on rows with classes, and what they draw.

Source: Kingma & Welling (2014) for the draws around a posterior; Sohn et al. (2015) for one VAE of
p(x | class).
"""

import random
from contextlib import contextmanager

import keras
import numpy as np
from numpy.typing import ArrayLike

from cvae import runtime
from cvae.build import build_vae
from cvae.datasets.batches import Batches
from cvae.likelihoods import Likelihood
from cvae.utils.checks import in_batches, in_turn
from cvae.utils.images import to_float
from cvae.vae import VAE, ConditionalVAE


def train(
    images: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    latent_dim: int = 10,
    network: str = "mlp",
    likelihood: str | Likelihood = "bernoulli",
    options: dict | None = None,
    steps: int = 3000,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    seed: int = 0,
    progress=None,
) -> VAE:
    """A VAE of these images; conditional where there are labels, 0 to the largest.

    Args:
        images: (n, height, width, channels), as `check_images` takes them.
        labels: (n,).
        latent_dim, network, likelihood, options: of `build_vae`.
        steps: of Adam, rounded up to whole epochs of about a hundred; its rate falls from
            `learning_rate` to 0 along a cosine.
        batch_size: all images there are, where they are fewer.
        seed: of the weights, the batches and the noise.
        progress: a tqdm bar, which counts steps.
    """
    classes = None if labels is None else int(labels.max()) + 1
    vae = build_vae(
        images.shape[1:], latent_dim, network, likelihood, classes, seed=seed, **(options or {})
    )
    vae.init_output_bias(images)
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    vae.compile(keras.optimizers.Adam(rate), **runtime.compile_options(steps))
    inputs = images if labels is None else {"image": images, "label": labels}
    batches = Batches((inputs,), min(batch_size, len(images)), steps, seed)
    advance = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: progress is None or progress.update(len(batches))
    )
    vae.fit(batches, epochs=batches.epochs, verbose=0, callbacks=[advance])
    batches.release()
    return vae


def draw(
    vae: VAE,
    members: np.ndarray,
    label: int,
    count: int,
    rng: np.random.Generator,
    *,
    source: str = "posterior",
    temperature: float = 1.0,
    pixels: str = "mean",
) -> np.ndarray:
    """`count` new images of a class: (count, height, width, channels), float32 in [0, 1].

    Args:
        vae: what `train` gives.
        members: the class's real images.
        label: the class, for a `ConditionalVAE`.
        source, temperature, pixels: as for `VAEOverSampler`.
    """

    def labels(n):
        return np.full(n, label) if isinstance(vae, ConditionalVAE) else None

    noise = rng.standard_normal((count, vae.latent_dim)).astype("float32") * temperature
    if source == "prior":
        return decode(vae, vae.prior.from_noise(noise, rng), labels(count), pixels, rng)
    order = in_turn(len(members), count, rng)
    z_mean, z_log_var = (code[order] for code in vae.encode(members, labels(len(members))))
    z = z_mean + np.exp(0.5 * z_log_var) * noise
    if pixels != "residual":
        return decode(vae, z, labels(count), pixels, rng)
    change = vae.decode(z, labels(count)) - vae.decode(z_mean, labels(count))
    return np.clip(keras.ops.convert_to_numpy(to_float(members[order])) + change, 0, 1)


def decode(vae: VAE, z: ArrayLike, labels, pixels: str, rng: np.random.Generator) -> np.ndarray:
    """Images of these z: the means of p(x | z), or a draw from it where `pixels` is "sample"."""
    if pixels == "mean":
        return vae.decode(z, labels)
    noise = keras.random.SeedGenerator(int(rng.integers(2**31 - 1)))

    def sample(batch):
        return vae.likelihood.sample(vae.decode_batch(vae.images_of(batch), batch), seed=noise)

    return in_batches(sample, vae.with_labels(z, labels), 512).clip(0, 1)


@contextmanager
def seeded(seed):
    """Seed what Keras builds and trains inside; afterwards the caller's random state is what it was."""
    # Layers without a seed of their own take one from Python's random state. Keras's set_random_seed
    # would also change its own and the backend's, and nobody could change those back.
    python_state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002
