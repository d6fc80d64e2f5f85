"""Runs side by side while they learn: curves that grow, pictures that sharpen, time left, and who won."""

import dataclasses
import math
import time
from collections.abc import Sequence

import streamlit as st

from vaedash import languages
from vaedash.comparing import alike, verdict
from vaedash.comparing.verdict import Verdict
from vaedash.languages import Speech, again, figure, say, to_say
from vaedash.runs import Run, Status, queue
from vaedash.runs.schema import Progress
from vaedash.showing import charts
from vaedash.training import forecast
from vaedash.ui import cache, components, launching, live, news, pictures, presenter, visitors

_CHART, _LANE = 13, 6  # parts of the width
# What the process of a run says that it does (`training.progress`), but for training itself.
PHASES = (
    to_say("measuring"),
    to_say("starting"),
    to_say("measuring {split} loss"),
    to_say("comparing what Inception sees"),
    to_say("measuring how pictures vary"),
    to_say("measuring what the numbers know"),
    to_say("measuring reconstructions"),
    to_say("measuring the bound, {draws} z for each image"),
    to_say("measuring patches"),
    to_say("measuring ways between images"),
    to_say("drawing shapes"),
    to_say("asking the Hub for {name}"),
    to_say("downloading {name}"),
    to_say("unpacking {name}"),
    to_say("listing {name}"),
    to_say("reading {name}"),
    to_say("decoding {name}"),
)
_LOOKS = 15  # a second, at runs in progress, by all who watch together


def race(ids: Sequence[str]) -> None:
    """Show these runs next to each other; while one is active, the view renews itself."""
    live.prepare()
    busy = any(cache.current(run_id).busy for run_id in ids)
    every = _seconds() if busy else None
    st.fragment(_view, run_every=every)(tuple(ids), every)


def renew(chosen: Sequence[Run]) -> None:
    """Have the whole page drawn anew whenever one of these runs has got further, as long as one is at work."""
    if any(run.busy for run in chosen):
        st.fragment(_look, run_every=_seconds())({run.id: _stage(run) for run in chosen})


def _look(then: dict[str, tuple[object, ...]]) -> None:
    if {run_id: _stage(cache.current(run_id)) for run_id in then} != then:
        st.rerun()


def _stage(run: Run) -> tuple[object, ...]:
    """What a page that shows whole epochs shows of it."""
    return run.status, run.measuring, len(run.epochs), len(run.quality), run.line


@st.cache_resource
def _watching() -> dict[str, float]:
    """When each visitor looked last."""
    return {}


def _seconds() -> float:
    """Between two looks of this visitor: the longer the more watch, or they would take the computer from what they watch."""
    seen, now = _watching(), time.monotonic()
    seen[visitors.me()] = now
    # Who has left out several looks in a row has left; a busy server is given time.
    gone = now - 5 - 4 * _pace(len(seen))
    for visitor in [visitor for visitor, last in seen.copy().items() if last < gone]:
        seen.pop(visitor, None)
    return _pace(len(seen))


def _pace(watching: int) -> float:
    return float(max(1, math.ceil(watching / _LOOKS)))


def _view(ids: tuple[str, ...], every: float | None) -> None:
    visitors.told()
    current = [cache.current(run_id) for run_id in ids]
    if every:  # others look at the same
        judged, curves = _kept_story(ids, tuple(run.signature() for run in current), languages.current())
    else:
        judged, curves = _story(current)
    components.verdict(judged, place="-".join(ids))
    news.training(current, judged)
    # A pair fits beside its curves, so that a projector shows all of it at once.
    if len(current) <= pictures.BESIDE_CURVES:
        chart, real, *lanes = st.columns([_CHART, *[_LANE] * (len(current) + 1)], gap="medium")
    else:
        chart, (real, *lanes) = st.container(), st.columns(len(current) + 1)
    with chart:
        live.figure(
            presenter.figure(curves),
            key=f"race-{'-'.join(ids)}",
            alt=say("Loss curves. {judged}", judged=judged),
            height=presenter.height(),
            said=judged.plain,
            arrival=launching.arrival(ids),
        )
    with real:
        pictures.real(current[0])
    for run, lane in zip(current, lanes, strict=True):
        with lane:
            _lane(run, current)
    if every and (not any(run.busy for run in current) or _seconds() != every):
        st.rerun()  # the whole page once more: the looking stops, or goes on at another pace


@st.cache_resource(max_entries=32, show_spinner=False)
def _kept_story(
    ids: tuple[str, ...],
    signatures: tuple[object, ...],  # noqa: ARG001 - tells then from now
    speech: Speech,  # noqa: ARG001 - and who else looks, who speaks otherwise
) -> tuple[Verdict, charts.Figure]:
    return _story([cache.current(run_id) for run_id in ids])


