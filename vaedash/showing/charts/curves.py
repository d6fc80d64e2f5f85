"""How runs learn: their losses by epoch, time, images or weights."""

import statistics
from collections.abc import Sequence

import plotly.graph_objects as go

from vaedash.runs.record import Run
from vaedash.showing.charts import style
from vaedash.showing.charts.style import AXES, HUE


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
    used: dict[str, int] = {}
    for run in chosen:
        arch = run.config.arch
        dash = style.DASHES[used.get(arch, 0) % len(style.DASHES)]
        used[arch] = used.get(arch, 0) + 1
        x = _positions(run, axis)
        for split in splits:
            y = [row.get(f"{split}_{term}") for row in run.epochs]
            if not any(value is not None for value in y):
                continue
            line = {"color": HUE[arch], "width": style.WIDTHS[split], "dash": dash}
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
        if run.best and "test" in splits:
            figure.add_scatter(
                x=[x[run.best_epoch - 1]],
                y=[run.best[f"test_{term}"]],
                name=f"{style.plain(run.name)}, kept epoch",
                legendgroup=run.id,
                showlegend=False,
                mode="markers",
                marker={"color": HUE[arch], "size": 10, "line": {"width": 2, "color": "white"}},
                hovertemplate=f"weights kept: epoch {run.best_epoch}<extra></extra>",
            )
    style.add_line(figure, chosen, term, "test" if "test" in splits else "train", log=log)
    for band in _seed_bands(chosen, term, axis):
        figure.add_traces(band)
    figure.update_layout(xaxis={"title": AXES[axis], "rangemode": "tozero", "automargin": True}, **style.LAYOUT)
    return style.in_nats(figure, term, log=log)


def _by_parameters(chosen: Sequence[Run], *, term: str, splits: Sequence[str], log: bool) -> go.Figure:
    """What a model costs and what that buys: kept losses against the number of weights, test filled and the others open."""
    figure = go.Figure()
    for run in (run for run in chosen if run.best and run.parameters):
        for split in splits:
            if (loss := run.best.get(f"{split}_{term}")) is not None:
                figure.add_scatter(
                    x=[run.parameters],
                    y=[loss],
                    name=f"{style.plain(run.name)}, {split}",
                    legendgroup=run.id,
                    mode="markers",
                    marker={
                        "color": HUE[run.config.arch],
                        "size": 14 if split == "test" else 10,
                        "symbol": {"test": "circle", "val": "diamond-open", "train": "circle-open"}[split],
                        "line": {"width": 2},
                    },
                    hovertemplate="%{y:.2f} with %{x:,} weights",
                )
    style.add_line(figure, chosen, term, "test" if "test" in splits else "train", log=log)
    figure.update_layout(xaxis={"title": AXES["parameters"], "rangemode": "tozero", "automargin": True}, **style.LAYOUT)
    figure.update_layout(hovermode="closest")
    return style.in_nats(figure, term, log=log)


def _seed_bands(chosen: Sequence[Run], term: str, axis: str) -> list[list[go.Scatter]]:
    """Mean and standard deviation of the test curves of runs that differ in nothing but their seed, where there are several."""
    alike: dict[tuple, list[Run]] = {}
    for run in chosen:
        key = tuple((name, value) for name, value in run.config.to_json().items() if name not in ("seed", "device"))
        alike.setdefault(key, []).append(run)
    bands = []
    for group in (group for group in alike.values() if len(group) > 1 and axis != "seconds"):
        length = min(len(run.epochs) for run in group)
        columns = list(zip(*([row[f"test_{term}"] for row in run.epochs[:length]] for run in group), strict=True))
        if not columns or any(value is None for column in columns for value in column):
            continue
        means = [statistics.fmean(column) for column in columns]
        spreads = [statistics.stdev(column) for column in columns]
        x, hue = _positions(group[0], axis)[:length], HUE[group[0].config.arch]
        upper = [mean + spread for mean, spread in zip(means, spreads, strict=True)]
        lower = [mean - spread for mean, spread in zip(means, spreads, strict=True)]
        words = f"{group[0].config.arch}, mean of {len(group)} seeds, test"
        bands.append(
            [
                go.Scatter(
                    x=[*x, *x[::-1]],
                    y=[*upper, *lower[::-1]],
                    fill="toself",
                    fillcolor=hue,
                    opacity=0.15,
                    line={"width": 0},
                    hoverinfo="skip",
                    showlegend=False,
                ),
                go.Scatter(x=x, y=means, name=words, line={"color": hue, "width": 4}, hovertemplate="%{y:.2f}"),
            ]
        )
    return bands


def _positions(run: Run, axis: str) -> list[float]:
    if axis != "seconds":
        return [row[axis] for row in run.epochs]
    total, positions = 0.0, []
    for row in run.epochs:
        total += row["seconds"]
        positions.append(total)
    return positions


def smoothed(values: Sequence[float | None], weight: float) -> list[float | None]:
    """The running average with `weight` for the past, without the bias towards zero at its beginning (Kingma & Ba 2015, 3)."""
    average = seen = 0.0
    result = []
    for value in values:
        if value is None:
            result.append(None)
            continue
        average, seen = weight * average + (1 - weight) * value, weight * seen + (1 - weight)
        result.append(average / seen)
    return result
