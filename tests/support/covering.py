"""How often intervals cover the truth, by simulation: `python tests/support/covering.py` prints the tables (a minute).

What trainings really do is `fc_losses.json`: the test loss of FC on the built-in shapes (preset p1, 5 epochs), one training a
seed. `python tests/support/covering.py train FIRST LAST FILE` makes it: some 20 seconds a seed, and it goes on where it was.
"""

import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaedash.comparing import intervals

Drawn = Callable[[np.random.Generator, int], NDArray[np.float64]]

IMAGES, SEEDS = (2, 3, 20, 200, 2000), (2, 3, 5)
TRIALS = 4000
FC_LOSSES = Path(__file__).with_name("fc_losses.json")
STUCK = 60.0  # nats: a training that ends above it has got stuck on its way; the others end at 44 to 50


def losses_of_fc() -> NDArray[np.float64]:
    """The test loss of each training, in the order of seeds."""
    return np.array(list(json.loads(FC_LOSSES.read_text(encoding="utf-8")).values()))


def normal(generator: np.random.Generator, count: int) -> NDArray[np.float64]:
    return generator.normal(0.0, 5.0, count)


def heavy(generator: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Student's t with three degrees of freedom: now and then one that is far from all others."""
    return 5.0 * generator.standard_t(3, count)


def skewed(generator: np.random.Generator, count: int) -> NDArray[np.float64]:
    return 5.0 * (generator.gamma(2.0, 1.0, count) - 2.0)


def of_fc(generator: np.random.Generator, count: int) -> NDArray[np.float64]:
    losses = losses_of_fc()
    return generator.choice(losses, count) - losses.mean()


def covers(interval: Callable[[NDArray[np.float64]], intervals.Interval | None], drawn: Drawn, count: int) -> float:
    """The share of trials in which the interval holds the true mean, which is 0; NaN where there is none."""
    generator, hits = np.random.default_rng(count), 0
    for _ in range(TRIALS):
        found = interval(drawn(generator, count))
        if found is None:
            return float("nan")
        hits += found.low <= 0 <= found.high
    return hits / TRIALS


def over_images(differences: NDArray[np.float64]) -> intervals.Interval | None:
    """Of images some of which are hard for both models."""
    easy = np.linspace(20.0, 200.0, len(differences))
    return intervals.over_images(easy + differences, easy)


def over_seeds(differences: NDArray[np.float64]) -> intervals.Interval | None:
    return intervals.over_seeds(differences.tolist())


def print_tables() -> None:
    shares = functools.partial(covers, over_images)
    print("| test images | normal | heavy tails | skewed |\n|---|---|---|---|")
    for count in IMAGES:
        cells = (shares(drawn, count) for drawn in (normal, heavy, skewed))
        print(f"| {count:,} | {' | '.join('no interval' if cell != cell else f'{cell:.3f}' for cell in cells)} |")
    losses = losses_of_fc()
    fc = f"FC's own ({(losses > STUCK).sum()} of {len(losses)} stuck)"
    print(f"\n| seeds | normal | {fc} | FC's own, without those |\n|---|---|---|---|")
    sound = losses[losses <= STUCK]

    def of_sound(generator: np.random.Generator, count: int) -> NDArray[np.float64]:
        return generator.choice(sound, count) - sound.mean()

    for count in SEEDS:
        print(
            f"| {count} | {' | '.join(f'{covers(over_seeds, drawn, count):.3f}' for drawn in (normal, of_fc, of_sound))} |"
        )


def train(first: int, last: int, file: Path) -> None:
    """The test loss of FC after 5 epochs of shapes for each seed from `first` to `last`, into `file`, which may hold some already."""
    from vaedash import datasets, places
    from vaedash.config import RunConfig
    from vaedash.measuring import heldout
    from vaedash.training import batches, hardware, step

    losses = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    dataset = datasets.load("shapes", data_dir=places.data_dir())
    for seed in range(first, last + 1):
        if str(seed) in losses:
            continue
        settings = RunConfig.build(arch="fc", dataset="shapes", preset="p1", epochs=5, seed=seed)
        machine = hardware.choose(settings, sharing=2, data_dir=places.data_dir())
        machine.apply()
        learner, split = step.Learner(settings, machine), batches.Split.of(dataset, settings, machine.device)
        for epoch in range(1, settings.epochs + 1):
            for pixels, noise in batches.batches(split.train, settings, epoch):
                learner.step(pixels, noise, beta=settings.beta, lr=settings.lr)
        measured = heldout.evaluate(learner.model, split.held_out["test"])
        losses[str(seed)] = round(measured.losses(beta=settings.beta).loss, 4)
        file.write_text(json.dumps(losses, indent=1) + "\n", encoding="utf-8")
        print(f"seed {seed}: {losses[str(seed)]}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["train"]:
        train(int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
    else:
        print_tables()
