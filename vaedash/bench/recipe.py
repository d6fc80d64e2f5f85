"""How long a processor takes to one held-out loss: preset p1 the notebook's way, and preset `fast` here."""

from pathlib import Path
from typing import cast

from vaedash.bench import contestants, costs, machine
from vaedash.bench.figures import Figures
from vaedash.config import RunConfig

TARGET = 74.7  # nats per image: what the study reports of conv p1 on CIFAR-10


def measure(*, dataset: str, data_dir: Path, target: float = TARGET) -> Figures:
    """Seconds to a held-out loss of `target` nats with conv: preset p1 the notebook's way, and preset `fast` here.

    For the notebook, its epochs alone, until the first after which the loss is there; for vaedash a whole run, from
    launch to end, which is as long as its schedule says.
    """
    notebook = contestants.turn("notebook", "conv", dataset=dataset, data_dir=data_dir, until=target)
    settings = RunConfig.build(preset="fast", arch="conv", dataset=dataset, device="cpu")
    with costs.Launched([settings], data_dir) as launched:
        launched.wait()
        ours, last = launched.seconds(), launched.now()[0].epochs[-1]
    return {
        "machine": machine.described("torchvision", "numpy"),
        "held-out loss to reach": target,
        "notebook, p1": {"epochs": len(notebook.speeds), "seconds": notebook.seconds, "loss": notebook.loss},
        "vaedash, fast": {"epochs": last["epoch"], "seconds": ours, "loss": cast(float, last["test_loss"])},
        "vaedash is faster by": notebook.seconds / ours,
    }
