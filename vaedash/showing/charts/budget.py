"""A tuning as a chart: how good the best settings of each architecture are that so many trials have found."""

import statistics
from collections.abc import Sequence

import plotly.graph_objects as go

from vaedash import config
from vaedash.comparing.trials import Trials
from vaedash.languages import say
from vaedash.runs.schema import TRAINED
from vaedash.showing.charts import outliers, style

_FAR = 3  # times as far above the lowest as the median is: what lies beyond leaves no room for the lines


def budget(tried: Sequence[Trials]) -> go.Figure:
    """The lowest val loss so far against the number of trials, a line for each architecture; dotted, what is expected of so many
    trials in any order; and each trial as a dot, an open one where it was stopped before its end.
    """
    figure = go.Figure()
    for trials in tried:
        hue, name, numbers = (
            style.of_arch(trials.arch),
            config.spoken(trials.arch),
            list(range(1, len(trials.runs) + 1)),
        )
        line = {"x": numbers, "legendgroup": trials.arch, "mode": "lines"}
        figure.add_scatter(
            **line,
            y=trials.best_so_far,
            name=name,
            line={"color": hue, "width": style.WIDTHS["test"], "shape": "hv"},
            hovertemplate=f"%{{y:.1f}}<extra>{say('{name}, best so far', name=name)}</extra>",
        )
        figure.add_scatter(
            **line,
            y=trials.expected_best,
            showlegend=False,
            line={"color": hue, "width": style.WIDTHS["train"], "dash": "dot"},
            hovertemplate=f"%{{y:.1f}}<extra>{say('{name}, expected in any order', name=name)}</extra>",
        )
        _add_dots(figure, trials)
    losses = [loss for trials in tried for loss in trials.losses if loss is not None]
    figure = style.laid_out(
        figure,
        x=style.axis(say("trials of each architecture"), rangemode="tozero", dtick=_ticks(tried)),
        y=style.axis(_y_title(tried)),
        height=style.HEIGHT,
    )
    if losses:
        median = max(statistics.median(known) for trials in tried if (known := _known(trials)))
        outliers.cut(figure, losses, above=min(losses) + _FAR * (median - min(losses)), log=False)
    return figure


def _add_dots(figure: go.Figure, trials: Trials) -> None:
    hue, name = style.of_arch(trials.arch), config.spoken(trials.arch)
    whole = [run.status in TRAINED for run in trials.runs]
    figure.add_scatter(
        x=list(range(1, len(trials.runs) + 1)),
        y=trials.losses,
        mode="markers",
        opacity=0.6,
        showlegend=False,
        legendgroup=trials.arch,
        marker={"color": hue, "size": 8, "symbol": ["circle" if ended else "circle-open" for ended in whole]},
        hovertemplate=say("trial %{{x}}: %{{y:.1f}}{whose}", whose=f"<extra>{name}</extra>"),
    )


def _known(trials: Trials) -> list[float]:
    return [loss for loss in trials.losses if loss is not None]


def _ticks(tried: Sequence[Trials]) -> int:
    return max(1, max(len(trials.runs) for trials in tried) // 10)


def _y_title(tried: Sequence[Trials]) -> str:
    unit = tried[0].runs[0].config.unit
    return say("lowest loss so far, {split} ({unit} per picture)", split=say(style.SPLITS["val"]), unit=say(unit))
