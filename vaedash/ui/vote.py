"""A blind vote: whose pictures are these? A room votes from many browsers on one ballot, and then looks."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from vaedash import config, places
from vaedash.comparing import quiz
from vaedash.comparing.quiz import Ballot
from vaedash.images import Pixels
from vaedash.runs import Run
from vaedash.ui import components, crisp, pictures, visitors

_LOOK = 2.0  # seconds between two looks at how many have voted
_KEPT = 500  # ballots whose votes are kept; any number is a ballot, so somebody could ask for very many
_ACROSS = 4  # made-up pictures in a row


def view(chosen: Sequence[Run], *, kind: str, draw: int) -> None:
    """The pictures without names, a vote for each visitor, how many have voted, and the answer for who asks for it."""
    pair = components.comparable(chosen)
    if not pair:
        st.info(
            "A vote takes an FC run and a conv run, chosen above, that have ended and had the same images and beta."
        )
        return
    ballot = quiz.ballot(pair, kind=kind, draw=draw)
    if ballot is None:
        st.info("These runs kept no such pictures. Choose the other kind, or other runs.")
        return
    known = ballot.name in _opened()
    drawn, words = st.columns([4, 3], gap="large")
    with drawn:
        pictures_of(ballot, known=known)
    with words:
        st.header(f"Which one is {ballot.sought}?", anchor=False)
        with st.container(horizontal=True):
            for letter in ballot.runs:
                _button(ballot, letter, known)
        st.fragment(_tally, run_every=_LOOK)(ballot, known)
        with st.container(horizontal=True, vertical_alignment="center"):
            _ways(ballot, known, draw)
        st.caption(
            "Everybody who opens the address of this page sees the same ballot and has one vote, which a second click "
            "changes. Who has seen the answer votes no more."
        )


def pictures_of(ballot: Ballot, *, known: bool) -> None:
    """What was drawn, by letter; whose it is stands there once that is `known`, and until then nowhere: not in a picture's
    words, name or place.
    """
    among = list(ballot.runs.values())
    titles = {
        letter: f"{letter}: {pictures.named(run, among)}" if known else letter for letter, run in ballot.runs.items()
    }
    if ballot.kind == "recon":  # a row each, the photographs above what was made of them
        photos = pictures.originals_of(among[0], config.PHOTO_COUNT)
        if photos is not None:
            what = "what both were shown, and had not learned from"
            crisp.picture(photos[list(ballot.numbers)], columns=len(ballot.numbers), alt=what, caption=what)
        for letter, tiles in ballot.tiles.items():
            _titled(titles[letter], letter, tiles, columns=len(tiles))
        return
    with st.grid(len(titles), min_column_width=140, gap="medium"):
        for letter, tiles in ballot.tiles.items():
            with st.container():
                _titled(titles[letter], letter, tiles, columns=_ACROSS)


def _titled(title: str, letter: str, tiles: Pixels, *, columns: int) -> None:
    st.subheader(title, anchor=False)
    crisp.picture(tiles, columns=columns, alt=f"{len(tiles)} pictures, drawn by {letter}")


def _button(ballot: Ballot, letter: str, known: bool) -> None:
    mine = _votes(ballot.name).get(visitors.me()) == letter
    st.button(
        f"{letter}, my vote" if mine else f"Vote {letter}",
        key=f"vote-{letter}",
        type="primary" if mine else "secondary",
        disabled=known,
        width="stretch",
        shortcut=letter,
        on_click=_cast,
        args=(ballot.name, letter),
    )


def _ways(ballot: Ballot, known: bool, draw: int) -> None:
    if not known:
        st.button("Reveal", key="reveal", type="primary", shortcut="Shift+Enter", on_click=_open, args=(ballot.name,))
        return
    st.button("Next ballot", key="next", type="primary", shortcut="Shift+Enter", on_click=_turn, args=(draw + 1,))
    if not places.read_only():
        about = "Empties the tally of this ballot, for everybody: for the next class."
        st.button("Count anew", key="anew", type="tertiary", help=about, on_click=_count_anew, args=(ballot.name,))


def _tally(ballot: Ballot, known: bool) -> None:
    # One copy, since others vote meanwhile.
    count = Counter(_votes(ballot.name).copy().values())
    cast = f"{count.total()} vote" if count.total() == 1 else f"{count.total()} votes"
    if not known:  # how the others voted would be a hint
        st.subheader(f"{cast} so far", anchor=False)
    elif not count:
        st.subheader("Nobody voted", anchor=False)
    else:
        st.subheader(f"{count[ballot.answer]} of {cast} found {ballot.sought}", anchor=False)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _votes(name: str) -> dict[str, str]:  # noqa: ARG001 - one dictionary a ballot
    """The votes on the ballot of this name, of all visitors of this server: visitor to letter."""
    return {}


def _cast(name: str, letter: str) -> None:
    # Allowed where visitors only look on (`visitors.change` is not asked): a vote changes nothing on disk.
    if name not in _opened():
        _votes(name)[visitors.me()] = letter


@visitors.change
def _count_anew(name: str) -> None:
    _votes(name).clear()
    _opened().discard(name)


def _opened() -> set[str]:
    """The names of the ballots whose answer this visitor has seen."""
    return st.session_state.setdefault("opened", set())


def _open(name: str) -> None:
    _opened().add(name)


def _turn(draw: int) -> None:
    st.session_state.ballot = draw
