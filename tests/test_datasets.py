import dataclasses
import tracemalloc

import numpy as np
import pytest

pytest.importorskip("tensorflow_datasets")

import tensorflow_datasets as tfds
from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError

import cvae
from cvae.datasets import base, connection, stand_ins
from cvae.datasets import tfds as datasets
from cvae.utils.environment import flag

Image, Tensor, ClassLabel = tfds.features.Image, tfds.features.Tensor, tfds.features.ClassLabel

SIDE_OF = {"mnist": (28, 28, 1), "fashion_mnist": (28, 28, 1), "cifar10": (32, 32, 3)}


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No data folder and no network, as on a train."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CVAE_OFFLINE", "1")
    real_builder = tfds.builder
    monkeypatch.setattr(tfds, "builder", lambda name, **k: real_builder(name, data_dir=str(tmp_path)))


@pytest.fixture
def own(monkeypatch, tmp_path):
    """A function that gives TFDS a data set named "own": its features, and the rows of each split.

    Without rows it is not prepared: whoever asks for them fails.
    """

    def give(image, label, beside=(), **splits):
        with tfds.core.registered.skip_registration():

            class Own(tfds.core.GeneratorBasedBuilder):
                name = "own"
                VERSION = tfds.core.Version("1.0.0")

                def _info(self):
                    there = tfds.features.FeaturesDict({"image": image, "label": label, **dict(beside)})
                    return tfds.core.DatasetInfo(builder=self, features=there)

                def _split_generators(self, manager):
                    return {split: self._generate_examples(rows) for split, rows in splits.items()}

                def _generate_examples(self, rows):
                    yield from enumerate(as_rows(rows))

        monkeypatch.setattr(tfds, "builder", lambda name: Own(data_dir=str(tmp_path)))
        if splits:
            tfds.builder("own").download_and_prepare()
        datasets.read_and_keep.cache_clear()

    return give


def rows(n, shape=(4, 4, 3), first=0):
    """n images of grey levels first, first + 1, ... and labels 0, 1, 0 ..."""
    return [(np.full(shape, first + index, "uint8"), index % 2) for index in range(n)]


def as_rows(rows):
    return [
        row if isinstance(row, dict) else dict(zip(("image", "label"), row, strict=True)) for row in rows
    ]


def levels(images):
    return images[:, 0, 0, 0].tolist()


TWO = ClassLabel(names=["a", "b"])


@pytest.mark.parametrize("name", list(SIDE_OF))
@pytest.mark.filterwarnings("ignore:.*IS NOT HERE")
def test_load(name):
    """The real set where TFDS has it, else its stand-in: the same promises."""
    data = cvae.load(name, limit=500)
    assert data.image_shape == SIDE_OF[name]
    assert data.x_train.dtype == data.x_test.dtype == np.uint8
    assert data.y_train.dtype == data.y_test.dtype == np.int64
    assert len(data.x_train) == len(data.y_train) == 500
    assert (np.bincount(data.y_train) == 50).all()
    assert len(data.class_names) == 10
    assert name in repr(data)
    if not data.is_stand_in:
        assert len(data.x_test) == 10_000
        assert data.source.startswith(f"TFDS {name} ")


@pytest.mark.filterwarnings("ignore:.*IS NOT HERE")
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_where_images_come_from_is_known_before_they_are_read(name, monkeypatch):
    data, few = cvae.load(name), cvae.load(name, limit=7)
    monkeypatch.setattr(datasets, "read", lambda *args: pytest.fail("images were read"))
    monkeypatch.setattr(datasets, "stand_in", lambda *args: pytest.fail("images were made"))
    assert datasets.source_of(name) == (data.source, len(data.x_train))
    assert datasets.source_of(name, limit=7) == (few.source, 7)


def test_grayscale_and_size():
    grey = cvae.load("cifar10", grayscale=True, size=16, limit=20)
    assert grey.image_shape == (16, 16, 1)
    dogs = cvae.load("stanford_dogs", size=32, limit=240)
    assert dogs.image_shape == (32, 32, 3)
    assert len(dogs.class_names) == 120


