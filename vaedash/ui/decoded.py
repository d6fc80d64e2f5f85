"""What models make of z and of held-out images, kept for as long as a run's weights stay the same; torch comes with the first call."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from vaedash import config, images
from vaedash.comparing import intervals
from vaedash.errors import DatasetError, RunError
from vaedash.images import Pixels
from vaedash.languages import Speech, current
from vaedash.models import own
from vaedash.runs import Run, names
from vaedash.runs.figures import Floats
from vaedash.showing import charts
from vaedash.ui import cache, speaking
from vaedash.ui.cache import Stamp

if TYPE_CHECKING:
    from vaedash.measuring.directions import Direction
    from vaedash.measuring.latents import Plane

MAPPED = 1000  # held-out images on the map of a latent space, at most
MOMENTS = 41  # of a picture that moves along a direction: the middle one is the picture as it is redrawn

# A run and its images are passed with a leading underscore, which Streamlit leaves out of the key; the stamp of its weights
# tells both.


def weights(run: Run) -> Stamp:
    """What tells a run's kept weights from all others, those of the same run at other times too; None without weights."""
    return run.weights.stamp(names.BEST)


def damage(run: Run) -> str:
    """What is wrong with a run's kept weights, in one sentence; empty where they can be used."""
    # Whoever trusts its architecture meanwhile is not told of that any more.
    return _damage(run, weights(run), run.settings is None or own.is_trusted(run.config.arch), current())


def epoch(run: Run) -> int:
    """After which epoch the kept weights were written."""
    return cache.model(run)[1]


def prior(run: Run, *, count: int, seed: int, temperature: float) -> Pixels:
    """Images of `count` random z: uint8 `(count, 3, side, side)`."""
    return _prior(run, weights(run), count, seed, temperature)


def remembered(run: Run, photos: Pixels, numbers: tuple[int, ...]) -> tuple[Pixels, Floats]:
    """The run's held-out images of these numbers, reconstructed at z = mu, uint8; and the loss of each in nats, with z drawn
    as in training. `photos` are all of them: those of any run on the same images.
    """
    return _remembered(run, photos, weights(run), numbers)


def squeezed(run: Run, photo: Pixels) -> tuple[Floats, Pixels]:
    """What a run keeps of an image `(3, side, side)`, the mu of each latent in use, the one that says most first; and the image
    `(3, side, side)` that it draws from these alone, all others being 0.
    """
    return _squeezed(run, weights(run), photo)


def used(run: Run) -> list[int]:
    """The latents in use, the one that says most first: as counted on all held-out images when the weights were kept, or else on those
    that are here; all of them where none are.
    """
    from vaedash.measuring import latents

    counted = _counted(run)
    return list(range(run.config.latent_dim)) if counted is None else latents.in_use(counted).tolist()


def kl(run: Run) -> Floats:
    """Mean KL of each latent over all held-out images, in nats."""
    return _kl(run, weights(run))


def ranked(run: Run) -> list[int]:
    """All latents in the same order; in their own where nothing is known of them."""
    counted = _counted(run)
    return list(range(run.config.latent_dim)) if counted is None else np.argsort(-counted, kind="stable").tolist()


def _counted(run: Run) -> Floats | None:
    """Mean KL of each latent: what was kept, so that every page says the same, or else what is measured now; None where neither can be."""
    from vaedash.measuring import latents

    kept = latents.kept_kl(run, epoch(run))
    try:
        return kl(run) if kept is None else kept
    except DatasetError:
        return None


def traversed(run: Run, latent_index: int, *, around: int | None) -> Pixels:
    """One latent from -3 to +3 as 7 images, the others as in held-out image `around`, or 0: uint8 `(7, 3, side, side)`."""
    return _traversed(run, weights(run), latent_index, around)


def begun(run: Run, around: int | None) -> Floats:
    """The mu of held-out image `around`, or 0: `(latent_dim,)`."""
    return np.zeros(run.config.latent_dim, np.float32) if around is None else _mu(run, weights(run), around)


