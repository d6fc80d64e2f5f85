"""Models that a page carries along to be played with: their parts as text, how far off their rounded weights draw, and what to ask them."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from vaedash import text
from vaedash.errors import RunError
from vaedash.runs import Run, names
from vaedash.showing import charts

if TYPE_CHECKING:
    from vaedash.browser.packing import Bits, Part
    from vaedash.models.vae import VAE

Numbers = npt.NDArray[np.float32]
Data = Mapping[str, object]  # what a script is told, as JSON
MOST = 7_400_000  # letters of all parts together: with its curves, its pictures and a pair's models a report is below 10 MB
MEASURED = 64  # made up pictures of which the error is told
_THROWN = 16  # pictures of a throw
_BARS = 16  # numbers of a picture that can be pulled: the first ones say most
_REACH = 3.0  # 997 of 1,000 numbers that are thrown lie within
_DIGITS = 5


@dataclass(frozen=True, kw_only=True)
class Model:
    """A run's model, what it is `called` on the page, and what a browser has of it: its parts by name, as text; by how many levels
    of 255 its rounded weights change what it draws, at `most` and as a root mean square. `shown` are the numbers of the held-out
    images that it is asked about, if it matters.
    """

    run: Run
    called: str
    vae: "VAE"
    parts: "Mapping[Part, str]"
    most: float
    rms: float
    shown: Sequence[int] = ()


@dataclass(frozen=True, kw_only=True)
class Carried:
    """Models that a page carries, their weights as numbers of so many `bits`; `left_out` are runs for which there is no room or whose
    layers a browser is not taught.
    """

    models: Sequence[Model]
    bits: int
    left_out: Sequence[Run]

    @property
    def parts(self) -> list[str]:
        """All parts, as text."""
        return [part for model in self.models for part in model.parts.values()]

    @property
    def exactly(self) -> str:
        """How exactly they draw, in a sentence or two; empty where there are none."""
        if not self.models:
            return ""
        changes = ", ".join(
            f"{model.called}: {model.most:.2g} at most, {model.rms:.2g} root mean square" for model in self.models
        )
        return (
            f"Your browser computes these pictures from the models' own weights, rounded to {self.bits} bits. Of {MEASURED} made up "
            f"pictures that changes a colour, of 255 levels, by so many: {changes}."
        )


def loaded(chosen: Sequence[Run]) -> "tuple[dict[str, VAE], list[tuple[Run, str]]]":
    """The models of the runs that can draw, by id, and why the others cannot. Loads torch."""
    from vaedash.runs import weights

    able, unable = {}, []
    for run in chosen:
        try:
            able[run.id] = weights.load_model(run)[0]
        except (RunError, FileNotFoundError):
            reason = "its weights are damaged" if run.weights.has(names.BEST) else "its weights are not here"
            unable.append((run, f"cannot draw: {reason}."))
    return able, unable


def carried(
    chosen: Sequence[Run], models: "Mapping[str, VAE]", *, called: Callable[[Run], str], shown: Sequence[int] = ()
) -> Carried:
    """What a page can carry of these models, by run id, within MOST letters: encoders too, and half precision, where there is room.
    Where not even all decoders find room, the first ones do. `called` says what the page calls a run, `shown` as in `Model`.
    """
    able = [run for run in chosen if run.id in models]
    both: tuple[Part, ...] = ("decoder", "encoder")
    ways: Sequence[tuple[tuple[Part, ...], Bits]] = ((both, 16), (both, 8), (both[:1], 16), (both[:1], 8))
    for parts, bits in ways:
        packed = {run.id: _packed(run, models[run.id], parts, bits) for run in able}
        if sum(map(_letters, packed.values())) <= MOST:
            break
    kept, room = [], MOST
    for run in able:
        if packed[run.id] and _letters(packed[run.id]) <= room:
            room -= _letters(packed[run.id])
            vae = models[run.id]
            most, rms = _change(vae, bits)
            kept.append(
                Model(
                    run=run,
                    called=text.visible(called(run)),
                    vae=vae,
                    parts=packed[run.id],
                    most=most,
                    rms=rms,
                    shown=shown,
                )
            )
    return Carried(models=kept, bits=bits, left_out=[run for run in able if run not in [model.run for model in kept]])


def _letters(parts: "Mapping[Part, str]") -> int:
    return sum(map(len, parts.values()))


def name(run: Run, part: "Part") -> str:
    """What a part of a run's model is called in the browser."""
    return f"{run.id}-{part}"


