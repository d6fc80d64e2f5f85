"""What the tests of the command line share: a command run here, trainings that happen here, a place for their runs."""

from collections.abc import Callable
from pathlib import Path

import pytest
from answer import Answer

from vaedash import cli


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
def places(tmp_path: Path, data_dir: Path) -> list[str]:
    """Flags for runs of one's own."""
    return ["--runs-dir", str(tmp_path / "runs"), "--data-dir", str(data_dir)]


@pytest.fixture
def quick(photos: Path) -> list[str]:
    """Flags of a training that takes a moment."""
    return f"--dataset {photos} --epochs 1 --precision fp32 --device cpu".split()
