"""Models that a page carries along to be played with: their parts as text, and how far off their rounded weights draw."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaedash import text
from vaedash.errors import RunError
from vaedash.languages import say
from vaedash.runs import Run, names
from vaedash.showing.told import Player

if TYPE_CHECKING:
    from vaedash.browser.packing import Bits, Part
    from vaedash.models.vae import VAE

MOST = 7_200_000  # letters of all parts together: with its curves, its pictures and a pair's models a report is below 10 MB
_BOTH: "tuple[Part, ...]" = ("decoder", "encoder")
MEASURED = 64  # made up pictures of which the error is told


@dataclass(frozen=True, kw_only=True)
class Model:
    """A run's model, what it is `called` on the page, and what a browser has of it: its parts by name, as text; by how many levels
    of 255 its rounded weights change what it draws, at `most` and as a root mean square; and its latents in use, the one that says
    most first. `shown` are the numbers of the held-out images that it is asked about, if it matters.
    """

    run: Run
    called: str
    vae: "VAE"
    parts: "Mapping[Part, str]"
    most: float
    rms: float
    used: Sequence[int]
    shown: Sequence[int] = ()

    @property
    def player(self) -> Player:
        """As what is played with knows it."""
        decoder, encoder = (name(self.run, part) if part in self.parts else "" for part in _BOTH)
        return Player(run=self.run, called=self.called, encoder=encoder, decoder=decoder, used=self.used)


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
            say(
                "{name}: {most:.2g} at most, {rms:.2g} root mean square",
                name=model.called,
                most=model.most,
                rms=model.rms,
            )
            for model in self.models
        )
        return say(
            "Your browser computes these pictures from the models' own weights, rounded to {bits} bits. Of {n} made up pictures that "
            "changes a colour, of 255 levels, by so many: {changes}.",
            bits=self.bits,
            n=MEASURED,
            changes=changes,
        )


def loaded(chosen: Sequence[Run]) -> "tuple[dict[str, VAE], list[tuple[Run, str]]]":
    """The models of the runs that can draw, by id, and why the others cannot. Loads torch."""
    from vaedash.runs import weights

    able, unable = {}, []
    for run in chosen:
        try:
            able[run.id] = weights.load_model(run)[0]
        except (RunError, FileNotFoundError):
            damaged = run.weights.has(names.BEST)
            unable.append(
                (
                    run,
                    say("cannot draw: its weights are damaged.")
                    if damaged
                    else say("cannot draw: its weights are not here."),
                )
            )
    return able, unable


def carried(
    chosen: Sequence[Run], models: "Mapping[str, VAE]", *, called: Callable[[Run], str], shown: Sequence[int] = ()
) -> Carried:
    """What a page can carry of these models, by run id, within MOST letters: encoders too, and half precision, where there is room.
    Where not even all decoders find room, the first ones do. `called` says what the page calls a run, `shown` as in `Model`.
    """
    able = [run for run in chosen if run.id in models]
    ways: Sequence[tuple[tuple[Part, ...], Bits]] = ((_BOTH, 16), (_BOTH, 8), (_BOTH[:1], 16), (_BOTH[:1], 8))
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
                    used=_used(run, vae),
                    shown=shown,
                )
            )
    return Carried(models=kept, bits=bits, left_out=[run for run in able if run not in [model.run for model in kept]])


def _used(run: Run, vae: "VAE") -> Sequence[int]:
    """As counted when the weights were kept, or on the held-out images that are here; all of them where none are."""
    from vaedash.measuring import latents

    kl, photos = latents.kept_kl(run, run.best_epoch or 0), run.pictures.originals()
    if kl is None and photos is not None:
        kl = latents.kl_by_latent(vae, photos)
    used: list[int] = list(range(vae.latent_dim)) if kl is None else latents.in_use(kl).tolist()
    return used


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
