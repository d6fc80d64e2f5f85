"""Reports and sites in another language than English: all that they say, wherever it stands, and their numbers."""

import html
import json
import re

import offline
import pytest
from hand import SIZES, expect, press
from patience import until

from vaedash import cli, languages, places, settings
from vaedash.languages import LANGUAGES, gathering
from vaedash.showing import report, site, templates

SHOWING = places.PROJECT_ROOT / "vaedash" / "showing"
# Of any English sentence of some length, and neither German nor Spanish.
ENGLISH = re.compile(
    r"\b(the|of|and|with|which|are|after|from|between|images?|pictures?|draws?|made|how|what)\b", re.IGNORECASE
)
JSON = re.compile(r'<script type="application/json"(?! class="speech")>(.*?)</script>', re.DOTALL)


@pytest.fixture(scope="module")
def sites(examples, tmp_path_factory):
    """The folder of a site for each language."""
    folders = {}
    for language in LANGUAGES[1:]:
        folders[language] = tmp_path_factory.mktemp(language) / "site"
        with languages.spoken(settings.speech(language)):
            site.write(folders[language], site.files(examples))
    return folders


def told(value):
    """Every string in what scripts are told."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from told(each)


def heard(page: str) -> list[str]:
    """All that a reader may come upon: what is shown, what stands for a picture, what scripts are told."""
    for_scripts = [words for each in JSON.findall(page) for words in told(json.loads(each))]
    bare = re.sub(r"<(script|style|code).*?</\1>", "", page, flags=re.DOTALL)
    named = re.findall(r'(?:alt|aria-label|title|content)="([^"]*)"', bare)
    shown = re.findall(r">([^<]+)<", bare)
    return [html.unescape(words) for words in (*for_scripts, *named, *shown)]


@pytest.mark.parametrize("name", ["index.html", "story.html", "report-hkfrfp.html"])
@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_nothing_is_said_in_english(sites, language, name):
    page = (sites[language] / name).read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in page
    assert [words for words in heard(page) if ENGLISH.search(words)] == []


def test_what_is_said_in_english_is_noticed():
    assert [
        words for words in heard('<p title="the end">All of it</p><img alt="who knows">') if ENGLISH.search(words)
    ] == [
        "the end",
        "All of it",
    ]


def test_numbers_are_written_as_in_the_region(examples):
    losses = [f"{run.test_loss:.2f}" for run in examples[:2]]
    with languages.spoken(settings.speech("es-MX")):
        mexican = report.page(examples[:2])
    with languages.spoken(settings.speech("de-AT")):
        austrian = report.page(examples[:2])
    assert all(f"<b>{loss}</b>" in mexican or f"<td>{loss}</td>" in mexican for loss in losses)
    assert all(
        loss.replace(".", ",") in austrian and loss not in re.sub(r"<script.*?</script>", "", austrian, flags=re.DOTALL)
        for loss in losses
    )
    assert '"separators":",' in austrian.replace(" ", "") and '"separators":".,"' in mexican.replace(" ", "")


def test_no_template_says_a_sentence_past_the_catalogues():
    for file in sorted(SHOWING.rglob("*.html")):
        source = file.read_text(encoding="utf-8")
        bare = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}|<[^<>]*>", " ", source, flags=re.DOTALL)
        assert re.findall(r"[A-Za-z]{2,}", html.unescape(bare)) == [], file
        assert not re.search(r'(?:alt|aria-label|title|content)="[A-Z][^"{]*[a-z] ', source), file


def test_a_template_says_its_sentences_and_nothing_else_is_gathered_from_it():
    source = '{{ say("One {part}.", part=say("two")) }} {% if x %}{{ say("three " "four") | bold }}{% endif %} {{ other("five") }}'
    assert sorted(gathering.of_template(source)) == ["One {part}.", "three four", "two"]


def test_what_is_bold_stays_harmless():
    assert templates.bold("**a** < <b>b</b>") == "<b>a</b> &lt; &lt;b&gt;b&lt;/b&gt;"


def test_the_commands_speak_and_the_site_says_how_it_was_made(examples, tmp_path, capsys):
    chosen = [run.id for run in examples[:2]]
    folder = ["--runs-dir", str(places.PROJECT_ROOT / "runs")]
    assert cli.main(["report", *chosen, *folder, "--language", "de", "--out", str(tmp_path / "a.html")]) == 0
    assert "a report on" in capsys.readouterr().out  # to whoever typed that it speaks English
    assert '<html lang="de">' in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert cli.main(["site", *chosen, *folder, "--language", "es-MX", "--out", str(tmp_path / "site")]) == 0
    assert "--language es-MX" in (tmp_path / "site" / "story.html").read_text(encoding="utf-8")
    capsys.readouterr()
    assert cli.main(["site", *chosen, *folder, "--language", "klingon", "--out", str(tmp_path / "site")]) == 2
    assert "language must be one of en, de, es, with a region or without, got 'klingon'." in capsys.readouterr().err


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["index.html", "story.html", "report-hkfrfp.html"])
def test_a_german_site_fits_and_its_scripts_speak_german(browser, sites, name, size):
    with offline.opened(browser, sites["de"] / name, **SIZES[size]) as tab:
        tab.wait_for_timeout(1000)
        assert tab.evaluate("document.documentElement.scrollWidth") <= tab.viewport_size["width"]
        if name == "story.html":
            guess = tab.locator(".guess").first
            press(guess.get_by_role("button").first)
            expect(guess.locator(".said")).to_contain_text("gesagt")
            expect(tab.locator(".looks output")).to_have_text("nach einem Blick")
        if name != "index.html":
            moved = tab.locator(".morph.flat")
            press(moved.locator("input[name=x]"))
            until(lambda: re.fullmatch(r"\d+ % des Weges", moved.locator("output").inner_text().replace("\xa0", " ")))
        assert tab.complaints == []
