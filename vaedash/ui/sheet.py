"""A contact sheet: many small pictures as one, of which a click picks one."""

import base64
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from vaedash import images
from vaedash.images import Pixels

COLUMNS = 8

_CSS = """
div { position: relative; line-height: 0; }
img { width: 100%; image-rendering: pixelated; cursor: pointer; border-radius: 0.25rem; }
i { position: absolute; pointer-events: none; box-sizing: border-box;
  border: 2px solid white; outline: 2px solid var(--st-primary-color); border-radius: 0.2rem; }
"""
_component = st.components.v2.component(
    "vaedash_sheet",
    html='<div>\n<img alt=""><i></i></div>',
    css=_CSS,
    js=(Path(__file__).parent / "sheet.js").read_text(encoding="utf-8"),
)


def pick(tiles: Pixels, *, picked: int, alt: str, key: str, on_pick: Callable[[int], None]) -> None:
    """Show images `(N, 3, side, side)`, number `picked` framed; `on_pick` is told the number of the one that is clicked.

    It is a mouse's and a finger's short cut: give the same choice to the keyboard beside it.
    """
    data = {"png": _png(tiles), "count": len(tiles), "columns": COLUMNS, "picked": picked, "alt": alt}

    def clicked() -> None:
        if (tile := st.session_state[key].picked) is not None:
            on_pick(tile)

    _component(data=data, key=key, on_picked_change=clicked)


@st.cache_data(max_entries=64, show_spinner=False)
def _png(tiles: Pixels) -> str:
    return base64.b64encode(images.encode_png(images.grid(tiles, columns=COLUMNS))).decode()
