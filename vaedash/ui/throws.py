"""Pictures that decoders in the browser make up, out of random numbers that dice and a temperature change while one looks."""

import math
from collections.abc import Mapping, Sequence

import streamlit as st

from vaedash.browser import widgets
from vaedash.comparing import results
from vaedash.images import Pixels
from vaedash.languages import say
from vaedash.runs import Run
from vaedash.showing import told
from vaedash.showing.told import Player
from vaedash.ui import pictures

SEEDS = 2**31  # that dice can show
_AHEAD = 8  # throws that a browser has in its hand
_HOTTEST = 2.0
_KEY = "throws"

_component = st.components.v2.component(
    "vaedash_throws",
    html='<div class="throws">\n</div>',
    css=widgets.style("throws"),
    js=f"""{widgets.script("throws")}
export default ({{ data, parentElement, setStateValue }}) => {{
  const root = parentElement.querySelector(".throws");
  return throws(root, heard(root, data), setStateValue);
}};
""",
)


def temperature() -> float:
    """The standard deviation of z that was settled last, or that the address says: 0 to 2."""
    try:
        asked = round(float(st.query_params.get("temperature", 1.0)), 1)
    except (ValueError, OverflowError):
        asked = math.nan
    return st.session_state.setdefault("temperature", asked if 0 <= asked <= _HOTTEST else 1.0)


def show(parts: Mapping[str, str], chosen: Sequence[Run], *, real: Pixels | None, count: int, seed: int) -> None:
    """What each run that has a decoder in the browser (`parts`: its name there, by run) makes up of throw `seed`, `count` pictures of
    the same z wherever they use equally many numbers; beside `real` pictures. Loads torch.

    What lies there is the seed of the widget `seed`, and stands in the URL with the temperature.
    """
    runs = [run for run in chosen if run.id in parts]
    sizes, columns = {run.config.latent_dim for run in runs}, math.isqrt(count)
    players = [(_player(run, parts[run.id], chosen), results.rest_of_name(run, chosen)) for run in runs]
    thrown = {size: _throws(size, count, seed) for size in sizes}
    data = told.throws(players, thrown, count=count, columns=columns) | {
        "real": None if real is None else told.real(real, columns=columns),
        "seed": seed,
        "temperature": temperature(),
    }
    _component(data=data | widgets.spoken("throws"), key=_KEY, on_lying_change=_settled)
    if len(sizes) > 1:
        st.caption(say("These models do not use equally many numbers, so the same place is not the same draw in each."))


def _settled() -> None:
    lying = st.session_state[_KEY].lying
    st.session_state.seed, st.session_state.temperature = int(lying["seed"]), float(lying["temperature"])
    st.query_params.temperature = f"{st.session_state.temperature:g}"


def _player(run: Run, part: str, among: Sequence[Run]) -> Player:
    return Player(run=run, called=pictures.short(run, among), decoder=part)


@st.cache_data(max_entries=64, show_spinner=False)
def _throws(size: int, count: int, seed: int) -> list[str]:
    """This throw and those after it, `(count, size)` each, as bytes of fp32 in base64: what `latent.prior` draws of each seed."""
    from vaedash.models import latent

    seeds = ((seed + later) % SEEDS for later in range(_AHEAD))
    return [told.packed(latent.prior(count, size, seed=each).numpy()) for each in seeds]
