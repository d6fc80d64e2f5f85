"""The stairs from FC to conv on a page: which of them, the answer, the picture, each seed, and the button that trains one's own."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from vaedash import config
from vaedash.comparing import ladder as ladders
from vaedash.comparing import reasons
from vaedash.comparing.ladder import Ladder
from vaedash.config import RunConfig
from vaedash.languages import say, to_say
from vaedash.runs import Run
from vaedash.showing import charts
from vaedash.ui import components, launching, live, tables

EPOCHS = 5  # of the button's runs: some minutes for all of them
_HERE = to_say("trained here")


def known(runs: Sequence[Run]) -> dict[str, Ladder]:
    """The ladders that were trained here, and those that come along, by what they are called."""
    here = ladders.found(runs)
    count = Counter(ladder.pictures for ladder in here)
    named = {
        f"{ladder.pictures}, {_HERE}" + (f" ({ladder.how})" if count[ladder.pictures] > 1 else ""): ladder
        for ladder in reversed(here)
    }
    return {ladder.pictures: ladder for ladder in ladders.recorded()} | named


def choose(every: dict[str, Ladder]) -> tuple[Ladder, tuple[str, ...]]:
    """The ladder that a person looks at, and with which orders of the pixels."""
    names = {name: components.plain(name).replace(_HERE, say(_HERE)) for name in every}
    ladder = every[components.choice(say("Pictures"), names, default=next(iter(names)), key="stairs")]
    both = "shuffled" in ladder.orders() and st.toggle(
        say("Shuffled pixels, too"), key="stairs-shuffled", bind="query-params"
    )
    return ladder, config.PIXEL_ORDERS if both else config.PIXEL_ORDERS[:1]


def show(ladder: Ladder, orders: tuple[str, ...]) -> None:
    """The answer in a few words, the stairs, the answer in whole sentences, and what shuffling leaves of it."""
    with st.container(key="verdict-stairs"):
        st.header(components.plain(reasons.headline(ladder)), anchor=False)
    st.caption(
        say(
            "Each step changes one thing, the second also the number of weights. Dots are trainings that differ by luck."
        )
    )
    means = ", ".join(
        say(
            "{name} with {weights:.1f} million weights {mean:.1f}",
            name=config.spoken(each.rung.arch),
            weights=each.weights / 1e6,
            mean=ladder.mean(each.rung.key, orders[0]),
        )
        for each in ladder.rungs
    )
    live.chart(
        charts.staircase(ladder, orders=orders),
        key="staircase",
        alt=say(
            "Five models from FC to conv as stairs, each lower or higher by what it changes: {means} nats per picture.",
            means=means,
        ),
    )
    left = reasons.shuffled(ladder) if "shuffled" in orders else ""
    st.markdown(f"**{components.escaped(f'{reasons.plainly(ladder)} {left}'.strip())}**")


def details(ladder: Ladder) -> None:
    """How it was found, and every seed."""
    with st.expander(say("How sure is that?"), icon=":material/balance:"):
        st.markdown(components.escaped(" ".join([reasons.in_figures(ladder), reasons.shuffled(ladder)]).strip()))
        tables.rungs(ladder)
        st.code(ladder.command, language="sh")


def button(runs: Sequence[Run]) -> None:
    """The button that trains what is lacking of a ladder on the built-in shapes; none where nothing is."""
    lacking = ladders.missing(settings(), runs)
    if not lacking:
        return
    launching.button(
        say("Train the stairs ({n} runs)", n=len(lacking)),
        lacking,
        key="train-stairs",
        disabled=any(run.active for run in runs),
        help=say(
            "Five models with five seeds on the built-in shapes, with their pixels as they are and shuffled: some twenty minutes on "
            "two cores. Each is an ordinary run; the stairs grow as they end."
        ),
    )


def settings() -> list[RunConfig]:
    """The runs of a ladder on the built-in shapes."""
    base = RunConfig.build(preset="p1", epochs=EPOCHS)
    return ladders.settings(base, ladders.USUAL_WIDTHS, seeds=ladders.SEEDS, orders=config.PIXEL_ORDERS)
