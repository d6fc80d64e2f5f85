"""Starting, queueing and stopping the processes that train: they outlive the tab, the server and the terminal that asked."""

import contextlib
import io
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from filelock import FileLock, Timeout

from vaedash import config, runs
from vaedash.config import RunConfig
from vaedash.errors import RunError
from vaedash.runs import Run

LOG_CAP = 1_000_000  # bytes of a log that are kept when it is written on
CLUSTER_LOG = ".cluster.log"  # in a runs folder: what the processes said that had runs trained elsewhere
_POLL = 0.2  # seconds between looks at the queue

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
_children: list[subprocess.Popen[bytes]] = []  # of this process, kept only so that each is reaped once it has ended


def new_runs(folder: Path, settings: Sequence[RunConfig], *, name: str | None = None) -> list[Run]:
    """A directory for each of `settings`. With several, a display name gets the architecture (and seed) behind it."""
    return [runs.create(folder, one, name=member_name(name, one, settings)) for one in settings]


def start(paths: Sequence[Path], *, data_dir: Path, on: str = config.LOCAL) -> list[subprocess.Popen[bytes]]:
    """Start a training process for each run directory, oldest first in the queue; returns at once.

    Where `on` names a Ray cluster (`config.checked_place`), it is one process, which has them all trained there. Raises
    RunError if one of them is active already. The handles are for waiting only: nothing depends on them.
    """
    here = on == config.LOCAL
    line_up(paths, elsewhere=not here)
    _children[:] = [child for child in _children if child.poll() is None]
    started = [_spawn(path, data_dir) for path in paths] if here else [_spawn_driver(paths, data_dir, on)]
    _children.extend(started)
    return started


def line_up(paths: Sequence[Path], *, elsewhere: bool = False) -> None:
    """Give each run directory its place in the queue, or outside of it. Raises RunError if one of them is active already."""
    for path in paths:
        run = runs.read(path)
        if runs.lock_is_held(path / "lock"):
            raise RunError(f"Run {run.id} is {run.status} already: wait for it, or stop it first.")
        runs.require_settings(run)
    # All tickets come before the first process, so that each of a group already sees the others
    # when it asks how many threads are its share.
    for path in paths:
        runs.reopen(path)
        runs.enqueue(path, elsewhere=elsewhere)


def resume(run: Run, *, data_dir: Path) -> subprocess.Popen[bytes]:
    """Go on with a run that was stopped, interrupted or failed. Raises RunError for any other, saying why."""
    require_resumable(run)
    return start([run.path], data_dir=data_dir)[0]


def require_resumable(run: Run) -> None:
    """RunError, which says why, if there is nothing to go on with."""
    settings = runs.require_settings(run)
    if run.damage:
        raise RunError(f"Run {run.id} is damaged. {run.damage} {runs.DOCTOR}")
    if run.status == "finished" or run.status == "early-stopped":
        raise RunError(f"Run {run.id} is {run.status}: there is nothing to resume. Its settings in a new run train on.")
    if run.status == "diverged":
        raise RunError(
            f"Run {run.id} diverged and would do so again. Start a new run with a smaller --lr (this one had {settings.lr:g})."
        )
    if run.status not in runs.RESUMABLE:
        raise RunError(f"Run {run.id} is {run.status} already: wait for it, or stop it first.")


# ---- inside the training process ----------------------------------------------------------------------


