"""The doctor: every kind of damage is named in a sentence with what to do, and only what loses nothing is mended."""

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import own_arch
import pytest
import torch
from filelock import FileLock
from impostors import IMPOSTORS, at_once
from locked import keep_out

from vaedash import cli, datasets, doctor, images, runs, storage
from vaedash.config import RunConfig
from vaedash.datasets import cache
from vaedash.models import own
from vaedash.runs import RunFolder, names, schema, weights

LONG_AGO = time.time() - 86_400


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(storage, "_fsync", lambda fd: None)


@pytest.fixture
def place(tmp_path) -> SimpleNamespace:
    """A runs folder with one sound run of two epochs, ended, and a cache of a few images."""
    folder, data_dir = tmp_path / "runs", tmp_path / "data"
    path = runs.create(folder, RunConfig(latent_dim=2), name="a name").path
    RunFolder(path).add_facts({"dataset": {"name": "shapes", "fingerprint": "ab12", "n_train": 90, "n_test": 10}})
    losses = {f"{split}_{term}": 9.0 for split in ("train", "test") for term in ("loss", "recon", "kl")}
    epochs = [
        {"epoch": number, **losses, "train_loss": 9.0 - number, "seconds": 1.0, "images_per_second": 9.0}
        for number in (1, 2)
    ]
    for epoch in (1, 2):
        model = {"weight": torch.full((4,), float(epoch))}
        weights.save(RunFolder(path), "best", {"epoch": epoch, "model": model})
        weights.save(RunFolder(path), "last", {"epoch": epoch, "epochs": epochs[:epoch], "model": model})
        tiles = np.full((64, 3, 32, 32), epoch, np.uint8)
        RunFolder(path).pictures.write_file(f"prior-{epoch:04d}.png", images.encode_png(images.grid(tiles, columns=8)))
    RunFolder(path).write_metrics(epochs)
    RunFolder(path).write_progress({"updated": time.time(), "epoch": 2})
    RunFolder(path).write_outcome("stopped", "Stopped on request.")
    kept = data_dir / "cache" / "shapes-0123456789abcdef"
    kept.mkdir(parents=True)
    pictures = np.zeros((4, 3, 32, 32), np.uint8)
    cache.write_cache(kept, datasets.Source(train=pictures, test=pictures))
    return SimpleNamespace(folder=folder, data_dir=data_dir, path=path, cache=kept)


def aged(file: Path) -> Path:
    os.utime(file, (LONG_AGO, LONG_AGO))
    return file


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 4
    file.write_bytes(data)


def changed(file: Path, **changes) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def lose_the_end(place) -> None:
    """As a kill leaves it: no outcome, and launched a day ago."""
    (place.path / "outcome.json").unlink()
    changed(place.path / "config.json", created="2020-01-01T00:00:00+00:00")


def leave_a_ticket(place) -> None:
    (place.folder / ".queue").mkdir()
    (place.folder / ".queue" / f"{int(LONG_AGO * 1e9)}-{place.path.name}").touch()


