"""The parts of a model with several layers of z: the way up from the image, and each z on the way down.

Every layer of z has a prior p(z | what is above) and a posterior q(z | what is above, the image), and
both look at the same state of the way down. q is said in units of p: z = p_mean + p_std * u, where u is
N(0, I) under p and N(u_mean, exp(u_log_var)) under q. So KL(q || p) is the one of a plain VAE. (At the
top u is z itself, and p(z) is the model's `prior`, N(0, I) or a learnt one.)
"""

import keras
import numpy as np
from keras import layers, ops

from cvae.networks.base import LOG_VAR_RANGE, with_policy
from cvae.networks.blocks import PreActivationBlock
from cvae.utils.images import Tensor, to_float


def stack(steps, policy) -> keras.Sequential:
    """Layers one after another, that compute as the policy has it."""
    return with_policy(keras.Sequential(steps or [layers.Identity()]), policy)


def mean_and_log_var(numbers: Tensor) -> tuple[Tensor, Tensor]:
    """The two halves of the last axis, the log-variance kept finite."""
    mean, log_var = ops.split(ops.cast(numbers, "float32"), 2, axis=-1)
    return mean, ops.clip(log_var, *LOG_VAR_RANGE)


class BottomUp(layers.Layer):
    """images -> what q is told of them at each size, coarsest first: [(batch, hidden), (batch, height,
    width, filters[0]), (batch, about 2 height, about 2 width, filters[1]), ...]."""

    def __init__(self, filters, blocks, hidden, activation, **kwargs):
        super().__init__(**kwargs)
        self.stages = [
            stack(
                [
                    layers.Conv2D(width, 3, 2, padding="same"),
                    *(PreActivationBlock(width, activation=activation) for _ in range(blocks)),
                ],
                self.dtype_policy,
            )
            for width in reversed(filters)
        ]
        self.last = stack(
            [
                layers.Activation(activation), layers.Flatten(), layers.Dense(hidden),
                layers.Activation(activation),
            ],
            self.dtype_policy,
        )  # fmt: skip

    def build(self, shape):
        for stage in self.stages:
            stage.build(shape)
            shape = stage.compute_output_shape(shape)
        self.last.build(shape)

    def call(self, images):
        images, found = to_float(images), []
        for stage in self.stages:
            found.append(stage(found[-1] if found else images))
        # Pixels out of range are NaN, which a ReLU makes 0 of: not so in what comes out.
        spoilt = ops.any(ops.isnan(images), axis=(1, 2, 3))[:, None]
        return [ops.where(spoilt, np.nan, self.last(found[-1])), *reversed(found)]


class TopLatent(layers.Layer):
    """The z at the top, a vector, whose prior is the model's; and the way from it to the first image."""

    def __init__(self, latent_dim, base, blocks, hidden, activation, **kwargs):
        super().__init__(**kwargs)
        self.to_posterior = layers.Dense(2 * latent_dim, dtype="float32")
        self.from_z = stack(
            [
                layers.Dense(hidden), layers.Activation(activation), layers.Dense(int(np.prod(base))),
                layers.Reshape(base),
                *(PreActivationBlock(base[-1], activation=activation) for _ in range(blocks)),
            ],
            self.dtype_policy,
        )  # fmt: skip
        self.latent_shape, self.hidden = (latent_dim,), hidden

    def build(self, _=None):
        self.to_posterior.build((None, self.hidden))
        self.from_z.build((None, *self.latent_shape))

    def arrive(self, state):
        return state

    def prior(self, state):
        """The mean and log-variance of the units of u: those of N(0, I)."""
        return 0.0, 0.0

    def to_z(self, state, u):
        """z of u, which is in units of the prior: here the same."""
        return ops.convert_to_tensor(u)

    def posterior(self, state, features):
        """The mean and log-variance of u under q: (batch, latent_dim)."""
        return mean_and_log_var(self.to_posterior(features))

    def call(self, state, z):
        return self.from_z(z)


class SpatialLatent(layers.Layer):
    """A z of (height, width, channels): the state of the way down, made larger if need be -> the state
    that knows z too."""

    def __init__(self, channels, size, width, enlarge, blocks, activation, **kwargs):
        super().__init__(**kwargs)
        policy = self.dtype_policy
        self.latent_shape, self.width = (*size, channels), width
        self.enlarge = stack(enlarge, policy) if enlarge else None
        self.activation = keras.activations.get(activation)
        self.to_posterior = stack(
            [
                layers.Conv2D(width, 1), layers.Activation(activation),
                layers.Conv2D(width, 3, padding="same"), layers.Activation(activation),
            ],
            policy,
        )  # fmt: skip
        # At first the prior is N(0, I).
        self.prior_head = layers.Conv2D(
            2 * channels, 3, padding="same", kernel_initializer="zeros", dtype="float32"
        )
        self.posterior_head = layers.Conv2D(2 * channels, 3, padding="same", dtype="float32")
        self.from_z = with_policy(layers.Conv2D(width, 1), policy)
        self.body = stack(
            [PreActivationBlock(width, activation=activation) for _ in range(blocks)], policy
        )

    def build(self, state):
        """state: the shape of the state before it is made larger."""
        if self.enlarge is not None:
            self.enlarge.build(state)
        height, width, channels = self.latent_shape
        state = (None, height, width, self.width)
        self.to_posterior.build((*state[:-1], 2 * self.width))
        self.prior_head.build(state)
        self.posterior_head.build(state)
        self.from_z.build((*state[:-1], channels))
        self.body.build(state)

    def arrive(self, state):
        return state if self.enlarge is None else self.enlarge(state)

    def prior(self, state):
        """The mean and log-variance of p(z | what is above): (batch, height, width, channels)."""
        return mean_and_log_var(self.prior_head(self.activation(state)))

    def to_z(self, state, u):
        """z = p_mean + p_std * u."""
        mean, log_var = self.prior(state)
        return mean + ops.exp(0.5 * log_var) * ops.convert_to_tensor(u)

    def posterior(self, state, features):
        """The mean and log-variance of u under q, of the same shape."""
        both = ops.concatenate([state, features], axis=-1)
        return mean_and_log_var(self.posterior_head(self.to_posterior(both)))

    def call(self, state, z):
        return self.body(state + self.from_z(z))
