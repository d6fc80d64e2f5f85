"""What a pair draws, without its names, beside real pictures: a question, before anything is said."""

from collections.abc import Sequence

import streamlit as st

from vaedash import config
from vaedash.comparing import quiz
from vaedash.languages import say
from vaedash.runs import Run
from vaedash.ui import crisp, pictures

_ACROSS = 4


def show(pair: Sequence[Run]) -> bool:
    """Draws it; False where the pair kept no pictures."""
    ballot = quiz.ballot(pair, kind="prior", draw=0)
    real = pictures.originals_of(pair[0], 2 * _ACROSS)
    if ballot is None or real is None:
        return False
    shown = {say("Real pictures"): real} | {
        say("Made up by {letter}", letter=letter): tiles for letter, tiles in ballot.tiles.items()
    }
    with st.grid(len(shown), min_column_width=200, gap="medium"):
        for title, tiles in shown.items():
            with st.container():
                crisp.picture(tiles[: 2 * _ACROSS], columns=_ACROSS, alt=title, caption=title)
    names = say(" and ").join(f"**{config.spoken(run.config.arch)}**" for run in pair)
    st.markdown(
        say(
            "A and B are {names}, in some order: both have looked at such pictures and now make up new ones. Which did conv "
            "draw?",
            names=names,
        )
    )
    return True
