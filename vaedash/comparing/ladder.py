"""Which part of conv wins: FC and conv differ in three things at once, and a ladder of five models between them takes these apart.

FC, then FC with conv's number of weights, then local (conv's windows, with detectors of their own at each place) with FC's number of
weights, then local as wide as conv, then conv. Between two rungs one thing changes, but from the second to the third, where FC's number
of weights comes back too: what the windows are worth is held against the first. Each is trained with several seeds, on the pixels as
they are and shuffled.
"""

import itertools
import json
import math
import shlex
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypedDict

from vaedash import config, places
from vaedash.comparing import alike, intervals, shuffle
from vaedash.comparing.intervals import Interval
from vaedash.comparing.results import Row
from vaedash.config import RunConfig
from vaedash.languages import again, say, to_say
from vaedash.languages import figure as written
from vaedash.runs import Run
from vaedash.runs.schema import TRAINED

RECORDED = Path(__file__).parent / "ladders"  # what was measured beforehand and comes along, one file each
SEEDS = (0, 1, 2, 3, 4)
_VARIED = ("arch", "widths", "pixel_order", "seed", "device", "precision")
_NEAR = 1.1  # times as many weights, or as few: what is further off is no match


@dataclass(frozen=True, kw_only=True)
class Rung:
    """A model of the ladder: its architecture; where it is matched, to the number of weights of `like`; and what sets it apart from the
    rung before, in a few words."""

    key: str
    arch: str
    like: str = ""
    change: str = ""


RUNGS = (
    Rung(key="fc", arch="fc"),
    Rung(key="fc like conv", arch="fc", like="conv", change=to_say("fewer weights")),
    Rung(key="local like fc", arch="local", like="fc", change=to_say("looks at neighbours")),
    Rung(key="local", arch="local", change=to_say("more weights")),
    Rung(key="conv", arch="conv", change=to_say("one detector everywhere")),
)
# The widths of those that are matched, with p1 and the usual frame: what `models.matching` finds, for pages, which load no torch.
USUAL_WIDTHS: Mapping[str, str] = {"fc like conv": "167-128", "local like fc": "18-36-71"}


_HOW = (to_say("{preset}, {epochs} epochs"), to_say("{preset}, until early stopping"))


class RungRecord(TypedDict):
    """A rung as JSON has it; losses by order of the pixels and by seed."""

    rung: str
    widths: str
    weights: int
    losses: dict[str, dict[str, float]]
    stuck: dict[str, list[int]]


