"""Keys that press buttons of a page: those of a keyboard, and those that presentation clickers send."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

ON = (" ", "Enter", "ArrowRight", "ArrowDown", "PageDown")  # as a browser calls them
BACK = ("ArrowLeft", "ArrowUp", "PageUp")
AWAY = ("Escape",)

_component = st.components.v2.component(
    "vaedash_keys",
    html="<span></span>",
    js=(Path(__file__).parent / "keys.js").read_text(encoding="utf-8"),
)


def listen(buttons: Mapping[str, str]) -> None:
    """Have each of these keys press the button of that key, where there is one, for as long as this is on the page.

    Not while somebody writes; and what has the focus keeps the keys that press it. A slider that was moved by hand leaves
    those of clickers to the page.
    """
    with st.container(key="keys"):  # which a page may hide: there is nothing to see
        _component(data={pressed: f".st-key-{button} button" for pressed, button in buttons.items()}, key="keys-heard")
