"""Figures that grow under one's eyes: a Plotly figure that is updated in place, so that zoom and legend stay as they are.

`st.plotly_chart` builds the plot anew whenever its figure changes. Here plotly.js (the copy inside the plotly
package) is sent to a page once, and each new figure goes to `Plotly.react`.
"""

import json
from pathlib import Path

import streamlit as st

from vaedash.showing import charts

_library = st.components.v2.component(
    "vaedash_plotly",
    html="<span></span>",
    js=charts.PLOTLY_JS.read_text(encoding="utf-8") + "\nexport default () => {};\n",
)

_figure = st.components.v2.component(
    "vaedash_live_figure",
    html='<div class="live-figure" style="width: 100%"></div>',
    js=(Path(__file__).parent / "live.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # Plotly puts its style sheet into the document's head
)


def prepare() -> None:
    """Bring plotly.js to the page; once, outside any fragment."""
    _library(key="plotly-js", height=1)


def figure(drawn: charts.Figure, *, key: str, alt: str, height: int) -> None:
    """Show `drawn`, or change the figure of the same `key` into it. `alt` says in words what it shows."""
    spec = json.loads(drawn.to_json())
    _figure(
        data={"data": spec["data"], "layout": spec["layout"] | {"height": height}, "alt": alt}, key=key, height=height
    )
