"""Where a visitor of the tour is: the step, the pair it asks about, what was guessed and what was revealed.

All of it stands in the address, `?tour=3&pair=hkfrfp.qmmcpg&said=d1w2&seen=dw`, so that a reload loses nothing: of each
question the first letter of its key, and behind it the number of the choice. What does not fit is ignored.
"""

import contextlib
import re
from collections.abc import Sequence

import streamlit as st

from vaedash.comparing.quiz import Question
from vaedash.languages import say
from vaedash.runs import Run
from vaedash.ui import components

_STEP, _PAIR, _SAID, _SEEN = "tour", "pair", "said", "seen"


def step() -> int:
    """Which step the address asks for, counted from 1; 0 where there is no tour."""
    with contextlib.suppress(ValueError):
        return max(0, int(st.query_params.get(_STEP, 0)))
    return 0


def pair(runs: Sequence[Run]) -> list[Run]:
    """The pair that the tour began with, also if newer ones have come since; at first one of the runs that were chosen on
    another page, or else the newest. Empty where there is none to ask about. Where one that it began with has gone, it says so, and
    what was predicted goes too: it was about others.
    """
    begun_with = list(filter(None, st.query_params.get(_PAIR, "").split(".")))
    chosen = st.session_state.get("chosen", ())
    of_these = (components.comparable([run for run in runs if run.id in ids]) for ids in (begun_with, chosen))
    found = next(filter(None, of_these), None) or components.comparable(runs)
    if found and [run.id for run in found] != begun_with:
        st.query_params[_PAIR] = ".".join(run.id for run in found)
        if begun_with:
            _forget((_SAID, _SEEN))
            st.toast(
                say("What this tour began with has gone. It is now about {names}.", names=components.named(found)),
                duration="long",
            )
    return found


def begin() -> None:
    """The first step of a new tour."""
    leave()
    st.query_params[_STEP] = "1"


def go(number: int) -> None:
    """To that step."""
    st.query_params[_STEP] = str(number)


def leave() -> None:
    """Out of the tour."""
    _forget((_STEP, _PAIR, _SAID, _SEEN))


def for_others(about: Sequence[Run]) -> dict[str, str]:
    """The query of an address at which others find the same step of the same tour."""
    return {_STEP: str(step()), _PAIR: ".".join(run.id for run in about)}


def guesses(asked: Sequence[Question]) -> dict[str, str]:
    """What this visitor predicted, a question's key to a choice."""
    said = _said()
    places = ((question, int(said.get(_letter(question), 0))) for question in asked)
    return {
        question.key: question.choices[place - 1] for question, place in places if 0 < place <= len(question.choices)
    }


def predict(question: Question, choice: str) -> None:
    """Keep a guess, in place of an earlier one."""
    said = _said() | {_letter(question): str(question.choices.index(choice) + 1)}
    st.query_params[_SAID] = "".join(f"{letter}{place}" for letter, place in said.items())


def revealed(question: Question) -> bool:
    """Whether this visitor has seen the answer."""
    return question.answer is not None and _letter(question) in st.query_params.get(_SEEN, "")


def reveal(question: Question) -> None:
    """From now on the answer is seen."""
    seen = re.sub(r"[^a-z]", "", st.query_params.get(_SEEN, ""))
    st.query_params[_SEEN] = "".join(dict.fromkeys(seen + _letter(question)))


def _forget(names: Sequence[str]) -> None:
    for name in names:
        st.query_params.pop(name, None)


def _said() -> dict[str, str]:
    return dict(re.findall(r"([a-z])([1-9])", st.query_params.get(_SAID, "")))


def _letter(question: Question) -> str:
    return question.key[0]
