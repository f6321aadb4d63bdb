"""Wrong answers, each a classic, and right ones of unusual form: {problem set: {question: {what: the answer}}}.

The tests grade every one of them: a wrong one of MISTAKES costs its question points, and no other; a right one of
UNUSUAL costs nothing. Those that differ from the solution in a place or two are in `edits`, later
ones of both kinds in `more_answers`.
"""

import functools
import json
from pathlib import Path

import edits
import more_answers

SOURCE = Path(__file__).resolve().parent / "source"

# What several answers have in common.
VAE_BEFORE_THE_LOSS = """
class VAE(keras.Model):
    def __init__(self, encoder, decoder, seed=0):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.noise = keras.random.SeedGenerator(seed)

    def call(self, images):
        z_mean, z_log_var = self.encoder(images)
        z = cvae.gaussian.reparameterize(z_mean, z_log_var, self.noise)
        return {"z_mean": z_mean, "z_log_var": z_log_var, "z": z, "logits": self.decoder(z)}
"""
BOTH_TOLD = """
def with_label(images, labels, num_classes):
    planes = ops.broadcast_to(
        ops.one_hot(labels, num_classes)[:, None, None, :], (*ops.shape(images)[:3], num_classes)
    )
    return ops.concatenate([ops.convert_to_tensor(images), planes], axis=-1)


def z_with_label(z, labels, num_classes):
    return ops.concatenate([ops.convert_to_tensor(z), ops.one_hot(labels, num_classes)], axis=-1)
"""
ENCODER_BODY = """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.body = keras.Sequential(
            [layers.Conv2D(8, 3, 2, activation="relu"), layers.Conv2D(8, 3, 2, activation="relu"), layers.Flatten()]
        )
"""
DECODER_TO_HALF = """
class Decoder(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        height, width, channels = image_shape
        self.body = keras.Sequential(
            [
                layers.Dense(height // 4 * width // 4 * 8, activation="relu"),
                layers.Reshape((height // 4, width // 4, 8)),
                layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu"),
"""
RECALLS = """
def recalls(y_true, y_pred):
    return np.array([(y_pred[y_true == label] == label).mean() for label in np.unique(y_true)])


"""

