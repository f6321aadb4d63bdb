"""`pytest --nbval notebooks` runs every cell, on little data: the smoke profile, unless told otherwise."""

import os

os.environ.setdefault("CVAE_PROFILE", "smoke")

# What nbgrader makes of the problem sets is not ours to run: the students' versions have no answers.
collect_ignore = [f"assignments/{made}" for made in ("release", "submitted", "autograded", "feedback")]
