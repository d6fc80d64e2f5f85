"""A run as it is read: what state it is in, what it is called, and how long a reading may be kept."""

import dataclasses
import os
import shutil
import time
from types import SimpleNamespace

import pytest
from records import complete, make, over, row, rows

from vaedash import places, runs, storage
from vaedash.config import RunConfig
from vaedash.errors import RunError
from vaedash.runs import RunFolder, Status, listing, names, queue, record, schema
from vaedash.training import launch

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
        *[(True, None, word, CREATED, word) for word in schema.TRAINED],  # its process measures it
        (True, None, "stopped", CREATED, "running"),
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


@pytest.mark.parametrize("written", [names.FACTS, names.PROGRESS, names.METRICS])
def test_what_was_killed_within_a_minute_of_its_launch_is_queued_no_more_once_it_had_begun(tmp_path, written):
    run = runs.create(tmp_path, RunConfig.build())
    assert run.reread().status == "queued"
    (run.path / written).write_text("{}")
    assert record.derive_status(run, held=False, outcome=None, created=run.created, now=time.time()) == "interrupted"
    queue.enqueue(run)  # launched again
    assert record.derive_status(run, held=False, outcome=None, created=run.created, now=time.time()) == "queued"


@pytest.mark.parametrize("outcome", [None, *schema.OUTCOMES])
def test_a_run_whose_process_goes_on_after_its_training_is_measured_and_not_active(tmp_path, outcome):
    run = make(tmp_path)
    if outcome:
        run.write_outcome(outcome, "")
    with run.claim():
        now = run.reread()
        assert now.measuring is (outcome in schema.TRAINED)
        assert now.active is not now.measuring  # where there is nothing to measure, its process ends now
        assert now.busy is (now.active or now.measuring)
    assert not run.reread().measuring


def test_another_runs_ticket_says_nothing_about_this_one(tmp_path):
    one, other = make(tmp_path), make(tmp_path)
    queue.enqueue(other)
    assert record.derive_status(one, held=True, outcome=None, created=CREATED, now=NOW) == "running"


def test_what_was_just_created_is_queued_and_active(tmp_path):
    run = make(tmp_path)
    assert (run.status, run.active, run.sentence) == ("queued", True, "")


@pytest.mark.parametrize(
    ("epochs", "progress", "done"),
    [
        (0, {}, 0.0),
        (0, {"epoch": 0, "phase": "reading", "done": 3, "of": 9}, 0.0),
        (1, {"epoch": 2, "seen": 30, "of": 60}, 0.375),
        (2, {"epoch": 2, "seen": 60, "of": 60}, 0.5),  # the next epoch has not begun
        (4, {}, 1.0),
    ],
)
def test_how_far_a_run_is_counts_the_epoch_in_progress(tmp_path, epochs, progress, done):
    run = dataclasses.replace(make(tmp_path).reread(), epochs=({},) * epochs, progress=progress)
    run = dataclasses.replace(run, settings=dataclasses.replace(run.config, epochs=4))
    assert run.active and run.done == done


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
    reading = runs.read(path)
    assert reading.status in ("running", "finished") and not (reading.active and reading.measuring)
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


def begun_by(folder, host: str, *, seconds_ago: float = 10.0) -> runs.Run:
    """A run of two epochs that a machine of this name began, and that was written to some seconds ago."""
    run = make(folder)
    run.add_facts({"host": host})
    run.write_metrics(rows(9.0, 8.0))
    for name in ("facts.json", "metrics.json"):
        when = time.time() - seconds_ago
        os.utime(run.path / name, (when, when))
    return run.reread()


@pytest.mark.parametrize("seconds_ago", [0.0, 120.0, -120.0])
def test_a_run_that_another_machine_writes_to_seems_to_train_there_and_is_let_alone(tmp_path, seconds_ago):
    run = begun_by(tmp_path, "school-7", seconds_ago=seconds_ago)
    assert run.status == "elsewhere" and not run.active and not run.status.resumable
    assert run.sentence == (
        "Its files changed less than 5 minutes ago, so it seems to train on school-7. "
        "If nothing trains it there any more, resume it once they have been still that long."
    )
    for refused in (lambda: launch.require_resumable(run), run.require_over):
        with pytest.raises(RunError, match="it seems to train on school-7"):
            refused()
    assert len(run.epochs) == 2 and run.best_epoch == 2


