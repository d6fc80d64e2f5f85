"""No kill, stop or full disk loses what a run has announced, or changes what it would have been."""

import errno
import functools
import itertools
import json
import math
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from outcomes import differences, losses_of, result_of

from vaedash import cli, datasets, places, runs
from vaedash.config import RunConfig
from vaedash.measuring import pca
from vaedash.runs import Run, RunFolder, queue, record, weights
from vaedash.training import process

pytestmark = pytest.mark.usefixtures("one_core")
FAULTS = places.PROJECT_ROOT / "tests" / "support" / "faults.py"
posix = pytest.mark.skipif(os.name == "nt", reason="forks, signals and /proc")
ARCHS = ("fc", "conv")


class Forks:
    """`faults.py` at the other end of a pipe."""

    def __init__(self, data_dir: Path) -> None:
        path = os.pathsep.join(filter(None, [str(places.PROJECT_ROOT), os.environ.get("PYTHONPATH")]))
        self._data_dir = data_dir
        self._process = subprocess.Popen(
            [sys.executable, str(FAULTS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )

    def work(self, path: Path, **request: Any) -> dict[str, Any]:
        """Train the run at `path` in a process of its own, in which what `request` says goes wrong."""
        asked = {"path": str(path), "data_dir": str(self._data_dir), **request}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def forks(data_dir: Path) -> Iterator[Forks]:
    """Trains in forked processes; see there."""
    harness = Forks(data_dir)
    yield harness
    harness.close()


class Interrupted:
    """Interrupts runs of one architecture and compares them with one that was left alone."""

    def __init__(self, forks: Forks, settings: RunConfig, folder: Path, data_dir: Path) -> None:
        datasets.load(settings.dataset, data_dir=data_dir)  # no operation of a run is about the cache
        self.forks, self.settings, self.folder = forks, settings, folder
        run = runs.create(folder, settings)
        answer = forks.work(run.path)
        assert answer["status"] == "finished", run.log.read_text()
        self.whole, self.operations = run.reread(), answer["operations"]
        self.result = result_of(self.whole)

    def moments(self, *names: str) -> list[int]:
        """Numbers of the operations that are called so."""
        return [number for number, name in enumerate(self.operations, start=1) if name in names]

    def check(self, **fault: Any) -> None:
        """A fault leaves a readable run that has lost no epoch it announced, and goes on as if nothing had been."""
        run = runs.create(self.folder, self.settings)
        answer = self.forks.work(run.path, **fault)
        self._check_what_is_there(run, answer)
        run.reopen()
        answer = self.forks.work(run.path)
        assert answer["status"] == "finished", run.log.read_text()
        assert differences(self.result, run.reread()) == []
        assert not list(run.path.rglob(".*.tmp"))
        run.delete()

    def _check_what_is_there(self, run: Run, answer: dict[str, Any]) -> None:
        run = run.reread()
        assert run.damage is None
        if answer["killed"]:
            # Less than a minute old, a run that has not written its outcome might be about to begin.
            later = time.time() + queue.GRACE
            assert record.derive_status(run, held=False, outcome=run.outcome, created=run.created, now=later) in (
                "interrupted",
                "finished",  # killed after its last act
            )
        announced = losses_of(run)
        assert announced == losses_of(self.whole)[: len(announced)]
        if announced:
            state, damage = weights.load_for_resume(run)
            assert damage == ""
            assert state["epochs"][: len(announced)] == list(run.epochs)
            weights.load_model(run, which="best")


@pytest.fixture(scope="module")
def interrupted(forks, tiny, tmp_path_factory, data_dir) -> Callable[[str], Interrupted]:
    """For an architecture: see there."""

    @functools.cache
    def of(arch: str) -> Interrupted:
        return Interrupted(forks, tiny(arch=arch), tmp_path_factory.mktemp("interrupted"), data_dir)

    return of


# Of many cases a few are quick; the slow tests try others, with `--every-case` all of them.
FEW = pytest.mark.parametrize(
    "few", [pytest.param(True, id="a few"), pytest.param(False, id="others", marks=pytest.mark.slow)]
)
# The network makes no difference to what is written, and fc's checkpoints are large: the quick ones are of conv.
OF_EACH_A_FEW = pytest.mark.parametrize(
    ("arch", "few"),
    [
        pytest.param(arch, few, id=f"{arch}-{'a few' if few else 'others'}", marks=marks)
        for few, arch in itertools.product((True, False), ARCHS)
        for marks in [[] if few and arch == "conv" else [pytest.mark.slow]]
    ],
)


@posix
@OF_EACH_A_FEW
def test_a_run_killed_at_an_operation_on_the_disk_loses_nothing_and_goes_on_bit_for_bit(
    interrupted, promise, some, arch, few
):
    runs_of = interrupted(arch)
    checkpoint, announced = runs_of.moments("rename last.pt")[-1], runs_of.moments("rename metrics.json")[-1]
    assert len(runs_of.operations) > 80 and checkpoint < announced
    step = 60 if arch == "fc" else 30
    quick = {*range(step, len(runs_of.operations), step), checkpoint, announced}
    moments = some((at for at in range(1, len(runs_of.operations) + 1) if (at in quick) == few), 12)
    promise("R1", cases=len(moments))
    promise("R2", cases=len(moments))
    for at in moments:
        runs_of.check(fault="kill", at=at)


@posix
@OF_EACH_A_FEW
def test_a_run_killed_at_a_random_instant_loses_nothing_and_goes_on_bit_for_bit(interrupted, promise, some, arch, few):
    runs_of, chance = interrupted(arch), random.Random(0)
    whole = sum(row["seconds"] for row in runs_of.whole.epochs)
    instants = [chance.random() * 1.2 * whole for _ in range(25)]
    chosen = instants[:2] if few else some(instants[2:], 6)
    promise("R1", cases=len(chosen))
    promise("R2", cases=len(chosen))
    for seconds in chosen:
        runs_of.check(seconds=seconds)


@posix
@FEW
def test_a_run_killed_while_it_is_measured_is_finished_keeps_what_was_found_and_the_rest_can_be_measured(
    interrupted, promise, some, data_dir, few
):
    runs_of = interrupted("conv")
    whole = runs.create(runs_of.folder, runs_of.settings)
    pca.spectrum(datasets.load(runs_of.settings.dataset, data_dir=data_dir), data_dir=data_dir)
    operations = runs_of.forks.work(whole.path, measured=True)["operations"]
    outcome, written = operations.index("rename outcome.json"), operations.count("rename measured.json")
    assert written == 6 and set(operations[outcome + 2 :]) <= {
        *("write", "fsync", "rename measured.json", "rename test_losses.npy", "rename progress.json")
    }
    measuring = range(outcome + 3, len(operations) + 1)
    quick = {*measuring[::9]}
    moments = some((at for at in measuring if (at in quick) == few), 6)
    promise("R1", cases=len(moments))
    for at in moments:
        run = runs.create(runs_of.folder, runs_of.settings)
        assert runs_of.forks.work(run.path, fault="kill", at=at, measured=True)["killed"]
        killed = run.reread()
        assert (killed.status, killed.active, killed.measuring, killed.held) == ("finished", False, False, False)
        assert killed.damage is None and losses_of(killed) == losses_of(runs_of.whole)
        found = operations[: at - 1].count("rename measured.json")
        assert [bool(killed.measured), bool(killed.line), bool(killed.quality)] == [
            found > number for number in range(3)
        ]
        where = ["--runs-dir", str(runs_of.folder), "--data-dir", str(data_dir)]
        assert cli.main(["evaluate", run.id, *where]) == 0
        assert run.reread().measured.keys() == whole.reread().measured.keys()
        assert run.reread().quality.keys() == whole.reread().quality.keys()
        run.delete()


@posix
@pytest.mark.parametrize("mistake", ["order", "optimizer"])
def test_a_mistake_in_resuming_is_noticed(interrupted, promise, mistake):
    promise("R17")
    runs_of = interrupted("conv")
    run = runs.create(runs_of.folder, runs_of.settings)
    first = runs_of.moments("rename metrics.json")[1]
    runs_of.forks.work(run.path, fault="kill", at=first + 1)
    assert len(run.reread().epochs) == 1
    assert runs_of.forks.work(run.path, mistake=mistake)["status"] == "finished"
    assert {"losses", "last weights"} <= set(differences(runs_of.result, run.reread()))


@posix
def test_writing_in_place_is_noticed(interrupted, promise):
    promise("R17")
    runs_of = interrupted("conv")
    run = runs.create(runs_of.folder, runs_of.settings)
    # In place there are no renames: the third write is that of metrics.json, and it is cut in half.
    assert runs_of.forks.work(run.path, fault="kill", at=3, mistake="in place")["killed"]
    assert "metrics.json" in run.reread().damage


def fill_the_disk(runs_of: Interrupted, at: int, *, forever: bool) -> None:
    """A disk that is full at an operation, for once or for ever after, leaves the old data whole; with room, the run goes on."""
    run = runs.create(runs_of.folder, runs_of.settings)
    answer = runs_of.forks.work(run.path, fault="full", at=at, forever=forever)
    run = run.reread()
    assert not list(run.path.rglob(".*.tmp"))
    if forever or at > runs_of.moments("rename metrics.json")[-1] + 1:  # not even the last words could be written
        assert answer["status"] is None and "No space left" in answer["error"]
    else:
        assert answer["status"] == run.status == "failed"
        assert run.sentence.startswith("The disk is full (")
        assert run.sentence.endswith("What was saved is whole: free some room, then resume.")
    runs_of._check_what_is_there(run, answer)
    run.reopen()
    assert runs_of.forks.work(run.path)["status"] == "finished"
    assert differences(runs_of.result, run.reread()) == []
    run.delete()


@posix
@FEW
@pytest.mark.parametrize("forever", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_full_disk_leaves_what_was_there_whole_and_says_what_to_do(interrupted, promise, some, few, forever):
    runs_of = interrupted("conv")
    moments = some((at for at in range(1, len(runs_of.operations) + 1) if (at % 19 == 1) == few), 12)
    promise("R6", cases=len(moments))
    for at in moments:
        fill_the_disk(runs_of, at, forever=forever)


def seconds_to_stop(forks: Forks, folder: Path, settings: RunConfig, *, within: float, count: int) -> float:
    """Of `count` requests to stop, at random moments within so many seconds of the start, the time that 95% took at most."""
    chance, took = random.Random(0), []
    for _ in range(count):
        run, asked = runs.create(folder, settings), []

        def stop(run: Run = run, asked: list[float] = asked) -> None:
            asked.append(time.monotonic())
            run.request_stop()

        timer = threading.Timer(0.2 + chance.random() * within, stop)
        timer.start()
        assert forks.work(run.path)["status"] == "stopped", run.log.read_text()
        took.append(time.monotonic() - asked[0])
        run = run.reread()
        assert run.status == "stopped" and "Stopped on request" in run.sentence
        if run.epochs:
            assert weights.load(run, "last")["epoch"] == len(run.epochs)
    return sorted(took)[math.ceil(0.95 * count) - 1]


@posix
def test_a_stop_takes_a_moment(forks, tiny, tmp_path, promise):
    settings = tiny(epochs=10_000, patience=10_000)
    seconds = seconds_to_stop(forks, tmp_path, settings, within=0.5, count=8)
    promise("R5", f"p95 of 8 stops {seconds:.2f} s (small images)", cases=None)


@posix
@pytest.mark.slow
@pytest.mark.parametrize("arch", ARCHS)
def test_a_stop_takes_a_moment_with_the_studys_settings_too(forks, tmp_path, data_dir, promise, some, arch):
    # Of a tenth of the images, so that what comes between epochs is a good part of the time.
    settings = RunConfig.build(
        arch=arch,
        preset="p1",
        dataset="shapes",
        fraction=0.1,
        precision="fp32",
        device="cpu",
        epochs=10_000,
        patience=10_000,
    )
    datasets.load("shapes", data_dir=data_dir, fraction=0.1)
    count = len(some(range(20), 4))
    seconds = seconds_to_stop(forks, tmp_path, settings, within=6.0, count=count)
    promise("R5", f"p95 of {count} stops {seconds:.2f} s ({arch}, preset p1, 2,000 images, one thread)", cases=None)


def test_a_full_disk_is_recognised_by_its_number(tmp_path):
    for number in (errno.ENOSPC, errno.EDQUOT):
        assert process.sentence(OSError(number, "x"), RunFolder(tmp_path)).startswith("The disk is full")
    assert not process.sentence(OSError(errno.EACCES, "x"), RunFolder(tmp_path)).startswith("The disk is full")
