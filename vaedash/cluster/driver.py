"""The process that has runs trained on a Ray cluster: it holds their locks, sends them out, and writes down what comes back."""

import argparse
import contextlib
import functools
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from vaedash import datasets
from vaedash.cluster import machines, trainer
from vaedash.errors import VaedashError
from vaedash.runs import mirror, queue, record
from vaedash.runs.folder import CLUSTER_LOG, RunFolder
from vaedash.runs.schema import Status
from vaedash.training import process

RETRIES = 3  # how often a run whose machine was lost is sent out again
_LOOK = 0.5  # seconds between two looks for requests to stop


class Away:
    """A run that trains elsewhere: its lock, which is held here, and its trainer there."""

    def __init__(self, run: RunFolder) -> None:
        self.run, self.over = run, False
        self._lock = contextlib.ExitStack()
        self._lock.enter_context(run.claim())
        self._hire: Callable[[], Any] | None = None
        self._trainer: Any = None
        self._begun, self._told, self._lost = False, False, 0

    def send(self, hire: Callable[[], Any]) -> None:
        """Out to where `hire` finds a trainer for it, which may have to wait for room."""
        self._hire, self._begun, self._told = hire, False, False
        self._trainer = hire()
        self.asked = self._trainer.news.remote()

    def attend(self) -> None:
        """Pass on a request to stop, and write down what has arrived."""
        import ray

        try:
            if self.run.stop_requested() and not self._told:
                self._told = True
                if not self._begun:
                    self.end(Status.STOPPED, "Stopped on request while it waited for a machine.")
                    return
                self._trainer.stop.remote()
            if ray.wait([self.asked], timeout=0)[0]:
                self._receive()
        except Exception as error:  # a full disk here, say: the other runs go on
            traceback.print_exc()
            self.end(Status.FAILED, process.sentence(error, self.run, log=CLUSTER_LOG))

    def _receive(self) -> None:
        import ray

        try:
            fresh, over = ray.get(self.asked)
        except ray.exceptions.RayError as error:
            self._retry(error)
            return
        if not self._begun:
            queue.dequeue(self.run)
            self._begun = True
        for name, data in fresh:
            mirror.write(self.run, name, data)
        if not over:
            self.asked = self._trainer.news.remote()
        elif mirror.ended(fresh):
            self.end()
        else:
            self._retry(RuntimeError("its trainer ended without a word"))

    def _retry(self, error: Exception) -> None:
        """Send it out again, to go on from the last checkpoint that came back; not for ever."""
        print(f"{self.run.id}: {error}", flush=True)
        self._lost += 1
        self._dismiss()
        epochs = len(record.read(self.run.path).epochs)
        kept = (
            f"Epoch {epochs} has come back and is kept; resume goes on from there." if epochs else "No epoch came back."
        )
        if self.run.stop_requested():
            self.end(Status.STOPPED, f"Stopped on request; its machine was lost at that moment. {kept}")
        elif self._lost > RETRIES:
            reason = str(error).strip().splitlines()[-1].partition(". ")[0].removesuffix(".")
            self.end(
                Status.FAILED,
                f"No machine has brought it to its end in {self._lost} attempts; at last: {reason}. {kept}",
            )
        else:
            queue.enqueue(self.run, elsewhere=True)
            self.send(cast(Callable[[], Any], self._hire))

    def end(self, status: Status | None = None, sentence: str = "") -> None:
        """It is over; with a `status`, this side says so. The lock is let go last."""
        self.over = True
        if status:
            with contextlib.suppress(OSError):  # no room even for that: it reads as interrupted
                queue.dequeue(self.run)
                self.run.write_outcome(status, sentence)
        self._dismiss()
        self._lock.close()

    def _dismiss(self) -> None:
        import ray

        if self._trainer is not None and ray.is_initialized():
            ray.kill(self._trainer)
        self._trainer = None


def drive(away: Sequence[Away], *, on: str, data_dir: Path) -> None:
    """Have these runs trained on the cluster that `on` means, until all are over. Raises VaedashError where there is none."""
    machines.look(on)
    found = machines.connect(on)
    import ray

    try:
        _send(away, found, data_dir)
        while waited_for := [one for one in away if not one.over]:
            ray.wait([one.asked for one in waited_for], timeout=_LOOK)
            for one in waited_for:
                one.attend()
        _clear()
    finally:
        ray.shutdown()


def _send(away: Sequence[Away], found: machines.Machines, data_dir: Path) -> None:
    import ray

    images: dict[tuple[str, float], Any] = {}
    trainers = ray.remote(
        trainer.Trainer
    )  # two calls at a time: beside `news`, which takes a moment, `stop` gets through
    for one in away:
        settings = record.read(one.run.path).config
        try:
            key = (settings.dataset, settings.fraction)
            if key not in images:
                images[key] = ray.put(_images(*key, data_dir))
        except VaedashError as error:
            one.end(Status.FAILED, str(error))
            continue
        share = found.share(len(away), device=settings.device)
        one.send(functools.partial(_hire, trainers.options(**share, max_concurrency=2), one.run, images[key], share))


def _hire(trainers: Any, run: RunFolder, images: Any, share: Mapping[str, float]) -> Any:
    """A trainer for a run, as it is now."""
    return trainers.remote(run.id, mirror.start(run), images, share["num_cpus"])


def _images(spec: str, fraction: float, data_dir: Path) -> dict[str, np.ndarray]:
    """All that a machine needs to train on them, and what was measured here of processors and images, so that it need not be there."""
    from vaedash.measuring import pca
    from vaedash.training import hardware

    dataset = datasets.load(spec, data_dir=data_dir, fraction=fraction)
    measured = [hardware.precision_file(data_dir / "cache"), pca.spectrum_file(dataset.fingerprint, data_dir)]
    return {
        **{f"cache/{file.name}": np.fromfile(file, np.uint8) for file in measured if file.exists()},
        **datasets.packed(spec, data_dir=data_dir, fraction=fraction),
    }


def _clear() -> None:
    """Leave nothing behind on any machine."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    clear = ray.remote(trainer.clear)
    there = [NodeAffinitySchedulingStrategy(node["NodeID"], soft=False) for node in ray.nodes() if node["Alive"]]
    clearing = [clear.options(num_cpus=0, scheduling_strategy=one).remote() for one in there]
    ray.wait(clearing, num_returns=len(clearing), timeout=20)


def main() -> int:
    """The command line of the process; people use `python -m vaedash sweep --on ray`."""
    parser = argparse.ArgumentParser(prog="python -m vaedash.cluster.driver", description=__doc__)
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--on", required=True)
    arguments = parser.parse_args()
    runs, away = [RunFolder(path) for path in arguments.paths], []
    for run in runs:
        try:
            away.append(Away(run))
        except VaedashError as error:  # another process has it
            print(error, flush=True)
    try:
        drive(away, on=arguments.on, data_dir=arguments.data_dir)
        return 0
    except VaedashError as error:
        said = str(error)
    except Exception as error:
        traceback.print_exc()
        said = process.sentence(error, runs[0], log=CLUSTER_LOG)
    for one in away:
        if not one.over:
            one.end(Status.FAILED, said)
    return 1


if __name__ == "__main__":
    sys.exit(main())
