"""What can be played with on a page, by its name: its script, which begins with what it shares with the others, and its style sheet."""

import functools
from collections.abc import Sequence
from pathlib import Path

from vaedash import languages
from vaedash.browser import client
from vaedash.languages import ENGLISH, gathering, say

_HERE = Path(__file__).parent
_OF_PARTS = {"drawing": ("raster", "camera", "answers", "drawing"), "flow": ("layers", "faces", "flow")}


@functools.cache
def script(*names: str) -> str:
    """JavaScript that has a function `name(root, data, tell)` for each of these: it builds into an element, or changes what it built
    there before into what `data` say now, and tells what was settled by `tell(what, value)`.
    """
    parts = (part for name in names for part in _OF_PARTS.get(name, (name,)))
    files = ((_HERE / f"{part}.js").read_text(encoding="utf-8") for part in ("painting", *parts))
    return "\n".join([client.script(), *files])


def spoken(*names: str, more: str = "") -> dict[str, object]:
    """What their `data` must hold besides, for them to say their sentences and numbers as the present visitor does; for a script that
    has `more` to say, that too.
    """
    speech = languages.current()
    if speech == ENGLISH:
        return {}
    sentences = [*_sentences(*names), *gathering.sentences(more)]
    return {"sentences": {sentence: say(sentence) for sentence in sentences}, "region": speech.tag}


@functools.cache
def _sentences(*names: str) -> Sequence[str]:
    return gathering.sentences(script(*names))


def style(*names: str) -> str:
    """Their style sheets, whose rules are about what is in an element of the class `name`."""
    return "".join((_HERE / f"{name}.css").read_text(encoding="utf-8") for name in names)
