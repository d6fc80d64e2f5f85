"""Losses so far above where it is decided that nothing else could be told apart beside them, and what is said of them."""

import math
from collections.abc import Iterable, Sequence

import plotly.graph_objects as go

from vaedash.comparing import results
from vaedash.languages import counted, say
from vaedash.languages import figure as written
from vaedash.runs import schema
from vaedash.runs.record import Run

_FAR = 8  # times what is kept of any run; the first epochs of trainings that went well lie below that
_BROKEN = 30  # times the lowest test loss: a run that is kept above that decides nothing


def fence(chosen: Sequence[Run], term: str, *, splits: Sequence[str]) -> float:
    """Above it lie the outliers among the values of these runs: spikes, first steps, and runs that have broken down."""
    measured = results.standings(chosen)
    lowest = min((standing.test_loss for standing in measured), default=0.0)
    sound = [standing.run.best for standing in measured if standing.test_loss <= _BROKEN * lowest]

    def highest_kept(of: str) -> float:
        kept = (schema.loss_of(row, split, of) for row in sound if row for split in splits)
        return max((value for value in kept if value is not None), default=math.inf)

    # A part of the loss may have come down to nothing, as the KL of a collapse does: that is no reason to cut what was before.
    return max(_FAR * highest_kept(term), highest_kept("loss"))


def cut(figure: go.Figure, values: Iterable[float | None], *, above: float, log: bool) -> None:
    """Let the figure end below those of its `values` that lie above the fence, and say so; or leave it as it is."""
    # A logarithmic axis has no 0.
    measured = [value for value in values if value is not None and (value > 0 or not log)]
    shown = [value for value in measured if value <= above]
    if shown and len(shown) < len(measured):
        lines = [line.y0 for line in figure.layout.shapes if line.y0 <= above]
        figure.update_yaxes(range=_range([*shown, *lines], log=log))
        add_words(figure, [value for value in measured if value > above])


def add_words(figure: go.Figure, outliers: Sequence[float]) -> None:
    """How many there are, and how far above the picture; nothing where there are none."""
    if not outliers:
        return
    points = counted("1 point", "{n:,} points", n=len(outliers))
    highest = written(max(outliers), ",.0f" if max(outliers) < 1e9 else ".0e")
    figure.add_annotation(
        text=say("{points} above the picture,<br>up to {highest}", points=points, highest=highest),
        x=1,
        y=1,
        xref="x domain",
        yref="y domain",
        xanchor="right",
        yanchor="top",
        align="right",
        showarrow=False,
        font={"size": 14},
    )


def _range(values: Sequence[float], *, log: bool) -> list[float]:
    """With some room below and above, as Plotly leaves it."""
    ends = [math.log10(value) for value in values] if log else values
    low, high = min(ends), max(ends)
    room = 0.06 * (high - low or 1.0)
    return [low - room, high + room]
