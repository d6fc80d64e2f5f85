"""Long curves, without the points that no screen could show."""

from collections.abc import Iterable, Sequence

_BINS = 400  # along a curve: about one for every two pixels of a chart


def kept(curves: Sequence[Sequence[float | None]], *, also: Iterable[int] = ()) -> list[int]:
    """The places at which curves of one length are drawn: all, or where they are many those that make up their outline.

    Of each bin that is where each curve is lowest and highest and where a gap in it begins; and the first place, the last
    one, and what is `also` asked for.
    """
    length = max(map(len, curves), default=0)
    if length <= 4 * _BINS:
        return list(range(length))
    places = {0, length - 1, *also}
    for at in range(_BINS):
        within = range(at * length // _BINS, (at + 1) * length // _BINS)
        for curve in curves:
            places.update(_outline(curve, within))
    return sorted(places)


def _outline(curve: Sequence[float | None], within: range) -> Iterable[int]:
    measured = [(value, place) for place in within if (value := curve[place]) is not None]
    gap = [next(place for place in within if curve[place] is None)] if len(measured) < len(within) else []
    return [min(measured)[1], max(measured)[1], *gap] if measured else gap


def evenly(length: int) -> list[int]:
    """Places at even distances of which the first and the last are two, for what has no outline: all, or as many as a screen shows."""
    if length <= _BINS:
        return list(range(length))
    return [round(at * (length - 1) / (_BINS - 1)) for at in range(_BINS)]