def test_limit_is_seeded_and_balanced():
    labels = np.repeat([0, 1, 2], [100, 10, 50])
    chosen = base.balanced_choice(labels, 60, seed=0)
    assert np.array_equal(np.bincount(labels[chosen]), [25, 10, 25])
    assert (np.diff(chosen) > 0).all()
    assert np.array_equal(chosen, base.balanced_choice(labels, 60, seed=0))
    assert not np.array_equal(chosen, base.balanced_choice(labels, 60, seed=1))


def test_prepare_resizes_the_short_side_and_crops_the_centre():
    import tensorflow as tf

    # Left half black, right half white, twice as wide as high: the crop keeps the seam in the middle.
    image = np.zeros((40, 80, 3), "uint8")
    image[:, 40:] = 255
    small = datasets.prepare(tf.constant(image), 20, grayscale=False).numpy()
    assert small.shape == (20, 20, 3)
    assert small[:, :9].max() < 30
    assert small[:, 11:].min() > 225
    color = tf.constant(np.full((4, 4, 3), [255, 0, 0], "uint8"))
    assert datasets.prepare(color, None, grayscale=True).numpy()[0, 0, 0] == round(0.2989 * 255)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "stanford_dogs"])
def test_stand_in_is_loud_and_says_so_everywhere(offline, name):
    size = 64 if name == "stanford_dogs" else None
    with pytest.warns(UserWarning, match=f"{name.upper()} IS NOT HERE.*TFDS_DATA_DIR"):
        data = cvae.load(name, size=size)
    assert data.is_stand_in
    assert data.source in (f"stand-in: {stand_ins.DIGITS}", f"stand-in: {stand_ins.PICTURES}")
    assert data.source in repr(data)
    assert datasets.source_of(name) == (data.source, len(data.x_train))
    assert data.image_shape == SIDE_OF.get(name, (64, 64, 3))
    assert len(data.class_names) == (120 if name == "stanford_dogs" else 10)
    assert set(data.y_train) == set(range(len(data.class_names)))
    with pytest.warns(UserWarning, match="IS NOT HERE"):
        again = cvae.load(name, size=size)
    assert np.array_equal(data.x_train, again.x_train)


def test_offline_can_be_an_error(offline, monkeypatch):
    monkeypatch.setenv("CVAE_OFFLINE", "error")
    monkeypatch.setattr(datasets, "reachable", lambda urls: False)
    with pytest.raises(RuntimeError, match="mnist is not in .*TFDS_DATA_DIR"):
        cvae.load("mnist")


def test_an_unreachable_host_is_given_up_at_once(offline, monkeypatch):
    monkeypatch.delenv("CVAE_OFFLINE")
    monkeypatch.setattr(connection.urllib.request, "getproxies", dict)
    tried = []

    def refuse(address, timeout):
        tried.append(address)
        raise OSError("unreachable")

    monkeypatch.setattr(connection.socket, "create_connection", refuse)
    with pytest.warns(UserWarning, match="download host cannot be reached"):
        cvae.load("mnist")
    assert tried == [("storage.googleapis.com", 443)]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NonMatchingChecksumError("the file has changed"), "has changed"),
        (ConnectionError("connection reset\nby peer"), "connection reset"),
        (AssertionError(), "Assertion"),
    ],
)
def test_a_broken_download_becomes_a_stand_in(offline, monkeypatch, error, reason):
    monkeypatch.delenv("CVAE_OFFLINE")
    monkeypatch.setattr(datasets, "reachable", lambda urls: True)

    def fail(self):
        raise error

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.warns(UserWarning, match=reason):
        assert cvae.load("mnist").is_stand_in


def test_wrong_arguments():
    with pytest.raises(ValueError, match="unknown data set 'mnits'; did you mean mnist"):
        cvae.load("mnits")
    with pytest.raises(ValueError, match="no image and label"):
        cvae.load("coco")
    for options in ({"limit": 0}, {"size": -1}, {"limit": 1.5}, {"limit": True}, {"size": 0}):
        with pytest.raises(ValueError, match="whole number of at least 1"):
            cvae.load("mnist", **options)
    with pytest.raises(ValueError, match="whole number of at least 1"):
        datasets.source_of("mnist", limit=True)
    for splits in ("train", ("train",), (0.9, 0.1), {"train": "test"}):
        with pytest.raises(
            ValueError, match=r"splits must be two of TFDS's .* such as \('train\[:90%\]'"
        ):
            cvae.load("mnist", splits=splits)