class Record(TypedDict):
    """A ladder as JSON has it."""

    pictures: str
    n_train: int
    n_test: int
    how: str
    command: str
    rungs: list[RungRecord]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A rung as it was trained: its `widths` in words, its number of `weights`, and by order of the pixels the test loss of each seed in
    nats; `stuck` are those seeds in which no latent is in use: they have learned nothing, and are counted, not averaged."""

    rung: Rung
    widths: str
    weights: int
    losses: Mapping[str, Mapping[int, float]]
    stuck: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def learned(self, order: str) -> Mapping[int, float]:
        """The losses of the seeds that are not stuck; of all where all are."""
        losses = self.losses[order]
        return {seed: loss for seed, loss in losses.items() if seed not in self.stuck.get(order, ())} or losses


@dataclass(frozen=True, kw_only=True)
class Step:
    """From one rung to another one: by how many nats the test loss falls, over the seeds with which both learned, and its interval (None
    for fewer than two)."""

    first: Trained
    second: Trained
    worth: float
    interval: Interval | None
    tried: int  # seeds, stuck ones and all

    @property
    def clear(self) -> bool:
        """Whether it is more, or less, than nothing, as far as seeds tell; of a single one, which is all that was tried, its word is
        taken."""
        return self.tried == 1 if self.interval is None else self.interval.certain


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """A ladder as far as it was trained on some `pictures`: all rungs that have at least one loss with the natural order."""

    pictures: str
    n_train: int
    n_test: int
    how: str  # preset and epochs, in words
    rungs: tuple[Trained, ...]
    command: str  # which trains it, or what it lacks
    runs: tuple[str, ...] = ()  # ids of its runs, where they are here

    def orders(self) -> list[str]:
        """The orders of the pixels with which every rung has been trained."""
        return [order for order in config.PIXEL_ORDERS if all(rung.losses.get(order) for rung in self.rungs)]

    def mean(self, key: str, order: str) -> float:
        """The mean test loss of a rung, over the seeds that learned."""
        return statistics.fmean(self._rung(key).learned(order).values())

    def step(self, first: str, second: str, order: str = "natural") -> Step:
        """What it is worth to go from one rung to another."""
        gaps = list(self._gaps(first, second, order).values())
        worth = statistics.fmean(gaps) if gaps else self.mean(first, order) - self.mean(second, order)
        return self._step(first, second, order, worth=worth, gaps=gaps)

    def lost(self, first: str, second: str) -> Step | None:
        """How much of what that step is worth is lost where the pixels are shuffled; None where no seed learned with all four."""
        natural, shuffled = (self._gaps(first, second, order) for order in config.PIXEL_ORDERS)
        gaps = [natural[seed] - shuffled[seed] for seed in sorted(natural.keys() & shuffled.keys())]
        return self._step(first, second, "shuffled", worth=statistics.fmean(gaps), gaps=gaps) if gaps else None

    def _gaps(self, first: str, second: str, order: str) -> dict[int, float]:
        """By how much the loss falls from one rung to another, for each seed with which both learned."""
        of_first, of_second = (self._rung(key).learned(order) for key in (first, second))
        return {seed: of_first[seed] - of_second[seed] for seed in sorted(of_first.keys() & of_second.keys())}

    def _step(self, first: str, second: str, order: str, *, worth: float, gaps: Sequence[float]) -> Step:
        ends = self._rung(first), self._rung(second)
        tried = max(len(end.losses[order]) for end in ends)
        return Step(first=ends[0], second=ends[1], worth=worth, interval=intervals.over_seeds(gaps), tried=tried)

    def steps(self, order: str = "natural") -> list[Step]:
        """From each rung to the next."""
        keys = [trained.rung.key for trained in self.rungs]
        return [self.step(first, second, order) for first, second in itertools.pairwise(keys)]

    def _rung(self, key: str) -> Trained:
        return next(trained for trained in self.rungs if trained.rung.key == key)


# How a ladder is printed.
COLUMNS = {
    "model": to_say("model"),
    "widths": to_say("widths"),
    "weights": to_say("weights"),
    "pixels": to_say("pixels"),
    "mean": to_say("test loss"),
    "each": to_say("of each seed"),
    "stuck": to_say("stuck"),
    "worth": to_say("better than the row above by"),
}


def rows(ladder: Ladder) -> list[Row]:
    """A ladder as a table, a line for each rung and order of the pixels."""
    lines: list[Row] = []
    for order in ladder.orders():
        steps: list[Step | None] = [None, *ladder.steps(order)]
        for trained, step in zip(ladder.rungs, steps, strict=True):
            lines.append(_row(trained, step, order, ladder.mean(trained.rung.key, order)))
    return lines


def _row(trained: Trained, step: Step | None, order: str, mean: float) -> Row:
    return {
        "model": config.spoken(trained.rung.arch),
        "widths": trained.widths,
        "weights": written(trained.weights, ","),
        "pixels": say(shuffle.ORDERS[order]),
        "mean": written(mean, ".2f"),
        "each": ", ".join(written(loss, ".1f") for loss in trained.losses[order].values()),
        "stuck": len(trained.stuck.get(order, ())),
        "worth": in_nats(step) if step else "",
    }


def in_nats(step: Step) -> str:
    """What a step is worth, with its interval."""
    if step.interval is None:
        return say("{worth:.1f} nats (one seed)", worth=step.worth)
    return say(
        "{worth:.1f} nats ({low:.1f} to {high:.1f})", worth=step.worth, low=step.interval.low, high=step.interval.high
    )


# ---- from runs, and from files --------------------------------------------------------------------------------------


def settings(
    base: RunConfig, widths: Mapping[str, str], *, seeds: Sequence[int], orders: Sequence[str]
) -> list[RunConfig]:
    """The runs of a ladder, alike in all but what it is about; seed by seed, so that what is there early is a whole ladder already.

    `widths` are those of the rungs that are matched, by their key. A preset stands for what it has for each architecture.
    """
    of_preset = config.PRESETS[base.preset] if base.preset else ()
    shared = {name: value for name, value in base.to_json().items() if name not in of_preset}
    return [
        RunConfig.build(
            **(shared | {"arch": rung.arch, "widths": widths.get(rung.key), "pixel_order": order, "seed": seed})
        )
        for seed in seeds
        for order in orders
        for rung in RUNGS
    ]


def found(newest_first: Sequence[Run]) -> list[Ladder]:
    """The ladders among some runs, on each set of pictures and for each way of learning; the ones of the newest runs first."""
    sets: dict[tuple[object, ...], list[Run]] = {}
    for run in newest_first:
        if run.settings and run.status in TRAINED and run.test_loss is not None:
            of_preset = config.PRESETS[run.settings.preset] if run.settings.preset else ()
            rest = alike.settings_but(run, *_VARIED, *of_preset)
            sets.setdefault((*rest, str(run.dataset.get("fingerprint"))), []).append(run)
    return [ladder for group in sets.values() if (ladder := _of(group))]


def _of(group: Sequence[Run]) -> Ladder | None:
    by_shape: dict[tuple[str, str], list[Run]] = {}
    for run in group:
        by_shape.setdefault((run.config.arch, run.config.widths), []).append(run)
    usual = {rung.key: by_shape.get((rung.arch, ""), []) for rung in RUNGS if not rung.like}
    if not all(usual.values()):
        return None
    weights = {key: runs[0].parameters for key, runs in usual.items()}
    chosen = usual | {rung.key: _nearest(by_shape, rung, weights[rung.like]) for rung in RUNGS if rung.like}
    rungs = [_trained(rung, chosen[rung.key]) for rung in RUNGS]
    if not all(trained.losses.get("natural") for trained in rungs):
        return None
    newest = group[0]
    return Ladder(
        pictures=_pictures(newest),
        n_train=int(newest.dataset.get("n_train") or 0),
        n_test=int(newest.dataset.get("n_test") or 0),
        how=_how(newest.config),
        rungs=tuple(rungs),
        command=command(newest.config),
        runs=tuple(run.id for runs in chosen.values() for run in runs),
    )


def _nearest(by_shape: Mapping[tuple[str, str], Sequence[Run]], rung: Rung, weights: int | None) -> Sequence[Run]:
    """The runs of a rung that is matched: of its architecture, among those with as many weights within a tenth, the most on the pixels as
    they are; of as many, the nearest."""

    def off(runs: Sequence[Run]) -> float:
        return abs(math.log((runs[0].parameters or 1) / (weights or 1)))

    near = [
        runs
        for (arch, widths), runs in by_shape.items()
        if arch == rung.arch and widths and off(runs) < math.log(_NEAR)
    ]
    return min(
        near, key=lambda runs: (-sum(run.config.pixel_order == "natural" for run in runs), off(runs)), default=[]
    )


def _trained(rung: Rung, newest_first: Sequence[Run]) -> Trained:
    losses: dict[str, dict[int, float]] = {}
    stuck: dict[str, list[int]] = {}
    for run in newest_first:
        of_order = losses.setdefault(run.config.pixel_order, {})
        if run.config.seed in of_order or run.test_loss is None:
            continue
        of_order[run.config.seed] = run.test_loss
        if alike.stuck(run):
            stuck.setdefault(run.config.pixel_order, []).append(run.config.seed)
    first = newest_first[0].config if newest_first else RunConfig(arch=rung.arch)
    return Trained(
        rung=rung,
        widths="-".join(map(str, first.layer_widths)),
        weights=(newest_first[0].parameters or 0) if newest_first else 0,
        losses={order: dict(sorted(of_order.items())) for order, of_order in losses.items()},
        stuck={order: sorted(seeds) for order, seeds in stuck.items()},
    )


def _pictures(run: Run) -> str:
    again = run.dataset.get("copy_of") or run.config.dataset
    known = config.BUILT_IN.get(str(again))
    return known.title if known else config.dataset_title(str(again))


def _how(asked: RunConfig) -> str:
    preset = asked.preset or say("settings of one's own")
    fewer, until = _HOW
    if asked.epochs < RunConfig.epochs:
        return say(fewer, preset=preset, epochs=asked.epochs)
    return say(until, preset=preset)


def command(asked: RunConfig) -> str:
    """What trains a ladder like this, on a shell's line; own pictures are called by their name, wherever they lie."""
    base = RunConfig.build(preset=asked.preset, dataset=asked.dataset, arch=asked.arch)
    own = {"dataset": asked.dataset, "preset": asked.preset, **{name: getattr(asked, name) for name in config.SETTINGS}}
    words = [f"{places.command()} ladder"]
    for name, value in own.items():
        told = name in ("dataset", "preset") or value != getattr(base, name)
        if name not in _VARIED and value is not None and told:
            shown = Path(str(value)).name if name == "dataset" and value not in config.DATASETS else str(value)
            words.append(f"--{name.replace('_', '-')} {shlex.quote(shown)}")
    return " ".join(words)