# What happened, the finding's kind, words of its sentence, words of its remedy, and whether --fix mends it.
DAMAGES: dict[str, tuple[Callable, str, str, str, bool]] = {
    "settings cut off": (
        lambda place: (place.path / "config.json").write_text("{"),
        *("damaged-json", "config.json is not readable JSON", "Put a copy of it back", False),
    ),
    "no settings": (
        lambda place: (place.path / "config.json").unlink(),
        *("no-settings", "config.json is missing", "archive {id} --runs-dir {folder} --forever", False),
    ),
    "settings of a newer version": (
        lambda place: changed(place.path / "config.json", schema=2),
        *("newer-schema", "was written by a newer vaedash", "Update vaedash", False),
    ),
    "facts that are none": (
        lambda place: (place.path / "facts.json").write_text("[]"),
        *("damaged-json", "facts.json is not a JSON object", "Put a copy of it back", False),
    ),
    "losses cut off": (
        lambda place: (place.path / "metrics.json").write_text('{"epochs": ['),
        *("damaged-json", "metrics.json is not readable JSON", "takes the epochs out of last.pt", True),
    ),
    "an end that is none": (
        lambda place: (place.path / "outcome.json").write_text("7"),
        *("damaged-json", "outcome.json is not a JSON object", "a resume then finds out again", True),
    ),
    "notes cut off": (
        lambda place: (place.path / "notes.json").write_text(""),
        *("damaged-json", "notes.json is not readable JSON", "have to be given again", True),
    ),
    "progress cut off": (
        lambda place: (place.path / "progress.json").write_text("{"),
        *("damaged-json", "progress.json is not readable JSON", "writes it anew", True),
    ),
    "a flipped bit in last.pt": (
        lambda place: flip(place.path / "last.pt"),
        *("damaged-weights", "last.pt of run {id} is damaged: its bytes do not match the SHA-256", "previous.pt", True),
    ),
    "no last.pt": (
        lambda place: (place.path / "last.pt").unlink(),
        *("no-weights", "last.pt is missing", "restores it from previous.pt", True),
    ),
    "nothing to resume from": (
        lambda place: (flip(place.path / "last.pt"), (place.path / "previous.pt").unlink()),
        *("damaged-weights", "last.pt of run {id} is damaged", "A resume would begin anew", False),
    ),
    "a flipped bit in previous.pt": (
        lambda place: flip(place.path / "previous.pt"),
        *("damaged-weights", "previous.pt of run {id} is damaged", "nothing is lost", False),
    ),
    "no best.pt": (
        lambda place: (place.path / "best.pt").unlink(),
        *("no-weights", "best.pt is missing", "takes the weights out of last.pt", True),
    ),
    "a flipped bit in best.pt": (
        lambda place: flip(place.path / "best.pt"),
        *("damaged-weights", "best.pt of run {id} is damaged", "takes the weights out of last.pt", True),
    ),
    "a run that was killed": (
        lose_the_end,
        *("interrupted", "ended without a word after epoch 2.", "python -m vaedash resume {id}", False),
    ),
    "a picture cut off": (
        lambda place: (place.path / "samples" / "prior-0001.png").write_bytes(b"\x89PNG"),
        *("unreadable-picture", "samples/prior-0001.png cannot be read", "may be deleted", False),
    ),
    "losses by image cut off": (
        lambda place: (place.path / "test_losses.npy").write_bytes(b"\x93NUMPY"),
        *("unreadable-figures", "test_losses.npy cannot be read", "may be deleted", False),
    ),
    "what each latent said cut off": (
        lambda place: (place.path / "kl_by_latent.npy").write_bytes(b"\x93NUMPY"),
        *("unreadable-figures", "kl_by_latent.npy cannot be read", "may be deleted", False),
    ),
    "which latent tells what cut off": (
        lambda place: (place.path / "told_by_latent.npy").write_bytes(b"\x93NUMPY"),
        *("unreadable-figures", "told_by_latent.npy cannot be read", "may be deleted", False),
    ),
    "half a file of a killed writer": (
        lambda place: (
            (place.path / ".metrics.json.123.tmp").touch(),
            aged(place.path / ".metrics.json.123.tmp"),
        ),
        *("leftover", ".metrics.json.123.tmp was left half written", "--fix removes it", True),
    ),
    "half a picture of a killed writer": (
        lambda place: (
            (place.path / "samples" / ".prior-0003.png.9.tmp").touch(),
            aged(place.path / "samples" / ".prior-0003.png.9.tmp"),
        ),
        *("leftover", "samples/.prior-0003.png.9.tmp was left half written", "--fix removes it", True),
    ),
    "a ticket that nobody waits with": (
        leave_a_ticket,
        *("stale-ticket", "no process waits there", "--fix takes the place away", True),
    ),
    "a cache that was never finished": (
        lambda place: (place.cache / "meta.json").unlink(),
        *("broken-cache", "was never finished: it has no meta.json", "read anew", True),
    ),
    "a cache cut off": (
        lambda place: (place.cache / "train.npy").write_bytes(b"\x93NUMPY"),
        *("broken-cache", "cannot be read", "read anew", True),
    ),
    "a flipped bit in a cache": (
        lambda place: flip(place.cache / "train.npy"),
        *("broken-cache", "holds other images", "read anew", True),
    ),
    "half a cache's file": (
        lambda place: ((place.cache / "meta.json.tmp").touch(), aged(place.cache / "meta.json.tmp")),
        *("leftover", "meta.json.tmp was left half written", "--fix removes it", True),
    ),
}


