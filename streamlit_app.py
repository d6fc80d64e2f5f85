"""vaedash's page: `streamlit run streamlit_app.py`."""

from pathlib import Path

import streamlit as st
from PIL import Image

from vaedash.errors import VaedashError

PAGES = Path(__file__).parent / "vaedash" / "ui" / "pages"

# Two squares, FC's colour and conv's; a named icon would be fetched from the network.
icon = Image.new("RGB", (32, 32), "#D55E00")
icon.paste("#0072B2", (16, 0, 32, 32))
st.set_page_config(page_title="vaedash", page_icon=icon, layout="wide")
page = st.navigation(
    [
        st.Page(PAGES / "start.py", title="Start", icon=":material/flag:", default=True),
        st.Page(PAGES / "train.py", title="Train", icon=":material/rocket_launch:", url_path="train"),
        st.Page(PAGES / "compare.py", title="Compare", icon=":material/compare:", url_path="compare"),
        *(
            st.Page(PAGES / file, title=title, icon=icon, url_path=url)
            for file, title, icon, url in (
                ("gallery.py", "Gallery", ":material/grid_view:", "gallery"),
                ("interpolate.py", "Interpolate", ":material/animation:", "interpolate"),
                ("latent_space.py", "Latent space", ":material/scatter_plot:", "latent-space"),
            )
            if (PAGES / file).exists()
        ),
    ],
    position="top",
)
try:
    page.run()
except VaedashError as error:
    st.error(str(error))
