"""How runs learn: their losses by epoch, time, pictures or weights."""

import itertools
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from vaedash.comparing import alike
from vaedash.languages import figure as written
from vaedash.languages import say, to_say
from vaedash.runs import schema
from vaedash.runs.record import Run
from vaedash.showing.charts import clearing, keys, outliers, style, thinning
from vaedash.showing.charts.keys import Key
from vaedash.showing.charts.style import AXES, SPLITS

# What tells the splits apart, the boldest last: strokes, and where there are no curves, marks.
_STROKES = {"train": to_say("thin"), "val": to_say("in between"), "test": to_say("bold")}
_MARKS = {"train": to_say("open"), "val": to_say("a diamond"), "test": to_say("filled")}
_SYMBOLS = {"train": "circle-open", "val": "diamond-open", "test": "circle"}
# Runs that are too many to have a dash each leave the picture to their means: times as wide, and how opaque, they are.
_THIN, _FAINT = 0.5, 0.5
_SMOOTHED = to_say(", smoothed")  # what a pointer is told of a value that nobody measured


@dataclass(frozen=True, kw_only=True)
class _Curve:
    """The losses of a run on a split, as they are drawn, and after which epochs and where on the axis; where these are
    smoothed, `raw` as they were measured.

    Of many epochs these are the ones that a screen can show (`thinning.kept`), the same for all splits.
    """

    split: str
    epochs: Sequence[int]
    x: Sequence[float]
    y: Sequence[float | None]
    raw: Sequence[float | None] | None


def loss_curves(
    chosen: Sequence[Run],
    *,
    term: str = "loss",
    axis: str = "epoch",
    splits: Sequence[str] = ("train", "test"),
    smoothing: float = 0.0,
    log: bool = False,
    cut: bool = True,
    places: Mapping[str, int] | None = None,
) -> go.Figure:
    """Curves of runs that may share an axis (`alike.groups`), as `legend` says; those of one architecture differ in dash.

    `term` is a key of TERMS, in nats per image; `axis` a key of AXES. `smoothing` (0 to below 1) is the weight of the
    past in a running average, as TensorBoard has it; the raw line then stays, faint, behind. By `parameters` there are
    no curves: each run is a dot where it was kept. With `cut`, the figure ends below what lies far above all else, and
    says so. A legend has an entry for each run, or for each architecture where they are too many; a pointer finds all
    names. `places` are those of `keys.places`: as long as a run is shown, it looks the same.
    """
    of_runs = keys.of_runs(chosen, places)
    one_by_one = axis == "parameters" or keys.pointed_at(of_runs) == "closest"
    figure, splits = go.Figure(), _measured(chosen, splits)
    values: list[float | None] = []
    for run, key in zip(chosen, of_runs, strict=True):
        if axis == "parameters":
            dots = _kept_losses(run, term, splits)
            _add_dots(figure, run, dots, key)
            values += dots.values()
            continue
        curves = _curves(run, term=term, axis=axis, splits=splits, smoothing=smoothing)
        _add_curves(figure, curves, key, splits, one_by_one=one_by_one)
        _add_kept(figure, run, curves, key)
        _add_breaks(figure, curves, key)
        values += itertools.chain.from_iterable(curve.y for curve in curves)
    style.add_line(figure, chosen, term, "test" if "test" in splits else "train", log=log)
    if "test" in splits and axis not in ("seconds", "parameters"):  # trainings of different length in time have no mean
        _add_means(figure, chosen, term, axis)
    if cut:
        outliers.cut(figure, values, above=outliers.fence(chosen, term, splits=splits), log=log)
    clearing.clear(figure, log=log)
    x = style.axis(say(style.EPOCHS if axis == "epoch" else AXES[axis]), rangemode="tozero")
    if not one_by_one:
        told = _listed([say(SPLITS[split]) for split in splits])
        x["unifiedhovertitle"] = {"text": f"{say(style.PLACES[axis])}<br>{told}{say(_SMOOTHED) if smoothing else ''}"}
    y = style.of_loss(term, chosen, log=log)
    # A zoom is kept for as long as an axis means the same.
    x["uirevision"], y["uirevision"] = axis, f"{style.loss_title(term, chosen)}{', log' if log else ''}"
    return style.laid_out(
        figure,
        x=x,
        y=y,
        hovermode="closest" if one_by_one else "x unified",
        height=style.HEIGHT,
    )