def plane(run: Run) -> "Plane":
    """The plane through the mu of up to MAPPED held-out images."""
    return _plane(run, weights(run))[0]


def mapped(run: Run, colour: str) -> charts.LatentMap:
    """Where these lie on it; in the run's own colour, or by the label of this name."""
    return _mapped(run, weights(run), colour)


def tiles(run: Run) -> Pixels:
    """Those of them that are `pictured` there, `(N, 3, 32, 32)` uint8."""
    return _tiles(run, weights(run))


def place(run: Run, number: int) -> tuple[float, float]:
    """Where held-out image `number` lies on the plane."""
    return _place(run, weights(run), number)


def directions(run: Run) -> "Sequence[Direction]":
    """The direction of each trait that enough of a run's held-out images have and lack, and what else moves along each."""
    return _directions(run, weights(run))


def stretch(run: Run, number: int, name: str) -> Floats:
    """Where held-out image `number` lies `directions.REACH` steps back along the direction of this name, and as many ahead:
    `(2, latent_dim)`.
    """
    return _stretch(run, weights(run), number, name)


def moved(run: Run, number: int, name: str) -> Pixels:
    """MOMENTS images of it on its way between these two, `(MOMENTS, 3, side, side)` uint8."""
    return _moved(run, weights(run), number, name)


def flattened(run: Run, number: int) -> Pixels:
    """What is left of a held-out image if only its two coordinates on the map are known: uint8 `(1, 3, side, side)`."""
    return _flattened(run, weights(run), number)


@st.cache_data(max_entries=1000, show_spinner=False)
def _damage(_run: Run, stamp: Stamp, trusted: bool, speech: Speech) -> str:  # noqa: ARG001 - each visitor in their language
    try:
        cache.model(_run)
    except RunError as error:
        return str(error)
    return ""


@st.cache_data(max_entries=64, show_spinner=speaking.waiting("Decoding ..."))
def _prior(_run: Run, stamp: Stamp, count: int, seed: int, temperature: float) -> Pixels:  # noqa: ARG001
    from vaedash.models import latent

    z = latent.prior(count, _run.config.latent_dim, seed=seed, temperature=temperature)
    return latent.decode(cache.model(_run)[0], z)


@st.cache_data(max_entries=64, show_spinner=speaking.waiting("Decoding ..."))
def _remembered(_run: Run, _photos: Pixels, stamp: Stamp, numbers: tuple[int, ...]) -> tuple[Pixels, Floats]:  # noqa: ARG001
    from vaedash.measuring import heldout
    from vaedash.measuring.heldout import HeldOut
    from vaedash.models import latent

    model, trained = cache.model(_run)
    measured = heldout.evaluate(model, HeldOut.some(_photos, numbers, model.latent_dim))
    redrawn = latent.reconstruct(model, _photos[list(numbers)])
    return redrawn, measured.loss_by_image(beta=_run.config.beta_at(trained))


@st.cache_data(max_entries=64, show_spinner=False)
def _squeezed(_run: Run, stamp: Stamp, photo: Pixels) -> tuple[Floats, Pixels]:  # noqa: ARG001
    import torch

    from vaedash.measuring import latents
    from vaedash.models import latent

    model, trained = cache.model(_run)
    kept = latents.kept_kl(_run, trained)
    used = latents.in_use(latents.kl_by_latent(model, photo[None]) if kept is None else kept)
    mu, z = latent.encode(model, photo[None])[0][0], torch.zeros(model.latent_dim)
    z[used] = mu[used]
    return mu[used].numpy(), latent.decode(model, z[None])[0]


@st.cache_data(max_entries=64, show_spinner=speaking.waiting("Measuring every latent on the held-out images ..."))
def _kl(_run: Run, stamp: Stamp) -> Floats:  # noqa: ARG001
    from vaedash.measuring import latents

    return latents.kl_by_latent(cache.model(_run)[0], cache.test_images(_run))


