"""Whether a device learns what the processor learns, and whether a step that was recorded does what it did before."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from vaedash import config, datasets
from vaedash.bench import probe
from vaedash.config import RunConfig

if TYPE_CHECKING:
    from vaedash.images import Pixels
    from vaedash.training.team import Team

_STEPS = 50


def measure(arch: str, dataset: str, data_dir: Path, device: str) -> dict[str, float | str]:
    """How far the loss of a batch is at most from the processor's in so many steps, and whether recorded steps equal plain ones."""
    differences: dict[str, float | str] = json.loads(probe.ask("agreement", arch, dataset, str(data_dir), device))
    return differences


def main() -> None:
    """The process that `measure` asks."""
    parser = argparse.ArgumentParser(prog="python -m vaedash.bench.agreement", description=__doc__)
    parser.add_argument("arch", choices=config.ARCHS)
    parser.add_argument("dataset")
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("device")
    asked = parser.parse_args()
    pixels = datasets.load(asked.dataset, data_dir=asked.data_dir).train
    print(json.dumps(_compared(asked.arch, pixels, asked.device)))


def _compared(arch: str, pixels: "Pixels", device: str) -> dict[str, float | str]:
    import torch

    from vaedash.training.team import ALONE, Team

    class Plain(Team):
        records_steps = False

    on_processor = _losses(arch, pixels, "cpu", "fp32", ALONE)
    as_it_trains = {precision: _losses(arch, pixels, device, precision, ALONE) for precision in ("fp32", "bf16")}
    plain = _losses(arch, pixels, device, "bf16", Plain())
    torch.backends.cudnn.allow_tf32 = False
    exact = _losses(arch, pixels, device, "fp32", ALONE)
    return {
        f"largest difference of a loss in {_STEPS} steps, fp32": _apart(exact, on_processor),
        "fp32 as it trains (TF32 in convolutions)": _apart(as_it_trains["fp32"], on_processor),
        "bf16": _apart(as_it_trains["bf16"], on_processor),
        "recorded steps equal plain ones": "bit for bit" if as_it_trains["bf16"] == plain else "no",
    }


def _losses(arch: str, pixels: "Pixels", device: str, precision: str, team: "Team") -> list[float]:
    """The loss of each batch, in nats per image, as a model learns from one after the other; the same batches on every device."""
    import numpy as np
    import torch

    from vaedash.models import archs
    from vaedash.training.hardware import Hardware
    from vaedash.training.step import Learner

    settings = RunConfig.build(preset="p1", arch=arch)
    machine = Hardware(device=device, precision=precision, threads=1, processor="", torch="")
    machine.apply()
    learner = Learner(settings, machine, team)
    generator, layout = torch.Generator().manual_seed(settings.seed), archs.memory_format(arch)
    losses = []
    for first in range(0, _STEPS * settings.batch_size, settings.batch_size):
        chosen = np.arange(first, first + settings.batch_size) % len(pixels)
        batch = torch.from_numpy(pixels[chosen]).to(device).contiguous(memory_format=layout)
        noise = torch.randn(settings.batch_size, settings.latent_dim, generator=generator).to(device)
        recon, kl = learner.step(batch, noise, beta=settings.beta, lr=settings.lr).tolist()
        losses.append((recon + settings.beta * kl) / settings.batch_size)
    return losses


def _apart(losses: list[float], expected: list[float]) -> float:
    return max(abs(loss / wanted - 1) for loss, wanted in zip(losses, expected, strict=True))


if __name__ == "__main__":
    main()
