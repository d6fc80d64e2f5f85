"""Saying a sentence: in the language of whoever looks at the page, with its parts and numbers as that language has them."""

import contextlib
import functools
import numbers
import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass

from vaedash.languages import catalogues
from vaedash.languages.catalogues import Speech

ENGLISH = Speech(language="en", region="en")
_NUMBER = re.compile(r"-?[0-9][0-9,]*(\.[0-9]+)?(e[+-][0-9]+)?")
_LONGEST = 600  # letters of what is said again
_here: ContextVar[Speech | None] = ContextVar("speech", default=None)
_ask: list[Callable[[], Speech | None]] = []


def whoever_looks(asked: Callable[[], Speech | None]) -> None:
    """Have this tell, whenever something is said, what the present visitor speaks; None where there is no visitor."""
    _ask[:] = [asked]


def current() -> Speech:
    """What is spoken now: English where nobody looks at a page."""
    here = _here.get()
    if here is None and _ask:
        here = _ask[0]()
    return here or ENGLISH


@contextlib.contextmanager
def spoken(speech: Speech) -> Iterator[None]:
    """Within this, that is what is spoken: in a thread that works for a visitor, or where a file is written for one."""
    before = _here.set(speech)
    try:
        yield
    finally:
        _here.reset(before)


def to_say(sentence: str) -> str:
    """The sentence as it is: it is put into the catalogues, and said where it is shown."""
    return sentence


def say(sentence: str, /, **parts: object) -> str:
    """An English sentence in the language of whoever looks; each `{part}` of it is given by name, and may have a format (`{loss:.1f}`)."""
    speech = current()
    if speech.language != "en" and sentence:
        sentence = catalogues.catalogue(speech.language).gettext(sentence)
    return _with(parts, sentence, speech)


@dataclass(frozen=True, init=False)
class Sentence:
    """A sentence that is made now and said whenever it is read, to whoever reads it: for what several visitors are shown. An error
    may be made of one, `ValueError(Sentence("row {number} is empty", number=3))`, and then its text is that.
    """

    sentence: str
    parts: Mapping[str, object]

    def __init__(self, sentence: str, /, **parts: object) -> None:
        object.__setattr__(self, "sentence", sentence)
        object.__setattr__(self, "parts", parts)

    def __str__(self) -> str:
        return say(self.sentence, **self.parts)


def part_again(_name: str, words: str) -> str:
    """A part of what was said in English: a number, or a word of the catalogues."""
    if _NUMBER.fullmatch(words):
        return _Parts(current()).written(words)
    return say(words)


def again(words: str, sentences: Sequence[str], *, part: Callable[[str, str], str] = part_again) -> str:
    """What was said in English and kept, in the language of whoever looks: it is one of these sentences, whose parts have no format;
    else it stays as it is. `part` says a part anew, by its name and as it was said.
    """
    if current().language != "en" and len(words) <= _LONGEST:  # who knows who has written it
        for sentence in sentences:
            if found := _form(sentence).fullmatch(words):
                return say(sentence, **{name: part(name, said) for name, said in found.groupdict().items()})
    return words


@functools.lru_cache
def _form(sentence: str) -> re.Pattern[str]:
    """What a sentence looks like with its parts in it."""
    pieces = string.Formatter().parse(sentence)
    return re.compile("".join(re.escape(text) + (f"(?P<{name}>.+?)" if name else "") for text, name, _, _ in pieces))


def counted(one: str, many: str, /, *, n: int, **parts: object) -> str:
    """What is said of one thing, or of `n` of them: `counted("1 run", "{n} runs", n=3)`."""
    speech = current()
    words = catalogues.catalogue(speech.language).ngettext(one, many, n)
    return _with({"n": n, **parts}, words, speech)


def in_sense(sense: str, word: str, /) -> str:
    """A word that English has for several things, of which this `sense`, told to who translates, is one."""
    return catalogues.catalogue(current().language).pgettext(sense, word)


def figure(number: float, form: str = "") -> str:
    """A number in a format of Python's, as whoever looks writes it: `8,9` or `8.9`."""
    return _Parts(current()).format_field(number, form)


def _with(parts: dict[str, object], sentence: str, speech: Speech) -> str:
    if not parts:
        return sentence
    return sentence.format(**parts) if speech == ENGLISH else _Parts(speech).vformat(sentence, (), parts)


class _Parts(string.Formatter):
    """Puts parts into a sentence; numbers among them as a region writes them."""

    def __init__(self, speech: Speech) -> None:
        self.separators = catalogues.separators(speech.region)

    def format_field(self, value: object, format_spec: str) -> str:
        words = format(value, format_spec)
        if not isinstance(value, numbers.Number) or isinstance(value, bool):
            return words
        return self.written(words)

    def written(self, number: str) -> str:
        """A number that is written in English."""
        decimal, group, before_percent = self.separators
        return number.translate({ord("."): decimal, ord(","): group}).replace("%", f"{before_percent}%")
