"""Curves of runs that are compared: a chart for each unit of loss, and behind it what the numbers say and what was measured."""

from collections.abc import Sequence

import streamlit as st

from vaedash import glossary
from vaedash.comparing import alike
from vaedash.runs import Run
from vaedash.showing import charts
from vaedash.ui import components, presenter, tables


def by_unit(chosen: Sequence[Run], *, term: str, axis: str, splits: Sequence[str], smoothing: float, log: bool) -> None:
    """The curves of all that have any, as `charts.loss_curves` draws them; a chart for those that may share an axis."""
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
        about = f"Curves of {charts.TERMS[term]} by {charts.AXES[axis]}: {_names(group)}"
        st.plotly_chart(presenter.figure(figure), key=f"curves-{group[0].id}", alt=about)
        if any(run.best for run in group):
            _behind(group)


def _behind(group: Sequence[Run]) -> None:
    with st.expander("What the numbers say, and what it costs"):
        st.caption(
            "To the right, the numbers say more about a picture; further down, less of it is wrong. Both together are the "
            "loss, which is the same along a dotted line. Grey is the best that a linear VAE can do, for any beta: the "
            "marks are what well-known code calls beta 1.",
            help=glossary.about("recon", "KL", "beta", "PCA line"),
        )
        about = f"KL against reconstruction error: {_names(group)}"
        st.plotly_chart(presenter.figure(charts.rate_distortion(group)), key=f"rates-{group[0].id}", alt=about)
    with st.expander("Beyond the loss: what they keep, what they make up, how they turn one into another"):
        tables.quality(group)


def _names(group: Sequence[Run]) -> str:
    return ", ".join(run.name for run in group)
