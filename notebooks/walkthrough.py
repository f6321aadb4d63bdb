"""Run the notebooks from first to last cell, without a browser.

    python notebooks/walkthrough.py --profile quick [01_theory solutions/01_theory ...]

With --keep the notebooks are written back with their outputs, as they are committed.
"""

import argparse
import base64
import os
import subprocess
import sys
import time
from pathlib import Path

import imageio.v3 as imageio
import nbclient
import nbformat

HERE = Path(__file__).resolve().parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", help="notebooks (default: all)")
    parser.add_argument("--profile", default="quick", choices=("smoke", "quick", "full"))
    parser.add_argument("--keep", action="store_true", help="write the outputs into the notebooks")
    options = parser.parse_args()
    os.environ["CVAE_PROFILE"] = options.profile
    if options.keep:
        os.environ["CI"] = "true"  # no progress bars in what is committed
    paths = [HERE / f"{name}.ipynb" for name in options.names] or sorted(HERE.glob("*.ipynb"))
    failed = 0
    for path in paths:
        start = time.perf_counter()
        print(f"{path.stem:24} ", end="", flush=True)
        problem = run(path, options.keep)
        failed += bool(problem)
        print(f"{time.perf_counter() - start:6.0f} s  {problem or 'ok'}", flush=True)
    return 1 if failed else 0


def run(path, keep) -> str | None:
    """Execute one notebook; the first error in a line, or None."""
    if not path.is_file():
        return f"there is no notebook {path.name}"
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=3600, record_timing=False, coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    )  # fmt: skip
    try:
        client.execute(stderr=subprocess.DEVNULL)  # the kernel's own log; what cells write still shows
    except nbclient.exceptions.CellExecutionError as error:
        return f"{error.ename}: {error.evalue}"
    if keep:
        notebook.metadata["language_info"] = {"name": "python"}
        drop_alpha(notebook)
        nbformat.write(notebook, path)
    return None


def drop_alpha(notebook):
    """Matplotlib's pictures have an opaque alpha channel, an eighth of their size: do without."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            encoded = output.get("data", {}).get("image/png")
            if encoded is None:
                continue
            pixels = imageio.imread(base64.b64decode(encoded))
            if pixels.ndim == 3 and pixels.shape[-1] == 4 and (pixels[..., 3] == 255).all():
                smaller = imageio.imwrite("<bytes>", pixels[..., :3], extension=".png", optimize=True)
                output.data["image/png"] = base64.b64encode(smaller).decode()


if __name__ == "__main__":
    sys.exit(main())
