"""Oversampling of rare classes with a VAE, as one of imbalanced-learn's samplers."""

import numbers
from typing import ClassVar

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from tqdm import tqdm

from cvae import likelihoods, priors
from cvae.likelihoods import Gaussian, Likelihood
from cvae.oversampling import class_vaes, columns
from cvae.oversampling.class_vaes import seeded

NOT_OPTIONS = {"image_shape", "latent_dim", "network", "likelihood", "num_classes", "seed"}


class VAEOverSampler(columns.TableOverSampler):
    """Generate images of rare classes with a variational autoencoder.

    A drop-in for imbalanced-learn's samplers: `fit_resample(X, y)` gives the originals, untouched and in
    their order, followed by the generated rows.

    Parameters
    ----------
    sampling_strategy : str, dict, callable or float, default="auto"
        As for every over-sampler of imbalanced-learn: "auto", "minority", "not minority",
        "not majority", "all", a dict {class: rows wanted in all}, a callable that makes one of y, or,
        for two classes, the ratio wanted of the smaller to the larger.

    image_shape : array-like of int, default=None
        (height, width, channels) of the images whose pixels are the columns of X, uint8 or in [0, 1].
        None for columns that are no pixels: they may have any range, each is scaled to [0, 1] by its
        own minimum and maximum, and generated rows stay within it, floats but for the last digit.

    network : {"mlp", "conv", "residual"}, default="mlp"
        As for `build_vae`; columns that are no pixels take "mlp".

    options : dict, default=None
        More arguments for `build_vae`, such as {"hidden": (256, 256)} or {"beta": 0.5}; not those that
        have an argument here.

    latent_dim : int, default=10
        Dimensions of z.

    likelihood : str or Likelihood, default=None
        None for "bernoulli" with image_shape, else a Gaussian of variance 0.01 in the scaled columns.

    conditional : bool, default=True
        One VAE of p(x | class) for all classes, so that rare ones borrow strokes from common ones.
        False trains a VAE for each class that is to grow, on its rows alone.

    source : {"posterior", "prior"}, default="posterior"
        "posterior" draws z around the code of real rows of the class, each used about equally often;
        "prior" draws z from p(z), N(0, I) unless options name a learnt one, for rows that are like none
        in particular.

    temperature : float, default=None
        The standard deviations of those draws are multiplied by this: 0 gives reconstructions, or with
        residuals the rows themselves. None: 2 with residuals, which was good on validation images of
        MNIST and Fashion-MNIST (`experiments.studies.tuning`), else 1.

    pixels : {"mean", "sample", "residual"}, default=None
        "mean" takes the mean of p(x | z), "sample" draws from it. "residual", for the posterior only,
        keeps the residual of a real row (the row minus its reconstruction): it changes the row by the
        difference that the draw makes to the mean. That keeps what the VAE cannot say of the row: its
        edges and, where its class is too rare for the VAE to have learnt the label, what makes it one
        of its class. None: "residual" with the posterior, "mean" with the prior.

    steps : int, default=3000
        Of training, for each VAE; rounded up to whole epochs of about a hundred.

    batch_size : int, default=128
        Rows in a step; all there are to train on, where they are fewer.

    learning_rate : float, default=0.001
        Of Adam; it falls to 0 along a cosine.

    random_state : int, RandomState instance or None, default=None
        Seed of the weights, the batches and the draws.

    reuse_vaes : bool, default=False
        Draw from the VAEs of the last `fit_resample`, for the same images with another target, source,
        temperature, kind of pixels or random_state. They are trained anew if a class is to grow that
        has none, and where the classes, the shape, the columns' ranges or an argument that shapes the
        training differ from theirs; whether the rows do is not looked at.

    verbose : int or bool, default=0
        Show a progress bar of the training.

    Attributes
    ----------
    vaes_ : dict
        {class: the VAE that generated it}: one `ConditionalVAE` for all, or a plain `VAE` each.

    sampling_strategy_ : dict
        {class: rows to generate}.

    pixels_, temperature_ : str, float
        What was taken where the arguments are None.

    Raises
    ------
    ValueError
        From `fit_resample`: an image_shape that does not fit the columns, pixels that are neither uint8
        nor in [0, 1], columns of text, categories or dates, NaN, arguments that do not go together,
        targets below the present count, a class that is not in y, only one class.

    Notes
    -----
    A class of one or two rows is taken as it is: the conditional VAE knows strokes from the other
    classes, a VAE of its own can only repeat them. A column that is constant stays so. Columns keep
    their dtypes: what is generated for integers and booleans is rounded to the nearest.

    References
    ----------
    .. [1] K. Sohn, H. Lee, X. Yan, "Learning structured output representation using deep conditional
       generative models", NeurIPS, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from cvae import VAEOverSampler
    >>> X, y = load_digits(n_class=2, return_X_y=True)
    >>> keep = (y == 0) | (np.arange(len(y)) < 40)  # ones are rare
    >>> sampler = VAEOverSampler(image_shape=(8, 8, 1), latent_dim=2, steps=100, random_state=0)
    >>> _, y_new = sampler.fit_resample(X[keep] / 16, y[keep])
    >>> np.bincount(y[keep]), np.bincount(y_new)
    (array([178,  19]), array([178, 178]))
    """

    _parameter_constraints: ClassVar[dict] = {
        **columns.TableOverSampler._parameter_constraints,
        "image_shape": ["array-like", None],
        "network": [StrOptions({"mlp", "conv", "residual"})],
        "options": [dict, None],
        "latent_dim": [Interval(numbers.Integral, 1, None, closed="left")],
        "likelihood": [str, Likelihood, None],
        "conditional": ["boolean"],
        "source": [StrOptions({"posterior", "prior"})],
        "temperature": [Interval(numbers.Real, 0, None, closed="left"), None],
        "pixels": [StrOptions({"mean", "sample", "residual"}), None],
        "steps": [Interval(numbers.Integral, 1, None, closed="left")],
        "batch_size": [Interval(numbers.Integral, 1, None, closed="left")],
        "learning_rate": [Interval(numbers.Real, 0, None, closed="neither")],
        "reuse_vaes": ["boolean"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        sampling_strategy="auto",
        *,
        image_shape=None,
        network="mlp",
        options=None,
        latent_dim=10,
        likelihood=None,
        conditional=True,
        source="posterior",
        temperature=None,
        pixels=None,
        steps=3000,
        batch_size=128,
        learning_rate=1e-3,
        random_state=None,
        reuse_vaes=False,
        verbose=0,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.image_shape = image_shape
        self.network = network
        self.options = options
        self.latent_dim = latent_dim
        self.likelihood = likelihood
        self.conditional = conditional
        self.source = source
        self.temperature = temperature
        self.pixels = pixels
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.reuse_vaes = reuse_vaes
        self.verbose = verbose

    def _check_settings(self):
        """What the check of each argument alone does not see."""
        if taken := sorted(NOT_OPTIONS & set(self.options or {})):
            raise ValueError(
                f"options must not hold {', '.join(taken)}: use VAEOverSampler's own arguments, "
                "conditional for num_classes, random_state for seed"
            )
        shared = isinstance((self.options or {}).get("prior"), priors.Prior)
        if shared and not self.conditional:
            raise ValueError(
                "options hold a prior that the VAEs of all classes would share: give its name, such as "
                "'flow', or conditional=True for one VAE"
            )
        if self.image_shape is None and self.network != "mlp":
            raise ValueError(
                f"network={self.network!r} is for images: give image_shape, or leave network='mlp'"
            )
        if self.pixels == "residual" and self.source == "prior":
            raise ValueError("pixels='residual' changes real rows: it needs source='posterior'")
        self._likelihood()

    def _likelihood(self):
        default = Gaussian(0.01) if self.image_shape is None else "bernoulli"
        return likelihoods.get(default if self.likelihood is None else self.likelihood)

    def _fit_resample(self, X, y):
        self.pixels_ = self.pixels or ("residual" if self.source == "posterior" else "mean")
        usual = 2.0 if self.pixels_ == "residual" else 1.0
        self.temperature_ = usual if self.temperature is None else float(self.temperature)
        images, scaling, back = columns.as_images(columns.split(X), self.image_shape)
        classes, labels = np.unique(y, return_inverse=True)
        wanted = columns.rows_wanted(self.sampling_strategy_, classes)
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        trained_with = self._training(classes, images.shape[1:], scaling)
        if not (self.reuse_vaes and self._have_vaes({classes[n] for n in wanted}, trained_with)):
            with seeded(seed):
                vaes = self._train_all(images, labels, list(wanted), seed)
            self.vaes_ = {classes[n]: vae for n, vae in vaes.items()}
            self._trained_with = trained_with
        rng = np.random.default_rng(seed)
        made = [np.empty((0, *images.shape[1:]), "float32")]
        for n, count in wanted.items():
            made.append(class_vaes.draw(
                self.vaes_[classes[n]], images[labels == n], n, count, rng, source=self.source,
                temperature=self.temperature_, pixels=self.pixels_,
            ))  # fmt: skip
        return columns.append(X, back(np.concatenate(made))), columns.labels_with(y, classes, wanted)

    def _training(self, classes, shape, scaling):
        """All that shapes the VAEs, in words that can be compared."""
        likelihood = self._likelihood()
        return repr((
            classes.tolist(), shape, scaling, self.network, self.options, int(self.latent_dim),
            type(likelihood), likelihood.get_config(), bool(self.conditional), int(self.steps),
            int(self.batch_size), float(self.learning_rate),
        ))  # fmt: skip

    def _have_vaes(self, growing, trained_with):
        """Whether the VAEs of the last `fit_resample` serve these classes; no class needs none."""
        if not hasattr(self, "vaes_") or not growing:
            return hasattr(self, "vaes_")
        return self._trained_with == trained_with and growing <= set(self.vaes_)

    def _train_all(self, images, labels, growing, seed):
        """{label: VAE} for the labels that are to grow."""
        if not growing:
            return {}
        trainings = 1 if self.conditional else len(growing)
        with tqdm(total=trainings * self.steps, unit="step", disable=not self.verbose) as bar:
            settings = {
                "latent_dim": int(self.latent_dim), "network": self.network,
                "likelihood": self._likelihood(), "options": self.options, "steps": int(self.steps),
                "batch_size": int(self.batch_size), "learning_rate": float(self.learning_rate),
                "seed": seed, "progress": bar,
            }  # fmt: skip
            if self.conditional:
                return dict.fromkeys(growing, class_vaes.train(images, labels, **settings))
            return {n: class_vaes.train(images[labels == n], **settings) for n in growing}
