"""Makes the example runs in `runs/` out of trained ones: `python tests/support/examples.py FOLDER ...`, where these lie.

Small enough to come along: pictures as WebP, no state to go on from; weights in half precision, and those of one pair for
each set of pictures only. Nothing of the machine that trained stays but its processor.
"""

import io
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from vaedash import config, places, runs, storage
from vaedash.runs import Run, RunFolder, names, weights

_WITHOUT = ("host", "source")  # of facts.json: which machine, and which state of the code
_WITH_WEIGHTS = "p1"  # the preset whose pairs can draw, on each set of pictures
_QUALITY = 60  # of WebP: 4 to 6 kB a picture


def make(run: Run, folder: Path, *, called: str, copy_of: str | None = None) -> Run:
    """The run as an example in `folder`, on images that are `called` so and are `copy_of` a built-in dataset if not that itself."""
    path = folder / run.id
    RunFolder(path).pictures.folder.mkdir(parents=True)
    for name in (names.METRICS, names.OUTCOME, names.MEASURED, names.TEST_LOSSES, names.KL_BY_LATENT):
        shutil.copyfile(run.path / name, path / name)
    if (run.path / names.TOLD_BY_LATENT).exists():  # there where factors are known
        shutil.copyfile(run.path / names.TOLD_BY_LATENT, path / names.TOLD_BY_LATENT)
    settings = storage.read_json(run.path / names.CONFIG) | {"dataset": called}
    storage.write_json(path / names.CONFIG, settings)
    facts = storage.read_json(run.path / names.FACTS)
    facts["starts"] = [_placeless(start, called=called, copy_of=copy_of) for start in facts["starts"]]
    storage.write_json(path / names.FACTS, facts)
    shuffled = run.config.pixel_order == "shuffled"
    images = f"{'shuffled ' if shuffled else ''}{'CIFAR-10' if copy_of else called}"
    preset = "" if run.config.preset == _WITH_WEIGHTS else f", {run.config.preset}"
    title = f"{config.spoken(run.config.arch)} on {images}{preset} (example)"
    storage.write_json(path / names.NOTES, {"schema": 1, "name": title, "tags": [], "example": True})
    for picture in run.pictures.folder.glob("*.png"):
        buffer = io.BytesIO()
        Image.open(picture).save(buffer, "WEBP", quality=_QUALITY, method=6)
        RunFolder(path).pictures.write_file(picture.with_suffix(".webp").name, buffer.getvalue())
    if run.config.preset == _WITH_WEIGHTS and not shuffled:
        best = weights.load(run, names.BEST)
        halves = {key: value.half() if value.is_floating_point() else value for key, value in best["model"].items()}
        weights.save(RunFolder(path), names.BEST, best | {"model": halves})
    return runs.read(path)


def _placeless(start: Mapping[str, Any], *, called: str, copy_of: str | None) -> dict[str, Any]:
    dataset = start["dataset"] | {"name": called, "notes": []}  # on files that only who trained has
    if copy_of:
        dataset["copy_of"] = copy_of
    kept = {key: value for key, value in start.items() if key not in _WITHOUT}
    return kept | {"system": str(start["system"]).partition("-")[0], "dataset": dataset}


def main(folders: Sequence[Path]) -> None:
    """Replaces the examples that are there."""
    here = places.PROJECT_ROOT / "runs"
    torch.set_num_threads(1)
    for old in runs.list_runs(here, archived=True):
        if old.example:
            shutil.rmtree(old.path)
    for run in (run for folder in folders for run in runs.list_runs(folder)):
        dataset = str(run.dataset["name"])
        copied = "cifar10" if dataset.startswith("CIFAR-10") else None
        print(make(run, here, called=dataset, copy_of=copied).name)


if __name__ == "__main__":
    main([Path(folder) for folder in sys.argv[1:]])
