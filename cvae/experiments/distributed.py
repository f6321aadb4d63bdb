"""A recipe on several devices and several machines: Keras's data parallelism on JAX.

Every process builds the same model from the same seed, reads the same images, and takes its rows of each
batch; the gradients are those of the whole batch, and the weights stay the same everywhere. What is
trained is what one device trains, up to rounding.
"""

import os
from pathlib import Path

import keras

from cvae import runtime
from cvae.build import check_model_path
from cvae.datasets.batches import ImageBatches
from cvae.experiments import storage, training
from cvae.experiments.catalogue import find
from cvae.experiments.recipe import Recipe
from cvae.experiments.resume import EpochSeconds

PROCESSES = "KERAS_DISTRIBUTION_NUM_PROCESSES"  # as `keras.distribution.initialize` reads it


def train(
    recipe: Recipe | str, out: str | Path | None = None, verbose: int | str | None = None
) -> Path | None:
    """Train a recipe on all devices of all processes, and save weights and card where process 0 runs.

    Where there is more than one process, all run the same command, each with three variables in its
    environment, which are Keras's: `KERAS_DISTRIBUTION_JOB_ADDRESSES`, the host and port of process 0;
    `KERAS_DISTRIBUTION_NUM_PROCESSES`; and `KERAS_DISTRIBUTION_PROCESS_ID`, from 0.

    The batch size is that of the recipe, divided among the devices. Of the last batch of an epoch, and
    of the held-out images, as many are left out as cannot be divided: fewer than there are devices.
    An interrupted training starts again.

    Args:
        recipe, out, verbose: as for `training.train`. Only process 0 shows its progress.

    Returns:
        The `.keras` file; None in the other processes, which write nothing.

    Raises:
        ValueError: another backend than JAX, a batch size that cannot be divided by the devices, a
            recipe that starts with weights which are not there.
        OSError: an `out` that cannot be written.
    """
    recipe = find(recipe) if isinstance(recipe, str) else recipe
    distribution, process = join()
    data = recipe.settings.load()
    out = check_model_path(out or storage.run_path(recipe, data.source, len(data.x_train)))
    training.check_trainable(recipe, data, out)
    check_devices(recipe)
    verbose = 0 if process else runtime.verbose() if verbose is None else verbose
    with distribution.scope():
        vae = training.starting_point(recipe, data, verbose)
        log = fit(recipe, vae, data, verbose)
    if process:
        return None
    storage.save(recipe, data, training.without_optimizer(recipe, vae), log, out)
    return out


def join() -> tuple[keras.distribution.DataParallel, int]:
    """The distribution over all devices of all processes, and which of them this one is, from 0."""
    if keras.backend.backend() != "jax":
        raise ValueError(
            "training on several devices needs Keras on JAX, this is Keras on "
            f"{keras.backend.backend()}: pip install jax, and set KERAS_BACKEND=jax in the environment"
        )
    import jax

    if PROCESSES in os.environ and not jax.distributed.is_initialized():
        keras.distribution.initialize()
    return keras.distribution.DataParallel(auto_shard_dataset=False), jax.process_index()


def check_devices(recipe: Recipe) -> None:
    """Raises ValueError for what one device could train, and these cannot."""
    devices, settings = len(keras.distribution.list_devices()), recipe.settings
    if settings.batch_size % devices:
        raise ValueError(
            f"{recipe.name}: a batch of {settings.batch_size} cannot be divided among {devices} "
            "devices; use a number of devices that divides it, such as a half of them"
        )
    if settings.start is not None and storage.find_weights(find(settings.start)) is None:
        raise ValueError(
            f"{recipe.name} starts with the weights of {settings.start}, which are not here: train "
            f"{settings.start} first, and give every machine the same file"
        )


def fit(recipe: Recipe, vae, data, verbose) -> dict:
    """`training.fit`, each process with its share of every batch; the log of the training."""
    settings = recipe.settings
    stream = training.stream_of(recipe, data)
    if stream is None:
        labels = training.labels_of(recipe, data.y_train)
        stream = ImageBatches(data.x_train, settings.batch_size, settings.seed, labels)
    images, labels = settings.held_out(data)
    labels, at_once = training.labels_of(recipe, labels), min(settings.batch_size, len(images))
    held_out = ImageBatches(images, at_once, 0, labels, shuffle=False)
    vae.compile(settings.optimizer(settings.epochs * len(stream)), jit_compile=True)
    return vae.fit(
        Share(stream), validation_data=Share(held_out), epochs=settings.epochs, verbose=verbose,
        shuffle=False, callbacks=[*settings.callbacks(), EpochSeconds()],
    ).history  # fmt: skip


class Share(keras.utils.PyDataset):
    """This process's rows of every batch: as many for each process and each device.

    Args:
        batches: the same, with the same seed, in every process.

    Raises:
        ValueError: fewer images than there are devices, which would leave none.
    """

    def __init__(self, batches: ImageBatches):
        super().__init__()
        import jax

        self.batches, self.devices = batches, len(keras.distribution.list_devices())
        self.process, self.processes = jax.process_index(), jax.process_count()
        if len(batches.images) < self.devices:
            raise ValueError(
                f"{len(batches.images)} images cannot be divided among {self.devices} devices: use "
                "fewer devices, or more images to train on and to hold out"
            )

    def __len__(self):
        whole, rest = divmod(len(self.batches.images), self.batches.batch_size)
        return whole + (rest >= self.devices)

    def __getitem__(self, index):
        batch = self.batches[index]
        rows = len(keras.tree.flatten(batch)[0]) // self.devices * self.devices // self.processes
        mine = slice(self.process * rows, (self.process + 1) * rows)
        return keras.tree.map_structure(lambda array: array[mine], batch)

    def on_epoch_end(self):
        self.batches.on_epoch_end()
