"""A display name is shown as it stands, wherever it is shown, and has no other effect: on pages, in charts, tables, files, terminals."""

import csv
import html
import io
import itertools
import json
import re
import unicodedata
from pathlib import Path

import pytest
import streamlit as st
from hand import settled
from hostile import NAMES
from patience import until
from visitor import give_weights, make_run, shown

from vaedash import cli, runs
from vaedash.comparing import results
from vaedash.config import RunConfig
from vaedash.showing import charts
from vaedash.ui import components, embedded, race, tables

HOSTILE = pytest.mark.parametrize("name", NAMES, ids=[f"{number:02}" for number in range(len(NAMES))])
SPECIAL = "\\`*_{}[]()#+-.!|<>~$:&"
# What Streamlit makes of text that Markdown has already taken as plain: links, addresses, icons.
MEANT = re.compile(r"https?://|www(?=\.)[-.\w]|[-.\w+]+@[-\w]+|:material/|:[-+\w]+:|:\w+\[", re.IGNORECASE)

IN_LEGEND = 15  # runs of one architecture that a legend tells apart
# The scripts of every page: of charts under a finger, of foreign frames, of its language.
OURS = (
    charts.TOUCH_JS.read_text(encoding="utf-8").strip(),
    Path(embedded.__file__).with_name("framed.js").read_text(encoding="utf-8").strip(),
    '<script>document.documentElement.lang = "en";</script>',
)


def test_there_are_names_enough():
    assert len(NAMES) == len(set(NAMES)) >= 60


def invisible(text: str) -> list[str]:
    return [letter for letter in text if letter != "\n" and unicodedata.category(letter)[0] == "C"]


def meant(markdown: str) -> list[str]:
    """What Markdown or Streamlit would find in it besides words."""
    bare = re.sub(r"\\(.)", "", markdown)
    return [letter for letter in bare if letter in SPECIAL] + MEANT.findall(re.sub(r"\\(.)", r"\1", markdown))


def handed_on(folder: Path, name: str) -> runs.Run:
    """A run of somebody else, whose notes nobody has cleaned."""
    run = make_run(folder, arch="conv")
    (run.path / "notes.json").write_text(json.dumps({"name": name, "tags": [name], "schema": 1}))
    return run.reread()


@HOSTILE
def test_a_hostile_name_has_no_effect(folder, capsys, promise, name):
    promise("R11")
    made = runs.create(folder, RunConfig(), name=name)
    assert {entry.name for entry in folder.iterdir()} == {made.id}
    assert {entry.name for entry in made.path.iterdir()} == {"config.json", "notes.json", "notes.lock"}
    assert {entry.name for entry in folder.parent.iterdir()} == {folder.name}

    run = handed_on(folder, name)
    for shown_name in (made.name, run.name, *run.tags):
        assert shown_name and len(shown_name) <= 80 and not invisible(shown_name) and "\n" not in shown_name
    assert run.name == made.name or "\ud800" in name  # which is no JSON that is read

    # Pages.
    for text in (run.name, components.name_with_tags(run), f"{run.name} leads {run.name}"):
        markdown = components.plain(text)
        assert meant(markdown) == []
        assert re.sub(r"\\(.)", r"\1", markdown).replace("\u2060", "") == text

    # Legends and what a pointer sees.
    other = make_run(folder, arch="conv", seed=1)
    drawn = [charts.loss_curves([run, other]), charts.race([run, other])]
    for trace in itertools.chain.from_iterable(figure.data for figure in drawn):
        for text in filter(None, (trace.name, trace.hovertemplate)):
            own = re.sub(r"%\{y:\.[12]f\}|%\{customdata\}|</?extra>", "", text)
            assert not set(own) & set("<>%$") and not re.search(r"&(?!amp;|lt;|gt;|#37;|#36;)", own)
    [call, _] = results.told_apart([run, other])
    found = {html.unescape(trace.hovertemplate) for trace in drawn[0].data if trace.hovertemplate}
    assert f"%{{customdata}}<extra>{call}</extra>" in found

    # Tables and what is taken home.
    rows = [results.result(run)]
    [cells] = csv.DictReader(io.StringIO(tables.csv(rows).decode("utf-8-sig")))
    assert not re.search(r"(^|;)\s*[=+\-@\uff1d\uff0b\uff0d\uff20]", cells["name"])
    assert cells["name"].replace("'", "") == run.name.replace("'", "")
    assert tables._pick(rows[0])["name"] == cells["name"]

    # A terminal.
    for command in (["runs"], ["show", run.id], ["runs", "--json"], ["show", run.id, "--json"]):
        assert cli.main(command) == 0
        output = capsys.readouterr().out
        assert not invisible(output)
        if command == ["runs"]:
            assert len(output.splitlines()) == 2 + 3
        if command == ["runs", "--json"]:
            assert [row["name"] for row in json.loads(output) if row["run"] == run.id] == [run.name]
    assert cli.main(["show", name or "-"]) in (0, 2)
    assert not invisible(capsys.readouterr().err)


