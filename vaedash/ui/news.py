"""What who looks elsewhere meanwhile is told of a page: in the title of its tab, and by the browser where somebody asked for that."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from vaedash.comparing.verdict import Verdict
from vaedash.languages import figure, say
from vaedash.runs import Run

_bell = st.components.v2.component(
    "vaedash_bell",
    html='<button class="bell" type="button" hidden></button><span class="bell-answer" role="status"></span>',
    css=(Path(__file__).parent / "bell.css").read_text(encoding="utf-8"),
    js=(Path(__file__).parent / "bell.js").read_text(encoding="utf-8"),
)


def title(page: str, what: str = "") -> None:
    """Have the tab be called after its page, and after `what` stands there."""
    st.set_page_config(page_title=f"{page}: {what} - vaedash" if what else f"{page} - vaedash")


def training(current: Sequence[Run], judged: Verdict) -> None:
    """Have the tab say that these runs train, and how far they are; and once they have ended while this visitor looked on, what
    came of it. Who has asked for that is told by the browser too.
    """
    ids, active = [run.id for run in current], any(run.active for run in current)
    if active:
        st.session_state.awaited = ids
    elif st.session_state.get("awaited") != ids:
        return
    done = min((run.done for run in current if run.settings), default=0.0)
    came = judged.plain if len(current) > 1 else f"{current[0].name}, {say(current[0].status)}"
    title(say("Training") if active else say("Ended"), figure(done, ".0%") if active else came)
    runs = "-".join(ids)
    words = {
        "offer": say("Tell me when it has ended"),
        "agreed": say("You will be told when it has ended."),
        "refused": say(
            "This browser does not let this page tell you: allow it notifications in the settings of the site. The tab's title says "
            "it too."
        ),
        "insecure": say("A browser tells you only of pages on this machine or by https. The tab's title says it too."),
        "unable": say("This browser tells nothing of a page that is open. The tab's title says it too."),
        "ended": say("The training has ended"),
        "said": came,
    }
    data = {"runs": runs, "training": active, **words}
    _bell(key=f"bell-{runs}", data=data)
