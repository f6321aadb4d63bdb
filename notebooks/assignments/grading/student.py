"""`python -m grading.student ZIP`: what students get, after `make assignments`: the course without any answer.

That is every file under git but for the folders below, and the problem sets as nbgrader released them.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
RELEASED = Path("notebooks/assignments/release")
KEPT_BACK = (
    "notebooks/assignments/", "notebooks/solutions/", "tests/", "benchmarks/", "site/", ".github/", ".ci/",
    "requirements-course.txt",
)  # fmt: skip


def files(top: Path = TOP) -> dict[str, Path]:
    """{name in the zip: file}.

    Raises:
        FileNotFoundError: nothing was released.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=top, check=True, capture_output=True, text=True
    ).stdout
    found = {name: top / name for name in listed.split("\0") if name and not name.startswith(KEPT_BACK)}
    released = sorted((top / RELEASED).glob("ps*/*.ipynb"))
    if not released:
        raise FileNotFoundError(f"no problem set in {top / RELEASED}: run make assignments")
    return found | {f"notebooks/assignments/{path.parent.name}/{path.name}": path for path in released}


def export(target: Path, top: Path = TOP):
    made = target.with_suffix(".part")
    made.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files(top).items():
            archive.write(path, f"course/{name}")
    made.replace(target)


if __name__ == "__main__":
    export(Path(sys.argv[1]))
    print(f"for students: {sys.argv[1]}")
