"""Words along a level line, moved to where no curve runs through them."""

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

# Of a plot, that words take in large type or on a phone: how wide they are and how high, in one line and in two.
_SIZES = {1: (0.5, 0.1), 2: (0.28, 0.2)}
_PARTS = (1.0, 0.7, 0.45, 0.25)  # of that, which they take in smaller type, or in a wider plot
_AIR = 0.01  # of its height, between words and a curve
_ROOM = 1.05  # times the last point of all curves: where Plotly lets a level axis end
_SAMPLES = np.linspace(0, 1, 21)
_PLACES = np.linspace(0, 1, 13)

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]  # by parts of the plot, from the left and from below


def clear(figure: go.Figure, *, log: bool) -> None:
    """Break what stands below the left end of a line where curves would run through it, and move it along the line, below or above,
    to the first place where they do not, were it smaller if it must be, or else to where they leave it most room. `log` says that
    their axis is logarithmic.
    """
    curves = list(_curves(figure, log=log))
    words = [note for note in figure.layout.annotations if note.xref == "x domain" and note.yref in (None, "y")]
    if not curves or not words:
        return
    low, high = _ends(figure, curves)
    parts = [(x, (y - low) / (high - low)) for x, y in curves]
    for note in words:
        at = (note.y - low) / (high - low)
        if _room(parts, 0.0, -1, at, lines=1) > _AIR:
            continue
        spots = [*itertools.product(_PLACES, (-1, 1))]
        place, side = _spot(parts, spots, at)
        note.update(
            text=note.text.replace(" (", "<br>("),
            align="left",
            x=_left(place, lines=2),
            yanchor="bottom" if side > 0 else "top",
        )


def _spot(curves: Sequence[Curve], spots: Sequence[tuple[float, int]], at: float) -> tuple[float, int]:
    """Where along a line at this height, and on which side of it, words in two lines stand free of these curves."""
    rooms: list[float] = []
    for part in _PARTS:
        rooms = [_room(curves, *spot, at, lines=2, part=part) for spot in spots]
        if max(rooms) > _AIR:
            return spots[next(number for number, room in enumerate(rooms) if room > _AIR)]
    return spots[int(np.argmax(rooms))]


def _left(place: float, *, lines: int) -> float:
    """Where words begin that are at this place, 0 to 1, of the way that they can be moved."""
    return place * (1 - _SIZES[lines][0])


def _room(curves: Sequence[Curve], place: float, side: int, at: float, *, lines: int, part: float = 1.0) -> float:
    """How far the next curve is from words above (`side` 1) or below (-1) a line at this height, at this place of their way along it;
    or, as a negative number, how much of them curves run through. They are so large a `part` of what they may be.
    """
    width, height = (part * extent for extent in _SIZES[lines])
    across, middle = _left(place, lines=lines) + width * _SAMPLES, at + side * height / 2
    away = np.array([np.abs(np.interp(across, x, y, np.nan, np.nan) - middle) for x, y in curves])
    away = np.nan_to_num(away, nan=1.0) - height / 2
    return float(away.min()) if away.min() > 0 else -float((away <= 0).sum())


def _curves(figure: go.Figure, *, log: bool) -> Iterator[Curve]:
    """The lines of a figure: their points, from left to right, by parts of its width, and their losses as on its axis."""
    drawn = [trace for trace in figure.data if "lines" in (trace.mode or "") and trace.fill is None]
    right = _ROOM * max((x for trace in drawn for x in trace.x), default=0.0)
    for trace in drawn:
        points = [(x, y) for x, y in zip(trace.x, trace.y, strict=True) if y is not None and (y > 0 or not log)]
        if len(points) > 1 and right > 0:
            yield (
                np.array([x / right for x, _ in points]),
                np.array([math.log10(y) if log else y for _, y in points]),
            )


def _ends(figure: go.Figure, curves: Sequence[Curve]) -> tuple[float, float]:
    """Of the axis of losses."""
    if figure.layout.yaxis.range:
        low, high = figure.layout.yaxis.range
        return low, high
    low, high = min(float(y.min()) for _, y in curves), max(float(y.max()) for _, y in curves)
    return low, high if high > low else low + 1.0
