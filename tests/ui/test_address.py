"""A room is let in by a QR code where the page can be reached from outside; elsewhere a sentence says how that is done."""

import pytest
import visitor
from streamlit.runtime.context import ContextProxy
from visitor import words

from vaedash import runs
from vaedash.ui import address, components

CLOSED = "Phones cannot open this page yet"


@pytest.fixture
def opened_at(monkeypatch):
    """Has visitors come by an address of the test's choice."""

    def open_at(url):
        monkeypatch.setattr(ContextProxy, "url", property(lambda self: url))

    return open_at


def codes(at):
    """The words for each QR code."""
    images = [image for element in at.get("image") for image in element.proto.imgs]
    return [image.alt for image in images if image.alt.startswith("QR code")]


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "http://localhost:8501/",
        "http://127.0.0.1:8501",
        "http://[::1]:8501/",
        "http://0.0.0.0:8501/",
        "http://[::]:8501/",
        "http://127.0.1.1:8501/",
        "http://vaedash.localhost:8501/",
        "http://[::1",
        "ftp://a.example/",
        "http://a.example/\n",
    ],
)
def test_who_came_by_an_address_of_this_computer_alone_is_told_how_to_let_others_in(trained, opened_at, url):
    opened_at(url)
    for at in (visitor.shown("start", tour=2), visitor.shown("gallery", view="Blind vote")):
        assert CLOSED in words(at) and "docs/security.md" in words(at) and codes(at) == []


def test_a_code_leads_others_to_the_same_step_of_the_same_tour_and_tells_them_no_guesses(trained, opened_at):
    opened_at("http://192.168.1.20:8501/")
    at = visitor.shown("start", tour=2, said="d1w1", seen="d")
    pair = "".join(at.query_params["pair"])
    link = f"http://192.168.1.20:8501/?tour=2&pair={pair}"
    assert codes(at) == [f"QR code of {link}"] and CLOSED not in words(at)
    assert link in [code.value for code in at.code]


def test_a_code_leads_others_to_the_same_ballot(trained, opened_at):
    opened_at("https://class.example/gallery")
    at = visitor.shown("gallery", view="Blind vote", kind="New pictures", ballot=7)
    ids = ",".join(run.id for run in components.comparable(runs.list_runs(trained)))
    assert codes(at) == [
        f"QR code of https://class.example/gallery?view=Blind+vote&kind=New+pictures&ballot=7&runs={ids}"
    ]


def test_a_code_holds_the_address_dark_on_light():
    drawn = address.code("http://192.168.1.20:8501/?tour=2&pair=aaaaaa.bbbbbb")
    assert "<svg" in drawn and "viewBox" in drawn
    assert drawn.index("#fff") < drawn.index("#000")


def test_a_code_leads_to_an_address_of_the_newer_kind_too(trained, opened_at):
    opened_at("http://[fd00::20]:8501/")
    at = visitor.shown("start", tour=2)
    pair = "".join(at.query_params["pair"])
    assert codes(at) == [f"QR code of http://[fd00::20]:8501/?tour=2&pair={pair}"]
