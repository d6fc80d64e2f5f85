"""A guided tour for a room: one question a step, a prediction, and then what the runs on disk answer."""

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from vaedash import places
from vaedash.comparing import quiz, shuffle, verdict
from vaedash.comparing.quiz import Question
from vaedash.models import layers
from vaedash.runs import Run
from vaedash.showing import charts
from vaedash.ui import components, diagram, launching, live, pictures, presenter, shuffling, vote

Tested = Mapping[tuple[str, str], Run]

_ABOUT = "For a class and a projector: first predict, then see. Every answer comes from the runs on this computer."
# Of each question: how it is asked, what one needs to know for a guess, and what a teacher may add to the answer.
_WORDS: Mapping[str, tuple[str, str, str]] = {
    "drew": (
        "Which of these did conv draw?",
        "Two programs have learned to draw from the same pictures. **FC** looks at all pixels at once and does not know "
        "which ones are neighbours. **conv** looks through a small window that slides over the picture. Here both make "
        "something up.",
        "What gave it away?",
    ),
    "weights": (
        "Which one has more numbers to learn?",
        "Each program is a long list of numbers, its **weights**; to learn is to change them bit by bit. FC ties every pixel "
        "to every unit. conv has one small window for all places of the picture.",
        "Would you still bet on the same one?",
    ),
    "speed": (
        "Which one gets through more pictures a second?",
        "While it learns, that is. Think of how many weights each one has.",
        "Each of conv's few weights works at every place of the picture, each of FC's only once.",
    ),
    "first": (
        "Who has learned more from one look?",
        "Both have looked at every picture once. Now they are shown new ones, and redraw them from what they noted down. "
        "The **loss** says how much is wrong: lower is better.",
        "What is there already, and what is still missing?",
    ),
    "end": (
        "Who will be ahead in the end?",
        "They go on and look at all pictures again and again. This is how it begins. Will the gap close, or stay?",
        "",
    ),
    "made up": (
        "Which row is made up?",
        "For one row the better one was shown pictures, squeezed each into a few numbers and **redrew** it. For the other "
        "one there was no picture: the numbers were **thrown like dice**.",
        "It had learned from none of these pictures: they were kept aside as an exam.",
    ),
    "shuffled": (
        "Who suffers more if the pixels are shuffled?",
        "Take every picture apart into its pixels and lay them out anew, always in the same order. Nothing is lost, but "
        "neighbours are no neighbours any more. Both learn again, from such pictures.",
        "FC never knew which pixels are neighbours; conv's window now holds pixels that have nothing to do with each other.",
    ),
}
_ROW = 6  # pictures in a row
_DIAGRAM = 540  # pixels wide at most, so that two of them fit on a screen


def step() -> int:
    """Which step the address asks for, counted from 1; 0 where there is no tour."""
    with contextlib.suppress(ValueError):
        return max(0, int(st.query_params.get("tour", 0)))
    return 0


def invitation(found: Sequence[Run]) -> None:
    """The button that begins the tour, where there is a pair to ask about."""
    if components.comparable(found):
        st.button("Guided tour (four minutes)", key="tour", icon=":material/school:", on_click=_begin, help=_ABOUT)


def walk(found: Sequence[Run]) -> None:
    """The step that the address asks for: a question, or after the last one what was learned."""
    pair, tested = _pair(found), shuffle.four_runs(found)
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
    st.title(_WORDS[question.key][0], anchor=False)
    pictured, words = st.columns([4, 3], gap="large")
    with pictured:
        _picture(question, pair, tested)
    with words:
        _choices(question)
        _ways(question, number)
        _talk(question, pair)


def _pair(found: Sequence[Run]) -> list[Run]:
    """The pair that this visitor's tour began with, also if newer ones have come since; at first one of the runs that were
    chosen on another page, or else the newest.
    """
    state = st.session_state
    chosen = [[run for run in found if run.id in state.get(key, ())] for key in ("tour_pair", "chosen")]
    pair = next(filter(None, map(components.comparable, (*chosen, found))), [])
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
    known = question.key in _seen() or not question.answer
    label, act, to = ("Next", _go, number + 1) if known else ("Reveal", _reveal, question.key)
    with st.container(horizontal=True, vertical_alignment="center"):
        # A presentation clicker sends these keys.
        st.button(label, key="tour-on", type="primary", shortcut="PageDown", on_click=act, args=(to,))
        st.button("Back", key="tour-back", shortcut="PageUp", on_click=_go, args=(number - 1,), disabled=number == 1)
        _leave()


