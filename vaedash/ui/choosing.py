"""The head of a page: its title and, one click beside it, the runs that it is about."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vaedash import config, places, text
from vaedash.languages import counted, say
from vaedash.runs import Run, names
from vaedash.ui import address, cache, components

OFFERED = 300  # runs that a choice offers at once: all of them are sent to the browser each time a page runs
_EXPLAINED = 6  # runs of which it is said why they are not shown
_PICKED = "runs-picked"
_NAMED = 2  # runs whose names fit into the button


def head(title: str, *, help: str | None = None) -> DeltaGenerator:
    """The first line of a page, which has room for what belongs to all of it."""
    line = st.container(horizontal=True, vertical_alignment="center", key="page-head")
    line.title(title, help=help, width="content", anchor=False)
    return line


def chosen(line: DeltaGenerator, runs: Sequence[Run], *, begun: bool = False, weights: bool = False) -> list[Run]:
    """The runs that a person picked in the head of a page, by default the showcase.

    Their ids live in the URL and travel between pages. With `begun`, those before their first epoch are not offered where
    there are others. What cannot be shown here stays chosen, and in the address, but is named and left out, with the reason:
    so are runs that are not here, and with `weights` those that cannot draw. Where there are many, those picked are offered,
    and the newest of those looked for. Stops the page, saying what to do, where none is left.
    """
    components.damaged(runs)
    every = [run for run in runs if run.settings]
    every = [run for run in every if run.epochs or not begun] or every
    offered = {run.id: run for run in every}
    if not offered or (weights and not any(run.weights.has(names.BEST) for run in offered.values())):
        components.nothing_yet(weights=weights)
    linked = _linked()
    if linked is None:
        linked = [run.id for run in components.showcase(every)]
    missing = [run_id for run_id in linked if run_id not in offered]
    ids = [run_id for run_id in linked if run_id in offered]
    called = components.labels(every)
    with line.popover(_summary([called[run_id] for run_id in ids]), icon=":material/tune:", key="runs-chosen"):
        shown = {run.id for run in look_for(every, most=OFFERED, key="look-for-runs")} | {*ids}
        options = [run.id for run in _trials_last(every) if run.id in shown]
        st.session_state[_PICKED] = ids  # the address has the say: so the browser's Back undoes a choice
        st.multiselect(
            say("Runs"),
            options,
            # What is typed here looks for tags, too.
            format_func=components.words(
                {run_id: components.name_with_tags(offered[run_id], called[run_id]) for run_id in called}
            ),
            placeholder=say("Choose a run or two"),
            key=_PICKED,
            on_change=lambda: choose(st.session_state[_PICKED]),
        )
        _shortcuts(every, chosen=ids)
    st.session_state.chosen = linked
    address.complete({"runs": ",".join(linked)})
    if missing:
        more = [say("And {n} more.", n=len(missing) - _EXPLAINED)] if len(missing) > _EXPLAINED else []
        reasons = [_why_not(run_id, runs) for run_id in missing[:_EXPLAINED]]
        st.info(" ".join([*reasons, *more]), icon=":material/search_off:")
    if not ids:
        st.markdown(say("Choose a run or two above."))
        st.stop()
    components.odd([offered[run_id] for run_id in ids])
    return _drawing([offered[run_id] for run_id in ids]) if weights else [offered[run_id] for run_id in ids]


def choose(ids: Sequence[str]) -> None:
    """Have all pages be about these runs, from a callback: a step that the browser's Back undoes."""
    st.session_state.chosen = list(ids)
    st.query_params["runs"] = ",".join(ids)


def _linked() -> list[str] | None:
    """The ids that the address names, or else those chosen on another page; None where nobody has chosen yet. What can be no
    id is nobody's choice.
    """
    if "runs" not in st.query_params:
        chosen: list[str] | None = st.session_state.get("chosen")
        return chosen
    return [run_id for run_id in dict.fromkeys(st.query_params["runs"].split(",")) if config.RUN_ID.fullmatch(run_id)]


def _why_not(run_id: str, listed: Sequence[Run]) -> str:
    """Why a chosen run is not shown, for Markdown."""
    run = next((run for run in listed if run.id == run_id), None)
    if run is None and (places.runs_dir() / run_id).is_dir():
        run = cache.current(run_id)
    if run is None:
        return say("There is no run {run_id} here (any more).", run_id=run_id)
    if run.damage:
        return say("Run {run_id} is damaged.", run_id=run_id)
    if run.archived:
        return say(
            "{name} ({run_id}) is archived: Train shows archived runs, and can restore them.",
            name=components.plain(run.name),
            run_id=run_id,
        )
    return say("{name} has not finished an epoch yet.", name=components.plain(run.name))


def _summary(called: Sequence[str]) -> str:
    """What the button says: the names, as far as they fit."""
    more = say(" and {n} more", n=len(called) - _NAMED) if len(called) > _NAMED else ""
    return components.plain(", ".join(called[:_NAMED])) + more if called else say("Choose runs")


def _shortcuts(every: Sequence[Run], *, chosen: Sequence[str]) -> None:
    """The pairs that are looked for most, a click each."""
    pairs = {say("Your latest"): components.latest(every), say("The example"): components.showcase(every)}
    by_ids = {tuple(run.id for run in pair): label for label, pair in reversed(pairs.items()) if pair}
    with st.container(horizontal=True):
        for ids, label in by_ids.items():
            if ids != tuple(chosen):
                st.button(label, key=f"choose-{label}", on_click=choose, args=(ids,))


def _drawing(chosen: Sequence[Run]) -> list[Run]:
    """Those of the chosen runs that have weights to draw with; the others are named."""
    able = [run for run in chosen if run.weights.has(names.BEST)]
    if lacking := [components.plain(run.name) for run in chosen if run not in able]:
        st.info(
            counted(
                "{names} has no weights here, only records and pictures, and cannot draw anything new.",
                "{names} have no weights here, only records and pictures, and cannot draw anything new.",
                n=len(lacking),
                names=", ".join(lacking),
            )
        )
    if not able:
        st.stop()
    return able


def look_for(runs: Sequence[Run], *, most: int, key: str) -> list[Run]:
    """All of these runs (newest first, and behind them the trials of tunings, of which there are many), or where there are more than
    `most` the first of those that a person looks for.
    """
    runs = _trials_last(runs)
    if len(runs) <= most:
        return runs
    sought = st.text_input(
        say("Look for"), key=key, placeholder=say("words of a name, a tag, settings or a state; an id"), max_chars=200
    )
    meant = [
        run
        for run in runs
        if all(word in _known_as(run) for word in text.name(sought, most=len(sought)).casefold().split())
    ]
    if len(meant) > most:
        st.caption(say("Here are the newest {most:,} of {n:,} runs.", most=most, n=len(meant)))
    elif not meant:
        st.caption(say("No run is known by all of these words."))
    return meant[:most]


def _trials_last(runs: Sequence[Run]) -> list[Run]:
    return sorted(runs, key=lambda run: run.trial is not None and not run.active)


def _known_as(run: Run) -> str:
    known = [run.id, components.name_with_tags(run), run.status, say(run.status)]
    if settings := run.settings:
        known += [
            settings.arch,
            settings.preset or config.OWN_VALUES,
            settings.dataset,
            settings.pixel_order,
            say("seed {seed}", seed=settings.seed),
        ]
    return " ".join(known).casefold()
