"""Runs that were launched together, until somebody is told of them as a whole: a small file for each such group, beside the runs."""

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path

from vaedash import config, storage
from vaedash.runs import names, record
from vaedash.runs.folder import RunFolder
from vaedash.runs.record import Run

_OPEN, _TOLD = ".json", ".told"
_GROUP = re.compile(rf"{config.RUN_ID.pattern}({re.escape(_OPEN)}|{re.escape(_TOLD)})")


def begin(group: Sequence[RunFolder]) -> None:
    """Remember that these were launched together. One that goes on alone stays in its group, unless that was told of. Where that cannot
    be written down, each is told of by itself.
    """
    with contextlib.suppress(OSError):
        _begin(group, group[0].path.parent)


def _begin(group: Sequence[RunFolder], folder: Path) -> None:
    begun = {run.id for run in group}
    for file in _groups(folder):
        concerned = bool(begun & set(_ids(file)))
        parted = concerned and (file.suffix == _TOLD or len(group) > 1)
        if parted or not (concerned or any(run.busy for run in _runs(folder, file))):  # as who tells is
            file.unlink(missing_ok=True)
    if len(group) > 1:
        place = folder / names.TOGETHER
        place.mkdir(exist_ok=True)
        storage.write_json(place / f"{group[0].id}{_OPEN}", [run.id for run in group], durable=False)


def ended(run: RunFolder) -> list[Run]:
    """Of which runs is to be told, now that this one has ended: of it, where it was launched alone; of its whole group once none of
    that is active any more, which only one process is answered; else of none.
    """
    folder = run.path.parent
    mine = [file for file in _groups(folder) if run.id in _ids(file)]
    if not mine:
        return [record.read(run.path)]
    group = _runs(folder, mine[-1])
    if any(other.active for other in group if other.id != run.id):
        return []
    try:
        mine[-1].with_suffix(_OPEN).rename(mine[-1].with_suffix(_TOLD))
    except FileNotFoundError:  # another process was quicker
        return []
    return group


def _groups(folder: Path) -> list[Path]:
    return storage.listed(folder / names.TOGETHER, _GROUP)


def _ids(file: Path) -> list[str]:
    """The ids in a group's file, which another process may be renaming; none where it cannot be read."""
    for path in (file, file.with_suffix(_TOLD)):
        try:
            ids = storage.read_json(path)
        except (OSError, ValueError):
            continue
        listed = ids if isinstance(ids, list) else []
        return [one for one in listed if isinstance(one, str) and config.RUN_ID.fullmatch(one)]
    return []


def _runs(folder: Path, file: Path) -> list[Run]:
    return [record.read(folder / run_id) for run_id in _ids(file) if (folder / run_id).is_dir()]