def missing(asked: Sequence[RunConfig], newest_first: Sequence[Run]) -> list[RunConfig]:
    """Those of these runs that nobody has trained yet, wherever it was computed, and that nobody is training."""
    there = {but_machine(run.settings) for run in newest_first if run.settings and (run.busy or run.status in TRAINED)}
    return [settings for settings in asked if but_machine(settings) not in there]


def but_machine(settings: RunConfig) -> RunConfig:
    """Settings without where and how exactly they are computed."""
    return replace(settings, device=RunConfig.device, precision=RunConfig.precision)


def to_json(ladder: Ladder) -> Record:
    """A ladder as a JSON record, without the ids of its runs."""
    return {
        "pictures": ladder.pictures,
        "n_train": ladder.n_train,
        "n_test": ladder.n_test,
        "how": ladder.how,
        "command": ladder.command,
        "rungs": [
            {
                "rung": trained.rung.key,
                "widths": trained.widths,
                "weights": trained.weights,
                "losses": {
                    order: {str(seed): loss for seed, loss in of.items()} for order, of in trained.losses.items()
                },
                "stuck": {order: list(seeds) for order, seeds in trained.stuck.items()},
            }
            for trained in ladder.rungs
        ],
    }


def recorded() -> list[Ladder]:
    """The ladders that were measured beforehand and come along; those of built-in datasets first, in the order of these."""
    place = {name: at for at, name in enumerate(config.DATASETS)}
    files = sorted(RECORDED.glob("*.json"), key=lambda file: (place.get(file.stem, len(place)), file.stem))
    return [from_json(json.loads(file.read_text())) for file in files]


def from_json(record: Record) -> Ladder:
    """A ladder from such a record."""
    by_key = {rung.key: rung for rung in RUNGS}
    rungs = [
        Trained(
            rung=by_key[each["rung"]],
            widths=each["widths"],
            weights=each["weights"],
            losses={order: {int(seed): loss for seed, loss in of.items()} for order, of in each["losses"].items()},
            stuck=each["stuck"],
        )
        for each in record["rungs"]
    ]
    return Ladder(
        pictures=record["pictures"],
        n_train=record["n_train"],
        n_test=record["n_test"],
        how=again(record["how"], _HOW),
        command=record["command"],
        rungs=tuple(rungs),
    )
