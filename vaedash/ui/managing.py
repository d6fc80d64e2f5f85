"""What a person may do with a run in a list: rename and tag it, run it again with changes, resume it, put it aside, delete it."""

import datetime
import zlib

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vaedash import config, places, text
from vaedash.runs import Run, Status, listing
from vaedash.runs.schema import Notes
from vaedash.showing import charts
from vaedash.ui import components, forms, launching, pictures, visitors

LISTED = 100  # runs of a list, each with widgets behind it: a thousand of those keep a page busy for a minute
_NAMED = 5  # folders that are in no list
_TAGS = 1_000  # characters of all tags together


def manage(run: Run) -> None:
    """One run in a list: its state, and behind it rename, tag, run again with changes, archive, delete."""
    # Known by its key, it stays open when its name or its state becomes another.
    with st.expander(f"{components.plain(components.name_with_tags(run))}: {run.status}", key=f"run-{run.id}"):
        components.status_line(run)
        created = datetime.datetime.fromisoformat(run.created).astimezone(visitors.zone()) if run.created else None
        begun = f", created {created:%Y-%m-%d %H:%M}" if created else ""
        st.caption(f"{run.id}{begun}, {len(run.epochs)} epochs{components.elsewhere(run)}")
        if places.read_only():
            return
        row = _edit(run) if run.settings else st.container(horizontal=True)
        if not run.busy and run.status != Status.ELSEWHERE:
            row.button("Delete", key=f"delete-{run.id}", on_click=_ask, args=(run,))
            if st.session_state.get("deleting") == run.id:
                _confirm(run)


def _edit(run: Run) -> DeltaGenerator:
    """What may be changed of it, and the row of buttons for that."""
    name, tags, colour = _fields(run)
    st.text_input("Name", run.given_name, key=name, placeholder=run.name, max_chars=text.LONGEST_NAME)
    st.text_input("Tags", _tags(run), key=tags, max_chars=max(_TAGS, len(_tags(run))), help="By comma.")
    _choose_colour(run, key=colour)
    row = st.container(horizontal=True)
    row.button("Save", key=f"save-{run.id}", on_click=_save, args=(run,))
    row.button("Duplicate with changes", key=f"copy-{run.id}", on_click=forms.copy, args=(run,))
    if run.status.resumable:
        with row:
            launching.go_on(run, key=f"again-{run.id}")
    if run.archived:
        row.button("Restore", key=f"restore-{run.id}", on_click=_archive, args=(run, False))
    elif not run.active:
        with row.popover("Archive"):
            st.write("It leaves all lists; nothing is deleted, and it can be restored.")
            st.button("Archive it", key=f"archive-{run.id}", on_click=_archive, args=(run, True))
    return row


def _choose_colour(run: Run, *, key: str) -> None:
    """That of its architecture, or one of its own, on every chart."""
    own = f"that of {config.spoken(run.config.arch)}"
    hues = {"": (charts.of_arch(run.config.arch), own), **{name: (hue, name) for name, hue in charts.PINNED.items()}}
    now = run.colour if run.colour in hues else ""
    st.radio(
        "Colour",
        [*hues],
        [*hues].index(now),
        key=key,
        format_func=lambda name: pictures.mark(*hues[name]),
        horizontal=True,
    )


def _confirm(run: Run) -> None:
    """The second click: what would go, how much room that makes, and that it cannot be brought back."""
    size = f"{max(1, round(run.size() / 1e6)):,} MB"
    st.markdown(
        f"All files of run {run.id} would be deleted: figures, pictures and weights, {size}. None can be brought back."
    )
    row = st.container(horizontal=True)
    row.button(f"Delete {size} for ever", key=f"forever-{run.id}", type="primary", on_click=_delete, args=(run,))
    row.button("Keep it", key=f"keep-{run.id}", on_click=_ask, args=(None,))


def unlisted() -> None:
    """Names the folders that hold a run and are in no list, to who may see to it."""
    found = [] if places.read_only() else listing.unlisted(places.runs_dir())
    if found:
        called = ", ".join(components.plain(run.id) for run in found[:_NAMED])
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        st.warning(
            f"In no list, because the folder's name is no id: {called}{more}. What to do says: {places.command()} doctor",
            icon=":material/warning:",
        )


def _fields(run: Run) -> tuple[str, str, str]:
    """The keys of the fields of its name, its tags and its colour, each another once that was changed, be it elsewhere: then what
    is there is shown.
    """
    return _key("rename", run, run.given_name), _key("tags", run, _tags(run)), _key("colour", run, run.colour)


def _key(field: str, run: Run, kept: str) -> str:
    return f"{field}-{run.id}-{zlib.crc32(kept.encode(errors='replace'))}"


def _tags(run: Run) -> str:
    return ", ".join(run.tags)


@visitors.change
def _save(run: Run) -> None:
    """Write down what this visitor has edited of the run as it was shown, and nothing else: another may have changed the rest."""
    changes = Notes()
    name, tags, colour = (st.session_state[field] for field in _fields(run))
    if name != run.given_name:
        changes["name"] = name
    if tags != _tags(run):
        changes["tags"] = [tag.strip() for tag in tags.split(",") if tag.strip()]
    if colour != run.colour and (colour or run.colour in charts.PINNED):
        changes["colour"] = colour
    if changes:
        run.write_notes(**changes)


@visitors.change
def _archive(run: Run, archived: bool) -> None:
    if archived:
        run.require_over()
    run.write_notes(archived=archived)


def _ask(run: Run | None) -> None:
    """Ask before this run is deleted, and before no other."""
    st.session_state.deleting = run and run.id


@visitors.change
def _delete(run: Run) -> None:
    _ask(None)
    run.require_over()
    run.delete()
    visitors.tell(f"Deleted run {run.id} and all its files.")
