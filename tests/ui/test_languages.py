"""The page in other languages: all of it says what it says through the catalogues, and a link carries the language."""

import ast
import json
import re

import pytest
from visitor import give_weights, make_run, shown, words

from vaedash import glossary, places, runs
from vaedash.comparing import results
from vaedash.config import SETTINGS
from vaedash.languages import LANGUAGES, again, say, speech, spoken
from vaedash.ui import tables
from vaedash.ui.questions import WORDINGS
from vaedash.ui.race import PHASES

PACKAGE = places.PROJECT_ROOT / "vaedash"
UI, SHOWING = PACKAGE / "ui", PACKAGE / "showing"
PAGES = sorted(
    [
        *UI.rglob("*.py"),
        *(SHOWING / "report").glob("*.py"),
        *(SHOWING / "site").glob("*.py"),
        SHOWING / "playing.py",
        SHOWING / "machines.py",
    ]
)
"""What pages, reports and sites say."""
SAID = {"say", "to_say", "counted", "waiting", "in_sense"}
# What is given to these is read by a browser or a file system, or is the key of something.
UNSEEN = {"html", "component", "compile", "_placed", "get", "getattr", "TypeVar", "Generic"}


@pytest.fixture
def examples(monkeypatch):
    monkeypatch.setenv("VAEDASH_RUNS", str(places.PROJECT_ROOT / "runs"))


def in_english(tree):
    """(line, words) of each string of a file that reads like a sentence and is not said."""
    documented = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    yield from _below(tree, documented)


def _below(node, documented):
    if id(node) in documented:
        return
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func).rpartition(".")[2]
        if name in UNSEEN:
            return
        if name in SAID:
            yield from (each for word in node.keywords for each in _below(word, documented))
            return
    if isinstance(node, (ast.Subscript, ast.Compare, ast.arg)):
        return
    if isinstance(node, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in node.values)
        if reads(text):
            yield node.lineno, text
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _below(part.value, documented)
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and reads(node.value):
            yield node.lineno, node.value
        return
    if isinstance(node, ast.FunctionDef):  # annotations are no words
        children = [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults), *node.body]
    else:
        children = [*ast.iter_child_nodes(node)]
    for child in children:
        yield from _below(child, documented)


# What else is of several words and is no sentence of its own: the glossary's words, keys of questions, labels in addresses.
KEYS = {*glossary.WORDS, *WORDINGS, "Blind vote", "Two pictures"}


def reads(text):
    """Whether it is meant for a reader: several words, and nothing of HTML, CSS or SVG."""
    if text in KEYS:
        return False
    bare = re.sub(r":material/\w+:|:color\[\S*\]|\{[^}]*\}", "", text)
    return re.search(r"[A-Za-z]{2,},? [a-z]{2,}", bare) is not None and not re.search(r"[<{;@]|st-key|=>|--", bare)


def test_no_sentence_of_a_page_is_said_in_english_alone():
    bare = [
        f"{file.relative_to(PACKAGE)}:{line}: {text}"
        for file in PAGES
        for line, text in in_english(ast.parse(file.read_bytes()))
    ]
    assert bare == []


def test_a_sentence_that_is_not_said_is_noticed():
    tree = ast.parse('st.info("Nothing here yet.")\nst.info(f"{count} runs have ended.")\nst.info(say("All is well."))')
    assert len([*in_english(tree)]) == 2


def test_what_is_given_to_be_said_is_a_sentence_and_no_mixture():
    mixed = [
        f"{file.name}:{node.lineno}"
        for file in PAGES
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in SAID
        if node.args and isinstance(node.args[0], ast.JoinedStr)
    ]
    assert mixed == []


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_the_step_whose_machines_fill_the_screen_has_one_line_of_words_in_every_language(language):
    asked = WORDINGS["inside"].before
    with spoken(speech(language)):
        assert len(say(asked)) <= len(asked)


@pytest.mark.parametrize(
    ("language", "title"), [("de", "Kommt es auf die Architektur an?"), ("es", "¿Importa la arquitectura?")]
)
def test_an_address_says_the_language(folder, language, title):
    assert shown("start", lang=language).title[0].value == title
    assert shown("start").title[0].value == "Does architecture matter?"
    assert shown("start", lang="xx").title[0].value == "Does architecture matter?"