def legend(
    chosen: Sequence[Run],
    *,
    axis: str = "epoch",
    splits: Sequence[str] = ("train", "test"),
    smoothing: float = 0.0,
) -> str:
    """In sentences, what strokes and marks of `loss_curves` mean, which no legend says."""
    marks = _MARKS if axis == "parameters" else _STROKES
    sentences = [
        "; ".join(f"{say(marks[split])}: {say(SPLITS[split])}" for split in reversed(_measured(chosen, splits)))
    ]
    if axis != "parameters" and "test" in splits:
        sentences.append(say("a dot marks the epoch whose weights are kept"))
    if axis != "parameters" and smoothing:
        sentences.append(say("the curves are smoothed, and what was measured is faint behind them"))
    if axis != "parameters" and any(_broken(losses) for losses in _losses(chosen, splits)):
        sentences.append(say("a cross marks where a loss was no finite number any more"))
    if keys.pointed_at(keys.of_runs(chosen)) == "closest":
        at_dots = axis == "parameters"
        sentences.append(
            say("point at a dot to see which run it is") if at_dots else say("point at a curve to see which run it is")
        )
    return " ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences if sentence)


def _measured(chosen: Sequence[Run], splits: Sequence[str]) -> list[str]:
    """Those of the splits on which a run has losses, the boldest last."""
    return [
        split
        for split in SPLITS
        if split in splits and any(f"{split}_loss" in row for run in chosen for row in run.epochs)
    ]


def _losses(chosen: Sequence[Run], splits: Sequence[str]) -> Iterator[list[float | None]]:
    """The losses of each run on each of the splits, as far as it was measured on them."""
    for run, split in itertools.product(chosen, splits):
        yield [schema.loss_of(row, split) for row in run.epochs if f"{split}_loss" in row]


def _broken(losses: Sequence[float | None]) -> list[int]:
    """The places at which a loss is none any more, having been one."""
    return [place for place in range(1, len(losses)) if losses[place] is None and losses[place - 1] is not None]


def _lonely(losses: Sequence[float | None]) -> list[int]:
    """The places of losses to and from which no line leads."""
    around = [None, *losses, None]
    return [
        place
        for place, (before, loss, after) in enumerate(zip(around, around[1:], around[2:], strict=False))
        if loss is not None and before is None and after is None
    ]


def _listed(parts: Sequence[str]) -> str:
    """What belongs to the boldest of some splits, and in brackets what to the others."""
    *others, boldest = parts or [""]
    return f"{boldest} ({', '.join(reversed(others))})" if others else boldest


def _curves(run: Run, *, term: str, axis: str, splits: Sequence[str], smoothing: float) -> list[_Curve]:
    """One for each split on which the run has any loss, the boldest last."""
    raw = {split: [schema.loss_of(row, split, term) for row in run.epochs] for split in splits}
    raw = {split: losses for split, losses in raw.items() if any(loss is not None for loss in losses)}
    drawn = {split: smoothed(losses, smoothing) if smoothing else losses for split, losses in raw.items()}
    outlines = [*raw.values(), *(drawn.values() if smoothing else ())]
    places = thinning.kept(outlines, also=_not_to_lose(drawn.values(), run))
    curves = []
    for split, losses in raw.items():
        x, y = _positions(run, axis, split), drawn[split]
        curves.append(
            _Curve(
                split=split,
                epochs=[place + 1 for place in places],
                x=[x[place] for place in places],
                y=[y[place] for place in places],
                raw=[losses[place] for place in places] if smoothing else None,
            )
        )
    return curves


def _not_to_lose(curves: Iterable[Sequence[float | None]], run: Run) -> Iterator[int]:
    """The places of the kept epoch, and of gaps with the losses beside them."""
    if run.best_epoch:
        yield run.best_epoch - 1
    for curve in curves:
        for place in (*_broken(curve), *_lonely(curve)):
            yield from (near for near in (place - 1, place, place + 1) if 0 <= near < len(curve))


