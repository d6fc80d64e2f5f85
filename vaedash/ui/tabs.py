"""Tabs that were closed, and how long they are kept: or a room that comes and goes would use up the server's open files.

Streamlit gives each tab an event loop of its own, which is three open files, and one for its connection. When the
connection ends it keeps the tab's state and uploads, loop included, in case the network only faltered: of up to 128 tabs,
which is 384 open files where macOS allows 256, and the last ones until the next tab is closed, be it days later. No
garbage collection changes that, since all of it is in use. So here fewer are kept, and not for ever.
"""

import asyncio
import sys

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

if sys.platform != "win32":  # where open files are not counted
    import resource

KEPT = 30  # closed tabs at most: a room whose network falters
_FILES = 4096  # open at once, where the system lets a process choose: a thousand tabs

# Of the tabs that were closed, by session, the oldest first: what will end them. Only the server's own thread is here.
_closed: dict[str, asyncio.TimerHandle] = {}


def opened() -> None:
    """Have this tab end some time after it is closed; its state is there again for a connection that comes back earlier."""
    _this_tab()


def _on_closed(session: str) -> None:
    # Streamlit calls this as the connection ends, in the server's own thread; but also when it ends a session itself.
    if not runtime.exists() or not runtime.get_instance().is_active_session(session):
        return
    loop = asyncio.get_running_loop()
    if earlier := _closed.pop(session, None):
        earlier.cancel()
    # A little before Streamlit itself lets nobody have it any more: from then on it could not be ended from here.
    seconds = 0.9 * st.get_option("server.disconnectedSessionTTL")
    _closed[session] = loop.call_later(seconds, _end, session)
    for oldest in list(_closed)[:-KEPT]:
        loop.call_soon(_end, oldest)


@st.cache_resource(scope="session", on_release=_on_closed, show_spinner=False)
def _this_tab() -> str:
    """Its session; what is cached for a session is released when its connection ends."""
    _allow_files()
    context = get_script_run_ctx()
    return context.session_id if context else ""


def _end(session: str) -> None:
    if timer := _closed.pop(session, None):
        timer.cancel()
    server = runtime.get_instance()
    if not server.is_active_session(session):  # else its connection came back
        server.close_session(session)


def _allow_files() -> None:
    """Raise what the system allows by default to `_FILES`, or to as many as it lets this process have."""
    if sys.platform == "win32":
        return
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if most == resource.RLIM_INFINITY else min(_FILES, most)
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
