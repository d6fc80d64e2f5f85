"""Who leads, by how much, how sure that is and what else may have made the difference, in words."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from vaedash.comparing import caveats, intervals, results, rivals
from vaedash.comparing.intervals import Interval
from vaedash.comparing.rivals import Rivals
from vaedash.runs import Run, Status

_LEVEL = 0.05  # closer than this, two losses read as the same figure


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Who leads and by how much, in a few words (`headline`); below it, `grounds`: the figures, and what they do not say.

    `leader` is the run that the headline says is ahead; None where it claims no lead: where both are `level`, where a
    difference may be luck, and where it is not `fair`, one training having been cut short.
    """

    headline: str
    figures: str = ""
    since: str = ""
    rest: tuple[str, ...] = ()  # sentences: how sure it is, the line, what else may have made the difference
    leader: Run | None = None
    level: bool = False
    fair: bool = True

    @property
    def grounds(self) -> str:
        """What stands behind the headline, in whole sentences; empty where it says everything."""
        return " ".join([f"{self.figures}{self.since}.", *self.rest]) if self.figures else ""

    def __str__(self) -> str:
        figures = f" ({self.figures})" if self.figures else ""
        return " ".join([f"{self.headline}{figures}{self.since}.", *self.rest])


def sentence(chosen: Sequence[Run]) -> str:
    """Who leads on the held-out images, by how much, in some sentences that claim no more than the figures allow."""
    return str(judged(chosen))


def judged(chosen: Sequence[Run]) -> Verdict:
    """The verdict on these runs, in its parts."""
    matched = rivals.matched(chosen)
    if matched is None:
        return Verdict(headline="Two runs with a finished epoch each are needed for a comparison")
    if not matched.comparable:
        return Verdict(
            headline="These runs cannot be compared: they differ in their images or in beta, so their losses have "
            "different units"
        )
    leader, rival = matched.runs
    label, label_of_rival = labels = _label(leader, rival), _label(rival, leader)
    unit, gap = leader.config.unit, f"{matched.gap:.1f} {leader.config.unit} per image"
    mean, mean_of_rival = matched.means
    several = f", means of {len(matched.pairs)} seeds," if len(matched.pairs) > 1 else ""
    figures = f"{mean:.1f} against {mean_of_rival:.1f} {unit}{several} on {_images(leader)}"
    weaknesses = caveats.sentences(matched, labels)
    if caveats.cut(matched) is not None:
        # What weighs most is said first, and nobody leads before it.
        by = "" if matched.gap < _LEVEL else f"{label} is {gap} ahead, "
        rest = (*weaknesses[:1], *_luck(matched, labels), *_against_line(matched, labels), *weaknesses[1:])
        return Verdict(headline=_unequal(matched, labels), figures=f"{by}{figures}", rest=rest, fair=False)
    if not leader.at_full_beta and matched.gap >= _LEVEL:
        headline = f"So far, within the KL warm-up, {label} is {gap} ahead of {label_of_rival}"
        return Verdict(headline=headline, figures=figures, rest=tuple(weaknesses), fair=False)
    rest = (*_luck(matched, labels), *_against_line(matched, labels), *weaknesses)
    if matched.gap < _LEVEL:
        return Verdict(headline=f"{label} and {label_of_rival} are level", figures=figures, rest=rest, level=True)
    if not all(interval.certain for interval in _intervals(matched).values()) or _few_images(leader):
        headline = f"No clear leader: {label} is {gap} ahead of {label_of_rival}, which may be luck"
        return Verdict(headline=headline, figures=figures, rest=rest)
    when = ahead_from(leader, rival)
    since = f", ahead from epoch {when} on" if when and len(matched.pairs) == 1 else ""
    headline = f"{label} leads {label_of_rival} by {gap}"
    return Verdict(headline=headline, figures=figures, since=since, rest=rest, leader=leader)


