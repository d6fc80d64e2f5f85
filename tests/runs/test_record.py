"""A run is a directory: what it reads as in every state, whole or damaged; who holds it; what its rows imply."""

import contextlib
import io
import itertools
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from vaedash.runs import RunFolder
from vaedash.runs import Status
from vaedash.runs import listing
from vaedash.runs import queue
from vaedash.runs import record
from vaedash.runs import schema
from vaedash.runs import stopping
from vaedash import storage
from vaedash import config, images, runs, storage
from vaedash.cli import tables
from vaedash.comparing import results, verdict
from vaedash.config import RunConfig
from vaedash.errors import RunError, UsageError
from vaedash.training import launch

NOW = 1_800_000_000.0  # 2027-01-15 08:00 UTC
CREATED = "2027-01-15T07:00:00.000+00:00"  # an hour before


def row(epoch: int, loss: float | None = 90.0, **changes) -> dict:
    """A row of metrics.json whose losses are all `loss`, or as in `changes`."""
    terms = {f"{split}_{term}": loss for split in ("train", "test") for term in ("loss", "recon", "kl")}
    return {"epoch": epoch, **terms, "beta": 1.0, "seconds": 2.0, "images_per_second": 500.0, **changes}


def rows(*losses: float | None, key: str = "train_loss") -> list[dict]:
    return [row(epoch, **{key: loss}) for epoch, loss in enumerate(losses, start=1)]


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(storage, "_fsync", lambda fd: None)


def make(folder: Path, *, name: str | None = None, **settings) -> runs.Run:
    return runs.create(folder, RunConfig(**settings), name=name)


def complete(folder: Path) -> runs.Run:
    """A run with every kind of record in it."""
    path = make(folder, name="a name", arch="fc").path
    dataset = {"name": "shapes", "fingerprint": "ab12", "n_train": 90, "n_test": 10, "skipped": 0, "notes": ["a note"]}
    RunFolder(path).add_facts({"device": "cpu", "threads": 1, "parameters": 77, "dataset": dataset})
    RunFolder(path).write_metrics(rows(90.0, 80.0))
    RunFolder(path).write_progress({"updated": 1.5, "epoch": 2, "epochs": 9, "seen": 64, "of": 90, "loss": 80.5, "phase": "training"}
    )
    line = {"loss": 76.1, "recon": 52.8, "kl": 23.3, "directions": 36}
    measured = {"value": 58.7, "n": 2000, "floor": 8.1, "bands": {"32": 95.7, "16": 21.6}}
    RunFolder(path).write_measured(pca={"train": line, "test": line}, quality={"swd": measured})
    RunFolder(path).write_outcome("stopped", "Stopped on request.")
    return runs.read(path)


def use(run: runs.Run) -> None:
    """Everything that pages and tables ask of a run; for damaged ones it must be answered too."""
    assert isinstance(run.name, str) and isinstance(run.sentence, str) and isinstance(run.status, str)
    assert run.id and run.archived in (True, False) and run.active in (True, False)
    assert run.best is None or run.best["epoch"] == run.best_epoch
    assert run.dataset is not None and isinstance(run.tags, tuple)
    tables.text_table([results.result(run)], results.STUDY_COLUMNS)
    json.dumps(results.result(run))
    verdict.sentence([run, run])


# ---- status: derived, first match wins ---------------------------------------------------------------------

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
    record = outcome and {"status": outcome}
    assert record.derive_status(path, held=held, outcome=record, created=created, now=NOW) == status


def test_another_runs_ticket_says_nothing_about_this_one(tmp_path):
    one, other = make(tmp_path), make(tmp_path)
    queue.enqueue(other)
    assert record.derive_status(one.path, held=True, outcome=None, created=CREATED, now=NOW) == "running"


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


# ---- the lock --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen]:
    """A process that holds the lock of the run at `path`."""
    script = "import sys; from pathlib import Path; from vaedash import launch\n" + (
        "with RunFolder(Path(sys.argv[1])).claim(): print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=config.PROJECT_ROOT,
    )
    with process:
        try:
            assert process.stdout.readline() == b"held\n"
            yield process
        finally:
            process.kill()


def test_a_lock_that_was_never_taken_is_free(tmp_path):
    assert not storage.is_locked(tmp_path / "lock")
    (tmp_path / "lock").touch()
    assert not storage.is_locked(tmp_path / "lock")


def test_many_askers_at_once_never_take_each_other_for_the_holder(tmp_path):
    (tmp_path / "lock").touch()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: storage.is_locked(tmp_path / "lock"), range(4000)))
    assert len(answers) == 4000 and not any(answers)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_holder_in_another_process_is_seen_undisturbed_and_a_killed_one_is_gone_though_it_is_a_zombie(tmp_path):
    path = make(tmp_path).path
    with holder(path) as process:
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(lambda _: storage.is_locked(path / "lock"), range(400)))
        assert runs.read(path).status == "running"
        with (
            pytest.raises(RunError, match=f"^Run {path.name} is trained by another process already"),
            RunFolder(path).claim(),
        ):
            pass
        assert process.poll() is None and storage.is_locked(path / "lock")

        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and nobody has asked for its exit status
        os.kill(process.pid, 0)  # so its process id still answers
        assert not storage.is_locked(path / "lock")
        assert runs.read(path).status == "queued"  # created a moment ago


