"""Which architecture does better, by how much, and from when?"""

import streamlit as st

from vaedash.comparing import missing, results
from vaedash.languages import current, say, spoken
from vaedash.showing import report
from vaedash.ui import (
    cache,
    choosing,
    components,
    curves,
    embedded,
    launching,
    news,
    notes,
    pictures,
    race,
    sharing,
    tables,
    views,
)

views.opened()
runs = cache.all_runs()
line = choosing.head(say("Who draws better?"))
chosen = choosing.chosen(line, runs)
speech = current()


def _report() -> str:
    with spoken(speech):  # whoever asks for the file is not at the page then
        return report.page(chosen)


with line:
    view = curves.controls()
    views.controls()
    sharing.popover("Compare", chosen)
    st.download_button(
        say("Report"),
        _report,
        f"vaedash-{results.in_file_name(chosen)}.html",
        "text/html",
        on_click="ignore",
        icon=":material/download:",
        help=say(
            "One HTML file with all of this and the models to play with; it needs no server and no network, mails and prints"
        ),
    )
said = components.verdicts(
    chosen,
    place="chosen",
    more=lambda group: launching.missing(missing.proposed(group), beside=chosen, key=f"missing-{group[0].id}"),
)
news.title(say("Compare"), said)
race.renew(chosen)
if embedded.on():
    curves.by_unit(chosen, view, beside=True)
    embedded.end()
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
notes.of(chosen)
if any(run.tuning for run in chosen):
    curves.budgets(chosen, cache.all_runs(archived=True))

if cells := results.over_seeds(chosen):
    st.caption(say("Over seeds: the mean of each, and how far seeds lie apart (standard deviation)."))
    tables.over_seeds(cells)
if len(chosen) > 1:
    side_by_side = len(chosen) == tables.BESIDE
    asked = (
        say("Settings side by side") if side_by_side else say("In which settings they differ, and what came of each")
    )
    with st.expander(asked):
        tables.settings(chosen)

with st.expander(say("All runs as a table")):
    readable = [run for run in runs if run.settings]
    tables.result_table(readable, chosen=chosen)
    tables.downloads(readable)
components.onward("why", say("What does conv do differently?"))
