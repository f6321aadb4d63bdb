import io
import os

import numpy as np
import pytest
from PIL import Image

import cvae
from cvae.datasets import folder


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, "uint8")).save(path, **options)


def plain(height, width, color):
    return np.broadcast_to(np.asarray(color, "uint8"), (height, width, len(color)))


@pytest.fixture
def animals(tmp_path, rng):
    """Three cats, seven dogs: all sizes, suffixes and kinds of pixels; and what is to be left out."""
    folder = tmp_path / "animals"
    for number in range(5):
        save(folder / "dogs" / f"{number}.JPG", rng.integers(0, 256, (20 + number, 30, 3)))
    save(folder / "dogs" / "grey.Jpeg", rng.integers(0, 256, (40, 20)))
    save(folder / "dogs" / "summer" / "old" / "5.bmp", rng.integers(0, 256, (9, 9, 3)))
    save(folder / "cats" / "rgba.png", rng.integers(0, 256, (16, 12, 4)))
    Image.fromarray(rng.integers(0, 256, (12, 16), "uint8")).convert("P").save(
        folder / "cats" / "palette.PNG"
    )
    save(folder / "cats" / "lossy.webp", rng.integers(0, 256, (11, 50, 3)))
    for left_out in ("notes.txt", "cats/list.csv", "dogs/._0.jpg", ".thumbnails/0.jpg", "empty/readme"):
        (folder / left_out).parent.mkdir(exist_ok=True)
        (folder / left_out).write_text("no photograph")
    (folder / "cats" / "folder.jpg").mkdir()
    return folder


def test_subfolders_are_classes(animals):
    data = cvae.load_folder(animals, 10, test_fraction=0.3)
    assert data.class_names == ("cats", "dogs")
    assert data.image_shape == (10, 10, 3)
    assert data.x_train.dtype == data.x_test.dtype == np.uint8
    assert data.y_train.dtype == data.y_test.dtype == np.int64
    assert (len(data.x_train), len(data.x_test)) == (7, 3)
    labels = np.concatenate([data.y_train, data.y_test])
    assert np.array_equal(np.bincount(labels), [3, 7])
    assert len(np.unique(np.concatenate([data.x_train, data.x_test]), axis=0)) == 10
    assert not data.is_stand_in


def test_the_source_names_no_path_of_this_machine(animals, monkeypatch):
    assert cvae.load_folder(str(animals), 4).source == "folder animals"
    monkeypatch.chdir(animals / "cats")
    data = cvae.load_folder(".", 4)
    assert (data.name, data.source, data.class_names) == ("cats", "folder cats", ("cats",))
    assert data.y_train.tolist() == [0, 0]
    assert cvae.load_folder("..", 4).source == "folder animals"
    assert os.sep not in repr(data)


def test_labels_are_those_of_the_folder(tmp_path):
    colors = {"a": (255, 0, 0), "b": (0, 255, 0), "c": (0, 0, 255)}
    for name, color in colors.items():
        for number in range(4):
            save(tmp_path / name / f"{number}.png", plain(5 + number, 7, color))
    data = cvae.load_folder(tmp_path, 6, test_fraction=0.25)
    for images, labels in ((data.x_train, data.y_train), (data.x_test, data.y_test)):
        expected = np.array(list(colors.values()))[labels]
        assert np.array_equal(images, np.broadcast_to(expected[:, None, None], images.shape))
        assert (np.diff(labels) >= 0).all()


def test_the_test_images_are_a_fixed_part(animals):
    first = cvae.load_folder(animals, 6, test_fraction=0.3)
    again = cvae.load_folder(animals, 6, test_fraction=0.3)
    assert np.array_equal(first.x_train, again.x_train)
    assert np.array_equal(first.x_test, again.x_test)
    other = cvae.load_folder(animals, 6, test_fraction=0.3, seed=1)
    assert not np.array_equal(first.x_test, other.x_test)
    # A limit draws from the training images and leaves the test images alone.
    few = cvae.load_folder(animals, 6, test_fraction=0.3, limit=2)
    assert np.array_equal(few.x_test, first.x_test)
    assert np.array_equal(few.y_train, [0, 1])
    for image in few.x_train:
        assert (first.x_train == image).all(axis=(1, 2, 3)).any()
    assert len(cvae.load_folder(animals, 6, test_fraction=0.3, limit=99).x_train) == 7


@pytest.mark.parametrize(
    ("n", "fraction", "held_out"), [(10, 0.1, 1), (2, 0.01, 1), (2, 0.99, 1), (100, 0.25, 25)]
)
def test_at_least_one_image_on_either_side(n, fraction, held_out):
    train, test = folder.split(n, fraction, seed=0)
    assert len(test) == held_out
    assert sorted([*train, *test]) == list(range(n))
    assert (np.diff(train) > 0).all()


@pytest.mark.parametrize("turn", [False, True])
def test_the_centre_is_cut_out_and_the_short_side_fits(tmp_path, turn):
    """Three squares of 40 in a row, red, green and blue: only green is left."""
    pixels = np.concatenate([plain(40, 40, color) for color in np.eye(3) * 255], axis=1)
    path = tmp_path / "strip.png"
    save(path, pixels.swapaxes(0, 1) if turn else pixels)
    small = folder.read_photograph(path, 20, grayscale=False)
    assert small.shape == (20, 20, 3)
    assert np.array_equal(small[3:-3, 3:-3], plain(14, 14, (0, 255, 0)))
    assert folder.read_photograph(path, 90, grayscale=False).shape == (90, 90, 3)


