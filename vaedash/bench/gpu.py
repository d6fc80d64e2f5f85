"""What a GPU makes of it, in one command: whether it learns what the processor learns, an epoch, a pair, the study, its peak."""

from pathlib import Path

from vaedash import config
from vaedash.bench import agreement, arithmetic, contestants, costs, machine
from vaedash.bench.figures import Figure, Figures

IMAGES, ROUNDS = 12_800, 2  # of the race


def measure(*, dataset: str, data_dir: Path, rounds: int = ROUNDS, device: str = "cuda") -> Figures:
    """All of it on the images of `dataset`, with preset p1 where no other is named. UsageError if torch has no such `device` here."""
    import torch

    from vaedash.training import hardware

    hardware.device(device)
    results: dict[str, Figure] = {
        "machine": {**machine.described("numpy"), "device": hardware.name(device), "cuda": torch.version.cuda}
    }
    for arch in config.ARCHS:
        turns = contestants.race(arch, dataset=dataset, data_dir=data_dir, images=IMAGES, rounds=rounds, device=device)
        speed, precision = contestants.speed(turns["vaedash"]), turns["vaedash"][0].precision
        results[f"{arch} p1"] = {
            "beside the processor": agreement.measure(arch, dataset, data_dir, device),
            "50,000 images, s": 50_000 / speed,
            **contestants.table(turns),
            "arithmetic": arithmetic.measure(arch, precision, device=device).at(speed),
        }
    results["a pair at once"] = costs.of_a_pair(dataset, data_dir, device=device, repeats=rounds).named()
    results |= costs.of_whole_runs(dataset, data_dir, device=device)
    results["the study"] = costs.of_the_study(dataset, data_dir, device=device)
    return results
