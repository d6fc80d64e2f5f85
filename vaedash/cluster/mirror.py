"""A run's folder in two places: what is written in the one is carried to the other, never ahead of what it announces."""

import json
import os
from pathlib import Path

from vaedash import runs, storage

# What a trainer writes, in the order in which it arrives: weights before the figures that announce them.
_WEIGHTS = ("best.pt", "last.pt", "previous.pt")
_ORDER = ("train.log", "facts.json", *_WEIGHTS, "metrics.json", "progress.json", "test_losses.npy", "measured.json")
_START = ("config.json", "facts.json", "metrics.json", "train.log")  # and the weights, each with its SHA-256


def start(path: Path) -> dict[str, bytes]:
    """What a trainer elsewhere needs to begin the run at `path`, or to go on with it: bytes by name."""
    names = (*_START, *_WEIGHTS, *(f"{name}.sha256" for name in _WEIGHTS))
    return {name: (path / name).read_bytes() for name in names if (path / name).exists()}


def write(path: Path, name: str, data: bytes) -> None:
    """Write down in the run at `path` what a trainer elsewhere has written under this name."""
    if name in _WEIGHTS:
        runs.write_weights(path, name.removesuffix(".pt"), data)
    elif name.startswith("samples/"):
        runs.write_sample(path, Path(name).name, data)
    elif name == "measured.json":
        runs.write_measured(path, **json.loads(data))
    else:
        storage.write_bytes(path / name, data, durable=name not in ("train.log", "progress.json"))


class Writings:
    """What a trainer writes into the run at `path`, to be carried elsewhere."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamps: dict[str, tuple[int, ...]] = {}
        self._carried: set[tuple[int, ...]] = set()  # stamps of every `last.pt`

    def fresh(self, *, over: bool) -> list[tuple[str, bytes]]:
        """(name, bytes) of all that is new since the last call, in the order to be written; the outcome only with `over`, as the last.

        A `previous.pt` that was carried when it was `last.pt` is left out: the other side has moved its own.
        """
        pictures = sorted(f"samples/{file.name}" for file in self._path.glob("samples/*.png"))
        found = []
        # Read from the end, so that what is announced is as new as what announces it, or newer.
        for name in reversed([*pictures, *_ORDER, *["outcome.json"] * over]):
            try:
                with open(self._path / name, "rb") as file:
                    stat = os.fstat(file.fileno())
                    stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
                    if stamp != self._stamps.get(name) and not (name == "previous.pt" and stamp in self._carried):
                        found.append((name, file.read()))
            except FileNotFoundError:
                continue
            self._stamps[name] = stamp
            if name == "last.pt":
                self._carried.add(stamp)
        return found[::-1]
