"""A run's folder in two places: what is written in the one is carried to the other, never ahead of what it announces."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from vaedash import storage
from vaedash.runs import names
from vaedash.runs.folder import RunFolder
from vaedash.runs.weight_files import MOST

# What is not the trainer's to write, or not for others to read.
_OTHERS = (names.CONFIG, names.SOURCE, names.NOTES, names.STOP, names.LOCK, names.NOTES_LOCK)
_LAST, _PREVIOUS, _BEST = (names.weights_file(name) for name in (names.LAST, names.PREVIOUS, names.BEST))
_WEIGHTS = {names.weights_file(name): name for name in names.WEIGHTS}
# What comes after all else, in the order in which a trainer writes it: weights before the figures that announce them, and
# how the run ended behind all that it ended with.
_AT_THE_END = (_BEST, _LAST, _PREVIOUS, names.METRICS, names.PROGRESS, names.OUTCOME)
_LOSES_NOTHING = (names.LOG, names.PROGRESS, names.KL_BY_LATENT)
_PICTURES = f"{names.SAMPLES}/"

Stamp = tuple[int, int, int]


def start(run: RunFolder) -> dict[str, bytes]:
    """What a trainer elsewhere needs to begin a run, or to go on with it: bytes by name."""
    wanted = [names.CONFIG, *_trainers_files(run.path), *map(names.hashes_file, names.WEIGHTS)]
    return {name: storage.read_bytes(run.path / name, most=MOST) for name in wanted if (run.path / name).exists()}


def begin(path: Path, started: Mapping[str, bytes]) -> RunFolder:
    """The run as `start` gave it, in a new directory `path`."""
    path.mkdir()
    for name, data in started.items():
        (path / name).write_bytes(data)
    return RunFolder(path)


def write(run: RunFolder, name: str, data: bytes) -> None:
    """Write down what a trainer elsewhere has written under this name."""
    if name in _WEIGHTS:
        run.weights.write(_WEIGHTS[name], data)
    elif name.startswith(_PICTURES):
        run.pictures.write_file(Path(name).name, data)
    elif name == names.MEASURED:
        run.write_measured(**json.loads(data))
    else:
        storage.write_bytes(run.path / name, data, durable=name not in _LOSES_NOTHING)


def ended(fresh: Iterable[tuple[str, bytes]]) -> bool:
    """Whether what a trainer elsewhere has written says how the run ended."""
    return any(name == names.OUTCOME for name, _ in fresh)


class Writings:
    """What a trainer writes into a run from now on, to be carried elsewhere."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._stamps: dict[str, Stamp] = {}
        self._carried: set[Stamp] = set()  # stamps of every `last.pt`
        self.fresh()  # what is there already came from the other side

    def fresh(self) -> list[tuple[str, bytes]]:
        """(name, bytes) of all that is new since the last call, in the order to be written.

        A `previous.pt` that was carried when it was `last.pt` is left out: the other side has moved its own.
        """
        written: list[tuple[str, bytes]] = []
        # Read from the end, so that what is announced is as new as what announces it, or newer.
        for name in reversed(self._all()):
            try:
                with storage.opened(self._run.path / name, most=MOST) as file:
                    stamp = _stamp(file.fileno())
                    if stamp != self._stamps.get(name) and not (name == _PREVIOUS and stamp in self._carried):
                        written.append((name, file.read()))
            except FileNotFoundError:
                if name == _LAST and self._run.weights.has(names.PREVIOUS):
                    # It has just been moved, and the next one is being written: what announces it must wait.
                    for announcing, _ in written:
                        del self._stamps[announcing]
                    written.clear()
                continue
            self._stamps[name] = stamp
            if name == _LAST:
                self._carried.add(stamp)
        return written[::-1]

    def _all(self) -> list[str]:
        """The names of what may be carried, in the order to be written."""
        pictures = sorted(f"{_PICTURES}{file.name}" for file in self._run.pictures.folder.glob("*.png"))
        return [*pictures, *_trainers_files(self._run.path)]


def _trainers_files(path: Path) -> list[str]:
    """The names of a trainer's files but for pictures and hashes, each before those that announce it; of some that may not be there."""
    shown = [
        entry.name
        for entry in os.scandir(path)
        if entry.is_file(follow_symlinks=False) and not entry.name.startswith(".")
    ]
    apart = (*_OTHERS, *_AT_THE_END)
    others = sorted(name for name in shown if name not in apart and not name.endswith(names.HASHES))
    return [*others, *_AT_THE_END]


def _stamp(fd: int) -> Stamp:
    stat = os.fstat(fd)
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
