"""What several pages show alike: which pair is meant, a run's state, the verdict, what to do where there is nothing yet."""

import functools
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import streamlit as st

from vaedash import config, languages, places, text
from vaedash.comparing import alike
from vaedash.comparing import verdict as comparing
from vaedash.comparing.verdict import Verdict
from vaedash.errors import VaedashError
from vaedash.languages import say
from vaedash.runs import Run, Status
from vaedash.runs.schema import TRAINED
from vaedash.text import escaped
from vaedash.ui import embedded

_PAGES = Path(__file__).parent / "pages"
# What Streamlit calls the colours of a badge, for each state of a run.
_BADGE: Mapping[Status, str] = {
    Status.QUEUED: "gray",
    Status.RUNNING: "blue",
    Status.FINISHED: "green",
    Status.EARLY_STOPPED: "green",
    Status.STOPPED: "orange",
    Status.INTERRUPTED: "orange",
    Status.ELSEWHERE: "blue",
    Status.DIVERGED: "red",
    Status.FAILED: "red",
    Status.DAMAGED: "red",
}


def newest_pair(runs: Sequence[Run]) -> list[Run]:
    """The newest run of FC and of conv on the newest run's images, in the table's order, or else of two other architectures; damaged
    ones, trials of a tuning, and such with shuffled pixels or widths of their own, if there are no others.
    """
    newest: dict[str, Run] = {}
    sound = [run for run in runs if not run.damage] or runs
    sound = [run for run in sound if run.trial is None] or sound
    sound = [run for run in sound if run.config.pixel_order == "natural"] or sound
    sound = [run for run in sound if not run.config.widths] or sound
    for run in sound:
        if alike.same_images(run, sound[0]):
            newest.setdefault(run.config.arch, run)
    two = config.PAIR if newest.keys() >= {*config.PAIR} else tuple(newest)[:2]
    return [newest[arch] for arch in sorted(two, reverse=True)]


def comparable(runs: Sequence[Run]) -> list[Run]:
    """The newest run of each architecture, of those that ended with the same images and the same unit of loss; empty
    where there are no two such.
    """
    sound = [run for run in runs if run.best and not run.damage and not run.active]
    for group in alike.groups([run for run in sound if run.config.pixel_order == "natural"]):
        if len(pair := newest_pair(group)) > 1:
            return pair
    return []


def showcase(runs: Sequence[Run]) -> list[Run]:
    """The pair to show to who has chosen none: the example that can draw and whose pictures everybody has, whatever was trained
    since; where there is none, the newest pair that can be compared, or else the newest.
    """
    examples = [run for run in runs if run.example and run.settings and run.config.dataset in config.DATASETS]
    return comparable(examples) or comparable(runs) or newest_pair(runs)


def latest(runs: Sequence[Run]) -> list[Run]:
    """The newest pair that somebody trained here; empty where nobody has."""
    return newest_pair([run for run in runs if run.settings and not run.example])


def labels(runs: Sequence[Run]) -> dict[str, str]:
    """What to call each run, by id: its name, with the id behind it where another one is called the same."""
    with languages.spoken(languages.current()):  # which is asked once, and not for each of ten thousand runs
        names = {run.id: run.name for run in runs}
    count = Counter(names.values())
    return {run_id: f"{name} ({run_id})" if count[name] > 1 else name for run_id, name in names.items()}


def words(names: Mapping[str, str]) -> Callable[[str], str]:
    """What a widget calls each of its options (`format_func`), where `names` has one for every option."""
    return names.__getitem__


def choice(
    label: str,
    names: Mapping[str, str],
    *,
    default: str,
    key: str,
    help: str | None = None,
    bare: bool = False,
    kept: bool = False,
) -> str:
    """The one of these options, each with its English name, that a person chose; it is in the URL. With `bare`, the label is
    only read out; what is `kept` is so while other pages are looked at.
    """
    linked = _linked(key, names)
    chosen = st.segmented_control(
        label,
        list(names),
        format_func=words({name: say(called) for name, called in names.items()}),
        default=None if linked else default,
        required=True,
        key=key,
        bind="query-params",
        help=help,
        label_visibility="collapsed" if bare else "visible",
        persist_state="session" if kept else None,
        wrap=True,
    )
    return chosen or default


def _linked(key: str, names: Mapping[str, str]) -> bool:
    """Chooses what an address says that was made in another language, or by hand: Streamlit writes there what a choice is called."""
    asked = st.query_params.get(key)
    if key in st.session_state or asked is None or asked in [say(called) for called in names.values()]:
        return False
    meant = [name for name, called in names.items() if asked == name or called == languages.original(asked)]
    if meant:
        st.session_state[key] = meant[0]
    return bool(meant)


def name_with_tags(run: Run, name: str | None = None) -> str:
    """Its name, or what it is called instead, and its tags behind it."""
    return " ".join([name or run.name, *(f"[{tag}]" for tag in run.tags)])


def nothing_yet(*, weights: bool = False) -> NoReturn:
    """Says that there is nothing to show, and where to begin; ends the page."""
    what = (
        say("No run has weights yet: they come with its first epoch.")
        if weights
        else say("Nothing has been trained yet.")
    )
    st.info(
        say("{what} Train FC and conv on the Start page; it takes about a minute.", what=what), icon=":material/flag:"
    )
    link("start", say("To the Start page"))
    st.stop()


