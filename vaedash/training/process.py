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

from vaedash.errors import VaedashError
from vaedash.runs import queue, record
from vaedash.runs.folder import RunFolder
from vaedash.runs.schema import TRAINED, Status

if TYPE_CHECKING:  # torch is loaded once a run has its turn
    from vaedash.training.team import TorchrunTeam


def work(run: RunFolder, data_dir: Path, *, sharing: int | None = None, team: "TorchrunTeam | None" = None) -> Status:
    """Train a run to its end, leading `team` where there is one; returns the status that was written down.

    `sharing` is how many runs compute on this machine, itself included, where somebody else sees to that; else it
    waits for one of the slots. RunError if another process has the run.
    """
    with run.claim():
        run.sweep_temporary()
        with team.if_lost(functools.partial(_end, run, Status.FAILED)) if team else contextlib.nullcontext():
            status, sentence = _outcome(run, data_dir, sharing, team)
        _end(run, status, sentence)
        return status


def _end(run: RunFolder, status: Status, sentence: str) -> None:
    run.pictures.forget_now()
    run.write_outcome(status, sentence)
    print(f"{status}: {sentence}", flush=True)


def _outcome(run: RunFolder, data_dir: Path, assigned: int | None, team: "TorchrunTeam | None") -> tuple[Status, str]:
    try:
        with contextlib.nullcontext(assigned) if assigned else queue.slot(run) as sharing:
            if sharing is None:
                return Status.STOPPED, "Stopped on request while it waited for its turn."
            # torch is loaded only now: a run that waits costs next to nothing.
            from vaedash.training.loop import train
            from vaedash.training.team import ALONE

            return train(record.read(run.path), sharing=sharing, data_dir=data_dir, team=team or ALONE)
    except VaedashError as error:
        return Status.FAILED, str(error)
    except Exception as error:
        if team:
            team.await_news()
        # The last place that can say why: the traceback goes to train.log, a sentence to the page.
        traceback.print_exc()
        return Status.FAILED, sentence(error, run)


def sentence(error: Exception, run: RunFolder, *, log: str = "") -> str:
    """What a person is told of an error that nobody foresaw, while a run was trained; `log`, or else its own, knows more."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(run.path).free / 1e6
        return f"The disk is full ({free:.0f} MB free). What was saved is whole: free some room, then resume."
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return "Out of memory. What was saved is whole: try a smaller --batch-size or --fraction in a new run."
    return (
        f"{type(error).__name__}: {error}".splitlines()[0]
        + f". The whole story is at the end of {log or run.log.name}."
    )


def main() -> int:
    """The command line of the process; people use `python -m vaedash train`."""
    parser = argparse.ArgumentParser(prog="python -m vaedash.training.process", description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--data-dir", type=Path, required=True)
    arguments = parser.parse_args()
    run = RunFolder(arguments.path)
    try:
        status = work(run, arguments.data_dir)
    except VaedashError as error:
        print(error, flush=True)
        return 1
    if status in TRAINED:
        measure(run, arguments.data_dir)
    return int(status in (Status.FAILED, Status.DIVERGED))


def measure(run: RunFolder, data_dir: Path) -> None:
    """What needs the trained model, and no more training; the run itself is over, whatever comes of this."""
    from vaedash.measuring import after

    try:
        after.measure(record.read(run.path), data_dir=data_dir)
    except Exception as error:
        print(f"Not measured after the training: {error}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
