"""What other packages that are installed here bring for vaedash: a name, and the module that it stands for."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Brought:
    """An entry point: its `name`, the `module` it names, and the `package` that brings it."""

    name: str
    module: str
    package: str


def brought(group: str) -> list[Brought]:
    """The entry points of a group, by package and name. Nothing of a package is executed."""
    folders = list(_mentioning(group))
    if not folders:
        return []
    # Takes longer to load than all of the ground: only where there is something to read.
    from importlib.metadata import Distribution

    points = [
        Brought(name=point.name, module=point.value, package=folder.name.rpartition(".")[0])
        for folder in folders
        for point in Distribution.at(folder).entry_points
        if point.group == group
    ]
    return sorted(points, key=lambda point: (point.package, point.name))


def _mentioning(group: str) -> Iterator[Path]:
    """The folders in which packages describe themselves, of those whose entry points mention the group."""
    for folder in _described():
        try:
            if group.encode() in (folder / "entry_points.txt").read_bytes():
                yield folder
        except OSError:  # most have none
            continue


def _described() -> Iterator[Path]:
    seen: set[str] = set()
    for place in sys.path:
        try:
            entries = sorted(os.listdir(place or "."))
        except OSError:
            continue
        for name in entries:
            # As Python does, the first of two on the path is the one that counts.
            if name.endswith((".dist-info", ".egg-info")) and name not in seen:
                seen.add(name)
                yield Path(place, name)
