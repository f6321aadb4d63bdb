import gc
import weakref

import numpy as np
import pytest

from cvae.datasets.batches import FlipsAndRotations, ImageBatches
from cvae.datasets.binarize import DynamicBinarization
from cvae.experiments import training
from cvae.oversampling import class_vaes


def epoch(batches):
    """All images of an epoch, one after the other."""
    return np.concatenate([batches[index][0] for index in range(len(batches))])


@pytest.mark.parametrize("batch_size", [1, 10, 32, 96])
def test_an_epoch_shows_every_image_once(batch_size):
    # Each image has a grey of its own and is the same flipped or turned.
    greys = np.arange(96, dtype="uint8")
    images = np.broadcast_to(greys[:, None, None, None], (96, 4, 4, 1))
    batches = FlipsAndRotations(images, batch_size)
    assert len(batches) == int(np.ceil(96 / batch_size))
    orders = []
    for _ in range(2):
        sizes = [len(batches[index][0]) for index in range(len(batches))]
        assert sizes == [batch_size] * (96 // batch_size) + [96 % batch_size] * (96 % batch_size > 0)
        shown = np.round(epoch(batches)[:, 0, 0, 0] * 255)
        assert np.array_equal(np.sort(shown), greys)
        orders.append(shown)
        batches.on_epoch_end()
    assert not np.array_equal(*orders)


def test_half_are_flipped_left_to_right():
    images = np.zeros((1000, 4, 4, 1), "uint8")
    images[:, 0, 0] = 255
    shown = epoch(FlipsAndRotations(images, 100, degrees=0))
    flipped = shown[:, 0, 3, 0] == 1
    as_it_was = shown[:, 0, 0, 0] == 1
    assert (flipped ^ as_it_was).all()
    # 1,000 tosses of a coin: within four standard deviations of 16.
    assert abs(flipped.sum() - 500) < 64


def test_angles_go_both_ways_up_to_the_largest():
    """A bright dot right of the centre: where it goes tells the angle."""
    images = np.zeros((400, 41, 41, 1), "float32")
    images[:, 18:23, 36:41] = 1
    shown = epoch(FlipsAndRotations(images, 100, degrees=30))
    y, x = np.mgrid[20:-21:-1, -20:21]
    mass = shown[..., 0] / shown.sum(axis=(1, 2, 3))[:, None, None]
    height, side = (mass * y).sum(axis=(1, 2)), (mass * x).sum(axis=(1, 2))
    angles = np.degrees(np.arctan2(height, abs(side)))
    assert angles.min() < -27
    assert angles.max() > 27
    assert abs(angles).max() < 31
    assert abs(angles.mean()) < 4


def test_the_same_seed_gives_the_same_stream(images):
    def stream(seed):
        batches = FlipsAndRotations(images, 32, seed=seed)
        first = epoch(batches)
        batches.on_epoch_end()
        return np.concatenate([first, epoch(batches)])

    first = stream(3)
    assert np.array_equal(first, stream(3))
    assert not np.array_equal(first, stream(4))
    assert first.dtype == np.float32
    assert first.min() >= 0
    assert first.max() <= 1


@pytest.mark.parametrize("batches_of", [FlipsAndRotations, DynamicBinarization])
def test_each_image_keeps_its_label(batches_of):
    # An image is black, white, or half white; its label says which.
    levels = np.arange(60) % 3
    images = np.zeros((60, 8, 8, 1), "uint8")
    images[levels == 1] = 255
    images[levels == 2, :4] = 255
    batches = batches_of(images, 16, labels=levels)
    for _ in range(2):
        for n in range(len(batches)):
            (batch,) = batches[n]
            white = (batch["image"] > 0.5).mean(axis=(1, 2, 3))
            np.testing.assert_array_equal(batch["label"] == 0, white == 0)
            np.testing.assert_array_equal(batch["label"] == 1, white == 1)
        batches.on_epoch_end()
    with pytest.raises(ValueError, match="labels must be whole numbers, one for each of 60 images"):
        batches_of(images, 16, labels=levels[:59])


def test_a_vae_trains_on_it(images, small):
    history = small().fit(
        FlipsAndRotations(images, 32), validation_data=images[:32], epochs=8, verbose=0
    ).history  # fmt: skip
    assert history["loss"][-1] < 0.8 * history["loss"][0]
    assert np.isfinite(history["val_loss"]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, got 0"),
        ({"batch_size": 2.5}, "batch_size must be a whole number"),
        ({"batch_size": 97}, "batch_size must be 1 to 96"),
        ({"degrees": -1}, "degrees must be 0 to 180, got -1"),
        ({"degrees": 181}, "degrees must be 0 to 180"),
        ({"degrees": float("nan")}, "degrees must be 0 to 180"),
    ],
)
def test_wrong_arguments(images, options, message):
    with pytest.raises(ValueError, match=message):
        FlipsAndRotations(images, **options)


def test_wrong_images(images):
    with pytest.raises(ValueError, match="add the channel axis"):
        FlipsAndRotations(images[..., 0])
    with pytest.raises(ValueError, match="divide by 255"):
        FlipsAndRotations(images.astype("float32"))


def test_corners_are_filled_from_inside():
    white = np.full((8, 9, 9, 3), 255, "uint8")
    np.testing.assert_allclose(epoch(FlipsAndRotations(white, 8, degrees=45)), 1, atol=1e-5)


def test_what_is_trained_on_is_not_kept(rng):
    """TensorFlow keeps the stream itself: a process of many trainings would fill up with images."""
    images = rng.random((40, 8, 8, 1), dtype="float32")
    labels = np.arange(40) % 2
    kept = weakref.ref(images), weakref.ref(labels)
    class_vaes.train(images, labels, latent_dim=2, network="mlp", options={"hidden": (8,)}, steps=25)
    del images, labels
    gc.collect()
    assert all(reference() is None for reference in kept)


@pytest.mark.parametrize("changes", [{"augment": 5.0}, {"binarize": "dynamic"}])
def test_what_a_recipe_is_trained_on_is_not_kept(tiny_recipe, monkeypatch, changes):
    streams = []
    monkeypatch.setattr(ImageBatches, "release", note(streams, ImageBatches.release))
    training.train(tiny_recipe.replace(epochs=1, **changes), verbose=0)
    (stream,) = streams
    assert stream.images is None


def note(streams, release):
    return lambda stream: (streams.append(stream), release(stream))
