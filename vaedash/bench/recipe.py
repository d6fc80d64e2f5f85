"""A race with rules: how long a processor takes to one held-out loss, the notebook's way with preset p1, and here with preset `fast`.

The same images, layers and latent size; seeds that say that the loss is no luck. The time of a run counts from its launch to
the epoch whose loss is compared, of the notebook's way its epochs alone.
"""

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from vaedash.bench import contestants, costs, machine
from vaedash.bench.figures import Figure, Figures
from vaedash.comparing import intervals
from vaedash.config import RunConfig

TARGET = 74.7  # nats per image: what the study reports of conv p1 on CIFAR-10
SEEDS = 5


def measure(
    *, dataset: str, data_dir: Path, target: float = TARGET, seeds: int = SEEDS
) -> Iterator[tuple[str, Figure]]:
    """The time of the notebook's way to a loss of `target`, then what each seed of preset `fast` reaches and in which time.

    For conv also the p-value of the mean being below `target` (one-sided, Student's t), and how many times as fast as the
    notebook's way it was, which trains until the first epoch whose loss is not above that.
    """
    yield "machine", machine.described("torchvision", "numpy")
    yield "held-out loss to reach", target
    notebook = contestants.turn("notebook", "conv", dataset=dataset, data_dir=data_dir, until=target)
    epochs = len(notebook.speeds)
    yield "conv p1, the notebook's way", {"epochs": epochs, "seconds": notebook.seconds, "loss": notebook.loss}
    for arch in ("conv", "fc"):  # the race first
        losses, seconds = [], []
        for seed in range(seeds):
            settings = RunConfig.build(preset="fast", arch=arch, dataset=dataset, seed=seed, device="cpu")
            took, loss = _of_a_run(settings, data_dir)
            losses.append(loss)
            seconds.append(took)
            yield f"{arch} fast, seed {seed}", {"seconds": took, "loss": loss}
        yield f"{arch} fast", _summary(losses, seconds)
        if arch == "conv":
            yield "p of a mean so far below the loss to reach, were it luck", intervals.p_not_below(losses, target)
            yield "conv fast is faster than the notebook's way by", notebook.seconds / statistics.fmean(seconds)


def _of_a_run(settings: RunConfig, data_dir: Path) -> tuple[float, float]:
    """Seconds from launch to the end of its last epoch, and the held-out loss there."""
    with costs.Launched([settings], data_dir) as launched:
        seconds, [run] = launched.until_trained(), launched.now()
        return seconds, cast(float, run.epochs[-1]["test_loss"])


def _summary(losses: Sequence[float], seconds: Sequence[float]) -> Figures:
    spread = statistics.stdev(losses) if len(losses) > 1 else None
    return {
        "seeds": len(losses),
        "mean loss": statistics.fmean(losses),
        "standard deviation": spread,
        "mean seconds": statistics.fmean(seconds),
    }
