"""What is known of test pictures, as choices on a page: what colours a map, and which pictures are offered."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from vaedash.datasets.labels import Label
from vaedash.errors import DatasetError
from vaedash.languages import figure, say, to_say
from vaedash.runs import Run
from vaedash.showing import charts
from vaedash.ui import cache, components

ALL = to_say("all")  # pictures, whatever is known of them
_OWN = to_say("the run's own colour")
_ABOUT_ONLY = to_say(
    "Offers those test pictures alone of which this is known. Of what goes from less to more, a third."
)


def labels(runs: Sequence[Run]) -> list[Label]:
    """What is known of the held-out pictures of any of these runs, each once; nothing of those whose pictures are gone."""
    found: dict[str, Label] = {}
    for run in runs:
        try:
            for label in cache.test_labels(run):
                found.setdefault(label.name, label)
        except DatasetError:
            continue
    return [*found.values()]


def colour(known: Sequence[Label]) -> str:
    """The name of the label that colours a map, as chosen and as the address says; empty where the runs' own colours do."""
    if not known:
        return ""
    options = [*(label.name for label in known), _OWN]
    _forget("coloured", options)
    chosen = st.selectbox(
        say("Coloured by"), options, key="coloured", bind="query-params", format_func=_spoken, width=220
    )
    return "" if chosen == _OWN else chosen


def legend(label: Label) -> None:
    """What the colours of a map say, in letters as large as a page's."""
    if label.words:
        marks = (
            f':color[{shade.letter}]{{foreground="{shade.hue}"}} {components.plain(say(shade.words))}'
            for shade in charts.shades(label)
        )
        st.markdown("&emsp;".join(marks), width="content")
        return
    # Around a wheel there is no least and no most.
    bounds = (
        ("", "") if label.wheel else (f" {figure(bound, '.3g')}" for bound in (label.values.min(), label.values.max()))
    )
    least, most = bounds
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        st.markdown(f"{components.plain(say(label.name))}{least}", width="content")
        st.html(_bar(charts.scale(label)), width=220)
        if most:
            st.markdown(most.strip(), width="content")


def _bar(colours: Iterable[str]) -> str:
    return f'<div style="height: 1rem; border-radius: 0.25rem; background: linear-gradient(to right, {", ".join(colours)})"></div>'


def only(known: Sequence[Label], *, key: str, at: DeltaGenerator | None = None) -> str:
    """Which pictures are offered, as chosen and as the address says, in words: `shape = ring`; ALL where nobody has chosen, or
    nothing is known of them.
    """
    options = [ALL, *_groups(known)]
    if len(options) == 1:
        return ALL
    _forget(key, options)
    place = at or st
    return place.selectbox(
        say("Only"), options, key=key, bind="query-params", format_func=_spoken, help=say(_ABOUT_ONLY)
    )


def _spoken(option: str) -> str:
    """What an option is called, word by word: those that vaedash draws pictures by are known in each language."""
    return " = ".join([say(word) for word in option.split(" = ")])


def meant(known: Sequence[Label], which: str, count: int) -> NDArray[np.int_]:
    """The numbers of those of `count` pictures that an answer of `only` means; all of them where it says nothing of these."""
    mask = _groups(known).get(which)
    return np.arange(count) if mask is None or len(mask) != count else np.flatnonzero(mask)


def next_of(numbers: NDArray[np.int_], asked: int) -> int:
    """The place among ascending `numbers` of the one asked for, or of the next that is there, round again at the end."""
    return int(np.searchsorted(numbers, asked)) % len(numbers)


def _groups(known: Sequence[Label]) -> Mapping[str, NDArray[np.bool_]]:
    return {f"{label.name} = {word}": mask for label in known for word, mask in label.groups().items() if mask.any()}


def _forget(key: str, options: Sequence[str]) -> None:
    """Takes back a choice that the pictures of the runs chosen now do not have."""
    if key in st.session_state and st.session_state[key] not in options:
        del st.session_state[key]