@contextlib.contextmanager
def claim(path: Path) -> Iterator[None]:
    """Hold the run's lock: as long as the process lives, the run is active. RunError if another process has it."""
    lock = FileLock(path / "lock", timeout=2)  # an asker's shared lock is held for an instant only
    try:
        lock.acquire()
    except Timeout:
        raise RunError(
            f"Run {path.name} is trained by another process already: wait for it, or stop it first."
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def slot(path: Path) -> Iterator[int | None]:
    """Wait for one of `config.SLOTS` slots, oldest ticket first; yields how many runs share the machine, itself included.

    Yields None, holding nothing, if a stop was requested before its turn came.
    """
    folder = path.parent / ".slots"
    folder.mkdir(exist_ok=True)
    held = None
    while not runs.stop_requested(path):
        waiting = [ticket for ticket in runs.tickets(path.parent) if not ticket.elsewhere]
        place = next((place for place, ticket in enumerate(waiting) if ticket.run_id == path.name), 0)
        free = [lock for lock in _slot_locks(folder) if not runs.lock_is_held(Path(lock.lock_file))]
        if len(list(itertools.islice(filter(_alive, waiting[:place]), len(free)))) < len(free):
            with contextlib.suppress(Timeout):
                held = free[0]
                held.acquire(timeout=0)
                break
        held = None
        # Who stands far behind looks seldom: two hundred who wait must cost those who train next to nothing.
        time.sleep(_POLL if place < 2 * config.SLOTS else 5 * _POLL)
    try:
        if held is None:
            runs.dequeue(path)
            yield None
            return
        sharing = config.SLOTS - len(free) + len(list(itertools.islice(filter(_alive, waiting), config.SLOTS)))
        runs.dequeue(path)
        yield max(1, min(config.SLOTS, sharing))
    finally:
        if held is not None:
            held.release()


def _slot_locks(folder: Path) -> list[FileLock]:
    return [FileLock(folder / f"{number}.lock") for number in range(config.SLOTS)]


def _alive(ticket: runs.Ticket) -> bool:
    """Whether somebody still wants this place: its process holds its lock, or is just about to."""
    path = ticket.path.parent.parent / ticket.run_id
    return runs.lock_is_held(path / "lock") or time.time() - ticket.launched_at < 10


# ---- the process itself -------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    """The environment of every process that computes."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(config.PROJECT_ROOT), os.environ.get("PYTHONPATH")])),
        "PYTHONUNBUFFERED": "1",
        # `-m` would look for modules where the person happens to stand first, be it for another vaedash.
        "PYTHONSAFEPATH": "1",
        **COMPUTING,
    }


def _spawn(path: Path, data_dir: Path) -> subprocess.Popen[bytes]:
    return _process(["vaedash.worker", str(path), "--data-dir", str(data_dir)], path / "train.log")


def _spawn_driver(paths: Sequence[Path], data_dir: Path, on: str) -> subprocess.Popen[bytes]:
    command = ["vaedash.cluster.driver", *map(str, paths), "--data-dir", str(data_dir), "--on", on]
    # Ray's processes look for modules where the driver stands: nowhere that has any.
    return _process(command, paths[0].parent / CLUSTER_LOG, cwd=paths[0].parent)


def _process(command: Sequence[str], said: Path, *, cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """A module with its arguments, as a process that outlives this one; what it prints goes to the end of `said`."""
    _cap(said)
    with open(said, "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment(),
            cwd=cwd,
            # A child that inherited Streamlit's listening socket would keep its port after the server is gone.
            close_fds=True,
            **_detached(),
        )


def by_torchrun() -> bool:
    """Whether `torchrun` started this process: then it trains itself, together with the others that were."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def begin_anew() -> None:
    """Let this process begin once more, as the same process, with `environment`: some of that is read only at the beginning."""
    if os.environ.get("GLIBC_TUNABLES") != (wanted := environment())["GLIBC_TUNABLES"]:
        os.execve(sys.executable, sys.orig_argv, wanted)


@contextlib.contextmanager
def logged(path: Path) -> Iterator[None]:
    """What this process says goes into train.log as well, and none of it to stdout, which belongs to results."""
    _cap(path / "train.log")
    with open(path / "train.log", "a", encoding="utf-8", buffering=1) as log:
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


def _detached() -> dict[str, int | bool]:
    """Out of reach of the Ctrl-C and the hang-up that end whoever launched it."""
    if os.name != "nt":
        return {"start_new_session": True}
    return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}


def _cap(log: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_CAP:
            log.write_bytes(log.read_bytes()[-LOG_CAP:])


def member_name(name: str | None, one: RunConfig, group: Sequence[RunConfig]) -> str | None:
    """What the run of settings `one` is called where `name` was given to a `group`."""
    if name is None or len(group) == 1:
        return name
    parts = [name, one.arch]
    if len({other.preset for other in group}) > 1:
        parts.append(one.preset or "own")
    if len({other.seed for other in group}) > 1:
        parts.append(f"seed {one.seed}")
    return " ".join(parts)
