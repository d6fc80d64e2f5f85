"""Models in the visitor's browser: their weights as bytes, and what computes with them there."""
