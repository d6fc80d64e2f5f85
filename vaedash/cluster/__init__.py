"""Runs that train on the machines of a Ray cluster, while all that they write arrives here as if they trained beside it.

A process of its own, `driver`, holds the runs' locks and stays in touch with a `trainer` for each, wherever Ray found
room for it. The two share no file system: settings and images go out, and what the trainer writes comes back (`mirror`).
"""
