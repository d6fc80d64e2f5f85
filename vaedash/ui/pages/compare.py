"""Which architecture does better, by how much, and from when?"""

import streamlit as st

from vaedash.comparing import missing, results
from vaedash.showing import report
from vaedash.ui import cache, choosing, components, curves, launching, news, pictures, race, tables

runs = cache.all_runs()
line = choosing.head("Who draws better?")
chosen = choosing.chosen(line, runs)
with line:
    view = curves.controls()
    st.download_button(
        "Report",
        lambda: report.page(chosen),
        f"vaedash-{results.in_file_name(chosen)}.html",
        "text/html",
        on_click="ignore",
        icon=":material/download:",
        help="One HTML file with all of this and the models to play with; it needs no server and no network, mails and prints",
    )
said = components.verdicts(
    chosen,
    place="chosen",
    more=lambda group: launching.missing(missing.proposed(group), beside=chosen, key=f"missing-{group[0].id}"),
)
news.title("Compare", said)
race.renew(chosen)
if len(chosen) <= pictures.BESIDE_CURVES:
    left, right = st.columns([5, 6], gap="medium")
    with left:
        curves.by_unit(chosen, view, beside=True)
    with right:
        pictures.lanes(chosen)
else:
    curves.by_unit(chosen, view)
    pictures.lanes(chosen)
curves.behind(chosen)
if any(run.tuning for run in chosen):
    curves.budgets(chosen, cache.all_runs(archived=True))

if cells := results.over_seeds(chosen):
    st.caption("Over seeds: the mean of each, and how far seeds lie apart (standard deviation).")
    tables.over_seeds(cells)
if len(chosen) > 1:
    with st.expander("Settings side by side"):
        tables.settings(chosen)

with st.expander("All runs as a table"):
    readable = [run for run in runs if run.settings]
    tables.result_table(readable, chosen=chosen)
    tables.downloads(readable)
components.onward("why", "Why does conv win?")
