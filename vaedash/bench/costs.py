"""What a run costs besides its training steps, and what the steps make of the processor."""

import math
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, cast

from vaedash import config
from vaedash.bench import machine, probes
from vaedash.config import RunConfig
from vaedash.training import launch


def arithmetic(arch: str, precision: str, images_per_second: float) -> dict[str, Any]:
    """Floating-point operations of training, as a share of what this machine's matrix products reach."""
    per_image, peak = probes.asked("arithmetic", arch, precision)
    return {
        "precision": precision,
        "MFLOP an image": per_image / 1e6,
        "GFLOP/s": per_image * images_per_second / 1e9,
        "matrix peak, GFLOP/s": peak / 1e9,
        "share of the peak": per_image * images_per_second / peak,
    }


def operations(arch: str, data_dir: Path, most: int = 6) -> dict[str, float]:
    """The operations that take most of a training step's time, each with its share."""
    return cast(dict[str, float], probes.asked("operations", arch, data_dir, most))


def pair(dataset: str, data_dir: Path, repeats: int = 2) -> dict[str, float]:
    """Seconds of a pair of short runs: both at once with a share of the cores each, and one after the other with all."""
    at_once, in_turn = [], []
    for _ in range(repeats):
        at_once.append(_seconds_together(_short(dataset), data_dir))
        in_turn.append(sum(_seconds_together([one], data_dir) for one in _short(dataset)))
    return {
        "both at once": statistics.median(at_once),
        "one after the other": statistics.median(in_turn),
        "ratio": statistics.median(at_once) / statistics.median(in_turn),
    }


def _short(dataset: str) -> list[RunConfig]:
    return [RunConfig.build(preset="p1", arch=arch, dataset=dataset, epochs=2) for arch in config.ARCHS]


def _seconds_together(settings: list[RunConfig], data_dir: Path) -> float:
    """How long it takes to train these at once, from launch to the last one's end."""
    with tempfile.TemporaryDirectory() as folder:
        started = launch.new_runs(Path(folder), settings)
        begin = time.perf_counter()
        for process in launch.start(started, data_dir=data_dir):
            process.wait()
        return time.perf_counter() - begin


def whole_run(dataset: str, data_dir: Path) -> dict[str, Any]:
    """What a real run costs beside its training steps: its start, its memory, the rest of an epoch."""
    from vaedash import datasets

    results: dict[str, Any] = {}
    start = time.perf_counter()
    data = datasets.load(dataset, data_dir=data_dir)
    results["loading the cached images, s"] = time.perf_counter() - start
    results["images, train and test"] = f"{len(data.train):,} + {len(data.test):,}"
    bare = int(probes.asked("bare-memory"))
    for one in _short(dataset):
        with tempfile.TemporaryDirectory() as folder:
            run = launch.new_runs(Path(folder), [one])[0]
            begin = time.perf_counter()
            process = launch.start([run], data_dir=data_dir)[0]
            first_step, memory = None, 0
            while process.poll() is None:
                if first_step is None and (run.reread().progress or {}).get("seen"):
                    first_step = time.perf_counter() - begin
                memory = max(memory, machine.peak_memory(process.pid))
                time.sleep(0.02 if first_step is None else 0.2)
            row = run.reread().epochs[-1]
            stepping, seconds = len(data.train) / (row["images_per_second"] or math.nan), row["seconds"] or math.nan
            results[f"{one.arch} run"] = {
                "start to first step, s": first_step,
                "epoch, s": seconds,
                "of it held-out loss, pictures, checkpoints": 1 - stepping / seconds,
                "memory beyond torch, MB": (memory - bare) / 1024,
            }
    return results
