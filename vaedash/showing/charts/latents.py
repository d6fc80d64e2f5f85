"""What the latents of a run say, when they came into use, and where pictures lie among them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb

from vaedash.datasets.labels import Label
from vaedash.languages import figure as written
from vaedash.languages import say
from vaedash.measuring.directions import NAMED, Along, Direction
from vaedash.runs.record import Run
from vaedash.showing.charts import keys, labels, style, thinning
from vaedash.showing.charts.style import AXES

_KL_FLOOR = 1e-5  # a logarithmic axis has no 0
_TELLING = 24  # latents beside each other whose numbers can be read
_PICTURES_ACROSS = 10  # large enough for the last row
_MOST_ROWS = 12  # traits that a direction is held against


def kl_by_latent(
    measured: Sequence[tuple[Run, np.ndarray]], *, threshold: float, places: Mapping[str, int] | None = None
) -> go.Figure:
    """Mean KL of each latent of each run in nats, sorted, on a logarithmic scale; a line at `threshold` parts those in use."""
    figure, of_runs = go.Figure(), keys.of_runs([run for run, _ in measured], places)
    for (_, kl), key in zip(measured, of_runs, strict=True):
        order = np.argsort(-kl, kind="stable")
        figure.add_scatter(
            x=np.arange(1, len(kl) + 1),
            y=np.maximum(kl[order], _KL_FLOOR),
            customdata=order + 1,
            name=key.entry,
            mode="lines+markers",
            line={**key.line, "width": 2.5, "shape": "hvh"},
            marker={"size": 5, "symbol": key.mark or "circle"},
            hovertemplate=say("latent %{customdata}: %{y:.3g} nats") + f"<extra>{key.label}</extra>",
            showlegend=True,
            legendgroup=key.group,
        )
    style.add_bound(
        figure, threshold, say("in use: above {threshold:g} nats", threshold=threshold), end="right", log=True
    )
    x = style.axis(say("latents, the one that says most first"), automargin=None)
    y = style.axis(say("KL (nats per picture)"), automargin=None, type="log", dtick=1, tickformat="~g")
    return style.laid_out(figure, x=x, y=y, hovermode=keys.pointed_at(of_runs))


def active_units(chosen: Sequence[Run], *, places: Mapping[str, int] | None = None) -> go.Figure | None:
    """How many latents are in use after each epoch, of those runs that counted them; None if none did.

    A dashed line for each number that the best linear VAE on a run's images would use.
    """
    counted = [run for run in chosen if any(row.get("active_units") is not None for row in run.epochs)]
    if not counted:
        return None
    figure, of_runs = go.Figure(), keys.of_runs(counted, places)
    for run, key in zip(counted, of_runs, strict=True):
        in_use = [row.get("active_units") for row in run.epochs]
        drawn = thinning.kept([in_use])
        dots = {"mode": "lines+markers", "marker": {"size": 6, "symbol": key.mark or "circle"}}
        figure.add_scatter(
            x=[run.epochs[place]["epoch"] for place in drawn],
            y=[in_use[place] for place in drawn],
            name=key.entry,
            line={**key.line, "width": 2.5},
            **(dots if thinning.dotted(len(drawn)) else key.on_line()),
            hovertemplate=say("%{{y}} of {all}", all=run.config.latent_dim) + f"<extra>{key.label}</extra>",
            showlegend=True,
            legendgroup=key.group,
        )
    for worth in sorted({run.line["test"]["directions"] for run in counted if run.line}):
        style.add_bound(figure, worth, say("best linear VAE: {worth}", worth=worth), end="left")
    x = style.axis(say(AXES["epoch"]), rangemode="tozero")
    y = style.axis(say("latents in use"), rangemode="tozero", tickformat="d")
    return style.laid_out(figure, x=x, y=y, hovermode=keys.pointed_at(of_runs))


def kl_over_epochs(run: Run, kl: np.ndarray, *, threshold: float) -> go.Figure:
    """How much each latent says after each epoch: `kl` `(epochs, latent_dim)` in nats, a row a latent, what says most in the end on top.

    The stronger the colour, the more it says; what is below `threshold` is as good as nothing and has none.
    """
    order = np.argsort(-np.nan_to_num(kl[-1]), kind="stable")
    places = thinning.evenly(len(kl))
    shown = kl[places][:, order].astype(np.float32)
    red, green, blue = hex_to_rgb(style.hue(run))
    top = max(1.0, float(np.nanmax(kl, initial=0.0)))
    ticks = [value for value in (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0) if threshold <= value <= 1.1 * top]
    figure = go.Figure(
        go.Heatmap(
            x=[place + 1 for place in places],
            y=list(range(1, len(order) + 1)),
            z=np.log10(np.maximum(shown, threshold)).T,
            zmin=math.log10(threshold),
            zmax=math.log10(top),
            customdata=np.dstack([np.broadcast_to(order + 1, shown.shape), shown])
            .transpose(1, 0, 2)
            .astype(np.float32),
            # Clear, rather than white or black, where there is nothing: the page may be either.
            colorscale=[[0, f"rgba({red},{green},{blue},0)"], [1, f"rgba({red},{green},{blue},1)"]],
            colorbar={
                "title": {"text": say("nats")},
                "tickvals": [math.log10(tick) for tick in ticks],
                "ticktext": [written(tick, "g") for tick in ticks],
                "thickness": 12,
            },
            hovertemplate=say("latent %{customdata[0]} after epoch %{x}: %{customdata[1]:.3g} nats")
            + "<extra></extra>",
        )
    )
    x = style.axis(say(AXES["epoch"]), showgrid=False)
    y = style.axis(say("latents"), autorange="reversed", showgrid=False, zeroline=False)
    return style.laid_out(figure, x=x, y=y, hovermode="closest")


def told_by_latent(run: Run, factors: Sequence[str], shares: np.ndarray) -> go.Figure:
    """Which part of each of the `factors` each latent tells: `shares` `(factors, latent_dim)`, 0 to 1.

    From the left those latents that tell most, without those that tell nothing. The stronger the colour, the more; a factor
    that has a latent of its own has one strong cell in its row.
    """
    order = np.argsort(-shares.max(0), kind="stable")[: min(_TELLING, np.count_nonzero(shares.any(0)))]
    red, green, blue = hex_to_rgb(style.hue(run))
    figure = go.Figure(
        go.Heatmap(
            x=[str(place + 1) for place in order],
            y=[style.plain(say(factor)) for factor in factors],
            z=shares[:, order].astype(np.float32),
            zmin=0.0,
            zmax=max(0.1, float(shares.max(initial=0.0))),
            colorscale=[[0, f"rgba({red},{green},{blue},0)"], [1, f"rgba({red},{green},{blue},1)"]],
            colorbar={"title": {"text": say("told")}, "tickformat": ".0%", "thickness": 12},
            hovertemplate=say("latent %{x} tells %{z:.0%} of %{y}") + "<extra></extra>",
        )
    )
    x = style.axis(say("latents"), type="category", showgrid=False)
    y = style.axis(autorange="reversed", showgrid=False, zeroline=False)
    return style.laid_out(figure, x=x, y=y, height=150 + 30 * len(factors), hovermode="closest")


@dataclass(frozen=True, kw_only=True)
class LatentMap:
    """Held-out images where they lie on a plane through a latent space, on a square map: all as dots, and those that fit as small
    pictures.

    `points` `(N, 2)` are from the map's left and top, 0 to 1; `numbers` `(N,)` are what each is called. `pictured` are the indices of
    those whose squares of side `tile`, a part of the map's, do not overlap. `left`, `top` and `span` say where the map lies on the plane.
    """

    points: np.ndarray
    numbers: np.ndarray
    hues: Sequence[str]
    marks: Sequence[str]
    pictured: np.ndarray
    tile: float
    left: float
    top: float
    span: float

    def at(self, point: tuple[float, float]) -> tuple[float, float]:
        """Where a point of the plane lies on the map."""
        return (point[0] - self.left) / self.span, (self.top - point[1]) / self.span


def latent_map(run: Run, points: np.ndarray, numbers: np.ndarray, *, label: Label | None = None) -> LatentMap:
    """The map of images that lie at `points` `(N, 2)` of a plane and are called `numbers` `(N,)`, in the colours of a `label` of all
    held-out images (`labels.shades`, `labels.scale`), or in the run's.
    """
    low, high = points.min(0), points.max(0)
    half = max(float((high - low).max()) / 2, 1e-6)
    side = 2 * half / _PICTURES_ACROSS
    # As much to the left as to the right of the middle, so that no room is lost but half a picture.
    left, top = (low[0] + high[0]) / 2 - half - side / 2, (low[1] + high[1]) / 2 + half + side / 2
    span = 2 * half + side
    hues, marks = (
        labels.drawn_in(label, numbers) if label else ([style.hue(run)] * len(points), ["circle"] * len(points))
    )
    return LatentMap(
        points=np.column_stack([(points[:, 0] - left) / span, (top - points[:, 1]) / span]),
        numbers=numbers,
        hues=hues,
        marks=marks,
        pictured=_apart(points, side),
        tile=side / span,
        left=float(left),
        top=float(top),
        span=span,
    )


def _apart(points: np.ndarray, side: float) -> np.ndarray:
    """Indices of points whose squares of that side do not overlap: each, in order, that leaves room for itself."""
    taken: list[int] = []
    for index, point in enumerate(points):
        if not (np.abs(points[taken] - point).max(1) < side).any():
            taken.append(index)
    return np.array(taken, int)


def moved_along(measured: Sequence[tuple[Run, Direction]], *, places: Mapping[str, int] | None = None) -> go.Figure:
    """How far one step along a direction leads towards its own trait, on top, and towards those others towards or away from which it
    leads most, in any of the runs: in percent of the whole way, with the 95% interval over pictures.
    """
    figure, of_runs = go.Figure(), keys.of_runs([run for run, _ in measured], places)
    rows = _rows([direction for _, direction in measured])
    for number, ((_, direction), key) in enumerate(zip(measured, of_runs, strict=True)):
        by_name = {each.trait.name: each for each in (direction.own, *direction.along)}
        apart = (number - (len(measured) - 1) / 2) * 0.5 / len(measured)  # or one run's dots would hide another's
        told = [(place + apart, by_name[name]) for place, name in enumerate(rows) if _told(by_name.get(name))]
        figure.add_scatter(
            x=[100 * each.share for _, each in told],
            y=[place for place, _ in told],
            error_x={
                "array": [100 * (each.high - each.share) for _, each in told],
                "thickness": 2.5,
                "width": 4,
                "color": key.hue,
            },
            customdata=[[100 * each.low, 100 * each.high, style.plain(say(each.trait.name))] for _, each in told],
            name=key.entry,
            mode="markers",
            marker={"size": 10, "color": key.hue, "symbol": key.mark or "circle"},
            hovertemplate=say("%{customdata[2]}: %{x:.0f}% (%{customdata[0]:.0f} to %{customdata[1]:.0f})")
            + f"<extra>{key.label}</extra>",
            showlegend=True,
            legendgroup=key.group,
        )
    figure.add_vline(x=0, line={"color": style.GREY, "width": 1.5})
    x = style.axis(say("of the way there, in percent"), ticksuffix=written(0, ".0%")[1:], zeroline=False)
    names = [style.plain(say(name)) for name in rows]
    y = style.axis(tickvals=[*range(len(rows))], ticktext=names, range=[len(rows) - 0.4, -0.6], zeroline=False)
    return style.laid_out(figure, x=x, y=y, hovermode="closest", height=150 + 30 * len(rows))


def _told(along: Along | None) -> bool:
    return along is not None and not along.few


def _rows(directions: Sequence[Direction]) -> list[str]:
    """The direction's own trait, and below it the others that move most; those that words name are always among them."""
    most: dict[str, float] = {}
    for each in (each for direction in directions for each in direction.along if not each.few):
        most[each.trait.name] = max(most.get(each.trait.name, 0.0), abs(each.share))
    named = {each.trait.name for direction in directions for each in direction.besides(NAMED)}
    own = directions[0].trait.name
    first = sorted(most.keys() - {own}, key=lambda name: (name not in named, -most[name], name))
    first = first[: max(_MOST_ROWS, len(named))]
    return [own, *sorted(first, key=lambda name: (-most[name], name))]
