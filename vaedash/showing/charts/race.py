"""Runs in progress: curves that grow on axes that stay."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from vaedash import config
from vaedash.languages import say
from vaedash.runs.record import Run
from vaedash.showing.charts import keys, outliers, style, thinning
from vaedash.showing.charts.style import SPLITS

_TICKED = 10  # epochs, each of which has a tick; of more, about so many have
_WHOLE = 20  # epochs: a shorter race is shown to its end from the start
_REACHES = (20, 50, 100, 200, 500, 1000)  # where the axis of a longer one ends, one after the other
_TICKS = [step * 10**power for power in range(-1, 5) for step in (1, 1.5, 2, 3, 4, 5, 6, 8)]
_FIRST = 1.1  # times what the average picture costs: where training begins, and the axis
_LAST = 0.6  # of the line, or below what was reached: where the axis ends


def race(chosen: Sequence[Run], *, known: Sequence[Run] = ()) -> go.Figure:
    """The curves of runs in progress: test (bold, with a dot for each of some epochs) and train (thin), which grows within the
    epoch too; of many epochs those that a screen can show (`thinning.kept`).

    Both axes stand still from the first second, the losses' on a logarithmic scale: from what the mean picture costs down to
    somewhat below the line of the best linear VAE. Either may be `known` from earlier runs on the same images. The train loss
    of an epoch is a mean over it, so it stands in the epoch's middle.
    """
    figure = go.Figure()
    for run, key in zip(chosen, keys.of_runs(chosen), strict=True):
        hue, called = style.hue(run), key.short
        trains, tests = ([row[split] for row in run.epochs] for split in ("train_loss", "test_loss"))
        places = thinning.kept([trains, tests])
        fresh = [point for point in _trace(run) if point[0] > len(run.epochs)]
        figure.add_scatter(
            x=[*(place + 0.5 for place in places), *(point[0] for point in fresh)],
            y=[*(trains[place] for place in places), *(point[1] for point in fresh)],
            name=f"{called} {say(SPLITS['train'])}",
            legendgroup=run.id,
            showlegend=False,
            mode="lines",
            line={"color": hue, "width": 1.5},
            hovertemplate="%{y:.1f}",
        )
        figure.add_scatter(
            x=[place + 1 for place in places] or [0],  # without a point there would be no legend, and later a jump
            y=[tests[place] for place in places] or [None],
            name=f"{called} {say(SPLITS['test'])}",
            legendgroup=run.id,
            showlegend=True,
            mode="lines+markers" if thinning.dotted(len(places)) else "lines",
            line={"color": hue, "width": 3.5},
            marker={"size": 8},
            hovertemplate="%{y:.1f}",
        )
    lines = _lines(chosen, known)
    means = [mean for run in (*chosen, *known) if (mean := run.mean_picture)]
    low, high = _heights(chosen, lines, means)
    far = max(high, outliers.fence(chosen, "loss", splits=["test"]))
    outliers.add_words(figure, [loss for loss in (*_tests(chosen), *_newest(chosen)) if loss > far])
    for line in lines:
        style.add_bound(figure, line, say(style.LINE), end="left", log=True)
    _mark_overtaking(figure, chosen)
    reach = _reach(chosen)
    # Between two epochs there is no tick, whose rounded number would stand there twice.
    ticked = {"dtick": 1} if reach <= _TICKED else {"nticks": _TICKED}
    x = style.axis(say(style.EPOCHS), small=True, range=[0, reach], tickformat="d", **ticked)
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    y = style.axis(
        say("how wrong (loss)"), small=True, type="log", range=[math.log10(low), math.log10(high)], tickvals=ticks
    )
    return style.laid_out(figure, x=x, y=y)


def _trace(run: Run) -> list[list[float]]:
    """The curve of the epoch in progress, pairs of epochs done and loss."""
    return run.progress.get("trace") or [] if run.active and run.progress else []


def _reach(chosen: Sequence[Run]) -> float:
    """The right end: where the last of them may end, or for a long training the next of some steps."""
    limit = max((run.config.epochs if run.active else len(run.epochs) for run in chosen), default=1)
    if limit > _WHOLE:
        done = max(len(run.epochs) + run.active for run in chosen)
        limit = min(limit, next((reach for reach in _REACHES if done <= reach), limit))
    return max(1, limit) * 1.02


def _lines(chosen: Sequence[Run], known: Sequence[Run]) -> list[float]:
    """Where the best linear VAE would be, as for `style.add_line`; one that is `known` from an earlier run until theirs is."""
    if any(run.best and not run.at_full_beta for run in chosen):
        return []
    lines = [run.line for run in chosen if run.line] or [run.line for run in known if run.line][:1]
    return sorted({round(line["test"]["loss"], 2) for line in lines})


def _heights(chosen: Sequence[Run], lines: Sequence[float], means: Sequence[float]) -> tuple[float, float]:
    """The ends of the losses' axis; they move only where a run leaves them."""
    fence = outliers.fence(chosen, "loss", splits=["test"])
    seen = [loss for loss in (*_tests(chosen), *_newest(chosen)) if 0 < loss <= fence]
    high = _FIRST * max(means, default=max(seen, default=100.0))
    low = min(_LAST * min(lines, default=high / 4), high / 2)
    while seen and min(seen) < low * 1.02:
        low *= _LAST
    return low, high


def _tests(chosen: Sequence[Run]) -> list[float]:
    return [row["test_loss"] for run in chosen for row in run.epochs if row["test_loss"] is not None]


def _newest(chosen: Sequence[Run]) -> list[float]:
    """Where each run in progress is within its epoch."""
    return [trace[-1][1] for run in chosen if (trace := _trace(run))]


def _mark_overtaking(figure: go.Figure, chosen: Sequence[Run]) -> None:
    """A word where one of two overtook the other on new pictures, for the last time."""
    if len(chosen) != 2:
        return
    tests = [[row["test_loss"] for row in run.epochs] for run in chosen]
    gaps = [first - second for first, second in zip(*tests, strict=False) if first is not None and second is not None]
    turns = [at for at in range(1, len(gaps)) if gaps[at - 1] * gaps[at] < 0]
    if turns and (height := tests[0][turns[-1]]):
        ahead = chosen[0 if gaps[turns[-1]] < 0 else 1].config.arch
        figure.add_annotation(
            text=say("{name} overtakes", name=config.spoken(ahead)),
            x=turns[-1] + 1,
            y=math.log10(height),
            ay=-50,
            font={"size": style.LETTERS},
        )
