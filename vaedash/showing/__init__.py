"""Figures and files for people: charts, the report, TensorBoard's event files."""