def test_a_lock_in_this_process_is_seen_too_and_free_afterwards(tmp_path):
    path = make(tmp_path).path
    with RunFolder(path).claim():
        assert runs.read(path).status == "running"
    assert not storage.is_locked(path / "lock")


def untrue(folder: Path) -> list[str]:
    """Cases in which a run reads as another state than it is in: everything that a process id could say of it is wrong."""
    held = {name: make(folder).path for name in ("slow", "waiting for days", "resumed", "suspended", "zombie")}
    free = {
        name: make(folder).path
        for name in ("stale pid", "reused pid", "reboot", "copied while it trained", "ended", "killed in the queue")
    }
    (folder / ".queue").mkdir()
    for path in [*held.values(), *free.values()]:
        storage.write_json(path / "config.json", {**storage.read_json(path / "config.json"), "created": "2020-01-01"})
        RunFolder(path).write_progress({"updated": 1.6e9, "epoch": 1})
    for path in (held["waiting for days"], free["killed in the queue"], free["reboot"]):
        (folder / ".queue" / f"1600000000000000000-{path.name}").touch()
    RunFolder(held["resumed"]).write_outcome("stopped", "It was.")
    RunFolder(free["ended"]).write_outcome("finished", "It is.")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with contextlib.ExitStack() as stack:
        processes = {name: stack.enter_context(holder(path)) for name, path in held.items()}
        processes["suspended"].send_signal(signal.SIGSTOP)
        processes["zombie"].send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, processes["zombie"].pid, os.WEXITED | os.WNOWAIT)
        pids = {name: process.pid for name, process in processes.items()}
        pids |= {name: os.getpid() for name in free} | {"stale pid": ended.pid, "reboot": 1}
        for name, path in {**held, **free}.items():
            (path / "lock").write_text(str(pids[name]))
        true = dict.fromkeys(free, "interrupted") | dict.fromkeys(held, "running")
        true |= {"zombie": "interrupted", "waiting for days": "queued", "ended": "finished"}
        return [name for name, path in {**held, **free}.items() if runs.read(path).status != true[name]]


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_neither_a_stale_nor_a_reused_pid_nor_a_reboot_reads_as_running_and_slow_is_never_called_dead(
    tmp_path, promise
):
    promise("R4", cases=11)
    assert untrue(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_status_that_trusts_a_process_id_is_noticed(tmp_path, monkeypatch, promise):
    def answers(lock: Path) -> bool:
        try:
            os.kill(int(lock.read_text()), 0)
        except (OSError, ValueError):
            return False
        return True

    promise("R17")
    monkeypatch.setattr(storage, "is_locked", answers)
    assert {"reused pid", "zombie", "reboot", "copied while it trained"} <= set(untrue(tmp_path))


# ---- damaged files -----------------------------------------------------------------------------------------

CORE = ("config.json", "metrics.json", "facts.json", "outcome.json")
LOSABLE = ("progress.json", "notes.json", "measured.json")


@pytest.mark.parametrize("name", CORE + LOSABLE)
def test_a_file_that_ends_too_soon_is_noticed_at_every_length(tmp_path, name, promise):
    sound, run = make(tmp_path), complete(tmp_path)
    data = (run.path / name).read_bytes()
    for length in range(len(data) - 1):  # the last byte is a newline
        (run.path / name).write_bytes(data[:length])
        cut = run.reread()
        use(cut)
        if name in CORE:
            assert cut.status == "damaged" and cut.damage.startswith("Cannot be read: ")
            assert cut.damage.count(name) == 1
        else:
            assert cut.status == "stopped" and cut.damage is None
    promise("R7", cases=len(data) - 1)
    assert [other.status for other in runs.list_runs(tmp_path) if other.id == sound.id] == ["queued"]
    (run.path / name).write_bytes(data)
    assert run.reread() == run


GARBAGE = {
    "empty": b"",
    "zeros": bytes(512),
    "noise": random.Random(0).randbytes(512),
    "text": b"hello",
    "null": b"null",
    "list": b"[]",
    "number": b"7",
    "string": b'"x"',
    "record": b"{}",
    "nan": b"NaN",
    "deep": b"[" * 100_000,
    "long": b'{"schema": ' + b"9" * 4999 + b"}",
}


@pytest.mark.parametrize("name", CORE + LOSABLE)
@pytest.mark.parametrize("garbage", [*GARBAGE, "folder"])
def test_garbage_damages_its_own_run_only_and_loses_no_more_than_it_must(tmp_path, name, garbage, promise):
    promise("R7")
    sound, run = make(tmp_path), complete(tmp_path)
    (run.path / name).unlink()
    if garbage == "folder":
        (run.path / name).mkdir()
    else:
        (run.path / name).write_bytes(GARBAGE[garbage])
    read = {one.id: one for one in runs.list_runs(tmp_path, archived=True)}
    use(read[run.id])
    assert read[run.id].status == ("damaged" if name in CORE else "stopped")
    assert read[sound.id].status == "queued"
    if name != "metrics.json":
        assert len(read[run.id].epochs) == 2


def leaves(value, path=()) -> Iterator[tuple]:
    """The places of every value within a JSON value, itself included."""
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from leaves(child, (*path, key))


def put(value, place: tuple, what):
    """`value` with `what` at `place` within it; without that place if `what` is Ellipsis."""
    if not place:
        return what
    copy = value.copy()
    if len(place) == 1 and what is ...:
        del copy[place[0]]
    else:
        copy[place[0]] = put(copy[place[0]], place[1:], what)
    return copy


@pytest.mark.parametrize("name", CORE + LOSABLE)
def test_a_value_of_any_other_type_at_any_place_breaks_nothing(tmp_path, name, promise):
    run = complete(tmp_path)
    value = storage.read_json(run.path / name)
    others = [None, True, -1, 0, 1.0, 2.5, 1e300, 10**300, "x", "", [], {}, [1], {"a": 1}, "\ud800", ...]
    tried = 0
    for place, other in itertools.product(leaves(value), others):
        if place == () and other is ...:
            continue
        (run.path / name).write_text(json.dumps(put(value, place, other)))
        try:
            read = run.reread()
            use(read)
        except Exception as error:
            raise AssertionError(f"{name} with {other!r} at {place}") from error
        assert read.status in ("damaged", *schema.OUTCOMES)
        tried += 1
    promise("R7", cases=tried)
    assert tried > 40


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ([row(2)], "metrics.json: row 1 is not the record of epoch 1"),
        ([row(1.0)], "metrics.json: row 1 holds something that is not a number"),
        ([row(1), row(1)], "metrics.json: row 2 is not the record of epoch 2"),
        ([{"epoch": 1}], "metrics.json: row 1 is not the record of epoch 1"),
        ([row(1, lr="fast")], "metrics.json: row 1 holds something that is not a number"),
        ({}, "metrics.json: has no list of epochs"),
    ],
)
def test_rows_that_are_no_epochs_are_damage_and_the_sentence_says_which(tmp_path, metrics, said):
    path = make(tmp_path).path
    (path / "metrics.json").write_text(json.dumps({"epochs": metrics}))
    run = runs.read(path)
    assert (run.status, run.damage, run.epochs) == ("damaged", f"Cannot be read: {said}.", ())