@pytest.mark.parametrize(
    ("host", "seconds_ago"),
    [(places.host(), 10.0), ("", 10.0), ("school-7", 400.0), ("school-7", -400.0), ("node7 (10.0.0.7)", 10.0)],
)
def test_a_run_of_this_machine_of_a_cluster_or_one_that_is_still_is_interrupted(tmp_path, host, seconds_ago):
    run = begun_by(tmp_path, host, seconds_ago=seconds_ago)
    assert run.status == "interrupted" and "resume it" in run.sentence
    launch.require_resumable(run)


def test_a_run_that_trains_elsewhere_is_read_again_as_time_goes_by(tmp_path, monkeypatch):
    readings, run = listing.Readings(), begun_by(tmp_path, "school-7")
    assert [listed.status for listed in readings.list_runs(tmp_path)] == ["elsewhere"]
    later = time.time() + record.STILL + 60
    monkeypatch.setattr(time, "time", lambda: later)
    assert [listed.status for listed in readings.list_runs(tmp_path)] == ["interrupted"]
    assert run.signature() == run.signature()


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


LINE = {"loss": 76.0, "recon": 70.0, "kl": 6.0, "directions": 3}
SILENT = {"loss": 190.0, "recon": 190.0, "kl": 0.0, "directions": 0}
POINT = {"beta": 8.0, "kl": 1.8, "recon": 52.3}


@pytest.mark.parametrize(
    ("dataset", "line", "frontier", "known"),
    [
        ({"mean_picture": 191.5}, SILENT, [], 191.5),
        ({}, SILENT, [], 190.0),  # without a direction, the best linear VAE answers with the mean
        ({}, LINE, [POINT, POINT | {"kl": 0.0, "recon": 190.5}], 190.5),
        ({}, LINE, [POINT], None),
        ({"n_val": 10}, SILENT, [], None),  # the line learned from those ten too
        ({}, None, [], None),
    ],
)
def test_what_the_mean_picture_costs_is_recorded_or_follows_from_the_line(tmp_path, dataset, line, frontier, known):
    run = make(tmp_path)
    assert run.mean_picture is None
    run.add_facts({"dataset": dataset})
    run.write_measured(pca={"train": LINE, "test": line} if line else None, frontier=frontier)
    assert run.reread().mean_picture == known


@pytest.mark.parametrize(
    ("losses", "used", "mean_picture", "nothing"),
    [
        ((), None, 90.0, False),
        ((95.0, 89.9), 7, 90.0, False),
        ((95.0, 90.0), 7, 90.0, True),
        ((80.0, 95.0), 7, 90.0, False),  # the kept epoch is the first
        ((80.0,), 0, 90.0, True),
        ((80.0,), 0, None, True),
        ((80.0,), 1, None, False),
        ((80.0,), None, None, False),  # nothing of this is known
        ((95.0,), None, 90.0, True),
    ],
)
def test_a_run_that_knows_no_more_than_the_mean_picture_has_learned_nothing(
    tmp_path, losses, used, mean_picture, nothing
):
    run = make(tmp_path)
    run.add_facts({"dataset": {} if mean_picture is None else {"mean_picture": mean_picture}})
    counted = {} if used is None else {"active_units": used}
    run.write_metrics([row(number, loss, **counted) for number, loss in enumerate(losses, start=1)])
    assert run.reread().learned_nothing is nothing


def test_where_no_epoch_counted_its_latents_those_of_the_kept_weights_say_it(tmp_path):
    run = make(tmp_path)
    run.write_metrics(rows(90.0))
    for used in (3, 0):
        run.write_measured(active_units=used)
        assert run.reread().learned_nothing is (used == 0)
