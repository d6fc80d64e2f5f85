"""Trials of a tuning as if they had been trained: with settings that lie within the ranges, and a val loss for each epoch."""

from collections.abc import Sequence
from pathlib import Path

from records import row

from vaedash.config import RunConfig
from vaedash.runs import Run, Status, tunings

TUNING = "a tuning"
DRAWN = {"lr": 1e-3, "batch_size": 64, "latent_dim": 32, "schedule": "constant", "activation": "relu"}


def trial(
    folder: Path,
    number: int | None,
    losses: Sequence[float | None],
    *,
    status: Status | None = Status.FINISHED,
    tuning: str = TUNING,
    **settings: object,
) -> Run:
    """A trial with these val losses, which ended so, or not yet."""
    asked = RunConfig(**{"monitor": "val", "seed": 1000, "epochs": 9, **DRAWN, **settings})
    run = tunings.create(folder, asked, tuning=tuning, trial=number)
    terms = [f"val_{term}" for term in ("loss", "recon", "kl")]
    run.write_metrics([row(epoch, **dict.fromkeys(terms, loss)) for epoch, loss in enumerate(losses, start=1)])
    if status:
        run.write_outcome(status, "It ended.")
    return run.reread()