def test_a_run_of_a_newer_vaedash_is_damaged_here_and_says_what_to_do(tmp_path, promise):
    promise("R7")
    sound, path = make(tmp_path), make(tmp_path).path
    storage.write_json(path / "config.json", {**storage.read_json(path / "config.json"), "schema": config.SCHEMA + 1})
    run = runs.read(path)
    assert run.damage == (
        "Cannot be read: config.json: was written by a newer vaedash (schema 2, this one knows 1); update to read it."
    )
    with pytest.raises(RunError, match="newer vaedash"):
        run.config
    assert sound.config == sound.config


def test_a_setting_that_is_not_allowed_is_told_as_anywhere_else(tmp_path):
    path = make(tmp_path).path
    storage.write_json(path / "config.json", {**storage.read_json(path / "config.json"), "latent_dim": 0})
    assert runs.read(path).damage == "Cannot be read: config.json: latent_dim must be between 2 and 512, got 0."


def test_a_directory_without_a_configuration_is_damaged(tmp_path):
    (tmp_path / "abcdef").mkdir()
    [run] = runs.list_runs(tmp_path)
    use(run)
    assert (run.status, run.name, run.damage) == ("damaged", "abcdef", "Cannot be read: config.json is missing.")


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    path = complete(tmp_path).path
    (path / "facts.json").write_bytes(b"{}")
    (path / "outcome.json").write_bytes(b"[]")
    assert runs.read(path).damage == (
        "Cannot be read: facts.json: has no list of starts; outcome.json: is not a JSON object."
    )


# ---- finding runs -------------------------------------------------------------------------------------------


@pytest.fixture
def three(tmp_path) -> list[runs.Run]:
    """Three runs, oldest first, with known ids: conv, fc, conv."""
    for number, (run_id, arch) in enumerate([("abcdef", "conv"), ("abqrst", "fc"), ("xyzxyz", "conv")]):
        (tmp_path / run_id).mkdir()
        record = {"schema": 1, "created": f"2027-01-0{number + 1}T00:00:00+00:00", **RunConfig(arch=arch).to_json()}
        storage.write_json(tmp_path / run_id / "config.json", record)
    return runs.list_runs(tmp_path)[::-1]


