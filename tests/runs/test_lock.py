"""Who holds a run: a living process, whatever is said of process ids."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from records import make

from vaedash import places, runs, storage
from vaedash.errors import RunError, VaedashError
from vaedash.runs import RunFolder, queue, tunings, views


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(storage, "_fsync", lambda fd: None)


@contextlib.contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen]:
    """A process that holds the lock of the run at `path`."""
    script = "import sys; from pathlib import Path; from vaedash.runs import RunFolder\n" + (
        "with RunFolder(Path(sys.argv[1])).claim(): print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=places.PROJECT_ROOT,
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


@pytest.mark.parametrize("made", [lambda path: path.symlink_to(path.name), lambda path: path.mkdir()])
@pytest.mark.parametrize(
    ("lock", "deed"),
    [
        (".views.lock", lambda run: views.save(run.path.parent, "mine", "runs=a")),
        (".tuning.lock", lambda run: enter(tunings.claim(run.path.parent))),
        (".slots/0.lock", lambda run: enter(queue.slot(run))),
        ("RUN/notes.lock", lambda run: run.write_notes(name="mine")),
        ("RUN/lock", lambda run: enter(run.claim())),
    ],
)
def test_what_can_be_no_lock_is_said_with_what_to_do(tmp_path, lock, deed, made):
    run = make(tmp_path)
    path = tmp_path / lock.replace("RUN", run.id)
    path.parent.mkdir(exist_ok=True)
    made(path)
    with pytest.raises(VaedashError, match=r"lock .*[Rr]emove it"):
        deed(run)


def enter(context):
    with context:
        pass
