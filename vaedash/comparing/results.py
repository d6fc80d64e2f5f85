"""What came of each run, as a row of the results table; and of runs that differ in nothing but their seed, as one."""

import shlex
import statistics
from collections.abc import Sequence
from typing import Any

from vaedash import config, text
from vaedash.comparing import alike
from vaedash.config import RunConfig
from vaedash.measuring.measures import MEASURES
from vaedash.runs import Run

# The study's table: what `sweep` and `train` print.
STUDY_COLUMNS = {
    "preset": "preset",
    "model": "model",
    "seed": "seed",
    "epochs": "epochs to stop",
    "loss": "loss",
    "test_loss": "test loss",
    "seconds": "seconds",
    "status": "status",
    "run": "run",
}
# How `over_seeds` is printed.
SEEDS_COLUMNS = {
    "preset": "preset",
    "model": "model",
    "seeds": "seeds",
    "test_loss": "mean test loss",
    "test_loss_spread": "spread",
    "loss": "mean loss",
    "loss_spread": "spread of it",
    "epochs": "mean epochs to stop",
}


def result(run: Run) -> dict[str, Any]:
    """One row of the results table; the losses are those of the epoch whose weights are kept, None before the first.

    Keys: `run`, `name`, `dataset`, `preset`, `model`, `seed`, `status`, `epochs`, `best_epoch`, `loss` (train),
    `test_loss`, `test_recon`, `test_kl` in nats per image, `below_pca` (`below_line`), `n_test`, `parameters`,
    `seconds`, `images_per_second`, `host` (the machine that trained it); then each of MEASURES, and `<measure>_n`, on
    how many images or pairs it rests.
    """
    best, settings = run.best or {}, run.settings
    dataset = run.dataset.get("name") or (config.dataset_title(settings.dataset) if settings else None)
    speeds = [row["images_per_second"] for row in run.epochs if row.get("images_per_second")]
    return {
        "run": run.id,
        "name": run.name,
        "dataset": dataset and text.visible(str(dataset)),
        "preset": settings and (settings.preset or "own"),
        "model": settings and settings.arch,
        "seed": settings and settings.seed,
        "status": run.status,
        "epochs": len(run.epochs),
        "best_epoch": run.best_epoch,
        "loss": best.get("train_loss"),
        "test_loss": best.get("test_loss"),
        "test_recon": best.get("test_recon"),
        "test_kl": best.get("test_kl"),
        "below_pca": below_line(run),
        "n_test": run.dataset.get("n_test"),
        "parameters": run.parameters,
        "seconds": sum(row.get("seconds") or 0.0 for row in run.epochs),
        "images_per_second": sorted(speeds)[len(speeds) // 2] if speeds else None,
        "host": run.host or None,
        **{name: run.quality.get(name, {}).get("value") for name in MEASURES},
        **{f"{name}_n": run.quality.get(name, {}).get("n") for name in MEASURES},
    }


def below_line(run: Run) -> float | None:
    """By how many nats the run's test loss is below that of the best linear VAE; negative above it, None where that is unknown."""
    if not run.line or not run.best or run.best["test_loss"] is None:
        return None
    return run.line["test"]["loss"] - run.best["test_loss"]


def over_seeds(chosen: Sequence[Run]) -> list[dict[str, Any]]:
    """The cells of a study: runs that differ in nothing but their seed, as one row; only cells of two seeds or more.

    Keys: `dataset`, `preset`, `model`, `seeds` (how many), and for `loss`, `test_loss` and `epochs` the mean and, as
    `<key>_spread`, the standard deviation over seeds. Runs that are not over, or were measured in nothing, are left out.
    """
    cells: dict[RunConfig, list[Run]] = {}
    for run in chosen:
        if run.settings and not run.active and run.best and None not in (run.best["train_loss"], run.best["test_loss"]):
            cells.setdefault(alike.but_seed(run), []).append(run)
    rows = []
    for cell in (cell for cell in cells.values() if len({run.config.seed for run in cell}) > 1):
        found = [result(run) for run in cell]
        row = {key: found[0][key] for key in ("dataset", "preset", "model")} | {"seeds": len(found)}
        for key in ("loss", "test_loss", "epochs"):
            values = [one[key] for one in found]
            row |= {key: statistics.fmean(values), f"{key}_spread": statistics.stdev(values)}
        rows.append(row)
    return rows


def replay_command(run: Run) -> str:
    """The command that trains a readable run again: what it was asked, without what is the default anyway.

    A run on a copy of a built-in dataset is trained again on that one, which anybody can get.
    """
    copied = run.dataset.get("copy_of")
    dataset = copied if copied in config.DATASETS else run.config.dataset
    default, asked = RunConfig.build(preset=run.config.preset, dataset=dataset), run.config.to_json()
    asked["dataset"] = dataset
    words = ["python -m vaedash train", f"--arch {run.config.arch}"]
    for name, value in asked.items():
        implied = value == getattr(default, name) and name not in ("preset", "dataset")
        if name != "arch" and value is not None and not implied:
            words.append(f"--{name.replace('_', '-')} {shlex.quote(str(value))}")
    return " ".join(words)


def short(run: Run, among: Sequence[Run]) -> str:
    """What tells a run from the others in a word or two: its architecture, with its id where that is not enough."""
    alike = sum(other.config.arch == run.config.arch for other in among)
    return f"{run.config.arch} {run.id}" if alike > 1 else run.config.arch
