"""A morph: all its frames decoded beforehand, then drawn by the browser as fast as a finger moves."""

import base64
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from vaedash import images
from vaedash.images import Pixels
from vaedash.runs import Run
from vaedash.ui import cache, components, crisp, decoded
from vaedash.ui.cache import Stamp
from vaedash.ui.ends import End

if TYPE_CHECKING:  # torch is loaded by the page that decodes, when it does
    from torch import Tensor

    from vaedash.models.vae import VAE

FRAMES, STILLS = 64, 10  # along a path, ends included: every seventh is one of the study's ten
_SHOWN = 192  # pixels to a side of each picture in an animation
SIDE = 13  # of the lattice between four corners: every second row and column make a 7 by 7 grid

_HTML = """
<div class="morph">
  <div class="figures"></div>
  <div class="controls">
    <button type="button">Play</button>
    <label><b>A</b><i>&rarr;</i><input type="range" name="x" value="0"><b>B</b></label>
    <label class="down"><i>&darr;</i><input type="range" name="y" value="0"></label>
    <output></output>
  </div>
</div>
"""
_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "vaedash_morph",
    html=_HTML,
    css=(_HERE / "morph.css").read_text(encoding="utf-8"),
    js=(_HERE / "morph.js").read_text(encoding="utf-8"),
)


def frames(run: Run, ends: Sequence[End], *, method: str) -> Pixels:
    """What a run's best weights draw between two ends, `(FRAMES, 3, side, side)`, or four, `(SIDE**2, 3, side, side)`; uint8.

    Four ends are top left, top right, bottom left, bottom right. Loads torch. RunError if the run has no weights.
    """
    return _frames(run, decoded.weights(run), tuple(ends), method)


# A leading underscore keeps the run itself out of the key: the stamp of its weights says which it is.
@st.cache_data(max_entries=64, show_spinner=False)
def _frames(_run: Run, stamp: Stamp, ends: tuple[End, ...], method: str) -> Pixels:  # noqa: ARG001
    import torch

    from vaedash.models import latent

    torch.set_num_threads(1)  # a second one waits for the core that a training run has taken: ten times slower
    model, _ = cache.model(_run)
    z = [_z(_run, model, end) for end in ends]
    if len(ends) == 2:
        return latent.decode(model, latent.path(*z, steps=FRAMES, method=method))
    return latent.decode(model, latent.lattice(torch.stack(z), side=SIDE, method=method))


def steps(run: Run, ends: Sequence[End], *, method: str) -> Sequence[float]:
    """How much each of a path's STILLS pictures differs from the one before (`latent.step_sizes`), of what the model draws
    before it is rounded to levels. Loads torch.
    """
    return _steps(run, decoded.weights(run), tuple(ends), method)


@st.cache_data(max_entries=64, show_spinner=False)
def _steps(_run: Run, stamp: Stamp, ends: tuple[End, ...], method: str) -> Sequence[float]:  # noqa: ARG001
    from vaedash.models import latent

    model, _ = cache.model(_run)
    z = [_z(_run, model, end) for end in ends]
    return latent.step_sizes(latent.decode_exactly(model, latent.path(*z, steps=STILLS, method=method)))


def _z(run: Run, model: "VAE", end: End) -> "Tensor":
    from vaedash.models import latent

    image = end.image(run.config.image_size)
    if image is None:
        return latent.prior(1, run.config.latent_dim, seed=end.seed)[0]
    return latent.encode(model, image[None])[0][0]


