"""Which architecture does better, by how much, and from when?"""

import streamlit as st

from vaedash import glossary
from vaedash.comparing import missing, results, verdict
from vaedash.showing import charts, report
from vaedash.ui import cache, components, curves, launching, pictures, tables

SPLITS = ("train", "val", "test")

st.title("Compare")
st.markdown("Any runs, in one picture. Lower is better; bold is the test loss, on images that no run has learned from.")

runs = cache.all_runs()
components.damaged(runs)
chosen = components.choose_runs(runs)
components.verdict(verdict.judged(chosen))
launching.missing(missing.proposed(chosen), beside=chosen)

with st.container(horizontal=True, vertical_alignment="bottom"):
    about = glossary.about("loss", "recon", "KL")
    term = components.choice("Show", charts.TERMS, default="loss", key="term", help=about)
    axis = components.choice("By", charts.AXES, default="epoch", key="axis", help=glossary.about("epoch"))
    splits = st.pills(
        "Of",
        SPLITS,
        default=["train", "test"],
        selection_mode="multi",
        key="of",
        bind="query-params",
        help=glossary.about("train, test", "val"),
        wrap=True,
    )
    smoothing = st.slider("Smoothing", 0.0, 0.95, 0.0, 0.05, key="smoothing", bind="query-params", width=160)
    log = st.toggle("Log scale", key="log", bind="query-params")
curves.by_unit(chosen, term=term, axis=axis, splits=splits, smoothing=smoothing, log=log)
pictures.newest(chosen)

if cells := results.over_seeds(chosen):
    st.caption(
        "Over seeds: the mean of each, and how far seeds lie apart (standard deviation).", help=glossary.about("seed")
    )
    tables.over_seeds(cells)
if len(chosen) == 2:
    with st.expander("Settings side by side"):
        tables.settings(*chosen)
st.download_button(
    "Report on these runs",
    lambda: report.page(chosen),
    f"vaedash-{'-'.join(run.id for run in chosen)}.html",
    "text/html",
    on_click="ignore",
    icon=":material/download:",
    help="One HTML file with all of this and a morph; it needs no server and no network, mails and prints",
)

st.subheader("Results", anchor=False)
readable = [run for run in runs if run.settings]
tables.result_table(readable, chosen=chosen)
tables.downloads(readable)
