"""The process that trains one run: it takes the run's lock, waits for its slot, trains, writes down how that ended, and measures."""

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
from vaedash.training import message

if TYPE_CHECKING:  # torch is loaded once a run has its turn
    from vaedash.measuring.after import Kept
    from vaedash.training.team import TorchrunTeam


def work(
    run: RunFolder,
    data_dir: Path,
    *,
    sharing: int | None = None,
    team: "TorchrunTeam | None" = None,
    only: bool = False,
) -> Status:
    """Train a run to its end, leading `team` where there is one, and measure it; returns the status that was written down.

    `sharing` is how many runs compute on this machine, itself included, where somebody else sees to that; else it
    waits for one of the slots. Lock and slot are held until all is measured. Where this is the `only` run of the process,
    which ends then, it measures behind everybody else who wants a core. RunError if another process has the run.
    """
    with run.claim(), contextlib.ExitStack() as turn:
        run.sweep_temporary()
        with team.if_lost(functools.partial(_end, run, Status.FAILED)) if team else contextlib.nullcontext():
            status, sentence, kept = _train(run, data_dir, turn, sharing, team)
        _end(run, status, sentence)
        if sharing is None:  # else who gave it away for training tells
            message.tell(run)
        if status in TRAINED:
            measure(run, data_dir, kept, only=only)
        return status


def _end(run: RunFolder, status: Status, sentence: str) -> None:
    run.pictures.forget_now()
    run.write_outcome(status, sentence)
    print(f"{status}: {sentence}", flush=True)


def _train(
    run: RunFolder, data_dir: Path, turn: contextlib.ExitStack, assigned: int | None, team: "TorchrunTeam | None"
) -> "tuple[Status, str, Kept | None]":
    """As `loop.train`, once it is this run's turn, which lasts as long as `turn`."""
    try:
        sharing = assigned or turn.enter_context(queue.slot(run))
        if sharing is None:
            return Status.STOPPED, "Stopped on request while it waited for its turn.", None
        # torch is loaded only now: a run that waits costs next to nothing.
        from vaedash.training.loop import train
        from vaedash.training.team import ALONE

        bounded = assigned is not None
        return train(record.read(run.path), sharing=sharing, bounded=bounded, data_dir=data_dir, team=team or ALONE)
    except VaedashError as error:
        return Status.FAILED, str(error), None
    except Exception as error:
        if team:
            team.await_news()
        # The last place that can say why: the traceback goes to train.log, a sentence to the page.
        traceback.print_exc()
        return Status.FAILED, sentence(error, run), None


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
        status = work(run, arguments.data_dir, only=True)
    except VaedashError as error:
        print(error, flush=True)
        return 1
    return int(status in (Status.FAILED, Status.DIVERGED))


def measure(run: RunFolder, data_dir: Path, kept: "Kept | None", *, only: bool) -> None:
    """What needs the trained model, and no more training; the run itself is over, whatever comes of this."""
    from vaedash.measuring import after
    from vaedash.training.progress import Reporter, StopAskedError

    try:
        ended = record.read(run.path)
        report = Reporter(run, ended.config, epoch=len(ended.epochs))
        after.measure(ended, data_dir=data_dir, kept=kept, only=only, progress=report.at_work)
        print("Measured.", flush=True)
    except StopAskedError:
        print(f"Measuring was stopped on request; {run.command('evaluate')} brings the rest.", flush=True)
    except Exception as error:
        print(f"Not measured after the training: {error}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
