"""One training in several processes, by the real torchrun: it learns what one process learns, and ends as one run does."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import torch
from outcomes import TIMING
from patience import PATIENCE, until

from vaedash import places, runs
from vaedash.config import RunConfig
from vaedash.runs import Run, RunFolder, queue, record, weights
from vaedash.training import process

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds workers by /proc")
# Of 52 images: 17, 17, 17 and a last batch of one, of which one of two workers has none.
UNEVEN = {"batch_size": 17}


class Torchrun:
    """A `torchrun` in the background, which trains into a folder of its own."""

    def __init__(self, folder: Path, data_dir: Path, command: list[str]) -> None:
        self.folder, self.log = folder, folder.parent / f"{folder.name}.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "torch.distributed.run", *command],
                cwd=places.PROJECT_ROOT,
                env={**os.environ, "VAEDASH_RUNS": str(folder), "VAEDASH_DATA": str(data_dir)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def workers(self) -> dict[int, int]:
        """The process of each worker that it started."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        by_rank = {}
        for child in children:
            environment = Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
            by_rank |= {int(line[5:]): int(child) for line in environment if line.startswith(b"RANK=")}
        return by_rank

    def run(self) -> Run | None:
        """The newest run in its folder."""
        there = runs.list_runs(self.folder) if self.folder.exists() else []
        return there[0] if there else None

    def wait_for_epochs(self, count: int) -> Run:
        """Its run, once so many epochs are finished."""
        self.wait_until(lambda: (run := self.run()) is not None and len(run.epochs) >= count)
        return self.run()

    def wait_until(self, true: Callable[[], bool]) -> None:
        """Waits; AssertionError if it ends before that."""
        until(lambda: true() or self.process.poll() is not None)
        assert true(), self.log.read_text()

    def wait(self) -> int:
        """Its exit code."""
        return self.process.wait(PATIENCE)


@pytest.fixture
def torchrun(tmp_path: Path, data_dir: Path, tiny: Callable[..., RunConfig]) -> Iterator[Callable[..., Torchrun]]:
    """Starts one: with settings it trains them, with a run it resumes that; two workers here unless told otherwise."""
    started: list[Torchrun] = []

    def start(
        what: Run | None = None,
        *,
        arch: str = "conv",
        folder: Path = tmp_path / "runs",
        data_dir: Path = data_dir,
        how: Sequence[str] = ("--standalone", "--nproc-per-node", "2"),
        program: Sequence[str] = ("-m", "vaedash"),
        **changes: object,
    ) -> Torchrun:
        usual, settings = RunConfig().to_json(), tiny(**changes).to_json() | {"arch": arch}
        flags = [f"--{name.replace('_', '-')}={settings[name]}" for name in usual if settings[name] != usual[name]]
        command = ["train", f"--arch={arch}", *flags] if what is None else ["resume", what.id]
        started.append(Torchrun(folder, data_dir, [*how, *program, *command]))
        return started[-1]

    yield start
    for team in started:
        if team.process.poll() is None:
            for pid in (*team.workers().values(), team.process.pid):
                os.kill(pid, signal.SIGKILL)
            team.process.wait()


@pytest.fixture
def alone(tmp_path: Path, data_dir: Path, torch_as_it_was: None) -> Callable[[RunConfig], Run]:
    """Trains a run in this process."""

    def train(settings: RunConfig) -> Run:
        run = runs.create(tmp_path / "alone", settings)
        process.work(run, data_dir)
        return run.reread()

    return train


def figures(run: Run) -> list[dict[str, float]]:
    return [{key: value for key, value in row.items() if key not in TIMING} for row in run.epochs]


def weights_of(run: Run) -> torch.Tensor:
    return torch.cat([tensor.flatten() for tensor in weights.load(run, "last")["model"].values()])


def one_epoch_more(run: Run) -> None:
    """Lets a run that would go on for long end with the epoch after those it has."""
    text = (run.path / "config.json").read_text()
    assert '"epochs": 10000' in text
    (run.path / "config.json").write_text(text.replace('"epochs": 10000', f'"epochs": {len(run.epochs) + 1}'))


