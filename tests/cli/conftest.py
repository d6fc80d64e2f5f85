"""What the tests of the command line share: a command run here, trainings that happen here, a place for their runs."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from answer import Answer

from vaedash import cli
from vaedash.runs import Run
from vaedash.training import launch, process


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Runs a command in this process."""

    def run(*arguments: object) -> Answer:
        capsys.readouterr()
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as end:  # --help
            code = end.code
        return Answer(code, *capsys.readouterr())

    return run


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings happen here and at once, instead of in processes that would have to import torch first."""

    def work(run: Run, data_dir: Path) -> SimpleNamespace:
        with open(run.log, "a") as log, contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            process.work(run, data_dir)
        return SimpleNamespace(wait=lambda: 0)  # a process that has ended

    monkeypatch.setattr(launch, "_spawn", work)
    monkeypatch.setattr("vaedash.places.cores", lambda: 1)


@pytest.fixture
def places(tmp_path: Path, data_dir: Path) -> list[str]:
    """Flags for runs of one's own."""
    return ["--runs-dir", str(tmp_path / "runs"), "--data-dir", str(data_dir)]


@pytest.fixture
def quick(photos: Path) -> list[str]:
    """Flags of a training that takes a moment."""
    return f"--dataset {photos} --epochs 1 --precision fp32 --device cpu".split()
