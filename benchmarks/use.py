"""How long does a reader wait for data and pictures?

    python benchmarks/use.py

- `load("mnist")`: the first time in a process, and the second
- a 20 x 20 latent grid: one batched decode, against a loop that decodes point by point
"""

import time

import numpy as np

import cvae
from cvae import latent


def seconds(function, times=5):
    """The median of some runs."""
    runs = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        runs.append(time.perf_counter() - start)
    return float(np.median(runs))


def main():
    print(f'load("mnist"), first in this process: {seconds(lambda: cvae.load("mnist"), 1):.2f} s')
    print(f'load("mnist"), from the second time on: {seconds(lambda: cvae.load("mnist")):.2f} s')
    vae = cvae.build_vae((28, 28, 1), 2, seed=0)
    points = cvae.gaussian.prior(400, 2, seed=0)
    batched = seconds(lambda: latent.grid(vae, n=20))
    looped = seconds(lambda: [vae.decode(z[None]) for z in points], 1)
    faster = f"{looped / batched:.0f} times as fast as a loop"
    print(f"latent grid: {1000 * batched:.0f} ms in one batch, {faster}")


if __name__ == "__main__":
    main()
