"""Long curves, without the points that no screen could show."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

_BINS = 400  # along a curve: about one for every two pixels of a chart
_COLUMNS = 200  # of what is more than a line: each is drawn for itself, and hundreds of them keep a browser busy


def kept(curves: Sequence[Sequence[float | None]], *, also: Iterable[int] = ()) -> list[int]:
    """The places at which curves of one length are drawn: all, or where they are many those that make up their outline.

    Of each bin that is where each curve is lowest and highest and where a gap in it begins; and the first place, the last
    one, and what is `also` asked for.
    """
    length = max(map(len, curves), default=0)
    if length <= 4 * _BINS:
        return list(range(length))
    places = {0, length - 1, *also}
    for curve in curves:
        places.update(_outline(np.array(curve, dtype=float)))
    return sorted(places)


def _outline(values: NDArray[np.float64]) -> Iterator[int]:
    """The places of a curve, NaN in its gaps."""
    gaps = np.isnan(values)
    low, high = np.where(gaps, np.inf, values), np.where(gaps, -np.inf, values)
    for begin, end in itertools.pairwise(at * len(values) // _BINS for at in range(_BINS + 1)):
        yield begin + int(low[begin:end].argmin())
        yield begin + int(high[begin:end].argmax())
        if gaps[begin:end].any():
            yield begin + int(gaps[begin:end].argmax())


def dotted(points: int) -> bool:
    """Whether so many points of a curve lie far enough apart that each may have a dot; thousands keep a browser busy for seconds."""
    return points <= _COLUMNS


def evenly(length: int) -> list[int]:
    """Places at even distances of which the first and the last are two, for what has no outline: all, or as many as half a screen
    shows.
    """
    if length <= _COLUMNS:
        return list(range(length))
    return [round(at * (length - 1) / (_COLUMNS - 1)) for at in range(_COLUMNS)]
