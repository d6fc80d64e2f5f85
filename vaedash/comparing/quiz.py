"""A lesson on two runs: what a class is asked before it may look, and what the runs themselves answer."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from vaedash import config
from vaedash.comparing import alike, results, shuffle, verdict
from vaedash.runs import Run

LEVEL = "level"  # the answer that is no architecture's
_LETTERS = "ABCDE"
_LEVEL_NATS = 0.05  # losses closer than this read as the same figure
_LEVEL_SHARE = 0.05  # weights and speeds that differ by less than this part of the larger one are about the same
_TILES = {"prior": 12, "recon": 6}  # pictures of each kind that are shown without a name
_ROW = 6

Thing = TypeVar("Thing")


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question on a pair: what may be answered, which answer is right, and the figures behind it in a sentence.

    `answer` is None, and `said` empty, where nothing on disk answers it yet.
    """

    key: str
    choices: tuple[str, ...]
    answer: str | None
    said: str


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """Pictures of a pair without their names. All of it follows from `name`, so everybody who has the link sees the same.

    `runs` and `tiles`, uint8 `(N, 3, 32, 32)`, are by letter, A first; `numbers` says which of the kept pictures they
    are: the same z (where the latent sizes agree), or the same photographs, at the same place for every letter.
    `sought` is the architecture that is asked for.
    """

    name: str
    kind: str
    runs: Mapping[str, Run]
    tiles: Mapping[str, np.ndarray]
    numbers: tuple[int, ...]
    sought: str

    @property
    def answer(self) -> str:
        """The letter of the architecture that is sought."""
        return next(letter for letter, run in self.runs.items() if run.config.arch == self.sought)


def ballot(pair: Sequence[Run], *, kind: str, draw: int) -> Ballot | None:
    """The ballot of this number on what a pair kept at its best epochs (`prior` or `recon`); None where pictures are lacking.

    Sought is the architecture of the last run.
    """
    kept = {run.id: run.pictures.sample(kind, run.best_epoch) for run in pair}
    if any(tiles is None for tiles in kept.values()):
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


def _blind(name: str, things: Sequence[Thing]) -> dict[str, Thing]:
    """The things by letter, in an order that follows from a name and from nothing else."""
    return dict(zip(_LETTERS, _generator(f"{name} letters").sample(things, len(things)), strict=False))


def _generator(name: str) -> random.Random:
    return random.Random(name)  # by the name's SHA-512, which is the same on every machine


