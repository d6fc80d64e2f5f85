"""Which language the page speaks with a visitor: the browser's at first, then what was chosen, which stays in the address."""

import json

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from vaedash import languages
from vaedash.languages import ENGLISH, LANGUAGES, NAMES, Speech

_ADDRESS = "lang"
_CHOSEN = "language"
# The address says the language, so that a link carries it; but it is no step of its own to go back to.
_HERE = """<script>
document.documentElement.lang = {tag};
(address => {{
  if (address.searchParams.get("lang") !== {said}) {{
    address.searchParams.set("lang", {said});
    window.history.replaceState(window.history.state, "", address);
  }}
}})(new URL(window.location.href));
</script>"""
_PLAIN = "<script>document.documentElement.lang = {tag};</script>"


class waiting(str):  # noqa: N801 - reads as a sentence where it is used
    """What is said while something is computed and kept: put into words when it is shown, not when the page's code is loaded."""

    def __str__(self) -> str:
        return languages.say(str.__str__(self))


def begin() -> None:
    """Speak as the visitor wants it, from here on."""
    languages.whoever_looks(_asked)
    if linked := languages.speech(st.query_params.get(_ADDRESS, "")):
        st.session_state[_CHOSEN] = linked.language


def _asked() -> Speech | None:
    """What the visitor of the page whose script runs here speaks; None where none runs."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return None
    browser = languages.speech(st.context.locale or "")
    chosen = languages.speech(st.session_state.get(_CHOSEN, "") or st.query_params.get(_ADDRESS, ""))
    # The browser's region knows how numbers are written where its language is the one that is spoken.
    return (
        browser if browser and chosen in (None, Speech(language=browser.language, region=browser.language)) else chosen
    )


def as_browser() -> bool:
    """Whether the page speaks as the browser does, which then writes numbers as the page does."""
    return languages.current() == languages.speech(st.context.locale or "")


def address() -> dict[str, str]:
    """What an address must say so that others read the page in this language."""
    spoken = languages.current().language
    return {} if spoken == ENGLISH.language else {_ADDRESS: spoken}


def switch() -> None:
    """The languages, each named in itself, one click away; and the browser is told which one the page speaks."""
    speech = languages.current()
    with st.popover(NAMES[speech.language], type="tertiary", icon=":material/language:"):
        st.radio(
            languages.say("Language"),
            LANGUAGES,
            LANGUAGES.index(speech.language),
            key=f"speak-other-than-{speech.language}",
            format_func=NAMES.__getitem__,
            label_visibility="collapsed",
            on_change=_choose,
            args=(f"speak-other-than-{speech.language}",),
        )
    script = _HERE if st.query_params.get(_ADDRESS) or speech != ENGLISH else _PLAIN
    said = {"tag": json.dumps(speech.tag), "said": json.dumps(speech.language)}
    st.html(script.format(**said), unsafe_allow_javascript=True)


def _choose(key: str) -> None:
    st.session_state[_CHOSEN] = st.query_params[_ADDRESS] = st.session_state[key]
