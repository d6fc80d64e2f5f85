"""Models in the visitor's browser: their weights are sent once, and then pictures follow a finger without asking anybody.

A component's script begins with `SCRIPT`, and asks `studio` (vaedash/browser/client.js) for the parts whose names `brought` gave.
"""

import contextlib
from typing import Literal

import streamlit as st
from streamlit.errors import StreamlitDuplicateElementKey

from vaedash.browser import client
from vaedash.runs import Run
from vaedash.ui import cache, decoded
from vaedash.ui.cache import Stamp

Part = Literal["decoder", "encoder"]
PARTS: tuple[Part, ...] = ("encoder", "decoder")
SCRIPT = client.script()

_loader = st.components.v2.component(
    "vaedash_part",
    html="<span></span>",
    js=f"{SCRIPT}\nexport default ({{ data }}) => studio.load(data.slice().buffer);\n",
)


def brought(run: Run, part: Part) -> str:
    """Brings a part of a run's best model to the browser, outside any fragment; once, however often it is asked for. The name that it
    has there; empty where it has layers that a browser is not taught. Loads torch. RunError if the run has no weights.
    """
    stamp = decoded.weights(run)
    name = f"{run.id}-{stamp[1] if stamp else 0}-{part}"
    packed = _packed(run, stamp, part, name)
    if packed is None:
        return ""
    with contextlib.suppress(StreamlitDuplicateElementKey), st.container(key=f"studio-{name}"):
        _loader(data=packed, key=name)
    return name


@st.cache_resource(max_entries=24, show_spinner="Packing weights ...")
def _packed(_run: Run, stamp: Stamp, part: Part, name: str) -> bytes | None:  # noqa: ARG001
    from vaedash.browser import packing

    return packing.pack(cache.model(_run)[0], part, name=name, side=_run.config.image_size)