MISTAKES = {
    "ps1_elbo": {
        "kl": {
            "averaged over the dimensions": """
def kl_divergence(z_mean, z_log_var):
    terms = ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var
    return 0.5 * ops.mean(terms, axis=1)
""",
            "the wrong sign": """
def kl_divergence(z_mean, z_log_var):
    return 0.5 * ops.sum(1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var), axis=1)
""",
            "log-variance taken for the variance": """
def kl_divergence(z_mean, z_log_var):
    variance = ops.abs(z_log_var) + 1e-6
    return 0.5 * ops.sum(ops.square(z_mean) + variance - 1 - ops.log(variance), axis=1)
""",
            "log-variance taken for the log-deviation": """
def kl_divergence(z_mean, z_log_var):
    return ops.sum(0.5 * (ops.square(z_mean) + ops.exp(2 * z_log_var) - 1) - z_log_var, axis=1)
""",
            "deviation in place of the variance": """
def kl_divergence(z_mean, z_log_var):
    deviation = ops.exp(0.5 * z_log_var)
    return 0.5 * ops.sum(ops.square(z_mean) + deviation - 1 - z_log_var, axis=1)
""",
            "no half": """
def kl_divergence(z_mean, z_log_var):
    return ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var, axis=1)
""",
            "summed over the batch, too": """
def kl_divergence(z_mean, z_log_var):
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var)
""",
            "summed over images, not dimensions": """
def kl_divergence(z_mean, z_log_var):
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var, axis=0)
""",
        },
        "bernoulli": {
            "averaged over the pixels": """
def bernoulli_log_prob(x, logits):
    return -ops.mean(ops.binary_crossentropy(x, logits, from_logits=True), axis=(1, 2, 3))
""",
            "the loss, not the log-probability": """
def bernoulli_log_prob(x, logits):
    return ops.sum(ops.binary_crossentropy(x, logits, from_logits=True), axis=(1, 2, 3))
""",
            "sigmoid applied twice": """
def bernoulli_log_prob(x, logits):
    probability = 1 / (1 + ops.exp(-logits))
    return -ops.sum(ops.binary_crossentropy(x, probability, from_logits=True), axis=(1, 2, 3))
""",
            "logits taken for probabilities": """
def bernoulli_log_prob(x, logits):
    return -ops.sum(ops.binary_crossentropy(x, logits), axis=(1, 2, 3))
""",
            "probabilities that round to 0 and 1": """
def bernoulli_log_prob(x, logits):
    p = ops.sigmoid(logits)
    return ops.sum(x * ops.log(p) + (1 - x) * ops.log(1 - p), axis=(1, 2, 3))
""",
            "probabilities clipped by Keras": """
def bernoulli_log_prob(x, logits):
    probability = 1 / (1 + ops.exp(-logits))
    return -ops.sum(ops.binary_crossentropy(x, probability), axis=(1, 2, 3))
""",
            "only the white pixels count": """
def bernoulli_log_prob(x, logits):
    return ops.sum(x * ops.log_sigmoid(logits), axis=(1, 2, 3))
""",
        },
        "gaussian": {
            "averaged over the pixels": """
def gaussian_log_prob(x, mean, variance):
    squared = ops.square(x - mean) / variance
    return -0.5 * ops.mean(squared + float(np.log(2 * np.pi * variance)), axis=(1, 2, 3))
""",
            "the squared error alone": """
def gaussian_log_prob(x, mean, variance):
    return -ops.sum(ops.square(x - mean), axis=(1, 2, 3))
""",
            "no constant": """
def gaussian_log_prob(x, mean, variance):
    return -0.5 * ops.sum(ops.square(x - mean) / variance, axis=(1, 2, 3))
""",
            "the variance taken for the deviation": """
def gaussian_log_prob(x, mean, variance):
    squared = ops.square((x - mean) / variance)
    return -0.5 * ops.sum(squared + float(np.log(2 * np.pi) + 2 * np.log(variance)), axis=(1, 2, 3))
""",
            "the constant counted once, not for each pixel": """
def gaussian_log_prob(x, mean, variance):
    squared = ops.sum(ops.square(x - mean) / variance, axis=(1, 2, 3))
    return -0.5 * (squared + float(np.log(2 * np.pi * variance)))
""",
        },
        "reparameterize": {
            "exp(z_log_var) without the half": """
def reparameterize(z_mean, z_log_var, seed):
    return z_mean + ops.exp(z_log_var) * keras.random.normal(ops.shape(z_mean), seed=seed)
""",
            "log-variance taken for the deviation": """
def reparameterize(z_mean, z_log_var, seed):
    return z_mean + z_log_var * keras.random.normal(ops.shape(z_mean), seed=seed)
""",
            "uniform noise": """
def reparameterize(z_mean, z_log_var, seed):
    epsilon = keras.random.uniform(ops.shape(z_mean), -(3**0.5), 3**0.5, seed=seed)
    return z_mean + ops.exp(0.5 * z_log_var) * epsilon
""",
            "one noise for the whole batch": """
def reparameterize(z_mean, z_log_var, seed):
    epsilon = keras.random.normal((1, ops.shape(z_mean)[1]), seed=seed)
    return z_mean + ops.exp(0.5 * z_log_var) * epsilon
""",
            "the same noise in every call": """
def reparameterize(z_mean, z_log_var, seed):
    return z_mean + ops.exp(0.5 * z_log_var) * keras.random.normal(ops.shape(z_mean), seed=0)
""",
            "no gradient: drawn by NumPy": """
def reparameterize(z_mean, z_log_var, seed):
    mean, log_var = ops.convert_to_numpy(z_mean), ops.convert_to_numpy(z_log_var)
    return np.random.default_rng().normal(mean, np.exp(0.5 * log_var)).astype("float32")
""",
            "no gradient through the deviation": """
def reparameterize(z_mean, z_log_var, seed):
    epsilon = keras.random.normal(ops.shape(z_mean), seed=seed)
    return z_mean + ops.stop_gradient(ops.exp(0.5 * z_log_var)) * epsilon
""",
            "no noise at all": """
def reparameterize(z_mean, z_log_var, seed):
    return z_mean + 0 * z_log_var
""",
        },
        "elbo": {
            "the KL added": """
def elbo(x, z_mean, z_log_var, decode, seed):
    z = reparameterize(z_mean, z_log_var, seed)
    return bernoulli_log_prob(x, decode(z)) + kl_divergence(z_mean, z_log_var)
""",
            "the loss, not the bound": """
def elbo(x, z_mean, z_log_var, decode, seed):
    z = reparameterize(z_mean, z_log_var, seed)
    return kl_divergence(z_mean, z_log_var) - bernoulli_log_prob(x, decode(z))
""",
            "z_mean decoded in place of a sample": """
def elbo(x, z_mean, z_log_var, decode, seed):
    return bernoulli_log_prob(x, decode(z_mean)) - kl_divergence(z_mean, z_log_var)
""",
            "z drawn from the prior": """
def elbo(x, z_mean, z_log_var, decode, seed):
    z = reparameterize(0 * z_mean, 0 * z_log_var, seed)
    return bernoulli_log_prob(x, decode(z)) - kl_divergence(z_mean, z_log_var)
""",
            "no KL": """
def elbo(x, z_mean, z_log_var, decode, seed):
    return bernoulli_log_prob(x, decode(reparameterize(z_mean, z_log_var, seed)))
""",
            "averaged over the batch": """
def elbo(x, z_mean, z_log_var, decode, seed):
    z = reparameterize(z_mean, z_log_var, seed)
    return ops.mean(bernoulli_log_prob(x, decode(z)) - kl_divergence(z_mean, z_log_var))
""",
        },
        "bound": {
            "the mean of the logarithms, which is the ELBO": """
def importance_weighted_bound(log_weights):
    return ops.mean(ops.convert_to_tensor(log_weights), axis=0)
""",
            "the sum, not the mean": """
def importance_weighted_bound(log_weights):
    return ops.logsumexp(log_weights, axis=0)
""",
            "out of log space": """
def importance_weighted_bound(log_weights):
    return ops.log(ops.mean(ops.exp(log_weights), axis=0))
""",
            "the best sample alone": """
def importance_weighted_bound(log_weights):
    return ops.max(log_weights, axis=0)
""",
            "over images, not samples": """
def importance_weighted_bound(log_weights):
    return ops.logsumexp(log_weights, axis=1) - float(np.log(log_weights.shape[1]))
""",
        },
    },
    "ps2_convolutional_vae": {
        "encoder": {
            "an activation on the heads": ENCODER_BODY
            + """
        self.z_mean = layers.Dense(latent_dim, activation="relu")
        self.z_log_var = layers.Dense(latent_dim, activation="relu")

    def call(self, images):
        features = self.body(images)
        return self.z_mean(features), self.z_log_var(features)
""",
            "a variance where its logarithm was asked": ENCODER_BODY
            + """
        self.z_mean = layers.Dense(latent_dim)
        self.variance = layers.Dense(latent_dim, activation="softplus")

    def call(self, images):
        features = self.body(images)
        return self.z_mean(features), self.variance(features)
""",
            "one head for both": ENCODER_BODY
            + """
        self.head = layers.Dense(latent_dim)

    def call(self, images):
        features = self.body(images)
        return self.head(features), self.head(features)
""",
            "the encoder draws": ENCODER_BODY
            + """
        self.z_mean, self.z_log_var = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, images):
        features = self.body(images)
        z_mean, z_log_var = self.z_mean(features), self.z_log_var(features)
        return z_mean + keras.random.normal(ops.shape(z_mean)), z_log_var
""",
            "layers made in call": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim

    def call(self, images):
        features = layers.Flatten()(layers.Conv2D(8, 3, 2)(layers.Conv2D(8, 3, 2)(images)))
        return layers.Dense(self.latent_dim)(features), layers.Dense(self.latent_dim)(features)
""",
            "no convolution": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.body = keras.Sequential([layers.Flatten(), layers.Dense(32, activation="relu")])
        self.z_mean, self.z_log_var = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, images):
        features = self.body(images)
        return self.z_mean(features), self.z_log_var(features)
""",
        },
        "decoder": {
            "a sigmoid at the end": DECODER_TO_HALF
            + """
                layers.Conv2DTranspose(channels, 3, strides=2, padding="same", activation="sigmoid"),
            ]
        )

    def call(self, z):
        return self.body(z)
""",
            "an activation at the end": DECODER_TO_HALF
            + """
                layers.Conv2DTranspose(channels, 3, strides=2, padding="same", activation="relu"),
            ]
        )

    def call(self, z):
        return self.body(z)
""",
            "made for 28 by 28 only": """
class Decoder(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        self.body = keras.Sequential(
            [
                layers.Dense(7 * 7 * 8, activation="relu"),
                layers.Reshape((7, 7, 8)),
                layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu"),
                layers.Conv2DTranspose(1, 3, strides=2, padding="same"),
            ]
        )

    def call(self, z):
        return self.body(z)
""",
            "one transposed convolution too few": DECODER_TO_HALF
            + """
                layers.Conv2DTranspose(channels, 3, padding="same"),
            ]
        )

    def call(self, z):
        return self.body(z)
""",
        },
        "vae": {
            "averaged over the pixels": VAE_BEFORE_THE_LOSS
            + """
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        reconstruction = ops.mean(ops.binary_crossentropy(x, y_pred["logits"], from_logits=True))
        return reconstruction + ops.mean(cvae.kl_divergence(y_pred["z_mean"], y_pred["z_log_var"]))
""",
            "the KL averaged over the dimensions": VAE_BEFORE_THE_LOSS
            + """
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        reconstruction = -cvae.Bernoulli().log_prob(x, y_pred["logits"])
        kl = cvae.gaussian.kl_terms(y_pred["z_mean"], y_pred["z_log_var"])
        return ops.mean(reconstruction) + ops.mean(kl)
""",
            "summed over the batch": VAE_BEFORE_THE_LOSS
            + """
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        reconstruction = -cvae.Bernoulli().log_prob(x, y_pred["logits"])
        return ops.sum(reconstruction + cvae.kl_divergence(y_pred["z_mean"], y_pred["z_log_var"]))
""",
            "the ELBO, not its negative": VAE_BEFORE_THE_LOSS
            + """
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        log_prob = cvae.Bernoulli().log_prob(x, y_pred["logits"])
        return ops.mean(log_prob - cvae.kl_divergence(y_pred["z_mean"], y_pred["z_log_var"]))
""",
            "no KL: an autoencoder": VAE_BEFORE_THE_LOSS
            + """
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean(-cvae.Bernoulli().log_prob(x, y_pred["logits"]))
""",
            "z_mean decoded in place of z": """
class VAE(keras.Model):
    def __init__(self, encoder, decoder, seed=0):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.noise = keras.random.SeedGenerator(seed)

    def call(self, images):
        z_mean, z_log_var = self.encoder(images)
        z = cvae.gaussian.reparameterize(z_mean, z_log_var, self.noise)
        return {"z_mean": z_mean, "z_log_var": z_log_var, "z": z, "logits": self.decoder(z_mean)}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        reconstruction = -cvae.Bernoulli().log_prob(x, y_pred["logits"])
        return ops.mean(reconstruction + cvae.kl_divergence(y_pred["z_mean"], y_pred["z_log_var"]))
""",
            "sigmoid applied twice": VAE_BEFORE_THE_LOSS
            + """
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        reconstruction = -cvae.Bernoulli().log_prob(x, ops.sigmoid(y_pred["logits"]))
        return ops.mean(reconstruction + cvae.kl_divergence(y_pred["z_mean"], y_pred["z_log_var"]))
""",
        },
        "train": {
            "never fitted": """
def train(vae, images):
    vae.compile(keras.optimizers.Adam(2e-3))
    return vae
""",
            "a learning rate that is far too low": """
def train(vae, images):
    vae.compile(keras.optimizers.Adam(1e-6))
    vae.fit(images, epochs=2, batch_size=32, verbose=0)
    return vae
""",
            "fitted without compile": """
def train(vae, images):
    vae.fit(images, epochs=2, batch_size=32, verbose=0)
    return vae
""",
            "nothing returned": """
def train(vae, images):
    vae.compile(keras.optimizers.Adam(2e-3))
    vae.fit(images, epochs=1, batch_size=32, verbose=0)
""",
        },
        "plane": {
            "z1 and z2 exchanged": """
def latent_plane(decode, n, limit):
    along = np.linspace(-limit, limit, n, dtype="float32")
    z2, z1 = np.meshgrid(along, along[::-1])
    images = decode(np.stack([z1.ravel(), z2.ravel()], axis=1))
    return images.reshape(n, n, *images.shape[1:])
""",
            "upside down": """
def latent_plane(decode, n, limit):
    along = np.linspace(-limit, limit, n, dtype="float32")
    z1, z2 = np.meshgrid(along, along)
    images = decode(np.stack([z1.ravel(), z2.ravel()], axis=1))
    return images.reshape(n, n, *images.shape[1:])
""",
            "a loop over points": """
def latent_plane(decode, n, limit):
    along = np.linspace(-limit, limit, n, dtype="float32")
    rows = [[decode(np.array([[z1, z2]]))[0] for z1 in along] for z2 in along[::-1]]
    return np.array(rows)
""",
            "the ends left out": """
def latent_plane(decode, n, limit):
    along = np.linspace(-limit, limit, n + 1, dtype="float32")[:-1]
    z1, z2 = np.meshgrid(along, along[::-1])
    images = decode(np.stack([z1.ravel(), z2.ravel()], axis=1))
    return images.reshape(n, n, *images.shape[1:])
""",
        },
        "interpolate": {
            "pixels blended in place of codes": """
def interpolate(vae, a, b, steps):
    share = np.linspace(0, 1, steps, dtype="float32").reshape(-1, 1, 1, 1)
    return (1 - share) * a + share * b
""",
            "blended first, encoded then": """
def interpolate(vae, a, b, steps):
    share = np.linspace(0, 1, steps, dtype="float32").reshape(-1, 1, 1, 1)
    return vae.decode(vae.encode((1 - share) * a + share * b)[0])
""",
            "backwards": """
def interpolate(vae, a, b, steps):
    z_mean, _ = vae.encode(np.stack([a, b]))
    share = np.linspace(0, 1, steps, dtype="float32")[:, None]
    return vae.decode(share * z_mean[0] + (1 - share) * z_mean[1])
""",
            "the last step missing": """
def interpolate(vae, a, b, steps):
    z_mean, _ = vae.encode(np.stack([a, b]))
    share = np.arange(steps, dtype="float32")[:, None] / steps
    return vae.decode((1 - share) * z_mean[0] + share * z_mean[1])
""",
        },
        "conditional": {
            "labels leaked into the reconstruction loss": BOTH_TOLD
            + """

def conditional_loss(encoder, decoder, images, labels, num_classes, seed):
    inputs = with_label(images, labels, num_classes)
    z_mean, z_log_var = encoder(inputs)
    z = cvae.gaussian.reparameterize(z_mean, z_log_var, seed)
    logits = decoder(z_with_label(z, labels, num_classes))
    reconstruction = ops.sum(
        ops.binary_crossentropy(inputs[..., -images.shape[-1] :], logits, from_logits=True), axis=(1, 2, 3)
    )
    return ops.mean(reconstruction + cvae.kl_divergence(z_mean, z_log_var))
""",
            "the label as a number": """
def with_label(images, labels, num_classes):
    plane = ops.ones_like(images[..., :1]) * ops.cast(labels, "float32")[:, None, None, None]
    return ops.concatenate([ops.convert_to_tensor(images), plane], axis=-1)


def z_with_label(z, labels, num_classes):
    return ops.concatenate([ops.convert_to_tensor(z), ops.cast(labels, "float32")[:, None]], axis=-1)


def conditional_loss(encoder, decoder, images, labels, num_classes, seed):
    z_mean, z_log_var = encoder(with_label(images, labels, num_classes))
    z = cvae.gaussian.reparameterize(z_mean, z_log_var, seed)
    reconstruction = -cvae.Bernoulli().log_prob(images, decoder(z_with_label(z, labels, num_classes)))
    return ops.mean(reconstruction + cvae.kl_divergence(z_mean, z_log_var))
""",
            "only the decoder is told": BOTH_TOLD
            + """

def conditional_loss(encoder, decoder, images, labels, num_classes, seed):
    z_mean, z_log_var = encoder(images)
    z = cvae.gaussian.reparameterize(z_mean, z_log_var, seed)
    reconstruction = -cvae.Bernoulli().log_prob(images, decoder(z_with_label(z, labels, num_classes)))
    return ops.mean(reconstruction + cvae.kl_divergence(z_mean, z_log_var))
""",
            "only the encoder is told": BOTH_TOLD
            + """

def conditional_loss(encoder, decoder, images, labels, num_classes, seed):
    z_mean, z_log_var = encoder(with_label(images, labels, num_classes))
    z = cvae.gaussian.reparameterize(z_mean, z_log_var, seed)
    nobody = ops.zeros((len(images), num_classes))
    logits = decoder(ops.concatenate([z, nobody], axis=-1))
    return ops.mean(cvae.kl_divergence(z_mean, z_log_var) - cvae.Bernoulli().log_prob(images, logits))
""",
        },
    },
    "ps3_oversampling": {
        "metrics": {
            "accuracy where balanced accuracy was asked": RECALLS
            + """
def balanced_accuracy(y_true, y_pred):
    return (y_true == y_pred).mean()


def g_mean(y_true, y_pred):
    return np.prod(recalls(y_true, y_pred)) ** (1 / len(np.unique(y_true)))
""",
            "precision in place of recall": """
def recalls(y_true, y_pred):
    found = [y_true[y_pred == label] == label for label in np.unique(y_true)]
    return np.array([hits.mean() if len(hits) else 0.0 for hits in found])


def balanced_accuracy(y_true, y_pred):
    return recalls(y_true, y_pred).mean()


def g_mean(y_true, y_pred):
    return np.prod(recalls(y_true, y_pred)) ** (1 / len(np.unique(y_true)))
""",
            "the square root, whatever the number of classes": RECALLS
            + """
def balanced_accuracy(y_true, y_pred):
    return recalls(y_true, y_pred).mean()


def g_mean(y_true, y_pred):
    return np.sqrt(np.prod(recalls(y_true, y_pred)))
""",
            "classes taken for 0, 1, 2, ...": """
def recalls(y_true, y_pred):
    classes = range(len(np.unique(y_true)))
    return np.array([(y_pred[y_true == label] == label).mean() for label in classes])


def balanced_accuracy(y_true, y_pred):
    return recalls(y_true, y_pred).mean()


def g_mean(y_true, y_pred):
    of_each = recalls(y_true, y_pred)
    return np.prod(of_each) ** (1 / len(of_each))
""",
            "classes that were only predicted count, too": """
def recalls(y_true, y_pred):
    classes = np.union1d(y_true, y_pred)
    hits = [y_pred[y_true == label] == label for label in classes]
    return np.array([found.mean() if len(found) else 0.0 for found in hits])


def balanced_accuracy(y_true, y_pred):
    return recalls(y_true, y_pred).mean()


def g_mean(y_true, y_pred):
    of_each = recalls(y_true, y_pred)
    return np.prod(of_each) ** (1 / len(of_each))
""",
        },
        "split": {
            "resampled before the split": """
def split_and_resample(X, y, sampler, seed, test_size=0.3):
    X, y = sampler.fit_resample(X, y)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=test_size, stratify=y, random_state=seed
    )
    return X_train, y_train, X_test, y_test
""",
            "the test part resampled, too": """
def split_and_resample(X, y, sampler, seed, test_size=0.3):
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=test_size, stratify=y, random_state=seed
    )
    X_test, y_test = RandomOverSampler(random_state=seed).fit_resample(X_test, y_test)
    return *sampler.fit_resample(X_train, y_train), X_test, y_test
""",
            "tested on the training set": """
def split_and_resample(X, y, sampler, seed, test_size=0.3):
    X_train, _, y_train, _ = train_test_split(X, y, test_size=test_size, stratify=y, random_state=seed)
    return *sampler.fit_resample(X_train, y_train), X_train, y_train
""",
            "not stratified": """
def split_and_resample(X, y, sampler, seed, test_size=0.3):
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=test_size, random_state=seed)
    return *sampler.fit_resample(X_train, y_train), X_test, y_test
""",
            "one split, whatever the seed": """
def split_and_resample(X, y, sampler, seed, test_size=0.3):
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=test_size, stratify=y, random_state=0
    )
    return *sampler.fit_resample(X_train, y_train), X_test, y_test
""",
            "nothing resampled": """
def split_and_resample(X, y, sampler, seed, test_size=0.3):
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=test_size, stratify=y, random_state=seed
    )
    return X_train, y_train, X_test, y_test
""",
        },
        "draws": {
            "exp(z_log_var) without the half": """
def draws_around(vae, images, count, spread, rng):
    z_mean, z_log_var = vae.encode(images)
    member = np.concatenate([rng.permutation(len(images)) for _ in range(count)])[:count]
    epsilon = rng.standard_normal((count, z_mean.shape[1]))
    return z_mean[member] + spread * np.exp(z_log_var[member]) * epsilon, member
""",
            "members drawn with replacement": """
def draws_around(vae, images, count, spread, rng):
    z_mean, z_log_var = vae.encode(images)
    member = rng.integers(0, len(images), count)
    epsilon = rng.standard_normal((count, z_mean.shape[1]))
    return z_mean[member] + spread * np.exp(0.5 * z_log_var[member]) * epsilon, member
""",
            "from the prior": """
def draws_around(vae, images, count, spread, rng):
    z_mean, _ = vae.encode(images)
    member = np.concatenate([rng.permutation(len(images)) for _ in range(count)])[:count]
    return spread * rng.standard_normal((count, z_mean.shape[1])), member
""",
            "the spread taken for a factor of the variance": """
def draws_around(vae, images, count, spread, rng):
    z_mean, z_log_var = vae.encode(images)
    member = np.concatenate([rng.permutation(len(images)) for _ in range(count)])[:count]
    epsilon = rng.standard_normal((count, z_mean.shape[1]))
    return z_mean[member] + np.sqrt(spread * np.exp(z_log_var[member])) * epsilon, member
""",
            "one noise for all dimensions": """
def draws_around(vae, images, count, spread, rng):
    z_mean, z_log_var = vae.encode(images)
    member = np.concatenate([rng.permutation(len(images)) for _ in range(count)])[:count]
    return z_mean[member] + spread * np.exp(0.5 * z_log_var[member]) * rng.standard_normal((count, 1)), member
""",
            "a seed of its own": """
def draws_around(vae, images, count, spread, rng):
    rng = np.random.default_rng(0)
    z_mean, z_log_var = vae.encode(images)
    member = np.concatenate([rng.permutation(len(images)) for _ in range(count)])[:count]
    epsilon = rng.standard_normal((count, z_mean.shape[1]))
    return z_mean[member] + spread * np.exp(0.5 * z_log_var[member]) * epsilon, member
""",
        },
        "edits": {
            "the draw itself": """
def edits(vae, images, z):
    return np.clip(vae.decode(z), 0, 1)
""",
            "the difference to the original": """
def edits(vae, images, z):
    return np.clip(images + vae.decode(z) - images, 0, 1)
""",
            "the wrong sign": """
def edits(vae, images, z):
    z_mean, _ = vae.encode(images)
    return np.clip(images + vae.decode(z_mean) - vae.decode(z), 0, 1)
""",
            "not clipped": """
def edits(vae, images, z):
    z_mean, _ = vae.encode(images)
    return images + vae.decode(z) - vae.decode(z_mean)
""",
            "rescaled in place of clipped": """
def edits(vae, images, z):
    z_mean, _ = vae.encode(images)
    changed = images + vae.decode(z) - vae.decode(z_mean)
    return (changed - changed.min()) / (changed.max() - changed.min())
""",
        },
        "compare": {
            "another split for each method": """
def compare(methods, X, y, fit_predict, seeds):
    scores = {name: [] for name in methods}
    for seed in seeds:
        for n, (name, make_sampler) in enumerate(methods.items()):
            split = split_and_resample(X, y, make_sampler(seed), 100 * seed + n)
            X_train, y_train, X_test, y_test = split
            scores[name].append(balanced_accuracy(y_test, fit_predict(X_train, y_train, X_test)))
    return scores
""",
            "one split for all seeds": """
def compare(methods, X, y, fit_predict, seeds):
    scores = {name: [] for name in methods}
    for seed in seeds:
        for name, make_sampler in methods.items():
            X_train, y_train, X_test, y_test = split_and_resample(X, y, make_sampler(seed), 0)
            scores[name].append(balanced_accuracy(y_test, fit_predict(X_train, y_train, X_test)))
    return scores
""",
            "evaluated on the training set": """
def compare(methods, X, y, fit_predict, seeds):
    scores = {name: [] for name in methods}
    for seed in seeds:
        for name, make_sampler in methods.items():
            X_train, y_train, _, _ = split_and_resample(X, y, make_sampler(seed), seed)
            scores[name].append(balanced_accuracy(y_train, fit_predict(X_train, y_train, X_train)))
    return scores
""",
            "plain accuracy": """
def compare(methods, X, y, fit_predict, seeds):
    scores = {name: [] for name in methods}
    for seed in seeds:
        for name, make_sampler in methods.items():
            X_train, y_train, X_test, y_test = split_and_resample(X, y, make_sampler(seed), seed)
            scores[name].append((y_test == fit_predict(X_train, y_train, X_test)).mean())
    return scores
""",
            "the best seed alone": """
def compare(methods, X, y, fit_predict, seeds):
    scores = {name: [] for name in methods}
    for seed in seeds:
        for name, make_sampler in methods.items():
            X_train, y_train, X_test, y_test = split_and_resample(X, y, make_sampler(seed), seed)
            scores[name].append(balanced_accuracy(y_test, fit_predict(X_train, y_train, X_test)))
    return {name: [max(found)] for name, found in scores.items()}
""",
        },
        "interval": {
            "not paired": """
def paired_difference(a, b):
    a, b = np.asarray(a), np.asarray(b)
    n, mean = len(a), np.mean(a) - np.mean(b)
    half = scipy.stats.t.ppf(0.975, n - 1) * np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / n)
    return mean, mean - half, mean + half
""",
            "the normal's quantile": """
def paired_difference(a, b):
    difference = np.subtract(a, b)
    half = 1.96 * difference.std(ddof=1) / np.sqrt(len(difference))
    return difference.mean(), difference.mean() - half, difference.mean() + half
""",
            "the deviation, not the standard error": """
def paired_difference(a, b):
    difference = np.subtract(a, b)
    half = scipy.stats.t.ppf(0.975, len(difference) - 1) * difference.std(ddof=1)
    return difference.mean(), difference.mean() - half, difference.mean() + half
""",
            "divided by n": """
def paired_difference(a, b):
    difference = np.subtract(a, b)
    n = len(difference)
    half = scipy.stats.t.ppf(0.975, n - 1) * difference.std() / np.sqrt(n)
    return difference.mean(), difference.mean() - half, difference.mean() + half
""",
            "one-sided quantile": """
def paired_difference(a, b):
    difference = np.subtract(a, b)
    n = len(difference)
    half = scipy.stats.t.ppf(0.95, n - 1) * difference.std(ddof=1) / np.sqrt(n)
    return difference.mean(), difference.mean() - half, difference.mean() + half
""",
            "the wrong way round": """
def paired_difference(a, b):
    difference = np.subtract(b, a)
    n = len(difference)
    half = scipy.stats.t.ppf(0.975, n - 1) * difference.std(ddof=1) / np.sqrt(n)
    return difference.mean(), difference.mean() - half, difference.mean() + half
""",
        },
    },
}


