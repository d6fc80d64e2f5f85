"""Where the time of a training step goes: the operations that take most of it, on one thread."""

import argparse
import json
from pathlib import Path

from vaedash import config
from vaedash.bench import probe
from vaedash.config import RunConfig

_MOST = 6  # operations that are named
_WARM_UP, _STEPS = 10, 30


def measure(arch: str, data_dir: Path) -> dict[str, float]:
    """The share of each, by its name; the largest first."""
    shares: dict[str, float] = json.loads(probe.ask("operations", arch, str(data_dir)))
    return shares


def main() -> None:
    """The process that `measure` asks."""
    parser = argparse.ArgumentParser(prog="python -m vaedash.bench.operations", description=__doc__)
    parser.add_argument("arch", choices=config.ARCHS)
    parser.add_argument("data_dir", type=Path)
    asked = parser.parse_args()
    print(json.dumps(_shares(RunConfig.build(preset="p1", arch=asked.arch, device="cpu"), asked.data_dir)))


def _shares(settings: RunConfig, data_dir: Path) -> dict[str, float]:
    import torch
    from torch.profiler import ProfilerActivity, profile

    from vaedash.models import archs
    from vaedash.training import hardware
    from vaedash.training.step import Learner

    machine = hardware.choose(settings, sharing=100, data_dir=data_dir)
    machine.apply()
    learner = Learner(settings, machine)
    pixels = torch.randint(256, (settings.batch_size, *settings.frame.shape), dtype=torch.uint8)
    pixels = pixels.contiguous(memory_format=archs.memory_format(settings.arch))

    def steps(count: int) -> None:
        for _ in range(count):
            noise = torch.randn(settings.batch_size, settings.latent_dim)
            learner.step(pixels, noise, beta=settings.beta, lr=settings.lr)

    steps(_WARM_UP)
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        steps(_STEPS)
    times = {event.key: event.self_cpu_time_total for event in seen.key_averages()}
    largest = sorted(times, key=lambda name: times[name], reverse=True)[:_MOST]
    return {name: times[name] / sum(times.values()) for name in largest}


if __name__ == "__main__":
    main()
