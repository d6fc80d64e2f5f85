"""What a real run costs beside its training steps: its start, its memory, the rest of an epoch, other runs at the same time."""

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from vaedash import config, datasets
from vaedash.bench import memory
from vaedash.bench.figures import Figure, Figures
from vaedash.config import RunConfig
from vaedash.runs import Run
from vaedash.training import launch


class Launched:
    """Runs that were just launched, in a folder of their own that goes with them, and a clock that runs since."""

    def __init__(self, settings: Sequence[RunConfig], data_dir: Path) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._runs = launch.new_runs(Path(self._folder.name), settings)
        self._begin = time.perf_counter()
        self.processes = launch.start(self._runs, data_dir=data_dir)

    def __enter__(self) -> "Launched":
        return self

    def __exit__(self, *_: object) -> None:
        for run in self._runs:
            if run.held:
                run.request_stop()
        self.wait()
        self._folder.cleanup()

    def now(self) -> list[Run]:
        """The runs as they are on disk."""
        return [run.reread() for run in self._runs]

    def seconds(self) -> float:
        """How long ago it was."""
        return time.perf_counter() - self._begin

    def until_trained(self) -> float:
        """Waits until none of them trains or is to train any more; the seconds since the launch. They may still be measured."""
        while any(run.active for run in self.now()):
            time.sleep(0.05)
        return self.seconds()

    def wait(self) -> None:
        """Until their processes have ended, which measure each run after its training."""
        for process in self.processes:
            process.wait()


def of_a_pair(dataset: str, data_dir: Path, *, device: str = "cpu", repeats: int) -> Figures:
    """Seconds of a pair of short runs, medians: both at once with a share of the cores each, and one after the other with all."""
    at_once, in_turn = [], []
    for _ in range(repeats):
        pair = _short(dataset, device)
        at_once.append(_seconds_together(pair, data_dir))
        in_turn.append(sum(_seconds_together([settings], data_dir) for settings in pair))
    together, apart = statistics.median(at_once), statistics.median(in_turn)
    return {"both at once": together, "one after the other": apart, "ratio": together / apart}


def of_whole_runs(dataset: str, data_dir: Path, *, device: str = "cpu") -> Iterator[tuple[str, Figure]]:
    """What it takes to load the images, and what a run of each architecture costs."""
    start = time.perf_counter()
    images = datasets.load(dataset, data_dir=data_dir)
    yield "loading the cached images, s", time.perf_counter() - start
    yield "images, train and test", f"{len(images.train):,} + {len(images.test):,}"
    for settings in _short(dataset, device):
        yield f"{settings.arch} run", _of_a_run(settings, n_train=len(images.train), data_dir=data_dir)


def of_the_study(
    dataset: str, data_dir: Path, *, device: str = "cpu", presets: Sequence[str] = config.STUDY
) -> Figures:
    """Presets of the study with all architectures, each until early stopping ends it, as many at once as there are slots.

    Seconds from launch until the last one is over, and until the last one has been measured too.
    """
    study = [
        RunConfig.build(preset=preset, arch=arch, dataset=dataset, device=device)
        for preset in presets
        for arch in config.PAIR
    ]
    with Launched(study, data_dir) as launched:
        trained = launched.until_trained()
        launched.wait()
        ended = {f"{run.config.preset} {run.config.arch}": _how_it_ended(run) for run in launched.now()}
        return {
            "runs": len(ended),
            "until all are trained, s": trained,
            "until all are measured, s": launched.seconds(),
            **ended,
        }


def _how_it_ended(run: Run) -> Figures:
    return {"status": run.status, "epochs": len(run.epochs), "test loss": run.test_loss}


def _short(dataset: str, device: str) -> list[RunConfig]:
    return [RunConfig.build(preset="p1", arch=arch, dataset=dataset, epochs=2, device=device) for arch in config.PAIR]


def _seconds_together(settings: Sequence[RunConfig], data_dir: Path) -> float:
    with Launched(settings, data_dir) as launched:
        launched.wait()
        return launched.seconds()


def _of_a_run(settings: RunConfig, *, n_train: int, data_dir: Path) -> Figures:
    """Seconds to its first step, of its last epoch and of what is measured after it, the share of an epoch beside training
    steps, and what the process came to hold in memory."""
    with Launched([settings], data_dir) as launched:
        [process] = launched.processes
        first_step, trained, most, most_while_training = None, 0.0, 0, None
        while process.poll() is None:
            [run] = launched.now()
            most = max(most, memory.peak(process.pid))
            if run.active:
                trained = launched.seconds()
            elif most_while_training is None:  # what has been held can only grow, and the training has just ended
                most_while_training = most
            if first_step is None and (run.progress or {}).get("seen"):
                first_step = launched.seconds()
            time.sleep(0.02 if first_step is None else 0.1)
        measured = launched.seconds() - trained
        [run] = launched.now()
    row = run.epochs[-1]
    # Of an epoch that is finished, neither is missing.
    speed, seconds = cast(float, row["images_per_second"]), cast(float, row["seconds"])
    results: dict[str, Figure] = {
        "start to first step, s": first_step,
        "epoch, s": seconds,
        "of it held-out loss, pictures, checkpoints": 1 - n_train / speed / seconds,
        "measured after the training, s": measured,
    }
    if settings.device == "cpu":  # on a GPU, torch alone holds much more, and the images are elsewhere
        results["memory beyond torch while it trains, MB"] = ((most_while_training or most) - memory.bare()) / 1024
        results["memory beyond torch with what is measured, MB"] = (most - memory.bare()) / 1024
    return results
