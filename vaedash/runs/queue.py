"""The queue, without a daemon: one ticket a waiting run, in the order of launching, and a few slots that the kernel frees."""

import contextlib
import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from vaedash import config, storage
from vaedash.runs import names
from vaedash.runs.folder import RunFolder

GRACE = 60.0  # seconds that a launched process may take before it holds its lock
_POLL = 0.2  # seconds between looks at the queue
_ELSEWHERE = "elsewhere"  # behind the id in the name of a ticket that waits for a cluster


@dataclass(frozen=True)
class Ticket:
    """A launched run's place in the queue; gone once it trains."""

    path: Path
    run_id: str
    order: int  # nanoseconds since 1970 at the launch
    elsewhere: bool = False  # it waits for a machine of a cluster, and so stands in nobody's way here

    @property
    def launched_at(self) -> float:
        """Seconds since 1970 at the launch."""
        return self.order / 1e9

    @property
    def folder(self) -> Path:
        """The runs folder whose queue it stands in."""
        return self.path.parent.parent

    def remove(self) -> None:
        """Take the place away."""
        self.path.unlink(missing_ok=True)

    @property
    def wanted(self) -> bool:
        """Whether somebody still wants this place: a process holds the run's lock, or may be just about to."""
        return RunFolder(self.folder / self.run_id).held or time.time() - self.launched_at <= GRACE


def tickets(folder: Path) -> list[Ticket]:
    """All tickets in a runs folder, oldest first."""
    there = []
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for entry in os.scandir(folder / names.QUEUE):
            order, _, rest = entry.name.partition("-")
            run_id, _, where = rest.partition("-")
            if order.isdecimal() and config.RUN_ID.fullmatch(run_id) and where in ("", _ELSEWHERE):
                there.append(Ticket(Path(entry.path), run_id, int(order), elsewhere=bool(where)))
    return sorted(there, key=lambda ticket: (ticket.order, ticket.run_id))


def ticket_of(run: RunFolder) -> Ticket | None:
    """The ticket of a run, if it waits."""
    return next((ticket for ticket in tickets(run.path.parent) if ticket.run_id == run.id), None)


def ahead(ticket: Ticket) -> int:
    """How many wait before it, for the same machines."""
    return sum(other.elsewhere == ticket.elsewhere and other.order < ticket.order for other in tickets(ticket.folder))


def stale(folder: Path) -> list[Ticket]:
    """Those whose run nobody is about to train: there is no process that waits with it, and none that could still begin."""
    return [ticket for ticket in tickets(folder) if not ticket.wanted]


def enqueue(run: RunFolder, *, elsewhere: bool = False) -> None:
    """Give a run a ticket (a fresh one if it had one): for this machine, or for one `elsewhere`."""
    dequeue(run)
    queue = run.path.parent / names.QUEUE
    queue.mkdir(exist_ok=True)
    name = f"{time.time_ns()}-{run.id}"
    (queue / (f"{name}-{_ELSEWHERE}" if elsewhere else name)).touch()


def dequeue(run: RunFolder) -> None:
    """Take its ticket away."""
    while ticket := ticket_of(run):
        ticket.remove()


# ---- slots ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def slot(run: RunFolder) -> Iterator[int | None]:
    """Wait for one of `config.SLOTS` slots, oldest ticket first; yields how many runs share the machine, itself included.

    Yields None, holding nothing, if a stop was requested before its turn came.
    """
    folder = run.path.parent
    slots_folder(folder).mkdir(exist_ok=True)
    held, sharing = contextlib.ExitStack(), 0
    while not sharing and not run.stop_requested():
        waiting = [ticket for ticket in tickets(folder) if not ticket.elsewhere]
        place = next((place for place, ticket in enumerate(waiting) if ticket.run_id == run.id), 0)
        free = [lock for lock in slots(folder) if not storage.is_locked(lock)]
        if _wanted(waiting[:place], most=len(free)) < len(free):
            with contextlib.suppress(Timeout):
                held.enter_context(storage.locked(free[0], patience=0))
                sharing = max(1, min(config.SLOTS, config.SLOTS - len(free) + _wanted(waiting, most=config.SLOTS)))
        if not sharing:
            # Who stands far behind looks seldom: two hundred who wait must cost those who train next to nothing.
            time.sleep(_POLL if place < 2 * config.SLOTS else 5 * _POLL)
    with held:
        dequeue(run)
        yield sharing or None


def slots_folder(folder: Path) -> Path:
    """Where the slots of a runs folder are."""
    return folder / names.SLOTS


def slots(folder: Path) -> list[Path]:
    """The locks of a runs folder's slots; whoever holds one may train."""
    return [slots_folder(folder) / f"{number}.lock" for number in range(config.SLOTS)]


def _wanted(waiting: list[Ticket], *, most: int) -> int:
    """How many of these places are still wanted, up to `most`: a long queue is not looked through to its end."""
    return len(list(itertools.islice((ticket for ticket in waiting if ticket.wanted), most)))
