"""Figures about several runs: the results table, who leads and how sure that is, what a class is asked."""
