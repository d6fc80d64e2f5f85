"""Who leads, by how much, how sure that is and what else may have made the difference, in words."""

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vaedash.comparing import alike, intervals
from vaedash.comparing.intervals import Interval
from vaedash.comparing.results import below_line
from vaedash.config import RunConfig
from vaedash.runs import Run


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Who leads and by how much, in a few words (`headline`); below it, `grounds`: the figures, and what they do not say."""

    headline: str
    figures: str = ""
    since: str = ""
    rest: tuple[str, ...] = ()  # sentences: how sure it is, the line, what else may have made the difference

    @property
    def grounds(self) -> str:
        """What stands behind the headline, in whole sentences; empty where it says everything."""
        return " ".join([f"{self.figures}{self.since}.", *self.rest]) if self.figures else ""

    def __str__(self) -> str:
        return " ".join([f"{self.headline}{f' ({self.figures})' * bool(self.figures)}{self.since}.", *self.rest])


def sentence(chosen: Sequence[Run]) -> str:
    """Who leads on the held-out images, by how much, in one or two sentences that claim no more than the figures allow."""
    return str(judged(chosen))


def judged(chosen: Sequence[Run]) -> Verdict:
    """The verdict on these runs, in its parts."""
    measured = [run for run in chosen if run.settings and run.best and run.best["test_loss"] is not None]
    if len(measured) < 2:
        return Verdict(headline="Two runs with a finished epoch each are needed for a comparison")
    first, second = _rivals(sorted(measured, key=lambda run: run.best["test_loss"]))
    if not alike.same_axis(first, second) or first.best.get("beta") != second.best.get("beta"):  # within a KL warm-up
        return Verdict(
            headline="These runs cannot be compared: they differ in their images or in beta, so their losses have "
            "different units"
        )
    pairs = _pairs(measured, first, second)
    if statistics.fmean(_gap(*pair) for pair in pairs) < 0:  # the best run of all, but not the better architecture
        first, second, pairs = second, first, [(b, a) for a, b in pairs]
    gap = statistics.fmean(_gap(*pair) for pair in pairs)
    means = [statistics.fmean(run.best["test_loss"] for run in side) for side in zip(*pairs, strict=True)]
    several = f", means of {len(pairs)} seeds," if len(pairs) > 1 else ""
    n_test = first.dataset.get("n_test", 0)
    figures = f"{means[0]:.1f} against {means[1]:.1f} nats{several} on the same {n_test:,} test images"
    one, other = _label(first, second), _label(second, first)
    firsts, seconds = zip(*pairs, strict=True)
    sentences = (_luck(pairs), _against_line({one: firsts, other: seconds}), _caveat(first, second, len(pairs)))
    rest = tuple(filter(None, sentences))
    if gap < 0.05:
        return Verdict(headline=f"{one} and {other} are level", figures=figures, rest=rest)
    since = f", ahead from epoch {when} on" if (when := ahead_from(first, second)) else ""
    headline = f"{one} leads {other} by {gap:.1f} nats per image"
    return Verdict(headline=headline, figures=figures, since=since, rest=rest)


def _gap(first: Run, second: Run) -> float:
    return second.best["test_loss"] - first.best["test_loss"]


def _pairs(measured: Sequence[Run], first: Run, second: Run) -> list[tuple[Run, Run]]:
    """The two runs, or, where both are there with several seeds in common, a pair for each seed that is over."""
    sides = [
        {run.config.seed: run for run in measured if not run.active and alike.but_seed(run) == alike.but_seed(rival)}
        for rival in (first, second)
    ]
    common = sorted(sides[0].keys() & sides[1].keys()) if alike.but_seed(first) != alike.but_seed(second) else []
    return [(sides[0][seed], sides[1][seed]) for seed in common] if len(common) > 1 else [(first, second)]


def over_images(pairs: Sequence[tuple[Run, Run]]) -> Interval | None:
    """How much lower the losses of the first of each pair are over other test images like these, the seeds being what they are.

    Of several pairs, the mean over them is resampled. None where that was not measured of all.
    """
    losses = [[run.figures.test_losses() for run in side] for side in zip(*pairs, strict=True)]
    if any(one is None or len(one) != len(losses[0][0]) for side in losses for one in side):
        return None
    if not all(alike.same_axis(first, second) for first, second in pairs):
        return None
    first, second = (np.mean(side, axis=0) for side in losses)
    return intervals.over_images(second, first)


def _luck(pairs: Sequence[tuple[Run, Run]]) -> str:
    """How sure the difference is, over other images and over other seeds, as far as either was varied."""
    images = over_images(pairs)
    seeds = intervals.over_seeds([_gap(*pair) for pair in pairs])
    said = [
        f"{found.low:.1f} to {found.high:.1f} over other {what}"
        for found, what in ((images, "test images"), (seeds, "seeds"))
        if found
    ]
    if not said:
        return ""
    sure = "" if all(found.certain for found in (images, seeds) if found) else ": it may be luck"
    return f"95% interval of the difference: {' and '.join(said)}{sure}."


def proposed(chosen: Sequence[Run]) -> tuple[str, list[RunConfig]]:
    """What is missing for a fair or a surer comparison, in words, and the runs that would bring it; none while runs are active."""
    measured = [run for run in chosen if run.settings and run.best and not run.dataset.get("copy_of")]
    if len(measured) < 2 or any(run.active for run in chosen):
        return "", []
    first, second = _rivals(sorted(measured, key=lambda run: run.best["test_loss"] or 0.0))
    if first.config.arch == second.config.arch or not alike.same_axis(first, second):
        return "", []
    if alike.confounded(first, second):
        fair = RunConfig.build(**first.config.to_json() | {"arch": second.config.arch})
        return f"Train {fair.arch} with the settings of {first.name}", [fair]
    seed = max(run.config.seed for run in measured) + 1
    both = [dataclasses.replace(run.config, seed=seed) for run in (first, second)]
    return f"Train both with another seed ({seed})", both


def _against_line(named: Mapping[str, Sequence[Run]]) -> str:
    """What the best linear VAE would have, and how each side stands to it on average; empty where that is unknown."""
    found = {name: [below_line(run) for run in side] for name, side in named.items()}
    if any(None in gaps for gaps in found.values()):
        return ""
    gaps = {name: statistics.fmean(side) for name, side in found.items()}
    stands = [f"{name} is {abs(gap):.1f} {'below' if gap > 0 else 'above'}" for name, gap in gaps.items()]
    best = next(iter(named.values()))[0].line["test"]["loss"]
    return f"The best linear VAE (PCA) would have {best:.1f}: {', '.join(stands)}."


def _caveat(first: Run, second: Run, seeds: int) -> str:
    """Why the figures of two runs may not be the architecture's doing."""
    confounded = alike.confounded(first, second)
    if seeds > 1:
        confounded = [name for name in confounded if name != "seed"]
    if confounded and first.config.arch != second.config.arch:
        return f"They also differ in {', '.join(confounded)}, so this is not the architecture's doing alone."
    if confounded:
        return f"They differ in {', '.join(confounded)}."
    if first.config.preset == second.config.preset and first.config.lr != second.config.lr:
        return f"Preset {first.config.preset} gives each architecture a learning rate of its own."
    if any(run.active for run in (first, second)):
        return "Not over yet."
    return "" if seeds > 1 else "One seed each: how much of it is luck, only more seeds can tell."


def ahead_from(leader: Run, other: Run) -> int | None:
    """The first epoch from which on the leader's test loss stayed below the other's, of those that both have; None if at no end."""
    pairs = list(zip(leader.epochs, other.epochs, strict=False))
    when = None
    for ahead, behind in pairs:
        lower = None not in (ahead["test_loss"], behind["test_loss"]) and ahead["test_loss"] < behind["test_loss"]
        when = (when or ahead["epoch"]) if lower else None
    return when


def _rivals(by_loss: Sequence[Run]) -> tuple[Run, Run]:
    """The best run, and the best one of another architecture if there is one, else the second best."""
    first, *others = by_loss
    return first, next((run for run in others if run.config.arch != first.config.arch), others[0])


def _label(run: Run, other: Run) -> str:
    """What tells a run from the other: its architecture if that differs, else its name."""
    if run.config.arch == other.config.arch:
        return run.name
    return run.config.arch
