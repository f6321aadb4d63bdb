"""Stand-ins for data sets that cannot be had: small, seeded, made or found on this computer."""

import numpy as np

# The stand-in for MNIST, and that for any other set; how many of their images are for training.
DIGITS, DIGITS_FOR_TRAINING = "1,797 real 8x8 digits of scikit-learn, enlarged", 1500
PICTURES, PICTURES_FOR_TRAINING = "2,400 generated pictures of textured shapes", 2000
AT_ONCE = 2**20  # bytes of pictures


def digits(side=28):
    """scikit-learn's handwritten digits, centred in side x side as MNIST's are.

    Returns:
        (x_train, y_train), (x_test, y_test): 1,500 and 297 images, uint8 (n, side, side, 1).
    """
    from PIL import Image
    from sklearn.datasets import load_digits

    data = load_digits()
    inner = max(1, round(side * 20 / 28))
    margin = (side - inner) // 2
    images = np.zeros((len(data.images), side, side, 1), "uint8")
    for image, small in zip(images, data.images, strict=True):
        picture = Image.fromarray((small * 255 / 16).astype("uint8"))
        large = np.asarray(picture.resize((inner, inner), Image.Resampling.BICUBIC))
        image[margin : margin + inner, margin : margin + inner, 0] = large
    labels = data.target.astype("int64")
    return split(images, labels, DIGITS_FOR_TRAINING)


def pictures(side=32, channels=3, classes=10, seed=0):
    """A disk, square, ring, cross or stripes with texture and color: one kind for each class.

    Args:
        side: of the pictures, or (height, width).
        classes: how many labels there are; more than some hundred leave some without a picture.

    Returns:
        (x_train, y_train), (x_test, y_test): 2,000 and 400 images, uint8 (n, height, width, channels).
    """
    rng = np.random.default_rng(seed)
    n, (height, width) = 2400, np.broadcast_to(side, 2)
    labels = np.arange(n) % classes
    centre = rng.uniform(-0.2, 0.2, (2, n, 1, 1))
    phase = rng.uniform(0, 6, (n, 1, 1))
    hue = (labels / classes)[:, None] + rng.normal(0, 0.03, (n, 1)) + np.arange(channels) / 3
    color = 0.6 + 0.4 * np.cos(2 * np.pi * hue)
    ground = rng.uniform(0.05, 0.25, (n, 1, 1, 1))
    images = np.empty((n, height, width, channels), "uint8")
    # Some at a time: the numbers that a picture is made of take 35 times its memory.
    for some in np.array_split(np.arange(n), max(1, images.nbytes // AT_ONCE)):
        kinds, shades = shapes(height, width, labels[some], centre[:, some], phase[some])
        shaded = (kinds * shades)[..., None] * color[some, None, None] * (1 - ground[some])
        noise = rng.normal(0, 0.02, (len(some), height, width, channels))
        images[some] = 255 * np.clip(ground[some] + shaded + noise, 0, 1)
    order = rng.permutation(n)
    return split(shuffle(images, order), labels[order].astype("int64"), PICTURES_FOR_TRAINING)


def shapes(height, width, labels, centre, phase):
    """Where the shape of each label is, and how light its texture: (n, height, width) each."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    u, v = (x - centre[0]) / 0.8, (y - centre[1]) / 0.8
    radius = np.sqrt(u**2 + v**2)
    inside = np.stack(
        [
            radius < 0.8,
            np.maximum(abs(u), abs(v)) < 0.7,
            abs(radius - 0.6) < 0.2,
            np.minimum(abs(u), abs(v)) < 0.22,
            np.sin(8 * v) > 0,
        ]
    )[labels % 5, np.arange(len(labels))]
    waves = 3 + 4 * (labels // 5 % 4)[:, None, None]
    return inside, 0.75 + 0.25 * np.sin(waves * (u + v) + phase)


def shuffle(images, order):
    """images[order], in the memory of `images`: some columns of pixels at a time."""
    pixels = images.reshape(len(images), -1)
    for start in range(0, pixels.shape[1], 1024):
        columns = slice(start, start + 1024)
        pixels[:, columns] = pixels[order, columns]
    return images


def split(images, labels, n):
    """(x_train, y_train), (x_test, y_test): the first n are for training."""
    return (images[:n], labels[:n]), (images[n:], labels[n:])
