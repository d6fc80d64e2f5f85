"""Which of somebody's files are to learn from and which are to be tested on, by the names of their folders; and what to say of it."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Generic, TypeVar

from vaedash.datasets.collection import Collection
from vaedash.datasets.decode import IMAGE_ENDINGS
from vaedash.datasets.notes import Note, places
from vaedash.errors import DatasetError
from vaedash.languages import say
from vaedash.text import visible

Part = TypeVar("Part", str, Path, int)  # what belongs to one split: an image's name, a table, or a row of one
PARTITIONS = ("list_eval_partition.txt", "list_eval_partition.csv")  # CelebA's, as published, and as Kaggle has it
_PARTITION = {"0": "train", "1": "val", "2": "test"}
_MOST_OF_ALL = 0.9  # of the images, that lists must name to be taken for a split

SPLIT_OF = {
    **dict.fromkeys(("train", "training", "trainset", "trainingset"), "train"),
    **dict.fromkeys(("test", "testing", "testset"), "test"),
    **dict.fromkeys(("val", "valid", "validation", "valset", "validationset", "dev", "eval", "evaluation"), "val"),
}
_BESIDE = frozenset({"of"})  # words in the name of a table that say nothing: train-00000-of-00001


@dataclass(frozen=True, kw_only=True)
class Parts(Generic[Part]):
    """`test` is empty where a part of `train` is to be held out; `notes` are sentences."""

    train: Sequence[Part]
    test: Sequence[Part] = ()
    notes: list[str] = field(default_factory=list)


def by_folder(names: Sequence[str], path: Path) -> Parts[str]:
    """Of images, by the first or second of their folders, below those that all share."""
    folders = [name.split("/")[:-1] for name in names]
    while all(folders) and len({parts[0] for parts in folders}) == 1 and folders[0][0].lower() not in SPLIT_OF:
        folders = [parts[1:] for parts in folders]
    words = [parts[:2] for parts in folders]
    splits = _splits(words)
    taken_for_class = _class_called_test(folders, splits)
    if taken_for_class:
        return Parts(train=names, notes=[taken_for_class])
    return _chosen(names, splits, [_said(parts, name) for parts, name in zip(words, names, strict=True)], path)


def by_row(said: Sequence[str]) -> Parts[int] | None:
    """Of the rows of a table, by what a column says of each; None where it does not say both sides."""
    splits = [_split_of(word) for word in said]
    if "train" not in splits or not {"test", "val"} & {*splits}:
        return None
    return _chosen(range(len(said)), splits, [f"split {visible(word)}/" for word in said], Path())


def by_list(images: Sequence[str], files: Collection) -> tuple[Parts[str] | None, list[str]]:
    """Of images, by lists of their names as well-known sets have them: `meta/train.txt` and `meta/test.txt`, a name a line, perhaps
    with more around it; or CelebA's one list, with 0, 1 or 2 behind each. None where there are none, where they name few of the
    images, or one of them for two sides, which a sentence then says.
    """
    partitions = [name for name in files.names if PurePosixPath(name).name in PARTITIONS][:1]
    lists = [name for name in files.names if name.lower().endswith((".txt", ".csv", ".lst"))]
    sources = partitions or [name for name in lists if _split_of(PurePosixPath(name).stem)]
    ends = Counter(end for name in images for end in _ends(name))
    said: dict[str, str] = {}
    for source in sources:
        for fields in _lines(files, source):
            name = _without_ending(next((each for each in fields if each.lower().endswith(IMAGE_ENDINGS)), fields[0]))
            split = _PARTITION.get(fields[-1]) if partitions else _split_of(PurePosixPath(source).stem)
            if split and name in ends and said.setdefault(name, split) != split:
                several = ", ".join(map(visible, sources[:_MOST_SAID]))
                return None, [Note.CONTRADICTED(name=visible(name), lists=several)]
    splits = [
        next((said[end] for end in _ends(name) if end in said and ends[end] == 1), said.get(_without_ending(name)))
        for name in images
    ]
    named = sum(split is not None for split in splits)
    if "train" not in splits or not {"test", "val"} & {*splits} or named < _MOST_OF_ALL * len(images):
        return None, []
    names = [f"{split}/" if split else name for split, name in zip(splits, images, strict=True)]
    chosen = _chosen(images, splits, names, Path())
    several = ", ".join(map(visible, sources[:_MOST_SAID]))
    told = Note.LISTED(lists=several, count=len(sources))
    return Parts(train=chosen.train, test=chosen.test, notes=[told, *chosen.notes]), []


def classes(images: Sequence[str]) -> dict[str, str] | None:
    """The class of each image: the folders that it lies in, below those that all share, without what says its split. None where
    there are no two classes, or about as many as images."""
    folders = [name.split("/")[:-1] for name in images]
    while all(folders) and len({parts[0] for parts in folders}) == 1:
        folders = [parts[1:] for parts in folders]
    splits: Sequence[str | None] = _splits([parts[:2] for parts in folders])
    if not {"test", "val"} & {*splits} or _class_called_test(folders, splits):
        splits = [None] * len(images)
    told = {}
    for name, parts, split in zip(images, folders, splits, strict=True):
        says = next((part for part in parts[:2] if split and _split_of(part) == split), None)
        told[name] = "/".join(part for part in parts if part != says)
    known = {*told.values()}
    if len(known) < 2 or "" in known or len(known) > len(images) / 2:
        return None
    return told


def _lines(files: Collection, name: str) -> Iterator[list[str]]:
    for line in (files.read(name) or b"").decode("utf-8-sig", errors="replace").splitlines():
        if any(fields := fields_of(line)):
            yield [field for field in fields if field]


def fields_of(line: str) -> list[str]:
    """What a line of a list says, whether it was written with spaces, tabs, commas or a spreadsheet's semicolons and quotes."""
    return re.split(r"[,;\s]+", line.replace('"', "").strip(" \t\r\n;,"))