def _add_curves(
    figure: go.Figure, curves: Sequence[_Curve], key: Key, splits: Sequence[str], *, one_by_one: bool
) -> None:
    """The curves of a run; where they are smoothed, with the raw lines behind."""
    for curve in curves:
        width = style.WIDTHS[curve.split] * (_THIN if key.crowded else 1)
        look = {"line": {**key.line, "width": width}, "legendgroup": key.group}
        if curve.raw is not None:
            figure.add_scatter(
                x=curve.x, y=curve.raw, **look, opacity=0.25, showlegend=False, hoverinfo="skip", mode="lines"
            )
        figure.add_scatter(
            x=curve.x,
            y=curve.y,
            name=key.entry,
            opacity=_FAINT if key.crowded else 1.0,
            showlegend=curve is curves[-1],
            **look,
            **key.on_line("lines+markers" if len(curve.x) == 1 else "lines"),
            **_pointed_at(curve, curves, key, splits, one_by_one=one_by_one),
        )


def _pointed_at(
    curve: _Curve, curves: Sequence[_Curve], key: Key, splits: Sequence[str], *, one_by_one: bool
) -> Mapping[str, object]:
    """What a pointer finds: beside other runs all losses of an epoch in one line, among too many what is closest to it."""
    whose = f"<extra>{key.label}</extra>"
    if one_by_one:
        smooth = "" if curve.raw is None else say(_SMOOTHED)
        loss = say("%{{y:.2f}} {split}{smooth}, epoch %{{customdata}}", split=say(SPLITS[curve.split]), smooth=smooth)
        return {"customdata": curve.epochs, "hovertemplate": f"{loss}{whose}"}
    if curve is not curves[-1]:
        return {"hoverinfo": "skip"}
    drawn = {one.split: one.y for one in curves}
    none = [None] * len(curve.x)
    losses = zip(*(drawn.get(split, none) for split in splits), strict=True)
    words = [_listed(["–" if loss is None else written(loss, ".2f") for loss in epoch]) for epoch in losses]
    return {"customdata": words, "hovertemplate": f"%{{customdata}}{whose}"}


def _add_kept(figure: go.Figure, run: Run, curves: Sequence[_Curve], key: Key) -> None:
    """The dot at the epoch whose weights are kept, on the curve of the test loss as it is drawn."""
    of_test = next((curve for curve in curves if curve.split == "test"), None)
    if of_test is None or not run.best_epoch:
        return
    at = of_test.epochs.index(run.best_epoch)
    figure.add_scatter(
        x=[of_test.x[at]],
        y=[of_test.y[at]],
        name=say("{label}, kept epoch", label=key.label),
        legendgroup=key.group,
        showlegend=False,
        mode="markers",
        marker=_marker(key, size=10),
        hovertemplate=say("kept: epoch {epoch}", epoch=run.best_epoch) + f"<extra>{key.label}</extra>",
    )


def _add_breaks(figure: go.Figure, curves: Sequence[_Curve], key: Key) -> None:
    """A dot for each loss that stands alone, and a cross where a loss was no finite number any more, as high as the last one."""
    look = {"legendgroup": key.group, "showlegend": False, "mode": "markers"}
    for curve in curves:
        if len(curve.x) > 1 and (alone := _lonely(curve.y)):
            figure.add_scatter(
                x=[curve.x[place] for place in alone],
                y=[curve.y[place] for place in alone],
                marker={"color": key.hue, "size": 2.5 * style.WIDTHS[curve.split]},
                hoverinfo="skip",
                **look,
            )
        if ends := _broken(curve.y):
            figure.add_scatter(
                x=[curve.x[place] for place in ends],
                y=[curve.y[place - 1] for place in ends],
                customdata=[curve.epochs[place] for place in ends],
                name=say("{label}, no finite loss", label=key.label),
                marker={"color": key.hue, "size": 12, "symbol": "x"},
                hovertemplate=say("epoch %{{customdata}}: no finite number {split}", split=say(SPLITS[curve.split]))
                + f"<extra>{key.label}</extra>",
                **look,
            )