# ---- what it learns -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_two_workers_learn_what_one_process_learns_and_stop_early_where_it_does(tiny, torchrun, alone):
    # The first epoch is an improvement; the two after it are not, by so much.
    rules = {**UNEVEN, "epochs": 50, "patience": 2, "min_delta": 1000.0}
    team = torchrun(arch="fc,conv", **rules)
    assert team.wait() == 0, team.log.read_text()
    together = {run.config.arch: run for run in runs.list_runs(team.folder)}
    assert len(together) == 2
    for arch, run in together.items():
        single = alone(tiny(arch=arch, **rules))
        assert (run.status, run.sentence) == (single.status, single.sentence)
        assert run.status == "early-stopped" and len(run.epochs) == 3
        for row, expected in zip(figures(run), figures(single), strict=True):
            assert row == pytest.approx(expected, rel=1e-5)
        torch.testing.assert_close(weights_of(run), weights_of(single), rtol=0, atol=1e-4)
        assert (run.facts[0]["processes"], run.facts[0]["backend"]) == (2, "gloo")
        assert (single.facts[0]["processes"], single.facts[0]["backend"]) == (1, "none")
        assert {file.name for file in run.path.iterdir()} >= {"measured.json", "test_losses.npy"}
        assert "epoch 3/50" in (run.path / "train.log").read_text()


@pytest.mark.slow
def test_in_half_precision_two_workers_learn_nearly_what_one_process_learns(tiny, torchrun, alone):
    settings = {**UNEVEN, "epochs": 3, "precision": "bf16", "monitor": "val"}
    # Without the two dashes, torchrun takes --monitor for a flag of its own.
    team = torchrun(program=["-m", "--", "vaedash"], **settings)
    assert team.wait() == 0, team.log.read_text()
    for row, expected in zip(figures(team.run()), figures(alone(tiny(**settings))), strict=True):
        assert row == pytest.approx(expected, rel=0.02, abs=0.1)


# ---- how it ends ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_ctrl_c_is_a_stop_too(torchrun):
    team = torchrun(epochs=10_000, patience=10_000, arch="conv,fc")
    run = team.wait_for_epochs(1)
    team.process.send_signal(signal.SIGINT)
    assert team.wait() != 0
    assert team.run().id == run.id  # and no other was begun
    assert team.run().status == "stopped"
    assert f"Go on with: python -m vaedash resume {run.id}" in team.log.read_text()


@pytest.mark.slow
def test_a_learning_rate_that_is_much_too_large_ends_all_workers_as_diverged(torchrun):
    script = (
        "import sys; from vaedash import cli, config; config.RunConfig.lr_at = lambda *_: 1e30; sys.exit(cli.main())"
    )
    team = torchrun(program=["--no-python", sys.executable, "-c", script])
    assert team.wait() != 0
    run = team.run()
    assert run.status == "diverged", team.log.read_text()
    assert run.sentence.startswith("Diverged in epoch 1: train_")


@pytest.mark.slow
def test_images_that_are_missing_are_said_before_there_is_a_run(tmp_path, torchrun):
    team = torchrun(dataset=str(tmp_path / "gone.zip"))
    assert team.wait() != 0
    assert f"vaedash: There is no file or folder {tmp_path / 'gone.zip'}." in team.log.read_text()
    assert team.run() is None


KILLED = (
    "Worker 1 of 2 ended without a word (killed, or its machine is gone); what was saved is whole: "
    "resume the run, with torchrun or without."
)


@pytest.mark.slow
def test_a_killed_worker_ends_the_run_as_failed_and_both_ways_to_resume_it_end_it_well(torchrun, data_dir):
    team = torchrun(epochs=10_000, patience=10_000)
    team.wait_for_epochs(2)
    os.kill(team.workers()[1], signal.SIGKILL)
    assert team.wait() != 0
    run = team.run()
    assert (run.status, run.sentence) == ("failed", KILLED)
    assert f"failed: {KILLED}" in team.log.read_text()
    assert f"failed: {KILLED}" in (run.path / "train.log").read_text()

    one_epoch_more(run)
    copy = shutil.copytree(run.path, team.folder.with_name("copied") / run.id)
    again = torchrun(run)
    assert again.wait() == 0, again.log.read_text()
    resumed = again.run()
    assert resumed.status == "finished" and len(resumed.epochs) == len(run.epochs) + 1
    assert figures(resumed)[: len(run.epochs)] == figures(run)
    assert [facts["note"] for facts in resumed.facts] == ["", ""]

    plain = subprocess.run(
        [sys.executable, "-m", "vaedash", "resume", run.id, "--runs-dir", copy.parent, "--data-dir", data_dir],
        cwd=places.PROJECT_ROOT,
        timeout=PATIENCE,
    )
    assert plain.returncode == 0
    single = runs.read(copy)
    assert single.status == "finished"
    assert figures(single)[-1] == pytest.approx(figures(resumed)[-1], rel=1e-5)
    assert single.facts[-1]["note"].startswith("Continues, but not bit-exact: ")
    assert "processes was 2, is 1; backend was gloo, is none." in single.facts[-1]["note"]


