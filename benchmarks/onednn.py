"""What does oneDNN gain here? The measurement behind the setting in `cvae/quiet.py`.

    python benchmarks/onednn.py [--rounds 3]

TensorFlow reads the setting when it is loaded, so each training runs in a process of its own: with
oneDNN and without in turns. Prints the ratio of images/s, the median over rounds.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

import cvae
from cvae.experiments.catalogue import RECIPES

# Batch size, images, and arguments of `build_vae`.
NETWORKS = {
    "the tutorial's convolutions": (32, 3200, {"network": "conv", "encoder": {"padding": "valid"}}),
    "luther's MLP": (100, 20_000, {"network": "mlp"}),
    "aragam's convolutions": (256, 2560, RECIPES["aragam-2"].settings.options),
    "notebook 09's residual network": (128, 2560, RECIPES["ladder-residual"].settings.options),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--network", choices=NETWORKS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.network:
        print(images_per_second(*NETWORKS[options.network]))
        return
    for name in NETWORKS:
        ratios = [with_onednn(name, "1") / with_onednn(name, "0") for _ in range(options.rounds)]
        spread = f"({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"{name:32} {statistics.median(ratios):.2f} times as fast {spread}")


def with_onednn(name, setting) -> float:
    """Images/s of a new process."""
    done = subprocess.run(
        [sys.executable, __file__, "--network", name], check=True, capture_output=True, text=True,
        env={**os.environ, "TF_ENABLE_ONEDNN_OPTS": setting},
    )  # fmt: skip
    return float(done.stdout)


def images_per_second(batch_size, count, options) -> float:
    images = cvae.load("mnist", limit=count).x_train
    vae = cvae.build_vae((28, 28, 1), 2, seed=0, **options)
    vae.compile("adam", **cvae.runtime.compile_options())
    vae.fit(images[: 16 * batch_size], batch_size=batch_size, verbose=0)
    start = time.perf_counter()
    vae.fit(images, batch_size=batch_size, verbose=0)
    return count / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
