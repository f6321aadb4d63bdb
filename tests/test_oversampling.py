"""VAEOverSampler: imbalanced-learn's contract, and what it makes of images."""

import pickle
import random

import keras
import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from imblearn.utils.estimator_checks import parametrize_with_checks
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from cvae.datasets.batches import Batches
from cvae.likelihoods import Gaussian
from cvae.oversampling import VAEOverSampler, class_vaes
from cvae.oversampling.class_vaes import seeded
from cvae.priors import AffineFlow

SMALL = {"options": {"hidden": (32,)}, "latent_dim": 2, "random_state": 0}


@parametrize_with_checks([VAEOverSampler(steps=4, **SMALL)])
def test_imbalanced_learns_own_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    """8 x 8 digits 0, 1 and 2 of scikit-learn, in [0, 1]: 100, 20 and 5 of them."""
    X, y = load_digits(return_X_y=True)
    chosen = np.concatenate([np.flatnonzero(y == n)[:count] for n, count in ((0, 100), (1, 20), (2, 5))])
    chosen = np.random.default_rng(0).permutation(chosen)
    return X[chosen] / 16, np.array(["zero", "one", "two"])[y[chosen]]


def test_is_a_name_of_the_package():
    import cvae

    assert cvae.VAEOverSampler is VAEOverSampler
    assert "VAEOverSampler" in cvae.__all__
    with pytest.raises(AttributeError, match="nonsense"):
        cvae.nonsense  # noqa: B018


def images(**changes):
    return VAEOverSampler(**{"image_shape": (8, 8, 1), "steps": 8, **SMALL} | changes)


def test_a_learnt_prior_is_drawn_from(digits):
    """Moved far away, it gives other images; and the VAEs of several classes do not share one."""
    X, y = digits
    sampler = images(source="prior", options={"prior": "flow", "hidden": (8,)})
    sampler.fit_resample(X, y)
    vae = next(iter(sampler.vaes_.values()))
    members = (X[:5].reshape(-1, 8, 8, 1) * 255).astype("uint8")

    def drawn():
        return class_vaes.draw(vae, members, 1, 4, np.random.default_rng(3), source="prior")

    before = drawn()
    for weight in vae.prior.weights:
        weight.assign(np.full(weight.shape, 0.7))
    noise = np.random.default_rng(3).standard_normal((4, vae.latent_dim)).astype("float32")
    label = np.ones(4, int) if vae.num_classes else None
    expected = vae.decode(vae.prior.from_noise(noise, np.random.default_rng(0)), label)
    np.testing.assert_allclose(drawn(), expected, atol=1e-5)
    assert abs(drawn() - before).max() > 0.01
    with pytest.raises(ValueError, match="a prior that the VAEs of all classes would share"):
        images(conditional=False, options={"prior": AffineFlow()}).fit_resample(X, y)


def test_originals_first_and_untouched(digits):
    X, y = digits
    X_new, y_new = images().fit_resample(X, y)
    assert X_new.shape == (300, 64)
    assert X_new.dtype == X.dtype
    np.testing.assert_array_equal(X_new[: len(X)], X)
    np.testing.assert_array_equal(y_new[: len(y)], y)
    assert {name: (y_new == name).sum() for name in ("zero", "one", "two")} == dict.fromkeys(
        ("zero", "one", "two"), 100
    )
    made = X_new[len(X) :]
    assert made.min() >= 0
    assert made.max() <= 1


@pytest.mark.parametrize(
    ("strategy", "one", "two"),
    [
        ("minority", 20, 100),
        ("not minority", 100, 5),
        ("all", 100, 100),
        ({"two": 30}, 20, 30),
        (lambda y: {"one": 25}, 25, 5),
    ],
)
def test_sampling_strategy(digits, strategy, one, two):
    _, y = images(sampling_strategy=strategy).fit_resample(*digits)
    assert ((y == "one").sum(), (y == "two").sum()) == (one, two)


