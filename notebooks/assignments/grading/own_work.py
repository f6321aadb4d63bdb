"""What of the package answers which question: an answer that calls it has not been written by the student.

{set: {question: names in cvae}}. Calls in an answer are refused while its tests run; the package's own calls, and
calls in other questions, are not. Questions that ask to put things together may use the things.
"""

OWN_WORK = {
    "ps1_elbo": {
        "kl": (
            "gaussian.kl_divergence", "gaussian.kl_terms", "gaussian.log_normal", "utils.questions.kl_on_average",
        ),
        "bernoulli": (
            "likelihoods.Bernoulli.log_prob", "likelihoods.Bernoulli.log_mass",
            "utils.questions.log_prob_on_average",
        ),
        "gaussian": (
            "likelihoods.Gaussian.log_prob", "likelihoods.Gaussian.log_mass", "gaussian.log_normal",
        ),
        "reparameterize": ("gaussian.reparameterize", "likelihoods.Gaussian.sample"),
        "elbo": ("metrics.elbo", "elbo.ElboModel.compute_loss", "utils.questions.elbo_on_average"),
        "bound": (
            "metrics.nll", "metrics.log_likelihood", "elbo.ElboModel.importance_weighted_loss",
            "elbo.ElboModel.log_importance_weights",
        ),
    },
    "ps2_convolutional_vae": {
        "encoder": (
            "networks.base.Encoder.__init__", "networks.ConvEncoder.__init__", "networks.ResidualEncoder.__init__",
            "build.build_vae",
        ),
        "decoder": (
            "networks.base.Decoder.__init__", "networks.ConvDecoder.__init__", "networks.ResidualDecoder.__init__",
            "build.build_vae",
        ),
        "vae": (
            "vae.VAE.__init__", "hierarchical.HierarchicalVAE.__init__", "elbo.ElboModel.__init__", "build.build_vae",
            "metrics.elbo", "utils.questions.elbo_on_average",
        ),
        "plane": ("latent.grid",),
        "interpolate": ("gaussian.interpolate", "base.generative.GenerativeModel.interpolate"),
        "conditional": (
            "vae.ConditionalVAE.__init__", "build.build_vae", "utils.questions.elbo_on_average",
        ),
    },
    "ps3_oversampling": {
        "draws": (
            "oversampling.class_vaes.draw", "oversampling.class_vaes.decode",
            "oversampling.VAEOverSampler.__init__",
        ),
        "edits": (
            "oversampling.class_vaes.draw", "oversampling.class_vaes.decode",
            "oversampling.VAEOverSampler.__init__",
        ),
    },
}  # fmt: skip