@pytest.mark.filterwarnings("ignore:.*IS NOT HERE")
def test_images_that_vary_in_size_need_one():
    if cvae.load("stanford_dogs", size=8, limit=1).is_stand_in:
        pytest.skip("needs the real photographs")
    with pytest.raises(ValueError, match="vary in size: choose one"):
        cvae.load("stanford_dogs")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mnist:9.9.9", "TFDS cannot make the data set 'mnist:9.9.9'.*9.9.9"),
        ("mnist/large", "TFDS cannot make the data set 'mnist/large'.*BuilderConfig large not found"),
        ("mnist ", "TFDS cannot make the data set 'mnist '.*name/config:version"),
        ("", "TFDS cannot make the data set ''"),
        ("nowhere:mnist", "TFDS cannot make .*Namespace nowhere not found"),
        (None, "unknown data set None"),
        (3, "unknown data set 3|cannot make the data set 3"),
    ],
)
def test_names_that_tfds_does_not_know(name, message):
    for function in (cvae.load, datasets.source_of):
        with pytest.raises(ValueError, match=message):
            function(name)


def test_a_name_with_a_version_or_a_configuration():
    builder = tfds.builder("cifar10_corrupted/brightness_2")
    name = f"TFDS cifar10_corrupted/brightness_2 {builder.version}"
    assert datasets.source_name(builder, datasets.SPLITS) == name
    if tfds.builder("mnist").is_prepared():
        assert datasets.source_of("mnist:3.*.*") == datasets.source_of("mnist")
        assert datasets.source_of("mnist:3.0.1") == ("TFDS mnist 3.0.1", 60_000)
        assert len(cvae.load("mnist:3.0.1", splits=("test[:3]", "test[3:5]")).x_train) == 3


NOT_PICTURES = [
    Image(shape=(4, 4, 1), dtype=np.float32),
    Tensor(shape=(4, 4, 3), dtype=np.float32),
    Tensor(shape=(4, 4, 3), dtype=np.int64),
    Tensor(shape=(4, 4), dtype=np.uint8),
    tfds.features.Video(shape=(2, 4, 4, 3)),
    tfds.features.Text(),
    tfds.features.FeaturesDict({"left": Image()}),
]
NOT_CLASSES = [
    tfds.features.Text(),
    tfds.features.Scalar(np.int64),
    tfds.features.Scalar(np.float32),
    tfds.features.Sequence(TWO),
    ClassLabel(),
    Image(),
    tfds.features.FeaturesDict({"first": TWO}),
]


@pytest.mark.parametrize("image", NOT_PICTURES, ids=repr)
def test_what_is_no_picture_is_refused_before_a_row_is_read(own, image):
    own(image, TWO)
    for function in (cvae.load, datasets.source_of):
        with pytest.raises(
            ValueError, match="the image of own must be uint8 or uint16 of .height, width"
        ):
            function("own")


@pytest.mark.parametrize("label", NOT_CLASSES, ids=repr)
def test_what_is_no_class_is_refused_before_a_row_is_read(own, label):
    own(Image(shape=(4, 4, 3)), label)
    for function in (cvae.load, datasets.source_of):
        with pytest.raises(ValueError, match="the label of own must be a ClassLabel, .* it is "):
            function("own")


@pytest.mark.parametrize(
    ("image", "options", "message"),
    [
        (Image(shape=(None, None, 3)), {}, "the images of own vary in size"),
        (Image(shape=(4, 4, 2)), {}, "grey with transparency, which TFDS cannot decode"),
        (
            Tensor(shape=(4, 4, 13), dtype=np.uint8),
            {"grayscale": True},
            "needs images of 1 or 3 .* have 13",
        ),
    ],
)
def test_what_cannot_be_asked_of_pictures(own, image, options, message):
    own(image, TWO)
    with pytest.raises(ValueError, match=message):
        cvae.load("own", **options)