def _without_ending(name: str) -> str:
    plain = name.replace("\\", "/").removeprefix("./")
    return plain[: -len(PurePosixPath(plain).suffix)] if plain.lower().endswith(IMAGE_ENDINGS) else plain


def _ends(name: str) -> list[str]:
    """As what a list may name an image: its whole name without its ending, and less and less of it from the front."""
    parts = _without_ending(name).split("/")
    return ["/".join(parts[place:]) for place in range(len(parts))]


def by_table(tables: Sequence[Path], path: Path) -> Parts[Path]:
    """Of Parquet files, as Hugging Face names them: `train-00000-of-00001.parquet`, `test/0000.parquet`."""
    # Of a file that is given by itself, the name does not matter: it is all there is.
    inside = [table.relative_to(path) if path.is_dir() else Path() for table in tables]
    # The folder that a file lies in says more of it than those around that.
    words = [
        [re.split(r"[^A-Za-z]", part.stem, maxsplit=1)[0], part.stem, *reversed(part.parts[:-1])] for part in inside
    ]
    chosen = _chosen(tables, _splits(words), [part.name for part in inside], path)
    if any(folder.startswith("partial-") for part in inside for folder in part.parts):
        chosen.notes.append(Note.PARTIAL())
    return chosen


def _splits(words: Sequence[Sequence[str]]) -> list[str | None]:
    """The split that each part's words say: as they are, or, where only so both sides are found, with the same before or after
    them on both, as in `seg_train` and `seg_test`, `train2017`, `testA`, `test_images`.
    """
    exactly = [next(filter(None, (SPLIT_OF.get(word.lower()) for word in each)), None) for each in words]
    loosely = [[found for word in each if (found := _loosely(word))] for each in words]
    around: dict[str, set[str]] = {"train": set(), "test": set(), "val": set()}
    for split, rest in itertools.chain.from_iterable(loosely):
        around[split].add(rest)
    both = around["train"] & (around["test"] | around["val"])
    if {"train", "test"} <= {*exactly} or not both:
        return exactly
    every = all(loosely)  # of them says a side: then one of them may have other words around it
    return [next((split for split, rest in found if every or rest in both), None) for found in loosely]


def _loosely(name: str) -> tuple[str, str] | None:
    """The split that a name begins or ends with, and what else it says; digits and single letters say nothing."""
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)]
    words = [word for word in words if word not in _BESIDE and len(word) > 1]
    for place in (0, -1) if words else ():
        if split := SPLIT_OF.get(words[place]):
            return split, " ".join(words[1:] if place == 0 else words[:-1])
    return None


def _split_of(name: str) -> str | None:
    """The split that a name by itself says."""
    found = _loosely(name)
    return found[0] if found else None


def _class_called_test(folders: Sequence[Sequence[str]], splits: Sequence[str | None]) -> str:
    """Says that a folder `test` (or `val`) is a class, where it lies among several others of which none is called train, and holds
    no folders of their names; else nothing.
    """
    others = {parts[0] for parts, split in zip(folders, splits, strict=True) if split is None and parts}
    sides = [parts for parts, split in zip(folders, splits, strict=True) if split is not None]
    if "train" in splits or len(others) < 2 or not sides or not all(_split_of(parts[0]) for parts in sides):
        return ""
    if any(part in others for parts in sides for part in parts[1:]):
        return ""
    named = ", ".join(sorted({f"{visible(parts[0])}/" for parts in sides}))
    return Note.CLASS_CALLED_TEST(folder=named, count=len(others))


def _chosen(parts: Sequence[Part], splits: Sequence[str | None], said: Sequence[str], path: Path) -> Parts[Part]:
    by_split: dict[str | None, list[int]] = {split: [] for split in ("train", "test", "val", None)}
    for number, split in enumerate(splits):
        by_split[split].append(number)
    train, test, val, others = by_split["train"], by_split["test"] or by_split["val"], by_split["val"], by_split[None]
    if not test:
        # Without a test set, a folder train/ beside others is one class among them: cars, ships and trains.
        return Parts(train=parts)
    if not train:
        # Nothing is called train, so what is called nothing must be it.
        train, others = others, []
    if not train:
        raise DatasetError(
            say("{path} has images for testing only; put those to learn from into a folder train/.", path=path)
        )
    notes = [Note.SIDES(train=_counted(train, said), test=_counted(test, said))]
    if not by_split["test"]:
        notes.append(Note.NO_TEST())
    elif val:
        notes.append(Note.VALIDATION(places=_counted(val, said)))
    if others:
        notes.append(Note.OUTSIDE(places=_counted(others, said)))
    return Parts(train=[parts[number] for number in train], test=[parts[number] for number in test], notes=notes)


_MOST_SAID = 3  # places that a sentence counts one by one


def _said(folders: Sequence[str], name: str) -> str:
    """Where an image lies, as a person would say it: the folder that made its split, or the first one."""
    named = next((folder for folder in folders if _split_of(folder)), folders[0] if folders else "")
    return f"{named}/" if named else PurePosixPath(name).name


def _counted(numbers: Sequence[int], said: Sequence[str]) -> str:
    counts = Counter(said[number] for number in numbers).most_common()
    shown = [(visible(place), count if place.endswith("/") else None) for place, count in counts[:_MOST_SAID]]
    return places(shown, more=sum(count for _, count in counts[_MOST_SAID:]))
