"""The process that trains one run: it takes the run's lock, waits for its slot, trains, and writes down how that ended."""

import argparse
import contextlib
import errno
import functools
import shutil
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from vaedash import launch, runs
from vaedash.errors import VaedashError

if TYPE_CHECKING:  # torch is loaded once a run has its turn
    from vaedash.team import TorchrunTeam

TRAINED = ("finished", "early-stopped")  # the outcomes after which there is something to measure


def work(path: Path, data_dir: Path, *, sharing: int | None = None, team: "TorchrunTeam | None" = None) -> str:
    """Train the run at `path` to its end, leading `team` where there is one; returns the status that was written down.

    `sharing` is how many runs compute on this machine, itself included, where somebody else sees to that; else it
    waits for one of the slots. RunError if another process has the run.
    """
    with launch.claim(path):
        runs.sweep_temporary(path)
        with team.if_lost(functools.partial(_end, path, "failed")) if team else contextlib.nullcontext():
            status, sentence = _outcome(path, data_dir, sharing, team)
        _end(path, status, sentence)
        return status


def _end(path: Path, status: str, sentence: str) -> None:
    runs.write_outcome(path, status, sentence)
    print(f"{status}: {sentence}", flush=True)


def _outcome(path: Path, data_dir: Path, assigned: int | None, team: "TorchrunTeam | None") -> tuple[str, str]:
    try:
        with contextlib.nullcontext(assigned) if assigned else launch.slot(path) as sharing:
            if sharing is None:
                return "stopped", "Stopped on request while it waited for its turn."
            # torch is loaded only now: a run that waits costs next to nothing.
            from vaedash.team import ALONE
            from vaedash.train import train

            return train(runs.read(path), sharing=sharing, data_dir=data_dir, team=team or ALONE)
    except VaedashError as error:
        return "failed", str(error)
    except Exception as error:
        if team:
            team.await_news()
        # The last place that can say why: the traceback goes to train.log, a sentence to the page.
        traceback.print_exc()
        return "failed", sentence(error, path)


def sentence(error: Exception, path: Path, *, log: str = "train.log") -> str:
    """What a person is told of an error that nobody foresaw, while the run at `path` was trained; the `log` knows more."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(path).free / 1e6
        return f"The disk is full ({free:.0f} MB free). What was saved is whole: free some room, then resume."
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return "Out of memory. What was saved is whole: try a smaller --batch-size or --fraction in a new run."
    return f"{type(error).__name__}: {error}".splitlines()[0] + f". The whole story is at the end of {log}."


def main() -> int:
    """The command line of the process; people use `python -m vaedash train`."""
    parser = argparse.ArgumentParser(prog="python -m vaedash.worker", description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--data-dir", type=Path, required=True)
    arguments = parser.parse_args()
    try:
        status = work(arguments.path, arguments.data_dir)
    except VaedashError as error:
        print(error, flush=True)
        return 1
    if status in TRAINED:
        measure(arguments.path, arguments.data_dir)
    return int(status in ("failed", "diverged"))


def measure(path: Path, data_dir: Path) -> None:
    """What needs the trained model, and no more training; the run itself is over, whatever comes of this."""
    from vaedash import aftermath

    try:
        aftermath.measure(runs.read(path), data_dir=data_dir)
    except Exception as error:
        print(f"Not measured after the training: {error}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
