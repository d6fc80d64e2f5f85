"""A pair as a room sees it: two lines and their names, without a figure or a word of the trade."""

from collections.abc import Sequence

import plotly.graph_objects as go

from vaedash import config
from vaedash.languages import say
from vaedash.runs.record import Run
from vaedash.showing.charts import outliers, style, thinning

_LETTER = 16  # pixels, in the letters of a large presentation, too
_FITS = 7  # letters for which there is room at the end of a line


def contest(pair: Sequence[Run], *, looks: int | None = None) -> go.Figure:
    """How wrong each run is on new pictures, after each look at all the others: the first `looks` of them, or all.

    The axes have room for all of them from the beginning, so that one can see what is still to come.
    """
    figure = go.Figure()
    longest = max(len(config.spoken(run.config.arch)) for run in pair)
    beside = longest <= _FITS
    for run in pair:
        losses = [row["test_loss"] for row in run.epochs][:looks]
        places = thinning.kept([losses])
        name = config.spoken(run.config.arch)
        figure.add_scatter(
            x=[place + 1 for place in places],
            y=[losses[place] for place in places],
            name=name,
            text=[*[""] * (len(places) - 1), name],
            mode="lines+markers+text" if thinning.dotted(len(places)) else "lines+text",
            textposition="middle right" if beside else "top left",
            textfont={"color": style.hue(run), "size": 20, "weight": 700},
            line={"color": style.hue(run), "width": 3.5},
            marker={"size": 8},
            hoverinfo="skip",
            cliponaxis=False,
        )
    most = max(len(run.epochs) for run in pair)
    x = style.axis(range=[0.5, most + 0.5], fixedrange=True, ticksuffix=say(" looks"), showticksuffix="last")
    y = style.axis(
        say("how wrong"), range=_from_best_to_worst(pair), showticklabels=False, zeroline=False, fixedrange=True
    )
    style.laid_out(figure, x=x, y=y, showlegend=False, hovermode=False)
    return figure.update_layout(margin_r=figure.layout.margin.r + longest * _LETTER) if beside else figure


def _from_best_to_worst(pair: Sequence[Run]) -> list[float]:
    far = outliers.fence(pair, "loss", splits=["test"])
    losses = [loss for run in pair for row in run.epochs if (loss := row["test_loss"]) is not None and loss <= far]
    air = 0.1 * (max(losses) - min(losses)) or 1.0
    return [min(losses) - air, max(losses) + air]
