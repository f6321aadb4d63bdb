"""The columns of a table, an array, a sparse one or a frame of pandas: made images, and columns again,
each of the dtype and in the range that it had."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from imblearn.over_sampling.base import BaseOverSampler
from scipy import sparse

from cvae.utils.checks import check_count, check_image_shape
from cvae.utils.images import check_images, to_uint8


class TableOverSampler(BaseOverSampler):
    """An over-sampler of tables of any kind, which gives back the kind that it got."""

    def _check_X_y(self, X, y, accept_sparse=None):
        self._check_settings()
        check_table(X)
        checked, y, binarize_y = super()._check_X_y(X, y, accept_sparse)
        return as_given(X, checked), y, binarize_y

    def _check_settings(self):
        """What the check of each argument alone does not see; nothing here."""


def check_table(X):
    """Say what to do about a table that scikit-learn's own check does not speak of in our terms.

    Raises:
        ValueError: more than two axes, columns of a frame that hold neither numbers nor booleans.
    """
    shape = np.shape(X)
    if len(shape) > 2:
        image_shape = (*shape[1:], 1) if len(shape) == 3 else shape[1:]
        raise ValueError(
            f"X must have two axes, a row for each image; got the shape {shape}: give "
            f"X.reshape(len(X), -1) and image_shape={image_shape}"
        )
    dtypes = X.dtypes.items() if isinstance(X, pd.DataFrame) else [("X", getattr(X, "dtype", None))]
    # An array of objects may hold numbers: scikit-learn looks.
    taken = "uifb" if isinstance(X, pd.DataFrame) else "uifbOcSUTV"
    wrong = [
        f"{name!r} of {dtype}" for name, dtype in dtypes if getattr(dtype, "kind", "f") not in taken
    ]
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise ValueError(
            f"columns must hold numbers or booleans, got {', '.join(wrong[:5])}{more}: turn categories "
            "into numbers with pandas.get_dummies or scikit-learn's OneHotEncoder, dates with "
            "astype('int64'), and objects that are numbers with X.infer_objects()"
        )


def as_given(X, checked):
    """What scikit-learn's check has made of X, in X's own form."""
    if isinstance(X, pd.DataFrame):
        return X  # one array for all its columns would lose their dtypes
    return checked.asformat(X.format) if sparse.issparse(X) else checked


def split(X) -> list[np.ndarray]:
    """The columns in dense arrays, of one dtype each: one array, or of a frame one for each column."""
    if not isinstance(X, pd.DataFrame):
        return [X.toarray() if sparse.issparse(X) else X]
    return [
        np.asarray(X.iloc[:, index], numpy_dtype(dtype))[:, None] for index, dtype in enumerate(X.dtypes)
    ]


def numpy_dtype(dtype) -> np.dtype:
    """What the values of one of pandas' dtypes are: int64 for Int64, float64 for Sparse[float64]."""
    return np.dtype(getattr(dtype, "numpy_dtype", None) or getattr(dtype, "subtype", dtype))


def append(X, columns: list[np.ndarray]):
    """X with rows below, whose columns come as `split` gives them: of X's kind, names and dtypes."""
    if isinstance(X, pd.DataFrame):
        rows = pd.DataFrame({index: column[:, 0] for index, column in enumerate(columns)})
        rows = rows.set_axis(X.columns, axis=1).astype(X.dtypes)
        return pd.concat([X, rows], ignore_index=True)
    if sparse.issparse(X):
        return sparse.vstack([X, type(X)(columns[0])], format=X.format)
    return np.concatenate([X, *columns])


