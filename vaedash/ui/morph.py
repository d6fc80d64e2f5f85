"""A morph: all its frames decoded beforehand, then drawn by the browser as fast as a finger moves."""

import base64
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from vaedash import config
from vaedash.runs import Run
from vaedash.showing import charts
from vaedash.ui import cache
from vaedash.ui.ends import End

if TYPE_CHECKING:  # torch is loaded by the page that decodes, when it does
    from torch import Tensor

    from vaedash.models.vae import VAE

FRAMES = 64  # along a path, ends included: every seventh is one of the study's ten steps
SIDE = 13  # of the lattice between four corners: every second row and column make a 7 by 7 grid

_HTML = """
<div class="morph">
  <div class="figures"></div>
  <div class="controls">
    <button type="button"></button>
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


def frames(run: Run, ends: Sequence[End], *, method: str) -> np.ndarray:
    """What a run's best weights draw between two ends, `(FRAMES, 3, 32, 32)`, or four, `(SIDE**2, 3, 32, 32)`; uint8.

    Four ends are top left, top right, bottom left, bottom right. Loads torch. RunError if the run has no weights.
    """
    return _frames(run, run.weights.stamp("best"), tuple(ends), method)


# A leading underscore keeps the run itself out of the key: the stamp of its weights says which it is.
@st.cache_data(max_entries=64, show_spinner=False)
def _frames(_run: Run, stamp: tuple[str, int] | None, ends: tuple[End, ...], method: str) -> np.ndarray:  # noqa: ARG001
    import torch

    from vaedash.models import latent

    torch.set_num_threads(1)  # a second one waits for the core that a training run has taken: ten times slower
    model, _ = cache.model(_run)
    z = torch.stack([_z(_run, model, end) for end in ends])
    if len(ends) == 2:
        return latent.decode(model, latent.path(*z, steps=FRAMES, method=method))
    return latent.decode(model, latent.lattice(z, side=SIDE, method=method))


def _z(run: Run, model: "VAE", end: End) -> "Tensor":
    from vaedash.models import latent

    if end.pixels is None:
        return latent.prior(1, run.config.latent_dim, seed=end.seed)[0]
    image = np.frombuffer(end.pixels, np.uint8).reshape(1, *config.IMAGE_SHAPE)
    return latent.encode(model, image)[0][0]


def stills(frames: np.ndarray) -> np.ndarray:
    """The study's pictures among the frames: ten of a path, 7 by 7 of a lattice, row by row."""
    if len(frames) == FRAMES:
        return frames[:: (FRAMES - 1) // 9]
    return frames.reshape(SIDE, SIDE, *config.IMAGE_SHAPE)[::2, ::2].reshape(-1, *config.IMAGE_SHAPE)


@st.fragment
def show(names: Sequence[str], archs: Sequence[str], drawn: Sequence[np.ndarray], ends: Sequence[End]) -> None:
    """The frames of several runs side by side, all under one control; `archs` give their hues.

    While the control moves, nothing is sent. Where it is let go on a path is written into the URL, as alpha.
    """
    flat = len(ends) == 2
    first, second, *_ = ends
    data = {
        "runs": [
            {"name": name, "hue": charts.HUE[arch], "frames": base64.b64encode(frames).decode()}
            for name, arch, frames in zip(names, archs, drawn, strict=True)
        ],
        "columns": FRAMES if flat else SIDE,
        "rows": 1 if flat else SIDE,
        "labels": {"x": f"alpha, from {first.label} to {second.label}" if flat else "across", "y": "down"},
        "start": st.session_state.setdefault("alpha", _linked_alpha()),
    }
    let_go = _component(data=data, key=f"morph-{len(ends)}", on_alpha_change=lambda: None).alpha
    if let_go is not None:
        st.query_params["alpha"] = f"{let_go:.2f}"


def _linked_alpha() -> float:
    with contextlib.suppress(ValueError):
        alpha = float(st.query_params.get("alpha", 0))
        if 0 <= alpha <= 1:  # false for NaN too
            return alpha
    return 0.0
