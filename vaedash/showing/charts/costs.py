"""What a loss is made of, and what was measured beside it."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from vaedash import config
from vaedash.comparing import results
from vaedash.comparing.results import Standing
from vaedash.languages import figure as written
from vaedash.languages import say
from vaedash.measuring.measures import BETTER, MEASURES
from vaedash.runs.record import Run
from vaedash.runs.schema import Figure, FrontierPoint
from vaedash.showing.charts import keys, outliers, style, thinning
from vaedash.showing.charts.keys import Key
from vaedash.showing.charts.style import GREY

_MOST_LINES = 10  # of equal loss, beside which dots can still be seen


def rate_distortion(chosen: Sequence[Run], *, places: Mapping[str, int] | None = None) -> go.Figure:
    """Runs that may share an axis by what they say of a picture (KL, the rate) and what that leaves wrong (recon, the distortion).

    Each run is a dot at its kept epoch with its way there, on the test images. Along a dotted line the loss is the
    same: there is one for each run, or where they are many for the lowest and the highest. The grey curve is the best
    linear VAE for any beta, with marks where well-known code has its "beta = 1".
    """
    figure, measured = go.Figure(), results.standings(chosen)
    if not measured:
        return figure
    far = outliers.fence([standing.run for standing in measured], "loss", splits=["test"])
    near = [standing for standing in measured if standing.test_loss <= far]
    outliers.add_words(figure, [standing.test_loss for standing in measured if standing.test_loss > far])
    for standing, key in zip(measured, keys.of_runs([standing.run for standing in measured], places), strict=True):
        _add_way(figure, standing.run, key)
        _add_end(figure, standing, key)
    beta = measured[0].run.config.beta
    right = 1.35 * max(standing.test_kl for standing in near)
    if frontier := next((standing.run.frontier for standing in measured if standing.run.frontier), ()):
        # The curve within the picture, and its ends beyond.
        right = max(right, 1.1 * next(point["kl"] for point in frontier if point["beta"] >= beta))
        _add_frontier(figure, frontier)
    losses = sorted({round(standing.test_loss, 1) for standing in near})
    for loss in losses if len(losses) <= _MOST_LINES else (losses[0], losses[-1]):
        figure.add_scatter(
            x=[0, right],
            y=[loss, loss - beta * right],
            line={"color": GREY, "width": 1, "dash": "dot"},
            mode="lines",
            showlegend=False,
            hoverinfo="skip",
        )
    recon = [standing.test_recon for standing in near]
    x = style.axis(say("KL (nats per picture): what it says of a picture"), range=[0, right])
    y = style.axis(say("recon: what is still wrong"), range=[0.8 * min(recon), 1.25 * max(recon)])
    return style.laid_out(figure, x=x, y=y, hovermode="closest", height=style.HEIGHT)


def _add_way(figure: go.Figure, run: Run, key: Key) -> None:
    """Where the run was after each epoch."""
    way = [row for row in run.epochs if None not in (row["test_kl"], row["test_recon"])]
    way = [way[place] for place in thinning.kept([[row[term] for row in way] for term in ("test_kl", "test_recon")])]
    figure.add_scatter(
        x=[row["test_kl"] for row in way],
        y=[row["test_recon"] for row in way],
        line={**key.line, "width": 1.5},
        mode="lines",
        opacity=0.5,
        showlegend=False,
        hoverinfo="skip",
        legendgroup=key.group,
    )


def _add_end(figure: go.Figure, standing: Standing, key: Key) -> None:
    """Where the run is kept."""
    figure.add_scatter(
        x=[standing.test_kl],
        y=[standing.test_recon],
        name=key.entry,
        mode="markers",
        marker={
            "color": key.hue,
            "size": 13,
            "symbol": key.mark or "circle",
            "line": {"width": 2, "color": "white"},
        },
        hovertemplate=say("KL %{{x:.1f}}, recon %{{y:.1f}}, loss {loss:.1f}", loss=standing.test_loss)
        + f"<extra>{key.label}</extra>",
        showlegend=True,
        legendgroup=key.group,
    )


def _add_frontier(figure: go.Figure, frontier: Sequence[FrontierPoint]) -> None:
    names = {beta: name for name, beta in config.PUBLISHED_BETAS.items()}
    marked = [point for point in frontier if point["beta"] in names]
    figure.add_scatter(
        x=[point["kl"] for point in frontier],
        y=[point["recon"] for point in frontier],
        name=say("best linear VAE (PCA), any beta"),
        line={"color": GREY, "width": 2, "dash": "dash"},
        mode="lines",
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[point["kl"] for point in marked],
        y=[point["recon"] for point in marked],
        text=[say("beta {beta:g}", beta=point["beta"]) for point in marked],
        customdata=[names[point["beta"]] for point in marked],
        mode="markers+text",
        textposition="top right",
        showlegend=False,
        marker={"color": GREY, "size": 8, "symbol": "diamond"},
        textfont={"size": 12},
        hovertemplate="%{customdata}: KL %{x:.1f}, recon %{y:.1f}<extra></extra>",
    )


def quality(chosen: Sequence[Run], name: str) -> go.Figure:
    """What was measured of each run beside its loss (a key of `measures.MEASURES`) with its interval where it has one, and where real
    pictures would be, or a guess."""
    figure, measure = go.Figure(), MEASURES[name]
    figures = [
        (key, run.quality[name]) for run, key in zip(chosen, keys.of_runs(chosen), strict=True) if name in run.quality
    ]
    measured = [
        (key, measurement, value) for key, measurement in figures if (value := measurement.get("value")) is not None
    ]
    for place, (key, measurement, value) in enumerate(measured):
        figure.add_scatter(
            x=[value],
            y=[place],
            mode="markers+text",
            text=[written(value, f".{measure.digits}f")],
            textposition="top center",
            textfont={"size": 14},
            showlegend=False,
            cliponaxis=False,
            marker={"color": key.hue, "size": 14, "line": {"width": 2, "color": "white"}},
            error_x=_reach(measurement, value),
            hovertemplate=f"n = {written(measurement['n'], ',')}<extra>{key.label}</extra>",
        )
    floors = [floor for _, measurement, _ in measured if (floor := measurement.get("floor")) is not None]
    bounds = sorted({round(floor, measure.digits) + 0.0 for floor in floors})
    for floor in bounds:  # close to each other, as those of one measure are: they have one label
        whose = say("a guess") if measure.labelled else say("real pictures")
        said = f"{whose}: {'–'.join(written(bound, f'.{measure.digits}f') for bound in bounds)}"
        style.add_bound(figure, floor, said if floor == bounds[-1] else "", end="top")
    unit = f" ({say(measure.unit).strip()})" if measure.unit else ""
    better = f", {say(BETTER[measure.better])}" if measure.better else ""
    counts = ", ".join(sorted({written(measurement["n"], ",") for _, measurement, _ in measured}))
    x = style.axis(f"{say(measure.title)}{unit}{better}; n = {counts}")
    y = style.axis(
        range=[len(measured) - 0.4, -0.8],
        showgrid=False,
        zeroline=False,
        tickvals=list(range(len(measured))),
        ticktext=[key.short for key, _, _ in measured],
        ticklabelstandoff=6,
    )
    return style.laid_out(figure, x=x, y=y, height=150 + 46 * len(measured), hovermode="closest")


def _reach(measurement: Figure, value: float) -> dict[str, object] | None:
    """How far the interval of a figure reaches to its right and to its left."""
    low, high = measurement.get("low"), measurement.get("high")
    if low is None or high is None:
        return None
    return {"array": [high - value], "arrayminus": [value - low], "color": GREY, "thickness": 2, "width": 6}
