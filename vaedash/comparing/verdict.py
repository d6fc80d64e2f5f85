"""Who leads, by how much, how sure that is and what else may have made the difference, in words."""

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vaedash.comparing import alike, intervals, results
from vaedash.comparing.intervals import Interval
from vaedash.comparing.results import Standing
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
        figures = f" ({self.figures})" if self.figures else ""
        return " ".join([f"{self.headline}{figures}{self.since}.", *self.rest])


_Pair = tuple[Standing, Standing]  # two rivals, of one seed each


def sentence(chosen: Sequence[Run]) -> str:
    """Who leads on the held-out images, by how much, in one or two sentences that claim no more than the figures allow."""
    return str(judged(chosen))


def judged(chosen: Sequence[Run]) -> Verdict:
    """The verdict on these runs, in its parts."""
    measured = results.standings(chosen)
    if len(measured) < 2:
        return Verdict(headline="Two runs with a finished epoch each are needed for a comparison")
    first, second = _rivals(measured)
    if not alike.same_axis(first.run, second.run) or first.beta != second.beta:  # within a KL warm-up
        return Verdict(
            headline="These runs cannot be compared: they differ in their images or in beta, so their losses have "
            "different units"
        )
    pairs = _pairs(measured, first, second)
    if _gap(pairs) < 0:  # the best run of all, but not the better architecture
        first, second, pairs = second, first, [(b, a) for a, b in pairs]
    return _between(first.run, second.run, pairs)


def _between(leader: Run, rival: Run, pairs: Sequence[_Pair]) -> Verdict:
    """The verdict on two rivals whose losses may be compared, the leader being the first of each pair."""
    gap, label, label_of_rival = _gap(pairs), _label(leader, rival), _label(rival, leader)
    leaders, rivals = [first for first, _ in pairs], [second for _, second in pairs]
    mean, mean_of_rival = (statistics.fmean(standing.test_loss for standing in side) for side in (leaders, rivals))
    several = f", means of {len(pairs)} seeds," if len(pairs) > 1 else ""
    n_test = leader.dataset.get("n_test", 0)
    figures = f"{mean:.1f} against {mean_of_rival:.1f} nats{several} on the same {n_test:,} test images"
    against_line = _against_line({label: leaders, label_of_rival: rivals})
    sentences = (_luck(pairs), against_line, _caveat(leader, rival, len(pairs)))
    rest = tuple(sentence for sentence in sentences if sentence)
    if gap < 0.05:
        return Verdict(headline=f"{label} and {label_of_rival} are level", figures=figures, rest=rest)
    when = ahead_from(leader, rival)
    since = f", ahead from epoch {when} on" if when else ""
    headline = f"{label} leads {label_of_rival} by {gap:.1f} nats per image"
    return Verdict(headline=headline, figures=figures, since=since, rest=rest)


def _gaps(pairs: Sequence[_Pair]) -> list[float]:
    """By how many nats the first of each pair is ahead."""
    return [second.test_loss - first.test_loss for first, second in pairs]


def _gap(pairs: Sequence[_Pair]) -> float:
    return statistics.fmean(_gaps(pairs))


def _pairs(measured: Sequence[Standing], first: Standing, second: Standing) -> list[_Pair]:
    """The two runs, or, where both are there with several seeds in common, a pair for each seed that is over."""
    if alike.but_seed(first.run) == alike.but_seed(second.run):
        return [(first, second)]
    firsts, seconds = _by_seed(measured, first.run), _by_seed(measured, second.run)
    common = sorted(firsts.keys() & seconds.keys())
    return [(firsts[seed], seconds[seed]) for seed in common] if len(common) > 1 else [(first, second)]


def _by_seed(measured: Sequence[Standing], rival: Run) -> dict[int, Standing]:
    """Of the runs that are over, those that differ from a rival in nothing but their seed."""
    return {
        standing.run.config.seed: standing
        for standing in measured
        if not standing.run.active and alike.but_seed(standing.run) == alike.but_seed(rival)
    }


def over_images(pairs: Sequence[tuple[Run, Run]]) -> Interval | None:
    """How much lower the losses of the first of each pair are over other test images like these, the seeds being what they are.

    Of several pairs, the mean over them is resampled. None where that was not measured of all.
    """
    firsts, seconds = _test_losses([first for first, _ in pairs]), _test_losses([second for _, second in pairs])
    if firsts is None or seconds is None or len(firsts) != len(seconds):
        return None
    if not all(alike.same_axis(first, second) for first, second in pairs):
        return None
    return intervals.over_images(seconds, firsts)