@st.cache_data(max_entries=64, show_spinner=speaking.waiting("Decoding ..."))
def _traversed(_run: Run, stamp: Stamp, latent_index: int, around: int | None) -> Pixels:
    import torch

    from vaedash.models import latent

    start = torch.zeros(_run.config.latent_dim) if around is None else torch.from_numpy(_mu(_run, stamp, around))
    return latent.decode(cache.model(_run)[0], latent.traversal(start, latent_index))


@st.cache_data(max_entries=1000, show_spinner=False)
def _mu(_run: Run, stamp: Stamp, number: int) -> Floats:  # noqa: ARG001
    from vaedash.models import latent

    return latent.encode(cache.model(_run)[0], cache.test_images(_run)[[number]])[0][0].numpy()


@st.cache_data(max_entries=16, show_spinner=False)
def _plane(_run: Run, stamp: Stamp) -> "tuple[Plane, NDArray[np.int_], Floats]":  # noqa: ARG001
    """The plane, which images it was laid through, and where each lies on it."""
    from vaedash.measuring import latents
    from vaedash.models import latent

    photos = cache.test_images(_run)
    numbers = images.evenly(len(photos), MAPPED)
    mu = latent.encode(cache.model(_run)[0], photos[numbers])[0].numpy()
    plane = latents.plane(mu)
    return plane, numbers, plane.project(mu)


@st.cache_data(max_entries=32, show_spinner=False)
def _mapped(_run: Run, stamp: Stamp, colour: str) -> charts.LatentMap:
    _, numbers, points = _plane(_run, stamp)
    label = next((label for label in cache.test_labels(_run) if label.name == colour), None)
    return charts.latent_map(_run, points, numbers, label=label)


@st.cache_data(max_entries=16, show_spinner=False)
def _tiles(_run: Run, stamp: Stamp) -> Pixels:
    shown, photos = _mapped(_run, stamp, ""), cache.test_images(_run)
    side = config.USUAL_FRAME.image_size
    return np.stack([images.resized(photos[number], side) for number in shown.numbers[shown.pictured]])


@st.cache_data(max_entries=16, show_spinner=speaking.waiting("Looking for directions ..."))
def _directions(_run: Run, stamp: Stamp) -> "Sequence[Direction]":  # noqa: ARG001
    from vaedash.measuring import directions
    from vaedash.models import latent

    photos, known = cache.test_images(_run), cache.test_labels(_run)
    numbers = directions.sample(len(photos))
    mu = latent.encode(cache.model(_run)[0], photos[numbers])[0].numpy()
    traits = [trait.among(numbers) for label in known for trait in label.traits()]
    return directions.measured(mu, traits, fewest=intervals.FEWEST)


@st.cache_data(max_entries=64, show_spinner=False)
def _stretch(_run: Run, stamp: Stamp, number: int, name: str) -> Floats:
    from vaedash.measuring import directions

    step = next(each.step for each in _directions(_run, stamp) if each.trait.name == name)
    return directions.way(_mu(_run, stamp, number), step, points=2)


@st.cache_data(max_entries=64, show_spinner=speaking.waiting("Decoding ..."))
def _moved(_run: Run, stamp: Stamp, number: int, name: str) -> Pixels:
    import torch

    from vaedash.models import latent

    less, more = _stretch(_run, stamp, number, name)
    between = np.linspace(less, more, MOMENTS)
    return latent.decode(cache.model(_run)[0], torch.from_numpy(between).float())


@st.cache_data(max_entries=1000, show_spinner=False)
def _place(_run: Run, stamp: Stamp, number: int) -> tuple[float, float]:
    ((x, y),) = _plane(_run, stamp)[0].project(_mu(_run, stamp, number)[None])
    return float(x), float(y)


@st.cache_data(max_entries=64, show_spinner=speaking.waiting("Decoding ..."))
def _flattened(_run: Run, stamp: Stamp, number: int) -> Pixels:
    import torch

    from vaedash.models import latent

    plane, _, _ = _plane(_run, stamp)
    lifted = plane.lift(plane.project(_mu(_run, stamp, number)[None]))
    return latent.decode(cache.model(_run)[0], torch.from_numpy(lifted).float())
