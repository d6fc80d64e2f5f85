"""Why architecture matters: the same four trainings with the pixels as they are and shuffled, told on the Start page."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from vaedash import config, images
from vaedash.comparing import shuffle
from vaedash.comparing.shuffle import Variant
from vaedash.config import RunConfig
from vaedash.languages import figure, say, to_say
from vaedash.runs import Run, Status
from vaedash.ui import cache, components, crisp, launching

_LUCK = to_say("The numbers are test losses in nats per picture, one training each: a few nats may be luck.")
_LOOK = 2.0  # seconds between two looks at runs in progress


def section(runs: Sequence[Run], *, resting: bool) -> None:
    """The question, what the models are shown, the button, and for who asks what came of it."""
    st.header(say("And if the pixels are shuffled?"), anchor=False)
    words, seen = st.columns([3, 2], gap="large")
    words.markdown(
        say(
            "Shuffle the pixels of every picture, always in the same way, and let both learn again. No pixel is lost, but "
            "neighbours are no neighbours any more. Who suffers more, and why?"
        )
    )
    with words:
        components.link("why", say("Which part of conv is it?"))
    with seen:
        _shapes()
    tested = shuffle.four_runs(runs)
    if not tested:
        with words:
            launching.button(say("Train all four (some minutes)"), settings(), key="shuffle-test", disabled=resting)
        return
    active = any(run.active for run in tested.values())
    with st.expander(say("See what came of it"), expanded=active, icon=":material/visibility:"):
        st.fragment(_view, run_every=_LOOK if active else None)(
            {variant: run.id for variant, run in tested.items()}, active
        )


def _shapes() -> None:
    """Pictures as they are, and as a model sees them shuffled."""
    some = cache.some_shapes()[:6]
    crisp.picture(
        images.in_turn([some, images.shuffled(some)], columns=6),
        columns=6,
        alt=say("six pictures of shapes, and below each the same pixels in another order: coloured noise"),
        caption=say("above as they are, below as a model sees them shuffled; what it draws is shown put back in order"),
    )


def settings() -> list[RunConfig]:
    """The four runs, as short as the Start page's."""
    return [
        RunConfig.build(preset="p1", arch=arch, pixel_order=order, epochs=launching.QUICK_EPOCHS)
        for order in config.PIXEL_ORDERS
        for arch in config.PAIR
    ]


def _view(ids: Mapping[Variant, str], active: bool) -> None:
    tested = {variant: cache.current(run_id) for variant, run_id in ids.items()}
    if outcome := shuffle.plainly(tested):
        st.markdown(f"**{outcome}**", help=shuffle.sentence(tested))
        st.markdown(
            say(
                "FC never knew which pixels are neighbours, so to it this is the same task. Conv's small windows now hold pixels "
                "that have nothing to do with each other: what it knows beforehand is neighbourhood, and nothing else."
            )
        )
    _cells(tested)
    if any(run.test_loss is not None for run in tested.values()):
        st.caption(say(_LUCK))
    if active and not any(run.active for run in tested.values()):
        st.rerun()


def how_far(tested: Mapping[Variant, Run], *, ended: Callable[[], None]) -> None:
    """How far each of the four is, looked at every two seconds; once all have ended, `ended` is called and the page drawn anew."""
    st.fragment(_bars, run_every=_LOOK)({variant: run.id for variant, run in tested.items()}, ended)


def _bars(ids: Mapping[Variant, str], ended: Callable[[], None]) -> None:
    tested = {variant: cache.current(run_id) for variant, run_id in ids.items()}
    if not any(run.active for run in tested.values()):
        ended()
        st.rerun()
    with st.grid(len(config.PAIR), min_column_width=150, gap="medium"):
        for order in config.PIXEL_ORDERS:
            for arch in config.PAIR:
                run = tested[arch, order]
                state = say("waits") if run.status == Status.QUEUED else figure(run.done, ".0%")
                st.progress(run.done, text=f"{_called((arch, order))}: {state}")


def lacking(tested: Mapping[Variant, Run]) -> str:
    """Why there is no answer, for Markdown: nobody has tried, or not all of the four have come through."""
    if not tested:
        return say("Nobody has tried that on this computer yet.")
    lost = [f"{_called(variant)}: {say(run.status)}" for variant, run in tested.items() if run.test_loss is None]
    return say("Not all of the four have come through ({lost}).", lost="; ".join(lost))


def _called(variant: Variant) -> str:
    arch, order = variant
    return say("{name}, {pixels}", name=config.spoken(arch), pixels=say(shuffle.PIXELS[order]))


def _cells(tested: Mapping[Variant, Run]) -> None:
    """Loss and pictures of each architecture, with the pixels as they are and shuffled."""
    with st.grid(len(tested), min_column_width=150, gap="medium"):
        for arch in config.PAIR:
            for order in config.PIXEL_ORDERS:
                with st.container():
                    _cell(tested[arch, order], _called((arch, order)))


def _cell(run: Run, called: str) -> None:
    loss = run.epochs[-1]["test_loss"] if run.active and run.epochs else run.test_loss
    st.metric(called, figure(loss, ".1f") if loss is not None else say(run.status))
    tiles = run.pictures.sample("prior", len(run.epochs))
    if tiles is not None:
        what = say("made up after epoch {n} of {epochs}", n=len(run.epochs), epochs=run.config.epochs)
        crisp.picture(tiles[:6], columns=3, alt=say("{name}: 6 images {what}", name=run.name, what=what), caption=what)
