"""What a real run costs beside its training steps: its start, its memory, the rest of an epoch, another run at the same time."""

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from vaedash import config, datasets
from vaedash.bench import memory
from vaedash.bench.figures import Figure, Figures
from vaedash.config import RunConfig
from vaedash.runs import Run
from vaedash.training import launch


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Seconds of a pair of short runs: both at once with a share of the cores each, and one after the other with all."""

    at_once: float
    in_turn: float

    def named(self) -> Figures:
        """As it is printed."""
        return {
            "both at once": self.at_once,
            "one after the other": self.in_turn,
            "ratio": self.at_once / self.in_turn,
        }


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Of one run: seconds to its first step and of its last epoch, the share of that beside training steps, kB it came to hold."""

    first_step: float | None
    epoch: float
    rest: float
    memory: int

    def named(self, *, bare: int) -> Figures:
        """As it is printed, where `bare` kB are torch's."""
        return {
            "start to first step, s": self.first_step,
            "epoch, s": self.epoch,
            "of it held-out loss, pictures, checkpoints": self.rest,
            "memory beyond torch, MB": (self.memory - bare) / 1024,
        }


def of_a_pair(dataset: str, data_dir: Path, *, device: str = "cpu", repeats: int = 2) -> Pair:
    """Medians of so many pairs."""
    at_once, in_turn = [], []
    for _ in range(repeats):
        pair = _short(dataset, device)
        at_once.append(_seconds_together(pair, data_dir))
        in_turn.append(sum(_seconds_together([settings], data_dir) for settings in pair))
    return Pair(at_once=statistics.median(at_once), in_turn=statistics.median(in_turn))


def of_whole_runs(dataset: str, data_dir: Path, *, device: str = "cpu") -> Figures:
    """What it takes to load the images, and what a run of each architecture costs."""
    start = time.perf_counter()
    images = datasets.load(dataset, data_dir=data_dir)
    results: dict[str, Figure] = {
        "loading the cached images, s": time.perf_counter() - start,
        "images, train and test": f"{len(images.train):,} + {len(images.test):,}",
    }
    bare = memory.bare()
    for settings in _short(dataset, device):
        cost = _whole_run(settings, n_train=len(images.train), data_dir=data_dir)
        results[f"{settings.arch} run"] = cost.named(bare=bare)
    return results


def of_the_study(
    dataset: str, data_dir: Path, *, device: str = "cpu", presets: Sequence[str] = ("p1", "p2", "p3")
) -> Figures:
    """The presets of the study with all architectures, each until early stopping ends it, as many at once as there are slots.

    Seconds from launch until the last one is over, and until the last one has been measured too.
    """
    study = [
        RunConfig.build(preset=preset, arch=arch, dataset=dataset, device=device)
        for preset in presets
        for arch in config.ARCHS
    ]
    with tempfile.TemporaryDirectory() as folder:
        started = launch.new_runs(Path(folder), study)
        begin = time.perf_counter()
        processes = launch.start(started, data_dir=data_dir)
        while any(run.reread().outcome is None for run in started):
            time.sleep(0.05)
        trained = time.perf_counter() - begin
        for process in processes:
            process.wait()
        over = [run.reread() for run in started]
        return {
            "runs": len(over),
            "until all are trained, s": trained,
            "until all are measured, s": time.perf_counter() - begin,
            **{f"{run.config.preset} {run.config.arch}": _how_it_ended(run) for run in over},
        }


def _how_it_ended(run: Run) -> Figures:
    return {"status": run.status, "epochs": len(run.epochs), "test loss": run.test_loss}


def _short(dataset: str, device: str) -> list[RunConfig]:
    return [RunConfig.build(preset="p1", arch=arch, dataset=dataset, epochs=2, device=device) for arch in config.ARCHS]


def _seconds_together(settings: Sequence[RunConfig], data_dir: Path) -> float:
    """How long it takes to train these at once, from launch to the last one's end."""
    with tempfile.TemporaryDirectory() as folder:
        started = launch.new_runs(Path(folder), settings)
        begin = time.perf_counter()
        for process in launch.start(started, data_dir=data_dir):
            process.wait()
        return time.perf_counter() - begin


def _whole_run(settings: RunConfig, *, n_train: int, data_dir: Path) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        run = launch.new_runs(Path(folder), [settings])[0]
        begin = time.perf_counter()
        process = launch.start([run], data_dir=data_dir)[0]
        first_step, most = None, 0
        while process.poll() is None:
            if first_step is None and (run.reread().progress or {}).get("seen"):
                first_step = time.perf_counter() - begin
            most = max(most, memory.peak(process.pid))
            time.sleep(0.02 if first_step is None else 0.2)
        row = run.reread().epochs[-1]
    # Of an epoch that is finished, neither is missing.
    speed, seconds = cast(float, row["images_per_second"]), cast(float, row["seconds"])
    return Cost(first_step=first_step, epoch=seconds, rest=1 - n_train / speed / seconds, memory=most)
