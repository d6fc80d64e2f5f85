"""CIFAR's two datasets: found on disk, or downloaded with progress, then checked, unpacked and read by torchvision."""

import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vaedash.datasets import download
from vaedash.datasets.download import Remote
from vaedash.datasets.notes import Note
from vaedash.datasets.source import Progress, Source
from vaedash.errors import DatasetError
from vaedash.images import Pixels
from vaedash.languages import Sentence, say

if TYPE_CHECKING:
    from torchvision.datasets import CIFAR10

_DEEP = 3  # folders below its own in which it is looked for
_HOME = "www.cs.toronto.edu"


@dataclass(frozen=True, kw_only=True)
class Archive(Remote):
    """An archive that is to be unpacked: `folder` is what is in it; `train`, `test` and `meta` hold the MD5 of each file there.

    `loader` is torchvision's class.
    """

    folder: str
    loader: str
    train: Mapping[str, str]
    test: Mapping[str, str]
    meta: str


def slow(size: int) -> Sentence:
    """What is to be said of the home of both."""
    return Sentence(
        "Its home, {home}, has been throttled since June 2026: these {size:.0f} MB can take an hour.",
        home=_HOME,
        size=size / 1e6,
    )


def read(name: str, data_dir: Path, archive: Archive, *, progress: Progress) -> Source:
    """The images of the dataset called so.

    Takes its unpacked files or the archive, whatever they are called, in `data_dir/<name>/` and up to three folders below or in
    `data_dir` itself; without either, downloads the archive. Raises DatasetError, with what to download by hand and where
    to put it, if that fails or the archive is damaged.
    """
    home = data_dir / name
    damaged = ""
    for folder in _unpacked_folders(data_dir, home, archive):
        if source := _unpacked(folder, archive, progress):
            return source
        damaged = damaged or Note.DAMAGED(folder=folder, title=archive.title)
    packed = next(_archives(data_dir, home, archive), None)
    if packed is None:
        packed = home / archive.filename
        download.fetch(packed, archive, progress)
    elif flaw := download.flaw(packed, archive):
        raise DatasetError(
            say(
                "{file} {flaw}; delete it. {by_hand}",
                file=packed,
                flaw=flaw,
                by_hand=download.by_hand(packed.with_name(archive.filename), archive),
            )
        )

    from torchvision.datasets.utils import extract_archive

    progress(f"unpacking {archive.title}", 0, 0)
    home.mkdir(parents=True, exist_ok=True)
    extract_archive(packed, home)
    source = _unpacked(home / archive.folder, archive, progress)
    if source is None:
        raise DatasetError(
            say(
                "{packed} is whole, but what was unpacked from it into {home} is not; delete that folder's files and try again.",
                packed=packed,
                home=home,
            )
        )
    return replace(source, notes=(*source.notes, damaged)) if damaged else source


def lacking(name: str, data_dir: Path, archive: Archive) -> str:
    """What will be downloaded, how long that takes and how to stop it; empty where there is an archive, or its files."""
    home = data_dir / name
    if any(_unpacked_folders(data_dir, home, archive)) or any(_archives(data_dir, home, archive)):
        return ""
    takes = say(", which can take an hour, since its home has been throttled since June 2026")
    where = say(", from the mirror that {mirror} names", mirror=archive.mirror) if archive.mirrored else takes
    return download.announced(archive.title, archive.size, where=where)


def _unpacked_folders(data_dir: Path, home: Path, archive: Archive) -> Iterator[Path]:
    """The folders that are called as the one in the archive, or hold files that are called as those in it; links are followed."""
    some = [next(iter(archive.train)), next(iter(archive.test))]
    for folder in (home / archive.folder, data_dir / archive.folder):
        if folder.is_dir():
            yield folder
    for folder in _below(home, _DEEP):
        if folder != home / archive.folder and all((folder / name).is_file() for name in some):
            yield folder


def _archives(data_dir: Path, home: Path, archive: Archive) -> Iterator[Path]:
    """The files that are called as the archive, or are an archive of its size."""
    yield from (folder / archive.filename for folder in (home, data_dir) if (folder / archive.filename).exists())
    for folder in _below(home, _DEEP):
        for file in sorted(folder.glob("*.t*gz")):
            if file != home / archive.filename and file.is_file() and file.stat().st_size == archive.size:
                yield file


def _below(folder: Path, deep: int) -> Iterator[Path]:
    """A folder, and those below it."""
    try:
        inside = sorted(entry.path for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith("."))
    except OSError:
        return
    yield folder
    if deep:
        for each in inside:
            yield from _below(Path(each), deep - 1)


def _unpacked(folder: Path, archive: Archive, progress: Progress) -> Source | None:
    """The images in a folder, or None if it is not there or any of its files is not what it should be."""
    if not folder.is_dir():
        return None
    import torchvision.datasets

    loader = getattr(torchvision.datasets, archive.loader)
    expected = {
        "base_folder": folder.name,
        "train_list": list(archive.train.items()),
        "test_list": list(archive.test.items()),
        "meta": {**loader.meta, "md5": archive.meta},
    }
    batches = type("Batches", (loader,), expected)
    progress(f"reading {archive.title}", 0, 0)
    try:
        with warnings.catch_warnings():
            # The pickles were made in 2009: NumPy 2.4.0 to 2.4.4 warn of how they write down a dtype (numpy#31177).
            warnings.simplefilter("ignore", np.exceptions.VisibleDeprecationWarning)
            train, test = batches(folder.parent, train=True), batches(folder.parent, train=False)
    except RuntimeError:  # torchvision's word for a file that is missing or has another MD5
        return None
    labels = {f"{side}/class": np.array(each.targets) for side, each in (("train", train), ("test", test))}
    return Source(
        train=_channels_first(train),
        test=_channels_first(test),
        labels=labels,
        names={"class": tuple(train.classes)},
    )


def _channels_first(batches: "CIFAR10") -> Pixels:
    # torchvision turned the planes around for PIL; turning the view back costs nothing.
    return np.ascontiguousarray(batches.data.transpose(0, 3, 1, 2))
