"""What all charts share: hues, axes, letters, and the line of the best linear VAE."""

import html
import itertools
import math
import zlib
from collections.abc import Sequence
from pathlib import Path

import plotly.graph_objects as go

from vaedash import config, languages
from vaedash.languages import figure as written
from vaedash.languages import say, to_say
from vaedash.runs.record import Run
from vaedash.runs.schema import Lines

Axis = dict[str, object]  # as Plotly takes it

# Okabe & Ito's palette, told apart with any colour vision; the order is that of `config.BUILT_IN_ARCHS`.
_HUES = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00")
HUE = dict(zip(config.BUILT_IN_ARCHS, _HUES, strict=False))
_FURTHER = _HUES[len(HUE) :]  # of all other architectures
# What a run may have in its place: like those, with a contrast of more than 3 to white and to the dark ground of a page.
PINNED = {
    to_say("purple"): "#8C6BD1",
    to_say("green"): "#2E8B57",
    to_say("pink"): "#C9508F",
    to_say("brown"): "#A0703A",
    to_say("grey"): "#808080",
}
# The plotly.js that figures of two axes need: its own "cartesian" bundle, a third of the whole, as
# https://registry.npmjs.org/plotly.js-cartesian-dist-min has it. The version is that inside the plotly package.
PLOTLY_JS = Path(__file__).parent / "plotly-cartesian.min.js"
LETTERS = 15  # pixels, where a figure says nothing else
WIDTHS = {"train": 1.5, "val": 2.0, "test": 3.2}  # a projector swallows thinner ones
# What a loss was measured on, as a part of a sentence.
SPLITS = {"train": to_say("while learning"), "val": to_say("on pictures held back"), "test": to_say("on new pictures")}
# Pixels: in this height nothing around a plot takes so much that less than 300 are left to it, in the largest letters and
# on a phone either; a legend that needs more room than it has scrolls.
HEIGHT = 500
_LEGEND = 90
_LAYOUT = {
    "hovermode": "x unified",
    "hoverlabel": {"namelength": -1, "font": {"size": 13}},  # names as long as they are
    "legend": {
        "font": {"size": 13},
        "orientation": "h",
        "traceorder": "normal",
        "yanchor": "bottom",
        "y": 1.02,
        "x": 0,
        "maxheight": _LEGEND,
    },
    "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
    "uirevision": "keep",  # zoom and hidden curves survive new points
}
_TITLE, _TICKS = 15, 14  # pixels, of the letters along an axis
_STANDOFF = 8  # pixels between these two, however large the letters are
GREY = "gray"  # lines that belong to no run; words have the colour of the text, or they could not be read
_DASHED = {"color": GREY, "width": 1.5, "dash": "dash"}
# Where the words at the end of a dashed line stand.
_ENDS = {
    "left": {"x": 0, "xref": "x domain", "xanchor": "left", "yanchor": "top", "font": {"size": 13}},
    "right": {"x": 1, "xref": "x domain", "xanchor": "right", "yanchor": "bottom", "font": {"size": 14}},
    "top": {"y": 1, "yref": "y domain", "xanchor": "left", "yanchor": "top", "font": {"size": 13}},
}
TERMS = {"loss": to_say("loss"), "recon": to_say("reconstruction error"), "kl": to_say("KL divergence")}
AXES = {
    "epoch": to_say("epoch"),
    "seconds": to_say("seconds of training"),
    "images_seen": to_say("pictures seen"),
    "parameters": to_say("weights"),
}
# What a pointer is told of where it is on an axis.
PLACES = {
    "epoch": to_say("epoch %{x}"),
    "seconds": to_say("%{x:,.0f} seconds"),
    "images_seen": to_say("%{x:,.0f} pictures seen"),
}


def axis(title: str | None = None, *, small: bool = False, **more: object) -> Axis:
    """An axis in letters that a room can read, or as `small` as Plotly's own; and what else Plotly takes."""
    if small:
        return {"title": {"text": title, "standoff": _STANDOFF}, "automargin": True} | more
    letters = {
        "title": {"text": title, "font": {"size": _TITLE}, "standoff": _STANDOFF},
        "tickfont": {"size": _TICKS},
    }
    return letters | {"automargin": True} | more


LINE, _LINE_IN_SHORT = to_say("what a formula alone can do"), to_say("a formula alone (PCA)")  # of the best linear VAE
EPOCHS = to_say("epochs (times through all pictures)")


def loss_title(term: str, chosen: Sequence[Run]) -> str:
    """What stands along the axis of a loss, or of a part of it (a key of TERMS), with the unit that it has in these runs."""
    unit = chosen[0].config.unit if chosen and term != "kl" else "nats"
    how_wrong = say("how wrong: ") if term == "loss" else ""
    return say("{how_wrong}{term} ({unit} per picture)", how_wrong=how_wrong, term=say(TERMS[term]), unit=say(unit))


