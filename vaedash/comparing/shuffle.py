"""The pixels of every picture shuffled: the four runs that show what that costs each architecture, and the sentence on them."""

from collections.abc import Mapping, Sequence
from typing import Any

from vaedash import config
from vaedash.runs import Run


def four_runs(found: Sequence[Run]) -> dict[tuple[str, str], Run]:
    """The newest runs, one of each architecture with each order of the pixels, that are alike in all else; by (arch, pixel_order).

    `found` is newest first. Empty where there is no such set.
    """
    alike: dict[tuple[Any, ...], dict[tuple[str, str], Run]] = {}
    for run in (run for run in found if run.settings):
        # A preset may give each architecture values of its own, so where there is one, its name says it.
        varied = {"arch", "pixel_order", *config.PRESETS.get(run.config.preset, ())}
        same = tuple(value for name, value in run.config.to_json().items() if name not in varied)
        alike.setdefault(same, {}).setdefault((run.config.arch, run.config.pixel_order), run)
    return next((runs for runs in alike.values() if len(runs) == len(config.ARCHS) * len(config.PIXEL_ORDERS)), {})


def sentence(tested: Mapping[tuple[str, str], Run]) -> str:
    """What shuffling the pixels cost each architecture, in a sentence; empty before all are over."""
    if any(run.active or not run.best or run.best["test_loss"] is None for run in tested.values()):
        return ""
    said = []
    for arch in sorted(config.ARCHS, key=lambda arch: -cost(tested, arch)):
        worse = cost(tested, arch)
        change = (
            f"{abs(worse):.1f} nats {'worse' if worse > 0 else 'better'}" if abs(worse) >= 0.05 else "as good as before"
        )
        said.append(f"{arch} is {change}")
    return f"With shuffled pixels, {' and '.join(said)}."


def cost(tested: Mapping[tuple[str, str], Run], arch: str) -> float:
    """By how many nats shuffling made this architecture's test loss worse."""
    return tested[arch, "shuffled"].best["test_loss"] - tested[arch, "natural"].best["test_loss"]
