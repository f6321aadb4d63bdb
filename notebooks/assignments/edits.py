"""Answers that differ from the solutions in a place or two: wrong ones, and right ones of unusual form.

{problem set: {question: {what: answer}}}, where an answer is a text, or pairs (what the solution has, what stands there
instead). `mistakes` puts them together with the longer ones.
"""

VAE_LOSS = "return ops.mean(reconstruction + kl)"
Z_OF_VAE = "z = cvae.gaussian.reparameterize(z_mean, z_log_var, self.noise)"
NOISE = "epsilon = keras.random.normal(ops.shape(z_mean), seed=seed)"
Z_OF_COND = "z = cvae.gaussian.reparameterize(z_mean, z_log_var, seed)"
ENCODER_HEADS = "return self.z_mean(features), self.z_log_var(features)"
RETURNED = "return self.z_mean(features), "
SPLIT = "X, y, test_size=test_size, stratify=y, random_state=seed"
RESAMPLED = "return *sampler.fit_resample(X_train, y_train), X_test, y_test"
DRAWN = "return z_mean[member] + spread * np.exp(0.5 * z_log_var[member]) * epsilon, member"
EPSILON = "epsilon = rng.standard_normal((count, z_mean.shape[1]))"
EDITED = "return np.clip(images + vae.decode(z) - vae.decode(z_mean), 0, 1)"
COMPARED = "scores[name].append(balanced_accuracy(y_test, said))"
HALF = "half = scipy.stats.t.ppf(0.975, n - 1) * difference.std(ddof=1) / np.sqrt(n)"
BELOW = "return difference.mean(), difference.mean() - half, difference.mean() + half"

