"""A person's own images: a folder, a zip or Parquet files, with or without folders for train and test."""

import itertools
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from vaedash.datasets import parts
from vaedash.datasets.collection import Collection, describe, known, open_collection
from vaedash.datasets.decode import IMAGE_ENDINGS, MAX_BYTES, decode_all
from vaedash.datasets.parts import Part, Parts
from vaedash.datasets.source import Progress, Source, silent
from vaedash.datasets.split import apart, marks
from vaedash.errors import DatasetError
from vaedash.images import Pixels
from vaedash.text import visible

if TYPE_CHECKING:
    import pyarrow.parquet

Decoded = tuple[Pixels, int]  # images, and how many could not be read

_ALLOWED = "Give a folder or a zip of images (.jpg, .png, .gif, .bmp, .webp, .tif, .ppm, .avif), or Parquet files."
_ROWS = 32  # of Parquet in memory at once
_LOOKED_AT = 10  # files, where none can be read, to say what they are
_SORTS = 4  # of other files that are named
_UNREAD = frozenset(
    {
        ".heic",
        ".heif",
        ".jxl",
        ".jp2",
        ".dng",
        ".cr2",
        ".cr3",
        ".nef",
        ".arw",
        ".raw",
        ".psd",
        ".svg",
        ".eps",
        ".mp4",
        ".mov",
        ".parquet",
        ".npy",
        ".npz",
    }
)
# Of pictures that say of others what is where in them, and are none to learn from.
_MASKS = frozenset(
    {
        "mask",
        "masks",
        "segmentation",
        "segmentations",
        "segmentationclass",
        "segmentationobject",
        "label_maps",
        "labelmaps",
        "trimaps",
        "annotations",
        "ground_truth",
        "groundtruth",
    }
)
_MASK_OF = re.compile(r"[_-](mask|seg|segmentation|label|labels|labelids|instanceids)$")


def read(path: Path, *, progress: Progress = silent) -> Source:
    """All usable images at `path`, in the order of their names, as 32 x 32 RGB.

    Folders (or Parquet file names) `train` and `test` are recognised, also one folder deep and with more in their names
    (`parts`); `val` stands in for a missing `test`; without either, a seeded tenth is held out. Of two sorts in one folder,
    Parquet and image files, the one with more images counts; masks beside images are left out. Notes say what became of what.
    Bad files are skipped and counted. Raises DatasetError with what was found and what is allowed.
    """
    if not path.is_file() and not path.is_dir():  # nothing, or a pipe, which would be waited for
        raise DatasetError(f"There is no file or folder {path}. {_ALLOWED}")
    if not os.access(path, os.R_OK):
        raise DatasetError(f"{path} may not be read by this user; change its permissions.")
    if path.is_file() and _looks_like_parquet(path):
        return _read_parquet([path], [], path, progress=progress)
    with open_collection(path) as files:
        images, aside = _without_masks(files.images())
        tables = [path / name for name in files.names if name.lower().endswith(".parquet")] if path.is_dir() else []
        if tables and (not images or sum(map(_images_in, tables)) > len(images)):
            beside = f"{len(images):,} image files beside the Parquet files are left out ({{}})."
            return _read_parquet(tables, [beside.format(visible(one)) for one in images[:1]], path, progress=progress)
        if images:
            return _read_images(files, images, [*aside, *_left_out(files)], path, progress=progress)
        advice = "Unpack it once, and give the folder, or one of those. " if files.only(".zip") else ""
        raise DatasetError(f"There are no images in {path}: it holds {files.content()}. {advice}{_ALLOWED}")


def _without_masks(images: Sequence[str]) -> tuple[list[str], list[str]]:
    """The images that are none of masks, label maps and the like beside those that they belong to; and a sentence on these."""

    def masks(name: str) -> bool:
        *folders, file = PurePosixPath(name.lower()).parts
        return any(folder in _MASKS for folder in folders) or bool(_MASK_OF.search(PurePosixPath(file).stem))

    kept = [name for name in images if not masks(name)]
    left = len(images) - len(kept)
    # Where they are more than a few for each image, or all there is, they are the images.
    if not left or not kept:
        return [*images], []
    one = visible(next(filter(masks, images)))
    if left > 2 * len(kept):
        return [*images], [
            f"{left:,} files are called like masks or label maps ({one}), and are learned from like the rest."
        ]
    return kept, [f"{left:,} files are left out as masks or label maps of the others ({one} is one of them)."]


