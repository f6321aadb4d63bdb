"""`pytest --nbval notebooks` runs every cell, on little data: the smoke profile, unless told otherwise."""

import os

os.environ.setdefault("CVAE_PROFILE", "smoke")
