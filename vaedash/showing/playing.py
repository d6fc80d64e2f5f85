"""What a file lets one play with, of the models that it carries: what each thing to play with is told of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vaedash import config, images
from vaedash.comparing import alike, quiz
from vaedash.datasets import shapes
from vaedash.images import Pixels
from vaedash.languages import say
from vaedash.runs import Run
from vaedash.showing import charts, told
from vaedash.showing.carried import Model
from vaedash.showing.told import Data, Player

if TYPE_CHECKING:
    from vaedash.models.vae import VAE

_FRAMES = 28  # of a way that a model which is not carried has drawn: every third is one of the study's ten steps
_FIELD = 13  # places a side between four pictures, from one key to the next
_THROWN, _ACROSS = 16, 4  # pictures of a throw, and of them in a row
_STILL = {"greet": False, "playing": False, "start": 0.0, "way": "linear"}  # it waits for whoever reads that far


def ends(run: Run, vae: "VAE", count: int, shown: Sequence[int] = ()) -> tuple[npt.NDArray[np.float32], str]:
    """z of so many held-out images, fp32 `(count, latent_dim)`, or else random ones; and between which. `shown` are the numbers of those
    to take first, where it matters.
    """
    from vaedash.models import latent

    photos = run.pictures.originals()
    if photos is None or len(photos) < count:
        z = latent.prior(count, run.config.latent_dim, seed=1).numpy()
        return z, say("between two random z") if count == 2 else say("between four random z")
    numbers = _ends_of(photos, count, shown)
    which = say("between held-out images {first} and {second}", first=numbers[0], second=numbers[1])
    return latent.encode(vae, photos[numbers])[0].numpy(), which


def _ends_of(photos: Pixels, count: int, shown: Sequence[int]) -> list[int]:
    return list(shown[:count]) or [len(photos) * (place + 1) // 5 for place in range(count)]


def between(runs: Sequence[tuple[Player, "VAE"]], models: Sequence[Model], shown: Sequence[int] = ()) -> Data | None:
    """What `morph` is told of the way between two pictures: of the runs, in their order, those among the `models` draw it in the browser;
    of the others come frames. The real pictures stand at the ends where all have the same. None where there is nothing to show.
    """
    if not runs:
        return None
    carried = {model.run.id: model for model in models}
    sources = [
        _source(carried[player.run.id], 2) if player.run.id in carried else _framed(player, vae, shown)
        for player, vae in runs
    ]
    photos = _common([player.run for player, _ in runs])
    real = [] if photos is None else [told.planar(photos[number]) for number in _ends_of(photos, 2, shown)]
    across = say("from the picture at A to the picture at B") if real else say("from A to B")
    labels = {"x": across, "y": say("down")}
    return {"runs": sources, "columns": _FRAMES, "rows": 1, "ends": real, "labels": labels, **_STILL}


def _source(model: Model, count: int) -> Data:
    return told.ends(model.player, ends(model.run, model.vae, count, model.shown)[0])


def _framed(player: Player, vae: "VAE", shown: Sequence[int]) -> Data:
    import torch

    from vaedash.models import latent

    z = torch.from_numpy(ends(player.run, vae, 2, shown)[0])
    frames = latent.decode(vae, latent.path(*z, steps=_FRAMES))
    return {"name": player.called, "hue": charts.hue(player.run), "frames": told.planar(frames)}


def _common(runs: Sequence[Run]) -> Pixels | None:
    """The held-out images of all of them, where all have the same."""
    every = [run.pictures.originals() for run in runs]
    photos = [each for each in every if each is not None]
    if len(photos) < len(every) or len(photos[0]) < 2 or not all(np.array_equal(photos[0], each) for each in photos):
        return None
    return photos[0]


def corners(models: Sequence[Model]) -> Data | None:
    """What `morph` is told of the field between four pictures."""
    if not models:
        return None
    labels = {"x": say("across"), "y": say("down")}
    runs = [_source(model, 4) for model in models]
    return {"runs": runs, "columns": _FIELD, "rows": _FIELD, "ends": [], "labels": labels, **_STILL}


def throws(models: Sequence[Model]) -> Data | None:
    """What `throws` is told: the first throw is that of the runs' own pictures, each later one the browser's."""
    from vaedash.models import latent

    if not models:
        return None
    sizes = {model.vae.latent_dim for model in models}
    thrown = {size: [told.packed(latent.prior(_THROWN, size).numpy())] for size in sizes}
    photos = _common([model.run for model in models])
    return told.throws([(model.player, "") for model in models], thrown, count=_THROWN, columns=_ACROSS) | {
        "real": None if photos is None else told.real(photos[:_THROWN], columns=_ACROSS),
        "seed": config.SAMPLE_SEED,
        "temperature": 1.0,
        "alone": True,
    }


def numbers(models: Sequence[Model]) -> list[Data]:
    """What `numbers` is told, for each model that uses some: those of a held-out image, or the average."""
    return [
        told.numbers(model.player, z, start=start) for model in models if model.used for z, start in [_begun(model)]
    ]


def _begun(model: Model) -> tuple[npt.NDArray[np.float32], str]:
    from vaedash.models import latent

    photos = model.run.pictures.originals()
    if photos is None:
        return np.zeros(model.vae.latent_dim, np.float32), say("the average")
    number = _chosen(model, photos)
    return latent.encode(model.vae, photos[[number]])[0][0].numpy(), say("picture {around}, redrawn", around=number)


def _chosen(model: Model, photos: Pixels) -> int:
    """The held-out image that one begins with."""
    return model.shown[0] if model.shown else len(photos) // 5


def drawing(models: Sequence[Model]) -> Data | None:
    """What `drawing` is told of those whose encoders are carried too."""
    players = [model.player for model in models if "encoder" in model.parts]
    if not players:
        return None
    kept = {player.run.id: photos for player in players if (photos := player.run.pictures.originals()) is not None}
    some = next(iter(kept.values()), None)
    return told.drawing(players, kept, some=shapes.make(n_train=24, n_test=0).train if some is None else some)


def flow(models: Sequence[Model]) -> Data | None:
    """What `flow` is told: the pictures that the best of them keeps best, through the first and those that have the same pictures. None
    without encoders, or without pictures.
    """
    able = {model.run.id: model.player for model in models if "encoder" in model.parts}
    group = next(iter(alike.by_images([able[each].run for each in able])), [])
    photos = quiz.leader(group).pictures.originals() if group else None
    if photos is None:
        return None
    shown = photos[quiz.best_first(quiz.leader(group), photos)[: told.FLOWING]]
    return told.flow([told.lane(able[run.id]) for run in group], shown)


def planes(models: Sequence[Model]) -> list[list[Data]]:
    """What `plane` is told of the map of each run's held-out images; those of the same images stand together."""
    kept = ((model, model.run.pictures.originals()) for model in models)
    maps = {model.run.id: _plane(model, photos) for model, photos in kept if photos is not None}
    groups = alike.by_images([model.run for model in models if model.run.id in maps])
    return [[maps[run.id] for run in group] for group in groups]


def _plane(model: Model, photos: Pixels) -> Data:
    from vaedash.measuring import latents
    from vaedash.models import latent

    mu = latent.encode(model.vae, photos)[0].numpy()
    plane = latents.plane(mu)
    mapped = charts.latent_map(model.run, plane.project(mu), np.arange(len(photos)))
    alt = say("Map of {n} new pictures among the numbers of {name}.", n=len(photos), name=model.called)
    small = np.stack([images.resized(photo, config.USUAL_FRAME.image_size) for photo in photos])
    return told.plane(model.player, plane, mapped, number=_chosen(model, photos), alt=alt) | {
        "coloured": False,
        "tiles": told.planar(small),
        "mu": told.packed(mu),
    }
