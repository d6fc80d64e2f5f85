"""What the latents of a run say, when they came into use, and where pictures lie among them."""

import base64
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb, unlabel_rgb

from vaedash import images
from vaedash.datasets.labels import Label
from vaedash.measuring.directions import Along, Direction
from vaedash.runs.record import Run
from vaedash.showing.charts import keys, labels, style, thinning
from vaedash.showing.charts.style import AXES

_KL_FLOOR = 1e-5  # a logarithmic axis has no 0
_DRAWN = 64  # pixels that each is drawn with
_TELLING = 24  # latents beside each other whose numbers can be read
_PICTURES_ACROSS = 10  # large enough for the last row
_FRAME = 6  # pixels, around a picture of _DRAWN
_MOST_ROWS = 12  # traits that a direction is held against


class _Dot(NamedTuple):
    """How a picture is drawn for which there is no room: in pixels, and how opaque."""

    size: float
    opacity: float
    outline: float


_PLAIN, _COLOURED = _Dot(6, 0.45, 0), _Dot(9, 0.9, 0.75)


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
            hovertemplate=f"latent %{{customdata}}: %{{y:.3g}} nats<extra>{key.label}</extra>",
            showlegend=True,
            legendgroup=key.group,
        )
    style.add_bound(figure, threshold, f"in use: above {threshold:g} nats", end="right", log=True)
    x = style.axis("latents, the one that says most first", automargin=None)
    y = style.axis("KL (nats per picture)", automargin=None, type="log", dtick=1, tickformat="~g")
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
            hovertemplate=f"%{{y}} of {run.config.latent_dim}<extra>{key.label}</extra>",
            showlegend=True,
            legendgroup=key.group,
        )
    for worth in sorted({run.line["test"]["directions"] for run in counted if run.line}):
        style.add_bound(figure, worth, f"best linear VAE: {worth}", end="left")
    x = style.axis(AXES["epoch"], rangemode="tozero")
    y = style.axis("latents in use", rangemode="tozero", tickformat="d")
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
                "title": {"text": "nats"},
                "tickvals": [math.log10(tick) for tick in ticks],
                "ticktext": [f"{tick:g}" for tick in ticks],
                "thickness": 12,
            },
            hovertemplate="latent %{customdata[0]} after epoch %{x}: %{customdata[1]:.3g} nats<extra></extra>",
        )
    )
    x = style.axis(AXES["epoch"], showgrid=False)
    y = style.axis("latents", autorange="reversed", showgrid=False, zeroline=False)
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
            y=[style.plain(factor) for factor in factors],
            z=shares[:, order].astype(np.float32),
            zmin=0.0,
            zmax=max(0.1, float(shares.max(initial=0.0))),
            colorscale=[[0, f"rgba({red},{green},{blue},0)"], [1, f"rgba({red},{green},{blue},1)"]],
            colorbar={"title": {"text": "told"}, "tickformat": ".0%", "thickness": 12},
            hovertemplate="latent %{x} tells %{z:.0%} of %{y}<extra></extra>",
        )
    )
    x = style.axis("latents", type="category", showgrid=False)
    y = style.axis(autorange="reversed", showgrid=False, zeroline=False)
    return style.laid_out(figure, x=x, y=y, height=150 + 30 * len(factors), hovermode="closest")


