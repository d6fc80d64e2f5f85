"""Starting, queueing and stopping the processes that train: they outlive the tab, the server and the terminal that asked."""

import contextlib
import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from vaedash import config, places, runs, text
from vaedash.config import RunConfig
from vaedash.errors import RunError
from vaedash.languages import say
from vaedash.models import own
from vaedash.runs import queue, together
from vaedash.runs.folder import RunFolder, cluster_log, end_of
from vaedash.runs.record import Run
from vaedash.runs.schema import TRAINED, Status
from vaedash.training import message

# What every process that computes finds in its environment.
COMPUTING = {
    # Between two operations, threads wait awake for some microseconds and then sleep: always asleep, a run alone on
    # two cores lost a third of its speed; always awake, trainers that share cores would halve each other's.
    "GOMP_SPINCOUNT": "10000",
    # A training step frees megabytes and asks for them again; by default glibc hands them back to the kernel
    # each time, and getting them zeroed anew cost a fifth of a convolutional step. Other systems ignore this.
    "GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=1073741824",
    # What torch asks for when CUDA is to give the same sums every time.
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
}
if sys.platform == "win32":
    _DETACHED = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS
else:
    _DETACHED = 0


def new_runs(folder: Path, settings: Sequence[RunConfig], *, name: str | None = None) -> list[Run]:
    """A directory for each of `settings`. With several, a display name gets the architecture (and seed) behind it.

    RunError, and no directory at all, where one of the architectures is somebody's own that is not trusted here.
    """
    for member in settings:
        own.require_trusted(member.arch, run="RUN")
    return [runs.create(folder, member, name=member_name(name, member, settings)) for member in settings]


def start(group: Sequence[RunFolder], *, data_dir: Path, on: str = places.LOCAL) -> list[subprocess.Popen[bytes]]:
    """Start a training process for each run, oldest first in the queue; returns at once.

    Where `on` names a Ray cluster (`places.checked_place`), it is one process, which has them all trained there. Raises
    RunError if one of them is active already. The handles are for waiting only: nothing depends on them.
    """
    here = on == places.LOCAL
    line_up(group, elsewhere=not here)
    if message.wanted():
        together.begin(group)
    started = [_spawn(run, data_dir) for run in group] if here else [_spawn_driver(group, data_dir, on)]
    for child in started:  # until somebody waits for it, a process that has ended stays in the system's table
        threading.Thread(target=child.wait, daemon=True).start()
    return started


def line_up(group: Sequence[RunFolder], *, elsewhere: bool = False) -> None:
    """Give each run its place in the queue, or outside of it. Raises RunError if one of them is active already."""
    for run in group:
        now = runs.read(run.path)
        if run.held:
            doing = say("being measured") if now.measuring else say("{status} already", status=say(now.status))
            raise RunError(say("Run {id} is {doing}: wait for it, or stop it first.", id=run.id, doing=doing))
        now.require_readable()
        now.require_own()
        own.require_trusted(now.config.arch, run=run.id)
    # All tickets come before the first process, so that each of a group already sees the others
    # when it asks how many threads are its share.
    for run in group:
        run.reopen()
        queue.enqueue(run, elsewhere=elsewhere)


def resume(run: Run, *, data_dir: Path) -> subprocess.Popen[bytes]:
    """Go on with a run that was stopped, interrupted or failed. Raises RunError for any other, saying why."""
    require_resumable(run)
    return start([run], data_dir=data_dir)[0]


def require_resumable(run: Run) -> None:
    """RunError, which says why, if there is nothing to go on with."""
    if run.damage:
        raise run.damaged()
    run.require_here()
    if run.status in TRAINED:
        raise RunError(
            say(
                "Run {id} is {status}: there is nothing to resume. Its settings in a new run train on.",
                id=run.id,
                status=say(run.status),
            )
        )
    if run.status == Status.DIVERGED:
        raise RunError(
            say(
                "Run {id} diverged and would do so again. Start a new run with a smaller --lr (this one had {lr:g}).",
                id=run.id,
                lr=run.config.lr,
            )
        )
    if not run.status.resumable:
        raise RunError(
            say("Run {id} is {status} already: wait for it, or stop it first.", id=run.id, status=say(run.status))
        )


# ---- the process itself -------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    """The environment of every process that computes."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(places.PROJECT_ROOT), os.environ.get("PYTHONPATH")])),
        "PYTHONUNBUFFERED": "1",
        # `-m` would look for modules where the person happens to stand first, be it for another vaedash.
        "PYTHONSAFEPATH": "1",
        **COMPUTING,
    }


def _spawn(run: RunFolder, data_dir: Path) -> subprocess.Popen[bytes]:
    return _process(["vaedash.training.process", str(run.path), "--data-dir", str(data_dir)], run.log)


def _spawn_driver(group: Sequence[RunFolder], data_dir: Path, on: str) -> subprocess.Popen[bytes]:
    paths, folder = [str(run.path) for run in group], group[0].path.parent
    command = ["vaedash.cluster.driver", *paths, "--data-dir", str(data_dir), "--on", on]
    # Ray's processes look for modules where the driver stands: nowhere that has any.
    return _process(command, cluster_log(folder), cwd=folder)


def _process(command: Sequence[str], log: Path, *, cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """A module with its arguments, as a process that outlives this one; what it prints goes to the end of `log`."""
    with end_of(log) as end:
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            stdin=subprocess.DEVNULL,
            stdout=end,
            stderr=subprocess.STDOUT,
            env=environment(),
            cwd=cwd,
            # A child that inherited Streamlit's listening socket would keep its port after the server is gone.
            close_fds=True,
            # Out of reach of the Ctrl-C and the hang-up that end whoever launched it.
            start_new_session=os.name != "nt",
            creationflags=_DETACHED,
        )


def by_torchrun() -> bool:
    """Whether `torchrun` started this process: then it trains itself, together with the others that were."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def begin_anew() -> None:
    """Let this process begin once more, as the same process, with `environment`: some of that is read only at the beginning."""
    if os.environ.get("GLIBC_TUNABLES") != (wanted := environment())["GLIBC_TUNABLES"]:
        os.execve(sys.executable, sys.orig_argv, wanted)


@contextlib.contextmanager
def logged(run: RunFolder) -> Iterator[None]:
    """What this process says goes into the run's log as well, and none of it to stdout, which belongs to results."""
    with io.TextIOWrapper(end_of(run.log), encoding="utf-8", line_buffering=True) as log:
        both = _Both(sys.stderr, log)
        with contextlib.redirect_stdout(both), contextlib.redirect_stderr(both):
            yield


class _Both(io.TextIOBase):
    def __init__(self, *files: TextIO) -> None:
        self._files = files

    def write(self, text: str) -> int:
        for file in self._files:
            file.write(text)
        return len(text)

    def flush(self) -> None:
        for file in self._files:
            file.flush()


def member_name(name: str | None, member: RunConfig, group: Sequence[RunConfig]) -> str | None:
    """What the run of settings `member` is called where `name` was given to a `group`."""
    if name is None or len(group) == 1:
        return name
    parts = [config.arch_name(member.arch)]
    if len({other.preset for other in group}) > 1:
        parts.append(member.preset or config.OWN_VALUES)
    if len({other.seed for other in group}) > 1:
        parts.append(f"seed {member.seed}")
    behind = " ".join(parts)
    return f"{text.name(name, most=text.LONGEST_NAME - len(behind) - 1)} {behind}"
