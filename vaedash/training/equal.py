"""Architectures made to cost as much as one of them: the widths of each, found before any of them trains."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from vaedash import config
from vaedash.config import RunConfig
from vaedash.errors import UsageError
from vaedash.training import forecast, named

COSTS = ("weights", "flops", "seconds")  # what may be made equal
_FINE = 0.03  # part of their scale to which widths are sought that take as long


def to(
    arch: str,
    what: str,
    settings: Sequence[RunConfig],
    *,
    widths: str = "",
    data_dir: Path,
    say: Callable[[str], None],
) -> list[RunConfig]:
    """These settings, each with widths at which it costs as much of COSTS as with this architecture, which has these `widths`, or
    the usual ones: as many weights, as much arithmetic, or as long for a training step on this machine, where that is measured.

    `say` is told each model. UsageError where there is no such cost or architecture, or no widths fit. Loads torch.
    """
    if what not in COSTS:
        raise UsageError(f"A match takes {', '.join(COSTS)} and an architecture, got {what!r}; give one of these.")
    arch = named.arch(arch)
    if arch not in config.ARCHS and not config.is_own(arch):
        raise UsageError(
            f"A match takes an architecture behind {what}, got {arch!r}; give one of {', '.join(config.ARCHS)}."
        )
    equal = [_to(replace(each, arch=arch, preset=None, widths=widths), what, each, data_dir) for each in settings]
    for found in equal:
        say(_described(found))
    return equal


def _to(like: RunConfig, what: str, settings: RunConfig, data_dir: Path) -> RunConfig:
    from vaedash.models import matching

    found = matching.matched(settings, like, matching.by(matching.weights if what == "weights" else matching.flops))
    if what != "seconds" or found.arch == like.arch:
        return found
    timed = functools.partial(forecast.times_as_long, data_dir=data_dir)
    return matching.matched(settings, like, timed, within=_FINE, scales=matching.around(found))


def _described(settings: RunConfig) -> str:
    from vaedash.models import matching

    called = f"{config.spoken(settings.arch)} {'-'.join(map(str, settings.layer_widths))}".rstrip()
    arithmetic = f"{matching.flops(settings) / 1e6:,.0f} million operations an image"
    return f"{called}: {matching.weights(settings):,} weights, {arithmetic}."
