"""Arrays of images in a file: NumPy's .npz and .npy, and torch's .pt; whatever the order of their axes, and their range."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vaedash.config import USUAL_FRAME, Frame
from vaedash.datasets import gathered
from vaedash.datasets.decode import Manner, framed
from vaedash.datasets.gathered import Side
from vaedash.datasets.notes import Note
from vaedash.datasets.parts import SPLIT_OF
from vaedash.datasets.source import Progress, Source, silent
from vaedash.errors import DatasetError
from vaedash.images import Pixels
from vaedash.languages import say
from vaedash.text import visible

ENDINGS = (".npz", ".npy", ".pt", ".pth")
_IMAGES = ("x", "images", "image", "imgs", "data", "samples")  # what arrays of images are called, beside train and test
_LABELS = ("y", "labels", "label", "targets", "classes")
_CHANNELS = (1, 3, 4)
_MOST_SIDE = 4096  # of an image in an array
_MOST_UNEQUAL = 4  # sides of grey images: beyond, one of them is something else


def read(path: Path, *, allowed: str, frame: Frame = USUAL_FRAME, progress: Progress = silent) -> Source:
    """The images of a file as RGB in this frame: `(N, H, W)`, `(N, H, W, C)` or `(N, C, H, W)` of 1, 3 or 4 channels; uint8, or numbers
    from 0 to 1, -1 to 1 or 0 to 255.

    Arrays `x_train` and `x_test` (or `train_images`, `train` ...) are the two sides, with `y_train` and `y_test` as labels; else the
    only array of images is divided. Nothing in a file is executed. Raises DatasetError with what is in it.
    """
    found = _arrays(path)
    images = {name: array for name, array in found.items() if _axes(array)}
    sides: dict[str, str] = {}
    for name in images:
        if (split := _split(name)) and split not in sides:
            sides[split] = name
    held = ", ".join(f"{visible(name)} {array.shape}" for name, array in list(found.items())[:8]) or say("nothing")
    test = sides.get("test") or sides.get("val")
    if "train" in sides and test:
        scale, told = _scale([images[sides["train"]], images[test]])
        pairs = [_side(images[name], scale, found, name, frame, progress) for name in (sides["train"], test)]
        note = Note.ARRAYS(
            learned=visible(sides["train"]),
            n_train=len(pairs[0].images),
            tested=visible(test),
            n_test=len(pairs[1].images),
        )
        return gathered.both(*pairs, skipped=0, notes=[note, *told], path=path, allowed=allowed)
    named = [name for name in images if name.lower() in _IMAGES] or list(images)
    if len(named) != 1:
        several = say("{path} has {n} arrays of images: it holds {held}.", path=path, n=len(named), held=held)
        none = say("{path} has no array of images: it holds {held}.", path=path, held=held)
        what_to_do = say("Give one array (N, H, W, C), or two called x_train and x_test.")
        raise DatasetError(f"{several if named else none} {what_to_do}")
    scale, told = _scale([images[named[0]]])
    side = _side(images[named[0]], scale, found, named[0], frame, progress)
    return gathered.divided(side, skipped=0, notes=told, path=path, allowed=allowed)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of a file by name."""
    try:
        if path.suffix.lower() in (".pt", ".pth"):
            import torch

            loaded = torch.load(path, map_location="cpu", weights_only=True)
            several = loaded if isinstance(loaded, (list, tuple)) else [loaded]
            tensors = loaded if isinstance(loaded, Mapping) else dict(enumerate(several))
            return {
                str(name): tensor.numpy()
                for name, tensor in tensors.items()
                if isinstance(tensor, torch.Tensor) and not tensor.is_sparse and tensor.dtype != torch.bfloat16
            }
        found = np.load(
            path, allow_pickle=False, mmap_mode="r"
        )  # of an .npz, which is read when it is asked for, it means nothing
        return dict(found.items()) if isinstance(found, np.lib.npyio.NpzFile) else {"images": found}
    except Exception:  # their readers raise whatever they meet, and advise to read unsafely
        raise DatasetError(
            say(
                "{path} cannot be read as arrays: it is damaged, or holds more than numbers; make it anew, of plain arrays.",
                path=path,
            )
        ) from None


