"""What a trained model draws in Python, be it a run's or one that was loaded from a file."""

import io
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, SupportsFloat, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from vaedash import config, datasets, places
from vaedash.config import RunConfig
from vaedash.datasets.decode import Manner, decode
from vaedash.errors import UsageError
from vaedash.notebook import given
from vaedash.notebook.pictures import Pictures

if TYPE_CHECKING:
    from vaedash.models.vae import VAE

_OF_PNG = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")  # colours that a PNG file has

Picture: TypeAlias = given.Path | NDArray[np.uint8] | Image.Image
Point: TypeAlias = Picture  # of a latent space: `random:SEED`, `test:INDEX`, or where a picture is


class Drawing:
    """Something with a model that draws; what has one says what it is called, which model that is, and which its images are."""

    @property
    def name(self) -> str:
        """What it is called."""
        raise NotImplementedError

    def generate(
        self, n: SupportsIndex = 64, *, seed: SupportsIndex = config.SAMPLE_SEED, temperature: SupportsFloat = 1.0
    ) -> Pictures:
        """`n` pictures made up, from 1 to 1,024, of z drawn from N(0, temperature**2 I): for one seed the same z for every run of as
        many latents. UsageError for other numbers.
        """
        n = given.whole("n", n, 1, config.MOST_MADE_UP)
        seed = given.whole("seed", seed, 0, 2**31 - 1)
        temperature = given.number("temperature", temperature, 0, config.HOTTEST)
        from vaedash.models import latent

        model, epoch = self._model()
        z = latent.prior(n, model.latent_dim, seed=seed, temperature=temperature)
        what = (
            f"{n} {'picture' if n == 1 else 'pictures'} made up by {self.name}, weights of epoch {epoch}, seed {seed}."
        )
        return Pictures.of(latent.decode(model, z), what)

    def reconstruct(self, n: SupportsIndex = 16, *, of: Picture | Iterable[Picture] | None = None) -> Pictures:
        """Some test images, `n` from 1 to 512 or as many as there are, and what the model keeps of each, at z = mu; or `of` one or
        several pictures of one's own, each the path of an image file, a Pillow image or uint8 pixels `(height, width, 3)`.
        Where the test images are not here any more, a run still has the few that it has redrawn after every epoch.

        UsageError for another number, and for what is no picture; DatasetError where no test images are here.
        """
        own = None if of is None else _listed(of)
        if own is not None and not 1 <= len(own) <= config.MOST_REDRAWN:
            raise UsageError(f"of takes from 1 to {config.MOST_REDRAWN} pictures, got {len(own)}: give at least one.")
        n = given.whole("n", n if own is None else len(own), 1, config.MOST_REDRAWN)
        from vaedash.models import latent

        model, epoch = self._model()
        originals = self._some_test_images(n) if own is None else np.stack([self._framed(picture) for picture in own])
        images = "test image" if own is None else "picture"
        several = f"1 {images}, and below it" if len(originals) == 1 else f"{len(originals)} {images}s, and below each"
        what = f"{several} what {self.name} keeps of it, weights of epoch {epoch}."
        return Pictures.of(latent.reconstruct(model, originals), what, originals=originals)

    def interpolate(
        self, a: Point = "random:1", b: Point = "random:2", steps: SupportsIndex = 10, *, method: str = "linear"
    ) -> Pictures:
        """`steps` pictures, from 2 to 500, on the way from `a` to `b` through the latent space, ends included.

        An end is `random:SEED`, `test:INDEX`, the path of an image file, a Pillow image or uint8 pixels `(height, width, 3)`; of a
        picture it is the mu. The way is `linear` or `slerp` (`latent.path`). UsageError for anything else.
        """
        steps = given.whole("steps", steps, 2, config.MOST_STEPS)
        a, b = (os.fspath(end) if isinstance(end, os.PathLike) else end for end in (a, b))
        from vaedash.models import latent, points

        model, epoch = self._model()
        start, end = (
            points.named(
                end if isinstance(end, str) else _png(end), model, frame=self.settings.frame, test=self._test_images
            )
            for end in (a, b)
        )
        z = latent.path(start, end, steps=steps, method=method)
        ends = " to ".join(end if isinstance(end, str) else "a picture" for end in (a, b))
        what = f"{steps} steps from {ends} ({method}) through {self.name}, weights of epoch {epoch}."
        return Pictures.of(latent.decode(model, z), what, columns=10)

    def _model(self) -> "tuple[VAE, int]":
        """The model, and the epoch whose weights it has."""
        raise NotImplementedError

    @property
    def settings(self) -> RunConfig:
        """Those with which it was trained."""
        raise NotImplementedError

    def _test_images(self) -> NDArray[np.uint8]:
        """The test images, `(n, 3, side, side)`; DatasetError where they are not here."""
        raise NotImplementedError

    def _some_test_images(self, n: int) -> NDArray[np.uint8]:
        tested = self._test_images()
        chosen: NDArray[np.uint8] = tested[datasets.shown(self.settings.dataset, len(tested), n)]
        return chosen

    def _framed(self, picture: Picture) -> NDArray[np.uint8]:
        framed = decode(_bytes(picture), Manner.of(self.settings.frame))
        if framed is None:
            called = picture if isinstance(picture, (str, os.PathLike)) else "A picture"
            raise UsageError(f"{called} is not an image that can be read. Give a JPEG, PNG or WebP file.")
        return framed


def _listed(of: Picture | Iterable[Picture]) -> list[Picture]:
    """As several, be it one or more; of an array, one has three axes."""
    if isinstance(of, (str, os.PathLike, Image.Image)) or (isinstance(of, np.ndarray) and of.ndim < 4):
        return [of]
    return list(of) if isinstance(of, Iterable) else [of]


def _bytes(picture: Picture) -> bytes:
    if not isinstance(picture, (str, os.PathLike)):
        return _png(picture)
    file = places.written(picture)
    if not file.is_file():
        raise UsageError(f"There is no file {file}. Give the path of an image file, a Pillow image or pixels.")
    return file.read_bytes()


def _png(picture: NDArray[np.uint8] | Image.Image) -> bytes:
    """A picture as a file, so that it is brought to a run's frame as any other. UsageError where it is none."""
    if not isinstance(picture, Image.Image):
        pixels = np.asarray(picture)
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
            raise UsageError(
                f"Pixels must be uint8 (height, width, 3), got {pixels.dtype} {pixels.shape}; or give a file, random:SEED or test:INDEX."
            )
        picture = Image.fromarray(np.ascontiguousarray(pixels))
    file = io.BytesIO()
    try:
        turned = ImageOps.exif_transpose(picture)  # as a file's is, by how the camera was held
        (turned if turned.mode in _OF_PNG else turned.convert("RGB")).save(file, "PNG")
    except (
        OSError,
        ValueError,
        AssertionError,
    ) as error:  # cut off, closed, or of colours that Pillow cannot bring to RGB
        why = str(error) or "its file is closed"
        raise UsageError(
            f"A picture cannot be read ({why}). Give another, as an image file, in RGB or as pixels."
        ) from None
    return file.getvalue()
