"""What is written of a run from the command line."""

import io
import json

import pytest
from visitor import make_run

from vaedash import text


@pytest.fixture
def run(folder):
    return make_run(folder)


def test_a_note_is_written_read_and_removed(run, call):
    assert call("note", run.id, "beta **too high**?\nTry 0.5.").out == f"Noted of {run.id}.\n"
    assert call("note", run.id).out == "beta **too high**?\nTry 0.5.\n"
    assert run.reread().note == "beta **too high**?\nTry 0.5."
    assert "  Try 0.5.\n" in call("show", run.id).out
    assert call("show", run.id, "--json").json["note"] == run.reread().note
    assert call("note", run.id, "").out == f"{run.id} has no note any more.\n"
    assert not run.reread().note and call("show", run.id, "--json").json["note"] is None


def test_a_note_comes_from_stdin(run, call, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("one\n\ntwo\n"))
    assert call("note", run.id, "-").code == 0
    assert run.reread().note == "one\n\ntwo"


def test_a_note_that_is_too_long_is_refused_whole(run, call):
    answer = call("note", run.id, "x" * (text.LONGEST_NOTE + 1))
    assert answer.code == 2 and "at most 10,000 characters, got 10,001: leave out some of it." in answer.err
    assert not run.reread().note


def test_a_note_of_a_stranger_moves_no_cursor(run, call):
    (run.path / "notes.json").write_text(json.dumps({"schema": 1, "note": "\x1b[2Ja\u202eb\r\nc" + "x" * 20_000}))
    printed = call("note", run.id).out
    assert printed.startswith("[2Jab\nc") and len(printed) == text.LONGEST_NOTE + 1
    (run.path / "notes.json").write_text(json.dumps({"schema": 1, "note": ["no", "text"]}))
    assert call("note", run.id).out == "\n"
