"""How long a process takes to list all runs: the first time, as after the start of a server, and each time after it."""

import argparse
import dataclasses
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from vaedash.bench import memory, probe
from vaedash.runs.listing import Readings

_AGAIN = 3  # listings after the first


@dataclass(frozen=True, order=True, kw_only=True)
class Taken:
    """Seconds of one listing, by the clock and of computing."""

    seconds: float
    computing: float


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The first listing of a process, a later one, and how many kB the process came to hold."""

    first: Taken
    again: Taken
    memory: int


def measure(folder: Path) -> Listing:
    """That of a runs folder, in a process of its own."""
    answer = json.loads(probe.ask("readings", str(folder)))
    return Listing(first=Taken(**answer["first"]), again=Taken(**answer["again"]), memory=answer["memory"])


def main() -> None:
    """The process that `measure` asks."""
    parser = argparse.ArgumentParser(prog="python -m vaedash.bench.readings", description=__doc__)
    parser.add_argument("folder", type=Path)
    print(json.dumps(dataclasses.asdict(_list(parser.parse_args().folder))))


def _list(folder: Path) -> Listing:
    readings, taken = Readings(), []
    for _ in range(1 + _AGAIN):
        start, computing = time.perf_counter(), time.process_time()
        readings.list_runs(folder)
        taken.append(Taken(seconds=time.perf_counter() - start, computing=time.process_time() - computing))
    first, *later = taken
    return Listing(first=first, again=sorted(later)[len(later) // 2], memory=memory.peak(os.getpid()))


if __name__ == "__main__":
    main()
