"""Why conv wins, in words: what a ladder says about neighbours, shared detectors and the number of weights."""

from dataclasses import replace

from vaedash import config
from vaedash.comparing.ladder import Ladder, Step, in_nats

_HARDLY = 0.05  # of the way from FC to conv: less is nothing to speak of
_MOST = 0.6


def headline(ladder: Ladder) -> str:
    """The answer in a few words, for the last row of a room."""
    way, neighbours = ladder.step("fc", "conv"), _neighbours(ladder)
    if not _wins(way):
        return "Here it does not"
    if not _counts(neighbours, way):
        return "Not because it looks at neighbours"
    share = neighbours.worth / way.worth
    return "Because it looks at neighbours" if share > _MOST else f"It looks at neighbours: that is {share:.0%} of it"


def plainly(ladder: Ladder) -> str:
    """The answer for anybody, in some sentences."""
    way, neighbours, sharing = ladder.step("fc", "conv"), _neighbours(ladder), _sharing(ladder)
    if way.clear and way.worth < 0:
        return "Here FC is ahead of conv."
    if not _wins(way):
        return "What sets conv apart from FC makes no sure difference here."
    if not _counts(neighbours, way):
        return f"Looking at neighbours alone explains nothing of conv's lead. {_of_sharing(sharing, way)}."
    share = neighbours.worth / way.worth
    part = "all" if share > 1 - _HARDLY else "most" if share > _MOST else f"{share:.0%}"
    return f"Looking at neighbours is worth {part} of conv's lead. {_of_sharing(sharing, way)}. {_of_weights(ladder, way)}."


def _wins(way: Step) -> bool:
    return way.worth > 0 and way.clear


def _of_weights(ladder: Ladder, way: Step) -> str:
    fewer = ladder.step("fc", "fc like conv")
    stuck, tried = (len(seeds) for seeds in (fewer.second.stuck.get("natural", ()), fewer.second.losses["natural"]))
    lost = f", and {stuck} of {tried} trainings got stuck" if stuck else ""
    if not _counts(_back(fewer), way) and not _counts(fewer, way):
        return f"The number of weights is not it: with as few as conv, FC is no better{lost}"
    if fewer.worth > 0:
        return f"With as few weights as conv, FC is better, too{lost}"
    return f"With as few weights as conv, FC is worse{lost}: having more is not what holds it back"


def in_figures(ladder: Ladder) -> str:
    """The same for who asks, with its intervals."""
    parts = [
        f"From FC to conv: {_change(ladder.step('fc', 'conv'))}.",
        f"Looking at neighbours, with as many weights as FC: {_change(_neighbours(ladder))}.",
        f"The same detectors everywhere, at the same widths: {_change(_sharing(ladder))}.",
        f"The number of weights alone: FC with as few as conv, {_change(ladder.step('fc', 'fc like conv'))}; local with "
        f"{_times(ladder)} times as many, {_change(ladder.step('local like fc', 'local'))}.",
    ]
    seeds = {len(losses) for trained in ladder.rungs for losses in trained.losses.values()}
    count = f"{min(seeds)} seeds" if len(seeds) == 1 else f"{min(seeds)} to {max(seeds)} seeds"
    parts.append(
        f"Means of {count}, trained with {ladder.how} on {ladder.n_train:,} pictures; test loss on {ladder.n_test:,} others. An interval "
        "is over other seeds, and takes what seeds change to follow a bell curve; pictures are the same ones for all."
    )
    return " ".join(parts + _stuck(ladder))


def _times(ladder: Ladder) -> str:
    step = ladder.step("local like fc", "local")
    return f"{step.second.weights / max(1, step.first.weights):.2g}"


def shuffled(ladder: Ladder) -> str:
    """What is left of it where the pixels are shuffled; empty where that was not trained."""
    if "shuffled" not in ladder.orders():
        return ""
    neighbours, way = (ladder.step("fc", second, "shuffled") for second in ("local like fc", "conv"))
    if _counts(neighbours, ladder.step("fc", "conv")):
        return f"With shuffled pixels the same windows are still worth {in_nats(neighbours)}: it was not the neighbours alone."
    rest = f"conv trails FC by {in_nats(_back(way))}" if way.clear and way.worth < 0 else "conv has no sure lead"
    return f"With shuffled pixels, where no neighbours are left to look at, the windows bring nothing ({in_nats(neighbours)}), and {rest}."


def _neighbours(ladder: Ladder) -> Step:
    return ladder.step("fc", "local like fc")


def _sharing(ladder: Ladder) -> Step:
    return ladder.step("local", "conv")


def _of_sharing(sharing: Step, way: Step) -> str:
    if _counts(sharing, way):
        return f"That its detectors are the same everywhere is worth {sharing.worth / way.worth:.0%} of it"
    if sharing.clear and sharing.worth < 0:
        return "That its detectors are the same everywhere rather holds it back here: local, with its own at each place, draws better"
    return f"That its detectors are the same everywhere makes no sure difference, but saves {_saved(sharing)} of the weights"


def _saved(sharing: Step) -> str:
    return f"{1 - sharing.second.weights / max(1, sharing.first.weights):.0%}"


def _counts(step: Step, way: Step) -> bool:
    return step.clear and step.worth > _HARDLY * way.worth


def _change(step: Step) -> str:
    if step.interval is not None and not step.clear:
        return f"no sure difference, {in_nats(step)}"
    return in_nats(step) if step.worth > 0 else f"worse by {in_nats(_back(step))}"


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
            called = f"{config.spoken(trained.rung.arch)} {trained.widths} with {order} pixels"
            if len(seeds) == len(trained.losses[order]):
                whole.append(called)
            elif seeds:
                some.append(f"{called}, seed {', '.join(map(str, seeds))}")
    sentences = {
        "Stuck, with no latent in use, and left out of the means": some,
        "Stuck with every seed, so that its mean is that of nothing learned": whole,
    }
    return [f"{what}: {'; '.join(which)}." for what, which in sentences.items() if which]