def _packed(run: Run, vae: "VAE", parts: "Sequence[Part]", bits: "Bits") -> "dict[Part, str]":
    """As text; nothing where the decoder cannot be written so."""
    from vaedash.browser import packing

    made = {
        part: packing.pack(vae, part, name=name(run, part), side=run.config.image_size, bits=bits) for part in parts
    }
    if made["decoder"] is None:
        return {}
    return {part: base64.b64encode(packed).decode() for part, packed in made.items() if packed is not None}


def _change(vae: "VAE", bits: "Bits") -> tuple[float, float]:
    """By how many levels of 255 weights of so many bits change what is made up: at most, and as a root mean square."""
    from vaedash.browser import packing
    from vaedash.models import latent

    z = latent.prior(MEASURED, vae.latent_dim)
    change = 255 * (latent.decode_exactly(packing.rounded(vae, bits), z) - latent.decode_exactly(vae, z)).double()
    return float(change.abs().max()), float(change.square().mean().sqrt())


# ---- what is played with -------------------------------------------------------------------------------------------


def ends(run: Run, vae: "VAE", count: int, shown: Sequence[int] = ()) -> tuple[Numbers, str]:
    """z of so many held-out images, fp32 `(count, latent_dim)`, or else random ones; and between which. `shown` are the numbers of those
    to take first, where it matters.
    """
    from vaedash.models import latent

    photos = run.pictures.originals()
    if photos is None or len(photos) < count:
        return latent.prior(
            count, run.config.latent_dim, seed=1
        ).numpy(), f"between {'two' if count == 2 else 'four'} random z"
    numbers = list(shown[:count]) or [len(photos) * (place + 1) // 5 for place in range(count)]
    return latent.encode(vae, photos[numbers])[0].numpy(), "between held-out images {} and {}".format(*numbers)


def ways(models: Sequence[Model], count: int) -> Data | None:
    """What `animate` (two ends) and `corners` (four) are told; None where there is nothing to play with."""
    runs = [_told(model) | {"ends": _numbers(ends(model.run, model.vae, count, model.shown)[0])} for model in models]
    return {"runs": runs, "way": "linear"} if runs else None


def dice(models: Sequence[Model]) -> Data | None:
    """What `dice` is told."""
    from vaedash.models import latent

    thrown = [(model, latent.prior(_THROWN, model.vae.latent_dim).numpy()) for model in models]
    return {"runs": [_told(model) | {"z": _numbers(z)} for model, z in thrown]} if thrown else None


def bars(models: Sequence[Model]) -> list[Data]:
    """What `bars` is told, for each model that uses some of its numbers: those of a held-out image, first those that say most."""
    made: list[Data] = []
    for model in models:
        found = _told_by_picture(model)
        if found is not None and len(found[1]):
            z, order = found
            about = f"the numbers that {model.called} keeps of a picture"
            bar = {"z": _numbers(z), "order": order.tolist(), "reach": _REACH, "about": about}
            made.append(_told(model) | bar)
    return made


def _told_by_picture(model: Model) -> tuple[Numbers, npt.NDArray[np.int64]] | None:
    from vaedash.measuring import latents
    from vaedash.models import latent

    photos = model.run.pictures.originals()
    if photos is None:
        return None
    kl = latents.kl_by_latent(model.vae, photos)
    order = np.argsort(-kl, kind="stable")[: min(_BARS, latents.active_units(kl))]
    [number, *_] = model.shown or [len(photos) // 5]
    return latent.encode(model.vae, photos[[number]])[0][0].numpy(), order


def own(models: Sequence[Model]) -> Data | None:
    """What `redrawn` is told of the models whose encoders are carried too."""
    runs = [
        _told(model) | {"encoder": name(model.run, "encoder"), "width": model.vae.latent_dim}
        for model in models
        if "encoder" in model.parts
    ]
    return {"runs": runs} if runs else None


def _told(model: Model) -> dict[str, object]:
    return {
        "name": model.called,
        "hue": charts.hue(model.run),
        "part": name(model.run, "decoder"),
        "side": model.run.config.image_size,
    }


def _numbers(z: Numbers) -> object:
    return cast(object, np.round(z.astype(np.float64), _DIGITS).tolist())
