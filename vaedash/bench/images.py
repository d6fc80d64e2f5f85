"""Images a second out of a file that is not in memory: in order, and as a training draws them."""

import mmap
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaedash import config
from vaedash.bench import memory
from vaedash.bench.figures import Figure, Figures
from vaedash.images import Pixels

_BATCH = 64
_DRAWN = 20_000  # images that are drawn from a file that is not in memory: more would soon bring all of it there

Order = NDArray[np.int64]


def measure(file: Path, count: int) -> dict[str, Figure]:
    """Images a second in batches out of a memory-mapped file: in order and as the trainer draws them, from memory and from disk.

    From disk, `drawn` once as the trainer does, where the kernel reads ahead, and once asking it not to.
    """
    import torch

    torch.set_num_threads(1)  # as in a trainer that shares two cores
    _write_images(file, count)
    in_order, drawn = np.arange(count), np.random.default_rng(0).permutation(count)
    no_reading_ahead: int | None = getattr(mmap, "MADV_RANDOM", None)
    return {
        "count": count,
        "file, GB": file.stat().st_size / 1e9,
        "from disk, in order": _from_disk(file, in_order),
        "from disk, drawn": _from_disk(file, drawn[:_DRAWN]),
        "from disk, drawn, no reading ahead": _from_disk(file, drawn[:_DRAWN], advice=no_reading_ahead),
        **_from_memory(file, {"in order": in_order, "drawn": drawn}),
    }


def _write_images(file: Path, count: int) -> None:
    pixels = np.lib.format.open_memmap(file, mode="w+", dtype=np.uint8, shape=(count, *config.USUAL_FRAME.shape))
    rng = np.random.default_rng(0)
    for start in range(0, count, 10_000):
        part = pixels[start : start + 10_000]
        part[...] = np.frombuffer(rng.bytes(part.size), np.uint8).reshape(part.shape)
    pixels.flush()


def _from_disk(file: Path, order: Order, *, advice: int | None = None) -> Figures:
    memory.forget([file])
    pixels = np.load(file, mmap_mode="c")
    if advice is not None:
        pixels._mmap.madvise(advice)
    return _speed(pixels, order)  # and what was mapped is let go: else it could not be forgotten


def _from_memory(file: Path, orders: dict[str, Order]) -> dict[str, Figures]:
    pixels = np.load(file, mmap_mode="c")
    _speed(pixels, np.arange(len(pixels)))  # now all of it is in memory
    return {f"from memory, {name}": _speed(pixels, order) for name, order in orders.items()}


def _speed(pixels: Pixels, order: Order) -> Figures:
    """Images a second, by the clock and of computing, and how many bytes came from disk for each byte of an image (on Linux)."""
    import torch

    images, before = torch.from_numpy(pixels), memory.bytes_read()
    start, computing = time.perf_counter(), time.process_time()
    for chosen in torch.from_numpy(order).split(_BATCH):
        images[chosen].contiguous()
    seconds, computed = time.perf_counter() - start, time.process_time() - computing
    read = (memory.bytes_read() - before) / (len(order) * config.USUAL_FRAME.pixels)
    return {
        "images/s": len(order) / seconds,
        "images a second of computing": len(order) / computed,
        "bytes from disk for each": read,
    }
