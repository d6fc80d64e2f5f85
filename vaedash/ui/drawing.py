"""A picture that somebody draws, and what models make of it: all of it in the visitor's browser."""

from collections.abc import Sequence

import streamlit as st

from vaedash import config
from vaedash.browser import widgets
from vaedash.languages import say
from vaedash.runs import Run
from vaedash.showing import told
from vaedash.showing.told import Player
from vaedash.ui import cache, decoded, pictures, studio

SHUFFLED = "shuffled"  # whether pixels are, in the address

_component = st.components.v2.component(
    "vaedash_drawing",
    html='<div class="drawing">\n</div>',
    css=widgets.style("drawing"),
    js=f"""{widgets.script("drawing")}
export default ({{ data, parentElement, setStateValue }}) => {{
  const root = parentElement.querySelector(".drawing");
  return drawing(root, heard(root, data), setStateValue);
}};
""",
)


def show(chosen: Sequence[Run]) -> None:
    """A canvas, and what each run redraws of it stroke by stroke. Loads torch, to bring their weights to the browser."""
    players = [_player(run, chosen) for run in chosen]
    kept = {run.id: tiles for run in chosen if (tiles := pictures.originals_of(run, config.PHOTO_COUNT)) is not None}
    sides = sorted({run.config.image_size for run in chosen})
    if len(sides) > 1:
        st.caption(
            say(
                "These models see pictures of {sizes} pixels a side. How wrong one is adds up over all of its pixels, so it says "
                "nothing about a model of another size.",
                sizes=say(" and ").join(map(str, sides)),
            )
        )
    _drawn(told.drawing(players, kept, some=cache.some_shapes()))


@st.fragment
def _drawn(data: told.Data) -> None:
    linked = st.query_params.get(SHUFFLED) == "true"
    settled = _component(
        data={**data, **widgets.spoken("drawing"), "shuffled": linked}, key="drawing", on_shuffled_change=lambda: None
    ).shuffled
    if settled:
        st.query_params[SHUFFLED] = "true"
    elif settled is False:
        st.query_params.pop(SHUFFLED, None)


def _player(run: Run, among: Sequence[Run]) -> Player:
    encoder, decoder = (studio.brought(run, part) for part in studio.PARTS)
    called = pictures.short(run, among)
    return Player(run=run, called=called, encoder=encoder, decoder=decoder, used=decoded.used(run))
