"""Difference or luck: how sure one can be that one model is better, over other test images and over other seeds.

Two kinds of luck, kept apart. Which images happen to be in the test set: both models were measured on the same ones,
so the differences image by image are resampled. Which seed a training happened to have: only further trainings tell.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Losses = NDArray[np.float32]  # of images, `(N,)` in nats

# 97.5% quantiles of Student's t for 1 to 30 degrees of freedom; beyond, the normal distribution's is used.
_T = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131),
    *(2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
_RESAMPLES = 1000
_CHUNK = 100


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


def over_images(higher: Losses, lower: Losses) -> Interval:
    """How much higher the first are than the second over other test images like these, both being losses of the same images.

    Percentile bootstrap of the paired differences (Efron 1979), with a seed of its own.
    """
    difference = higher.astype(np.float64) - lower
    generator = np.random.default_rng(0)
    means = np.concatenate(
        [
            difference[generator.integers(len(difference), size=(_CHUNK, len(difference)))].mean(1)
            for _ in range(_RESAMPLES // _CHUNK)
        ]
    )
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(float(difference.mean()), float(low), float(high), len(difference))


def over_seeds(differences: Sequence[float]) -> Interval | None:
    """How large the difference is over other seeds, from one paired difference a seed; None for fewer than two.

    Student's t interval: differences over seeds are taken to be normal.
    """
    if len(differences) < 2:
        return None
    mean, spread = statistics.fmean(differences), statistics.stdev(differences)
    degrees = len(differences) - 1
    t = _T[degrees - 1] if degrees <= len(_T) else 1.960
    reach = t * spread / math.sqrt(len(differences))
    return Interval(mean, mean - reach, mean + reach, len(differences))
