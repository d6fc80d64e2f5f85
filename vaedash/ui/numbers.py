"""The numbers that a run uses, a bar each, which the browser draws from as they are pulled."""

import streamlit as st

from vaedash.browser import widgets
from vaedash.runs import Run
from vaedash.showing import charts
from vaedash.ui import decoded, studio

_FIRST = 12  # that say most; the others come when somebody asks

_component = st.components.v2.component(
    "vaedash_numbers",
    html='<div class="numbers">\n</div>',
    css=widgets.style("numbers"),
    js=f"""{widgets.script("numbers")}
export default ({{ data, parentElement }}) => numbers(parentElement.querySelector(".numbers"), data);
""",
)


def show(run: Run, *, called: str, around: int | None) -> None:
    """A bar for each latent in use of a run, the one that says most first, all others staying as in held-out picture `around`, or 0;
    nothing where a browser is not taught its layers. Outside any fragment. Loads torch.
    """
    part = studio.brought(run, "decoder")
    used = decoded.ranked(run)[: decoded.in_use(run)]
    if not part or not used:
        return
    data = {
        "name": called,
        "hue": charts.hue(run),
        "part": part,
        "side": run.config.image_size,
        "used": used,
        "z": decoded.begun(run, around).tolist(),
        "start": "the average" if around is None else f"picture {around}, redrawn",
        "first": _FIRST,
    }
    _component(data=data, key=f"numbers-{run.id}")
