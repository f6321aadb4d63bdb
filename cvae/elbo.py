"""The loss that all models here are trained with: -ELBO in nats per image, as Keras's `fit` wants it.

loss = reconstruction + beta * kl; reconstruction = -log p(x | z) at one sampled z, summed over pixels;
kl = KL(q(z | x) || p(z)), summed over the terms that it falls into: the dimensions of one z, or the
layers of several.

Source: Kingma & Welling (2014), equations 3 and 10; Higgins et al. (2017) for beta; Kingma et al.
(2016), "Improved variational inference with inverse autoregressive flow", for free bits; Burda et al.
(2016), equation 8, for the importance-weighted bound.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from cvae import likelihoods
from cvae.base.checked import CheckedModel, check_known_shape, check_target
from cvae.base.portable import changeable, check_setting
from cvae.utils.checks import check_count, check_seed
from cvae.utils.images import Tensor, check_images


class ElboModel(CheckedModel):
    """A model of images with a z, or several, that is trained to raise the ELBO.

    A subclass has the attribute image_shape and these methods, where inputs are a batch as the model
    takes it:

    - `encode_batch(inputs, training)`: all that q needs to know of the batch, tensors in any structure
    - `draw(encoded, inputs, noise, training)`: z from q, or where noise is None its mean, and on to a
      dict of that z, what describes q, and the likelihood's parameters
    - `kl_terms(outputs)`: of what `draw` gives, (batch, terms) in nats, whose sum is the KL
    - `log_ratios(outputs)`: log p(z) - log q(z | x) at the z drawn, (batch, terms) or (batch, 1)
    - `encoded_in(outputs, inputs)`: what `encode_batch` gave
    - `set_output_bias(parameters)`: start at these parameters, (height, width, channels * parameters)

    Args:
        likelihood: "bernoulli", "gaussian", "discretized_logistic", or an instance.
        beta, free_bits: a number; with setting_shape (terms,) that, or one for each term of the KL.
        seed: int; makes the noise of training and evaluation repeatable.
        importance_samples: samples of z for each image in training.
        setting_shape: () or (terms,).
    """

    def __init__(
        self,
        likelihood: str | likelihoods.Likelihood,
        beta: float | Sequence[float],
        seed: int | None,
        free_bits: float | Sequence[float],
        importance_samples: int,
        setting_shape: tuple[int, ...] = (),
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.likelihood = likelihoods.get(likelihood)
        # Variables: Python floats would be frozen into the graph when `fit` first traces it.
        self._beta, self._free_bits = (
            keras.Variable(
                check_setting(name, value, setting_shape),
                trainable=False,
                dtype="float32",
                autocast=False,
                name=name,
            )
            for name, value in (("beta", beta), ("free_bits", free_bits))
        )
        self.importance_samples = check_count("importance_samples", importance_samples)
        self.seed = check_seed(seed)
        self.noise = keras.random.SeedGenerator(self.seed)
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction")
        self.kl_tracker = keras.metrics.Mean(name="kl")

    beta, free_bits = changeable("beta"), changeable("free_bits")

    def settings(self):
        return [self._beta, self._free_bits] if hasattr(self, "_free_bits") else []

    def call(self, inputs, training=False):
        """inputs -> a dict of z, what describes q, and the likelihood's parameters."""
        return self.draw(self.encode_batch(inputs, training), inputs, self.noise, training)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """-ELBO averaged over the batch, in nats per image. All the rest of `fit` is Keras's own.

        y: images to explain in place of those in x.
        """
        images, own_losses = self.images_of(x) if y is None else y, list(self.losses)
        reconstruction = -self.likelihood.log_prob(images, y_pred["parameters"])
        terms = self.kl_terms(y_pred)
        kl = ops.sum(terms, axis=-1)
        self.reconstruction_tracker.update_state(reconstruction, sample_weight)
        self.kl_tracker.update_state(kl, sample_weight)
        if not training:
            loss = reconstruction + ops.sum(self.beta * terms, axis=-1)
        elif self.importance_samples > 1:
            loss = self.importance_weighted_loss(x, images, y_pred)
        else:
            loss = reconstruction + self.charged_kl(y_pred, kl, sample_weight)
        return self.batch_mean(kl, loss, sample_weight) + self.own_losses(own_losses, kl)

    def charged_kl(self, y_pred, kl, sample_weight):
        """beta * KL; with free_bits each term's mean over the batch, at least that: (batch,)."""
        terms = self.kl_terms(y_pred)
        weights = ops.ones_like(kl) if sample_weight is None else ops.cast(sample_weight, kl.dtype)
        mean = ops.sum(terms * weights[:, None], axis=0) / ops.maximum(ops.sum(weights), 1e-7)
        free = ops.maximum(mean, self.free_bits) * ops.ones_like(terms)
        return ops.sum(self.beta * ops.where(self.free_bits > 0, free, terms), axis=-1)

    def importance_weighted_loss(self, x, images, y_pred):
        """-log mean p(x, z) / q(z | x) over samples of z: (batch,). Beta weighs p(z) / q(z | x)."""
        log_weights = self.log_importance_weights(
            x, self.encoded_in(y_pred, x), self.importance_samples, self.noise,
            self.likelihood.log_prob, self.beta, training=True, images=images,
        )  # fmt: skip
        return ops.log(float(self.importance_samples)) - ops.logsumexp(log_weights, axis=0)

    def log_importance_weights(
        self,
        inputs: Tensor | dict[str, Tensor],
        encoded: Any,
        samples: int,
        noise: keras.random.SeedGenerator,
        log_likelihood: Callable[[Tensor, Tensor], Tensor],
        beta: float | keras.Variable = 1.0,
        training: bool = False,
        images: Tensor | None = None,
    ) -> Tensor:
        """log p(x | z) + log p(z) - log q(z | x) for samples of z from q: (samples, batch), in nats.

        The mean over samples of their exponentials estimates p(x) without bias.

        Args:
            inputs: a batch, as the model takes it.
            encoded: what `encode_batch` says of it.
            samples: of z for each image.
            noise: a `keras.random.SeedGenerator`.
            log_likelihood: (images, parameters) -> (n,): a likelihood's `log_prob` or `log_mass`.
            beta: weight of log p(z) - log q(z | x); 1 for the importance weights proper.
            training: the decoder's mode.
            images: to explain; None for those of `inputs`.

        Source: Burda et al. (2016), "Importance weighted autoencoders", equation 8.
        """

        def repeat(a):
            return ops.tile(a, [samples] + [1] * (len(a.shape) - 1))

        images = repeat(self.images_of(inputs) if images is None else images)
        inputs, encoded = (keras.tree.map_structure(repeat, part) for part in (inputs, encoded))
        outputs = self.draw(encoded, inputs, noise, training)
        log_ratio = ops.sum(beta * self.log_ratios(outputs), axis=-1)
        return ops.reshape(log_likelihood(images, outputs["parameters"]) + log_ratio, (samples, -1))

    # What comes in is images alone; `ConditionalVAE` overrides these.

    def symbolic_inputs(self):
        return keras.KerasTensor((None, *self.image_shape))

    def images_of(self, inputs):
        return inputs

    def arrange(self, x, y):
        """x and y of a batch as the model wants them, by their shapes alone."""
        if isinstance(x, dict):
            raise TypeError(
                f"{self.kind} takes images alone, got a dict of {sorted(x)}: use ConditionalVAE, or "
                "leave the rest out, of a stream with stream.map(lambda row: row['image'])"
            )
        check_known_shape(x, self.image_shape)
        check_target(y)
        return x, y

    def check_arrays(self, x):
        return check_images(x, self.image_shape)

    def with_labels(self, x, labels):
        if labels is not None:
            raise TypeError(f"{self.kind} takes no labels: use ConditionalVAE, or leave them out")
        return x

    kind = "a plain VAE"  # in messages

    def init_output_bias(self, images: ArrayLike) -> None:
        """Start the decoder at the mean of these training images: it need not be learnt first."""
        images = check_images(images, self.image_shape)
        means = images.mean(axis=0, dtype="float64") / (255 if images.dtype == np.uint8 else 1)
        self.set_output_bias(self.likelihood.parameters_for(means))

    def get_config(self):
        return {
            **super().get_config(),
            "likelihood": keras.saving.serialize_keras_object(self.likelihood),
            "beta": ops.convert_to_numpy(self.beta).tolist(),
            "seed": self.seed,
            "free_bits": ops.convert_to_numpy(self.free_bits).tolist(),
            "importance_samples": self.importance_samples,
        }
