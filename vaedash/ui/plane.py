"""The map of a run's latent space, on which the browser draws what any place stands for."""

import base64
from collections.abc import Callable

import streamlit as st

from vaedash.browser import widgets
from vaedash.images import Pixels
from vaedash.runs import Run
from vaedash.showing import charts
from vaedash.ui import decoded, studio

_component = st.components.v2.component(
    "vaedash_plane",
    html='<div class="plane">\n</div>',
    css=widgets.style("plane"),
    js=f"""{widgets.script("plane")}
export default ({{ data, parentElement, setTriggerValue }}) => plane(parentElement.querySelector(".plane"), data, setTriggerValue);
""",
)


def show(
    run: Run, *, called: str, number: int, photos: Pixels, colour: str, alt: str, on_pick: Callable[[int], None]
) -> None:
    """Where a run's held-out pictures lie, of all `photos` `(N, 3, side, side)` those on the map, coloured by the label of this name; what
    the run makes of picture `number` and of its place alone; and of every place to which it is pulled. `on_pick` is told which picture
    is clicked. Outside any fragment. Loads torch.
    """
    key = f"map-{run.id}"
    plane, mapped = decoded.plane(run), decoded.mapped(run, colour)
    redrawn, losses = decoded.remembered(run, photos, (number,))
    data = {
        "name": called,
        "hue": charts.hue(run),
        "alt": alt,
        "part": studio.brought(run, "decoder"),
        "side": run.config.image_size,
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
        "coloured": bool(colour),
        "pictured": mapped.pictured.tolist(),
        "tiles": _packed(decoded.tiles(run)),
        "number": number,
        "place": mapped.at(decoded.place(run, number)),
        "photo": _packed(photos[number]),
        "redrawn": _packed(redrawn[0]),
        "flattened": _packed(decoded.flattened(run, number)[0]),
        "loss": f"{losses[0]:.1f}",
    }

    def picked() -> None:
        if (told := st.session_state[key].picked) is not None:
            on_pick(int(told))

    _component(data=data, key=key, on_picked_change=picked)


def _packed(pixels: Pixels) -> str:
    return base64.b64encode(pixels.tobytes()).decode()