def test_a_ratio_for_two_classes(digits):
    X, y = digits
    two = y != "two"
    _, y_new = images(sampling_strategy=0.5).fit_resample(X[two], y[two])
    assert (y_new == "one").sum() == 50
    with pytest.raises(ValueError, match="multi-class"):
        images(sampling_strategy=0.5).fit_resample(X, y)


def test_one_seed_one_result_and_the_callers_randomness_stays(digits):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, second, other = (images(random_state=seed).fit_resample(*digits)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("conditional", [True, False])
@pytest.mark.parametrize("source", ["prior", "posterior"])
def test_the_vaes_can_be_had(digits, conditional, source):
    sampler = images(conditional=conditional, source=source)
    sampler.fit_resample(*digits)
    assert set(sampler.vaes_) == {"one", "two"}
    assert (sampler.vaes_["one"] is sampler.vaes_["two"]) == conditional
    assert sampler.vaes_["two"].latent_dim == 2


def test_a_trained_vae_draws_the_right_class(digits):
    # Of 8 x 8 zeros and ones a linear classifier makes few mistakes; neither should it of good copies.
    X, y = digits
    keep = y != "two"
    X, y = X[keep], y[keep]
    classifier = LogisticRegression(max_iter=1000).fit(X, y)
    for source in ("prior", "posterior"):
        sampler = images(steps=1000, source=source, options={"hidden": (128,)}, latent_dim=4)
        X_new, y_new = sampler.fit_resample(X, y)
        assert classifier.score(X_new[len(X) :], y_new[len(X) :]) > 0.9


def test_temperature_zero_rebuilds_the_members_each_as_often(digits):
    X, y = digits
    sampler = images(sampling_strategy={"two": 15}, temperature=0.0, pixels="mean")
    X_new, _ = sampler.fit_resample(X, y)
    members = X[y == "two"].reshape(-1, 8, 8, 1)
    rebuilt = (
        sampler.vaes_["two"].reconstruct(members, np.full(5, 1)).reshape(5, 64)
    )  # "one" < "two" < "zero"
    made = X_new[len(X) :]
    nearest = np.abs(made[:, None] - rebuilt[None]).sum(axis=-1)
    assert nearest.min(axis=1).max() < 1e-3
    assert (np.bincount(nearest.argmin(axis=1)) == 2).all()


def test_edits_of_no_size_are_the_originals(digits):
    X, y = digits
    X_new, _ = images(sampling_strategy={"two": 15}, temperature=0.0).fit_resample(X, y)
    members, made = X[y == "two"], X_new[len(X) :]
    nearest = np.abs(made[:, None] - members[None]).max(axis=-1)
    assert nearest.min(axis=1).max() < 1e-6
    assert (np.bincount(nearest.argmin(axis=1)) == 2).all()


def test_an_edit_changes_the_original_as_the_draw_changes_its_reconstruction(digits):
    X, y = digits
    keep = (y != "two") | (np.cumsum(y == "two") == 1)  # one image: no doubt which one was changed
    X, y = X[keep], y[keep]
    options = {"sampling_strategy": {"two": 20}, "temperature": 2.0, "steps": 200}
    sampler = images(pixels="mean", **options)
    means = sampler.fit_resample(X, y)[0][len(X) :]
    edits = images(pixels="residual", **options).fit_resample(X, y)[0][len(X) :]
    member = X[y == "two"]
    rebuilt = sampler.vaes_["two"].reconstruct(member.reshape(-1, 8, 8, 1), [1]).reshape(1, 64)
    np.testing.assert_allclose(edits, (member + means - rebuilt).clip(0, 1), atol=1e-5)
    assert np.ptp(edits, axis=0).max() > 0.02  # they do differ
    np.testing.assert_array_equal(edits, images(**options).fit_resample(X, y)[0][len(X) :])


def test_reused_vaes_generate_anew_without_training(digits, monkeypatch):
    X, y = digits
    sampler = images(reuse_vaes=True)
    edits, _ = sampler.fit_resample(X, y)
    first = sampler.vaes_["one"]
    with monkeypatch.context() as context:
        context.setattr(class_vaes, "train", lambda *_, **__: pytest.fail("trained again"))
        draws, _ = sampler.set_params(source="prior").fit_resample(X, y)
        again, _ = sampler.set_params(source="posterior").fit_resample(X, y)
        # The same in other words is the same.
        same = {"image_shape": np.array([8, 8, 1]), "latent_dim": np.int64(2), "likelihood": "bernoulli"}
        sampler.set_params(**same, sampling_strategy={"two": 30}, random_state=1).fit_resample(X, y)
        sampler.set_params(sampling_strategy={"two": 5}).fit_resample(X, y)  # none needed, none lost
        sampler.set_params(sampling_strategy="auto").fit_resample(X, y)
    assert set(sampler.vaes_) == {"one", "two"}
    assert sampler.vaes_["one"] is first
    assert not np.allclose(edits, draws)
    np.testing.assert_array_equal(edits, again)
    sampler.set_params(reuse_vaes=False).fit_resample(X, y)
    assert sampler.vaes_["one"] is not first


@pytest.mark.parametrize("conditional", [True, False])
def test_vaes_are_trained_anew_where_they_do_not_serve(digits, conditional):
    X, y = digits
    sampler = images(steps=2, reuse_vaes=True, conditional=conditional, sampling_strategy={"one": 30})
    sampler.fit_resample(X, y)
    first = sampler.vaes_["one"]
    sampler.set_params(sampling_strategy={"one": 30, "two": 30}).fit_resample(X, y)  # a class more
    assert sampler.vaes_["one"] is not first
    first = sampler.vaes_["one"]
    sampler.set_params(conditional=not conditional).fit_resample(X, y)
    assert sampler.vaes_["one"] is not first
    sampler.set_params(image_shape=(4, 16, 1)).fit_resample(X, y)
    assert sampler.vaes_["one"].image_shape == (4, 16, 1)


def test_vaes_of_other_settings_are_not_reused(digits):
    X, y = digits
    sampler, before = images(reuse_vaes=True, steps=2), None
    settings = (
        {"latent_dim": 3},
        {"options": {"hidden": (16,)}},
        {"likelihood": "gaussian"},
        {"likelihood": Gaussian(0.1)},
        {"steps": 3},
        {"batch_size": 7},
        {"learning_rate": 0.1},
        {"network": "conv", "options": {"filters": (4,)}},
    )
    for setting in ({}, *settings):
        made = sampler.set_params(**setting).fit_resample(X, y)[0]
        assert sampler.vaes_["one"] is not before, setting
        before = sampler.vaes_["one"]
    fresh = clone(sampler).set_params(reuse_vaes=False).fit_resample(X, y)[0]
    np.testing.assert_array_equal(made, fresh)


def test_vaes_of_options_changed_in_place_are_not_reused(digits):
    options = {"hidden": (32,)}
    sampler = images(reuse_vaes=True, steps=2, options=options)
    sampler.fit_resample(*digits)
    before = sampler.vaes_["one"]
    options["hidden"] = (16,)
    sampler.fit_resample(*digits)
    assert sampler.vaes_["one"] is not before


def test_vaes_of_other_classes_are_not_reused(digits):
    X, y = digits
    sampler = images(reuse_vaes=True, steps=2)
    sampler.fit_resample(X, y)
    renamed = np.where(y == "zero", "a", y)  # "one" was label 0 of 3 and is label 1 of 3 now
    reused = sampler.fit_resample(X, renamed)[0]
    np.testing.assert_array_equal(reused, images(steps=2).fit_resample(X, renamed)[0])


def test_vaes_of_columns_of_another_range_are_not_reused():
    X, y = np.random.default_rng(0).normal(size=(30, 3)), np.repeat([0, 1], [20, 10])
    sampler = VAEOverSampler(steps=2, reuse_vaes=True, **SMALL)
    first = sampler.fit_resample(X, y)[0]
    vae = sampler.vaes_[1]
    np.testing.assert_array_equal(sampler.fit_resample(X, y)[0], first)
    assert sampler.vaes_[1] is vae
    np.testing.assert_allclose(sampler.fit_resample(10 * X, y)[0], 10 * first, rtol=1e-4)
    assert sampler.vaes_[1] is not vae


def test_warm_start_means_something_else_in_scikit_learn():
    with pytest.raises(TypeError, match="warm_start"):
        VAEOverSampler(warm_start=True)


@pytest.mark.parametrize(
    ("changes", "pixels", "temperature"),
    [
        ({}, "residual", 2),
        ({"pixels": "mean"}, "mean", 1),
        ({"source": "prior"}, "mean", 1),
        ({"source": "prior", "pixels": "sample"}, "sample", 1),
        ({"temperature": 0.5}, "residual", 0.5),
    ],
)
def test_what_none_stands_for(digits, changes, pixels, temperature):
    sampler = images(steps=2, **changes)
    X_new, _ = sampler.fit_resample(*digits)
    assert (sampler.pixels_, sampler.temperature_) == (pixels, temperature)
    named = images(steps=2, **changes | {"pixels": pixels, "temperature": temperature})
    np.testing.assert_array_equal(named.fit_resample(*digits)[0], X_new)


def test_sampled_pixels_are_black_or_white(digits):
    X, y = digits
    made = images(source="prior", pixels="sample").fit_resample(X, y)[0][len(X) :]
    assert set(np.unique(made)) == {0.0, 1.0}


@pytest.mark.parametrize("kind", ["uint8", "int64"])
def test_whole_numbers_stay_whole(digits, kind):
    X, y = digits
    X = np.round(255 * X).astype(kind)
    X_new, _ = images().fit_resample(X, y)
    assert X_new.dtype == kind
    assert 1 < X_new[len(X) :].max() <= 255


ROWS = np.repeat([0, 1], [50, 10])
WAYS = (
    ("posterior", "residual"),
    ("posterior", "mean"),
    ("posterior", "sample"),
    ("prior", "mean"),
    ("prior", "sample"),
)


def columns(**changes):
    return VAEOverSampler(**{"steps": 2, **SMALL} | changes)


def in_every_way(sampler, X, y):
    """The rows of `fit_resample` with every kind of draw from the same VAEs."""
    sampler.set_params(reuse_vaes=True)
    return [
        sampler.set_params(source=source, pixels=pixels).fit_resample(X, y)[0] for source, pixels in WAYS
    ]


def dense(table):
    return table.toarray() if sparse.issparse(table) else np.asarray(table)


def whole_columns():
    """A flag that is 1 in every rare row, and small whole numbers."""
    rng = np.random.default_rng(0)
    return np.column_stack([np.where(ROWS, 1, rng.random(60) < 0.3), rng.integers(-3, 9, 60)])


def frame(x):
    """A frame of these two columns as bool and int8, and of a float beside them."""
    return pd.DataFrame(
        {"flag": x[:, 0].astype(bool), "count": x[:, 1].astype("int8"), "size": x[:, 1] / 3}
    )


@pytest.mark.parametrize("conditional", [True, False])
def test_whole_columns_are_rounded_to_the_nearest(conditional):
    sampler, x = columns(conditional=conditional), whole_columns()
    floats = in_every_way(sampler, x.astype(float), ROWS)
    assert all(np.abs(rows - np.rint(rows)).max() > 0.1 for rows in floats)  # there is much to round
    containers = (x, x.astype("int8"), sparse.csr_array(x), sparse.csr_matrix(x.astype("int16")))
    for given in (*containers, x.tolist(), pd.DataFrame(x, dtype="int32")):
        for made, rows in zip(in_every_way(sampler, given, ROWS), floats, strict=True):
            assert type(made) is type(given)
            assert dense(made).dtype == dense(given).dtype
            np.testing.assert_array_equal(dense(made), np.rint(rows))


@pytest.mark.parametrize("conditional", [True, False])
def test_every_column_of_a_frame_keeps_its_dtype(conditional):
    sampler, given = columns(conditional=conditional), frame(whole_columns())
    floats = in_every_way(sampler, given.astype(float), ROWS)
    for dtypes in ({}, {"flag": "boolean", "count": "Int16", "size": "Float32"}):
        mixed = given.astype(dtypes)
        for made, rows in zip(in_every_way(sampler, mixed, ROWS), floats, strict=True):
            pd.testing.assert_frame_equal(made.iloc[:60], mixed)
            assert made.dtypes.equals(mixed.dtypes)
            np.testing.assert_array_equal(made["flag"], rows["flag"].round().astype(bool))
            np.testing.assert_array_equal(made["count"], rows["count"].round())
            np.testing.assert_allclose(made["size"].astype(float), rows["size"], rtol=1e-5)
    y = pd.Series(ROWS, name="rare", dtype="int8", index=given.index)
    made, y_new = sampler.fit_resample(given, y)
    assert made.index.equals(y_new.index)


def test_flags_stay_flags():
    # Edits of no size. What float32 takes for 0.9999999 came out 0.
    sampler, x = columns(temperature=0, reuse_vaes=True), whole_columns()
    for given in (x, x.astype("int8"), sparse.csr_array(x), frame(x)):
        made = sampler.fit_resample(given, ROWS)[0]
        assert (dense(made)[60:, 0] == 1).all()
    flags = x[:, :1].astype(bool)
    for given in (flags, flags.tolist(), sparse.csr_array(flags), pd.DataFrame(flags)):
        made = dense(sampler.fit_resample(given, ROWS)[0])
        assert made.dtype == bool
        assert made[60:].all()


@pytest.mark.parametrize("kind", ["int8", "int16", "int64", "uint64"])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_no_range_is_too_wide(kind):
    lowest, highest = np.iinfo(kind).min, np.iinfo(kind).max
    x = np.random.default_rng(0).integers(lowest, highest, (60, 3), dtype=kind, endpoint=True)
    x[0], x[50], x[1], x[51] = lowest, lowest, highest, highest  # 50 and 51 are rare rows
    sampler = columns(temperature=0, reuse_vaes=True)
    for given in (x, sparse.csr_array(x), pd.DataFrame(x, columns=list("abc")).assign(half=0.5)):
        made = sampler.fit_resample(given, ROWS)[0]
        made = made[list("abc")] if isinstance(made, pd.DataFrame) else made
        assert dense(made).dtype == kind
        np.testing.assert_array_equal(dense(made)[:60], x)
        assert {lowest, highest} <= set(dense(made)[60:].ravel().tolist())
        error = np.subtract(dense(made)[60:, None], x[None, 50:], dtype="float64")
        assert (np.abs(error).max(axis=-1).min(axis=1) <= 1e-6 * (highest - lowest)).all()


def test_large_numbers_close_together_are_exact():
    stamps = np.column_stack([2**62 + np.arange(60), 2**53 + 1 + 3 * np.arange(60)])
    for given in (stamps, pd.DataFrame(stamps, columns=["a", "b"]).assign(half=0.5)):
        made = columns(temperature=0).fit_resample(given, ROWS)[0]
        made = dense(made[["a", "b"]] if isinstance(made, pd.DataFrame) else made)
        assert set(map(tuple, made[60:].tolist())) <= set(map(tuple, stamps[50:].tolist()))


def test_half_precision_columns():
    x = np.random.default_rng(0).normal(7, 3, (60, 4)).astype("float16")
    made = columns().fit_resample(x, ROWS)[0]
    assert made.dtype == "float16"
    assert (made >= x.min(axis=0)).all()
    assert (made <= x.max(axis=0)).all()


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_a_span_that_floats_cannot_hold(kind):
    x = np.random.default_rng(0).normal(size=(60, 2)).astype(kind)
    x[:2, 0] = np.finfo(kind).min, np.finfo(kind).max
    if kind == "float16":  # float32 can
        assert np.isfinite(columns().fit_resample(x, ROWS)[0]).all()
        return
    with pytest.raises(ValueError, match=f"a column of X spans more than {kind} can hold, from -"):
        columns().fit_resample(x, ROWS)


@pytest.mark.parametrize("conditional", [True, False])
def test_black_and_white_images_stay_so(digits, conditional):
    X, y = digits[0] > 0.5, digits[1]
    sampler = images(steps=2, conditional=conditional)
    grey = in_every_way(sampler, X.astype(float), y)
    for container in (np.asarray, sparse.csr_array, pd.DataFrame):
        for made, rows in zip(in_every_way(sampler, container(X), y), grey, strict=True):
            assert dense(made).dtype == bool
            np.testing.assert_array_equal(dense(made), rows > 0.5)


def test_images_of_small_integers_do_not_overflow(digits):
    X, y = digits
    dark = np.round(127 * X)  # decoded as 0..255
    made = images(steps=2, source="prior", pixels="sample").fit_resample(dark.astype("int8"), y)[0]
    assert set(np.unique(made[len(y) :])) == {0, 127}


@pytest.mark.parametrize("image_shape", [(8, 8, 1), None])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, pd.DataFrame])
@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinity")])
def test_missing_values(digits, image_shape, container, value, word):
    X, y = digits[0].copy(), digits[1]
    X[3, 5] = value
    with pytest.raises(ValueError, match=f"X contains {word}"):
        images(image_shape=image_shape).fit_resample(container(X), y)


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        (pd.Categorical(["a", "b"] * 30), "category"),
        (pd.Categorical([3, 4] * 30), "category"),
        (pd.Series([3, 4.5] * 30, dtype=object), "object"),
        (np.array(["a", "b"] * 30, object), ""),
        (pd.date_range("2026-01-01", periods=60), "datetime64"),
        (pd.to_timedelta(np.arange(60), "s"), "timedelta64"),
    ],
)
def test_columns_that_are_no_numbers(column, dtype):
    for method in ("fit", "fit_resample"):
        with pytest.raises(
            ValueError, match=f"got 'kind' of {dtype}.*: turn categories into numbers with"
        ):
            getattr(columns(), method)(pd.DataFrame({"size": 0.5, "kind": column}), ROWS)


