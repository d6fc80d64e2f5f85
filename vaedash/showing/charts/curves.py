"""How runs learn: their losses by epoch, time, images or weights."""

import itertools
import statistics
from collections.abc import Sequence

import plotly.graph_objects as go

from vaedash.comparing import alike
from vaedash.runs import schema
from vaedash.runs.record import Run
from vaedash.showing.charts import style
from vaedash.showing.charts.style import AXES, HUE

# What marks a kept epoch where there are no curves.
_SYMBOLS = {"test": "circle", "val": "diamond-open", "train": "circle-open"}


def loss_curves(
    chosen: Sequence[Run],
    *,
    term: str = "loss",
    axis: str = "epoch",
    splits: Sequence[str] = ("train", "test"),
    smoothing: float = 0.0,
    log: bool = False,
) -> go.Figure:
    """Curves of runs that may share an axis (`alike.groups`): test bold, val dashed bold, train thin; a dot marks the kept epoch.

    `term` is a key of TERMS, in nats per image; `axis` a key of AXES. `smoothing` (0 to below 1) is the weight of the
    past in a running average, as TensorBoard has it; the raw line then stays, faint, behind. Runs of one
    architecture differ in dash. By `parameters` there are no curves: each run is a dot where it was kept.
    """
    if axis == "parameters":
        return _by_parameters(chosen, term=term, splits=splits, log=log)
    figure = go.Figure()
    for run, dash in zip(chosen, style.dashes(chosen), strict=True):
        x = _positions(run, axis)
        for split in splits:
            _add_curve(figure, run, x, term=term, split=split, dash=dash, smoothing=smoothing)
        if "test" in splits:
            _add_kept(figure, run, x, term)
    style.add_line(figure, chosen, term, "test" if "test" in splits else "train", log=log)
    if axis != "seconds":  # trainings of different length in time have no mean
        for seeds in alike.over_seeds(chosen):
            _add_band(figure, seeds.runs, term, axis)
    x_axis = style.axis(AXES[axis], rangemode="tozero")
    return style.laid_out(figure, x=x_axis, y=style.of_loss(term, chosen, log=log))


def _add_curve(
    figure: go.Figure, run: Run, x: Sequence[float], *, term: str, split: str, dash: str, smoothing: float
) -> None:
    """One curve of a run, if it has any value; where it is smoothed, with the raw line behind."""
    y = [schema.loss_of(row, split, term) for row in run.epochs]
    if all(value is None for value in y):
        return
    line = {"color": HUE[run.config.arch], "width": style.WIDTHS[split], "dash": dash}
    if smoothing:
        figure.add_scatter(x=x, y=y, line=line, opacity=0.25, showlegend=False, hoverinfo="skip", mode="lines")
        y = smoothed(y, smoothing)
    figure.add_scatter(
        x=x,
        y=y,
        name=f"{style.plain(run.name)}, {split}",
        legendgroup=run.id,
        mode="lines+markers" if len(run.epochs) == 1 else "lines",
        line=line,
        hovertemplate="%{y:.2f}",
    )


def _add_kept(figure: go.Figure, run: Run, x: Sequence[float], term: str) -> None:
    """The dot at the epoch whose weights are kept."""
    if not run.best_epoch:
        return
    figure.add_scatter(
        x=[x[run.best_epoch - 1]],
        y=[schema.loss_of(run.epochs[run.best_epoch - 1], "test", term)],
        name=f"{style.plain(run.name)}, kept epoch",
        legendgroup=run.id,
        showlegend=False,
        mode="markers",
        marker={"color": HUE[run.config.arch], "size": 10, "line": {"width": 2, "color": "white"}},
        hovertemplate=f"weights kept: epoch {run.best_epoch}<extra></extra>",
    )


def _by_parameters(chosen: Sequence[Run], *, term: str, splits: Sequence[str], log: bool) -> go.Figure:
    """What a model costs and what that buys: kept losses against the number of weights, test filled and the others open."""
    figure = go.Figure()
    for run, split in itertools.product(chosen, splits):
        loss = schema.loss_of(run.best, split, term) if run.best else None
        if not run.parameters or loss is None:
            continue
        figure.add_scatter(
            x=[run.parameters],
            y=[loss],
            name=f"{style.plain(run.name)}, {split}",
            legendgroup=run.id,
            mode="markers",
            marker={
                "color": HUE[run.config.arch],
                "size": 14 if split == "test" else 10,
                "symbol": _SYMBOLS[split],
                "line": {"width": 2},
            },
            hovertemplate="%{y:.2f} with %{x:,} weights",
        )
    style.add_line(figure, chosen, term, "test" if "test" in splits else "train", log=log)
    x = style.axis(AXES["parameters"], rangemode="tozero")
    return style.laid_out(figure, x=x, y=style.of_loss(term, chosen, log=log), hovermode="closest")


def _add_band(figure: go.Figure, cell: Sequence[Run], term: str, axis: str) -> None:
    """Mean and standard deviation of the test curves of runs that differ in nothing but their seed, as far as all go."""
    length = min(len(run.epochs) for run in cell)
    epochs = zip(*([schema.loss_of(row, "test", term) for row in run.epochs[:length]] for run in cell), strict=True)
    columns = [[loss for loss in epoch if loss is not None] for epoch in epochs]
    if not columns or any(len(column) < len(cell) for column in columns):
        return
    means = [statistics.fmean(column) for column in columns]
    spreads = [statistics.stdev(column) for column in columns]
    upper = [mean + spread for mean, spread in zip(means, spreads, strict=True)]
    lower = [mean - spread for mean, spread in zip(means, spreads, strict=True)]
    x, arch = _positions(cell[0], axis)[:length], cell[0].config.arch
    figure.add_scatter(
        x=[*x, *x[::-1]],
        y=[*upper, *lower[::-1]],
        fill="toself",
        fillcolor=HUE[arch],
        opacity=0.15,
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(
        x=x,
        y=means,
        name=f"{arch}, mean of {len(cell)} seeds, test",
        line={"color": HUE[arch], "width": 4},
        hovertemplate="%{y:.2f}",
    )


def _positions(run: Run, axis: str) -> list[float]:
    """Where the epochs of a run stand on an axis."""
    match axis:
        case "epoch":
            return [row["epoch"] for row in run.epochs]
        case "images_seen":
            return [row["images_seen"] for row in run.epochs]
        case _:
            return list(itertools.accumulate((row.get("seconds") or 0.0 for row in run.epochs), initial=0.0))[1:]


def smoothed(values: Sequence[float | None], weight: float) -> list[float | None]:
    """The running average with `weight` for the past, without the bias towards zero at its beginning (Kingma & Ba 2015, 3)."""
    average = seen = 0.0
    averages: list[float | None] = []
    for value in values:
        if value is None:
            averages.append(None)
            continue
        average, seen = weight * average + (1 - weight) * value, weight * seen + (1 - weight)
        averages.append(average / seen)
    return averages
