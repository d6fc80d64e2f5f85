"""What a comparison does not say: sentences on all that may have made a difference beside the architecture, the weightiest first."""

import statistics
from collections.abc import Sequence

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
    Status.ELSEWHERE: "seems to be trained elsewhere still, so far for",
    Status.FAILED: "failed after",
    Status.DIVERGED: "diverged after",
    Status.EARLY_STOPPED: "stopped early, after",
    Status.FINISHED: "reached its limit of",
    Status.DAMAGED: "can be read in part only, as far as its",
}


def epochs(side: Sequence[Standing]) -> int:
    """How many the runs of a side finished with finite losses, on average."""
    return round(statistics.fmean(map(_epochs, side)))


def _epochs(standing: Standing) -> int:
    return standing.run.finite_epochs


def shortened(rivals: Rivals) -> int | None:
    """Which of the two sides (0 or 1) had to end while the other's training went on; None where neither had.

    A run that stopped early, by its own rule, had what it asked for.
    """
    for place, side in enumerate(rivals.sides):
        longer = epochs(rivals.sides[1 - place])
        if all(seed.run.status != Status.EARLY_STOPPED and _UNEQUAL * _epochs(seed) < longer for seed in side):
            return place
    return None


def too_soon(rivals: Rivals) -> int | None:
    """Which of the two sides (0 or 1) stopped so much earlier than the other, by its own rule, that this may have been too soon."""
    counts = [epochs(side) for side in rivals.sides]
    shorter = int(counts[1] < counts[0])
    by_rule = all(standing.run.status == Status.EARLY_STOPPED for standing in rivals.sides[shorter])
    return shorter if by_rule and max(counts) > _TOO_SOON * min(counts) else None


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
    """How the trainings ended, where they did not end alike."""
    every = [standing.run for side in rivals.sides for standing in side]
    if any(run.active for run in every):
        return ["Not over yet."]
    counts, whole = [epochs(side) for side in rivals.sides], {run.status for run in every} <= {*TRAINED}
    if whole and max(counts) < _WORTH_SAYING * min(counts) and shortened(rivals) is None:
        return []
    ends = [f"{label} {_end(side)}" for label, side in zip(labels, rivals.sides, strict=True)]
    doubt = "" if (soon := too_soon(rivals)) is None else f", perhaps too soon for {labels[soon]}"
    return [f"Training: {ends[0]}; {ends[1]}{doubt}."]


def _end(side: Sequence[Standing]) -> str:
    """How a side ended and after how many epochs, in words."""
    ways, counts = {standing.run.status for standing in side}, {_epochs(standing) for standing in side}
    how = _ENDS[ways.pop()] if len(ways) == 1 else "ended after"
    count = epochs(side)
    return f"{how} {count} epoch{'' if count == 1 else 's'}{' on average' if len(counts) > 1 else ''}"


def _beta(run: Run) -> list[str]:
    """What both pay for saying something, where that is not all that is meant."""
    if not run.config.beta:
        return ["At beta 0 only redrawing counts: this says nothing of pictures that are made up."]
    if run.at_full_beta or not run.best_epoch:
        return []
    beta = run.config.beta_at(run.best_epoch)
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


def _picked(rivals: Rivals, labels: tuple[str, str]) -> list[str]:
    """Which of many these are, and from how many each was picked: whoever tries more finds more."""
    words = []
    if max(rivals.tried) > 1:
        what = "settings" if rivals.seeds else "runs"
        names = labels if rivals.seeds else [run.name for run in rivals.runs]
        (fewer, _, one), (more, favoured, other) = sorted(zip(rivals.tried, labels, names, strict=True))
        by = f"by {rivals.watched} loss"
        if fewer == more:
            words.append(f"These are {names[0]} and {names[1]}, each the best of {more} {what} {by}.")
        else:
            alone = "the only one" if fewer == 1 else f"the best of {fewer}"
            words.append(
                f"These are {other}, the best of {more} {what} {by}, and {one}, {alone}: that favours {favoured}."
            )
    if rivals.others:
        runs = f"{rivals.others} other run{'' if rivals.others == 1 else 's'}"
        words.append(f"Left out: {runs} on other images or at another beta.")
    return words


def _seeds(rivals: Rivals, labels: tuple[str, str]) -> list[str]:
    if any(run.active for run in rivals.runs):
        return []
    if not rivals.seeds:
        return ["One seed each: how much of it is luck, only more seeds can tell."]
    paired = [first.run.config.seed for first, _ in rivals.pairs]
    words = [f"Seed by seed ({', '.join(map(str, paired))}) the difference is {_listed(rivals.gaps)}."]
    for label, seeds in zip(labels, rivals.seeds, strict=True):
        alone = [str(run.config.seed) for run in seeds.runs if run.config.seed not in paired]
        odd = [*results.left_out(seeds), *([f"seed {', '.join(alone)} has no partner"] if alone else [])]
        words += [f"{label}: {'; '.join(odd)}."] if odd else []
    return words


def _listed(values: Sequence[float]) -> str:
    figures = [f"{value:.1f}" for value in values]
    return f"{', '.join(figures[:-1])} and {figures[-1]}"
