import numpy as np
import pytest

import cvae
from cvae.datasets.binarize import DynamicBinarization, binarize, binarize_dataset
from cvae.experiments import storage, training


@pytest.fixture
def grey():
    """4000 pixels of each of five levels."""
    return np.tile(np.array([0, 64, 127, 128, 255], "uint8"), 4000).reshape(100, 10, 20, 1)


def shares(black_and_white, grey):
    return [(black_and_white[grey == level] == 255).mean() for level in (0, 64, 127, 128, 255)]


def test_threshold(grey):
    assert shares(binarize(grey, "threshold"), grey) == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("how", ["static", "dynamic"])
def test_sampled_pixels_are_white_as_often_as_they_are_grey(grey, how):
    found = binarize(grey, how, seed=3)
    assert found.dtype == np.uint8
    assert set(np.unique(found)) == {0, 255}
    expected = np.array([0, 64, 127, 128, 255]) / 255
    np.testing.assert_allclose(shares(found, grey), expected, atol=5 * 0.5 / np.sqrt(4000))
    assert shares(found, grey)[0] == 0
    assert shares(found, grey)[-1] == 1
    np.testing.assert_array_equal(found, binarize(grey, how, seed=3))
    assert (found != binarize(grey, how, seed=4)).any()


def test_floats_and_uint8_are_alike(grey):
    np.testing.assert_array_equal(binarize(grey / 255, "static"), binarize(grey, "static"))


def test_wrong_arguments(grey):
    with pytest.raises(ValueError, match="binarize must be one of static, dynamic, threshold"):
        binarize(grey, "round")
    with pytest.raises(ValueError, match="batch_size must be 1 to 100"):
        DynamicBinarization(grey, batch_size=101)


def test_dynamic_is_new_in_every_epoch_and_repeatable(grey):
    first, again = DynamicBinarization(grey, 32, seed=5), DynamicBinarization(grey, 32, seed=5)
    assert [len(first[n][0]) for n in range(len(first))] == [32, 32, 32, 4]
    np.testing.assert_array_equal(first[1][0], first[1][0])  # asked twice, as Keras may, the same
    epochs = []
    for _ in range(2):
        epochs.append(np.concatenate([first[n][0] for n in range(4)]))
        np.testing.assert_array_equal(epochs[-1], np.concatenate([again[n][0] for n in range(4)]))
        assert set(np.unique(epochs[-1])) == {0, 255}
        first.on_epoch_end()
        again.on_epoch_end()
    assert (epochs[0] != epochs[1]).any()


def test_a_data_set(grey):
    data = cvae.ImageDataset(
        "squares", "TFDS squares 1.0.0", ("a",), grey, np.zeros(100), grey, np.zeros(100)
    )
    for how in ("static", "dynamic", "threshold"):
        found = binarize_dataset(data, how)
        assert set(np.unique(found.x_test)) == {0, 255}
        np.testing.assert_array_equal(found.x_test, binarize_dataset(data, how).x_test)
        assert (found.x_train is data.x_train) == (how == "dynamic")
        assert how in found.source


@pytest.mark.parametrize("how", ["static", "dynamic", "threshold"])
def test_a_recipe_says_so(tiny_recipe, how):
    recipe = tiny_recipe.replace(binarize=how)
    training.train(recipe, verbose=0)
    card = storage.read_card(recipe)
    assert card["settings"]["binarize"] == how
    assert f"{how} binarisation" in card["data"]
    with pytest.raises(FileNotFoundError):
        storage.read_card(tiny_recipe)
    assert set(np.unique(recipe.settings.load().x_test)) <= {0, 255}


def test_dynamic_binarisation_is_not_silently_left_out(tiny_recipe):
    with pytest.raises(ValueError, match="cannot be had together"):
        training.train(tiny_recipe.replace(binarize="dynamic", augment=5.0), verbose=0)