def of_loss(term: str, chosen: Sequence[Run], *, log: bool) -> Axis:
    """That axis."""
    return axis(loss_title(term, chosen), type="log" if log else "linear")


def hue(run: Run) -> str:
    """The colour of what belongs to a run: the one that somebody gave it, else that of its architecture."""
    return PINNED.get(run.colour, of_arch(run.config.arch))


def of_arch(arch: str) -> str:
    """The colour of an architecture; of one that did not come with vaedash one of the further ones, always the same for its name."""
    name = config.arch_name(arch)
    return HUE.get(name) or _FURTHER[zlib.crc32(name.encode()) % len(_FURTHER)]


def laid_out(figure: go.Figure, *, x: Axis, y: Axis, **own: object) -> go.Figure:
    """The figure with these axes, in the layout of all charts but for what is its `own`; with one legend entry a group."""
    groups: set[str] = set()
    for trace in figure.data:
        if trace.legendgroup and trace.showlegend is not False:
            trace.showlegend = trace.legendgroup not in groups
            groups.add(trace.legendgroup)
    speech = languages.current()
    numbers = {} if speech == languages.ENGLISH else {"separators": speech.separators}
    return figure.update_layout({"xaxis": x, "yaxis": y} | _LAYOUT | numbers | own)


def add_bound(figure: go.Figure, at: float, words: str, *, end: str, log: bool = False) -> None:
    """A dashed grey line across the figure with words at one `end`: `left` or `right` of a level one, `top` of an upright one.

    `log` says that the axis is logarithmic.
    """
    if end == "top":
        figure.add_vline(x=at, line=_DASHED)
        place = {"x": at}
    else:
        figure.add_hline(y=at, line=_DASHED)
        place = {"y": math.log10(at) if log else at}
    figure.add_annotation({"text": words, "showarrow": False} | _ENDS[end] | place)


def add_line(figure: go.Figure, chosen: Sequence[Run], term: str, split: str, *, log: bool = False) -> None:
    """Where the best linear VAE (`pca.line`) would be, for each beta and latent size among runs on the same images.

    Not of runs that have come no further than their KL warm-up, whose losses are at another beta.
    """
    compared = [run for run in chosen if run.at_full_beta or not run.best]
    for height in {round(_height(run.line, split, term), 2) for run in compared if run.line}:
        # On the axis, not in the legend: it belongs to the images, not to a run. Below its left end, where no curve begins.
        on = "" if split == "test" else say(", on the pictures learned from")
        add_bound(figure, height, f"{say(_LINE_IN_SHORT)}{on}: {written(height, '.1f')}", end="left", log=log)


def _height(lines: Lines, split: str, term: str) -> float:
    line = lines["test"] if split == "test" else lines["train"]
    return {"loss": line["loss"], "recon": line["recon"], "kl": line["kl"]}[term]


def middles(ends: Sequence[float]) -> list[float]:
    """Where the train losses of epochs stand that end at these places of an axis: each is a mean over its epoch."""
    return [(begin + end) / 2 for begin, end in itertools.pairwise([0, *ends])]


def plain(name: str) -> str:
    """A name as it stands: Plotly reads some HTML, references to data (%{...}) and, where there is MathJax, TeX ($...$)."""
    return html.escape(name, quote=False).replace("%", "&#37;").replace("$", "&#36;")


def enlarged(figure: go.Figure, *, by: float) -> go.Figure:
    """A copy of a figure with letters, lines and dots `by` times as large; what it shows, and its hues, stay. A unit along the
    upright axis gets a line of its own.
    """
    copy = go.Figure(figure)
    layout, curves = copy.layout, list(copy.select_traces({"type": "scatter"}))
    fonts = [layout.font, layout.legend.font, layout.hoverlabel.font, *(note.font for note in layout.annotations)]
    bars = [trace.colorbar for trace in copy.select_traces({"type": "heatmap"})]
    for scale in (layout.xaxis, layout.yaxis, *bars):
        fonts += [scale.tickfont, scale.title.font]
    fonts += [curve.textfont for curve in curves if curve.text is not None]
    for font in fonts:
        font.size = by * (font.size or LETTERS)
    for line in (part.line for part in (*curves, *layout.shapes) if part.line.width):
        line.width *= by
    for marker in (curve.marker for curve in curves if curve.marker.size):
        marker.size *= by
    if layout.yaxis.title.text:
        layout.yaxis.title.text = layout.yaxis.title.text.replace(" (", "<br>(")
    return copy
