"""What a process holds (memory, threads, open files) and has computed, what torch alone makes it hold, and what the kernel keeps
of files in memory.
"""

import argparse
import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from vaedash.bench import probe


def peak(pid: int) -> int:
    """kB that a process has held at most; 0 where the system does not say."""
    return _status(pid, "VmHWM")


def now(pid: int) -> int:
    """kB that a process holds; 0 where the system does not say."""
    return _status(pid, "VmRSS")


def own(pid: int) -> int:
    """kB of it that lie in no file, and so cannot be read anew when others need the room; 0 where the system does not say."""
    return _status(pid, "RssAnon")


def has_loaded(pid: int, library: str) -> bool:
    """Whether a process has loaded a library that is called so; False where the system does not say."""
    try:
        return library in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False


def threads(pid: int) -> int:
    """How many threads a process has; 0 where the system does not say."""
    return _status(pid, "Threads")


def open_files(pid: int) -> int:
    """How many files, sockets and the like a process has open; 0 where the system does not say."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def computing(pid: int) -> float:
    """Seconds that a process has computed; 0 where the system does not say."""
    try:
        user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    except (OSError, ValueError):
        return 0.0
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _status(pid: int, word: str) -> int:
    try:
        return int(Path(f"/proc/{pid}/status").read_text().split(f"{word}:")[1].split()[0])
    except (OSError, IndexError):
        return 0


def bare() -> int:
    """kB that a process holds in which torch has done nothing but find the gradient of two weights."""
    return int(probe.ask("memory"))


def bytes_read() -> int:
    """What this process has had read from disk; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/io").read_text().split("\nread_bytes: ")[1].split()[0])
    except (OSError, IndexError):
        return 0


def forget(files: Iterable[Path]) -> bool:
    """Ask the kernel to drop what it holds of these files in memory; False where it cannot be asked."""
    if not hasattr(os, "posix_fadvise"):
        return False
    os.sync()
    for file in files:
        with contextlib.suppress(IsADirectoryError), open(file, "rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return True


def main() -> None:
    """The process that `bare` asks."""
    argparse.ArgumentParser(prog="python -m vaedash.bench.memory", description=__doc__).parse_args()
    import torch

    layer = torch.nn.Linear(1, 1)
    # No optimizer of torch's: it would load torch's compiler, which no trainer does.
    layer(torch.ones(1, 1)).sum().backward()
    print(peak(os.getpid()))


if __name__ == "__main__":
    main()
