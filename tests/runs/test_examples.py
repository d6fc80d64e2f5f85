"""The examples that an installed vaedash brings: each once, never over what is there, and whole."""

import json
import shutil
import threading

import pytest

from vaedash import cli, places, runs
from vaedash.runs import examples, listing

FEW = ("pmkqm2", "r9a4ud")  # without weights


@pytest.fixture
def along(tmp_path):
    for name in FEW:
        shutil.copytree(places.PROJECT_ROOT / "runs" / name, tmp_path / "along" / name)
    return tmp_path / "along"


def test_examples_are_brought_whole_and_once(along, tmp_path):
    folder = tmp_path / "a" / "runs"
    assert sorted(examples.bring(folder, along)) == sorted(FEW)
    for run in listing.folders(along):
        there = {file.relative_to(run.path): file.read_bytes() for file in run.path.rglob("*") if file.is_file()}
        made = folder / run.id
        assert {file.relative_to(made): file.read_bytes() for file in made.rglob("*") if file.is_file()} == there
    assert all(run.example and not run.damage for run in runs.list_runs(folder))
    assert examples.bring(folder, along) == []


def test_what_the_person_has_stays_and_what_was_deleted_does_not_come_back(along, tmp_path):
    folder = tmp_path / "runs"
    mine = folder / FEW[0]
    mine.mkdir(parents=True)
    (mine / "notes.json").write_text('{"name": "mine"}')
    assert examples.bring(folder, along) == [FEW[1]]
    assert [file.name for file in mine.iterdir()] == ["notes.json"] and "mine" in (mine / "notes.json").read_text()
    shutil.rmtree(folder / FEW[1])
    assert examples.bring(folder, along) == []
    assert not (folder / FEW[1]).exists()


def test_an_example_that_a_newer_vaedash_has_is_brought_later(along, tmp_path):
    folder = tmp_path / "runs"
    (late := along / FEW[1]).rename(tmp_path / FEW[1])
    assert examples.bring(folder, along) == [FEW[0]]
    (tmp_path / FEW[1]).rename(late)
    assert examples.bring(folder, along) == [FEW[1]]


@pytest.mark.parametrize("said", ["", "{", '{"a": 1}', "[1, null]"])
def test_a_list_that_cannot_be_read_brings_what_is_missing(along, tmp_path, said):
    folder = tmp_path / "runs"
    examples.bring(folder, along)
    (folder / ".examples.json").write_text(said)
    shutil.rmtree(folder / FEW[0])
    assert examples.bring(folder, along) == [FEW[0]]


def test_examples_that_nobody_may_change_become_runs_that_the_person_can(along, tmp_path):
    for path in (*along.rglob("*"), along):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        examples.bring(tmp_path / "runs", along)
    finally:
        for path in (along, *along.rglob("*")):
            path.chmod(0o755)
    made = [tmp_path / "runs" / name for name in FEW]
    assert all(path.stat().st_mode & 0o200 for run in made for path in (run, *run.rglob("*")))


def test_of_several_that_bring_them_at_once_one_does(along, tmp_path):
    brought = []
    threads = [
        threading.Thread(target=lambda: brought.extend(examples.bring(tmp_path / "runs", along))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(brought) == sorted(FEW)
    assert sorted(json.loads((tmp_path / "runs" / ".examples.json").read_text())) == sorted(FEW)
    assert [path.name for path in (tmp_path / "runs").iterdir() if path.name.startswith(".examples-")] == []


def test_a_command_goes_on_where_examples_cannot_be_brought(along, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(places, "examples", lambda: along)
    monkeypatch.setenv("VAEDASH_RUNS", str(tmp_path / "runs"))
    (tmp_path / "runs").mkdir()

    def full(*_):
        raise OSError(28, "No space left on device", "x")

    monkeypatch.setattr(shutil, "copyfile", full)
    assert cli.main(["runs"]) == 0
    said = capsys.readouterr()
    assert said.err == f"The example runs cannot be brought to {tmp_path / 'runs'}: No space left on device.\n"
    assert said.out.startswith("No runs in ")
    assert runs.list_runs(tmp_path / "runs") == []
