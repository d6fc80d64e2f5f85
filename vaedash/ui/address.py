"""Where others find this page, and what its address says of it: as a QR code for their phones, and for the way back."""

import io
import ipaddress
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

import segno
import streamlit as st

from vaedash.languages import say, to_say
from vaedash.ui import speaking

_ADDRESS = re.compile(
    r"https?://(\[(?P<ip>[0-9a-fA-F:.]{2,45})\]|(?P<host>[A-Za-z0-9.-]{1,253}))(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]{0,200})?"
)
_CLOSED = to_say(
    "Phones cannot open this page yet. How one command lets a room in is told in docs/security.md, beside this program."
)


_complete = st.components.v2.component(
    "vaedash_address",
    html="<span></span>",
    js=(Path(__file__).parent / "address.js").read_text(encoding="utf-8"),
)


def complete(query: Mapping[str, str]) -> None:
    """Have the address in the browser say this too, as far as it says nothing of it, so that it can be passed on; the browser's
    Back leads to the page before, not to the same one without it.
    """
    lacking = {name: value for name, value in query.items() if name not in st.query_params}
    # Hidden, since there is nothing to see; and always there, or what is open below would be drawn anew, and closed.
    with st.container(key="completes-address"):
        if lacking:
            _complete(data=lacking, key="address-completed")


def invitation(words: str, query: Mapping[str, str]) -> None:
    """The address of this page with that query as a QR code below some `words`; where others cannot open it, what to do."""
    address = outside(query)
    if address is None:
        st.markdown(say(_CLOSED))
        return
    st.markdown(words)
    st.image(code(address), alt=say("QR code of {address}", address=address), width=260)
    st.code(address, language=None, wrap_lines=True)


def outside(query: Mapping[str, str]) -> str | None:
    """The address by which others can open this page, with that query; None where only this computer can.

    It is the one by which this visitor came, be that a server's own or that of a proxy before it.
    """
    came_by = _came_by()
    if came_by is None or _is_this_computer(came_by["ip"] or came_by["host"]):
        return None
    return f"{came_by[0]}?{urlencode({**query, **speaking.address()}, safe=',')}"


def here(query: Sequence[tuple[str, str]]) -> str | None:
    """The address by which this visitor can open this page, with that query; None where the browser names none that can be one."""
    came_by = _came_by()
    return came_by and f"{came_by[0]}?{urlencode(query, safe=',')}"


def _came_by() -> re.Match[str] | None:
    return _ADDRESS.fullmatch(st.context.url or "")  # as the browser says it is


def _is_this_computer(host: str) -> bool:
    """Whether a host's name or address means, on each machine, that machine: on a phone, the phone."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.rstrip(".").rpartition(".")[2].lower() == "localhost"
    return address.is_loopback or address.is_unspecified


def code(address: str) -> str:
    """A QR code as SVG, black on white also in the dark: many phones read no other."""
    drawn = io.BytesIO()
    segno.make(address, micro=False).save(drawn, kind="svg", omitsize=True, dark="black", light="white")
    return drawn.getvalue().decode()
