"""Runs once more under other ids, so quickly that a folder of thousands takes seconds: their records, and links to their last pictures."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from vaedash import storage
from vaedash.runs import names, schema
from vaedash.runs.folder import RunFolder
from vaedash.runs.record import Run
from vaedash.runs.schema import Epoch, Status

_AS_THEY_ARE = (names.FACTS, names.METRICS, names.MEASURED, names.OUTCOME)
_OF_WEIGHTS = (names.weights_file(names.BEST), names.hashes_file(names.BEST), names.TEST_LOSSES)


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


def drawn_out(run: Run, folder: Path, run_id: str, *, epochs: int) -> RunFolder:
    """An ended run as one of so many epochs, with all that grows with them: rows, the course of the latents, pictures.

    Its weights are those of the run; they and the pictures are links as in `copy`.
    """
    made = copy(run, folder, run_id, created=run.created, seed=run.config.seed)
    settings = storage.read_json(made.path / names.CONFIG) | {"epochs": epochs, "patience": epochs}
    storage.write_json(made.path / names.CONFIG, settings, durable=False)
    made.write_outcome(Status.FINISHED, f"Finished all {epochs:,} epochs.")
    made.write_metrics(_more(cast("Sequence[Mapping[str, Any]]", run.epochs), epochs))
    places = np.linspace(0, len(run.epochs) - 1, epochs).round().astype(int)
    if (kl := run.figures.kl_by_latent()) is not None:
        made.figures.write_kl_by_latent(list(kl[places]))
    shutil.rmtree(made.pictures.folder)
    made.pictures.folder.mkdir()
    drawn = [run.pictures.of_epoch(number) for number in range(1, len(run.epochs) + 1)]
    for epoch, place in enumerate(places, start=1):
        for picture in drawn[place]:
            kind = picture.stem.partition("-")[0]
            _link(picture, made.pictures.file(kind, epoch).with_suffix(picture.suffix))
    for name in _OF_WEIGHTS:
        if (run.path / name).exists():
            _link(run.path / name, made.path / name)
    return made


def _more(rows: Sequence[Mapping[str, Any]], epochs: int) -> list[Epoch]:
    """As many rows as these epochs, each number on the line between those beside it; the losses tremble, so that no curve is smooth."""
    at, tremble = np.linspace(0, len(rows) - 1, epochs), np.random.default_rng(0)
    columns: dict[str, list[float]] = {}
    for name in rows[0].keys() - {"epoch"}:
        course = np.interp(at, range(len(rows)), [row[name] for row in rows])
        if name in schema.METRICS:
            course *= tremble.uniform(0.99, 1.01, epochs)
        columns[name] = (course.round().astype(int) if isinstance(rows[0][name], int) else course).tolist()
    columns["images_seen"] = [rows[0]["images_seen"] * epoch for epoch in range(1, epochs + 1)]
    return [
        schema.epoch(number, dict(zip(columns, figures, strict=True)))
        for number, figures in enumerate(zip(*columns.values(), strict=True), start=1)
    ]


def _link(file: Path, other: Path) -> None:
    try:
        os.link(file, other)
    except OSError:  # on another disk, or not ours to link to
        shutil.copyfile(file, other)
