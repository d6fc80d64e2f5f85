"""A page's panel within somebody else's page, as a course has it: with `?embed=true`, what leads elsewhere or chooses runs is left out."""

import json
from pathlib import Path

import streamlit as st

from vaedash import places
from vaedash.languages import say

_HERE = Path(__file__).parent
_FRAMED = (_HERE / "framed.js").read_text(encoding="utf-8")


def on() -> bool:
    """Whether this visitor sees the page within another one."""
    return bool(st.context.is_embedded)


def guard() -> None:
    """Keeps the whole page out of frames of other sites, where it may change something; with `?embed=true` it changes nothing."""
    if on() or places.read_only():
        return
    words = {
        "sentence": say("Things can be changed on this page, so no other site may have it within one of its own."),
        "link": say("Open it in a tab"),
    }
    with st.container(key="guards-page"):
        st.html(f"<script>({_FRAMED})({json.dumps(words)});</script>", unsafe_allow_javascript=True)


def styles() -> None:
    """Without header, title and switches there, and without the room that these would take."""
    if on():
        st.html(_HERE / "embedded.css")


def end() -> None:
    """Ends the page there: what follows is no part of its panel."""
    if on():
        st.stop()
