"""Watching a latent space take shape: a frame an epoch, and GIFs of frames."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw, ImageFont

from cvae.gaussian import prior
from cvae.latent import check_one_z
from cvae.utils.checks import check_count, check_not_negative, check_z
from cvae.utils.files import atomic_write, check_writable
from cvae.utils.images import to_uint8
from cvae.visualization.plots import tile
from cvae.visualization.show import in_colors


class LatentFrames(keras.callbacks.Callback):
    """Decode the same latent points before training and after every epoch; write them as a GIF.

    Each frame of the GIF says in its picture when it was taken. The GIF is written anew after every
    epoch: what interrupts a training costs none of its frames.

    Args:
        path: of the GIF; None only keeps the frames.
        n: number of points, drawn from the prior with `seed`.
        z: (n, latent_dim), the points themselves, instead of n and seed.
        labels: for a `ConditionalVAE`, one for each point.
        columns: of the picture; None makes it about square.
        seed: for the points.
        fps: frames a second; the last frame stays two seconds.
        batches: of the first epoch, after which there is a frame, too, such as (8, 32, 128): most of
            what changes at all changes then. With `steps_per_execution=8`, as
            `runtime.compile_options` has it on a CPU, Keras calls after multiples of 8 only.

    Attributes:
        frames: list of uint8 (height, width, channels), the first from the untrained model.
        images: list of float32 (n, height, width, channels), the same before they are put side by side.
        titles: list of str, when each was taken: "untrained", "batch 10", "epoch 1".

    Raises:
        OSError: a path that cannot be written, before training starts.
        ValueError: a name that does not end in .gif, points that do not fit the model.

    Example:
        >>> frames = LatentFrames("training.gif", n=64, batches=(8, 32, 128))
        >>> vae.fit(images, epochs=10, callbacks=[frames])
    """

    def __init__(
        self,
        path: str | Path | None = None,
        n: int = 16,
        z: ArrayLike | None = None,
        labels: ArrayLike | None = None,
        columns: int | None = None,
        seed: int = 0,
        fps: float = 4,
        batches: Sequence[int] = (),
    ):
        super().__init__()
        self.path = None if path is None else check_gif_path(path)
        self.n, self.z, self.labels, self.seed = n, z, labels, seed
        self.columns, self.fps = columns, fps
        self.batches = {check_count("a batch", batch) for batch in batches}
        self.frames, self.images, self.titles = [], [], []

    def on_train_begin(self, logs=None):
        check_one_z(self.model, "LatentFrames", normal=self.z is None)
        z = prior(self.n, self.model.latent_dim, self.seed) if self.z is None else self.z
        self.points = check_z(z, self.model.latent_dim)
        self.frames, self.images, self.titles = [], [], []
        self.add_frame("untrained")

    def on_train_batch_end(self, batch, logs=None):
        first = not any(title.startswith("epoch") for title in self.titles)
        if first and batch + 1 in self.batches:
            if hasattr(self.model, "jax_state_sync"):  # on JAX weights are put back after an epoch only
                self.model.jax_state_sync()
            self.add_frame(f"batch {batch + 1}")

    def on_epoch_end(self, epoch, logs=None):
        self.add_frame(f"epoch {epoch + 1}")

    def add_frame(self, title):
        self.titles.append(title)
        self.images.append(self.model.decode(self.points, self.labels))
        self.frames.append(to_uint8(tile(self.images[-1], self.columns)))
        if self.path is not None:
            write_gif(self.frames, self.path, self.fps, titles=self.titles)


def write_gif(
    frames: Sequence[np.ndarray],
    path: str | Path,
    fps: float = 4,
    hold: float = 2.0,
    scale: int = 1,
    colors: int = 256,
    titles: Sequence[str] | None = None,
) -> Path:
    """Write frames as a GIF that repeats for ever, whole or not at all.

    Args:
        frames: sequence of equal (height, width, channels); integers in 0..255, bool, or float in
            [0, 1].
        path: ends in .gif.
        fps: frames a second, 0.01 to 50: browsers show faster ones at ten a second.
        hold: seconds for which the last frame stays, 0 or more.
        scale: side of the square that each pixel becomes: viewers blur what they enlarge themselves.
        colors: at most this many in a frame, 2 to 256: 64 save a third of the file.
        titles: for each frame, a text that is written above it.

    Returns:
        The path.

    Raises:
        ValueError: no frames, frames of different shapes, NaN, another suffix; fps, scale or colors out
            of range; another number of titles than of frames.
        OSError: a path that cannot be written.
    """
    path = check_gif_path(path)
    shapes = sorted({np.shape(frame) for frame in frames})
    scale, hold = check_count("scale", scale), check_not_negative("hold", hold)
    fps, colors = check_not_negative("fps", fps), check_count("colors", colors, least=2)
    if len(shapes) != 1 or len(shapes[0]) != 3 or shapes[0][-1] not in (1, 3, 4):
        raise ValueError(
            "expected at least one frame, all (height, width, channels) of one shape with 1, 3 or 4 "
            f"channels; got the shapes {shapes}"
        )
    if not 0.01 <= fps <= 50 or colors > 256:
        raise ValueError(
            f"expected fps of 0.01 to 50 and 2 to 256 colors; got fps={fps} and colors={colors}"
        )
    if titles is not None and len(titles) != len(frames):
        raise ValueError(
            f"expected a title for each of the {len(frames)} frames, got {len(titles)} titles"
        )
    frames = to_uint8(np.stack(frames)).repeat(scale, axis=1).repeat(scale, axis=2)
    if titles is not None:
        frames = with_titles(frames, titles)
    milliseconds = [round(1000 / fps)] * (len(frames) - 1) + [round(1000 * hold)]
    if (frames == frames[0]).all():  # Pillow joins equal frames, and then cannot read a list of times
        frames, milliseconds = frames[:1], sum(milliseconds)
    first, *others = (with_colors(frame, colors) for frame in frames)
    with atomic_write(path) as temporary:
        first.save(temporary, "GIF", save_all=True, append_images=others, duration=milliseconds, loop=0)
    return path


def with_titles(frames: np.ndarray, titles: Sequence[str]) -> np.ndarray:
    """uint8 frames (n, height, width, channels), each with a title on white above it."""
    font, above = ImageFont.load_default(12), 18
    n, height, width, channels = frames.shape
    widest = max(round(font.getlength(title)) + 4 for title in titles)
    titled = np.full((n, height + above, max(width, widest), channels), 255, "uint8")
    titled[:, above:, :width] = frames
    black = 0 if channels == 1 else (0, 0, 0, 255)[:channels]
    for frame, title in zip(titled, titles, strict=True):
        picture = Image.fromarray(frame.squeeze(-1) if channels == 1 else frame)
        pen = ImageDraw.Draw(picture)
        pen.fontmode = "1"  # no greys at the letters' edges: a GIF has few colors
        pen.text((2, 2), title, black, font)
        frame[...] = np.asarray(picture).reshape(frame.shape)
    return titled


def with_colors(frame: np.ndarray, colors: int) -> Image.Image:
    """A uint8 frame as a picture of at most this many colors; one channel has no more than 256 greys."""
    picture = Image.fromarray(frame.squeeze(-1) if frame.shape[-1] == 1 else frame)
    if picture.mode == "RGB":
        return in_colors(picture, colors)
    if picture.mode == "L" and colors == 256:
        return picture
    return picture.quantize(colors, dither=Image.Dither.NONE)


def check_gif_path(path):
    if Path(path).suffix.lower() != ".gif":
        raise ValueError(f"a GIF's file name must end in .gif, got {str(path)!r}")
    return check_writable(path)
