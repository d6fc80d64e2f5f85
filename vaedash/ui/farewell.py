"""The card at the end of the tour: what was learned, the score, the winner turning one picture into another, and three doors."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from vaedash import config
from vaedash.comparing import quiz, verdict
from vaedash.comparing.quiz import Question
from vaedash.comparing.shuffle import Variant
from vaedash.languages import say, to_say
from vaedash.runs import Run
from vaedash.showing import charts
from vaedash.ui import bookmark, components, decoded, morph, pictures, stage
from vaedash.ui.ends import End

_DOORS: Sequence[tuple[str, str, str, Mapping[str, str]]] = (
    ("interpolate", to_say("Interpolate: turn one picture into another"), ":material/animation:", {}),
    (
        "gallery",
        to_say("Gallery: vote blind, everybody on their own phone"),
        ":material/how_to_vote:",
        {"view": "Blind vote"},
    ),
    ("train", to_say("Train: train your own"), ":material/rocket_launch:", {}),
)
_MADE_UP = 16


def show(
    pair: Sequence[Run], tested: Mapping[Variant, Run], asked: Sequence[Question], *, back: Callable[[], None]
) -> None:
    """The card on a pair and the runs of the shuffle test; `back` draws the button that leads back."""
    st.title(say("Does architecture matter?"), anchor=False)
    moving, words = st.columns([2, 3], gap="large", vertical_alignment="center")
    with moving:
        _winner(quiz.leader(pair))
    with words:
        st.header(components.escaped(quiz.learned(pair, tested)), anchor=False)
        right, counted, luck = quiz.score(asked, bookmark.guesses(asked))
        if counted:
            st.markdown(
                say(
                    "**You predicted {right} of {counted} right** (dice would get {luck:.1f}).",
                    right=right,
                    counted=counted,
                    luck=luck,
                )
            )
        query = {"runs": ",".join(run.id for run in pair)}
        for page, label, icon, more in _DOORS:
            components.link(page, say(label), icon=icon, **query, **more)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="tour-ways"):
        back()
        how_sure(pair)
        st.button(say("Once more"), key="tour", icon=":material/replay:", on_click=bookmark.begin)


def how_sure(pair: Sequence[Run]) -> None:
    """The figures, one click away."""
    judged = verdict.judged(pair)
    with st.popover(say("How sure is that?"), type="tertiary", icon=":material/balance:"):
        st.markdown(components.plain(f"{judged.headline}. {judged.grounds}"))


def _winner(run: Run) -> None:
    """What the better one makes of the way from one picture to another; without weights, what it made up best."""
    name = config.spoken(run.config.arch)
    photos = pictures.originals_of(run, config.PHOTO_COUNT)
    if photos is not None and len(photos) > 1 and decoded.weights(run) and not decoded.damage(run):
        two = photos[quiz.best_first(run, photos)[:2]]
        ends = [
            End(label=say("picture {letter}", letter=letter), pixels=photo.tobytes())
            for letter, photo in zip("AB", two, strict=True)
        ]
        source = morph.source(run, ends, method="linear")
        with st.container(key="winner"):
            morph.show([name], [charts.hue(run)], [source], ends, method="linear", playing=True)
        return
    tiles = run.pictures.sample("prior", run.best_epoch) if run.best_epoch else None
    if tiles is not None:
        what = say("made up by {name}", name=name)
        stage.picture(tiles[:_MADE_UP], columns=4, key="winner-made-up", alt=what, caption=what)
