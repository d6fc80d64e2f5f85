"""The pixels of every picture shuffled: the four runs that show what that costs each architecture, and the sentence on them."""

import math
from collections.abc import Mapping, Sequence

from vaedash import config
from vaedash.comparing import alike, results
from vaedash.comparing.alike import Setting
from vaedash.languages import say, to_say
from vaedash.runs import Run

_HARDLY = 0.05  # of a loss: another seed moves FC's by about as much

ORDERS = {"natural": to_say("as they are"), "shuffled": to_say("shuffled")}
PIXELS = {"natural": to_say("pixels as they are"), "shuffled": to_say("pixels shuffled")}
"""What is said of pixels in each order, and what such pixels are called."""

Variant = tuple[str, str]  # one of the four: its architecture and the order of its pixels


def four_runs(newest_first: Sequence[Run]) -> dict[Variant, Run]:
    """The newest runs, one of each architecture with each order of the pixels, that are alike in all else.

    Empty where there is no such set.
    """
    sets: dict[tuple[Setting, ...], dict[Variant, Run]] = {}
    for run in newest_first:
        if run.settings is None or run.settings.arch not in config.PAIR:
            continue
        # A preset may give each architecture values of its own, so where there is one, its name says it.
        of_preset = config.PRESETS[run.settings.preset] if run.settings.preset else ()
        rest = alike.settings_but(run, "arch", "pixel_order", *of_preset)
        sets.setdefault(rest, {}).setdefault((run.settings.arch, run.settings.pixel_order), run)
    whole = len(config.PAIR) * len(config.PIXEL_ORDERS)
    return next((tested for tested in sets.values() if len(tested) == whole), {})


def losses(tested: Mapping[Variant, Run]) -> dict[Variant, float]:
    """The test losses of the four runs; empty before all are over."""
    known = {variant: run.test_loss for variant, run in tested.items() if not run.active and run.test_loss is not None}
    return known if len(known) == len(tested) else {}


def costs(tested: Mapping[Variant, Run]) -> dict[str, float]:
    """By how many nats shuffling made the test loss of each architecture worse; empty before all are over."""
    known = losses(tested)
    return {arch: known[arch, "shuffled"] - known[arch, "natural"] for arch in config.PAIR} if known else {}


def plainly(tested: Mapping[Variant, Run]) -> str:
    """The same in words that need no unit: the change as a share of the loss before."""
    before = {arch: tested[arch, "natural"].test_loss or math.inf for arch in costs(tested)}
    worst_first = sorted(costs(tested).items(), key=lambda cost: -cost[1])
    changes = [f"{config.spoken(arch)} {_share(worse / before[arch])}" for arch, worse in worst_first]
    return say("With shuffled pixels, {changes}.", changes=say(" and ").join(changes)) if changes else ""


def _share(worse: float) -> str:
    if abs(worse) < _HARDLY:
        return say("is about as good as before")
    if worse > 0:
        return say("is {worse:.0%} more wrong than before", worse=worse)
    return say("is {better:.0%} less wrong than before", better=-worse)


def sentence(tested: Mapping[Variant, Run]) -> str:
    """What shuffling the pixels cost each architecture, in a sentence; empty before all are over."""
    worst_first = sorted(costs(tested).items(), key=lambda cost: -cost[1])
    changes = [
        say("{name} is {change}", name=config.spoken(arch), change=_change(worse, tested[arch, "natural"].config.unit))
        for arch, worse in worst_first
    ]
    return say("With shuffled pixels, {changes}.", changes=say(" and ").join(changes)) if changes else ""


def _change(worse: float, unit: str) -> str:
    if abs(worse) < results.LEVEL:
        return say("as good as before")
    if worse > 0:
        return say("{worse:.1f} {unit} worse", worse=worse, unit=say(unit))
    return say("{better:.1f} {unit} better", better=-worse, unit=say(unit))
