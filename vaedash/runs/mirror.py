"""A run's folder in two places: what is written in the one is carried to the other, never ahead of what it announces."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from vaedash import storage
from vaedash.runs.folder import RunFolder

# What is not the trainer's to write, or not for others to read.
_OTHERS = ("config.json", "notes.json", "stop", "lock", "notes.lock", "outcome.json")
# What comes after all else, in the order in which a trainer writes it: weights before the figures that announce them.
_WEIGHTS = ("best.pt", "last.pt", "previous.pt")
_LAST = (*_WEIGHTS, "metrics.json", "progress.json")
_LOSES_NOTHING = ("train.log", "progress.json", "kl_by_latent.npy")


def start(run: RunFolder) -> dict[str, bytes]:
    """What a trainer elsewhere needs to begin a run, or to go on with it: bytes by name."""
    names = ["config.json", *_files(run.path), *(f"{name}.sha256" for name in _WEIGHTS)]
    return {name: (run.path / name).read_bytes() for name in names if (run.path / name).exists()}


def begin(path: Path, started: Mapping[str, bytes]) -> RunFolder:
    """The run as `start` gave it, in a new directory `path`."""
    path.mkdir()
    for name, data in started.items():
        (path / name).write_bytes(data)
    return RunFolder(path)


def write(run: RunFolder, name: str, data: bytes) -> None:
    """Write down what a trainer elsewhere has written under this name."""
    if name in _WEIGHTS:
        run.weights.write(name.removesuffix(".pt"), data)
    elif name.startswith("samples/"):
        run.pictures.write_file(Path(name).name, data)
    elif name == "measured.json":
        run.write_measured(**json.loads(data))
    else:
        storage.write_bytes(run.path / name, data, durable=name not in _LOSES_NOTHING)


def ended(fresh: Iterable[tuple[str, bytes]]) -> bool:
    """Whether what a trainer elsewhere has written says how the run ended."""
    return any(name == "outcome.json" for name, _ in fresh)


class Writings:
    """What a trainer writes into a run from now on, to be carried elsewhere."""

    def __init__(self, run: RunFolder) -> None:
        self._path = run.path
        self._stamps: dict[str, tuple[int, ...]] = {}
        self._carried: set[tuple[int, ...]] = set()  # stamps of every `last.pt`
        self.fresh(over=False)  # what is there already came from the other side

    def fresh(self, *, over: bool) -> list[tuple[str, bytes]]:
        """(name, bytes) of all that is new since the last call, in the order to be written; the outcome only with `over`, as the last.

        A `previous.pt` that was carried when it was `last.pt` is left out: the other side has moved its own.
        """
        pictures = sorted(f"samples/{file.name}" for file in self._path.glob("samples/*.png"))
        found = []
        # Read from the end, so that what is announced is as new as what announces it, or newer.
        for name in reversed([*pictures, *_files(self._path), *["outcome.json"] * over]):
            try:
                with open(self._path / name, "rb") as file:
                    stat = os.fstat(file.fileno())
                    stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
                    if stamp != self._stamps.get(name) and not (name == "previous.pt" and stamp in self._carried):
                        found.append((name, file.read()))
            except FileNotFoundError:
                if name == "last.pt" and (self._path / "previous.pt").exists():
                    # It has just been moved, and the next one is being written: what announces it must wait.
                    for announcing, _ in found:
                        del self._stamps[announcing]
                    found.clear()
                continue
            self._stamps[name] = stamp
            if name == "last.pt":
                self._carried.add(stamp)
        return found[::-1]


def _files(path: Path) -> list[str]:
    """The names of a trainer's files but for pictures and hashes, each before those that announce it; of some that may not be there."""
    there = (entry.name for entry in os.scandir(path) if entry.is_file() and not entry.name.startswith("."))
    return [*sorted(name for name in there if name not in (*_OTHERS, *_LAST) and not name.endswith(".sha256")), *_LAST]
