"""Runs with records in them, made by hand: rows of epochs, a run with nothing but its settings, a run with everything."""

import os
from pathlib import Path

from vaedash import runs
from vaedash.config import RunConfig
from vaedash.runs import RunFolder, Status


def row(epoch: int, loss: float | None = 90.0, **changes) -> dict:
    """A row of metrics.json whose losses are all `loss`, or as in `changes`."""
    terms = {f"{split}_{term}": loss for split in ("train", "test") for term in ("loss", "recon", "kl")}
    return {"epoch": epoch, **terms, "beta": 1.0, "seconds": 2.0, "images_per_second": 500.0, **changes}


def rows(*losses: float | None, key: str = "train_loss") -> list[dict]:
    return [row(epoch, **{key: loss}) for epoch, loss in enumerate(losses, start=1)]


def make(folder: Path, *, name: str | None = None, **settings) -> runs.Run:
    return runs.create(folder, RunConfig(**settings), name=name)


def complete(folder: Path) -> runs.Run:
    """A run with every kind of record in it."""
    path = make(folder, name="a name", arch="fc").path
    dataset = {"name": "shapes", "fingerprint": "ab12", "n_train": 90, "n_test": 10, "skipped": 0, "notes": ["a note"]}
    dataset["mean_picture"] = 190.5
    RunFolder(path).add_facts({"device": "cpu", "threads": 1, "parameters": 77, "dataset": dataset})
    RunFolder(path).write_metrics(rows(90.0, 80.0))
    RunFolder(path).write_progress(
        {"updated": 1.5, "epoch": 2, "epochs": 9, "seen": 64, "of": 90, "loss": 80.5, "phase": "training"}
    )
    line = {"loss": 76.1, "recon": 52.8, "kl": 23.3, "directions": 36}
    measured = {"value": 58.7, "n": 2000, "floor": 8.1, "bands": {"32": 95.7, "16": 21.6}}
    RunFolder(path).write_measured(pca={"train": line, "test": line}, quality={"swd": measured})
    RunFolder(path).write_outcome(Status.STOPPED, "Stopped on request.")
    return runs.read(path)


def over(path: Path) -> Path:
    """That run, which ended long ago."""
    os.utime(path / "config.json", (1, 1))
    return path
