"""What each file of a run holds: its states, its records with named fields, and the checks that make a damaged file known."""

import datetime
import enum
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NotRequired, TypedDict, TypeVar, cast

from vaedash import config
from vaedash.config import RunConfig
from vaedash.languages import Sentence, to_say
from vaedash.runs import names

Value = TypeVar("Value")


class Status(enum.StrEnum):
    """Every state a run can be in; as text, the word that people read."""

    QUEUED = to_say("queued")
    RUNNING = to_say("running")
    FINISHED = to_say("finished")
    EARLY_STOPPED = to_say("early-stopped")
    STOPPED = to_say("stopped")
    DIVERGED = to_say("diverged")
    FAILED = to_say("failed")
    INTERRUPTED = to_say("interrupted")
    ELSEWHERE = to_say("elsewhere")
    DAMAGED = to_say("damaged")

    @property
    def active(self) -> bool:
        """Not over yet."""
        return self in ACTIVE

    @property
    def resumable(self) -> bool:
        """Whether there is something to go on with."""
        return self in RESUMABLE


ACTIVE = (Status.QUEUED, Status.RUNNING)
# What a training may come to, as its last act writes it down.
OUTCOMES = (Status.FINISHED, Status.EARLY_STOPPED, Status.STOPPED, Status.DIVERGED, Status.FAILED)
TRAINED = (Status.FINISHED, Status.EARLY_STOPPED)  # the outcomes after which there is something to measure
ENDED_WELL = (*TRAINED, Status.STOPPED)
RESUMABLE = (Status.STOPPED, Status.FAILED, Status.INTERRUPTED)

# What a row of metrics.json may hold besides its epoch: finite numbers, or null where a loss was not finite.
METRICS = tuple(f"{split}_{term}" for split in ("train", "test", "val") for term in ("loss", "recon", "kl"))
_REQUIRED = frozenset(METRICS[:6])
# And how many latents are in use (`latents.active_units`), measured on the test images; older runs have not counted them.
ACTIVE_UNITS = "active_units"
_NUMBERS = frozenset({int, float, type(None)})  # as JSON's are read; null stands for one that is not finite


# ---- the records ------------------------------------------------------------------------------------------


class Epoch(TypedDict):
    """A row of metrics.json: losses in nats per image (null where not finite), and what the epoch cost."""

    epoch: int
    train_loss: float | None
    train_recon: float | None
    train_kl: float | None
    test_loss: float | None
    test_recon: float | None
    test_kl: float | None
    val_loss: NotRequired[float | None]
    val_recon: NotRequired[float | None]
    val_kl: NotRequired[float | None]
    active_units: NotRequired[int]
    lr: NotRequired[float | None]
    beta: NotRequired[float | None]
    images_per_second: NotRequired[float | None]
    images_seen: NotRequired[int]
    threads: NotRequired[int]
    seconds: NotRequired[float | None]


class Images(TypedDict, total=False):
    """The images that a run was trained on; `copy_of` names the built-in dataset that they are a copy of.

    `mean_picture` is the test loss of who answers each with the mean of the training images (`heldout.mean_picture`). `redrawn` are the
    numbers of the test images that it redraws after each epoch; a run without them redraws the first ones.
    """

    name: str
    fingerprint: str
    n_train: int
    n_test: int
    n_val: int
    mean_picture: float | None
    redrawn: list[int]
    skipped: int
    notes: list[str]
    copy_of: str


class Start(TypedDict, total=False):
    """An entry of facts.json: what was found at one start or resume."""

    started: str
    resumed_after_epoch: int
    note: str
    host: str
    device: str
    precision: str
    threads: int
    processor: str
    torch: str
    processes: int
    backend: str
    numpy: str
    vaedash: str
    source: str
    python: str
    system: str
    parameters: int
    dataset: Images


class Progress(TypedDict, total=False):
    """progress.json: where a run is. `trace` is this epoch's curve so far, pairs of epochs done and loss."""

    updated: float
    phase: str
    epoch: int
    epochs: int
    seen: int
    done: int
    of: int
    loss: float | None
    recon: float | None
    kl: float | None
    images_per_second: float | None
    eta_seconds: float | None
    threads: int
    share: int
    free: float | None
    trace: list[list[float]]


class Outcome(TypedDict):
    """outcome.json: how it ended (one of OUTCOMES), in one sentence, and when."""

    status: str
    sentence: NotRequired[str]
    ended: NotRequired[str]


