"""A run's weights as bytes: each file replaced whole, and known by its SHA-256 at every instant."""

import re
from dataclasses import dataclass
from pathlib import Path

from vaedash import storage
from vaedash.runs import names

MOST = 500_000_000  # bytes: ten times what the largest model takes with Adam's moments
_MOST_HASHES = 10_000
_OF_WEIGHTS = re.compile(r"[^.]+\.pt.*")
_DIGEST = re.compile(rb"[0-9a-f]{64}")


@dataclass(frozen=True)
class WeightFiles:
    """`last.pt`, `previous.pt` and `best.pt` in the `folder` of one run."""

    folder: Path

    def file(self, name: str) -> Path:
        """Where the weights of that name lie, if there are any."""
        return self.folder / names.weights_file(name)

    def has(self, name: str) -> bool:
        """Whether there are weights of that name, sound or not."""
        try:
            return self.file(name).exists()
        except PermissionError:  # the folder may not be looked into
            return False

    def any(self) -> bool:
        """Whether there is any file of weights, of a hash, or of what was set aside."""
        return bool(storage.listed(self.folder, _OF_WEIGHTS))

    def stamp(self, name: str) -> tuple[str, int] | None:
        """What tells these weights from all others, those of the same run at other times too; None where there are none."""
        try:
            return str(self.folder), self.file(name).stat().st_mtime_ns
        except OSError:
            return None

    def read(self, name: str) -> bytes:
        """The bytes, whatever they are; raises what `storage.opened` does."""
        return storage.read_bytes(self.file(name), most=MOST)

    def write(self, name: str, data: bytes | memoryview) -> None:
        """Replace the weights of that name and their SHA-256, keeping the `last` before it as `previous`.

        At every instant the hash of each whole .pt file, old or new, is in one of the .sha256 files: a new one gets
        there before its file, and an old one stays until its file is replaced.
        """
        file, hashes = self.file(name), self._hashes(name)
        digest = _hash_line(name, data)
        before = _read_hashes(hashes)
        # A damaged `last` must not take the place of a sound `previous`.
        moved = name == names.LAST and self._whole(name)
        if moved:
            storage.replace(file, self.file(names.PREVIOUS))
        storage.write_bytes(hashes, digest + before)
        storage.write_bytes(file, data)
        if moved:
            storage.write_bytes(self._hashes(names.PREVIOUS), before)
        storage.write_bytes(hashes, digest)

    def digests(self) -> set[str]:
        """The SHA-256 of every weights file that was ever written whole in the run, as far as it is still there."""
        return {
            match.decode() for file in self.folder.glob("*.pt.sha256") for match in _DIGEST.findall(_read_hashes(file))
        }

    def restore(self, name: str, data: bytes) -> None:
        """Put sound bytes in the place of damaged ones."""
        self.set_aside(name)
        storage.write_bytes(self._hashes(name), _hash_line(name, data))
        storage.write_bytes(self.file(name), data)

    def set_aside(self, name: str) -> None:
        """Rename damaged weights, if there are any, to `<name>.pt.damaged`."""
        file = self.file(name)
        if file.exists():
            storage.replace(file, file.with_name(f"{file.name}.damaged"))

    def _whole(self, name: str) -> bool:
        """Whether the file has the bytes that were written."""
        try:
            with storage.opened(self.file(name), most=MOST) as file:
                return storage.sha256_of(file) in self.digests()
        except OSError:
            return False

    def _hashes(self, name: str) -> Path:
        return self.folder / names.hashes_file(name)


def _read_hashes(file: Path) -> bytes:
    """What a file of hashes holds; nothing where it is not there, or cannot be one."""
    try:
        return storage.read_bytes(file, most=_MOST_HASHES)
    except OSError:
        return b""


def _hash_line(name: str, data: bytes | memoryview) -> bytes:
    """As `sha256sum` prints and checks it."""
    return f"{storage.sha256(data)}  {names.weights_file(name)}\n".encode()