@functools.cache
def solutions(problem_set: str) -> dict[str, str]:
    "{question: the solution}"
    cells = json.loads((SOURCE / problem_set / f"{problem_set}.ipynb").read_text())["cells"]
    about = [(cell["metadata"].get("nbgrader", {}), "".join(cell["source"])) for cell in cells]
    return {meta["grade_id"]: text for meta, text in about if meta.get("solution") and not meta["grade"]}


def answer_of(problem_set: str, question: str, what: str, answer: str | list) -> str:
    """The text of an answer.

    Raises:
        ValueError: an edit of what the solution does not have.
    """
    if isinstance(answer, str):
        return answer
    text = solutions(problem_set)[question]
    for old, new in answer:
        if old not in text:
            raise ValueError(f"{problem_set}, {question}, {what!r}: the solution does not have {old!r}")
        text = text.replace(old, new)
    return text


def with_edits(answers: dict, more: dict) -> dict:
    "Both, as texts."
    return {
        name: {
            question: {
                what: answer_of(name, question, what, answer)
                for what, answer in (answers.get(name, {}).get(question, {}) | found).items()
            }
            for question, found in questions.items()
        }
        for name, questions in more.items()
    }


def both(first: dict, second: dict) -> dict:
    "The answers of two catalogues, question by question."
    return {
        name: {
            question: first[name][question] | second[name].get(question, {}) for question in first[name]
        }
        for name in first
    }


MISTAKES = with_edits(MISTAKES, both(edits.WRONG, more_answers.WRONG))
UNUSUAL = with_edits({}, both(edits.RIGHT, more_answers.RIGHT))