class Notes(TypedDict, total=False):
    """notes.json: what a person says of a run, and of which tuning it is which trial."""

    name: str
    tags: list[str]
    note: str
    colour: str
    star: bool
    archived: bool
    images: str
    tuning: str
    trial: int


class Line(TypedDict):
    """The best linear VAE on a set of images, in nats per image, and how many directions it uses."""

    loss: float
    recon: float
    kl: float
    directions: int


class Lines(TypedDict):
    """The same for training and for test images."""

    train: Line
    test: Line


class FrontierPoint(TypedDict):
    """`kl` and `recon` of the best linear VAE for one `beta`."""

    beta: float
    kl: float
    recon: float


class Part(TypedDict):
    """What a figure is the mean of: its own value, floor and n, and the 95% interval `low` to `high` where there is one."""

    value: float
    floor: float
    n: int
    low: float | None
    high: float | None


class Figure(TypedDict):
    """What was measured beside the losses: `value`, on how many (`n`), and what chance alone would have (`floor`).

    `low` to `high` is a 95% interval; `parts` is what the value is the mean of, by name.
    """

    value: float | None
    n: int
    floor: NotRequired[float | None]
    low: NotRequired[float | None]
    high: NotRequired[float | None]
    parts: NotRequired[dict[str, Part]]
    learned_from: NotRequired[int]
    k: NotRequired[int]
    loss: NotRequired[float]
    bands: NotRequired[dict[str, float]]
    split: NotRequired[str]
    weights: NotRequired[str]


class Measured(TypedDict, total=False):
    """measured.json: what was measured of the weights of `epoch` once the run had ended."""

    epoch: int
    active_units: int
    pca: Lines | None
    frontier: list[FrontierPoint]
    quality: dict[str, Figure]


def epoch(number: int, figures: Mapping[str, float]) -> Epoch:
    """The row of an epoch with these figures, each under a name that `Epoch` has."""
    if unknown := figures.keys() - Epoch.__annotations__.keys():
        raise ValueError(f"an epoch has no {', '.join(sorted(unknown))}")
    return cast(Epoch, {"epoch": number, **figures})


def loss_of(row: Epoch, split: str, term: str = "loss") -> float | None:
    """A term (`loss`, `recon`, `kl`) of a split (`train`, `test`, `val`) in an epoch; None if it was not finite or not measured."""
    value = row.get(f"{split}_{term}")
    return value if isinstance(value, (int, float)) else None


# ---- times and numbers --------------------------------------------------------------------------------------


def now() -> str:
    """This moment as ISO 8601 in UTC, to the millisecond."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def today() -> str:
    """The day as people here have it, in ISO 8601."""
    return datetime.datetime.now().astimezone().date().isoformat()


def timestamp(text: str) -> float:
    """Seconds since 1970, or 0 where `text` is not a time."""
    try:
        return datetime.datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def finite(value: Value) -> Value | None:
    """`value`, or None for a float that JSON cannot say."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


# ---- checks: each takes a file's JSON and gives its record, or raises ValueError, KeyError or TypeError -------


def check_record(value: Any) -> dict[str, Any]:
    """Any JSON object."""
    if not isinstance(value, dict):
        raise ValueError(Sentence("is not a JSON object"))
    return value


def check_config(value: Any) -> tuple[str, RunConfig]:
    """When the run was created, and its settings."""
    record = check_record(value)
    schema = record.get("schema")
    if not isinstance(schema, int):
        raise ValueError(Sentence("has no schema number"))
    if schema > config.SCHEMA:
        raise ValueError(
            Sentence(
                "was written by a newer vaedash (schema {schema}, this one knows {known}); update to read it",
                schema=schema,
                known=config.SCHEMA,
            )
        )
    created = record.get("created")
    if not isinstance(created, str) or timestamp(created) == 0.0:
        raise ValueError(Sentence("has no creation time"))
    return created, RunConfig.from_json(record)


def check_metrics(value: Any) -> tuple[Epoch, ...]:
    """The rows, each of the epoch that its place says."""
    rows = check_record(value).get("epochs")
    if not isinstance(rows, list):
        raise ValueError(Sentence("has no list of epochs"))
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or row.get("epoch") != number or _REQUIRED - row.keys():
            raise ValueError(Sentence("row {number} is not the record of epoch {number}", number=number))
        if isinstance(row["epoch"], float) or {*map(type, row.values())} - _NUMBERS:
            raise ValueError(Sentence("row {number} holds something that is not a number", number=number))
        if isinstance(row.get(ACTIVE_UNITS), float) or (row.get(ACTIVE_UNITS) or 0) < 0:
            raise ValueError(
                Sentence(
                    "row {number} has {count} active units, which is no count", number=number, count=row[ACTIVE_UNITS]
                )
            )
    return tuple(rows)


