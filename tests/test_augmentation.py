"""ImageAugmentOverSampler: imbalanced-learn's contract, and copies that Keras's layers have changed."""

import keras
import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from cvae.oversampling.augmentation import ImageAugmentOverSampler, augmented

SHAPE = (8, 8, 1)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    chosen = np.concatenate([np.flatnonzero(y == n)[:count] for n, count in ((0, 50), (1, 20), (2, 5))])
    return X[chosen] / 16, np.array(["zero", "one", "two"])[y[chosen]]


def sampler(augment=None, **changes):
    augment = augment if augment is not None else [keras.layers.RandomFlip("horizontal")]
    return ImageAugmentOverSampler(
        **{"image_shape": SHAPE, "augment": augment, "random_state": 0} | changes
    )


def test_is_a_name_of_the_package_and_of_its_module():
    import cvae
    from cvae import oversampling

    assert cvae.ImageAugmentOverSampler is ImageAugmentOverSampler
    assert oversampling.ImageAugmentOverSampler is ImageAugmentOverSampler
    assert "ImageAugmentOverSampler" in cvae.__all__


def test_originals_first_then_changed_copies_of_the_class(digits):
    X, y = digits
    X_new, y_new = sampler().fit_resample(X, y)
    np.testing.assert_array_equal(X_new[: len(X)], X)
    assert {name: int((y_new == name).sum()) for name in set(y)} == {"zero": 50, "one": 50, "two": 50}
    twos = X[y == "two"].reshape(-1, *SHAPE)
    either = np.concatenate([twos, twos[:, :, ::-1]])
    made = X_new[len(X) :][y_new[len(X) :] == "two"].reshape(-1, *SHAPE)
    nearest = np.abs(made[:, None] - either[None]).max(axis=(2, 3, 4)).argmin(axis=1)
    assert np.abs(made - either[nearest]).max() < 1e-6
    used = np.bincount(nearest % len(twos), minlength=len(twos))
    assert used.max() - used.min() <= 1  # each as often
    assert 0 < (nearest >= len(twos)).mean() < 1  # each flipped by itself


def test_the_strategy_is_imbalanced_learns(digits):
    X, y = digits
    _, y_new = sampler(sampling_strategy={"two": 7}).fit_resample(X, y)
    assert int((y_new == "two").sum()) == 7
    assert len(y_new) == len(y) + 2
    X_same, y_same = sampler(sampling_strategy={"zero": 50}).fit_resample(X, y)
    assert len(X_same) == len(y_same) == len(X)
    with pytest.raises(ValueError, match="rows to generate of class two.*2.5"):
        sampler(sampling_strategy={"two": 7.5}).fit_resample(X, y)


def test_one_seed_one_result_whatever_the_layer_drew_before(digits):
    layer = keras.layers.RandomRotation(0.1, "constant")
    first = sampler(layer).fit_resample(*digits)[0]
    layer(np.zeros((3, *SHAPE), "float32"), training=True)
    np.testing.assert_array_equal(first, sampler(layer).fit_resample(*digits)[0])
    assert not np.array_equal(first, sampler(layer, random_state=1).fit_resample(*digits)[0])


def test_the_layers_own_random_numbers_go_on_as_if_nothing_were(digits):
    batch = np.random.default_rng(0).random((3, *SHAPE)).astype("float32")
    drawn = []
    for resample in (False, True):
        layer = keras.layers.RandomRotation(0.1, "constant", seed=5)
        if resample:
            sampler(layer).fit_resample(*digits)
        drawn.append(keras.ops.convert_to_numpy(layer(batch, training=True)))
    np.testing.assert_array_equal(*drawn)


def test_two_layers_draw_different_numbers():
    """With the same numbers twice, every dot would move by an even number of pixels."""
    dots = np.zeros((200, 1, 21, 1), "float32")
    dots[:, :, 10] = 1
    shift = [
        keras.layers.RandomTranslation(0.0, 3 / 21, "constant", "nearest", seed=1) for _ in range(2)
    ]
    places = augmented(dots, shift, 0)[:, 0, :, 0].argmax(axis=1)
    assert 0.2 < np.mean((places - 10) % 2) < 0.8
    assert places.std() > 1


