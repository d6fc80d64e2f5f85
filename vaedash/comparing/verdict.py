"""Who leads, by how much, how sure that is and what else may have made the difference, in words."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vaedash import config
from vaedash.comparing import alike, caveats, intervals, results, rivals
from vaedash.comparing.intervals import Interval
from vaedash.comparing.rivals import Rivals
from vaedash.languages import counted, figure, say, to_say
from vaedash.runs import Run, Status

_NARROW = 0.5  # nats: what reaches no further than this to either side is hardly a difference


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Who leads, in a few `plain` words for anybody and as a `headline` with figures for who knows the trade; below that,
    `grounds`: the figures, and what they do not say. `about` says which runs are meant.

    `leader` is the run that the headline says is ahead; None where it claims no lead: where both are `level`, where a
    difference may be luck, and where it is not `fair`, one training having been cut short.
    """

    headline: str
    plain: str
    about: str = ""
    figures: str = ""
    since: str = ""
    rest: tuple[str, ...] = ()  # sentences: how sure it is, the line, what else may have made the difference
    leader: Run | None = None
    level: bool = False
    fair: bool = True

    @classmethod
    def of(cls, sentence: str) -> "Verdict":
        """A verdict that has nothing to say but this."""
        return cls(headline=sentence, plain=sentence)

    def on(self, pictures: str) -> "Verdict":
        """The same, said of these pictures, where other runs that are looked at have others."""
        return replace(self, headline=f"{pictures}: {self.headline}", plain=f"{pictures}: {self.plain}")

    @property
    def grounds(self) -> str:
        """What stands behind the headline, in whole sentences; empty where it says everything."""
        return " ".join([f"{self.figures}{self.since}.", *self.rest]) if self.figures else ""

    def __str__(self) -> str:
        figures = f" ({self.figures})" if self.figures else ""
        return " ".join([f"{self.headline}{figures}{self.since}.", *self.rest])


def sentence(chosen: Sequence[Run]) -> str:
    """Who leads on the held-out images, by how much, in some sentences that claim no more than the figures allow."""
    return "\n".join([*(str(judged) for _, judged in each(chosen)), *alone(chosen)])


def each(chosen: Sequence[Run]) -> list[tuple[Sequence[Run], Verdict]]:
    """A verdict for each group of these runs whose losses may share an axis, with the group; one on all of them that says why
    not, where no two can be compared. Where there are several, each names its pictures.
    """
    groups = list(filter(_can_be_compared, _groups(chosen)))
    if not groups:
        return [(chosen, judged(chosen))]
    if len(groups) == 1:
        return [(groups[0], judged(groups[0]))]
    return [(group, judged(group).on(pictures)) for group, pictures in zip(groups, alike.called(groups), strict=True)]


def alone(chosen: Sequence[Run]) -> list[str]:
    """A sentence on those that no verdict of `each` is about, where there is one on others; else nothing."""
    groups = _groups(chosen)
    lonely = [run for group in groups if not _can_be_compared(group) for run in group]
    if not lonely or not any(map(_can_be_compared, groups)):
        return []
    names = ", ".join(_name(run, chosen) for run in lonely)
    return [say("Nothing here to compare with: {names} (other pictures, another beta, or no epoch yet).", names=names)]


def _groups(chosen: Sequence[Run]) -> list[list[Run]]:
    return alike.groups([run for run in chosen if run.settings])


def _can_be_compared(group: Sequence[Run]) -> bool:
    return len(results.standings(group)) > 1


