"""A panel within somebody else's page: alone there, as narrow as a phone too, and offered where sharing lives."""

import functools
import html
import http.server
import re
import threading

import pytest
from streamlit.runtime.context import ContextProxy
from visitor import figures, make_run, shown, words

from vaedash import runs


@pytest.fixture
def embedded(monkeypatch):
    monkeypatch.setattr(ContextProxy, "is_embedded", property(lambda self: True))


@pytest.fixture
def opened_at(monkeypatch):
    def open_at(url):
        monkeypatch.setattr(ContextProxy, "url", property(lambda self: url))

    return open_at


def ids(folder):
    return ",".join(run.id for run in runs.list_runs(folder))


@pytest.mark.parametrize("page", ["compare", "interpolate", "gallery"])
def test_within_another_page_is_the_panel_and_nothing_behind_it(trained, embedded, page):
    at = shown(page, runs=ids(trained))
    assert "All runs as a table" not in words(at) and "in ten steps" not in words(at)
    assert not at.get("page_link")
    if page == "compare":
        assert len(figures(at)) == 1 and "on new pictures" in words(at)


def test_a_page_of_its_own_has_all_that_belongs_to_it(trained):
    at = shown("compare", runs=ids(trained))
    assert "All runs as a table" in words(at) and at.get("page_link")


@pytest.mark.parametrize("page", ["compare", "interpolate", "gallery"])
def test_the_address_and_the_frame_are_of_what_is_on_the_page(trained, opened_at, page):
    opened_at(f"https://a.example/{page}")
    at = shown(page, runs=ids(trained), smoothing="0.5")
    address, frame = [code.value for code in at.code if "a.example" in code.value]
    assert address == f"https://a.example/{page}?runs={ids(trained)}&smoothing=0.5"
    assert html.unescape(re.search('src="([^"]+)"', frame)[1]) == f"{address}&embed=true"
    assert "title=" in frame and "on this computer only" not in words(at)


def test_what_an_address_brings_ends_no_attribute(trained, opened_at):
    opened_at("http://localhost:8501/compare")
    at = shown("compare", runs=ids(trained), x='"><script>alert(1)</script>')
    [_, frame] = [code.value for code in at.code if "localhost" in code.value]
    assert "<script" not in frame and frame.count('"') == 14
    assert "on this computer only" in words(at)
    opened_at("javascript:alert(1)")
    assert "copy it from its address bar" in words(shown("compare", runs=ids(trained)))


OF_CHANGES = re.compile(
    "train-both|launch|shuffle-test|train-stairs|stop-|again-|resume-|save-|copy-|archive-|delete-|anew|save-view"
)


@pytest.mark.parametrize("page", ["start", "train", "compare", "why", "gallery"])
def test_within_another_page_nothing_is_drawn_that_changes_anything(trained, monkeypatch, page):
    make_run(trained, status="stopped", epochs=1)
    query = {"runs": ids(trained), "view": "vote"} if page in ("compare", "gallery") else {}
    assert page in ("compare", "gallery") or changing(shown(page, **query))
    monkeypatch.setattr(ContextProxy, "is_embedded", property(lambda self: True))
    at = shown(page, **query)
    assert changing(at) == [] and not at.text_input and not at.get("file_uploader") and not at.get("page_link")


def changing(at):
    return [button.key for button in at.button if button.key and OF_CHANGES.search(button.key)]


def test_within_another_page_nothing_is_changed_by_what_was_drawn_before(folder, monkeypatch):
    run = make_run(folder)
    at = shown("train")
    monkeypatch.setattr(ContextProxy, "is_embedded", property(lambda self: True))
    at.button(key=f"archive-{run.id}").click().run()
    assert "nothing is changed: open this one in a tab" in at.toast[0].value and not run.reread().archived


def guards(at):
    return [element for element in at.get("html") if "window.top" in element.proto.body]


def test_where_something_may_be_changed_the_page_keeps_out_of_frames(folder, monkeypatch):
    [guard] = guards(shown("train"))
    assert '"link": "Open it in a tab"' in guard.proto.body
    monkeypatch.setenv("VAEDASH_READ_ONLY", "1")
    assert guards(shown("train")) == []


@pytest.fixture
def course(tmp_path):
    """Another site, whose page has this address in a frame."""

    def framing(address):
        frame = f'<iframe src="{html.escape(address)}" title="morph" width="100%" height="640"></iframe>'
        (tmp_path / "index.html").write_text(frame)
        return f"http://127.0.0.1:{site.server_port}/index.html"

    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield framing
        site.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize("width", [1100, 360])
def test_a_frame_on_a_page_of_another_site_works_and_has_no_header(browser, clone, course, width):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    tab = browser.new_page(viewport={"width": width, "height": 700})
    tab.goto(course(f"{clone.url}/interpolate?embed=true"))
    frame = tab.frame_locator("iframe")
    slider = frame.locator("input[name=x]")
    playwright.expect(slider).to_be_visible()
    slider.fill(slider.get_attribute("max"))
    for hidden in ("stHeader", "stPageLink", "stMainMenu"):
        playwright.expect(frame.get_by_test_id(hidden).locator("visible=true")).to_have_count(0)
    playwright.expect(frame.get_by_role("heading", level=1)).to_be_hidden()
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert tab.frames[1].evaluate(wide)
    tab.close()


@pytest.mark.slow
def test_a_page_that_may_change_something_is_one_sentence_in_a_frame_of_another_site(browser, clone, course):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    tab = browser.new_page()
    tab.goto(course(f"{clone.url}/train"))
    frame = tab.frame_locator("iframe")
    link = frame.get_by_role("link", name="Open it in a tab")
    playwright.expect(link).to_be_visible()
    playwright.expect(frame.get_by_role("button").locator("visible=true")).to_have_count(0)
    with tab.expect_popup() as opened:
        link.click()
    playwright.expect(opened.value.get_by_role("heading", level=1)).to_be_visible()  # and there it is whole
    playwright.expect(opened.value.locator(".framed")).to_have_count(0)
    opened.value.close()
    tab.close()
