"""How others come to what is on the page: its address, and what a course page takes over to show its panel."""

import html
from collections.abc import Sequence

import streamlit as st

from vaedash.languages import say
from vaedash.runs import Run
from vaedash.ui import address

_HEIGHT = 640  # pixels of a frame: a panel on a laptop


def popover(page: str, about: Sequence[Run]) -> None:
    """One click away, the address of this page as it is about these runs, and a frame with its panel; `page` is what it is called."""
    with st.popover(say("Share"), icon=":material/share:", key="share"):
        said = [(name, value) for name in st.query_params if name != "runs" for value in st.query_params.get_all(name)]
        query = [("runs", ",".join(run.id for run in about)), *said]
        here = address.here(query)
        if here is None:
            st.markdown(say("The browser does not say at which address this page is: copy it from its address bar."))
            return
        st.markdown(say("This page, as it is:"))
        st.code(here, language=None, wrap_lines=True)
        st.markdown(say("Its panel alone, within a page of a course:"))
        st.code(_frame(page, address.here([*query, ("embed", "true")]) or here), language="html", wrap_lines=True)
        if address.outside({}) is None:
            st.caption(
                say(
                    "This address opens on this computer only. How others are let in is told in docs/security.md, beside this program."
                )
            )


def _frame(page: str, there: str) -> str:
    title = html.escape(f"vaedash: {say(page)}")
    return (
        f'<iframe src="{html.escape(there)}" title="{title}" width="100%" height="{_HEIGHT}" style="border: 0" loading="lazy" '
        'allow="fullscreen"></iframe>'
    )
