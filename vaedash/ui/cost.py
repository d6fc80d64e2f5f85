"""What launching runs would cost on this machine: measured beside the page, before anything is launched and while nothing trains."""

import functools
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace

import streamlit as st

from vaedash import config, datasets, languages, places
from vaedash.config import Frame, RunConfig
from vaedash.errors import VaedashError
from vaedash.languages import Speech, say, to_say
from vaedash.training import forecast
from vaedash.training.forecast import Speed
from vaedash.ui import components

HELP = to_say("A few training steps were measured, in a process of their own, while nothing else trained here.")
_AT_ONCE = 0.2  # seconds that a page waits, so that what is known is there when it is drawn
_LOOKS = 1.0  # seconds between two looks at what is being measured
_ONE_VISITOR = threading.Lock()  # at a time looks what is known, and begins what is not
_FRESH = 600.0  # seconds after which it is measured anew: something else may have been at work on the machine


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a cost is made of: the speed with each of some settings, and how many training images one's own pictures have; `when`
    that was measured, by a clock that is never set.
    """

    speeds: dict[RunConfig, Speed]
    own_images: int
    when: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a launch would cost: `seconds` until its last run has ended, bytes on `disk`, and `speeds` in words."""

    seconds: float
    disk: int
    speeds: str


def show(chosen: Sequence[RunConfig], *, busy: bool) -> None:
    """What launching these runs would cost, once that is known. Where something trains or is measured here, this machine is
    `busy`: then nothing is taken from that, and only what is known already is shown.
    """
    known = _asked(_key(chosen), busy=busy)
    if known is None:
        st.caption(say("How long it would take here is measured once nothing trains here any more."))
        return
    wait([known], timeout=_AT_ONCE)
    every = None if known.done() else _LOOKS
    st.fragment(_view, run_every=every)(tuple(chosen), known, every)


def of(chosen: Sequence[RunConfig], measured: Measured) -> Cost:
    """What launching these runs would cost, by what was measured."""
    known = config.BUILT_IN.get(chosen[0].dataset)
    images = known.training_images if known else measured.own_images
    forecasts = [
        forecast.forecast(
            settings,
            measured.speeds[settings.only(config.SPEED_SETTINGS)],
            n_train=max(1, round(images * settings.fraction)),
        )
        for settings in chosen
    ]
    words = [
        say(
            "{name} {images_per_second:,.0f} images a second",
            name=config.spoken(settings.arch),
            images_per_second=cost.images_per_second,
        )
        for settings, cost in zip(chosen, forecasts, strict=True)
    ]
    return Cost(
        seconds=forecast.wall_seconds(forecasts),
        disk=sum(cost.disk for cost in forecasts),
        speeds=", ".join(dict.fromkeys(words)),
    )


def _view(chosen: tuple[RunConfig, ...], figures: "Future[Measured]", every: float | None) -> None:
    if not figures.done():
        st.caption(say("How long it would take here is being measured ..."))
        return
    if every:
        st.rerun()  # the whole page once more, and no looking any more
    try:
        cost = of(chosen, figures.result())
    except VaedashError as error:
        _figures().pop(_key(chosen), None)  # the next time somebody asks, it may be measured
        st.caption(components.escaped(str(error)))
        return
    st.metric(say("At most, on this machine"), forecast.in_words(cost.seconds), help=say(HELP))
    st.caption(
        say(
            "{speeds}. {disk:,.0f} MB on disk. Early stopping may end it sooner.",
            speeds=cost.speeds,
            disk=cost.disk / 1e6,
        )
    )
    if datasets.lacking(chosen[0].dataset, data_dir=places.data_dir()):
        st.caption(say("The download comes on top of that."))


# One's own pictures: their place, what they are brought to, and in which language is told why they cannot be read.
_Own = tuple[str, Frame, Speech] | None
_Key = tuple[tuple[RunConfig, ...], int, _Own]  # settings, how many runs at once


@st.cache_resource(show_spinner=False)
def _figures() -> "dict[_Key, Future[Measured]]":
    """What was measured since this server began, or is being measured now."""
    return {}


def _asked(key: _Key, *, busy: bool) -> "Future[Measured] | None":
    """What is known of these settings, or about to be; None where nothing is, and the machine is `busy`. What is old is good until it
    has been measured anew.
    """
    figures = _figures()
    with _ONE_VISITOR:
        known = figures.get(key)
        if known is None and not busy:
            known = figures[key] = _begun(*key)
        elif known is not None and not busy and _stale(known):
            figures[key] = Future()
            figures[key].set_result(replace(known.result(), when=time.monotonic()))
            _begun(*key).add_done_callback(functools.partial(_renewed, figures, key))
        return known


def _renewed(figures: "dict[_Key, Future[Measured]]", key: _Key, fresh: "Future[Measured]") -> None:
    if not fresh.exception():
        figures[key] = fresh


def _stale(known: "Future[Measured]") -> bool:
    return known.done() and not known.exception() and time.monotonic() - known.result().when > _FRESH


def _key(chosen: Sequence[RunConfig]) -> _Key:
    # Only what changes the speed is asked, so that most changes of the form need no new measurement.
    asked = dict.fromkeys(settings.only(config.SPEED_SETTINGS) for settings in chosen)
    dataset, frame = chosen[0].dataset, chosen[0].frame
    own = None if dataset in config.BUILT_IN else (dataset, frame, languages.current())
    return tuple(asked), min(config.SLOTS, len(chosen)), own


def _begun(asked: tuple[RunConfig, ...], sharing: int, own: _Own) -> "Future[Measured]":
    """The measurement, which goes on in a thread of its own: a page that waited for it would show nothing new meanwhile."""
    figures: Future[Measured] = Future()

    def measure() -> None:
        try:
            own_images = _count(*own) if own else 0
            speeds = forecast.measure(asked, sharing=sharing, data_dir=places.data_dir())
            figures.set_result(Measured(speeds=dict(zip(asked, speeds, strict=True)), own_images=own_images))
        except Exception as error:  # whatever it is, it is raised where the figures are asked for
            figures.set_exception(error)

    threading.Thread(target=measure, daemon=True, name="forecast").start()
    return figures


def _count(dataset: str, frame: Frame, speech: Speech) -> int:
    with languages.spoken(speech):  # a thread has no visitor of its own
        return len(datasets.load(dataset, data_dir=places.data_dir(), frame=frame).train)