def _talk(question: Question, pair: Sequence[Run]) -> None:
    """What one needs to know for a guess; once it is revealed, how it was."""
    _, before, after = _WORDS[question.key]
    if question.key not in _seen():
        st.markdown(before)
        if not question.answer:
            st.info("Nobody has tried that on this computer yet.")
            launching.button("Train all four (some minutes)", shuffling.settings(), key="tour-shuffle-test")
        return
    if guess := _predicted().get(question.key):
        right = guess == question.answer
        (st.success if right else st.warning)(
            f"**{question.answer}**, as you said." if right else f"You said {guess}. It is **{question.answer}**."
        )
    st.subheader(components.escaped(question.sentence), anchor=False)
    st.markdown(after or components.plain(verdict.judged(pair).grounds))


def _leave() -> None:
    st.button("Leave", key="tour-leave", type="tertiary", shortcut="Esc", on_click=_go, args=(0,))


def _farewell(pair: Sequence[Run], tested: Tested, asked: Sequence[Question]) -> None:
    st.title("Does architecture matter?", anchor=False)
    st.header(components.escaped(quiz.learned(pair, tested)), anchor=False)
    right, counted, luck = quiz.score(asked, _predicted())
    if counted:
        st.header(f"You predicted {right} of {counted} right (dice would get {luck:.1f}).", anchor=False)
    st.markdown(components.plain(" ".join(verdict.judged(pair).rest)))
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


# ---- pictures ------------------------------------------------------------------------------------------------------


def _picture(question: Question, pair: Sequence[Run], tested: Tested) -> None:
    """What there is to see of a question, before and after its answer."""
    known = question.key in _seen()
    match question.key:
        case "drew":
            vote.pictures_of(quiz.ballot(pair, kind="prior", draw=0), known=known)
        case "weights" if not known:
            _held_out(pair, "pictures of the kind that both learn from")
        case "weights" | "speed":
            _architectures(pair)
        case "first":
            _held_out(pair, "pictures that neither has learned from")
            for run in pair if known else ():
                _row(run, "recon", 1)
        case "end":
            _curves(pair, known)
        case "made up":
            _rows(pair, known)
        case "shuffled" if known:
            shuffling.cells(tested, across=2)
        case _:
            shuffling.shapes()


def _held_out(pair: Sequence[Run], caption: str) -> None:
    tiles = pictures.originals_of(pair[0], _ROW)
    if tiles is not None:
        components.picture(tiles, columns=_ROW, alt=caption, caption=caption)


def _architectures(pair: Sequence[Run]) -> None:
    """The drawings of those architectures whose weights are as many as the run's: another latent size has others."""
    for run in pair:
        steps = layers.known().get(run.config.arch)
        if steps and diagram.weights(steps) == run.parameters:
            diagram.show(run.config.arch, steps, width=_DIAGRAM)


def _row(run: Run, kind: str, epoch: int) -> None:
    tiles = run.pictures.sample(kind, epoch)
    if tiles is not None:
        what = f"redrawn by {run.config.arch} after epoch {epoch}, loss {run.epochs[epoch - 1]['test_loss']:.1f}"
        components.picture(tiles[:_ROW], columns=_ROW, alt=what, caption=what)


def _curves(pair: Sequence[Run], known: bool) -> None:
    """The race; before it is known how it ends, its first quarter."""
    length = min(len(run.epochs) for run in pair)
    begun = min(max(1, length // 4), length - 1)
    drawn = [run if known else dataclasses.replace(run, epochs=run.epochs[:begun]) for run in pair]
    live.prepare()
    alt = f"Loss curves of {' and '.join(run.config.arch for run in pair)}"
    live.figure(presenter.figure(charts.race(drawn)), key="tour-race", alt=alt, height=480)


def _rows(pair: Sequence[Run], known: bool) -> None:
    for letter, (kind, tiles) in quiz.two_rows(pair).items():
        st.subheader(letter, anchor=False)
        shown = pictures.originals_of(quiz.leader(pair), len(tiles)) if known and kind == "recon" else None
        both = tiles if shown is None else np.concatenate([shown, tiles])
        above = "" if shown is None else ", below the pictures that it was shown"
        components.picture(both, columns=len(tiles), alt=f"row {letter}{above}")