WRONG = {
    "ps1_elbo": {
        "kl": {
            "at most 50 nats": [
                ("0.5 * ops.sum(terms, axis=1)", "ops.minimum(0.5 * ops.sum(terms, axis=1), 50.0)")
            ],
            "its input written into": [
                (
                    "terms = ",
                    "if isinstance(z_mean, np.ndarray):\n        z_mean *= z_mean\n        return 0.5 * ops.sum(z_mean + ops.exp(z_log_var) - 1 - z_log_var, axis=1)\n    terms = ",
                )
            ],
            "the wrong sign of the log": [("- 1 - z_log_var", "- 1 + z_log_var")],
            "the one forgotten": [("- 1 - z_log_var", "- z_log_var")],
            "the mean not squared": [("ops.square(z_mean)", "z_mean")],
            "the mean's absolute value": [("ops.square(z_mean)", "ops.abs(z_mean)")],
            "the dimensions kept": [("axis=1", "axis=1, keepdims=True")],
            "nothing summed": [("ops.sum(terms, axis=1)", "terms")],
            "the other direction": [
                (
                    "ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var",
                    "(1 + ops.square(z_mean)) / ops.exp(z_log_var) - 1 + z_log_var",
                ),
            ],
            "in NumPy": [
                (
                    "terms = ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var",
                    "z_mean, z_log_var = np.array(z_mean), np.array(z_log_var)\n"
                    "    terms = z_mean**2 + np.exp(z_log_var) - 1 - z_log_var",
                ),
                ("ops.sum", "np.sum"),
            ],
            "the gradient of the log-variance stopped": [
                ("ops.exp(z_log_var)", "ops.exp(ops.stop_gradient(z_log_var))")
            ],
            "the gradient of the mean stopped": [
                ("ops.square(z_mean)", "ops.square(ops.stop_gradient(z_mean))")
            ],
            "log-variances clipped to [-1, 1]": [
                ("terms =", "z_log_var = ops.clip(z_log_var, -1, 1)\n    terms ="),
            ],
            "never below 1 nat a dimension": [
                ("ops.sum(terms, axis=1)", "ops.sum(ops.maximum(terms, 1), axis=1)")
            ],
            "divided by the number of images": [
                ("0.5 * ops.sum(terms, axis=1)", "0.5 * ops.sum(terms, axis=1) / len(z_mean)")
            ],
            "base 2, bits": [("0.5 *", "0.5 / np.log(2) *")],
            "for two dimensions only": [("ops.sum(terms, axis=1)", "(terms[:, 0] + terms[:, 1])")],
        },
        "bernoulli": {
            "summed over height and width alone": [("axis=(1, 2, 3)", "axis=(1, 2)")],
            "averaged over the channels": [
                ("ops.sum(log_prob, axis=(1, 2, 3))", "ops.sum(ops.mean(log_prob, axis=3), axis=(1, 2))")
            ],
            "only the first channel": [("ops.sum(log_prob,", "ops.sum(log_prob[..., :1],")],
            "summed over the batch, too": [("ops.sum(log_prob, axis=(1, 2, 3))", "ops.sum(log_prob)")],
            "images and logits exchanged": [
                ("binary_crossentropy(x, logits,", "binary_crossentropy(logits, x,")
            ],
            "logits of the other sign": [("(x, logits,", "(x, -logits,")],
            "logits clipped to 20": [
                ("log_prob =", "logits = ops.clip(logits, -20, 20)\n    log_prob =")
            ],
            "in SciPy": [
                (
                    "log_prob = -ops.binary_crossentropy(x, logits, from_logits=True)",
                    "logits = np.array(logits)\n    log_prob = x * logits - np.logaddexp(0, logits)",
                ),
                ("ops.sum", "np.sum"),
            ],
            "the gradient stopped": [("(x, logits,", "(x, ops.stop_gradient(logits),")],
            "a density of 1 for grey: squared errors": [
                (
                    "-ops.binary_crossentropy(x, logits, from_logits=True)",
                    "-ops.square(x - ops.sigmoid(logits))",
                ),
            ],
            "Keras's own mean over the last axis": [
                (
                    "-ops.binary_crossentropy(x, logits, from_logits=True)",
                    "-keras.losses.binary_crossentropy(x, logits, from_logits=True)",
                ),
                ("axis=(1, 2, 3)", "axis=(1, 2)"),
            ],
            "1e-7 added in the logarithm": [
                (
                    "log_prob = -ops.binary_crossentropy(x, logits, from_logits=True)",
                    "p = ops.sigmoid(logits)\n    log_prob = x * ops.log(p + 1e-7) + (1 - x) * ops.log(1 - p + 1e-7)",
                ),
            ],
            "only the black pixels count": [
                (
                    "-ops.binary_crossentropy(x, logits, from_logits=True)",
                    "(1 - x) * ops.log_sigmoid(-logits)",
                )
            ],
            "softplus that overflows": [
                (
                    "-ops.binary_crossentropy(x, logits, from_logits=True)",
                    "x * logits - ops.log(1 + ops.exp(logits))",
                ),
            ],
        },
        "gaussian": {
            "no half before the square": [("-0.5 * ops.sum(squared +", "-0.5 * ops.sum(2 * squared +")],
            "no half before the constant": [("float(np.log", "2 * float(np.log")],
            "the constant added": [("squared + float", "squared - float")],
            "no 2 pi": [("2 * np.pi * variance", "variance")],
            "no pi": [("2 * np.pi * variance", "2 * variance")],
            "without the variance in the constant": [("2 * np.pi * variance", "2 * np.pi")],
            "the squared error not divided": [
                ("ops.square(x - mean) / variance", "ops.square(x - mean)")
            ],
            "the absolute error": [("ops.square(x - mean)", "ops.abs(x - mean)")],
            "the deviation in the constant": [("2 * np.pi * variance", "2 * np.pi * variance**0.5")],
            "the wrong sign": [("-0.5 *", "0.5 *")],
            "summed over the batch, too": [(", axis=(1, 2, 3))", ")")],
            "channels kept": [("axis=(1, 2, 3)", "axis=(1, 2)")],
            "the density's logarithm, taken of the density": [
                (
                    "-0.5 * ops.sum(squared + float(np.log(2 * np.pi * variance)), axis=(1, 2, 3))",
                    "ops.sum(ops.log(ops.exp(-0.5 * squared) / (2 * np.pi * variance) ** 0.5 + 1e-30), axis=(1, 2, 3))",
                ),
            ],
            "in SciPy": [
                (
                    "squared = ops.square(x - mean) / variance",
                    "return scipy.stats.norm(np.array(mean), variance**0.5).logpdf(np.array(x)).sum(axis=(1, 2, 3))",
                ),
            ],
            "the gradient stopped": [("x - mean", "x - ops.stop_gradient(mean)")],
            "at most 1000 nats": [
                ("-0.5 * ops.sum", "ops.maximum(-1000.0, -0.5 * ops.sum"),
                ("axis=(1, 2, 3))", "axis=(1, 2, 3)))"),
            ],
        },
        "reparameterize": {
            "half a batch, and the same with a minus": [
                (
                    "epsilon = keras.random.normal(ops.shape(z_mean), seed=seed)",
                    "half = keras.random.normal((-(-z_mean.shape[0] // 2), z_mean.shape[1]), seed=seed)\n    epsilon = ops.concatenate([half, -half])[: z_mean.shape[0]]",
                )
            ],
            "two noises for all dimensions": [
                (
                    "epsilon = keras.random.normal(ops.shape(z_mean), seed=seed)",
                    "two = keras.random.normal((z_mean.shape[0], 2), seed=seed)\n    epsilon = ops.tile(two, (1, z_mean.shape[1]))[:, : z_mean.shape[1]]",
                )
            ],
            "noise centred over the batch": [
                (
                    "epsilon = keras.random.normal(ops.shape(z_mean), seed=seed)",
                    "epsilon = keras.random.normal(ops.shape(z_mean), seed=seed)\n    epsilon = epsilon - ops.mean(epsilon, axis=0)",
                )
            ],
            "a deviation of 0.97": [("ops.exp(0.5 * z_log_var)", "0.97 * ops.exp(0.5 * z_log_var)")],
            "noise of a t distribution": [
                (
                    NOISE,
                    "epsilon = keras.random.normal(ops.shape(z_mean), seed=seed) / ops.sqrt(keras.random.gamma(ops.shape(z_mean), 5.0, seed=seed) / 4.0)",
                )
            ],
            "the noise added, of variance 1": [
                ("ops.exp(0.5 * z_log_var) * epsilon", "epsilon + 0 * z_log_var")
            ],
            "a seed of its own": [(NOISE, "epsilon = keras.random.normal(ops.shape(z_mean))")],
            "one noise for all dimensions": [("ops.shape(z_mean)", "(len(z_mean), 1)")],
            "the same noise, remembered": [
                (
                    "epsilon = keras.random.normal(ops.shape(z_mean), seed=seed)",
                    "global KEPT\n    KEPT = globals().get('KEPT', {})\n"
                    "    epsilon = KEPT.setdefault(tuple(z_mean.shape), keras.random.normal(ops.shape(z_mean), seed=seed))",
                ),
            ],
            "truncated noise": [("keras.random.normal", "keras.random.truncated_normal")],
            "half of the noise, twice": [
                (NOISE, NOISE + " / 2 + keras.random.normal(ops.shape(z_mean), seed=seed) / 2")
            ],
            "positive noise": [(NOISE, NOISE + "\n    epsilon = ops.abs(epsilon)")],
            "the mean left out": [("return z_mean + ", "return 0 * z_mean + ")],
            "mean and log-variance exchanged": [
                ("return z_mean + ops.exp(0.5 * z_log_var)", "return z_log_var + ops.exp(0.5 * z_mean)")
            ],
            "the minus sign of a precision": [("ops.exp(0.5 *", "ops.exp(-0.5 *")],
            "no gradient through the mean": [("return z_mean", "return ops.stop_gradient(z_mean)")],
            "shifted": [("return z_mean +", "return z_mean + 0.1 +")],
        },
        "elbo": {
            "probabilities that round to 0 and 1": [
                (
                    "bernoulli_log_prob(x, decode(z))",
                    "-ops.sum(ops.binary_crossentropy(x, 1 / (1 + ops.exp(-decode(z)))), axis=(1, 2, 3))",
                )
            ],
            "the seed ignored": [
                (
                    "z = reparameterize(z_mean, z_log_var, seed)",
                    "z = z_mean + ops.exp(0.5 * z_log_var) * keras.random.normal(ops.shape(z_mean))",
                )
            ],
            "free bits": [
                (
                    "- kl_divergence(z_mean, z_log_var)",
                    "- ops.maximum(kl_divergence(z_mean, z_log_var), 0.5)",
                )
            ],
            "a bound of five samples": [
                (
                    "return bernoulli_log_prob(x, decode(z)) - kl_divergence(z_mean, z_log_var)",
                    "zs = [reparameterize(z_mean, z_log_var, seed) for _ in range(5)]\n    return ops.logsumexp([bernoulli_log_prob(x, decode(z)) for z in zs], axis=0) - np.log(5) - kl_divergence(z_mean, z_log_var)",
                )
            ],
            "0.9 of a KL": [("- kl_divergence", "- 0.9 * kl_divergence")],
            "half a KL": [("- kl_divergence", "- 0.5 * kl_divergence")],
            "no gradient through z": [("decode(z)", "decode(ops.stop_gradient(z))")],
            "no gradient of the KL": [
                (
                    "- kl_divergence(z_mean, z_log_var)",
                    "- ops.stop_gradient(kl_divergence(z_mean, z_log_var))",
                )
            ],
            "the mean KL of the batch for all": [
                ("- kl_divergence(z_mean, z_log_var)", "- ops.mean(kl_divergence(z_mean, z_log_var))")
            ],
            "noise of variance 1": [
                (
                    "reparameterize(z_mean, z_log_var, seed)",
                    "reparameterize(z_mean, 0 * z_log_var, seed)",
                )
            ],
            "one z for the whole batch": [
                (
                    "z = reparameterize(z_mean, z_log_var, seed)",
                    "z = z_mean + ops.exp(0.5 * z_log_var) * keras.random.normal((1, z_mean.shape[1]), seed=seed)",
                )
            ],
            "the same z in every call": [(", seed)\n", ", 0)\n")],
            "twice the reconstruction": [("return bernoulli", "return 2 * bernoulli")],
            "a KL of another batch order": [
                ("- kl_divergence(z_mean, z_log_var)", "- kl_divergence(z_mean[::-1], z_log_var[::-1])")
            ],
            "images of another order": [("bernoulli_log_prob(x,", "bernoulli_log_prob(x[::-1],")],
            "the deviation without its half": [
                (
                    "z = reparameterize(z_mean, z_log_var, seed)",
                    "z = z_mean + ops.exp(z_log_var) * keras.random.normal(ops.shape(z_mean), seed=seed)",
                )
            ],
            "the sigmoid before the likelihood": [("decode(z))", "ops.sigmoid(decode(z)))")],
        },
        "bound": {
            "the first sample subtracted": [
                (
                    "return ops.logsumexp(log_weights, axis=0) - float(np.log(len(log_weights)))",
                    "return log_weights[0] + ops.log(ops.mean(ops.exp(log_weights - log_weights[0]), axis=0))",
                )
            ],
            "its input written into": [
                (
                    "return ops",
                    "if isinstance(log_weights, np.ndarray):\n        log_weights -= 1\n        return 1 + ops.logsumexp(log_weights, axis=0) - float(np.log(len(log_weights)))\n    return ops",
                )
            ],
            "the batch's largest subtracted": """
def importance_weighted_bound(log_weights):
    top = ops.max(log_weights)
    return top + ops.log(ops.mean(ops.exp(log_weights - top), axis=0))
""",
            "the samples' mean subtracted": """
def importance_weighted_bound(log_weights):
    middle = ops.mean(log_weights, axis=0)
    return middle + ops.log(ops.mean(ops.exp(log_weights - middle), axis=0))
""",
            "a small number in the logarithm": """
def importance_weighted_bound(log_weights):
    return ops.log(ops.mean(ops.exp(ops.convert_to_tensor(log_weights)), axis=0) + 1e-30)
""",
            "divided by the number of images": [("len(log_weights)", "log_weights.shape[1]")],
            "log K added": [("- float", "+ float")],
            "in SciPy": [
                (
                    "ops.logsumexp(log_weights, axis=0)",
                    "scipy.special.logsumexp(np.array(log_weights), axis=0)",
                )
            ],
            "the gradient stopped": [
                ("ops.logsumexp(log_weights", "ops.logsumexp(ops.stop_gradient(log_weights)")
            ],
            "averaged over the batch": [
                (
                    "return ops.logsumexp(log_weights, axis=0)",
                    "return ops.mean(ops.logsumexp(log_weights, axis=0))",
                )
            ],
            "one row kept": [("axis=0)", "axis=0, keepdims=True)")],
            "clipped at -1000": [
                ("ops.logsumexp(log_weights", "ops.logsumexp(ops.maximum(log_weights, -1000.0)")
            ],
            "without the first sample": [
                ("ops.logsumexp(log_weights,", "ops.logsumexp(log_weights[1:],")
            ],
            "the largest, and log K": [("ops.logsumexp", "ops.max")],
            "the median": "def importance_weighted_bound(log_weights):\n    return ops.median(ops.convert_to_tensor(log_weights), axis=0)\n",
        },
    },
    "ps2_convolutional_vae": {
        "encoder": {
            "a mean of at most 25": [(RETURNED, "return ops.minimum(self.z_mean(features), 25.0), ")],
            "the log-variance clipped at 2": [
                ("self.z_log_var(features)", "ops.clip(self.z_log_var(features), -10, 2)")
            ],
            "the log-variance at most 4": [
                ("self.z_log_var(features)", "ops.minimum(self.z_log_var(features), 4.0)")
            ],
            "a gradient stopped before the log-variance": [
                ("self.z_log_var(features)", "self.z_log_var(ops.stop_gradient(features))")
            ],
            "averaged over the places in place of flattened": [
                ("layers.Flatten()", "layers.GlobalAveragePooling2D()")
            ],
            "pooling besides strides": [
                (
                    "layers.Flatten()",
                    "layers.MaxPooling2D(2, padding='same'),\n                layers.Flatten()",
                )
            ],
            "a log-variance of the first channel alone": [
                (
                    "self.z_log_var(features)",
                    "self.z_log_var(self.body(images * ops.convert_to_tensor([1.0] + [0.0] * (images.shape[-1] - 1))))",
                )
            ],
            "scaled by the batch's brightest pixel": [
                ("self.body(images)", "self.body(images / ops.max(images))")
            ],
            "strides in one direction alone": [("strides=2", "strides=(2, 1)")],
            "the first channel alone": [("self.body(images)", "self.body(images[..., :1])")],
            "the upper half alone": [
                ("self.body(images)", "self.body(images[:, : images.shape[1] // 2])")
            ],
            "a log-variance that is bounded softly": [
                ("self.z_log_var(features)", "5 * ops.tanh(self.z_log_var(features) / 5)")
            ],
            "a rectified image of the mean": [
                ("self.z_log_var(features)", "self.z_log_var(ops.relu(self.z_mean(features)))")
            ],
            "tanh on the mean": [
                (
                    "self.z_mean = layers.Dense(latent_dim)",
                    "self.z_mean = layers.Dense(latent_dim, activation='tanh')",
                )
            ],
            "tanh on the log-variance": [
                (
                    "self.z_log_var = layers.Dense(latent_dim)",
                    "self.z_log_var = layers.Dense(latent_dim, activation='tanh')",
                )
            ],
            "softplus on the log-variance": [
                (
                    "self.z_log_var = layers.Dense(latent_dim)",
                    "self.z_log_var = layers.Dense(latent_dim, activation='softplus')",
                )
            ],
            "a leaky activation on the mean": [
                (RETURNED, "return ops.leaky_relu(self.z_mean(features)), ")
            ],
            "elu on the mean": [(RETURNED, "return ops.elu(self.z_mean(features)), ")],
            "the mean clipped to [-3, 3]": [
                (RETURNED, "return ops.clip(self.z_mean(features), -3, 3), ")
            ],
            "no strides": [("strides=2, ", "")],
            "one stride": [("layers.Conv2D(64, 3, strides=2,", "layers.Conv2D(64, 3,")],
            "pooling in place of strides": [
                (
                    'layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),',
                    'layers.Conv2D(32, 3, padding="same", activation="relu"),\n                layers.MaxPooling2D(),',
                ),
                ("layers.Conv2D(64, 3, strides=2,", "layers.Conv2D(64, 3,"),
            ],
            "the log-variance made from the mean": [
                ("self.z_log_var(features)", "self.z_log_var(self.z_mean(features))")
            ],
            "the log-variance is minus the mean": [
                ("self.z_log_var(features)", "-self.z_mean(features)")
            ],
            "the mean made from the log-variance": [
                (RETURNED, "return self.z_mean(self.z_log_var(features)), ")
            ],
            "a batch of 64": [
                ("features = self.body(images)", "features = ops.reshape(self.body(images), (64, -1))")
            ],
            "the batch's own size, as a number": [
                ("layers.Flatten(),\n", ""),
                (
                    "features = self.body(images)",
                    "features = self.body(images)\n        features = np.reshape(features, (len(images), -1))",
                ),
            ],
            "centred by the batch": [
                (
                    "features = self.body(images)",
                    "features = self.body(images)\n        features = features - ops.mean(features, axis=0)",
                )
            ],
            "a log-variance that is the same for all": [
                ("self.z_log_var(features)", "0 * self.z_log_var(features) + self.z_log_var.bias")
            ],
            "one vector": [(", self.z_log_var(features)", "")],
            "both vectors in one": [
                (
                    ENCODER_HEADS,
                    "return ops.concatenate([self.z_mean(features), self.z_log_var(features)], axis=1)",
                )
            ],
            "twenty dimensions, whatever is asked": [("layers.Dense(latent_dim)", "layers.Dense(20)")],
            "a deviation of 1 added as noise": [
                (
                    "features = self.body(images)",
                    "features = self.body(images)\n        features = features + keras.random.normal(ops.shape(features))",
                )
            ],
            "the gradient of the body stopped": [
                ("features = self.body(images)", "features = 0 * self.body(images)")
            ],
            "one channel only": [
                (
                    "self.body(images)",
                    "self.body(images[..., :1] + 0 * images[..., -1:] * ops.zeros((28, 28, 1)))",
                )
            ],
        },
        "decoder": {
            "the gradient of z stopped": [
                ("return self.body(z)", "return self.body(ops.stop_gradient(z))")
            ],
            "z rounded": [("return self.body(z)", "return self.body(ops.round(z))")],
            "one number for all pixels": [
                (
                    "return self.body(z)",
                    "return 0 * self.body(z) + ops.mean(self.body(z), axis=(1, 2), keepdims=True)",
                )
            ],
            "the upper half mirrored": [
                ("return self.body(z)", "out = self.body(z)\n        return out + ops.flip(out, axis=1)")
            ],
            "softplus minus 3": [("return self.body(z)", "return ops.softplus(self.body(z)) - 3")],
            "the last dimension of z unused": [
                ("return self.body(z)", "return self.body(z[:, :-1] if z.shape[1] > 1 else z)")
            ],
            "centred logits": [
                (
                    "return self.body(z)",
                    "logits = self.body(z)\n        return logits - ops.mean(logits, axis=0)",
                )
            ],
            "tanh at the end": [
                (
                    'layers.Conv2DTranspose(channels, 3, padding="same")',
                    'layers.Conv2DTranspose(channels, 3, padding="same", activation="tanh")',
                )
            ],
            "relu at the end": [
                (
                    'layers.Conv2DTranspose(channels, 3, padding="same")',
                    'layers.Conv2DTranspose(channels, 3, padding="same", activation="relu")',
                )
            ],
            "a sigmoid in call": [("return self.body(z)", "return ops.sigmoid(self.body(z))")],
            "clipped logits": [("return self.body(z)", "return ops.clip(self.body(z), -10, 10)")],
            "a leaky activation at the end": [
                ("return self.body(z)", "return ops.leaky_relu(self.body(z))")
            ],
            "no strides": [
                ("height // 4 * width // 4 * 32", "height * width * 32"),
                ("(height // 4, width // 4, 32)", "(height, width, 32)"),
                ("strides=2, ", ""),
            ],
            "upsampling in place of strides": [
                (
                    "layers.Conv2DTranspose(64, 3, strides=2,",
                    "layers.UpSampling2D(),\n                layers.Conv2DTranspose(64, 3,",
                ),
                (
                    "layers.Conv2DTranspose(32, 3, strides=2,",
                    "layers.UpSampling2D(),\n                layers.Conv2DTranspose(32, 3,",
                ),
            ],
            "one channel for all": [
                (
                    'layers.Conv2DTranspose(channels, 3, padding="same")',
                    'layers.Conv2DTranspose(1, 3, padding="same")',
                ),
                (
                    "return self.body(z)",
                    "return ops.repeat(self.body(z), self.image_shape[-1], axis=-1)",
                ),
            ],
            "28 by 28, whatever is asked": [
                ("height, width, channels = image_shape", "height, width, channels = 28, 28, 1")
            ],
            "height and width exchanged": [
                ("height, width, channels = image_shape", "width, height, channels = image_shape")
            ],
            "noise added": [
                ("return self.body(z)", "return self.body(z + keras.random.normal(ops.shape(z)))")
            ],
            "noise on the logits": [
                (
                    "return self.body(z)",
                    "logits = self.body(z)\n        return logits + keras.random.normal(ops.shape(logits))",
                )
            ],
            "a batch of 16": [
                ("return self.body(z)", "return ops.reshape(self.body(z), (16, *self.image_shape))")
            ],
            "the first dimension of z alone": [("return self.body(z)", "return self.body(z[:, :1])")],
            "z averaged over the batch": [
                ("return self.body(z)", "return self.body(z - ops.mean(z, axis=0))")
            ],
            "only dense layers": """
class Decoder(keras.Model):
    def __init__(self, image_shape):
        super().__init__()
        self.body = keras.Sequential([layers.Dense(int(np.prod(image_shape))), layers.Reshape(image_shape)])

    def call(self, z):
        return self.body(z)
""",
            "layers made in call": [
                (
                    "return self.body(z)",
                    "return layers.Conv2DTranspose(self.image_shape[-1], 3, padding='same')(self.body(z))",
                )
            ],
            "half the size, in a black frame": [
                (
                    "height, width, channels = image_shape",
                    "height, width, channels = image_shape\n        height, width = height // 2, width // 2",
                ),
                (
                    "return self.body(z)",
                    "small = self.body(z)\n        gap = [(n - m) for n, m in zip(self.image_shape, small.shape[1:])]\n        return ops.pad(small, [(0, 0)] + [(g // 2, g - g // 2) for g in gap])",
                ),
            ],
            "mean and variance of pixels": [
                ("layers.Conv2DTranspose(channels,", "layers.Conv2DTranspose(2 * channels,")
            ],
        },
        "vae": {
            "0.97 of a KL": [(VAE_LOSS, "return ops.mean(reconstruction + 0.97 * kl)")],
            "the noise added to z_mean, too, by a hundredth": [
                ('"z_mean": z_mean,', '"z_mean": z_mean + 0.01 * (z - z_mean),')
            ],
            "the seed ignored": [("SeedGenerator(seed)", "SeedGenerator(0)")],
            "noise of Keras's own seed": [(", self.noise)", ")")],
            "half a batch of noise, and the same with a minus": [
                (
                    "z = cvae.gaussian.reparameterize(z_mean, z_log_var, self.noise)",
                    "n = ops.shape(z_mean)[0]\n        half = keras.random.normal(((n + 1) // 2, z_mean.shape[1]), seed=self.noise)\n        z = z_mean + ops.exp(0.5 * z_log_var) * ops.concatenate([half, -half])[:n]",
                )
            ],
            "0.9 of a KL": [(VAE_LOSS, "return ops.mean(reconstruction + 0.9 * kl)")],
            "images rounded": [("log_prob(x,", "log_prob(ops.cast(x > 0.5, 'float32'),")],
            "free bits": [(VAE_LOSS, "return ops.mean(reconstruction + ops.maximum(kl, 2.0))")],
            "noise of 0.9": [
                (
                    Z_OF_VAE,
                    "z = z_mean + 0.9 * ops.exp(0.5 * z_log_var) * keras.random.normal(ops.shape(z_mean), seed=self.noise)",
                )
            ],
            "half a KL": [(VAE_LOSS, "return ops.mean(reconstruction + 0.5 * kl)")],
            "twice the KL": [(VAE_LOSS, "return ops.mean(reconstruction + 2 * kl)")],
            "the KL subtracted": [(VAE_LOSS, "return ops.mean(reconstruction - kl)")],
            "the reconstruction subtracted": [(VAE_LOSS, "return ops.mean(kl - reconstruction)")],
            "a number for each image": [(VAE_LOSS, "return reconstruction + kl")],
            "no gradient of the KL": [
                (VAE_LOSS, "return ops.mean(reconstruction + ops.stop_gradient(kl))")
            ],
            "the KL of the variance alone": [
                ('kl_divergence(y_pred["z_mean"],', 'kl_divergence(0 * y_pred["z_mean"],')
            ],
            "the KL of the mean alone": [('y_pred["z_log_var"])', '0 * y_pred["z_log_var"])')],
            "the log-variance taken for a log-deviation in the KL": [
                ('y_pred["z_log_var"])', '2 * y_pred["z_log_var"])')
            ],
            "mean and log-variance exchanged in the KL": [
                (
                    'kl_divergence(y_pred["z_mean"], y_pred["z_log_var"])',
                    'kl_divergence(y_pred["z_log_var"], y_pred["z_mean"])',
                )
            ],
            "averaged over pixels by a factor": [
                (VAE_LOSS, "return ops.mean(reconstruction / 784 + kl)")
            ],
            "logits clipped": [('y_pred["logits"])', 'ops.clip(y_pred["logits"], -15, 15))')],
            "images and logits exchanged": [
                (
                    'log_prob(x, y_pred["logits"])',
                    "log_prob(ops.sigmoid(y_pred[\"logits\"]), ops.cast(x, 'float32'))",
                )
            ],
            "no half in the exponent": [
                (
                    Z_OF_VAE,
                    "z = z_mean + ops.exp(z_log_var) * keras.random.normal(ops.shape(z_mean), seed=self.noise)",
                )
            ],
            "noise of variance 1": [
                (Z_OF_VAE, "z = z_mean + keras.random.normal(ops.shape(z_mean), seed=self.noise)")
            ],
            "z from the prior": [
                (Z_OF_VAE, "z = keras.random.normal(ops.shape(z_mean), seed=self.noise)")
            ],
            "one fixed noise": [(Z_OF_VAE, "z = cvae.gaussian.reparameterize(z_mean, z_log_var, 0)")],
            "noise of NumPy, fixed in a graph": [
                (
                    Z_OF_VAE,
                    "z = z_mean + ops.exp(0.5 * z_log_var) * np.random.normal(size=z_mean.shape[1:]).astype('float32')",
                )
            ],
            "one noise for the batch": [
                (
                    Z_OF_VAE,
                    "z = z_mean + ops.exp(0.5 * z_log_var) * keras.random.normal((1, z_mean.shape[1]), seed=self.noise)",
                )
            ],
            "no gradient through z": [
                (Z_OF_VAE, Z_OF_VAE + "\n        z = ops.stop_gradient(z)"),
                ("self.decoder(z)}", "self.decoder(z)}"),
            ],
            "another sample decoded": [
                (
                    "self.decoder(z)}",
                    "self.decoder(cvae.gaussian.reparameterize(z_mean, z_log_var, self.noise))}",
                )
            ],
            "images in place of logits": [("self.decoder(z)}", "ops.sigmoid(self.decoder(z))}")],
            "mean and log-variance exchanged": [
                ("z_mean, z_log_var = self.encoder(images)", "z_log_var, z_mean = self.encoder(images)")
            ],
            "a tuple": [
                (
                    'return {"z_mean": z_mean, "z_log_var": z_log_var, "z": z, "logits": self.decoder(z)}',
                    "return z_mean, z_log_var, z, self.decoder(z)",
                )
            ],
            "the logits alone": [
                (
                    'return {"z_mean": z_mean, "z_log_var": z_log_var, "z": z, "logits": self.decoder(z)}',
                    "return self.decoder(z)",
                )
            ],
            "in NumPy": [
                (VAE_LOSS, "return ops.convert_to_tensor(np.mean(np.array(reconstruction + kl)))")
            ],
        },
        "train": {
            "only the first 50 images": [
                ("vae.fit(images,", "vae.fit(images[:50],"),
                ("epochs=12", "epochs=3"),
            ],
            "black images": [("vae.fit(images,", "vae.fit(0 * images,"), ("epochs=12", "epochs=3")],
            "inverted images": [("vae.fit(images,", "vae.fit(1 - images,"), ("epochs=12", "epochs=3")],
            "another VAE returned": [
                ("return vae", "return keras.models.clone_model(vae) if False else object()"),
                ("epochs=12", "epochs=1"),
            ],
            "the history returned": [("vae.fit(", "return vae.fit("), ("epochs=12", "epochs=1")],
            "a learning rate that is far too high": [
                ("Adam(2e-3)", "Adam(10.0)"),
                ("epochs=12", "epochs=2"),
            ],
            "one step": [("batch_size=16", "batch_size=2000"), ("epochs=12", "epochs=1")],
            "nothing to train": [
                ("vae.compile(", "vae.trainable = False\n    vae.compile("),
                ("epochs=12", "epochs=1"),
            ],
            "without the KL": [
                ("vae.compile(", "vae.beta = 0.0\n    vae.compile("),
                ("batch_size=16", "batch_size=64"),
            ],
            "a likelihood of its own": [
                (
                    "return vae",
                    "vae.likelihood.log_prob = lambda images, logits: ops.zeros(len(images))\n    return vae",
                ),
                ("batch_size=16", "batch_size=2000"),
                ("epochs=12", "epochs=1"),
            ],
            "a KL of its own": [
                (
                    "return vae",
                    "vae.kl_terms = lambda outputs: 0 * outputs['z_mean'] - 100.0\n    return vae",
                ),
                ("batch_size=16", "batch_size=2000"),
                ("epochs=12", "epochs=1"),
            ],
        },
        "plane": {
            "coordinates rounded": [
                (
                    'along = np.linspace(-limit, limit, n, dtype="float32")',
                    "along = np.round(np.linspace(-limit, limit, n), 1)",
                )
            ],
            "the limit unused": [("-limit, limit,", "-3, 3,")],
            "three by three, whatever is asked": [
                ("limit, n, dtype", "limit, 3, dtype"),
                ("reshape(n, n,", "reshape(3, 3,"),
            ],
            "z1 from right to left": [
                ("np.meshgrid(along, along[::-1])", "np.meshgrid(along[::-1], along[::-1])")
            ],
            "half the square": [("np.linspace(-limit, limit,", "np.linspace(0, limit,")],
            "z2 and z1 in the wrong columns": [("[z1.ravel(), z2.ravel()]", "[z2.ravel(), z1.ravel()]")],
            "a call for each row": [
                (
                    "images = decode(np.stack([z1.ravel(), z2.ravel()], axis=1))",
                    "images = np.concatenate([decode(np.stack(row, axis=1)) for row in zip(z1, z2)])",
                )
            ],
            "not a square": [("return images.reshape(n, n, *images.shape[1:])", "return images")],
            "turned": [
                (
                    "return images.reshape(n, n, *images.shape[1:])",
                    "return np.swapaxes(images.reshape(n, n, *images.shape[1:]), 0, 1)",
                )
            ],
            "the images' axes mixed up": [
                (
                    "return images.reshape(n, n, *images.shape[1:])",
                    "return images.reshape(*images.shape[1:], n, n).transpose(3, 4, 0, 1, 2)",
                )
            ],
            "normal quantiles": [
                (
                    'np.linspace(-limit, limit, n, dtype="float32")',
                    "limit * np.sort(np.random.default_rng(0).normal(size=n))",
                )
            ],
        },
        "interpolate": {
            "the first image written into": [
                (
                    "z_mean, _ = vae.encode(np.stack([a, b]))",
                    "z_mean, _ = vae.encode(np.stack([a, b]))\n    a[:] = 0",
                )
            ],
            "one step too many": [("np.linspace(0, 1, steps,", "np.linspace(0, 1, steps + 1,")],
            "the ends left out": [
                ('np.linspace(0, 1, steps, dtype="float32")', "np.linspace(0, 1, steps + 2)[1:-1]")
            ],
            "slow at the ends": [
                ("[:, None]", "[:, None] ** 2 * (3 - 2 * np.linspace(0, 1, steps)[:, None])")
            ],
            "the log-variance taken": [("z_mean, _ =", "_, z_mean =")],
            "reconstructions blended": [
                (
                    "return vae.decode((1 - share) * z_mean[0] + share * z_mean[1])",
                    "first, last = vae.decode(z_mean)\n    share = share[..., None, None]\n    return (1 - share) * first + share * last",
                )
            ],
            "codes not decoded": [
                (
                    "return vae.decode((1 - share) * z_mean[0] + share * z_mean[1])",
                    "return (1 - share) * z_mean[0] + share * z_mean[1]",
                )
            ],
            "a sample in place of the mean": [
                (
                    "share = np",
                    "z_mean = z_mean + np.random.default_rng(0).normal(size=z_mean.shape)\n    share = np",
                )
            ],
            "on the sphere": [
                (
                    "return vae.decode((1 - share) * z_mean[0] + share * z_mean[1])",
                    "return vae.decode(np.cos(np.pi / 2 * share) * z_mean[0] + np.sin(np.pi / 2 * share) * z_mean[1])",
                )
            ],
            "beyond b": [("np.linspace(0, 1,", "np.linspace(0, 1.5,")],
            "the original images at the ends": [
                (
                    "return vae.decode((1 - share) * z_mean[0] + share * z_mean[1])",
                    "way = vae.decode((1 - share) * z_mean[0] + share * z_mean[1])\n    way[0], way[-1] = b, a\n    return way",
                )
            ],
        },
        "conditional": {
            "0.97 of a KL": [
                (
                    "+ cvae.kl_divergence(z_mean, z_log_var))",
                    "+ 0.97 * cvae.kl_divergence(z_mean, z_log_var))",
                )
            ],
            "planes a thousandth too low": [
                (
                    "ops.one_hot(labels, num_classes)[:, None, None]",
                    "(ops.one_hot(labels, num_classes)[:, None, None] - 1e-3)",
                )
            ],
            "as many classes for z as the batch has": [
                (
                    "ops.convert_to_tensor(z), ops.one_hot(labels, num_classes)",
                    "ops.convert_to_tensor(z), ops.one_hot(labels, int(np.max(labels)) + 1)",
                )
            ],
            "the seed ignored": [
                (
                    "z = cvae.gaussian.reparameterize(z_mean, z_log_var, seed)",
                    "z = cvae.gaussian.reparameterize(z_mean, z_log_var)",
                )
            ],
            "0.9 of a KL": [
                (
                    "+ cvae.kl_divergence(z_mean, z_log_var))",
                    "+ 0.9 * cvae.kl_divergence(z_mean, z_log_var))",
                )
            ],
            "mean and log-variance exchanged": [
                ("z_mean, z_log_var = encoder", "z_log_var, z_mean = encoder")
            ],
            "the first channel reconstructed alone": [
                ("log_prob(images, logits)", "log_prob(images[..., :1], logits[..., :1])")
            ],
            "the label's channel first": [("[images, planes]", "[planes, images]")],
            "labels one too high": [
                (
                    "ops.one_hot(labels, num_classes)[:, None, None]",
                    "ops.one_hot(labels + 1, num_classes)[:, None, None]",
                )
            ],
            "the first image's label for all": [
                (
                    "ops.one_hot(labels, num_classes)[:, None, None]",
                    "ops.one_hot(labels[:1], num_classes)[:, None, None]",
                )
            ],
            "one pixel for the label": [
                (
                    "planes = ops.ones_like(images[..., :1])",
                    "planes = ops.ones_like(images[..., :1]) * np.eye(images.shape[1], images.shape[2])[..., None]",
                )
            ],
            "the image times the label": [("ops.ones_like(images[..., :1])", "images[..., :1]")],
            "the label before z": [
                (
                    "[ops.convert_to_tensor(z), ops.one_hot(labels, num_classes)]",
                    "[ops.one_hot(labels, num_classes), ops.convert_to_tensor(z)]",
                )
            ],
            "no gradient of z": [
                ("ops.convert_to_tensor(z)", "ops.stop_gradient(ops.convert_to_tensor(z))")
            ],
            "z with a number for the label": [
                (
                    "[ops.convert_to_tensor(z), ops.one_hot(labels, num_classes)]",
                    "[ops.convert_to_tensor(z)] + [ops.cast(labels, 'float32')[:, None]] * num_classes",
                )
            ],
            "half a KL": [
                (
                    "+ cvae.kl_divergence(z_mean, z_log_var))",
                    "+ 0.5 * cvae.kl_divergence(z_mean, z_log_var))",
                )
            ],
            "the KL subtracted": [
                ("+ cvae.kl_divergence(z_mean, z_log_var))", "- cvae.kl_divergence(z_mean, z_log_var))")
            ],
            "no KL": [("reconstruction + cvae.kl_divergence(z_mean, z_log_var)", "reconstruction")],
            "summed over the batch": [("ops.mean(reconstruction", "ops.sum(reconstruction")],
            "z_mean decoded": [(Z_OF_COND, "z = z_mean")],
            "z from the prior": [(Z_OF_COND, "z = keras.random.normal(ops.shape(z_mean), seed=seed)")],
            "noise of variance 1": [
                (Z_OF_COND, "z = z_mean + keras.random.normal(ops.shape(z_mean), seed=seed)")
            ],
            "no half in the exponent": [
                (
                    Z_OF_COND,
                    "z = z_mean + ops.exp(z_log_var) * keras.random.normal(ops.shape(z_mean), seed=seed)",
                )
            ],
            "one fixed noise": [(Z_OF_COND, "z = cvae.gaussian.reparameterize(z_mean, z_log_var, 3)")],
            "no gradient through z": [
                (
                    Z_OF_COND,
                    "z = ops.stop_gradient(cvae.gaussian.reparameterize(z_mean, z_log_var, seed))",
                )
            ],
            "one noise for the batch": [
                (
                    Z_OF_COND,
                    "z = z_mean + ops.exp(0.5 * z_log_var) * keras.random.normal((1, z_mean.shape[1]), seed=seed)",
                )
            ],
            "labels of another image for the decoder": [
                ("decoder(z_with_label(z, labels,", "decoder(z_with_label(z, labels[::-1],")
            ],
            "labels of another image for the encoder": [
                ("encoder(with_label(images, labels,", "encoder(with_label(images, labels[::-1],")
            ],
            "averaged over the pixels": [
                (
                    "reconstruction = -cvae.Bernoulli().log_prob(images, logits)",
                    "reconstruction = ops.mean(ops.binary_crossentropy(images, logits, from_logits=True), axis=(1, 2, 3))",
                )
            ],
        },
    },
    "ps3_oversampling": {
        "metrics": {
            "the verdicts written into": [
                (
                    "return np.array([(y_pred[y_true == label] == label).mean()",
                    "y_pred[y_pred != y_true] = 10**6\n    return np.array([(y_pred[y_true == label] == label).mean()",
                )
            ],
            "in order of frequency": [
                (
                    "np.unique(y_true)])",
                    "sorted(np.unique(y_true), key=lambda c: -(y_true == c).sum())])",
                )
            ],
            "in order of appearance": [
                ("for label in np.unique(y_true)", "for label in dict.fromkeys(y_true.tolist())")
            ],
            "of all images": [(".mean() for label", ".sum() / len(y_true) for label")],
            "F1 in place of recall": "from sklearn.metrics import f1_score\n\n\ndef recalls(y_true, y_pred):\n    return f1_score(y_true, y_pred, average=None, labels=np.unique(y_true))\n\n\ndef balanced_accuracy(y_true, y_pred):\n    return recalls(y_true, y_pred).mean()\n\n\ndef g_mean(y_true, y_pred):\n    return scipy.stats.gmean(recalls(y_true, y_pred))\n",
            "a dict": [
                (
                    "return np.array([(y_pred[y_true == label] == label).mean() for label in np.unique(y_true)])",
                    "return {label: (y_pred[y_true == label] == label).mean() for label in np.unique(y_true)}",
                )
            ],
            "the median of the recalls": [
                ("return recalls(y_true, y_pred).mean()", "return np.median(recalls(y_true, y_pred))")
            ],
            "weighted by frequency": [
                (
                    "return recalls(y_true, y_pred).mean()",
                    "return np.average(recalls(y_true, y_pred), weights=np.unique(y_true, return_counts=True)[1])",
                )
            ],
            "the worst class": [
                ("return recalls(y_true, y_pred).mean()", "return recalls(y_true, y_pred).min()")
            ],
            "divided by all labels there are": [
                (
                    "return recalls(y_true, y_pred).mean()",
                    "return recalls(y_true, y_pred).sum() / len(np.union1d(y_true, y_pred))",
                )
            ],
            "the product without the root": [(" ** (1 / len(of_each))", "")],
            "zeros left out of the product": [("np.prod(of_each)", "np.prod(of_each[of_each > 0])")],
            "the harmonic mean": [
                (
                    "return np.prod(of_each) ** (1 / len(of_each))",
                    "return 0.0 if 0 in of_each else scipy.stats.hmean(of_each)",
                )
            ],
            "the root of the sum": [("np.prod(of_each)", "np.sum(of_each)")],
            "smoothed": [("np.prod(of_each)", "np.prod(of_each + 1e-3)")],
        },
        "split": {
            "the images shuffled in place": [
                (
                    "X_train, X_test, y_train, y_test =",
                    "order = np.random.default_rng(seed).permutation(len(y))\n    X[:], y[:] = X[order], y[order]\n    X_train, X_test, y_train, y_test =",
                )
            ],
            "the last of each class, shuffled": "def split_and_resample(X, y, sampler, seed, test_size=0.3):\n    rng = np.random.default_rng(seed)\n    test = np.concatenate([np.flatnonzero(y == c)[-round(test_size * (y == c).sum()) :] for c in np.unique(y)])\n    train = rng.permutation(np.setdiff1d(np.arange(len(y)), test))\n    test = rng.permutation(test)\n    return *sampler.fit_resample(X[train], y[train]), X[test], y[test]\n",
            "a row lost for balance": [
                (RESAMPLED, "X_train, y_train = X_train[1:], y_train[1:]\n    " + RESAMPLED)
            ],
            "scaled by statistics of all the data": [
                (
                    "X_train, X_test, y_train, y_test =",
                    "X = (X - X.mean(axis=0)) / X.std(axis=0)\n    X_train, X_test, y_train, y_test =",
                )
            ],
            "scaled by statistics of the training part": [
                (RESAMPLED, "X_test = X_test / X_train.max(axis=0)\n    " + RESAMPLED)
            ],
            "test labels of another order": [
                (RESAMPLED, "return *sampler.fit_resample(X_train, y_train), X_test, np.sort(y_test)")
            ],
            "test labels of another split": [
                (
                    RESAMPLED,
                    "y_test = train_test_split(y, test_size=test_size, stratify=y, random_state=seed + 1)[1]\n    "
                    + RESAMPLED,
                )
            ],
            "training and test part exchanged": [
                ("X_train, X_test, y_train, y_test = train", "X_test, X_train, y_test, y_train = train")
            ],
            "returned in scikit-learn's order": [
                (
                    RESAMPLED,
                    "X_train, y_train = sampler.fit_resample(X_train, y_train)\n    return X_train, X_test, y_train, y_test",
                )
            ],
            "the test size ignored": [("test_size=test_size", "test_size=0.3")],
            "the test size for training": [("test_size=test_size", "train_size=test_size")],
            "the first of each class": "def split_and_resample(X, y, sampler, seed, test_size=0.3):\n    test = np.concatenate([np.flatnonzero(y == c)[: int(test_size * (y == c).sum())] for c in np.unique(y)])\n    train = np.setdiff1d(np.arange(len(y)), test)\n    return *sampler.fit_resample(X[train], y[train]), X[test], y[test]\n",
            "resampled twice": [
                (
                    RESAMPLED,
                    "X_train, y_train = sampler.fit_resample(X_train, y_train)\n    " + RESAMPLED,
                )
            ],
            "a bootstrap": "def split_and_resample(X, y, sampler, seed, test_size=0.3):\n    rng = np.random.default_rng(seed)\n    train, test = (rng.integers(0, len(y), n) for n in (int(0.7 * len(y)), int(0.3 * len(y))))\n    return *sampler.fit_resample(X[train], y[train]), X[test], y[test]\n",
            "the test part balanced by leaving images out": [
                (
                    RESAMPLED,
                    "few = np.unique(y_test, return_counts=True)[1].min()\n    keep = np.concatenate([np.flatnonzero(y_test == c)[:few] for c in np.unique(y)])\n    return *sampler.fit_resample(X_train, y_train), X_test[keep], y_test[keep]",
                )
            ],
            "sampled from all, tested on a part": [
                (RESAMPLED, "return *sampler.fit_resample(X, y), X_test, y_test")
            ],
            "no seed": [("random_state=seed", "random_state=None")],
        },
        "draws": {
            "three dimensions, whatever the VAE has": [("z_mean.shape[1]", "3")],
            "indices that are no whole numbers": [
                (
                    "member = np.concatenate(rounds)[:count]",
                    "member = np.concatenate(rounds)[:count].astype('float32')",
                ),
                (
                    "epsilon = rng.standard_normal((count, z_mean.shape[1]))",
                    "index = member.astype(int)\n    epsilon = rng.standard_normal((count, z_mean.shape[1]))",
                ),
                ("z_mean[member]", "z_mean[index]"),
                ("z_log_var[member]", "z_log_var[index]"),
            ],
            "half of the noise, and the same with a minus": [
                (
                    "epsilon = rng.standard_normal((count, z_mean.shape[1]))",
                    "half = rng.standard_normal((-(-count // 2), z_mean.shape[1]))\n    epsilon = np.concatenate([half, -half])[:count]",
                )
            ],
            "the images written into": [
                (
                    "z_mean, z_log_var = vae.encode(images)",
                    "z_mean, z_log_var = vae.encode(images)\n    images *= 0",
                )
            ],
            "the noise of the first round, negated in the second": [
                (
                    EPSILON,
                    EPSILON
                    + "\n    n = max(0, min(len(images), count - len(images)))\n    epsilon[len(images) : len(images) + n] = -epsilon[:n]",
                )
            ],
            "noise shared by neighbours": [
                (
                    EPSILON,
                    "epsilon = np.repeat(rng.standard_normal((-(-count // 2), z_mean.shape[1])), 2, axis=0)[:count]",
                )
            ],
            "one round for ever": [
                (
                    "rounds = [rng.permutation(len(images)) for _ in range(-(-count // len(images)))]",
                    "rounds = [rng.integers(0, len(images), len(images)) for _ in range(-(-count // len(images)))]",
                )
            ],
            "one log-variance for all members": [("z_log_var[member]", "z_log_var.mean(axis=0)")],
            "one log-variance for all dimensions": [
                ("z_log_var[member]", "z_log_var[member].mean(axis=1, keepdims=True)")
            ],
            "the first member's log-variance": [("z_log_var[member]", "z_log_var[0]")],
            "log-variances of another order": [("z_log_var[member]", "z_log_var[member][::-1]")],
            "members sorted": [(EPSILON, "member = np.sort(member)\n    " + EPSILON)],
            "members of another order": [
                (
                    DRAWN,
                    "z = z_mean[member] + spread * np.exp(0.5 * z_log_var[member]) * epsilon\n    return z, member[::-1]",
                )
            ],
            "each member's draws one after another": [
                (
                    "member = np.concatenate(rounds)[:count]",
                    "member = np.repeat(np.arange(len(images)), -(-count // len(images)))[:count]",
                )
            ],
            "NumPy's global generator": [("rng.standard_normal(", "np.random.standard_normal(")],
            "the generator copied": [
                (
                    "z_mean, z_log_var = vae.encode(images)",
                    "import copy\n\n    rng = copy.deepcopy(rng)\n    z_mean, z_log_var = vae.encode(images)",
                )
            ],
            "one noise for each round": [
                (
                    EPSILON,
                    "epsilon = np.resize(rng.standard_normal((len(images), z_mean.shape[1])), (count, z_mean.shape[1]))",
                )
            ],
            "uniform noise": [
                (
                    "rng.standard_normal((count, z_mean.shape[1]))",
                    "rng.uniform(-(3**0.5), 3**0.5, (count, z_mean.shape[1]))",
                )
            ],
            "the spread in the exponent": [
                ("spread * np.exp(0.5 * z_log_var[member])", "np.exp(0.5 * spread * z_log_var[member])")
            ],
            "the spread squared": [("spread * np.exp", "spread**2 * np.exp")],
            "the spread unused": [("spread * np.exp", "np.exp")],
            "the mean scaled, too": [
                (
                    DRAWN,
                    "return spread * (z_mean[member] + np.exp(0.5 * z_log_var[member]) * epsilon), member",
                )
            ],
            "images in place of indices": [(", member\n", ", images[member]\n")],
            "indices from 1": [(", member\n", ", member + 1\n")],
        },
        "edits": {
            "the images written into": [
                (
                    "return np.clip(images + vae.decode(z) - vae.decode(z_mean), 0, 1)",
                    "images += vae.decode(z) - vae.decode(z_mean)\n    return np.clip(images, 0, 1, out=images)",
                )
            ],
            "z written into": [
                (
                    "return np.clip(images + vae.decode(z) - vae.decode(z_mean), 0, 1)",
                    "new = np.clip(images + vae.decode(z) - vae.decode(z_mean), 0, 1)\n    z -= z_mean\n    return new",
                )
            ],
            "the draw and the image averaged": [
                (EDITED, "return np.clip((images + vae.decode(z)) / 2, 0, 1)")
            ],
            "decode(z_mean) left out": [(EDITED, "return np.clip(images + vae.decode(z), 0, 1)")],
            "the difference alone": [
                (EDITED, "return np.clip(vae.decode(z) - vae.decode(z_mean), 0, 1)")
            ],
            "clipped too early": [
                (EDITED, "return np.clip(images + vae.decode(z), 0, 1) - vae.decode(z_mean)")
            ],
            "clipped before the image is added": [
                (
                    EDITED,
                    "return np.clip(images + np.clip(vae.decode(z) - vae.decode(z_mean), 0, 1), 0, 1)",
                )
            ],
            "clipped below only": [
                (EDITED, "return np.maximum(images + vae.decode(z) - vae.decode(z_mean), 0)")
            ],
            "clipped above only": [
                (EDITED, "return np.minimum(images + vae.decode(z) - vae.decode(z_mean), 1)")
            ],
            "clipped to 255": [("0, 1)", "0, 255)")],
            "the difference of codes decoded": [
                (EDITED, "return np.clip(images + vae.decode(z - z_mean), 0, 1)")
            ],
            "the first image for all": [("return np.clip(images +", "return np.clip(images[:1] +")],
            "z of another order": [("vae.decode(z)", "vae.decode(z[::-1])")],
            "the log-variance decoded": [("z_mean, _ =", "_, z_mean =")],
            "the first reconstruction for all": [("vae.decode(z_mean)", "vae.decode(z_mean[:1])")],
        },
        "compare": {
            "a split by the seed's place among the seeds": [
                ("for seed in seeds:", "for place, seed in enumerate(seeds):"),
                ("make_sampler(seed), seed)", "make_sampler(seed), place)"),
            ],
            "half of the images": [
                (
                    "scores = {name: [] for name in methods}",
                    "scores = {name: [] for name in methods}\n    X, y = X[: len(y) // 2], y[: len(y) // 2]",
                )
            ],
            "half of the test part": [
                ("said = fit", "X_test, y_test = X_test[::2], y_test[::2]\n            said = fit")
            ],
            "the best of three trainings": [
                (
                    "scores[name].append(balanced_accuracy(y_test, said))",
                    "tries = [balanced_accuracy(y_test, fit_predict(X_train, y_train, X_test)) for _ in range(3)]\n            scores[name].append(max(tries))",
                )
            ],
            "splits remembered for the next data": [
                ("def compare(", "SPLITS = {}\n\n\ndef compare("),
                (
                    "X_train, y_train, X_test, y_test = split_and_resample(X, y, make_sampler(seed), seed)",
                    "X_train, X_test, y_train, y_test = SPLITS.setdefault(seed, train_test_split(X, y, test_size=0.3, stratify=y, random_state=seed))\n            X_train, y_train = make_sampler(seed).fit_resample(X_train, y_train)",
                ),
            ],
            "training labels of other rows": [
                (
                    "fit_predict(X_train, y_train, X_test)",
                    "fit_predict(X_train, np.random.default_rng(0).permutation(y_train), X_test)",
                )
            ],
            "scores rounded": [
                (COMPARED, "scores[name].append(round(balanced_accuracy(y_test, said), 2))")
            ],
            "trained once for a method": [
                (
                    "said = fit_predict(X_train, y_train, X_test)",
                    "said = fit_predict(X_train, y_train, X_test) if not scores[name] else y_test",
                )
            ],
            "scores of the methods exchanged": [
                (
                    "return scores",
                    "names = list(scores)\n    return {name: scores[other] for name, other in zip(names, names[::-1])} if len(names) > 1 else scores",
                )
            ],
            "one mean for every seed": [
                (
                    "return scores",
                    "return {name: [float(np.mean(found))] * len(found) for name, found in scores.items()}",
                )
            ],
            "the mean of the seeds": [
                (
                    "return scores",
                    "return {name: float(np.mean(found)) for name, found in scores.items()}",
                )
            ],
            "the scores sorted": [
                (
                    "return scores",
                    "return {name: sorted(found, reverse=True) for name, found in scores.items()}",
                )
            ],
            "seeds in another order": [
                ("for seed in seeds:", "for seed in sorted(seeds, reverse=True):")
            ],
            "labels of another split": [
                (
                    COMPARED,
                    "y_test = split_and_resample(X, y, make_sampler(seed), seed + 1)[3]\n            "
                    + COMPARED,
                )
            ],
            "labels of another order": [
                (COMPARED, "scores[name].append(balanced_accuracy(np.sort(y_test), said))")
            ],
            "truth and verdict exchanged": [
                ("balanced_accuracy(y_test, said)", "balanced_accuracy(said, y_test)")
            ],
            "samplers of one seed": [("make_sampler(seed), seed)", "make_sampler(0), seed)")],
            "one method trained for all": [
                (
                    "X_train, y_train, X_test, y_test = split_and_resample(X, y, make_sampler(seed), seed)",
                    "make_sampler = next(iter(methods.values()))\n            X_train, y_train, X_test, y_test = split_and_resample(X, y, make_sampler(seed), seed)",
                )
            ],
            "the last seed alone": [
                (
                    "scores[name].append(balanced_accuracy(y_test, said))",
                    "scores[name] = [balanced_accuracy(y_test, said)]",
                )
            ],
            "the G-mean": [("balanced_accuracy(y_test", "g_mean(y_test")],
            "a list": [("return scores", "return list(scores.values())")],
            "resampled before the split": [
                (
                    "X_train, y_train, X_test, y_test = split_and_resample(X, y, make_sampler(seed), seed)",
                    "more = make_sampler(seed).fit_resample(X, y)\n            X_train, X_test, y_train, y_test = train_test_split(*more, test_size=0.3, stratify=more[1], random_state=seed)",
                )
            ],
            "scaled by all the data": [
                (
                    "scores = {name: [] for name in methods}",
                    "scores = {name: [] for name in methods}\n    X = X - X.mean(axis=0)",
                )
            ],
        },
        "interval": {
            "at most 40 wide": [("/ np.sqrt(n)", "/ np.sqrt(n)\n    half = min(half, 20.0)")],
            "the scores written into": [
                (
                    "difference = np.subtract(a, b)",
                    "a[:] = [x - y for x, y in zip(a, b)]\n    difference = np.array(a)",
                )
            ],
            "the normal's quantile from 10 on": [
                ("n = len(difference)\n", "n = len(difference)\n    m = n if n < 10 else 10**6\n"),
                ("t.ppf(0.975, n - 1)", "t.ppf(0.975, m - 1)"),
            ],
            "the ends exchanged": [
                (BELOW, "return difference.mean(), difference.mean() + half, difference.mean() - half")
            ],
            "the mean between the ends": [
                (BELOW, "return difference.mean() - half, difference.mean(), difference.mean() + half")
            ],
            "the half-width alone": [(BELOW, "return difference.mean(), half, half")],
            "n degrees of freedom": [("n - 1)", "n)")],
            "the variance for the deviation": [("difference.std(ddof=1)", "difference.var(ddof=1)")],
            "90 percent": [("0.975", "0.95")],
            "99 percent": [("0.975", "0.995")],
            "divided by n, not its root": [("/ np.sqrt(n)", "/ n")],
            "divided by the root of n - 1": [("/ np.sqrt(n)", "/ np.sqrt(n - 1)")],
            "the median": [
                (
                    BELOW,
                    "return np.median(difference), np.median(difference) - half, np.median(difference) + half",
                )
            ],
            "absolute differences": [("np.subtract(a, b)", "np.abs(np.subtract(a, b))")],
            "relative differences": [("np.subtract(a, b)", "np.subtract(a, b) / np.asarray(b)")],
            "sorted first": [("np.subtract(a, b)", "np.subtract(np.sort(a), np.sort(b))")],
            "a bootstrap of 100": [
                (
                    HALF,
                    "means = [np.random.default_rng(k).choice(difference, n).mean() for k in range(100)]\n    half = 1.96 * np.std(means)",
                )
            ],
            "the range": [(BELOW, "return difference.mean(), difference.min(), difference.max()")],
        },
    },
}

