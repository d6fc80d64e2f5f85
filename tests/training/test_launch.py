"""Many launches at once, and what a launched process must not take along."""

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from patience import PATIENCE, until

from vaedash import config, places, runs
from vaedash.config import RunConfig
from vaedash.runs import Run, queue
from vaedash.training import launch

posix = pytest.mark.skipif(os.name == "nt", reason="forks and signals")

LAUNCHER = places.PROJECT_ROOT / "tests" / "support" / "launcher.py"


@posix
def test_two_hundred_launches_from_eight_processes_at_once_each_get_an_id_and_a_turn(tmp_path, promise):
    launchers, each = 8, 25
    folder = tmp_path / "runs"
    folder.mkdir()
    asked = [
        subprocess.Popen(
            [sys.executable, str(LAUNCHER), str(folder), str(number), str(each)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(places.PROJECT_ROOT)},
        )
        for number in range(launchers)
    ]
    for process in asked:
        assert process.stdout.readline() == "ready\n"
    for process in asked:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=PATIENCE)[0].split() for process in asked]
    assert [process.returncode for process in asked] == [0] * launchers

    ids = [run_id for answer in answers for run_id in answer]
    launched = runs.list_runs(folder)
    assert len(ids) == len(set(ids)) == launchers * each
    assert {run.id for run in launched} == set(ids)
    assert {run.status for run in launched} == {"finished"}
    assert len({run.config.seed for run in launched}) == launchers * each

    diary = [line.split() for line in (folder / "diary").read_text().splitlines()]
    inside: set[str] = set()
    for what, run_id in diary:
        inside ^= {run_id}
        assert (run_id in inside) == (what == "enters")
        assert len(inside) <= config.SLOTS
    assert sorted(run_id for what, run_id in diary if what == "enters") == sorted(ids)
    assert queue.tickets(folder) == []
    promise("R10", cases=launchers * each)


# ---- what a process inherits ------------------------------------------------------------------------------


def port_stays_taken(run: Run, data_dir: Path) -> bool:
    """Whether a launched process keeps the port of a server that launched it and is gone."""
    queue.slots(run.path.parent)[0].parent.mkdir()
    with contextlib.ExitStack() as stack:
        for lock in queue.slots(run.path.parent):  # so that it waits, and never trains
            stack.enter_context(FileLock(lock))
        listening = socket.create_server(("localhost", 0))
        listening.set_inheritable(True)  # as Streamlit's is
        port = listening.getsockname()[1]
        [process] = launch.start([run], data_dir=data_dir)
        try:
            until(lambda: run.held or process.poll() is not None)
            assert process.poll() is None
            listening.close()
            try:
                socket.create_server(("localhost", port)).close()
            except OSError:
                return True
            return False
        finally:
            process.kill()
            process.wait()


@posix
def test_a_launched_process_does_not_keep_the_servers_port(tmp_path):
    assert not port_stays_taken(runs.create(tmp_path, RunConfig()), tmp_path)


@posix
def test_a_process_that_inherits_files_is_noticed(tmp_path, monkeypatch, promise):
    promise("R17")
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda command, **how: popen(command, **how | {"close_fds": False}))
    assert port_stays_taken(runs.create(tmp_path, RunConfig()), tmp_path)


@posix
def test_a_training_that_has_ended_leaves_no_process_behind_whoever_waits_for_it(tmp_path):
    [run] = launch.new_runs(tmp_path / "runs", [RunConfig(dataset=str(tmp_path / "gone.zip"))])  # ends at once
    [process] = launch.start([run], data_dir=tmp_path / "data")

    def reaped() -> bool:
        try:
            os.kill(process.pid, 0)  # a process that nobody has waited for can still be sent a signal
        except ProcessLookupError:
            return True
        return False

    until(reaped)
    assert run.reread().status == "failed"


def test_runs_of_a_group_are_told_apart_however_long_their_name_is():
    group = [RunConfig(arch=arch, seed=seed) for arch in ("fc", "conv") for seed in (0, 2**31 - 1)]
    called = [launch.member_name("n" * 90, member, group) for member in group]
    assert len(set(called)) == 4 and all(len(name) <= 80 for name in called)
    assert called[0].endswith("n fc seed 0") and called[-1].endswith("n conv seed 2147483647")
