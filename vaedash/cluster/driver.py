"""The process that has runs trained on a Ray cluster: it holds their locks, sends them out, and writes down what comes back."""

import argparse
import contextlib
import functools
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from vaedash import config, datasets
from vaedash.cluster import machines, trainer
from vaedash.config import Frame
from vaedash.errors import VaedashError
from vaedash.models import own
from vaedash.runs import mirror, names, queue, record
from vaedash.runs.folder import RunFolder
from vaedash.runs.schema import Status
from vaedash.training import message, process

if TYPE_CHECKING:
    from ray import ObjectRef
    from ray.actor import ActorClass, ActorHandle

RETRIES = 3  # how often a run whose machine was lost is sent out again
_LOOK = 0.5  # seconds between two looks for requests to stop


class Away:
    """A run that trains elsewhere: its lock, which is held here, and its trainer there."""

    # Once it is sent out: how it finds a trainer, that trainer, and the news that it was asked for.
    _hire: "Callable[[], ActorHandle]"
    _trainer: "ActorHandle"
    asked: "ObjectRef"

    def __init__(self, run: RunFolder) -> None:
        self.run, self.over = run, False
        self._lock = contextlib.ExitStack()
        self._lock.enter_context(run.claim())
        self._hired, self._begun, self._told, self._ended, self._lost = False, False, False, False, 0

    def send(self, hire: "Callable[[], ActorHandle]") -> None:
        """Out to where `hire` finds a trainer for it, which may have to wait for room."""
        self._hire, self._begun, self._told = hire, False, False
        self._trainer, self._hired = hire(), True
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
            self.end(Status.FAILED, process.sentence(error, self.run, log=names.CLUSTER_LOG))

    def _receive(self) -> None:
        import ray

        try:
            fresh, over = ray.get(self.asked)
        except ray.exceptions.RayError as error:
            self._gone(error)
            return
        if not self._begun:
            queue.dequeue(self.run)
            self._begun = True
        for name, data in fresh:
            mirror.write(self.run, name, data)
        self._ended = self._ended or mirror.ended(fresh)
        if not over:
            self.asked = self._trainer.news.remote()
        else:
            self._gone(RuntimeError("its trainer ended without a word"))

    def _gone(self, error: Exception) -> None:
        """There is no trainer any more: all is well if it had trained to the end. Else it was lost, for this reason."""
        if self._ended:
            self.end()
        else:
            self._retry(error)

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
            self.send(self._hire)

    def end(self, status: Status | None = None, sentence: str = "") -> None:
        """It is over; with a `status`, this side says so, unless its trainer has said how it ended. The lock is let go last."""
        self.over = True
        self.run.pictures.forget_now()
        if status and not self._ended:
            with contextlib.suppress(OSError):  # no room even for that: it reads as interrupted
                queue.dequeue(self.run)
                self.run.write_outcome(status, sentence)
        message.tell(self.run)
        self._dismiss()
        self._lock.close()

    def _dismiss(self) -> None:
        import ray

        if self._hired and ray.is_initialized():
            ray.kill(self._trainer)
        self._hired = False


def drive(away: Sequence[Away], *, on: str, data_dir: Path) -> None:
    """Have these runs trained on the cluster that `on` means, until all are over. Raises VaedashError where there is none."""
    machines.look(on)
    cluster = machines.connect(on)
    import ray

    try:
        _send(away, cluster, data_dir)
        while waited_for := [sent for sent in away if not sent.over]:
            ray.wait([sent.asked for sent in waited_for], timeout=_LOOK)
            for sent in waited_for:
                sent.attend()
        _clear()
    finally:
        ray.shutdown()


def _send(away: Sequence[Away], cluster: machines.Machines, data_dir: Path) -> None:
    import ray

    images: dict[tuple[str, str, float, Frame], ObjectRef] = {}
    trainers = ray.remote(trainer.Trainer)
    for waiting in away:
        run = record.read(waiting.run.path)
        settings = run.config
        try:
            key = (run.images_at, settings.dataset, settings.fraction, settings.frame)
            if key not in images:
                images[key] = ray.put(_images(*key, data_dir))
            trusted = {settings.arch: own.source(settings.arch, run=run.id)} if config.is_own(settings.arch) else {}
        except VaedashError as error:
            waiting.end(Status.FAILED, str(error))
            continue
        share = cluster.share(len(away), device=settings.device)
        # Two calls at a time: beside `news`, which takes a moment, `stop` gets through.
        hiring = trainers.options(**share, max_concurrency=2)
        waiting.send(functools.partial(_hire, hiring, waiting.run, images[key], share, trusted))


def _hire(
    trainers: "ActorClass",
    run: RunFolder,
    images: "ObjectRef",
    share: Mapping[str, float],
    trusted: Mapping[str, bytes],
) -> "ActorHandle":
    """A trainer for a run, as it is now."""
    return cast("ActorHandle", trainers.remote(run.id, mirror.start(run), images, share["num_cpus"], trusted))


def _images(spec: str, called: str, fraction: float, frame: Frame, data_dir: Path) -> dict[str, NDArray[np.uint8]]:
    """All that a machine needs to train on the images that lie at `spec` here and are called so there, and what was measured here
    of processors and images, so that it need not be there."""
    from vaedash.measuring import pca
    from vaedash.training import hardware

    dataset = datasets.load(spec, data_dir=data_dir, fraction=fraction, frame=frame)
    cache = data_dir / "cache"
    measured = [hardware.precision_file(cache), pca.spectrum_file(dataset.fingerprint, data_dir)]
    sent = {f"cache/{file.name}": np.fromfile(file, np.uint8) for file in measured if file.exists()}
    return sent | datasets.packed(spec, called=called, data_dir=data_dir, fraction=fraction, frame=frame)


def _clear() -> None:
    """Leave nothing behind on any machine."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    clear = ray.remote(trainer.clear)
    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    there = [NodeAffinitySchedulingStrategy(node, soft=False) for node in nodes]
    clearing = [clear.options(num_cpus=0, scheduling_strategy=place).remote() for place in there]
    ray.wait(clearing, num_returns=len(clearing), timeout=20)


def main() -> int:
    """The command line of the process; people use `python -m vaedash sweep --on ray`."""
    parser = argparse.ArgumentParser(prog="python -m vaedash.cluster.driver", description=__doc__)
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--on", required=True)
    arguments = parser.parse_args()
    runs = [RunFolder(path) for path in arguments.paths]
    away: list[Away] = []
    for run in runs:
        try:
            away.append(Away(run))
        except VaedashError as error:  # another process has it
            print(error, flush=True)
    try:
        drive(away, on=arguments.on, data_dir=arguments.data_dir)
        return 0
    except VaedashError as error:
        reason = str(error)
    except Exception as error:
        traceback.print_exc()
        reason = process.sentence(error, runs[0], log=names.CLUSTER_LOG)
    for left in away:
        if not left.over:
            left.end(Status.FAILED, reason)
    return 1


if __name__ == "__main__":
    sys.exit(main())
