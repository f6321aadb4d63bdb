"""Grades a folder of hand-ins: `python -m grading SET FOLDER`, or `make grade`. See ../README.md.

`handins` finds whose file is whose, `questions` puts each answer into a fresh copy of the set, `workers` runs
every question in a process of its own (`nursery`, `jail`, `guard`, `trial` are its other side), `report` writes
what teachers and learning platforms read.
"""

import os

if not hasattr(os, "fork"):
    raise ImportError("grading needs a system that can fork: Linux (on Windows: WSL 2), or macOS")
