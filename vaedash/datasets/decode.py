"""One image file, whatever its size, mode or format, as uint8 `(3, side, side)`; and many of them, on every core."""

import contextlib
import itertools
import os
import struct
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.util import find_spec
from io import BytesIO
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vaedash.config import USUAL_FRAME, Frame
from vaedash.datasets.notes import Note
from vaedash.datasets.source import Progress, silent
from vaedash.images import Pixels, evenly

MAX_PIXELS = 89_000_000  # read from the header, before anything is decoded; JPEGs, which are decoded smaller, may have twice that
_ONE_AT_A_TIME = 20_000_000  # an image of more pixels than that is decoded while no other such one is
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
    **({"HEIF": (".heic", ".heif")} if find_spec("pillow_heif") else {}),
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

_GREY = {"white": 255, "black": 0}  # of backgrounds that are asked for
_CHUNK = 32  # images a thread takes at once: enough to hide the cost of handing them over
_MAX_THREADS = 8  # beyond, they wait for each other; and each may hold an image of some megapixels
_MOST_LACKING = 1 / 16  # of the rows of a JPEG that ends too early
_END_OF_JPEG = b"\xff\xd9"
_SAMPLE = 200  # images of which it is found out how a set is to be read

Item = TypeVar("Item")
_large = threading.Lock()


@dataclass(frozen=True)
class Manner:
    """How all images of a set are read, in a frame, and where their files leave it open.

    `black` and `white` are the values of 16 bits or more, or in floating point, that become 0 and 255; `ground` is the grey behind
    what is transparent, `bars` that beside what is padded, whatever it is.
    """

    frame: Frame = USUAL_FRAME
    black: float = 0.0
    white: float = 65535.0
    ground: int = 255
    bars: int = 0

    @classmethod
    def of(cls, frame: Frame) -> "Manner":
        """That of a frame, before anything is known of the images."""
        asked = _GREY.get(frame.background)
        return cls(frame=frame) if asked is None else cls(frame=frame, ground=asked, bars=asked)


class Decoded(NamedTuple):
    """The usable ones among some images, in their order, uint8 `(N, 3, side, side)`; which of all items they are; the names of those
    that are not; and for each remark the names of those that it is to be made of."""

    images: Pixels
    usable: NDArray[np.bool_]
    skipped: list[str]
    remarks: dict[Note, list[str]]


def decode(data: bytes, manner: Manner = Manner()) -> Pixels | None:  # it cannot be changed
    """An encoded image as RGB uint8 `(3, side, side)` in a frame: antialiased, upright, what is transparent over a ground.

    Of an animation, the first frame. A JPEG that lacks no more than its last rows is used. None if it is no image, is damaged, or has
    more than `MAX_PIXELS` pixels.
    """
    image, _ = _decoded(data, manner)
    return image


def decode_all(
    items: Iterable[Item],
    read: Callable[[Item], bytes | None],
    total: int,
    *,
    what: str,
    named: Callable[[Item], str] = str,
    manner: Manner = Manner(),
    progress: Progress = silent,
) -> Decoded:
    """The usable images among `total` items.

    `read` turns an item into the bytes of an image, or None; it is called from several threads. `named` says what an item is called.
    """
    images = np.empty((total, *manner.frame.shape), np.uint8)
    usable = np.zeros(total, bool)
    remarks: dict[Note | None, dict[int, str]] = {}  # None: what was skipped

    def work(start: int, chunk: list[Item]) -> int:
        size = 0
        for index, item in enumerate(chunk, start):
            data = read(item)
            image, remark = _decoded(data, manner) if data else (None, None)
            size += len(data or b"")
            if image is not None:
                images[index] = image
                usable[index] = True
            if remark or image is None:
                remarks.setdefault(remark, {})[index] = named(item)
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
    said = {remark: [name for _, name in sorted(names.items())] for remark, names in remarks.items()}
    skipped = said.pop(None, [])
    return Decoded(
        images if usable.all() else images[usable],
        usable,
        skipped,
        {remark: names for remark, names in said.items() if remark},
    )


