"""A person's own images: a folder, a zip or Parquet files, with or without folders for train and test."""

import itertools
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vaedash.datasets.collection import Collection, describe, open_collection
from vaedash.datasets.decode import MAX_BYTES, decode_all
from vaedash.datasets.source import Progress, Source, silent
from vaedash.datasets.split import hold_out
from vaedash.errors import DatasetError

if TYPE_CHECKING:
    import pyarrow.parquet

SPLIT_OF = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "val",
    "valid": "val",
    "validation": "val",
}

_ALLOWED = "Give a folder or a zip of images (.jpg, .png, .gif, .bmp, .webp, .tif, .ppm, .avif), or Parquet files."
_ROWS = 32  # of Parquet in memory at once


def read(path: Path, *, progress: Progress = silent) -> Source:
    """All usable images at `path`, in the order of their names, as 32 x 32 RGB.

    Folders (or Parquet file names) `train` and `test` are recognised, also one folder deep; `val` stands in for
    a missing `test`; without either, a seeded tenth is held out and a note says so. Bad files are skipped and
    counted. Raises DatasetError with what was found and what is allowed.
    """
    if not path.is_file() and not path.is_dir():  # nothing, or a pipe, which would be waited for
        raise DatasetError(f"There is no file or folder {path}. {_ALLOWED}")
    if not os.access(path, os.R_OK):
        raise DatasetError(f"{path} may not be read by this user; change its permissions.")
    if path.is_file() and _looks_like_parquet(path):
        return _read_parquet([path], path, progress=progress)
    with open_collection(path) as files:
        images = files.images()
        if images:
            return _read_images(files, images, path, progress=progress)
        tables = [path / name for name in files.names if name.lower().endswith(".parquet")]
        if tables and path.is_dir():
            return _read_parquet(tables, path, progress=progress)
        raise DatasetError(f"There are no images in {path}: it holds {files.content()}. {_ALLOWED}")


def _read_images(files: Collection, images: list[str], path: Path, *, progress: Progress) -> Source:
    def decode_names(names: Sequence[str], what: str) -> tuple[np.ndarray, int]:
        return decode_all(names, files.read, len(names), what=what, progress=progress)

    train, test, notes = _choose(images, _split_by_folder(images), path)
    if test:
        return _source(decode_names(train, "decoding train"), decode_names(test, "decoding test"), notes, path)
    return _divide(*decode_names(train, "decoding images"), notes, path)


def _read_parquet(tables: list[Path], path: Path, *, progress: Progress) -> Source:
    def decode_tables(tables: Sequence[Path], what: str) -> tuple[np.ndarray, int]:
        total = sum(_rows(table) for table in tables)
        cells = (cell for table in tables for cell in _cells(table))
        return decode_all(itertools.islice(cells, total), lambda cell: cell, total, what=what, progress=progress)

    # Of a file that is given by itself, the name does not matter: it is all there is.
    splits: list[str | None] = [None]
    if path.is_dir():
        splits = [_split_by_name(table.relative_to(path).parts) for table in tables]
    train, test, notes = _choose(tables, splits, path)
    if test:
        return _source(decode_tables(train, "decoding train"), decode_tables(test, "decoding test"), notes, path)
    return _divide(*decode_tables(train, "decoding images"), notes, path)


def _choose(things: list, splits: list[str | None], path: Path) -> tuple[list, list, list[str]]:
    """Train, test and notes, from each thing's split; test is empty where a tenth is to be held out."""
    parts: dict[str | None, list] = {split: [] for split in ("train", "test", "val", None)}
    for thing, split in zip(things, splits, strict=True):
        parts[split].append(thing)
    train, test, others = parts["train"], parts["test"] or parts["val"], parts[None]
    notes: list[str] = []
    if not test:
        # Without a test set, a folder train/ beside others is one class among them: cars, ships and trains.
        return things, [], notes
    if not train:
        # Nothing is called train, so what is called nothing must be it.
        train, others = others, []
    if not train:
        raise DatasetError(f"{path} has images for testing only; put those to learn from into a folder train/.")
    if not parts["test"]:
        notes.append("There is no test/: the images of the validation set serve as test.")
    elif parts["val"]:
        notes.append("The validation set is left out: training and test have sets of their own.")
    if others:
        notes.append(f"Files outside train/ and test/ are left out: {len(others)}.")
    return train, test, notes


