"""The one door to the disk: whatever breaks, and at whatever operation, a file is the old one or the new one, whole."""

import errno
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from vaedash import storage

PRIMITIVES = ("_write", "_fsync", "_rename")
OLD, NEW = b"old " * 9, b"brand new " * 5
PIECE = 16  # bytes that _write takes at once in these tests: a short write is allowed, and happens


class Faults:
    """Counts the primitives that are called, and breaks the k-th one, before, within or after its work."""

    def __init__(self, monkeypatch) -> None:
        self.calls: list[str] = []
        self.at, self.when, self.fail = 0, "before", lambda: None
        for name in PRIMITIVES:
            monkeypatch.setattr(storage, name, self._wrapped(name, getattr(storage, name)))

    def arm(self, at: int, when: str, fail: Callable[[], None]) -> None:
        self.calls, self.at, self.when, self.fail = [], at, when, fail

    def _wrapped(self, name: str, primitive):
        def call(*arguments):
            self.calls.append(name)
            due = len(self.calls) == self.at
            if name == "_write":
                arguments = (arguments[0], arguments[1][:PIECE])
            if due and self.when == "before":
                self.fail()
            if due and self.when == "within" and name == "_write":
                primitive(arguments[0], arguments[1][: PIECE // 2])
                self.fail()
            result = primitive(*arguments)
            if due:
                self.fail()
            return result

        return call


@pytest.fixture
def faults(monkeypatch) -> Faults:
    return Faults(monkeypatch)


def full_disk() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def count(faults: Faults, write: Callable[[], None]) -> int:
    faults.arm(0, "before", lambda: None)
    write()
    return len(faults.calls)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


# ---- the order of things ---------------------------------------------------------------------------------


def test_bytes_reach_the_disk_before_the_name_and_the_name_before_the_return(tmp_path, faults):
    storage.write_bytes(tmp_path / "a", b"x" * (2 * PIECE))
    assert faults.calls == ["_write", "_write", "_fsync", "_rename", "_fsync"]


def test_what_may_be_lost_does_not_wait_for_the_disk(tmp_path, faults):
    storage.write_bytes(tmp_path / "a", b"x", durable=False)
    assert faults.calls == ["_write", "_rename"]


def test_the_file_and_then_its_folder_are_synced(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(storage, "_fsync", lambda fd: synced.append(Path(f"/proc/self/fd/{fd}").readlink()))
    if not Path("/proc/self/fd").exists():
        pytest.skip("this system does not say which file a descriptor is of")
    storage.write_bytes(tmp_path / "a", b"x")
    assert [path.parent for path in synced] == [tmp_path, tmp_path.parent]


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 40])
def test_what_is_written_is_there_and_nothing_else(tmp_path, faults, data):
    for _ in range(2):
        storage.write_bytes(tmp_path / "a", data)
    assert (tmp_path / "a").read_bytes() == data
    assert names(tmp_path) == ["a"]


# ---- broken at every operation ----------------------------------------------------------------------------


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("when", ["before", "within", "after"])
def test_a_full_disk_at_any_operation_leaves_a_whole_file_and_no_temporary_one(tmp_path, faults, when, durable):
    target = tmp_path / "a"

    def write() -> None:
        storage.write_bytes(target, NEW, durable=durable)

    for k in range(1, count(faults, write) + 1):
        target.write_bytes(OLD)
        faults.arm(k, when, full_disk)
        with pytest.raises(OSError, match="No space left"):
            write()
        moved = "_rename" in (faults.calls[:-1] if when == "before" else faults.calls)
        assert target.read_bytes() == (NEW if moved else OLD)
        assert names(tmp_path) == ["a"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("old", [OLD, None])
@pytest.mark.parametrize("when", ["before", "within", "after"])
def test_a_kill_at_any_operation_leaves_the_old_file_or_the_new_one(tmp_path, faults, when, old):
    target = tmp_path / "a"
    seen = set()

    def write() -> None:
        storage.write_bytes(target, NEW)

    for k in range(1, count(faults, write) + 1):
        target.unlink(missing_ok=True)
        if old is not None:
            target.write_bytes(old)
        faults.arm(k, when, lambda: os._exit(9))
        child = os.fork()
        if child == 0:
            write()
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        seen.add(target.read_bytes() if target.exists() else None)
    assert seen == {old, NEW}


def test_a_folder_that_cannot_be_written_raises_and_changes_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        storage.write_bytes(tmp_path / "missing" / "a", b"x")
    assert names(tmp_path) == []


def test_an_interrupt_leaves_no_temporary_file(tmp_path, faults):
    (tmp_path / "a").write_bytes(OLD)

    def ctrl_c() -> None:
        raise KeyboardInterrupt

    faults.arm(2, "before", ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        storage.write_bytes(tmp_path / "a", NEW)
    assert names(tmp_path) == ["a"] and (tmp_path / "a").read_bytes() == OLD


def test_a_reader_never_sees_half_a_file(tmp_path):
    path = tmp_path / "metrics.json"
    values = [{"epochs": [number] * 500} for number in range(60)]
    storage.write_json(path, values[0], durable=False)
    writer = threading.Thread(target=lambda: [storage.write_json(path, value, durable=False) for value in values])
    writer.start()
    seen = 0
    while writer.is_alive():
        assert len(set(storage.read_json(path)["epochs"])) == 1
        seen += 1
    writer.join()
    assert seen and storage.read_json(path) == values[-1]


def test_a_move_replaces_its_target_in_one_step(tmp_path, faults):
    (tmp_path / "a").write_bytes(NEW)
    (tmp_path / "b").write_bytes(OLD)
    storage.replace(tmp_path / "a", tmp_path / "b")
    assert faults.calls == ["_rename", "_fsync"]
    assert names(tmp_path) == ["b"] and (tmp_path / "b").read_bytes() == NEW


# ---- strict JSON ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_json_cannot_say_is_refused_and_the_old_file_stays(tmp_path, value):
    path = tmp_path / "a.json"
    storage.write_json(path, {"loss": 1.5})
    with pytest.raises(ValueError, match="not JSON compliant"):
        storage.write_json(path, {"loss": [value]})
    assert storage.read_json(path) == {"loss": 1.5} and names(tmp_path) == ["a.json"]


def test_a_value_reads_back_as_it_was_to_the_last_bit(tmp_path):
    value = {"loss": 0.1 + 0.2, "name": "Fräulein 🙂 ÿ", "many": [1, None, True, {"x": 1e-300}]}
    storage.write_json(tmp_path / "a.json", value)
    assert storage.read_json(tmp_path / "a.json") == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a": 1,}',
        b'{"a": 1} x',
        b"NaN",
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": -1e999}',
        b'{"a": ' + b"9" * 400 + b"}",
        b'{"a": ' + b"9" * 5000 + b"}",
        b'"\xff\xfe"',
        b"\x00" * 64,
        b"[" * 200_000,
    ],
    ids=lambda data: repr(data[:14]),
)
def test_what_is_not_strict_json_is_named_in_one_sentence(tmp_path, data):
    (tmp_path / "metrics.json").write_bytes(data)
    with pytest.raises(ValueError, match=r"^metrics\.json is not readable JSON \(.*\)$"):
        storage.read_json(tmp_path / "metrics.json")


def test_what_is_not_there_is_told_apart_from_what_is_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        storage.read_json(tmp_path / "metrics.json")


def test_the_digest_is_sha256():
    assert storage.sha256(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert storage.sha256(NEW) == hashlib.sha256(NEW).hexdigest()
