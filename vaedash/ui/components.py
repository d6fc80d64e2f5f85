"""What several pages show alike: the choice of runs, a run's state, pictures, what to do where there is nothing yet."""

import platform
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

import streamlit as st

from vaedash import text
from vaedash.comparing import alike
from vaedash.comparing.verdict import Verdict
from vaedash.runs import Run, Status, names

# What Streamlit calls the colours of a badge, for each state of a run.
_BADGE: Mapping[Status, str] = {
    Status.QUEUED: "gray",
    Status.RUNNING: "blue",
    Status.FINISHED: "green",
    Status.EARLY_STOPPED: "green",
    Status.STOPPED: "orange",
    Status.INTERRUPTED: "orange",
    Status.DIVERGED: "red",
    Status.FAILED: "red",
    Status.DAMAGED: "red",
}

OFFERED = 300  # runs that a choice offers at once: all of them are sent to the browser each time a page runs


def choose_runs(runs: Sequence[Run], *, weights: bool = False) -> list[Run]:
    """The runs a person picked, by default the newest pair; their ids live in the URL and travel between pages.

    With `weights`, only runs that can decode are offered. Where there are many, those picked are, and the newest of
    those looked for. Stops the page, saying what to do, where none is left.
    """
    offered = {run.id: run for run in runs if run.settings and (not weights or run.weights.has(names.BEST))}
    if not offered:
        nothing_yet(weights=weights)
    every = list(offered.values())
    linked = st.query_params.get("runs", ",".join(st.session_state.get("chosen", ()))).split(",")
    default = [run_id for run_id in linked if run_id in offered] or [run.id for run in newest_pair(every)]
    shown = {run.id for run in look_for(every, most=OFFERED, key="look-for-runs")} | {*default}
    options = [run_id for run_id in offered if run_id in shown]
    ids = st.multiselect(
        "Runs",
        options,
        default=default,
        format_func=words(labels(every)),
        placeholder="Choose a run or two",
        key=f"runs-{','.join(options)}",
    )
    st.session_state.chosen = ids
    st.query_params["runs"] = ",".join(ids)
    if not ids:
        st.info("Choose a run or two above.")
        st.stop()
    return [offered[run_id] for run_id in ids]


def look_for(runs: Sequence[Run], *, most: int, key: str) -> list[Run]:
    """All of these runs (newest first), or where there are more than `most` the newest of those that a person looks for."""
    if len(runs) <= most:
        return list(runs)
    sought = st.text_input(
        "Look for", key=key, placeholder="words of a name, a tag, settings or a state; an id", max_chars=200
    )
    meant = [run for run in runs if all(word in _known_as(run) for word in sought.casefold().split())]
    if len(meant) > most:
        st.caption(f"Here are the newest {most:,} of {len(meant):,} runs.")
    elif not meant:
        st.caption("No run is known by all of these words.")
    return meant[:most]


def _known_as(run: Run) -> str:
    settings = run.settings.title if run.settings else ""
    return f"{run.id} {name_with_tags(run)} {settings} {run.status}".casefold()


def newest_pair(runs: Sequence[Run]) -> list[Run]:
    """The newest run of each architecture on the newest run's images, in the table's order; damaged ones, and such with
    shuffled pixels, if there are no others.
    """
    pair: dict[str, Run] = {}
    sound = [run for run in runs if not run.damage] or runs
    sound = [run for run in sound if run.config.pixel_order == "natural"] or sound
    for run in sound:
        if alike.same_images(run, sound[0]):
            pair.setdefault(run.config.arch, run)
    return [pair[arch] for arch in sorted(pair, reverse=True)]


def comparable(runs: Sequence[Run]) -> list[Run]:
    """The newest run of each architecture, of those that ended with the same images and the same unit of loss; empty
    where there are no two such.
    """
    sound = [run for run in runs if run.best and not run.damage and not run.active]
    for group in alike.groups([run for run in sound if run.config.pixel_order == "natural"]):
        if len(pair := newest_pair(group)) > 1:
            return pair
    return []


def labels(runs: Sequence[Run]) -> dict[str, str]:
    """What to call each run, by id: its name, with the id behind it where another one is called the same."""
    names = {run.id: run.name for run in runs}
    count = Counter(names.values())
    return {run_id: f"{name} ({run_id})" if count[name] > 1 else name for run_id, name in names.items()}


def words(names: Mapping[str, str]) -> Callable[[str], str]:
    """What a widget calls each of its options (`format_func`), where `names` has one for every option."""
    return names.__getitem__


def choice(label: str, names: Mapping[str, str], *, default: str, key: str, help: str | None = None) -> str:
    """The one of these options, each with its name, that a person chose; it is in the URL."""
    return st.segmented_control(
        label,
        list(names),
        format_func=words(names),
        default=default,
        required=True,
        key=key,
        bind="query-params",
        help=help,
        wrap=True,
    )


def name_with_tags(run: Run) -> str:
    """Its name, and its tags behind it."""
    return " ".join([run.name, *(f"[{tag}]" for tag in run.tags)])


def nothing_yet(*, weights: bool = False) -> NoReturn:
    """Says that there is nothing to show, and where to begin; ends the page."""
    what = "No run has weights yet: they come with its first epoch." if weights else "Nothing has been trained yet."
    st.info(f"{what} Train both architectures on the Start page; it takes about a minute.", icon=":material/flag:")
    st.stop()


def damaged(runs: Sequence[Run]) -> None:
    """Names the damaged ones among the runs, and says what is wrong with each."""
    if lines := [f"Run {run.id} is damaged. {escaped(run.damage)}" for run in runs if run.damage]:
        st.warning("  \n".join(lines), icon=":material/warning:")


def verdict(judged: Verdict, *, more: Callable[[], None] | None = None) -> None:
    """Who leads, for the last row of the room; one click below, for who asks, the figures, and what `more` draws there."""
    st.header(plain(judged.plain), anchor=False)
    if not judged.grounds:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(plain(judged.about), width="content")
        with st.popover("How sure is that?", type="tertiary", icon=":material/balance:"):
            st.markdown(f"**{plain(judged.headline)}.** {plain(judged.grounds)}")
            if more:
                more()


def status_line(run: Run) -> None:
    """Name, state and, where the state does not say it all, what else."""
    kept = f" after {len(run.epochs)} epochs" if run.epochs and not run.active else ""
    st.markdown(f"**{plain(run.name)}** :{_BADGE[run.status]}-badge[{run.status}{kept}]")
    if run.sentence and run.status != Status.FINISHED:
        st.caption(escaped(run.sentence))


def elsewhere(run: Run) -> str:
    """`, on` and the machine that trains or has trained it, for Markdown; empty if that was this one, or if it is not known."""
    return f", on {plain(run.host)}" if run.host not in ("", platform.node()) else ""


def escaped(text: str) -> str:
    """A sentence that may hold a person's or a file's words, without any meaning to Markdown but for web addresses."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()#+-.!|<>~$:&" else letter for letter in text)


def plain(name: str) -> str:
    """A name, for Markdown, as it stands: Streamlit turns even escaped addresses into links, and words between colons
    into icons. What cannot be seen, a word joiner, keeps these apart; so this is for names, not for what is to be copied.
    """
    return escaped(_MEANT.sub("\u2060", text.visible(" ".join(name.split()))))


_MEANT = re.compile(r"(?<=:)(?=\S)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)
