"""Why conv wins, in words: what a ladder says about neighbours, shared detectors and the number of weights."""

from dataclasses import replace

from vaedash import config
from vaedash.comparing import shuffle
from vaedash.comparing.ladder import Ladder, Step, in_nats
from vaedash.languages import counted, figure, say

_HARDLY = 0.05  # of the way from FC to conv: less is nothing to speak of
_MOST = 0.6


def headline(ladder: Ladder) -> str:
    """The answer in a few words, for the last row of a room."""
    way, neighbours = ladder.step("fc", "conv"), _neighbours(ladder)
    if not _wins(way):
        return say("Here it does not")
    left = _left(ladder, way)
    share = (neighbours.worth - (left.worth if left else 0)) / way.worth
    if not _counts(neighbours, way) or share < _HARDLY:
        return say("Not because it looks at neighbours")
    return say("Because it looks at neighbours") if share > _MOST else say("Partly because it looks at neighbours")


def plainly(ladder: Ladder) -> str:
    """The answer for anybody, in some sentences."""
    way, neighbours, sharing = ladder.step("fc", "conv"), _neighbours(ladder), _sharing(ladder)
    if way.clear and way.worth < 0:
        return say("Here FC is ahead of conv.")
    if not _wins(way):
        return say("What sets conv apart from FC makes no sure difference here.")
    if not _counts(neighbours, way):
        return say(
            "Looking at neighbours alone explains nothing of conv's lead. {sharing}.",
            sharing=_of_sharing(sharing, way),
        )
    share, left = neighbours.worth / way.worth, _left(ladder, way)
    part = say("all") if share > 1 - _HARDLY else say("most") if share > _MOST else figure(share, ".0%")
    if left:
        return say(
            "Small windows are worth {part} of conv's lead, {worth:.1f} nats; but with shuffled pixels, where they show no neighbours, "
            "still {left}: so much is not the neighbours' doing. {sharing}. {weights}.",
            part=part,
            worth=neighbours.worth,
            left=in_nats(left),
            sharing=_of_sharing(sharing, way),
            weights=_of_weights(ladder, way),
        )
    return say(
        "Looking at neighbours is worth {part} of conv's lead. {sharing}. {weights}.",
        part=part,
        sharing=_of_sharing(sharing, way),
        weights=_of_weights(ladder, way),
    )


def _wins(way: Step) -> bool:
    return way.worth > 0 and way.clear


def _of_weights(ladder: Ladder, way: Step) -> str:
    fewer = ladder.step("fc", "fc like conv")
    stuck, tried = (len(seeds) for seeds in (fewer.second.stuck.get("natural", ()), fewer.second.losses["natural"]))
    lost = say(", and {stuck} of {tried} trainings got stuck", stuck=stuck, tried=tried) if stuck else ""
    if not _counts(_back(fewer), way) and not _counts(fewer, way):
        return say("The number of weights is not it: with as few as conv, FC is no better{lost}", lost=lost)
    if fewer.worth > 0:
        return say("With as few weights as conv, FC is better, too{lost}", lost=lost)
    return say("With as few weights as conv, FC is worse{lost}: having more is not what holds it back", lost=lost)


def in_figures(ladder: Ladder) -> str:
    """The same for who asks, with its intervals."""
    parts = [
        say("From FC to conv: {change}.", change=_change(ladder.step("fc", "conv"))),
        say("Looking at neighbours, with as many weights as FC: {change}.", change=_change(_neighbours(ladder))),
        say("The same detectors everywhere, at the same widths: {change}.", change=_change(_sharing(ladder))),
        say(
            "The number of weights alone: FC with as few as conv, {fc}; local with {times} times as many, {local}.",
            fc=_change(ladder.step("fc", "fc like conv")),
            times=_times(ladder),
            local=_change(ladder.step("local like fc", "local")),
        ),
    ]
    lost = ladder.lost("fc", "local like fc") if "shuffled" in ladder.orders() else None
    if lost:
        parts.append(
            say(
                "What the windows lose where the pixels are shuffled, which is the neighbours' part: {change}.",
                change=_change(lost),
            )
        )
    seeds = {len(losses) for trained in ladder.rungs for losses in trained.losses.values()}
    count = (
        say("{count} seeds", count=min(seeds))
        if len(seeds) == 1
        else say("{least} to {most} seeds", least=min(seeds), most=max(seeds))
    )
    parts.append(
        say(
            "Means of {count}, trained with {how} on {n_train:,} pictures; test loss on {n_test:,} others. An interval is "
            "over other seeds, and takes what seeds change to follow a bell curve; pictures are the same ones for all.",
            count=count,
            how=ladder.how,
            n_train=ladder.n_train,
            n_test=ladder.n_test,
        )
    )
    return " ".join(parts + _stuck(ladder))


