"""The pictures of a report: made up, redrawn, and on the way between two of them."""

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vaedash import images
from vaedash.config import USUAL_FRAME
from vaedash.languages import say
from vaedash.runs import Run
from vaedash.showing import playing
from vaedash.showing.report import words
from vaedash.showing.report.records import Label, Morph, Photos, Picture, Sample, Strip

if TYPE_CHECKING:
    from vaedash.models.vae import VAE

_STEPS = 10  # of a morph, ends included
_COLUMNS = 8  # of every grid
_PHOTOS = 32  # held-out images that are shown


def picture(tiles: np.ndarray, *, alt: str, columns: int = _COLUMNS, scale: int = 2) -> Picture:
    """Images `(N, 3, side, side)` uint8, `scale` pixels of the page to each of theirs, of larger ones fewer; what is between them is
    clear."""
    opaque = np.concatenate([tiles, np.full_like(tiles[:, :1], 255)], axis=1)
    laid = images.grid(opaque, columns=columns, gap=1, background=0)
    scale = max(1, scale * USUAL_FRAME.image_size // tiles.shape[-1])
    height, width = laid.shape[0] * scale, laid.shape[1] * scale
    return Picture(source=embedded(laid), alt=alt, width=width, height=height)


def embedded(picture: np.ndarray) -> str:
    """A picture `(H, W, 3 or 4)` uint8 as a data URL."""
    return f"data:image/png;base64,{base64.b64encode(images.encode_png(picture)).decode()}"


def sample(run: Run, among: Sequence[Run]) -> Sample:
    tiles = _kept(run, "prior")
    if tiles is None:
        return Sample(run=words.label(run, among), picture=None, what=say("no picture of its kept epoch is here."))
    what = say("{n} images from random z, after epoch {epoch}", n=len(tiles), epoch=run.best_epoch)
    return Sample(run=words.label(run, among), picture=picture(tiles, alt=f"{run.name}: {what}"), what=what)


def _kept(run: Run, kind: str) -> np.ndarray | None:
    """The pictures of the epoch whose weights are kept."""
    return run.pictures.sample(kind, run.best_epoch) if run.best_epoch else None


def photos(group: Sequence[Run], among: Sequence[Run]) -> Photos:
    """Rows of held-out images, and below each what every run makes of it."""
    rows, missing = [], []
    alike = [run for run in group if run.redrawn == group[0].redrawn]
    for run in alike:
        label, tiles = words.label(run, among), _kept(run, "recon")
        if tiles is None:
            missing.append(label.short)
        else:
            rows.append((label.short, label.hue, run.name, tiles))
    notes = [say("No picture of its kept epoch is here: {names}.", names=", ".join(missing))] if missing else []
    if others := ", ".join(words.label(run, among).short for run in group if run not in alike):
        notes.append(say("Redraws other images than the first run, and has no row here: {names}.", names=others))
    originals = next((tiles for run in alike if (tiles := run.pictures.originals()) is not None), None)
    if rows and originals is not None:
        rows.insert(0, (say("original"), "", say("held-out images"), originals))
    elif rows:
        notes.append(say("The originals are not here."))
    return Photos(dataset=words.dataset(group[0]), blocks=_blocks(rows), notes=notes)


def _blocks(rows: Sequence[tuple[str, str, str, np.ndarray]]) -> list[list[Strip]]:
    """Rows (label, hue, whose pictures, pictures) cut to the width of the page."""
    count = min([_PHOTOS, *(len(tiles) for *_, tiles in rows)]) if rows else 0
    blocks = []
    for start in range(0, count, _COLUMNS):
        end = min(start + _COLUMNS, count)
        strips = [
            Strip(
                label=label,
                hue=hue,
                picture=picture(
                    tiles[start:end],
                    alt=say("{name}, numbers {first} to {last}", name=name, first=start, last=end - 1),
                ),
            )
            for label, hue, name, tiles in rows
        ]
        blocks.append(strips)
    return blocks


def morph(run: Run, vae: "VAE", label: Label, shown: Sequence[int] = ()) -> Morph:
    """The way of a run's model between two pictures, `shown` as in `playing.ends`."""
    import torch

    from vaedash.models import latent

    z, between = playing.ends(run, vae, 2, shown)
    start, end = torch.from_numpy(z)
    steps = latent.decode(vae, latent.path(start, end, steps=_STEPS))
    alt = say("{name}: ten pictures {between}", name=label.name, between=between)
    return Morph(run=label, between=between, steps=picture(steps, columns=_STEPS, alt=alt, scale=3))
