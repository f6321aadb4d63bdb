"""Where images come from: TensorFlow Datasets, a folder, or a stand-in without network."""

from cvae.datasets.base import ImageDataset
from cvae.datasets.folder import load_folder
from cvae.datasets.tfds import load

__all__ = ["ImageDataset", "load", "load_folder"]
