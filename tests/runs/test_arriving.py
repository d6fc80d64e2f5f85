"""Runs that arrive from another machine, by copy or sync: each is read calmly, says what is odd, and is whole once the rest is there."""

import json
import os
import shutil
import time

import pytest
from records import complete, make, rows

from vaedash import doctor, runs
from vaedash.comparing import alike, results
from vaedash.languages import speech, spoken
from vaedash.runs import RunFolder, Status, listing, names, record

FUTURE = "2999-01-01T00:00:00.000+00:00"


@pytest.fixture
def whole(tmp_path):
    """A run of two epochs that has ended, with weights of which only the names matter here."""
    run = make(tmp_path / "runs", epochs=2)
    run.add_facts({"host": "school-7", "dataset": {"name": "shapes", "n_train": 9, "n_test": 9}})
    run.write_metrics(rows(9.0, 8.0))
    run.write_measured(epoch=2, active_units=3)
    run.weights.write("best", b"weights")
    run.write_outcome(Status.FINISHED, "Finished all 2 epochs.")
    return run.reread()


def test_a_run_that_is_all_here_is_not_odd(whole, tmp_path):
    assert whole.oddities == () and complete(tmp_path / "runs").oddities == ()
    assert [finding.kind for finding in doctor.examine(whole.path.parent, tmp_path)] == [
        "damaged-weights"
    ]  # which are none


PROMISED = [
    ".{}.icloud",
    ".syncthing.{}.tmp",
    "~syncthing~{}.tmp",
    ".{}.Ab12Cd",
    "{}.part",
    "{}.tmp",
    "{}.filepart",
    ".~{}.4f1",
]


@pytest.mark.parametrize("form", PROMISED)
@pytest.mark.parametrize("name", ["config.json", "metrics.json", "facts.json", "outcome.json", "best.pt"])
def test_a_file_on_its_way_is_named_and_the_run_is_whole_once_it_has_arrived(whole, promise, form, name):
    promise("R19", "runs that arrive, half there or oddly named, read calmly and named")
    kept = (whole.path / name).read_bytes()
    (whole.path / name).unlink()
    (whole.path / form.format(name)).write_bytes(kept[:7])
    before = sorted(file.name for file in whole.path.iterdir())
    [half] = listing.list_runs(whole.path.parent)
    if name == "config.json":
        assert (
            half.status == "damaged"
            and f"On its way: config.json, for which {form.format(name)} stands" in half.sentence
        )
    elif name == "outcome.json":
        assert half.status in ("elsewhere", "interrupted") and half.damage is None
    else:
        assert half.status == "finished" and f"Not all of it has arrived: {name} (" in half.oddities[0]
    json.dumps(results.result(half).as_row())
    kinds = {finding.kind for finding in doctor.examine(whole.path.parent, whole.path.parent)}
    assert "on-its-way" in kinds or half.status == "elsewhere"
    assert sorted(file.name for file in whole.path.iterdir()) == before  # nothing is repaired by itself
    (whole.path / form.format(name)).unlink()
    (whole.path / name).write_bytes(kept)
    assert whole.reread().status == "finished" and whole.reread().oddities == ()


@pytest.mark.parametrize("there", [0, 1])
def test_epochs_that_have_not_arrived_are_counted(whole, there, promise):
    promise("R19", "runs that arrive, half there or oddly named, read calmly and named")
    kept = (whole.path / "metrics.json").read_bytes()
    if there:
        RunFolder(whole.path).write_metrics(rows(9.0))
    else:
        (whole.path / "metrics.json").unlink()
    half = whole.reread()
    assert half.status == "finished" and half.damage is None
    assert f"Not all of it has arrived: metrics.json ({there} of 2 epochs are here)." in half.oddities[0]
    assert "odd" in {finding.kind for finding in doctor.examine(whole.path.parent, whole.path.parent)}
    (whole.path / "metrics.json").write_bytes(kept)
    assert whole.reread().oddities == ()