def test_dates_in_an_array():
    with pytest.raises(ValueError, match="'X' of datetime64.*dates with astype"):
        columns().fit_resample(np.arange(60).astype("datetime64[s]")[:, None], ROWS)


@pytest.mark.parametrize("shape", [(8, 8, 1), (8, 8)])
@pytest.mark.parametrize("method", ["fit", "fit_resample"])
def test_images_that_are_not_flat(digits, shape, method):
    X, y = digits
    message = r"shape \(125, 8, 8.*X.reshape\(len\(X\), -1\) and image_shape=\(8, 8, 1\)"
    with pytest.raises(ValueError, match=message):
        getattr(images(), method)(X.reshape(-1, *shape), y)


def test_columns_keep_their_range_and_constants_stay():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(1000, 5, 60), np.full(60, 7.0), rng.normal(0, 1e-3, 60)])
    y = np.repeat([0, 1], [50, 10])
    made = VAEOverSampler(steps=8, **SMALL).fit_resample(X, y)[0][60:]
    assert (made[:, 1] == 7).all()
    assert (made >= X.min(axis=0) - 1e-9).all()
    assert (made <= X.max(axis=0) + 1e-9).all()


@pytest.mark.parametrize("conditional", [True, False])
@pytest.mark.parametrize("count", [1, 2])
def test_classes_of_one_or_two(digits, conditional, count):
    X, y = digits
    keep = np.flatnonzero(y == "zero").tolist() + np.flatnonzero(y == "two")[:count].tolist()
    X_new, y_new = images(conditional=conditional).fit_resample(X[keep], y[keep])
    assert (y_new == "two").sum() == 100
    assert np.isfinite(X_new).all()


