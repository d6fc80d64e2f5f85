"""A folder of somebody else's, which may not be looked into; also for the user who may look into everything."""

import os
from pathlib import Path


def keep_out(monkeypatch, folder: Path) -> None:
    """Have the system refuse whatever lies in this folder, and what is in it, but not that it is there."""
    for name in ("stat", "lstat", "open", "scandir", "listdir"):
        monkeypatch.setattr(os, name, _refusing(getattr(os, name), folder, only_below=name in ("stat", "lstat")))


def _is_in(path, folder: Path) -> bool:
    return isinstance(path, (str, os.PathLike)) and Path(path).is_relative_to(folder)


def _refusing(ask, folder: Path, *, only_below: bool):
    def refusing(path, *more, **others):
        if _is_in(path, folder) and not (only_below and Path(path) == folder):
            raise PermissionError(13, "Permission denied", str(path))
        return ask(path, *more, **others)

    return refusing
