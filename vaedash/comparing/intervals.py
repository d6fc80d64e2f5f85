"""Difference or luck: how sure one can be that one model is better, over other test images and over other seeds.

Two kinds of luck, kept apart. Which images happen to be in the test set: both models were measured on the same ones, so
there is a difference for each image. Which seed a training happened to have: only further trainings tell.

Both intervals are Student's (1908), for the mean of differences that vary normally. Means of many images do, whatever single
ones do; a few seeds do only if trainings do, which nothing warrants: a training that now and then gets stuck does not.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaedash.measuring import measures

Losses = NDArray[np.float32] | NDArray[np.float64]  # of images, `(N,)` in nats

FEWEST = measures.FEWEST  # images, for an interval over them
# 97.5% quantiles of Student's t for 1 to 30 degrees of freedom.
_T = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131),
    *(2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
_Z = statistics.NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Interval:
    """A mean difference in nats, the 95% confidence interval around it, and of how many (images or seeds) it is the mean."""

    mean: float
    low: float
    high: float
    count: int

    @property
    def certain(self) -> bool:
        """Whether it excludes that there is no difference."""
        return self.low > 0 or self.high < 0


def over_images(higher: Losses, lower: Losses) -> Interval | None:
    """How much higher the first are than the second over other test images like these, both being losses of the same images.

    None for fewer than FEWEST images.
    """
    difference = higher.astype(np.float64) - lower
    if len(difference) < FEWEST:
        return None
    return _student(float(difference.mean()), float(difference.std(ddof=1)), len(difference))


def over_seeds(differences: Sequence[float]) -> Interval | None:
    """How large the difference is over other seeds, from one paired difference a seed; None for fewer than two."""
    if len(differences) < 2:
        return None
    return _student(statistics.fmean(differences), statistics.stdev(differences), len(differences))


def _student(mean: float, spread: float, count: int) -> Interval:
    reach = quantile(count - 1) * spread / math.sqrt(count)
    return Interval(mean, mean - reach, mean + reach, count)


def quantile(degrees: int) -> float:
    """The 97.5% quantile of Student's t with so many degrees of freedom (1 or more), right to 0.001.

    Beyond 30 by the expansion of Cornish & Fisher around the normal one (Abramowitz & Stegun 1964, 26.7.5).
    """
    if degrees <= len(_T):
        return _T[degrees - 1]
    return _Z + (_Z**3 + _Z) / (4 * degrees) + (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / (96 * degrees**2)


def p_not_below(values: Sequence[float], bound: float) -> float:
    """How likely a mean this far below `bound`, or farther, would be if their true mean were `bound`: Student's one-sided test.

    `values` are two or more that vary normally.
    """
    mean, error = statistics.fmean(values), statistics.stdev(values) / math.sqrt(len(values))
    if not error:
        return float(mean >= bound)
    return _below((mean - bound) / error, len(values) - 1)


def _below(t: float, degrees: int) -> float:
    """The share of Student's distribution with so many degrees of freedom that lies below `t` (Abramowitz & Stegun 1964, 26.7.3-4)."""
    angle = math.atan(t / math.sqrt(degrees))
    even = degrees % 2 == 0
    term = total = 1.0 if even else math.cos(angle) if degrees > 1 else 0.0
    for power in range(2 if even else 3, degrees - 1, 2):
        term *= math.cos(angle) ** 2 * (power - 1) / power
        total += term
    within = math.sin(angle) * total if even else 2 / math.pi * (angle + math.sin(angle) * total)
    return (1 + within) / 2
