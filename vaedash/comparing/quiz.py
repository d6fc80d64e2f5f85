"""A lesson on two runs: what a class is asked before it may look, and what the runs themselves answer."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vaedash import config
from vaedash.comparing import alike, results, shuffle, verdict
from vaedash.comparing.results import Result
from vaedash.comparing.shuffle import Variant
from vaedash.languages import figure, say
from vaedash.runs import Run

Tiles = NDArray[np.uint8]  # pictures, `(N, 3, side, side)`

LEVEL = "level"  # the answer that is no architecture's
_LETTERS = "ABCDE"
_LEVEL_SHARE = 0.05  # numbers of weights that differ by less than this part of the larger one are about the same
_TILES = {"prior": 9, "recon": 4}  # pictures of each kind that are shown without a name
_ROW = 3

Thing = TypeVar("Thing")


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question on a pair: what may be answered, which answer is right, and the figures behind it in a sentence.

    `answer` is None, and `sentence` empty, where nothing on disk answers it yet.
    """

    key: str
    choices: tuple[str, ...]
    answer: str | None
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """Pictures of a pair without their names. All of it follows from `name`, so everybody who has the link sees the same.

    `runs` and `tiles` are by letter, A first; `numbers` says which of the kept pictures they are: the same z (where the
    latent sizes agree), or the same photographs, at the same place for every letter. `sought` is the architecture that is asked for.
    """

    name: str
    kind: str
    runs: Mapping[str, Run]
    tiles: Mapping[str, Tiles]
    numbers: tuple[int, ...]
    sought: str

    @property
    def answer(self) -> str:
        """The letter of the architecture that is sought."""
        return next(letter for letter, run in self.runs.items() if run.config.arch == self.sought)


def ballot(pair: Sequence[Run], *, kind: str, draw: int) -> Ballot | None:
    """The ballot of this number on what a pair kept at its best epochs (`prior` or `recon`); None where pictures are lacking, or
    where they redraw others.

    Sought is the architecture of the last run.
    """
    kept = {run.id: tiles for run in pair if (tiles := _kept(run, kind)) is not None}
    if len(kept) < len(pair) or (kind == "recon" and any(run.redrawn != pair[0].redrawn for run in pair)):
        return None
    name = "-".join([*sorted(kept), kind, str(draw)])
    count = min(len(tiles) for tiles in kept.values())
    numbers = _generator(name).sample(range(count), min(count, _TILES[kind]))
    by_letter = _blind(name, sorted(pair, key=lambda run: run.id))
    return Ballot(
        name=name,
        kind=kind,
        runs=by_letter,
        tiles={letter: kept[run.id][numbers] for letter, run in by_letter.items()},
        numbers=tuple(numbers),
        sought=pair[-1].config.arch,
    )


def _kept(run: Run, kind: str) -> Tiles | None:
    """What a run drew at its best epoch."""
    return run.pictures.sample(kind, run.best_epoch) if run.best_epoch else None


def _blind(name: str, things: Sequence[Thing]) -> dict[str, Thing]:
    """The things by letter, in an order that follows from a name and from nothing else."""
    return dict(zip(_LETTERS, _generator(f"{name} letters").sample(things, len(things)), strict=False))


def _generator(name: str) -> random.Random:
    return random.Random(name)  # by the name's SHA-512, which is the same on every machine


def questions(pair: Sequence[Run], tested: Mapping[Variant, Run]) -> list[Question]:
    """What can be asked about a comparable pair, in the order of a lesson; what its files cannot answer is left out.

    `tested` is `shuffle.four_runs`. Only its question stays where it is not answered yet: a button can do that.
    """
    asked = (
        _drew(pair),
        _weights(pair),
        _first(pair),
        _end(pair),
        _made_up(pair),
        _shuffled(pair, tested),
    )
    return [question for question in asked if question]