def test_sixteen_bits_are_scaled(own):
    deep = [(np.full((4, 4, 1), 257 * level, "uint16"), 0) for level in (0, 90, 255)]
    own(Image(shape=(4, 4, 1), dtype=np.uint16, encoding_format="png"), TWO, train=deep, test=deep[:1])
    data = cvae.load("own")
    assert data.x_train.dtype == np.uint8
    assert sorted(levels(data.x_train)) == [0, 90, 255]


def test_twelve_bits_in_sixteen_are_told(own):
    deep = [(np.full((4, 4, 1), level, "uint16"), 0) for level in (0, 2000, 4095)]
    own(Image(shape=(4, 4, 1), dtype=np.uint16, encoding_format="png"), TWO, train=deep, test=deep[:1])
    with pytest.warns(UserWarning, match="nearly black: of 16 bits"):
        cvae.load("own")


def test_flags_and_seeds_are_no_words():
    with pytest.raises(ValueError, match="grayscale must be True or False, got 'no'"):
        cvae.load("mnist", grayscale="no")
    with pytest.raises(ValueError, match="seed must be a whole number of at least 0, got -1"):
        cvae.load("mnist", seed=-1)


def test_what_is_transparent_lies_on_white(own):
    glass = [(np.full((4, 4, 4), (100, 0, 0, opacity), "uint8"), 0) for opacity in (0, 255)]
    own(Image(shape=(4, 4, 4)), TWO, train=glass, test=glass)
    data = cvae.load("own")
    assert data.image_shape == (4, 4, 3)
    assert sorted(data.x_train[:, 0, 0].tolist()) == [[100, 0, 0], [255, 255, 255]]
    assert sorted(levels(cvae.load("own", grayscale=True, size=2).x_train)) == [29, 255]


def test_channels_that_are_not_known_become_rgb(own):
    files = [(np.full((4, 4, channels), 200, "uint8"), 0) for channels in (1, 2, 3, 4)]
    own(Image(shape=(4, 4, None)), TWO, train=files, test=files)
    data = cvae.load("own")
    assert data.image_shape == (4, 4, 3)
    assert sorted(levels(data.x_train)) == [200, 200, 212, 212]  # opacity 200: 200 * 200 / 255 + 55
    assert cvae.load("own", grayscale=True, size=8).image_shape == (8, 8, 1)


def test_tensors_of_any_channels_and_labels_that_are_bools(own):
    shape = (4, 4, 5)
    pictures = [(image, bool(label)) for image, label in rows(5, shape)]
    own(Tensor(shape=shape, dtype=np.uint8, encoding="zlib"), np.bool_, train=pictures, test=pictures)
    data = cvae.load("own", size=4)
    assert data.image_shape == shape
    assert data.class_names == ("False", "True")
    assert data.y_train.dtype == np.int64
    assert np.array_equal(data.y_train, np.array(levels(data.x_train)) % 2)


def test_parts_of_splits(own):
    own(Image(shape=(4, 4, 3)), TWO, train=rows(20))
    with pytest.raises(
        ValueError, match=r"no splits 'train' and 'test'.* has train \(20 images\)"
    ) as error:
        cvae.load("own")
    splits = ("train[:90%]", "train[90%:]")
    assert f"load('own', splits={splits})" in str(error.value)
    data = cvae.load("own", splits=splits)
    assert (len(data.x_train), len(data.x_test)) == (18, 2)
    assert sorted(levels(data.x_train) + levels(data.x_test)) == list(range(20))
    assert data.source == "TFDS own 1.0.0, splits train[:90%] and train[90%:]"
    assert datasets.source_of("own", splits=splits) == (data.source, 18)
    assert datasets.source_of("own", limit=5, splits=list(splits)) == (data.source, 5)
    assert len(cvae.load("own", limit=np.int64(5), splits=splits).x_train) == 5
    assert len(cvae.load("own", limit=500, splits=splits).x_train) == 18


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        (("train", "train"), "'train' and 'train' share 20 images"),
        (("train[:90%]", "train[85%:]"), "share 1 images"),
        (("all", "validation"), "share 4 images"),
        (("train[:5]+validation", "train[5:]+validation[3:]"), "share 1 images"),
        (("train", "validation[4:]"), r"split 'validation\[4:\]' of own is empty"),
        (("train[12:8]", "validation"), r"split 'train\[12:8\]' of own is empty"),
        (("train", "test"), "Unknown split 'test'"),
        (("train[:30]", "validation"), "incompatible with 20 examples"),
        (("train[:x]", "validation"), "Unrecognized split format"),
    ],
)
def test_splits_that_do_not_serve(own, splits, message):
    own(Image(shape=(4, 4, 3)), TWO, train=rows(20), validation=rows(4))
    there = r"It has train \(20 images\), validation \(4 images\): .* splits=\('train', 'validation'\)"
    for function in (cvae.load, datasets.source_of):
        with pytest.raises(ValueError, match=f"{message}.*{there}"):
            function("own", splits=splits)


