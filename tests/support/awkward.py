"""Comparisons that invite to claim too much, made up: `python tests/support/awkward.py` reads out what is said of each."""

import dataclasses
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from imagined import of_seeds, run

from vaedash.comparing import missing, verdict
from vaedash.runs import Run, RunFolder

LINE = {"pca": {split: {"loss": 76.1, "recon": 52.8, "kl": 23.3, "directions": 36} for split in ("train", "test")}}


def trained(run_id: str, arch: str, done: int, loss: float, *, status: str = "early-stopped", **settings) -> Run:
    """A run whose test loss fell to `loss` over the epochs that are `done`."""
    return run(run_id, *(loss + done - number for number in range(1, done + 1)), arch=arch, status=status, **settings)


def measured(folder: Path, chosen: Run, losses: np.ndarray, **records) -> Run:
    """The run with the loss of each test image, of which there are as many."""
    path = folder / chosen.id
    path.mkdir()
    RunFolder(path).figures.write_test_losses(losses)
    facts = ({**chosen.facts[0], "dataset": chosen.dataset | {"n_test": len(losses)}},)
    return dataclasses.replace(chosen, path=path, facts=facts, measured=records)


def spread(mean: float, count: int, *, seed: int, noise: float = 4.0) -> np.ndarray:
    """Losses of images, most of whose differences all models share."""
    easy = np.random.default_rng(0).gamma(4.0, 5.0, count)
    own = np.random.default_rng(seed).normal(0, noise, count)
    return easy - easy.mean() + own - own.mean() + mean


def comparisons(folder: Path) -> Mapping[str, Sequence[Run]]:
    """The runs of each, by what is awkward about them."""
    conv, fc = trained("abcdef", "conv", 19, 73.9), trained("ghjkmn", "fc", 21, 79.1)
    stuck = [
        dataclasses.replace(seed, epochs=tuple(row | {"active_units": 0} for row in seed.epochs))
        if seed.config.arch == "fc" and seed.config.seed == 2
        else seed
        for seed in of_seeds(5.5, 5.9, 8.7)
    ]
    return {
        "40 epochs against 2, stopped by hand": [
            trained("abcdef", "conv", 2, 80.0, status="stopped", epochs=40),
            trained("ghjkmn", "fc", 40, 23.6, status="finished", epochs=40),
        ],
        "one of them diverged": [run("abcdef", 80.0, 78.0, None, arch="conv", status="diverged"), fc],
        "one limit far below the other": [trained("abcdef", "conv", 5, 77.0, status="finished", epochs=5), fc],
        "both by early stopping, after 3 and 19 epochs": [
            trained("abcdef", "conv", 3, 79.5),
            trained("ghjkmn", "fc", 19, 79.1),
        ],
        "within a KL warm-up": [
            measured(
                folder / "warm",
                run(f"{arch[0]}warmm", 60.0, loss, arch=arch, kl_warmup=10),
                spread(loss + 20, 500, seed=at),
                **LINE,
            )
            for at, (arch, loss) in enumerate((("conv", 50.0), ("fc", 55.0)))
        ],
        "three test images": [
            measured(folder / "few", chosen, np.array(losses))
            for chosen, losses in ((conv, [70.0, 75.0, 76.7]), (fc, [75.0, 80.0, 82.3]))
        ],
        "a lead of a tenth": [
            measured(folder / "tenth", trained("abcdef", "conv", 19, 75.0), spread(75.0, 2000, seed=1)),
            measured(folder / "tenth", trained("ghjkmn", "fc", 21, 75.1), spread(75.1, 2000, seed=2)),
        ],
        "the best of twelve against one": [
            *(
                trained(f"fc{letter}aaa", "fc", 20, 79.0 + at, lr=0.001 * (at + 1))
                for at, letter in enumerate("abcdefghjkmn")
            ),
            trained("abcdef", "conv", 20, 79.6),
        ],
        "other batches, rates and latents too": [
            conv,
            trained("ghjkmn", "fc", 21, 79.1, batch_size=32, lr=0.0005, latent_dim=64),
        ],
        "three seeds, of which one got stuck": stuck,
        "seeds that disagree": of_seeds(1.0, -1.5, 2.0),
        "seed 0 twice, and one that was stopped": [
            *of_seeds(5.5, 5.9),
            run("twinab", 90.0, 74.0 + 9.9, arch="fc", seed=0, created="2027-06-01T00:00:00+00:00"),
            run("cutcut", 99.0, arch="fc", seed=3, status="stopped"),
        ],
        "no price on the numbers (beta 0)": [
            trained(run_id, arch, 20, loss, beta=0.0)
            for run_id, arch, loss in (("abcdef", "conv", 13.0), ("ghjkmn", "fc", 19.0))
        ],
    }


def read_out(say: Callable[[str], object] = print) -> None:
    with tempfile.TemporaryDirectory() as name:
        for part in ("warm", "few", "tenth"):
            (Path(name) / part).mkdir()
        for what, chosen in comparisons(Path(name)).items():
            say(f"{what}:\n  {verdict.sentence(chosen)}")
            if label := missing.proposed(chosen).label:
                say(f"  [{label}]")


if __name__ == "__main__":
    read_out()