def test_runs_are_listed_newest_first_without_the_archived(tmp_path, three):
    three[1].write_notes(archived=True)
    assert [run.id for run in runs.list_runs(tmp_path)] == ["xyzxyz", "abcdef"]
    assert [run.id for run in runs.list_runs(tmp_path, archived=True)] == ["xyzxyz", "abqrst", "abcdef"]
    three[1].write_notes(archived=False)
    assert len(runs.list_runs(tmp_path)) == 3


def test_what_is_no_run_is_not_listed(tmp_path, three):
    for name in (".queue", ".slots", "notes", "ABCDEF", "abc-def", "abcdefg", "1bcdef"):
        (tmp_path / name).mkdir()
    (tmp_path / "abcde2").touch()
    assert len(runs.list_runs(tmp_path)) == 3


def test_a_folder_that_is_not_there_holds_no_runs(tmp_path):
    assert runs.list_runs(tmp_path / "none") == []


def test_a_run_is_found_by_id_by_its_beginning_and_by_its_name(tmp_path, three):
    three[0].write_notes(name="my best")
    for text, run_id in [("abcdef", "abcdef"), ("abc", "abcdef"), ("x", "xyzxyz"), ("my best", "abcdef")]:
        assert runs.find(tmp_path, text).id == run_id


def test_the_latest_is_the_newest_that_was_not_put_aside(tmp_path, three):
    assert runs.find(tmp_path, "latest").id == "xyzxyz"
    assert runs.find(tmp_path, "latest:fc").id == "abqrst"
    three[2].write_notes(archived=True)
    assert runs.find(tmp_path, "latest").id == "abqrst"
    assert runs.find(tmp_path, "latest:conv").id == "abcdef"
    assert runs.find(tmp_path, "xyz").id == "xyzxyz"  # by name it is still there


def test_a_name_that_begins_like_latest_is_a_name(tmp_path, three):
    three[0].write_notes(name="latest try")
    assert runs.find(tmp_path, "latest try").id == "abcdef"
    with pytest.raises(UsageError, match="No run is called 'latestx'"):
        runs.find(tmp_path, "latestx")


def test_an_id_wins_over_a_name_and_a_name_over_a_beginning(tmp_path, three):
    three[0].write_notes(name="xyzxyz")
    assert runs.find(tmp_path, "xyzxyz").id == "xyzxyz"
    three[0].write_notes(name="abq")
    assert runs.find(tmp_path, "abq").id == "abcdef"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ab", "'ab' means several runs: abqrst, abcdef. Give an id."),
        ("nope", "No run is called 'nope'. Runs: xyzxyz, abqrst, abcdef."),
        ("", "No run is called ''. Runs: xyzxyz, abqrst, abcdef."),
        ("latest:gan", "No run is called 'latest:gan'. Runs: xyzxyz, abqrst, abcdef."),
        ("../abcdef", "No run is called '../abcdef'. Runs: xyzxyz, abqrst, abcdef."),
    ],
)
def test_what_means_no_run_or_several_is_told_what_there_is(tmp_path, three, text, said):
    with pytest.raises(UsageError) as caught:
        runs.find(tmp_path, text)
    assert str(caught.value) == said


def test_two_runs_of_one_name_are_told_apart(tmp_path, three):
    for run in three[:2]:
        run.write_notes(name="twin")
    with pytest.raises(UsageError, match="'twin' means several runs: abqrst, abcdef"):
        runs.find(tmp_path, "twin")


def test_an_empty_folder_says_how_to_begin(tmp_path):
    with pytest.raises(UsageError, match=r"no runs in .* yet\. Start one: python -m vaedash train"):
        runs.find(tmp_path, "latest")


def test_to_find_a_run_by_its_id_no_other_is_read(tmp_path, three, monkeypatch):
    read, looked_at = runs.read, []
    monkeypatch.setattr(runs, "read", lambda path: (looked_at.append(path.name), read(path))[1])
    assert runs.find(tmp_path, "abqrst").id == "abqrst"
    assert looked_at == ["abqrst"]


# ---- best epoch and early stopping ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("losses", "best"),
    [
        ([], None),
        ([5.0], 1),
        ([5.0, 4.0, 4.5], 2),
        ([5.0, 4.0, 4.0, 4.0], 2),  # the first of equals
        ([5.0, 4.9, 4.8], 3),  # the plain minimum: min_delta has no say in it
        ([None, 4.0], 2),
    ],
)
def test_the_best_epoch_is_the_first_with_the_lowest_monitored_loss(losses, best):
    assert stopping.best_epoch(rows(*losses), RunConfig(min_delta=0.5)) == best