def bytes_of(folder: Path) -> dict[str, bytes]:
    """All files but locks, which hold nothing."""
    every = (file for file in folder.rglob("*") if file.is_file() and file.suffix != ".lock" and file.name != "lock")
    return {str(file.relative_to(folder)): file.read_bytes() for file in every}


def examine(place) -> list[doctor.Finding]:
    return doctor.examine(place.folder, place.data_dir)


def test_where_all_is_sound_nothing_is_found(place):
    assert examine(place) == []


@pytest.mark.parametrize("case", DAMAGES)
def test_a_damage_is_named_with_what_to_do_and_nothing_is_changed(place, case):
    harm, kind, sentence, remedy, mendable = DAMAGES[case]
    harm(place)
    before = bytes_of(place.folder.parent)
    [finding] = examine(place)
    assert finding.kind == kind
    assert sentence.format(id=place.path.name) in finding.sentence and finding.sentence.endswith(".")
    assert remedy.format(id=place.path.name, folder=place.folder) in finding.remedy
    assert finding.where in (place.path.name, str(place.cache), str(place.data_dir))
    assert (finding.mend is not None) == mendable
    for said in (finding.sentence, finding.remedy):
        assert "\n" not in said and "Traceback" not in said and len(said) < 200
    assert bytes_of(place.folder.parent) == before


@pytest.mark.parametrize("case", [case for case, (*_, mendable) in DAMAGES.items() if mendable])
def test_what_is_mended_is_sound_afterwards_and_no_good_byte_is_gone(place, case):
    sound = bytes_of(place.folder.parent)
    DAMAGES[case][0](place)
    harmed = bytes_of(place.folder.parent)
    doctor.mend(examine(place))
    left = examine(place)
    # A run whose end could not be read is one to resume; that is all there is to it.
    assert [finding.kind for finding in left if finding.kind != "interrupted"] == []
    after = bytes_of(place.folder.parent)
    kept = set(after.values())
    for name, data in harmed.items():
        # A cache can be made anew, and a hash belongs to the file that it lies beside.
        if sound.get(name) == data and "cache" not in name and not name.endswith(".sha256"):
            assert data in kept, name


def test_restored_weights_are_those_of_the_epoch_before_and_restored_losses_those_that_were_there(place):
    before = runs.read(place.path).epochs
    flip(place.path / "last.pt")
    damaged = (place.path / "last.pt").read_bytes()
    doctor.mend(examine(place))
    assert weights.load(RunFolder(place.path), "last")["epoch"] == 1
    assert (place.path / "last.pt.damaged").read_bytes() == damaged
    weights.restore_best(runs.read(place.path))
    assert weights.load(RunFolder(place.path), "best")["epoch"] == 1
    weights.save(RunFolder(place.path), "last", {"epoch": 2, "epochs": list(before), "model": {}})
    (place.path / "metrics.json").write_text("{")
    doctor.mend(examine(place))
    assert runs.read(place.path).epochs == before


def test_best_weights_of_another_epoch_than_the_last_are_not_made_up(place):
    record = json.loads((place.path / "metrics.json").read_text())
    record["epochs"][0]["train_loss"] = 0.5  # the first epoch was the best
    (place.path / "metrics.json").write_text(json.dumps(record))
    (place.path / "best.pt").unlink()
    [finding] = examine(place)
    assert finding.mend is None
    assert finding.remedy.startswith("Give --weights last")


def test_what_somebody_is_at_work_on_is_left_alone(place):
    (place.path / ".last.pt.77.tmp").touch()  # a moment old
    assert examine(place) == []
    aged(place.path / ".last.pt.77.tmp")
    flip(place.path / "last.pt")
    (place.cache / "meta.json").unlink()
    with FileLock(place.path / "lock"), FileLock(place.cache.with_name(f"{place.cache.name}.lock")):
        assert examine(place) == []


