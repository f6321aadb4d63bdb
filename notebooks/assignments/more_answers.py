"""More wrong answers and right ones, of a second reading of the problem sets; as in `edits`."""

WRONG = {
    "ps1_elbo": {
        "kl": {
            "log-variances clamped to [-8, 4]": [
                (
                    "ops.exp(z_log_var) - 1 - z_log_var",
                    "ops.exp(ops.clip(z_log_var, -8, 4)) - 1 - ops.clip(z_log_var, -8, 4)",
                )
            ],
            "log-variances clamped to [-10, 10]": """
def kl_divergence(z_mean, z_log_var):
    v = ops.clip(z_log_var, -10.0, 10.0)
    return -0.5 * ops.sum(1 + v - ops.square(z_mean) - ops.exp(v), axis=-1)
""",
            "summed over all, divided by the batch, repeated": """
def kl_divergence(z_mean, z_log_var):
    kl = 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var)
    return ops.ones(len(z_mean)) * kl / len(z_mean)
""",
            "one subtracted once, not for each dimension": """
def kl_divergence(z_mean, z_log_var):
    return 0.5 * (ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var, axis=1) - 1)
""",
            "a loop that leaves out the last dimension": """
def kl_divergence(z_mean, z_log_var):
    total = 0.0
    for j in range(z_mean.shape[1] - 1 or 1):
        total = total + 0.5 * (z_mean[:, j] ** 2 + ops.exp(z_log_var[:, j]) - 1 - z_log_var[:, j])
    return total
""",
            "broadcast to (batch, batch)": """
def kl_divergence(z_mean, z_log_var):
    a = ops.sum(ops.square(z_mean), axis=1, keepdims=True)
    b = ops.sum(ops.exp(z_log_var) - 1 - z_log_var, axis=1)
    return 0.5 * ops.mean(a + b, axis=1)
""",
            "float16": """
def kl_divergence(z_mean, z_log_var):
    m, v = ops.cast(z_mean, 'float16'), ops.cast(z_log_var, 'float16')
    return ops.cast(0.5 * ops.sum(m * m + ops.exp(v) - 1 - v, axis=1), 'float32')
""",
            "0.001 in the logarithm": """
def kl_divergence(z_mean, z_log_var):
    v = ops.exp(z_log_var)
    return 0.5 * ops.sum(ops.square(z_mean) + v - 1 - ops.log(v + 1e-3), axis=1)
""",
            "0.000001 in the logarithm": """
def kl_divergence(z_mean, z_log_var):
    v = ops.exp(z_log_var)
    return 0.5 * ops.sum(ops.square(z_mean) + v - 1 - ops.log(v + 1e-6), axis=1)
""",
        },
        "bernoulli": {
            "logits clipped to 100": [
                (
                    "ops.binary_crossentropy(x, logits",
                    "ops.binary_crossentropy(x, ops.clip(logits, -100, 100)",
                )
            ],
            "logits clipped to 50": [
                (
                    "ops.binary_crossentropy(x, logits",
                    "ops.binary_crossentropy(x, ops.clip(logits, -50, 50)",
                )
            ],
            "the mean times height and width, of the last image's": """
def bernoulli_log_prob(x, logits):
    bce = keras.losses.binary_crossentropy(x, logits, from_logits=True)
    return -ops.sum(bce, axis=(1, 2))
""",
            "black pixels weighted by half": """
def bernoulli_log_prob(x, logits):
    return ops.sum(x * ops.log_sigmoid(logits) + 0.5 * (1 - x) * ops.log_sigmoid(-logits), axis=(1, 2, 3))
""",
            "mean over the batch repeated": """
def bernoulli_log_prob(x, logits):
    total = -ops.sum(ops.binary_crossentropy(x, logits, from_logits=True), axis=(1, 2, 3))
    return ops.mean(total) * ops.ones_like(total)
""",
            "the tanh's formula": """
def bernoulli_log_prob(x, logits):
    return ops.sum(x * logits - ops.log(1 + ops.exp(ops.minimum(logits, 80.0))), axis=(1, 2, 3))
""",
        },
        "gaussian": {
            "3.14 for pi": """
def gaussian_log_prob(x, mean, variance):
    return -0.5 * ops.sum(ops.square(x - mean) / variance + float(np.log(2 * 3.14 * variance)), axis=(1, 2, 3))
""",
            "log of the variance forgotten where it is below 1": [
                ("np.log(2 * np.pi * variance)", "np.log(2 * np.pi * max(variance, 1e-2))")
            ],
            "the constant by the pixels without channels": """
def gaussian_log_prob(x, mean, variance):
    n = x.shape[1] * x.shape[2]
    return -0.5 * ops.sum(ops.square(x - mean), axis=(1, 2, 3)) / variance - 0.5 * n * float(np.log(2 * np.pi * variance))
""",
            "log base 10": """
def gaussian_log_prob(x, mean, variance):
    return -0.5 * ops.sum(ops.square(x - mean) / variance + float(np.log10(2 * np.pi * variance)), axis=(1, 2, 3))
""",
            "the variance squared": [("/ variance", "/ variance ** 2")],
            "a tiny number added to the variance": [("/ variance", "/ (variance + 1e-3)")],
        },
        "reparameterize": {
            "log-variances clamped to [-5, 5]": [
                ("0.5 * z_log_var", "0.5 * ops.clip(z_log_var, -5, 5)")
            ],
            "NumPy's noise, seeded from the seed": """
def reparameterize(z_mean, z_log_var, seed):
    state = np.asarray(ops.convert_to_numpy(seed.next()))
    epsilon = np.random.default_rng(state.astype('int64')).standard_normal(z_mean.shape).astype('float32')
    return z_mean + ops.exp(0.5 * z_log_var) * epsilon
""",
            "the seed's number made into a new one": """
def reparameterize(z_mean, z_log_var, seed):
    epsilon = keras.random.normal(ops.shape(z_mean), seed=int(ops.convert_to_numpy(seed.state)[0]))
    return z_mean + ops.exp(0.5 * z_log_var) * epsilon
""",
            "noise scaled, not the deviation: (mean + eps) * sigma": """
def reparameterize(z_mean, z_log_var, seed):
    return (z_mean + keras.random.normal(ops.shape(z_mean), seed=seed)) * ops.exp(0.5 * z_log_var)
""",
            "softplus for the deviation": [("ops.exp(0.5 * z_log_var)", "ops.softplus(z_log_var)")],
            "float16 noise": """
def reparameterize(z_mean, z_log_var, seed):
    epsilon = ops.cast(keras.random.normal(ops.shape(z_mean), dtype='float16', seed=seed), 'float32')
    return z_mean + ops.exp(0.5 * z_log_var) * epsilon
""",
            "noise of the wrong dimension: shape of a row": """
def reparameterize(z_mean, z_log_var, seed):
    epsilon = keras.random.normal((z_mean.shape[-1],), seed=seed)
    return z_mean + ops.exp(0.5 * z_log_var) * epsilon
""",
        },
        "elbo": {
            "log-variances clamped to [-5, 5]": """
def elbo(x, z_mean, z_log_var, decode, seed):
    z_log_var = ops.clip(z_log_var, -5, 5)
    z = reparameterize(z_mean, z_log_var, seed)
    return bernoulli_log_prob(x, decode(z)) - kl_divergence(z_mean, z_log_var)
""",
            "the KL at the sample, not the mean": """
def elbo(x, z_mean, z_log_var, decode, seed):
    z = reparameterize(z_mean, z_log_var, seed)
    return bernoulli_log_prob(x, decode(z)) - kl_divergence(z, z_log_var)
""",
            "log q forgotten": """
def elbo(x, z_mean, z_log_var, decode, seed):
    z = reparameterize(z_mean, z_log_var, seed)
    return bernoulli_log_prob(x, decode(z)) - 0.5 * ops.sum(ops.square(z), axis=1)
""",
            "the KL divided by the number of pixels": """
def elbo(x, z_mean, z_log_var, decode, seed):
    z = reparameterize(z_mean, z_log_var, seed)
    return bernoulli_log_prob(x, decode(z)) - kl_divergence(z_mean, z_log_var) / np.prod(x.shape[1:])
""",
            "z shuffled": """
def elbo(x, z_mean, z_log_var, decode, seed):
    z = keras.random.shuffle(reparameterize(z_mean, z_log_var, seed), seed=seed)
    return bernoulli_log_prob(x, decode(z)) - kl_divergence(z_mean, z_log_var)
""",
        },
        "bound": {
            "log of K - 1": [("len(log_weights)", "max(len(log_weights) - 1, 1)")],
            "log K of the batch": [("len(log_weights)", "log_weights.shape[1]")],
            "the mean subtracted, clipped to 80": """
def importance_weighted_bound(log_weights):
    m = ops.mean(log_weights, axis=0, keepdims=True)
    return ops.log(ops.mean(ops.exp(ops.clip(log_weights - m, -80, 80)), axis=0)) + m[0]
""",
            "a loop from 1": """
def importance_weighted_bound(log_weights):
    total = log_weights[0]
    for k in range(2, len(log_weights)):
        total = ops.logaddexp(total, log_weights[k])
    return total - float(np.log(len(log_weights)))
""",
            "softmax-weighted mean": """
def importance_weighted_bound(log_weights):
    return ops.sum(ops.softmax(log_weights, axis=0) * log_weights, axis=0)
""",
        },
    },
    "ps2_convolutional_vae": {
        "encoder": {
            "a third vector, z": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2D(32, 3, strides=2, padding='same', activation='relu')
        self.flat = layers.Flatten()
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, images, training=False):
        f = self.flat(self.b(self.a(images)))
        m, v = self.m(f), self.v(f)
        return m, v, m + ops.exp(v / 2)
""",
            "an MLP with decorative convolutions": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2D(32, 3, strides=2, padding='same', activation='relu')
        self.flat = layers.Flatten()
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, images, training=False):
        f = self.flat(self.b(self.a(images)))
        f = self.flat(images) + 0.0 * ops.sum(f)
        return self.m(f), self.v(f)
""",
            "PReLU on the heads": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2D(32, 3, strides=2, padding='same', activation='relu')
        self.flat = layers.Flatten()
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(latent_dim)
        self.n1, self.n2 = layers.PReLU(), layers.PReLU()

    def call(self, images, training=False):
        f = self.flat(self.b(self.a(images)))
        return self.n1(self.m(f)), self.n2(self.v(f))
""",
            "global max pooling": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2D(32, 3, strides=2, padding='same', activation='relu')
        self.flat = layers.GlobalMaxPooling2D()
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, images, training=False):
        f = self.flat(self.b(self.a(images)))
        return self.m(f), self.v(f)
""",
            "dropout in every call": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2D(32, 3, strides=2, padding='same', activation='relu')
        self.flat = layers.Flatten()
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(latent_dim)
        self.drop = layers.Dropout(0.3)

    def call(self, images, training=False):
        f = self.flat(self.b(self.a(images)))
        f = self.drop(f, training=True)
        return self.m(f), self.v(f)
""",
            "batch normalisation in training mode": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2D(32, 3, strides=2, padding='same', activation='relu')
        self.flat = layers.Flatten()
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(latent_dim)
        self.bn = layers.BatchNormalization()

    def call(self, images, training=False):
        f = self.flat(self.b(self.a(images)))
        f = self.bn(f, training=True)
        return self.m(f), self.v(f)
""",
            "kernels of 1": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 1, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2D(32, 1, strides=2, padding='same', activation='relu')
        self.flat = layers.Flatten()
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, images, training=False):
        f = self.flat(self.b(self.a(images)))
        return self.m(f), self.v(f)
""",
            "NumPy in call": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2D(32, 3, strides=2, padding='same', activation='relu')
        self.flat = layers.Flatten()
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, images, training=False):
        images = np.asarray(images)
        f = self.flat(self.b(self.a(images)))
        return self.m(f), self.v(f)
""",
            "dict of two": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2D(32, 3, strides=2, padding='same', activation='relu')
        self.flat = layers.Flatten()
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, images, training=False):
        f = self.flat(self.b(self.a(images)))
        return {'z_mean': self.m(f), 'z_log_var': self.v(f)}
