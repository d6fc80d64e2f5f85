"""What a figure of speed was measured on."""

import os
import platform
from importlib.metadata import version

from vaedash import places
from vaedash.bench.figures import Figure


def described(*packages: str) -> dict[str, Figure]:
    """What a figure was measured on: processor, cores, and the versions of Python, torch and `packages`."""
    return {
        "processor": places.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", *packages)},
    }
