"""The photographs in a folder and all folders in it, and what else lies there."""

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from cvae.datasets.photographs import readable

# What systems and cameras put beside photographs: folders of thumbnails and of deleted files.
RUBBISH = ("__macosx", "@eadir", "$recycle.bin", "#recycle", "lost+found", "thumbs.db", "desktop.ini")
# Files about photographs, whose absence nobody misses.
TEXTS = (
    ".txt", ".md", ".rst", ".json", ".csv", ".tsv", ".xml", ".yaml", ".yml", ".html", ".ini", ".log",
    ".xmp", ".aae", ".url", ".db",
)  # fmt: skip


@dataclass
class Found:
    """What lies in a folder.

    Attributes:
        paths: all photographs, in order.
        folders: all folders.
        others: how many files there are of each suffix that is neither read nor a text's.
        broken, again: links that lead nowhere, and to what has been found already.
    """

    paths: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    broken: list[Path] = field(default_factory=list)
    again: list[Path] = field(default_factory=list)

    def left_out(self, folder) -> list[str]:
        """A note on each kind of thing that is not read, for a warning."""
        notes = []
        if self.others:
            kinds = [f"{suffix or 'no suffix'} {n}" for suffix, n in sorted(self.others.items())]
            notes.append(f"left out {count(self.others.total(), 'file')} ({', '.join(kinds)})")
        if {".heic", ".heif"} & set(self.others):
            notes.append("to read .heic, call register_heif_opener() of the package pillow-heif first")
        used = {parent for path in self.paths for parent in path.parents}
        empty = [path for path in self.folders if path not in used and path.parent in used]
        for what, paths in (
            ("links that lead nowhere", self.broken),
            ("links to what is read already", self.again),
            ("folders without a photograph", empty),
        ):
            if paths:
                notes.append(f"{what}: {len(paths):,}, such as {min(paths).relative_to(folder)}")
        return notes


def count(n, noun) -> str:
    return f"{n:,} {noun}{'s' * (n != 1)}"


def look_through(folder: Path) -> Found:
    """Find what lies in a folder and below. Links are followed; nothing is found twice.

    Hidden files and folders are passed over, and RUBBISH.

    Raises:
        PermissionError: a folder in it must not be read.
    """
    found, suffixes = Found(), readable()
    waiting, links, seen = [folder], [], set()
    # Links come last, so that what lies here itself keeps its own place.
    while waiting or links:
        path = waiting.pop() if waiting else links.pop(0)
        real = os.path.realpath(path)
        if real in seen:
            found.again.append(path)
        elif path.is_dir():
            found.folders.append(path)
            for inner in sorted(path.iterdir()):
                if not inner.name.startswith(".") and inner.name.lower() not in RUBBISH:
                    (links if inner.is_symlink() else waiting).append(inner)
        elif not path.is_file():
            found.broken.append(path)
        elif path.suffix.lower() in suffixes:
            found.paths.append(path)
        elif path.suffix.lower() not in TEXTS:
            found.others[path.suffix.lower()] += 1
        seen.add(real)
    found.paths.sort()
    return found
