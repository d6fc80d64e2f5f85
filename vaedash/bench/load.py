"""A room full of people who watch a training, each in a tab of their own: how long they wait, and what they cost the trainer."""

import contextlib
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from vaedash import places
from vaedash.bench import machine
from vaedash.bench.figures import Figures, p95
from vaedash.bench.session import Session
from vaedash.bench.ui import Server
from vaedash.config import RunConfig
from vaedash.runs import Run
from vaedash.training import launch

_SHARE = 0.25  # of the training images: an epoch then takes a few seconds, and speeds are those of whole epochs


def measure(*, sessions: int = 30, rounds: int = 2, seconds: float = 20.0, data_dir: Path | None = None) -> Figures:
    """Figures of `sessions` tabs on the Start page while a conv with one thread trains, beside its speed without them.

    Both take turns, `rounds` times for at least `seconds` each. A tab's wait is the time from one picture to the next.
    """
    data_dir = data_dir or places.data_dir()
    with tempfile.TemporaryDirectory() as temporary, Server(Path(temporary) / "runs", data_dir) as server:
        run = _trainer(server.folder, data_dir)
        quiet, watched, tabs = [], [], []
        try:
            for _ in range(rounds):
                quiet += _speeds(run, seconds)
                with _room(server, sessions) as present:
                    watched += _speeds(run, seconds)
                tabs += present
        finally:
            run.request_stop()
            while run.held:
                time.sleep(0.1)
        alone, beside = (statistics.harmonic_mean(speeds) for speeds in (quiet, watched))
        return {
            "machine": machine.described("streamlit"),
            "sessions": sessions,
            "errors": [error for tab in tabs for error in tab.errors],
            "seconds from one picture to the next": _spread([wait for tab in tabs for wait in tab.waits]),
            "seconds until the server has answered": _spread([answer for tab in tabs for answer in tab.answers]),
            "images a second": {"alone": alone, "watched": beside},
            "epochs measured": {"alone": len(quiet), "watched": len(watched)},
            "training slowed by": 1 - beside / alone,
        }


def _trainer(folder: Path, data_dir: Path) -> Run:
    """A conv that trains on and on, on one core where the system can keep it there: it would take what the tabs leave."""
    settings = RunConfig.build(arch="conv", preset="p1", epochs=10_000, patience=10_000, fraction=_SHARE)
    [run] = launch.new_runs(folder, [settings])
    with _one_core():
        launch.start([run], data_dir=data_dir)
    while not run.reread().epochs:
        time.sleep(0.2)
    return run


@contextlib.contextmanager
def _one_core() -> "Iterator[None]":
    """Within, processes that are started may use one core only."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _speeds(run: Run, seconds: float) -> list[float]:
    """Images a second in each whole epoch from now on, for at least `seconds`."""

    def next_epoch() -> int:
        before = len(run.reread().epochs)
        while (now := len(run.reread().epochs)) == before:
            time.sleep(0.2)
        return now

    first, end = next_epoch(), time.monotonic() + seconds
    last = next_epoch()
    while time.monotonic() < end:
        last = next_epoch()
    return [cast(float, row["images_per_second"]) for row in run.reread().epochs[first:last]]


@contextlib.contextmanager
def _room(server: Server, sessions: int) -> "Iterator[list[_Tab]]":
    """That many tabs, which come one after the other; they are counted from when all are there."""
    leave = threading.Event()
    tabs = [_Tab(server.url, leave) for _ in range(sessions)]
    try:
        for tab in tabs:
            tab.start()
            time.sleep(0.1)
        for tab in tabs:
            tab.there.wait(timeout=60)
        time.sleep(5)  # until all have found their pace
        for tab in tabs:
            tab.waits, tab.answers = [], []
        yield tabs
    finally:
        leave.set()
        for tab in tabs:
            tab.join(timeout=60)


class _Tab(threading.Thread):
    """Somebody who watches: renews what renews itself, as often as the page asks for it."""

    def __init__(self, url: str, leave: threading.Event) -> None:
        super().__init__(daemon=True)
        self.url, self.leave, self.there = url, leave, threading.Event()
        self.waits: list[float] = []
        self.answers: list[float] = []
        self.errors: list[str] = []

    def run(self) -> None:
        try:
            with Session(self.url) as session:
                self.there.set()
                self._watch(session)
        except Exception as error:  # whatever it is, it is what is measured here
            self.errors.append(f"{type(error).__name__}: {error}")
        self.there.set()

    def _watch(self, session: Session) -> None:
        due = seen = time.monotonic()
        while True:
            part, every = next(iter(session.timers.items()), ("", 1.0))
            due = max(due + every, time.monotonic())
            if self.leave.wait(timeout=due - time.monotonic()):
                return
            asked = time.monotonic()
            session.run(part=part)
            answered = time.monotonic()
            self.answers.append(answered - asked)
            self.waits.append(answered - seen)
            seen = answered
            self.errors += [error.message for error in session.errors()]


def _spread(times: list[float]) -> dict[str, float]:
    if not times:
        return {"count": 0}
    return {
        "median": statistics.median(times),
        "p95": p95(times),
        "longest": max(times),
        "count": len(times),
    }
