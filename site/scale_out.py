"""Train on a folder of photographs that memory cannot hold, on every GPU, on one machine or several.

    python scale_out.py PHOTOGRAPHS --out model.keras

On TensorFlow: all GPUs of this machine. With KERAS_BACKEND=jax: all GPUs of this machine, or of all the
machines that run this command with Keras's three variables set, on the first with PROCESS_ID=0:

    KERAS_DISTRIBUTION_JOB_ADDRESSES=10.0.0.1:1234 KERAS_DISTRIBUTION_NUM_PROCESSES=2
    KERAS_DISTRIBUTION_PROCESS_ID=1 KERAS_BACKEND=jax python scale_out.py PHOTOGRAPHS --out model.keras
"""

import argparse
import os

import keras
import tensorflow as tf

import cvae


def devices():
    """The scope in which a model is made for all devices, and whether this process is to save it."""
    if keras.backend.backend() != "jax":
        return tf.distribute.MirroredStrategy().scope(), True
    if "KERAS_DISTRIBUTION_NUM_PROCESSES" in os.environ:
        keras.distribution.initialize()  # before anything else is computed
    first = os.environ.get("KERAS_DISTRIBUTION_PROCESS_ID", "0") == "0"
    return keras.distribution.DataParallel().scope(), first


def photographs(folder, size, batch_size):
    """A stream of batches, read and resized while the model trains; the same in every process."""
    rows = keras.utils.image_dataset_from_directory(
        folder, labels=None, image_size=(size, size), crop_to_aspect_ratio=True, batch_size=None,
        seed=0, verbose=False,
    )  # fmt: skip
    if len(rows) < batch_size:
        raise SystemExit(
            f"{folder}: {len(rows)} photographs are no batch of {batch_size}, see --batch-size"
        )
    rows = rows.map(lambda image: image / 255)  # Keras reads 0 to 255 as floats
    return rows.batch(batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--out", required=True)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=128, help="of all devices together")
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    scope, saves = devices()
    keras.utils.set_random_seed(0)  # the same weights everywhere
    stream = photographs(options.folder, options.size, options.batch_size)
    with scope:
        vae = cvae.build_vae((options.size, options.size, 3), 32, "conv", seed=0)
        vae.compile("adam")
        log = vae.fit(stream, epochs=options.epochs, verbose=2 if saves else 0).history
    if saves:
        print("losses", *log["loss"])
        print("saved", cvae.save_vae(vae, options.out))


if __name__ == "__main__":
    main()
