"""What is measured in a process of its own: `python -m vaedash.bench.probes WHAT ...` prints the answer as JSON, on a line by itself."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from vaedash.training import launch


def asked(what: str, *arguments: object) -> Any:
    """The answer of a probe (a key of PROBES) that runs in an environment as trainers have it."""
    command = [sys.executable, "-m", "vaedash.bench.probes", what, *map(str, arguments)]
    done = subprocess.run(command, env=launch.environment(), capture_output=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def arithmetic(arch: str, precision: str) -> list[float]:
    """Floating-point operations of training on one image, and how many a second this machine's matrix products reach."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from vaedash.config import RunConfig
    from vaedash.models import archs

    model = archs.build(RunConfig(arch=arch))
    with FlopCounterMode(display=False) as counted:
        mu, logvar = model.encode(torch.rand(64, 3, 32, 32))
        model.decode(mu + logvar).sum().backward()
    a, b = torch.randn(2, 1024, 1024).to(torch.bfloat16 if precision == "bf16" else torch.float32)
    times = []
    for _ in range(30):
        start = time.perf_counter()
        _ = a @ b
        times.append(time.perf_counter() - start)
    return [counted.get_total_flops() / 64, 2 * 1024**3 / min(times)]


def operations(arch: str, data_dir: str, most: str) -> dict[str, float]:
    """The operations that take most of a training step's time, each with its share."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    from vaedash.config import RunConfig
    from vaedash.models import archs
    from vaedash.training import hardware
    from vaedash.training.step import Learner

    settings = RunConfig.build(preset="p1", arch=arch)
    machine = hardware.choose(settings, sharing=100, data_dir=Path(data_dir))
    machine.apply()
    learner = Learner(settings, machine)
    pixels = torch.randint(256, (64, 3, 32, 32), dtype=torch.uint8)
    pixels = pixels.contiguous(memory_format=archs.memory_format(arch))

    def steps(count: int) -> None:
        for _ in range(count):
            learner.step(pixels, torch.randn(64, 128), beta=1.0, lr=1e-3)

    steps(10)
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        steps(30)
    times = {event.key: float(event.self_cpu_time_total) for event in profiled.key_averages()}
    first = sorted(times, key=times.__getitem__, reverse=True)[: int(most)]
    return {name: times[name] / sum(times.values()) for name in first}


def bare_memory() -> int:
    """kB that a process holds in which torch has done nothing but a step of Adam with two weights."""
    import os

    import torch

    from vaedash.bench.machine import peak_memory

    layer = torch.nn.Linear(1, 1)
    adam = torch.optim.Adam(layer.parameters(), fused=True)
    layer(torch.ones(1, 1)).sum().backward()
    adam.step()
    return peak_memory(os.getpid())


def listing(folder: str) -> list[tuple[float, float]]:
    """(Seconds, seconds of computing) of the first listing of a runs folder in this process, and of three later ones."""
    from vaedash.runs.listing import Readings

    readings, taken = Readings(), []
    for _ in range(4):
        start, computing = time.perf_counter(), time.process_time()
        readings.list_runs(Path(folder))
        taken.append((time.perf_counter() - start, time.process_time() - computing))
    return taken


PROBES = {
    "arithmetic": arithmetic,
    "operations": operations,
    "bare-memory": bare_memory,
    "listing": listing,
}

if __name__ == "__main__":
    print(json.dumps(PROBES[sys.argv[1]](*sys.argv[2:])), flush=True)  # type: ignore[operator]  # each takes its words
    if sys.argv[1] == "listing":  # whoever asked looks at this process before it lets it go
        sys.stdin.read()
