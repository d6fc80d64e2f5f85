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


def named(words: str, model: VAE, *, frame: Frame, test: Callable[[], Pixels]) -> Tensor:
    """z `(latent_dim,)` of `random:SEED`, of `test:INDEX` (among the images that `test` brings), or of an image file.

    UsageError for anything else, and for a file that is no image; images are encoded to their mu.
    """
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
    return shown_by(file.read_bytes(), model, frame=frame, called=words)


def shown_by(data: bytes, model: VAE, *, frame: Frame, called: str) -> Tensor:
    """z `(latent_dim,)` of an image file's bytes, brought to this frame. UsageError if they are no image."""
    image = decode(data, Manner.of(frame))
    if image is None:
        raise UsageError(f"{called} is not an image that can be read. Give a JPEG, PNG or WebP file.")
    return latent.encode(model, image[None])[0][0]