def as_images(columns: list[np.ndarray], image_shape=None) -> tuple[np.ndarray, list, Callable]:
    """Columns as images.

    Args:
        columns: as `split` gives them.
        image_shape: (height, width, channels) of columns that are pixels. None for others: each is
            scaled to [0, 1] by its own minimum and maximum, for an image of one row.

    Returns:
        images (n, height, width, channels), uint8 or float32; the minima and spans; and the function
        that makes columns of such images, rounding to the nearest for integers and booleans.

    Raises:
        ValueError: an image_shape that does not fit, pixels out of range, a span that the column's own
            dtype cannot hold.
    """
    if image_shape is None:
        scaled, scaling, ways_back = zip(*map(scale, columns), strict=True)
        images = np.hstack(scaled)[:, None, :, None]
    else:
        rows, shape = np.hstack(columns), check_image_shape(image_shape)
        if np.prod(shape) != rows.shape[1]:
            raise ValueError(
                f"image_shape {shape} must be (height, width, channels) with a product of "
                f"{rows.shape[1]}, the number of columns of X"
            )
        images, scaling = check_images(rows.reshape(-1, *shape)), []
        ways_back = [pixels_as(part.dtype) for part in columns]
    ends = np.cumsum([part.shape[1] for part in columns])
    levels = to_uint8 if images.dtype == np.uint8 else np.asarray

    def back(made):
        parts = np.split(levels(made).reshape(len(made), ends[-1]), ends[:-1], axis=1)
        return [way(part) for way, part in zip(ways_back, parts, strict=True)]

    return images, list(scaling), back


def scale(columns):
    """Columns of one dtype in [0, 1] as float32; their minima and spans; the way back."""
    if columns.dtype.kind == "f":
        scaled, low, span, back = scale_floats(columns)
    else:
        scaled, low, span, back = scale_whole(columns)
    return scaled.astype("float32"), (low.tolist(), span.tolist()), back


def scale_floats(columns):
    dtype = columns.dtype
    columns = columns.astype(np.promote_types(dtype, "float32"), copy=False)  # float16 is too coarse
    low = columns.min(axis=0)
    with np.errstate(over="ignore"):
        distance, span = columns - low, np.ptp(columns.astype("float64"), axis=0)
    if not (np.isfinite(distance).all() and np.isfinite(span).all()):
        raise ValueError(
            f"a column of X spans more than {dtype} can hold, from {columns.min():.3g} to "
            f"{columns.max():.3g}: scale it down"
        )

    def back(rows):
        return (low + rows.astype("float64") * span).astype(dtype)

    return distance / np.where(span > 0, span, 1), low, span, back


def scale_whole(columns):
    # Unsigned numbers wrap around: differences are exact where int8 or int64 would overflow, and beyond
    # 2**53, where float64 has gaps.
    dtype, low = columns.dtype, columns.min(axis=0).astype("uint64")
    distance = columns.astype("uint64") - low
    highest = distance.max(axis=0)
    span = highest.astype("float64")

    def back(rows):
        steps = np.rint(rows.astype("float64") * span)
        below = steps < span  # so that the conversion cannot overflow
        steps = np.where(below, np.where(below, steps, 0).astype("uint64"), highest)
        return (low + steps).astype(dtype)

    return distance / np.where(span > 0, span, 1), low, span, back


def pixels_as(dtype):
    """The function that gives pixels, 0..255 or in [0, 1], this dtype."""
    if dtype.kind == "f":
        return lambda pixels: pixels.astype(dtype)
    top = 1 if dtype.kind == "b" else min(255, np.iinfo(dtype).max)
    return lambda pixels: np.minimum(np.round(pixels), top).astype(dtype)


def rows_wanted(strategy: dict, classes: np.ndarray) -> dict[int, int]:
    """{index of a class: rows to make}, for the classes that are to grow."""
    counts = {n: strategy.get(name, 0) for n, name in enumerate(classes)}
    return {  # imbalanced-learn lets 2.5 pass
        n: check_count(f"the rows to generate of class {classes[n]}", count)
        for n, count in counts.items()
        if count > 0
    }


def labels_with(y, classes, wanted) -> np.ndarray:
    """y followed by the classes of the rows that were made."""
    return np.concatenate([y, *(np.full(count, classes[n], y.dtype) for n, count in wanted.items())])
