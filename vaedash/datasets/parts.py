"""Which of somebody's files are to learn from and which are to be tested on, by the names of their folders; and what to say of it."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Generic, TypeVar

from vaedash.datasets.collection import Collection
from vaedash.datasets.decode import IMAGE_ENDINGS
from vaedash.errors import DatasetError
from vaedash.text import visible

Part = TypeVar("Part", str, Path, int)  # what belongs to one split: an image's name, a table, or a row of one
PARTITIONS = ("list_eval_partition.txt", "list_eval_partition.csv")  # CelebA's, as published, and as Kaggle has it
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
    splits = [SPLIT_OF.get(word.lower()) or _loosely(word) for word in said]
    if "train" not in splits or not {"test", "val"} & {*splits}:
        return None
    return _chosen(range(len(said)), splits, [f"split {visible(word)}/" for word in said], Path())


def by_list(images: Sequence[str], files: Collection) -> Parts[str] | None:
    """Of images, by lists of their names as well-known sets have them: `meta/train.txt` and `meta/test.txt`, a name a line, perhaps
    with more behind it; or CelebA's one list, with 0, 1 or 2 behind each. None where there is none, or it names few of the images.
    """
    partitions = [name for name in files.names if PurePosixPath(name).name in PARTITIONS]
    lists = {name: _split_of_list(name) for name in files.names if name.lower().endswith((".txt", ".csv", ".lst"))}
    said: dict[str, str] = {}
    sources = []
    if partitions:
        numbers = {"0": "train", "1": "val", "2": "test"}
        for fields in _lines(files, partitions[0]):
            if len(fields) > 1 and fields[1] in numbers:
                said[_without_ending(fields[0])] = numbers[fields[1]]
        sources = partitions[:1]
    else:
        for name, split in lists.items():
            if split:
                said |= {_without_ending(fields[0]): split for fields in _lines(files, name)}
                sources.append(name)
    if "train" not in said.values() or not {"test", "val"} & {*said.values()}:
        return None
    splits = [_named_in(said, name) for name in images]
    both = "train" in splits and {"test", "val"} & {*splits}
    if not both or sum(split is not None for split in splits) < _MOST_OF_ALL * len(images):
        return None
    names = [f"{visible(split)}/" if split else name for split, name in zip(splits, images, strict=True)]
    chosen = _chosen(images, splits, names, Path())
    told = f"Divided as {', '.join(visible(name) for name in sources[:_MOST_SAID])} {'says' if len(sources) == 1 else 'say'}."
    return Parts(train=chosen.train, test=chosen.test, notes=[told, *chosen.notes])


def classes(images: Sequence[str]) -> dict[str, str] | None:
    """The class of each image: the folders that it lies in, below those that all share, without what says its split. None where
    there are no two classes, or about as many as images."""
    told = {}
    folders = [name.split("/")[:-1] for name in images]
    while all(folders) and len({parts[0] for parts in folders}) == 1:
        folders = [parts[1:] for parts in folders]
    for name, parts in zip(images, folders, strict=True):
        told[name] = "/".join(part for place, part in enumerate(parts) if place > 1 or not _loosely(part))
    known = {*told.values()}
    if len(known) < 2 or "" in known or len(known) > len(images) / 2:
        return None
    return told


def _split_of_list(name: str) -> str | None:
    """What a list names: `train.txt`, `splits/test_list.txt`; nothing where that is but one word of several others."""
    return _loosely(PurePosixPath(name).stem)


def _lines(files: Collection, name: str) -> Iterator[list[str]]:
    for line in (files.read(name) or b"").decode("utf-8-sig", errors="replace").splitlines():
        if fields := [field for field in re.split(r"[,;\s]+", line.replace('"', "").strip(" \t\r\n;,")) if field]:
            yield fields


def _without_ending(name: str) -> str:
    plain = name.replace("\\", "/").removeprefix("./")
    return plain[: -len(PurePosixPath(plain).suffix)] if plain.lower().endswith(IMAGE_ENDINGS) else plain


def _named_in(said: Mapping[str, str], name: str) -> str | None:
    """What is said of an image: by its whole name, or by as much of its end as a list gives."""
    parts = _without_ending(name).split("/")
    return next((said[end] for end in ("/".join(parts[place:]) for place in range(len(parts))) if end in said), None)


def by_table(tables: Sequence[Path], path: Path) -> Parts[Path]:
    """Of Parquet files, as Hugging Face names them: `train-00000-of-00001.parquet`, `test/0000.parquet`."""
    # Of a file that is given by itself, the name does not matter: it is all there is.
    inside = [table.relative_to(path) if path.is_dir() else Path() for table in tables]
    words = [[re.split(r"[^A-Za-z]", part.stem, maxsplit=1)[0], part.stem, *part.parts[:-1]] for part in inside]
    return _chosen(tables, _splits(words), [part.name for part in inside], path)


def _splits(words: Sequence[Sequence[str]]) -> list[str | None]:
    """The split that each part's words say: as they are, or, where only so both sides are found, with something before or after
    them, as in `seg_train`, `train2017`, `testA`, `test_images`.
    """
    exactly = [next(filter(None, (SPLIT_OF.get(word.lower()) for word in each)), None) for each in words]
    loosely = [next(filter(None, map(_loosely, each)), None) for each in words]
    if {"train", "test"} <= {*exactly} or not ("train" in loosely and {"test", "val"} & {*loosely}):
        return exactly
    return loosely


def _loosely(name: str) -> str | None:
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)]
    words = [word for word in words if word not in _BESIDE and len(word) > 1]
    return next((SPLIT_OF[word] for word in (*words[:1], *words[-1:]) if word in SPLIT_OF), None)


def _class_called_test(folders: Sequence[Sequence[str]], splits: Sequence[str | None]) -> str:
    """Says that a folder `test` (or `val`) is a class, where it lies among several others of which none is called train, and holds
    no folders of their names; else nothing.
    """
    others = {parts[0] for parts, split in zip(folders, splits, strict=True) if split is None and parts}
    sides = [parts for parts, split in zip(folders, splits, strict=True) if split is not None]
    if "train" in splits or len(others) < 2 or not sides:
        return ""
    if any(part in others for parts in sides for part in parts[1:]):
        return ""
    named = ", ".join(sorted({f"{visible(parts[0])}/" for parts in sides}))
    return (
        f"{named} lies among {len(others)} other folders of which none is called train, so it is taken for a class; "
        "to test on it, put the others into a folder train/."
    )


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
        raise DatasetError(f"{path} has images for testing only; put those to learn from into a folder train/.")
    notes = [f"Learned from: {_counted(train, said)}. Tested on: {_counted(test, said)}."]
    if not by_split["test"]:
        notes.append("There is no test/: the images of the validation set serve as test.")
    elif val:
        notes.append(
            f"The validation set is left out: {_counted(val, said)}. Training and test have sets of their own."
        )
    if others:
        notes.append(f"Left out, since they lie outside both: {_counted(others, said)}.")
    return Parts(train=[parts[number] for number in train], test=[parts[number] for number in test], notes=notes)


_MOST_SAID = 3  # places that a sentence counts one by one


def _said(folders: Sequence[str], name: str) -> str:
    """Where an image lies, as a person would say it: the folder that made its split, or the first one."""
    named = next((folder for folder in folders if _loosely(folder)), folders[0] if folders else "")
    return f"{named}/" if named else PurePosixPath(name).name


def _counted(numbers: Sequence[int], said: Sequence[str]) -> str:
    """`train/ (1,200 files)`, `a/ (3 files), b.png and 7 more`."""
    places = Counter(said[number] for number in numbers).most_common()
    shown = [_with_count(visible(place), count) for place, count in places[:_MOST_SAID]]
    left = sum(count for _, count in places[_MOST_SAID:])
    return ", ".join(shown) + (f" and {left:,} more" if left else "")


def _with_count(place: str, count: int) -> str:
    return f"{place} ({count:,} {'file' if count == 1 else 'files'})" if place.endswith("/") else place
