"""Files that are truncated, garbled, foreign or newer: that run is damaged and says why, the others are as ever."""

import itertools
import json
import random
from collections.abc import Iterator

import pytest
from records import complete, make, row

from vaedash import config, runs, storage
from vaedash.cli import tables
from vaedash.comparing import results, verdict
from vaedash.errors import RunError
from vaedash.runs import schema


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(storage, "_fsync", lambda fd: None)


def use(run: runs.Run) -> None:
    """Everything that pages and tables ask of a run; for damaged ones it must be answered too."""
    assert isinstance(run.name, str) and isinstance(run.sentence, str) and isinstance(run.status, str)
    assert run.id and run.archived in (True, False) and run.active in (True, False)
    assert run.best is None or run.best["epoch"] == run.best_epoch
    assert run.dataset is not None and isinstance(run.tags, tuple)
    assert run.learned_nothing in (True, False) and isinstance(run.mean_picture, (float, int, type(None)))
    tables.text_table([results.result(run).as_row()], results.STUDY_COLUMNS)
    json.dumps(results.result(run).as_row())
    verdict.sentence([run, run])


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
    read = {run.id: run for run in runs.list_runs(tmp_path, archived=True)}
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
        run.require_readable()
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
