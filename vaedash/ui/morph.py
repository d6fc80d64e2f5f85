"""A morph: what decoders in the browser draw between ends, under one control that moves as fast as a finger."""

import base64
import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from vaedash import images
from vaedash.browser import widgets
from vaedash.images import Pixels
from vaedash.languages import say
from vaedash.runs import Run
from vaedash.showing import told
from vaedash.ui import cache, components, crisp, decoded, studio
from vaedash.ui.cache import Stamp
from vaedash.ui.ends import End

if TYPE_CHECKING:  # torch is loaded by the page that decodes, when it does
    from torch import Tensor

    from vaedash.models.vae import VAE

FRAMES, STILLS = 64, 10  # along a path, ends included: every seventh is one of the study's ten
_SHOWN = 192  # pixels to a side of each picture in an animation
SIDE, MAP_SIDE = 13, 7  # of the lattice between four corners, and of what a map shows of it

Source = Mapping[str, object]  # what a browser draws a run's way from, as morph.js reads it

_component = st.components.v2.component(
    "vaedash_morph",
    html='<div class="morph">\n</div>',
    css=widgets.style("morph"),
    js=f"""{widgets.script("morph")}
export default ({{ data, parentElement, setStateValue }}) => {{
  const root = parentElement.querySelector(".morph");
  return morph(root, heard(root, data), setStateValue);
}};
""",
)


def source(run: Run, ends: Sequence[End], *, method: str) -> Source:
    """What a browser draws the way between two ends from, or the field between four (top left, top right, bottom left, bottom right):
    the z of each and the run's decoder; frames of it where a browser is not taught that. Outside any fragment. Loads torch.
    """
    part = studio.brought(run, "decoder")
    if not part:
        return _framed(frames(run, ends, method=method))
    return _alive(run, part, _points(run, decoded.weights(run), tuple(ends)))


def towards(run: Run, number: int, direction: str) -> Source:
    """The same of held-out picture `number` on its way along a direction (`decoded.stretch`)."""
    part = studio.brought(run, "decoder")
    if not part:
        return _framed(decoded.moved(run, number, direction))
    return _alive(run, part, decoded.stretch(run, number, direction).astype(np.float32).tolist())


def _alive(run: Run, part: str, z: Sequence[Sequence[float]]) -> Source:
    return {"part": part, "side": run.config.image_size, "z": z}


def _framed(frames: Pixels) -> Source:
    return {"frames": told.planar(frames)}


def frames(run: Run, ends: Sequence[End], *, method: str) -> Pixels:
    """What a run's best weights draw between two ends, `(FRAMES, 3, side, side)`, or four, `(SIDE**2, 3, side, side)`; uint8.

    Loads torch. RunError if the run has no weights.
    """
    return _frames(run, decoded.weights(run), tuple(ends), method, SIDE)


def field(run: Run, ends: Sequence[End], *, method: str) -> Pixels:
    """What it draws at MAP_SIDE by MAP_SIDE places between four ends, row by row: `(MAP_SIDE**2, 3, side, side)`, uint8."""
    return _frames(run, decoded.weights(run), tuple(ends), method, MAP_SIDE)


# A leading underscore keeps the run itself out of the key: the stamp of its weights says which it is.
@st.cache_data(max_entries=16, show_spinner=False)
def _frames(_run: Run, stamp: Stamp, ends: tuple[End, ...], method: str, side: int) -> Pixels:
    import torch

    from vaedash.models import latent

    model, _ = cache.model(_run)
    z = torch.tensor(_points(_run, stamp, ends))
    if len(ends) == 2:
        return latent.decode(model, latent.path(*z, steps=FRAMES, method=method))
    return latent.decode(model, latent.lattice(z, side=side, method=method))


def stills(run: Run, ends: Sequence[End], *, method: str) -> tuple[Pixels, Sequence[float]]:
    """The study's ten pictures of a path, `(STILLS, 3, side, side)` uint8, and how much each differs from the one before
    (`latent.step_sizes`), of what the model draws before it is rounded to levels. Loads torch.
    """
    return _stills(run, decoded.weights(run), tuple(ends), method)


@st.cache_data(max_entries=64, show_spinner=False)
def _stills(_run: Run, stamp: Stamp, ends: tuple[End, ...], method: str) -> tuple[Pixels, Sequence[float]]:
    import torch

    from vaedash.models import latent

    model, _ = cache.model(_run)
    z = torch.tensor(_points(_run, stamp, ends))
    drawn = latent.decode_exactly(model, latent.path(*z, steps=STILLS, method=method))
    return latent.to_uint8(drawn), latent.step_sizes(drawn)


