import numpy as np
import pytest

from cvae.metrics import power_spectrum


def test_a_wave_lies_at_its_frequency():
    """A sine of amplitude a has the power a^2 / 2, all of it at its number of periods."""
    x = np.arange(16) / 16
    wave = 0.5 + 0.3 * np.sin(2 * np.pi * 5 * x)[None, None, :, None] * np.ones((2, 16, 1, 1))
    spectrum = power_spectrum(wave)
    np.testing.assert_allclose(spectrum[[0, 5]], [0.25, 0.3**2 / 2], atol=1e-7)
    assert np.delete(spectrum, [0, 5]).max() < 1e-12
    np.testing.assert_allclose(power_spectrum(wave.swapaxes(1, 2)), spectrum, atol=1e-7)


def test_the_spectrum_sums_to_the_mean_square(rng):
    """Parseval, for images without the corners' frequencies."""
    x, y = np.meshgrid(np.arange(16), np.arange(16))
    image = 0.5 + 0.1 * np.cos(2 * np.pi * (2 * x + 3 * y) / 16) + 0.2 * np.cos(2 * np.pi * y / 16)
    assert power_spectrum(image[None, :, :, None]).sum() == pytest.approx(np.square(image).mean())
    pictures = rng.integers(0, 256, (3, 8, 8, 2), dtype="uint8")
    np.testing.assert_allclose(power_spectrum(pictures), power_spectrum(pictures / 255), rtol=1e-5)


def test_only_square_images():
    with pytest.raises(ValueError, match=r"must be square, got \(8, 4\)"):
        power_spectrum(np.zeros((1, 8, 4, 1)))
