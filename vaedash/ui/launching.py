"""Buttons that start training, once however often they are clicked."""

import time
from collections.abc import Sequence

import streamlit as st

from vaedash import config, places
from vaedash.comparing.missing import Missing
from vaedash.config import RunConfig
from vaedash.languages import say
from vaedash.runs import Run
from vaedash.training import launch
from vaedash.ui import choosing, components, embedded, visitors

QUICK_EPOCHS = 3  # of the Start page's button: enough to see shapes, within a minute or two
PHOTO_EPOCHS = 2  # of its button for photographs: a minute or two, and conv is below the PCA line
_DOUBLE_CLICK = 3.0  # seconds within which the same launch again is the same click


def button(
    label: str,
    settings: Sequence[RunConfig],
    *,
    key: str,
    disabled: bool = False,
    primary: bool = False,
    name: str | None = None,
    help: str | None = None,
    keep: Sequence[str] = (),
    on: str = places.LOCAL,
) -> None:
    """A button that launches a run for each of `settings`, as one group, and shows them, beside the runs whose ids are in `keep`.

    `on` says where (`places.checked_place`); it comes from the page's owner, never from who visits it. Within somebody else's page
    there is no such button.
    """
    if embedded.on():
        return
    st.button(
        label,
        key=key,
        type="primary" if primary else "secondary",
        icon=":material/rocket_launch:",
        disabled=disabled or places.read_only(),
        help=say(visitors.LOOK_ON) if places.read_only() else help,
        on_click=_launch,
        args=(tuple(settings), name, tuple(keep), on),
    )


def pair(preset: str, dataset: str, *, epochs: int) -> list[RunConfig]:
    """FC and conv, with one preset on the same pictures."""
    return [RunConfig.build(preset=preset, arch=arch, dataset=dataset, epochs=epochs) for arch in config.PAIR]


def missing(proposal: Missing, *, beside: Sequence[Run], key: str) -> None:
    """The button that does what a comparison among the runs `beside` it lacks, if there is anything."""
    if proposal.settings:
        button(proposal.label, proposal.settings, key=key, keep=[run.id for run in beside])
    elif proposal.resumed and visitors.may_change():
        go_on(proposal.resumed, proposal.label, key=key)


def go_on(run: Run, label: str = "", *, key: str | None = None) -> None:
    """A button that lets a run go on that was stopped, interrupted or failed."""
    st.button(
        components.plain(label or say("Resume")),
        key=key or f"resume-{run.id}",
        icon=":material/play_arrow:",
        on_click=resume,
        args=(run,),
    )


def mine() -> list[str]:
    """The ids of the runs that this visitor has started last; empty where there are none."""
    return st.session_state.get("launched_ids", [])


def arrival(ids: Sequence[str]) -> str:
    """What tells a visitor's launch of these runs from all others, for a figure that is to come into view; empty if there was none."""
    return "-".join(mine()) if set(ids) <= set(mine()) else ""


@visitors.change
def _launch(settings: tuple[RunConfig, ...], name: str | None, keep: tuple[str, ...], on: str) -> None:
    last, when = st.session_state.get("launched", (None, 0.0))
    if last == settings and time.monotonic() - when < _DOUBLE_CLICK:
        return
    st.session_state.launched = (settings, time.monotonic())
    started = launch.new_runs(places.runs_dir(), settings, name=name or None)
    launch.start(started, data_dir=places.data_dir(), on=on)
    st.session_state.launched_ids = [run.id for run in started]
    choosing.choose([*keep, *(run.id for run in started)])


@visitors.change
def resume(run: Run) -> None:
    """Let a run go on that was stopped, interrupted or failed; a callback."""
    launch.resume(run.reread(), data_dir=places.data_dir())
