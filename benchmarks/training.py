"""How fast does a reader's VAE train? `VAE.fit` beside the two ways that tutorials show.

    python benchmarks/training.py [--rounds 7] [--images 25600]

The network of TensorFlow's CVAE tutorial, on MNIST, at the tutorial's batch size of 32 and at 128:

- fit: this package, `VAE.fit` with `runtime.compile_options()`
- loop: the tutorial's way, a Python loop over `tf.data` around a `tf.function` step
- train_step: Keras's VAE example's way, a model that overrides `train_step`, trained by `fit`

Each lives in a process of its own, for its peak memory; they train in turns, so that a drift of the
machine hits all alike, and are compared round by round.
"""

import argparse
import multiprocessing
import resource
import statistics
import time

WAYS = ("fit", "loop", "train_step")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="epochs that are timed (default: 7)")
    parser.add_argument("--images", type=int, default=25600, help="images an epoch (default: 25600)")
    options = parser.parse_args()
    for batch_size in (32, 128):
        compare(batch_size, options.images, options.rounds)


def compare(batch_size, images, rounds):
    context = multiprocessing.get_context("spawn")
    pipes, processes = {}, []
    for way in WAYS:
        pipes[way], theirs = context.Pipe()
        process = context.Process(target=work, args=(way, batch_size, images, theirs))
        process.start()
        processes.append(process)
        pipes[way].recv()  # warm: built, traced, one epoch trained
    print(f"\nbatch size {batch_size}, {images:,} images a round: images/s")
    speeds = {way: [] for way in WAYS}
    for turn in range(rounds):
        for way in WAYS:
            pipes[way].send("train")
            speeds[way].append(pipes[way].recv())
        ratios = ", ".join(f"fit / {way} {speeds['fit'][-1] / speeds[way][-1]:.2f}" for way in WAYS[1:])
        print(
            f"  round {turn + 1}: " + ", ".join(f"{way} {speeds[way][-1]:,.0f}" for way in WAYS), ratios
        )
    for way in WAYS[1:]:
        ratio = statistics.median(a / b for a, b in zip(speeds["fit"], speeds[way], strict=True))
        print(f"  median of fit / {way}: {ratio:.2f}")
    for way in WAYS:
        pipes[way].send("stop")
        print(f"  peak memory of {way}: {pipes[way].recv():,.0f} MiB")
    for process in processes:
        process.join()


def work(way, batch_size, images, pipe):
    """Train an epoch each time the pipe says so; answer with images/s, and last with peak memory."""
    import cvae

    data = cvae.load("mnist", limit=images).x_train
    train = {"fit": by_fit, "loop": by_loop, "train_step": by_train_step}[way](data, batch_size)
    train()
    pipe.send("ready")
    while pipe.recv() == "train":
        start = time.perf_counter()
        train()
        pipe.send(len(data) / (time.perf_counter() - start))
    pipe.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def by_fit(data, batch_size):
    import keras

    import cvae

    vae = cvae.build_vae((28, 28, 1), 2, "conv", encoder={"padding": "valid"})
    vae.compile(keras.optimizers.Adam(1e-4), **cvae.runtime.compile_options())
    return lambda: vae.fit(data, batch_size=batch_size, verbose=0)


def tutorial_networks():
    """Layer by layer as the tutorial lists them."""
    import keras
    from keras import layers

    encoder = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, 2, activation="relu"),
            layers.Conv2D(64, 3, 2, activation="relu"),
            layers.Flatten(),
            layers.Dense(2 + 2),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(7 * 7 * 32, activation="relu"),
            layers.Reshape((7, 7, 32)),
            layers.Conv2DTranspose(64, 3, 2, padding="same", activation="relu"),
            layers.Conv2DTranspose(32, 3, 2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 3, 1, padding="same"),
        ]
    )
    return encoder, decoder


def by_loop(data, batch_size):
    import keras
    import numpy as np
    import tensorflow as tf

    encoder, decoder = tutorial_networks()
    optimizer = keras.optimizers.Adam(1e-4)
    floats = data.astype("float32") / 255
    batches = tf.data.Dataset.from_tensor_slices(floats).shuffle(len(floats)).batch(batch_size)

    def log_normal_pdf(z, mean, logvar):
        squares = (z - mean) ** 2 * tf.exp(-logvar)
        return tf.reduce_sum(-0.5 * (squares + logvar + np.log(2 * np.pi)), axis=1)

    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            mean, logvar = tf.split(encoder(x, training=True), 2, axis=1)
            z = mean + tf.exp(0.5 * logvar) * tf.random.normal(tf.shape(mean))
            logits = decoder(z, training=True)
            cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=x)
            logpx_z = -tf.reduce_sum(cross_entropy, axis=[1, 2, 3])
            logpz, logqz_x = log_normal_pdf(z, 0.0, 0.0), log_normal_pdf(z, mean, logvar)
            loss = -tf.reduce_mean(logpx_z + logpz - logqz_x)
        variables = encoder.trainable_variables + decoder.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    def train():
        for x in batches:
            step(x)

    return train


def by_train_step(data, batch_size):
    import keras
    import tensorflow as tf

    encoder, decoder = tutorial_networks()

    class ExampleVAE(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = encoder, decoder
            names = ("total_loss", "reconstruction_loss", "kl_loss")
            self.trackers = [keras.metrics.Mean(name=name) for name in names]

        @property
        def metrics(self):
            return self.trackers

        def train_step(self, x):
            with tf.GradientTape() as tape:
                mean, logvar = tf.split(self.encoder(x), 2, axis=1)
                z = mean + tf.exp(0.5 * logvar) * tf.random.normal(tf.shape(mean))
                rebuilt = tf.sigmoid(self.decoder(z))
                error = keras.losses.binary_crossentropy(x, rebuilt)
                reconstruction = tf.reduce_mean(tf.reduce_sum(error, axis=(1, 2)))
                kl = -0.5 * (1 + logvar - tf.square(mean) - tf.exp(logvar))
                kl = tf.reduce_mean(tf.reduce_sum(kl, axis=1))
                total = reconstruction + kl
            gradients = tape.gradient(total, self.trainable_weights)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
            for tracker, value in zip(self.trackers, (total, reconstruction, kl), strict=True):
                tracker.update_state(value)
            return {tracker.name: tracker.result() for tracker in self.trackers}

    model = ExampleVAE()
    model.compile(keras.optimizers.Adam(1e-4))
    floats = data.astype("float32") / 255
    return lambda: model.fit(floats, batch_size=batch_size, verbose=0)


if __name__ == "__main__":
    main()