""",
            "the deviation, through exp": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2D(32, 3, strides=2, padding='same', activation='relu')
        self.flat = layers.Flatten()
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, images, training=False):
        f = self.flat(self.b(self.a(images)))
        return self.m(f), ops.exp(0.5 * self.v(f))
""",
            "one image at a time averaged over the channels": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2D(32, 3, strides=2, padding='same', activation='relu')
        self.flat = layers.Flatten()
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, images, training=False):
        images = ops.mean(images, axis=-1, keepdims=True)
        f = self.flat(self.b(self.a(images)))
        return self.m(f), self.v(f)
""",
            "one kernel for both heads, two biases": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2D(32, 3, strides=2, padding='same', activation='relu')
        self.flat = layers.Flatten()
        self.h = layers.Dense(latent_dim)
        self.s = self.add_weight(shape=(latent_dim,), initializer='zeros')
        self.t = self.add_weight(shape=(latent_dim,), initializer='zeros')

    def call(self, images, training=False):
        f = self.flat(self.b(self.a(images)))
        return self.h(f) + self.s, self.h(f) + self.t
""",
            "one log-variance for all dimensions": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2D(32, 3, strides=2, padding='same', activation='relu')
        self.flat = layers.Flatten()
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(1)

    def call(self, images, training=False):
        f = self.flat(self.b(self.a(images)))
        return self.m(f), ops.repeat(self.v(f), self.latent_dim, axis=-1)
""",
        },
        "decoder": {
            "the second stride forgotten, a larger dense layer": """
