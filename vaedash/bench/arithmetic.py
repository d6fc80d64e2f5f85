"""How much arithmetic an architecture's training is, and how much of it this machine could do in a second."""

import argparse
import dataclasses
import json
import time
from dataclasses import dataclass

from vaedash import config
from vaedash.bench import probe
from vaedash.bench.figures import Figures
from vaedash.config import RunConfig

_BATCH = 64
_SIDE = {"cpu": 1024, "cuda": 8192}  # of the matrices whose products are timed
_PRODUCTS = 30


@dataclass(frozen=True, kw_only=True)
class Arithmetic:
    """Floating-point operations: of training on one image, and a second of matrix products at their fastest."""

    precision: str
    per_image: float
    peak: float

    def at(self, images_per_second: float) -> Figures:
        """What a speed of training makes of them, and which share of the peak that is."""
        reached = self.per_image * images_per_second
        return {
            "precision": self.precision,
            "MFLOP an image": self.per_image / 1e6,
            "GFLOP/s": reached / 1e9,
            "matrix peak, GFLOP/s": self.peak / 1e9,
            "share of the peak": reached / self.peak,
        }


def measure(arch: str, precision: str, *, device: str = "cpu") -> Arithmetic:
    """That of an architecture's training in `fp32` or `bf16`, here."""
    return Arithmetic(**json.loads(probe.ask("arithmetic", arch, precision, device)))


def main() -> None:
    """The process that `measure` asks."""
    parser = argparse.ArgumentParser(prog="python -m vaedash.bench.arithmetic", description=__doc__)
    parser.add_argument("arch", choices=config.ARCHS)
    parser.add_argument("precision", choices=("fp32", "bf16"))
    parser.add_argument("device")
    asked = parser.parse_args()
    peak = _peak(asked.precision, asked.device)
    answer = Arithmetic(precision=asked.precision, per_image=_per_image(asked.arch), peak=peak)
    print(json.dumps(dataclasses.asdict(answer)))


def _per_image(arch: str) -> float:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from vaedash.models import archs

    model = archs.build(RunConfig(arch=arch))
    with FlopCounterMode(display=False) as counted:
        mu, logvar = model.encode(torch.rand(_BATCH, *config.USUAL_FRAME.shape))
        model.decode(mu + logvar).sum().backward()
    return counted.get_total_flops() / _BATCH


def _peak(precision: str, device: str) -> float:
    import torch

    from vaedash.training import hardware

    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    side = _SIDE[device]
    left, right = torch.randn(2, side, side, device=device).to(dtype)
    times = []
    for _ in range(_PRODUCTS):
        hardware.wait_for(device)
        start = time.perf_counter()
        _ = left @ right
        hardware.wait_for(device)
        times.append(time.perf_counter() - start)
    return 2 * side**3 / min(times)


if __name__ == "__main__":
    main()