def _split_by_folder(names: list[str]) -> list[str | None]:
    """Each image's split by the first or second of its folders, below those that all images share."""
    folders = [name.lower().split("/")[:-1] for name in names]
    while all(folders) and len({parts[0] for parts in folders}) == 1 and folders[0][0] not in SPLIT_OF:
        folders = [parts[1:] for parts in folders]
    return [_split_by_words(parts[:2]) for parts in folders]


def _split_by_name(parts: Sequence[str]) -> str | None:
    """A Parquet file's split as Hugging Face names them: `train-00000-of-00001.parquet`, `test/0000.parquet`."""
    *folders, file = (part.lower() for part in parts)
    return _split_by_words([re.split(r"[^a-z]", file, maxsplit=1)[0], *folders])


def _split_by_words(words: Sequence[str]) -> str | None:
    return next((SPLIT_OF[word] for word in words if word in SPLIT_OF), None)


def _source(train: tuple[np.ndarray, int], test: tuple[np.ndarray, int], notes: list[str], path: Path) -> Source:
    for name, (images, skipped) in (("train", train), ("test", test)):
        if not len(images):
            raise DatasetError(f"No image for {name} in {path} can be read: {skipped} tried. {_ALLOWED}")
    return Source(train=train[0], test=test[0], skipped=train[1] + test[1], notes=tuple(notes))


def _divide(images: np.ndarray, skipped: int, notes: list[str], path: Path) -> Source:
    if len(images) < 2:
        raise DatasetError(
            f"{path} has too few usable images: {len(images)}, and {skipped} that cannot be read; "
            f"at least 2 are needed. {_ALLOWED}"
        )
    train, test = hold_out(len(images))
    notes.append(
        f"There is no test set: {len(test)} of the {len(images)} images, drawn with a fixed seed, are held out."
    )
    return Source(train=images[train], test=images[test], skipped=skipped, notes=tuple(notes))


def _looks_like_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet" or _starts_as_parquet(path)


def _starts_as_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


@contextmanager
def _open_parquet(path: Path) -> "Iterator[pyarrow.parquet.ParquetFile]":
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (pa.ArrowException, OSError):
        what = f"not a Parquet file: it is {describe(path)}"
        if _starts_as_parquet(path):
            what = "a Parquet file that is cut off or damaged; download it again"
        raise DatasetError(f"{path} is {what}.") from None


def _rows(path: Path) -> int:
    with _open_parquet(path) as file:
        return file.metadata.num_rows


def _cells(path: Path) -> Iterator[bytes | None]:
    """Each row's encoded image, a few rows in memory at a time."""
    with _open_parquet(path) as file:
        for batch in file.iter_batches(batch_size=_ROWS, columns=[_image_column(file, path)]):
            for cell in batch.column(0).to_pylist():
                data = cell["bytes"] if isinstance(cell, dict) else cell
                yield data if data and len(data) <= MAX_BYTES else None


def _image_column(file: "pyarrow.parquet.ParquetFile", path: Path) -> str:
    """The column with encoded images: binary, or a struct with `bytes`, as Hugging Face publishes them."""
    import pyarrow.types as types

    columns = {}
    for column in file.schema_arrow:
        if types.is_struct(column.type) and column.type.get_field_index("bytes") >= 0:
            columns[column.name] = f"{column.name}.bytes"
        elif types.is_binary(column.type) or types.is_large_binary(column.type):
            columns[column.name] = column.name
    for name in ("image", "img", *(columns if len(columns) == 1 else ())):
        if name in columns:
            return columns[name]
    names = ", ".join(file.schema_arrow.names[:10])
    raise DatasetError(
        f"{path} has no column image or img with encoded images; its columns are {names}. Give the one with images one of these names."
    )