def test_what_else_a_row_holds_is_passed_over(own, monkeypatch):
    """Lists that vary in length cannot be batched; a mask need not be decoded."""
    beside = {"boxes": tfds.features.Sequence(np.int64), "mask": Image(shape=(None, None, 1))}
    mask = np.zeros((3, 5, 1), "uint8")
    four = [row | {"boxes": [1] * n, "mask": mask} for n, row in enumerate(as_rows(rows(4)))]
    own(Image(shape=(4, 4, 3)), TWO, beside, train=four, test=four[:1])
    assert sorted(levels(cvae.load("own").x_train)) == [0, 1, 2, 3]
    monkeypatch.setattr(datasets, "KEPT", 0)
    assert len(cvae.load("own", limit=2, size=2).x_train) == 2


def test_images_without_a_label_are_counted(own):
    own(Image(shape=(4, 4, 3)), TWO, train=rows(4), test=[(image, -1) for image, _ in rows(3)])
    with pytest.warns(UserWarning, match=r"3 of the 3 images of own, split 'test', .* \(label -1\)"):
        cvae.load("own")


@pytest.mark.parametrize("kept", [2**28, 0])
def test_the_arrays_are_the_callers_own(own, monkeypatch, kept):
    """Whether a set is small, and kept for the next call, or large, and only in part decoded."""
    own(Image(shape=(4, 4, 3)), TWO, train=rows(90), test=rows(7, first=100))
    whole = cvae.load("own")
    some = base.balanced_choice(whole.y_train, 9, seed=4)
    monkeypatch.setattr(datasets, "KEPT", kept)
    decoded = []
    decode = datasets.decode
    monkeypatch.setattr(
        datasets, "decode", lambda image, feature: decoded.append(1) or decode(image, feature)
    )
    for _ in range(2):
        data = cvae.load("own")
        assert data == whole
        few = cvae.load("own", limit=9, seed=4)
        assert np.array_equal(few.x_train, whole.x_train[some])
        assert np.array_equal(few.y_train, whole.y_train[some])
        assert few.x_test.tolist() == whole.x_test.tolist()
        for array in (data.x_train, data.y_train, data.x_test, data.y_test, few.x_train, few.x_test):
            array[:] = 0
    assert bool(decoded) == (kept == 0)


def test_a_large_set_is_in_memory_once(own, monkeypatch):
    """As far as NumPy knows: TensorFlow has no more than a batch of it."""
    shape = (64, 64, 3)
    own(Image(shape=shape), TWO, train=rows(100, shape), test=rows(1, shape))
    cvae.load("own")
    datasets.read_and_keep.cache_clear()
    monkeypatch.setattr(datasets, "KEPT", 0)
    tracemalloc.start()
    data = cvae.load("own")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * data.x_train.nbytes


@pytest.mark.parametrize(
    ("url", "proxies", "tried"),
    [
        ("https://a.org/x", {}, [("a.org", 443)]),
        ("http://a.org:8080/x", {}, [("a.org", 8080)]),
        ("https://a.org/x", {"https_proxy": "http://p:1"}, []),
        ("https://a.org/x", {"ALL_PROXY": "http://p:1"}, []),
        ("https://a.org/x", {"all_proxy": "http://p:1"}, []),
        ("http://a.org/x", {"HTTP_PROXY": "http://p:1"}, []),
        ("https://a.org/x", {"http_proxy": "http://p:1"}, [("a.org", 443)]),
        ("https://a.org/x", {"all_proxy": "http://p:1", "no_proxy": "a.org"}, [("a.org", 443)]),
        ("gs://bucket/x", {}, []),
        ("file:///x", {}, []),
        (None, {}, []),
    ],
)
def test_whoever_has_a_proxy_lets_it_try(monkeypatch, url, proxies, tried):
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)
    for name, value in proxies.items():
        monkeypatch.setenv(name, value)
    seen = []

    def refuse(address, timeout):
        seen.append(address)
        raise OSError("unreachable")

    monkeypatch.setattr(connection.socket, "create_connection", refuse)
    assert connection.reachable(url and {url: None}) == (not tried)
    assert seen == tried


