"""What the page of a report is made of: every text as it is, to be escaped where it becomes HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from vaedash.comparing.alike import Contrast
from vaedash.showing.told import Data


@dataclass(frozen=True, kw_only=True)
class Label:
    """How a run is called: by its name, its id, or what tells it from the others in a word or two; and its hue."""

    name: str
    id: str
    short: str
    hue: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture as a data URL, what it shows in words, and its size in pixels of the page."""

    source: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Lead:
    """Who leads, in a few words, and the figures behind it."""

    headline: str
    grounds: str


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Curves on one axis: the images and beta that they share, a Plotly figure, what no legend of its says, and where each run
    ends in words.
    """

    dataset: str
    beta: str
    legend: str
    figure: Mapping[str, object]
    ends: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a tuning found, and for how many trials: what it is called, a Plotly figure, and what each architecture found in words."""

    tuning: str
    figure: Mapping[str, object]
    found: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a table, a cell for each run; the cells at the places in `best` are bold. `about` says what the row is."""

    title: str
    cells: Sequence[str]
    best: frozenset[int] = frozenset()
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What a run made up; no picture where none is left."""

    run: Label
    picture: Picture | None
    what: str


@dataclass(frozen=True, kw_only=True)
class Strip:
    """A few images in a row, originals (which have no hue) or what a run made of them."""

    label: str
    hue: str
    picture: Picture


@dataclass(frozen=True, kw_only=True)
class Photos:
    """Held-out images of a dataset, block by block with what every run makes of them; `notes` say what is missing."""

    dataset: str
    blocks: Sequence[Sequence[Strip]]
    notes: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Morph:
    """A run's way between two pictures: ten side by side."""

    run: Label
    between: str
    steps: Picture


@dataclass(frozen=True, kw_only=True)
class Note:
    """What a person wrote of a run, as HTML that is harmless."""

    run: Label
    html: Markup


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What is to be said of one run: a sentence, or a command."""

    run: Label
    words: str


@dataclass(frozen=True, kw_only=True)
class Play:
    """What the page lets one play with: the models' parts as text, how exactly they draw, for which runs there is none, and what each
    thing to play with is told; None where there is nothing to play with. Maps of the same images stand together.
    """

    parts: Sequence[str]
    exactly: str
    left_out: str
    between: Data | None
    corners: Data | None
    throws: Data | None
    numbers: Sequence[Data]
    drawing: Data | None
    flow: Data | None
    planes: Sequence[Sequence[Data]]


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that the page shows, in its order, in a `language`, of which scripts are told by `speech`; `home` is the address of the page
    that it belongs to, or nothing.
    """

    title: str
    language: str  # as browsers call it
    speech: Data
    version: str
    date: str
    home: str
    runs: Sequence[Label]
    leads: Sequence[Lead]
    plots: Sequence[Plot]
    budgets: Sequence[Budget]
    results: Sequence[Row]
    endings: Sequence[str]
    notes: Sequence[Note]
    quality: Sequence[Row]
    samples: Sequence[Sample]
    photos: Sequence[Photos]
    morphs: Sequence[Morph]
    play: Play
    unable: Sequence[Remark]  # runs that cannot draw, and why
    settings: Contrast
    facts: Contrast
    commands: Sequence[Remark]
    own_images: bool  # whether a command names images that are not built in
