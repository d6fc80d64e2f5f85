"""Figures, drawn by Plotly and updated in place, so that zoom and legend stay as they are.

`st.plotly_chart` forgets what was zoomed and hidden whenever its figure changes, and brings all of plotly.js. Here plotly.js (a
bundle of what these figures need) is sent to a page once, and each new figure goes to `Plotly.react`.
"""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitDuplicateElementKey

from vaedash.showing import charts
from vaedash.ui import presenter

_library = st.components.v2.component(
    "vaedash_plotly",
    html="<span></span>",
    js=charts.PLOTLY_JS.read_text(encoding="utf-8") + "\nexport default () => {};\n",
)

_figure = st.components.v2.component(
    "vaedash_live_figure",
    html='<div class="live-figure" style="width: 100%"></div><p role="status" style="position: absolute; clip-path: inset(50%)"></p>',
    js=(Path(__file__).parent / "live.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # Plotly puts its style sheet into the document's head
)


def prepare() -> None:
    """Bring plotly.js to the page, outside any fragment; once, however often it is asked for."""
    with contextlib.suppress(StreamlitDuplicateElementKey):
        _library(key="plotly-js", height=1)


def chart(
    drawn: charts.Figure,
    *,
    key: str,
    alt: str,
    height: int | None = None,
    on_click: Callable[[Any], None] | None = None,
) -> None:
    """Show a figure as this visitor is to see it, in a height of pixels, else in its own; with buttons to zoom and to save it.

    `on_click` is called with the `customdata` of a point that is clicked.
    """
    height = height or drawn.layout.height
    figure(presenter.figure(drawn), key=key, alt=alt, height=height, controls=True, on_click=on_click)


def figure(
    drawn: charts.Figure,
    *,
    key: str,
    alt: str,
    height: int | None = None,
    said: str = "",
    arrival: str = "",
    controls: bool = False,
    on_click: Callable[[Any], None] | None = None,
) -> None:
    """Show `drawn`, or change the figure of the same `key` into it. `alt` says in words what it shows.

    Without a `height`, a style sheet gives one to its `.live-figure`.

    What is `said` of it is read out to who cannot see it, whenever it changes. With an `arrival` that this visitor's browser
    has not seen yet, it is scrolled into view. With `controls`, there are buttons to zoom and to save it.
    `on_click` is called with the `customdata` of a point that is clicked.
    """

    def clicked() -> None:
        if on_click and (point := st.session_state[key].clicked) is not None:
            on_click(point)

    spec = json.loads(drawn.to_json())
    layout = spec["layout"] | {"height": height}
    _figure(
        data={
            "data": spec["data"],
            "layout": layout,
            "alt": alt,
            "said": said,
            "arrival": arrival,
            "clickable": on_click is not None,
            "config": dict(charts.controls(key) if controls else charts.BARE),
        },
        key=key,
        height=height or "content",
        on_clicked_change=clicked,
    )
