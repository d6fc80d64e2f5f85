"""Curves of runs that are compared: a chart for each unit of loss, and behind it what the numbers say and what was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from vaedash import config, glossary
from vaedash.comparing import alike, trials
from vaedash.comparing.trials import Trials
from vaedash.languages import figure, say, to_say
from vaedash.runs import Run
from vaedash.showing import charts
from vaedash.ui import components, live, presenter, tables

_SPLITS = ("train", "val", "test")
_HOW_WRONG = to_say(
    "Lower is better. A nat (1.44 bits) is what the error of a redrawn picture and the price of its numbers are counted in."
)
_ABOUT_CUT = to_say(
    "Where a run breaks down, or begins far above where it ends, its losses leave no room for all others. The chart then "
    "ends below them and says how many there are."
)


@dataclass(frozen=True, kw_only=True)
class View:
    """How curves are drawn: the arguments of `charts.loss_curves`."""

    term: str
    axis: str
    splits: Sequence[str]
    smoothing: float
    log: bool
    cut: bool


def controls() -> View:
    """How a person wants to see the curves, one click away from them; all of it is in the URL."""
    with st.popover(say("Curves"), icon=":material/show_chart:", key="curves"):
        about = glossary.about("loss", "recon", "KL")
        term = components.choice(say("Show"), charts.TERMS, default="loss", key="term", help=about)
        axis = components.choice(say("By"), charts.AXES, default="epoch", key="axis", help=glossary.about("epoch"))
        splits = st.pills(
            say("Of"),
            _SPLITS,
            default=["train", "test"],
            selection_mode="multi",
            key="of",
            bind="query-params",
            help=glossary.about("train, test", "val"),
            wrap=True,
        )
        smoothing = st.slider(say("Smoothing"), 0.0, 0.95, 0.0, 0.05, key="smoothing", bind="query-params")
        log = st.toggle(say("Log scale"), key="log", bind="query-params")
        cut = st.toggle(say("Cut outliers"), value=True, key="cut", bind="query-params", help=say(_ABOUT_CUT))
    return View(term=term, axis=axis, splits=splits, smoothing=smoothing, log=log, cut=cut)


def by_unit(chosen: Sequence[Run], view: View, *, beside: bool = False) -> None:
    """The curves of all that have any; a chart for those that may share an axis, as high as the first screen allows if pictures
    stand `beside` it.
    """
    live.prepare()
    groups, places = _groups(chosen), presenter.places(chosen)
    if len(groups) > 1:
        st.caption(say("Different pictures, or a different beta, give losses of different units: one chart each."))
    for place, (group, title) in enumerate(zip(groups, alike.called(groups), strict=True)):
        figure = charts.loss_curves(
            group,
            term=view.term,
            axis=view.axis,
            splits=view.splits,
            smoothing=view.smoothing,
            log=view.log,
            cut=view.cut,
            places=places,
        )
        about = say(
            "Curves of {terms} by {axes}: {names}. {notes}",
            terms=say(charts.TERMS[view.term]),
            axes=say(charts.AXES[view.axis]),
            names=_names(group),
            notes=_notes(figure),
        )
        live.figure(
            presenter.figure(figure),
            key=f"curves-{place}",
            alt=about,
            height=presenter.height() if beside else figure.layout.height,
            controls=True,
        )
        which = f"{components.plain(title)}. " if len(groups) > 1 else ""
        st.caption(
            f"{which}{say(_HOW_WRONG)} {charts.legend(group, axis=view.axis, splits=view.splits, smoothing=view.smoothing)}"
        )


def budgets(chosen: Sequence[Run], among: Sequence[Run]) -> None:
    """What the tunings of these runs found, and for how many trials, one click away; `among` are all their trials."""
    for tried in trials.of(chosen, among):
        name = tried[0].tuning
        with st.expander(say("Best so far against budget: {name}", name=components.plain(name))):
            st.caption(
                say(
                    "Each architecture tried as many settings, drawn from the same ranges. A line is the best that it had found by "
                    "then; dotted is what so many trials find on average, in whatever order. A dot is a trial, an open one was "
                    "stopped because it fell behind."
                ),
                help=glossary.about("loss", "val"),
            )
            found = [f"{config.spoken(of_arch.arch)} {_found(of_arch)}" for of_arch in tried]
            about = say(
                "Lowest val loss so far by number of trials, {name}: {names}", name=name, names=", ".join(found)
            )
            live.chart(charts.budget(tried), key=f"budget-{tried[0].runs[0].id}", alt=about)


def _found(tried: Trials) -> str:
    lowest = tried.best_so_far[-1]
    found = say("nothing") if lowest is None else figure(lowest, ".1f")
    return say("{found} after {n}", found=found, n=len(tried.runs))


def behind(chosen: Sequence[Run]) -> None:
    """What the numbers say and what was measured of runs, one click away; each group of those that may share an axis."""
    for group in _groups(chosen):
        if any(run.best for run in group):
            _behind(group, presenter.places(chosen))


def _groups(chosen: Sequence[Run]) -> list[list[Run]]:
    return alike.groups([run for run in chosen if run.epochs])


def _behind(group: Sequence[Run], places: Mapping[str, int]) -> None:
    with st.expander(say("What the numbers say, and what it costs")):
        st.caption(
            say(
                "To the right, the numbers say more about a picture; further down, less of it is wrong. Both together are the "
                "loss, which is the same along a dotted line. Grey is the best that a linear VAE can do, for any beta: the "
                "marks are what well-known code calls beta 1."
            ),
            help=glossary.about("recon", "KL", "beta", "PCA line"),
        )
        about = say("KL against reconstruction error: {names}", names=_names(group))
        live.chart(charts.rate_distortion(group, places=places), key=f"rates-{group[0].id}", alt=about)
    with st.expander(
        say("Beyond the loss: what they keep, what they make up, how they turn one into another, what they know")
    ):
        tables.quality(group)


def _notes(figure: charts.Figure) -> str:
    """What stands written in a figure."""
    return "; ".join(note.text.replace("<br>", " ") for note in figure.layout.annotations)


def _names(group: Sequence[Run]) -> str:
    return ", ".join(run.name for run in group)
