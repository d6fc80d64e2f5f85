"""A run as it is read: what state it is in, what it is called, and how long a reading may be kept."""

import os
import shutil
import time
from types import SimpleNamespace

import pytest
from records import complete, make, over, rows

from vaedash import runs, storage
from vaedash.runs import RunFolder, Status, queue, record, schema

NOW = 1_800_000_000.0  # 2027-01-15 08:00 UTC
CREATED = "2027-01-15T07:00:00.000+00:00"  # an hour before


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(storage, "_fsync", lambda fd: None)


FRESH, OLD_TICKET = NOW - 59, NOW - 61


@pytest.mark.parametrize(
    ("held", "ticket", "outcome", "created", "status"),
    [
        (True, None, None, CREATED, "running"),
        (True, FRESH, None, CREATED, "queued"),
        (True, OLD_TICKET, None, CREATED, "queued"),  # waiting long is not being dead
        (True, None, "finished", CREATED, "running"),
        (True, FRESH, "failed", CREATED, "queued"),
        *[(False, None, word, CREATED, word) for word in schema.OUTCOMES],
        (False, FRESH, "stopped", CREATED, "stopped"),
        (False, None, "stopped", "2027-01-15T07:59:59+00:00", "stopped"),
        (False, None, None, "2027-01-15T07:59:01+00:00", "queued"),
        (False, None, None, "2027-01-15T07:59:00+00:00", "interrupted"),
        (False, None, None, "2027-01-15T09:59:30+02:00", "queued"),  # a time zone is no age
        (False, FRESH, None, CREATED, "queued"),  # a resume, just launched
        (False, OLD_TICKET, None, CREATED, "interrupted"),  # killed while it waited
        (False, None, None, CREATED, "interrupted"),
        (False, None, None, "2027-01-15T08:00:30+00:00", "queued"),  # the clock was set back a little
        (False, None, None, "2028-01-15T08:00:00+00:00", "interrupted"),  # or wrong by a year
    ],
)
def test_the_status_follows_from_lock_outcome_and_age(tmp_path, held, ticket, outcome, created, status):
    path = tmp_path / "abcdef"
    path.mkdir()
    if ticket is not None:
        (tmp_path / ".queue").mkdir()
        (tmp_path / ".queue" / f"{int(ticket * 1e9)}-abcdef").touch()
    written = outcome and {"status": outcome}
    run = RunFolder(path)
    assert record.derive_status(run, held=held, outcome=written, created=created, now=NOW) == status


def test_another_runs_ticket_says_nothing_about_this_one(tmp_path):
    one, other = make(tmp_path), make(tmp_path)
    queue.enqueue(other)
    assert record.derive_status(one, held=True, outcome=None, created=CREATED, now=NOW) == "running"


def test_what_was_just_created_is_queued_and_active(tmp_path):
    run = make(tmp_path)
    assert (run.status, run.active, run.sentence) == ("queued", True, "")


def test_words_of_the_three_groups_do_not_overlap():
    assert set(schema.ACTIVE) == {"queued", "running"}
    assert set(schema.RESUMABLE) == {"stopped", "failed", "interrupted"}
    assert len({*schema.ACTIVE, *schema.OUTCOMES, Status.INTERRUPTED, Status.DAMAGED}) == 9


def test_a_run_that_ends_while_it_is_read_never_reads_as_interrupted(tmp_path, monkeypatch):
    path = make(tmp_path).path
    storage.write_json(path / "config.json", {**storage.read_json(path / "config.json"), "created": CREATED})
    looked = []

    def look(at: str) -> bool:
        # The trainer writes its outcome and frees its lock between the first look, whichever that is, and the next.
        looked.append(at)
        if len(looked) == 1:
            return True
        RunFolder(path).write_outcome("finished", "Finished.")
        return False

    read = storage.read_json
    monkeypatch.setattr(storage, "is_locked", lambda lock: look("lock"))
    monkeypatch.setattr(
        storage, "read_json", lambda file: (file.name == "outcome.json" and look("outcome"), read(file))[1]
    )
    assert runs.read(path).status in ("running", "finished")
    assert set(looked) == {"lock", "outcome"}


@pytest.mark.parametrize(
    ("epochs", "sentence"),
    [
        (
            0,
            "Its process ended without a word before its first epoch was finished; resume it and it goes on from there.",
        ),
        (2, "Its process ended without a word after epoch 2; resume it and it goes on from there."),
    ],
)
def test_an_interrupted_run_says_so(tmp_path, epochs, sentence):
    path = make(tmp_path).path
    storage.write_json(path / "config.json", {**storage.read_json(path / "config.json"), "created": "2020-01-01"})
    RunFolder(path).write_metrics(rows(*[9.0] * epochs))
    run = runs.read(path)
    assert (run.status, run.active, run.sentence) == ("interrupted", False, sentence)


def test_an_interrupted_run_on_a_full_disk_says_what_to_do_first(tmp_path, monkeypatch):
    path = make(tmp_path).path
    storage.write_json(path / "config.json", {**storage.read_json(path / "config.json"), "created": "2020-01-01"})
    monkeypatch.setattr(shutil, "disk_usage", lambda where: SimpleNamespace(free=3_000_000))
    assert runs.read(path).sentence.endswith("The disk is full (3 MB free): free some room first.")


def test_an_ended_run_says_what_its_process_said_last(tmp_path):
    run = complete(tmp_path)
    assert (run.status, run.active, run.sentence) == ("stopped", False, "Stopped on request.")


def test_a_name_is_what_a_person_gave_or_made_of_the_settings(tmp_path):
    assert make(tmp_path, name="mine").name == "mine"
    run = make(tmp_path)
    for nothing in (None, "", 7, ["x"]):
        run.write_notes(name=nothing)
        assert run.reread().name == run.config.title


def test_tags_are_words_and_whatever_else_is_there_is_left_out(tmp_path):
    run = make(tmp_path)
    assert run.tags == ()
    for given, kept in [(["a", "b\nc"], ("a", "b c")), (["a", 7, None], ("a",)), ("a", ()), (None, ())]:
        run.write_notes(tags=given)
        assert run.reread().tags == kept


def test_a_reading_may_be_kept_while_the_signature_stays(tmp_path, monkeypatch):
    path = complete(tmp_path).path
    (path / "config.json").touch()
    os.utime(path / "config.json", (1, 1))  # not recent: nothing depends on the clock any more
    changes = (
        lambda: RunFolder(path).write_metrics(rows(9.0)),
        lambda: RunFolder(path).write_progress({"epoch": 3}),
        lambda: RunFolder(path).write_notes(star=True),
        lambda: RunFolder(path).write_outcome("failed", "x"),
        lambda: RunFolder(path).add_facts({}),
        lambda: RunFolder(path).reopen(),
        lambda: queue.enqueue(RunFolder(path)),
        lambda: queue.dequeue(RunFolder(path)),
    )
    for change in changes:
        monkeypatch.setattr(time, "time", lambda: NOW)
        before = record.signature(path)
        assert record.signature(path) == before
        change()
        assert record.signature(path) != before
    with RunFolder(path).claim():
        assert record.signature(path) != before


def test_of_a_run_that_is_over_neither_the_queue_nor_the_clock_is_asked(tmp_path, monkeypatch):
    path = over(complete(tmp_path).path)
    mark, read = record.signature(path), runs.read(path)
    queue.enqueue(RunFolder(path))
    monkeypatch.setattr(queue, "tickets", lambda folder: pytest.fail("looked at the queue"))
    monkeypatch.setattr(time, "time", lambda: NOW)
    assert record.signature(path) == mark
    assert runs.read(path) == read
