"""Widths with which an architecture costs as much as another one: as many weights, as much arithmetic or as many seconds."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch.utils.flop_counter import FlopCounterMode

from vaedash import config
from vaedash.config import RunConfig
from vaedash.errors import UsageError
from vaedash.models import archs

Held = Callable[
    [Sequence[RunConfig], RunConfig], Sequence[float]
]  # how many times as much as the last each of the first costs

_BATCH = 4
SCALES = (1 / 64, 64.0)  # of the usual widths, between which others are sought
_REACH = 3.0
_AT_ONCE = 8
_CLOSE = 0.25  # of what is asked: what is further from it is no match


def weights(settings: RunConfig) -> float:
    """How many numbers its model learns."""
    with torch.device("meta"):
        return archs.parameter_count(archs.build(_in_order(settings)))


def flops(settings: RunConfig) -> float:
    """Floating-point operations of a training step, for each image, as torch counts them: those of its products of matrices and of its
    convolutions, forward and backward."""
    with torch.device("meta"):
        model = archs.build(_in_order(settings))
        with FlopCounterMode(display=False) as counted:
            mu, logvar = model.encode(torch.empty(_BATCH, *settings.frame.shape))
            model.decode(mu + logvar).sum().backward()
    return counted.get_total_flops() / _BATCH


def _in_order(settings: RunConfig) -> RunConfig:
    """The same with pixels as they are: the order of shuffled ones is no weight, and has to lie where it is used."""
    return replace(settings, pixel_order="natural")


def by(cost: Callable[[RunConfig], float]) -> Held:
    """Settings held against others by what each costs for itself."""
    return lambda several, to: [cost(settings) / cost(to) for settings in several]


def matched(
    settings: RunConfig, to: RunConfig, held: Held, *, within: float = 1e-4, scales: tuple[float, float] = SCALES
) -> RunConfig:
    """These settings with widths at which they cost as much as those that they are held `to`, as nearly as whole numbers allow, or
    `within` this part of their scale.

    All usual widths are scaled alike; where they count the units of a layer, none becomes narrower than z, which would have to pass
    through it. UsageError where an architecture has no widths to choose, or none that fit.
    """
    usual = replace(settings, widths="")
    if settings.arch == to.arch:
        return replace(settings, widths="" if to.layer_widths == usual.layer_widths else to.widths)
    if not usual.layer_widths:
        raise UsageError(
            f"{config.arch_name(settings.arch)} has no widths to choose; leave it out, or leave out --match."
        )
    low, high = scales
    tried: dict[str, float] = {}
    while high / low > 1 + within:
        # A few at a time: what is timed is timed beside each other.
        steps = [low * (high / low) ** (place / _AT_ONCE) for place in range(_AT_ONCE + 1)]
        ahead = list(dict.fromkeys(widths for scale in steps if (widths := _scaled(usual, scale)) not in tried))
        asked = [replace(settings, widths=widths) for widths in ahead]
        tried |= dict(zip(ahead, held(asked, to) if asked else (), strict=True))
        below = [scale for scale in steps[:-1] if tried[_scaled(usual, scale)] < 1]
        place = max(0, len(below) - 1)
        low, high = steps[place], steps[place + 1]
    best = min(tried, key=lambda widths: abs(tried[widths] - 1))
    if abs(tried[best] - 1) > _CLOSE:
        raise UsageError(
            f"No widths of {config.arch_name(settings.arch)} cost as much as {config.arch_name(to.arch)}: the nearest, {best}, make "
            f"{tried[best]:.3g} times as much. Leave it out, or choose what else to match, or a smaller latent size."
        )
    return replace(settings, widths="" if best == _scaled(usual, 1.0) else best)


def around(settings: RunConfig) -> tuple[float, float]:
    """Scales a few times as small and as large as that of some widths."""
    scale = settings.layer_widths[0] / replace(settings, widths="").layer_widths[0]
    return scale / _REACH, scale * _REACH


def _scaled(usual: RunConfig, scale: float) -> str:
    fewest = 1 if config.ARCHS[usual.arch].halving else usual.latent_dim
    return "-".join(str(min(config.WIDEST, max(fewest, round(scale * width)))) for width in usual.layer_widths)
