"""What a GPU makes of it, in one command: whether it learns what the processor learns, an epoch, a pair, the study, its peak."""

from pathlib import Path

from vaedash import config
from vaedash.bench import agreement, contestants, costs
from vaedash.bench.figures import Figure, Figures

_DEVICE = "cuda"
ROUNDS = 2


def require() -> None:
    """UsageError where there is none that torch can use."""
    from vaedash.training import hardware

    hardware.available(_DEVICE)


def measure(*, dataset: str, data_dir: Path, rounds: int = ROUNDS) -> Figures:
    """All of it on the images of `dataset`, with preset p1 where no other is named. There must be a GPU (`require`)."""
    import torch

    from vaedash.training import hardware

    gpu = {"gpu": hardware.name_of(_DEVICE), "cuda": torch.version.cuda}
    results: dict[str, Figure] = {"machine": {**contestants.described(), **gpu}}
    for arch in config.ARCHS:
        speeds = {precision: _speed(arch, precision, dataset, data_dir) for precision in ("fp32", "bf16")}
        results[f"{arch} p1"] = {
            "beside the processor": agreement.measure(arch, dataset, data_dir, _DEVICE),
            **{f"50,000 images in {precision}, s": 50_000 / speed for precision, speed in speeds.items()},
            **contestants.compared(arch, dataset=dataset, data_dir=data_dir, rounds=rounds, device=_DEVICE),
        }
    results["a pair at once"] = costs.of_a_pair(dataset, data_dir, device=_DEVICE, repeats=rounds)
    results |= costs.of_whole_runs(dataset, data_dir, device=_DEVICE)
    results["the study"] = costs.of_the_study(dataset, data_dir, device=_DEVICE)
    return results


def _speed(arch: str, precision: str, dataset: str, data_dir: Path) -> float:
    """Images a second on all images: the median epoch."""
    turn = contestants.turn("vaedash", arch, dataset=dataset, data_dir=data_dir, device=_DEVICE, precision=precision)
    return contestants.speed([turn])
