"""What a figure of speed was measured on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any


def described(*packages: str) -> dict[str, Any]:
    """What a figure was measured on: processor, cores, and the versions of Python, torch and `packages`."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", *packages)},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def peak_memory(pid: int) -> int:
    """kB that a process has held at most; 0 where the system does not say."""
    try:
        return int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0])
    except (OSError, IndexError):
        return 0
