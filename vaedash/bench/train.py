"""Training speed beside its peers, on the processor: the same images, architecture, batch and loss, one process after another, in turns."""

from collections.abc import Sequence
from pathlib import Path

from vaedash import config
from vaedash.bench import arithmetic, contestants, costs, machine, operations
from vaedash.bench.figures import Figure, Figures

IMAGES = 12_800
ROUNDS = 3


def measure(
    *,
    dataset: str,
    data_dir: Path,
    images: int = IMAGES,
    rounds: int = ROUNDS,
    archs: Sequence[str] = tuple(config.ARCHS),
) -> Figures:
    """Images a second of each contestant with each of `archs`: medians over the epochs of `rounds` turns; and what they have learned.

    Every contestant trains preset p1 with all cores, in a process of its own. The losses are vaedash's, measured
    alike on all held-out images: nats per image. pythae takes part where it is installed.
    """
    peers = [name for name in contestants.present() if name not in ("notebook", "vaedash")]
    results: dict[str, Figure] = {"machine": machine.described(*peers, "torchvision", "numpy")}
    for arch in archs:
        turns = contestants.race(arch, dataset=dataset, data_dir=data_dir, images=images, rounds=rounds)
        ours = turns["vaedash"]
        results[f"{arch} p1"] = {
            **contestants.table(turns),
            "arithmetic": arithmetic.measure(arch, ours[0].precision).at(contestants.speed(ours)),
            "where a step's time goes, one thread": operations.measure(arch, data_dir),
        }
    results["a pair at once"] = costs.of_a_pair(dataset, data_dir, repeats=min(rounds, 2)).named()
    return {**results, **costs.of_whole_runs(dataset, data_dir)}
