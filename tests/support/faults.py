"""A process that has imported torch and forks a trainer for each request, in which something goes wrong as told.

Requests and answers are JSON, a line each. The forking process itself never computes anything: where it had run a
backward pass, torch might refuse to run one in its children. POSIX only.
"""

import errno
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import torch

from vaedash import config, places, storage
from vaedash.runs import RunFolder
from vaedash.training import loop, process, progress

PRIMITIVES = ("_write", "_fsync", "_rename")


def break_storage(request: dict[str, Any]) -> list[str]:
    """Let the `at`-th operation on the disk (counted from 1) kill the process or find the disk full; returns the list that names each."""
    operations: list[str] = []
    at, fault, forever = request.get("at", 0), request.get("fault"), request.get("forever", False)

    def broken(name: str, primitive: Callable[..., Any]) -> Callable[..., Any]:
        def operation(first: Any, *rest: Any) -> Any:
            operations.append(f"rename {rest[0].name}" if name == "_rename" else name.strip("_"))
            if len(operations) == at or (forever and at <= len(operations)):
                if name == "_write" and fault:
                    os.write(first, rest[0][: len(rest[0]) // 2])
                if fault == "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
                if fault == "full":
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return primitive(first, *rest)

        return operation

    for name in PRIMITIVES:
        setattr(storage, name, broken(name, getattr(storage, name)))
    return operations


def write_in_place(path: Path, data: bytes, *, durable: bool = True) -> None:
    """What `storage.write_bytes` must not do."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    storage._write(fd, memoryview(data))
    storage._fsync(fd)
    os.close(fd)


def replayed_order(batches: Callable[..., Any]) -> Callable[..., Any]:
    """Batches whose epochs are counted from the start of this process: a resume sees epoch 1's order again."""
    started: list[int] = []

    def replayed(pixels: Any, settings: Any, epoch: int) -> Any:
        started.append(epoch)
        return batches(pixels, settings, epoch - started[0] + 1)

    return replayed


def plant(mistake: str | None) -> None:
    """Make one of the mistakes that the tests must be able to see."""
    match mistake:
        case None:
            pass
        case "order":
            loop.batches = replayed_order(loop.batches)
        case "optimizer":
            torch.optim.Adam.load_state_dict = lambda self, state: None
        case "in place":
            storage.write_bytes = write_in_place
        case other:
            raise ValueError(other)


def train_here(request: dict[str, Any], answer: int) -> NoReturn:
    """The forked process: train the run, answer, and leave without a word to anybody else."""
    operations: list[str] = []
    ended = {"status": None}
    try:
        path = Path(request["path"])
        log = os.open(path / "train.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        plant(request.get("mistake"))
        if not request.get("measured"):
            process.measure = lambda *_, **__: None  # of a run that is over, whatever happens then
        operations = break_storage(request)
        ended["status"] = process.work(RunFolder(path), Path(request["data_dir"]))
    except BaseException as error:
        traceback.print_exc()
        ended["error"] = repr(error)
    finally:
        os.write(answer, json.dumps({**ended, "operations": operations}).encode())
        os._exit(0)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Fork, wait (killing it after `seconds`, if told), and say what became of it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        train_here(request, writing)
    os.close(writing)
    if "seconds" in request:
        time.sleep(request["seconds"])
        os.kill(child, signal.SIGKILL)
    with open(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return {"killed": os.WIFSIGNALED(status), **json.loads(said or b"{}")}


if __name__ == "__main__":
    # One thread, small pictures, and reports that do not depend on the clock: each training does the same operations
    # in the same order.
    places.cores = lambda: 1
    config.SAMPLE_COUNT = 8
    progress.PROGRESS_SECONDS = 1e9
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
