"""Which settings make training fast here? The measurements behind `runtime.compile_options`.

    python benchmarks/settings.py [--rounds 5]

Trains three of the series' networks in turns under each setting and prints, against Keras's plain
defaults (one step an execution, no XLA, float32), the ratio of images/s: the median over rounds.
"""

import argparse
import statistics
import time

import keras

import cvae

SETTINGS = {
    "plain": {"steps_per_execution": 1, "jit_compile": False},
    "8 steps": {"steps_per_execution": 8, "jit_compile": False},
    "32 steps": {"steps_per_execution": 32, "jit_compile": False},
    "XLA": {"steps_per_execution": 1, "jit_compile": True},
    "XLA, 8 steps": {"steps_per_execution": 8, "jit_compile": True},
    "bfloat16, 8 steps": {"steps_per_execution": 8, "jit_compile": False, "policy": "mixed_bfloat16"},
}
NETWORKS = {
    "the tutorial's convolutions, batch 32": (32, 3200, "conv", {"encoder": {"padding": "valid"}}),
    "the tutorial's convolutions, batch 128": (128, 6400, "conv", {"encoder": {"padding": "valid"}}),
    "luther's MLP, batch 100": (100, 20_000, "mlp", {}),
    "residual, batch 128": (128, 2560, "residual", {"filters": (32, 64)}),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    images = cvae.load("mnist", limit=20_000).x_train
    print(cvae.runtime.describe())
    for title, (batch_size, count, network, options) in NETWORKS.items():
        models = {}
        for name, setting in SETTINGS.items():
            setting = dict(setting)
            keras.config.set_dtype_policy(setting.pop("policy", "float32"))
            vae = cvae.build_vae((28, 28, 1), 2, network, seed=0, **options)
            vae.compile(keras.optimizers.Adam(1e-4), **setting)
            vae.fit(images[: 40 * batch_size], batch_size=batch_size, verbose=0)
            models[name] = vae
        keras.config.set_dtype_policy("float32")
        speeds = {name: [] for name in models}
        for _ in range(rounds):
            for name, vae in models.items():
                start = time.perf_counter()
                vae.fit(images[:count], batch_size=batch_size, verbose=0)
                speeds[name].append(count / (time.perf_counter() - start))
        print(f"\n{title}: plain {statistics.median(speeds['plain']):,.0f} images/s")
        for name in list(SETTINGS)[1:]:
            ratios = [a / b for a, b in zip(speeds[name], speeds["plain"], strict=True)]
            spread = f"({min(ratios):.2f} to {max(ratios):.2f})"
            print(f"  {name:18} {statistics.median(ratios):.2f} times as fast {spread}")


if __name__ == "__main__":
    main()
