"""What a person may do with a run in a list: rename and tag it, run it again with changes, resume it, put it aside."""

import zlib

import streamlit as st

from vaedash import places, text
from vaedash.runs import Run, listing
from vaedash.runs.schema import Notes
from vaedash.ui import components, forms, launching, visitors

LISTED = 100  # runs of a list, each with widgets behind it: a thousand of those keep a page busy for a minute
_NAMED = 5  # folders that are in no list
_TAGS = 1_000  # characters of all tags together


def manage(run: Run) -> None:
    """One run in a list: its state, and behind it rename, tag, run again with changes, archive."""
    with st.expander(f"{components.plain(components.name_with_tags(run))}: {run.status}"):
        components.status_line(run)
        created = run.created[:16].replace("T", " ")
        st.caption(f"{run.id}, created {created} UTC, {len(run.epochs)} epochs{components.elsewhere(run)}")
        if run.settings is None or places.read_only():
            return
        name, tags = _fields(run)
        st.text_input("Name", run.given_name, key=name, placeholder=run.name, max_chars=text.LONGEST_NAME)
        st.text_input("Tags", _tags(run), key=tags, max_chars=max(_TAGS, len(_tags(run))), help="By comma.")
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


def unlisted() -> None:
    """Names the folders that hold a run and are in no list, to who may see to it."""
    found = [] if places.read_only() else listing.unlisted(places.runs_dir())
    if found:
        called = ", ".join(components.plain(run.id) for run in found[:_NAMED])
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        st.warning(
            f"In no list, because the folder's name is no id: {called}{more}. What to do says: python -m vaedash doctor",
            icon=":material/warning:",
        )


def _fields(run: Run) -> tuple[str, str]:
    """The keys of the fields of its name and its tags: others once these were changed, be it elsewhere, so that what is there is shown."""
    kept = zlib.crc32(repr((run.given_name, run.tags)).encode(errors="replace"))
    return f"rename-{run.id}-{kept}", f"tags-{run.id}-{kept}"


def _tags(run: Run) -> str:
    return ", ".join(run.tags)


@visitors.change
def _save(run: Run) -> None:
    """Write down what this visitor has edited of the run as it was shown, and nothing else: another may have changed the rest."""
    changes = Notes()
    name, tags = (st.session_state[field] for field in _fields(run))
    if name != run.given_name:
        changes["name"] = name
    if tags != _tags(run):
        changes["tags"] = [tag.strip() for tag in tags.split(",") if tag.strip()]
    if changes:
        run.write_notes(**changes)


@visitors.change
def _archive(run: Run, archived: bool) -> None:
    if archived:
        run.require_over()
    run.write_notes(archived=archived)