@pytest.mark.parametrize("kind", ["float32", "uint8", "bool"])
@pytest.mark.parametrize("image_shape", [(8, 8, 1), None])
def test_sparse_tables_stay_what_they_are(digits, kind, image_shape):
    X, y = digits
    X = {"float32": X, "uint8": 255 * X, "bool": X > 0.5}[kind].astype(kind)
    sampler = images(steps=2, image_shape=image_shape, reuse_vaes=True)
    dense, _ = sampler.fit_resample(X, y)
    for container in ("csr_array", "csr_matrix", "csc_array", "csc_matrix", "coo_array", "coo_matrix"):
        given = getattr(sparse, container)(X)
        thin, _ = sampler.fit_resample(given, y)
        assert (type(thin), thin.format, thin.dtype) == (type(given), given.format, X.dtype)
        np.testing.assert_array_equal(thin.toarray(), dense)


def test_x_and_y_are_only_read(digits):
    X, y = digits
    for image_shape in ((8, 8, 1), None):
        given = X.copy(), y.copy()
        for array in given:
            array.flags.writeable = False
        images(steps=2, image_shape=image_shape).fit_resample(*given)


def test_the_callers_random_numbers_go_on_as_if_nothing_were(digits):
    tf = pytest.importorskip("tensorflow")

    def numbers(between):
        keras.utils.set_random_seed(7)
        draws = [keras.random.uniform((3,)), tf.random.uniform([3])]
        between()
        draws += [keras.random.uniform((3,)), tf.random.uniform([3])]
        later = [random.random(), np.random.random()]  # noqa: NPY002
        return [keras.ops.convert_to_numpy(draw).tolist() for draw in draws] + later

    assert numbers(lambda: images().fit_resample(*digits)) == numbers(lambda: None)


