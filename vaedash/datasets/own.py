"""A person's own images: a folder, a zip or Parquet files, with or without folders for train and test."""

import itertools
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from vaedash.config import USUAL_FRAME, Frame
from vaedash.datasets import arrays, aside, gathered, parts, tables
from vaedash.datasets.collection import Collection, known, open_collection
from vaedash.datasets.decode import EXTENSIONS, Decoded, decode_all, manner_of
from vaedash.datasets.gathered import Side
from vaedash.datasets.notes import Note
from vaedash.datasets.parts import Part, Parts
from vaedash.datasets.source import Progress, Source, silent
from vaedash.errors import DatasetError
from vaedash.languages import say
from vaedash.text import visible

_LOOKED_AT = 10  # files, where none can be read, to say what they are
_SAMPLE = 200  # rows of Parquet from which it is found out how images are to be read


def read(path: Path, *, frame: Frame = USUAL_FRAME, progress: Progress = silent) -> Source:
    """All usable images at `path`, in the order of their names, as RGB in this frame.

    Folders (or Parquet file names, or a column `split`) `train` and `test` are recognised, also one folder deep and with more in
    their names (`parts`), as are lists of files; `val` stands in for a missing `test`; without either, a seeded tenth is held out. Of
    two sorts in one folder, Parquet and image files, the one with more images counts; masks beside images are left out. Folders of
    classes and a column `label` are kept as labels. Notes say what became of what. Bad files are skipped and counted.
    Raises DatasetError with what was found and what is allowed.
    """
    if not path.is_file() and not path.is_dir():  # nothing, or a pipe, which would be waited for
        raise DatasetError(say("There is no file or folder {path}. {allowed}", path=path, allowed=_allowed()))
    if not os.access(path, os.R_OK):
        raise DatasetError(say("{path} may not be read by this user; change its permissions.", path=path))
    if path.is_file() and tables.is_table(path):
        return _read_tables([path], [], path, frame=frame, progress=progress)
    if path.is_file() and path.suffix.lower() in arrays.ENDINGS:
        return arrays.read(path, allowed=_allowed(), frame=frame, progress=progress)
    with open_collection(path, progress=progress) as files:
        images, masks = aside.without_masks(files.images())
        found = [path / name for name in files.names if name.lower().endswith(".parquet")] if path.is_dir() else []
        if found and (not images or sum(map(tables.images_in, found)) > len(images)):
            said = [Note.BESIDE_TABLES(count=len(images), name=visible(one)) for one in images[:1]]
            return _read_tables(found, said, path, frame=frame, progress=progress)
        if images:
            unpacked = [files.note] if files.note else []
            said = [*masks, *aside.left_out(files), *unpacked]
            return _read_images(files, images, said, path, frame=frame, progress=progress)
        advice = say("Unpack it once, and give the folder, or one of those. ") if files.only(".zip") else ""
        raise DatasetError(
            say(
                "There are no images in {path}: it holds {content}. {advice}{allowed}",
                path=path,
                content=files.content(),
                advice=advice,
                allowed=_allowed(),
            )
        )


def _read_images(
    files: Collection, images: Sequence[str], notes: list[str], path: Path, *, frame: Frame, progress: Progress
) -> Source:
    manner, told = manner_of(images, files.read, frame)

    def decode(names: Sequence[str], what: str) -> Decoded:
        found = decode_all(names, files.read, len(names), what=what, manner=manner, progress=progress)
        if not len(found.images):
            for name in names[:_LOOKED_AT]:
                if (data := files.read(name)) and (kind := known(data)):
                    raise DatasetError(
                        say(
                            "No image file in {path} can be read: {name} is {kind}.",
                            path=path,
                            name=visible(name),
                            kind=kind,
                        )
                    )
        return found

    chosen = parts.by_folder(images, path)
    if not chosen.test:
        listed, said = parts.by_list(images, files)
        chosen, told = listed or chosen, [*told, *said]
    known_classes = parts.classes(images)

    def classes(names: Sequence[str]) -> list[str | None] | None:
        return [known_classes[name] for name in names] if known_classes else None

    return _read(chosen, decode, classes, [*notes, *told], path)


def _read_tables(found: Sequence[Path], notes: list[str], path: Path, *, frame: Frame, progress: Progress) -> Source:
    sample = list(itertools.islice((cell for table in found for cell in tables.cells(table)), _SAMPLE))
    manner, told = manner_of(sample, lambda cell: cell[1], frame)

    def decode(chosen: Sequence[Path], what: str) -> Decoded:
        total = sum(map(tables.rows, chosen))
        cells = itertools.islice((cell for table in chosen for cell in tables.cells(table)), total)
        decoded = decode_all(
            cells, lambda cell: cell[1], total, what=what, named=lambda cell: cell[0], manner=manner, progress=progress
        )
        if not len(decoded.images) and (named := tables.first_named(chosen[0])):
            raise DatasetError(
                say(
                    "{file} names image files ({named}) and holds none; give the folder that they are in.",
                    file=chosen[0],
                    named=visible(named),
                )
            )
        return decoded

    labelled = tables.labels(found)

    def classes(chosen: Sequence[Path]) -> list[str | None] | None:
        here = labelled and tables.labels(chosen)
        return here[0] if here else None

    divided = parts.by_table(found, path)
    words = labelled[1] if labelled else []
    if not divided.test and (said := tables.splits(found)) and (rows := parts.by_row(said)):
        whole = decode(found, "decoding images")
        sides = Side.of(whole, classes(found))
        places = whole.usable.cumsum() - 1  # among the usable ones
        train, test = (
            sides.chosen(places[[n for n in numbers if whole.usable[n]]]) for numbers in (rows.train, rows.test)
        )
        all_notes = [*rows.notes, *notes, *told, *gathered.remarks([whole])]
        return gathered.both(
            train, test, skipped=len(whole.skipped), notes=all_notes, words=words, path=path, allowed=_allowed()
        )
    return _read(divided, decode, classes, [*notes, *told], path, words)


def _read(
    chosen: Parts[Part],
    decode: Callable[[Sequence[Part], str], Decoded],
    classes: Callable[[Sequence[Part]], Sequence[str | None] | None],
    notes: Sequence[str],
    path: Path,
    words: Sequence[str] = (),
) -> Source:
    """Both sides decoded, or all that there is divided; `notes` are on what was left out before."""
    sides = [("train", chosen.train), ("test", chosen.test)] if chosen.test else [("images", chosen.train)]
    decoded: list[Decoded] = [decode(members, f"decoding {name}") for name, members in sides]
    pairs = [Side.of(images, classes(members)) for images, (_, members) in zip(decoded, sides, strict=True)]
    make = gathered.both if chosen.test else gathered.divided
    return make(
        *pairs,
        skipped=sum(len(part.skipped) for part in decoded),
        notes=[*chosen.notes, *notes, *gathered.remarks(decoded)],
        words=words,
        path=path,
        allowed=_allowed(),
    )


def _allowed() -> str:
    """What may be given instead."""
    endings = ", ".join(each[0] for each in EXTENSIONS.values())
    return say(
        "Give a folder or a zip of images ({endings}), Parquet files, or arrays (.npz, .npy, .pt).", endings=endings
    )
