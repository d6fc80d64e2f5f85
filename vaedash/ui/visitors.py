"""Visitors: what they may do, which is everything, or, where the page is shown to a room (`places.read_only`), look on; and their clock."""

import functools
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import streamlit as st

from vaedash import places
from vaedash.errors import VaedashError
from vaedash.languages import say, to_say
from vaedash.ui import components, embedded

P = ParamSpec("P")
Answer = TypeVar("Answer")

LOOK_ON = to_say(
    "This page is for looking on: starting, stopping, renaming, archiving, deleting and uploading are switched off "
    "(VAEDASH_READ_ONLY)."
)


def sign_in() -> None:
    """Ends the page for who has not signed in, where a secrets.toml has the `[auth]` section of `st.login`."""
    # A file that cannot be read is an error here: it must not open the door.
    if not any(Path(file).exists() for file in st.get_option("secrets.files")) or "auth" not in st.secrets:
        return
    if not st.user.get("is_logged_in"):
        st.title(say("Does architecture matter?"))
        st.button(say("Sign in"), key="sign-in", icon=":material/login:", on_click=st.login)
        st.stop()


def may_change() -> bool:
    """Whether this visitor may change anything: not where visitors only look on, and not within somebody else's page. What would
    only refuse is not drawn.
    """
    return not (places.read_only() or embedded.on())


def me() -> str:
    """What tells this visitor's open page from all others; opened anew, it is another's."""
    return st.session_state.setdefault("visitor", secrets.token_hex(8))


def tell(words: str) -> None:
    """Have `told` say this: a callback itself must not draw."""
    st.session_state.told = words


def told() -> None:
    """Says what the callback before this run of the script had to say."""
    if words := st.session_state.pop("told", ""):
        st.toast(words, duration="long")


def change(action: Callable[P, Answer]) -> Callable[P, Answer | None]:
    """`action`, a callback that changes something, made to refuse where visitors only look on, and within somebody else's page;
    None is then its answer.

    It asks when it is called, not when its button was drawn: a browser may send what it was never shown. What
    the action itself cannot do it says in a sentence.
    """

    @functools.wraps(action)
    def asked(*args: P.args, **kwargs: P.kwargs) -> Answer | None:
        if places.read_only():
            tell(say(LOOK_ON))
            return None
        if embedded.on():  # the site around it may have drawn something else over what was clicked
            tell(say("Within a page of another site nothing is changed: open this one in a tab."))
            return None
        try:
            return action(*args, **kwargs)
        except VaedashError as error:
            tell(components.said(error))
            return None
        except OSError as error:
            if error.strerror is None:  # a mistake of ours
                raise
            tell(components.refused(error))
            return None

    return asked


def zone() -> ZoneInfo:
    """The time zone of whoever looks, as the browser says it is; UTC where it says none that is known here."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (KeyError, ValueError, OSError):  # an unknown name is a KeyError
        return ZoneInfo("UTC")
