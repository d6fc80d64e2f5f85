"""Notes that people write of runs: shown without any effect, and written where visitors may."""

import zlib
from collections.abc import Sequence

import streamlit as st

from vaedash import text
from vaedash.languages import say, to_say
from vaedash.runs import Run
from vaedash.showing import note
from vaedash.ui import components

_HELP = to_say(
    "In Markdown: **bold**, lists, tables, links. Pictures and HTML stay as typed. Who looks at this page can read it."
)


def key(run: Run) -> str:
    """Of the field of its note: another one once that was changed, be it elsewhere."""
    return f"note-{run.id}-{zlib.crc32(run.note.encode(errors='replace'))}"


def field(run: Run) -> None:
    """Where a person writes it, and how it reads."""
    st.text_area(say("Note"), run.note, key=key(run), max_chars=text.LONGEST_NOTE, height="content", help=say(_HELP))
    show(run)


def show(run: Run) -> None:
    """How it reads; nothing where there is none."""
    if run.note:
        with st.container(key=f"note-of-{run.id}"):
            st.html(note.html(run.note))


def of(chosen: Sequence[Run]) -> None:
    """The notes of those runs that have one, one click away."""
    noted = [run for run in chosen if run.note]
    if noted:
        called = components.labels(chosen)
        with st.expander(say("Notes"), icon=":material/edit_note:"):
            for run in noted:
                st.markdown(f"**{components.plain(called[run.id])}**")
                show(run)
