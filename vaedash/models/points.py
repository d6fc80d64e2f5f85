"""A point of a latent space that a person names: a random z, or where a model puts a picture."""

from collections.abc import Callable

from torch import Tensor

from vaedash import places
from vaedash.config import Frame
from vaedash.datasets.decode import Manner, decode
from vaedash.errors import UsageError
from vaedash.images import Pixels
from vaedash.models import latent
from vaedash.models.vae import VAE
from vaedash.settings import require_within, whole_number


def named(words: str | bytes, model: VAE, *, frame: Frame, test: Callable[[], Pixels]) -> Tensor:
    """z `(latent_dim,)` of `random:SEED`, of `test:INDEX` (among the images that `test` brings), or of an image file's path or bytes.

    UsageError for anything else, and for a file that is no image. One that is, is brought to this frame; of images it is the mu.
    """
    if isinstance(words, bytes):
        return _shown_by(words, model, frame, "The picture")
    kind, _, rest = words.partition(":")
    if kind == "random" and rest:
        seed = whole_number(rest, "random:SEED")
        require_within("random:SEED", seed, 0, 2**31 - 1)
        return latent.prior(1, model.latent_dim, seed=seed)[0]
    if kind == "test" and rest:
        images, index = test(), whole_number(rest, "test:INDEX")
        require_within("test:INDEX", index, 0, len(images) - 1)
        return latent.encode(model, images[index][None])[0][0]
    file = places.written(words)
    if not file.is_file():
        raise UsageError(f"An end point is random:SEED, test:INDEX or an image file; {words!r} is none of them.")
    return _shown_by(file.read_bytes(), model, frame, words)


def _shown_by(data: bytes, model: VAE, frame: Frame, called: str) -> Tensor:
    image = decode(data, Manner.of(frame))
    if image is None:
        raise UsageError(f"{called} is not an image that can be read. Give a JPEG, PNG or WebP file.")
    return latent.encode(model, image[None])[0][0]
