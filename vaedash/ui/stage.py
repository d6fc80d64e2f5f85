"""A stage: what stands on it fits the window, however low that is; a card on it is chosen by a click anywhere on its picture."""

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vaedash.images import Pixels
from vaedash.ui import crisp

_STYLES = Path(__file__).parent / "stage.css"


def styles(*, rest: float) -> None:
    """What the rest of this room needs, once on a page; beside the stage, the page is so many rem high."""
    st.html(_STYLES)
    st.html(f"<style>:root {{ --stage: max(9rem, 100dvh - {rest}rem); }}</style>")


def picture(tiles: Pixels, *, columns: int, key: str, alt: str, caption: str | None = None, share: float = 1.0) -> None:
    """Images `(N, 3, side, side)` uint8 as `crisp.picture` shows them, but no higher than this share of the stage."""
    rows = -(-len(tiles) // columns)
    with limited(columns * share, rows, key=key):
        crisp.picture(tiles, columns=columns, alt=alt, caption=caption)


def rows(tiles: Pixels, *, columns: int, key: str, alt: str, caption: str | None = None, together: int = 1) -> None:
    """Images as `crisp.picture` shows them, as wide as there is room, and of their rows as many as the stage has room for: one of
    some that stay `together` at least."""
    across, down = (crisp.pixels(count, tiles.shape[-1]) for count in (columns, -(-len(tiles) // columns)))
    unit = crisp.pixels(together, tiles.shape[-1]) + 1
    fitting = "round(down, var(--rows-most, var(--stage)), var(--unit))"
    st.html(
        f"<style>.st-key-{key} img:not([style*='contain']) {{\n"  # so is a picture that fills the screen
        f"--drawn: {crisp.drawn(across, of='100cqw')}; --unit: calc(var(--drawn) * {unit / across});\n"
        f"height: clamp(var(--unit), {fitting}, var(--drawn) * {down / across}) !important;\n"
        "object-fit: cover; object-position: top; }</style>"
    )
    with st.container(key=key):
        crisp.picture(tiles, columns=columns, alt=alt, caption=caption)


def limited(width: float, height: float, *, key: str) -> DeltaGenerator:
    """A place for something of these proportions: as wide as there is room, but only so wide that it is no higher than the stage."""
    st.html(f"<style>.st-key-{key} {{ max-width: calc(var(--stage) * {width / height:.3f}); }}</style>")
    return st.container(key=key)


def card(name: str) -> DeltaGenerator:
    """A place for a picture and one button, which a click anywhere on it presses."""
    return st.container(key=f"stage-card-{name}", gap="xsmall")


def label(words: str, *, key: str) -> None:
    """Words (Markdown) across the picture of a card, that turn up as if it had been turned over."""
    with st.container(key=f"stage-label-{key}"):
        st.markdown(words)