def test_a_process_that_lives_and_says_nothing_is_named_not_called_dead(place):
    RunFolder(place.path).write_progress({"updated": time.time() - 3600, "epoch": 2})
    (place.path / "outcome.json").unlink()
    with FileLock(place.path / "lock"):
        [finding] = examine(place)
    assert (finding.kind, finding.mend) == ("silent", None)
    assert finding.sentence == "Its process lives, but has said nothing for 60 minutes."


@pytest.mark.parametrize(
    ("lock", "kind"), [("{run}/notes.lock", "held-lock"), (".slots/0.lock", "held-slot")], ids=["notes", "slot"]
)
def test_a_lock_that_nobody_should_hold_is_named(place, lock, kind):
    file = place.folder / lock.format(run=place.path.name)
    file.parent.mkdir(exist_ok=True)
    with FileLock(file):
        [finding] = examine(place)
    assert (finding.kind, finding.mend) == (kind, None)
    assert examine(place) == []


def test_little_room_and_a_folder_that_may_not_be_written_are_named(place, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=5_000_000))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    found = examine(place)
    assert {(finding.kind, finding.where) for finding in found} == {
        (kind, str(folder)) for kind in ("little-room", "not-writable") for folder in (place.folder, place.data_dir)
    }
    assert "5 MB left" in found[0].sentence


@pytest.mark.parametrize(("source", "kind"), [(None, "no-source"), ("x = 1", "damaged-source")])
def test_a_lost_or_foreign_source_is_named_and_written_again_where_it_is_trusted(
    place, tmp_path, monkeypatch, source, kind
):
    monkeypatch.setenv("VAEDASH_DATA", str(tmp_path / "own-data"))
    arch = own_arch.kept(tmp_path)
    changed(place.path / "config.json", arch=arch)
    kept = place.path / "arch.py"
    if source:
        kept.write_text(source)
    [finding] = doctor.examine(place.folder, place.data_dir)
    assert finding.kind == kind and finding.mend is not None and finding.sentence.startswith("arch.py is ")
    trusted = own.kept_at(arch).read_bytes()
    own_arch.forgotten(arch)
    [unmended] = doctor.examine(place.folder, place.data_dir)
    assert unmended.mend is None and "Put the right one" in unmended.remedy
    own.trust(arch, trusted)
    doctor.mend([finding])
    assert kept.read_text() == own_arch.SOURCE and doctor.examine(place.folder, place.data_dir) == []


def test_what_comes_without_weights_is_no_damage(place):
    for file in place.path.glob("*.pt*"):
        file.unlink()
    assert examine(place) == []


GARBAGE = (
    b"",
    b"\x00" * 99,
    b"null",
    b"[]",
    b"{}",
    b"7",
    b'{"schema": 1, "epochs": [1], "starts": [1], "updated": {}}',
)


def test_whatever_there_is_in_the_place_of_a_file_the_doctor_names_it_and_breaks_nothing(place):
    every = [file for file in place.folder.parent.rglob("*") if file.is_file() and "lock" not in file.name]
    assert len(every) > 12
    for file in every:
        kept = file.read_bytes()
        for data in GARBAGE:
            file.write_bytes(data)
            assert all(finding.sentence for finding in examine(place))
        file.unlink()
        file.mkdir()
        assert all("Errno" not in finding.sentence for finding in examine(place))
        file.rmdir()
        file.write_bytes(kept)
    for folder in (place.path / "samples", place.folder / ".queue", place.folder / ".slots", place.cache):
        shutil.rmtree(folder, ignore_errors=True)
        folder.write_bytes(b"x")
        examine(place)
        assert runs.read(place.path).damage is None
        folder.unlink()
    flip(place.path / "last.pt")
    weights.save(RunFolder(place.path), "best", {"nothing": 0})
    assert {finding.kind for finding in examine(place)} >= {"damaged-weights"}