def test_a_second_fit_knows_nothing_of_the_first(digits):
    X, y = digits
    sampler = images(steps=2)
    sampler.fit_resample(X, y)
    x = whole_columns()
    second = sampler.set_params(image_shape=None).fit(x, ROWS).fit_resample(x, ROWS)[0]
    np.testing.assert_array_equal(second, columns().fit_resample(x, ROWS)[0])
    assert set(sampler.vaes_) == {1}
    assert not hasattr(clone(sampler), "vaes_")
    copy = pickle.loads(pickle.dumps(sampler)).set_params(reuse_vaes=True)
    np.testing.assert_array_equal(copy.fit_resample(x, ROWS)[0], second)


def test_targets_of_every_kind():
    x = whole_columns()
    expected_x, expected_y = columns(steps=1).fit_resample(x, ROWS)
    for rename in (
        lambda y: np.array(["no", "yes"])[y],
        lambda y: np.array(["no", "yes"], object)[y],
        lambda y: y.astype(bool),
        lambda y: y + 0.0,
        lambda y: pd.Series(np.array(["no", "yes"])[y], name="rare"),
        lambda y: pd.Series(y, name="rare", dtype="uint8"),
        lambda y: pd.Series(y, name="rare", dtype="Int64"),
        lambda y: y.tolist(),
    ):
        y, expected = rename(ROWS), rename(expected_y)
        x_new, y_new = columns(steps=1).fit_resample(x, y)
        np.testing.assert_array_equal(x_new, expected_x)
        assert type(y_new) is type(y)
        assert getattr(y_new, "dtype", None) == getattr(y, "dtype", None)
        assert getattr(y_new, "name", None) == getattr(y, "name", None)
        assert list(y_new) == list(expected)


