"""The table of built-in datasets as readers: one file each beside this one, with a `read` and a `lacking`; a path is read by `own`."""

import hashlib
import importlib
import itertools
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from vaedash import config
from vaedash.config import Frame
from vaedash.datasets.collection import walk
from vaedash.datasets.source import Progress, Source
from vaedash.errors import DatasetError
from vaedash.images import evenly
from vaedash.languages import say

_FEW = 1000  # entries of a folder that are looked at one by one


def read(spec: str, *, data_dir: Path, fraction: float, frame: Frame, progress: Progress, download: bool) -> Source:
    """The images called `spec`; `fraction` is that of `decoded_share`, `frame` that of `config.framed`. Without `download`, nothing is
    fetched from the network.

    Raises DatasetError with what is missing, where it goes and where it comes from.
    """
    if spec not in config.DATASETS:
        from vaedash.datasets import own

        return own.read(Path(spec), frame=frame, progress=progress)
    known, reader = config.BUILT_IN[spec], _reader(spec)
    if known.downloaded and not download and reader.lacking(data_dir):
        raise DatasetError(
            say("{title} is not here yet: train a run on it, and it is downloaded first.", title=known.title)
        )
    asked: dict[str, Any] = {"fraction": fraction} if known.decoded_in_part else {}
    if known.framed_by:
        asked["frame"] = frame
    images: Source = reader.read(data_dir, progress=progress, **asked)
    return images


def lacking(spec: str, *, data_dir: Path) -> str:
    """What of the files of `spec` is not here, and what to do about that, in sentences; empty where they seem to be."""
    if spec not in config.DATASETS:
        return "" if Path(spec).exists() else say("There is no file or folder {path}.", path=spec)
    words: str = _reader(spec).lacking(data_dir)
    return words


def wheels(spec: str) -> tuple[str, ...]:
    """Which of the labels of `spec` are factors that come round at 1, as hues do."""
    known: tuple[str, ...] = getattr(_reader(spec), "WHEELS", ()) if spec in config.DATASETS else ()
    return known


def _reader(spec: str) -> ModuleType:
    # It is imported when its images are first needed.
    return importlib.import_module(f"vaedash.datasets.{spec}")


def decoded_share(spec: str, fraction: float) -> float:
    """Which share of the training images is decoded where a run wants `fraction` of them: of most datasets, all are."""
    return fraction if spec in config.DATASETS and config.BUILT_IN[spec].decoded_in_part else 1.0


def shown(spec: str, of: int, count: int) -> np.ndarray:
    """The numbers of at most `count` of the `of` images of `spec` to look at: the first ones of a built-in dataset, which are in no order;
    of somebody's own, which may be sorted by what they show, as many spread over all of them, and shuffled.
    """
    if spec in config.DATASETS:
        return np.arange(min(count, of))
    return np.random.default_rng(config.SPLIT_SEED).permutation(evenly(of, count))


def stamp(spec: str, *, data_dir: Path, fraction: float) -> list[object]:
    """Something that differs whenever the images of `spec` may: for a path, sizes and times; and the share that is decoded.

    Raises DatasetError where there is no such file or folder.
    """
    if spec not in config.DATASETS:
        return [_path_stamp(Path(spec))]
    known, parts = config.BUILT_IN[spec], list[object]()
    if known.decoded_in_part:
        parts.append(repr(fraction))
    if known.may_change:
        # There may be 200,000 files: a look at the folder itself notices what was added, quickly.
        parts.append(_entries_stamp(data_dir / spec))
    return parts


def _path_stamp(path: Path) -> list[object]:
    """Sizes and times of everything at `path`: enough to notice a file added, removed or rewritten."""
    if not path.exists():
        raise DatasetError(
            say(
                "There is no file or folder {path}. Give a built-in dataset ({names}) "
                "or the path of a folder, a zip, a tar, a Parquet file of images, or of arrays.",
                path=path,
                names=", ".join(config.DATASETS),
            )
        )
    if path.is_file():
        return _file_stamp(path)
    digest = hashlib.sha256()
    for name, file in walk(path):  # what is read: no hidden files, and links as what they lead to
        digest.update(os.fsencode(f"{name} {_file_stamp(file)}\n"))  # a name may be no UTF-8
    return [digest.hexdigest()]


def _entries_stamp(folder: Path, seen: frozenset[Path] = frozenset()) -> list[object]:
    """The same for the direct entries of a folder, if it is there, and for those of its folders that hold few; round no links."""
    stamps: list[object] = []
    seen |= {folder.resolve()}
    for entry in sorted(entry for entry in folder.glob("*") if not entry.name.startswith(".")):
        if entry.is_dir() and entry.resolve() not in seen and _holds_few(entry):
            stamps.append([entry.name, _entries_stamp(entry, seen)])
        else:
            stamps.append([entry.name, *_file_stamp(entry)])
    return stamps


def _holds_few(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return len(list(itertools.islice(entries, _FEW + 1))) <= _FEW
    except OSError:
        return False


def _file_stamp(path: Path) -> list[object]:
    try:
        stat = path.stat() if path.exists() else path.lstat()  # a link may lead nowhere
    except OSError:
        return []
    return [stat.st_size, stat.st_mtime_ns]