def stills(frames: Pixels) -> Pixels:
    """The study's pictures among the frames: ten of a path, 7 by 7 of a lattice, row by row."""
    if len(frames) == FRAMES:
        return frames[:: (FRAMES - 1) // (STILLS - 1)]
    return frames.reshape(SIDE, SIDE, *frames.shape[1:])[::2, ::2].reshape(-1, *frames.shape[1:])


def gif(paths: Sequence[Pixels]) -> bytes:
    """The paths of several runs beside each other, as an animation that goes there and back."""
    moments = [
        images.grid(np.stack(tiles), columns=len(tiles), scale=_SHOWN // tiles[0].shape[-1], gap=6)
        for tiles in zip(*images.of_one_size(paths), strict=True)
    ]
    return images.encode_gif([*moments, *moments[-2:0:-1]], seconds=5)


@st.fragment
def show(
    names: Sequence[str], hues: Sequence[str], drawn: Sequence[Pixels], ends: Sequence[End], *, playing: bool = False
) -> None:
    """The frames of several runs side by side, all under one control; in their `hues`. With `playing`, it moves by itself.

    While the control moves, nothing is sent. Where it is let go on a path is written into the URL, as alpha.
    """
    flat = len(ends) == 2
    first, second, *_ = ends
    data = {
        "runs": _packed_runs(names, hues, drawn),
        "columns": FRAMES if flat else SIDE,
        "rows": 1 if flat else SIDE,
        "ends": [_packed(end) for end in ends] if flat and not playing else [],
        "greet": flat and not playing and "alpha" not in st.query_params,
        "labels": {"x": f"from {first.label} to {second.label}" if flat else "across", "y": "down"},
        "playing": playing,
    }
    _moved(data, key=f"morph-{len(ends)}", address="alpha", start=0.0)


@st.fragment
def along(
    names: Sequence[str],
    hues: Sequence[str],
    drawn: Sequence[Pixels],
    photo: Pixels,
    *,
    called: str,
    towards: str,
    reach: float,
) -> None:
    """The frames of several runs `(N, 3, side, side)`, N odd, under one control that begins in their middle, from `reach` steps less of
    something to as many more; beside the real `photo` `(3, side, side)`, which is `called` so. Where it is let go is written into
    the URL, as `step`.
    """
    middle = len(drawn[0]) // 2
    far = [reach * (moment - middle) / middle for moment in range(2 * middle + 1)]
    words = [f"{abs(steps):.1f} steps {'more' if steps > 0 else 'less'}" for steps in far]
    words[middle] = "as it is redrawn"
    data = {
        "runs": _packed_runs(names, hues, drawn),
        "columns": len(drawn[0]),
        "rows": 1,
        "ends": [base64.b64encode(photo.tobytes()).decode(), ""],
        "captions": [called, ""],
        "letters": ["less", "more"],
        "words": words,
        "greet": False,
        "labels": {"x": f"from less to more: {towards}", "y": "down"},
        "playing": False,
    }
    _moved(data, key="morph-along", address="step", start=0.5)


def _packed_runs(names: Sequence[str], hues: Sequence[str], drawn: Sequence[Pixels]) -> list[dict[str, str]]:
    return [
        {"name": name, "hue": hue, "frames": base64.b64encode(frames.tobytes()).decode()}
        for name, hue, frames in zip(names, hues, drawn, strict=True)
    ]


def _moved(data: dict[str, object], *, key: str, address: str, start: float) -> None:
    """Draws it, where it was left or else at the `start`; where it is let go stands in the URL at this `address`."""
    begin = st.session_state.setdefault(address, _linked(address, start))
    let_go = _component(data=data | {"start": begin}, key=key, on_alpha_change=lambda: None).alpha
    if let_go is not None:
        st.query_params[address] = f"{let_go:.2f}"


def _packed(end: End) -> str:
    """The real picture at an end, for the browser; empty where it is a random z."""
    return base64.b64encode(end.pixels).decode() if end.pixels else ""


def _linked(address: str, otherwise: float) -> float:
    with contextlib.suppress(ValueError):
        place = float(st.query_params.get(address, otherwise))
        if 0 <= place <= 1:  # false for NaN too
            return place
    return otherwise


def different_sizes(names: Sequence[str], chosen: Sequence[Run], ends: Sequence[End]) -> None:
    """Says so where a random end is another point in each model."""
    if len({run.config.latent_dim for run in chosen}) == 1 or all(end.pixels is not None for end in ends):
        return
    sizes = ", ".join(f"{name}: {run.config.latent_dim}" for name, run in zip(names, chosen, strict=True))
    st.caption(
        f"These models do not use equally many numbers ({components.plain(sizes)}): a random end has the same "
        "seed in each, but is another point, so the pictures at that end have nothing to do with each other."
    )


def ten_steps(
    names: Sequence[str], strips: Sequence[Pixels], changes: Sequence[Sequence[float]], ends: Sequence[End]
) -> None:
    """The study's ten pictures of each run in a row, and how even its steps are: `changes` are its `steps`."""
    first, last = ends
    for name, strip, sizes in zip(names, strips, changes, strict=True):
        crisp.picture(
            strip,
            columns=len(strip),
            alt=f"{name}: ten pictures from {first.label} to {last.label}",
            caption=f"{components.plain(name)}: each step changes a pixel by {min(sizes):.1f} to {max(sizes):.1f} of its 255 levels",
        )
