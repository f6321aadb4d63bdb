"""A VAE with several layers of z, from the whole image down to its details.

p(x, z) = p(z_1) p(z_2 | z_1) ... p(z_L | z_<L) p(x | z), top first; q(z | x) is factored in the same
order. Both go down the same way: a state, coarse first, to which each z is added. q sees, besides, what
a way up makes of the image. -ELBO = -log p(x | z) + KL_1 + ... + KL_L, in nats per image, where KL_l is
that of q(z_l | z_<l, x) against p(z_l | z_<l), at the z_<l that were drawn from q.

Source: Kingma et al. (2016), "Improved variational inference with inverse autoregressive flow", for the
way down that p and q share; Sonderby et al. (2016), "Ladder variational autoencoders"; Vahdat & Kautz
(2020), "NVAE", for q in units of p.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike

from cvae import likelihoods, priors
from cvae.base.generative import GenerativeModel
from cvae.gaussian import kl_terms, log_normal, reparameterize
from cvae.networks.base import set_bias
from cvae.networks.blocks import activation_config, sizes_going_up, transposed_convolution
from cvae.networks.topdown import BottomUp, SpatialLatent, TopLatent, stack
from cvae.utils.checks import (
    check_count,
    check_counts,
    check_image_shape,
    check_not_negative,
    check_seed,
    in_batches,
)
from cvae.utils.images import Tensor


@keras.saving.register_keras_serializable("cvae")
class HierarchicalVAE(GenerativeModel):
    """A variational autoencoder with several layers of z. `compile`, `fit`, `save` as for `VAE`.

    The top z is a vector; those below it have a height and a width, of growing size: for images of
    28 x 28 they are 7 x 7 and 14 x 14. All that comes in layers is named top first.

    Args:
        image_shape: (height, width, channels), of any size.
        latent_dim: dimensions of the top z.
        groups: for each size, smallest first, the channels of each z there: ((4, 4), (2,)) are two of
            four channels at the smallest size and one of two at the next. () for none at a size.
        filters: channels of the state at each size. The image's sides are halved, rounding up, as many
            times as there are filters.
        blocks: residual blocks at each size of the way up, and after each z on the way down.
        hidden: width of the dense layers next to the top z.
        activation: of all layers.
        likelihood: "bernoulli", "gaussian", "discretized_logistic", or an instance.
        beta, free_bits: as for `VAE`; a number, or one for each layer of z. Free bits are nats that a
            layer may cost, on average over a batch, before training charges for it.
        seed, importance_samples: as for `VAE`.
        prior: of the top z: "normal", "flow", "mixture" or an instance. The layers below have learnt
            ones anyway.

    Attributes:
        latent_shapes: of each z, without the batch: [(16,), (7, 7, 4), (7, 7, 4), (14, 14, 2)].

    Raises:
        TypeError, ValueError: sizes that are no whole numbers, not as many groups as filters; a beta or
            free_bits below 0, or not as many of them as layers.
        AttributeError: another attribute set later, which could not change what is built.

    >>> vae = HierarchicalVAE((28, 28, 1))
    >>> vae.compile("adam")
    >>> vae.fit(images, epochs=10, callbacks=[cvae.AnnealBeta(epochs=3)])
    >>> top, *rest = vae.encode(images[:8])
    >>> vae.decode([top], seed=0)  # the same top, all below drawn anew
    """

    ARGUMENTS = ("image_shape", "latent_dim", "groups", "filters", "blocks", "hidden", "activation")
    PARTS_MADE = ("bottom_up", "latents", "features_of", "last", "to_pixels", "latent_shapes")
    FIXED = (*ARGUMENTS, "likelihood", "seed", "importance_samples", "prior", *PARTS_MADE)
    num_classes = None
    kind = "a HierarchicalVAE"

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latent_dim: int = 16,
        groups: Sequence[Sequence[int]] = ((4, 4), (2,)),
        filters: Sequence[int] = (48, 24),
        blocks: int = 1,
        hidden: int = 256,
        activation: str = "silu",
        likelihood: str | likelihoods.Likelihood = "bernoulli",
        beta: float | Sequence[float] = 1.0,
        seed: int | None = None,
        free_bits: float | Sequence[float] = 0.0,
        importance_samples: int = 1,
        prior: str | priors.Prior = "normal",
        **kwargs,
    ):
        filters = check_counts("filters", filters)
        groups = check_groups(groups, filters)
        terms = (1 + sum(map(len, groups)),)
        super().__init__(likelihood, beta, seed, free_bits, importance_samples, terms, **kwargs)
        self.image_shape = check_image_shape(image_shape)
        self.latent_dim, self.groups = check_count("latent_dim", latent_dim), groups
        self.filters, self.blocks = filters, check_count("blocks", blocks, least=0)
        self.hidden, self.activation = check_count("hidden", hidden), activation_config(activation)
        self.prior = priors.get(prior)
        self.prior.build((None, self.latent_dim))
        self.make_layers()
        self.latent_shapes = [latent.latent_shape for latent in self.latents]
        self.compute_output_spec(self.symbolic_inputs())
        self.built = True

    def make_layers(self):
        """The way up, each z of the way down, and the last steps to the pixels."""
        policy, activation = self.dtype_policy, self.activation
        sizes = sizes_going_up(self.image_shape[:2], (2,) * len(self.filters))
        self.bottom_up = BottomUp(self.filters, self.blocks, self.hidden, activation, dtype=policy)
        self.bottom_up.build((None, *self.image_shape))
        base = (*sizes[0], self.filters[0])
        top = TopLatent(self.latent_dim, base, self.blocks, self.hidden, activation, dtype=policy)
        top.build()
        self.latents, self.features_of = [top], [0]  # of each z, which of the features q is told
        state, enlarge = base, []
        for n, (width, size) in enumerate(zip(self.filters, sizes, strict=False)):
            if n:
                enlarge += self.enlarging(width, sizes[n - 1], size)
            for channels in self.groups[n]:
                z = SpatialLatent(channels, size, width, enlarge, self.blocks, activation, dtype=policy)
                z.build((None, *state))
                self.latents.append(z)
                self.features_of.append(n + 1)
                state, enlarge = (*size, width), []
        thin = -(-self.filters[-1] // 2)  # at the image's own size a channel costs most
        enlarge += self.enlarging(thin, *sizes[-2:])
        self.last = stack([*enlarge, layers.Activation(activation)], policy)
        self.last.build((None, *state))
        height, width, channels = self.image_shape
        # At stride 1 the same function as a convolution; TensorFlow trains it faster on a CPU.
        self.to_pixels = layers.Conv2DTranspose(
            channels * self.likelihood.parameters, 3, padding="same", dtype="float32",
            activation="sigmoid" if self.likelihood.takes_means else None,
        )  # fmt: skip
        self.to_pixels.build((None, height, width, thin))

    def enlarging(self, width, small, large):
        """Layers from one size of the state to the next."""
        return [
            layers.Activation(self.activation),
            *transposed_convolution(width, 3, 2, small, large, use_bias=True),
        ]

    def descend(self, pick: Callable) -> Tensor:
        """The way down: every z as `pick(n, latent, state)` gives it -> the likelihood's parameters.

        It is the one way of the model: `draw` picks z from q, `decode` picks what it was given, and then
        from p.
        """
        state = None
        for n, latent in enumerate(self.latents):
            state = latent.arrive(state)
            state = latent(state, pick(n, latent, state))
        return self.to_pixels(self.last(state))

    # Training: what `elbo.ElboModel` asks for.

    def encode_batch(self, inputs, training=False):
        return self.bottom_up(inputs)

    def draw(self, encoded, inputs, noise, training=False):
        """A dict of z, u, u_mean, u_log_var, a list of each, top first, and the likelihood's parameters.

        u is z in units of the prior, (z - p_mean) / p_std. Without noise it is u_mean.
        """
        outputs = {"z": [], "u": [], "u_mean": [], "u_log_var": []}

        def from_q(n, latent, state):
            u_mean, u_log_var = latent.posterior(state, encoded[self.features_of[n]])
            u = u_mean if noise is None else reparameterize(u_mean, u_log_var, noise)
            z = latent.to_z(state, u)
            for name, value in zip(outputs, (z, u, u_mean, u_log_var), strict=True):
                outputs[name].append(value)
            return z

        return {"parameters": self.descend(from_q), **outputs}

    def encoded_in(self, outputs, inputs):
        return self.encode_batch(inputs)

    def kl_terms(self, outputs):
        """The KL of each layer: (batch, layers), in nats."""
        top, *below = zip(outputs["u_mean"], outputs["u_log_var"], outputs["u"], strict=True)
        top = ops.sum(self.prior.kl_terms(*top), axis=-1)  # at the top u is z
        terms = [ops.sum(flat(kl_terms(mean, log_var)), axis=-1) for mean, log_var, _ in below]
        return ops.stack([top, *terms], axis=-1)

    def log_ratios(self, outputs):
        """log p(z) - log q(z | x) of each layer, at the z drawn: (batch, layers), in nats."""
        # As of z: dividing by the prior's standard deviation changes both densities alike.
        layerwise = zip(outputs["u"], outputs["u_mean"], outputs["u_log_var"], strict=True)
        (z, *q_top), *below = [[flat(part) for part in layer] for layer in layerwise]
        top = self.prior.log_prob(z) - log_normal(z, *q_top)  # at the top u is z
        return ops.stack([top, *(log_normal(u) - log_normal(u, *q) for u, *q in below)], axis=-1)

    def set_output_bias(self, parameters):
        set_bias(self.to_pixels.bias, parameters, "sigmoid" if self.likelihood.takes_means else None)

    # Use: NumPy in, NumPy out.

    def encode(self, images: ArrayLike, labels: None = None, batch_size: int = 512) -> list[np.ndarray]:
        """Images -> the z of each layer, top first: the mean of q, given those above."""
        inputs = self.check_arrays(self.with_labels(images, labels))
        return in_batches(lambda x: self.draw(self.encode_batch(x), x, None)["z"], inputs, batch_size)

    def codes(self, images: ArrayLike, labels: None = None, batch_size: int = 512) -> list[np.ndarray]:
        """What `encode` gives."""
        return self.encode(images, labels, batch_size)

    def decode(
        self, z: ArrayLike | Sequence[ArrayLike], labels: None = None, batch_size: int = 512,
        *, temperature: float = 1.0, seed: int | None = None,
    ) -> np.ndarray:  # fmt: skip
        """z -> the expected images (n, height, width, channels), in [0, 1].

        Args:
            z: a list of as many layers as you like, top first, as `encode` gives them; an array is the
                top. Those that are not given are drawn from the prior, given those above.
            labels: none.
            batch_size: images at a time.
            temperature: of what is drawn, a factor of the prior's standard deviation. 0 for its mean. Of
                a learnt prior of the top it is a factor of the noise that the prior bends.
            seed: of what is drawn.
        """
        given = check_prefix(z, self.latent_shapes)
        return self.generate(
            self.with_labels(given, labels), len(given[0]), temperature, seed, batch_size
        )

    def sample(
        self, n: int, labels: None = None, seed: int | None = None, temperature: float = 1.0,
        batch_size: int = 512,
    ) -> np.ndarray:  # fmt: skip
        """n images, all z drawn from the prior: (n, height, width, channels), in [0, 1]. The rest as for
        `decode`."""
        self.with_labels(n, labels)
        return self.generate([], check_count("n", n), temperature, seed, batch_size)

    def generate(self, given, n, temperature, seed, batch_size):
        temperature = check_not_negative("temperature", temperature)
        # Noise from NumPy: the same on every backend.
        rng = np.random.default_rng(check_seed(seed))
        drawn = [
            np.float32(temperature) * rng.standard_normal((n, *shape), dtype="float32")
            for shape in self.latent_shapes[len(given) :]
        ]
        if not given:
            drawn[0] = self.prior.from_noise(drawn[0], rng)

        def decode_batch(batch):
            def pick(n, latent, state):
                return batch[n] if n < len(given) else latent.to_z(state, batch[n])

            return self.expected_images(self.descend(pick))

        return in_batches(decode_batch, [*given, *drawn], batch_size)

    def parts(self):
        return [self.bottom_up, *self.latents, self.last, self.to_pixels, self.prior]

    def get_config(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in self.ARGUMENTS}
        return {**super().get_config(), **own, "prior": keras.saving.serialize_keras_object(self.prior)}


def flat(values):
    """(batch, ...) -> (batch, all the rest)."""
    return ops.reshape(values, (ops.shape(values)[0], -1))


def check_groups(groups, filters) -> tuple[tuple[int, ...], ...]:
    """Return the channels of each z at each size as a tuple of tuples; or say what is wrong."""
    if not filters:
        raise ValueError("filters must name at least one size, got none")
    if not isinstance(groups, list | tuple | np.ndarray):
        raise ValueError(
            f"groups must name the channels of z at each of {len(filters)} sizes, such as ((4,), (2,)); "
            f"got {groups!r}"
        )
    groups = tuple(
        check_counts("groups", group) if np.ndim(group) == 0 or len(group) else () for group in groups
    )
    if len(groups) != len(filters):
        raise ValueError(
            f"groups must name the channels of z at each of {len(filters)} sizes, as many as filters "
            f"{filters}; got {groups}"
        )
    return groups


def check_prefix(z, shapes) -> list[np.ndarray]:
    """Return the first layers of z as float32 arrays, or say what is wrong with them."""
    in_layers = isinstance(z, list | tuple) and not (len(z) and np.ndim(z[0]) == 1)
    given = [np.asarray(part) for part in (z if in_layers else [z])]  # else the top alone
    expected = f"a list of 1 to {len(shapes)} arrays (n, ...), top first, of the shapes {shapes}"
    n = len(given[0]) if given and given[0].ndim else 0
    if not n or len(given) > len(shapes):
        hint = "" if given else "; with nothing given, use sample(n)"
        raise ValueError(f"z must be {expected}, got {[part.shape for part in given]}{hint}")
    if given[0].shape == shapes[0]:
        raise ValueError(f"z must be {expected}, got one point alone, {shapes[0]}: give z[None]")
    for number, (part, shape) in enumerate(zip(given, shapes, strict=False)):
        if part.shape != (n, *shape):
            raise ValueError(
                f"z must be {expected}: layer {number} must be {(n, *shape)}, got {part.shape}"
            )
        if part.dtype.kind not in "uif" or not np.isfinite(part).all():
            raise ValueError(f"z must hold finite numbers, in layer {number} it does not")
    return [part.astype("float32") for part in given]
