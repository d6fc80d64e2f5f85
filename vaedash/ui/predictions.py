"""What a room predicts: a bar for each answer, from all who look at the same question, without a hint at which is right."""

from collections.abc import Sequence

import streamlit as st

from vaedash.languages import say
from vaedash.runs import Run
from vaedash.ui import tallies, visitors
from vaedash.ui.questions import WORDINGS, called

_GAP = "<div></div>"


def room(question: str, pair: Sequence[Run]) -> str:
    """The tally of all who look at this question (`quiz.Question.key`) about this pair."""
    return " ".join([question, *sorted(run.id for run in pair)])


def show(tally: str, answers: Sequence[str], *, right: str | None) -> None:
    """A bar for each of the answers (an empty one is a gap), as soon as several visitors have predicted. Which is `right` is seen
    by its colour once that is not None.
    """
    st.fragment(_bars, run_every=tallies.LOOK)(tally, answers, right)


@visitors.change
def count_anew(pair: Sequence[Run]) -> None:
    """Forget, for everybody, what was predicted about this pair."""
    for question in WORDINGS:
        tallies.tally(room(question, pair)).clear()


def _bars(tally: str, answers: Sequence[str], right: str | None) -> None:
    count = tallies.count(tally)
    drawn = "<i></i>"  # there from the beginning, so that nothing moves when they come
    if count.total() > 1:
        drawn = "".join(
            _bar(answer, count[answer], count.total(), right=answer == right) if answer else _GAP for answer in answers
        )
    with st.container(key="tour-room"):
        st.html(drawn)


def _bar(answer: str, votes: int, of: int, *, right: bool) -> str:
    colour, told = "right" if right else "", say("{votes} of {of} predictions", votes=votes, of=of)
    bar = f'<i style="width: {votes / of:.0%}"></i><b>{votes}</b>'
    return f'<div class="{colour}" title="{told}"><span>{called(answer)}</span>{bar}</div>'
