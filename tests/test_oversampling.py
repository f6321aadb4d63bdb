"""VAEOverSampler: imbalanced-learn's contract, and what it makes of images."""

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from imblearn.utils.estimator_checks import parametrize_with_checks
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from cvae.datasets.batches import Batches
from cvae.oversampling import VAEOverSampler, seeded

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


def test_warm_start_generates_anew_without_training(digits, monkeypatch):
    X, y = digits
    sampler = images(warm_start=True)
    edits, _ = sampler.fit_resample(X, y)
    first = sampler.vaes_["one"]
    with monkeypatch.context() as context:
        context.setattr(sampler, "_train", lambda *_: pytest.fail("trained again"))
        draws, _ = sampler.set_params(source="prior").fit_resample(X, y)
        again, _ = sampler.set_params(source="posterior").fit_resample(X, y)
    assert sampler.vaes_["one"] is first
    assert not np.allclose(edits, draws)
    np.testing.assert_array_equal(edits, again)
    sampler.set_params(warm_start=False).fit_resample(X, y)
    assert sampler.vaes_["one"] is not first


@pytest.mark.parametrize("conditional", [True, False])
def test_warm_start_trains_where_the_vaes_do_not_serve(digits, conditional):
    X, y = digits
    sampler = images(warm_start=True, conditional=conditional, sampling_strategy={"one": 30})
    sampler.fit_resample(X, y)
    first = sampler.vaes_["one"]
    sampler.set_params(sampling_strategy={"one": 30, "two": 30}).fit_resample(X, y)  # a class more
    assert sampler.vaes_["one"] is not first
    first = sampler.vaes_["one"]
    sampler.set_params(conditional=not conditional).fit_resample(X, y)
    assert sampler.vaes_["one"] is not first
    sampler.set_params(image_shape=(4, 16, 1)).fit_resample(X, y)
    assert sampler.vaes_["one"].image_shape == (4, 16, 1)


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
    sampler = images(**changes)
    X_new, _ = sampler.fit_resample(*digits)
    assert (sampler.pixels_, sampler.temperature_) == (pixels, temperature)
    named = images(**changes | {"pixels": pixels, "temperature": temperature})
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


def test_sparse_images(digits):
    X, y = digits
    dense, _ = images().fit_resample(X, y)
    thin, _ = images().fit_resample(sparse.csc_matrix(X), y)
    assert thin.format == "csc"
    np.testing.assert_allclose(thin.toarray(), dense)


def test_nothing_to_do(digits):
    X, y = digits
    sampler = images(sampling_strategy={"two": 5})
    X_new, _ = sampler.fit_resample(X, y)
    assert len(X_new) == len(X)
    assert sampler.vaes_ == {}


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
    ],
)
def test_bad_arguments(digits, changes, message):
    with pytest.raises(ValueError, match=message):
        images(**changes).fit_resample(*digits)


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
