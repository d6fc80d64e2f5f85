"""Pictures from uint8 arrays: grids, strips, PNG and GIF; nothing here knows where the images came from."""

import contextlib
import io
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vaedash import config

Pixels = NDArray[np.uint8]
"""Images `(N, 3, H, W)` or a picture `(H, W, 3)`, RGB, 0 to 255."""

_NEARLY_BLACK = 32
_LUMA = (0.299, 0.587, 0.114)  # what red, green and blue add to how bright a colour looks (ITU-R BT.601)
MOST_PIXELS = 4_000_000  # of a picture that is read: some bytes may claim to be millions of them


def grid(images: Pixels, *, columns: int, scale: int = 1, gap: int = 0, background: int = 255) -> Pixels:
    """Images `(N, 3, H, W)` uint8 laid out row by row as one picture `(rows, width, 3)`.

    `scale` enlarges each pixel to a square of that many (nearest neighbour: a blurred 32x32 image hides what
    the model did); `gap` is the space between images, in pixels of the result, filled with grey `background`.
    """
    count, channels, height, width = images.shape
    rows = -(-count // columns)
    cell = np.full((rows * columns, height * scale + gap, width * scale + gap, channels), background, np.uint8)
    enlarged = images.transpose(0, 2, 3, 1).repeat(scale, 1).repeat(scale, 2)
    cell[:count, : height * scale, : width * scale] = enlarged
    picture = cell.reshape(rows, columns, *cell.shape[1:]).swapaxes(1, 2)
    picture = picture.reshape(rows * cell.shape[1], columns * cell.shape[2], channels)
    return picture[: picture.shape[0] - gap, : picture.shape[1] - gap]


def ungrid(picture: Pixels, *, side: int) -> Pixels:
    """The images `(N, 3, side, side)` of a gapless, unscaled grid."""
    height, width, channels = picture.shape
    tiles = picture.reshape(height // side, side, width // side, side, channels).swapaxes(1, 2)
    return tiles.reshape(-1, side, side, channels).transpose(0, 3, 1, 2)


def evenly(of: int, count: int) -> NDArray[np.int_]:
    """The numbers of `count` images out of so many, or of all where they are fewer, from first to last: some sets are sorted by what
    they show.
    """
    return np.linspace(0, of - 1, min(count, of)).astype(int)


def spread(images: Pixels, count: int) -> Pixels:
    """The images `(N, 3, H, W)` of these numbers."""
    return images[evenly(len(images), count)]


def shuffle_order(side: int) -> NDArray[np.int64]:
    """The pixel, counted row by row, that each pixel of a shuffled image comes from: int64 `(side * side,)`, always the same."""
    return np.random.default_rng(config.SHUFFLE_SEED).permutation(side * side)


def shuffled(tiles: Pixels) -> Pixels:
    """Images `(N, 3, side, side)` with their pixels in that order; the three colours of a pixel stay together."""
    return tiles.reshape(*tiles.shape[:2], -1)[:, :, shuffle_order(tiles.shape[-1])].reshape(tiles.shape)


def resized(image: Pixels, side: int) -> Pixels:
    """An image `(3, H, W)` with so many pixels a side, antialiased."""
    if image.shape[1:] == (side, side):
        return image
    picture = Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0)))
    return np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC)).transpose(2, 0, 1)


