"""Weights on disk: a flipped bit is always found, foreign files run nothing, and no crash leaves a run without its weights."""

import contextlib
import io
import itertools
import os
import pickle
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from impostors import IMPOSTORS, at_once

from vaedash import runs, storage
from vaedash.config import RunConfig
from vaedash.errors import RunError
from vaedash.models import archs
from vaedash.runs import RunFolder, weights
from vaedash.runs.weight_files import WeightFiles


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(storage, "_fsync", lambda fd: None)


@pytest.fixture
def path(tmp_path) -> Path:
    folder = tmp_path / "abcdef"
    folder.mkdir()
    return folder


def state(epoch: int) -> dict:
    """What the trainer saves, but small."""
    return {
        "epoch": epoch,
        "model": {"weight": torch.full((8,), float(epoch))},
        "optimizer": {
            "state": {0: {"step": torch.tensor(float(epoch))}},
            "param_groups": [{"lr": 1e-3, "params": [0]}],
        },
        "epochs": [{"epoch": number, "train_loss": 1 / number} for number in range(1, epoch + 1)],
    }


def save(path: Path, epoch: int, name: str = "last") -> None:
    weights.save(RunFolder(path), name, state(epoch))


def flip(file: Path, bit: int) -> None:
    data = bytearray(file.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    file.write_bytes(data)


def foreign(path: Path, name: str, data: bytes) -> None:
    """Put a file and its right hash there, as somebody would who wanted it to be opened."""
    (path / f"{name}.pt").write_bytes(data)
    (path / f"{name}.pt.sha256").write_text(f"{storage.sha256(data)}  {name}.pt\n")


# ---- there and back -----------------------------------------------------------------------------------------


def test_a_state_reads_back_as_it_was_to_the_bit(path):
    saved = state(3)
    saved["model"]["weight"] = torch.randn(8, generator=torch.Generator().manual_seed(0))
    weights.save(RunFolder(path), "last", saved)
    loaded = weights.load(RunFolder(path), "last")
    assert torch.equal(loaded["model"]["weight"], saved["model"]["weight"])
    assert loaded["epochs"] == saved["epochs"] and loaded["optimizer"]["param_groups"] == [{"lr": 1e-3, "params": [0]}]
    assert loaded["optimizer"]["state"][0]["step"].item() == 3.0


def test_the_hash_beside_a_file_is_what_sha256sum_checks(path):
    save(path, 1)
    save(path, 2)
    save(path, 1, "best")
    for name in ("last", "best"):
        data = (path / f"{name}.pt").read_bytes()
        assert (path / f"{name}.pt.sha256").read_text() == f"{storage.sha256(data)}  {name}.pt\n"
    assert sorted(file.name for file in path.iterdir()) == sorted(
        f"{name}.pt{end}" for name in ("last", "previous", "best") for end in ("", ".sha256")
    )


def test_the_last_two_are_kept(path):
    for epoch in (1, 2, 3):
        save(path, epoch)
    assert [weights.load(RunFolder(path), name)["epoch"] for name in ("last", "previous")] == [3, 2]


def test_what_is_not_there_is_told_apart_from_what_is_damaged(path):
    with pytest.raises(FileNotFoundError):
        weights.load(RunFolder(path), "best")
    assert weights.load_for_resume(RunFolder(path)) == (None, "")


# ---- flipped bits -------------------------------------------------------------------------------------------


def flips_missed(path: Path, count: int) -> int:
    """How many of `count` flipped bits, anywhere in last.pt, go unnoticed; the file is whole again afterwards."""
    sound, missed = (path / "last.pt").read_bytes(), 0
    for bit in random.Random(4).sample(range(8 * len(sound)), count):
        flip(path / "last.pt", bit)
        try:
            weights.load(RunFolder(path), "last")
            missed += 1
        except RunError as error:
            missed += not str(error).startswith("last.pt of run abcdef is damaged: its bytes do not match the SHA-256")
        (path / "last.pt").write_bytes(sound)
    return missed


def test_a_flipped_bit_is_found_wherever_it_is_and_the_previous_state_is_used_with_a_sentence(path, promise):
    promise("R8", cases=1000)
    save(path, 1)
    save(path, 2)
    assert flips_missed(path, 1000) == 0
    every = range(8 * (path / "last.pt").stat().st_size)
    flip(path / "last.pt", 12345 % len(every))
    used, said = weights.load_for_resume(RunFolder(path))
    assert used["epoch"] == 1
    assert said == (
        "last.pt of run abcdef is damaged: its bytes do not match the SHA-256 kept beside it. "
        "Going on from what was sound before it."
    )


class Anything:
    """A set that has everything in it."""

    def __contains__(self, item: object) -> bool:
        return True


def test_a_reader_without_a_checksum_is_noticed(path, monkeypatch, promise):
    promise("R17")
    save(path, 1)
    monkeypatch.setattr(WeightFiles, "digests", lambda _: Anything())
    assert flips_missed(path, 100) > 0


def test_a_flipped_bit_in_a_hash_never_lets_other_bytes_pass(path):
    save(path, 1)
    save(path, 2)
    sound = (path / "last.pt.sha256").read_bytes()
    for bit in range(8 * len(sound)):
        flip(path / "last.pt.sha256", bit)
        used, said = weights.load_for_resume(RunFolder(path))
        assert (used["epoch"], bool(said)) in ((2, False), (1, True))
        assert (used["epoch"] == 1) == (bit < 8 * 64)  # after the digest comes the name
        (path / "last.pt.sha256").write_bytes(sound)


@pytest.mark.parametrize("length", [0, 1, 100, -1])
def test_a_file_cut_short_is_damaged(path, length):
    save(path, 1)
    (path / "last.pt").write_bytes((path / "last.pt").read_bytes()[:length])
    with pytest.raises(RunError, match="damaged"):
        weights.load(RunFolder(path), "last")
    used, said = weights.load_for_resume(RunFolder(path))
    assert used is None and "last.pt of run abcdef is damaged" in said


def test_a_file_without_a_hash_is_not_trusted(path):
    save(path, 1)
    (path / "last.pt.sha256").unlink()
    with pytest.raises(RunError, match="damaged"):
        weights.load(RunFolder(path), "last")


def test_a_damaged_state_never_takes_the_place_of_a_sound_one(path):
    for epoch in (1, 2):
        save(path, epoch)
    flip(path / "last.pt", 4000)
    save(path, 2)  # trained again, from epoch 1
    assert [weights.load(RunFolder(path), name)["epoch"] for name in ("last", "previous")] == [2, 1]


def test_every_byte_goes_through_the_one_door_where_crashes_are_tried(path, monkeypatch):
    moved = set()
    rename = storage._rename
    monkeypatch.setattr(storage, "_rename", lambda source, target: moved.add(target) or rename(source, target))
    for epoch in (1, 2):
        for name in ("last", "best"):
            save(path, epoch, name)
            assert set(path.iterdir()) == moved


# ---- crashes ------------------------------------------------------------------------------------------------


class Crash(BaseException):
    """The power goes: nothing that would tidy up is to be relied on."""


class Faults:
    """Lets a crash come just before the k-th operation on the disk."""

    def __init__(self, monkeypatch) -> None:
        self.left = -1
        for name in ("_write", "_fsync", "_rename"):
            monkeypatch.setattr(storage, name, self._wrapped(getattr(storage, name)))
        monkeypatch.setattr(Path, "unlink", self._wrapped(Path.unlink, counted=False))

    def _wrapped(self, primitive, *, counted: bool = True):
        def call(*arguments, **options):
            if self.left == 0:  # it is dead already
                raise Crash
            if not counted:
                return primitive(*arguments, **options)
            self.left -= 1
            if self.left == 0:
                raise Crash
            return primitive(*arguments, **options)

        return call

    def crash(self, write: Callable[[], None], *, at: int) -> bool:
        """Whether `write` got as far as its `at`-th operation, where it crashed."""
        self.left = at
        try:
            write()
        except Crash:
            return True
        finally:
            self.left = -1
        return False


@pytest.fixture
def faults(monkeypatch) -> Faults:
    return Faults(monkeypatch)


def instants(faults: Faults, folder: Path, write: Callable[[], None]) -> Iterator[None]:
    """`folder` as a crash leaves it at every instant of `write`, one after the other."""
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    for at in range(1, 100):
        if not faults.crash(write, at=at):
            break
        yield
        for file in folder.iterdir():
            file.unlink()
        for name, data in before.items():
            (folder / name).write_bytes(data)
    assert 8 < at < 90


@pytest.mark.parametrize("epochs", [[], [1], [1, 2], [1, 2, 3]])
def test_a_crash_at_any_instant_of_saving_the_last_leaves_a_sound_one(path, faults, epochs):
    for epoch in epochs:
        save(path, epoch)
    seen = set()
    for _ in instants(faults, path, lambda: save(path, len(epochs) + 1)):
        used, said = weights.load_for_resume(RunFolder(path))
        assert said == ""  # nothing is damaged, so nobody is told that something was
        seen.add(used and used["epoch"])
    assert seen == {len(epochs) or None, len(epochs) + 1}


def test_a_crash_upon_a_crash_still_leaves_a_sound_one(path, faults, tmp_path):
    for epoch in (1, 2):
        save(path, epoch)
    for _ in instants(faults, path, lambda: save(path, 3)):
        resumed = weights.load_for_resume(RunFolder(path))[0]["epoch"]
        inner = shutil.copytree(path, tmp_path / "inner" / "abcdef")
        for _ in instants(faults, inner, lambda: save(inner, resumed + 1)):  # noqa: B023
            used, said = weights.load_for_resume(RunFolder(inner))
            assert used["epoch"] in (resumed, resumed + 1) and said == ""
        shutil.rmtree(tmp_path / "inner")


def test_a_crash_while_a_damaged_last_is_replaced_leaves_the_sound_previous(path, faults):
    for epoch in (1, 2):
        save(path, epoch)
    flip(path / "last.pt", 4000)
    seen = set()
    for _ in instants(faults, path, lambda: save(path, 2)):
        used, said = weights.load_for_resume(RunFolder(path))
        assert (used["epoch"], bool(said)) in ((1, True), (2, False))
        seen.add(used["epoch"])
    assert seen == {1, 2}


@pytest.mark.parametrize("before", [None, 1])
def test_a_crash_at_any_instant_of_saving_the_best_leaves_the_old_one_or_the_new_one(path, faults, before):
    if before:
        save(path, before, "best")
    seen = set()
    for _ in instants(faults, path, lambda: save(path, 2, "best")):
        with contextlib.suppress(FileNotFoundError):
            seen.add(weights.load(RunFolder(path), "best")["epoch"])
    assert seen == ({1, 2} if before else {2})


@pytest.mark.parametrize("name", ["last", "best"])
def test_a_full_disk_leaves_what_was_there_usable(path, monkeypatch, name):
    save(path, 1, name)
    for at in itertools.count(1):
        calls = itertools.count(1)
        write = os.write

        def full(fd, data, calls=calls, at=at, write=write):
            if next(calls) >= at:
                raise OSError(28, "No space left on device")
            return write(fd, data)

        monkeypatch.setattr(storage, "_write", full)
        with contextlib.suppress(OSError):
            save(path, 2, name)
            break
        used = weights.load_for_resume(RunFolder(path))[0] if name == "last" else weights.load(RunFolder(path), "best")
        assert used["epoch"] in (1, 2)
        assert not list(path.glob(".*"))
    assert at > 2


# ---- foreign files ------------------------------------------------------------------------------------------


class Evil:
    """Makes a folder when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


def torch_file(value: object, *, zipped: bool = True) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=zipped)
    return buffer.getvalue()


FOREIGN: dict[str, Callable[[Evil], bytes]] = {
    "a pickle": pickle.dumps,
    "an old pickle": lambda evil: pickle.dumps(evil, protocol=0),
    "a torch file": torch_file,
    "an old torch file": lambda evil: torch_file(evil, zipped=False),
    "a torch file among weights": lambda evil: torch_file({**state(1), "schema": 1, "extra": evil}),
    "a torch file in the optimizer": lambda evil: torch_file({**state(1), "schema": 1, "optimizer": {"lr": evil}}),
    "a whole module": lambda evil: torch_file(torch.nn.Linear(2, 2)),
    "text": lambda evil: b"hello",
    "nothing": lambda evil: b"",
    "half a torch file": lambda evil: torch_file(state(1))[:700],
    "noise": lambda evil: random.Random(1).randbytes(2000),
}


@pytest.mark.parametrize("hashed", [True, False])
@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_file_runs_nothing_and_is_told_in_one_sentence(path, kind, hashed, promise):
    promise("R12")
    marker = path.parent / "it ran"
    foreign(path, "last", FOREIGN[kind](Evil(marker)))
    if not hashed:
        (path / "last.pt.sha256").write_text(f"{'0' * 64}  last.pt\n")
    with pytest.raises(RunError) as caught:
        weights.load(RunFolder(path), "last")
    assert not marker.exists()
    said = str(caught.value)
    assert said.startswith("last.pt of run abcdef is ") and said.endswith(".") and "\n" not in said
    assert said.count(". ") == 0
    for advice in ("weights_only", "torch", "safe_globals", "pickle"):
        assert advice not in said
    assert said == (
        "last.pt of run abcdef is not a checkpoint of vaedash."
        if hashed
        else "last.pt of run abcdef is damaged: its bytes do not match the SHA-256 kept beside it."
    )


def test_the_foreign_files_would_run_if_they_were_let(tmp_path):
    pickle.loads(FOREIGN["a pickle"](Evil(tmp_path / "it ran")))
    assert (tmp_path / "it ran").is_dir()


@pytest.mark.parametrize("value", [{"state_dict": {}}, {**state(1), "schema": 2}, [1, 2], torch.zeros(3), None])
def test_tensors_of_another_program_are_told_so(path, value, promise):
    promise("R12")
    foreign(path, "last", torch_file(value))
    with pytest.raises(RunError) as caught:
        weights.load(RunFolder(path), "last")
    assert str(caught.value) == "last.pt of run abcdef was not written by this version of vaedash."


# ---- models -------------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path) -> runs.Run:
    return runs.create(tmp_path / "runs", RunConfig(arch="conv", latent_dim=2))


@pytest.mark.skipif(os.name == "nt", reason="has no pipes with a name")
@pytest.mark.parametrize("impostor", IMPOSTORS)
def test_weights_that_are_no_file_are_refused_at_once_in_one_sentence(run, impostor, promise):
    promise("R12")
    save(run.path, 1)
    IMPOSTORS[impostor](run.path / "best.pt")
    with at_once(), pytest.raises(RunError) as caught:
        weights.load_model(run)
    assert str(caught.value).startswith(f"best.pt of run {run.id} is ")
    assert str(caught.value).endswith("; python -m vaedash doctor says what can be done.")
    assert weights.load(run, "last")["epoch"] == 1


@pytest.mark.skipif(os.name == "nt", reason="has no pipes with a name")
@pytest.mark.parametrize("impostor", [impostor for impostor in IMPOSTORS if impostor != "a folder"])
def test_what_is_no_file_never_takes_the_place_of_a_sound_state(path, impostor):
    for epoch in (1, 2):
        save(path, epoch)
    (path / "last.pt").unlink()
    IMPOSTORS[impostor](path / "last.pt")
    with at_once():
        used, said = weights.load_for_resume(RunFolder(path))
        assert used["epoch"] == 1 and said.startswith("last.pt of run abcdef is ")
        save(path, 2)
    assert [weights.load(RunFolder(path), name)["epoch"] for name in ("last", "previous")] == [2, 1]


def test_a_model_is_loaded_ready_for_use_with_its_epoch(run):
    trained = archs.build(RunConfig(arch="conv", latent_dim=2))
    weights.save(run, "best", {"epoch": 4, "model": trained.state_dict()})
    weights.save(run, "last", {**state(7), "model": archs.build(RunConfig(arch="conv", latent_dim=2)).state_dict()})
    model, epoch = weights.load_model(run)
    assert epoch == 4 and not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert all(torch.equal(value, trained.state_dict()[key]) for key, value in model.state_dict().items())
    assert weights.load_model(run, which="last")[1] == 7


def test_a_run_without_weights_names_those_that_have_some(run):
    with pytest.raises(RunError) as caught:
        weights.load_model(run)
    assert str(caught.value) == f"Run {run.id} has no weights yet. No run has any yet: train one first."
    other = runs.create(run.path.parent, RunConfig())
    save(other.path, 1, "best")
    with pytest.raises(RunError) as caught:
        weights.load_model(run)
    assert str(caught.value) == f"Run {run.id} has no weights yet. Runs with weights: {other.id}."
    with pytest.raises(RunError, match=r"No run has any yet: train one first\.$"):
        weights.load_model(run, which="last")


@pytest.mark.parametrize(
    "record",
    [
        {"epoch": 1, "model": archs.build(RunConfig(arch="conv", latent_dim=3)).state_dict()},
        {"epoch": 1, "model": {"weight": torch.zeros(2)}},
        {"epoch": 1, "model": [1, 2]},
        {"epoch": 1},
        {"model": archs.build(RunConfig(arch="conv", latent_dim=2)).state_dict()},
    ],
    ids=["another size", "another model", "no model", "nothing", "no epoch"],
)
def test_the_weights_of_another_model_are_told_so(run, record):
    weights.save(run, "best", record)
    with pytest.raises(RunError) as caught:
        weights.load_model(run)
    assert (
        str(caught.value)
        == f"best.pt of run {run.id} holds the weights of another model: put its own back, or train anew."
    )


def test_the_model_of_a_damaged_run_is_refused_with_what_is_wrong(run):
    (run.path / "config.json").write_bytes(b"{")
    with pytest.raises(RunError, match=rf"^Run {run.id} is damaged\. Cannot be read: config\.json"):
        weights.load_model(run.reread())
