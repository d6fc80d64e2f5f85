"""What a comparison does not say: sentences on all that may have made a difference beside the architecture, the weightiest first."""

import statistics
from collections.abc import Sequence

from vaedash import config
from vaedash.comparing import alike, results
from vaedash.comparing.results import Standing
from vaedash.comparing.rivals import Rivals
from vaedash.runs import Run, Status
from vaedash.runs.schema import TRAINED

_UNEQUAL = 1.1  # times as many epochs as the other had: more than that may decide, where the other had no choice
_WORTH_SAYING = 1.5  # times as many: worth a word also where both stopped by their own rule
_TOO_SOON = 3  # times as many: one of the two may have stopped too soon
_ENDS = {
    Status.STOPPED: "was stopped by hand after",
    Status.INTERRUPTED: "was interrupted after",
    Status.FAILED: "failed after",
    Status.DIVERGED: "diverged after",
    Status.EARLY_STOPPED: "stopped early, after",
    Status.FINISHED: "reached its limit of",
    Status.DAMAGED: "can be read in part only, as far as its",
}


def epochs(side: Sequence[Standing]) -> int:
    """How many the runs of a side finished with finite losses, on average."""
    return round(statistics.fmean(sum(None not in row.values() for row in standing.run.epochs) for standing in side))


def cut(rivals: Rivals) -> int | None:
    """Which of the two sides (0 or 1) was cut short while the other's training went on; None where neither was.

    A run that stopped early, by its own rule, had what it asked for.
    """
    counts = [epochs(side) for side in rivals.sides]
    shorter = int(counts[1] < counts[0])
    by_rule = all(standing.run.status == Status.EARLY_STOPPED for standing in rivals.sides[shorter])
    return None if by_rule or max(counts) <= _UNEQUAL * min(counts) else shorter


def too_soon(rivals: Rivals) -> int | None:
    """Which of the two sides (0 or 1) stopped so much earlier than the other, by its own rule, that this may have been too soon."""
    counts = [epochs(side) for side in rivals.sides]
    return int(counts[1] < counts[0]) if cut(rivals) is None and max(counts) > _TOO_SOON * min(counts) else None


def sentences(rivals: Rivals, labels: tuple[str, str]) -> list[str]:
    """All that weakens a comparison of these rivals, which go by these labels; the weightiest first."""
    return [
        *_training(rivals, labels),
        *_beta(rivals.runs[0]),
        *_settings(rivals),
        *_picked(rivals, labels),
        *_seeds(rivals, labels),
    ]


def _training(rivals: Rivals, labels: tuple[str, str]) -> list[str]:
    """How each run ended, where they did not end alike."""
    first, second = rivals.runs
    if first.active or second.active:
        return ["Not over yet."]
    counts, whole = [epochs(side) for side in rivals.sides], {first.status, second.status} <= {*TRAINED}
    if whole and max(counts) < _WORTH_SAYING * min(counts) and cut(rivals) is None:
        return []
    ends = [
        f"{label} {_ENDS[run.status]} {count} epoch{'' if count == 1 else 's'}"
        for label, run, count in zip(labels, (first, second), counts, strict=True)
    ]
    doubt = "" if (soon := too_soon(rivals)) is None else f", perhaps too soon for {labels[soon]}"
    return [f"Training: {ends[0]}; {ends[1]}{doubt}."]


def _beta(run: Run) -> list[str]:
    """What both pay for saying something, where that is not all that is meant."""
    if not run.config.beta:
        return ["At beta 0 only redrawing counts: this says nothing of pictures that are made up."]
    if run.at_full_beta:
        return []
    beta = run.best.get("beta") if run.best else None
    return [f"The KL warm-up has come to beta {beta:g} of {run.config.beta:g}; the order may still change."]


def _settings(rivals: Rivals) -> list[str]:
    """The settings in which they differ, for which the architecture gets no credit."""
    first, second = rivals.runs
    names = [name for name in alike.confounded(first, second) if name != "seed" or len(rivals.pairs) == 1]
    if names and first.config.arch != second.config.arch:
        return [f"They also differ in {', '.join(names)}, so how much of it is the architecture's doing is not known."]
    if names:
        return [f"They differ in {', '.join(names)}."]
    if first.config.preset == second.config.preset and first.config.lr != second.config.lr:
        return [f"Preset {first.config.preset} gives each architecture a learning rate of its own."]
    return []


def _seeds(rivals: Rivals, labels: tuple[str, str]) -> list[str]:
    if any(run.active for run in rivals.runs):
        return []
    if not rivals.seeds:
        return ["One seed each: how much of it is luck, only more seeds can tell."]
    odd = [f"{label}: {'; '.join(words)}." for label, words in _odd(rivals, labels)]
    seeds = [f"{first.run.config.seed}" for first, _ in rivals.pairs]
    return [f"Seed by seed ({', '.join(seeds)}) the difference is {_listed(rivals.gaps)}.", *odd]


def _odd(rivals: Rivals, labels: tuple[str, str]) -> list[tuple[str, list[str]]]:
    found = ((label, results.left_out(seeds)) for label, seeds in zip(labels, rivals.seeds, strict=True))
    return [(label, words) for label, words in found if words]


def _listed(values: Sequence[float]) -> str:
    figures = [f"{value:.1f}" for value in values]
    return f"{', '.join(figures[:-1])} and {figures[-1]}"


def _picked(rivals: Rivals, labels: tuple[str, str]) -> list[str]:
    """From how many each was picked: whoever tries more finds more."""
    if max(rivals.tried) == 1:
        return []
    monitors = {run.config.monitor for run in rivals.runs}
    by = monitors.pop() if len(monitors) == 1 else config.MONITORS[0]
    what = "settings" if rivals.seeds else "runs"
    if rivals.tried[0] == rivals.tried[1]:
        return [f"Each is the best of {rivals.tried[0]} {what}, by {by} loss."]
    (fewer, one), (more, other) = sorted(zip(rivals.tried, labels, strict=True))
    return [f"{other} is the best of {more} {what} by {by} loss, {one} of {fewer}: that favours {other}."]
