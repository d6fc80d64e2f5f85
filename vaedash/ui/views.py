"""Saved views of Compare: a name for its address, opened by a click or by `?view=`, kept and deleted where visitors may."""

import html
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from vaedash import places, text
from vaedash.errors import RunError
from vaedash.languages import say
from vaedash.runs import views
from vaedash.ui import components, embedded, presenter, speaking, visitors

_VIEW, _NAME = "view", "view-name"
# What an address says of Compare, and a view keeps: which runs, and how their curves are drawn.
_KEPT = ("runs", "term", "axis", "of", "smoothing", "log", "cut")
_DELETE = ":material/delete:"

_lead_on = st.components.v2.component(
    "vaedash_view",
    html="<span></span>",
    js=(Path(__file__).parent / "view.js").read_text(encoding="utf-8"),
)


def opened() -> None:
    """Where the address names a saved view, lead the browser on to the address that it stands for, and end the page."""
    name = st.query_params.get(_VIEW)
    if name is None:
        return
    try:
        query = views.saved(places.runs_dir()).get(text.name(name))
    except RunError as damage:
        st.warning(components.said(damage), icon=":material/warning:")
        return
    if query is None:
        st.info(say("There is no saved view called {name} here (any more).", name=components.plain(text.name(name))))
        return
    _lead_on(key="leads-on", data={"query": _address(query)})
    st.stop()


def controls() -> None:
    """The saved views, one click away; another click opens one, and saves or deletes where visitors may."""
    with st.popover(say("Views"), icon=":material/bookmark:", key="views"):
        try:
            saved = views.saved(places.runs_dir())
        except RunError as damage:
            st.warning(components.said(damage), icon=":material/warning:")
            return
        if not saved:
            st.caption(
                say("None is saved yet: a view is the chosen runs and how their curves are drawn, under a name.")
            )
        for number, (name, query) in enumerate(saved.items()):
            row = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
            # A plain link, to be opened, copied and marked as any other: what draws the curves begins anew with its address.
            row.html(
                f'<a href="?{html.escape(_address(query))}" target="_self" class="saved-view">{html.escape(name)}</a>'
            )
            if visitors.may_change():
                row.button(
                    say("Delete"), key=f"forget-{number}", icon=_DELETE, type="tertiary", on_click=_forget, args=(name,)
                )
        if visitors.may_change():
            st.text_input(say("Name of this view"), key=_NAME, max_chars=text.LONGEST_NAME)
            st.button(say("Save this view"), key="save-view", on_click=_save)


def _address(query: str) -> str:
    """What a saved query says that this page knows, whoever wrote it, as the query of an address for this visitor."""
    kept = [(name, value) for name, value in parse_qsl(query) if name in _KEPT]
    said = [*([("presenter", "true")] if presenter.on() else []), *speaking.address().items()]
    if embedded.on():
        said.append(("embed", "true"))
    return urlencode([*kept, *said], safe=",")


@visitors.change
def _save() -> None:
    said = [(name, value) for name in _KEPT[1:] for value in st.query_params.get_all(name)]
    query = urlencode([("runs", ",".join(st.session_state.chosen)), *said], safe=",")
    name = views.save(places.runs_dir(), st.session_state[_NAME], query)
    st.session_state[_NAME] = ""
    visitors.tell(say("Saved as {name}: it is under Views.", name=components.plain(text.brief(name))))


@visitors.change
def _forget(name: str) -> None:
    views.forget(places.runs_dir(), name)
    visitors.tell(say("Deleted the view {name}.", name=components.plain(text.brief(name))))
