"""Which vaedash trains: its version, and a digest of the source that the figures of a run follow from."""

import functools
import hashlib
from pathlib import Path

import vaedash

# What decides the figures of a run; pages, charts and commands do not.
_ROOMS = ("config.py", "images.py", "storage.py", "datasets", "models", "runs", "measuring", "training")


@functools.cache
def source() -> str:
    """The digest, 16 hexadecimal digits."""
    package = Path(vaedash.__file__).parent
    digest = hashlib.sha256()
    for room in _ROOMS:
        for file in sorted((package / room).rglob("*.py")) or [package / room]:
            digest.update(f"{file.relative_to(package).as_posix()}\n".encode())
            digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]
