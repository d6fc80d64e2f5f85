"""Seeded choices among images: which are kept and which are held out, the same for every run."""

import hashlib
import math

import numpy as np

from vaedash import config
from vaedash.images import Pixels


def share(n: int, fraction: float) -> np.ndarray:
    """Indices of a seeded share of `n` images, in ascending order: the same for every run; at least one."""
    kept = np.random.default_rng(config.SPLIT_SEED).permutation(n)[: max(1, math.floor(n * fraction + 0.5))]
    return np.sort(kept)


def hold_out(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of `n` images as train and test, both ascending: a seeded tenth is test, at least one image."""
    test = share(n, 0.1)
    return np.setdiff1d(np.arange(n), test), test


def apart(images: Pixels) -> tuple[np.ndarray, np.ndarray]:
    """The same of these images, but that all copies of one are on one side: a seeded tenth of the different ones is test. Where
    all are the same, as `hold_out` has it.
    """
    place: dict[bytes, int] = {}
    different = np.array([place.setdefault(mark, len(place)) for mark in marks(images)])
    if len(place) < 2:
        return hold_out(len(images))
    tested = np.isin(different, hold_out(len(place))[1])
    return np.flatnonzero(~tested), np.flatnonzero(tested)


def marks(images: Pixels) -> list[bytes]:
    """One for each image, the same for those that are equal pixel by pixel."""
    return [hashlib.blake2b(image.tobytes(), digest_size=16).digest() for image in images]
