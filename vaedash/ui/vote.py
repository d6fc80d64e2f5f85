"""A blind vote: whose pictures are these? A room votes from many browsers on one ballot, and then looks."""

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vaedash import config
from vaedash.comparing import quiz
from vaedash.comparing.quiz import Ballot
from vaedash.images import Pixels
from vaedash.languages import counted, say
from vaedash.runs import Run
from vaedash.ui import address, components, keys, pictures, stage, tallies, visitors

_ACROSS = 3  # made-up pictures in a row
_REST = 22  # rem: how high the page is beside the pictures


def view(chosen: Sequence[Run], *, kind: str, draw: int) -> None:
    """The pictures without names, a vote for each visitor, how many have voted, and the answer for who asks for it."""
    pair = components.comparable(chosen)
    if not pair:
        st.info(
            say(
                "A vote takes an FC run and a conv run, chosen above, that have ended and had the same pictures and beta."
            )
        )
        return
    ballot = quiz.ballot(pair, kind=kind, draw=draw)
    if ballot is None:
        st.info(say("These runs kept no such pictures. Choose the other kind, or other runs."))
        return
    known = ballot.name in _opened()
    stage.styles(rest=_REST)
    votes = {form: f"vote-{letter}" for letter in ballot.runs for form in (letter, letter.lower())}
    keys.listen(votes | {"Enter": "next" if known else "reveal"})  # the others of `keys.ON` scroll a page
    st.header(say("Which of these did {name} draw?", name=config.spoken(ballot.sought)), anchor=False)
    cards(ballot, lambda letter: _button(ballot, letter, known), known=known)
    with st.container(horizontal=True, vertical_alignment="center"):
        _ways(ballot, known, draw)
        st.fragment(_tally, run_every=tallies.LOOK)(ballot, known)
        with st.popover(say("Everybody votes"), type="tertiary", icon=":material/qr_code_2:"):
            address.invitation(
                say(
                    "Whoever opens this address sees the same ballot and has one vote, which a second click changes. Who has "
                    "seen the answer votes no more."
                ),
                _query(pair),
            )
            st.caption(say("Keys: A and B vote; Enter reveals, and goes on."))


def _query(pair: Sequence[Run]) -> dict[str, str]:
    """What makes this page show the same ballot to others."""
    chosen = {name: st.query_params[name] for name in ("view", "kind", "ballot") if name in st.query_params}
    return chosen | {"runs": ",".join(run.id for run in pair)}


def cards(ballot: Ballot, button: Callable[[str], None], *, known: bool) -> None:
    """What was drawn, by letter, each with its `button` below; whose it is stands there once that is `known`, and until then
    nowhere: not in a picture's words, name or place. What was redrawn has the pictures that were shown above it, what was made
    up has real ones beside it.
    """
    among = list(ballot.runs.values())
    originals = pictures.originals_of(among[0], config.PHOTO_COUNT)
    shown = None if originals is None or ballot.kind == "prior" else originals[list(ballot.numbers)]
    beside = None if originals is None or ballot.kind == "recon" else originals[: len(ballot.numbers)]
    columns = _columns(len(among), beside)
    for (letter, run), column in zip(ballot.runs.items(), columns, strict=True):
        with column, stage.card(letter):
            if known:
                stage.label(pictures.named(run, among), key=letter)
            _drawn(ballot, letter, shown)
            button(letter)


def _columns(count: int, real: Pixels | None) -> Sequence[DeltaGenerator]:
    """As many columns, and after the first one more with real pictures, where there are any to show."""
    if real is None:
        return st.columns(count, gap="small")
    first, middle, *others = st.columns(count + 1, gap="small")
    with middle:
        stage.rows(real, columns=_ACROSS, key="real", alt=say("real pictures"), caption=say("real pictures"))
    return [first, *others]


def _drawn(ballot: Ballot, letter: str, shown: Pixels | None) -> None:
    tiles = ballot.tiles[letter]
    if ballot.kind == "prior":
        alt = say("pictures, made up by {letter}", letter=letter)
        stage.rows(tiles, columns=_ACROSS, key=f"drawn-{letter}", alt=alt)
        return
    alt, columns = say("{n} pictures, redrawn by {letter}", n=len(tiles), letter=letter), len(tiles)
    if shown is not None:
        tiles, alt = np.concatenate([shown, tiles]), say("{alt}, below the real ones", alt=alt)
    stage.picture(tiles, columns=columns, key=f"drawn-{letter}", alt=alt)


def _button(ballot: Ballot, letter: str, known: bool) -> None:
    mine = tallies.mine(ballot.name) == letter
    st.button(
        say("{letter}, my vote", letter=letter) if mine else say("Vote {letter}", letter=letter),
        key=f"vote-{letter}",
        type="primary" if mine else "secondary",
        disabled=known,
        width="stretch",
        on_click=_cast,
        args=(ballot.name, letter),
    )


def _ways(ballot: Ballot, known: bool, draw: int) -> None:
    if not known:
        st.button(
            say("Reveal"),
            key="reveal",
            type="primary",
            on_click=_open,
            args=(ballot.name,),
        )
        return
    st.button(say("Next ballot"), key="next", type="primary", on_click=_turn, args=(draw + 1,))
    if visitors.may_change():
        about = say("Empties the tally of this ballot, for everybody: for the next class.")
        st.button(say("Count anew"), key="anew", type="tertiary", help=about, on_click=_count_anew, args=(ballot.name,))


def _tally(ballot: Ballot, known: bool) -> None:
    count = tallies.count(ballot.name)
    cast = counted("{n} vote", "{n} votes", n=count.total())
    if not known:  # how the others voted would be a hint
        st.subheader(say("{cast} so far", cast=cast), anchor=False)
    elif not count:
        st.subheader(say("Nobody voted"), anchor=False)
    else:
        st.subheader(
            say(
                "{right} of {cast} found {name}",
                right=count[ballot.answer],
                cast=cast,
                name=config.spoken(ballot.sought),
            ),
            anchor=False,
        )


def _cast(name: str, letter: str) -> None:
    if name not in _opened():
        tallies.cast(name, letter)


@visitors.change
def _count_anew(name: str) -> None:
    tallies.tally(name).clear()
    _opened().discard(name)


def _opened() -> set[str]:
    """The names of the ballots whose answer this visitor has seen."""
    return st.session_state.setdefault("opened", set())


def _open(name: str) -> None:
    _opened().add(name)


def _turn(draw: int) -> None:
    st.session_state.ballot = draw
