"""From decoded images to a `Source`: both sides as they are, or a part held out; with what is to be said of them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaedash.datasets.decode import Decoded
from vaedash.datasets.notes import Note
from vaedash.datasets.source import CLASS, Source
from vaedash.datasets.split import apart, marks
from vaedash.errors import DatasetError
from vaedash.images import Pixels
from vaedash.languages import say
from vaedash.text import visible

_MOST_PLAIN = 0.5  # of all images, of one colour each, beyond which that is said
_FEW = 20  # images of which nothing is concluded


class Side(NamedTuple):
    """Images `(N, 3, side, side)`, and the class of each where all have one (None: this one has not)."""

    images: Pixels
    classes: Sequence[str | None] | None

    @classmethod
    def of(cls, decoded: Decoded, classes: Sequence[str | None] | None) -> "Side":
        """The usable ones; `classes` are those of all items."""
        if classes is None:
            return cls(decoded.images, None)
        return cls(decoded.images, [classes[number] for number in np.flatnonzero(decoded.usable)])

    def chosen(self, numbers: NDArray[np.int64]) -> "Side":
        """Some of them."""
        classes = None if self.classes is None else [self.classes[number] for number in numbers]
        return Side(self.images[numbers], classes)


def both(
    train: Side, test: Side, *, skipped: int, notes: Sequence[str], words: Sequence[str] = (), path: Path, allowed: str
) -> Source:
    """Those to learn from and those to be tested on, as somebody has divided them. `words` are the classes in their order, as far as
    it is known. DatasetError where one side is empty."""
    for name, side in (("train", train), ("test", test)):
        if not len(side.images):
            raise DatasetError(
                say(
                    "No image for {name} in {path} can be read: {skipped} tried. {allowed}",
                    name=name,
                    path=path,
                    skipped=skipped,
                    allowed=allowed,
                )
            )
    known = marks(train.images)
    among = {*known}
    again = sum(mark in among for mark in marks(test.images))
    told = [*notes]
    if again:
        told.append(Note.AMONG(again=again, count=len(test.images)))
    return _source(train, test, skipped, [*told, *_copies(known)], words)


def divided(
    side: Side, *, skipped: int, notes: Sequence[str], words: Sequence[str] = (), path: Path, allowed: str
) -> Source:
    """A seeded tenth of all is held out. DatasetError where there are too few."""
    if len(side.images) < 2:
        raise DatasetError(
            say(
                "{path} has too few usable images: {n}, and {skipped} that cannot be read; "
                "at least 2 are needed. {allowed}",
                path=path,
                n=len(side.images),
                skipped=skipped,
                allowed=allowed,
            )
        )
    train, test = apart(side.images)
    held = Note.HELD_OUT(held=len(test), count=len(side.images))
    told = [*notes, held, *_copies(marks(side.images[train]))]
    return _source(side.chosen(train), side.chosen(test), skipped, told, words)


def remarks(decoded: Iterable[Decoded]) -> list[str]:
    """A sentence on what could not be read, and on each thing to be said of images that are used."""
    said: dict[Note, list[str]] = {Note.UNREADABLE: []}
    for part in decoded:
        said[Note.UNREADABLE] += part.skipped
        for remark, names in part.remarks.items():
            said.setdefault(remark, []).extend(names)
    return [remark(count=len(names), name=visible(names[0])) for remark, names in said.items() if names]


def _source(train: Side, test: Side, skipped: int, notes: list[str], words: Sequence[str]) -> Source:
    plain = sum(map(_of_one_colour, (train.images, test.images)))
    count = len(train.images) + len(test.images)
    if count >= _FEW and plain > _MOST_PLAIN * count:
        notes = [*notes, Note.PLAIN(plain=plain, count=count)]
    labels, names = _labelled(train, test, words)
    return Source(train=train.images, test=test.images, skipped=skipped, notes=tuple(notes), labels=labels, names=names)


def _labelled(
    train: Side, test: Side, words: Sequence[str]
) -> tuple[dict[str, NDArray[np.int64]], dict[str, tuple[str, ...]]]:
    """The class of each image as a number, -1 where it has none; and what the numbers stand for."""
    if train.classes is None or test.classes is None:
        return {}, {}
    here = {each for each in (*train.classes, *test.classes) if each is not None}
    names = tuple(words) if here <= {*words} else tuple(sorted(here))
    number: dict[str | None, int] = {name: place for place, name in enumerate(names)}
    sides = (("train", train.classes), ("test", test.classes))
    labels = {f"{name}/{CLASS}": np.array([number.get(each, -1) for each in classes]) for name, classes in sides}
    return labels, {CLASS: names}


def _of_one_colour(images: Pixels) -> int:
    """How many of some images are."""
    return sum(
        int((part == part[:, :, :1, :1]).all((1, 2, 3)).sum())
        for part in np.array_split(images, max(1, len(images) // 1000))
    )


def _copies(known: Sequence[bytes]) -> list[str]:
    copies = len(known) - len({*known})
    return [Note.COPIES(copies=copies, count=len(known))] if copies else []
