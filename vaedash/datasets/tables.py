"""Parquet files of images, as Hugging Face publishes them: their rows one after the other, with the labels and the split beside them."""

import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaedash.datasets.collection import describe
from vaedash.datasets.decode import MAX_BYTES
from vaedash.errors import DatasetError
from vaedash.languages import say

if TYPE_CHECKING:
    import pyarrow.parquet

_AT_ONCE = 32  # rows in memory
_LABELS = ("label", "labels", "fine_label", "class", "target")


def is_table(path: Path) -> bool:
    """Whether a file is a Parquet file, by its name or by how it begins."""
    return path.suffix.lower() == ".parquet" or _begins_as_one(path)


def rows(path: Path) -> int:
    """How many there are. Raises DatasetError where it cannot be read."""
    with _opened(path) as file:
        return file.metadata.num_rows


def images_in(path: Path) -> int:
    """How many images it holds: none where it cannot be read, or has no column of them."""
    try:
        with _opened(path) as file:
            return file.metadata.num_rows if _image_column(file, path) else 0
    except DatasetError:
        return 0


def cells(path: Path) -> Iterator[tuple[str, bytes | None]]:
    """What each row is called, and its encoded image; a few rows are in memory at a time."""
    number = itertools.count()
    with _opened(path) as file:
        for batch in file.iter_batches(batch_size=_AT_ONCE, columns=[_image_column(file, path)]):
            for cell in batch.column(0).to_pylist():
                data = cell["bytes"] if isinstance(cell, dict) else cell
                yield f"{path.name}, row {next(number)}", data if data and len(data) <= MAX_BYTES else None


def first_named(path: Path) -> str:
    """The path that the first row gives in place of an image, if it does."""
    with _opened(path) as file:
        column, _, part = _image_column(file, path).partition(".")
        first = next(file.iter_batches(batch_size=1, columns=[column]), None) if part else None
        [cell] = first.column(0).to_pylist() if first is not None and len(first) else [None]
        return str(cell.get("path") or "") if cell else ""


def labels(tables: Sequence[Path]) -> tuple[list[str | None], list[str]] | None:
    """The word or number that the rows of all of these have as label, and all words in their order where the file says it; None
    where one of them has no such column."""
    told: list[str | None] = []
    names: list[str] = []
    for table in tables:
        with _opened(table) as file:
            column = next((name for name in _LABELS if name in file.schema_arrow.names), None)
            if column is None:
                return None
            names = _names(file, column)
            values = file.read(columns=[column]).column(0).to_pylist()
        if any(isinstance(value, (list, dict)) for value in values):
            return None
        told += [_word(value, names) for value in values]
    return told, names


def splits(tables: Sequence[Path]) -> list[str] | None:
    """What the rows of all of these have in a column `split`; None where one of them has none."""
    told: list[str] = []
    for table in tables:
        with _opened(table) as file:
            if "split" not in file.schema_arrow.names:
                return None
            told += [str(value) for value in file.read(columns=["split"]).column(0).to_pylist()]
    return told


def _word(value: Any, names: Sequence[str]) -> str | None:
    if isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    return None if value is None or value == -1 else str(value)


def _names(file: "pyarrow.parquet.ParquetFile", column: str) -> list[str]:
    """What the numbers of a column stand for, where the schema's metadata says it as Hugging Face's `datasets` write it."""
    try:
        features = json.loads(file.schema_arrow.metadata[b"huggingface"])["info"]["features"]
        return [str(name) for name in features[column]["names"]]
    except (KeyError, TypeError, ValueError):
        return []


def _begins_as_one(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


@contextmanager
def _opened(path: Path) -> "Iterator[pyarrow.parquet.ParquetFile]":
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (pa.ArrowException, OSError):
        if _begins_as_one(path):
            words = say("{path} is a Parquet file that is cut off or damaged; download it again.", path=path)
        else:
            words = say("{path} is not a Parquet file: it is {what}.", path=path, what=describe(path))
        raise DatasetError(words) from None


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
        say(
            "{path} has no column image or img with encoded images; its columns are {names}. Give the one with images one of these names.",
            path=path,
            names=names,
        )
    )
