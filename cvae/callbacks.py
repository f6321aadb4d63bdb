"""Callbacks for training a VAE with Keras's `fit`."""

from collections import deque
from collections.abc import Sequence

import keras
import numpy as np

from cvae.utils.checks import check_count, check_each_not_negative


class AnnealBeta(keras.callbacks.Callback):
    """Raise (or lower) beta from `start` to `end` in equal steps over the first `epochs` epochs.

    A VAE that meets the whole KL term at once may switch latent dimensions off before the decoder has
    learnt to use them. Beta is logged with the losses, for the callbacks after this one.

    Held-out losses are measured at the beta of their epoch: do not choose the best epoch by them before
    beta has reached its end.

    Args:
        start, end: of beta; for several layers of z also one number for each, top first.
        epochs: that the way from start to end takes.
        cycle: go back to `start` every this many epochs, at least `epochs`; None for never. Each cycle
            meets codes that the one before has made useful.

    Source: Bowman et al. (2016), section 3.1; for cycles Fu et al. (2019), "Cyclical annealing
    schedule: a simple approach to mitigating KL vanishing".

    Raises:
        ValueError: a negative start or end, fewer than one epoch, a cycle shorter than the way; in
            `fit`, one end for layers whose betas differ, which it would make equal.
    """

    def __init__(
        self, start: float | Sequence[float] = 0.0, end: float | Sequence[float] = 1.0, epochs: int = 10,
        cycle: int | None = None,
    ):  # fmt: skip
        super().__init__()
        start, end = check_each_not_negative("start", start), check_each_not_negative("end", end)
        epochs = check_count("epochs", epochs)
        if cycle is not None and check_count("cycle", cycle) < epochs:
            raise ValueError(f"cycle must be at least epochs, {epochs}, or None; got {cycle}")
        self.start, self.end, self.epochs, self.cycle = start, end, epochs, cycle

    def beta_at(self, epoch) -> float | np.ndarray:
        """Beta during this epoch, counted from 0, of one layer or of each; `end` from epoch number
        `epochs` of a cycle on."""
        epoch = epoch % self.cycle if self.cycle else epoch
        return self.start + (self.end - self.start) * min(1.0, epoch / self.epochs)

    def on_train_begin(self, logs=None):
        if not isinstance(getattr(type(self.model), "beta", None), property):
            raise TypeError(
                f"AnnealBeta changes the beta of a VAE, and a {type(self.model).__name__} has none that "
                "training would see: call fit of the VAE itself"
            )
        own = keras.ops.convert_to_numpy(self.model.beta)
        if np.ndim(self.end) == 0 and np.ptp(own) > 0:
            raise ValueError(
                f"this model's layers have the betas {own.tolist()}, which AnnealBeta(end={self.end}) "
                f"would make equal: give it one end for each layer, end={own.tolist()}"
            )

    def on_epoch_begin(self, epoch, logs=None):
        self.model.beta = self.beta_at(epoch)

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["beta"] = float(np.mean(self.beta_at(epoch)))  # a log has room for one number


class StopOnNaN(keras.callbacks.Callback):
    """Stop at the first batch whose loss is NaN or infinite, and say what to try.

    `VAE.fit` adds one by itself. Keras's running mean of the loss stays NaN once it is, so one look
    at each call suffices, also where an execution makes several steps. A loss is looked at some calls
    later, when it is known: on a GPU, to ask for it at once would be to wait for it at every step.

    Raises:
        FloatingPointError: with the epoch and the batch, both counted from 1.
    """

    LATER = 16  # calls

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch, self.waiting = epoch + 1, deque()

    def on_train_batch_end(self, batch, logs=None):
        self.waiting.append((batch + 1, (logs or {}).get("loss")))
        if len(self.waiting) > self.LATER:
            self.look_at(*self.waiting.popleft())

    def on_epoch_end(self, epoch, logs=None):
        while self.waiting:
            self.look_at(*self.waiting.popleft())

    def look_at(self, batch, loss):
        if loss is None or np.isfinite(float(loss)):
            return
        raise FloatingPointError(
            f"the loss became {float(loss)} in epoch {self.epoch}, batch {batch}. Try a learning "
            "rate ten times lower, an optimizer with clipnorm=1.0, or a larger variance if the "
            "likelihood is a Gaussian; look for pixels outside [0, 1] in a distributed "
            "data set, which is not checked; the weights are spoilt: build the model anew"
        )
