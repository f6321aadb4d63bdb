"""How large to work, and on what: the three sizes of every notebook, and the settings for speed.

`CVAE_PROFILE` chooses the size: "smoke" (CI: everything runs, on little data), "quick" (a laptop CPU,
minutes) or "full" (as the reports did it, or better). Without it: full with a GPU, else quick.
"""

import os
import sys
from pathlib import Path

import keras

from cvae.utils.environment import flag

# A policy for a whole run, with no edit to any cell: CVAE_PRECISION=mixed_bfloat16.
if os.environ.get("CVAE_PRECISION"):
    keras.config.set_dtype_policy(os.environ["CVAE_PRECISION"])


def repository() -> Path | None:
    """The folder of the repository; None where the package is installed without it."""
    folder = Path(__file__).resolve().parents[1]
    return folder if (folder / "notebooks").is_dir() and (folder / "data").is_dir() else None


ROOT = repository()
RUNS = (ROOT or Path.cwd()) / "runs"  # what is trained and drawn here, and committed nowhere

PROFILES = ("smoke", "quick", "full")


def name() -> str:
    """The size in force.

    Raises:
        ValueError: `CVAE_PROFILE` names none.
    """
    chosen = os.environ.get("CVAE_PROFILE") or ("full" if gpus() else "quick")
    if chosen not in PROFILES:
        raise ValueError(f"CVAE_PROFILE must be one of {', '.join(PROFILES)}, got {chosen!r}")
    return chosen


def pick(*, smoke, quick, full):
    """The value for the size in force: `epochs = pick(smoke=1, quick=3, full=25)`."""
    return {"smoke": smoke, "quick": quick, "full": full}[name()]


def figure_path(file_name, data=None) -> Path:
    """Where a notebook writes a figure: `figures/` from a full run on real data, else
    `runs/figures/`, so that a quick run never replaces what is committed.

    Args:
        file_name: such as "02_grid.png".
        data: the `ImageDataset` that it is made from; None for a figure without data.
    """
    kept = ROOT and name() == "full" and (data is None or not data.is_stand_in)
    return (ROOT if kept else RUNS) / "figures" / file_name


def verbose() -> int:
    """Keras's `verbose` for long work: its bar in a terminal, else a line an epoch; nothing under CI."""
    if flag("CI"):
        return 0
    return 1 if sys.stdout.isatty() else 2


def gpus() -> list[str]:
    """The GPUs that Keras's backend sees."""
    if keras.backend.backend() == "torch":
        import torch

        return [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    # Asked for "gpu" by name, JAX raises an error where there is none.
    return [device for device in keras.distribution.list_devices() if device.startswith("gpu")]


def describe() -> str:
    """Backend, device and precision in one line, for the top of a notebook."""
    found = gpus()
    device = f"{len(found)} GPU" if found else f"CPU, {os.cpu_count()} cores"
    precision = keras.config.dtype_policy().name
    return (
        f"profile {name()} | backend {keras.backend.backend()}, Keras {keras.__version__} | "
        f"{device} | {precision}"
    )


def compile_options(steps: int | None = None) -> dict:
    """Arguments for `vae.compile` that make training fastest on this device, as measured.

    Args:
        steps: of the whole training, where it is known; fewer than 20 are run eagerly, for they are
            done before a graph would be traced.

    The one place for this choice; `benchmarks/settings.py` measures it again. Medians, on
    2 CPU cores with TensorFlow, before `utils.quiet` turned oneDNN on, as ratios to the speed of Keras's
    plain defaults (the tutorial's convolutions at batch 32 and at 128, luther's MLP at 100):

    - 8 steps an execution: 1.5, 1.1, 1.1. On. With 32 steps it is 1.3, 1.0, 1.5: within the noise.
    - XLA with 8 steps: 1.1, 0.7, 1.6. Off: it slows the convolutions. On a GPU Keras's own "auto"
      decides.
    - mixed_bfloat16 with 8 steps: 1.4, 1.0, 1.4. Off: no more than 8 steps alone where training is slow.
      `CVAE_PRECISION=mixed_bfloat16` turns it on for a run; likelihood and KL stay float32.

    PyTorch runs with Keras's defaults. JAX is compiled always, step by step.
    """
    if steps is not None and steps < 20:
        return {"run_eagerly": True}
    if keras.backend.backend() == "torch":  # Keras's torch trainer makes one step an execution
        return {}
    if keras.backend.backend() == "jax":  # whose trainer without a compiler runs eagerly
        return {"jit_compile": True}
    return {"steps_per_execution": 8, "jit_compile": "auto" if gpus() else False}
