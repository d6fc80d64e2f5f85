"""The page as a whole: its pages and what stands around each of them. streamlit_app.py shows it."""

from pathlib import Path

# Whole before anything is drawn: Plotly uses as much of it as is loaded, and breaks on the half that another visitor's
# first picture has just begun to load.
import pandas  # noqa: F401
import streamlit as st
from PIL import Image

import vaedash
from vaedash.errors import VaedashError
from vaedash.languages import say
from vaedash.showing import charts
from vaedash.ui import components, crisp, embedded, news, presenter, speaking, tabs, visitors

_HERE = Path(__file__).parent
_PAGES = _HERE / "pages"
_SCRIPTS = "".join(file.read_text(encoding="utf-8") for file in (charts.TOUCH_JS, _HERE / "menu.js"))


def show() -> None:
    """The page that the address names, in the frame of all pages."""
    tabs.opened()
    speaking.begin()
    st.set_page_config(
        page_title="vaedash",
        page_icon=_icon(),
        layout="wide",
        menu_items={"About": f"vaedash {vaedash.__version__}"},
    )
    embedded.guard()
    page = st.navigation(
        [
            st.Page(_PAGES / "start.py", title=say("Start"), icon=":material/flag:", default=True),
            st.Page(_PAGES / "train.py", title=say("Train"), icon=":material/rocket_launch:", url_path="train"),
            st.Page(_PAGES / "compare.py", title=say("Compare"), icon=":material/compare:", url_path="compare"),
            st.Page(_PAGES / "why.py", title=say("Why"), icon=":material/stairs:", url_path="why"),
            st.Page(_PAGES / "gallery.py", title=say("Gallery"), icon=":material/grid_view:", url_path="gallery"),
            st.Page(_PAGES / "draw.py", title=say("Draw"), icon=":material/brush:", url_path="draw"),
            st.Page(
                _PAGES / "interpolate.py", title=say("Interpolate"), icon=":material/animation:", url_path="interpolate"
            ),
            st.Page(
                _PAGES / "latent_space.py",
                title=say("Latent space"),
                icon=":material/scatter_plot:",
                url_path="latent-space",
            ),
        ],
        position="top",
    )
    news.title(page.title)
    visitors.sign_in()
    _corner()
    crisp.styles()
    embedded.styles()
    visitors.told()
    try:
        page.run()
    except VaedashError as error:
        st.error(components.said(error))
    except OSError as error:  # a folder that may not be read or written, a full disk
        if error.filename is None:
            raise
        st.error(components.refused(error))


def _corner() -> None:
    """What every page has in its upper corner, in which style and scripts of all pages take no room."""
    st.html(_HERE / "page.css")
    with st.container(key="corner", horizontal=True, vertical_alignment="center", gap="small"):
        speaking.switch()
        presenter.switch()
        st.html(f"<script>{_SCRIPTS}</script>", unsafe_allow_javascript=True)


def _icon() -> Image.Image:
    """Two squares, FC's colour and conv's; a named icon would be fetched from the network."""
    icon = Image.new("RGB", (32, 32), "#D55E00")
    icon.paste("#0072B2", (16, 0, 32, 32))
    return icon