def _times(ladder: Ladder) -> str:
    step = ladder.step("local like fc", "local")
    return figure(step.second.weights / max(1, step.first.weights), ".2g")


def shuffled(ladder: Ladder) -> str:
    """What is left of it where the pixels are shuffled; empty where that was not trained, or `plainly` has said it."""
    if "shuffled" not in ladder.orders():
        return ""
    natural = ladder.step("fc", "conv")
    if left := _left(ladder, natural):
        if _wins(natural) and _counts(_neighbours(ladder), natural):
            return ""
        return say(
            "With shuffled pixels the same windows are still worth {nats}: it was not the neighbours alone.",
            nats=in_nats(left),
        )
    neighbours, way = (ladder.step("fc", second, "shuffled") for second in ("local like fc", "conv"))
    rest = (
        say("conv trails FC by {nats}", nats=in_nats(_back(way)))
        if way.clear and way.worth < 0
        else say("conv has no sure lead")
    )
    return say(
        "With shuffled pixels, where no neighbours are left to look at, the windows bring nothing: {nats}. And {rest}.",
        nats=in_nats(neighbours),
        rest=rest,
    )


def _left(ladder: Ladder, way: Step) -> Step | None:
    """What the windows are worth where the pixels are shuffled, so that no neighbours are in them; None where that is nothing to speak
    of, or not known."""
    if "shuffled" not in ladder.orders():
        return None
    step = ladder.step("fc", "local like fc", "shuffled")
    return step if _counts(step, way) else None


def _neighbours(ladder: Ladder) -> Step:
    return ladder.step("fc", "local like fc")


def _sharing(ladder: Ladder) -> Step:
    return ladder.step("local", "conv")


def _of_sharing(sharing: Step, way: Step) -> str:
    if _counts(sharing, way):
        return say(
            "That its detectors are the same everywhere is worth {worth:.0%} of it", worth=sharing.worth / way.worth
        )
    if sharing.clear and sharing.worth < 0:
        return say(
            "That its detectors are the same everywhere rather holds it back here: local, with its own at each place, draws better"
        )
    return say(
        "That its detectors are the same everywhere makes no sure difference, but saves {saved} of the weights",
        saved=_saved(sharing),
    )


def _saved(sharing: Step) -> str:
    return figure(1 - sharing.second.weights / max(1, sharing.first.weights), ".0%")


def _counts(step: Step, way: Step) -> bool:
    return step.clear and step.worth > _HARDLY * way.worth


def _change(step: Step) -> str:
    if step.interval is not None and not step.clear:
        return say("no sure difference, {nats}", nats=in_nats(step))
    return in_nats(step) if step.worth > 0 else say("worse by {nats}", nats=in_nats(_back(step)))


def _back(step: Step) -> Step:
    """The same step the other way round."""
    interval = step.interval
    turned = None if interval is None else type(interval)(-interval.mean, -interval.high, -interval.low, interval.count)
    return replace(step, first=step.second, second=step.first, worth=-step.worth, interval=turned)


def _stuck(ladder: Ladder) -> list[str]:
    """Which seeds are, and of which rungs all are."""
    some, whole = [], []
    for trained in ladder.rungs:
        for order, seeds in trained.stuck.items():
            called = say(
                "{name} {widths}, {pixels}",
                name=config.spoken(trained.rung.arch),
                widths=trained.widths,
                pixels=say(shuffle.PIXELS[order]),
            )
            if len(seeds) == len(trained.losses[order]):
                whole.append(called)
            elif seeds:
                listed = ", ".join(map(str, seeds))
                some.append(
                    counted(
                        "{called}, seed {seeds}", "{called}, seeds {seeds}", n=len(seeds), called=called, seeds=listed
                    )
                )
    sentences = {
        say("Stuck, with no latent in use, and left out of the means"): some,
        say("Stuck with every seed, so that its mean is that of nothing learned"): whole,
    }
    return [f"{what}: {'; '.join(which)}." for what, which in sentences.items() if which]
