"""A guided tour for a room: one question a step, a prediction, and then what the runs on disk answer."""

import contextlib
from collections.abc import Mapping, Sequence

import streamlit as st

from vaedash import places
from vaedash.comparing import quiz, shuffle, verdict
from vaedash.comparing.quiz import Question
from vaedash.comparing.shuffle import Variant
from vaedash.runs import Run
from vaedash.ui import components, illustrations, launching, shuffling
from vaedash.ui.questions import WORDINGS

_ABOUT = "For a class and a projector: first predict, then see. Every answer comes from the runs on this computer."


def step() -> int:
    """Which step the address asks for, counted from 1; 0 where there is no tour."""
    with contextlib.suppress(ValueError):
        return max(0, int(st.query_params.get("tour", 0)))
    return 0


def invitation(runs: Sequence[Run]) -> None:
    """The button that begins the tour, where there is a pair to ask about."""
    if components.comparable(runs):
        st.button("Guided tour (four minutes)", key="tour", icon=":material/school:", on_click=_begin, help=_ABOUT)


def walk(runs: Sequence[Run]) -> None:
    """The step that the address asks for: a question, or after the last one what was learned."""
    pair, tested = _pair(runs), shuffle.four_runs(runs)
    if not pair:
        st.title("Guided tour", anchor=False)
        st.info("It asks about an FC and a conv run that learned from the same images. Leave, and train both first.")
        _leave()
        return
    asked = quiz.questions(pair, tested)
    if places.read_only():  # who only looks on cannot have the last one answered
        asked = [question for question in asked if question.answer]
    number = min(step(), len(asked) + 1)
    if number > len(asked):
        _farewell(pair, tested, asked)
        return
    question = asked[number - 1]
    st.progress(number / len(asked), text=f"Question {number} of {len(asked)} on {_names(pair)}")
    st.title(WORDINGS[question.key].asked, anchor=False)
    pictured, words = st.columns([4, 3], gap="large")
    with pictured:
        illustrations.show(question, pair, tested, known=question.key in _seen())
    with words:
        _choices(question)
        _ways(question, number)
        _talk(question, pair)


def _pair(runs: Sequence[Run]) -> list[Run]:
    """The pair that this visitor's tour began with, also if newer ones have come since; at first one of the runs that were
    chosen on another page, or else the newest.
    """
    state = st.session_state
    begun_with, chosen = ([run for run in runs if run.id in state.get(key, ())] for key in ("tour_pair", "chosen"))
    pair = components.comparable(begun_with) or components.comparable(chosen) or components.comparable(runs)
    state.tour_pair = [run.id for run in pair]
    return pair


def _names(pair: Sequence[Run]) -> str:
    return " and ".join(components.plain(run.name) for run in pair)


# ---- words and buttons ---------------------------------------------------------------------------------------------


def _choices(question: Question) -> None:
    """A button for each answer; once it is revealed, a tick marks the right one."""
    guess, known = _predicted().get(question.key), question.key in _seen()
    with st.container(horizontal=True):
        for place, choice in enumerate(question.choices, start=1):
            st.button(
                choice,
                key=f"tour-say-{choice}",
                type="primary" if choice == guess else "secondary",
                icon=":material/check:" if known and choice == question.answer else None,
                disabled=known,
                width="stretch",
                shortcut=str(place),
                on_click=_predict,
                args=(question.key, choice),
            )


def _ways(question: Question, number: int) -> None:
    """On, back and away. On reveals the answer first, where there is one."""
    with st.container(horizontal=True, vertical_alignment="center"):
        # A presentation clicker sends these keys.
        if question.answer and question.key not in _seen():
            label, on = "Reveal", lambda: _reveal(question.key)
        else:
            label, on = "Next", lambda: _go(number + 1)
        st.button(label, key="tour-on", type="primary", shortcut="PageDown", on_click=on)
        st.button("Back", key="tour-back", shortcut="PageUp", on_click=_go, args=(number - 1,), disabled=number == 1)
        _leave()


def _talk(question: Question, pair: Sequence[Run]) -> None:
    """What one needs to know for a guess; once it is revealed, how it was."""
    wording = WORDINGS[question.key]
    if question.key not in _seen():
        st.markdown(wording.before)
        if not question.answer:
            st.info("Nobody has tried that on this computer yet.")
            launching.button("Train all four (some minutes)", shuffling.settings(), key="tour-shuffle-test")
        return
    guess = _predicted().get(question.key)
    if guess and guess == question.answer:
        st.success(f"**{question.answer}**, as you said.")
    elif guess:
        st.warning(f"You said {guess}. It is **{question.answer}**.")
    st.subheader(components.escaped(question.sentence), anchor=False)
    st.markdown(wording.after or components.plain(verdict.judged(pair).grounds))


def _leave() -> None:
    st.button("Leave", key="tour-leave", type="tertiary", shortcut="Esc", on_click=_go, args=(0,))


def _farewell(pair: Sequence[Run], tested: Mapping[Variant, Run], asked: Sequence[Question]) -> None:
    st.title("Does architecture matter?", anchor=False)
    st.header(components.escaped(quiz.learned(pair, tested)), anchor=False)
    right, counted, luck = quiz.score(asked, _predicted())
    if counted:
        st.header(f"You predicted {right} of {counted} right (dice would get {luck:.1f}).", anchor=False)
    with st.expander("How sure is that?", icon=":material/balance:"):
        st.markdown(components.plain(f"{verdict.judged(pair).headline}. {verdict.judged(pair).grounds}"))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Once more", key="tour", icon=":material/replay:", on_click=_begin)
        st.button("Back", key="tour-back", shortcut="PageUp", on_click=_go, args=(len(asked),))
        _leave()
    st.caption(
        f"This was about {_names(pair)}. To go on: the Gallery has a blind vote for everybody's own phone, and Interpolate "
        "turns one picture into another."
    )


def _begin() -> None:
    for key in ("tour_pair", "predicted", "seen"):
        st.session_state.pop(key, None)
    _go(1)


def _go(number: int) -> None:
    if number:
        st.query_params["tour"] = str(number)
    else:
        st.query_params.pop("tour", None)


def _predict(key: str, choice: str) -> None:
    _predicted()[key] = choice


def _reveal(key: str) -> None:
    _seen().add(key)


def _predicted() -> dict[str, str]:
    return st.session_state.setdefault("predicted", {})


def _seen() -> set[str]:
    return st.session_state.setdefault("seen", set())
