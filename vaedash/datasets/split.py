"""Seeded choices among images: which are kept and which are held out, the same for every run."""

import math

import numpy as np

from vaedash import config


def share(n: int, fraction: float) -> np.ndarray:
    """Indices of a seeded share of `n` images, in ascending order: the same for every run; at least one."""
    kept = np.random.default_rng(config.SPLIT_SEED).permutation(n)[: max(1, math.floor(n * fraction + 0.5))]
    return np.sort(kept)


def hold_out(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of `n` images as train and test, both ascending: a seeded tenth is test, at least one image."""
    test = share(n, 0.1)
    return np.setdiff1d(np.arange(n), test), test
