"""A picture that somebody draws, and what models make of it: all of it in the visitor's browser."""

import base64
from collections.abc import Sequence

import streamlit as st

from vaedash import config, images
from vaedash.browser import widgets
from vaedash.images import Pixels
from vaedash.runs import Run
from vaedash.showing import charts
from vaedash.ui import cache, decoded, pictures, studio

COLOURS = 12
SHUFFLED = "shuffled"  # whether pixels are, in the address

_component = st.components.v2.component(
    "vaedash_drawing",
    html='<div class="drawing">\n</div>',
    css=widgets.style("drawing"),
    js=f"""{widgets.script("drawing")}
export default ({{ data, parentElement, setStateValue }}) =>
  drawing(parentElement.querySelector(".drawing"), data, setStateValue);
""",
)


def show(chosen: Sequence[Run]) -> None:
    """A canvas, and what each run redraws of it stroke by stroke. Loads torch, to bring their weights to the browser."""
    sets: list[Pixels] = []
    models = [_model(run, chosen, sets) for run in chosen]
    sides = sorted({run.config.image_size for run in chosen})
    if len(sides) > 1:
        st.caption(
            f"These models see pictures of {' and '.join(map(str, sides))} pixels a side. How wrong one is adds up over all of its "
            "pixels, so it says nothing about a model of another size."
        )
    _drawn(
        {
            "models": models,
            "sets": [_packed(tiles) for tiles in sets],
            "side": sides[-1],
            "orders": {str(side): images.shuffle_order(side).tolist() for side in sides},
            "palette": images.palette(sets[0] if sets else cache.some_shapes(), COLOURS),
        }
    )


@st.fragment
def _drawn(data: dict[str, object]) -> None:
    linked = st.query_params.get(SHUFFLED) == "true"
    settled = _component(data=data | {"shuffled": linked}, key="drawing", on_shuffled_change=lambda: None).shuffled
    if settled:
        st.query_params[SHUFFLED] = "true"
    elif settled is False:
        st.query_params.pop(SHUFFLED, None)


def _model(run: Run, among: Sequence[Run], sets: list[Pixels]) -> dict[str, object]:
    """A run as the browser knows it. Its new pictures join the `sets`, where these do not have them yet."""
    tiles = pictures.originals_of(run, config.PHOTO_COUNT)
    return {
        "name": pictures.short(run, among),
        "hue": charts.hue(run),
        "encoder": studio.brought(run, "encoder"),
        "decoder": studio.brought(run, "decoder"),
        "side": run.config.image_size,
        "latents": run.config.latent_dim,
        "used": decoded.used(run),
        "shuffled": run.config.pixel_order == "shuffled",
        "set": -1 if tiles is None else _place(tiles, sets),
    }


def _place(tiles: Pixels, sets: list[Pixels]) -> int:
    """Where a set of pictures is among the others, at their end if it is new."""
    for place, known in enumerate(sets):
        if known.shape == tiles.shape and (known == tiles).all():
            return place
    sets.append(tiles)
    return len(sets) - 1


def _packed(tiles: Pixels) -> dict[str, object]:
    """Pictures as the browser has them, interleaved."""
    bytes_ = tiles.transpose(0, 2, 3, 1).tobytes()
    return {"side": tiles.shape[-1], "pixels": base64.b64encode(bytes_).decode()}