STRIDED = 'layers.Conv2D(64, 3, strides=2, padding="same", activation="relu"),'
BERNOULLI = "-ops.binary_crossentropy(x, logits, from_logits=True)"
CALL = "def call(self, images):"

RIGHT = {
    "ps1_elbo": {
        "kl": {
            "vectorized_map": "def kl_divergence(z_mean, z_log_var):\n    def one(pair):\n        m, v = pair\n        return ops.sum(m * m + ops.expm1(v) - v) / 2\n\n    return ops.vectorized_map(one, (ops.convert_to_tensor(z_mean), ops.convert_to_tensor(z_log_var)))\n",
            "a layer": "class KL(keras.layers.Layer):\n    def call(self, z_mean, z_log_var):\n        return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - 1.0 - z_log_var, axis=-1)\n\n\nkl_divergence = KL()\n",
            "a loop over images and dimensions": "def kl_divergence(z_mean, z_log_var):\n    found = []\n    for m, v in zip(z_mean, z_log_var):\n        found.append(sum(0.5 * (a * a + ops.exp(b) - 1 - b) for a, b in zip(m, v)))\n    return ops.stack(found)\n",
            "a gradient of its own": "@tf.custom_gradient\ndef _kl(m, v):\n    value = 0.5 * tf.reduce_sum(m * m + tf.exp(v) - 1 - v, axis=1)\n    return value, lambda g: (g[:, None] * m, g[:, None] * (tf.exp(v) - 1) / 2)\n\n\ndef kl_divergence(z_mean, z_log_var):\n    return _kl(tf.convert_to_tensor(z_mean), tf.convert_to_tensor(z_log_var))\n",
            "three sums": [
                (
                    "terms = ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var",
                    "parts = ops.square(z_mean), ops.exp(z_log_var), -1 - z_log_var",
                ),
                ("0.5 * ops.sum(terms, axis=1)", "sum(ops.sum(part, axis=-1) for part in parts) / 2"),
            ],
            "a mean times the number of dimensions": [
                ("ops.sum(terms, axis=1)", "z_mean.shape[1] * ops.mean(terms, axis=1)")
            ],
            "a loop over dimensions": [
                ("0.5 * ops.sum(terms, axis=1)", "0.5 * sum(terms[:, j] for j in range(terms.shape[1]))")
            ],
            "expm1": [("ops.exp(z_log_var) - 1", "ops.expm1(z_log_var)")],
            "TensorFlow's own functions": [
                ("ops.square", "tf.square"),
                ("ops.exp", "tf.exp"),
                ("ops.sum", "tf.reduce_sum"),
            ],
            "float64": [
                (
                    "terms =",
                    "z_mean, z_log_var = ops.cast(z_mean, 'float64'), ops.cast(z_log_var, 'float64')\n    terms =",
                )
            ],
            "tf.function": [("def kl_divergence", "@tf.function\ndef kl_divergence")],
            "einsum": [("0.5 * ops.sum(terms, axis=1)", "ops.einsum('bd->b', 0.5 * terms)")],
            "a variance by name": [("ops.exp(z_log_var)", "(ops.exp(0.5 * z_log_var) ** 2)")],
        },
        "bernoulli": {
            "einsum": "def bernoulli_log_prob(x, logits):\n    return ops.einsum('bhwc,bhwc->b', x, logits) - ops.einsum('bhwc->b', ops.softplus(logits))\n",
            "a softmax of two": "def bernoulli_log_prob(x, logits):\n    two = ops.log_softmax(ops.stack([0 * logits, logits], axis=-1), axis=-1)\n    return ops.sum(two[..., 0] * (1 - x) + two[..., 1] * x, axis=[1, 2, 3])\n",
            "x l - softplus(l)": [(BERNOULLI, "x * logits - ops.softplus(logits)")],
            "log_sigmoid twice": [
                (BERNOULLI, "x * ops.log_sigmoid(logits) + (1 - x) * ops.log_sigmoid(-logits)")
            ],
            "where": [
                (BERNOULLI, "ops.where(x == 1, ops.log_sigmoid(logits), ops.log_sigmoid(-logits))")
            ],
            "flattened first": [
                (
                    "log_prob =",
                    "x, logits = ops.reshape(x, (len(x), -1)), ops.reshape(logits, (len(x), -1))\n    log_prob =",
                ),
                ("axis=(1, 2, 3)", "axis=1"),
            ],
            "the sign of each pixel": [(BERNOULLI, "-ops.softplus((1 - 2 * x) * logits)")],
            "Keras's loss times the channels": [
                (
                    BERNOULLI,
                    "-x.shape[-1] * keras.losses.binary_crossentropy(x, logits, from_logits=True)",
                ),
                ("axis=(1, 2, 3)", "axis=(1, 2)"),
            ],
            "TensorFlow's": [(BERNOULLI, "-tf.nn.sigmoid_cross_entropy_with_logits(x, logits)")],
            "logaddexp": [(BERNOULLI, "x * logits - ops.logaddexp(ops.zeros_like(logits), logits)")],
        },
        "gaussian": {
            "Python's math": "import math\n\n\ndef gaussian_log_prob(x, mean, variance):\n    sd = math.sqrt(variance)\n    return ops.sum(-(((x - mean) / sd) ** 2) / 2 - math.log(sd) - 0.5 * math.log(2 * math.pi), axis=(-1, -2, -3))\n",
            "a variance for each pixel": "def gaussian_log_prob(x, mean, variance):\n    v = ops.full(x.shape, variance)\n    return -0.5 * ops.sum(ops.log(2 * np.pi * v) + (x - mean) ** 2 / v, axis=(1, 2, 3))\n",
            "term by term": [
                (
                    "-0.5 * ops.sum(squared + float(np.log(2 * np.pi * variance)), axis=(1, 2, 3))",
                    "ops.sum(-ops.log(2 * np.pi) / 2 - np.log(variance) / 2 - squared / 2, axis=(1, 2, 3))",
                )
            ],
            "the constant by the number of pixels": [
                (
                    "-0.5 * ops.sum(squared + float(np.log(2 * np.pi * variance)), axis=(1, 2, 3))",
                    "-0.5 * (ops.sum(squared, axis=(1, 2, 3)) + int(np.prod(x.shape[1:])) * float(np.log(2 * np.pi * variance)))",
                )
            ],
            "the deviation first": [
                ("ops.square(x - mean) / variance", "ops.square((x - mean) / variance**0.5)")
            ],
            "a mean times the number of pixels": [
                ("ops.sum(squared", "int(np.prod(x.shape[1:])) * ops.mean(squared")
            ],
            "float64": [
                (
                    "squared =",
                    "x, mean = ops.cast(x, 'float64'), ops.cast(mean, 'float64')\n    squared =",
                )
            ],
        },
        "reparameterize": {
            "TensorFlow's stateless noise": "def reparameterize(z_mean, z_log_var, seed):\n    epsilon = tf.random.stateless_normal(ops.shape(z_mean), seed=ops.cast(seed.next(), 'int32'))\n    return z_mean + tf.exp(0.5 * z_log_var) * epsilon\n",
            "Box and Muller's noise": "def reparameterize(z_mean, z_log_var, seed):\n    shape = ops.shape(z_mean)\n    u = keras.random.uniform(shape, 1e-7, 1.0, seed=seed)\n    v = keras.random.uniform(shape, seed=seed)\n    return z_mean + ops.exp(z_log_var / 2) * ops.sqrt(-2 * ops.log(u)) * ops.cos(2 * np.pi * v)\n",
            "one dimension after another": "def reparameterize(z_mean, z_log_var, seed):\n    columns = [z_mean[:, j] + ops.exp(z_log_var[:, j] / 2) * keras.random.normal((len(z_mean),), seed=seed) for j in range(z_mean.shape[1])]\n    return ops.stack(columns, axis=1)\n",
            "the root of the variance": [("ops.exp(0.5 * z_log_var)", "ops.sqrt(ops.exp(z_log_var))")],
            "drawn flat": [
                (
                    NOISE,
                    "shape = ops.shape(z_mean)\n    epsilon = ops.reshape(keras.random.normal((shape[0] * shape[1],), seed=seed), shape)",
                )
            ],
            "mean and deviation given to Keras as 0 and 1": [
                ("ops.shape(z_mean), seed", "ops.shape(z_log_var), mean=0.0, stddev=1.0, seed")
            ],
            "an inner tf.function": [
                (
                    "return z_mean",
                    "step = tf.function(lambda m, v: m + ops.exp(v / 2) * epsilon)\n    return step(tf.convert_to_tensor(z_mean), tf.convert_to_tensor(z_log_var))\n    return z_mean",
                )
            ],
            "noise from uniform numbers": [
                (
                    NOISE,
                    "u = keras.random.uniform(ops.shape(z_mean), 1e-7, 1 - 1e-7, seed=seed)\n    epsilon = tf.math.ndtri(u)",
                )
            ],
        },
        "elbo": {
            "by keywords": "def elbo(x, z_mean, z_log_var, decode, seed):\n    z = reparameterize(z_mean=z_mean, z_log_var=z_log_var, seed=seed)\n    return ops.subtract(bernoulli_log_prob(x=x, logits=decode(z)), kl_divergence(z_mean, z_log_var))\n",
            "the KL by Monte Carlo": [
                (
                    "- kl_divergence(z_mean, z_log_var)",
                    "- ops.sum(0.5 * (z**2 - (z - z_mean) ** 2 / ops.exp(z_log_var) - z_log_var), axis=1)",
                )
            ],
            "two samples": [
                (
                    "return bernoulli_log_prob(x, decode(z))",
                    "two = decode(reparameterize(z_mean, z_log_var, seed))\n    return (bernoulli_log_prob(x, decode(z)) + bernoulli_log_prob(x, two)) / 2",
                )
            ],
            "everything written out": [
                (
                    "z = reparameterize(z_mean, z_log_var, seed)",
                    "z = z_mean + ops.exp(z_log_var / 2) * keras.random.normal(ops.shape(z_mean), seed=seed)",
                ),
                (
                    "bernoulli_log_prob(x, decode(z))",
                    "-ops.sum(ops.binary_crossentropy(x, decode(z), from_logits=True), axis=(1, 2, 3))",
                ),
            ],
            "minus the loss": [
                (
                    "return bernoulli_log_prob(x, decode(z)) - kl_divergence(z_mean, z_log_var)",
                    "loss = -bernoulli_log_prob(x, decode(z)) + kl_divergence(z_mean, z_log_var)\n    return -loss",
                )
            ],
        },
        "bound": {
            "a softmax's shares": "def importance_weighted_bound(log_weights):\n    w = ops.convert_to_tensor(log_weights)\n    return (w - ops.log_softmax(w, axis=0))[0] - ops.log(float(w.shape[0]))\n",
            "a running maximum": "def importance_weighted_bound(log_weights):\n    top, total = log_weights[0], ops.ones_like(log_weights[0])\n    for w in log_weights[1:]:\n        new = ops.maximum(top, w)\n        total = total * ops.exp(top - new) + ops.exp(w - new)\n        top = new\n    return top + ops.log(total / len(log_weights))\n",
            "transposed": "def importance_weighted_bound(log_weights):\n    w = ops.transpose(log_weights)\n    return ops.logsumexp(w, axis=-1) - ops.log(ops.cast(ops.shape(w)[1], w.dtype))\n",
            "the largest subtracted": [
                (
                    "return ops.logsumexp(log_weights, axis=0) - float(np.log(len(log_weights)))",
                    "top = ops.max(log_weights, axis=0, keepdims=True)\n    return top[0] + ops.log(ops.mean(ops.exp(log_weights - top), axis=0))",
                )
            ],
            "the largest without a gradient": [
                (
                    "return ops.logsumexp(log_weights, axis=0) - float(np.log(len(log_weights)))",
                    "top = ops.stop_gradient(ops.max(log_weights, axis=0))\n    return top + ops.log(ops.mean(ops.exp(log_weights - top), axis=0))",
                )
            ],
            "log K inside": [
                (
                    "return ops.logsumexp(log_weights, axis=0) - float(np.log(len(log_weights)))",
                    "return ops.logsumexp(log_weights - ops.log(float(len(log_weights))), axis=0)",
                )
            ],
            "TensorFlow's": [
                ("ops.logsumexp(log_weights, axis=0)", "tf.reduce_logsumexp(log_weights, axis=0)")
            ],
            "one sample after another": [
                (
                    "return ops.logsumexp(log_weights, axis=0)",
                    "total = ops.convert_to_tensor(log_weights[0])\n    for one in log_weights[1:]:\n        total = ops.logaddexp(total, one)\n    return total",
                )
            ],
            "float64": [
                ("ops.logsumexp(log_weights,", "ops.logsumexp(ops.cast(log_weights, 'float64'),")
            ],
        },
    },
    "ps2_convolutional_vae": {
        "encoder": {
            "heads of its own weights": "class Encoder(keras.Model):\n    def __init__(self, latent_dim):\n        super().__init__()\n        self.latent_dim = latent_dim\n        self.c1 = layers.Conv2D(8, 3, strides=(2, 2), activation='relu')\n        self.c2 = layers.Conv2D(8, 3, strides=(2, 2), activation='relu')\n\n    def build(self, shape):\n        h, w = ((s - 3) // 2 + 1 for s in shape[1:3])\n        h, w = ((s - 3) // 2 + 1 for s in (h, w))\n        self.w = self.add_weight(shape=(h * w * 8, 2 * self.latent_dim), initializer='glorot_uniform', name='w')\n        self.b = self.add_weight(shape=(2 * self.latent_dim,), initializer='zeros', name='b')\n        self.size = h * w * 8\n\n    def call(self, x):\n        x = tf.nn.relu(self.c2(self.c1(x)))\n        out = ops.reshape(x, (-1, self.size)) @ self.w + self.b\n        return out[:, : self.latent_dim], out[:, self.latent_dim :]\n",
            "residual, with layer normalisation": "class Encoder(keras.Model):\n    def __init__(self, latent_dim):\n        super().__init__()\n        self.a = layers.Conv2D(16, 3, strides=2, padding='same')\n        self.b = layers.Conv2D(16, 3, padding='same', activation='relu')\n        self.norm = layers.LayerNormalization()\n        self.c = layers.Conv2D(32, 3, strides=2, padding='same', activation='elu')\n        self.flatten = layers.Flatten()\n        self.mu, self.lv = layers.Dense(latent_dim), layers.Dense(latent_dim)\n\n    def call(self, x):\n        x = self.a(x)\n        x = self.norm(x + self.b(x))\n        h = self.flatten(self.c(x))\n        return [self.mu(h), self.lv(h)]\n",
            "layers made in build": "class Encoder(keras.Model):\n    def __init__(self, latent_dim, **kwargs):\n        super().__init__(**kwargs)\n        self.latent_dim = latent_dim\n\n    def build(self, input_shape):\n        self.c1 = layers.Conv2D(8, 3, 2, activation='relu', padding='same')\n        self.c2 = layers.Conv2D(8, 3, 2, activation='relu', padding='same')\n        self.flat = layers.Flatten()\n        self.m, self.v = layers.Dense(self.latent_dim), layers.Dense(self.latent_dim)\n        x = input_shape\n        for layer in (self.c1, self.c2, self.flat):\n            layer.build(x)\n            x = layer.compute_output_shape(x)\n        self.m.build(x)\n        self.v.build(x)\n        self.built = True\n\n    def call(self, images, training=None, mask=None):\n        h = self.flat(self.c2(self.c1(images)))\n        return self.m(h), self.v(h)\n",
            "a log-variance head that starts at 0": [
                (
                    "self.z_log_var = layers.Dense(latent_dim)",
                    "self.z_log_var = layers.Dense(latent_dim, kernel_initializer='zeros')",
                )
            ],
            "a log-variance head that starts at a bias": [
                (
                    "self.z_log_var = layers.Dense(latent_dim)",
                    "self.z_log_var = layers.Dense(latent_dim, kernel_initializer='zeros', bias_initializer=keras.initializers.Constant(-4.0))",
                )
            ],
            "one dense layer, split": [
                ("self.z_log_var = layers.Dense(latent_dim)\n", ""),
                ("self.z_mean = layers.Dense(latent_dim)", "self.heads = layers.Dense(2 * latent_dim)"),
                (ENCODER_HEADS, "return ops.split(self.heads(features), 2, axis=-1)"),
            ],
            "batch normalisation": [
                (
                    STRIDED,
                    'layers.Conv2D(64, 3, strides=2, padding="same"),\n                layers.BatchNormalization(),\n                layers.ReLU(),',
                )
            ],
            "tanh and dropout inside": [
                (
                    STRIDED,
                    'layers.Conv2D(64, 3, strides=2, padding="same", activation="tanh"),\n                layers.Dropout(0.2),',
                )
            ],
            "a hidden dense layer": [
                (
                    "layers.Flatten(),",
                    'layers.Flatten(),\n                layers.Dense(64, activation="gelu"),',
                )
            ],
            "log-variances clipped as the package does": [
                ("self.z_log_var(features)", "ops.clip(self.z_log_var(features), -20.0, 10.0)")
            ],
            "log-variances kept above -12": [
                ("self.z_log_var(features)", "ops.maximum(self.z_log_var(features), -12.0)")
            ],
            "a body of its own for each head": [
                (
                    "return self.z_mean(features), self.z_log_var(features)",
                    "return [self.z_mean(features), self.z_log_var(ops.relu(features))]",
                )
            ],
            "a functional model inside": """
class Encoder(keras.Model):
    def __init__(self, latent_dim):
        super().__init__()
        self.latent_dim = latent_dim
        self.convolutions = [layers.Conv2D(n, 4, 2, "same", activation="silu") for n in (16, 32, 64)]
        self.z_mean, self.z_log_var = layers.Dense(latent_dim), layers.Dense(latent_dim)

    @tf.function
    def call(self, images):
        features = images
        for convolution in self.convolutions:
            features = convolution(features)
        features = ops.reshape(features, (ops.shape(features)[0], int(np.prod(features.shape[1:]))))
        return self.z_mean(features), self.z_log_var(features)
""",
        },
        "decoder": {
            "a functional model, made in build": "class Decoder(keras.Model):\n    def __init__(self, image_shape):\n        super().__init__()\n        self.image_shape = image_shape\n\n    def build(self, shape):\n        h, w, c = self.image_shape\n        z = keras.Input(shape[1:])\n        x = layers.Dense(h * w // 16 * 8)(z)\n        x = layers.Reshape((h // 4, w // 4, 8))(layers.ReLU()(x))\n        x = layers.Conv2DTranspose(16, 4, 2, 'same')(x)\n        x = layers.LeakyReLU()(x)\n        x = layers.Conv2DTranspose(c, 4, 2, 'same')(x)\n        self.net = keras.Model(z, x)\n        self.built = True\n\n    def call(self, z):\n        return self.net(z)\n",
            "a list of layers": "class Decoder(keras.Model):\n    def __init__(self, image_shape):\n        super().__init__()\n        h, w, c = image_shape\n        self.small = (h // 4, w // 4, 16)\n        self.dense = layers.Dense(int(np.prod(self.small)), activation='relu')\n        self.up = [layers.Conv2DTranspose(n, 5, strides=(2, 2), padding='same', activation='gelu') for n in (16, 8)]\n        self.last = layers.Conv2D(c, 1)\n\n    def call(self, z, training=False):\n        x = ops.reshape(self.dense(z), (ops.shape(z)[0], *self.small))\n        for layer in self.up:\n            x = layer(x)\n        return self.last(x)\n",
            "kernels of 4 and no last layer": [
                ('layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu"),\n', ""),
                (
                    'layers.Conv2DTranspose(channels, 3, padding="same")',
                    'layers.Conv2DTranspose(channels, 4, strides=2, padding="same")',
                ),
            ],
            "a convolution at the end": [
                ("layers.Conv2DTranspose(channels, 3,", "layers.Conv2D(channels, 3,")
            ],
            "batch normalisation": [
                (
                    "layers.Reshape((height // 4, width // 4, 32)),",
                    "layers.Reshape((height // 4, width // 4, 32)),\n                layers.BatchNormalization(),",
                )
            ],
            "a bias that starts at -2": [
                (
                    'layers.Conv2DTranspose(channels, 3, padding="same")',
                    'layers.Conv2DTranspose(channels, 3, padding="same", bias_initializer=keras.initializers.Constant(-2.0))',
                )
            ],
            "leaky inside, tf.function": [
                ('activation="relu"', 'activation="leaky_relu"'),
                ("def call(self, z)", "@tf.function\n    def call(self, z)"),
            ],
        },
        "vae": {
            "a layer that draws, and a metric": "class Sampling(layers.Layer):\n    def __init__(self, seed):\n        super().__init__()\n        self.generator = seed\n\n    def call(self, m, v):\n        return m + ops.exp(v / 2) * keras.random.normal(ops.shape(m), seed=self.generator)\n\n\nclass VAE(keras.Model):\n    def __init__(self, encoder, decoder, seed=0):\n        super().__init__()\n        self.encoder, self.decoder = encoder, decoder\n        self.noise = keras.random.SeedGenerator(seed)\n        self.sampling = Sampling(self.noise)\n        self.kl_tracker = keras.metrics.Mean(name='kl')\n\n    @property\n    def metrics(self):\n        return [self.kl_tracker]\n\n    def call(self, images):\n        m, v = self.encoder(images)\n        z = self.sampling(m, v)\n        return dict(z_mean=m, z_log_var=v, z=z, logits=self.decoder(z))\n\n    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):\n        l = y_pred['logits']\n        rec = ops.sum(keras.losses.binary_crossentropy(x[..., None], l[..., None], from_logits=True), axis=(1, 2, 3))\n        kl = -0.5 * ops.sum(1 + y_pred['z_log_var'] - y_pred['z_mean'] ** 2 - ops.exp(y_pred['z_log_var']), axis=1)\n        self.kl_tracker.update_state(kl)\n        return ops.mean(rec + kl)\n",
            "the KL by Monte Carlo": [
                (
                    'kl = cvae.kl_divergence(y_pred["z_mean"], y_pred["z_log_var"])',
                    "z, mean, log_var = (y_pred[name] for name in ('z', 'z_mean', 'z_log_var'))\n        kl = ops.sum(0.5 * (z**2 - (z - mean) ** 2 / ops.exp(log_var) - log_var), axis=1)",
                )
            ],
            "a second sample in the loss": [
                (
                    "reconstruction = -cvae",
                    "again = cvae.gaussian.reparameterize(y_pred['z_mean'], y_pred['z_log_var'], self.noise)\n        reconstruction = -cvae",
                ),
                ('y_pred["logits"])', "self.decoder(again))"),
            ],
            "two means": [(VAE_LOSS, "return ops.mean(reconstruction) + ops.mean(kl)")],
            "sums divided by the batch": [
                (VAE_LOSS, "return ops.sum(reconstruction + kl) / ops.cast(ops.shape(x)[0], 'float32')")
            ],
            "more in the dict": [
                (
                    '"logits": self.decoder(z)}',
                    '"logits": self.decoder(z), "kl": cvae.kl_divergence(z_mean, z_log_var)}',
                ),
                ('cvae.kl_divergence(y_pred["z_mean"], y_pred["z_log_var"])', 'y_pred["kl"]'),
            ],
            "a sampling method, float64 noise": [
                (
                    Z_OF_VAE,
                    "noise = keras.random.normal(ops.shape(z_mean), seed=self.noise, dtype='float64')\n        z = z_mean + ops.exp(z_log_var / 2) * ops.cast(noise, z_mean.dtype)",
                )
            ],
            "TensorFlow's cross-entropy": [
                (
                    'reconstruction = -cvae.Bernoulli().log_prob(x, y_pred["logits"])',
                    "reconstruction = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(x, y_pred['logits']), axis=[1, 2, 3])",
                )
            ],
        },
        "train": {
            "Keras's defaults, ten epochs": [
                ("Adam(2e-3)", "Adam()"),
                ("epochs=12, batch_size=16", "epochs=10"),
            ],
            "batches of 64": [("batch_size=16", "batch_size=64")],
            "held-out images and early stopping": [
                ("Adam(2e-3)", "Adam(1e-3)"),
                (
                    "epochs=12, batch_size=16, verbose=0",
                    "epochs=15, validation_split=0.1, verbose=2, callbacks=[keras.callbacks.EarlyStopping(patience=3)]",
                ),
            ],
            "a rate that decays, in a tf.data pipeline": [
                (
                    "keras.optimizers.Adam(2e-3)",
                    "keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, 700))",
                ),
                (
                    "vae.fit(images, epochs=12, batch_size=16, verbose=0)",
                    "vae.fit(tf.data.Dataset.from_tensor_slices(images).shuffle(2000).batch(32), epochs=10, verbose=0)",
                ),
            ],
        },
        "plane": {
            "mgrid with a complex step": "def latent_plane(decode, n, limit):\n    z2, z1 = np.mgrid[limit : -limit : n * 1j, -limit : limit : n * 1j]\n    z = np.c_[z1.ravel(), z2.ravel()]\n    out = decode(z)\n    return np.stack(np.split(out, n))\n",
            "mgrid": [
                (
                    "z1, z2 = np.meshgrid(along, along[::-1])",
                    "z2, z1 = np.meshgrid(along[::-1], along, indexing='ij')",
                )
            ],
            "float32 images": [
                (
                    "return images.reshape",
                    "images = np.asarray(images, 'float32')\n    return images.reshape",
                )
            ],
            "a list of points": [
                (
                    "z1, z2 = np.meshgrid(along, along[::-1])\n    images = decode(np.stack([z1.ravel(), z2.ravel()], axis=1))",
                    "images = np.asarray(decode(np.array([(a, b) for b in reversed(along) for a in along])))",
                )
            ],
            "flipped afterwards": [
                ("np.meshgrid(along, along[::-1])", "np.meshgrid(along, along)"),
                (
                    "return images.reshape(n, n, *images.shape[1:])",
                    "return images.reshape(n, n, *images.shape[1:])[::-1]",
                ),
            ],
        },
        "interpolate": {
            "einsum": "def interpolate(vae, a, b, steps):\n    z, log_var = vae.encode(np.stack([a, b]))\n    w = np.column_stack([np.linspace(1, 0, steps), np.linspace(0, 1, steps)])\n    return vae.decode(np.einsum('sk,kd->sd', w, z))\n",
            "float32 images": [
                ("return vae.decode(", "return np.float32(vae.decode("),
                ("share * z_mean[1])", "share * z_mean[1]))"),
            ],
            "each image encoded alone": [
                (
                    "z_mean, _ = vae.encode(np.stack([a, b]))",
                    "z_mean = [vae.encode(image[None])[0][0] for image in (a, b)]",
                )
            ],
            "a step and its multiples": [
                (
                    "return vae.decode((1 - share) * z_mean[0] + share * z_mean[1])",
                    "return vae.decode(np.linspace(z_mean[0], z_mean[1], steps))",
                )
            ],
            "decoded one by one": [
                (
                    "return vae.decode((1 - share) * z_mean[0] + share * z_mean[1])",
                    "return np.stack([vae.decode(((1 - s) * z_mean[0] + s * z_mean[1])[None])[0] for s in share[:, 0]])",
                )
            ],
        },
        "conditional": {
            "TensorFlow, by keywords": "def with_label(images, labels, num_classes):\n    h, w = images.shape[1:3]\n    code = keras.utils.to_categorical(labels, num_classes)\n    maps = tf.tile(tf.cast(code, 'float32')[:, None, None, :], [1, h, w, 1])\n    return tf.concat([tf.cast(images, 'float32'), maps], -1)\n\n\ndef z_with_label(z, labels, num_classes):\n    return tf.concat([z, tf.one_hot(labels, num_classes, dtype=z.dtype)], 1)\n\n\ndef conditional_loss(encoder, decoder, images, labels, num_classes, seed):\n    m, v = encoder(with_label(images=images, labels=labels, num_classes=num_classes))\n    z = m + tf.exp(v / 2) * keras.random.normal(tf.shape(m), seed=seed)\n    l = decoder(z_with_label(z=z, labels=labels, num_classes=num_classes))\n    rec = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels=images, logits=l), [1, 2, 3])\n    return tf.reduce_mean(rec - 0.5 * tf.reduce_sum(1 + v - m * m - tf.exp(v), 1))\n",
            "planes by repeat": [
                (
                    "planes = ops.ones_like(images[..., :1]) * ops.one_hot(labels, num_classes)[:, None, None]",
                    "hot = ops.one_hot(labels, num_classes)\n    planes = ops.repeat(ops.repeat(hot[:, None, None], images.shape[1], axis=1), images.shape[2], axis=2)",
                )
            ],
            "labels compared with each class": "def with_label(images, labels, num_classes):\n    labels = ops.cast(labels, 'int32')\n    shape = tuple(images.shape)\n    planes = [ops.cast(ops.equal(labels, c), 'float32')[:, None, None, None] * ops.ones((1, *shape[1:3], 1)) for c in range(num_classes)]\n    return ops.concatenate([ops.cast(images, 'float32'), *planes], axis=3)\n\n\ndef z_with_label(z, labels, num_classes):\n    return ops.hstack([z, ops.take(ops.eye(num_classes), labels, axis=0)])\n\n\ndef conditional_loss(encoder, decoder, images, labels, num_classes, seed):\n    mean, log_var = encoder(with_label(images, labels, num_classes))\n    losses = []\n    z = cvae.gaussian.reparameterize(mean, log_var, seed)\n    l = decoder(z_with_label(z, labels, num_classes))\n    elbo = cvae.Bernoulli().log_prob(images, l) - cvae.kl_divergence(mean, log_var)\n    return -ops.sum(elbo) / elbo.shape[0]\n",
            "broadcast": [
                (
                    "planes = ops.ones_like(images[..., :1]) * ops.one_hot(labels, num_classes)[:, None, None]",
                    "shape = (*ops.shape(images)[:3], num_classes)\n    planes = ops.broadcast_to(ops.one_hot(labels, num_classes)[:, None, None, :], shape)",
                )
            ],
            "NumPy's eye": [
                (
                    "ops.one_hot(labels, num_classes)[:, None, None]",
                    "ops.convert_to_tensor(np.eye(num_classes, dtype='float32')[np.asarray(labels)])[:, None, None]",
                )
            ],
            "the KL by Monte Carlo": [
                (
                    "cvae.kl_divergence(z_mean, z_log_var))",
                    "ops.sum(0.5 * (z**2 - (z - z_mean) ** 2 / ops.exp(z_log_var) - z_log_var), axis=1))",
                )
            ],
            "everything written out": [
                (
                    "reconstruction = -cvae.Bernoulli().log_prob(images, logits)",
                    "reconstruction = ops.sum(ops.softplus(logits) - images * logits, axis=(1, 2, 3))",
                )
            ],
        },
    },
    "ps3_oversampling": {
        "metrics": {
            "pandas": "import pandas as pd\n\n\ndef recalls(y_true, y_pred):\n    return pd.Series(y_true == y_pred).groupby(y_true).mean()\n\n\ndef balanced_accuracy(y_true, y_pred) -> float:\n    return float(recalls(y_true, y_pred).mean())\n\n\ndef g_mean(y_true, y_pred) -> float:\n    from statistics import geometric_mean\n    r = list(recalls(y_true, y_pred))\n    return 0.0 if 0 in r else geometric_mean(r)\n",
            "scikit-learn's confusion matrix": "from sklearn.metrics import confusion_matrix\n\n\ndef recalls(y_true, y_pred):\n    labels = np.union1d(y_true, y_pred)\n    m = confusion_matrix(y_true, y_pred, labels=labels)\n    keep = m.sum(1) > 0\n    return m.diagonal()[keep] / m.sum(1)[keep]\n\n\ndef balanced_accuracy(y_true, y_pred):\n    return recalls(y_true, y_pred).mean()\n\n\ndef g_mean(y_true, y_pred):\n    return scipy.stats.mstats.gmean(recalls(y_true, y_pred))\n",
            "imbalanced-learn's": "from imblearn.metrics import geometric_mean_score, sensitivity_score\n\n\ndef recalls(y_true, y_pred):\n    return sensitivity_score(y_true, y_pred, average=None, labels=np.unique(y_true))\n\n\ndef balanced_accuracy(y_true, y_pred):\n    return sensitivity_score(y_true, y_pred, average='macro', labels=np.unique(y_true))\n\n\ndef g_mean(y_true, y_pred):\n    return geometric_mean_score(y_true, y_pred, labels=np.unique(y_true))\n",
            "scikit-learn's, which warns": "from sklearn.metrics import balanced_accuracy_score, recall_score\n\n\ndef recalls(y_true, y_pred):\n    return recall_score(y_true, y_pred, average=None, labels=np.unique(y_true))\n\n\ndef balanced_accuracy(y_true, y_pred):\n    return balanced_accuracy_score(y_true, y_pred)\n\n\ndef g_mean(y_true, y_pred):\n    return scipy.stats.gmean(recalls(y_true, y_pred))\n",
            "through logarithms, which warn of 0": [
                ("np.prod(of_each) ** (1 / len(of_each))", "np.exp(np.mean(np.log(of_each)))")
            ],
            "a list": [
                (
                    "return np.array([(y_pred[y_true == label] == label).mean() for label in np.unique(y_true)])",
                    "return [float(np.mean(y_pred[y_true == c] == c)) for c in sorted(set(y_true.tolist()))]",
                ),
                (
                    "recalls(y_true, y_pred).mean()",
                    "sum(recalls(y_true, y_pred)) / len(recalls(y_true, y_pred))",
                ),
            ],
            "a confusion matrix": [
                (
                    "return np.array([(y_pred[y_true == label] == label).mean() for label in np.unique(y_true)])",
                    "labels = np.unique(y_true)\n    table = (y_true[:, None] == labels).T.astype(float) @ (y_pred[:, None] == labels)\n    return np.diag(table) / np.bincount(np.searchsorted(labels, y_true))",
                )
            ],
        },
        "split": {
            "ranks of random keys": "def split_and_resample(X, y, sampler, seed, test_size=0.3):\n    key = np.random.default_rng([seed, 5]).random(len(y))\n    rank = np.empty(len(y), int)\n    for c in set(y.tolist()):\n        rows = np.flatnonzero(y == c)\n        rank[rows[np.argsort(key[rows])]] = np.arange(len(rows))\n    size = np.array([(y == c).sum() for c in y])\n    test = rank < np.floor(test_size * size + 0.5)\n    X_more, y_more = sampler.fit_resample(X[~test], y[~test])\n    return X_more, y_more, X[test], y[test]\n",
            "a named tuple": "from typing import NamedTuple\n\n\nclass Split(NamedTuple):\n    X_train: np.ndarray\n    y_train: np.ndarray\n    X_test: np.ndarray\n    y_test: np.ndarray\n\n\ndef split_and_resample(X, y, sampler, seed, test_size=0.3):\n    a, b, c, d = train_test_split(X, y, test_size=test_size, stratify=y, random_state=seed)\n    return Split(*sampler.fit_resample(a, c), b, d)\n",
            "pandas": "import pandas as pd\n\n\ndef split_and_resample(X, y, sampler, seed, test_size=0.3):\n    frame = pd.DataFrame(X)\n    frame['label'] = y\n    test = frame.groupby('label').sample(frac=test_size, random_state=seed)\n    train = frame.drop(test.index)\n    more = sampler.fit_resample(train.drop(columns='label').to_numpy(), train['label'].to_numpy())\n    return more[0], more[1], test.drop(columns='label').to_numpy(), test['label'].to_numpy()\n",
            "StratifiedShuffleSplit": "from sklearn.model_selection import StratifiedShuffleSplit\n\n\ndef split_and_resample(X, y, sampler, seed, test_size=0.3):\n    train, test = next(StratifiedShuffleSplit(1, test_size=test_size, random_state=seed).split(X, y))\n    return (*sampler.fit_resample(X[train], y[train]), X[test], y[test])\n",
            "class by class, rounded up": "def split_and_resample(X, y, sampler, seed, test_size=0.3):\n    rng = np.random.default_rng(seed)\n    of_class = [rng.permutation(np.flatnonzero(y == c)) for c in np.unique(y)]\n    test = np.concatenate([rows[: int(np.ceil(test_size * len(rows)))] for rows in of_class])\n    train = np.delete(np.arange(len(y)), test)\n    return (*sampler.fit_resample(X[train], y[train]), X[test], y[test])\n",
            "indices split, a copied sampler, shuffled": [
                (
                    "X_train, X_test, y_train, y_test =",
                    "from sklearn.base import clone\n\n    X_train, X_test, y_train, y_test =",
                ),
                (
                    RESAMPLED,
                    "X_more, y_more = clone(sampler).fit_resample(X_train, y_train)\n    order = np.random.default_rng(seed).permutation(len(y_more))\n    return X_more[order], y_more[order], X_test, y_test",
                ),
            ],
        },
        "draws": {
            "a generator that goes round": "def draws_around(vae, images, count, spread, rng):\n    mean, log_var = vae.encode(images)\n    sd = spread * np.sqrt(np.exp(log_var))\n\n    def going_round():\n        while True:\n            yield from rng.permutation(len(images))\n\n    z, members = [], []\n    for _, m in zip(range(count), going_round()):\n        z.append(rng.normal(mean[m], sd[m]))\n        members.append(m)\n    return np.array(z), np.array(members)\n",
            "argsort, a list of members": "def draws_around(vae, images, count, spread, rng):\n    n = len(images)\n    rounds = -(-count // n)\n    member = rng.random((rounds, n)).argsort(axis=1).ravel()[:count]\n    mean, log_var = (v[member] for v in vae.encode(images))\n    return mean + spread * np.exp(log_var / 2) * rng.normal(size=mean.shape), member.tolist()\n",
            "round-robin": [
                (
                    "rounds = [rng.permutation(len(images)) for _ in range(-(-count // len(images)))]\n    member = np.concatenate(rounds)[:count]",
                    "member = np.arange(count) % len(images)",
                )
            ],
            "float32 noise": [
                (
                    "rng.standard_normal((count, z_mean.shape[1]))",
                    "rng.standard_normal((count, z_mean.shape[1]), dtype='float32')",
                )
            ],
            "rng.normal with mean and deviation": [
                (EPSILON + "\n", "\n"),
                (
                    DRAWN,
                    "return rng.normal(z_mean[member], spread * np.exp(0.5 * z_log_var[member])), member",
                ),
            ],
            "the members encoded": [
                ("z_mean, z_log_var = vae.encode(images)\n    ", ""),
                (EPSILON, "z_mean, z_log_var = vae.encode(images[member])\n    " + EPSILON),
                (
                    "z_mean[member] + spread * np.exp(0.5 * z_log_var[member])",
                    "z_mean + spread * np.exp(0.5 * z_log_var)",
                ),
            ],
            "one draw after another": [
                (EPSILON, "epsilon = np.array([rng.standard_normal(z_mean.shape[1]) for _ in member])")
            ],
        },
        "edits": {
            "clipped by masks": "def edits(vae, images, z):\n    new = images + vae.decode(z) - vae.reconstruct(images)\n    new[new < 0] = 0\n    new[new > 1] = 1\n    return new\n",
            "decoded together": "def edits(vae, images, z):\n    both = vae.decode(np.concatenate([z, vae.encode(images)[0]]))\n    now, before = np.split(both, 2)\n    return np.clip(images + (now - before), 0, 1)\n",
            "minimum and maximum": [
                (
                    EDITED,
                    "return np.minimum(np.maximum(images + (vae.decode(z) - vae.decode(z_mean)), 0), 1)",
                )
            ],
            "reconstruct": [
                (EDITED, "return (images + vae.decode(z) - vae.reconstruct(images)).clip(0, 1)")
            ],
            "float32, one by one": [
                (
                    EDITED,
                    "new = [x + vae.decode(a[None])[0] - vae.decode(b[None])[0] for x, a, b in zip(images, z, z_mean)]\n    return np.clip(np.array(new, 'float32'), 0, 1)",
                )
            ],
        },
        "compare": {
            "product, by keywords": "from collections import defaultdict\nfrom itertools import product\n\n\ndef compare(methods, X, y, fit_predict, seeds):\n    scores = defaultdict(list)\n    for seed, (name, make) in product(seeds, methods.items()):\n        a, b, c, d = split_and_resample(X=X, y=y, sampler=make(seed), seed=seed)\n        scores[name].append(balanced_accuracy(d, fit_predict(a, b, c)))\n    return scores\n",
            "a table of pandas": "import pandas as pd\n\n\ndef compare(methods, X, y, fit_predict, seeds):\n    table = pd.DataFrame(index=list(seeds), columns=list(methods), dtype=float)\n    for seed in seeds:\n        for name in methods:\n            a, b, c, d = split_and_resample(X, y, methods[name](seed), seed)\n            table.loc[seed, name] = balanced_accuracy(d, fit_predict(a, b, c))\n    return table\n",
            "methods outside, arrays": [
                ("scores = {name: [] for name in methods}\n", "scores = {}\n"),
                (
                    "for seed in seeds:\n        for name, make_sampler in methods.items():",
                    "for name, make_sampler in methods.items():\n        scores[name] = np.zeros(0)\n        for seed in seeds:",
                ),
                (COMPARED, "scores[name] = np.append(scores[name], balanced_accuracy(y_test, said))"),
            ],
            "a progress bar": [
                ("for seed in seeds:", "from tqdm import tqdm\n\n    for seed in tqdm(seeds):")
            ],
            "train_test_split and recall_score": [
                (
                    "X_train, y_train, X_test, y_test = split_and_resample(X, y, make_sampler(seed), seed)",
                    "X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=seed)\n            X_train, y_train = make_sampler(seed).fit_resample(X_train, y_train)",
                ),
                (
                    "balanced_accuracy(y_test, said)",
                    "recall_score(y_test, said, average='macro', labels=np.unique(y_test))",
                ),
                ("def compare(", "from sklearn.metrics import recall_score\n\n\ndef compare("),
            ],
        },
        "interval": {
            "a dataclass": "from dataclasses import astuple, dataclass\n\n\n@dataclass\nclass Interval:\n    mean: float\n    low: float\n    high: float\n\n\ndef paired_difference(a, b):\n    d = np.asarray(a, float) - np.asarray(b, float)\n    h = abs(scipy.stats.t.ppf(0.025, d.size - 1)) * scipy.stats.sem(d)\n    return astuple(Interval(d.mean(), d.mean() - h, d.mean() + h))\n",
            "Python's statistics": "import statistics\nfrom math import sqrt\n\n\ndef paired_difference(a: list, b: list) -> tuple[float, float, float]:\n    d = [float(x) - float(y) for x, y in zip(a, b)]\n    m, s = statistics.fmean(d), statistics.stdev(d)\n    h = scipy.stats.t(df=len(d) - 1).ppf(0.975) * s / sqrt(len(d))\n    return m, m - h, m + h\n",
            "SciPy's paired test, which warns": [
                (
                    "difference = np.subtract(a, b)",
                    "low, high = scipy.stats.ttest_rel(a, b).confidence_interval()\n    return np.mean(np.subtract(a, b)), low, high",
                )
            ],
            "t.interval": [
                (
                    BELOW,
                    "return difference.mean(), *scipy.stats.t.interval(0.95, n - 1, difference.mean(), scipy.stats.sem(difference))",
                )
            ],
            "the other tail, an array": [
                ("t.ppf(0.975,", "t.isf(0.025,"),
                (
                    BELOW,
                    "return np.array([difference.mean(), difference.mean() - half, difference.mean() + half])",
                ),
            ],
        },
    },
}
