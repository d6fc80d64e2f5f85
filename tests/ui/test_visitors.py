"""What visitors may do where the page is shown to a room: look on; what they send all the same is refused where it would act."""

import ast
import contextlib

import pytest
from visitor import give_weights, make_run, shown, words

from vaedash import places
from vaedash.runs import RunFolder
from vaedash.training import launch
from vaedash.ui import sets, visitors

# What changes something on disk or starts a process; in the page's code, only functions marked as changes may say it.
CHANGES = {
    "launch": {"new_runs", "start", "resume"},
    "runs": {"create"},
    "views": {"save", "forget"},
    "storage": {"write_bytes", "write_json", "write_text"},
}
CHANGES_OF_A_RUN = {name for name in vars(RunFolder) if name.startswith("write_")} | {
    *("add_facts", "request_stop", "ask_to_stop", "reopen", "set_aside", "sweep_temporary", "delete"),
}


@pytest.fixture
def acts(folder, monkeypatch):
    """What was done to runs; nothing of it really happens."""
    done = []
    of_a_run = ("write_notes", "request_stop", "delete")
    for room, names in ((launch, ("new_runs", "start", "resume")), (RunFolder, of_a_run)):
        for name in names:
            monkeypatch.setattr(room, name, lambda *_, called=name, **__: done.append(called) or [])
    return done


@pytest.mark.parametrize(
    ("page", "status", "archived", "key", "does"),
    [
        ("start", "finished", False, "train-both", ["new_runs", "start"]),
        ("start", "stopped", False, "resume-{}", ["resume"]),
        ("start", "queued", False, "stop-{}", ["request_stop"]),
        ("train", "finished", False, "launch", ["new_runs", "start"]),
        ("train", "finished", False, "launch-sweep", ["new_runs", "start"]),
        ("train", "finished", False, "save-{}", ["write_notes"]),
        ("train", "finished", False, "archive-{}", ["write_notes"]),
        ("train", "finished", True, "restore-{}", ["write_notes"]),
        ("train", "stopped", False, "again-{}", ["resume"]),
        ("train", "finished", False, "forever-{}", ["delete"]),
    ],
)
def test_a_click_on_a_button_drawn_before_is_refused_where_visitors_only_look_on(
    folder, acts, monkeypatch, page, status, archived, key, does
):
    run = make_run(folder, status=status)
    (run.path / "notes.json").write_text(f'{{"schema": 1, "archived": {str(archived).lower()}}}')
    with run.claim() if status == "running" else contextlib.nullcontext():
        at = shown(page)
        if archived:
            at.toggle(key="archived").set_value(True).run()
        if key.startswith("forever"):
            click(at, f"delete-{run.id}")
        monkeypatch.setenv("VAEDASH_READ_ONLY", "1")
        click(at, key.format(run.id))
        assert acts == []
        assert [toast.value for toast in at.toast] == [visitors.LOOK_ON]

        # The same click acts where it may, so it is the setting that refused.
        monkeypatch.setenv("VAEDASH_READ_ONLY", "0")
        at.run()
        click(at, key.format(run.id))
        assert acts == does


def click(at, key):
    for field in at.text_input:
        if field.label == "Name":  # what was not edited is not written
            field.set_value("another")
    at.button(key=key).click().run()
    assert not at.exception


def test_an_upload_is_refused_where_visitors_only_look_on(folder, data_dir, monkeypatch):
    monkeypatch.setenv("VAEDASH_DATA", str(folder / "data"))
    monkeypatch.setenv("VAEDASH_READ_ONLY", "yes")
    assert sets._keep(b"zip") is None
    assert not (folder / "data").exists()
    monkeypatch.delenv("VAEDASH_READ_ONLY")
    assert sets._keep(b"zip").read_bytes() == b"zip"


@pytest.mark.parametrize("page", ["start", "train", "compare", "gallery"])
def test_visitors_who_only_look_on_see_the_runs_and_nothing_to_change_them_with(folder, monkeypatch, page):
    monkeypatch.setenv("VAEDASH_READ_ONLY", "1")
    done, going = make_run(folder, status="stopped"), make_run(folder, status="queued", arch="fc")
    for run in (done, going):
        give_weights(run, seed=1)
    at = shown(page)
    assert all(button.disabled for button in at.button if button.key != "tour")  # which only shows
    assert not at.text_input
    assert not at.get("file_uploader")
    if page == "train":
        assert visitors.LOOK_ON in words(at)
        assert "Training is switched off here." in words(at)
        assert done.name in words(at)
        assert not at.number_input


@pytest.mark.parametrize(
    ("value", "only_look"), [("", False), ("0", False), ("False", False), ("1", True), ("on", True)]
)
def test_the_setting_is_off_for_nothing_and_no_and_on_for_all_else(monkeypatch, value, only_look):
    monkeypatch.setenv("VAEDASH_READ_ONLY", value)
    assert places.read_only() is only_look
    monkeypatch.delenv("VAEDASH_READ_ONLY")
    assert places.read_only() is False


def test_what_a_callback_cannot_do_is_said_in_a_sentence(folder):
    run = make_run(folder, status="stopped")
    at = shown("start")
    with run.claim():  # meanwhile another visitor has resumed it
        at.button(key=f"resume-{run.id}").click().run()
        assert not at.exception
        (toast,) = at.toast
        assert toast.value.startswith(f"Run {run.id} is running already")


def test_the_pages_change_something_only_in_functions_that_ask_first():
    unasked = []
    for file in (places.PROJECT_ROOT / "vaedash" / "ui").rglob("*.py"):
        tree = ast.parse(file.read_bytes())
        asking = {
            inner
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and "visitors.change" in map(ast.unparse, node.decorator_list)
            for inner in ast.walk(node)
        }
        unasked += [
            f"{file.name}:{node.lineno} {ast.unparse(node.func)}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and node not in asking and _changes(node.func)
        ]
    assert unasked == []


def _changes(called):
    return isinstance(called, ast.Attribute) and (
        called.attr in CHANGES_OF_A_RUN
        or (isinstance(called.value, ast.Name) and called.attr in CHANGES.get(called.value.id, ()))
    )