@st.cache_data(max_entries=256, show_spinner=False)
def _points(_run: Run, stamp: Stamp, ends: tuple[End, ...]) -> list[list[float]]:  # noqa: ARG001
    """The z of each end."""
    import torch

    torch.set_num_threads(1)  # a second one waits for the core that a training run has taken: ten times slower
    model, _ = cache.model(_run)
    return [_z(_run, model, end).tolist() for end in ends]


def _z(run: Run, model: "VAE", end: End) -> "Tensor":
    from vaedash.models import latent

    image = end.image(run.config.image_size)
    if image is None:
        return latent.prior(1, run.config.latent_dim, seed=end.seed)[0]
    return latent.encode(model, image[None])[0][0]


def gif(paths: Sequence[Pixels]) -> bytes:
    """The paths of several runs beside each other, as an animation that goes there and back."""
    moments = [
        images.grid(np.stack(tiles), columns=len(tiles), scale=_SHOWN // tiles[0].shape[-1], gap=6)
        for tiles in zip(*images.of_one_size(paths), strict=True)
    ]
    return images.there_and_back(moments, seconds=5)


@st.fragment
def show(
    names: Sequence[str],
    hues: Sequence[str],
    sources: Sequence[Source],
    ends: Sequence[End],
    *,
    method: str,
    playing: bool = False,
) -> None:
    """What several runs draw between the same ends (each by its `source`) side by side, all under one control; in their `hues`. With
    `playing`, it moves by itself.

    While the control moves, nothing is sent. Where it is let go on a path is written into the URL, as alpha.
    """
    flat = len(ends) == 2
    first, second, *_ = ends
    data = {
        "runs": _named(names, hues, sources),
        "way": method,
        "columns": FRAMES if flat else SIDE,
        "rows": 1 if flat else SIDE,
        "ends": [_packed(end) for end in ends] if flat and not playing else [],
        "greet": flat and not playing and "alpha" not in st.query_params,
        "labels": {
            "x": say("from {first} to {second}", first=first.label, second=second.label) if flat else say("across"),
            "y": say("down"),
        },
        "playing": playing,
    }
    _moved(data, key=f"morph-{len(ends)}", address="alpha", start=0.0)


@st.fragment
def along(
    names: Sequence[str],
    hues: Sequence[str],
    sources: Sequence[Source],
    photo: Pixels,
    *,
    called: str,
    direction: str,
    reach: float,
) -> None:
    """What several runs draw (each by its source, `towards`) under one control that begins in the middle, from `reach` steps less of
    something to as many more; beside the real `photo` `(3, side, side)`, which is `called` so. Where it is let go is written into
    the URL, as `step`.
    """
    data = {
        "runs": _named(names, hues, sources),
        "way": "linear",
        "columns": decoded.MOMENTS,
        "rows": 1,
        "ends": [told.planar(photo), ""],
        "captions": [called, ""],
        "letters": [say("less"), say("more")],
        "reach": reach,
        "greet": False,
        "labels": {"x": say("from less to more: {direction}", direction=direction), "y": say("down")},
        "playing": False,
    }
    _moved(data, key="morph-along", address="step", start=0.5)


def _named(names: Sequence[str], hues: Sequence[str], sources: Sequence[Source]) -> list[Source]:
    return [{"name": name, "hue": hue, **source} for name, hue, source in zip(names, hues, sources, strict=True)]


def _moved(data: dict[str, object], *, key: str, address: str, start: float) -> None:
    """Draws it, where it was left or else at the `start`; where it is let go stands in the URL at this `address`."""
    begin = st.session_state.setdefault(address, _linked(address, start))
    let_go = _component(
        data=data | widgets.spoken("morph") | {"start": begin}, key=key, on_alpha_change=lambda: None
    ).alpha
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
        say(
            "These models do not use equally many numbers ({sizes}): a random end has the same seed in each, but is another "
            "point, so the pictures at that end have nothing to do with each other.",
            sizes=components.plain(sizes),
        )
    )


def ten_steps(names: Sequence[str], drawn: Sequence[tuple[Pixels, Sequence[float]]], ends: Sequence[End]) -> None:
    """The study's ten pictures of each run in a row, and how even its steps are: what is `drawn` are its `stills`."""
    first, last = ends
    for name, (strip, sizes) in zip(names, drawn, strict=True):
        crisp.picture(
            strip,
            columns=len(strip),
            alt=say("{name}: ten pictures from {first} to {last}", name=name, first=first.label, last=last.label),
            caption=say(
                "{name}: each step changes a pixel by {least:.1f} to {most:.1f} of its 255 levels",
                name=components.plain(name),
                least=min(sizes),
                most=max(sizes),
            ),
        )