def test_the_browser_is_told_the_language_and_keeps_it_in_the_address(folder):
    scripts = " ".join(element.proto.body for element in shown("start", lang="de").get("html"))
    assert 'documentElement.lang = "de"' in scripts and 'searchParams.set("lang", "de")' in scripts
    scripts = " ".join(element.proto.body for element in shown("start").get("html"))
    assert 'documentElement.lang = "en"' in scripts and "searchParams.set" not in scripts


def test_somebody_who_chooses_a_language_keeps_it_on_the_way_to_other_pages(folder):
    at = shown("start")
    at.radio(key="speak-other-than-en").set_value("de").run()
    assert at.title[0].value == "Kommt es auf die Architektur an?" and "de" in at.query_params["lang"]
    at.query_params.clear()
    at.switch_page(str(UI / "pages" / "train.py")).run()
    assert at.title[0].value == "Trainieren"


def test_a_race_is_told_to_each_who_watches_in_their_language(folder, monkeypatch):
    monkeypatch.setattr(runs.Run, "signature", lambda self: ())  # as of all who look within a second
    for arch in ("fc", "conv"):
        make_run(folder, arch=arch, status="queued")
    for language in ("de", "en"):
        with spoken(speech(language)):
            told = say("So far: {plain}", plain="")
        assert told in words(shown("start", lang=language))


def test_a_link_with_a_label_of_another_language_shows_the_same(folder):
    make_run(folder, arch="fc")
    make_run(folder, arch="conv")
    for language, label in (
        ("en", "Nachgezeichnet"),
        ("es", "Nachgezeichnet"),
        ("de", "Redrawn"),
        ("de", "Nachgezeichnet"),
    ):
        at = shown("gallery", lang=language, view=label)
        assert at.session_state["view"] == "remember", (language, label)


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_the_tour_is_walked_to_its_end_in_each_language(examples, language):
    with spoken(speech(language)):
        asked = {say(wording.asked) for wording in WORDINGS.values()}
        leave, end = say("Leave"), say("Does architecture matter?")
    at, seen = shown("start", lang=language), []
    at.button(key="tour").click().run()
    while at.title[0].value != end:
        seen.append(at.title[0].value)
        assert at.button(key="tour-leave").label == leave
        at.button(key="tour-on").click().run()
        assert not at.exception
    assert {*seen} == asked
    assert re.search(r"\d,\d", words(at))  # what dice would get


def test_a_spreadsheet_of_a_country_that_writes_a_comma_can_open_the_table(folder):
    made = results.result(make_run(folder, loss=50.5))
    here, there = tables.csv([made]).decode("utf-8-sig"), tables.csv([made], comma=True).decode("utf-8-sig")
    assert here.splitlines()[0].replace(",", ";") == there.splitlines()[0]
    assert "48.5" in here and "48,5" in there


def test_a_run_that_nobody_has_named_is_called_in_the_language_of_the_page(folder):
    first, second = (make_run(folder, arch="fc", pixel_order="shuffled", seed=seed) for seed in (3, 4))
    with spoken(speech("de")):
        assert first.name == "FC mit shapes (gemischt), Seed 3"
        assert results.told_apart([first, second]) == ["FC Seed 3", "FC Seed 4"]
        assert results.rest_of_name(first, [first, second]) == "mit shapes (gemischt)"
    assert first.name == "FC on shuffled shapes, seed 3" and runs.find(folder, first.name).id == first.id
    named = make_run(folder, arch="conv")
    named.write_notes(name="conv on shapes, seed 3")
    with spoken(speech("de")):
        assert named.reread().name == "conv on shapes, seed 3"
        assert results.told_apart([first, named.reread()]) == ["FC (gemischt) Seed 3", "conv seed 3"]


def test_the_runs_that_come_along_are_called_in_the_language_of_the_page():
    examples = [run for run in runs.list_runs(places.PROJECT_ROOT / "runs") if run.example]
    english = {run.name for run in examples}
    with spoken(speech("de")):
        assert {run.name for run in examples} == {
            *(f"{arch} mit shapes{how}" for arch in ("FC", "conv") for how in (" (Beispiel)", " (gemischt, Beispiel)")),
            *(f"{arch} mit CIFAR-10{how} (Beispiel)" for arch in ("FC", "conv") for how in ("", ", p2", ", p3")),
        }
    assert {run.name for run in examples} == english >= {"conv on shapes (example)", "FC on CIFAR-10, p3 (example)"}


