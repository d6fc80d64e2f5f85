"""What a person may do with a run in a list: rename and tag it, run it again with changes, resume it, put it aside."""

import streamlit as st

from vaedash import places
from vaedash.runs import Run
from vaedash.ui import components, forms, launching, visitors

LISTED = 100  # runs of a list, each with widgets behind it: a thousand of those keep a page busy for a minute


def manage(run: Run) -> None:
    """One run in a list: its state, and behind it rename, tag, run again with changes, archive."""
    with st.expander(f"{components.plain(components.name_with_tags(run))}: {run.status}"):
        components.status_line(run)
        created = run.created[:16].replace("T", " ")
        st.caption(f"{run.id}, created {created} UTC, {len(run.epochs)} epochs{components.elsewhere(run)}")
        if run.settings is None or places.read_only():
            return
        st.text_input("Name", run.name, key=f"rename-{run.id}", max_chars=60)
        st.text_input("Tags", ", ".join(run.tags), key=f"tags-{run.id}", max_chars=120, help="By comma.")
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


@visitors.change
def _save(run: Run) -> None:
    name, tags = st.session_state[f"rename-{run.id}"], st.session_state[f"tags-{run.id}"]
    run.write_notes(name=name, tags=[tag.strip() for tag in tags.split(",") if tag.strip()])


@visitors.change
def _archive(run: Run, archived: bool) -> None:
    run.write_notes(archived=archived)
