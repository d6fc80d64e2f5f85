"""Runs that are trained in the process of a test, on one core."""

import functools
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from vaedash import config, datasets, places, runs
from vaedash.config import RunConfig
from vaedash.runs import Run
from vaedash.training import process


@pytest.fixture
def one_core(monkeypatch: pytest.MonkeyPatch, torch_as_it_was: None) -> None:
    """Trainings in this process use one thread, wherever the tests run, draw small pictures, and are not measured."""
    monkeypatch.setattr(places, "cores", lambda: 1)
    monkeypatch.setattr(config, "SAMPLE_COUNT", 8)
    monkeypatch.setattr(config, "LIVE_COUNT", 5)
    monkeypatch.setattr(process, "measure", lambda *_, **__: None)
    torch.set_num_threads(1)


@pytest.fixture
def create(tmp_path: Path) -> Callable[[RunConfig], Run]:
    """Makes a run's directory."""
    return functools.partial(runs.create, tmp_path / "runs")


@pytest.fixture
def trained(create: Callable[[RunConfig], Run], data_dir: Path) -> Callable[[RunConfig], Run]:
    """Trains a run in this process, as the training process does, and reads it."""

    def train(settings: RunConfig) -> Run:
        run = create(settings)
        process.work(run, data_dir)
        return run.reread()

    return train


@pytest.fixture
def dataset(photos: Path, data_dir: Path) -> datasets.Dataset:
    """The pictures as they are trained on."""
    return datasets.load(str(photos), data_dir=data_dir)
