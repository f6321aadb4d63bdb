"""How long does a likelihood take? `metrics.nll` beside the loops that it is often written as.

    python benchmarks/likelihood.py [--images 400] [--samples 500]

The importance-weighted estimate of -log p(x) on MNIST test images, with the MLP of luther's report:

- nll: this package, images and samples in batches
- by image: a loop over images, the samples of an image at once
- by sample: a loop over images and their samples, on a hundredth of the images

All three give the same estimate of an image but for their random draws; compared are seconds an image.
"""

import argparse
import time

import keras
import numpy as np
from scipy.special import logsumexp

import cvae
from cvae import metrics
from cvae.experiments.training import load_or_train
from cvae.gaussian import log_normal, reparameterize
from cvae.utils.images import to_float


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=int, default=400, help="test images (default: 400)")
    parser.add_argument("--samples", type=int, default=500, help="of z for each (default: 500)")
    options = parser.parse_args()
    images = cvae.load("mnist").x_test[: options.images]
    vae = load_or_train("luther-10")
    few = images[: max(1, len(images) // 100)]
    metrics.nll(vae, few, samples=2)  # warm
    ours = timed("nll", images, lambda x: metrics.nll(vae, x, samples=options.samples)[0])
    for name, some, at_once in (("by image", images, options.samples), ("by sample", few, 1)):
        looped = timed(name, some, lambda x, at_once=at_once: loop(vae, x, options.samples, at_once))
        print(f"           nll is {looped / ours:.1f} times as fast")


def timed(name, images, estimate):
    """Seconds an image."""
    start = time.perf_counter()
    nats = estimate(images)
    seconds = (time.perf_counter() - start) / len(images)
    print(f"{name:10} {1000 * seconds:8.2f} ms an image; {nats:.2f} nats on {len(images)} images")
    return seconds


def loop(vae, images, samples, at_once):
    """The same estimate, image by image, this many samples of one at a time."""
    noise = keras.random.SeedGenerator(0)
    values = []
    for image in images:
        x = to_float(image[None])
        z_mean, z_log_var = vae.encoder(x)
        log_weights = []
        for _ in range(samples // at_once):
            repeated = keras.ops.repeat(z_mean, at_once, 0), keras.ops.repeat(z_log_var, at_once, 0)
            z = reparameterize(*repeated, noise)
            log_p = vae.likelihood.log_prob(keras.ops.repeat(x, at_once, 0), vae.decoder(z))
            log_weights.append(log_p + log_normal(z) - log_normal(z, *repeated))
        log_weights = np.concatenate([keras.ops.convert_to_numpy(each) for each in log_weights])
        values.append(np.log(samples) - logsumexp(np.float64(log_weights)))
    return np.mean(values)


if __name__ == "__main__":
    main()