def test_a_damaged_run_is_named_to_each_visitor_in_their_language(folder):
    make_run(folder, arch="conv")
    torn = make_run(folder, arch="fc")
    (torn.path / "metrics.json").write_text('{"schema": 1}')
    reasons = {
        "de": "Nicht lesbar: metrics.json: hat keine Liste von Epochen.",
        "en": "Cannot be read: metrics.json: has no",
    }
    for language, reason in reasons.items():
        seen = words(shown("compare", lang=language, runs=f"{torn.id},latest:conv"))
        assert reason in seen, language
        assert not any(other in seen for other in reasons.values() if other != reason)


def test_what_is_wrong_with_pictures_and_weights_is_told_to_each_visitor_in_their_language(folder, tmp_path):
    run = make_run(folder, arch="conv", dataset=str(tmp_path / "nowhere.zip"))
    give_weights(run, seed=0)
    gone = {"de": "Es gibt keine Datei und keinen Ordner", "en": "There is no file or folder"}
    for language, reason in gone.items():
        assert reason in words(shown("gallery", lang=language, view="Redrawn", runs=run.id)), language
    (run.path / "best.pt").write_bytes(b"x")
    harm = {"de": f"best.pt von Lauf {run.id} ist beschädigt", "es": f"best.pt de la ejecución {run.id} está dañado"}
    for language, reason in harm.items():
        assert reason in words(shown("gallery", lang=language, view="Redrawn", runs=run.id)), language


def test_everything_that_a_process_says_it_does_has_its_words_on_the_page():
    told = set()
    for file in places.PROJECT_ROOT.glob("vaedash/[dmt]*/*.py"):  # datasets, measuring, models, training
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("progress", "report.phase") and node.args:
                told |= {_example(node.args[0])}
    told -= {""}
    with spoken(speech("de")):
        assert len(told) > 10 and [phase for phase in told if again(phase, PHASES) == phase] == []


def _example(said):
    """Such words; empty where they are made elsewhere."""
    if isinstance(said, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in said.values)
    return str(said.value) if isinstance(said, ast.Constant) else ""


@pytest.mark.parametrize("count", [2, 3])
def test_every_column_and_state_of_a_table_has_its_word_on_the_page(folder, count):
    made = [make_run(folder, arch=arch) for arch in ("fc", "conv", "local")[:count]]
    at = shown("compare", lang="de", runs=",".join(run.id for run in made))
    with_status = [frame for frame in at.dataframe if "status" in frame.value]
    assert with_status
    for frame in with_status:
        titles = json.loads(frame.proto.columns)
        untitled = {column for column in frame.value if not titles.get(column, {}).get("label")}
        # In a table of differences, what was set is called as one sets it.
        assert untitled <= (set() if "created" in frame.value else {*SETTINGS})
        assert {*frame.value["status"]} == {"fertig"}


def test_facts_on_disk_are_the_same_in_every_language(folder):
    run = make_run(folder)
    before = {file.name: file.read_bytes() for file in run.path.glob("*.json")}
    shown("train", lang="de")
    assert {file.name: file.read_bytes() for file in run.path.glob("*.json")} == before
    with spoken(speech("de")):
        assert runs.find(folder, run.id).status == "finished" and results.result(run).as_row()["status"] == "finished"


def test_an_example_keeps_its_name_where_another_language_says_it_and_something_else_is_saved(folder):
    run = make_run(folder)
    (run.path / "notes.json").write_text('{"schema": 1, "name": "FC on shapes (example)", "tags": [], "example": true}')
    at = shown("train", lang="de")
    [name] = [field for field in at.text_input if field.value == "FC mit shapes (Beispiel)"]
    assert name.label == "Name"
    at.text_input(key=next(field.key for field in at.text_input if str(field.key).startswith("tags-"))).set_value("x")
    at.button(key=f"save-{run.id}").click().run()
    kept = runs.find(folder, run.id)
    assert (kept.given_name, list(kept.tags)) == ("FC on shapes (example)", ["x"])
    with spoken(speech("es")):
        assert tables._said({"dataset": "CIFAR-10 (9,973 test images)"}) == {
            "dataset": "CIFAR-10 (9.973 imágenes de prueba)"
        }