def manner_of(
    items: Sequence[Item], read: Callable[[Item], bytes | None], frame: Frame = USUAL_FRAME
) -> tuple[Manner, list[str]]:
    """How a set is to be read in this frame, from a sample of it, with sentences on what was chosen.

    Deep images are scaled alike, by the number of bits that the largest value needs; those in floating point by the range of all.
    Where the frame leaves it open, what is transparent is put on white, unless most of it would be a single colour there and not on
    black; and bars are black, unless most images are transparent.
    """
    chosen = [items[number] for number in evenly(len(items), _SAMPLE)]
    whole = replace(frame, fit="squash") if frame.fit == "pad" else frame  # in bars nothing is lost
    ranges, lost = [], {255: 0, 0: 0}
    transparent = 0
    for data in filter(None, map(read, chosen)):
        with contextlib.suppress(*_BROKEN), Image.open(BytesIO(data), formats=tuple(EXTENSIONS)) as image:
            if image.width * image.height > _ONE_AT_A_TIME:
                continue
            if image.mode.startswith("I") or image.mode == "F":
                values = np.asarray(image)
                ranges.append((image.mode == "F", float(values.min()), float(values.max())))
            elif image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
                on_white, on_black = (decode(data, Manner(frame=whole, ground=ground)) for ground in lost)
                if on_white is not None and on_black is not None:
                    transparent += 1
                    for ground, pixels in zip(lost, (on_white, on_black), strict=True):
                        lost[ground] += bool((pixels == pixels[:, :1, :1]).all())
    black, white, notes = _range(ranges)
    manner, left_open = Manner.of(frame), frame.background not in _GREY
    if left_open and transparent > len(chosen) / 2:
        manner = replace(manner, bars=manner.ground)
    if left_open and lost[255] > transparent / 2 and lost[0] < lost[255] / 2:
        manner = replace(manner, ground=0, bars=0)
        notes.append(Note.ON_BLACK())
    return replace(manner, black=black, white=white), notes


def _range(ranges: Sequence[tuple[bool, float, float]]) -> tuple[float, float, list[str]]:
    """What becomes black and white in a set of deep images, of some of which is known: floating point or not, least, most."""
    finite = [each for each in ranges if np.isfinite(each[1:]).all()]
    if not finite:
        return Manner.black, Manner.white, []
    floating, lows, highs = zip(*finite, strict=True)
    low, high = min(lows), max(highs)
    if not any(floating) and low >= 0 and high <= Manner.white:
        low, high = 0.0, next(2.0**bits - 1 for bits in (8, 10, 12, 14, 16) if high < 2**bits)
    if low == high:
        high = low + 1.0
    return low, high, [Note.DEEP(black=f"{low:,.6g}", white=f"{high:,.6g}")]


def _threads(mean_size: float) -> int:
    # Below a few kB an image, most of the work holds the interpreter's lock: a second thread costs a third more time.
    return 1 if mean_size < 4096 else min(os.cpu_count() or 1, _MAX_THREADS)


def _decoded(data: bytes, manner: Manner) -> tuple[Pixels | None, Note | None]:
    try:
        return _opened(data, manner)
    except _BROKEN as error:
        if not data.startswith(b"\xff\xd8") or "truncated" not in str(error):
            return None, None
    try:  # what decodes a JPEG takes an end for an end, and fills up what is lacking with one colour
        pixels, _ = _opened(data + _END_OF_JPEG, manner, lacking=True)
    except _BROKEN:
        return None, None
    return pixels, None if pixels is None else Note.CUT


