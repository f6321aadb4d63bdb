"""How fast does a model of several layers of z train? `fit` beside a loop around the same network.

    python benchmarks/hierarchical.py [--rounds 5] [--images 6400] [--threads 1 2] [--ways fit loop]

Binary MNIST, the network of the recipe digits-hierarchical, batches of 128:

- fit: `HierarchicalVAE.fit` with `runtime.compile_options()`
- loop: a Python loop over `tf.data` around a `tf.function` step, the bound written out in it

Each lives in a process of its own, for its peak memory; they train in turns, so that a drift of the
machine hits all alike, and are compared round by round.
"""

import argparse
import multiprocessing
import os
import resource
import statistics
import time

BATCH, EPOCH = 128, 60_000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="that are timed (default: 5)")
    parser.add_argument("--images", type=int, default=6400, help="a round (default: 6400)")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="default: 1 and 2")
    parser.add_argument("--ways", nargs="+", default=["fit", "loop"], choices=("fit", "loop"))
    options = parser.parse_args()
    for threads in options.threads:
        compare(threads, options)


def compare(threads, options):
    context = multiprocessing.get_context("spawn")
    pipes, processes = {}, []
    for way in options.ways:
        pipes[way], theirs = context.Pipe()
        process = context.Process(target=work, args=(way, threads, options.images, theirs))
        process.start()
        processes.append(process)
        pipes[way].recv()  # warm: built, traced, one round trained
    speeds = {way: [] for way in options.ways}
    for _ in range(options.rounds):
        for way in options.ways:
            pipes[way].send("train")
            speeds[way].append(pipes[way].recv())
    print(f"\n{threads} thread(s), {options.rounds} rounds of {options.images:,} images")
    for way in options.ways:
        pipes[way].send("stop")
        speed = statistics.median(speeds[way])
        print(
            f"  {way}: {speed:,.0f} images/s, {EPOCH / speed:.0f} s an epoch of {EPOCH:,} "
            f"({EPOCH / max(speeds[way]):.0f} to {EPOCH / min(speeds[way]):.0f}), "
            f"peak memory {pipes[way].recv():,.0f} MiB"
        )
    if len(speeds) == 2:
        ratios = [a / b for a, b in zip(speeds["fit"], speeds["loop"], strict=True)]
        spread = f"({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"  fit / loop: {statistics.median(ratios):.2f} {spread}")
    for process in processes:
        process.join()


def work(way, threads, images, pipe):
    """Train a round each time the pipe says so; answer with images/s, and last with peak memory."""
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(threads)
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    import keras

    import cvae
    from cvae.datasets.binarize import binarize
    from cvae.experiments.catalogue import RECIPES

    vae = RECIPES["digits-hierarchical"].settings.build((28, 28, 1))
    data = binarize(cvae.load("mnist", limit=images).x_train, "dynamic")
    optimizer = keras.optimizers.Adam(1e-3)
    if way == "fit":
        vae.compile(optimizer, **cvae.runtime.compile_options())
        train = lambda: vae.fit(data, batch_size=BATCH, verbose=0)  # noqa: E731
    else:
        train = loop(vae, data, optimizer)
    train()
    pipe.send("ready")
    while pipe.recv() == "train":
        start = time.perf_counter()
        train()
        pipe.send(len(data) / (time.perf_counter() - start))
    pipe.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def loop(vae, data, optimizer):
    """A training loop as tutorials write it."""
    import tensorflow as tf

    floats = data.astype("float32") / 255
    batches = tf.data.Dataset.from_tensor_slices(floats).shuffle(len(floats)).batch(BATCH)

    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            outputs = vae(x, training=True)
            logits = outputs["parameters"]
            cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits)
            loss = tf.reduce_sum(cross_entropy, axis=[1, 2, 3])
            for mean, log_var in zip(outputs["u_mean"], outputs["u_log_var"], strict=True):
                terms = 0.5 * (mean**2 + tf.exp(log_var) - 1 - log_var)
                loss += tf.reduce_sum(tf.reshape(terms, (tf.shape(x)[0], -1)), axis=1)
            loss = tf.reduce_mean(loss)
        variables = vae.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    def train():
        for x in batches:
            step(x)

    return train


if __name__ == "__main__":
    main()