def test_the_validation_loss_decides_where_it_is_monitored_and_the_test_loss_never():
    metrics = [
        row(1, train_loss=9.0, val_loss=5.0, test_loss=3.0),
        row(2, train_loss=8.0, val_loss=4.0, test_loss=2.0),
        row(3, train_loss=7.0, val_loss=6.0, test_loss=1.0),
        row(4, train_loss=8.5, val_loss=7.0, test_loss=0.5),
    ]
    assert stopping.best_epoch(metrics, RunConfig(monitor="train")) == 3
    assert stopping.best_epoch(metrics, RunConfig(monitor="val")) == 2
    assert stopping.epochs_without_improvement(metrics, RunConfig(monitor="train")) == 1
    assert stopping.epochs_without_improvement(metrics, RunConfig(monitor="val")) == 2


@pytest.mark.parametrize(
    ("losses", "stale"),
    [
        ([], 0),
        ([100.0], 0),
        ([100.0, 99.0, 98.0], 0),
        ([100.0, 99.5], 1),  # exactly min_delta lower is not below best - min_delta
        ([100.0, 99.499], 0),
        ([100.0, 99.6, 99.2], 0),  # best stays at 100 until it is beaten by more than half
        ([100.0, 99.6, 99.2, 98.8, 98.4], 0),
        ([100.0, 99.6, 99.55, 99.52], 3),
        ([100.0, 90.0, 95.0, 91.0, 89.6, 89.51, 89.5], 5),  # had best moved to 89.6 the last would be no worse
        ([100.0, 101.0, 102.0, 103.0, 104.0, 105.0], 5),
        ([100.0, 101.0, 102.0, 103.0, 104.0, 99.0], 0),
        ([100.0, 90.0, 90.0, 90.0, 90.0, 90.0], 4),
    ],
)
def test_epochs_are_counted_since_the_loss_last_fell_below_best_by_more_than_min_delta(losses, stale):
    assert stopping.epochs_without_improvement(rows(*losses), RunConfig(min_delta=0.5)) == stale


def test_without_min_delta_any_fall_improves_and_an_equal_loss_does_not():
    settings = RunConfig(min_delta=0.0)
    assert stopping.epochs_without_improvement(rows(5.0, math.nextafter(5.0, 0)), settings) == 0
    assert stopping.epochs_without_improvement(rows(5.0, 5.0), settings) == 1


def test_a_warm_ups_epochs_count_for_nothing_once_beta_is_full():
    settings = RunConfig(kl_warmup=3)  # full from epoch 3 on
    metrics = rows(50.0, 60.0, 70.0, 69.8, 69.6)
    assert stopping.monitored(metrics, settings) == [(3, 70.0), (4, 69.8), (5, 69.6)]
    assert stopping.best_epoch(metrics, settings) == 5
    assert stopping.epochs_without_improvement(metrics, settings) == 2
    assert stopping.best_epoch(metrics[:4], settings) == 4


def test_during_a_warm_up_the_last_epoch_is_kept_and_nothing_is_stale():
    settings = RunConfig(kl_warmup=10)
    metrics = rows(50.0, 60.0, 70.0)
    assert stopping.best_epoch(metrics, settings) == 3
    assert stopping.epochs_without_improvement(metrics, settings) == 0


@pytest.mark.parametrize("warmup", [0, 10])
@pytest.mark.parametrize("broken", ["train_loss", "test_loss", "test_kl"])
def test_an_epoch_that_diverged_is_never_the_best_for_its_weights_are_not_kept(warmup, broken):
    metrics = [row(1, 9.0), row(2, 8.0), row(3, 7.0, **{broken: None})]
    assert stopping.best_epoch(metrics, RunConfig(kl_warmup=warmup)) == 2
    assert stopping.best_epoch([row(1, 9.0, **{broken: None})], RunConfig(kl_warmup=warmup)) is None


def test_a_run_knows_its_best_row(tmp_path):
    run = complete(tmp_path)
    assert run.best_epoch == 2 and run.best["train_loss"] == 80.0
    assert make(tmp_path).best is None


# ---- the queue -------------------------------------------------------------------------------------------------


def test_tickets_stand_in_the_order_of_launching(tmp_path):
    waiting = [make(tmp_path) for _ in range(4)]
    for run in waiting:
        queue.enqueue(run)
    assert [ticket.run_id for ticket in queue.tickets(tmp_path)] == [run.id for run in waiting]
    queue.enqueue(waiting[0])  # launched anew: to the end, and only once
    assert [ticket.run_id for ticket in queue.tickets(tmp_path)] == [run.id for run in [*waiting[1:], waiting[0]]]
    queue.dequeue(waiting[2])
    queue.dequeue(waiting[2])
    assert queue.ticket_of(waiting[2]) is None
    assert [ticket.run_id for ticket in queue.tickets(tmp_path)] == [waiting[i].id for i in (1, 3, 0)]


