"""The pictures of a report: made up, redrawn, and on the way between two of them."""

import base64
from collections.abc import Sequence

import numpy as np

from vaedash import images
from vaedash.config import USUAL_FRAME
from vaedash.errors import RunError
from vaedash.runs import Run, names
from vaedash.showing.report import words
from vaedash.showing.report.records import Label, Morph, Photos, Picture, Remark, Sample, Strip

FRAMES = 64  # of a morph, ends included: every seventh is one of the study's ten steps
_COLUMNS = 8  # of every grid, the morph's sheet of frames too
_PHOTOS = 32  # held-out images that are shown


def _picture(tiles: np.ndarray, *, alt: str, columns: int = _COLUMNS, scale: int = 2) -> Picture:
    """Images `(N, 3, side, side)` uint8, `scale` pixels of the page to each of theirs, of larger ones fewer; what is between them is
    clear."""
    opaque = np.concatenate([tiles, np.full_like(tiles[:, :1], 255)], axis=1)
    picture = images.grid(opaque, columns=columns, gap=1, background=0)
    scale = max(1, scale * USUAL_FRAME.image_size // tiles.shape[-1])
    height, width = picture.shape[0] * scale, picture.shape[1] * scale
    return Picture(source=_embedded(picture), alt=alt, width=width, height=height)


def _embedded(picture: np.ndarray) -> str:
    return f"data:image/png;base64,{base64.b64encode(images.encode_png(picture)).decode()}"


def sample(run: Run, among: Sequence[Run]) -> Sample:
    tiles = _kept(run, "prior")
    if tiles is None:
        return Sample(run=words.label(run, among), picture=None, what="no picture of its kept epoch is here.")
    what = f"{len(tiles)} images from random z, after epoch {run.best_epoch}"
    return Sample(run=words.label(run, among), picture=_picture(tiles, alt=f"{run.name}: {what}"), what=what)


def _kept(run: Run, kind: str) -> np.ndarray | None:
    """The pictures of the epoch whose weights are kept."""
    return run.pictures.sample(kind, run.best_epoch) if run.best_epoch else None


def photos(group: Sequence[Run], among: Sequence[Run]) -> Photos:
    """Rows of held-out images, and below each what every run makes of it."""
    rows, missing = [], []
    for run in group:
        label, tiles = words.label(run, among), _kept(run, "recon")
        if tiles is None:
            missing.append(label.short)
        else:
            rows.append((label.short, label.hue, run.name, tiles))
    notes = [f"No picture of its kept epoch is here: {', '.join(missing)}."] if missing else []
    originals = next((tiles for run in group if (tiles := run.pictures.originals()) is not None), None)
    if rows and originals is not None:
        rows.insert(0, ("original", "", "held-out images", originals))
    elif rows:
        notes.append("The originals are not here.")
    return Photos(dataset=words.dataset(group[0]), blocks=_blocks(rows), notes=notes)


def _blocks(rows: Sequence[tuple[str, str, str, np.ndarray]]) -> list[list[Strip]]:
    """Rows (label, hue, whose pictures, pictures) cut to the width of the page."""
    count = min([_PHOTOS, *(len(tiles) for *_, tiles in rows)]) if rows else 0
    blocks = []
    for start in range(0, count, _COLUMNS):
        end = min(start + _COLUMNS, count)
        numbers = f"numbers {start} to {end - 1}"
        strips = [
            Strip(label=label, hue=hue, picture=_picture(tiles[start:end], alt=f"{name}, {numbers}"))
            for label, hue, name, tiles in rows
        ]
        blocks.append(strips)
    return blocks


def morphs(chosen: Sequence[Run]) -> tuple[list[Morph], list[Remark]]:
    """The ways of the runs that can draw, and why the others cannot."""
    able, unable = [], []
    for run in chosen:
        label = words.label(run, chosen)
        try:
            able.append(_morph(run, label))
        except (RunError, FileNotFoundError):
            reason = "its weights are damaged" if run.weights.has(names.BEST) else "its weights are not here"
            unable.append(Remark(run=label, words=f"cannot draw: {reason}."))
    return able, unable


def _morph(run: Run, label: Label) -> Morph:
    frames, between = _frames(run)
    steps = frames[:: (FRAMES - 1) // 9]
    return Morph(
        run=label,
        between=between,
        side=frames.shape[-1],
        sheet=_embedded(images.grid(frames, columns=_COLUMNS)),
        steps=_picture(steps, columns=10, alt=f"{run.name}: ten pictures {between}", scale=3),
    )


def _frames(run: Run) -> tuple[np.ndarray, str]:
    """What the kept weights draw on the way between two held-out images, or else two random z; and between which."""
    from vaedash.models import latent
    from vaedash.runs import weights

    model, _ = weights.load_model(run)
    photos = run.pictures.originals()
    if photos is None or len(photos) < 2:
        start, end = (latent.prior(1, run.config.latent_dim, seed=seed)[0] for seed in (1, 2))
        return latent.decode(model, latent.path(start, end, steps=FRAMES)), "between two random z"
    numbers = [len(photos) // 5, 2 * len(photos) // 5]
    ends = latent.encode(model, photos[numbers])[0]
    between = "between held-out images {} and {}".format(*numbers)
    return latent.decode(model, latent.path(*ends, steps=FRAMES)), between