def test_what_the_process_of_a_run_says_that_it_does_is_plain_words(folder):
    run = make_run(folder, epochs=0, status="running")
    for name in NAMES:
        (run.path / "progress.json").write_text(json.dumps({"phase": f"unpacking {name}"}))
        assert meant(race._phase(run.reread().progress, "starting").removesuffix(" ...")) == []


def test_an_error_that_repeats_a_name_repeats_it_harmlessly(folder, capsys, promise):
    make_run(folder)
    assert cli.main(["train", "--dataset", "no\x1b[31m\u202esuch.zip"]) == 1
    complaint = capsys.readouterr().err
    assert "There is no file or folder" in complaint and not invisible(complaint)


@pytest.mark.parametrize("page", ["train", "compare", "gallery"])
def test_pages_take_hostile_names_for_words_and_never_for_file_names(folder, monkeypatch, page):
    files = []
    places, download = st.delta_generator.DeltaGenerator, st.delta_generator.DeltaGenerator.download_button

    def spy(place, label, data, file_name=None, *rest, **how):
        files.append(file_name)
        return download(place, label, data, file_name, *rest, **how)

    monkeypatch.setattr(places, "download_button", spy)
    monkeypatch.setattr(st, "download_button", lambda *given, **how: st.container().download_button(*given, **how))
    made = [handed_on(folder, name) for name in NAMES[:: len(NAMES) // 12]]
    at = shown(page, runs=",".join(run.id for run in made[:4]))
    texts = [str(element.value) for kind in (at.markdown, at.header, at.caption) for element in kind]
    texts += [element.label for element in at.expander]
    for run in made[:4]:
        called = run.name if page == "train" else results.short(run, made[:4])
        assert any(components.plain(called) in text for text in texts), run.name
    assert all(re.fullmatch(r"[\w.-]+", file) and ".." not in file for file in files)
    assert files or page == "train"


def unsaid(made, text):
    """The names that a text does not hold."""
    words = re.sub(r"\s+", " ", text.replace("\u2060", ""))
    return [run.name for run in made if run.name.removeprefix("conv") not in words]


@pytest.mark.slow
def test_a_hostile_name_has_no_effect_in_a_browser(browser, tmp_path, promise):
    from vaedash.bench import ui as bench

    server = bench.Server(tmp_path / "runs", tmp_path / "data")
    tab = browser.new_page(viewport={"width": 1440, "height": 1000})
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    try:
        made = [handed_on(server.folder, name) for name in NAMES]
        for run in made[:2]:
            give_weights(run, seed=1)
        for page in ("train", "compare", "gallery"):
            tab.goto(f"{server.url}/{page}?runs={','.join(run.id for run in made)}")
            settled(tab)
            main = tab.get_by_test_id("stMain")
            if page != "gallery":  # the page may still be on its way, and a chart comes after the words around it
                until(lambda main=main: not unsaid(made, main.evaluate("element => element.textContent")))
            made_of_it = main.locator(  # but for the page's own links to the next one
                "a:not([aria-label='Link to heading'], [data-testid=stPageLink-NavLink]), "
                "script, iframe, math, h1 h1, img[src*=evil], img[src=x], .katex"
            )
            found = made_of_it.evaluate_all("found => found.map(one => one.outerHTML)")
            assert [one for one in found if not any(ours in one for ours in OURS)] == []
            inside = main.locator("[data-testid=stMarkdownContainer], .legend, summary")
            inside = inside.locator(
                "b, i, s, del, code, blockquote, table, hr, ul, ol, sub, sup, details, style, input"
            )
            assert inside.evaluate_all("found => found.map(one => one.outerHTML.slice(0, 300))") == []
            assert main.get_by_test_id("stIconMaterial").filter(has_text=re.compile("^home$")).count() == 0
            assert tab.evaluate("() => window.hacked") is None
        for some in (made[start : start + IN_LEGEND] for start in range(0, len(made), IN_LEGEND)):
            tab.goto(f"{server.url}/compare?runs={','.join(run.id for run in some)}")
            legend = tab.locator(".js-plotly-plot").first.locator(".legendtext")
            until(lambda legend=legend, some=some: legend.count() == len(some))
            assert legend.locator("a, tspan[style], tspan tspan").count() == 0
            assert tab.evaluate("() => window.hacked") is None
        assert not [url for url in asked if "evil" in url]
        promise("R11", "hostile names without an effect in a browser", cases=len(NAMES))
    finally:
        tab.close()
        server.close()
