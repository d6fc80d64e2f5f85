"""A guided tour for a room: one question a step, a prediction, and then what the runs on disk answer."""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from vaedash.comparing import quiz, shuffle
from vaedash.comparing.quiz import Question
from vaedash.comparing.shuffle import Variant
from vaedash.languages import say, to_say
from vaedash.runs import Run
from vaedash.ui import (
    address,
    bookmark,
    components,
    diagram,
    farewell,
    illustrations,
    keys,
    launching,
    predictions,
    shuffling,
    squeezed,
    stage,
    tallies,
    visitors,
)
from vaedash.ui.bookmark import step
from vaedash.ui.questions import WORDINGS, called

_ABOUT = to_say(
    "For a class and a projector: first predict, then see. Every answer comes from the runs on this computer."
)
_REST = 22  # rem: how high a step is beside its pictures
_STYLES = Path(__file__).parent / "tour.css"
# They ask nothing.
_SCENE = Question(key="numbers", choices=(), answer=None, sentence="")
_INSIDE = Question(key="inside", choices=(), answer=None, sentence="")


def invitation(runs: Sequence[Run]) -> None:
    """The button that begins the tour, where there is a pair to ask about."""
    if components.comparable(runs):
        label = say("Guided tour (four minutes)")
        st.button(label, key="tour", icon=":material/school:", on_click=bookmark.begin, help=say(_ABOUT))


def walk(runs: Sequence[Run]) -> None:
    """The step that the address asks for: a question, or after the last one what was learned."""
    pair, tested = bookmark.pair(runs), shuffle.four_runs(runs)
    if not pair:
        st.title(say("Guided tour"), anchor=False)
        st.info(
            say("It asks about an FC and a conv run that learned from the same pictures. Leave, and train both first.")
        )
        _leave()
        return
    steps = _steps(pair, tested)
    number = min(step(), len(steps) + 1)
    stage.styles(rest=_REST)
    st.html(_STYLES)
    with st.container(key="tour-step", gap="xsmall"):
        if number > len(steps):
            _heard(())
            _top(1.0, say("The end"), pair)
            farewell.show(pair, tested, steps, back=functools.partial(_back, number))
        else:
            question = steps[number - 1]
            _heard(question.choices)
            _top(number / len(steps), say("Step {number} of {n}", number=number, n=len(steps)), pair)
            _ask(question, pair, tested, number)


def _steps(pair: Sequence[Run], tested: Mapping[Variant, Run]) -> list[Question]:
    """The questions, and before the one that needs it the scene of a picture that is squeezed into numbers; behind that about
    weights, what they do to one.
    """
    asked = quiz.questions(pair, tested)
    if not visitors.may_change() and not _running(tested):  # who only looks on cannot have the last one answered
        asked = [question for question in asked if question.answer]
    order = [question.key for question in asked]
    if "made up" in order and squeezed.possible(quiz.leader(pair)):
        asked.insert(order.index("made up"), _SCENE)
    if "weights" in order and all(diagram.can_flow(run) and squeezed.possible(run) for run in pair):
        asked.insert(order.index("weights") + 1, _INSIDE)
    return asked


def _running(tested: Mapping[Variant, Run]) -> bool:
    return any(run.active for run in tested.values())


def _heard(choices: Sequence[str]) -> None:
    """What a keyboard and a presentation clicker do here."""
    ways = {"tour-on": keys.ON, "tour-back": keys.BACK, "tour-leave": keys.AWAY}
    pressed = {key: button for button, sent in ways.items() for key in sent}
    keys.listen(pressed | {str(place): f"tour-say-{choice}" for place, choice in enumerate(choices, start=1)})


# ---- around a step -------------------------------------------------------------------------------------------------


def _top(share: float, where: str, pair: Sequence[Run]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="tour-top"):
        st.progress(share, text=where)
        with st.popover(say("On your phones"), type="tertiary", icon=":material/qr_code_2:"):
            address.invitation(say("Whoever opens this address predicts along."), bookmark.for_others(pair))
            names = components.named(pair)
            st.caption(say("All of it is about {names}.", names=names))
            st.caption(say("Keys: Space, an arrow or a clicker goes on and back, 1 to 3 choose, Esc leaves."))
            if visitors.may_change():
                about = say("Forgets what was predicted, for everybody: for the next class.")
                anew = predictions.count_anew
                st.button(say("Count anew"), key="tour-anew", type="tertiary", help=about, on_click=anew, args=(pair,))
        _leave()


