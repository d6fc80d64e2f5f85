"""What a loss is made of, and what was measured beside it."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from vaedash import config
from vaedash.comparing import results
from vaedash.measuring.measures import MEASURES
from vaedash.runs.record import Run
from vaedash.showing.charts import style
from vaedash.showing.charts.style import HUE


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
        dash = style.DASHES[used.get(arch, 0) % len(style.DASHES)]
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
            name=style.plain(run.name),
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
        **style.LAYOUT | {"hovermode": "closest"},
    )
    return figure.update_xaxes(style.AXIS).update_yaxes(style.AXIS)


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
            y=[results.short(run, chosen)],  # the whole name would leave no room on a phone
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
        **style.LAYOUT | {"hovermode": "closest"},
    )
    return figure.update_xaxes(style.AXIS).update_yaxes(style.AXIS)
