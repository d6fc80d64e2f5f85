"""What a comparison does not say: sentences on all that may have made a difference beside the architecture, the weightiest first."""

import statistics
from collections.abc import Sequence

from vaedash.comparing import alike, results, trials
from vaedash.comparing.results import Standing
from vaedash.comparing.rivals import Rivals
from vaedash.languages import counted, figure, say, to_say
from vaedash.runs import Run, Status
from vaedash.runs.schema import TRAINED

_UNEQUAL = 1.1  # times as many epochs as the other had: more than that may decide, where the other had no choice
_WORTH_SAYING = 1.5  # times as many: worth a word also where both stopped by their own rule
_TOO_SOON = 3  # times as many: one of the two may have stopped too soon
_ENDS = {
    Status.STOPPED: to_say("was stopped by hand after"),
    Status.INTERRUPTED: to_say("was interrupted after"),
    Status.ELSEWHERE: to_say("seems to be trained elsewhere still, so far for"),
    Status.FAILED: to_say("failed after"),
    Status.DIVERGED: to_say("diverged after"),
    Status.EARLY_STOPPED: to_say("stopped early, after"),
    Status.FINISHED: to_say("reached its limit of"),
    Status.DAMAGED: to_say("can be read in part only, as far as its"),
}
_ENDED = to_say("ended after")


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
        return [say("Not over yet.")]
    counts, whole = [epochs(side) for side in rivals.sides], {run.status for run in every} <= {*TRAINED}
    if whole and max(counts) < _WORTH_SAYING * min(counts) and shortened(rivals) is None:
        return []
    ends = [f"{label} {_end(side)}" for label, side in zip(labels, rivals.sides, strict=True)]
    doubt = "" if (soon := too_soon(rivals)) is None else say(", perhaps too soon for {label}", label=labels[soon])
    return [say("Training: {first}; {second}{doubt}.", first=ends[0], second=ends[1], doubt=doubt)]


def _end(side: Sequence[Standing]) -> str:
    """How a side ended and after how many epochs, in words."""
    ways, counts = {standing.run.status for standing in side}, {_epochs(standing) for standing in side}
    how = say(_ENDS[ways.pop()] if len(ways) == 1 else _ENDED)
    count = epochs(side)
    average = say(" on average") if len(counts) > 1 else ""
    return counted("{how} {n} epoch{average}", "{how} {n} epochs{average}", n=count, how=how, average=average)


def _beta(run: Run) -> list[str]:
    """What both pay for saying something, where that is not all that is meant."""
    if not run.config.beta:
        return [say("At beta 0 only redrawing counts: this says nothing of pictures that are made up.")]
    if run.at_full_beta or not run.best_epoch:
        return []
    beta = run.config.beta_at(run.best_epoch)
    return [
        say(
            "The KL warm-up has come to beta {beta:g} of {whole:g}; the order may still change.",
            beta=beta,
            whole=run.config.beta,
        )
    ]


def _settings(rivals: Rivals) -> list[str]:
    """The settings in which they differ, for which the architecture gets no credit."""
    first, second = rivals.runs
    names = [name for name in alike.confounded(first, second) if name != "seed" or len(rivals.pairs) == 1]
    if trials.decide_the_same(first, second) and "seed" not in names and names:
        # All others are the same throughout a tuning.
        return [
            say("Each has the settings ({names}) that did best for it in equally many tries.", names=", ".join(names))
        ]
    if names and first.config.arch != second.config.arch:
        return [
            say(
                "They also differ in {names}, so how much of it is the architecture's doing is not known.",
                names=", ".join(names),
            )
        ]
    if names:
        return [say("They differ in {names}.", names=", ".join(names))]
    if first.config.preset == second.config.preset and first.config.lr != second.config.lr:
        return [say("Preset {preset} gives each architecture a learning rate of its own.", preset=first.config.preset)]
    return []


def _picked(rivals: Rivals, labels: tuple[str, str]) -> list[str]:
    """Which of many these are, and from how many each was picked: whoever tries more finds more."""
    words = []
    if max(rivals.tried) > 1:
        what = say("settings") if rivals.seeds else say("runs")
        names = labels if rivals.seeds else [run.name for run in rivals.runs]
        (fewer, _, one), (more, favoured, other) = sorted(zip(rivals.tried, labels, names, strict=True))
        by = say("by {watched} loss", watched=rivals.watched)
        if fewer == more:
            words.append(
                say(
                    "These are {first} and {second}, each the best of {more} {what} {by}.",
                    first=names[0],
                    second=names[1],
                    more=more,
                    what=what,
                    by=by,
                )
            )
        else:
            alone = say("the only one") if fewer == 1 else say("the best of {fewer}", fewer=fewer)
            words.append(
                say(
                    "These are {other}, the best of {more} {what} {by}, and {one}, {alone}: that favours {favoured}.",
                    other=other,
                    more=more,
                    what=what,
                    by=by,
                    one=one,
                    alone=alone,
                    favoured=favoured,
                )
            )
    if rivals.others:
        words.append(
            counted(
                "Left out: {n} other run on other images or at another beta.",
                "Left out: {n} other runs on other images or at another beta.",
                n=rivals.others,
            )
        )
    return words


def _seeds(rivals: Rivals, labels: tuple[str, str]) -> list[str]:
    if any(run.active for run in rivals.runs):
        return []
    first, second = rivals.runs
    if not rivals.seeds and first.config == second.config:
        return [
            say("Both have the same settings and the same seed: one training made twice, which says nothing of luck.")
        ]
    if not rivals.seeds:
        return [say("One seed each: how much of it is luck, only more seeds can tell.")]
    paired = [first.run.config.seed for first, _ in rivals.pairs]
    words = [
        say(
            "Seed by seed ({seeds}) the difference is {listed}.",
            seeds=", ".join(map(str, paired)),
            listed=_listed(rivals.gaps),
        )
    ]
    for label, seeds in zip(labels, rivals.seeds, strict=True):
        alone = [str(run.config.seed) for run in seeds.runs if run.config.seed not in paired]
        odd = results.left_out(seeds)
        if alone:
            listed = ", ".join(alone)
            odd.append(
                counted("seed {seeds} has no partner", "seeds {seeds} have no partner", n=len(alone), seeds=listed)
            )
        words += [f"{label}: {'; '.join(odd)}."] if odd else []
    return words


def _listed(values: Sequence[float]) -> str:
    figures = [figure(value, ".1f") for value in values]
    return say(" and ").join([", ".join(figures[:-1]), figures[-1]])
