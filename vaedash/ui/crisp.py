"""Pictures whose pixels stay squares: a browser enlarges each image by a whole factor, or nobody could tell its blur from a model's."""

import zlib

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.errors import StreamlitDuplicateElementKey

from vaedash import images
from vaedash.config import IMAGE_SIZES
from vaedash.images import Pixels

_GAP = 1  # between two images, in their pixels
_MOST = 32  # columns
# The largest whole multiple for which there is room; where there is none for the picture as it is, it shrinks, smoothly, or rows of
# pixels would be missing.
_RULE = """[class*="st-key-crisp-{width}-"] img {{
  width: {drawn} !important; image-rendering: pixelated; }}
@container crisp (max-width: {less}px) {{ [class*="st-key-crisp-{width}-"] img {{ image-rendering: auto; }} }}
"""
# What lies around an image has the width of its place, or the image would be a part of its own width.
_AROUND = """[class*="st-key-crisp-"] :is([data-testid="stFullScreenFrame"] > div, [data-testid="stImage"],
  [data-testid="stImageContainer"]) { width: 100%; }
[class*="st-key-crisp-"] [data-testid="stImageCaption"] { text-align: left; }
[class*="st-key-crisp-"] { container: crisp / inline-size; }
"""


def styles() -> None:
    """What `picture` needs, once on every page."""
    widths = (pixels(columns, side) for side in IMAGE_SIZES for columns in range(1, _MOST + 1))
    rules = (_RULE.format(width=width, drawn=drawn(width), less=width - 1) for width in widths)
    st.html(f"<style>{_AROUND}{''.join(rules)}</style>")


def picture(tiles: Pixels, *, columns: int, alt: str, caption: str | None = None) -> None:
    """Images `(N, 3, side, side)` uint8 as one picture of so many `columns` (32 at most), as large as whole pixels allow."""
    with _place(pixels(columns, tiles.shape[-1]), alt):
        # Streamlit would pass it on as JPEG.
        st.image(_png(tiles, columns), caption=caption, alt=alt, width="stretch", output_format="PNG")


def pixels(count: int, side: int) -> int:
    """How many pixels so many images beside each other have."""
    return count * (side + _GAP) - _GAP


def drawn(width: int, *, of: str = "100%") -> str:
    """How wide a picture of so many pixels is shown where it has the room `of`, in CSS."""
    return f"max(round(down, {of}, {width}px), min({of}, {width}px))"


def _place(width: int, alt: str, again: int = 0) -> DeltaGenerator:
    """A place whose name tells the stylesheet how many pixels the picture has across."""
    try:
        return st.container(key=f"crisp-{width}-{zlib.crc32(alt.encode())}-{again}")
    except StreamlitDuplicateElementKey:  # the same is shown twice
        return _place(width, alt, again + 1)


@st.cache_data(max_entries=200, show_spinner=False)
def _png(tiles: Pixels, columns: int) -> bytes:
    # Looked at again each second, and by a whole room.
    return images.encode_png(images.grid(tiles, columns=columns, gap=_GAP))
