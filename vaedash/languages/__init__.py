"""The languages of the page: sentences and numbers as its present visitor says them; English wherever nobody looks at a page."""

from vaedash.languages.catalogues import LANGUAGES, NAMES, Speech, original, speech
from vaedash.languages.saying import (
    ENGLISH,
    Sentence,
    again,
    counted,
    current,
    figure,
    in_sense,
    part_again,
    say,
    spoken,
    to_say,
    whoever_looks,
)

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "NAMES",
    "Sentence",
    "Speech",
    "again",
    "counted",
    "current",
    "figure",
    "in_sense",
    "original",
    "part_again",
    "say",
    "speech",
    "spoken",
    "to_say",
    "whoever_looks",
]
