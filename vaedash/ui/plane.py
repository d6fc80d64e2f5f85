"""The map of a run's latent space, on which the browser draws what any place stands for."""

from collections.abc import Callable

import streamlit as st

from vaedash.browser import widgets
from vaedash.images import Pixels
from vaedash.languages import figure
from vaedash.runs import Run
from vaedash.showing import told
from vaedash.showing.told import Player
from vaedash.ui import decoded, studio

_component = st.components.v2.component(
    "vaedash_plane",
    html='<div class="plane">\n</div>',
    css=widgets.style("plane"),
    js=f"""{widgets.script("plane")}
export default ({{ data, parentElement, setTriggerValue }}) => {{
  const root = parentElement.querySelector(".plane");
  return plane(root, heard(root, data), setTriggerValue);
}};
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
    player = Player(run=run, called=called, decoder=studio.brought(run, "decoder"))
    data = told.plane(player, plane, mapped, number=number, alt=alt) | {
        "coloured": bool(colour),
        "tiles": told.planar(decoded.tiles(run)),
        "place": mapped.at(decoded.place(run, number)),
        "photo": told.planar(photos[number]),
        "redrawn": told.planar(redrawn[0]),
        "flattened": told.planar(decoded.flattened(run, number)[0]),
        "loss": figure(losses[0], ".1f"),
    }

    def picked() -> None:
        if (told := st.session_state[key].picked) is not None:
            on_pick(int(told))

    _component(data=data | widgets.spoken("plane"), key=key, on_picked_change=picked)
