"""How many threads a run computes with, chosen anew as it goes: what a free core gives, and no wait for one that others have.

Threads wait for each other at the end of every operation, of which a step has a hundred: where another program has the core of
one of them, all of them stand still until it is that one's turn again, and a step takes ten times as long as on one thread.
"""

import os
import statistics
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

THREADS = (1, 2, 4, 8, 16)
_STEPS = 4  # of a trial, after one that only makes ready
_WINDOW = 8  # steps, whose median is what a step takes now
_FASTER = 0.95  # more threads are taken where a step takes less than this share of its time before
_ALARM = 2.0  # two steps in a row that take as many times the usual, and one thread is tried at once
_HOPELESS = 5.0  # a trial is given up after one step that takes as many times the usual
_COST = 0.02  # of the time, at most, is lost to trials
_AGAIN = 10.0  # seconds until fewer threads are tried without a reason
_SHORTEST, _LONGEST = 1.0, 60.0  # seconds until more are tried, twice as many after each time that was in vain
_NICE, _IDLE, _WAITING = 1, 3, 4  # columns of /proc/stat
_STAT = Path("/proc/stat")


class Room:
    """How many cores' time this process has had or could have had, of late: its own and what nobody else wanted."""

    def __init__(self) -> None:
        self._cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
        # Who steps aside for everybody else is no obstacle, unless that is this process.
        aside = hasattr(os, "nice") and os.nice(0) > 0
        self._columns = (_IDLE, _WAITING) if aside else (_NICE, _IDLE, _WAITING)
        self._seen = self._now()
        self._known: float | None = None

    def __call__(self) -> float | None:
        """That number since the call before, or the one of that call if it was less than half a second ago; None where the
        system does not say."""
        seen = self._now()
        if seen is None or self._seen is None:
            return None
        clock, free, own = (after - before for after, before in zip(seen, self._seen, strict=True))
        if clock >= 0.5:
            self._seen, self._known = seen, min(len(self._cores), (free + own) / clock)
        return self._known

    def _now(self) -> tuple[float, float, float] | None:
        """Seconds: by the clock, of cores that nobody wanted, and of this process."""
        try:
            lines = [line.split() for line in _STAT.read_text(encoding="ascii").splitlines()]
            free = sum(
                int(line[1 + column])
                for line in lines
                if line and line[0][3:].isdecimal() and int(line[0][3:]) in self._cores
                for column in self._columns
            )
        except (OSError, ValueError, IndexError):  # not on Linux, or a Linux that hides it
            return None
        return time.monotonic(), free / os.sysconf("SC_CLK_TCK"), time.process_time()


class Pace:
    """The number of `threads` for the next step of a run whose share of the machine is `share` cores, one of those that it may
    choose. It begins with one thread, and goes by the time that steps take; what is less than a `batch` gets one thread.

    More threads are tried where `room` sees cores that nobody uses, or cannot say; one, as soon as steps take much longer
    than usual; fewer, now and then. What trials lose is limited to a fiftieth of the time.
    """

    def __init__(self, share: int, choices: Sequence[int], *, batch: int, room: Callable[[], float | None]) -> None:
        self.share = share
        self.threads = 1  # of the next step
        self.settled = 1  # of those that are no trial, too
        self._choices = sorted({1, *choices})
        self._room = room
        self._recent: deque[float] = deque(maxlen=_WINDOW)  # seconds per image
        self._trial: list[float] | None = None
        self._usual = float("inf")
        self._batch = batch
        self._clock = self._fewer_at = self._more_at = 0.0  # seconds of steps
        self._patience = _SHORTEST
        self._images: Counter[int] = Counter()

    @classmethod
    def fixed(cls, threads: int) -> "Pace":
        """One that never changes: of a GPU, or of a team."""
        pace = cls(threads, [threads], batch=0, room=lambda: None)
        pace._choices, pace.threads, pace.settled = [threads], threads, threads
        return pace

    @property
    def free(self) -> float | None:
        """How many cores it has or could have at the moment; None where the system does not say."""
        return self._room()

    @contextmanager
    def step(self, images: int) -> Iterator[int]:
        """A step over so many images, to be taken with as many threads as this gives; its time is noted."""
        start = time.perf_counter()
        few = images < self._batch and len(self._choices) > 1
        yield 1 if few else self.threads
        self.took(images, time.perf_counter() - start)

    def took(self, images: int, seconds: float) -> None:
        """A step over so many images, with `threads`, has taken so long."""
        self._clock += seconds
        self._images[self.threads] += images
        if images < self._batch or len(self._choices) == 1:
            return  # the last batch of an epoch may be small: it says nothing of the others
        if self._trial is not None:
            self._judge(self._trial, seconds / images)
            return
        self._recent.append(seconds / images)
        if len(self._recent) < _STEPS:
            return
        self._usual = min(self._usual, self._now)
        alarm = min(list(self._recent)[-2:]) > _ALARM * self._usual
        if alarm and self.settled > 1:
            self._usual = self._now  # if one thread is no better, this is how it is
            self._try(1)
        elif self._clock >= self._fewer_at and self.settled > 1:
            self._try(self._choices[self._choices.index(self.settled) - 1])
        elif self._clock >= self._more_at and self.settled < self._choices[-1]:
            more = self._choices[self._choices.index(self.settled) + 1]
            room = self._room()
            if room is None or room >= (self.settled + more) / 2:
                self._try(more)

    def of_epoch(self) -> int:
        """The threads that most images since the last call were seen with."""
        most = self._images.most_common(1)[0][0] if self._images else self.settled
        self._images.clear()
        return most

    @property
    def _now(self) -> float:
        return statistics.median(self._recent)

    def _try(self, threads: int) -> None:
        self.threads, self._trial = threads, []

    def _judge(self, trial: list[float], took: float) -> None:
        trial.append(took)
        hopeless = took > _HOPELESS * self._now
        if len(trial) <= _STEPS and not hopeless:
            return
        more = self.threads > self.settled
        measured = trial[1:] or trial
        if not hopeless and statistics.median(measured) < (_FASTER if more else 1.0) * self._now:
            self._settle(measured, more=more)
        else:
            self._stay(lost=self._batch * (sum(trial) - len(trial) * self._now), more=more)
        self._trial = None

    def _settle(self, measured: list[float], *, more: bool) -> None:
        """It is better so: and perhaps one more in the same direction is better still."""
        self.settled = self.threads
        self._recent.clear()
        self._recent.extend(measured)
        self._usual = self._now
        self._patience = _SHORTEST
        self._fewer_at = self._clock + (_AGAIN if more else 0.0)
        self._more_at = self._clock + (0.0 if more else self._patience)

    def _stay(self, *, lost: float, more: bool) -> None:
        self.threads = self.settled
        if more:
            self._more_at = self._clock + max(self._patience, lost / _COST)
            self._patience = min(_LONGEST, 2 * self._patience)
        else:
            self._fewer_at = self._clock + max(_AGAIN, lost / _COST)
