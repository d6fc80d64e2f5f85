"""The built-in dataset: one coloured shape on a soft background in each image, drawn from known factors."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vaedash.config import USUAL_FRAME, Frame
from vaedash.datasets.notes import Note
from vaedash.datasets.source import Progress, Source, silent
from vaedash.images import Pixels
from vaedash.languages import to_say

SHAPES = (to_say("ring"), to_say("square"), to_say("triangle"), to_say("star"), to_say("heart"))
"""What the factor `shape` counts."""

WHEELS = ("hue", "background")
"""Factors that come round: 1 is 0 again."""

SEED = 20_150_607  # part of the dataset's definition, as the photographs are of CIFAR-10's

UNITS = 32  # to a side of an image, whatever its pixels: in them the factors count
# Ranges of the uniform factors. Even the largest shape at the farthest place stays in the frame,
# so that size and place need not depend on one another.
SIZE = (8.5, 12.0)
CENTRE = (12.5, 19.5)
ANGLE = (-15.0, 15.0)

# Two colour wheels; a hue lies between two neighbours, and the last is a neighbour of the first.
FILLS = ("#e5484d", "#f7721b", "#fcbd2a", "#55b938", "#12a594", "#0b93d3", "#3e57dd", "#8a46c8", "#dd3c95")
BACKGROUNDS = ("#ffc6ae", "#ffe59e", "#bdeab8", "#a8e0ea", "#bdc9fa", "#e5c1f1")
GRADIENT = 1 / 6  # share of the background's wheel between the top row and the bottom row


@dataclass(frozen=True, kw_only=True)
class Factor:
    """How people speak of a factor: `more` of it, as on a slider; or of a `wheel`, the colours around it in equal steps, what its
    `thirds` are called (the first lies around 0), and what a picture becomes that goes `towards` each.
    """

    more: str = ""
    wheel: tuple[str, ...] = ()
    thirds: tuple[str, ...] = ()
    towards: tuple[str, ...] = ()


FACTORS = {
    to_say("hue"): Factor(
        wheel=FILLS,
        thirds=(to_say("red"), to_say("green"), to_say("blue")),
        towards=(to_say("redder"), to_say("greener"), to_say("bluer")),
    ),
    to_say("background"): Factor(
        wheel=BACKGROUNDS,
        thirds=(to_say("peach"), to_say("mint"), to_say("pale blue")),
        towards=(to_say("peach behind it"), to_say("mint behind it"), to_say("pale blue behind it")),
    ),
    to_say("size"): Factor(more=to_say("bigger")),
    to_say("x"): Factor(more=to_say("further right")),
    to_say("y"): Factor(more=to_say("further down")),
    to_say("angle"): Factor(more=to_say("turned clockwise")),
}
"""All but `shape`, which has words of its own."""

CHUNK = 32  # images drawn at once: their planes of pixels stay in a processor's cache


def read(_: Path, *, frame: Frame = USUAL_FRAME, progress: Progress = silent) -> Source:
    """All of it, as every run has it; nothing needs to be on disk."""
    return make(progress=progress, side=frame.image_size)


def lacking(_: Path) -> str:
    """Nothing: they are drawn on the spot."""
    return ""


def make(*, progress: Progress = silent, n_train: int = 20_000, n_test: int = 2_000, side: int = UNITS) -> Source:
    """The shapes dataset, `side` pixels wide; always the same images, of which a smaller `n` takes the first.

    The factors are independent of each other. In `Source.labels`, for `train/` and `test/` each:

    - `shape`: int, index in `SHAPES`;
    - `hue`: place of the fill on its colour wheel, 0 to 1 (both red);
    - `background`: place of the top row on the pastel wheel, 0 to 1 (both peach);
    - `size`: radius, in 32nds of the image's side, of the circle that the shape's points reach, 8.5 to 12;
    - `x`, `y`: the centre in 32nds from the left and from the top edge, 12.5 to 19.5 (the image's centre is 16);
    - `angle`: clockwise turn in degrees, -15 to 15; for rings 0, since it would not be seen.
    """
    total = n_train + n_test
    images: dict[str, Pixels] = {}
    labels: dict[str, np.ndarray] = {}
    for part, n, stream, done in (("train", n_train, 0, 0), ("test", n_test, 1, n_train)):
        drawn = _draw_factors(n, stream)
        images[part] = np.empty((n, 3, side, side), dtype=np.uint8)
        for shape in range(len(SHAPES)):
            members = np.flatnonzero(drawn["shape"] == shape)
            for start in range(0, len(members), CHUNK):
                chunk = members[start : start + CHUNK]
                images[part][chunk] = _render(shape, {name: values[chunk] for name, values in drawn.items()}, side)
                done += len(chunk)
                progress("drawing shapes", done, total)
        labels |= {f"{part}/{name}": values for name, values in drawn.items()}
    note = Note.MADE(count=n_test)
    return Source(
        train=images["train"], test=images["test"], notes=(note,), labels=labels, names={to_say("shape"): tuple(SHAPES)}
    )


def _draw_factors(n: int, stream: int) -> dict[str, np.ndarray]:
    # One row of uniform numbers an image, so that the first images do not depend on how many are asked for.
    rows = np.random.default_rng([SEED, stream]).random((n, 7))
    shape = (rows[:, 0] * len(SHAPES)).astype(np.int64)
    angle = _between(ANGLE, rows[:, 6])
    angle[shape == SHAPES.index("ring")] = 0.0
    return {
        "shape": shape,
        "hue": rows[:, 1].astype(np.float32),
        "background": rows[:, 2].astype(np.float32),
        "size": _between(SIZE, rows[:, 3]),
        "x": _between(CENTRE, rows[:, 4]),
        "y": _between(CENTRE, rows[:, 5]),
        "angle": angle,
    }


def _between(ends: tuple[float, float], share: np.ndarray) -> np.ndarray:
    return (ends[0] + (ends[1] - ends[0]) * share).astype(np.float32)


# Drawing uses only operations whose result IEEE 754 fixes to the last bit (+ - * / sqrt, comparisons), on float32,
# and no sums along an axis, so that every machine makes the same bytes. Sine and cosine are not
# such operations; they are rounded to a grid coarse enough to hide their last bits.


def _render(shape: int, factors: dict[str, np.ndarray], side: int) -> Pixels:
    """uint8 `(n, 3, side, side)` of images that show the same shape."""
    fine = side / UNITS  # pixels a unit, a power of two
    size, x, y = (factors[name][:, None, None] for name in ("size", "x", "y"))
    pixel = (np.arange(side, dtype=np.float32) + 0.5) / fine  # the centre of each
    right = (pixel - x) / size  # (n, 1, side), in units of the shape's size from here on
    down = (pixel[:, None] - y) / size  # (n, side, 1)
    cos, sin = (_coarse(f(np.radians(factors["angle"].astype(np.float64))))[:, None, None] for f in (np.cos, np.sin))
    distance = DISTANCES[SHAPES[shape]](cos * right + sin * down, cos * down - sin * right) * size

    # One pixel of smooth edge, a halo of shade around it, and light from above on the shape.
    cover = _smooth(0.5 - distance * fine / 1.3)
    halo = _smooth(1.0 - distance / 4.5) * 0.11
    light = 0.95 - 0.05 * np.maximum(down, -1.0)
    of_background = (1 - cover) * (1 - halo)
    of_fill = cover * light

    fill = _on_wheel(FILLS, factors["hue"])[:, :, None, None]
    top = _on_wheel(BACKGROUNDS, factors["background"])[:, :, None, None]
    bottom = _on_wheel(BACKGROUNDS, factors["background"] + GRADIENT)[:, :, None, None]
    background = top + (bottom - top) * (pixel[:, None] / UNITS)  # (n, 3, side, 1)
    image = background * of_background[:, None] + fill * of_fill[:, None]
    return (image + 0.5).astype(np.uint8)


def _coarse(values: np.ndarray) -> np.ndarray:
    return (np.rint(values * 65536) / 65536).astype(np.float32)


def _smooth(ramp: np.ndarray) -> np.ndarray:
    ramp = np.minimum(np.maximum(ramp, 0), 1)
    return ramp * ramp * (3 - 2 * ramp)


def _on_wheel(colours: tuple[str, ...], place: np.ndarray) -> np.ndarray:
    """RGB `(n, 3)`, 0 to 255, at `place` on the wheel, which comes round at 1."""
    wheel = np.array([list(bytes.fromhex(colour[1:])) for colour in colours], dtype=np.float32)
    position = place * len(colours)
    before = position.astype(np.int64)
    share = (position - before.astype(np.float32))[:, None]
    return wheel[before % len(colours)] * (1 - share) + wheel[(before + 1) % len(colours)] * share


# Signed distances to the outlines, negative inside, of shapes that reach out to about 1; after Inigo Quilez,
# https://iquilezles.org/articles/distfunctions2d/. A distance minus r rounds the corners with radius r.


def _ring(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.abs(np.sqrt(x * x + y * y) - 0.66) - 0.23


def _square(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    half, rounding = 0.62, 0.12
    x, y = np.abs(x) - half, np.abs(y) - half
    outside_x, outside_y = np.maximum(x, 0), np.maximum(y, 0)
    outside = np.sqrt(outside_x * outside_x + outside_y * outside_y)
    return outside + np.minimum(np.maximum(x, y), 0) - rounding


def _triangle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    half, rounding, root = 0.76, 0.12, math.sqrt(3)
    x, y = np.abs(x) - half, half / root - y
    beyond = x + root * y > 0
    x, y = np.where(beyond, (x - root * y) / 2, x), np.where(beyond, (-root * x - y) / 2, y)
    x = x - np.minimum(np.maximum(x, -2 * half), 0)
    return -np.sqrt(x * x + y * y) * np.sign(y) - rounding


def _star(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    radius, inner, rounding = 0.93, 0.52, 0.07
    cos, sin = 0.809016994, 0.587785252  # of 36 degrees
    x, y = np.abs(x), -y
    fold = 2 * np.maximum(cos * x - sin * y, 0)
    x, y = x - fold * cos, y + fold * sin
    fold = 2 * np.maximum(-cos * x - sin * y, 0)
    x, y = np.abs(x + fold * cos), y + fold * sin - radius
    edge_x, edge_y = inner * sin, inner * cos - 1
    along = (x * edge_x + y * edge_y) / (edge_x * edge_x + edge_y * edge_y)
    along = np.minimum(np.maximum(along, 0), radius)
    off_x, off_y = x - edge_x * along, y - edge_y * along
    return np.sqrt(off_x * off_x + off_y * off_y) * np.sign(y * edge_x - x * edge_y) - rounding


def _heart(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    # Its tip is at (0, 0) and its lobes reach to y = 1.1 before it is scaled and centred here.
    scale, middle = 1.42, 0.56
    x, y = np.abs(x) / scale, middle - y / scale
    lobe_x, lobe_y = x - 0.25, y - 0.75
    lobe = np.sqrt(lobe_x * lobe_x + lobe_y * lobe_y) - math.sqrt(2) / 4
    notch_y = y - 1
    to_notch = x * x + notch_y * notch_y
    fold = np.maximum(x + y, 0) / 2
    to_side = (x - fold) * (x - fold) + (y - fold) * (y - fold)
    rest = np.sqrt(np.minimum(to_notch, to_side)) * np.sign(x - y)
    return np.where(x + y > 1, lobe, rest) * scale


DISTANCES = {"ring": _ring, "square": _square, "triangle": _triangle, "star": _star, "heart": _heart}