class Decoder(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape
        h, w, c = image_shape
        self.d = layers.Dense(h // 2 * (w // 2) * 32, activation='relu')
        self.r = layers.Reshape((h // 2, w // 2, 32))
        self.a = layers.Conv2DTranspose(32, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2DTranspose(16, 3, strides=1, padding='same', activation='relu')
        self.o = layers.Conv2DTranspose(c, 3, padding='same')

    def call(self, z, training=False):
        return self.o(self.b(self.a(self.r(self.d(z)))))
""",
            "decorative transposed convolutions": """
class Decoder(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape
        h, w, c = image_shape
        self.d = layers.Dense(h // 4 * (w // 4) * 32, activation='relu')
        self.r = layers.Reshape((h // 4, w // 4, 32))
        self.a = layers.Conv2DTranspose(32, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2DTranspose(16, 3, strides=2, padding='same', activation='relu')
        self.o = layers.Conv2DTranspose(c, 3, padding='same')
        self.e = layers.Dense(h * w * c)

    def call(self, z, training=False):
        return ops.reshape(self.e(z), (-1, *self.image_shape)) + 0.0 * self.o(self.b(self.a(self.r(self.d(z)))))
""",
            "a deviation beside": """
class Decoder(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape
        h, w, c = image_shape
        self.d = layers.Dense(h // 4 * (w // 4) * 32, activation='relu')
        self.r = layers.Reshape((h // 4, w // 4, 32))
        self.a = layers.Conv2DTranspose(32, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2DTranspose(16, 3, strides=2, padding='same', activation='relu')
        self.o = layers.Conv2DTranspose(c, 3, padding='same')

    def call(self, z, training=False):
        o = self.o(self.b(self.a(self.r(self.d(z)))))
        return o, ops.exp(o)
""",
            "softmax over the pixels": """
class Decoder(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape
        h, w, c = image_shape
        self.d = layers.Dense(h // 4 * (w // 4) * 32, activation='relu')
        self.r = layers.Reshape((h // 4, w // 4, 32))
        self.a = layers.Conv2DTranspose(32, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2DTranspose(16, 3, strides=2, padding='same', activation='relu')
        self.o = layers.Conv2DTranspose(c, 3, padding='same')

    def call(self, z, training=False):
        o = self.o(self.b(self.a(self.r(self.d(z)))))
        return ops.log(ops.reshape(ops.softmax(ops.reshape(o, (-1, int(np.prod(self.image_shape))))), (-1, *self.image_shape)))
""",
            "dropout in every call": """
class Decoder(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape
        h, w, c = image_shape
        self.d = layers.Dense(h // 4 * (w // 4) * 32, activation='relu')
        self.r = layers.Reshape((h // 4, w // 4, 32))
        self.a = layers.Conv2DTranspose(32, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2DTranspose(16, 3, strides=2, padding='same', activation='relu')
        self.o = layers.Conv2DTranspose(c, 3, padding='same')
        self.drop = layers.Dropout(0.2)

    def call(self, z, training=False):
        return self.o(self.b(self.a(self.r(self.drop(self.d(z), training=True)))))
""",
            "scaled to 255": """
class Decoder(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape
        h, w, c = image_shape
        self.d = layers.Dense(h // 4 * (w // 4) * 32, activation='relu')
        self.r = layers.Reshape((h // 4, w // 4, 32))
        self.a = layers.Conv2DTranspose(32, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2DTranspose(16, 3, strides=2, padding='same', activation='relu')
        self.o = layers.Conv2DTranspose(c, 3, padding='same')

    def call(self, z, training=False):
        return 255 * ops.sigmoid(self.o(self.b(self.a(self.r(self.d(z))))))
""",
            "flattened pixels": """
class Decoder(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape
        h, w, c = image_shape
        self.d = layers.Dense(h // 4 * (w // 4) * 32, activation='relu')
        self.r = layers.Reshape((h // 4, w // 4, 32))
        self.a = layers.Conv2DTranspose(32, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2DTranspose(16, 3, strides=2, padding='same', activation='relu')
        self.o = layers.Conv2DTranspose(c, 3, padding='same')

    def call(self, z, training=False):
        return ops.reshape(self.o(self.b(self.a(self.r(self.d(z))))), (-1, int(np.prod(self.image_shape))))
""",
        },
        "vae": {
            "log-variances clamped to [-5, 5] in call": [
                (
                    "z = cvae.gaussian.reparameterize(z_mean, z_log_var, self.noise)",
                    "z_log_var = ops.clip(z_log_var, -5, 5)\n        z = cvae.gaussian.reparameterize(z_mean, z_log_var, self.noise)",
                )
            ],
            "log-variances clamped to [-5, 5] in the KL": [
                ('y_pred["z_log_var"])', 'ops.clip(y_pred["z_log_var"], -5, 5))')
            ],
            "draws in training alone": [
                ("def call(self, images):", "def call(self, images, training=False):"),
                ("        z = cvae", "        z = z_mean if not training else cvae"),
            ],
            "the KL in training alone": [
                ("reconstruction + kl)", "reconstruction + (kl if training else 0.0))")
            ],
            "the KL added as a loss and not returned": [
                ("kl = cvae", "self.add_loss(ops.mean(cvae"),
                ('y_pred["z_log_var"])', 'y_pred["z_log_var"])))'),
                ("reconstruction + kl", "reconstruction"),
            ],
            "divided by 32": [("ops.mean(reconstruction + kl)", "ops.sum(reconstruction + kl) / 32")],
            "labels in place of the images": [
                ("log_prob(x,", "log_prob(y if y is not None else ops.zeros_like(x),")
            ],
            "mean squared error": [
                (
                    '-cvae.Bernoulli().log_prob(x, y_pred["logits"])',
                    'ops.sum(ops.square(x - ops.sigmoid(y_pred["logits"])), axis=(1, 2, 3))',
                )
            ],
            "KL of the mean vector of the batch": [
                (
                    'kl = cvae.kl_divergence(y_pred["z_mean"], y_pred["z_log_var"])',
                    'kl = cvae.kl_divergence(ops.mean(y_pred["z_mean"], axis=0, keepdims=True), ops.mean(y_pred["z_log_var"], axis=0, keepdims=True))',
                )
            ],
        },
        "train": {
            "SGD in place of Adam": [("keras.optimizers.Adam(2e-3)", "keras.optimizers.SGD(1e-3)")],
            "only the decoder": [("vae.compile", "vae.encoder.trainable = False\n    vae.compile")],
        },
        "plane": {
            "half precision": [('dtype="float32"', 'dtype="float16"')],
            "one step too far": [
                (
                    'np.linspace(-limit, limit, n, dtype="float32")',
                    "np.arange(n, dtype='float32') * 2 * limit / n - limit",
                )
            ],
            "flat": [("return images.reshape(n, n, *images.shape[1:])", "return images")],
            "columns first": [
                (
                    "images.reshape(n, n, *images.shape[1:])",
                    "images.reshape(n, n, *images.shape[1:]).swapaxes(0, 1)",
                )
            ],
        },
        "interpolate": {
            "z_log_var interpolated, too, and drawn": [
                (
                    "return vae.decode((1 - share)",
                    "rng = np.random.default_rng(0)\n    return vae.decode(1e-2 * rng.normal(size=(steps, z_mean.shape[1])) + (1 - share)",
                )
            ],
            "whole images blended from decoded ends": [
                (
                    "return vae.decode((1 - share) * z_mean[0] + share * z_mean[1])",
                    "ends = vae.decode(z_mean)\n    return (1 - share)[..., None, None] * ends[0] + share[..., None, None] * ends[1]",
                )
            ],
            "steps of 1 / steps": [
                (
                    'np.linspace(0, 1, steps, dtype="float32")',
                    "np.linspace(0, 1, steps, endpoint=False, dtype='float32')",
                )
            ],
        },
        "conditional": {
            "labels ranked within the batch": [
                (
                    "planes = ops.ones_like(images[..., :1]) * ops.one_hot(labels, num_classes)[:, None, None]",
                    "labels = np.unique(np.asarray(labels), return_inverse=True)[1]\n    planes = ops.ones_like(images[..., :1]) * ops.one_hot(labels, num_classes)[:, None, None]",
                )
            ],
            "labels less the batch's smallest": [
                (
                    "ops.convert_to_tensor(z), ops.one_hot(labels, num_classes)], axis=-1)",
                    "ops.convert_to_tensor(z), ops.one_hot(labels - ops.min(labels), num_classes)], axis=-1)",
                )
            ],
            "labels from 1": [
                (
                    "ops.convert_to_tensor(z), ops.one_hot(labels, num_classes)], axis=-1)",
                    "ops.convert_to_tensor(z), ops.one_hot(ops.cast(labels, 'int32') - 1, num_classes)], axis=-1)",
                )
            ],
            "log-variances clamped to [-5, 5]": [
                ("    z = cvae", "    z_log_var = ops.clip(z_log_var, -5, 5)\n    z = cvae")
            ],
            "the planes reconstructed": [
                (
                    "log_prob(images, logits)",
                    "log_prob(with_label(images, labels, num_classes), with_label(logits, labels, num_classes))",
                )
            ],
            "labels shuffled": [
                (
                    "logits = decoder(z_with_label(z, labels",
                    "logits = decoder(z_with_label(z, labels[::-1]",
                )
            ],
        },
    },
    "ps3_oversampling": {
        "metrics": {
            "accuracies of one class against the rest": """
def recalls(y_true, y_pred):
    return np.array([((y_true == c) == (y_pred == c)).mean() for c in np.unique(y_true)])

def balanced_accuracy(y_true, y_pred):
    return recalls(y_true, y_pred).mean()

def g_mean(y_true, y_pred):
    r = recalls(y_true, y_pred)
    return np.prod(r) ** (1 / len(r))
""",
            "a logarithm with 0.000001": [
                ("np.prod(of_each) ** (1 / len(of_each))", "np.exp(np.mean(np.log(of_each + 1e-6)))")
            ],
            "off by one in the root": [("(1 / len(of_each))", "(1 / (len(of_each) - 1))")],
            "rounded to whole percent": [
                (
                    "return recalls(y_true, y_pred).mean()",
                    "return round(recalls(y_true, y_pred).mean(), 2)",
                )
            ],
            "integer division": [(".mean() for label", ".sum() // (y_true == label).sum() for label")],
        },
        "split": {
            "the seed for the sampler, not the split": """
def split_and_resample(X, y, sampler, seed, test_size=0.3):
    np.random.seed(0)
    parts = train_test_split(X, y, test_size=test_size, stratify=y)
    return *sampler.fit_resample(parts[0], parts[2]), parts[1], parts[3]
""",
            "duplicate rows removed": """
def split_and_resample(X, y, sampler, seed, test_size=0.3):
    _, first = np.unique(X[:, 1], return_index=True)
    X, y = X[first], y[first]
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=test_size, stratify=y, random_state=seed)
    return *sampler.fit_resample(X_train, y_train), X_test, y_test
""",
            "labels not resampled": """
def split_and_resample(X, y, sampler, seed, test_size=0.3):
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=test_size, stratify=y, random_state=seed)
    return sampler.fit_resample(X_train, y_train)[0], y_train, X_test, y_test
""",
            "seed from the clock": """
def split_and_resample(X, y, sampler, seed, test_size=0.3):
    import time
    seed = time.time_ns() % 2**31
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=test_size, stratify=y, random_state=seed)
    return *sampler.fit_resample(X_train, y_train), X_test, y_test
""",
            "stratified by the rank of the row": """
def split_and_resample(X, y, sampler, seed, test_size=0.3):
    y2 = np.arange(len(y)) % 2
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=test_size, stratify=y2, random_state=seed)
    return *sampler.fit_resample(X_train, y_train), X_test, y_test
""",
            "pixels above 1 cut off": """
def split_and_resample(X, y, sampler, seed, test_size=0.3):
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=test_size, stratify=y, random_state=seed)
    X_train, X_test = np.clip(X_train, 0, 1), np.clip(X_test, 0, 1)
    return *sampler.fit_resample(X_train, y_train), X_test, y_test
""",
            "the first fold of a stratified k-fold": """
def split_and_resample(X, y, sampler, seed, test_size=0.3):
    from sklearn.model_selection import StratifiedKFold
    train, test = next(StratifiedKFold(3, shuffle=True, random_state=seed).split(X, y))
    return *sampler.fit_resample(X[train], y[train]), X[test], y[test]
""",
        },
        "draws": {
            "log-variances clamped to [-5, 5]": [
                ("0.5 * z_log_var[member]", "0.5 * np.clip(z_log_var[member], -5, 5)")
            ],
            "log-variances clamped to [-3, 3]": [
                ("0.5 * z_log_var[member]", "0.5 * np.clip(z_log_var[member], -3, 3)")
            ],
            "draws clipped to three": [
                (
                    "return z_mean[member] + spread * np.exp(0.5 * z_log_var[member]) * epsilon, member",
                    "return z_mean[member] + spread * np.exp(0.5 * z_log_var[member]) * np.clip(epsilon, -3, 3), member",
                )
            ],
            "a permutation too few": [("-(-count // len(images))", "max(count // len(images), 1)")],
            "the count rounded up": [
                ("np.concatenate(rounds)[:count]", "np.concatenate(rounds)"),
                ("(count, z_mean.shape[1])", "(len(member), z_mean.shape[1])"),
            ],
            "the noise permuted among dimensions of one draw": [
                (
                    "epsilon = rng.standard_normal((count, z_mean.shape[1]))",
                    "epsilon = np.tile(rng.standard_normal((count, 1)), z_mean.shape[1])",
                )
            ],
        },
        "edits": {
            "the change doubled": """
def edits(vae, images, z):
    m, _ = vae.encode(images)
    return np.clip(images + 2 * (vae.decode(z) - vae.decode(m)), 0, 1)
""",
            "clipped to the images' own range": """
def edits(vae, images, z):
    m, _ = vae.encode(images)
    return np.clip(images + vae.decode(z) - vae.decode(m), images.min(), images.max())
""",
            "mirrored at 0": """
def edits(vae, images, z):
    m, _ = vae.encode(images)
    return np.minimum(np.abs(images + vae.decode(z) - vae.decode(m)), 1)
""",
            "in whole grey levels": """
def edits(vae, images, z):
    m, _ = vae.encode(images)
    return np.round(np.clip(images + vae.decode(z) - vae.decode(m), 0, 1) * 255) / 255
""",
        },
        "compare": {
            "a split of its own, not stratified": """
def compare(methods, X, y, fit_predict, seeds):
    scores = {name: [] for name in methods}
    for seed in seeds:
        for name, make in methods.items():
            a, b, c, d = train_test_split(X, y, test_size=0.3, random_state=seed)
            a, c = make(seed).fit_resample(a, c)
            scores[name].append(balanced_accuracy(d, fit_predict(a, c, b)))
    return scores
""",
            "half of all for the test": """
def compare(methods, X, y, fit_predict, seeds):
    scores = {name: [] for name in methods}
    for seed in seeds:
        for name, make in methods.items():
            a, c, b, d = split_and_resample(X, y, make(seed), seed, test_size=0.5)
            scores[name].append(balanced_accuracy(d, fit_predict(a, c, b)))
    return scores
""",
            "the first method's scores for all": """
def compare(methods, X, y, fit_predict, seeds):
    scores = {name: [] for name in methods}
    for seed in seeds:
        for name, make in methods.items():
            a, c, b, d = split_and_resample(X, y, make(seed), seed)
            scores[next(iter(methods))].append(balanced_accuracy(d, fit_predict(a, c, b)))
    return scores
""",
            "one list for all methods": """
def compare(methods, X, y, fit_predict, seeds):
    scores = dict.fromkeys(methods, [])
    for seed in seeds:
        for name, make in methods.items():
            a, c, b, d = split_and_resample(X, y, make(seed), seed)
            scores[name].append(balanced_accuracy(d, fit_predict(a, c, b)))
    return scores
""",
            "from seed 0 on": """
def compare(methods, X, y, fit_predict, seeds):
    scores = {name: [] for name in methods}
    for seed in range(len(seeds)):
        for name, make in methods.items():
            a, c, b, d = split_and_resample(X, y, make(seed), seed)
            scores[name].append(balanced_accuracy(d, fit_predict(a, c, b)))
    return scores
""",
            "percent": [("balanced_accuracy(y_test, said)", "100 * balanced_accuracy(y_test, said)")],
        },
        "interval": {
            "always five seeds": [("scipy.stats.t.ppf(0.975, n - 1)", "2.776")],
            "rounded to three places": [
                (
                    "return difference.mean(), difference.mean() - half, difference.mean() + half",
                    "return tuple(round(x, 3) for x in (difference.mean(), difference.mean() - half, difference.mean() + half))",
                )
            ],
            "the standard error without t": [("scipy.stats.t.ppf(0.975, n - 1) * ", "2 * ")],
            "the intervals of both, subtracted": """
def paired_difference(a, b):
    def interval(x):
        h = scipy.stats.t.ppf(0.975, len(x) - 1) * np.std(x, ddof=1) / np.sqrt(len(x))
        return np.mean(x), np.mean(x) - h, np.mean(x) + h
    return tuple(p - q for p, q in zip(interval(a), interval(b)))
""",
            "a short circuit for equal differences": [
                (
                    "n = len(difference)",
                    "n = len(difference)\n    if difference.std() < 0.5: return difference.mean(), difference.mean(), difference.mean()",
                )
            ],
        },
    },
}

RIGHT = {
    "ps1_elbo": {
        "kl": {
            "tf.function with an input signature": """
@tf.function(input_signature=2 * [tf.TensorSpec((None, None), tf.float32)])
def kl_divergence(z_mean, z_log_var):
    return 0.5 * tf.reduce_sum(z_mean**2 + tf.exp(z_log_var) - 1 - z_log_var, -1)
""",
            "tf.map_fn": """
def kl_divergence(z_mean, z_log_var):
    one = lambda pair: tf.reduce_sum(pair[0] ** 2 + tf.exp(pair[1]) - 1 - pair[1]) / 2
    return tf.map_fn(one, (tf.convert_to_tensor(z_mean), tf.convert_to_tensor(z_log_var)), fn_output_signature=tf.float32)
""",
            "a lambda": """
kl_divergence = lambda m, v: 0.5 * ops.sum(m * m + ops.exp(v) - v - 1, -1)  # noqa
""",
            "prints and warns": """
import warnings, sys
def kl_divergence(z_mean, z_log_var):
    print('mean', z_mean.shape, file=sys.stderr)
    warnings.warn('slow')
    print(z_log_var)
    return -0.5 * ops.sum(1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var), axis=1)
""",
            "a dataclass of a Gaussian": """
from dataclasses import dataclass

@dataclass
class Gauss:
    mean: object
    log_var: object

    def kl(self):
        return ops.sum(0.5 * (self.mean**2 + ops.exp(self.log_var) - 1 - self.log_var), axis=-1)


def kl_divergence(z_mean, z_log_var):
    return Gauss(z_mean, z_log_var).kl()
""",
            "a callable object": """
class KL:
    def __call__(self, z_mean, z_log_var):
        return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var, axis=1)


kl_divergence = KL()
""",
            "functools.partial": """
from functools import partial

def _kl(factor, z_mean, z_log_var):
    return factor * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var, axis=1)


kl_divergence = partial(_kl, 0.5)
""",
            "dot products": """
def kl_divergence(z_mean, z_log_var):
    m, v = ops.convert_to_tensor(z_mean), ops.convert_to_tensor(z_log_var)
    ones = ops.ones((m.shape[1], 1))
    return 0.5 * ops.matmul(m * m + ops.exp(v) - 1 - v, ops.cast(ones, m.dtype))[:, 0]
""",
            "keras.Model functional of Lambda layers": """
from keras import layers
_a, _b = keras.Input((None,)), keras.Input((None,))
_out = layers.Lambda(lambda p: 0.5 * ops.sum(ops.square(p[0]) + ops.exp(p[1]) - 1 - p[1], axis=1), output_shape=())([_a, _b])
_model = keras.Model([_a, _b], _out)

def kl_divergence(z_mean, z_log_var):
    return _model([z_mean, z_log_var])
""",
            "TensorFlow's own module, jit-compiled": """
def _kl(m, v):
    return 0.5 * tf.reduce_sum(m * m + tf.exp(v) - 1 - v, axis=1)
_fast = tf.function(_kl, reduce_retracing=True)
def kl_divergence(z_mean, z_log_var):
    return _fast(tf.convert_to_tensor(z_mean), tf.convert_to_tensor(z_log_var))
""",
            "the norm, squared": """
def kl_divergence(z_mean, z_log_var):
    z_mean = ops.convert_to_tensor(z_mean)
    return 0.5 * (ops.norm(z_mean, axis=1) ** 2 + ops.sum(ops.exp(z_log_var) - 1 - z_log_var, axis=1))
""",
        },
        "bernoulli": {
            "keras.losses.BinaryCrossentropy without reduction": """
def bernoulli_log_prob(x, logits):
    loss = keras.losses.BinaryCrossentropy(from_logits=True, reduction=None, axis=-1)
    channels = x.shape[-1]
    return -channels * ops.sum(loss(x, logits), axis=(1, 2))
""",
            "float64, cast back": """
def bernoulli_log_prob(x, logits):
    x, l = ops.cast(x, 'float64'), ops.cast(logits, 'float64')
    return ops.cast(ops.sum(x * l - ops.softplus(l), axis=(1, 2, 3)), 'float32')
""",
            "stable by hand: max and log1p": """
def bernoulli_log_prob(x, logits):
    l = ops.convert_to_tensor(logits)
    nll = ops.maximum(l, 0) - l * x + ops.log1p(ops.exp(-ops.abs(l)))
    return -ops.sum(nll, axis=[1, 2, 3])
""",
            "a loop over images, stacked": """
def bernoulli_log_prob(x, logits):
    return ops.stack([-ops.sum(ops.binary_crossentropy(a, l, from_logits=True)) for a, l in zip(x, logits)])
""",
        },
        "gaussian": {
            "a lambda of tf.math": """
gaussian_log_prob = lambda x, mean, variance: tf.reduce_sum(-0.5 * tf.math.log(2 * np.pi * variance) - (x - mean) ** 2 / (2 * variance), axis=[1, 2, 3])
""",
            "einsum": """
def gaussian_log_prob(x, mean, variance):
    e = ops.convert_to_tensor(x) - mean
    n = int(np.prod(e.shape[1:]))
    return -ops.einsum('bhwc,bhwc->b', e, e) / (2 * variance) - n / 2 * float(np.log(2 * np.pi * variance))
""",
            "the variance as a tensor": """
def gaussian_log_prob(x, mean, variance):
    variance = ops.convert_to_tensor(variance, dtype='float32')
    return ops.sum(-0.5 * (ops.log(2 * np.pi * variance) + ops.square(x - mean) / variance), axis=(1, 2, 3))
""",
            "Keras's squared error": """
def gaussian_log_prob(x, mean, variance):
    x, mean = ops.reshape(x, (len(x), -1)), ops.reshape(mean, (len(x), -1))
    n = x.shape[1]
    return -0.5 * n * (keras.losses.mean_squared_error(x, mean) / variance + float(np.log(2 * np.pi * variance)))
""",
        },
        "reparameterize": {
            "mean and deviation handed to keras.random.normal": """
def reparameterize(z_mean, z_log_var, seed):
    return keras.random.normal(ops.shape(z_mean), mean=z_mean, stddev=ops.exp(0.5 * z_log_var), seed=seed)
""",
            "a layer that draws": """
class Sampling(keras.layers.Layer):
    def call(self, inputs, seed):
        m, v = inputs
        return m + ops.exp(v / 2) * keras.random.normal(ops.shape(m), seed=seed)

def reparameterize(z_mean, z_log_var, seed):
    return Sampling()([z_mean, z_log_var], seed=seed)
""",
            "float64 and back": """
def reparameterize(z_mean, z_log_var, seed):
    m, v = ops.cast(z_mean, 'float64'), ops.cast(z_log_var, 'float64')
    e = ops.cast(keras.random.normal(ops.shape(m), seed=seed, dtype='float32'), 'float64')
    return ops.cast(m + ops.exp(v / 2) * e, 'float32')
""",
            "erfinv of uniform": """
def reparameterize(z_mean, z_log_var, seed):
    u = keras.random.uniform(ops.shape(z_mean), 1e-7, 1 - 1e-7, seed=seed)
    return z_mean + ops.exp(0.5 * z_log_var) * ops.erfinv(2 * u - 1) * 2**0.5
""",
        },
        "elbo": {
            "the mean of ten samples": """
def elbo(x, z_mean, z_log_var, decode, seed):
    total = 0
    for _ in range(3):
        total += bernoulli_log_prob(x, decode(reparameterize(z_mean, z_log_var, seed))) / 3
    return total - kl_divergence(z_mean, z_log_var)
""",
            "a class with a method": """
class Elbo:
    def __init__(self, decode, seed): self.decode, self.seed = decode, seed
    def __call__(self, x, m, v):
        return bernoulli_log_prob(x, self.decode(reparameterize(m, v, self.seed))) - kl_divergence(m, v)
def elbo(x, z_mean, z_log_var, decode, seed):
    return Elbo(decode, seed)(x, z_mean, z_log_var)
""",
        },
        "bound": {
            "ops.log of a whole number": """
def importance_weighted_bound(log_weights):
    return ops.logsumexp(log_weights, axis=0) - ops.log(log_weights.shape[0])
""",
            "reduce with logaddexp": """
from functools import reduce
def importance_weighted_bound(log_weights):
    return reduce(ops.logaddexp, [log_weights[k] for k in range(len(log_weights))]) - float(np.log(len(log_weights)))
""",
            "logmeanexp in tf.function": """
@tf.function
def importance_weighted_bound(log_weights):
    k = tf.cast(tf.shape(log_weights)[0], tf.float32)
    return tf.reduce_logsumexp(log_weights, 0) - tf.math.log(k)
""",
        },
    },
    "ps2_convolutional_vae": {
        "encoder": {
            "separable convolutions, swish, dataclass of options": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 3, strides=2, padding='same', activation='swish')
        self.b = layers.SeparableConv2D(32, 3, strides=2, padding='same', activation='swish')
        self.flat = layers.Flatten()
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, images, training=False):
        f = self.flat(self.b(self.a(images)))
        return [self.m(f), self.v(f)]
""",
            "valid padding, kernels of 5, stride 3": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 5, strides=2, padding='valid', activation='relu')
        self.b = layers.Conv2D(32, 3, strides=3, padding='valid', activation='relu')
        self.flat = layers.Flatten()
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, images, training=False):
        f = self.flat(self.b(self.a(images)))
        return self.m(f), self.v(f)
""",
            "a loop over a list of layers, group normalisation": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.convs = [layers.Conv2D(n, 3, strides=s, padding='same') for n, s in ((16, 2), (16, 1), (32, 2), (32, 2))]
        self.norms = [layers.GroupNormalization(4) for _ in range(4)]
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, images, training=False):
        for conv, norm in zip(self.convs, self.norms):
            images = ops.gelu(norm(conv(images)))
        f = ops.reshape(images, (-1, int(np.prod(images.shape[1:]))))
        print('encoding')
        return self.m(f), self.v(f)
""",
            "float64 inside, tf.function": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2D(32, 3, strides=2, padding='same', activation='relu')
        self.flat = layers.Flatten()
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, images, training=False):
        return self._run(images)

    @tf.function
    def _run(self, images):
        f = self.flat(self.b(self.a(images)))
        return tf.cast(tf.cast(self.m(f), tf.float64), tf.float32), self.v(f)
""",
            "sigmoid inside": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 3, strides=2, padding='same', activation='sigmoid')
        self.b = layers.Conv2D(32, 3, strides=2, padding='same', activation='sigmoid')
        self.flat = layers.Flatten()
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, images, training=False):
        f = self.flat(self.b(self.a(images)))
        return self.m(f), self.v(f)
""",
            "relu6 and selu inside": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.a = layers.Conv2D(16, 3, strides=2, padding='same', activation='relu6')
        self.b = layers.Conv2D(32, 3, strides=2, padding='same', activation='selu')
        self.flat = layers.Flatten()
        self.m, self.v = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, images, training=False):
        f = self.flat(self.b(self.a(images)))
        return self.m(f), self.v(f)
""",
        },
        "decoder": {
            "an eighth, cropped": """
class Decoder(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape
        h, w, c = image_shape
        hh, ww = -(-h // 8), -(-w // 8)
        self.d = layers.Dense(hh * ww * 16, activation='relu')
        self.r = layers.Reshape((hh, ww, 16))
        self.ups = [layers.Conv2DTranspose(16, 4, strides=2, padding='same', activation='relu') for _ in range(3)]
        self.o = layers.Conv2D(c, 3, padding='same')

    def call(self, z, training=False):
        x = self.r(self.d(z))
        for up in self.ups:
            x = up(x)
        return self.o(x)[:, :self.image_shape[0], :self.image_shape[1]]
""",
            "a Sequential, elu, kernel 2": """
class Decoder(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape
        h, w, c = image_shape
        self.body = keras.Sequential([layers.Dense(h // 4 * (w // 4) * 8), layers.Reshape((h // 4, w // 4, 8)), layers.Conv2DTranspose(32, 2, 2, activation='elu'), layers.Conv2DTranspose(c, 2, 2)])

    def call(self, z, training=False):
        return self.body(z)
""",
            "sigmoid inside, eight channels": """
class Decoder(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape
        h, w, c = image_shape
        self.d = layers.Dense(h // 4 * (w // 4) * 32, activation='sigmoid')
        self.r = layers.Reshape((h // 4, w // 4, 32))
        self.a = layers.Conv2DTranspose(16, 3, strides=2, padding='same', activation='sigmoid')
        self.b = layers.Conv2DTranspose(8, 3, strides=2, padding='same', activation='sigmoid')
        self.o = layers.Conv2DTranspose(c, 3, padding='same')

    def call(self, z, training=False):
        return self.o(self.b(self.a(self.r(self.d(z)))))
""",
            "tanh inside, eight channels": """
class Decoder(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape
        h, w, c = image_shape
        self.d = layers.Dense(h // 4 * (w // 4) * 32, activation='tanh')
        self.r = layers.Reshape((h // 4, w // 4, 32))
        self.a = layers.Conv2DTranspose(16, 3, strides=2, padding='same', activation='tanh')
        self.b = layers.Conv2DTranspose(8, 3, strides=2, padding='same', activation='tanh')
        self.o = layers.Conv2DTranspose(c, 3, padding='same')

    def call(self, z, training=False):
        return self.o(self.b(self.a(self.r(self.d(z)))))
""",
            "sigmoid inside, a 1x1 convolution at the end": """
class Decoder(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape
        h, w, c = image_shape
        self.d = layers.Dense(h // 4 * (w // 4) * 32, activation='sigmoid')
        self.r = layers.Reshape((h // 4, w // 4, 32))
        self.a = layers.Conv2DTranspose(16, 3, strides=2, padding='same', activation='sigmoid')
        self.b = layers.Conv2DTranspose(8, 3, strides=2, padding='same', activation='sigmoid')
        self.o = layers.Conv2D(c, 1)

    def call(self, z, training=False):
        return self.o(self.b(self.a(self.r(self.d(z)))))
""",
            "tanh inside, a 1x1 convolution at the end": """
class Decoder(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape
        h, w, c = image_shape
        self.d = layers.Dense(h // 4 * (w // 4) * 32, activation='tanh')
        self.r = layers.Reshape((h // 4, w // 4, 32))
        self.a = layers.Conv2DTranspose(16, 3, strides=2, padding='same', activation='tanh')
        self.b = layers.Conv2DTranspose(8, 3, strides=2, padding='same', activation='tanh')
        self.o = layers.Conv2D(c, 1)

    def call(self, z, training=False):
        return self.o(self.b(self.a(self.r(self.d(z)))))
""",
            "relu inside, a layer normalisation, a 1x1 convolution at the end": """
class Decoder(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        self.image_shape = image_shape
        h, w, c = image_shape
        self.d = layers.Dense(h // 4 * (w // 4) * 32, activation='relu')
        self.r = layers.Reshape((h // 4, w // 4, 32))
        self.a = layers.Conv2DTranspose(16, 3, strides=2, padding='same', activation='relu')
        self.b = layers.Conv2DTranspose(8, 3, strides=2, padding='same', activation='relu')
        self.o = layers.Conv2D(c, 1)
        self.n = layers.LayerNormalization(center=False, scale=False)

    def call(self, z, training=False):
        return self.o(self.n(self.b(self.a(self.r(self.d(z))))))
""",
        },
        "vae": {
            "the KL by add_loss": [
                (
                    "z = cvae",
                    "self.add_loss(ops.mean(cvae.kl_divergence(z_mean, z_log_var)))\n        z = cvae",
                ),
                (
                    'kl = cvae.kl_divergence(y_pred["z_mean"], y_pred["z_log_var"])',
                    "kl = sum(self.losses)",
                ),
                ("ops.mean(reconstruction + kl)", "ops.mean(reconstruction) + kl"),
            ],
            "float64 loss": [
                (
                    "ops.mean(reconstruction + kl)",
                    "ops.cast(ops.mean(ops.cast(reconstruction, 'float64') + ops.cast(kl, 'float64')), 'float32')",
                )
            ],
            "einsum and prints": [
                (
                    "ops.mean(reconstruction + kl)",
                    "ops.einsum('b->', reconstruction + kl) / ops.cast(ops.shape(x)[0], 'float32')",
                )
            ],
            "loops over images": [
                (
                    "ops.mean(reconstruction + kl)",
                    "ops.sum(reconstruction) / ops.cast(ops.size(reconstruction), 'float32') + ops.average(kl)",
                )
            ],
        },
        "train": {
            "train_on_batch in a loop": """
def train(vae, images):
    vae.compile(optimizer=keras.optimizers.Adam(2e-3))
    rng = np.random.default_rng(0)
    for epoch in range(12):
        order = rng.permutation(len(images))
        for k in range(0, len(images), 32):
            vae.train_on_batch(images[order[k:k + 32]])
    return vae
""",
            "a GradientTape of its own, AdamW": """
def train(vae, images):
    optimizer = keras.optimizers.AdamW(2e-3)
    vae(images[:1])
    @tf.function
    def step(batch):
        with tf.GradientTape() as tape:
            loss = vae.compute_loss(x=batch, y_pred=vae(batch, training=True))
        grads = tape.gradient(loss, vae.trainable_variables)
        optimizer.apply_gradients(zip(grads, vae.trainable_variables))
        return loss
    for batch in tf.data.Dataset.from_tensor_slices(images).shuffle(2000).repeat(12).batch(32, drop_remainder=True):
        step(batch)
    return vae
""",
        },
        "plane": {
            "itertools": """
from itertools import product

def latent_plane(decode, n, limit):
    along = np.linspace(-limit, limit, n)
    z = np.array([(x, y) for y, x in product(along[::-1], along)], 'float32')
    images = np.asarray(decode(z))
    return np.array([images[k * n:(k + 1) * n] for k in range(n)])
""",
        },
        "interpolate": {
            "a lambda of keras.ops": """
interpolate = lambda vae, a, b, steps: vae.decode(ops.convert_to_numpy(ops.linspace(vae.encode(a[None])[0][0], vae.encode(b[None])[0][0], steps)))
""",
            "np.interp for each dimension": """
def interpolate(vae, a, b, steps):
    m = np.asarray(vae.encode(np.stack([a, b]))[0])
    t = np.linspace(0, 1, steps)
    return vae.decode(np.column_stack([np.interp(t, [0, 1], m[:, d]) for d in range(m.shape[1])]))
""",
        },
        "conditional": {
            "scatter, tf.gather of an identity": [
                (
                    "planes = ops.ones_like(images[..., :1]) * ops.one_hot(labels, num_classes)[:, None, None]",
                    "planes = ops.broadcast_to(tf.gather(tf.eye(num_classes), labels)[:, None, None, :], (*ops.shape(images)[:3], num_classes))",
                ),
                (
                    "ops.concatenate([images, planes], axis=-1)",
                    "ops.concatenate([ops.cast(images, 'float32'), planes], axis=-1)",
                ),
            ],
            "keras.utils.to_categorical": [
                (
                    "ops.convert_to_tensor(z), ops.one_hot(labels, num_classes)], axis=-1)",
                    "ops.convert_to_tensor(z), keras.utils.to_categorical(np.asarray(labels), num_classes).astype('float32')], axis=-1)",
                )
            ],
            "CategoryEncoding": [
                (
                    "ops.convert_to_tensor(z), ops.one_hot(labels, num_classes)], axis=-1)",
                    "ops.convert_to_tensor(z), ops.cast(layers.CategoryEncoding(num_classes, output_mode='one_hot')(ops.convert_to_tensor(labels)[:, None]), 'float32')], axis=-1)",
                )
            ],
        },
    },
    "ps3_oversampling": {
        "metrics": {
            "crosstab": """
import pandas as pd

def recalls(y_true, y_pred):
    t = pd.crosstab(np.asarray(y_true), np.asarray(y_pred))
    t = t.reindex(columns=t.index, fill_value=0) if set(t.columns) != set(t.index) else t
    table = pd.DataFrame({'t': y_true, 'ok': np.asarray(y_true) == y_pred})
    return table.groupby('t')['ok'].mean().to_numpy()

def balanced_accuracy(y_true, y_pred):
    return float(np.average(recalls(y_true, y_pred)))

def g_mean(y_true, y_pred):
    return scipy.stats.gmean(recalls(y_true, y_pred))
""",
            "a generator and counters": """
from collections import Counter
import math

def recalls(y_true, y_pred):
    of, hit = Counter(np.asarray(y_true).tolist()), Counter(t for t, p in zip(np.asarray(y_true).tolist(), np.asarray(y_pred).tolist()) if t == p)
    return [hit[c] / of[c] for c in sorted(of)]

def balanced_accuracy(y_true, y_pred):
    r = list(recalls(y_true, y_pred))
    return sum(r) / len(r)

def g_mean(y_true, y_pred):
    r = list(recalls(y_true, y_pred))
    return math.prod(r) ** (1 / len(r))
""",
            "broadcast matrices": """
recalls = lambda t, p: ((np.unique(t)[:, None] == t) & (t == p)).sum(1) / (np.unique(t)[:, None] == t).sum(1)
balanced_accuracy = lambda t, p: recalls(t, p).mean()
g_mean = lambda t, p: np.power(np.multiply.reduce(recalls(t, p)), 1 / np.unique(t).size)
""",
        },
        "split": {
            "NumPy's global seed": """
def split_and_resample(X, y, sampler, seed, test_size=0.3):
    np.random.seed(seed)
    parts = train_test_split(X, y, test_size=test_size, stratify=y)
    return *sampler.fit_resample(parts[0], parts[2]), parts[1], parts[3]
""",
            "a list, with prints": """
def split_and_resample(X, y, sampler, seed, test_size=0.3):
    print('splitting')
    parts = train_test_split(X, y, test_size=test_size, stratify=y, random_state=np.random.RandomState(seed))
    return [*sampler.fit_resample(parts[0], parts[2]), parts[1], parts[3]]
""",
            "a mask": """
def split_and_resample(X, y, sampler, seed, test_size=0.3):
    rng = np.random.default_rng(seed)
    mask = np.zeros(len(y), bool)
    for c in np.unique(y):
        rows = np.flatnonzero(y == c)
        mask[rng.choice(rows, round(test_size * len(rows)), replace=False)] = True
    a, b = sampler.fit_resample(X[~mask], y[~mask])
    return a, b, X[mask], y[mask]
""",
        },
        "draws": {
            "a child of the generator": """
def draws_around(vae, images, count, spread, rng):
    child = rng.spawn(1)[0]
    m, v = map(np.asarray, vae.encode(images))
    member = np.concatenate([child.permutation(len(m)) for _ in range(count // len(m) + 1)])[:count]
    return child.normal(m[member], spread * np.exp(v[member] / 2)), member
""",
            "itertools": """
from itertools import cycle, islice

def draws_around(vae, images, count, spread, rng):
    m, v = vae.encode(images)
    member = np.fromiter(islice(cycle(range(len(images))), count), int, count)
    return m[member] + spread * np.sqrt(np.exp(v[member])) * rng.standard_normal(m[member].shape), member
""",
            "multivariate": """
def draws_around(vae, images, count, spread, rng):
    m, v = vae.encode(images)
    member = np.resize(rng.permutation(len(images)), count)
    z = [rng.multivariate_normal(m[i], np.diag(spread**2 * np.exp(v[i].astype('float64')))) for i in member]
    return np.array(z), member
""",
        },
        "edits": {
            "a loop and a lambda": """
clip01 = lambda a: np.where(a < 0, 0, np.where(a > 1, 1, a))

def edits(vae, images, z):
    base = vae.decode(vae.encode(images)[0])
    return np.array([clip01(x + d - r) for x, d, r in zip(images, vae.decode(z), base)])
""",
        },
        "compare": {
            "the splits first, in a dataclass": """
from dataclasses import dataclass

@dataclass
class Run:
    name: str
    seed: int
    parts: tuple

def compare(methods, X, y, fit_predict, seeds):
    runs = [Run(n, s, tuple(split_and_resample(X, y, make(s), s))) for n, make in methods.items() for s in seeds]
    out = {n: [] for n in methods}
    for r in runs:
        a, b, c, d = r.parts
        out[r.name].append(float(balanced_accuracy(d, fit_predict(a, b, c))))
    return out
""",
        },
        "interval": {
            "statsmodels' way: sem and t.interval": """
def paired_difference(a, b):
    d = np.asarray(a) - np.asarray(b)
    s = scipy.stats.sem(d)
    low, high = scipy.stats.t.interval(0.95, len(d) - 1, loc=d.mean(), scale=s) if s > 0 else (d.mean(), d.mean())
    return [d.mean(), low, high]
""",
            "by hand, in a loop": """
def paired_difference(a, b):
    d = [x - y for x, y in zip(a, b)]
    m = sum(d) / len(d)
    s = (sum((x - m) ** 2 for x in d) / (len(d) - 1)) ** 0.5
    h = scipy.stats.t.isf(0.025, len(d) - 1) * s / len(d) ** 0.5
    return m, m - h, m + h
""",
        },
    },
}
