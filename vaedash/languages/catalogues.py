"""The catalogues: what each English sentence is in another language, read from `locale/` when somebody first asks for it."""

import functools
import gettext
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

FOLDER = Path(__file__).parent / "locale"
NAMES: Mapping[str, str] = {"en": "English", "de": "Deutsch", "es": "Español"}
"""The languages of the page by their codes, each as it calls itself."""
LANGUAGES = tuple(NAMES)
_TAG = re.compile(r"([A-Za-z]{2})([-_][A-Za-z0-9]{1,8}){0,4}")
_NARROW = "\u202f"  # a space that some countries put between thousands


@dataclass(frozen=True, kw_only=True)
class Speech:
    """A language, and the region whose numbers go with it: `es` and `es_MX`. English numbers are as Python writes them."""

    language: str
    region: str

    @property
    def tag(self) -> str:
        """What browsers call it."""
        return self.region.replace("_", "-")

    @property
    def comma(self) -> bool:
        """Whether it parts the fraction of a number with a comma."""
        return separators(self.region)[0] == ","

    @property
    def separators(self) -> str:
        """Before a fraction, and between thousands, as Plotly takes it."""
        return "".join(separators(self.region)[:2])


def speech(wanted: str) -> Speech | None:
    """The language that a browser's tag (`de-AT`) or an address asks for; None where it is none of the page's."""
    tag = _TAG.fullmatch(wanted)
    if tag is None or (language := tag[1].lower()) not in LANGUAGES:
        return None
    if language == "en":
        return Speech(language="en", region="en")
    return Speech(language=language, region=_region(wanted) or language)


@functools.lru_cache(maxsize=256)
def _region(tag: str) -> str:
    """The region that Babel knows by this tag; empty where it knows none."""
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(tag.replace("_", "-"), sep="-"))
    except (UnknownLocaleError, ValueError):
        return ""


@functools.lru_cache(maxsize=64)
def separators(region: str) -> tuple[str, str, str]:
    """Before a fraction, between thousands, and before a percent sign."""
    if region == "en":
        return ".", ",", ""
    from babel import Locale

    locale = Locale.parse(region)
    symbols = locale.number_symbols["latn"]
    percent = "\u00a0" if "\u00a0%" in locale.percent_formats[None].pattern else ""
    return symbols["decimal"], symbols["group"].replace(_NARROW, "\u00a0"), percent


@functools.lru_cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The sentences of a language; of English, as they are."""
    if language == "en":
        return gettext.NullTranslations()
    # Compiled where it is read: there is one file for each language, and nothing to build before one can try a change.
    from babel.messages import mofile

    compiled = io.BytesIO()
    mofile.write_mo(compiled, _read(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def original(words: str) -> str:
    """The English sentence that is said so in some language, or these `words` where there is none: addresses hold labels."""
    return _originals().get(words, words)


@functools.lru_cache
def _originals() -> Mapping[str, str]:
    """What is said in any language, with its English sentence: read once, since anybody may ask for any words."""
    found: dict[str, str] = {}
    for language in LANGUAGES[1:]:
        for message in _read(language):
            if isinstance(message.id, str) and message.id and isinstance(message.string, str):
                found.setdefault(message.string, message.id)
    return found


def _read(language: str) -> "Catalog":
    from babel.messages import pofile

    with (FOLDER / language / "LC_MESSAGES" / "vaedash.po").open("rb") as file:
        return pofile.read_po(file, locale=language)