def _drew(pair: Sequence[Run]) -> Question | None:
    """Which of two grids did conv draw?"""
    shown = ballot(pair, kind="prior", draw=0)
    if shown is None:
        return None
    painters = say(" and ").join(
        say("{letter} is by {name}", letter=letter, name=config.spoken(run.config.arch))
        for letter, run in shown.runs.items()
    )
    return Question(key="drew", choices=tuple(shown.runs), answer=shown.answer, sentence=f"{painters}.")


def _weights(pair: Sequence[Run]) -> Question | None:
    """Which one has more to learn with?"""
    counts = _column(pair, lambda result: result.parameters)
    if counts is None:
        return None
    fewest, *_, most = sorted(counts, key=lambda arch: counts[arch])
    answer = _lowest({arch: -count for arch, count in counts.items()}, within=_LEVEL_SHARE * counts[most])
    figures = say("{most} against {fewest}", most=_spelt(counts[most]), fewest=_spelt(counts[fewest]))
    more = say("{name} has {times:.1f} times as many", name=config.spoken(most), times=counts[most] / counts[fewest])
    sentence = f"{say('Both have about as many') if answer == LEVEL else more}: {figures}."
    return Question(key="weights", choices=(*counts, LEVEL), answer=answer, sentence=sentence)


def _spelt(count: float) -> str:
    """A large number as it is said aloud."""
    return say("{count:.1f} million", count=count / 1e6) if count >= 1e6 else figure(count, ",.0f")


def _first(pair: Sequence[Run]) -> Question | None:
    """Which one has learned more from one look at every picture?"""
    first_epochs = {run.config.arch: run.epochs[0] for run in pair if len(run.epochs) > 1}
    betas = {epoch.get("beta") for epoch in first_epochs.values()}
    if len(first_epochs) < len(pair) or len(betas) > 1:  # within a KL warm-up of one of them
        return None
    losses = _whole({arch: epoch["test_loss"] for arch, epoch in first_epochs.items()})
    if losses is None:
        return None
    ahead, behind = sorted(losses, key=lambda arch: losses[arch])
    less = verdict.less_wrong(losses[ahead], losses[behind])
    words = say(
        "After one look, {name} is {less} than {other}.",
        name=config.spoken(ahead),
        less=less,
        other=config.spoken(behind),
    )
    answer = _lowest(losses, within=results.LEVEL)
    return Question(
        key="first",
        choices=(*losses, LEVEL),
        answer=answer,
        sentence=say("Both are level.") if answer == LEVEL else words,
    )


def _end(pair: Sequence[Run]) -> Question | None:
    """Which one is ahead in the end?"""
    losses = _column(pair, lambda result: result.test_loss)
    judged = verdict.judged(pair)
    if losses is None or not judged.fair or len({measured.beta for measured in results.standings(pair)}) > 1:
        return None
    answer = judged.leader.config.arch if judged.leader else LEVEL  # also where the lead may be luck
    return Question(key="end", choices=(*losses, LEVEL), answer=answer, sentence=f"{judged.plain}.")


def _made_up(pair: Sequence[Run]) -> Question | None:
    """Which of two rows is made up, and which one is remembered?"""
    rows = two_rows(pair)
    if rows is None:
        return None
    [made_up] = [letter for letter, (kind, _) in rows.items() if kind == "prior"]
    [remembered] = [letter for letter in rows if letter != made_up]
    return Question(
        key="made up",
        choices=tuple(rows),
        answer=made_up,
        sentence=say(
            "The numbers of {made_up} were thrown like dice. {remembered} is redrawn, from the pictures above it.",
            made_up=made_up,
            remembered=remembered,
        ),
    )


def _shuffled(pair: Sequence[Run], tested: Mapping[Variant, Run]) -> Question:
    """Which one suffers more when the pixels of all pictures are shuffled?"""
    gains = {arch: -worse for arch, worse in shuffle.costs(tested).items()}
    return Question(
        key="shuffled",
        choices=(*(run.config.arch for run in pair), LEVEL),
        answer=_lowest(gains, within=results.LEVEL) if gains else None,
        sentence=shuffle.plainly(tested),
    )


