"""Runs in processes of their own: out of their launcher's reach, one a run, and in turns."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock
from outcomes import differences, losses_of, strict_json
from patience import PATIENCE, until

from vaedash import config, places
from vaedash.errors import RunError
from vaedash.runs import queue
from vaedash.training import launch, process

pytestmark = pytest.mark.usefixtures("one_core")
WAITER = places.PROJECT_ROOT / "tests" / "support" / "waiter.py"
posix = pytest.mark.skipif(os.name == "nt", reason="forks, signals and /proc")


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[contextlib.ExitStack]:
    """Both slots are taken until it is closed."""
    (tmp_path / "runs" / ".slots").mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        for number in range(config.SLOTS):
            stack.enter_context(FileLock(tmp_path / "runs" / ".slots" / f"{number}.lock"))
        yield stack


@posix
def test_a_launched_process_is_on_its_own_and_can_be_stopped_while_it_waits(tiny, create, data_dir, busy):
    listening = socket.create_server(("localhost", 0))
    listening.set_inheritable(True)  # as Streamlit's is
    run = create(tiny())
    [process] = launch.start([run], data_dir=data_dir)
    until(lambda: run.held)
    assert run.reread().status == "queued"
    assert os.getsid(process.pid) == process.pid  # out of reach of a Ctrl-C in this terminal
    listening_inode = os.fstat(listening.fileno()).st_ino
    if Path("/proc").is_dir():
        inodes = {os.stat(file).st_ino for file in Path(f"/proc/{process.pid}/fd").iterdir() if file.exists()}
        assert listening_inode not in inodes
    listening.close()

    with pytest.raises(RunError, match=f"Run {run.id} is queued already"):
        launch.start([run], data_dir=data_dir)
    with pytest.raises(RunError, match=f"Run {run.id} is queued already"):
        launch.resume(run.reread(), data_dir=data_dir)

    run.request_stop()
    assert process.wait(PATIENCE) == 0
    run = run.reread()
    assert (run.status, run.sentence) == ("stopped", "Stopped on request while it waited for its turn.")
    assert queue.tickets(run.path.parent) == []
    assert "torch" not in (run.path / "train.log").read_text()


def test_a_process_is_started_without_the_launchers_files_and_terminal(monkeypatch, tiny, create, data_dir):
    started = []
    popen = lambda command, **how: started.append((command, how)) or SimpleNamespace(wait=lambda: 0)  # noqa: E731
    monkeypatch.setattr(subprocess, "Popen", popen)
    run = create(tiny())
    launch.start([run], data_dir=data_dir)
    [(command, how)] = started
    assert command[1:] == ["-m", "vaedash.training.process", str(run.path), "--data-dir", str(data_dir)]
    assert how["close_fds"] is True
    assert how["stdin"] == subprocess.DEVNULL
    assert how.get("start_new_session") is (True if os.name != "nt" else None)
    assert int(how["env"]["GOMP_SPINCOUNT"]) > 0


def test_a_second_process_on_a_run_is_refused_and_changes_nothing(tiny, create, data_dir):
    run = create(tiny())
    before = sorted(run.path.iterdir())
    with FileLock(run.path / "lock"), pytest.raises(RunError, match="is trained by another process already"):
        process.work(run, data_dir)
    assert [file for file in sorted(run.path.iterdir()) if file.name != "lock"] == before


@posix
def test_runs_take_turns_oldest_first_and_never_more_than_there_are_slots(tiny, create, busy):
    waiting = [create(tiny(seed=seed)) for seed in range(6)]
    for run in waiting:
        queue.enqueue(run)
    # The processes come in another order than the tickets; the third dies in its slot, which frees it.
    processes = [
        subprocess.Popen(
            [sys.executable, str(WAITER), str(run.path), "dies" if run == waiting[2] else "lives"],
            env={**os.environ, "PYTHONPATH": str(places.PROJECT_ROOT)},
        )
        for run in reversed(waiting)
    ]
    until(lambda: all(run.held for run in waiting))
    busy.close()
    assert [process.wait(PATIENCE) for process in processes] == [0, 0, 0, -signal.SIGKILL, 0, 0]

    diary = [line.split() for line in (waiting[0].path.parent / "diary").read_text().splitlines()]
    inside, not_yet = set(), [run.id for run in waiting]
    for what, name, sharing in diary:
        if what == "enters":
            inside.discard(waiting[2].id)  # its death is not in the diary
            inside.add(name)
            assert not_yet.index(name) < config.SLOTS  # where two slots are free, two may enter in either order
            not_yet.remove(name)
            assert sharing == "2" or not not_yet
        else:
            inside.remove(name)
        assert len(inside) <= config.SLOTS
    assert not_yet == []
    assert queue.tickets(waiting[0].path.parent) == []


def test_a_run_counts_who_shares_the_machine_with_it(tiny, create):
    one, other = create(tiny(arch="fc")), create(tiny())
    queue.enqueue(one)
    with queue.slot(one) as sharing:
        assert sharing == 1
        queue.enqueue(other)
        with queue.slot(other) as sharing:
            assert sharing == 2
    for run in (one, other):
        queue.enqueue(run)
    with queue.slot(one) as sharing:  # the other has not begun, but it will
        assert sharing == 2


@pytest.mark.slow
@posix
def test_a_real_process_killed_in_its_training_goes_on_bit_for_bit(monkeypatch, tiny, create, trained, data_dir):
    monkeypatch.undo()  # the cores that there are, as the process has them
    run = create(tiny(epochs=1000))
    (run.path.parent / ".slots").mkdir()
    with FileLock(
        run.path.parent / ".slots" / "0.lock"
    ):  # beside it another run trains, which leaves it half of the cores
        [child] = launch.start([run], data_dir=data_dir)
        until(lambda: len(run.reread().epochs) >= 2)
        child.kill()
        child.wait()
        run = run.reread()
        done = len(run.epochs)
        assert run.facts[0]["threads"] == max(1, places.cores() // 2)
        assert not run.held
        assert queue.tickets(run.path.parent) == []
        # One epoch more is enough to see.
        record = strict_json(run.path / "config.json") | {"epochs": done + 1}
        (run.path / "config.json").write_text(json.dumps(record))
        run.reopen()
        assert process.work(run, data_dir) == "finished"
        resumed = run.reread()
        assert resumed.facts[-1]["resumed_after_epoch"] >= done  # a checkpoint may be ahead of what was announced
        assert losses_of(resumed)[:done] == losses_of(run)
    monkeypatch.setattr(places, "cores", lambda: run.facts[0]["threads"])
    assert differences(trained(tiny(epochs=done + 1)), resumed) == []
