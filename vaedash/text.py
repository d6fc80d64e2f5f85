"""What may be shown of a text that came from a person, a file or another machine."""

import re
import unicodedata

LONGEST_NAME = 80  # characters of a display name or a tag

# What a spreadsheet would take for a formula; where lists are parted by semicolons, after one of those too.
_FORMULA = re.compile(r"(^|[;\t\r])(?=[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])")


def visible(text: str) -> str:
    """`text` without what moves a cursor, changes the direction of text or cannot be seen; lines stay lines."""
    if text.isprintable():
        return text
    kept = (" " if letter.isspace() and letter != "\n" else letter for letter in text)
    return "".join(letter for letter in kept if letter == "\n" or not unicodedata.category(letter).startswith("C"))


def name(text: str, *, most: int = LONGEST_NAME) -> str:
    """`text` as a display name or a tag: visible, on one line, at most `most` characters."""
    return " ".join(visible(" ".join(text.split())).split())[:most].rstrip()


def cell(text: str) -> str:
    """`text` as it may stand in a spreadsheet's cell: what would be run as a formula is made to be text."""
    return _FORMULA.sub(r"\1'", text)