def test_nothing_to_do(digits):
    X, y = digits
    for given in (X, sparse.csr_array(X), pd.DataFrame(X)):
        sampler = images(sampling_strategy={"two": 5, "zero": 100})
        X_new, y_new = sampler.fit_resample(given, y)
        assert X_new.shape == X.shape
        assert type(X_new) is type(given)
        np.testing.assert_array_equal(y_new, y)
        assert sampler.vaes_ == {}
    _, y_new = images(steps=2, sampling_strategy={"two": 5, "one": 21}).fit_resample(X, y)
    assert y_new[len(y) :] == ["one"]


def test_in_a_pipeline_in_place_of_smote(digits):
    X, y = digits
    for sampler in (SMOTE(k_neighbors=1, random_state=0), images()):
        model = make_pipeline(sampler, LogisticRegression(max_iter=500))
        assert model.fit(X, y).score(X, y) > 0.85
    search = GridSearchCV(model, {"vaeoversampler__source": ["prior", "posterior"]}, cv=2)
    assert search.fit(X, y).best_params_["vaeoversampler__source"] in ("prior", "posterior")


def test_progress_when_verbose(digits, capsys):
    images(verbose=1).fit_resample(*digits)
    assert "8/8" in capsys.readouterr().err
    images().fit_resample(*digits)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_shape": (8, 9, 1)}, "product of 64"),
        ({"image_shape": (8, 8)}, "height, width, channels"),
        ({"sampling_strategy": {"three": 10}}, "three"),
        ({"sampling_strategy": {"zero": 10}}, "greater or equal"),
        ({"source": "q"}, "'source' parameter"),
        ({"temperature": -1.0}, "'temperature' parameter"),
        ({"pixels": "sharp"}, "'pixels' parameter"),
        ({"pixels": "residual", "source": "prior"}, "needs source='posterior'"),
        ({"latent_dim": 0}, "'latent_dim' parameter"),
        ({"network": "transformer"}, "'network' parameter"),
        ({"network": "cosine"}, "'network' parameter.*Got 'cosine'"),
        ({"network": "conv", "image_shape": None}, "network='conv' is for images: give image_shape"),
        ({"image_shape": ()}, r"height, width, channels.*got \(\)"),
        ({"image_shape": (-8, -8, 1)}, "at least 1; got"),
        ({"likelihood": "poisson"}, "'poisson': expected one of bernoulli"),
        ({"options": {"latent_dim": 3}}, "options must not hold latent_dim: use VAEOverSampler's own"),
        ({"options": {"seed": 3, "num_classes": 2}}, "num_classes, seed: .*random_state for seed"),
        ({"options": {"network": "mlp", "likelihood": "gaussian"}}, "hold likelihood, network"),
        ({"options": {"image_shape": (8, 8, 1)}}, "hold image_shape"),
        ({"options": {"hiden": (8,)}}, "has no argument hiden"),
        ({"sampling_strategy": {"two": 7.5}}, "class two must be a whole number.*2.5"),
    ],
)
def test_bad_arguments(digits, changes, message, monkeypatch):
    monkeypatch.setattr("cvae.vae.VAE.fit", lambda *_, **__: pytest.fail("trained before it looked"))
    with pytest.raises(ValueError, match=message):
        images(**changes).fit_resample(*digits)