@pytest.mark.skipif(os.name == "nt", reason="has no pipes with a name")
@pytest.mark.parametrize("impostor", IMPOSTORS)
def test_what_is_no_file_is_named_at_once_with_what_to_do_whatever_it_is_called(place, impostor):
    for name in (*names.FILES, "samples/prior-0001.png"):
        kept = place.path.parent / "kept"
        if (place.path / name).exists():
            (place.path / name).rename(kept)
        IMPOSTORS[impostor](place.path / name)
        with at_once():
            found = examine(place)
        if impostor != "a terabyte" or name.endswith(
            (".json", ".pt", ".npy", ".png")
        ):  # of an empty file, no more is known
            assert [finding for finding in found if finding.sentence.startswith(name) and finding.remedy], name
        (place.path / name).rmdir() if impostor == "a folder" else (place.path / name).unlink()
        if kept.exists():
            kept.rename(place.path / name)
    assert examine(place) == []


def test_pictures_that_a_link_leads_to_are_named_and_mended_by_nobody(place):
    (place.path / "samples").rename(place.folder.parent / "elsewhere")
    (place.folder.parent / "elsewhere" / ".half.png.7.tmp").touch()
    aged(place.folder.parent / "elsewhere" / ".half.png.7.tmp")
    (place.path / "samples").symlink_to(place.folder.parent / "elsewhere")
    [finding] = examine(place)
    assert (finding.kind, finding.mend) == ("no-file", None)
    assert finding.sentence == "samples is a link, and what it leads to is not the run's."


def unlisted(place, name: str) -> doctor.Finding:
    """What is found of a copy of the run under that name."""
    shutil.copytree(place.path, place.folder / name)
    [finding] = examine(place)
    return finding


@pytest.mark.parametrize("name", ["{id} (copy)", "Copy of {id}", "{id}-old", "my best run"])
def test_a_copy_under_another_name_is_named_as_one(place, name):
    finding = unlisted(place, called := name.format(id=place.path.name))
    assert (finding.kind, finding.where) == ("unlisted", called)
    assert f"holds a copy of run {place.path.name}, but its name is no id" in finding.sentence
    assert finding.remedy.startswith("--fix moves it into the folder .aside")
    before = bytes_of(place.folder / called)
    doctor.mend([finding])
    assert examine(place) == [] and bytes_of(place.folder / ".aside" / called) == before
    # Another of that name takes nothing's place.
    doctor.mend([unlisted(place, called)])
    assert {folder.name for folder in (place.folder / ".aside").iterdir()} == {called, f"{called}.2"}


def test_a_copy_that_has_learned_more_than_the_run_is_let_alone(place):
    copy = place.folder / "the longer one"
    shutil.copytree(place.path, copy)
    losses = json.loads((copy / "metrics.json").read_text())["epochs"]
    RunFolder(copy).write_metrics([*losses, losses[-1] | {"epoch": 3}])
    [finding] = examine(place)
    assert finding.remedy.startswith(f"It has more epochs than {place.path.name}: compare the two")
    assert doctor.mend([finding]) == [] and copy.is_dir()


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("the good one", "six small letters and digits"),
        ("{id}x", "six small"),
        ("{id} second try", "{id}"),
        ("{id} backup", "{id}"),
        ("{id} of school", "{id}"),
    ],
)
def test_a_run_whose_folder_was_renamed_is_named_with_what_to_call_it(place, name, to):
    called = name.format(id=place.path.name)
    place.path.rename(place.folder / called)
    [finding] = examine(place)
    assert (finding.kind, finding.where, finding.mend) == ("unlisted", called, None)
    assert finding.remedy.startswith(f"Rename it to {to.format(id=place.path.name)}")


@pytest.mark.parametrize("name", ["{id} (1)", "{id} - Copy", "Copy of {id}", "{id} (copy) (2)", "{id}_2026-11-02"])
def test_a_run_whose_name_says_its_id_alone_is_called_by_it_again(place, name):
    called, before = name.format(id=place.path.name), bytes_of(place.path)
    place.path.rename(place.folder / called)
    [finding] = examine(place)
    assert finding.remedy.startswith(f"--fix renames it to {place.path.name};")
    with FileLock(place.folder / called / "lock"):  # it trains
        assert doctor.mend([finding]) == [] and examine(place)[0].mend is None
    assert doctor.mend([finding]) == [finding]
    assert examine(place) == [] and bytes_of(place.path) == before


