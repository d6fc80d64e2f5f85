"""Runs compared in Python say what the pages say, and names of strangers do nothing."""

import json
from html.parser import HTMLParser

import pytest
from hostile import NAMES

import vaedash
from vaedash.comparing import verdict
from vaedash.errors import UsageError
from vaedash.notebook import Pictures


class Read(HTMLParser):
    """The elements, the attributes and the words of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[tuple[str, ...]] = set()
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.add((tag, *(name for name, _ in attributes)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_verdict_is_the_one_of_the_pages(both):
    compared = vaedash.compare(*both)
    assert compared.verdict == verdict.judged(compared.records).plain
    assert compared.grounds == verdict.sentence(compared.records)
    assert repr(compared) == f"{compared.verdict}.\n{compared.grounds}"
    assert vaedash.compare(*both, both[0]).verdict == compared.verdict


def test_the_figure_has_the_curves_of_both(both):
    [figure] = vaedash.compare(*both).figures
    assert {trace.name.split()[0] for trace in figure.data if trace.showlegend} == {"FC", "conv"}
    assert vaedash.compare(*both).figure.to_json() == figure.to_json()


def test_a_notebook_is_shown_verdict_table_curves_and_what_they_mean(both, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    monkeypatch.setattr("plotly.graph_objects.Figure.show", lambda self, config: shown.append(config))
    compared = vaedash.compare(*both)
    compared._ipython_display_()
    words, chart, legend = shown
    assert compared.verdict in words["text/html"] and words["text/plain"] == repr(compared)
    assert chart["plotlyServerURL"] == "" and not chart["showSendToCloud"]
    assert "Bold: on new pictures" in legend["text/html"]


def test_a_report_is_written_where_it_is_asked_for(both, tmp_path):
    vaedash.compare(*both).report(tmp_path / "both.html")
    assert "<!doctype html>" in (tmp_path / "both.html").read_text()[:100].lower()


def test_a_report_speaks_the_language_that_is_asked_for(both, tmp_path):
    vaedash.compare(*both).report(tmp_path / "both.html", language="de")
    assert '<html lang="de">' in (tmp_path / "both.html").read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="language must be one of en, de, es, with a region or without, got 'xx'"):
        vaedash.compare(*both).report(tmp_path / "both.html", language="xx")


def test_hostile_names_do_nothing_in_a_notebook(both, promise):
    plain = Read(both._repr_html_()).elements | Read(vaedash.compare(*both)._repr_html_()).elements
    run = both[0]
    for name in NAMES:
        run.record.write_notes(name=name)
        for html in (both._repr_html_(), run._repr_html_(), vaedash.compare(*both)._repr_html_()):
            read = Read(html)
            assert read.elements <= plain, name
            assert run.name in read.words or not run.name.strip(), name
            assert "\x1b" not in html and "\u202e" not in html, name
            # Or $x$ would be a formula.
            assert html.startswith('<div class="tex2jax_ignore mathjax_ignore"') and html.endswith("</div>"), name
    promise("R11", cases=len(NAMES))


@pytest.mark.usefixtures("torch_as_it_was")
def test_what_pictures_say_of_themselves_is_text(both):
    both[0].record.write_notes(name='"><script>alert(1)</script>\x1b[31m')
    data, metadata = both[0].generate(1)._repr_mimebundle_()
    assert isinstance(both[0].generate(1), Pictures) and set(data) == {"image/png", "text/plain"}
    assert "\x1b" not in data["text/plain"] and json.dumps(metadata)
