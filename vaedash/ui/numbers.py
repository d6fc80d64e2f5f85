"""The numbers that a run uses, a bar each, which the browser draws from as they are pulled."""

import streamlit as st

from vaedash.browser import widgets
from vaedash.languages import say
from vaedash.runs import Run
from vaedash.showing import told
from vaedash.showing.told import Player
from vaedash.ui import decoded, studio

_component = st.components.v2.component(
    "vaedash_numbers",
    html='<div class="numbers">\n</div>',
    css=widgets.style("numbers"),
    js=f"""{widgets.script("numbers")}
export default ({{ data, parentElement }}) => {{
  const root = parentElement.querySelector(".numbers");
  return numbers(root, heard(root, data));
}};
""",
)


def show(run: Run, *, called: str, around: int | None) -> None:
    """A bar for each latent in use of a run, the one that says most first, all others staying as in held-out picture `around`, or 0;
    nothing where a browser is not taught its layers. Outside any fragment. Loads torch.
    """
    player = Player(run=run, called=called, decoder=studio.brought(run, "decoder"), used=decoded.used(run))
    if not player.decoder or not player.used:
        return
    start = say("the average") if around is None else say("picture {around}, redrawn", around=around)
    _component(
        data={**told.numbers(player, decoded.begun(run, around), start=start), **widgets.spoken("numbers")},
        key=f"numbers-{run.id}",
    )