def test_a_name_that_another_run_has_is_given_to_nobody_else(place):
    shutil.copytree(place.path, place.folder / "away")
    changed(place.folder / "away" / "config.json", created="2020-01-01T00:00:00+00:00")
    (place.folder / "away").rename(place.folder / f"{place.path.name} (1)")
    [finding] = examine(place)
    assert finding.mend is None and finding.remedy.startswith("Rename it to six small letters and digits")
    # Nor is it where that run came back in the meantime.
    place.path.rename(hidden := place.folder / ".hidden")
    [finding] = examine(place)
    hidden.rename(place.path)
    before = bytes_of(place.folder)
    assert finding.mend and doctor.mend([finding]) == []
    assert bytes_of(place.folder) == before


def test_folders_that_hold_no_run_or_are_hidden_are_nobodys_business(place):
    (place.folder / "my pictures").mkdir()
    (place.folder / "config.json").touch()
    shutil.copytree(place.path, place.folder / ".hidden")
    assert examine(place) == []


def test_a_run_that_is_there_twice_under_two_ids_is_named(place):
    shutil.copytree(place.path, place.folder / "zzzzzz")
    [finding] = examine(place)
    assert (finding.kind, finding.where) == ("twin", "zzzzzz")
    assert f"the same run as {place.path.name}" in finding.sentence
    assert (
        f"restore zzzzzz --runs-dir {place.folder} undoes it" in finding.remedy and "as many epochs" in finding.remedy
    )
    with FileLock(place.folder / "zzzzzz" / "lock"):
        [finding] = examine(place)
        assert "stop it, then archive zzzzzz" in finding.remedy and finding.mend is None
    doctor.mend(examine(place))
    assert examine(place) == []
    assert [run.id for run in runs.list_runs(place.folder)] == [place.path.name]
    # Nor does an archived one hide that there are two others.
    for run_id in ("aaaaaa", "bbbbbb"):
        shutil.copytree(place.path, place.folder / run_id)
    RunFolder(place.folder / "aaaaaa").write_notes(archived=True)
    [finding] = examine(place)
    assert f"the same run as {min('bbbbbb', place.path.name)}" in finding.sentence


def test_of_two_that_are_the_same_run_the_one_that_has_learned_less_is_archived(place):
    shutil.copytree(place.path, place.folder / "zzzzzz")
    losses = json.loads((place.path / "metrics.json").read_text())["epochs"]
    RunFolder(place.folder / "zzzzzz").write_metrics([*losses, losses[-1] | {"epoch": 3}])
    doctor.mend(finding for finding in examine(place) if finding.kind == "twin")
    assert [run.id for run in runs.list_runs(place.folder)] == ["zzzzzz"]


@pytest.mark.parametrize(
    "name",
    [
        "metrics (1).json",
        "metrics (conflict).json",
        "metrics (SCHOOL-7's conflicted copy 2026-11-02).json",
        "metrics.sync-conflict-20261102-101112-ABCDEFG.json",
        "metrics-SCHOOL-7.json",
        "metrics-SCHOOL-7-2.json",
        "metrics - Copy.json",
        "~$metrics.json",
        "metrics_conflict-20261102.json",
        "last (1).pt",
        "last.sync-conflict-20261102-101112-ABCDEFG.pt.sha256",
        "samples/prior-0001 (1).png",
        "samples/originals.sync-conflict-20261102-101112-ABCDEFG.png",
    ],
)
def test_what_a_program_that_syncs_folders_left_is_named(place, name):
    shutil.copyfile(next((place.path / "samples").glob("*.png")), place.path / name)
    [finding] = examine(place)
    assert (finding.kind, finding.where) == ("conflict-copy", place.path.name)
    assert finding.sentence.startswith(f"{name} is no file of a run")
    copied = (place.path / name).read_bytes()
    doctor.mend([finding])
    shutil.copyfile(next((place.path / "samples").glob("*.png")), place.path / name)
    doctor.mend(examine(place))  # where one of that name is aside already
    assert examine(place) == [] and not (place.path / name).exists()
    aside = place.path / "aside" / Path(name).name
    assert {file.name for file in aside.parent.iterdir()} == {aside.name, f"{aside.name}.2"}
    assert aside.read_bytes() == copied


