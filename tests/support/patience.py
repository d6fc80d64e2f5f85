"""Waiting for what becomes true: as long as a loaded machine may take, which only a hang exceeds."""

import time
from collections.abc import Callable

PATIENCE = 300.0  # seconds


def until(true: Callable[[], object], seconds: float = PATIENCE) -> float:
    """The seconds that it took; AssertionError where it does not become true within so many."""
    start = time.monotonic()
    while not true():
        assert time.monotonic() - start < seconds
        time.sleep(0.02)
    return time.monotonic() - start
