"""vaedash's page: `streamlit run streamlit_app.py`."""

from vaedash.ui import app

app.show()