@pytest.mark.slow
def test_a_killed_leader_leaves_an_interrupted_run_and_no_worker(torchrun):
    team = torchrun(epochs=10_000, patience=10_000)
    team.wait_for_epochs(1)
    workers = team.workers()
    os.kill(workers[0], signal.SIGKILL)
    assert team.wait() != 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers.values())
    run = team.run()
    assert run.outcome is None
    later = time.time() + queue.GRACE
    assert (
        record.derive_status(RunFolder(run.path), held=False, outcome=None, created=run.created, now=later)
        == "interrupted"
    )


@pytest.mark.slow
def test_a_stop_ends_three_workers_after_the_batch_and_they_go_on_bit_for_bit(torchrun, tmp_path):
    three = {"how": ("--standalone", "--nproc-per-node", "3"), "patience": 10_000}
    team = torchrun(epochs=10_000, **three)
    team.wait_for_epochs(2)
    team.run().request_stop()
    assert team.wait() == 0, team.log.read_text()
    stopped = team.run()
    assert stopped.status == "stopped" and "the unfinished one was dropped" in stopped.sentence
    assert weights.load(stopped, "last")["epoch"] == len(stopped.epochs)
    one_epoch_more(stopped)
    again = torchrun(stopped, **three)
    assert again.wait() == 0
    whole = torchrun(folder=tmp_path / "whole", epochs=len(stopped.epochs) + 1, **three)
    assert whole.wait() == 0
    assert figures(again.run()) == figures(whole.run())
    assert torch.equal(weights_of(again.run()), weights_of(whole.run()))


# ---- several machines -------------------------------------------------------------------------------------


@pytest.fixture
def two_machines(torchrun: Callable[..., Torchrun], tmp_path: Path) -> Callable[..., tuple[Torchrun, Torchrun]]:
    """Starts a torchrun for each of two machines that share no folder, with a worker each; the one that leads comes first."""

    def start(**changes: object) -> tuple[Torchrun, Torchrun]:
        with socket.create_server(("localhost", 0)) as server:
            endpoint = f"localhost:{server.getsockname()[1]}"
        how = ("--nnodes", "2", "--nproc-per-node", "1", "--rdzv-backend", "c10d", "--rdzv-endpoint", endpoint)
        machines = [
            torchrun(folder=tmp_path / f"runs-{name}", data_dir=tmp_path / f"data-{name}", how=how, **changes)
            for name in "ab"
        ]
        machines[0].wait_until(lambda: any(machine.run() for machine in machines))
        return tuple(sorted(machines, key=lambda machine: machine.run() is None))

    return start


@pytest.mark.slow
def test_of_several_machines_only_that_of_worker_0_has_the_run(two_machines):
    first, second = two_machines(epochs=2, **UNEVEN)
    assert first.wait() == second.wait() == 0, first.log.read_text() + second.log.read_text()
    run = first.run()
    assert run.status == "finished" and len(run.epochs) == 2
    assert (run.facts[0]["processes"], run.facts[0]["threads"]) == (2, max(1, len(os.sched_getaffinity(0))))
    assert not second.folder.exists()


@pytest.mark.slow
def test_a_worker_killed_on_another_machine_ends_the_run_as_failed(two_machines):
    first, second = two_machines(epochs=10_000, patience=10_000)
    first.wait_for_epochs(1)
    os.kill(second.workers()[1], signal.SIGKILL)
    assert first.wait() != 0
    assert second.wait() != 0
    assert (first.run().status, first.run().sentence) == ("failed", KILLED)


@pytest.mark.slow
def test_what_went_wrong_in_a_worker_is_in_the_outcome(torchrun):
    # The caches of worker 1 are to be where no folder can be.
    script = 'if [ $RANK = 1 ]; then export VAEDASH_DATA=/proc/here; fi; exec "$0" -m vaedash "$@"'
    team = torchrun(program=["--no-python", "sh", "-c", script, sys.executable])
    assert team.wait() != 0
    run = team.run()
    assert run.status == "failed"
    assert run.sentence.startswith("Worker 1 of 2 failed (FileNotFoundError: [Errno 2]")
    assert run.sentence.endswith("; what was saved is whole: resume the run, with torchrun or without.")
