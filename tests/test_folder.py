import io
import os
import struct
import tracemalloc
import warnings
import zlib
from collections import Counter

import numpy as np
import pytest
from PIL import Image

import cvae
from cvae.datasets import folder, photographs
from cvae.datasets.photographs import DARK, FRAMES, SMALL

pytestmark = pytest.mark.filterwarnings("ignore:animals. left out")  # of what the fixture leaves lying


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


@pytest.mark.filterwarnings("ignore:.*without a photograph")
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


def grey_of(path, size=4, notes=None):
    return folder.read_photograph(path, size, True, notes)[..., 0]


@pytest.mark.parametrize("opacity", [255, 128, 0])
def test_what_is_transparent_lies_on_white(tmp_path, opacity):
    """Not what the pixels hide: most programs leave black or rubbish there."""
    save(tmp_path / "glass.png", plain(8, 8, (10, 200, 30, opacity)))
    small = folder.read_photograph(tmp_path / "glass.png", 4, grayscale=False)
    white = 255 - opacity
    expected = np.round((np.array([10, 200, 30]) * opacity + 255 * white) / 255)
    assert abs(small - expected).max() <= 1
    assert opacity < 255 or np.array_equal(small, plain(4, 4, (10, 200, 30)))
    save(tmp_path / "grey.png", plain(8, 8, (40, opacity)))
    assert abs(grey_of(tmp_path / "grey.png") - (40.0 * opacity + 255 * white) / 255).max() <= 1


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_a_transparent_color_lies_on_white_too(tmp_path, mode):
    image = Image.new("RGB", (8, 8), (9, 9, 9))
    image = image.quantize(2) if mode == "P" else image.convert(mode)
    image.save(tmp_path / "plain.png")
    assert (grey_of(tmp_path / "plain.png") == 9).all()
    image.save(
        tmp_path / "glass.png", transparency=(9, 9, 9) if mode == "RGB" else image.getpixel((0, 0))
    )
    assert (grey_of(tmp_path / "glass.png") == 255).all()


LEVELS = np.repeat([0, 51, 102, 255], 4).reshape(4, 4)


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path, suffix):
    path = tmp_path / f"deep.{suffix}"
    Image.fromarray((LEVELS * 257).astype("uint16")).save(path)
    assert np.array_equal(grey_of(path), LEVELS)
    assert np.array_equal(folder.read_photograph(path, 4, False)[..., 2], LEVELS)


def test_deep_pixels_of_other_kinds(tmp_path):
    Image.fromarray((LEVELS / 255).astype("float32")).save(tmp_path / "float.tif")
    Image.fromarray((LEVELS * 257).astype("int32")).save(tmp_path / "int.tif")
    Image.frombytes("I;16B", (4, 4), (LEVELS * 257).astype(">u2").tobytes()).save(tmp_path / "big.tif")
    for name in ("float", "int", "big"):
        assert np.array_equal(grey_of(tmp_path / f"{name}.tif"), LEVELS)
    Image.fromarray(LEVELS.astype("float32")).save(tmp_path / "a.tif")
    with pytest.raises(
        ValueError, match=r"a.tif cannot .* floats must lie in \[0, 1\], these go from 0 to 255"
    ):
        grey_of(tmp_path / "a.tif")
    Image.fromarray(LEVELS.astype("int32") * 1000 - 1).save(tmp_path / "b.tif")
    with pytest.raises(ValueError, match=r"numbers must lie in 0..65535, these go from -1 to 254999"):
        grey_of(tmp_path / "b.tif")


def test_twelve_bits_in_sixteen_are_dark_and_that_is_said(tmp_path):
    """Nothing in the file tells them from a dark picture of 16 bits."""
    for name in ("a", "b"):
        Image.fromarray((LEVELS * 16).astype("uint16")).save(tmp_path / f"{name}.png")
    notes = Counter()
    assert np.array_equal(grey_of(tmp_path / "a.png", 4, notes), np.round(LEVELS * 16 / 257))
    assert notes == {DARK: 1}
    with pytest.warns(UserWarning, match=r"2 of 2 photographs are nearly black.*\(12 bits\?\).*rescale"):
        cvae.load_folder(tmp_path, 4)


