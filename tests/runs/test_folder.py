"""What is written into a run's folder, by whom, and how."""

import contextlib
import itertools
import math
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from records import complete, make, row, rows

from vaedash import places, runs, storage
from vaedash.runs import RunFolder
from vaedash.runs.folder import end_of


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(storage, "_fsync", lambda fd: None)


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


def test_only_what_may_be_lost_is_written_without_waiting_for_the_disk(tmp_path, monkeypatch):
    path = make(tmp_path).path
    synced = []
    monkeypatch.setattr(storage, "_fsync", synced.append)
    RunFolder(path).write_progress({"epoch": 1})
    RunFolder(path).pictures.write_now(b"x")
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
    RunFolder(path).pictures.write_now(b"z")
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


def test_the_end_of_the_log_is_shown_without_the_projects_place(tmp_path):
    path = make(tmp_path).path
    assert RunFolder(path).log_tail() == ""
    lines = [f"line {number}" for number in range(50)] + [f'File "{places.PROJECT_ROOT / "vaedash" / "x.py"}"']
    (path / "train.log").write_bytes("\n".join(lines).encode() + b"\n\xff")
    tail = RunFolder(path).log_tail(lines=3).splitlines()
    assert tail == ["line 49", f'File "{Path("vaedash", "x.py")}"', "\ufffd"]


def test_an_array_that_claims_to_be_larger_than_memory_reads_as_none(tmp_path):
    path = make(tmp_path).path
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (9000000000000,), }".ljust(117) + "\n"
    (path / "test_losses.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
    assert RunFolder(path).figures.test_losses() is None
    assert list(RunFolder(path).figures.damaged()) == ["test_losses.npy"]


def test_a_log_that_has_grown_too_long_keeps_its_end_when_it_is_written_on(tmp_path):
    log = RunFolder(make(tmp_path).path).log
    for words in (b"a" * 900_000, b"b" * 900_000, b"c"):
        with end_of(log) as file:
            file.write(words)
    assert log.read_bytes() == b"a" * 100_000 + b"b" * 900_000 + b"c"
