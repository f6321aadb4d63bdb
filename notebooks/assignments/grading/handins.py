"""Whose file is whose: folders and zips of hand-ins, as Canvas, Moodle and nbgrader name them.

Canvas: `lastnamefirst_LATE_USER_FILE_name.ipynb` (`LATE_` where it was; `LATE_anon_CODE_FILE_...` where names are
hidden), from Canvas's `lib/content_zipper.rb`. Moodle: `Full Name_ID_assignsubmission_file_/name.ipynb`, or all in
one file name, from Moodle's `mod/assign/classes/downloader.php`. Else a folder for each student (nbgrader's
`submitted/STUDENT/SET/`), or the file's name.
"""

import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

CANVAS = re.compile(
    r"(?P<name>.*?)_?(?P<late>LATE_)?(?P<id>(?<![^_])\d+|anon_\w{5})_(?P<file>\d+)_(?P<rest>.+)"
)
MOODLE = re.compile(r"(?P<name>[^_]*)_(?P<id>\d+)_assignsubmission_(file|onlinetext)(_(?P<rest>.*))?")
MOST_BYTES = 50_000_000  # of one hand-in: a notebook full of pictures has some 5 MB


@dataclass
class HandIn:
    "What one student handed in; `files` from the newest to the oldest."

    student: str
    platform: str
    name: str = ""
    platform_id: str = ""
    late: bool = False
    files: list[Path] = field(default_factory=list)


def collect(folder: Path, unpacked: Path) -> list[HandIn]:
    """The hand-ins in a folder, or in a zip, which is unpacked into the folder `unpacked`.

    Raises:
        FileNotFoundError: where there is nothing.
    """
    if zipfile.is_zipfile(folder):
        folder = unzip(folder, unpacked)
    found: dict[str, HandIn] = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and not path.is_symlink() and not hidden(path.relative_to(folder)):
            one = owner(path.relative_to(folder))
            found.setdefault(one.student, one).files.append(path)
            found[one.student].late |= one.late
    if not found:
        raise FileNotFoundError(f"no hand-ins in {folder}: expected a folder or a zip of notebooks")
    for one in found.values():
        one.files.sort(key=newest_first)
    return list(found.values())


def hidden(path: Path) -> bool:
    "What Jupyter and macOS leave beside a notebook."
    return path.name.startswith(".") or bool({"__MACOSX", ".ipynb_checkpoints"} & {*path.parts})


def owner(path: Path) -> HandIn:
    "Who handed in the file of this path, relative to the folder."
    first = path.parts[0]
    if match := MOODLE.fullmatch(first):
        student = safe(f"{match['name']}_{match['id']}")
        return HandIn(student, "moodle", match["name"], match["id"])
    if len(path.parts) == 1 and (match := CANVAS.fullmatch(first)):
        student = safe("_".join(part for part in (match["name"], match["id"]) if part))
        return HandIn(student, "canvas", match["name"], match["id"], bool(match["late"]))
    return HandIn(safe(first if len(path.parts) > 1 else path.stem), "folder", first)


def safe(name: str) -> str:
    "A file name that keeps letters of every language, and no more than a name needs."
    return re.sub(r"[^\w\- .]", "_", name).strip(" .") or "unnamed"


def newest_first(path: Path):
    "Canvas numbers files as they come; a browser's second download or a second version ends in -1, (1), -Copy1."
    match = CANVAS.fullmatch(path.name)
    version = re.search(r"(?:-|\(|-Copy)(\d+)\)?$", path.stem)
    return (
        path.suffix != ".ipynb", -int(match["file"]) if match else 0,
        -int(version[1]) if version else 0, str(path),
    )  # fmt: skip


def unzip(path: Path, folder: Path) -> Path:
    "The files of a zip that are small enough, in the folder."
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.file_size <= MOST_BYTES:
                archive.extract(info, folder)
    return folder