def questions(pair: Sequence[Run], tested: Mapping[tuple[str, str], Run]) -> list[Question]:
    """What can be asked about a comparable pair, in the order of a lesson; what its files cannot answer is left out.

    `tested` is `shuffle.four_runs`. Only its question stays where it is not answered yet: a button can do that.
    """
    asked = (
        _drew(pair),
        _weights(pair),
        _speed(pair),
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
    said = " and ".join(f"{letter} is by {run.config.arch}" for letter, run in shown.runs.items())
    return Question(key="drew", choices=tuple(shown.runs), answer=shown.answer, said=f"{said}.")


def _weights(pair: Sequence[Run]) -> Question | None:
    """Which one has more to learn with?"""
    return _most("weights", _results(pair, "parameters"), "{} has {:,.0f} weights", "{} has {:.1f} times as many")


def _speed(pair: Sequence[Run]) -> Question | None:
    """Which one is quicker?"""
    speeds = _results(pair, "images_per_second")
    return _most("speed", speeds, "{} looks at {:,.0f} pictures a second", "{} is {:.1f} times as fast")


def _first(pair: Sequence[Run]) -> Question | None:
    """Which one has learned more from one look at every picture?"""
    rows = [run.epochs[0] for run in pair if len(run.epochs) > 1]
    if len(rows) < len(pair) or len({row["beta"] for row in rows}) > 1:  # within a KL warm-up of one of them
        return None
    losses = {run.config.arch: row["test_loss"] for run, row in zip(pair, rows, strict=True)}
    if None in losses.values():
        return None
    said = " and ".join(f"{arch} is at {loss:.1f}" for arch, loss in losses.items())
    answer = _lowest(losses, within=_LEVEL_NATS)
    return Question(key="first", choices=(*losses, LEVEL), answer=answer, said=f"After one look, {said} nats.")


def _end(pair: Sequence[Run]) -> Question | None:
    """Which one is ahead in the end?"""
    losses = _results(pair, "test_loss")
    if losses is None or len({run.best.get("beta") for run in pair}) > 1:
        return None
    said = f"{verdict.judged(pair).headline}."
    return Question(key="end", choices=(*losses, LEVEL), answer=_lowest(losses, within=_LEVEL_NATS), said=said)


def _made_up(pair: Sequence[Run]) -> Question | None:
    """Which of two rows is made up, and which one is remembered?"""
    rows = two_rows(pair)
    if rows is None:
        return None
    answer = next(letter for letter, (kind, _) in rows.items() if kind == "prior")
    other = next(letter for letter in rows if letter != answer)
    said = f"{answer} is made up, out of random numbers. {other} is remembered: pictures it was shown, squeezed and redrawn."
    return Question(key="made up", choices=tuple(rows), answer=answer, said=said)


def _shuffled(pair: Sequence[Run], tested: Mapping[tuple[str, str], Run]) -> Question:
    """Which one suffers more when the pixels of all pictures are shuffled?"""
    choices = (*(run.config.arch for run in pair), LEVEL)
    said = shuffle.sentence(tested) if tested else ""
    gains = {arch: -shuffle.cost(tested, arch) for arch in config.ARCHS} if said else {}
    return Question(
        key="shuffled", choices=choices, answer=_lowest(gains, within=_LEVEL_NATS) if said else None, said=said
    )


def two_rows(pair: Sequence[Run]) -> dict[str, tuple[str, np.ndarray]] | None:
    """By letter, what the better one of a pair made up (`prior`) and what it redrew (`recon`): the kind, and uint8 `(N, 3, 32, 32)`."""
    best = leader(pair)
    rows = [(kind, best.pictures.sample(kind, best.best_epoch)) for kind in ("prior", "recon")]
    if any(tiles is None for _, tiles in rows):
        return None
    count = min(_ROW, *(len(tiles) for _, tiles in rows))
    return _blind(best.id, [(kind, tiles[:count]) for kind, tiles in rows])


def leader(pair: Sequence[Run]) -> Run:
    """The run with the lowest test loss."""
    return min(pair, key=lambda run: run.best["test_loss"])


def score(asked: Sequence[Question], predicted: Mapping[str, str]) -> tuple[int, int, float]:
    """How many of the predictions (a question's key to a choice) are right, of how many, and how many dice would get right."""
    counted = [question for question in asked if question.answer and question.key in predicted]
    right = sum(predicted[question.key] == question.answer for question in counted)
    return right, len(counted), sum(1 / len(question.choices) for question in counted)


def learned(pair: Sequence[Run], tested: Mapping[tuple[str, str], Run]) -> str:
    """What follows from a pair, and from the shuffled pixels where they have been tried, in one sentence."""
    end, shuffled = _end(pair), _shuffled(pair, tested)
    headline = verdict.judged(pair).headline
    if end is None:
        return f"{headline}."
    if end.answer == LEVEL:
        return f"Not here: {headline}."
    counts = _results(pair, "parameters") or {end.answer: 1}
    share = counts[end.answer] / max(counts.values())
    fewer = f", with {share:.0%} of its weights" if share < 1 - _LEVEL_SHARE else ""
    if shuffled.answer is None or not alike.same_axis(pair[0], next(iter(tested.values()))):
        return f"Here it does: {headline}{fewer}."
    without = {arch: tested[arch, "shuffled"].best["test_loss"] for arch in config.ARCHS}
    if shuffled.answer == end.answer and min(without, key=without.get) != end.answer:
        return f"Here it does: {headline}{fewer}, and loses that lead once neighbouring pixels are neighbours no more."
    return f"Here it does: {headline}{fewer}. {shuffled.said}"


def _lowest(values: Mapping[str, float], *, within: float) -> str:
    """Which one has the lowest value; LEVEL where the next one is less than `within` away."""
    first, second, *_ = sorted(values, key=values.get)
    return LEVEL if values[second] - values[first] < within else first


def _most(key: str, values: Mapping[str, float] | None, words: str, times: str) -> Question | None:
    """The question which one has most of something, of which two values within a twentieth are about the same."""
    if values is None:
        return None
    top = max(values.values())
    answer = _lowest({arch: -value for arch, value in values.items()}, within=_LEVEL_SHARE * top)
    said = ", ".join(words.format(arch, value) for arch, value in values.items())
    ratio = "about the same" if answer == LEVEL else times.format(answer, top / min(values.values()))
    return Question(key=key, choices=(*values, LEVEL), answer=answer, said=f"{said}: {ratio}.")


def _results(pair: Sequence[Run], name: str) -> dict[str, Any] | None:
    """One column of the results table, by architecture; None where it has a gap."""
    values = {run.config.arch: results.result(run)[name] for run in pair}
    return None if None in values.values() or len(values) < 2 else values
