"""Notes as HTML: what Markdown means is there, and nothing that a stranger wrote has an effect."""

from html.parser import HTMLParser

import pytest
from hostile import NAMES

from vaedash.showing import note

HARMLESS = {*("p", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "blockquote", "hr", "br", "a")}
HARMLESS |= {"table", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES = {"a": {"href", "title", "target", "rel"}, "code": {"class"}, "th": {"style"}, "td": {"style"}}
MORE = (
    "![picture](https://evil.example/x.png)",
    "![picture][1]\n\n[1]: https://evil.example/x.png",
    "[link](javascript:window.hacked=1)",
    "[link](JaVaScRiPt&colon;window.hacked=1)",
    "[link](java\tscript:window.hacked=1)",
    "[link](data:text/html;base64,PHNjcmlwdD4=)",
    "[link](vbscript:x) [link](file:///etc/passwd) [link](//evil.example)",
    "<javascript:window.hacked=1>",
    "[![picture](https://evil.example/x.png)](https://evil.example)",
    "```html\n<script>window.hacked = 1</script>\n```",
    '[link](https://evil.example/"onmouseover="window.hacked=1)',
    "[words](https://evil.example 'title\" onclick=\"x')",
    "> " * 200 + "deep",
    "# <img src=x onerror=window.hacked=1>\n\n| a |\n|---|\n| <svg onload=x> |",
)


class Read(HTMLParser):
    """Every element with its attributes, and all words."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.words = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.words += data


@pytest.mark.parametrize("written", [*NAMES, *MORE])
def test_nothing_in_a_note_has_an_effect(promise, written):
    promise("R11", "hostile notes without an effect")
    read = Read(note.html(written))
    for tag, attributes in read.elements:
        assert tag in HARMLESS
        assert set(attributes) <= ATTRIBUTES.get(tag, {"class", "start"})
        if tag == "a":
            assert attributes["href"].startswith(("https://", "http://", "HTTP://", "mailto:"))
            assert attributes["target"] == "_blank" and "noopener" in attributes["rel"]
            assert "evil.example" in read.words  # where it leads can be read
    assert "<script" not in note.html(written)


def test_markdown_means_what_it_says():
    html = note.html("# Why\n\n**beta** too *high*?\n\n- 1\n- 2\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    assert '<p class="note-heading">Why</p>' in html
    assert "<strong>beta</strong> too <em>high</em>?" in html
    assert html.count("<li>") == 2 and "<td>2</td>" in html


def test_a_link_shows_where_it_leads():
    assert ">the paper</a> (arxiv.org)" in note.html("[the paper](https://arxiv.org/abs/1312.6114)")
    assert "(arxiv.org)" not in note.html("<https://arxiv.org/abs/1312.6114>")


def test_words_that_hold_the_name_of_where_a_link_leads_do_not_hide_it():
    assert Read(note.html("[https://bank.example/t.example](http://t.example/x)")).words.strip().endswith("(t.example)")
    assert Read(note.html("<http://t.example/x> [t.example](http://t.example)")).words.count("(") == 0