def check_progress(value: Any) -> Progress:
    """Numbers, a phase in words and a trace."""
    record = check_record(value)
    kinds: dict[str, Callable[[Any], bool]] = {"phase": lambda item: isinstance(item, str), "trace": _is_trace}
    if not all(kinds.get(key, _is_number)(item) for key, item in record.items()):
        raise ValueError(Sentence("holds something that is not a number"))
    return cast(Progress, record)


def check_facts(value: Any) -> tuple[Start, ...]:
    """The starts."""
    starts = check_record(value).get("starts")
    if not isinstance(starts, list) or not all(isinstance(start, dict) for start in starts):
        raise ValueError(Sentence("has no list of starts"))
    for dataset in (start.get("dataset", {}) for start in starts):
        sizes = [dataset.get("n_train", 0), dataset.get("n_test", 0)] if isinstance(dataset, dict) else [None]
        if not all(isinstance(size, int) for size in sizes):
            raise ValueError(Sentence("does not say how many images there were"))
        if not _is_number(dataset.get("mean_picture")):
            raise ValueError(Sentence("has a loss of the mean picture that is not a number"))
        if not _are_numbers_of(dataset.get("redrawn", []), dataset.get("n_test", 0)):
            raise ValueError(Sentence("says that images are redrawn which are not there"))
    return tuple(starts)


def check_measured(value: Any) -> Measured:
    """Figures that are numbers, where there are any."""
    record = check_record(value)
    if type(record.get("epoch", 0)) is not int:
        raise ValueError(Sentence("says an epoch that is not a whole number"))
    if line := record.get("pca"):
        figures = [line[split][name] for split in ("train", "test") for name in Line.__annotations__]
        if not all(isinstance(figure, (int, float)) for figure in figures):
            raise ValueError(Sentence("has a figure that is not a number"))
    points = record.get("frontier") or ()
    if not all(isinstance(point[name], (int, float)) for point in points for name in FrontierPoint.__annotations__):
        raise ValueError(Sentence("has a figure that is not a number"))
    for measure in (record.get("quality") or {}).values():
        if not all(map(_is_figure, (measure, *(measure.get("parts") or {}).values()))):
            raise ValueError(Sentence("has a measure that is not a number"))
    return cast(Measured, record)


def check_outcome(value: Any) -> Outcome:
    """One of OUTCOMES."""
    record = check_record(value)
    if record.get("status") not in OUTCOMES:
        raise ValueError(Sentence("says a status that is none of {statuses}", statuses=", ".join(OUTCOMES)))
    return cast(Outcome, record)


def check_notes(value: Any) -> Notes:
    """Any JSON object: what it says is cleaned where it is read."""
    return cast(Notes, check_record(value))


CHECKS: Mapping[str, Callable[[Any], Any]] = {
    names.CONFIG: check_config,
    names.METRICS: check_metrics,
    names.FACTS: check_facts,
    names.OUTCOME: check_outcome,
    names.PROGRESS: check_progress,
    names.NOTES: check_notes,
    names.MEASURED: check_measured,
}


def are_epochs(rows: Sequence[Any] | None) -> bool:
    """Whether these could be the rows of a metrics.json."""
    try:
        return bool(check_metrics({"epochs": rows}))
    except (ValueError, TypeError):
        return False


def _are_numbers_of(value: Any, count: int) -> bool:
    """Whether it is a list of numbers of so many images."""
    return isinstance(value, list) and all(type(number) is int and 0 <= number < count for number in value)


def _is_trace(value: Any) -> bool:
    """Whether it is a list of points, each an epoch and a loss."""
    return isinstance(value, list) and all(
        isinstance(point, list) and len(point) == 2 and all(map(_is_number, point)) and None not in point
        for point in value
    )


def _is_figure(value: Any) -> bool:
    """Whether what is a number in a figure, or in a part of one, is one."""
    return all(_is_number(value.get(key)) for key in ("value", "n", "floor", "low", "high"))


def _is_number(value: Any) -> bool:
    """Whether it is a number, or null in the place of one."""
    return type(value) in _NUMBERS
