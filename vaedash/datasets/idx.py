"""MNIST and those that are packed like it: four gzipped files of grey images of 28 x 28 pixels and their classes."""

import gzip
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaedash.config import USUAL_FRAME
from vaedash.datasets import download
from vaedash.datasets.download import Remote
from vaedash.datasets.source import Progress, Source
from vaedash.errors import DatasetError
from vaedash.images import Pixels
from vaedash.languages import say, to_say


@dataclass(frozen=True, kw_only=True)
class Packed:
    """A dataset in this form: what it is called, its four files by `train/images`, `train/labels`, `test/images` and `test/labels`,
    the words for its classes, and folders in which other programs put it: below the data folder, or anywhere."""

    title: str
    files: dict[str, Remote]
    words: tuple[str, ...]
    places: tuple[str, ...]


def files(title: str, home: str, known: dict[str, tuple[str, int, str]]) -> dict[str, Remote]:
    """The four files from one home: name, size in bytes and MD5 of each."""
    return {
        part: Remote(title=title, url=home + name, size=size, md5=md5, what=to_say("a gzipped file"))
        for part, (name, size, md5) in known.items()
    }


def read(name: str, data_dir: Path, packed: Packed, *, progress: Progress) -> Source:
    """Train and test images, grey on black, in the middle of 32 x 32 pixels, with the class of each as a label.

    Each file is taken from `data_dir/<name>/` or one of the `places`, gzipped or not; what is nowhere is downloaded. Raises DatasetError
    with what is missing or damaged.
    """
    arrays: dict[str, NDArray[np.uint8]] = {}
    for part, remote in packed.files.items():
        file = next(_found(name, data_dir, packed, remote), None)
        if file is None:
            file = data_dir / name / remote.filename
            download.fetch(file, remote, progress)
        progress(f"reading {packed.title}", len(arrays), len(packed.files))
        arrays[part] = _array(file, remote, images=part.endswith("images"))
    for side in ("train", "test"):
        if len(arrays[f"{side}/images"]) != len(arrays[f"{side}/labels"]):
            raise DatasetError(
                say(
                    "{title} has {n:,} {side} images and {classes:,} classes "
                    "of them: they do not belong together. Delete them from {folder}, and they are downloaded anew.",
                    title=packed.title,
                    n=len(arrays[f"{side}/images"]),
                    side=side,
                    classes=len(arrays[f"{side}/labels"]),
                    folder=data_dir / name,
                )
            )
    return Source(
        train=_framed(arrays["train/images"]),
        test=_framed(arrays["test/images"]),
        labels={f"{side}/class": arrays[f"{side}/labels"].astype(np.int64) for side in ("train", "test")},
        names={"class": packed.words},
    )


def lacking(name: str, data_dir: Path, packed: Packed) -> str:
    """What will be downloaded; empty where there are all files."""
    missing = [remote for remote in packed.files.values() if next(_found(name, data_dir, packed, remote), None) is None]
    return download.announced(packed.title, sum(remote.size for remote in missing)) if missing else ""


def _found(name: str, data_dir: Path, packed: Packed, remote: Remote) -> Iterator[Path]:
    for folder in (name, *packed.places):  # not the data folder itself: several datasets call their files so
        for file in (remote.filename, remote.filename.removesuffix(".gz")):
            if (path := data_dir / folder / file).is_file():
                yield path


def _array(file: Path, remote: Remote, *, images: bool) -> NDArray[np.uint8]:
    """What is in one file (LeCun's IDX): uint8 `(N, 28, 28)` or `(N,)`."""
    try:
        data = file.read_bytes()
        data = gzip.decompress(data) if data.startswith(remote.begins) else data
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(
            say(
                "{file} cannot be read ({error}); delete it. {by_hand}",
                file=file,
                error=error,
                by_hand=download.by_hand(file, remote),
            )
        ) from None
    axes, side = 3 if images else 1, USUAL_FRAME.image_size - 4
    head = 4 + 4 * axes
    shape = tuple(int.from_bytes(data[start : start + 4]) for start in range(4, head, 4))
    whole = data.startswith(bytes([0, 0, 8, axes])) and len(data) == head + math.prod(shape)
    if not whole or (images and shape[1:] != (side, side)):
        raise DatasetError(
            say(
                "{file} is not what it should be; delete it. {by_hand}",
                file=file,
                by_hand=download.by_hand(file, remote),
            )
        )
    return np.frombuffer(data, np.uint8, offset=head).reshape(shape)


def _framed(grey: NDArray[np.uint8]) -> Pixels:
    return np.repeat(np.pad(grey, ((0, 0), (2, 2), (2, 2)))[:, None], 3, axis=1)