def damaged(runs: Sequence[Run]) -> None:
    """Names the damaged ones among the runs, and says what is wrong with each."""
    if lines := [
        say("Run {id} is damaged. {damage}", id=run.id, damage=escaped(run.damage)) for run in runs if run.damage
    ]:
        st.warning("  \n".join(lines), icon=":material/warning:")


def odd(chosen: Sequence[Run]) -> None:
    """Says what is odd about runs that can be read: what has not arrived of them, what clocks got wrong, which are one and the same."""
    lines = [f"{plain(run.name)} ({run.id}): {escaped(oddity)}" for run in chosen for oddity in run.oddities]
    lines += [
        say(
            "{ids} are one and the same run, copied: here it counts {n} times.",
            ids=say(" and ").join(run.id for run in same),
            n=len(same),
        )
        for same in alike.copies(chosen)
    ]
    if lines:
        st.info("  \n".join(lines), icon=":material/sync_problem:")


def verdict(judged: Verdict, *, place: str, more: Callable[[], None] | None = None) -> None:
    """Who leads, for the last row of the room; one click below, for who asks, the figures, and what `more` draws there.

    `place` is a word for where it stands, since a page may have several.
    """
    with st.container(key=f"verdict-{place}"):
        st.header(plain(judged.plain), anchor=False)
    if not judged.grounds:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(plain(judged.about), width="content")
        with st.popover(say("How sure is that?"), type="tertiary", icon=":material/balance:"):
            st.markdown(f"**{plain(judged.headline)}.** {plain(judged.grounds)}")
            if more:
                more()


def verdicts(chosen: Sequence[Run], *, place: str, more: Callable[[Sequence[Run]], None]) -> str:
    """Who leads on each set of pictures, and which runs have nothing to be compared with; `more` draws what belongs to a group.

    The answer is what it says in plain words.
    """
    every = comparing.each(chosen)
    for number, (group, judged) in enumerate(every):
        verdict(judged, place=f"{place}-{number}", more=functools.partial(more, group))
    for sentence in comparing.alone(chosen):
        st.caption(plain(sentence))
    return "; ".join(judged.plain for _, judged in every)


def onward(page: str, words: str, **address: str) -> None:
    """The next step of the story, at the end of a page; `page` is the name of its file."""
    embedded.end()
    link(page, say("Next: {words}", words=words), **address)


def link(page: str, words: str, *, icon: str = ":material/arrow_forward:", **address: str) -> None:
    """A way to another page; none within somebody else's."""
    if embedded.on():
        return
    st.page_link(_PAGES / f"{page}.py", label=words, icon=icon, query_params=address)


def status(run: Run, *, called: str) -> None:
    """What a run is `called` (Markdown) and, where it did not simply end or go on, its state."""
    unusual = "" if run.status in (Status.RUNNING, *TRAINED) else _badge(run)
    st.markdown(f"{called} {unusual}", help=plain(run.name))
    if unusual and run.sentence:
        st.caption(escaped(run.sentence))


def status_line(run: Run) -> None:
    """Name, state and, where the state does not say it all, what else."""
    st.markdown(f"**{plain(run.name)}** {_badge(run)}")
    if run.sentence and run.status != Status.FINISHED:
        st.caption(escaped(run.sentence))
    for oddity in run.oddities:
        st.caption(escaped(oddity))


def _badge(run: Run) -> str:
    kept = say(" after {n} epochs", n=len(run.epochs)) if run.epochs and not run.active else ""
    return f":{_BADGE[run.status]}-badge[{say(run.status)}{kept}]"


def elsewhere(run: Run) -> str:
    """`, on` and the machine that trains or has trained it, for Markdown; empty if that was this one, or if it is not known."""
    return say(", on {host}", host=plain(run.host)) if run.host not in ("", places.host()) else ""


def said(error: VaedashError) -> str:
    """What an error tells a person, for Markdown, without where runs and images lie on this machine: others may look on."""
    words = str(error)
    for place in (places.SOURCES, places.runs_dir().parent, places.data_dir().parent):
        words = words.replace(f"{place}{os.sep}", "")
    return escaped(words)


def refused(error: OSError) -> str:
    """What the system did not allow, for Markdown: the name of the file or folder, not its place."""
    what = f"{plain(Path(str(error.filename)).name)}: " if error.filename else ""
    return say(
        "{what}{strerror}. Free some room, or change who may read and write there.", what=what, strerror=error.strerror
    )


def plain(name: str) -> str:
    """A name, for Markdown, as it stands: Streamlit turns even escaped addresses into links, and words between colons
    into icons. What cannot be seen, a word joiner, keeps these apart; so this is for names, not for what is to be copied.
    """
    return escaped(_MEANT.sub("\u2060", text.visible(" ".join(name.split()))))


def named(runs: Sequence[Run]) -> str:
    """The names of runs, for Markdown."""
    return say(" and ").join(plain(run.name) for run in runs)


_MEANT = re.compile(r"(?<=:)(?=\S)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)