def test_photographs_are_turned_upright(tmp_path):
    """EXIF orientation 6: the camera was held upright, its left side is the top of the picture."""
    stored = np.concatenate([plain(32, 16, (255, 0, 0)), plain(32, 16, (0, 0, 255))], axis=1)
    exif = Image.Exif()
    exif[0x0112] = 6
    save(tmp_path / "a.jpg", stored, exif=exif, quality=95, subsampling=0)
    upright = folder.read_photograph(tmp_path / "a.jpg", 32, grayscale=False)
    expected = np.rot90(stored, -1)
    assert abs(upright[:14].astype(int) - expected[:14]).max() < 12
    assert abs(upright[18:].astype(int) - expected[18:]).max() < 12


def test_large_jpegs_read_at_a_fraction_look_the_same(tmp_path):
    y, x = np.mgrid[:600, :800]
    pixels = np.stack([x * 255 / 799, y * 255 / 599, 127 + 100 * np.sin(x / 60)], axis=-1)
    save(tmp_path / "a.jpg", pixels, quality=95)
    save(tmp_path / "a.png", pixels)
    jpeg = folder.read_photograph(tmp_path / "a.jpg", 32, grayscale=False).astype(int)
    png = folder.read_photograph(tmp_path / "a.png", 32, grayscale=False).astype(int)
    assert abs(jpeg - png).max() <= 6


def test_grey(animals, tmp_path):
    assert cvae.load_folder(animals, 5, grayscale=True).image_shape == (5, 5, 1)
    save(tmp_path / "red.png", plain(8, 8, (255, 0, 0)))
    assert (folder.read_photograph(tmp_path / "red.png", 4, grayscale=True) == 76).all()  # 0.299
    save(tmp_path / "grey.png", np.full((8, 8), 90))
    assert (folder.read_photograph(tmp_path / "grey.png", 4, grayscale=False) == 90).all()


def test_transparency_is_dropped(tmp_path):
    save(tmp_path / "glass.png", plain(8, 8, (10, 200, 30, 128)))
    small = folder.read_photograph(tmp_path / "glass.png", 4, grayscale=False)
    assert np.array_equal(small, plain(4, 4, (10, 200, 30)))


def test_a_vae_trains_on_it(animals):
    data = cvae.load_folder(animals, 8)
    vae = cvae.build_vae(data.image_shape, latent_dim=2, network="mlp", hidden=(8,))
    vae.compile("adam")
    history = vae.fit(data.x_train, validation_data=data.x_test, epochs=1, verbose=0).history
    assert np.isfinite(history["val_loss"]).all()


@pytest.mark.parametrize("ci", ["", "1"])
def test_progress_is_shown_but_not_under_ci(animals, monkeypatch, ci):
    seen = []

    def note(photographs, desc, delay, disable):
        seen.append((len(photographs), disable))
        return photographs

    monkeypatch.setattr(folder, "tqdm", note)
    monkeypatch.setenv("CI", ci)
    cvae.load_folder(animals, 4)
    assert seen == [(10, bool(ci))]


def whole_jpeg():
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((64, 64, 3), "uint8")).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize("content", [b"", b"no photograph", whole_jpeg()[:-200]])
@pytest.mark.parametrize("file_name", ["bad.jpg", "bad.png"])
def test_a_file_that_cannot_be_decoded_is_named(animals, content, file_name):
    path = animals / "dogs" / file_name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"dogs.{file_name} cannot be decoded.*move it out") as caught:
        cvae.load_folder(animals, 8)
    assert caught.value.__cause__ is not None


def test_folders_that_do_not_serve(animals, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere: give the path of a folder"):
        cvae.load_folder(tmp_path / "nowhere", 8)
    with pytest.raises(NotADirectoryError, match=r"notes.txt is a file: give the folder"):
        cvae.load_folder(animals / "notes.txt", 8)
    with pytest.raises(ValueError, match=r"empty holds no photographs.*\.jpg, .*\.webp, \.bmp;"):
        cvae.load_folder(animals / "empty", 8)
    with pytest.raises(ValueError, match=r"summer holds 1 photograph, at least 2 are needed"):
        cvae.load_folder(animals / "dogs" / "summer", 8)
    save(animals / "loose.png", np.zeros((4, 4)))
    with pytest.raises(
        ValueError, match=r"1 photographs beside .* \(such as loose.png\) and 10 in them"
    ):
        cvae.load_folder(animals, 8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size must be a whole number of at least 1, got 0"),
        ({"size": None}, "size must be a whole number"),
        ({"size": 8.0}, "size must be a whole number"),
        ({"limit": 0}, "limit must be a whole number"),
        ({"test_fraction": 0}, "between 0 and 1, such as 0.1 for a tenth; got 0"),
        ({"test_fraction": 1.0}, "between 0 and 1"),
        ({"test_fraction": -0.1}, "between 0 and 1"),
        ({"test_fraction": "0.1"}, "between 0 and 1"),
        ({"test_fraction": float("nan")}, "between 0 and 1"),
    ],
)
def test_wrong_arguments(animals, options, message):
    with pytest.raises(ValueError, match=message):
        cvae.load_folder(animals, **{"size": 8} | options)
