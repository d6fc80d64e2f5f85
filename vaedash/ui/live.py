"""Figures that grow under one's eyes: a Plotly figure that is updated in place, so that zoom and legend stay as they are.

`st.plotly_chart` forgets what was zoomed and hidden whenever its figure changes. Here plotly.js (a bundle of what these
figures need) is sent to a page once, and each new figure goes to `Plotly.react`.
"""

import contextlib
import json
from pathlib import Path

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


def still(drawn: charts.Figure, *, key: str, alt: str) -> None:
    """Show a figure that does not grow, as this visitor is to see it, on a page that has brought plotly.js (`prepare`): here for
    Streamlit's own charts another four megabytes would have to come. Nothing in it can be clicked."""
    figure(presenter.figure(drawn), key=key, alt=alt, height=drawn.layout.height, controls=True)


def figure(
    drawn: charts.Figure,
    *,
    key: str,
    alt: str,
    height: int | None = None,
    said: str = "",
    arrival: str = "",
    controls: bool = False,
) -> None:
    """Show `drawn`, or change the figure of the same `key` into it. `alt` says in words what it shows.

    Without a `height`, a style sheet gives one to its `.live-figure`.

    What is `said` of it is read out to who cannot see it, whenever it changes. With an `arrival` that this visitor's browser
    has not seen yet, it is scrolled into view. With `controls`, there are buttons to zoom and to save it.
    """
    spec = json.loads(drawn.to_json())
    layout = spec["layout"] | {"height": height}
    _figure(
        data={
            "data": spec["data"],
            "layout": layout,
            "alt": alt,
            "said": said,
            "arrival": arrival,
            "config": dict(charts.controls(key) if controls else charts.BARE),
        },
        key=key,
        height=height or "content",
    )
