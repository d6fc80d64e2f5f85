"""Threads that measure side by side, one core each; and how a process that only measures any more lets everybody else go first."""

import contextlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import torch

from vaedash import config, places

Part = TypeVar("Part")
Result = TypeVar("Result")

_AHEAD = 2  # parts for each thread that are handed out before the first of them is asked for
# A priority at which whoever trains or works here has nine tenths of a core. At the lowest, 19, programs that never rest leave a
# hundredth of it, and what takes seconds would keep a run's place in line for an hour.
_ASIDE = 10
# On Linux a session has a priority of its own, and beside other sessions that of a process in it does not count.
_SESSION = Path("/proc/self/autogroup")


class Workers:
    """Threads as many as torch has here, none of which waits for another, as torch's own do at the end of every operation: where
    a core is taken by somebody else, the others go on. In a process that has stepped aside, the other slots' share of the
    machine is theirs too: they have it as long as nobody trains there.

    To be used as a context; it leaves torch as it was.
    """

    def __init__(self) -> None:
        self._threads = torch.get_num_threads()
        self._count = min(places.cores(), config.SLOTS * self._threads) if _is_aside() else self._threads
        self._pool = ThreadPoolExecutor(
            self._count, thread_name_prefix="measuring", initializer=torch.set_num_threads, initargs=(1,)
        )

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        torch.set_num_threads(self._threads)  # a part of what a thread sets holds for all of them

    def each(self, function: Callable[[Part], Result], parts: Iterable[Part]) -> Iterator[Result]:
        """`function` of each part, in their order; parts are taken as they are needed."""
        pending: deque[Future[Result]] = deque()
        for part in parts:
            pending.append(self._pool.submit(function, part))
            if len(pending) > _AHEAD * self._count:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def step_aside() -> None:
    """From here on everybody else who wants a core goes before this process, as far as the system knows such a thing; for good."""
    if hasattr(os, "nice"):
        os.nice(_ASIDE)
        if os.getsid(0) == os.getpid():  # else the session is somebody else's too
            with contextlib.suppress(OSError):
                _SESSION.write_text(str(_ASIDE))


def _is_aside() -> bool:
    return hasattr(os, "getpriority") and os.getpriority(os.PRIO_PROCESS, 0) >= _ASIDE
