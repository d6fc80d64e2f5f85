"""Which architecture does better, by how much, and from when?"""

import json

import streamlit as st

from vaedash import glossary
from vaedash.comparing import alike, results, verdict
from vaedash.comparing.results import Result
from vaedash.showing import charts, report
from vaedash.ui import cache, components, launching, presenter, tables

st.title("Compare")
st.markdown("Any runs, in one picture. Lower is better; bold is the test loss, on images that no run has learned from.")

found = cache.all_runs()
components.damaged(found)
chosen = components.choose_runs(found)
components.verdict(verdict.judged(chosen))
missing, settings = verdict.proposed(chosen)
if settings:
    launching.button(missing, settings, key="missing", keep=[run.id for run in chosen])

controls = st.container(horizontal=True, vertical_alignment="bottom")
term = controls.segmented_control(
    "Show",
    list(charts.TERMS),
    format_func=charts.TERMS.get,
    default="loss",
    key="term",
    bind="query-params",
    required=True,
    help=glossary.about("loss", "recon", "KL"),
)
axis = controls.segmented_control(
    "By",
    list(charts.AXES),
    format_func=charts.AXES.get,
    default="epoch",
    key="axis",
    bind="query-params",
    required=True,
    help=glossary.about("epoch"),
)
splits = controls.pills(
    "Of",
    ["train", "val", "test"],
    default=["train", "test"],
    selection_mode="multi",
    key="of",
    bind="query-params",
    help=glossary.about("train, test", "val"),
)
smoothing = controls.slider("Smoothing", 0.0, 0.95, 0.0, 0.05, key="smoothing", bind="query-params", width=160)
log = controls.toggle("Log scale", key="log", bind="query-params")

groups = alike.groups([run for run in chosen if run.epochs])
if len(groups) > 1:
    st.info(
        "These runs have different images or a different beta, so their losses have different units: one chart each."
    )
for group in groups:
    st.caption(
        f"{components.plain(str(group[0].dataset.get('name', '')))}, beta {group[0].config.beta:g}. A dot marks the kept epoch."
    )
    figure = charts.loss_curves(group, term=term, axis=axis, splits=splits, smoothing=smoothing, log=log)
    names = ", ".join(run.name for run in group)
    about = f"Curves of {charts.TERMS[term]} by {charts.AXES[axis]}: {names}"
    st.plotly_chart(presenter.figure(figure), key=f"curves-{group[0].id}", alt=about)
    if any(run.best for run in group):
        with st.expander("What the numbers say, and what it costs"):
            st.caption(
                "To the right, the numbers say more about a picture; further down, less of it is wrong. Both together are the "
                "loss, which is the same along a dotted line. Grey is the best that a linear VAE can do, for any beta: the "
                "marks are what well-known code calls beta 1.",
                help=glossary.about("recon", "KL", "beta", "PCA line"),
            )
            about = f"KL against reconstruction error: {names}"
            st.plotly_chart(presenter.figure(charts.rate_distortion(group)), key=f"rates-{group[0].id}", alt=about)
        with st.expander("Beyond the loss: what they keep, what they make up, how they turn one into another"):
            tables.quality(group)

for run, column in zip(chosen, st.columns(min(len(chosen), 4)) * len(chosen), strict=False):
    with column:
        components.status_line(run)
        tiles = run.pictures.sample("prior", len(run.epochs))
        if tiles is None:
            st.caption("No pictures yet: they come with the first epoch.")
        else:
            what = f"{len(tiles)} images from random z, after epoch {len(run.epochs)}"
            components.picture(tiles, columns=8, alt=f"{run.name}: {what}", caption=what)

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
readable = [run for run in found if run.settings]
tables.result_table(readable, chosen=chosen)


def all_results() -> list[Result]:
    return [results.result(run) for run in readable]


downloads = st.container(horizontal=True)
downloads.download_button(
    "CSV", lambda: tables.csv(all_results()), "vaedash-results.csv", "text/csv", on_click="ignore"
)
downloads.download_button(
    "JSON",
    lambda: json.dumps([result.as_row() for result in all_results()], indent=1),
    "vaedash-results.json",
    "application/json",
    on_click="ignore",
)
