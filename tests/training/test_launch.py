"""Many launches at once, and what a launched process must not take along."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from vaedash import config, places, runs, storage
from vaedash.config import RunConfig
from vaedash.runs import queue
from vaedash.training import launch

posix = pytest.mark.skipif(os.name == "nt", reason="forks and signals")

# Launches runs one after the other; in place of training, each started process claims its lock and its slot and says
# when it enters and leaves. It is forked, not begun anew: 200 of them would spend a minute on importing Python's library.
LAUNCHER = """
import os, sys, time
from pathlib import Path
from types import SimpleNamespace
from vaedash import runs
from vaedash.training import launch
from vaedash.config import RunConfig

folder, number, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
launch._POLL = 0.05
children = []

def work(path):
    with RunFolder(path).claim(), queue.slot(RunFolder(path)):
        with open(folder / "diary", "a") as diary:
            print("enters", path.name, file=diary, flush=True)
            time.sleep(0.002)
            print("leaves", path.name, file=diary, flush=True)
        RunFolder(path).write_outcome("finished", "Finished.")

def spawn(path, data_dir):
    child = os.fork()
    if child == 0:
        ended = 1
        try:
            work(path)
            ended = 0
        finally:
            os._exit(ended)
    children.append(child)
    return SimpleNamespace(poll=lambda: None)

launch._spawn = spawn
print("ready", flush=True)
sys.stdin.readline()
for turn in range(count):
    [run] = launch.new_runs(folder, [RunConfig(seed=1000 * number + turn)])
    launch.start([run], data_dir=folder)
    print(run.id, flush=True)
sys.exit(sum(os.waitpid(child, 0)[1] != 0 for child in children))
"""


@posix
def test_two_hundred_launches_from_eight_processes_at_once_each_get_an_id_and_a_turn(tmp_path, promise):
    launchers, each = 8, 25
    folder = tmp_path / "runs"
    folder.mkdir()
    asked = [
        subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, str(folder), str(number), str(each)],
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
    said = [process.communicate(timeout=120)[0].split() for process in asked]
    assert [process.returncode for process in asked] == [0] * launchers

    ids = [run_id for one in said for run_id in one]
    found = runs.list_runs(folder)
    assert len(ids) == len(set(ids)) == launchers * each
    assert {run.id for run in found} == set(ids)
    assert {run.status for run in found} == {"finished"}
    assert len({run.config.seed for run in found}) == launchers * each

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


def port_stays_taken(path: Path, data_dir: Path) -> bool:
    """Whether a launched process keeps the port of a server that launched it and is gone."""
    (path.parent / ".slots").mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        for number in range(config.SLOTS):  # so that it waits, and never trains
            stack.enter_context(FileLock(path.parent / ".slots" / f"{number}.lock"))
        listening = socket.create_server(("localhost", 0))
        listening.set_inheritable(True)  # as Streamlit's is
        port = listening.getsockname()[1]
        [process] = launch.start([path], data_dir=data_dir)
        try:
            while not storage.is_locked(path / "lock"):
                assert process.poll() is None
                time.sleep(0.02)
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
    assert not port_stays_taken(runs.create(tmp_path, RunConfig()).path, tmp_path)


@posix
def test_a_process_that_inherits_files_is_noticed(tmp_path, monkeypatch, promise):
    promise("R17")
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda command, **how: popen(command, **how | {"close_fds": False}))
    assert port_stays_taken(runs.create(tmp_path, RunConfig()).path, tmp_path)
