"""The variational autoencoder, plain and conditional, as a `keras.Model`.

q(z | x) = N(z_mean, exp(z_log_var)), p(z) = N(0, I) or learnt, p(x | z) as the likelihood says. `elbo`
has the loss, `base.generative` what can be done with a trained one.

Source: Kingma & Welling (2014); Sohn et al. (2015) for the conditional one.
"""

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from cvae import likelihoods, priors
from cvae.base.checked import check_known_labels, check_known_shape, check_target
from cvae.base.generative import GenerativeModel
from cvae.gaussian import log_normal, reparameterize
from cvae.networks.pair import check_pair, sizes_of
from cvae.utils.checks import check_count, check_labels, check_weights
from cvae.utils.images import check_images, to_float


@keras.saving.register_keras_serializable("cvae")
class VAE(GenerativeModel):
    """A variational autoencoder. `compile`, `fit`, `evaluate` and `save` as for any Keras model.

    Args:
        encoder: keras.Model, subclassed or functional; images -> z_mean, z_log_var. Images come to it
            as float32 in [0, 1]: leave a Rescaling out.
        decoder: keras.Model; z -> the likelihood's parameters, without a sigmoid for a Bernoulli.
        likelihood: "bernoulli", "gaussian", "discretized_logistic", or an instance.
        beta: weight of the KL term, 0 or more; `vae.beta = 0.5` at any time, in a callback too.
        seed: int; makes the noise of training and evaluation repeatable.
        free_bits: nats that each latent dimension may cost, on average over a batch, before the KL term
            charges for it in training: it need not be switched off early. 0 for none. It can be set
            at any time, as beta.
        importance_samples: samples of z for each image in training: with more than one, the loss that
            is minimised is the tighter importance-weighted bound (and free_bits play no part). Held-out
            losses are -ELBO all the same; `metrics.nll` measures the bound.
        prior: "normal", N(0, I); "flow" or "mixture", learnt with the networks; or an instance, see
            `priors`. With a learnt one the kl is estimated at the z drawn and is one term: free_bits is
            what all dimensions together may cost.

    Logged: `loss` (-ELBO where beta is 1), `reconstruction` and `kl`, in nats per image; with `val_`
    for the held-out data that `fit` is given. Validation samples z too: it estimates the ELBO. What
    the networks add by themselves, by a regulariser or `add_loss`, is in `loss` too. With weights, loss
    is their weighted sum divided by the number of images, as Keras has it; the other two are weighted
    means.

    A subclass with a `call` of its own makes its layers in `add_parts()`, which runs before the model
    is tried on symbols.

    Raises:
        TypeError, ValueError: networks that do not fit together or with the likelihood; beta below 0.
        AttributeError: another attribute set later, which could not change what is built.
    """

    FIXED = (
        "encoder", "decoder", "likelihood", "latent_dim", "image_shape", "num_classes", "seed",
        "importance_samples", "prior",
    )  # fmt: skip
    num_classes = None  # a `ConditionalVAE` has some

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: str | likelihoods.Likelihood = "bernoulli",
        beta: float = 1.0,
        seed: int | None = None,
        free_bits: float = 0.0,
        importance_samples: int = 1,
        prior: str | priors.Prior = "normal",
        **kwargs,
    ):
        super().__init__(likelihood, beta, seed, free_bits, importance_samples, **kwargs)
        self.latent_dim, self.image_shape = sizes_of(
            encoder, decoder, self.likelihood.parameters, self.num_classes or 0
        )
        self.encoder, self.decoder = encoder, decoder
        self.prior = priors.get(prior)
        self.add_parts()
        check_pair(
            encoder, decoder, self.likelihood, self.latent_dim, self.image_shape, self.num_classes or 0
        )
        self.compute_output_spec(self.symbolic_inputs())
        self.prior.build((None, self.latent_dim))
        self.built = True

    def add_parts(self):
        """Layers beyond encoder and decoder; a plain VAE has none."""

    # What a batch goes through. `ConditionalVAE` overrides the short methods, and nothing else differs.

    def encode_batch(self, inputs, training=False):
        return self.encoder(to_float(inputs), training=training)

    def decode_batch(self, z, inputs, training=False):
        return ops.cast(self.decoder(z, training=training), "float32")

    def draw(self, encoded, inputs, noise, training=False):
        """A dict of z_mean, z_log_var, z and the likelihood's parameters; without noise z is z_mean."""
        z_mean, z_log_var = encoded
        z = z_mean if noise is None else reparameterize(z_mean, z_log_var, noise)
        parameters = self.decode_batch(z, inputs, training)
        return {"z_mean": z_mean, "z_log_var": z_log_var, "z": z, "parameters": parameters}

    def encoded_in(self, outputs, inputs):
        return outputs["z_mean"], outputs["z_log_var"]

    def kl_terms(self, outputs):
        return self.prior.kl_terms(outputs["z_mean"], outputs["z_log_var"], outputs.get("z"))

    def log_ratios(self, outputs):
        z = outputs["z"]
        log_q = log_normal(z, outputs["z_mean"], outputs["z_log_var"])
        return (self.prior.log_prob(z) - log_q)[:, None]

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
        super().init_output_bias(images)

    def set_output_bias(self, parameters):
        self.decoder.set_output_bias(parameters)

    def get_config(self):
        return {
            **super().get_config(),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
            "prior": keras.saving.serialize_keras_object(self.prior),
        }


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
        self.num_classes = check_count("num_classes", num_classes)
        super().__init__(encoder, decoder, likelihood, beta, **kwargs)
        encoder.takes_label = True  # now that it is known to fit

    def add_parts(self):
        height, width, _ = self.image_shape
        self.label_picture = keras.Sequential(
            [
                keras.layers.Embedding(self.num_classes, height * width, dtype=self.dtype_policy),
                keras.layers.Reshape((height, width, 1), dtype=self.dtype_policy),
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
        label = inputs["label"]
        known = ops.logical_and(label >= 0, label < self.num_classes)
        one_hot = ops.one_hot(ops.where(known, label, 0), self.num_classes, dtype=z.dtype)
        one_hot = ops.where(known[:, None], one_hot, np.nan)  # no label is not all zeros
        return super().decode_batch(ops.concatenate([z, one_hot], axis=-1), inputs, training)

    def arrange(self, x, y):
        if not isinstance(x, dict) and y is not None:
            x, y = {"image": x, "label": y}, None
        self.check_keys(x)
        check_known_shape(x["image"], self.image_shape)
        check_known_labels(x["label"])
        check_target(y)
        return x, y

    def check_keys(self, x):
        if not isinstance(x, dict) or set(x) != {"image", "label"}:
            got = f"a dict of {sorted(x)}" if isinstance(x, dict) else type(x).__name__
            raise ValueError(
                'a ConditionalVAE needs labels: pass {"image": images, "label": labels}, or images and '
                f"labels; got {got}"
            )

    def check_arrays(self, x):
        self.check_keys(x)
        images = check_images(x["image"], self.image_shape)
        return {"image": images, "label": check_labels(x["label"], len(images), self.num_classes)}

    def weights_by_class(self, x, class_weight):
        if not isinstance(class_weight, dict):
            raise TypeError(
                "class_weight must be a dict of labels and weights, such as {0: 1.0, 1: 5.0}; got "
                f"{type(class_weight).__name__}"
            )
        outside = [label for label in class_weight if label not in range(self.num_classes)]
        if outside:
            raise ValueError(
                f"class_weight must be a dict of labels 0 to {self.num_classes - 1}, got {outside}"
            )
        by_label = [class_weight.get(label, 1.0) for label in range(self.num_classes)]
        return check_weights(by_label, self.num_classes, "class_weight")[x["label"]]

    def with_labels(self, x, labels):
        if labels is None:
            raise ValueError(f"a ConditionalVAE needs labels, from 0 to {self.num_classes - 1}")
        return {"image": x, "label": check_labels(labels, len(x), self.num_classes)}

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}
