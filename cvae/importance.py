"""Importance weights: many samples of q(z | x) for one image."""

import keras
from keras import ops

from cvae.gaussian import log_normal, reparameterize
from cvae.images import Tensor


def log_importance_weights(
    vae,
    inputs,
    z_mean: Tensor,
    z_log_var: Tensor,
    samples,
    noise,
    log_likelihood,
    beta=1.0,
    training=False,
) -> Tensor:
    """log p(x | z) + log p(z) - log q(z | x) for samples of z from q: (samples, batch), in nats.

    The mean over samples of their exponentials estimates p(x) without bias.

    Args:
        vae: whose decoder is used.
        inputs: a batch, as `vae` takes it.
        z_mean, z_log_var: (batch, latent_dim), what the encoder says of it.
        samples: of z for each image.
        noise: a `keras.random.SeedGenerator`.
        log_likelihood: (images, parameters) -> (n,): a likelihood's `log_prob` or `log_mass`.
        beta: weight of log p(z) - log q(z | x); 1 for the importance weights proper.
        training: the decoder's mode.

    Source: Burda et al. (2016), "Importance weighted autoencoders", equation 8.
    """

    def repeat(a):
        return ops.tile(a, [samples] + [1] * (len(a.shape) - 1))

    inputs = keras.tree.map_structure(repeat, inputs)
    z_mean, z_log_var = repeat(z_mean), repeat(z_log_var)
    z = reparameterize(z_mean, z_log_var, noise)
    reconstruction = log_likelihood(vae.images_of(inputs), vae.decode_batch(z, inputs, training))
    log_ratio = log_normal(z) - log_normal(z, z_mean, z_log_var)
    return ops.reshape(reconstruction + beta * log_ratio, (samples, -1))


def log_mean_exp(log_weights: Tensor) -> Tensor:
    """log of the mean over the first axis, in log space: no overflow, no underflow."""
    return ops.logsumexp(log_weights, axis=0) - ops.log(ops.cast(ops.shape(log_weights)[0], "float32"))
