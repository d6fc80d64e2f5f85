"""Pictures that a model drew: shown as they are where a notebook displays them, numpy and Pillow images for who computes on."""

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vaedash import images, places, storage

_WIDE = 96  # pixels that a picture is to have at least, enlarged by a whole number
_THERE = 1  # where there is a picture, rather than white between them


@dataclass(frozen=True, eq=False, repr=False)
class Pictures:
    """Pictures as `array`, uint8 `(n, side, side, 3)`, RGB; `what` says in words what they are.

    Where they are redrawn ones, `originals` are what they were drawn from, as many and of the same shape. A notebook shows
    `columns` of them in a row, each pixel a square, and every original above what became of it.
    """

    array: NDArray[np.uint8]
    what: str
    originals: NDArray[np.uint8] | None = None
    columns: int = 8

    @classmethod
    def of(
        cls, tiles: images.Pixels, what: str, *, originals: images.Pixels | None = None, columns: int = 8
    ) -> "Pictures":
        """Of images as models have them, `(n, 3, side, side)`."""
        before = None if originals is None else originals.transpose(0, 2, 3, 1)
        return cls(tiles.transpose(0, 2, 3, 1), what, before, max(1, min(columns, len(tiles))))

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return iter(self.array)

    def __getitem__(self, place: SupportsIndex | slice) -> NDArray[np.uint8]:
        """One of them, `(side, side, 3)`, or with a slice some of them."""
        picked: NDArray[np.uint8] = self.array[place]
        return picked

    def __array__(self, dtype: type | None = None, copy: bool | None = None) -> NDArray[np.uint8]:
        """For `numpy.asarray`."""
        return np.array(self.array, dtype=dtype, copy=bool(copy))

    def image(self) -> Image.Image:
        """All of them as one Pillow image, with nothing between them but what it lies on, be that light or dark."""
        sets = [self.array] if self.originals is None else [self.originals, self.array]
        drawn, there = (
            _grid(images.in_turn([_tiles(each) for each in layer], columns=self.columns), self.columns)
            for layer in (sets, [np.full_like(each, _THERE) for each in sets])
        )
        opaque = np.where(there[..., :1] == _THERE, 255, 0).astype(np.uint8)
        return Image.fromarray(np.concatenate([drawn, opaque], axis=2))

    def images(self) -> list[Image.Image]:
        """Each of them as a Pillow image."""
        return [Image.fromarray(np.ascontiguousarray(picture)) for picture in self.array]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all of them as one PNG, or as a GIF in which one becomes the next, there and back. UsageError for another ending."""
        file = places.written(path)
        places.require_writable(file, ".png", ".gif", called="path")
        if file.suffix.lower() == ".png":
            storage.write_bytes(file, self._png())
            return
        frames = [_grid(_tiles(picture[None]), 1, wide=2 * _WIDE) for picture in self.array]
        storage.write_bytes(file, images.there_and_back(frames, seconds=4.0))

    def __repr__(self) -> str:
        return f"{self.what} {self.array.dtype} {self.array.shape}"

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        """As IPython asks for it: the PNG, and its words for who cannot see it."""
        shown = {"image/png": base64.b64encode(self._png()).decode(), "text/plain": repr(self)}
        return shown, {"image/png": {"alt": self.what}}

    def _png(self) -> bytes:
        return images.encode_png(np.asarray(self.image()))


def _tiles(pictures: NDArray[np.uint8]) -> images.Pixels:
    """As models and grids have them: `(n, 3, side, side)`."""
    return pictures.transpose(0, 3, 1, 2)


def _grid(tiles: images.Pixels, columns: int, *, wide: int = _WIDE) -> images.Pixels:
    scale = -(-wide // tiles.shape[-1])
    return images.grid(tiles, columns=columns, scale=scale, gap=scale)