def _leave() -> None:
    st.button(say("Leave"), key="tour-leave", type="tertiary", on_click=bookmark.leave)


def _back(number: int) -> None:
    st.button(say("Back"), key="tour-back", on_click=bookmark.go, args=(number - 1,), disabled=number == 1)


# ---- a step --------------------------------------------------------------------------------------------------------


def _ask(question: Question, pair: Sequence[Run], tested: Mapping[Variant, Run], number: int) -> None:
    known, room = bookmark.revealed(question), predictions.room(question.key, pair)
    running = question.key == "shuffled" and _running(tested)
    asked = st.container(key="tour-asked", gap="xsmall")
    # Before what it asks: who reads that can go on, and presses no button of the step before.
    _ways(question, pair, number, known=known, running=running)
    with asked:
        st.title(say(WORDINGS[question.key].asked), anchor=False)
        _words(question, known=known)
        _answers(question, pair, tested, room, known=known, running=running)


def _answers(
    question: Question, pair: Sequence[Run], tested: Mapping[Variant, Run], room: str, *, known: bool, running: bool
) -> None:
    button = functools.partial(_choice, question, room, known)
    if running:
        with st.container(key="tour-training"):
            shuffling.how_far(tested, ended=functools.partial(bookmark.reveal, question))
    else:
        with st.container(key="tour-seen"):
            illustrations.show(question, pair, tested, button, known=known)
    if question.choices:
        if not illustrations.chosen_by_picture(question):
            for choice, column in zip(question.choices, st.columns(len(question.choices), gap="small"), strict=True):
                with column:
                    button(choice)
        _mark(question, known=known)
        right = question.answer if known else None
        predictions.show(room, illustrations.across(question, pair), right=right)
        if not question.answer and not running:
            st.caption(shuffling.lacking(tested))


def _words(question: Question, *, known: bool) -> None:
    """What one needs to know for a guess; once it is revealed, how it was."""
    wording = WORDINGS[question.key]
    with st.container(key="tour-words"):
        if not known:
            st.markdown(say(wording.before))
            return
        guess = bookmark.guesses([question]).get(question.key)
        mine = ""
        if guess:
            if guess == question.answer:
                mine = f":green[{say('You said {answer}, and so it is.', answer=called(guess))}] "
            else:
                mine = f":orange[{say('You said {answer}.', answer=called(guess))}] "
        st.markdown(f"{mine}**{components.escaped(question.sentence)}**  \n{say(wording.after)}")


def _choice(question: Question, room: str, known: bool, choice: str) -> None:
    """The button of an answer: what this visitor predicts is marked, and once it is revealed, what is right."""
    guess = bookmark.guesses([question]).get(question.key)
    icon = ":material/person_raised_hand:" if choice == guess else None
    if known and choice == question.answer:
        icon = ":material/check:"
    st.button(
        called(choice),
        key=f"tour-say-{choice}",
        icon=icon,
        disabled=known,
        width="stretch",
        on_click=_predict,
        args=(question, room, choice),
    )


def _mark(question: Question, *, known: bool) -> None:
    """Has the buttons show what this visitor predicts, and once it is revealed, what is right."""
    marks = {bookmark.guesses([question]).get(question.key): "var(--mine)"}
    if known:
        marks |= {question.answer: "var(--right)"}
    rules = (
        f".st-key-tour-say-{choice} button {{ border: 2px solid {colour} !important; opacity: 1 !important; }}"
        for choice, colour in marks.items()
        if choice
    )
    st.html(f"<style>{''.join(rules)}</style>")


def _predict(question: Question, room: str, choice: str) -> None:
    if not bookmark.revealed(question):  # a browser may send what it is not offered any more
        bookmark.predict(question, choice)
        tallies.cast(room, choice)


def _ways(question: Question, pair: Sequence[Run], number: int, *, known: bool, running: bool) -> None:
    """Back and on. On reveals the answer first, where there is one."""
    untried = bool(question.choices) and not question.answer and not running
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="tour-ways"):
        _back(number)
        if known and question.key == "end":
            farewell.how_sure(pair)
        if untried:
            launching.button(
                say("Train all four (some minutes)"), shuffling.settings(), key="tour-shuffle-test", primary=True
            )
        if question.answer and not known:
            label, on = say("Reveal"), functools.partial(bookmark.reveal, question)
        else:
            label, on = say("Next"), functools.partial(bookmark.go, number + 1)
        st.button(label, key="tour-on", type="secondary" if untried else "primary", on_click=on)
