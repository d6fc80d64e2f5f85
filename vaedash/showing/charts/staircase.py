"""What each step from FC to conv is worth, as stairs."""

import statistics

import plotly.graph_objects as go

from vaedash import config
from vaedash.comparing import shuffle
from vaedash.comparing.ladder import Ladder, Step, Trained
from vaedash.languages import figure as written
from vaedash.languages import say
from vaedash.showing.charts import style
from vaedash.showing.charts.style import GREY

_HALF = 0.34  # of a tread's width, where columns are 1 wide
_SCATTER = 0.08  # between the dots of two seeds, across
_HEIGHT = 440
_MARGIN = {"l": 10, "r": 10, "t": 64, "b": 10}  # with room above the stairs for what changes
_ROOM = 0.3  # above the losses, as a part of what lies between them
_LEGEND = 0.5  # and below them, for a legend that has two lines on a phone


def staircase(ladder: Ladder, *, orders: tuple[str, ...] = ("natural",)) -> go.Figure:
    """A tread for each rung, at the mean test loss of its seeds, which are dots on it; between two, what the step is worth.

    Shuffled pixels are a second flight of stairs, in outlines.
    """
    figure = go.Figure()
    for order in orders:
        for place, trained in enumerate(ladder.rungs):
            _add_tread(figure, trained, place, order)
    for place, step in enumerate(ladder.steps(orders[0])):
        _add_step(figure, step, place, orders[0])
    every = [loss for trained in ladder.rungs for order in orders for loss in trained.learned(order).values()]
    apart = max(1.0, max(every) - min(every))
    above, below = _ROOM * apart, (_LEGEND if len(orders) > 1 else _ROOM / 3) * apart
    x = style.axis(
        say("model, and how many million weights it has"),
        tickvals=list(range(len(ladder.rungs))),
        ticktext=[f"<b>{config.spoken(each.rung.arch)}</b><br>{_millions(each.weights)}" for each in ladder.rungs],
        range=[-0.5, len(ladder.rungs) - 0.5],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    y = style.axis(
        say("how wrong: loss (nats per picture)"), range=[min(every) - below, max(every) + above], zeroline=False
    )
    legend = {"orientation": "h", "yanchor": "bottom", "y": 0.02, "x": 0.02, "bgcolor": "rgba(0, 0, 0, 0)"}
    return style.laid_out(
        figure, x=x, y=y, height=_HEIGHT, hovermode="closest", showlegend=len(orders) > 1, margin=_MARGIN, legend=legend
    )


def _add_tread(figure: go.Figure, trained: Trained, place: int, order: str) -> None:
    losses, hue = trained.learned(order), style.of_arch(trained.rung.arch)
    mean, shuffled = statistics.fmean(losses.values()), order == "shuffled"
    figure.add_scatter(
        x=[place - _HALF, place + _HALF],
        y=[mean, mean],
        mode="lines",
        line={"color": hue, "width": 3 if shuffled else 7, "dash": "dot" if shuffled else "solid"},
        name=say(shuffle.PIXELS[order]),
        legendgroup=order,
        hoverinfo="skip",
    )
    if trained.stuck.get(order) and not shuffled:
        _add_stuck(figure, trained, place, order, at=min(losses.values()))
    middle = (len(losses) - 1) / 2
    figure.add_scatter(
        x=[place + _SCATTER * (number - middle) for number in range(len(losses))],
        y=list(losses.values()),
        customdata=list(losses),
        mode="markers",
        marker={
            "color": "white" if shuffled else hue,
            "size": 9,
            "line": {"color": hue if shuffled else "white", "width": 1.5},
        },
        showlegend=False,
        legendgroup=order,
        hovertemplate=say("seed %{customdata}: %{y:.1f} nats")
        + f"<extra>{config.spoken(trained.rung.arch)} {trained.widths}, "
        f"{say(shuffle.PIXELS[order])}</extra>",
    )


def _add_stuck(figure: go.Figure, trained: Trained, place: int, order: str, *, at: float) -> None:
    words = say("{stuck} of {tried}<br>stuck", stuck=len(trained.stuck[order]), tried=len(trained.losses[order]))
    figure.add_annotation(x=place, y=at, yanchor="top", yshift=-8, text=words, showarrow=False, font={"size": 13})


def _add_step(figure: go.Figure, step: Step, place: int, order: str) -> None:
    """The riser, what the step is worth beside it, and above all stairs what changes."""
    top, bottom = (statistics.fmean(end.learned(order).values()) for end in (step.first, step.second))
    figure.add_shape(
        type="line",
        x0=place + 0.5,
        x1=place + 0.5,
        y0=top,
        y1=bottom,
        line={"color": GREY, "width": 1.5, "dash": "dot"},
    )
    figure.add_annotation(
        x=place + 0.5,
        y=max(top, bottom),
        yanchor="bottom",
        yshift=13,  # free of the treads on either side, which a narrow screen brings close
        text=_worth(step),
        showarrow=False,
        font={"size": 15 if step.clear else 13},
    )
    words = "<br>".join(say(step.second.rung.change).rsplit(" ", 1))
    figure.add_annotation(
        x=place + 0.5, y=1, yref="y domain", yanchor="bottom", text=words, showarrow=False, font={"size": 13}
    )


def _worth(step: Step) -> str:
    arrow = "\u25bc" if step.worth > 0 else "\u25b2"
    worth = f"{arrow} {written(abs(step.worth), '.1f')}"
    if not step.clear:
        return say("{worth}<br>maybe luck", worth=worth)
    if step.interval is None:
        return f"<b>{worth}</b>"
    return f"<b>{worth}</b><br>\u00b1 {written(step.interval.high - step.interval.mean, '.1f')}"


def _millions(weights: int) -> str:
    return written(weights / 1e6, ".1f" if weights < 9.95e6 else ".0f") + say("M")
