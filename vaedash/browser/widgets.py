"""What can be played with on a page, by its name: its script, which begins with what it shares with the others, and its style sheet."""

import functools
from pathlib import Path

from vaedash.browser import client

_HERE = Path(__file__).parent


@functools.cache
def script(name: str) -> str:
    """JavaScript that has the function `name(root, data, tell)`: it builds into an element, or changes what it built there before into
    what `data` say now, and tells what was settled by `tell(what, value)`.
    """
    parts = ((_HERE / f"{each}.js").read_text(encoding="utf-8") for each in ("painting", name))
    return "\n".join([client.script(), *parts])


def style(name: str) -> str:
    """Its style sheet, whose rules are about what is in an element of the class `name`."""
    return (_HERE / f"{name}.css").read_text(encoding="utf-8")
