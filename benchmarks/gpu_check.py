"""Does `fit` keep a GPU busy? Images/s beside a loop written by hand in JAX, in the same run.

    KERAS_BACKEND=jax python benchmarks/gpu_check.py [--rounds 5]        or: make gpu-check

Two networks, the tutorial's convolutions and digits-hierarchical, in float32 and in bfloat16:

- fit: this package on Keras's JAX backend, images in NumPy, with `runtime.compile_options()`
- fused: the same network, its images on the device, a whole round of steps in one `lax.scan`, with the
  bound and Adam written out: nothing of Python between two steps

The aim is fused / fit of at most 1.3. Without a GPU both run on the CPU on a few images: that shows that
the code runs; its ratio says nothing of a GPU.
"""

import argparse
import importlib.util
import os
import statistics
import sys
import time

SIZES = {  # batch size, images a round
    True: ((128, 25_600), (1024, 102_400)),
    False: ((16, 64),),
}
NO_GPU = """no GPU here: a few images on the CPU, to see that all runs. With a GPU this measures images/s
of fit and of a fused JAX loop: two networks, batches of 128 and of 1,024, float32 and bfloat16."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="that are timed (default: 5)")
    rounds = parser.parse_args().rounds
    os.environ.setdefault("KERAS_BACKEND", "jax")
    if importlib.util.find_spec("jax") is None:
        print("gpu-check needs JAX: pip install jax[cuda12], or jax for a look on the CPU")
        return 1
    import jax
    import keras

    import cvae

    if keras.backend.backend() != "jax":
        print(f"gpu-check is for JAX, Keras runs on {keras.backend.backend()}: KERAS_BACKEND=jax")
        return 1
    found = bool(cvae.runtime.gpus())
    print(f"{jax.devices()[0].device_kind} | JAX {jax.__version__}, Keras {keras.__version__}")
    if not found:
        print(NO_GPU)
    for policy in ("float32", "mixed_bfloat16"):
        keras.config.set_dtype_policy(policy)
        for name, build in (("the tutorial's convolutions", tutorial), ("digits-hierarchical", digits)):
            for batch_size, images in SIZES[found]:
                compare(f"{name}, {policy}, batches of {batch_size}", build, batch_size, images, rounds)
    return 0


def tutorial():
    import cvae

    return cvae.build_vae((28, 28, 1), 2, "conv", encoder={"padding": "valid"}, seed=0)


def digits():
    from cvae.experiments.catalogue import RECIPES

    return RECIPES["digits-hierarchical"].settings.build((28, 28, 1))


def compare(title, build, batch_size, images, rounds):
    import cvae
    from cvae.datasets.binarize import binarize

    data = cvae.load("mnist", limit=min(images, 60_000)).x_train
    data = binarize(data[[n % len(data) for n in range(images)]], "dynamic")
    ways = {"fit": by_fit(build(), data, batch_size), "fused": by_scan(build(), data, batch_size)}
    speeds = {way: [] for way in ways}
    for way in ways.values():
        way()  # compiles
    for _ in range(rounds):
        for way, train in ways.items():
            start = time.perf_counter()
            train()
            speeds[way].append(len(data) / (time.perf_counter() - start))
    ratio = statistics.median(b / a for a, b in zip(speeds["fit"], speeds["fused"], strict=True))
    found = ", ".join(f"{way} {statistics.median(speeds[way]):,.0f}" for way in ways)
    print(f"{title}: {found} images/s; fused / fit {ratio:.2f}")


def by_fit(vae, data, batch_size):
    import keras

    import cvae

    vae.compile(keras.optimizers.Adam(1e-3), **cvae.runtime.compile_options())
    return lambda: vae.fit(data, batch_size=batch_size, verbose=0)


def by_scan(vae, data, batch_size):
    """One call of the device for all steps of a round."""
    import jax
    from jax import numpy as jnp

    trainable = [variable.value for variable in vae.trainable_variables]
    rest = [variable.value for variable in vae.non_trainable_variables]
    zeros = [jnp.zeros_like(value) for value in trainable]
    images = jnp.asarray(data, "float32") / 255
    steps = len(data) // batch_size

    def loss(trainable, rest, x):
        outputs, rest = vae.stateless_call(trainable, rest, x, training=True)
        logits = outputs["parameters"].astype("float32")
        total = jnp.sum(jnp.logaddexp(0.0, logits) - x * logits, axis=(1, 2, 3))
        names = ("u_mean", "u_log_var") if "u_mean" in outputs else ("z_mean", "z_log_var")
        for mean, log_var in zip(*(jax.tree.leaves(outputs[name]) for name in names), strict=True):
            terms = 0.5 * (mean**2 + jnp.exp(log_var) - 1 - log_var)
            total += terms.reshape(len(x), -1).sum(axis=1)
        return total.mean(), rest

    def step(state, chosen):
        trainable, rest, first, second, n = state
        (value, rest), gradient = jax.value_and_grad(loss, has_aux=True)(trainable, rest, images[chosen])
        n = n + 1
        first = [0.9 * m + 0.1 * g for m, g in zip(first, gradient, strict=True)]
        second = [0.999 * v + 0.001 * g * g for v, g in zip(second, gradient, strict=True)]
        rate = 1e-3 * jnp.sqrt(1 - 0.999**n) / (1 - 0.9**n)
        trainable = [
            w - rate * m / (jnp.sqrt(v) + 1e-7) for w, m, v in zip(trainable, first, second, strict=True)
        ]
        return (trainable, rest, first, second, n), value

    @jax.jit
    def epoch(state, key):
        order = jax.random.permutation(key, len(images))[: steps * batch_size]
        return jax.lax.scan(step, state, order.reshape(steps, batch_size))

    kept = {"state": (trainable, rest, zeros, zeros, jnp.float32(0)), "key": jax.random.key(0)}

    def train():
        kept["key"], key = jax.random.split(kept["key"])
        kept["state"], losses = epoch(kept["state"], key)
        return float(losses[-1])  # waits for the device

    return train


if __name__ == "__main__":
    sys.exit(main())
