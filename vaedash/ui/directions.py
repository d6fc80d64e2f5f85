"""A test picture that moves along a direction in all chosen runs at once, and what else moves along with it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from vaedash.comparing import alike, intervals
from vaedash.images import Pixels
from vaedash.languages import figure, say, to_say
from vaedash.measuring.directions import NAMED, REACH
from vaedash.runs import Run
from vaedash.showing import charts
from vaedash.ui import components, decoded, live, morph, pictures, presenter

if TYPE_CHECKING:
    from vaedash.datasets.labels import Trait
    from vaedash.measuring.directions import Direction

_BUTTONS = 24  # as many stand beside each other; more are a list
_ABOUT = to_say(
    "The mean place of pictures that have it, less the mean place of those that have not, in each model's own numbers: an "
    "attribute vector (White 2016). Half of the test pictures make it; the others measure what it does."
)


def moved(measured: Sequence[Run], *, number: int, photo: Pixels) -> None:
    """Held-out picture `number`, the `photo` `(3, side, side)`, on its way along a direction that somebody chooses, in each of these
    runs; and how far each leads towards that and towards all else. Nothing where no run has a direction.
    """
    measured = alike.by_images(measured)[0]  # one picture moves; those that learned from others have not seen its like
    by_run = {run.id: {each.trait.name: each for each in decoded.directions(run)} for run in measured}
    offered = {name: each for known in by_run.values() for name, each in known.items()}
    if not offered:
        return
    st.header(say("Can you move one thing alone?"), anchor=False, help=say(_ABOUT))
    name = _towards([*offered])
    able = [run for run in measured if name in by_run[run.id]]
    morph.along(
        [pictures.short(run, able) for run in able],
        [charts.hue(run) for run in able],
        [morph.towards(run, number, name) for run in able],
        photo,
        called=say("picture {number}", number=number),
        direction=say(name),
        reach=REACH,
    )
    pairs = [(run, by_run[run.id][name]) for run in able]
    st.caption(
        say(
            "To the right it becomes more *{name}*, to the left less; in the middle stands what each model makes of the "
            "picture. A step is as long as the mean way to pictures that have it ({told}).",
            name=components.plain(say(name)),
            told=components.plain(_told(offered[name].trait)),
        )
    )
    _what_else(pairs)


def _towards(names: Sequence[str]) -> str:
    """The direction that somebody chose; it is in the address."""
    key = "towards"
    if st.session_state.get(key, names[0]) not in names:
        del st.session_state[key]
    if len(names) > _BUTTONS:
        return st.selectbox(say("Towards"), names, key=key, bind="query-params")
    labels = {name: components.plain(name) for name in names}
    return components.choice(say("Towards"), labels, default=names[0], key=key)


def _what_else(pairs: Sequence[tuple[Run, "Direction"]]) -> None:
    runs = [run for run, _ in pairs]
    st.subheader(say("What else moves along?"), anchor=False)
    told = [f"{pictures.named(run, runs)}: {_sentence(direction)}" for run, direction in pairs]
    st.markdown("  \n".join(told))
    figure = charts.moved_along(pairs, places=presenter.places(runs))
    spoken = " ".join(f"{run.name}: {_sentence(direction)}" for run, direction in pairs)
    live.chart(figure, alt=say("What one step changes, in percent. {spoken}", spoken=spoken), key="moved-along")
    few = [say(each.trait.name) for each in pairs[0][1].along if each.few]
    lacking = say(" Too few pictures to say: {traits}.", traits=components.plain(", ".join(few))) if few else ""
    st.caption(
        say(
            "100% is all the way from the pictures that lack it to those that have it, as a straight line reads it out of "
            "the numbers, on pictures that had no part in the direction; a bar says how sure that is. What a model mixes up, "
            "moves along; what excludes each other, as two shapes do, moves away.{lacking}",
            lacking=lacking,
        ),
        help=say(
            "Bars are 95% intervals over pictures, of which one in twenty misses. With fewer than {fewest} pictures that "
            "have it or lack it, in either half, nothing is said.",
            fewest=intervals.FEWEST,
        ),
    )


def _told(trait: "Trait") -> str:
    return say(trait.told, **{part: say(word) for part, word in trait.parts.items()})


def _sentence(direction: "Direction") -> str:
    """How far a direction leads, and what moves along most; what excludes its trait by being of the same kind is left out."""
    own, name = direction.own, components.plain(say(direction.trait.name))
    if own.low <= 0:
        return say(
            "its numbers do not tell *{name}* on a straight line, so this way leads nowhere in particular.", name=name
        )
    along = ", ".join(
        f"*{components.plain(say(each.trait.name))}* {figure(each.share, '+.0%')}" for each in direction.besides(NAMED)
    )
    return say(
        "one step leads **{share:.0%}** of the way to *{name}*. Besides: {others}.",
        share=own.share,
        name=name,
        others=along or say("nothing that can be told from chance"),
    )
