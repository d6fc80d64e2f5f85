"""Presenter mode: letters and lines for the last row of a room, by a switch that is on every page and travels in the URL."""

from pathlib import Path

import streamlit as st

from vaedash.showing import charts

_FIGURES = 1.4  # times as large are a figure's letters, lines and dots
# In the header, where no page begins; the page begins right below.
_PLACE = """<style>
[data-testid="stMainBlockContainer"] { padding-top: 4.25rem; }
h1 { padding-top: 0.5rem; }
.st-key-presenter-switch { position: fixed; top: 0; right: 3.5rem; height: 3.75rem; z-index: 999991; width: auto;
  justify-content: center; }
</style>"""
_LARGE = Path(__file__).parent / "presenter.css"


def switch() -> None:
    """The switch, and where it is on, the large type."""
    st.html(_PLACE)
    with st.container(key="presenter-switch"):
        st.toggle("Large type", key="presenter", bind="query-params")
    if on():
        st.html(_LARGE)


def on() -> bool:
    """Whether this visitor shows the page to a room."""
    return bool(st.session_state.get("presenter"))


def figure(drawn: charts.Figure) -> charts.Figure:
    """The figure as this visitor is to see it."""
    return charts.enlarged(drawn, by=_FIGURES) if on() else drawn
