"""What the pages of a site are made of: every text as it is, to be escaped where it becomes HTML."""

from collections.abc import Sequence
from dataclasses import dataclass

from vaedash.showing.report.records import Morph, Picture, Play, Remark


@dataclass(frozen=True, kw_only=True)
class Named:
    """A picture and what it is called."""

    name: str
    hue: str
    picture: Picture


@dataclass(frozen=True, kw_only=True)
class Question:
    """What may be answered, which is right, and why in a sentence. Where the answers are pictures, these."""

    choices: Sequence[str]
    answer: str
    sentence: str
    pictures: Sequence[Named] = ()


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What a run redrew after some looks, row by row below the pictures themselves, as a data URL; `columns` pictures in a row, each so
    many pixels a `side`.
    """

    name: str
    hue: str
    side: int
    columns: int
    source: str


@dataclass(frozen=True, kw_only=True)
class Race:
    """How wrong both were after each look at all pictures, as a still, and who is ahead; and after some of these `looks`, which stand
    at these `places` of the still, in percent of its width, what they redrew (none where pictures are lacking).
    """

    lines: Picture
    sentence: str
    looks: Sequence[int]
    places: Sequence[float]
    sheets: Sequence[Sheet]


@dataclass(frozen=True, kw_only=True)
class Shuffled:
    """What was made up with the pixels as they are, and below with shuffled ones; and what that cost."""

    pictures: Sequence[Named]
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Story:
    """The story of a pair, in its order; a part is None, or empty, where the runs have nothing to tell of it."""

    pictures: str  # what they learned from
    count: str
    drew: Question | None
    machines: Sequence[Named]
    weights: Question | None
    first: Sequence[Named]
    first_sentence: str
    race: Race | None
    redrawn: Sequence[Named]
    made_up: Question | None
    remembered: Named | None
    morphs: Sequence[Morph]
    play: Play
    shuffled: Shuffled | None
    learned: str
    report: str


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A report of the site: where it is, what it is about, who leads in a few words, what each run made up, and whether it can be
    played with.
    """

    address: str
    title: str
    verdict: str
    pictures: Sequence[Named]
    playable: bool


@dataclass(frozen=True, kw_only=True)
class Made:
    """By what, when and how the pages were made."""

    version: str
    date: str
    trained: Sequence[Remark]
    site: str
