"""The variational autoencoder, plain and conditional, as a `keras.Model`.

q(z | x) = N(z_mean, exp(z_log_var)), p(z) = N(0, I), p(x | z) as the likelihood says. Training
minimises -ELBO = reconstruction + beta * kl, in nats per image: reconstruction = -log p(x | z) at one
sampled z, summed over pixels; kl = KL(q(z | x) || p(z)), summed over latent dimensions.

Source: Kingma & Welling (2014), equations 3 and 10; Higgins et al. (2017) for beta; Kingma et al.
(2016), "Improved variational inference with inverse autoregressive flow", for free bits; Burda et al.
(2016), equation 8, for the importance-weighted bound.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from cvae import likelihoods
from cvae.gaussian import kl_divergence, kl_terms, log_normal, reparameterize
from cvae.generative import GenerativeModel
from cvae.utils.checks import check_count, check_labels, check_network, check_not_negative
from cvae.utils.images import Tensor, check_images, to_float


def log_mean_exp(log_weights: Tensor) -> Tensor:
    """log of the mean over the first axis, in log space: no overflow, no underflow."""
    return ops.logsumexp(log_weights, axis=0) - ops.log(ops.cast(ops.shape(log_weights)[0], "float32"))


class BatchMean(keras.losses.Loss):
    """The mean of per-image losses, by Keras's own reduction: it weighs by `sample_weight`, and it
    divides by the number of replicas, so that two replicas train as one does."""

    def call(self, y_true, y_pred):
        return y_pred


@keras.saving.register_keras_serializable("cvae")
class VAE(GenerativeModel):
    """A variational autoencoder. `compile`, `fit`, `evaluate` and `save` as for any Keras model.

    Args:
        encoder: keras.Model with an attribute `latent_dim`; images -> z_mean, z_log_var.
        decoder: keras.Model with an attribute `image_shape`; z -> the likelihood's parameters.
        likelihood: "bernoulli", "gaussian", "discretized_logistic", or an instance.
        beta: weight of the KL term, 0 or more. `vae.beta` is a variable: a callback can change it.
        seed: int; makes the noise of training and evaluation repeatable.
        free_bits: nats that each latent dimension may cost, on average over a batch, before the KL term
            charges for it in training: it need not be switched off early. 0 for none.
        importance_samples: samples of z for each image in training: with more than one, the loss that
            is minimised is the tighter importance-weighted bound (and free_bits play no part). Held-out
            losses are -ELBO all the same; `metrics.nll` measures the bound.

    Logged: `loss` (-ELBO where beta is 1), `reconstruction` and `kl`, in nats per image; with `val_`
    for the held-out data that `fit` is given. Validation samples z too: it estimates the ELBO.

    Raises:
        TypeError, ValueError: networks that do not fit together or with the likelihood; beta below 0.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: str | likelihoods.Likelihood = "bernoulli",
        beta: float = 1.0,
        seed: int | None = None,
        free_bits: float = 0.0,
        importance_samples: int = 1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_network(encoder, "encoder", "latent_dim")
        check_network(decoder, "decoder", "image_shape")
        self.encoder, self.decoder = encoder, decoder
        self.latent_dim, self.image_shape = encoder.latent_dim, tuple(decoder.image_shape)
        self.likelihood = likelihoods.get(likelihood)
        # A variable: a Python float would be frozen into the graph when `fit` first traces it.
        self.beta = keras.Variable(
            check_not_negative("beta", beta),
            trainable=False,
            dtype="float32",
            autocast=False,
            name="beta",
        )
        self.free_bits = check_not_negative("free_bits", free_bits)
        check_count("importance_samples", importance_samples)
        self.importance_samples = int(importance_samples)
        self.seed = seed
        self.noise = keras.random.SeedGenerator(seed)
        self.batch_mean = BatchMean()
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction")
        self.kl_tracker = keras.metrics.Mean(name="kl")
        self.add_parts()
        self.build()

    def add_parts(self):
        """Layers beyond encoder and decoder; a plain VAE has none."""

    def build(self, input_shape=None):
        """Run both networks on symbols: what does not fit shows now, not in the first epoch."""
        outputs = self.compute_output_spec(self.symbolic_inputs())
        channels = self.image_shape[2] * self.likelihood.parameters
        expected, given = (*self.image_shape[:2], channels), tuple(outputs["parameters"].shape[1:])
        if given != expected:
            raise ValueError(
                f"{type(self.likelihood).__name__} needs {self.likelihood.parameters} number(s) for "
                f"each pixel and channel, shape {expected}, but the decoder gives {given}: build it "
                f"with parameters={self.likelihood.parameters}, or use build_vae"
            )
        self.built = True

    # Training. `ConditionalVAE` overrides the short methods, and nothing else differs.

    def symbolic_inputs(self):
        return keras.KerasTensor((None, *self.image_shape))

    def images_of(self, inputs):
        return inputs

    def encode_batch(self, inputs, training=False):
        return self.encoder(to_float(inputs), training=training)

    def decode_batch(self, z, inputs, training=False):
        return ops.cast(self.decoder(z, training=training), "float32")

    def call(self, inputs, training=False):
        """inputs -> a dict of z_mean, z_log_var, z and the likelihood's parameters."""
        z_mean, z_log_var = self.encode_batch(inputs, training)
        z = reparameterize(z_mean, z_log_var, self.noise)
        parameters = self.decode_batch(z, inputs, training)
        return {"z_mean": z_mean, "z_log_var": z_log_var, "z": z, "parameters": parameters}

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """-ELBO averaged over the batch, in nats per image. All the rest of `fit` is Keras's own."""
        reconstruction = -self.likelihood.log_prob(self.images_of(x), y_pred["parameters"])
        kl = kl_divergence(y_pred["z_mean"], y_pred["z_log_var"])
        self.reconstruction_tracker.update_state(reconstruction, sample_weight)
        self.kl_tracker.update_state(kl, sample_weight)
        if training and self.importance_samples > 1:
            return self.batch_mean(kl, self.importance_weighted_loss(x, y_pred), sample_weight)
        if training and self.free_bits > 0:
            terms = ops.mean(kl_terms(y_pred["z_mean"], y_pred["z_log_var"]), axis=0)
            kl = ops.sum(ops.maximum(terms, self.free_bits)) * ops.ones_like(kl)
        return self.batch_mean(kl, reconstruction + self.beta * kl, sample_weight)

    def importance_weighted_loss(self, x, y_pred):
        """-log mean p(x, z) / q(z | x) over samples of z: (batch,). Beta weighs p(z) / q(z | x)."""
        log_weights = self.log_importance_weights(
            x, y_pred["z_mean"], y_pred["z_log_var"], self.importance_samples, self.noise,
            self.likelihood.log_prob, self.beta, training=True,
        )  # fmt: skip
        return -log_mean_exp(log_weights)

    def log_importance_weights(
        self,
        inputs: Tensor | dict[str, Tensor],
        z_mean: Tensor,
        z_log_var: Tensor,
        samples: int,
        noise: keras.random.SeedGenerator,
        log_likelihood: Callable[[Tensor, Tensor], Tensor],
        beta: float | keras.Variable = 1.0,
        training: bool = False,
    ) -> Tensor:
        """log p(x | z) + log p(z) - log q(z | x) for samples of z from q: (samples, batch), in nats.

        The mean over samples of their exponentials estimates p(x) without bias.

        Args:
            inputs: a batch, as the model takes it.
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
        reconstruction = log_likelihood(self.images_of(inputs), self.decode_batch(z, inputs, training))
        log_ratio = log_normal(z) - log_normal(z, z_mean, z_log_var)
        return ops.reshape(reconstruction + beta * log_ratio, (samples, -1))

    def check_arrays(self, x):
        return check_images(x, self.image_shape)

    def init_output_bias(self, images: ArrayLike) -> None:
        """Start the decoder at the mean of these training images: it need not be learnt first.

        Networks with a method `adapt`, which want to know more than the mean, see the images instead.

        Raises:
            TypeError: a decoder without the method `set_output_bias` (ours have it).
        """
        if hasattr(self.encoder, "adapt") and hasattr(self.decoder, "adapt"):
            for network in (self.encoder, self.decoder):
                network.adapt(images)
            return
        if not hasattr(self.decoder, "set_output_bias"):
            raise TypeError("init_output_bias needs a decoder with a method set_output_bias")
        images = check_images(images, self.image_shape)
        means = images.mean(axis=0, dtype="float64") / (255 if images.dtype == np.uint8 else 1)
        self.decoder.set_output_bias(self.likelihood.parameters_for(means))

    def with_labels(self, x, labels):
        if labels is not None:
            raise TypeError("a plain VAE takes no labels: use ConditionalVAE, or leave them out")
        return x

    # Keras would save beta but not the state of the noise.

    def save_own_variables(self, store):
        store["beta"] = ops.convert_to_numpy(self.beta)
        store["noise"] = ops.convert_to_numpy(self.noise.state)

    def load_own_variables(self, store):
        self.beta.assign(store["beta"])
        self.noise.state.assign(store["noise"])

    def get_config(self):
        return {
            **super().get_config(),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
            "likelihood": keras.saving.serialize_keras_object(self.likelihood),
            "beta": float(ops.convert_to_numpy(self.beta)),
            "seed": self.seed,
            "free_bits": self.free_bits,
            "importance_samples": self.importance_samples,
        }

    @classmethod
    def from_config(cls, config):
        for part in ("encoder", "decoder", "likelihood"):
            config[part] = keras.saving.deserialize_keras_object(config[part])
        return cls(**config)


@keras.saving.register_keras_serializable("cvae")
class ConditionalVAE(VAE):
    """A VAE of p(x | label): z need not say which class an image is of.

    Any encoder and decoder serve. The encoder sees the label as one more channel, a picture learnt
    for each class; the decoder gets it one-hot beside z.

    Args:
        encoder, decoder: fresh ones (their inputs are wider than a plain VAE's).
        num_classes: labels are whole numbers from 0 to num_classes - 1.
        likelihood, beta, seed: as for `VAE`.

    Source: Sohn et al. (2015), "Learning structured output representation using deep conditional
    generative models".
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        num_classes: int,
        likelihood: str | likelihoods.Likelihood = "bernoulli",
        beta: float = 1.0,
        **kwargs,
    ):
        check_count("num_classes", num_classes)
        self.num_classes = int(num_classes)
        super().__init__(encoder, decoder, likelihood, beta, **kwargs)

    def add_parts(self):
        height, width, _ = self.image_shape
        self.label_picture = keras.Sequential(
            [
                keras.layers.Embedding(self.num_classes, height * width),
                keras.layers.Reshape((height, width, 1)),
            ]
        )

    def symbolic_inputs(self):
        label = keras.KerasTensor((None,), "int32")
        return {"image": super().symbolic_inputs(), "label": label}

    def images_of(self, inputs):
        return inputs["image"]

    def encode_batch(self, inputs, training=False):
        picture = ops.cast(self.label_picture(inputs["label"]), "float32")
        images = ops.concatenate([to_float(inputs["image"]), picture], axis=-1)
        return self.encoder(images, training=training)

    def decode_batch(self, z, inputs, training=False):
        one_hot = ops.one_hot(inputs["label"], self.num_classes, dtype=z.dtype)
        return super().decode_batch(ops.concatenate([z, one_hot], axis=-1), inputs, training)

    def check_arrays(self, x):
        if not isinstance(x, dict) or set(x) != {"image", "label"}:
            raise ValueError(
                'a ConditionalVAE needs labels: pass {"image": images, "label": labels}, got '
                + (f"a dict of {sorted(x)}" if isinstance(x, dict) else type(x).__name__)
            )
        images = check_images(x["image"], self.image_shape)
        return {"image": images, "label": check_labels(x["label"], len(images), self.num_classes)}

    def with_labels(self, x, labels):
        if labels is None:
            raise ValueError(f"a ConditionalVAE needs labels, from 0 to {self.num_classes - 1}")
        return {"image": x, "label": check_labels(labels, len(x), self.num_classes)}

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}