def _split(name: str) -> str | None:
    words = [word for word in name.lower().replace("-", "_").split("_") if word not in _IMAGES]
    return SPLIT_OF.get(words[0]) if len(words) == 1 else None


def _axes(array: NDArray[Any]) -> tuple[int, ...] | None:
    """How to lay the axes of an array of images as `(N, H, W, C)`; None where it is none, or may be something else: a single picture,
    images along the last axis, floating-point numbers of four channels."""
    if (
        array.dtype.kind not in "uifb"
        or array.ndim not in (3, 4)
        or 0 in array.shape
        or max(array.shape[1:]) > _MOST_SIDE
    ):
        return None
    if array.ndim == 3:
        _, height, width = array.shape
        return (0, 1, 2) if max(height, width) <= _MOST_UNEQUAL * min(height, width) else None
    for channels, axes in ((array.shape[3], (0, 1, 2, 3)), (array.shape[1], (0, 2, 3, 1))):
        if channels in _CHANNELS:
            return axes if channels < 4 or array.dtype == np.uint8 else None
    return None


def _side(
    array: NDArray[Any],
    scale: tuple[float, float],
    found: Mapping[str, NDArray[Any]],
    name: str,
    frame: Frame,
    progress: Progress,
) -> Side:
    laid, manner = array.transpose(_axes(array)), Manner.of(frame)
    pixels = np.empty((len(laid), *frame.shape), np.uint8)
    for number, image in enumerate(laid):
        pixels[number] = _image(np.clip((image - scale[0]) * scale[1] + 0.5, 0, 255).astype(np.uint8), manner)
        if number % 1000 == 0:
            progress(f"reading {visible(name)}", number, len(laid))
    return Side(pixels, _classes(found, name, len(array)))


def _scale(arrays: Sequence[NDArray[Any]]) -> tuple[tuple[float, float], list[str]]:
    """What is black in all of these, and by how many of 255 levels a value above it is brighter; with a sentence, unless they are
    levels already."""
    low, high = min(float(array.min()) for array in arrays), max(float(array.max()) for array in arrays)
    if not np.isfinite(low + high):
        raise DatasetError(say("The array has infinite or missing values; leave those images out, and save it anew."))
    if low >= 0 and 1.01 < high <= 255:
        return (0.0, 1.0), []
    black, white = low, high
    if low >= 0:
        black, white = 0.0, 1.0 if high <= 1.01 else high
    elif low >= -1.01 and high <= 1.01:
        black, white = -1.0, 1.0
    if black == white:
        white = black + 1.0
    return (black, 255 / (white - black)), [Note.ARRAY_VALUES(black=f"{black:,.6g}", white=f"{white:,.6g}")]


def _image(pixels: Pixels, manner: Manner) -> Pixels:
    """One image `(H, W)` or `(H, W, C)` as `(3, side, side)`."""
    grey = pixels.ndim == 2 or pixels.shape[2] == 1
    picture = Image.fromarray(pixels.reshape(pixels.shape[:2]) if grey else pixels)
    return np.asarray(framed(picture, manner)).transpose(2, 0, 1)


def _classes(found: Mapping[str, NDArray[Any]], name: str, count: int) -> list[str | None] | None:
    """What each image is, where an array beside it that is called so has one word or number for each."""
    rest = [word for word in name.lower().replace("-", "_").split("_") if word not in _IMAGES]
    for other, values in found.items():
        words = other.lower().replace("-", "_").split("_")
        labels = any(word in _LABELS for word in words) and [word for word in words if word not in _LABELS] == rest
        if labels and values.size == count and values.shape[:1] == (count,) and values.dtype.kind in "uiU":
            return [str(value) for value in values.reshape(-1)]
    return None
