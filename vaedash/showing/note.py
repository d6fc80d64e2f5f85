"""What a person wrote of a run, as HTML that does nothing: Markdown without HTML, without pictures, with links to web addresses only."""

from collections.abc import Sequence
from functools import cache
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from vaedash import text

_LINKS = ("http", "https", "mailto")  # what a link may begin with; anything else stays as it was typed


def html(note: str) -> Markup:
    """A note in Markdown (`Run.note`), to stand in a page. What is HTML in it is shown as text; nothing is loaded from anywhere, and
    behind a link's words stands where it leads.
    """
    reader = _reader()
    tokens = reader.parse(text.note(note))
    for token in tokens:
        token.children = [*_told(token.children)] if token.children else token.children
        if token.type.startswith("heading"):  # the page has headings of its own
            token.tag = "p"
            token.attrs = {"class": "note-heading"} if token.nesting == 1 else {}
    return Markup(reader.renderer.render(tokens, reader.options, {}))


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("js-default", {"html": False, "linkify": False, "maxNesting": 20}).disable("image")
    reader.validateLink = lambda url: url.partition(":")[0].lower() in _LINKS  # type: ignore[method-assign]
    return reader


def _told(tokens: Sequence[Token]) -> list[Token]:
    """A line with each link opened in a window of its own, which learns nothing of this one, and its host behind its words."""
    told: list[Token] = []
    words, host = "", ""
    for token in tokens:
        told.append(token)
        if token.type == "link_open":
            address = str(token.attrGet("href") or "")
            words, host = "", urlsplit(address).hostname or address
            token.attrs |= {"target": "_blank", "rel": "noopener noreferrer nofollow"}
        elif token.type == "link_close" and words not in (host, address):
            told.append(Token("text", "", 0, content=f" ({host})"))
        words += token.content
    return told