def of_one_size(sets: Sequence[Pixels]) -> list[Pixels]:
    """Sets of images `(N, 3, H, W)` of several sizes, each pixel of the smaller ones enlarged to a square of some."""
    most = max(tiles.shape[-1] for tiles in sets)
    return [tiles.repeat(most // tiles.shape[-1], 2).repeat(most // tiles.shape[-1], 3) for tiles in sets]


def palette(images: Pixels, count: int) -> list[str]:
    """So many colours as `#rrggbb` to paint pictures like these images `(N, 3, H, W)` with: white, those among theirs that lie far
    apart, the brightest first, and black; fewer where they have no more.
    """
    few = Image.fromarray(grid(images, columns=len(images))).quantize(count, Image.Quantize.MAXCOVERAGE)
    levels = few.getpalette("RGB") or []
    every = dict.fromkeys(zip(levels[::3], levels[1::3], levels[2::3], strict=True))
    own = [colour for colour in every if max(colour) >= _NEARLY_BLACK and min(colour) <= 255 - _NEARLY_BLACK]
    bright_first = sorted(own[: count - 2], key=lambda colour: -np.dot(colour, _LUMA))
    return ["#{:02x}{:02x}{:02x}".format(*colour) for colour in ((255, 255, 255), *bright_first, (0, 0, 0))]


def encode_png(picture: Pixels) -> bytes:
    """A picture `(H, W, 3)` uint8, or with how opaque it is `(H, W, 4)`, as a PNG file's bytes."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def decode_picture(data: bytes) -> Pixels:
    """The picture `(H, W, 3)` uint8 in a PNG or WebP file's bytes; ValueError where it has more than MOST_PIXELS."""
    with _opened(data) as image:
        return np.asarray(image.convert("RGB"))


def is_whole_grid(data: bytes, *, side: int) -> bool:
    """Whether these are the bytes of a PNG or WebP file that `ungrid` can take apart; of a PNG, its checksums tell."""
    try:
        with _opened(data) as image:
            fits = image.width % side == image.height % side == 0
            image.verify() if image.format == "PNG" else image.load()
            return fits
    except (OSError, ValueError, SyntaxError):
        return False


@contextlib.contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    try:
        with Image.open(io.BytesIO(data), formats=["PNG", "WEBP"]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(f"{image.width} x {image.height} pixels are too many")
            yield image
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from None


def encode_gif(frames: Sequence[Pixels], *, seconds: float = 2.0) -> bytes:
    """Pictures `(H, W, 3)` uint8 as an animation that takes `seconds` and repeats for ever."""
    pictures = [Image.fromarray(frame) for frame in frames]
    buffer = io.BytesIO()
    milliseconds = max(20, round(1000 * seconds / len(pictures)))  # browsers slow anything faster down to 100 ms
    pictures[0].save(buffer, "GIF", save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0)
    return buffer.getvalue()


def there_and_back(frames: Sequence[Pixels], *, seconds: float) -> bytes:
    """The same of pictures that go from the first to the last and back."""
    return encode_gif([*frames, *frames[-2:0:-1]], seconds=seconds)


def in_turn(sets: Sequence[Pixels], *, columns: int) -> Pixels:
    """Sets of as many images each `(N, 3, H, W)`, ordered for `grid`: a row of the first set, below it the same row of the next.

    A last row that is not full is filled up with white images.
    """
    rows = -(-len(sets[0]) // columns)
    full = np.full((len(sets), rows * columns, *sets[0].shape[1:]), 255, np.uint8)
    for place, tiles in zip(full, sets, strict=True):
        place[: len(tiles)] = tiles
    return full.reshape(len(sets), rows, columns, *full.shape[2:]).swapaxes(0, 1).reshape(-1, *full.shape[2:])


# From no error (black) over red to yellow: ever brighter, so that it reads in grey and with any colour vision.
_HEAT = (
    (0, 0, 4),
    (40, 11, 84),
    (101, 21, 110),
    (159, 42, 99),
    (212, 72, 66),
    (245, 125, 21),
    (250, 193, 39),
    (252, 255, 164),
)
ERROR_TOP = 0.4  # of the range from black to white: this error and any larger one has the brightest colour


def error_map(originals: Pixels, others: Pixels) -> Pixels:
    """How far two sets of images `(N, 3, H, W)` uint8 are apart, as images: absolute error, averaged over the channels.

    One fixed scale for all: black is 0, the brightest yellow ERROR_TOP or more.
    """
    error = np.abs(originals.astype(np.float64) - others).mean(1) / 255
    levels = np.clip(error / ERROR_TOP, 0, 1) * (len(_HEAT) - 1)
    channels = [np.interp(levels, range(len(_HEAT)), channel) for channel in zip(*_HEAT, strict=True)]
    return np.stack(channels, 1).round().astype(np.uint8)


def lettered(picture: Pixels, words: str, *, at: tuple[int, int], size: int) -> Pixels:
    """A picture `(H, W, 3)` with a line of dark words, `at` that place from the left and the top and so many pixels high; smaller where
    they would not find room, but for 8 pixels.
    """
    drawn = Image.fromarray(picture)
    room = drawn.width - at[0] - size // 2
    while size > 8 and ImageFont.load_default(size).getlength(words) > room:
        size -= 1
    ImageDraw.Draw(drawn).text(at, words, fill=(27, 31, 36), font=ImageFont.load_default(size))
    return np.array(drawn)