def test_numpys_numbers_are_numbers(digits):
    X, y = digits
    settings = {"latent_dim": 2, "steps": 3, "batch_size": 4, "learning_rate": 0.5, "temperature": 0.5}
    kinds = (np.int64, np.int32, np.int16, np.float64, np.float64)
    numpys = {name: kind(settings[name]) for name, kind in zip(settings, kinds, strict=True)}
    expected = images(**settings).fit_resample(X, y)[0]
    for shape in (np.array([8, 8, 1]), [8, 8, 1], tuple(np.array([8, 8, 1]))):
        made = images(image_shape=shape, **numpys).fit_resample(X, y)[0]
        np.testing.assert_array_equal(made, expected)


def test_a_random_state_goes_on(digits):
    X, y = digits
    state = np.random.RandomState(0)
    first, second = (images(steps=2, random_state=state).fit_resample(X, y)[0] for _ in range(2))
    again = images(steps=2, random_state=np.random.RandomState(0)).fit_resample(X, y)[0]
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(("scale", "shift"), [(2.0, 0.0), (1.0, -0.5)])
def test_pixels_outside_0_to_1(digits, scale, shift):
    X, y = digits
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        images().fit_resample(X * scale + shift, y)


def test_one_class_only(digits):
    X, _ = digits
    with pytest.raises(ValueError, match="class"):
        images().fit_resample(X, np.zeros(len(X)))


def test_every_image_once_before_any_comes_again():
    images = np.arange(5)
    batches = Batches((images, {"twice": 2 * images}), batch_size=3, steps=5)
    seen = np.concatenate([batches[n][0] for n in range(len(batches))])
    assert sorted(seen[:5]) == sorted(seen[5:10]) == list(range(5))
    first, also = batches[0]
    np.testing.assert_array_equal(also["twice"], 2 * first)
    batches = Batches((images,), batch_size=2, steps=250)
    assert 250 <= batches.epochs * len(batches) < 260


def test_seeded_gives_back_the_state_after_an_error():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    with pytest.raises(KeyError), seeded(0):
        raise KeyError
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
