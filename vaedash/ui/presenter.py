"""Presenter mode: letters and lines for the last row of a room, by a switch that is on every page and travels in the URL."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from vaedash.languages import say
from vaedash.runs import Run
from vaedash.showing import charts

_FIGURES = 1.4  # times as large are a figure's letters, lines and dots
# Of the curves, in pixels: what a projector's 720 leave below title and verdict, without and with large type.
_HEIGHT, _HEIGHT_BESIDE_LARGE = 440, 360
_HERE = Path(__file__).parent


def switch() -> None:
    """The switch, and where it is on, the large type."""
    st.toggle(say("Large type"), key="presenter", bind="query-params")
    if on():
        st.html(_HERE / "presenter.css")


def on() -> bool:
    """Whether this visitor shows the page to a room."""
    return bool(st.session_state.get("presenter"))


def height() -> int:
    """Of a page's main figure, in pixels, so that it is on the first screen."""
    return _HEIGHT_BESIDE_LARGE if on() else _HEIGHT


def figure(drawn: charts.Figure) -> charts.Figure:
    """The figure as this visitor is to see it."""
    return charts.enlarged(drawn, by=_FIGURES) if on() else drawn


def places(chosen: Sequence[Run]) -> Mapping[str, int]:
    """Which dash and mark each of the chosen runs has in charts: the same for as long as this visitor has it chosen."""
    st.session_state.places = charts.places(chosen, st.session_state.get("places", {}))
    return st.session_state.places