def _unequal(matched: Rivals, labels: tuple[str, str]) -> str:
    counts = zip(map(caveats.epochs, matched.sides), labels, matched.runs, strict=True)
    (fewer, shorter, run), (more, longer, _) = sorted(counts, key=lambda side: side[0])
    if run.status == Status.DIVERGED:
        when = f"{fewer} epoch{'' if fewer == 1 else 's'}"
        return f"No fair comparison: the training of {shorter} broke down after {when}, {longer} has had {more}"
    return f"No fair comparison yet: {longer} has had {more} epochs, {shorter} {fewer}"


def _images(run: Run) -> str:
    count = run.dataset.get("n_test", 0)
    return "the same test image" if count == 1 else f"the same {count:,} test images"


def _few_images(run: Run) -> bool:
    """Whether there are so few test images that a difference between them says nothing of others; not where that is unknown."""
    return 0 < run.dataset.get("n_test", 0) < intervals.FEWEST


def _intervals(matched: Rivals) -> dict[str, Interval]:
    """How sure the difference is, over other images and over other seeds, as far as either can be said."""
    over = {"test images": matched.over_images(), "seeds": matched.over_seeds()}
    return {what: interval for what, interval in over.items() if interval}


def _luck(matched: Rivals, labels: tuple[str, str]) -> list[str]:
    """How sure the lead is, as far as it can be said, and what is taken for granted."""
    words = []
    if _few_images(matched.runs[0]):
        words.append(
            f"So few test images cannot tell a difference from luck: below {intervals.FEWEST} there is no interval."
        )
    if varied := _intervals(matched):
        ranges = [f"{interval.low:.1f} to {interval.high:.1f} over other {what}" for what, interval in varied.items()]
        below = " (below 0: the other one's)" if any(interval.low < 0 for interval in varied.values()) else ""
        words.append(f"95% interval of the lead of {labels[0]}{below}: {' and '.join(ranges)}.")
    if "seeds" in varied:
        stuck = {run.config.seed for seeds in matched.seeds for run in seeds.stuck}
        sound = [
            gap
            for (first, _), gap in zip(matched.pairs, matched.gaps, strict=True)
            if first.run.config.seed not in stuck
        ]
        if stuck and sound:
            words.append(
                "A training got stuck, so the interval over seeds is not to be trusted: without it the lead is "
                f"{statistics.fmean(sound):.1f}."
            )
        else:
            words.append(
                f"The one over seeds takes differences to follow a bell curve, which {len(matched.pairs)} seeds cannot show."
            )
    return words


def _against_line(matched: Rivals, labels: tuple[str, str]) -> list[str]:
    """What the best linear VAE would have, and how each side stands to it on average; nothing where that is unknown."""
    line = matched.runs[0].line
    stands = []
    for label, side in zip(labels, matched.sides, strict=True):
        gaps = [gap for standing in side if (gap := results.below_line(standing.run)) is not None]
        if line is None or len(gaps) < len(side):
            return []
        gap = statistics.fmean(gaps)
        stands.append(f"{label} is {abs(gap):.1f} {'below' if gap > 0 else 'above'}")
    return [f"The best linear VAE (PCA) would have {line['test']['loss']:.1f}: {', '.join(stands)}."] if line else []


def ahead_from(leader: Run, rival: Run) -> int | None:
    """The first epoch from which on the leader's test loss stayed below the rival's, of those that both have; None if at no end."""
    when = None
    for ahead, behind in zip(leader.epochs, rival.epochs, strict=False):
        loss, loss_behind = ahead["test_loss"], behind["test_loss"]
        lower = loss is not None and loss_behind is not None and loss < loss_behind
        when = (when or ahead["epoch"]) if lower else None
    return when


def _label(run: Run, rival: Run) -> str:
    """What tells a run from its rival: its architecture if that differs, else its name."""
    if run.config.arch == rival.config.arch:
        return run.name
    return run.config.arch
