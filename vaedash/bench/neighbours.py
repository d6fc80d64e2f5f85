"""Training beside other programs: what a run's own choice of threads makes of a machine whose cores are taken, in turns."""

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from vaedash import config
from vaedash.bench import probe
from vaedash.bench.figures import Figure, Figures
from vaedash.config import RunConfig

ROUNDS = 3
SECONDS = 10.0  # of training, in each turn
WAYS = ("one thread", "all cores", "as a run chooses")
_ENDLESS = "while True: pass"


def measure(
    arch: str, *, data_dir: Path, busy: int, rounds: int = ROUNDS, seconds: float = SECONDS
) -> Iterator[tuple[str, Figure]]:
    """Images a second of preset p1 with one thread, with as many as there are cores, and as a run chooses them: without other
    programs and beside `busy` processes that never rest. The medians of so many turns, each of its own process."""
    for others in sorted({0, busy}):
        speeds: dict[str, list[float]] = {way: [] for way in WAYS}
        with _at_work(others):
            for _ in range(rounds):
                for way, reached in speeds.items():
                    reached.append(float(probe.ask("neighbours", arch, str(data_dir), way, str(seconds))))
        figures: Figures = {way: statistics.median(reached) for way, reached in speeds.items()}
        best = max(statistics.median(speeds[way]) for way in WAYS[:2])
        chosen = statistics.median(speeds[WAYS[2]])
        shares = {"of one thread": chosen / statistics.median(speeds[WAYS[0]]), "of the better one": chosen / best}
        yield f"{arch} p1 beside {others} busy processes, images/s", {**figures, **shares}


@contextlib.contextmanager
def _at_work(count: int) -> Iterator[None]:
    """That many processes which take all that they get of a core."""
    others = [subprocess.Popen([sys.executable, "-c", _ENDLESS]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def main() -> None:
    """The process that `measure` asks."""
    parser = argparse.ArgumentParser(prog="python -m vaedash.bench.neighbours", description=__doc__)
    parser.add_argument("arch", choices=config.ARCHS)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("seconds", type=float)
    asked = parser.parse_args()
    settings = RunConfig.build(preset="p1", arch=asked.arch, device="cpu")
    print(json.dumps(_speed(settings, asked.data_dir, asked.way, asked.seconds)))


def _speed(settings: RunConfig, data_dir: Path, way: str, seconds: float) -> float:
    import torch

    from vaedash.models import archs
    from vaedash.training import hardware
    from vaedash.training.pace import Pace
    from vaedash.training.step import Learner

    machine = hardware.choose(settings, sharing=1, data_dir=data_dir)
    machine.apply()
    apart = hardware.apart(settings, machine, bounded=False, cache=data_dir / "cache")
    learner = Learner(settings, machine, apart=apart)
    fixed = {"one thread": Pace.fixed(1), "all cores": Pace.fixed(machine.threads)}
    pace = fixed.get(way) or hardware.pace(settings, machine, apart)
    pixels = torch.randint(256, (settings.batch_size, *settings.frame.shape), dtype=torch.uint8)
    pixels = pixels.contiguous(memory_format=archs.memory_format(settings.arch))
    noise = torch.randn(settings.batch_size, settings.latent_dim)
    learner.step(pixels, noise, beta=settings.beta, lr=settings.lr)  # what is done once
    steps, start = 0, time.perf_counter()
    while (taken := time.perf_counter() - start) < seconds:
        with pace.step(len(pixels)) as threads:
            hardware.use(threads)
            learner.step(pixels, noise, beta=settings.beta, lr=settings.lr)
        steps += 1
    return steps * len(pixels) / taken


if __name__ == "__main__":
    main()
