"""Training outlives whoever asked for it: the server, killed or interrupted, and the tab."""

import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest
from patience import PATIENCE, until

from vaedash import runs
from vaedash.bench import memory, ui
from vaedash.bench.session import Session

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as a terminal on Linux or macOS sends them")


@pytest.fixture
def serve(tmp_path, data_dir):
    """Starts servers on one runs folder; in the end nothing is left of them, nor of what they started."""
    servers = []

    def start(port=None, *options):
        options = ("--server.headless=true", *options)
        servers.append(ui.Server(tmp_path / "runs", data_dir, port=port, options=options))
        return servers[-1]

    yield start
    for server in servers:
        server.process.kill()
        server.process.wait(PATIENCE)
    for run in runs.list_runs(tmp_path / "runs"):
        end(run)


@pytest.fixture
def stopped(tmp_path, tiny):
    """Makes runs of very many epochs that the page offers to resume: a process that its server starts."""

    def make():
        run = runs.create(tmp_path / "runs", tiny(epochs=10_000, patience=10_000))
        run.write_outcome("stopped", "It was stopped.")
        return run

    return make


def epochs(run):
    return len(run.reread().epochs)


def resume(tab, run):
    """Press the button, and wait for the run to be in the middle of it."""
    tab.run()
    tab.press("Resume")
    until(lambda: epochs(run) > 2)


def goes_on(run, since):
    until(lambda: epochs(run) > since + 1)
    return run.reread().status == "running"


def end(run):
    run.request_stop()
    until(lambda: not run.held)


def shows(server, run):
    with Session(server.url) as tab:
        return run.reread().active and "Stop" in tab.buttons()  # which only one that is running has


def blow(server, how):
    """What happens to the server, as the system sends it; seconds until its port is free."""
    if how == "kill":
        server.process.kill()
    else:
        os.killpg(server.process.pid, signal.SIGINT)  # a terminal sends Ctrl-C to all processes of the group
    seconds = until(lambda: is_free(server.port))
    server.process.wait(PATIENCE)
    return seconds


def holds(server):
    """How many threads and open files it has, and the processes that it started and that are still in the system's table."""
    pid = server.process.pid
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return memory.threads(pid), memory.open_files(pid), [child for task in tasks for child in task.read_text().split()]


def is_free(port):
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Streamlit binds it
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@pytest.mark.slow
@pytest.mark.parametrize("how", ["kill", "Ctrl-C"])
def test_training_goes_on_without_its_server_and_a_new_one_shows_it(serve, stopped, promise, some, how):
    server, taken, times = serve(), [], some(range(10), 2)
    for _ in times:
        run = stopped()
        with Session(server.url) as tab:
            resume(tab, run)
            before = epochs(run)
            taken.append(blow(server, how))
        server = serve(server.port)
        assert shows(server, run)
        assert goes_on(run, before)
        end(run)
    promise("R3", cases=len(times))
    promise("R3", f"after {how} the port was free within {max(taken):.2f} s ({len(times)} times)", cases=None)
    assert max(taken) < 1


@pytest.mark.slow
def test_training_goes_on_when_its_tab_is_closed(serve, stopped, promise, some):
    server, times = serve(), some(range(10), 2)
    for _ in times:
        run = stopped()
        with Session(server.url) as tab:
            resume(tab, run)
        assert goes_on(run, epochs(run))
        assert shows(server, run)
        end(run)
    promise("R3", cases=len(times))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="nobody else says what a process has open")
def test_trainings_that_have_ended_leave_nothing_behind_in_their_server(serve, stopped):
    server = serve(None, "--server.disconnectedSessionTTL=2")

    def train():
        run = stopped()
        with Session(server.url) as tab:
            resume(tab, run)
            assert holds(server)[2]
        end(run)

    train()  # what the first one loads stays
    until(lambda: not holds(server)[2])
    time.sleep(5)  # until no closed tab is kept
    threads, files, _ = holds(server)
    for _ in range(3):
        train()

    def has_no_more():
        now = holds(server)
        return now[0] <= threads and now[1] <= files and not now[2]

    until(has_no_more)


@pytest.mark.slow
def test_an_open_tab_finds_the_new_server_and_the_run_by_itself(serve, stopped, browser):
    server, run = serve(), stopped()
    tab = browser.new_page()
    try:
        tab.goto(server.url)
        tab.get_by_role("button", name="Resume").click()
        tab.get_by_role("button", name="Stop").wait_for()
        until(lambda: epochs(run) > 2)
        before = epochs(run)
        assert blow(server, "kill") < 1
        serve(server.port)
        assert goes_on(run, before)
        epoch = "() => Number(/after epoch (\\d+)/.exec(document.body.innerText)?.[1] ?? 0)"
        tab.wait_for_function(f"({epoch})() > {max(epochs(run), tab.evaluate(epoch))}")
    finally:
        tab.close()
