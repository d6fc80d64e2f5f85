"""What may be shown of a text that came from a person, a file or another machine."""

import re
import unicodedata

LONGEST_NAME = 80  # characters of a display name or a tag
SHORT = 45  # of a name in a message that goes by itself
LONGEST_NOTE = 10_000  # and of a note

# What a spreadsheet would take for a formula; where lists are parted by semicolons, after one of those too.
_FORMULA = re.compile(r"(^|[;\t\r])(?=[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])")


# What cannot be seen, but changes how the letters beside it are written: Persian and Indic words need it, and emoji made of several.
_JOINERS = "\u200c\u200d"


def visible(text: str) -> str:
    """`text` without what moves a cursor, changes the direction of text or cannot be seen; lines stay lines."""
    if text.isprintable():
        return text
    kept = (
        " " if letter.isspace() and letter != "\n" else letter
        for place, letter in enumerate(text)
        if letter not in _JOINERS or _joins(text, place)
    )
    return "".join(
        letter for letter in kept if letter in ("\n", *_JOINERS) or not unicodedata.category(letter).startswith("C")
    )


def _joins(text: str, place: int) -> bool:
    """Whether a joiner stands between letters that it can change; elsewhere it only makes one name look like another."""
    around = text[place - 1 : place] + text[place + 1 : place + 2]
    return len(around) == 2 and all(_can_be_joined(letter) for letter in around)


def _can_be_joined(letter: str) -> bool:
    kind = unicodedata.category(letter)
    wide = unicodedata.east_asian_width(letter) in "WF"
    return kind in ("So", "Sk", "Mn", "Mc") or (kind == "Lo" and not wide)  # of wide letters only emoji


def name(text: str, *, most: int = LONGEST_NAME) -> str:
    """`text` as a display name or a tag: visible, on one line, at most `most` characters; letters with accents are one each,
    however they were typed.
    """
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    return " ".join(visible(composed).split())[:most].rstrip(f" {_JOINERS}")


def brief(name: str) -> str:
    """A name for a message of a few lines: of one of more than SHORT characters its beginning and its end."""
    half = SHORT // 2
    return name if len(name) <= SHORT else f"{name[:half].rstrip()}…{name[-half:].lstrip()}"


def escaped(text: str) -> str:
    """A sentence that may hold a person's or a file's words, without any meaning to Markdown but for web addresses."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()#+-.!|<>~$:&" else letter for letter in text)


def note(text: str) -> str:
    """`text` as a note: visible, in lines, at most LONGEST_NOTE characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    return visible(unicodedata.normalize("NFC", lines)).strip()[:LONGEST_NOTE].rstrip()


def columns(text: str) -> int:
    """How many columns of a terminal it takes: East Asian letters and emoji take two, marks on a letter none."""
    if text.isascii():
        return len(text)
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def cell(text: str) -> str:
    """`text` as it may stand in a spreadsheet's cell: what would be run as a formula is made to be text."""
    return _FORMULA.sub(r"\1'", text)
