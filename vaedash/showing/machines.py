"""How each architecture looks at a picture, as a drawing that moves: all pixels at once, or through a window that slides."""

import base64
import functools
import math
from collections.abc import Callable, Iterator, Mapping

from vaedash import images
from vaedash.config import USUAL_FRAME
from vaedash.images import Pixels
from vaedash.languages import to_say
from vaedash.showing import charts

WIDTH, HEIGHT = 420, 200
_PIXEL = 6  # of the picture, as large as that; one of more pixels has smaller ones
_SIDE = _PIXEL * USUAL_FRAME.image_size
_RIGHT = 330  # where what it notes down stands
_UNITS = 5  # that FC has in the drawing
_WINDOW, _CELLS, _CELL = (
    5 * _PIXEL,
    4,
    30,
)  # conv's window, and the places at which it looks: so many in a row, each so wide
LAP = 6  # seconds
# Each moment is seen in its turn; without motion, the first.
_STYLE = """.moment {{ opacity: 0; }} .moment:nth-of-type(1) {{ opacity: 1; }}
@media (prefers-reduced-motion: no-preference) {{
.moment, .moment:nth-of-type(1) {{ opacity: 0; animation: turn {lap}s step-end infinite; }}
@keyframes turn {{ 0% {{ opacity: 1; }} {share:.2f}% {{ opacity: 0; }} }}
}}"""

IN_WORDS: Mapping[str, str] = {
    "fc": to_say("lines lead from all of its pixels to each of a few circles"),
    "conv": to_say("a small window slides over it, and what it sees lights up one square after the other"),
    "local": to_say(
        "a small window slides over it, and each square that lights up has a stroke of its own: another detector looks there"
    ),
}

Point = tuple[float, float]


def drawing(arch: str, picture: Pixels) -> str | None:
    """An image `(3, side, side)` and what a first layer looks at, moment by moment, as SVG; None for an architecture that is not drawn."""
    if arch not in _MOMENTS:
        return None
    png = base64.b64encode(images.encode_png(images.grid(picture[None], columns=1))).decode()
    moments = list(_MOMENTS[arch]())
    seen = "".join(
        f'<g class="moment" style="animation-delay: {LAP * place / len(moments):.2f}s">{moment}</g>'
        for place, moment in enumerate(moments)
    )
    style = _STYLE.format(lap=LAP, share=100 / len(moments))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 {WIDTH + 8} {HEIGHT + 8}"><style>{style}</style>'
        f'<image width="{_SIDE}" height="{_SIDE}" href="data:image/png;base64,{png}" style="image-rendering: pixelated"/>'
        f'<g stroke="{charts.of_arch(arch)}" fill="{charts.of_arch(arch)}" fill-opacity="0.25">{_OUTLINES[arch]}{seen}</g></svg>'
    )


def _lines(froms: list[Point], to: Point) -> str:
    ways = "".join(f"M{x:.0f} {y:.0f}L{to[0]:.0f} {to[1]:.0f}" for x, y in froms)
    return f'<path d="{ways}" stroke-opacity="0.5"/>'


# ---- all pixels at once --------------------------------------------------------------------------------------------


def _unit(place: int) -> Point:
    return _RIGHT, _SIDE * (place + 0.5) / _UNITS


def _circle(place: int, *, lit: bool) -> str:
    x, y = _unit(place)
    return f'<circle cx="{x}" cy="{y:.0f}" r="11" stroke-width="2" fill-opacity="{1 if lit else 0.1}"/>'


def _of_units() -> Iterator[str]:
    every = [
        (x * 24 + 12.0, y * 24 + 12.0) for x in range(8) for y in range(8)
    ]  # of 1,024, so that one can tell them apart
    for place in range(_UNITS):
        yield _lines(every, _unit(place)) + _circle(place, lit=True)


# ---- through a window ----------------------------------------------------------------------------------------------


def _middle(row: int, column: int) -> Point:
    return _RIGHT + _CELL * (column + 0.5 - _CELLS / 2), _SIDE / 2 + _CELL * (row + 0.5 - _CELLS / 2)


def _cell(row: int, column: int, *, lit: bool) -> str:
    x, y = (middle - _CELL / 2 for middle in _middle(row, column))
    return f'<rect x="{x:.0f}" y="{y:.0f}" width="{_CELL}" height="{_CELL}" fill-opacity="{1 if lit else 0.1}"/>'


def _own_cell(row: int, column: int, *, lit: bool) -> str:
    """With a stroke that no other cell has: where each place has a detector of its own."""
    place = row * _CELLS + column
    x, y = _middle(row, column)
    angle, reach = math.pi * place / _CELLS**2, _CELL / 2 - 5
    across, up = reach * math.cos(angle), reach * math.sin(angle)
    stroke = f"M{x - across:.1f} {y + up:.1f}L{x + across:.1f} {y - up:.1f}"
    colour = ' stroke="white"' if lit else ""
    return f'{_cell(row, column, lit=lit)}<path d="{stroke}" stroke-width="4"{colour}/>'


def _of_windows(cell: Callable[..., str]) -> Iterator[str]:
    step = (_SIDE - _WINDOW) / (_CELLS - 1)
    for row in range(_CELLS):
        for column in range(_CELLS):
            x, y = column * step, row * step
            corners = [(x + _WINDOW, y), (x + _WINDOW, y + _WINDOW)]
            window = f'<rect x="{x:.0f}" y="{y:.0f}" width="{_WINDOW}" height="{_WINDOW}" stroke-width="3"/>'
            yield window + _lines(corners, _middle(row, column)) + cell(row, column, lit=True)


def _cells(cell: Callable[..., str]) -> str:
    return "".join(cell(row, column, lit=False) for row in range(_CELLS) for column in range(_CELLS))


_MOMENTS: Mapping[str, Callable[[], Iterator[str]]] = {
    "fc": _of_units,
    "conv": functools.partial(_of_windows, _cell),
    "local": functools.partial(_of_windows, _own_cell),
}
_OUTLINES: Mapping[str, str] = {
    "fc": "".join(_circle(place, lit=False) for place in range(_UNITS)),
    "conv": _cells(_cell),
    "local": _cells(_own_cell),
}
