"""Runs of a folder: made under ids of their own, listed, found by what a person types."""

import json
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from locked import keep_out
from records import complete, make, over, rows

from vaedash import config, runs, storage
from vaedash.config import RunConfig
from vaedash.errors import UsageError
from vaedash.runs import RunFolder, listing, queue, record, schema


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(storage, "_fsync", lambda fd: None)


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
        ("latest:gan", "There is no architecture 'gan': give latest:fc or latest:conv or latest:local."),
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
    monkeypatch.setattr(record, "read", lambda path: (looked_at.append(path.name), read(path))[1])
    assert runs.find(tmp_path, "abqrst").id == "abqrst"
    assert looked_at == ["abqrst"]


def test_what_was_asked_is_on_disk_before_anything_else(tmp_path):
    settings = RunConfig.build(preset="p2", arch="fc")
    run = runs.create(tmp_path / "new" / "folder", settings)
    record = json.loads((run.path / "config.json").read_text())
    assert record.pop("schema") == 1 and record.pop("created") == run.created
    assert RunConfig.from_json(record) == settings == run.config
    assert [entry.name for entry in run.path.iterdir()] == ["config.json"]


def test_ids_are_unique_though_many_threads_draw_from_few(tmp_path, monkeypatch):
    monkeypatch.setattr(listing, "_LETTERS", "ab")
    monkeypatch.setattr(listing, "_LETTERS_AND_DIGITS", "ab")
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda seed: runs.create(tmp_path, RunConfig(seed=seed)), range(64)))
    assert len({run.id for run in made}) == 64  # all there are
    assert sorted(run.config.seed for run in runs.list_runs(tmp_path)) == list(range(64))


def test_an_id_has_six_letters_and_digits_none_of_them_easily_misread(tmp_path):
    letters = listing._LETTERS_AND_DIGITS
    assert not set("ilo01") & set(letters) and letters.islower()
    assert all(config.RUN_ID.fullmatch(make(tmp_path).id) for _ in range(20))


@pytest.fixture
def counted(monkeypatch) -> list[str]:
    """The ids of runs that were read, in order."""
    read, ids = runs.read, []
    monkeypatch.setattr(record, "read", lambda path, **known: (ids.append(path.name), read(path, **known))[1])
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


def test_epochs_are_read_again_only_when_one_was_written(tmp_path, monkeypatch):
    run, opened = RunFolder(over(complete(tmp_path).path)), []
    check = schema.CHECKS["metrics.json"]
    monkeypatch.setitem(schema.CHECKS, "metrics.json", lambda value: (opened.append(1), check(value))[1])
    readings = listing.Readings()
    assert readings.run(run.path) == readings.list_runs(tmp_path)[0] and opened == [1]
    run.write_progress({"phase": "training", "epoch": 3})
    run.write_notes(name="another")
    again = readings.run(run.path)
    assert (again.name, again.progress["epoch"], len(again.epochs)) == ("another", 3, 2) and opened == [1]
    run.write_metrics(rows(9.0, 8.0, 7.0))
    assert len(readings.run(run.path).epochs) == 3 and opened == [1, 1]
    (run.path / "metrics.json").write_text("{")
    assert readings.run(run.path).damage and not readings.run(run.path).epochs
    run.write_notes(name="still damaged")
    assert readings.run(run.path).damage == runs.read(run.path).damage
    (run.path / "metrics.json").unlink()
    assert readings.run(run.path) == runs.read(run.path)
    assert readings.run(tmp_path / "aaaaaa").damage


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


def test_a_name_is_found_in_capitals_or_small_letters_and_however_its_accents_were_typed(tmp_path, three):
    three[0].write_notes(name="Zoë's Übung")
    three[1].write_notes(name="Twin")
    three[2].write_notes(name="twin")
    for asked in (
        "zoë's übung",
        "ZOË'S ÜBUNG",
        unicodedata.normalize("NFD", "Zoë's Übung"),
        " Zoë's  Übung ",
        "ABCDEF",
        "Abc",
    ):
        assert runs.find(tmp_path, asked).id == "abcdef"
    assert (runs.find(tmp_path, "Twin").id, runs.find(tmp_path, "twin").id) == ("abqrst", "xyzxyz")
    with pytest.raises(UsageError, match="several"):
        runs.find(tmp_path, "TWIN")


def test_a_folder_that_nobody_here_may_look_into_hides_no_run(tmp_path, three, monkeypatch):
    (tmp_path / "lost+found").mkdir()  # at the root of a disk
    keep_out(monkeypatch, tmp_path / "lost+found")
    assert listing.unlisted(tmp_path) == []
    assert len(runs.list_runs(tmp_path)) == 3


def test_a_run_that_nobody_here_may_read_is_damaged_in_plain_words(tmp_path, three, monkeypatch):
    keep_out(monkeypatch, three[0].path)
    run = next(run for run in runs.list_runs(tmp_path) if run.id == three[0].id)
    assert run.damage and "config.json: Permission denied" in run.damage
    assert "Errno" not in run.damage and str(tmp_path) not in run.damage
    assert not run.weights.has("best")
