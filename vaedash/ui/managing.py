"""What a person may do with a run in a list: rename and tag it, run it again with changes, resume it, put it aside, delete it."""

import datetime
import zlib

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vaedash import config, places, text
from vaedash.languages import say
from vaedash.runs import Run, Status, listing
from vaedash.runs.schema import Notes
from vaedash.showing import charts
from vaedash.ui import components, forms, launching, notes, pictures, visitors

LISTED = 100  # runs of a list, each with widgets behind it: a thousand of those keep a page busy for a minute
_NAMED = 5  # folders that are in no list
_TAGS = 1_000  # characters of all tags together


def manage(run: Run) -> None:
    """One run in a list: its state, and behind it rename, tag, run again with changes, archive, delete."""
    # Known by its key, it stays open when its name or its state becomes another.
    with st.expander(f"{components.plain(components.name_with_tags(run))}: {say(run.status)}", key=f"run-{run.id}"):
        components.status_line(run)
        created = datetime.datetime.fromisoformat(run.created).astimezone(visitors.zone()) if run.created else None
        when = f"{created:%Y-%m-%d %H:%M}" if created else ""
        begun = say(", created {when}", when=when) if when else ""
        st.caption(
            say(
                "{id}{begun}, {n} epochs{elsewhere}",
                id=run.id,
                begun=begun,
                n=len(run.epochs),
                elsewhere=components.elsewhere(run),
            )
        )
        if not visitors.may_change():
            notes.show(run)
            return
        row = _edit(run) if run.settings else st.container(horizontal=True)
        if not run.busy and run.status != Status.ELSEWHERE:
            row.button(say("Delete"), key=f"delete-{run.id}", on_click=_ask, args=(run,))
            if st.session_state.get("deleting") == run.id:
                _confirm(run)


def _edit(run: Run) -> DeltaGenerator:
    """What may be changed of it, and the row of buttons for that."""
    name, tags, colour = _fields(run)
    st.text_input(say("Name"), _name(run), key=name, placeholder=run.name, max_chars=text.LONGEST_NAME)
    st.text_input(say("Tags"), _tags(run), key=tags, max_chars=max(_TAGS, len(_tags(run))), help=say("By comma."))
    _choose_colour(run, key=colour)
    notes.field(run)
    row = st.container(horizontal=True)
    row.button(say("Save"), key=f"save-{run.id}", on_click=_save, args=(run,))
    row.button(say("Duplicate with changes"), key=f"copy-{run.id}", on_click=forms.copy, args=(run,))
    if run.status.resumable:
        with row:
            launching.go_on(run, key=f"again-{run.id}")
    if run.archived:
        row.button(say("Restore"), key=f"restore-{run.id}", on_click=_archive, args=(run, False))
    elif not run.active:
        with row.popover(say("Archive")):
            st.write(say("It leaves all lists; nothing is deleted, and it can be restored."))
            st.button(say("Archive it"), key=f"archive-{run.id}", on_click=_archive, args=(run, True))
    return row


def _choose_colour(run: Run, *, key: str) -> None:
    """That of its architecture, or one of its own, on every chart."""
    own = say("that of {name}", name=config.spoken(run.config.arch))
    hues = {
        "": (charts.of_arch(run.config.arch), own),
        **{name: (hue, say(name)) for name, hue in charts.PINNED.items()},
    }
    now = run.colour if run.colour in hues else ""
    st.radio(
        say("Colour"),
        [*hues],
        [*hues].index(now),
        key=key,
        format_func=lambda name: pictures.mark(*hues[name]),
        horizontal=True,
    )


def _confirm(run: Run) -> None:
    """The second click: what would go, how much room that makes, and that it cannot be brought back."""
    size = say("{size:,} MB", size=max(1, round(run.size() / 1e6)))
    st.markdown(
        say(
            "All files of run {id} would be deleted: figures, pictures and weights, {size}. None can be brought back.",
            id=run.id,
            size=size,
        )
    )
    row = st.container(horizontal=True)
    row.button(
        say("Delete {size} for ever", size=size), key=f"forever-{run.id}", type="primary", on_click=_delete, args=(run,)
    )
    row.button(say("Keep it"), key=f"keep-{run.id}", on_click=_ask, args=(None,))


def unlisted() -> None:
    """Names the folders that hold a run and are in no list, to who may see to it."""
    found = listing.unlisted(places.runs_dir()) if visitors.may_change() else []
    if found:
        called = ", ".join(components.plain(run.id) for run in found[:_NAMED])
        more = say(" and {n} more", n=len(found) - _NAMED) if len(found) > _NAMED else ""
        st.warning(
            say(
                "In no list, because the folder's name is no id: {called}{more}. What to do says: {command} doctor",
                called=called,
                more=more,
                command=places.command(),
            ),
            icon=":material/warning:",
        )


def _fields(run: Run) -> tuple[str, str, str]:
    """The keys of the fields of its name, its tags and its colour, each another once that was changed, be it elsewhere: then what
    is there is shown.
    """
    return _key("rename", run, run.given_name), _key("tags", run, _tags(run)), _key("colour", run, run.colour)


def _key(field: str, run: Run, kept: str) -> str:
    return f"{field}-{run.id}-{zlib.crc32(kept.encode(errors='replace'))}"


def _name(run: Run) -> str:
    """The name that was given to it, as the page says it; empty where it is called by its settings."""
    return run.name if run.given_name else ""


def _tags(run: Run) -> str:
    return ", ".join(run.tags)


@visitors.change
def _save(run: Run) -> None:
    """Write down what this visitor has edited of the run as it was shown, and nothing else: another may have changed the rest."""
    changes = Notes()
    name, tags, colour = (st.session_state[field] for field in _fields(run))
    if name != _name(run):
        changes["name"] = name
    if tags != _tags(run):
        changes["tags"] = [tag.strip() for tag in tags.split(",") if tag.strip()]
    if (note := st.session_state[notes.key(run)]) != run.note:
        changes["note"] = note
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
    visitors.tell(say("Deleted run {id} and all its files.", id=run.id))
