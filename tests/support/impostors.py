"""What somebody who hands in a run may put in the place of a file, and what would keep a reader for ever, or lead it astray."""

import contextlib
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

TERABYTE = 10**12  # of a file of which hardly a byte is on the disk
PATIENCE = 60  # seconds


def pipe(file: Path) -> None:
    os.mkfifo(file)


def ear(file: Path) -> None:
    """A socket; its address must be short, its place need not."""
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as opened:
        opened.bind(f"{short}/x")
        Path(f"{short}/x").rename(file)


def device(file: Path) -> None:
    file.symlink_to("/dev/zero")


def link_out(file: Path) -> None:
    """To a file that would do, but is another's."""
    other = file.parent.parent.parent / f"another's {file.name}"
    other.parent.mkdir(exist_ok=True)
    other.write_bytes(b'{"schema": 1}')
    file.symlink_to(other)


def folder(file: Path) -> None:
    file.mkdir()


def circle(file: Path) -> None:
    file.symlink_to(file.name)


def huge(file: Path) -> None:
    file.touch()
    os.truncate(file, TERABYTE)


IMPOSTORS = {
    "a pipe": pipe,
    "a socket": ear,
    "a device": device,
    "a link out": link_out,
    "a folder": folder,
    "a link to itself": circle,
    "a terabyte": huge,
}


@contextlib.contextmanager
def at_once() -> Iterator[None]:
    """Whatever waits for ever in here is interrupted."""

    def give_up(*_: object) -> None:
        raise AssertionError("it waits for ever")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
