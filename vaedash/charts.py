"""Runs as Plotly figures: one hue for each architecture, everywhere; nothing here knows about a page."""

import base64
import html
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import plotly
import plotly.graph_objects as go

from vaedash import compare, config, images
from vaedash.measures import MEASURES
from vaedash.runs import ACTIVE_UNITS, Run

# Okabe & Ito's palette, told apart with any colour vision; the order is that of `config.ARCHS`.
_HUES = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00")
HUE = dict(zip(config.ARCHS, _HUES, strict=False))
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")

# The plotly.js that the figures are made for.
PLOTLY_JS = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"

LETTERS = 15  # pixels, where a figure says nothing else
_WIDTHS = {"train": 1.5, "val": 2.0, "test": 3.2}  # a projector swallows thinner ones
_LAYOUT = {
    "hovermode": "x unified",
    "legend": {"font": {"size": 13}, "orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
    "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
    "uirevision": "keep",  # zoom and hidden curves survive new points
}

_AXIS = {"tickfont": {"size": 14}, "title": {"font": {"size": 15}}}

TERMS = {"loss": "loss", "recon": "reconstruction error", "kl": "KL divergence"}
AXES = {
    "epoch": "epoch",
    "seconds": "seconds of training",
    "images_seen": "images seen",
    "parameters": "weights",
}


def loss_curves(
    chosen: Sequence[Run],
    *,
    term: str = "loss",
    axis: str = "epoch",
    splits: Sequence[str] = ("train", "test"),
    smoothing: float = 0.0,
    log: bool = False,
) -> go.Figure:
    """Curves of runs that may share an axis (`compare.groups`): test bold, val dashed bold, train thin; a dot marks the kept epoch.

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
        dash = _DASHES[used.get(arch, 0) % len(_DASHES)]
        used[arch] = used.get(arch, 0) + 1
        x = _positions(run, axis)
        for split in splits:
            y = [row.get(f"{split}_{term}") for row in run.epochs]
            if not any(value is not None for value in y):
                continue
            line = {"color": HUE[arch], "width": _WIDTHS[split], "dash": dash}
            if smoothing:
                figure.add_scatter(x=x, y=y, line=line, opacity=0.25, showlegend=False, hoverinfo="skip", mode="lines")
                y = smoothed(y, smoothing)
            figure.add_scatter(
                x=x,
                y=y,
                name=f"{_plain(run.name)}, {split}",
                legendgroup=run.id,
                mode="lines+markers" if len(run.epochs) == 1 else "lines",
                line=line,
                hovertemplate="%{y:.2f}",
            )
        if run.best and "test" in splits:
            figure.add_scatter(
                x=[x[run.best_epoch - 1]],
                y=[run.best[f"test_{term}"]],
                name=f"{_plain(run.name)}, kept epoch",
                legendgroup=run.id,
                showlegend=False,
                mode="markers",
                marker={"color": HUE[arch], "size": 10, "line": {"width": 2, "color": "white"}},
                hovertemplate=f"weights kept: epoch {run.best_epoch}<extra></extra>",
            )
    _add_line(figure, chosen, term, "test" if "test" in splits else "train", log=log)
    for band in _seed_bands(chosen, term, axis):
        figure.add_traces(band)
    figure.update_layout(xaxis={"title": AXES[axis], "rangemode": "tozero", "automargin": True}, **_LAYOUT)
    return _in_nats(figure, term, log=log)


def _by_parameters(chosen: Sequence[Run], *, term: str, splits: Sequence[str], log: bool) -> go.Figure:
    """What a model costs and what that buys: kept losses against the number of weights, test filled and the others open."""
    figure = go.Figure()
    for run in (run for run in chosen if run.best and run.parameters):
        for split in splits:
            if (loss := run.best.get(f"{split}_{term}")) is not None:
                figure.add_scatter(
                    x=[run.parameters],
                    y=[loss],
                    name=f"{_plain(run.name)}, {split}",
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
    _add_line(figure, chosen, term, "test" if "test" in splits else "train", log=log)
    figure.update_layout(xaxis={"title": AXES["parameters"], "rangemode": "tozero", "automargin": True}, **_LAYOUT)
    figure.update_layout(hovermode="closest")
    return _in_nats(figure, term, log=log)


def _in_nats(figure: go.Figure, term: str, *, log: bool) -> go.Figure:
    figure.update_yaxes(title=f"{TERMS[term]} (nats per image)", automargin=True, type="log" if log else "linear")
    return figure.update_xaxes(_AXIS).update_yaxes(_AXIS)


def _add_line(figure: go.Figure, chosen: Sequence[Run], term: str, split: str, *, log: bool = False) -> None:
    """Where the best linear VAE (`pca.line`) would be, for each beta and latent size among runs on the same images."""
    for height in {round(run.line[split][term], 2) for run in chosen if run.line}:
        figure.add_hline(y=height, line={"color": "gray", "width": 1.5, "dash": "dash"})
        # On the axis, not in the legend: it belongs to the images, not to a run. Below its left end, where no curve begins.
        figure.add_annotation(
            text=f"PCA line, {split}: {height:.1f}",
            **{"x": 0, "xref": "x domain", "xanchor": "left", "yanchor": "top"},
            y=math.log10(height) if log else height,
            showarrow=False,
            font={"color": "gray", "size": 13},
        )


def _plain(name: str) -> str:
    """A name as it stands: Plotly reads some HTML, references to data (%{...}) and, where there is MathJax, TeX ($...$)."""
    return html.escape(name, quote=False).replace("%", "&#37;").replace("$", "&#36;")


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


def race(chosen: Sequence[Run]) -> go.Figure:
    """The curves of runs in progress: test (bold, one dot an epoch) and train (thin), which grows within the epoch too.

    The train loss of an epoch is a mean over it, so it stands in the epoch's middle.
    """
    figure = go.Figure()
    for run in chosen:
        hue, epochs = HUE[run.config.arch], [row["epoch"] for row in run.epochs]
        trace = (run.progress or {}).get("trace") or []
        fresh = [point for point in trace if point[0] > len(epochs)] if run.active else []
        figure.add_scatter(
            x=[*(epoch - 0.5 for epoch in epochs), *(point[0] for point in fresh)],
            y=[*(row["train_loss"] for row in run.epochs), *(point[1] for point in fresh)],
            name=f"{run.config.arch} while learning",
            mode="lines",
            line={"color": hue, "width": 1.5},
            hovertemplate="%{y:.1f}",
        )
        figure.add_scatter(
            x=epochs,
            y=[row["test_loss"] for row in run.epochs],
            name=f"{run.config.arch} on new images",
            mode="lines+markers",
            line={"color": hue, "width": 3.5},
            marker={"size": 8},
            hovertemplate="%{y:.1f}",
        )
    _add_line(figure, chosen, "loss", "test")
    figure.update_layout(
        xaxis={"title": AXES["epoch"], "range": [0, _reach(chosen)], "automargin": True},
        yaxis={"title": "loss (nats per image)", "range": _lower_part(chosen), "automargin": True},
        **_LAYOUT,
    )
    if not any(trace.x for trace in figure.data):
        figure.update_layout(xaxis={"showticklabels": False}, yaxis={"showticklabels": False, "range": [0, 1]})
    return figure


def enlarged(figure: go.Figure, *, by: float) -> go.Figure:
    """A copy of a figure with letters, lines and dots `by` times as large; what it shows, and its hues, stay."""
    copy = go.Figure(figure)
    layout, curves = copy.layout, list(copy.select_traces({"type": "scatter"}))
    fonts = [layout.font, layout.legend.font, *(note.font for note in layout.annotations)]
    bars = [trace.colorbar for trace in copy.select_traces({"type": "heatmap"})]
    for scale in (layout.xaxis, layout.yaxis, *bars):
        fonts += [scale.tickfont, scale.title.font]
    fonts += [curve.textfont for curve in curves if curve.text is not None]
    for font in fonts:
        font.size = by * (font.size or LETTERS)
    for line in (part.line for part in (*curves, *layout.shapes) if part.line.width):
        line.width *= by
    for marker in (curve.marker for curve in curves if curve.marker.size):
        marker.size *= by
    return copy


def rate_distortion(chosen: Sequence[Run]) -> go.Figure:
    """Runs that may share an axis by what they say of a picture (KL, the rate) and what that leaves wrong (recon, the distortion).

    Each run is a dot at its kept epoch with its way there, on the test images. Along a dotted line the loss is the
    same. The grey curve is the best linear VAE for any beta, with marks where well-known code has its "beta = 1".
    """
    figure = go.Figure()
    used: dict[str, int] = {}
    ends = [run for run in chosen if run.best and None not in (run.best["test_kl"], run.best["test_recon"])]
    for run in ends:
        arch = run.config.arch
        dash = _DASHES[used.get(arch, 0) % len(_DASHES)]
        used[arch] = used.get(arch, 0) + 1
        way = [row for row in run.epochs if None not in (row["test_kl"], row["test_recon"])]
        figure.add_scatter(
            x=[row["test_kl"] for row in way],
            y=[row["test_recon"] for row in way],
            line={"color": HUE[arch], "width": 1.5, "dash": dash},
            **{"mode": "lines", "opacity": 0.5, "showlegend": False, "hoverinfo": "skip", "legendgroup": run.id},
        )
        figure.add_scatter(
            x=[run.best["test_kl"]],
            y=[run.best["test_recon"]],
            name=_plain(run.name),
            mode="markers",
            marker={"color": HUE[arch], "size": 13, "line": {"width": 2, "color": "white"}},
            hovertemplate="KL %{x:.1f}, recon %{y:.1f}, loss " + f"{run.best['test_loss']:.1f}",
            legendgroup=run.id,
        )
    if not ends:
        return figure
    kl = [run.best["test_kl"] for run in ends]
    recon = [run.best["test_recon"] for run in ends]
    right, top = 1.35 * max(kl), 1.25 * max(recon)
    if frontier := next((run.frontier for run in ends if run.frontier), ()):
        # The curve within the picture, and its ends beyond.
        right = max(right, 1.1 * next(point["kl"] for point in frontier if point["beta"] >= ends[0].config.beta))
        _add_frontier(figure, frontier)
    beta = ends[0].config.beta
    for loss in sorted({round(run.best["test_loss"], 1) for run in ends}):
        figure.add_scatter(
            x=[0, right],
            y=[loss, loss - beta * right],
            line={"color": "gray", "width": 1, "dash": "dot"},
            **{"mode": "lines", "showlegend": False, "hoverinfo": "skip"},
        )
    low = 0.8 * min(recon)
    figure.update_layout(
        xaxis={"title": "KL (nats per image): what it says of a picture", "range": [0, right], "automargin": True},
        yaxis={"title": "recon: what is still wrong", "range": [low, top], "automargin": True},
        **_LAYOUT | {"hovermode": "closest"},
    )
    return figure.update_xaxes(_AXIS).update_yaxes(_AXIS)


def _add_frontier(figure: go.Figure, frontier: Sequence[Mapping[str, float]]) -> None:
    names = {beta: name for name, beta in config.PUBLISHED_BETAS.items()}
    marked = [point for point in frontier if point["beta"] in names]
    figure.add_scatter(
        x=[point["kl"] for point in frontier],
        y=[point["recon"] for point in frontier],
        name="best linear VAE (PCA), any beta",
        line={"color": "gray", "width": 2, "dash": "dash"},
        **{"mode": "lines", "hoverinfo": "skip"},
    )
    figure.add_scatter(
        x=[point["kl"] for point in marked],
        y=[point["recon"] for point in marked],
        text=[f"beta {point['beta']:g}" for point in marked],
        customdata=[names[point["beta"]] for point in marked],
        **{"mode": "markers+text", "textposition": "top right", "showlegend": False},
        marker={"color": "gray", "size": 8, "symbol": "diamond"},
        textfont={"color": "gray", "size": 12},
        hovertemplate="%{customdata}: KL %{x:.1f}, recon %{y:.1f}<extra></extra>",
    )


def quality(chosen: Sequence[Run], measure: str) -> go.Figure:
    """What was measured of each run beside its loss (a key of `measures.MEASURES`), and where real images would be."""
    about, figure = MEASURES[measure], go.Figure()
    measured = [run for run in chosen if run.quality.get(measure, {}).get("value") is not None]
    for run in measured:
        found = run.quality[measure]
        figure.add_scatter(
            x=[found["value"]],
            y=[compare.short(run, chosen)],  # the whole name would leave no room on a phone
            mode="markers+text",
            text=[f"{found['value']:.{about.digits}f}"],
            textposition="top center",
            textfont={"size": 14},
            showlegend=False,
            cliponaxis=False,
            marker={"color": HUE[run.config.arch], "size": 14, "line": {"width": 2, "color": "white"}},
            hovertemplate=f"n = {found['n']:,}<extra></extra>",
        )
    for floor in sorted(
        {round(found["floor"], about.digits) for run in measured if (found := run.quality[measure]).get("floor")}
    ):
        figure.add_vline(x=floor, line={"color": "gray", "width": 1.5, "dash": "dash"})
        figure.add_annotation(
            text=f"real images: {floor:.{about.digits}f}",
            **{"x": floor, "xanchor": "left", "y": 1, "yref": "y domain", "yanchor": "top", "showarrow": False},
            font={"color": "gray", "size": 13},
        )
    better = f", {about.better} is better" if about.better else ""
    counts = ", ".join(sorted({f"{run.quality[measure]['n']:,}" for run in measured}))
    figure.update_layout(
        xaxis={
            "title": f"{about.title}{f' ({about.unit.strip()})' * bool(about.unit)}{better}; n = {counts}",
            "automargin": True,
        },
        yaxis={"automargin": True, "range": [len(measured) - 0.4, -0.8], "showgrid": False},
        height=150 + 46 * len(measured),
        **_LAYOUT | {"hovermode": "closest"},
    )
    return figure.update_xaxes(_AXIS).update_yaxes(_AXIS)


def _reach(chosen: Sequence[Run]) -> float:
    """The right end: one epoch beyond what is finished, at most the last there will be."""
    return max([1, *(min(len(run.epochs) + run.active, run.config.epochs) for run in chosen)]) * 1.02


def _lower_part(chosen: Sequence[Run]) -> list[float] | None:
    """The range where it is decided: the first steps of training lie far above everything that comes later."""
    tests = [row["test_loss"] for run in chosen for row in run.epochs if row["test_loss"] is not None]
    traces = [run.progress["trace"] for run in chosen if run.active and (run.progress or {}).get("trace")]
    newest = [trace[-1][1] for trace in traces]
    if not tests:
        return [0, 1.05 * max(loss for trace in traces for _, loss in trace)] if traces else None
    lowest, highest = min(tests + newest), max(tests + newest)
    # The first figures fall fast: room for what comes, so that the scale does not leap at each epoch.
    spread = max(highest - lowest, (0.15 if len(tests) > 2 * len(chosen) else 0.5) * lowest)
    return [lowest - 0.1 * spread, highest + 0.6 * spread]


def _positions(run: Run, axis: str) -> list[float]:
    if axis != "seconds":
        return [row[axis] for row in run.epochs]
    total, positions = 0.0, []
    for row in run.epochs:
        total += row["seconds"]
        positions.append(total)
    return positions


def kl_by_latent(measured: Sequence[tuple[Run, np.ndarray]], *, threshold: float) -> go.Figure:
    """Mean KL of each latent of each run in nats, sorted, on a logarithmic scale; a line at `threshold` parts those in use."""
    figure = go.Figure()
    used: dict[str, int] = {}
    for run, kl in measured:
        arch = run.config.arch
        dash = _DASHES[used.get(arch, 0) % len(_DASHES)]
        used[arch] = used.get(arch, 0) + 1
        order = np.argsort(-kl, kind="stable")
        figure.add_scatter(
            x=np.arange(1, len(kl) + 1),
            y=np.maximum(kl[order], _KL_FLOOR),
            customdata=order + 1,
            name=_plain(run.name),
            mode="lines+markers",
            line={"color": HUE[arch], "width": 2.5, "dash": dash, "shape": "hvh"},
            marker={"size": 5},
            hovertemplate="latent %{customdata}: %{y:.3g} nats",
        )
    figure.add_hline(y=threshold, line={"color": "gray", "width": 1.5, "dash": "dash"})
    figure.add_annotation(
        text=f"in use: above {threshold:g} nats",
        **{"x": 1, "xref": "x domain", "xanchor": "right", "y": math.log10(threshold), "yanchor": "bottom"},
        showarrow=False,
        font={"color": "gray", "size": 14},
    )
    figure.update_layout(
        xaxis={"title": "latents, the one that says most first"},
        yaxis={"title": "KL (nats per image)", "type": "log", "dtick": 1, "tickformat": "~g"},
        **_LAYOUT,
    )
    return figure.update_xaxes(_AXIS).update_yaxes(_AXIS)


def active_units(chosen: Sequence[Run]) -> go.Figure | None:
    """How many latents are in use after each epoch, of those runs that counted them; None if none did.

    A dashed line for each number that the best linear VAE on a run's images would use.
    """
    figure = go.Figure()
    counted = [run for run in chosen if any(row.get(ACTIVE_UNITS) is not None for row in run.epochs)]
    used: dict[str, int] = {}
    for run in counted:
        arch = run.config.arch
        dash = _DASHES[used.get(arch, 0) % len(_DASHES)]
        used[arch] = used.get(arch, 0) + 1
        figure.add_scatter(
            x=[row["epoch"] for row in run.epochs],
            y=[row.get(ACTIVE_UNITS) for row in run.epochs],
            name=_plain(run.name),
            mode="lines+markers",
            line={"color": HUE[arch], "width": 2.5, "dash": dash},
            marker={"size": 6},
            hovertemplate=f"%{{y}} of {run.config.latent_dim}",
        )
    for worth in sorted({run.line["test"]["directions"] for run in counted if run.line}):
        figure.add_hline(y=worth, line={"color": "gray", "width": 1.5, "dash": "dash"})
        figure.add_annotation(
            text=f"best linear VAE: {worth}",
            **{"x": 1, "xref": "x domain", "xanchor": "right", "y": worth, "yanchor": "bottom"},
            showarrow=False,
            font={"color": "gray", "size": 14},
        )
    figure.update_layout(
        xaxis={"title": AXES["epoch"], "rangemode": "tozero", "automargin": True},
        yaxis={"title": "latents in use", "rangemode": "tozero", "tickformat": "d", "automargin": True},
        **_LAYOUT,
    )
    return figure.update_xaxes(_AXIS).update_yaxes(_AXIS) if counted else None


_KL_FLOOR = 1e-5  # a logarithmic axis has no 0


def kl_over_epochs(run: Run, kl: np.ndarray, *, threshold: float) -> go.Figure:
    """How much each latent says after each epoch: `kl` `(epochs, latent_dim)` in nats, a row a latent, what says most in the end on top.

    The stronger the colour, the more it says; what is below `threshold` is as good as nothing and has none.
    """
    order = np.argsort(-np.nan_to_num(kl[-1]), kind="stable")
    red, green, blue = (int(HUE[run.config.arch][at : at + 2], 16) for at in (1, 3, 5))
    top = max(1.0, float(np.nanmax(kl, initial=0.0)))
    ticks = [value for value in (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0) if threshold <= value <= 1.1 * top]
    figure = go.Figure(
        go.Heatmap(
            x=list(range(1, len(kl) + 1)),
            y=list(range(1, len(order) + 1)),
            z=np.log10(np.maximum(kl[:, order], threshold)).T,
            zmin=math.log10(threshold),
            zmax=math.log10(top),
            customdata=np.dstack([np.broadcast_to(order + 1, kl.shape), kl[:, order]]).transpose(1, 0, 2),
            # Clear, rather than white or black, where there is nothing: the page may be either.
            colorscale=[[0, f"rgba({red},{green},{blue},0)"], [1, f"rgba({red},{green},{blue},1)"]],
            colorbar={
                "title": {"text": "nats"},
                "tickvals": [math.log10(tick) for tick in ticks],
                "ticktext": [f"{tick:g}" for tick in ticks],
                "thickness": 12,
            },
            hovertemplate="latent %{customdata[0]} after epoch %{x}: %{customdata[1]:.3g} nats<extra></extra>",
        )
    )
    figure.update_layout(
        xaxis={"title": AXES["epoch"], "automargin": True, "showgrid": False},
        yaxis={"title": "latents", "autorange": "reversed", "automargin": True, "showgrid": False, "zeroline": False},
        **_LAYOUT | {"hovermode": "closest"},
    )
    return figure.update_xaxes(_AXIS).update_yaxes(_AXIS)


def latent_map(run: Run, points: np.ndarray, photos: np.ndarray, numbers: np.ndarray, share: np.ndarray) -> go.Figure:
    """Held-out images where they lie on a plane through the latent space: all as dots, as many as fit as small pictures.

    `points` `(N, 2)`, `photos` uint8 `(N, 3, 32, 32)`, `numbers` `(N,)` what each is called; `share` `(2,)` is what part
    of the variance each axis explains. A click on a dot or picture selects it; its `customdata` is the number.
    """
    low, high = points.min(0), points.max(0)
    half = max(float((high - low).max()) / 2, 1e-6)
    side = 2 * half / _PICTURES_ACROSS
    pictured = _apart(points, side)
    figure = go.Figure()
    for size, opacity, chosen in ((6, 0.45, np.delete(np.arange(len(points)), pictured)), (30, 0.0, pictured)):
        figure.add_scatter(
            x=points[chosen, 0],
            y=points[chosen, 1],
            customdata=numbers[chosen],
            mode="markers",
            showlegend=False,
            marker={"color": HUE[run.config.arch], "size": size, "opacity": opacity},
            selected={"marker": {"opacity": 1.0 if opacity else 0.0}},
            unselected={"marker": {"opacity": opacity}},
            hovertemplate="photograph %{customdata}<extra></extra>",
        )
    for index in pictured:
        png = images.encode_png(images.grid(photos[index : index + 1], columns=1, scale=2))
        figure.add_layout_image(
            source=f"data:image/png;base64,{base64.b64encode(png).decode()}",
            **{"x": points[index, 0], "y": points[index, 1], "xref": "x", "yref": "y", "sizex": side, "sizey": side},
            **{"xanchor": "center", "yanchor": "middle", "layer": "above"},
        )
    first, second = (f"axis {number}: {part:.0%} of the variance" for number, part in enumerate(share, start=1))
    # As much to the left as to the right of the middle, so that no room is lost but half a picture.
    spans = ([middle - half - side / 2, middle + half + side / 2] for middle in (low + high) / 2)
    x, y = ({"zeroline": False, "showgrid": False, "showticklabels": False, "range": span} for span in spans)
    figure.update_layout(
        xaxis={"title": first, **x},
        yaxis={"title": second, "scaleanchor": "x", **y},
        height=480,
        **_LAYOUT | {"hovermode": "closest", "dragmode": False},
    )
    return figure


_PICTURES_ACROSS = 14


def _apart(points: np.ndarray, side: float) -> np.ndarray:
    """Indices of points whose squares of that side do not overlap: each, in order, that leaves room for itself."""
    taken: list[int] = []
    for index, point in enumerate(points):
        if not (np.abs(points[taken] - point).max(1) < side).any():
            taken.append(index)
    return np.array(taken, int)
