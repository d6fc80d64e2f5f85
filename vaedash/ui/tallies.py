"""What the visitors of this server chose, each of them once: votes on a ballot, predictions of an answer."""

from collections import Counter

import streamlit as st

from vaedash.ui import visitors

LOOK = 2.0  # seconds between two looks at how many have chosen
_KEPT = 500  # tallies at once; any number is a ballot, so somebody could ask for very many


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def tally(name: str) -> dict[str, str]:  # noqa: ARG001 - one dictionary a name
    """What was chosen under this name, visitor to choice, until the server ends."""
    return {}


def cast(name: str, choice: str) -> None:
    """Count this visitor's choice, in place of an earlier one."""
    # Allowed where visitors only look on (`visitors.change` is not asked): it changes nothing on disk.
    tally(name)[visitors.me()] = choice


def mine(name: str) -> str | None:
    """What this visitor chose."""
    return tally(name).get(visitors.me())


def count(name: str) -> Counter[str]:
    """How many chose what."""
    return Counter(tally(name).copy().values())  # one copy, since others choose meanwhile