@pytest.mark.parametrize(
    ("mode", "suffix"), [("1", "png"), ("CMYK", "jpg"), ("CMYK", "tif"), ("LA", "png")]
)
def test_other_kinds_of_pixels(tmp_path, mode, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(np.repeat([0, 255], 128).reshape(16, 16).astype("uint8")).convert(mode).save(path)
    small = folder.read_photograph(path, 16, grayscale=False).astype(int)
    assert small[:8].max() < 8
    assert small[8:].min() > 247


@pytest.mark.parametrize("suffix", ["gif", "tif", "webp", "png", "mpo.jpg"])
def test_of_several_frames_the_first_is_read_and_that_is_said(tmp_path, suffix):
    """But for the preview that cameras put behind a photograph."""
    first, second = (Image.new("RGB", (8, 8), (level,) * 3) for level in (51, 204))
    options = {"format": "MPO"} if suffix == "mpo.jpg" else {}
    first.save(tmp_path / f"a.{suffix}", save_all=True, append_images=[second], **options)
    notes = Counter()
    assert abs(grey_of(tmp_path / f"a.{suffix}", 4, notes) - 51.0).max() <= 1
    assert notes == ({} if options else {FRAMES: 1})


@pytest.mark.parametrize("name", ["a.jfif", "a.tif", "a.gif", "a.pgm", "a.jp2", "a.TIFF", "lies.jpg"])
def test_what_pillow_reads_is_read(tmp_path, name):
    image = Image.new("L", (8, 8), 90)
    with open(tmp_path / name, "wb") as file:
        image.save(
            file, "PNG" if name == "lies.jpg" else Image.registered_extensions()[name[1:].lower()]
        )
    save(tmp_path / "b.png", np.full((8, 8), 90))
    with warnings.catch_warnings(action="error"):
        data = cvae.load_folder(tmp_path, 4)
    assert abs(np.concatenate([data.x_train, data.x_test]) - 90.0).max() <= 2


def test_small_photographs_are_counted(tmp_path):
    for name, side in (("a", 31), ("b", 32), ("c", 80)):
        save(tmp_path / f"{name}.png", np.zeros((side, 80)))
        save(tmp_path / f"{name}.jpg", np.zeros((side, 80)))
    with pytest.warns(
        UserWarning, match="2 of 6 photographs are less than half as large as `size`"
    ) as seen:
        cvae.load_folder(tmp_path, 64)
    assert len(seen) == 1
    assert SMALL in str(seen[0].message)


def test_memory_is_that_of_the_result(tmp_path):
    for number in range(40):
        save(tmp_path / f"{number}.png", np.full((64, 64, 3), number))
    cvae.load_folder(tmp_path, 64, limit=1)
    tracemalloc.start()
    data = cvae.load_folder(tmp_path, 64)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * (data.x_train.nbytes + data.x_test.nbytes)
    assert data.x_train.flags.writeable
    assert data.x_test.flags.writeable
    assert len(np.unique(np.concatenate([data.x_train, data.x_test])[:, 0, 0, 0])) == 40


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
    with pytest.raises(ValueError, match=r"empty holds no photographs.*\.jpg, .*\.tiff, .*no suffix 1"):
        cvae.load_folder(animals / "empty", 8)
    with pytest.raises(ValueError, match=r"summer holds 1 photograph, at least 2 are needed"):
        cvae.load_folder(animals / "dogs" / "summer", 8)
    save(animals / "loose.png", np.zeros((4, 4)))
    with pytest.raises(
        ValueError, match=r"1 photographs beside .* \(such as loose.png\) and 10 in them"
    ):
        cvae.load_folder(animals, 8)


def grow(root, *places):
    """Photographs, each of a grey of its own: 1, 2, 3 ..."""
    for number, place in enumerate(places, 1):
        save(root / place, np.full((4, 4), number))


def greys(images):
    return sorted(images[:, 0, 0, 0].tolist())


@pytest.mark.parametrize(
    ("train", "test"),
    [("train", "test"), ("Training", "testing"), ("train", "val"), ("TRAIN", "validation")],
)
@pytest.mark.parametrize("around", ["", "photos-main/data/"])
def test_a_split_of_the_folders_own_is_kept(tmp_path, train, test, around):
    grow(
        tmp_path,
        *(f"{around}{train}/{name}.png" for name in ("cats/1", "cats/2", "dogs/old/3", "dogs/4")),
        *(f"{around}{test}/{name}.png" for name in ("dogs/5", "cats/6")),
    )
    with warnings.catch_warnings(action="error"):
        data = cvae.load_folder(tmp_path, 4, test_fraction=0.5)
    assert data.class_names == ("cats", "dogs")
    assert (greys(data.x_train), greys(data.x_test)) == ([1, 2, 3, 4], [5, 6])
    assert data.x_test[data.y_test == 0][0, 0, 0, 0] == 6
    assert data.source == f"folder {tmp_path.name}, splits {train} and {test}"
    few = cvae.load_folder(tmp_path, 4, limit=2)
    assert (len(few.x_train), len(few.x_test)) == (2, 2)


def test_a_split_without_classes(tmp_path):
    grow(tmp_path, "train/1.png", "train/2.png", "test/3.png")
    data = cvae.load_folder(tmp_path, 4)
    assert data.class_names == (tmp_path.name,)
    assert (greys(data.x_train), greys(data.x_test)) == ([1, 2], [3])


def test_images_for_validation_beside_those_to_test_on_are_left_out(tmp_path):
    grow(tmp_path, "train/a/1.png", "train/b/2.png", "test/a/3.png", "val/a/4.png", "val/c/5.png")
    with pytest.warns(
        UserWarning, match="left out 2 photographs for validation; used splits train and test"
    ):
        data = cvae.load_folder(tmp_path, 4)
    assert data.class_names == ("a", "b")
    assert (greys(data.x_train), greys(data.x_test)) == ([1, 2], [3])


@pytest.mark.parametrize(
    ("places", "message"),
    [
        (
            ["train/1", "test/2", "cats/3"],
            "holds cats, test, train: photographs to test on would be trained",
        ),
        (["train/a/1", "training/a/2", "test/a/3"], "Leave one folder train and one folder test"),
        (["test/a/1", "val/a/2"], "Leave one folder train"),
        (
            ["cats/train/1", "cats/test/2", "dogs/train/3"],
            "a cats with test and train in it: .* train/cats",
        ),
        (["train/cats/1", "train/dogs/2", "test/3"], r"1 photographs beside .* \(such as test.3.png\)"),
    ],
)
def test_test_images_are_never_mixed_into_training(tmp_path, places, message):
    grow(tmp_path, *(f"{place}.png" for place in places))
    with pytest.raises(ValueError, match=message):
        cvae.load_folder(tmp_path, 4)


def test_a_class_may_be_called_train(tmp_path):
    grow(tmp_path, "car/1.png", "train/2.png", "train/3.png")
    with pytest.warns(UserWarning, match="train is taken for a class, not for a split"):
        data = cvae.load_folder(tmp_path, 4)
    assert data.class_names == ("car", "train")


@pytest.mark.filterwarnings("ignore:.*only to test on")
@pytest.mark.parametrize(
    ("places", "classes"),
    [
        (["photos/cats/1", "photos/cats/2", "photos/dogs/3"], ("cats", "dogs")),
        (["a-main/photos/cats/1", "a-main/photos/dogs/old/2"], ("cats", "dogs")),
        (["train/cats/1", "train/dogs/2"], ("cats", "dogs")),  # the test images are drawn
        (["cats/1", "cats/2"], ("cats",)),
        (["cats/old/1", "cats/old/2"], ("cats",)),
        (["cats/1", "cats/old/2"], ("cats",)),
        (["cats/old/1", "dogs/old/2"], ("cats", "dogs")),
    ],
)
def test_a_folder_around_them_all_is_stepped_into(tmp_path, places, classes):
    grow(tmp_path, *(f"{place}.png" for place in places))
    assert cvae.load_folder(tmp_path, 4).class_names == classes


def test_what_is_odd_about_the_classes_is_said(tmp_path):
    grow(tmp_path, "train/Cats/1.png", "train/cats/2.png", "test/cats/3.png", "test/fish/4.png")
    (tmp_path / "train" / "birds").mkdir()
    with pytest.warns(
        UserWarning, match="Cats and cats are different classes, alike but for case"
    ) as seen:
        data = cvae.load_folder(tmp_path, 4)
    assert "no photograph of fish is to train on, only to test on" in str(seen[0].message)
    assert f"folders without a photograph: 1, such as {os.path.join('train', 'birds')}" in str(
        seen[0].message
    )
    assert data.class_names == ("Cats", "cats", "fish")
    assert len(seen) == 1


def test_what_is_left_out_is_said_once(tmp_path):
    grow(tmp_path, "cats/1.png", "cats/2.png")
    for name in ("1.heic", "2.HEIC", "3.mov", "scan"):
        (tmp_path / "cats" / name).write_bytes(b"?")
    for name in (
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
        "list.csv",
        "labels.json",
        "__MACOSX",
        "@eaDir",
    ):
        if name[0] in "_@":
            grow(tmp_path / "cats" / name, "9.png")
        else:
            (tmp_path / "cats" / name).write_bytes(b"?")
    expected = r"left out 4 files \(no suffix 1, \.heic 2, \.mov 1\); to read .heic.*pillow-heif"
    with pytest.warns(UserWarning, match=expected) as seen:
        data = cvae.load_folder(tmp_path, 4)
    assert len(seen) == 1
    assert greys(np.concatenate([data.x_train, data.x_test])) == [1, 2]
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1.heic").write_bytes(b"?")
    with pytest.raises(ValueError, match=r"holds no photographs.*left out 1 file \(\.heic 1\)"):
        cvae.load_folder(tmp_path / "new", 4)


def test_heic_is_read_where_a_package_can(tmp_path, monkeypatch):
    assert ".heic" not in photographs.readable()
    monkeypatch.setitem(Image.EXTENSION, ".heic", "HEIF")
    assert ".heic" in photographs.readable()


def test_links_are_followed_without_end(tmp_path):
    root = tmp_path / "root"
    grow(tmp_path, "store/d/1.png", "store/d/2.png", "root/cats/3.png", "root/cats/4.png", "single.png")
    (root / "dogs").symlink_to(tmp_path / "store")  # a folder elsewhere
    (root / "cats" / "5.png").symlink_to(tmp_path / "single.png")
    with warnings.catch_warnings(action="error"):
        data = cvae.load_folder(root, 4)
    assert data.class_names == ("cats", "dogs")
    assert greys(np.concatenate([data.x_train, data.x_test])) == [1, 2, 3, 4, 5]
    (root / "cats" / "up").symlink_to(root)
    (tmp_path / "store" / "d" / "loop").symlink_to(tmp_path / "store")
    (root / "kittens").symlink_to(root / "cats")
    (root / "cats" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.warns(
        UserWarning, match=r"lead nowhere: 1, such as cats.gone.png; .*already: 3"
    ) as seen:
        again = cvae.load_folder(root, 4)
    assert len(seen) == 1
    assert again == data


def test_a_photograph_to_test_on_is_no_link_to_one_to_train_on(tmp_path):
    grow(tmp_path, "train/a/1.png", "train/a/2.png", "test/a/3.png")
    (tmp_path / "test" / "a" / "4.png").symlink_to(tmp_path / "train" / "a" / "1.png")
    with pytest.warns(UserWarning, match="links to what is read already: 1, such as test.a.4.png"):
        data = cvae.load_folder(tmp_path, 4)
    assert (greys(data.x_train), greys(data.x_test)) == ([1, 2], [3])


def test_arguments_of_numpy_and_the_home_folder(animals, monkeypatch):
    monkeypatch.setenv("HOME", str(animals.parent))
    monkeypatch.setenv("USERPROFILE", str(animals.parent))
    plain_one = cvae.load_folder(animals, 8, test_fraction=0.5, limit=3)
    assert plain_one == cvae.load_folder(
        "~/animals", np.int64(8), test_fraction=np.float32(0.5), limit=np.int32(3)
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": True}, "size must be a whole number of at least 1, got True"),
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


@pytest.mark.parametrize(
    "names",
    [("train", "dev"), ("training_set", "test_set"), ("train", "holdout"), ("seg_train", "seg_test")],
)
def test_splits_under_other_common_names(tmp_path, rng, names):
    for split in names:
        for kind in ("a", "b"):
            for n in range(3):
                save(tmp_path / split / kind / f"{n}.png", rng.integers(0, 256, (8, 8, 3)))
    data = cvae.load_folder(tmp_path, 4)
    assert data.class_names == ("a", "b")
    assert (len(data.x_train), len(data.x_test)) == (6, 6)


def test_the_same_classes_in_folders_of_which_one_is_a_split(tmp_path, rng):
    for split in ("train", "other"):
        for kind in ("a", "b"):
            save(tmp_path / split / kind / "0.png", rng.integers(0, 256, (8, 8, 3)))
    with pytest.raises(ValueError, match="the same folders in each.*Call them train, test"):
        cvae.load_folder(tmp_path, 4)


def test_a_class_called_train_is_told(tmp_path, rng):
    for kind in ("bus", "car", "train"):
        for n in range(2):
            save(tmp_path / kind / f"{n}.png", rng.integers(0, 256, (8, 8, 3)))
    with pytest.warns(UserWarning, match="train is taken for a class, not for a split"):
        assert cvae.load_folder(tmp_path, 4).class_names == ("bus", "car", "train")


def test_one_class_keeps_its_name(tmp_path, rng):
    for n in range(3):
        save(tmp_path / "ds" / "cats" / f"{n}.png", rng.integers(0, 256, (8, 8, 3)))
    assert cvae.load_folder(tmp_path / "ds", 4).class_names == ("cats",)
    assert cvae.load_folder(tmp_path / "ds" / "cats", 4).class_names == ("cats",)


def test_colours_of_12_bits_in_16_are_told(tmp_path):
    header = struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0)
    rows = b"".join(b"\0" + struct.pack(">6H", *[4095, 2048, 255] * 2) for _ in range(2))
    content = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        content += struct.pack(">I", len(body)) + kind + body
        content += struct.pack(">I", zlib.crc32(kind + body))
    for n in range(2):
        (tmp_path / f"{n}.png").write_bytes(content)
    with pytest.warns(UserWarning, match="2 of 2 photographs are nearly black: of 16 bits"):
        cvae.load_folder(tmp_path, 2)


@pytest.mark.parametrize(
    ("folder", "options", "message"),
    [
        ("", {}, "folder must be the path"),
        (None, {}, "folder must be the path"),
        (".", {"grayscale": "no"}, "grayscale must be True or False"),
        (".", {"seed": -1}, "seed must be a whole number"),
    ],
)
def test_arguments_that_would_be_misread(folder, options, message):
    with pytest.raises(ValueError, match=message):
        cvae.load_folder(folder, 4, **options)