def two_rows(pair: Sequence[Run]) -> dict[str, tuple[str, Tiles]] | None:
    """By letter, what the better one of a pair made up (`prior`) and what it redrew (`recon`): the kind and the pictures."""
    best = leader(pair)
    made_up, redrawn = _kept(best, "prior"), _kept(best, "recon")
    if made_up is None or redrawn is None:
        return None
    count = min(_ROW, len(made_up), len(redrawn))
    return _blind(best.id, [("prior", made_up[:count]), ("recon", redrawn[:count])])


def best_first(run: Run, originals: Tiles) -> list[int]:
    """The numbers of a run's held-out pictures, that one first of which it keeps most when it redraws it.

    That is measured against a picture of one colour: what differs most from it, and is found again.
    """
    redrawn = _kept(run, "recon")
    if redrawn is None:
        return list(range(len(originals)))
    count = min(len(originals), len(redrawn))
    real, drawn = originals[:count].astype(np.float64), redrawn[:count].astype(np.float64)
    lost = np.square(real - drawn).mean((1, 2, 3)) / np.maximum(real.var((1, 2, 3)), 1.0)
    order: list[int] = np.argsort(lost, kind="stable").tolist()
    return order


def leader(pair: Sequence[Run]) -> Run:
    """The run with the lowest test loss."""
    return min(pair, key=lambda run: math.inf if run.test_loss is None else run.test_loss)


def score(asked: Sequence[Question], predicted: Mapping[str, str]) -> tuple[int, int, float]:
    """How many of the predictions (a question's key to a choice) are right, of how many, and how many dice would get right."""
    counted = [question for question in asked if question.answer and question.key in predicted]
    right = sum(predicted[question.key] == question.answer for question in counted)
    return right, len(counted), sum(1 / len(question.choices) for question in counted)


def learned(pair: Sequence[Run], tested: Mapping[Variant, Run]) -> str:
    """What follows from a pair, and from the shuffled pixels where they have been tried, in a sentence or two."""
    end, judged = _end(pair), verdict.judged(pair)
    if end is None or end.answer is None:
        return f"{judged.plain}."
    if end.answer == LEVEL:
        return say("Not here: {plain}.", plain=judged.plain) if judged.level else f"{judged.plain}."
    here = say(
        "Yes: {plain}{weights}.",
        plain=judged.plain,
        weights=_with_fewer_weights(pair, end.answer),
    )
    losses = shuffle.losses(tested)
    if not losses or not alike.same_axis(pair[0], next(iter(tested.values()))):
        return here
    ahead = min(config.PAIR, key=lambda arch: losses[arch, "shuffled"])
    if _shuffled(pair, tested).answer == end.answer and ahead != end.answer:
        return say("{here} Shuffle the pixels, and that lead is gone.", here=here)
    return f"{here} {shuffle.plainly(tested)}"


def _with_fewer_weights(pair: Sequence[Run], arch: str) -> str:
    """With what part of the other's weights an architecture made it; empty where it has as many, and where that is unknown."""
    counts = _column(pair, lambda result: result.parameters)
    share = counts[arch] / max(counts.values()) if counts else 1.0
    return say(", with {share:.0%} of its weights", share=share) if share < 1 - _LEVEL_SHARE else ""


def _lowest(values: Mapping[str, float], *, within: float) -> str:
    """Which one has the lowest value; LEVEL where the next one is less than `within` away."""
    first, second, *_ = sorted(values, key=lambda arch: values[arch])
    return LEVEL if values[second] - values[first] < within else first


def _column(pair: Sequence[Run], value_of: Callable[[Result], float | None]) -> dict[str, float] | None:
    """One column of the results table, by architecture; None where it has a gap."""
    return _whole({run.config.arch: value_of(results.result(run)) for run in pair})


def _whole(by_arch: Mapping[str, float | None]) -> dict[str, float] | None:
    """Those values, if there is one for each of several architectures."""
    known = {arch: value for arch, value in by_arch.items() if value is not None}
    return known if len(known) == len(by_arch) > 1 else None
