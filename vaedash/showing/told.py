"""What each thing to play with (vaedash/browser) is told, as plain data: the same on a page and in a file that carries its models."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vaedash import images
from vaedash.images import Pixels
from vaedash.languages import say
from vaedash.runs import Run
from vaedash.showing import charts

if TYPE_CHECKING:
    from vaedash.measuring.latents import Plane

Numbers = npt.NDArray[np.floating]
Data = Mapping[str, object]  # what a script is told, as JSON
FLOWING = 6  # pictures that one can let flow
_COLOURS = 12  # to paint with
_FIRST = 12  # bars of the numbers that say most; the others come when somebody asks
_DIGITS = 5


@dataclass(frozen=True, kw_only=True)
class Player:
    """A run whose model is in the browser: what it is `called`, the names that its parts have there (empty where a browser is not taught
    their layers), and its latents in use, the one that says most first.
    """

    run: Run
    called: str
    encoder: str = ""
    decoder: str = ""
    used: Sequence[int] = ()

    @property
    def data(self) -> dict[str, object]:
        """What each of them is told of a run that draws."""
        return {
            "name": self.called,
            "hue": charts.hue(self.run),
            "part": self.decoder,
            "side": self.run.config.image_size,
        }


def planar(tiles: Pixels) -> str:
    """Pictures `(..., 3, side, side)` as painting.js has them, in base64."""
    return base64.b64encode(tiles.tobytes()).decode()


def interleaved(tiles: Pixels) -> str:
    """Pictures `(N, 3, side, side)` as models in the browser have them, in base64."""
    return base64.b64encode(tiles.transpose(0, 2, 3, 1).tobytes()).decode()


def ends(player: Player, z: Numbers) -> Data:
    """What `morph` is told of a run: z of two ends, or of four, `(2 or 4, latent_dim)`."""
    return player.data | {"z": rounded(z)}


def numbers(player: Player, z: Numbers, *, start: str) -> Data:
    """What `numbers` is told: the bars begin at `z` `(latent_dim,)`, and `start` says what that draws."""
    return player.data | {"used": player.used, "z": z.tolist(), "start": start, "first": _FIRST}


def drawing(players: Sequence[Player], originals: Mapping[str, Pixels], *, some: Pixels) -> Data:
    """What `drawing` is told: with the new pictures of each run, by its id, as far as they are known; `some` pictures lend their colours
    where none are.
    """
    sets: list[Pixels] = []
    models = [_drawn_by(player, originals.get(player.run.id), sets) for player in players]
    sides = sorted({player.run.config.image_size for player in players})
    return {
        "models": models,
        "sets": [{"side": tiles.shape[-1], "pixels": interleaved(tiles)} for tiles in sets],
        "side": sides[-1],
        "orders": {str(side): images.shuffle_order(side).tolist() for side in sides},
        "palette": images.palette(sets[0] if sets else some, _COLOURS),
        "shuffled": False,
    }


def _drawn_by(player: Player, tiles: Pixels | None, sets: list[Pixels]) -> Data:
    """A run's new pictures join the `sets`, where these do not have them yet."""
    return {
        "name": player.called,
        "hue": charts.hue(player.run),
        "encoder": player.encoder,
        "decoder": player.decoder,
        "side": player.run.config.image_size,
        "latents": player.run.config.latent_dim,
        "used": player.used,
        "shuffled": player.run.config.pixel_order == "shuffled",
        "set": -1 if tiles is None else _place(tiles, sets),
    }


def _place(tiles: Pixels, sets: list[Pixels]) -> int:
    """Where a set of pictures is among the others, at their end if it is new."""
    for place, known in enumerate(sets):
        if np.array_equal(known, tiles):
            return place
    sets.append(tiles)
    return len(sets) - 1


def flow(lanes: Sequence[Data], tiles: Pixels) -> Data:
    """What `flow` is told: a `lane` for each run, and the pictures `(N, 3, side, side)`."""
    return {"runs": lanes, "pictures": interleaved(tiles), "side": tiles.shape[-1]}


def lane(player: Player, *, untrained: Mapping[str, str] | None = None) -> Data:
    """A run of `flow`; `untrained` are the names of the parts that it began with, if there are any to see."""
    trained = {"encoder": player.encoder, "decoder": player.decoder}
    return {
        "name": player.called,
        "hue": charts.hue(player.run),
        "used": player.used,
        "trained": trained,
        "untrained": untrained,
    }


def throws(
    rests: Sequence[tuple[Player, str]], thrown: Mapping[int, Sequence[str]], *, count: int, columns: int
) -> dict[str, object]:
    """What `throws` is told of runs, each with the rest of its name, and of what was `thrown` for each size (`packed`), `count`
    pictures each.
    """
    runs = [player.data | {"rest": rest, "size": player.run.config.latent_dim} for player, rest in rests]
    by_size = {str(size): list(each) for size, each in thrown.items()}
    return {"runs": runs, "throws": by_size, "count": count, "columns": columns}


def packed(z: Numbers) -> str:
    """Numbers as fp32 in base64."""
    return base64.b64encode(np.asarray(z, np.float32).tobytes()).decode()


def real(tiles: Pixels, *, columns: int) -> Data:
    """Real pictures beside those that are made up, in whole rows."""
    whole = tiles[: max(1, len(tiles) // columns) * columns]
    return {"name": say("real pictures"), "frames": planar(whole), "count": len(whole), "columns": columns}


def plane(player: Player, plane: "Plane", mapped: charts.LatentMap, *, number: int, alt: str) -> dict[str, object]:
    """What `plane` is told of the map of a run, on which picture `number` is chosen."""
    return player.data | {
        "alt": alt,
        "centre": plane.centre.tolist(),
        "axes": plane.axes.tolist(),
        "left": mapped.left,
        "top": mapped.top,
        "span": mapped.span,
        "tile": mapped.tile,
        "points": mapped.points.round(4).tolist(),
        "numbers": mapped.numbers.tolist(),
        "hues": mapped.hues,
        "marks": mapped.marks,
        "pictured": mapped.pictured.tolist(),
        "number": number,
    }


def rounded(z: Numbers) -> list[object]:
    """Numbers as short as they may be without a picture that changes."""
    return list(np.round(z.astype(np.float64), _DIGITS).tolist())
