"""Model files of half the size, for weights that are kept in the repository."""

import io
import zipfile
from pathlib import Path

import h5py
import numpy as np

from cvae.files import whole

WEIGHTS = "model.weights.h5"


def halve(path: str | Path, out: str | Path) -> None:
    """Copy a `.keras` file, its kernels as 16-bit floats. It loads as before, into 32-bit weights.

    A weight is off by at most one part in 2,000. Vectors stay as they are: biases and batch
    normalisation take little space, and a running variance may be too small for 16 bits.

    Raises:
        ValueError: a kernel beyond the range of 16-bit floats.
    """
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    small = io.BytesIO()
    with h5py.File(io.BytesIO(parts[WEIGHTS])) as old, h5py.File(small, "w") as new:
        old.visititems(lambda name, item: copy(name, item, new))
    parts[WEIGHTS] = small.getvalue()
    with whole(out) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, content in parts.items():
            # A fixed date: the same weights make the same file.
            archive.writestr(zipfile.ZipInfo(name), content)


def copy(name, item, new):
    """One group or array with its attributes."""
    if isinstance(item, h5py.Dataset):
        value = item[()]
        if item.dtype == np.float32 and item.ndim > 1:
            if np.abs(value).max() > np.finfo("float16").max:
                raise ValueError(
                    f"{name} holds a weight of {np.abs(value).max():.3g}: too large for 16 bits"
                )
            value = value.astype("float16")
        made = new.create_dataset(name, data=value)
    else:
        made = new.require_group(name)
    for key, value in item.attrs.items():
        made.attrs[key] = value
