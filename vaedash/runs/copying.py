"""Runs once more under other ids, so quickly that a folder of thousands takes seconds: their records, and links to their last pictures."""

import os
import shutil
from pathlib import Path

from vaedash import storage
from vaedash.runs import names
from vaedash.runs.folder import RunFolder
from vaedash.runs.record import Run

_AS_THEY_ARE = (names.FACTS, names.METRICS, names.MEASURED, names.OUTCOME)


def copy(run: Run, folder: Path, run_id: str, *, created: str, seed: int) -> RunFolder:
    """An ended run as another one in a runs folder, with a time and a seed of its own, and what was drawn after its last epoch.

    It has no notes and no weights. Nothing waits for the disk, and pictures are links where they are on the same one.
    """
    made = RunFolder(folder / run_id)
    made.pictures.folder.mkdir(parents=True)
    settings = storage.read_json(run.path / names.CONFIG) | {"created": created, "seed": seed}
    storage.write_json(made.path / names.CONFIG, settings, durable=False)
    for name in _AS_THEY_ARE:
        storage.write_bytes(
            made.path / name, storage.read_bytes(run.path / name, most=storage.MOST_JSON), durable=False
        )
    for name in (names.LOCK, names.LOG):
        (made.path / name).touch()
    for picture in run.pictures.of_epoch(len(run.epochs)):
        _link(picture, made.pictures.folder / picture.name)
    return made


def _link(file: Path, other: Path) -> None:
    try:
        os.link(file, other)
    except OSError:  # on another disk, or not ours to link to
        shutil.copyfile(file, other)