def _marker(key: Key, *, size: int) -> dict[str, object]:
    times = _THIN if key.crowded else 1
    return {"color": key.hue, "size": size * times, "line": {"width": 2 * times, "color": "white"}}


def _kept_losses(run: Run, term: str, splits: Sequence[str]) -> dict[str, float]:
    """Those of its kept epoch, by split, if it is known how many weights it has."""
    losses = {split: schema.loss_of(run.best, split, term) for split in splits} if run.best and run.parameters else {}
    return {split: loss for split, loss in losses.items() if loss is not None}


def _add_dots(figure: go.Figure, run: Run, losses: Mapping[str, float], key: Key) -> None:
    """What a model costs and what that buys: kept losses against the number of weights."""
    for split, loss in losses.items():
        figure.add_scatter(
            x=[run.parameters],
            y=[loss],
            name=key.entry,
            legendgroup=key.group,
            showlegend=split == list(losses)[-1],
            mode="markers",
            marker={
                "color": key.hue,
                "size": 14 if split == "test" else 10,
                "symbol": _SYMBOLS[split],
                "line": {"width": 2},
            },
            hovertemplate=say("%{{y:.2f}} {split}, with %{{x:,}} weights", split=say(SPLITS[split]))
            + f"<extra>{key.label}</extra>",
        )


def _add_means(figure: go.Figure, chosen: Sequence[Run], term: str, axis: str) -> None:
    """Mean and standard deviation of the test curves of runs that differ in nothing but their seed, as far as all go."""
    cells = [seeds.runs for seeds in alike.over_seeds(chosen)]
    for cell, key in zip(cells, keys.of_means(cells, chosen), strict=True):
        length = min(len(run.epochs) for run in cell)
        epochs = zip(*([schema.loss_of(row, "test", term) for row in run.epochs[:length]] for run in cell), strict=True)
        columns = [[loss for loss in epoch if loss is not None] for epoch in epochs]
        if columns and all(len(column) == len(cell) for column in columns):
            _add_mean(figure, _positions(cell[0], axis, "test")[:length], columns, key)


def _add_mean(figure: go.Figure, x: Sequence[float], columns: Sequence[Sequence[float]], key: Key) -> None:
    places = thinning.kept([[statistics.fmean(column) for column in columns]])
    x, columns = [x[place] for place in places], [columns[place] for place in places]
    means = [statistics.fmean(column) for column in columns]
    spreads = [statistics.stdev(column) for column in columns]
    upper = [mean + spread for mean, spread in zip(means, spreads, strict=True)]
    lower = [mean - spread for mean, spread in zip(means, spreads, strict=True)]
    figure.add_scatter(
        x=[*x, *x[::-1]],
        y=[*upper, *lower[::-1]],
        fill="toself",
        fillcolor=key.hue,
        opacity=0.15,
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
        legendgroup=key.group,
    )
    figure.add_scatter(
        x=x,
        y=means,
        name=key.entry,
        legendgroup=key.group,
        line={**key.line, "width": 4},
        **key.on_line("lines+markers" if len(x) == 1 else "lines"),
        hovertemplate=f"%{{y:.2f}} {say(SPLITS['test'])}<extra>{key.label}</extra>",
    )


def _positions(run: Run, axis: str, split: str) -> list[float]:
    """Where the epochs of a run stand on an axis: a train loss in the middle of its epoch, what was measured after it at its end."""
    match axis:
        case "epoch":
            ends: list[float] = [row["epoch"] for row in run.epochs]
        case "images_seen":
            ends = [row["images_seen"] for row in run.epochs]
        case _:
            ends = list(itertools.accumulate(row.get("seconds") or 0.0 for row in run.epochs))
    return style.middles(ends) if split == "train" else ends


def smoothed(values: Sequence[float | None], weight: float) -> list[float | None]:
    """The running average with `weight` for the past, without the bias towards zero at its beginning (Kingma & Ba 2015, 3)."""
    average = seen = 0.0
    averages: list[float | None] = []
    for value in values:
        if value is None:
            averages.append(None)
            continue
        average, seen = weight * average + (1 - weight) * value, weight * seen + (1 - weight)
        averages.append(average / seen)
    return averages