def latent_map(
    run: Run,
    points: np.ndarray,
    photos: np.ndarray,
    numbers: np.ndarray,
    share: np.ndarray,
    *,
    label: Label | None = None,
) -> go.Figure:
    """Held-out images where they lie on a plane through the latent space: all as dots, as many as fit as small pictures.

    `points` `(N, 2)`, `photos` uint8 `(N, 3, side, side)`, `numbers` `(N,)` what each is called; `share` `(2,)` is what part
    of the variance each axis explains. A click on a dot or picture selects it; its `customdata` is the number. Dots, and frames
    around pictures, have the colours of a `label` of all held-out images (`labels.shades`, `labels.scale`), or dots the run's.
    """
    low, high = points.min(0), points.max(0)
    half = max(float((high - low).max()) / 2, 1e-6)
    side = 2 * half / _PICTURES_ACROSS
    pictured = _apart(points, side)
    hues, marks = (
        labels.drawn_in(label, numbers) if label else ([style.hue(run)] * len(points), ["circle"] * len(points))
    )
    dot = _COLOURED if label else _PLAIN
    figure = go.Figure()
    for size, opacity, chosen in (
        (dot.size, dot.opacity, np.delete(np.arange(len(points)), pictured)),
        (30, 0.0, pictured),
    ):
        figure.add_scatter(
            x=points[chosen, 0],
            y=points[chosen, 1],
            customdata=numbers[chosen],
            mode="markers",
            showlegend=False,
            marker={
                "color": [hues[index] for index in chosen],
                "symbol": [marks[index] for index in chosen],
                "size": size,
                "opacity": opacity,
                "line": {"color": style.GREY, "width": dot.outline},
            },
            selected={"marker": {"opacity": 1.0 if opacity else 0.0}},
            unselected={"marker": {"opacity": opacity}},
            hovertemplate="picture %{customdata}<extra></extra>",
        )
    for index in pictured:
        tile = images.grid(photos[index : index + 1], columns=1, scale=_DRAWN // photos.shape[-1])
        png = images.encode_png(_framed(tile, hues[index], striped=marks[index] != "circle") if label else tile)
        figure.add_layout_image(
            source=f"data:image/png;base64,{base64.b64encode(png).decode()}",
            x=points[index, 0],
            y=points[index, 1],
            xref="x",
            yref="y",
            sizex=side,
            sizey=side,
            xanchor="center",
            yanchor="middle",
            layer="above",
        )
    words = f"across {share[0]:.0%}, up {share[1]:.0%} of all that differs"
    # As much to the left as to the right of the middle, so that no room is lost but half a picture.
    x, y = (
        style.axis(
            title,
            small=True,
            automargin=None,
            zeroline=False,
            showgrid=False,
            showticklabels=False,
            range=[middle - half - side / 2, middle + half + side / 2],
        )
        for title, middle in zip((words, None), (low + high) / 2, strict=True)
    )
    y["scaleanchor"] = "x"
    return style.laid_out(figure, x=x, y=y, height=480, hovermode="closest", dragmode=False)


def _framed(tile: np.ndarray, hue: str, *, striped: bool) -> np.ndarray:
    """A picture `(height, width, 3)` in a frame of this colour; a striped one stands for another mark."""
    around = np.pad(tile, ((_FRAME, _FRAME), (_FRAME, _FRAME), (0, 0)))
    colour = np.array(unlabel_rgb(hue) if hue.startswith("rgb") else hex_to_rgb(hue), float).astype(np.uint8)
    inside = np.zeros(around.shape[:2], bool)
    inside[_FRAME:-_FRAME, _FRAME:-_FRAME] = True
    across, down = np.meshgrid(np.arange(around.shape[1]), np.arange(around.shape[0]))
    gap = striped & ((across + down) % (4 * _FRAME) < 2 * _FRAME)
    around[~inside] = np.where(gap[..., None], np.uint8(255), colour)[~inside]
    return around


def ringed(drawn: go.Figure, at: tuple[float, float]) -> go.Figure:
    """A copy of a map with a ring around the picture that is chosen."""
    copy = go.Figure(drawn)
    for colour, width in (("black", 7), ("white", 3)):  # seen on any picture
        marker = {"symbol": "circle-open", "size": 40, "color": colour, "line": {"width": width}}
        copy.add_scatter(x=[at[0]], y=[at[1]], mode="markers", marker=marker, showlegend=False, hoverinfo="skip")
    return copy


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
            customdata=[[100 * each.low, 100 * each.high, style.plain(each.trait.name)] for _, each in told],
            name=key.entry,
            mode="markers",
            marker={"size": 10, "color": key.hue, "symbol": key.mark or "circle"},
            hovertemplate="%{customdata[2]}: %{x:.0f}% (%{customdata[0]:.0f} to %{customdata[1]:.0f})"
            f"<extra>{key.label}</extra>",
            showlegend=True,
            legendgroup=key.group,
        )
    figure.add_vline(x=0, line={"color": style.GREY, "width": 1.5})
    x = style.axis("of the way there, in percent", ticksuffix="%", zeroline=False)
    names = [style.plain(name) for name in rows]
    y = style.axis(tickvals=[*range(len(rows))], ticktext=names, range=[len(rows) - 0.4, -0.6], zeroline=False)
    return style.laid_out(figure, x=x, y=y, hovermode="closest", height=150 + 30 * len(rows))


def _told(along: Along | None) -> bool:
    return along is not None and not along.few


def _rows(directions: Sequence[Direction]) -> list[str]:
    """The direction's own trait, and below it the others that move most."""
    most: dict[str, float] = {}
    for each in (each for direction in directions for each in direction.along if not each.few):
        most[each.trait.name] = max(most.get(each.trait.name, 0.0), abs(each.share))
    own = directions[0].trait.name
    return [own, *[name for name in sorted(most, key=lambda name: -most[name]) if name != own][:_MOST_ROWS]]