@pytest.mark.parametrize(
    "name",
    [
        "metrics (conflicted copy 2026-11-01).json",
        "metrics.sync-conflict-20261101-101112-ABCDEFG.json",
        "metrics-DESKTOP-7.json",
        "metrics (1).json",
        "~$metrics.json",
        "metrics.json.tmp",
        ".metrics.json.icloud",
        "Icon\r",
        ".DS_Store",
        "desktop.ini",
        "Thumbs.db",
    ],
)
def test_what_programs_leave_beside_a_whole_file_changes_nothing(whole, name, promise):
    promise("R19", "runs that arrive, half there or oddly named, read calmly and named")
    (whole.path / name).write_bytes(b"{")
    (whole.path.parent / name).write_bytes(b"{")
    [read] = listing.list_runs(whole.path.parent)
    assert read == whole and read.oddities == () and listing.unlisted(whole.path.parent) == []


def test_times_of_another_clock_are_said_and_hide_no_run(whole, promise):
    promise("R19", "runs that arrive, half there or oddly named, read calmly and named", cases=2)
    config = json.loads((whole.path / "config.json").read_text())
    (whole.path / "config.json").write_text(json.dumps(config | {"created": FUTURE}))
    ahead = whole.reread()
    assert ahead.status == "finished" and "on 2999-01-01, it says, which is yet to come" in ahead.oddities[0]
    (whole.path / "config.json").write_text(json.dumps(config))
    outcome = json.loads((whole.path / "outcome.json").read_text())
    (whole.path / "outcome.json").write_text(json.dumps(outcome | {"ended": "2001-01-01T00:00:00+00:00"}))
    assert "ended before it was made" in whole.reread().oddities[0]
    for nothing in (None, 7, "yesterday"):
        (whole.path / "outcome.json").write_text(json.dumps(outcome | {"ended": nothing}))
        assert whole.reread().oddities == ()


def test_a_lock_that_came_along_holds_nothing_here(whole, promise):
    promise("R19", "runs that arrive, half there or oddly named, read calmly and named")
    (whole.path / "outcome.json").unlink()
    (whole.path / "lock").write_text("4711")
    assert whole.reread().status == "elsewhere"
    long_ago = time.time() - 2 * record.STILL
    for name in (names.FACTS, names.METRICS, names.PROGRESS):
        if (whole.path / name).exists():
            os.utime(whole.path / name, (long_ago, long_ago))
    still = whole.reread()
    assert still.status == "interrupted"
    assert still.sentence.startswith("Its process on school-7 ended without a word after epoch 2; resume it")
    assert "If it trains there still, what it writes does not arrive here" in still.sentence


def test_a_second_copy_is_known_under_whatever_name(whole, promise):
    promise("R19", "runs that arrive, half there or oddly named, read calmly and named", cases=2)
    shutil.copytree(whole.path, whole.path.parent / "zzzzzz")
    shutil.copytree(whole.path, whole.path.parent / f"{whole.id} (copy)")
    both = listing.list_runs(whole.path.parent)
    assert [{run.id for run in same} for same in alike.copies(both)] == [{whole.id, "zzzzzz"}]
    assert [run.id for run in listing.unlisted(whole.path.parent)] == [f"{whole.id} (copy)"]
    assert alike.copies([whole]) == [] and runs.list_runs(whole.path.parent)


@pytest.mark.parametrize("epoch", ["2", [2], None, 2.5])
def test_figures_of_an_epoch_that_is_no_number_hide_no_run(whole, epoch, promise):
    promise("R19", "runs that arrive, half there or oddly named, read calmly and named")
    (whole.path / names.MEASURED).write_text(json.dumps({"schema": 1, "epoch": epoch}))
    read = whole.reread()
    assert read.oddities == () and read.status == "finished" and "whole number" in read.flaws[names.MEASURED]


def test_what_is_on_its_way_is_kept_in_one_language_for_all_who_look(whole):
    (whole.path / "config.json").rename(whole.path / ".config.json.icloud")
    readings = listing.Readings()
    with spoken(speech("de")):
        readings.list_runs(whole.path.parent)
    [read] = readings.list_runs(whole.path.parent)
    assert "On its way: config.json" in read.damage