@pytest.mark.parametrize("kind", ["uint8", "frame", "sparse", "bool"])
def test_tables_stay_what_they_are(digits, kind):
    X, y = digits
    X = np.round(X * 255).astype("uint8") if kind != "bool" else X > 0.5
    given = {"frame": pd.DataFrame, "sparse": sparse.csr_array}.get(kind, np.asarray)(X)
    X_new, _ = sampler(keras.layers.RandomRotation(0.1)).fit_resample(given, y)
    assert type(X_new) is type(given)
    dense = X_new.toarray() if kind == "sparse" else np.asarray(X_new)
    assert dense.dtype == X.dtype
    np.testing.assert_array_equal(dense[: len(X)], X)
    if kind != "bool":
        assert dense[len(X) :].max() > 200  # not scaled to [0, 1]


def test_parameters_and_pipelines_are_scikit_learns(digits):
    X, y = digits
    layer = keras.layers.RandomRotation(0.02)
    mine = sampler(layer)
    again = clone(mine, safe=False)
    assert again.get_params()["image_shape"] == SHAPE
    assert repr(mine).startswith("ImageAugmentOverSampler(")
    assert make_pipeline(mine, LogisticRegression(max_iter=500)).fit(X, y).score(X, y) > 0.9


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"image_shape": (4, 4, 1)}, ValueError, "product of 64"),
        ({"image_shape": None}, ValueError, "image_shape"),
        ({"augment": "flip"}, ValueError, "augment"),
        ({"augment": []}, TypeError, "must be a Keras layer or a list"),
        ({"augment": [np.fliplr]}, TypeError, "must be a Keras layer or a list"),
        ({"augment": keras.layers.CenterCrop(4, 4)}, ValueError, r"leave the shape.*\(8, 8, 1\)"),
        ({"augment": keras.layers.Rescaling(255)}, ValueError, r"in \[0, 1\].*value_range"),
        (
            {"augment": keras.layers.RandomBrightness(0.5)},
            ValueError,
            r"make it with value_range=\(0, 1\)",
        ),
        ({"augment": keras.layers.Equalization()}, ValueError, r"value_range=\(0, 255\)"),
        (
            {"augment": keras.layers.Pipeline([keras.layers.RandomPosterization(4)])},
            ValueError,
            r"value_range=\(0, 255\)",
        ),
        ({"augment": keras.layers.Rescaling(np.nan)}, ValueError, "got nan"),
        ({"sampling_strategy": "all of them"}, ValueError, "sampling_strategy"),
    ],
)
def test_bad_arguments(digits, changes, error, message):
    with pytest.raises(error, match=message):
        sampler(**changes).fit_resample(*digits)


def test_bad_tables(digits):
    X, y = digits
    with pytest.raises(ValueError, match=r"float images must lie in \[0, 1\]"):
        sampler().fit_resample(X * 16, y)
    with pytest.raises(ValueError, match="reshape"):
        sampler().fit_resample(X.reshape(-1, *SHAPE), y)
    with pytest.raises(ValueError, match="NaN"):
        sampler().fit_resample(np.where(X > 0.9, np.nan, X), y)


def test_layers_that_mix_a_batch_mix_one_class_only():
    X = np.repeat([0.0, 0.3, 0.9], [40, 10, 10])[:, None] * np.ones(64)
    y = np.repeat([0, 1, 2], [40, 10, 10])
    X_new, y_new = sampler(keras.layers.CutMix()).fit_resample(X, y)
    for label, level in enumerate((0.0, 0.3, 0.9)):
        np.testing.assert_allclose(X_new[y_new == label], level, atol=1e-6)


def test_the_layers_other_states_come_to_no_harm(digits):
    squash = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Activation("sigmoid")])
    squash.build((None, *SHAPE))
    before = squash.get_weights()
    first = sampler(squash).fit_resample(*digits)[0]
    for old, new in zip(before, squash.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(first, sampler(squash).fit_resample(*digits)[0])