def judged(chosen: Sequence[Run]) -> Verdict:
    """The verdict on these runs, in its parts."""
    matched = rivals.matched(chosen)
    if matched is None:
        return Verdict(
            headline=say("Two runs with a finished epoch each are needed for a comparison"),
            plain=say("Not enough to compare yet: it takes two that have looked at all pictures"),
        )
    if not matched.comparable:
        return Verdict(
            headline=say(
                "These runs cannot be compared: they differ in their images or in beta, so their losses have "
                "different units"
            ),
            plain=say("These cannot be compared: they learned from other pictures, or by other rules"),
        )
    leader, rival = matched.runs
    label, label_of_rival = labels = _label(leader, rival), _label(rival, leader)
    unit, gap = (
        say(leader.config.unit),
        say("{gap:.1f} {unit} per image", gap=matched.gap, unit=say(leader.config.unit)),
    )
    mean, mean_of_rival = matched.means
    several = say(", means of {n} seeds,", n=len(matched.pairs)) if len(matched.pairs) > 1 else ""
    figures = say(
        "{mean:.1f} against {mean_of_rival:.1f} {unit}{several} on {images}",
        mean=mean,
        mean_of_rival=mean_of_rival,
        unit=unit,
        several=several,
        images=_images(matched.images),
    )
    luck, weaknesses = (*_luck(matched, labels), *_against_line(matched, labels)), caveats.sentences(matched, labels)
    level = matched.gap < results.LEVEL
    about = _about(matched)
    if ignorant := [label for label, run in zip(labels, matched.runs, strict=True) if run.learned_nothing]:
        plain = _ignorance(ignorant, [standing.run for standing in results.standings(chosen)])
        return Verdict(headline=plain, plain=plain, about=about, figures=figures, rest=(*luck, *weaknesses), fair=False)
    if caveats.shortened(matched) is not None:
        # What weighs most is said first, and nobody leads before it.
        by = "" if level else say("{label} is {gap} ahead, ", label=label, gap=gap)
        rest = (*weaknesses[:1], *luck, *weaknesses[1:])
        headline, plain = _unequal(matched, labels)
        return Verdict(headline=headline, plain=plain, about=about, figures=f"{by}{figures}", rest=rest, fair=False)
    rest = (*luck, *weaknesses)
    if not leader.at_full_beta:
        headline = say(
            "So far, within the KL warm-up, {label} is {gap} ahead of {label_of_rival}",
            label=label,
            gap=gap,
            label_of_rival=label_of_rival,
        )
        plain = say(
            "Not decided yet: so far {label} is ahead of {label_of_rival}, and both still warm up",
            label=label,
            label_of_rival=label_of_rival,
        )
        return Verdict(headline=headline, plain=plain, about=about, figures=figures, rest=rest, fair=False)
    if level and all(max(-interval.low, interval.high) < _NARROW for interval in _intervals(matched).values()):
        headline = say("{label} and {label_of_rival} are level", label=label, label_of_rival=label_of_rival)
        return Verdict(headline=headline, plain=headline, about=about, figures=figures, rest=rest, level=True)
    if level or _uncertain(matched):
        headline = say(
            "No clear leader: {label} is {gap} ahead of {label_of_rival}, which may be luck",
            label=label,
            gap=gap,
            label_of_rival=label_of_rival,
        )
        plain = say(
            "No clear leader between {label} and {label_of_rival}: the difference may be luck",
            label=label,
            label_of_rival=label_of_rival,
        )
        return Verdict(headline=headline, plain=plain, about=about, figures=figures, rest=rest)
    when = ahead_from(leader, rival)
    since = say(", ahead from epoch {when} on", when=when) if when and len(matched.pairs) == 1 else ""
    headline = say("{label} leads {label_of_rival} by {gap}", label=label, label_of_rival=label_of_rival, gap=gap)
    plain = say(
        "{label} is {less} than {label_of_rival} on new pictures",
        label=label,
        less=less_wrong(mean, mean_of_rival),
        label_of_rival=label_of_rival,
    )
    return Verdict(headline=headline, plain=plain, about=about, figures=figures, since=since, rest=rest, leader=leader)


def less_wrong(loss: float, other: float) -> str:
    """By how much the lower one of two losses is better, in words that need no unit: the difference as a share of the other."""
    share = 1 - loss / other
    return say("{share:.0%} less wrong", share=share) if share >= 0.01 else say("a trace less wrong")


def _about(matched: Rivals) -> str:
    """Which runs are meant, and how many trainings each figure rests on."""
    names = say(" and ").join(_name(run, matched.runs) for run in matched.runs)
    count = len(matched.pairs)
    return counted("{names}, one training each", "{names}, {n} seeds each", n=count, names=names)


def _ignorance(labels: Sequence[str], every: Sequence[Run]) -> str:
    """What is to be said where a rival of these runs, or both, is no better than what knows nothing of the single picture."""
    if len(every) > 2 and all(run.learned_nothing for run in every):
        return say("None of them has learned anything yet: the average of all pictures would do as well")
    if len(labels) > 1:
        return say("Neither has learned anything yet: the average of all pictures would do as well")
    return say("{label} has learned nothing yet: the average of all pictures would do as well", label=labels[0])


def _unequal(matched: Rivals, labels: tuple[str, str]) -> tuple[str, str]:
    """Headline and plain words where one training was cut short."""
    counts = zip(map(caveats.epochs, matched.sides), labels, matched.runs, strict=True)
    (fewer, shorter, run), (more, longer, _) = sorted(counts, key=lambda side: side[0])
    if run.status == Status.DIVERGED:
        when = counted("{n} epoch", "{n} epochs", n=fewer)
        return (
            say(
                "No fair comparison: the training of {shorter} broke down after {when}, {longer} has had {more}",
                shorter=shorter,
                when=when,
                longer=longer,
                more=more,
            ),
            say("No fair comparison: the training of {shorter} broke down", shorter=shorter),
        )
    return (
        say(
            "No fair comparison yet: {longer} has had {more} epochs, {shorter} {fewer}",
            longer=longer,
            more=more,
            shorter=shorter,
            fewer=fewer,
        ),
        say(
            "No fair comparison yet: {longer} has looked at all pictures {many}, {shorter} {few}",
            longer=longer,
            many=_times(more),
            shorter=shorter,
            few=_times(fewer),
        ),
    )