def _test_losses(runs: Sequence[Run]) -> intervals.Losses | None:
    """The loss of each test image, its mean over the runs; None where they were not measured on as many of all."""
    measured = [losses for run in runs if (losses := run.figures.test_losses()) is not None]
    if len(measured) < len(runs) or len({len(losses) for losses in measured}) > 1:
        return None
    mean: intervals.Losses = np.mean(measured, axis=0)
    return mean


def _luck(pairs: Sequence[_Pair]) -> str:
    """How sure the difference is, over other images and over other seeds, as far as either was varied."""
    over = {
        "test images": over_images([(first.run, second.run) for first, second in pairs]),
        "seeds": intervals.over_seeds(_gaps(pairs)),
    }
    varied = {what: interval for what, interval in over.items() if interval}
    if not varied:
        return ""
    ranges = [f"{interval.low:.1f} to {interval.high:.1f} over other {what}" for what, interval in varied.items()]
    sure = "" if all(interval.certain for interval in varied.values()) else ": it may be luck"
    return f"95% interval of the difference: {' and '.join(ranges)}{sure}."


def proposed(chosen: Sequence[Run]) -> tuple[str, list[RunConfig]]:
    """What is missing for a fair or a surer comparison, in words, and the runs that would bring it; none while runs are active."""
    measured = [standing for standing in results.standings(chosen) if not standing.run.dataset.get("copy_of")]
    if len(measured) < 2 or any(run.active for run in chosen):
        return "", []
    first, second = (rival.run for rival in _rivals(measured))
    if first.config.arch == second.config.arch or not alike.same_axis(first, second):
        return "", []
    if alike.confounded(first, second):
        fair = RunConfig.build(**first.config.to_json() | {"arch": second.config.arch})
        return f"Train {fair.arch} with the settings of {first.name}", [fair]
    seed = max(standing.run.config.seed for standing in measured) + 1
    both = [dataclasses.replace(run.config, seed=seed) for run in (first, second)]
    return f"Train both with another seed ({seed})", both


def _against_line(sides: Mapping[str, Sequence[Standing]]) -> str:
    """What the best linear VAE would have, and how each side stands to it on average; empty where that is unknown."""
    line = next(iter(sides.values()))[0].run.line
    stands = []
    for label, side in sides.items():
        gaps = [gap for standing in side if (gap := results.below_line(standing.run)) is not None]
        if line is None or len(gaps) < len(side):
            return ""
        gap = statistics.fmean(gaps)
        stands.append(f"{label} is {abs(gap):.1f} {'below' if gap > 0 else 'above'}")
    return f"The best linear VAE (PCA) would have {line['test']['loss']:.1f}: {', '.join(stands)}." if line else ""


def _caveat(leader: Run, rival: Run, seeds: int) -> str:
    """Why the figures of two runs may not be the architecture's doing."""
    confounded = alike.confounded(leader, rival)
    if seeds > 1:
        confounded = [name for name in confounded if name != "seed"]
    if confounded and leader.config.arch != rival.config.arch:
        return f"They also differ in {', '.join(confounded)}, so this is not the architecture's doing alone."
    if confounded:
        return f"They differ in {', '.join(confounded)}."
    if leader.config.preset == rival.config.preset and leader.config.lr != rival.config.lr:
        return f"Preset {leader.config.preset} gives each architecture a learning rate of its own."
    if any(run.active for run in (leader, rival)):
        return "Not over yet."
    return "" if seeds > 1 else "One seed each: how much of it is luck, only more seeds can tell."


def ahead_from(leader: Run, rival: Run) -> int | None:
    """The first epoch from which on the leader's test loss stayed below the rival's, of those that both have; None if at no end."""
    when = None
    for ahead, behind in zip(leader.epochs, rival.epochs, strict=False):
        loss, loss_behind = ahead["test_loss"], behind["test_loss"]
        lower = loss is not None and loss_behind is not None and loss < loss_behind
        when = (when or ahead["epoch"]) if lower else None
    return when


def _rivals(measured: Sequence[Standing]) -> _Pair:
    """The best run, and the best one of another architecture if there is one, else the second best."""
    first, *others = sorted(measured, key=lambda standing: standing.test_loss)
    other_archs = [standing for standing in others if standing.run.config.arch != first.run.config.arch]
    return first, (other_archs or others)[0]


def _label(run: Run, rival: Run) -> str:
    """What tells a run from its rival: its architecture if that differs, else its name."""
    if run.config.arch == rival.config.arch:
        return run.name
    return run.config.arch
