"""p(z): where z comes from when a model invents an image. N(0, I), or learnt with the networks.

A learnt prior goes where the codes of images are, to the aggregate posterior: the KL charges q(z | x)
less, and what is drawn from p(z) is like what the decoder has seen.
"""

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike
from scipy.special import softmax
from sklearn.mixture import GaussianMixture

from cvae import gaussian
from cvae.gaussian import log_normal
from cvae.utils.checks import check_count, check_seed, check_z, in_batches
from cvae.utils.images import Tensor
from cvae.utils.named import Named, from_name


class Prior(Named):
    """What the priors share.

    One of your own has the methods `log_prob` and `from_noise`; one with weights is a Keras layer, too.
    Two VAEs that are given the same instance share it, as they would share a layer.
    """

    def log_prob(self, z: Tensor) -> Tensor:
        """log p(z): (batch, latent_dim) -> (batch,), in nats."""
        raise NotImplementedError

    def from_noise(self, e: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Noise of N(0, I) -> z, both (n, latent_dim) float32; `rng` for what more must be drawn."""
        raise NotImplementedError

    def sample(self, n: int, latent_dim: int, seed: int | None = None) -> np.ndarray:
        """n samples, (n, latent_dim) float32, of one seed the same on every backend."""
        check_built(self, latent_dim)
        rng = np.random.default_rng(check_seed(seed))
        e = rng.standard_normal((check_count("n", n), latent_dim), dtype="float32")
        return self.from_noise(e, rng)

    def kl_terms(self, z_mean: Tensor, z_log_var: Tensor, z: Tensor) -> Tensor:
        """What KL(q(z | x) || p(z)) is the sum of: (batch, terms). Here log q(z | x) - log p(z) at the z
        that was drawn, whose mean is the KL."""
        return (log_normal(z, z_mean, z_log_var) - self.log_prob(z))[:, None]

    def build(self, input_shape):
        """Make the weights, where there are any, for z of (batch, latent_dim)."""


@keras.saving.register_keras_serializable("cvae")
class StandardNormal(Prior):
    """N(0, I), whose KL is known exactly, by dimension.

    Source: Kingma & Welling (2014), appendix B.
    """

    def log_prob(self, z: Tensor) -> Tensor:
        return log_normal(z)

    def from_noise(self, e: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return e

    def kl_terms(self, z_mean: Tensor, z_log_var: Tensor, z: Tensor | None = None) -> Tensor:
        return gaussian.kl_terms(z_mean, z_log_var)


@keras.saving.register_keras_serializable("cvae")
class AffineFlow(layers.Layer, Prior):
    """N(0, I) bent into another shape by steps that can be undone, learnt with the networks.

    Each step leaves half of the numbers alone, and they say by how much the others are moved and
    scaled: so the step is undone by the same networks, and the change of volume is the product of the
    scales. log p(z) = log N(e; 0, I) + log det(de / dz), where e is z with all steps undone.

    Args:
        steps: how many; every other one moves the other half.
        hidden: width of the two hidden layers of each step.

    Source: Dinh et al. (2017), "Density estimation using Real NVP", section 3; Chen et al. (2017),
    "Variational lossy autoencoder", section 3.2, for a flow as the prior of a VAE.

    Raises:
        ValueError: fewer than one step or unit.
    """

    def __init__(self, steps: int = 4, hidden: int = 64, **kwargs):
        super().__init__(**{"name": "prior", "dtype": "float32"} | kwargs)
        self.steps, self.hidden = check_count("steps", steps), check_count("hidden", hidden)

    def build(self, input_shape):
        if self.built:
            check_fresh(self, input_shape)
            return
        self.latent_dim, self.networks = input_shape[-1], []
        for _ in range(self.steps):
            hidden = [layers.Dense(self.hidden, "silu", dtype="float32") for _ in range(2)]
            # At first every step changes nothing, and the prior is N(0, I).
            last = layers.Dense(2 * self.latent_dim, kernel_initializer="zeros", dtype="float32")
            self.networks.append(keras.Sequential([*hidden, last]))
            self.networks[-1].build((None, self.latent_dim))

    def halves(self):
        """Each step's network, with a 1 for what the step leaves alone and a 0 for what it moves."""
        even = np.arange(self.latent_dim) % 2 == 0
        for n, network in enumerate(self.networks):
            yield network, ops.convert_to_tensor(np.float32(even if n % 2 == 0 else ~even))

    def shift_and_log_scale(self, network, kept, z):
        shift, log_scale = ops.split(network(kept * z), 2, axis=-1)
        return (1 - kept) * shift, (1 - kept) * 2 * ops.tanh(log_scale / 2)  # within exp(2), either way

    def log_prob(self, z: Tensor) -> Tensor:
        e, log_volume = ops.convert_to_tensor(z, dtype="float32"), 0.0
        for network, kept in self.halves():
            shift, log_scale = self.shift_and_log_scale(network, kept, e)
            e = (e - shift) * ops.exp(-log_scale)
            log_volume = log_volume - ops.sum(log_scale, axis=-1)
        return log_normal(e) + log_volume

    def from_noise(self, e: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return in_batches(self.bend, np.float32(e), 10_000)

    def bend(self, e: Tensor) -> Tensor:
        """All steps: noise e of N(0, I) -> z. `networks` has them as they are undone."""
        e = ops.convert_to_tensor(e)
        for network, kept in reversed(list(self.halves())):
            shift, log_scale = self.shift_and_log_scale(network, kept, e)
            e = e * ops.exp(log_scale) + shift
        return e

    def get_config(self) -> dict:
        return {**super().get_config(), "steps": self.steps, "hidden": self.hidden}


@keras.saving.register_keras_serializable("cvae")
class Mixture(layers.Layer, Prior):
    """A mixture of Gaussians with independent dimensions, learnt with the networks.

    p(z) = sum over k of weight_k N(z; mean_k, exp(log_var_k)). Where codes fall into clusters, as those
    of digits do, it has one Gaussian or more for each; a flow has to draw bridges between them.

    Args:
        components: how many Gaussians.

    Source: Dilokthanakul et al. (2016), "Deep unsupervised clustering with Gaussian mixture variational
    autoencoders", for such a prior.

    Raises:
        ValueError: fewer than one component.
    """

    def __init__(self, components: int = 50, **kwargs):
        super().__init__(**{"name": "prior", "dtype": "float32"} | kwargs)
        self.components = check_count("components", components)

    def build(self, input_shape):
        if self.built:
            check_fresh(self, input_shape)
            return
        self.latent_dim = input_shape[-1]
        shape = (self.components, self.latent_dim)
        self.logits = self.add_weight(shape=shape[:1], initializer="zeros", name="logits")
        # Apart from one another from the start, or they would all learn the same.
        self.means = self.add_weight(shape=shape, initializer="random_normal", name="means")
        self.log_vars = self.add_weight(shape=shape, initializer="zeros", name="log_vars")

    def adapt(self, z: ArrayLike) -> None:
        """Fit the mixture to codes (n, latent_dim) by expectation maximisation, as a start.

        Raises:
            ValueError: fewer codes than components, or of other dimensions.
        """
        check_built(self)
        z = check_z(z, self.latent_dim)
        if len(z) < self.components:
            raise ValueError(
                f"{self.components} components need as many codes at least, got {len(z)}: give more, "
                "or make a mixture of fewer components"
            )
        fitted = GaussianMixture(
            self.components, covariance_type="diag", random_state=0, reg_covar=1e-3
        ).fit(np.float64(z))
        self.set_weights([np.log(fitted.weights_), fitted.means_, np.log(fitted.covariances_)])

    def log_prob(self, z: Tensor) -> Tensor:
        each = log_normal(ops.convert_to_tensor(z)[:, None, :], self.means, self.log_vars)
        return ops.logsumexp(each + ops.log_softmax(self.logits), axis=-1)

    def from_noise(self, e: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        logits, means, log_vars = (np.float64(ops.convert_to_numpy(w)) for w in self.weights)
        which = rng.choice(self.components, len(e), p=softmax(logits))
        return np.float32(means[which] + np.exp(log_vars[which] / 2) * e)

    def get_config(self) -> dict:
        return {**super().get_config(), "components": self.components}


def check_built(prior, latent_dim=None):
    """Raises ValueError for a prior with weights that has none yet, or is for another z."""
    if isinstance(prior, layers.Layer) and not prior.built:
        raise ValueError(
            f"this {type(prior).__name__} has no weights yet: give it to a VAE, or call "
            "build((None, latent_dim))"
        )
    if latent_dim is not None and latent_dim != getattr(prior, "latent_dim", latent_dim):
        raise ValueError(
            f"the prior is built for a z of {prior.latent_dim} dimensions, got latent_dim={latent_dim}"
        )


def check_fresh(prior, input_shape):
    """Raises ValueError where a prior that is built already is asked to serve another z."""
    if input_shape[-1] != prior.latent_dim:
        raise ValueError(
            f"the prior is built for a z of {prior.latent_dim} dimensions, this one has "
            f"{input_shape[-1]}: give each VAE a prior of its own"
        )


PRIORS = {"normal": StandardNormal, "flow": AffineFlow, "mixture": Mixture}


def get(prior: str | Prior) -> Prior:
    """Return a prior, from one or from its name.

    Raises:
        ValueError: an unknown name.
        TypeError: neither a prior nor a name; a prior that lacks a method.
    """
    prior = from_name("prior", prior, Prior, PRIORS)
    for method in ("log_prob", "from_noise"):
        if getattr(type(prior), method) is getattr(Prior, method):
            raise TypeError(f"{type(prior).__name__} has no method {method}: see Prior for what it does")
    return prior
