"""Notes on pages: written where visitors may, shown where they only look on, without an effect."""

import csv
import io
import json

import pytest
from hostile import NAMES
from visitor import make_run, shown, words

from vaedash.bench import ui as bench
from vaedash.comparing import results
from vaedash.showing import report
from vaedash.ui import notes, tables


def written(at):
    """The notes that a page shows."""
    return "".join(
        element.proto.body for element in at.get("html") if "note" in element.proto.body or "<p>" in element.proto.body
    )


def test_a_note_is_written_on_the_page_and_read_beside_the_curves(folder):
    run, other = make_run(folder), make_run(folder, arch="fc")
    at = shown("train")
    at.text_area(key=notes.key(run)).set_value("beta **too high**?")
    at.button(key=f"save-{run.id}").click().run()
    assert not at.exception
    assert run.reread().note == "beta **too high**?" and not other.reread().note
    at = shown("compare", runs=f"{run.id},{other.id}")
    assert "Notes" in words(at) and "<p>beta <strong>too high</strong>?</p>" in written(at)
    assert "Notes" not in words(shown("compare", runs=other.id))


def test_what_was_not_edited_is_not_written(folder):
    run = make_run(folder)
    at = shown("train")
    run.write_notes(note="by somebody else")
    at.text_input(key=f"rename-{run.id}-0").set_value("mine")
    at.button(key=f"save-{run.id}").click().run()
    assert (run.reread().name, run.reread().note) == ("mine", "by somebody else")


def test_who_only_looks_on_reads_notes_and_finds_no_field(folder, monkeypatch):
    monkeypatch.setenv("VAEDASH_READ_ONLY", "1")
    run = make_run(folder)
    run.write_notes(note="*look*")
    at = shown("train")
    assert "<em>look</em>" in written(at) and not at.text_area


def test_a_note_is_in_the_report_and_in_the_csv(folder):
    run = make_run(folder)
    (run.path / "notes.json").write_text(json.dumps({"schema": 1, "note": "=1+1 <script>x</script> **bold**"}))
    run = run.reread()
    page = report.page([run])
    assert "&lt;script&gt;x&lt;/script&gt; <strong>bold</strong>" in page
    assert "<h2>Notes</h2>" not in report.page([make_run(folder)])
    [row] = csv.DictReader(io.StringIO(tables.csv([results.result(run)]).decode("utf-8-sig")))
    assert row["note"] == "'=1+1 <script>x</script> **bold**"


@pytest.mark.slow
def test_a_hostile_note_loads_nothing_and_runs_nothing_in_a_browser(browser, tmp_path, promise):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    run = make_run(tmp_path / "runs")
    pictures = "![x](https://evil.example/x.png) <img src=https://evil.example/y.png onerror=window.hacked=1>"
    run.write_notes(note="\n\n".join([*(name for name in NAMES if "\ud800" not in name), pictures, "the end"]))
    asked = []
    with bench.Server(tmp_path / "runs", tmp_path / "data") as server:
        tab = browser.new_page()
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(f"{server.url}/compare?runs={run.id}")
        tab.get_by_text("Notes", exact=True).click()
        shown_note = tab.locator(f".st-key-note-of-{run.id}")
        playwright.expect(shown_note.get_by_text("the end")).to_be_visible()
        assert shown_note.locator("script, img, iframe, style, form, input, math, h1, details").count() == 0
        assert shown_note.locator("a").evaluate_all("all => all.every(link => /^https?:/.test(link.href))")
        assert tab.evaluate("() => window.hacked") is None and not [url for url in asked if "evil" in url]
        tab.close()
    promise("R11", "hostile notes without an effect in a browser")
