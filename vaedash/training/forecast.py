"""How long a run would take here: a few training steps measured in a process of their own, before anything is launched."""

import argparse
import dataclasses
import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vaedash import config
from vaedash.config import USUAL_FRAME, RunConfig
from vaedash.errors import RunError
from vaedash.languages import Sentence, counted, say
from vaedash.runs.schema import Progress
from vaedash.training import launch

_WARM_UP, _STEPS = 3, 12
_ENOUGH = 0.75  # of its share of the cores: with less, a run is told to be on a busy machine
_PICTURES = 150_000  # bytes of two pictures, of 32 by 32 pixels each image
_EPOCH_OVERHEAD = 1.06  # held-out losses, pictures and checkpoints, as a factor on the training steps


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What one run of the given settings costs on this machine."""

    images_per_second: float
    seconds: float  # to the ceiling of epochs; early stopping may end it sooner
    disk: int  # bytes


@dataclass(frozen=True, kw_only=True)
class Speed:
    """What was measured of training steps with some settings; `parameters` are all that the model learns."""

    images_per_second: float
    parameters: int


def measure(asked: Sequence[RunConfig], *, sharing: int, data_dir: Path) -> list[Speed]:
    """The speed of training steps with each of these settings, one of `sharing` runs at a time.

    Runs in a process of its own, so that the caller never loads torch, and behind everybody else who wants a core; takes some
    seconds. RunError if it fails.
    """
    measuring = subprocess.run(
        [
            *(sys.executable, "-m", "vaedash.training.forecast"),
            *("--sharing", str(sharing), "--data-dir", str(data_dir)),
        ],
        input=json.dumps([settings.to_json() for settings in asked]),
        capture_output=True,
        text=True,
        env=launch.environment(),
        start_new_session=True,  # of its own, so that it can step aside for all others
        check=False,
    )
    if measuring.returncode:
        reason = (measuring.stderr.strip().splitlines() or ["?"])[-1].removesuffix(".")
        raise RunError(
            # Whoever waits for the same measurement reads it too.
            Sentence(
                "This machine's speed could not be measured: {reason}. Training may start all the same.", reason=reason
            )
        )
    return [Speed(**speed) for speed in json.loads(measuring.stdout)]


def times_as_long(several: Sequence[RunConfig], other: RunConfig, *, data_dir: Path) -> list[float]:
    """How many times as long as another run's a training step of each of several takes here, for each image; measured like that."""
    *speeds, last = measure([*several, other], sharing=1, data_dir=data_dir)
    return [last.images_per_second / speed.images_per_second for speed in speeds]


def forecast(settings: RunConfig, speed: Speed, *, n_train: int) -> Forecast:
    """The cost of a run on `n_train` images at a measured speed."""
    weights = 4 * speed.parameters
    # best.pt holds the weights; last.pt and previous.pt also Adam's two moments of each. Then two pictures an epoch.
    disk = weights + 2 * 3 * weights + settings.epochs * _PICTURES * settings.frame.pixels // USUAL_FRAME.pixels
    return Forecast(
        images_per_second=speed.images_per_second,
        seconds=settings.epochs * n_train / speed.images_per_second * _EPOCH_OVERHEAD,
        disk=disk,
    )


def wall_seconds(forecasts: Sequence[Forecast]) -> float:
    """How long several runs take together, in `config.SLOTS` slots, each taking the next in line when it is free."""
    slots = [0.0] * config.SLOTS
    for run in forecasts:
        slots[slots.index(min(slots))] += run.seconds
    return max(slots)


def in_words(seconds: float) -> str:
    """A duration as a person says it."""
    if seconds < 90:
        return say("{seconds:.0f} seconds", seconds=max(5, 5 * math.ceil(seconds / 5)))
    if seconds < 5400:
        return say("{seconds:.0f} minutes", seconds=seconds / 60)
    return say("{seconds:.1f} hours", seconds=seconds / 3600)


def crowded(progress: Progress) -> str:
    """In words that other programs take a good part of what a run would have of this machine; empty where they do not."""
    free, share = progress.get("free"), progress.get("share")
    if free is None or share is None or free >= _ENOUGH * share:
        return ""
    return counted(
        "this machine is busy with other work ({free:.1f} of {n} core left)",
        "this machine is busy with other work ({free:.1f} of {n} cores left)",
        n=share,
        free=free,
    )


def _main() -> None:
    """The measuring process: settings as JSON on stdin, their speeds as JSON on stdout."""
    from vaedash.measuring import workers

    parser = argparse.ArgumentParser(prog="python -m vaedash.training.forecast", description=__doc__)
    parser.add_argument("--sharing", type=int, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    arguments = parser.parse_args()
    asked = [RunConfig.from_json(settings) for settings in json.load(sys.stdin)]
    workers.step_aside()
    speeds = [_speed(settings, arguments.sharing, arguments.data_dir) for settings in asked]
    json.dump([dataclasses.asdict(speed) for speed in speeds], sys.stdout)


def _speed(settings: RunConfig, sharing: int, data_dir: Path) -> Speed:
    import torch

    from vaedash.models import archs
    from vaedash.training import hardware
    from vaedash.training.step import Learner

    machine = hardware.choose(settings, sharing=sharing, data_dir=data_dir)
    machine.apply()
    apart = hardware.apart(settings, machine, bounded=True, cache=data_dir / "cache", find=False)
    learner = Learner(settings, machine, apart=apart)
    batch = torch.randint(256, (settings.batch_size, *settings.frame.shape), dtype=torch.uint8, device=machine.device)
    batch = batch.contiguous(memory_format=archs.memory_format(settings.arch))
    noise = torch.randn(settings.batch_size, settings.latent_dim, device=machine.device)

    def best_of(threads: int) -> float:
        hardware.use(threads)
        seconds = []
        for _ in range(_WARM_UP + _STEPS):
            start = time.perf_counter()
            learner.step(batch, noise, beta=settings.beta, lr=settings.lr).tolist()
            seconds.append(time.perf_counter() - start)
        return settings.batch_size / statistics.median(seconds[_WARM_UP:])

    # As it would train: on one core where others take the rest.
    speeds = [best_of(threads) for threads in sorted({1, machine.threads})]
    return Speed(images_per_second=max(speeds), parameters=archs.parameter_count(learner.model))


if __name__ == "__main__":
    _main()