def _opened(data: bytes, manner: Manner, *, lacking: bool = False) -> tuple[Pixels | None, Note | None]:
    with Image.open(BytesIO(data), formats=tuple(EXTENSIONS)) as image:
        # A JPEG can be decoded at 1/2, 1/4 or 1/8 for much less work; twice the final size stays for the resize.
        side = manner.frame.image_size
        if image.format == "JPEG" and min(image.size) >= 4 * side:
            image.draft(None, (2 * side, 2 * side))
        size = image.width * image.height
        if size > MAX_PIXELS:
            return None, None
        with _large if size > _ONE_AT_A_TIME else contextlib.nullcontext():
            image.load()
            if lacking and _ends_in_one_colour(image):
                return None, None
            pixels = np.asarray(_square(image, manner))
        pages = image.format == "TIFF" and getattr(image, "n_frames", 1) > 1
    return pixels.transpose(2, 0, 1), Note.PAGES if pages else None


def _ends_in_one_colour(image: Image.Image) -> bool:
    """Whether more than a few of the last rows are of one colour each: what a JPEG lacks is drawn so."""
    rows = np.asarray(image)
    last = rows[-max(1, round(len(rows) * _MOST_LACKING)) - 1 :]
    return bool((last == last[:, :1]).all())


def _square(image: Image.Image, manner: Manner) -> Image.Image:
    orientation = _orientation(image)
    picture = framed(_resizable(image, manner), manner)
    # The square of a turned image is the turned square: few pixels are cheaper to turn.
    return picture.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else picture


def framed(picture: Image.Image, manner: Manner) -> Image.Image:
    """A picture in a mode whose values can be averaged, as RGB in the frame: antialiased, what is transparent over a ground."""
    picture, side = _fitted(picture, manner.frame), manner.frame.image_size
    if picture.mode in ("RGBA", "LA"):
        ground = Image.new("RGBA", picture.size, (manner.ground,) * 3 + (255,))
        picture = Image.alpha_composite(ground, picture.convert("RGBA"))
    if picture.mode != "RGB":
        picture = picture.convert("RGB")
    if picture.size == (side, side):
        return picture
    padded = Image.new("RGB", (side, side), (manner.bars,) * 3)
    padded.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return padded


def _fitted(picture: Image.Image, frame: Frame) -> Image.Image:
    """A picture as large as it is in a frame, without the bars."""
    side, short, long = frame.image_size, min(picture.size), max(picture.size)
    if picture.size == (side, side):
        return picture
    box, size = (0.0, 0.0, float(picture.width), float(picture.height)), (side, side)
    if frame.fit == "crop":
        left, top = (picture.width - short) // 2, (picture.height - short) // 2
        box = (left, top, left + short, top + short)
    elif frame.fit == "pad":
        size = (max(1, round(side * picture.width / long)), max(1, round(side * picture.height / long)))
    return picture.resize(size, Image.Resampling.BICUBIC, box=box, reducing_gap=3.0)


def _resizable(image: Image.Image, manner: Manner) -> Image.Image:
    """The image in a mode whose values can be averaged: no palette, no single bits, 8 bits a channel."""
    if "transparency" in image.info and image.mode in ("1", "L", "P", "RGB"):
        return image.convert("RGBA")
    if image.mode in ("RGB", "L", "RGBA", "LA", "CMYK"):
        return image
    if image.mode.startswith("I") or image.mode == "F":
        # Pillow's own conversion would clip at 255, which makes photographs white.
        values = np.asarray(image, np.float64)
        if not np.isfinite(values).all():
            raise ValueError("a floating-point image with infinite or missing values")
        share = (values - manner.black) / (manner.white - manner.black)
        return Image.fromarray(np.uint8(np.clip(share, 0, 1) * 255.999))
    return image.convert("RGBA" if image.mode in ("PA", "RGBa", "La") else "L" if image.mode == "1" else "RGB")


def _orientation(image: Image.Image) -> int:
    if image.format == "JPEG" and "exif" not in image.info:
        return 1
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except _BROKEN:  # a damaged tag does not make a bad photograph
        return 1


if "HEIF" in EXTENSIONS:
    import pillow_heif

    pillow_heif.register_heif_opener()