@pytest.mark.parametrize("value", ["1", "true", "YES", " On "])
def test_a_flag_says_yes(monkeypatch, offline, value):
    monkeypatch.setenv("CVAE_OFFLINE", value)
    assert flag("CVAE_OFFLINE") is True
    monkeypatch.setattr(datasets, "download", lambda builder: pytest.fail("downloaded"))
    with pytest.warns(UserWarning, match="downloads are switched off"):
        assert cvae.load("mnist").is_stand_in


@pytest.mark.parametrize("value", ["0", "False", "no", "OFF", "", None])
def test_a_flag_says_no(monkeypatch, offline, value):
    monkeypatch.delenv("CVAE_OFFLINE") if value is None else monkeypatch.setenv("CVAE_OFFLINE", value)
    assert flag("CVAE_OFFLINE") is False
    monkeypatch.setattr(datasets, "download", lambda builder: "tried")
    with pytest.warns(UserWarning, match="tried"):
        cvae.load("mnist")


def test_another_word_is_no_flag(monkeypatch):
    monkeypatch.setenv("CVAE_OFFLINE", "Errror")
    with pytest.raises(
        ValueError, match="CVAE_OFFLINE must be 1, true, yes, on, error or 0, .*'Errror'"
    ):
        cvae.load("mnist")
    monkeypatch.setenv("CVAE_RETRAIN", "error")
    with pytest.raises(ValueError, match="CVAE_RETRAIN must be 1, true, yes, on or 0, false, no, off"):
        flag("CVAE_RETRAIN")
    monkeypatch.setenv("CI", "woodpecker")
    assert flag("CI") is True


def test_stand_ins_take_little_memory_and_are_as_if_made_at_once(monkeypatch):
    tracemalloc.start()
    parts = stand_ins.pictures(96, 3, 120)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * sum(images.nbytes for images, _ in parts)
    few = stand_ins.pictures(20, 3, 120)
    monkeypatch.setattr(stand_ins, "AT_ONCE", 2**40)
    for (images, labels), (others, other_labels) in zip(
        few, stand_ins.pictures(20, 3, 120), strict=True
    ):
        assert np.array_equal(images, others)
        assert np.array_equal(labels, other_labels)


def test_a_stand_in_has_the_shape_of_the_set(own, monkeypatch):
    monkeypatch.setenv("CVAE_OFFLINE", "1")
    own(Image(shape=(12, 20, 4)), ClassLabel(num_classes=3000))
    with pytest.warns(
        UserWarning, match="OWN IS NOT HERE.* of its 3,000 classes have no training image"
    ):
        data = cvae.load("own", limit=50)
    assert data.x_train.shape == (50, 12, 20, 3)
    assert len(data.class_names) == 3000
    assert data.y_train.max() < 2400
    assert data.x_train.flags.writeable
    own(Image(shape=(None, None, None)), np.bool_)
    with pytest.warns(UserWarning, match="OWN IS NOT HERE"):
        assert cvae.load("own", size=9, grayscale=True).image_shape == (9, 9, 1)


def test_a_data_set_is_equal_to_its_like():
    x, y = np.arange(24, dtype="uint8").reshape(2, 2, 2, 3), np.array([0, 1])
    one = cvae.ImageDataset("a", "b", np.array(["c", "d"]), x, y, x[:1], y[:1])
    other = cvae.ImageDataset("a", "b", ["c", "d"], x.copy(), y.copy(), x[:1], y[:1])
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other}) == 1
    assert one.class_names == ("c", "d")
    assert {type(name) for name in one.class_names} == {str}
    for field, value in (("name", "z"), ("x_train", x + 1), ("y_test", y), ("class_names", "cd!")):
        assert one != dataclasses.replace(one, **{field: value})
    assert one != "a"