def _times(count: int) -> str:
    return {1: say("once"), 2: say("twice")}.get(count, say("{count} times", count=count))


def _images(count: int) -> str:
    if count < 2:
        return say("the same test image") if count else say("the same test images")
    return say("the same {count:,} test images", count=count)


def _few_images(matched: Rivals) -> bool:
    """Whether there are so few test images that a difference between them says nothing of others; not where that is unknown."""
    return 0 < matched.images < intervals.FEWEST


def _uncertain(matched: Rivals) -> bool:
    """Whether the difference may be luck, as far as that was looked at."""
    return _few_images(matched) or not all(interval.certain for interval in _intervals(matched).values())


def _intervals(matched: Rivals) -> dict[str, Interval]:
    """How sure the difference is, over other images and over other seeds, as far as either can be said."""
    over = {to_say("test images"): matched.over_images(), to_say("seeds"): matched.over_seeds()}
    return {what: interval for what, interval in over.items() if interval}


def _luck(matched: Rivals, labels: tuple[str, str]) -> list[str]:
    """How sure the lead is, as far as it can be said, and what is taken for granted."""
    words = []
    if _few_images(matched):
        words.append(
            say(
                "So few test images cannot tell a difference from luck: below {fewest} there is no interval.",
                fewest=intervals.FEWEST,
            )
        )
    if varied := _intervals(matched):
        ranges = [
            say("{low:.1f} to {high:.1f} over other {what}", low=interval.low, high=interval.high, what=say(what))
            for what, interval in varied.items()
        ]
        below = say(" (below 0: the other one's)") if any(interval.low < 0 for interval in varied.values()) else ""
        words.append(
            say(
                "95% interval of the lead of {label}{below}: {ranges}.",
                label=labels[0],
                below=below,
                ranges=say(" and ").join(ranges),
            )
        )
    if "seeds" in varied:
        words.append(_over_seeds(matched))
    return words


def _over_seeds(matched: Rivals) -> str:
    """What the interval over seeds takes for granted, and whether that is so."""
    stuck = [alike.stuck(first.run) or alike.stuck(second.run) for first, second in matched.pairs]
    if not any(stuck):
        return say(
            "The one over seeds takes differences to follow a bell curve, which {n} seeds cannot show.", n=len(stuck)
        )
    sound = [gap for gap, lost in zip(matched.gaps, stuck, strict=True) if not lost]
    without = say(": without these seeds the lead is {lead:.1f}", lead=statistics.fmean(sound)) if sound else ""
    many = say("In {stuck} of {n} seeds a training got stuck", stuck=sum(stuck), n=len(stuck))
    return say("{many}, so the interval over seeds is not to be trusted{without}.", many=many, without=without)


def _against_line(matched: Rivals, labels: tuple[str, str]) -> list[str]:
    """What the best linear VAE would have, and how each side stands to it on average; nothing where that is unknown."""
    heights = []
    for side in matched.sides:
        lines = {standing.run.line["test"]["loss"] for standing in side if standing.run.line}
        if len(lines) != 1 or not all(standing.run.line and standing.run.at_full_beta for standing in side):
            return []
        heights.append(lines.pop())
    gaps = [height - mean for height, mean in zip(heights, matched.means, strict=True)]
    stands = [
        say("{label} is {gap:.1f} below", label=label, gap=gap)
        if gap > 0
        else say("{label} is {gap:.1f} above", label=label, gap=-gap)
        for label, gap in zip(labels, gaps, strict=True)
    ]
    figures = dict.fromkeys(figure(height, ".1f") for height in heights)
    if len(figures) == 1:
        return [
            say(
                "The best linear VAE (PCA) would have {loss}: {stands}.",
                loss=figures.popitem()[0],
                stands=", ".join(stands),
            )
        ]
    return [
        say(
            "The best linear VAE (PCA) with as many latents would have {losses}: {stands}.",
            losses=say(" and ").join(figures),
            stands=", ".join(stands),
        )
    ]


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
    if config.spoken(run.config.arch) == config.spoken(rival.config.arch):
        return _name(run, (run, rival))
    return config.spoken(run.config.arch)


def _name(run: Run, among: Sequence[Run]) -> str:
    """What the run is called, with its id where another one is called the same."""
    return run.name if [other.name for other in among].count(run.name) == 1 else f"{run.name} ({run.id})"