def test_orders_are_compared_as_numbers_and_foreign_names_are_left_alone(tmp_path):
    queue = tmp_path / ".queue"
    queue.mkdir()
    for name in (
        "1000-abcdef",
        "999-abcdeg",
        "x-abcdeh",
        "5-",
        "-abcdek",
        "7-ABCDEF",
        "8-../../a".replace("/", "_"),
        "9",
    ):
        (queue / name).touch()
    assert [(ticket.order, ticket.run_id) for ticket in queue.tickets(tmp_path)] == [(999, "abcdeg"), (1000, "abcdef")]
    assert queue.tickets(tmp_path / "none") == []


def test_a_ticket_says_when_it_was_drawn(tmp_path, monkeypatch):
    run = make(tmp_path)
    monkeypatch.setattr(runs.time, "time_ns", lambda: 1_500_000_000_000_000_000)
    queue.enqueue(run)
    assert queue.ticket_of(run).launched_at == 1_500_000_000.0


# ---- writing ----------------------------------------------------------------------------------------------------


def test_what_was_asked_is_on_disk_before_anything_else(tmp_path):
    settings = RunConfig.build(preset="p2", arch="fc")
    run = runs.create(tmp_path / "new" / "folder", settings)
    record = json.loads((run.path / "config.json").read_text())
    assert record.pop("schema") == 1 and record.pop("created") == run.created
    assert RunConfig.from_json(record) == settings == run.config
    assert [entry.name for entry in run.path.iterdir()] == ["config.json"]


def test_ids_are_unique_though_many_threads_draw_from_few(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "_LETTERS", "ab")
    monkeypatch.setattr(runs, "_LETTERS_AND_DIGITS", "ab")
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda seed: runs.create(tmp_path, RunConfig(seed=seed)), range(64)))
    assert len({run.id for run in made}) == 64  # all there are
    assert sorted(run.config.seed for run in runs.list_runs(tmp_path)) == list(range(64))


def test_an_id_has_six_letters_and_digits_none_of_them_easily_misread(tmp_path):
    letters = runs._LETTERS_AND_DIGITS
    assert not set("ilo01") & set(letters) and letters.islower()
    assert all(runs.RUN_ID.fullmatch(make(tmp_path).id) for _ in range(20))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc", "../../etc"),
        ("/tmp/x", "/tmp/x"),
        ("..", ".."),
        ("C:\\x", "C:\\x"),
        ("<b>x</b>", "<b>x</b>"),
        ("=1+1", "=1+1"),
        ("Mädchen 🙂 猫", "Mädchen 🙂 猫"),
        ("a\x00b\x1b[31m", "ab[31m"),
        ("\u202eabc\u2066", "abc"),
        ("half \ud800 a pair \udcff", "half a pair"),
        ("two\nlines\tand\u2028more", "two lines and more"),
        ("a" * 5000, "a" * 80),
    ],
)
def test_a_hostile_name_never_touches_a_path(tmp_path, name, kept):
    run = make(tmp_path / "runs", name=name)
    assert run.name == kept
    assert {entry.name for entry in (tmp_path / "runs").iterdir()} == {run.id}
    assert {entry.name for entry in run.path.iterdir()} == {"config.json", "notes.json", "notes.lock"}
    assert {entry.name for entry in tmp_path.iterdir()} == {"runs"}


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


def test_notes_change_one_at_a_time(tmp_path):
    path = make(tmp_path, name="mine").path
    RunFolder(path).write_notes(star=True, tags=["a"])
    RunFolder(path).write_notes(archived=True)
    run = runs.read(path)
    assert run.archived and run.notes == {"name": "mine", "star": True, "tags": ["a"], "archived": True, "schema": 1}


def test_notes_written_at_once_are_all_kept(tmp_path):
    path = make(tmp_path).path
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: RunFolder(path).write_notes(**{f"n{number}": number}), range(24)))
    assert {f"n{number}" for number in range(24)} <= runs.read(path).notes.keys()


@pytest.mark.parametrize("garbage", [b"", b"[]", b"{"])
def test_unreadable_notes_are_begun_anew(tmp_path, garbage):
    path = make(tmp_path).path
    (path / "notes.json").write_bytes(garbage)
    RunFolder(path).write_notes(name="again")
    assert runs.read(path).name == "again"


def test_a_loss_that_is_not_finite_is_null_on_disk(tmp_path):
    path = make(tmp_path).path
    RunFolder(path).write_metrics([row(1, math.nan, test_kl=math.inf, beta=-math.inf)])
    RunFolder(path).write_progress({"loss": math.nan, "epoch": 1})
    run = runs.read(path)
    assert run.damage is None
    assert (run.epochs[0]["train_loss"], run.epochs[0]["test_kl"], run.epochs[0]["beta"]) == (None, None, None)
    assert run.progress["loss"] is None and run.progress["epoch"] == 1


