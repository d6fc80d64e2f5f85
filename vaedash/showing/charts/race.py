"""Runs in progress: curves that grow."""

from collections.abc import Sequence

import plotly.graph_objects as go

from vaedash import config
from vaedash.runs.record import Run
from vaedash.showing.charts import style
from vaedash.showing.charts.style import AXES, HUE


def race(chosen: Sequence[Run]) -> go.Figure:
    """The curves of runs in progress: test (bold, one dot an epoch) and train (thin), which grows within the epoch too.

    The train loss of an epoch is a mean over it, so it stands in the epoch's middle.
    """
    figure = go.Figure()
    for run in chosen:
        hue, epochs = HUE[run.config.arch], [row["epoch"] for row in run.epochs]
        fresh = [point for point in _trace(run) if point[0] > len(epochs)]
        figure.add_scatter(
            x=[*(epoch - 0.5 for epoch in epochs), *(point[0] for point in fresh)],
            y=[*(row["train_loss"] for row in run.epochs), *(point[1] for point in fresh)],
            name=f"{config.spoken(run.config.arch)} while learning",
            mode="lines",
            line={"color": hue, "width": 1.5},
            hovertemplate="%{y:.1f}",
        )
        figure.add_scatter(
            x=epochs,
            y=[row["test_loss"] for row in run.epochs],
            name=f"{config.spoken(run.config.arch)} on new pictures",
            mode="lines+markers",
            line={"color": hue, "width": 3.5},
            marker={"size": 8},
            hovertemplate="%{y:.1f}",
        )
    style.add_line(figure, chosen, "loss", "test")
    x = style.axis(AXES["epoch"], small=True, range=[0, _reach(chosen)])
    y = style.axis(style.loss_title("loss", chosen), small=True, range=_lower_part(chosen))
    if not any(curve.x for curve in figure.data):
        x |= {"showticklabels": False}
        y |= {"showticklabels": False, "range": [0, 1]}
    return style.laid_out(figure, x=x, y=y)


def _trace(run: Run) -> list[list[float]]:
    """The curve of the epoch in progress, pairs of epochs done and loss."""
    return run.progress.get("trace") or [] if run.active and run.progress else []


def _reach(chosen: Sequence[Run]) -> float:
    """The right end: one epoch beyond what is finished, at most the last there will be."""
    return max([1, *(min(len(run.epochs) + run.active, run.config.epochs) for run in chosen)]) * 1.02


def _lower_part(chosen: Sequence[Run]) -> list[float] | None:
    """The range where it is decided: the first steps of training lie far above everything that comes later."""
    tests = [row["test_loss"] for run in chosen for row in run.epochs if row["test_loss"] is not None]
    traces = [trace for run in chosen if (trace := _trace(run))]
    newest = [trace[-1][1] for trace in traces]
    if not tests:
        return [0, 1.05 * max(loss for trace in traces for _, loss in trace)] if traces else None
    lowest, highest = min(tests + newest), max(tests + newest)
    # The first figures fall fast: room for what comes, so that the scale does not leap at each epoch.
    spread = max(highest - lowest, (0.15 if len(tests) > 2 * len(chosen) else 0.5) * lowest)
    return [lowest - 0.1 * spread, highest + 0.6 * spread]
