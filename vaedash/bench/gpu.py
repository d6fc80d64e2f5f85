"""What a GPU makes of it, in one command: whether it learns what the processor learns, an epoch, a pair, the study, its peak."""

from collections.abc import Iterator
from pathlib import Path

from vaedash import config
from vaedash.bench import agreement, contestants, costs
from vaedash.bench.figures import Figure

_DEVICE = "cuda"
ROUNDS = 2


def require() -> None:
    """UsageError where there is none that torch can use."""
    from vaedash.training import hardware

    hardware.available(_DEVICE)


def measure(*, dataset: str, data_dir: Path, rounds: int = ROUNDS) -> Iterator[tuple[str, Figure]]:
    """All of it on the images of `dataset`, with preset p1 where no other is named; what takes longest comes last, and each
    figure when it is known. There must be a GPU (`require`)."""
    import torch

    from vaedash.training import hardware

    yield "machine", {**contestants.described(), "gpu": hardware.name_of(_DEVICE), "cuda": torch.version.cuda}
    for arch in config.PAIR:
        yield f"{arch} p1 beside the processor", agreement.measure(arch, dataset, data_dir, _DEVICE)
        for precision in ("fp32", "bf16"):
            yield f"{arch} p1, 50,000 images in {precision}, s", 50_000 / _speed(arch, precision, dataset, data_dir)
    yield "the study", costs.of_the_study(dataset, data_dir, device=_DEVICE)
    yield "a pair at once", costs.of_a_pair(dataset, data_dir, device=_DEVICE, repeats=rounds)
    yield from costs.of_whole_runs(dataset, data_dir, device=_DEVICE)
    for arch in config.PAIR:
        yield (
            f"{arch} p1",
            contestants.compared(arch, dataset=dataset, data_dir=data_dir, rounds=rounds, device=_DEVICE),
        )


def _speed(arch: str, precision: str, dataset: str, data_dir: Path) -> float:
    """Images a second on all images: the median epoch."""
    turn = contestants.turn("vaedash", arch, dataset=dataset, data_dir=data_dir, device=_DEVICE, precision=precision)
    return contestants.speed([turn])
