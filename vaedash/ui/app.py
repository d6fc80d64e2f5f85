"""The page as a whole: its pages and what stands around each of them. streamlit_app.py shows it."""

from pathlib import Path

# Whole before anything is drawn: Plotly uses as much of it as is loaded, and breaks on the half that another visitor's
# first picture has just begun to load.
import pandas  # noqa: F401
import streamlit as st
from PIL import Image

import vaedash
from vaedash.errors import VaedashError
from vaedash.ui import components, crisp, news, presenter, tabs, visitors

_PAGES = Path(__file__).parent / "pages"


def show() -> None:
    """The page that the address names, in the frame of all pages."""
    tabs.opened()
    st.set_page_config(
        page_title="vaedash",
        page_icon=_icon(),
        layout="wide",
        menu_items={"About": f"vaedash {vaedash.__version__}"},
    )
    page = st.navigation(
        [
            st.Page(_PAGES / "start.py", title="Start", icon=":material/flag:", default=True),
            st.Page(_PAGES / "train.py", title="Train", icon=":material/rocket_launch:", url_path="train"),
            st.Page(_PAGES / "compare.py", title="Compare", icon=":material/compare:", url_path="compare"),
            st.Page(_PAGES / "why.py", title="Why", icon=":material/stairs:", url_path="why"),
            st.Page(_PAGES / "gallery.py", title="Gallery", icon=":material/grid_view:", url_path="gallery"),
            st.Page(_PAGES / "draw.py", title="Draw", icon=":material/brush:", url_path="draw"),
            st.Page(
                _PAGES / "interpolate.py", title="Interpolate", icon=":material/animation:", url_path="interpolate"
            ),
            st.Page(
                _PAGES / "latent_space.py",
                title="Latent space",
                icon=":material/scatter_plot:",
                url_path="latent-space",
            ),
        ],
        position="top",
    )
    news.title(page.title)
    visitors.sign_in()
    presenter.switch()
    crisp.styles()
    visitors.told()
    try:
        page.run()
    except VaedashError as error:
        st.error(components.said(error))
    except OSError as error:  # a folder that may not be read or written, a full disk
        if error.filename is None:
            raise
        st.error(components.refused(error))


def _icon() -> Image.Image:
    """Two squares, FC's colour and conv's; a named icon would be fetched from the network."""
    icon = Image.new("RGB", (32, 32), "#D55E00")
    icon.paste("#0072B2", (16, 0, 32, 32))
    return icon
