"""Wrong answers, each a classic: {problem set: {question: {what is wrong: the answer}}}.

The tests grade every one of them: its question loses its points, and no other does.
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
    "ps3_oversampling": {
        "metrics": {
            "accuracy where balanced accuracy was asked": """
def recalls(y_true, y_pred):
    return np.array([(y_pred[y_true == label] == label).mean() for label in np.unique(y_true)])


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
            "the square root, whatever the number of classes": """
def recalls(y_true, y_pred):
    return np.array([(y_pred[y_true == label] == label).mean() for label in np.unique(y_true)])


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
