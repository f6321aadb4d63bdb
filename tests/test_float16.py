import keras
import numpy as np
import pytest

import cvae
from cvae.experiments.storage import to_float16


@pytest.mark.parametrize("options", [{}, {"network": "residual"}, {"num_classes": 3}])
def test_half_the_size_and_the_same_model(small, images, labels, tmp_path, options):
    wide = {"filters": (16, 32)} if "network" in options else {"hidden": (256,)}
    trained = small(**options, **wide)
    inputs = {"image": images, "label": labels} if "num_classes" in options else images
    trained.fit(inputs, epochs=2, verbose=0)
    vae = small(**options, **wide)  # without the optimizer's state
    vae.set_weights(trained.get_weights())
    path = cvae.save_vae(vae, tmp_path / "whole.keras")
    to_float16(path, tmp_path / "half.keras")
    least = 0.95 if "network" in options else 0.65  # much of a small file is names
    assert (tmp_path / "half.keras").stat().st_size < least * path.stat().st_size
    again = cvae.load_vae(tmp_path / "half.keras")
    for before, after in zip(vae.weights, again.weights, strict=True):
        assert before.dtype == after.dtype
        before, after = keras.ops.convert_to_numpy(before), keras.ops.convert_to_numpy(after)
        np.testing.assert_allclose(after, before, rtol=1e-3 if before.ndim > 1 else 0, atol=1e-7)
    given = () if "num_classes" not in options else (labels,)
    np.testing.assert_allclose(
        again.reconstruct(images, *given), vae.reconstruct(images, *given), atol=5e-3
    )


def test_the_same_weights_make_the_same_file(small, tmp_path):
    path = cvae.save_vae(small(), tmp_path / "vae.keras")
    to_float16(path, tmp_path / "a.keras")
    to_float16(path, tmp_path / "b.keras")
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()
    to_float16(tmp_path / "a.keras", tmp_path / "c.keras")  # made smaller again it stays the same
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "c.keras").read_bytes()


def test_a_weight_that_16_bits_cannot_hold(small, tmp_path):
    vae = small()
    vae.decoder.to_pixels.kernel.assign(1e6 * np.ones_like(vae.decoder.to_pixels.kernel))
    path = cvae.save_vae(vae, tmp_path / "vae.keras")
    with pytest.raises(ValueError, match="too large for 16 bits"):
        to_float16(path, tmp_path / "half.keras")
    assert not (tmp_path / "half.keras").exists()
