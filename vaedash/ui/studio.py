"""Models in the visitor's browser: their weights are sent once, and then pictures follow a finger without asking anybody.

A component's script begins with `SCRIPT`, and asks `studio` (vaedash/browser/client.js) for the parts whose names `brought` gave.
"""

import contextlib
from typing import Literal

import streamlit as st
from streamlit.errors import StreamlitDuplicateElementKey

from vaedash.browser import client
from vaedash.runs import Run
from vaedash.ui import cache, decoded, speaking
from vaedash.ui.cache import Stamp

Part = Literal["decoder", "encoder"]
State = Literal["trained", "untrained"]
PARTS: tuple[Part, ...] = ("encoder", "decoder")
SCRIPT = client.script()

_loader = st.components.v2.component(
    "vaedash_part",
    html="<span></span>",
    js=SCRIPT
    + """
export default ({ data, setStateValue }) => {
  if (data instanceof Uint8Array) studio.load(data.slice().buffer);
  else if (!studio.has(data.name)) setStateValue("wanted", Date.now());
};
""",
)
_SENT = "studio-sent"


def brought(run: Run, part: Part, *, state: State = "trained") -> str:
    """Brings a part of a run's best model to the browser, or of the model that it was before it learned; outside any fragment, and
    once, however often it is asked for. The name that it has there; empty where it has layers that a browser is not taught.
    Loads torch. RunError if the run has no weights.
    """
    name = called(run, part, state=state)
    packed = _packed(run, decoded.weights(run), part, name, state)
    if packed is None:
        return ""
    # Megabytes go over the wire once: from then on only the name, and a browser that does not have what it means asks.
    sent = st.session_state.setdefault(_SENT, set())
    with contextlib.suppress(StreamlitDuplicateElementKey), st.container(key=f"studio-{name}"):
        _loader(data={"name": name} if name in sent else packed, key=name, on_wanted_change=lambda: sent.discard(name))
        sent.add(name)
    return name


def called(run: Run, part: Part, *, state: State = "trained") -> str:
    """The name that a part has in the browser, whether it has been brought there or not."""
    stamp = decoded.weights(run)
    return f"{run.id}-{stamp[1] if stamp else 0}{'' if state == 'trained' else '-untrained'}-{part}"


@st.cache_resource(max_entries=24, show_spinner=speaking.waiting("Packing weights ..."))
def _packed(_run: Run, stamp: Stamp, part: Part, name: str, state: State) -> bytes | None:  # noqa: ARG001
    from vaedash.browser import packing
    from vaedash.models import archs

    model = cache.model(_run)[0] if state == "trained" else archs.untrained(_run.config)
    slot = f"{_run.id}-{state}-{part}"
    return packing.pack(model, part, name=name, slot=slot, side=_run.config.image_size)
