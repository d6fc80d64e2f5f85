"""Training speed beside its peers, on the processor: the same images, architecture, batch and loss, one process after another, in turns."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from vaedash import config
from vaedash.bench import contestants, costs, operations, roof
from vaedash.bench.figures import Figure

ROUNDS = 3
_PAIRS = 2  # rounds of those, at most


def measure(
    *,
    dataset: str,
    data_dir: Path,
    images: int = contestants.IMAGES,
    rounds: int = ROUNDS,
    archs: Sequence[str] = config.PAIR,
) -> Iterator[tuple[str, Figure]]:
    """Images a second of each contestant with each of `archs`: medians over the epochs of `rounds` turns; and what they have learned.

    Every contestant trains preset p1 with all cores, in a process of its own. The losses are vaedash's, measured
    alike on all held-out images: nats per image. pythae takes part where it is installed. Each figure comes when it is known.
    """
    yield "machine", contestants.described()
    for arch in archs:
        compared = contestants.compared(arch, dataset=dataset, data_dir=data_dir, images=images, rounds=rounds)
        yield f"{arch} p1", compared
        yield f"{arch} p1 beside its layers alone", roof.measure(arch, data_dir)
        yield f"{arch} p1, where a step's time goes, one thread", operations.measure(arch, data_dir)
    yield "a pair at once", costs.of_a_pair(dataset, data_dir, repeats=min(rounds, _PAIRS))
    yield from costs.of_whole_runs(dataset, data_dir)