def test_only_progress_is_written_without_waiting_for_the_disk(tmp_path, monkeypatch):
    path = make(tmp_path).path
    synced = []
    monkeypatch.setattr(storage, "_fsync", synced.append)
    RunFolder(path).write_progress({"epoch": 1})
    assert not synced
    for write in (
        lambda: RunFolder(path).write_metrics(rows(1.0)),
        lambda: RunFolder(path).add_facts({"device": "cpu"}),
        lambda: RunFolder(path).write_outcome("finished", "x"),
        lambda: RunFolder(path).write_notes(name="x"),
        lambda: RunFolder(path).pictures.write_file("prior-0001.png", b"x"),
    ):
        synced.clear()
        write()
        assert len(synced) == 2


def test_each_start_is_added_to_the_facts(tmp_path):
    path = make(tmp_path).path
    assert runs.read(path).dataset == {}
    for n_test in (10, 20):
        RunFolder(path).add_facts({"dataset": {"n_test": n_test}})
    run = runs.read(path)
    assert [start["dataset"]["n_test"] for start in run.facts] == [10, 20] and run.dataset == {"n_test": 20}


def test_a_stop_is_asked_for_and_forgotten_when_the_run_goes_on(tmp_path):
    path = complete(tmp_path).path
    assert not RunFolder(path).stop_requested()
    RunFolder(path).request_stop()
    assert RunFolder(path).stop_requested()
    for _ in range(2):
        RunFolder(path).reopen()
        assert not RunFolder(path).stop_requested() and runs.read(path).outcome is None
    assert len(runs.read(path).epochs) == 2


def test_pictures_lie_where_they_are_looked_for(tmp_path):
    path = make(tmp_path).path
    wanted = RunFolder(path).pictures.file("prior", 7)
    RunFolder(path).pictures.write_file(wanted.name, b"png")
    assert wanted == path / "samples" / "prior-0007.png" and wanted.read_bytes() == b"png"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_what_a_killed_writer_left_is_swept_up_and_nothing_else(tmp_path, monkeypatch):
    path = complete(tmp_path).path
    RunFolder(path).pictures.write_file("prior-0001.png", b"x")
    before = sorted(path.rglob("*"))
    child = os.fork()
    if child == 0:
        calls = itertools.count()
        monkeypatch.setattr(storage, "_rename", lambda source, target: next(calls) and os._exit(9))
        with contextlib.suppress(OSError):
            RunFolder(path).pictures.write_file("prior-0001.png", b"y")
        os._exit(1)
    os.waitpid(child, 0)
    for name in (".metrics.json.123.tmp", "samples/.prior-0002.png.123.tmp"):
        (path / name).touch()
    assert len(sorted(path.rglob("*"))) > len(before)
    RunFolder(path).sweep_temporary()
    assert sorted(path.rglob("*")) == before


def test_a_deleted_run_is_gone(tmp_path):
    run, other = complete(tmp_path), make(tmp_path)
    run.delete()
    assert [left.id for left in runs.list_runs(tmp_path)] == [other.id]


def test_reading_while_writing_never_shows_damage(tmp_path):
    path = make(tmp_path).path
    done = threading.Event()

    def write() -> None:
        for number in range(60):
            RunFolder(path).write_metrics(rows(*[9.0] * (number + 1)))
            RunFolder(path).write_notes(name=str(number))
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    lengths = []
    while not done.is_set():
        run = runs.read(path)
        assert run.damage is None
        lengths.append(len(run.epochs))
    writer.join()
    assert lengths == sorted(lengths) and len(runs.read(path).epochs) == 60


def test_now_is_a_time_that_reads_back(monkeypatch):
    assert abs(schema.timestamp(schema.now()) - runs.time.time()) < 60
    assert schema.timestamp("soon") == 0.0


# ---- what the pages read besides -------------------------------------------------------------------------------


def test_pictures_are_taken_apart_and_a_damaged_one_reads_as_none(tmp_path):
    path = make(tmp_path).path
    assert RunFolder(path).pictures.sample("prior", 1) is None
    made = np.random.default_rng(0).integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)
    data = images.encode_png(images.grid(made, columns=2))
    file = RunFolder(path).pictures.file("prior", 1)
    RunFolder(path).pictures.write_file(file.name, data)
    assert np.array_equal(RunFolder(path).pictures.sample("prior", 1), made)
    draw = random.Random(5)
    cuts = [data[: draw.randrange(len(data))] for _ in range(40)]
    flips = [bytes([*data[:at], data[at] ^ 1 << draw.randrange(8), *data[at + 1 :]]) for at in [*range(80), 500, 9000]]
    for damaged in [b"", b"\x89PNG\r\n\x1a\n", *cuts, *flips]:
        file.write_bytes(damaged)
        found = RunFolder(path).pictures.sample("prior", 1)
        assert found is None or found.shape[1:] == (3, 32, 32)


