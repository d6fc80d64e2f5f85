"""Files that are truncated, garbled, foreign or newer: that run is damaged and says why, the others are as ever."""

import itertools
import json
import os
import random
from collections.abc import Iterator

import pytest
from impostors import IMPOSTORS, at_once
from records import complete, make, row

from vaedash import config, runs, storage
from vaedash.comparing import results, verdict
from vaedash.errors import RunError
from vaedash.runs import names, schema
from vaedash.showing import tables


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(storage, "_fsync", lambda fd: None)


def use(run: runs.Run) -> None:
    """Everything that pages and tables ask of a run; for damaged ones it must be answered too."""
    assert isinstance(run.name, str) and isinstance(run.sentence, str) and isinstance(run.status, str)
    assert run.id and run.archived in (True, False) and run.active in (True, False)
    assert run.best is None or run.best["epoch"] == run.best_epoch
    assert run.dataset is not None and isinstance(run.tags, tuple)
    assert all(isinstance(number, int) for number in run.redrawn)
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


# ---- what is no file at all -----------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="has no pipes with a name")
@pytest.mark.parametrize("impostor", IMPOSTORS)
@pytest.mark.parametrize("name", names.FILES)
def test_whatever_lies_in_the_place_of_a_file_nobody_waits_for_it_and_it_is_said_in_a_sentence(
    tmp_path, name, impostor, promise
):
    promise("R7")
    folder = tmp_path / "runs"
    sound, run = make(folder), complete(folder)
    (run.path / name).unlink(missing_ok=True)
    IMPOSTORS[impostor](run.path / name)
    with at_once():
        read = {run.id: run for run in runs.list_runs(folder, archived=True)}
        use(read[run.id])
        assert run.figures.test_losses() is None and run.figures.kl_by_latent() is None
        assert len(run.log_tail()) <= 20_000 and not run.held and not run.notes_held()
        assert run.weights.digests() == set() and len(run.signature()) > 1
        for weights in names.WEIGHTS:
            with pytest.raises((FileNotFoundError, storage.UnfitError)):
                run.weights.read(weights)
    if name in CORE:
        [said] = [read[run.id].damage]
        assert said.startswith(f"Cannot be read: {name} is ") and said.count(name) == 1 and len(said) < 90
    else:
        assert (read[run.id].status, read[run.id].damage) == ("stopped", None)
    assert read[sound.id].status == "queued"


@pytest.mark.skipif(os.name == "nt", reason="has no pipes with a name")
@pytest.mark.parametrize("impostor", IMPOSTORS)
@pytest.mark.parametrize("name", ["prior-0002.png", "prior-0002.webp", "originals.png", "now.png"])
def test_a_picture_that_is_no_file_is_left_out(tmp_path, name, impostor, promise):
    promise("R7")
    pictures = complete(tmp_path / "runs").pictures
    pictures.folder.mkdir()
    IMPOSTORS[impostor](pictures.folder / name)
    with at_once():
        assert pictures.sample("prior", 2) is pictures.originals() is pictures.now() is None
        assert [file.name for file in pictures.damaged()] == ([name] if name != "now.png" else [])


def test_a_link_within_its_folder_is_the_file_that_it_leads_to(tmp_path, promise):
    promise("R7")
    run = complete(tmp_path)
    (run.path / "metrics.json").rename(run.path / "kept.json")
    (run.path / "metrics.json").symlink_to("kept.json")
    assert run.reread() == run


def test_a_run_that_lies_elsewhere_is_read_through_a_link_and_never_deleted_by_it(tmp_path):
    run = complete(tmp_path / "another disk")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / run.id).symlink_to(run.path)
    [linked] = runs.list_runs(tmp_path / "runs")
    assert linked.epochs == run.epochs and linked.damage is None
    with pytest.raises(RunError, match=r"only a link to it is here\. Delete that folder, then the link\."):
        linked.delete()
    assert run.reread() == run


def test_pictures_in_a_folder_that_a_link_leads_to_are_not_the_runs(tmp_path, promise):
    promise("R7")
    run, other = complete(tmp_path), complete(tmp_path)
    other.pictures.write_now(b"x")
    (other.pictures.folder / ".half.png.1.tmp").touch()
    run.pictures.folder.symlink_to(other.pictures.folder)
    run.sweep_temporary()
    assert run.pictures.damaged() == run.leftovers() == []
    assert len(list(other.pictures.folder.iterdir())) == 2
    with pytest.raises(RunError, match=r"^samples of run .* is a link"), run.claim():
        pass


@pytest.mark.skipif(os.name == "nt", reason="has no pipes with a name")
@pytest.mark.parametrize("impostor", [impostor for impostor in IMPOSTORS if impostor != "a terabyte"])
@pytest.mark.parametrize("name", names.FILES)
def test_nothing_is_written_into_what_is_no_file_of_the_run(tmp_path, name, impostor, promise):
    promise("R7")
    run = complete(tmp_path / "runs")
    (run.path / name).unlink(missing_ok=True)
    IMPOSTORS[impostor](run.path / name)
    with (
        at_once(),
        pytest.raises(RunError, match=f"^{name} of run {run.id} is .*its place, or remove it.$"),
        run.claim(),
    ):
        pass
    if impostor == "a link out":
        assert (tmp_path / f"another's {name}").read_bytes() == b'{"schema": 1}'