def _story(current: Sequence[Run]) -> tuple[Verdict, charts.Figure]:
    """Who leads, and the curves, of those runs that can be read."""
    readable = [run for run in current if run.settings]
    return _verdict(readable), charts.race(readable, known=_earlier(readable))


def _earlier(current: Sequence[Run]) -> list[Run]:
    """Runs whose losses may share an axis with theirs, of which some have been measured already."""
    return [run for run in cache.all_runs() if run.settings and current and alike.same_axis(run, current[0])]


def _verdict(current: Sequence[Run]) -> Verdict:
    """Who leads; while they still learn, after as many epochs as all have, or the faster one would lead by its haste."""
    active, begun = any(run.active for run in current), [run for run in current if run.epochs]
    if active and len(begun) > 1:
        together = min(len(run.epochs) for run in begun)
        even = [dataclasses.replace(run, epochs=run.epochs[:together]) for run in begun]
        judged = verdict.judged(even)
        return dataclasses.replace(judged, plain=say("So far: {plain}", plain=judged.plain))
    if active and not begun:
        who = {1: say("It starts"), 2: say("Both start")}.get(len(current), say("All start"))
        return Verdict.of(
            say(
                "{who} from random numbers: at first, what {drawn} is noise",
                who=who,
                drawn=say("it draws") if len(current) == 1 else say("they draw"),
            )
        )
    if active and len(current) == 1 and (loss := begun[0].epochs[-1]["test_loss"]) is not None:
        said = f"{figure(loss, '.1f')} {say(begun[0].config.unit)}"
        return Verdict.of(
            say("So far: a loss of {said} a new picture, after epoch {n}", said=said, n=len(begun[0].epochs))
        )
    if len(begun) > 1:
        return verdict.judged(current)
    return Verdict.of(say("Not enough to compare yet"))


def _lane(run: Run, among: Sequence[Run]) -> None:
    """One run: its state, how far it is, what it made up last, and what can be done with it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        components.status(run, called=f"**{pictures.named(run, among)}**")
        if run.active and visitors.may_change():
            st.button(
                say("Stop"),
                key=f"stop-{run.id}",
                icon=":material/stop:",
                type="tertiary",
                help=say("Ends after the current batch. The unfinished epoch is dropped; finished ones are kept."),
                on_click=_stop,
                args=(run,),
            )
    if run.active:
        _bar(run)
    elif run.status.resumable:
        if visitors.may_change():
            launching.go_on(run)
        if run.status == Status.FAILED:
            with st.expander(say("The end of its log")):
                st.code(run.log_tail(), language=None)
    pictures.newest(run)
    if run.measuring:  # below, so that the pictures stay beside each other
        st.caption(_phase(run.progress, "measuring"))


def _phase(progress: Progress | None, otherwise: str) -> str:
    """What its process does, as it says itself in English, for Markdown: a run that was passed on may say anything, or name any file."""
    phase = again(str((progress or {}).get("phase", otherwise)), PHASES)
    return f"{components.plain(phase[:1].upper() + phase[1:])} ..."


def _bar(run: Run) -> None:
    """How far it is, as a bar and in words."""
    progress: Progress = run.progress or {}
    if run.status == Status.QUEUED:
        st.progress(0.0, text=_waiting(run))
    elif "loss" not in progress:
        st.progress(0.0, text=_phase(progress, "starting"))
    else:
        st.progress(run.done, text=f"{_pace_in_words(progress)}{components.elsewhere(run)}")


def _waiting(run: Run) -> str:
    ticket = queue.ticket_of(run)
    if ticket and ticket.elsewhere:
        return say("Waiting for room on the cluster.")
    ahead = queue.ahead(ticket) if ticket else 0
    return say("Waiting for its turn: {ahead} before it.", ahead=ahead) if ahead else say("About to start ...")


def _pace_in_words(progress: Progress) -> str:
    epoch = say("epoch {epoch} of {epochs}", epoch=progress["epoch"], epochs=progress["epochs"])
    speed, left = progress.get("images_per_second"), progress.get("eta_seconds")
    if speed is None or left is None:  # JSON has no word for what is not finite
        return epoch
    crowded = forecast.crowded(progress)
    crowded = crowded and f"; {crowded}"
    return say(
        "{epoch}, {speed:,.0f} pictures a second, at most {left} left{crowded}",
        epoch=epoch,
        speed=speed,
        left=forecast.in_words(left),
        crowded=crowded,
    )


@visitors.change
def _stop(run: Run) -> None:
    run.ask_to_stop()
    visitors.tell(say("Stopping after the current batch."))