def test_the_originals_are_read_from_either_kind_of_file(tmp_path):
    path = make(tmp_path).path
    assert RunFolder(path).pictures.originals() is None
    made = np.random.default_rng(0).integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)
    webp = io.BytesIO()
    Image.fromarray(images.grid(255 - made, columns=2)).save(webp, "WEBP", lossless=True)
    RunFolder(path).pictures.write_file("originals.webp", webp.getvalue())
    assert np.array_equal(RunFolder(path).pictures.originals(), 255 - made)
    RunFolder(path).pictures.write_file("originals.png", images.encode_png(images.grid(made, columns=2)))
    assert np.array_equal(RunFolder(path).pictures.originals(), made)


def test_the_end_of_the_log_is_shown_without_the_projects_place(tmp_path):
    path = make(tmp_path).path
    assert RunFolder(path).log_tail() == ""
    lines = [f"line {number}" for number in range(50)] + [f'File "{config.PROJECT_ROOT / "vaedash" / "x.py"}"']
    (path / "train.log").write_bytes("\n".join(lines).encode() + b"\n\xff")
    tail = RunFolder(path).log_tail(lines=3).splitlines()
    assert tail == ["line 49", f'File "{Path("vaedash", "x.py")}"', "\ufffd"]


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
        monkeypatch.setattr(runs.time, "time", lambda: NOW)
        before = RunFolder(path).signature()
        assert RunFolder(path).signature() == before
        change()
        assert RunFolder(path).signature() != before
    with RunFolder(path).claim():
        assert RunFolder(path).signature() != before


def over(path: Path) -> Path:
    """That run, which ended long ago."""
    os.utime(path / "config.json", (1, 1))
    return path


def test_of_a_run_that_is_over_neither_the_queue_nor_the_clock_is_asked(tmp_path, monkeypatch):
    path = over(complete(tmp_path).path)
    mark, read = RunFolder(path).signature(), runs.read(path)
    queue.enqueue(RunFolder(path))
    monkeypatch.setattr(runs, "tickets", lambda folder: pytest.fail("looked at the queue"))
    monkeypatch.setattr(runs.time, "time", lambda: NOW)
    assert RunFolder(path).signature() == mark
    assert runs.read(path) == read


@pytest.fixture
def counted(monkeypatch) -> list[str]:
    """The ids of runs that were read, in order."""
    read, ids = runs.read, []
    monkeypatch.setattr(runs, "read", lambda path: (ids.append(path.name), read(path))[1])
    return ids


def test_readings_are_what_is_listed_and_only_what_changed_is_read_again(tmp_path, counted):
    one, other = (over(complete(tmp_path).path) for _ in range(2))
    readings = listing.Readings()
    assert readings.list_runs(tmp_path) == runs.list_runs(tmp_path)
    counted.clear()
    assert [run.id for run in readings.list_runs(tmp_path)] == [
        run.id for run in listing.newest_first(map(runs.read, (one, other)))
    ]
    counted.clear()
    changes = (
        lambda: RunFolder(one).write_metrics(rows(9.0)),
        lambda: RunFolder(one).write_notes(name="another"),
        lambda: (one / "facts.json").write_text("{"),  # by hand, in its place
        lambda: (one / "facts.json").unlink(),
        lambda: RunFolder(one).write_outcome("failed", "It failed."),
        lambda: RunFolder(one).reopen(),
        lambda: queue.enqueue(RunFolder(one)),
        lambda: queue.dequeue(RunFolder(one)),
    )
    for change in changes:
        change()
        assert {run.id: run for run in readings.list_runs(tmp_path)}[one.name] == runs.read(one)
        assert set(counted) == {one.name}
        counted.clear()
    with RunFolder(one).claim():
        assert {run.id: run.status for run in readings.list_runs(tmp_path)}[one.name] == "running"


def test_readings_know_what_came_what_went_and_what_was_put_aside(tmp_path, counted):
    readings = listing.Readings()
    assert readings.list_runs(tmp_path / "none") == []
    first = over(complete(tmp_path).path)
    assert [run.id for run in readings.list_runs(tmp_path)] == [first.name]
    second = over(complete(tmp_path).path)
    assert {run.id for run in readings.list_runs(tmp_path)} == {first.name, second.name}
    RunFolder(first).write_notes(archived=True)
    assert [run.id for run in readings.list_runs(tmp_path)] == [second.name]
    assert {run.id for run in readings.list_runs(tmp_path, archived=True)} == {first.name, second.name}
    RunFolder(second).delete()
    assert readings.list_runs(tmp_path) == []
    again = over(complete(tmp_path).path)
    again.rename(second)  # another run in its place
    counted.clear()
    assert [run.id for run in readings.list_runs(tmp_path)] == [second.name]
    assert counted == [second.name]
