"""The example runs that an installed vaedash brings into a person's runs folder: each once, and never over what is there."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from vaedash import places, storage
from vaedash.runs import listing, names
from vaedash.runs.folder import RunFolder


def bring_along(tell: Callable[[str], None]) -> None:
    """Where vaedash is installed, have the examples among the person's runs; what hinders that is told, and nothing fails of it."""
    along = places.examples()
    if along is None:
        return
    try:
        bring(places.runs_dir(), along)
    except OSError as error:  # whatever is to be done, it may go without them
        tell(f"The example runs cannot be brought to {places.runs_dir()}: {error.strerror}.")


def bring(folder: Path, examples: Path) -> list[str]:
    """Copy those `examples` into a runs folder that were never brought there, and return their ids.

    A run that has the id of one stays as it is, and one that was deleted since does not come back. OSError where the folder
    cannot be written, or the disk is full.
    """
    if not _new(folder, examples):
        return []
    folder.mkdir(parents=True, exist_ok=True)
    with storage.locked(folder / names.EXAMPLES_LOCK):  # the page and a command may be opened at once
        new = _new(folder, examples)
        brought = [run for run in new if not (folder / run.id).exists()]
        for run in brought:
            _copy(run, folder)
        storage.write_json(folder / names.EXAMPLES, sorted({*_known(folder), *(run.id for run in new)}))
    return [run.id for run in brought]


def _new(folder: Path, examples: Path) -> list[RunFolder]:
    known = _known(folder)
    return [run for run in listing.folders(examples) if run.id not in known]


def _known(folder: Path) -> set[str]:
    """The ids of all that were ever brought here."""
    try:
        known = storage.read_json(folder / names.EXAMPLES)
    except (OSError, ValueError):  # nothing was, or nobody can tell any more
        return set()
    return {run_id for run_id in known if isinstance(run_id, str)} if isinstance(known, list) else set()


def _copy(run: RunFolder, folder: Path) -> None:
    """Whole from the first moment. The files are this person's own: where the package lies, they may be anybody's and unchangeable."""
    with tempfile.TemporaryDirectory(prefix=".examples-", dir=folder) as half:
        whole = Path(half) / run.id
        for place, _, files in os.walk(run.path):
            made = whole / Path(place).relative_to(run.path)
            made.mkdir()
            for name in files:
                shutil.copyfile(Path(place) / name, made / name)
        whole.rename(folder / run.id)