def _left_out(files: Collection) -> list[str]:
    """What else lies there, a sentence for each sort: how many, why not, and one name."""
    sorts: dict[str, list[str]] = {}
    for name in files.names:
        ending = PurePosixPath(name).suffix.lower()
        if ending not in IMAGE_ENDINGS:
            sorts.setdefault(ending, []).append(name)
    told = []
    for ending, names in sorted(sorts.items(), key=lambda item: -len(item[1]))[:_SORTS]:
        one = len(names) == 1
        s = "" if one else "s"
        what = f"{ending} file{s}" if ending else f"file{s} without an ending"
        why = "a format that is not read here" if ending in _UNREAD else f"no image{s}"
        told.append(f"{len(names):,} {what} {'is' if one else 'are'} left out: {why} ({visible(names[0])}).")
    return told


def _read_images(
    files: Collection, images: Sequence[str], notes: list[str], path: Path, *, progress: Progress
) -> Source:
    def decode_names(names: Sequence[str], what: str) -> Decoded:
        found = decode_all(names, files.read, len(names), what=what, progress=progress)
        if not len(found[0]):
            for name in names[:_LOOKED_AT]:
                if (data := files.read(name)) and (kind := known(data)):
                    raise DatasetError(f"No image file in {path} can be read: {visible(name)} is {kind}.")
        return found

    return _gathered(parts.by_folder(images, path), decode_names, notes, path)


def _read_parquet(tables: Sequence[Path], notes: list[str], path: Path, *, progress: Progress) -> Source:
    def decode_tables(tables: Sequence[Path], what: str) -> Decoded:
        total = sum(_rows(table) for table in tables)
        cells = (cell for table in tables for cell in _cells(table))
        found = decode_all(itertools.islice(cells, total), lambda cell: cell, total, what=what, progress=progress)
        if not len(found[0]) and (named := _first_named(tables[0])):
            raise DatasetError(
                f"{tables[0]} names image files ({visible(named)}) and holds none; give the folder that they are in."
            )
        return found

    return _gathered(parts.by_table(tables, path), decode_tables, notes, path)


def _gathered(
    chosen: Parts[Part], decode: Callable[[Sequence[Part], str], Decoded], notes: Sequence[str], path: Path
) -> Source:
    """Both sides decoded, or all that there is divided; `notes` are on what was left out before."""
    told = [*chosen.notes, *notes]
    if chosen.test:
        return _source(decode(chosen.train, "decoding train"), decode(chosen.test, "decoding test"), told, path)
    return _divide(*decode(chosen.train, "decoding images"), told, path)


def _source(train: Decoded, test: Decoded, notes: list[str], path: Path) -> Source:
    for name, (images, skipped) in (("train", train), ("test", test)):
        if not len(images):
            raise DatasetError(f"No image for {name} in {path} can be read: {skipped} tried. {_ALLOWED}")
    known = marks(train[0])
    among = {*known}
    again = sum(mark in among for mark in marks(test[0]))
    if again:
        notes = [
            *notes,
            f"{again:,} of the {len(test[0]):,} test images are among the training images too, pixel by pixel.",
        ]
    notes = [*notes, *_copies(known)]
    return Source(train=train[0], test=test[0], skipped=train[1] + test[1], notes=tuple(notes))


def _copies(known: Sequence[bytes]) -> list[str]:
    copies = len(known) - len({*known})
    return [f"{copies:,} of the {len(known):,} images to learn from are copies of others among them."] if copies else []


def _divide(images: Pixels, skipped: int, notes: list[str], path: Path) -> Source:
    if len(images) < 2:
        raise DatasetError(
            f"{path} has too few usable images: {len(images)}, and {skipped} that cannot be read; "
            f"at least 2 are needed. {_ALLOWED}"
        )
    train, test = apart(images)
    held = f"There is no test set: {len(test)} of the {len(images)} images, drawn with a fixed seed, are held out."
    told = [*notes, held, *_copies(marks(images[train]))]
    return Source(train=images[train], test=images[test], skipped=skipped, notes=tuple(told))


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


def _images_in(path: Path) -> int:
    """How many images a table holds: none where it cannot be read, or has no column of them."""
    try:
        with _open_parquet(path) as file:
            return file.metadata.num_rows if _image_column(file, path) else 0
    except DatasetError:
        return 0


def _cells(path: Path) -> Iterator[bytes | None]:
    """Each row's encoded image, a few rows in memory at a time."""
    with _open_parquet(path) as file:
        for batch in file.iter_batches(batch_size=_ROWS, columns=[_image_column(file, path)]):
            for cell in batch.column(0).to_pylist():
                data = cell["bytes"] if isinstance(cell, dict) else cell
                yield data if data and len(data) <= MAX_BYTES else None


def _first_named(path: Path) -> str:
    """The path that the first row gives in place of an image, if it does."""
    with _open_parquet(path) as file:
        column, _, part = _image_column(file, path).partition(".")
        first = next(file.iter_batches(batch_size=1, columns=[column]), None) if part else None
        [cell] = first.column(0).to_pylist() if first is not None and len(first) else [None]
        return str(cell.get("path") or "") if cell else ""


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