def test_what_is_put_aside_leaves_no_run_by_a_link(place, tmp_path):
    (outside := tmp_path / "outside").mkdir()
    (place.path / "aside").symlink_to(outside)
    shutil.copyfile(place.path / "metrics.json", place.path / "metrics (1).json")
    assert doctor.mend(finding for finding in examine(place) if finding.kind == "conflict-copy") == []
    assert (place.path / "metrics (1).json").exists() and not list(outside.iterdir())


def test_a_run_that_seems_to_train_on_another_machine_is_let_alone(place):
    (place.path / "outcome.json").unlink()
    RunFolder(place.path).add_facts({"host": "another"})
    flip(place.path / "last.pt")
    assert examine(place) == []


def test_of_a_sound_run_each_record_is_read_once_no_picture_is_decoded_and_nobody_waits(place, monkeypatch):
    read, read_json = [], storage.read_json
    monkeypatch.setattr(storage, "read_json", lambda path: read.append(path.name) or read_json(path))
    monkeypatch.setattr(images, "decode_picture", lambda _: pytest.fail("a picture was decoded"))
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waits"))
    assert examine(place) == []
    assert sorted(read) == sorted([names.VIEWS, *schema.CHECKS])


def test_an_empty_place_is_sound(tmp_path):
    assert doctor.examine(tmp_path / "runs", tmp_path / "data") == []
    assert not list(tmp_path.iterdir())


# ---- the command ------------------------------------------------------------------------------------------


def test_the_command_names_what_it_finds_mends_it_when_told_and_says_so_by_its_exit_code(place, capsys):
    places = ["--runs-dir", str(place.folder), "--data-dir", str(place.data_dir)]
    assert cli.main(["doctor", *places]) == 0
    assert capsys.readouterr().out == f"1 run in {place.folder}, images in {place.data_dir}: all sound.\n"
    flip(place.path / "last.pt")
    leave_a_ticket(place)
    assert cli.main(["doctor", *places]) == 1
    said = capsys.readouterr().out
    assert f"{place.path.name}: last.pt of run {place.path.name} is damaged" in said
    assert said.endswith("2 found; --fix mends 2 of them and loses nothing.\n")
    assert cli.main(["doctor", *places, "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert [problem["kind"] for problem in record["found"]] == ["stale-ticket", "damaged-weights"]
    assert set(record["found"][0]) == {"kind", "where", "sentence", "remedy", "mendable"}
    assert cli.main(["doctor", *places, "--fix"]) == 0
    assert f"{place.path.name}: mended. last.pt of run" in capsys.readouterr().out
    assert cli.main(["doctor", *places]) == 0


def test_what_cannot_be_mended_stays_found(place, capsys):
    (place.path / "facts.json").write_text("[]")
    with contextlib.suppress(SystemExit):
        assert cli.main(["doctor", "--fix", "--runs-dir", str(place.folder), "--data-dir", str(place.data_dir)]) == 1
    assert (place.path / "facts.json").read_text() == "[]"
    assert "facts.json is not a JSON object." in capsys.readouterr().out


def test_a_run_that_nobody_here_may_read_is_named_and_the_others_are_examined(place, monkeypatch):
    other = runs.create(place.folder, RunConfig(latent_dim=2)).path
    aged(other / "config.json")
    (other / "metrics.json").write_text("{")
    keep_out(monkeypatch, place.path)
    found = {finding.where: finding for finding in examine(place) if finding.kind in ("not-readable", "damaged-json")}
    assert found[place.path.name].kind == "not-readable" and "permissions" in found[place.path.name].remedy
    assert found[other.name].kind == "damaged-json"


def test_saved_views_that_cannot_be_read_are_named_and_left_alone(place):
    (place.folder / ".views.json").write_text("{")
    [finding] = examine(place)
    assert (finding.kind, finding.mend) == ("damaged-views", None)
    assert finding.sentence.startswith("Saved views cannot be read: is not readable JSON")
    assert finding.remedy.startswith("Move .views.json out of the runs folder")
