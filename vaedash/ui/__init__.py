"""The page that people see: everything that imports Streamlit."""
