"""What other packages that are installed here bring for vaedash: a name, and the module that it stands for; and how to install more."""

import os
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from dataclasses import dataclass
from pathlib import Path

from vaedash import places


@dataclass(frozen=True, kw_only=True)
class Brought:
    """An entry point: its `name`, the `module` it names, and the `package` that brings it."""

    name: str
    module: str
    package: str


def extra(name: str) -> str:
    """The command, in a clone, that adds what an extra of vaedash needs."""
    return f'pip install {"" if places.INSTALLED else "-e "}".[{name}]"'


def brought(group: str) -> list[Brought]:
    """The entry points of a group, by package and name. Nothing of a package is executed."""
    points = [
        Brought(name=name, module=module, package=folder.name.rpartition(".")[0])
        for folder in _described()
        for name, module in _points(folder / "entry_points.txt", group)
    ]
    return sorted(points, key=lambda point: (point.package, point.name))


def _points(file: Path, group: str) -> list[tuple[str, str]]:
    """The names and values of a group in a package's file of entry points; none in one that is no such file.

    The file is read as its specification says. `importlib.metadata` would do the same, and takes longer to load than all of the
    ground floor.
    """
    try:
        written = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # most have none
        return []
    if group not in written:
        return []
    parser = ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their capitals
    try:
        parser.read_string(written)
    except ConfigParserError:
        return []
    return parser.items(group) if parser.has_section(group) else []


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
