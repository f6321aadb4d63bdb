"""Samplers for imbalanced classes, with imbalanced-learn's contract: from a VAE, or augmented copies."""

from cvae.oversampling.augmentation import ImageAugmentOverSampler
from cvae.oversampling.sampler import VAEOverSampler

__all__ = ["ImageAugmentOverSampler", "VAEOverSampler"]
