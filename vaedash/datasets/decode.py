"""One image file, whatever its size, mode or format, as uint8 `(3, 32, 32)`; and many of them, on every core."""

import itertools
import os
import struct
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from typing import TypeVar

import numpy as np
from PIL import Image

from vaedash.config import IMAGE_SHAPE
from vaedash.datasets.source import Progress, silent
from vaedash.images import Pixels

MAX_PIXELS = 40_000_000  # read from the header, before anything is decoded
MAX_BYTES = 100_000_000  # of one encoded image

# A short list, because Pillow also opens formats that run other programs (EPS) or that nobody fuzzes.
EXTENSIONS = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png", ".apng"),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "AVIF": (".avif",),
}
IMAGE_ENDINGS = tuple(itertools.chain.from_iterable(EXTENSIONS.values()))

# What Pillow raises on broken files, as met in the wild; Warning is for those who turn warnings into errors.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    EOFError,
    AssertionError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Warning,
)

_ORIENTATION = 0x0112  # EXIF tag
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_SIDE = IMAGE_SHAPE[1]
_CHUNK = 32  # images a thread takes at once: enough to hide the cost of handing them over
_MAX_THREADS = 8  # beyond, they wait for each other; and each may hold an image of MAX_PIXELS

Item = TypeVar("Item")


def decode(data: bytes) -> Pixels | None:
    """An encoded image as RGB uint8 `(3, 32, 32)`: centre square, antialiased, upright, alpha over white.

    Of an animation, the first frame. None if it is no image, is damaged, or has more than `MAX_PIXELS` pixels.
    """
    try:
        with Image.open(BytesIO(data), formats=tuple(EXTENSIONS)) as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            pixels = np.asarray(_square(image))
    except _BROKEN:
        return None
    return pixels.transpose(2, 0, 1)


def decode_all(
    items: Iterable[Item], read: Callable[[Item], bytes | None], total: int, *, what: str, progress: Progress = silent
) -> tuple[Pixels, int]:
    """The usable images among `total` items, in their order, as uint8 `(N, 3, 32, 32)`; and how many were not usable.

    `read` turns an item into the bytes of an image, or None; it is called from several threads.
    """
    images = np.empty((total, *IMAGE_SHAPE), np.uint8)
    usable = np.zeros(total, bool)

    def work(start: int, chunk: list[Item]) -> int:
        size = 0
        for index, item in enumerate(chunk, start):
            data = read(item)
            image = decode(data) if data else None
            size += len(data or b"")
            if image is not None:
                images[index] = image
                usable[index] = True
        return size

    progress(what, 0, total)
    reported = time.monotonic()
    rest = iter(items)
    first = list(itertools.islice(rest, _CHUNK))
    threads = _threads(work(0, first) / max(1, len(first)))
    waiting: deque[tuple[int, Future[int]]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="decode") as pool:
        start = len(first)
        while chunk := list(itertools.islice(rest, _CHUNK)):
            end = start + len(chunk)
            waiting.append((end, pool.submit(work, start, chunk)))
            start = end
            if len(waiting) > threads + 1:  # few in flight, so that memory stays small and cancelling is quick
                done, future = waiting.popleft()
                future.result()
                if time.monotonic() - reported > 0.15:
                    progress(what, done, total)
                    reported = time.monotonic()
        for _, future in waiting:
            future.result()
    progress(what, total, total)
    skipped = total - int(usable.sum())
    return (images[usable] if skipped else images), skipped


def _threads(mean_size: float) -> int:
    # Below a few kB an image, most of the work holds the interpreter's lock: a second thread costs a third more time.
    return 1 if mean_size < 4096 else min(os.cpu_count() or 1, _MAX_THREADS)


def _square(image: Image.Image) -> Image.Image:
    # A JPEG can be decoded at 1/2, 1/4 or 1/8 for much less work; twice the final size stays for the resize.
    if image.format == "JPEG" and min(image.size) >= 4 * _SIDE:
        image.draft(None, (2 * _SIDE, 2 * _SIDE))
    image.load()
    orientation = _orientation(image)
    picture = _resizable(image)
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    if picture.size != (_SIDE, _SIDE):
        box = (left, top, left + side, top + side)
        picture = picture.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC, box=box, reducing_gap=3.0)
    if picture.mode in ("RGBA", "LA"):
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture.convert("RGBA"))
    if picture.mode != "RGB":
        picture = picture.convert("RGB")
    # The centre square of a turned image is the turned centre square: 32 x 32 pixels are cheaper to turn.
    return picture.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else picture


def _resizable(image: Image.Image) -> Image.Image:
    """The image in a mode whose values can be averaged: no palette, no single bits, 8 bits a channel."""
    if "transparency" in image.info and image.mode in ("1", "L", "P", "RGB"):
        return image.convert("RGBA")
    if image.mode in ("RGB", "L", "RGBA", "LA", "CMYK"):
        return image
    if image.mode.startswith("I"):
        # Sixteen bits to eight; Pillow's own conversion would clip at 255, which makes photographs white.
        return Image.fromarray((np.clip(np.asarray(image), 0, 65535) >> 8).astype(np.uint8))
    if image.mode == "F":
        # Floating point has no white of its own: the image's range is taken.
        values = np.asarray(image, np.float64)
        low, high = values.min(), values.max()
        if not np.isfinite(high - low):
            raise ValueError("a floating-point image with infinite or missing values")
        return Image.fromarray(np.uint8((values - low) * (255 / (high - low or 1.0))))
    return image.convert("RGBA" if image.mode in ("PA", "RGBa", "La") else "L" if image.mode == "1" else "RGB")


def _orientation(image: Image.Image) -> int:
    if image.format == "JPEG" and "exif" not in image.info:
        return 1
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except _BROKEN:  # a damaged tag does not make a bad photograph
        return 1
