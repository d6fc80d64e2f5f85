"""What all charts share: hues, dashes, axes, letters, and the line of the best linear VAE."""

import html
import math
from collections.abc import Sequence
from pathlib import Path

import plotly
import plotly.graph_objects as go

from vaedash import config
from vaedash.runs.record import Run

# Okabe & Ito's palette, told apart with any colour vision; the order is that of `config.ARCHS`.
_HUES = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00")
HUE = dict(zip(config.ARCHS, _HUES, strict=False))
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
# The plotly.js that the figures are made for.
PLOTLY_JS = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
LETTERS = 15  # pixels, where a figure says nothing else
WIDTHS = {"train": 1.5, "val": 2.0, "test": 3.2}  # a projector swallows thinner ones
LAYOUT = {
    "hovermode": "x unified",
    "legend": {"font": {"size": 13}, "orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
    "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
    "uirevision": "keep",  # zoom and hidden curves survive new points
}
AXIS = {"tickfont": {"size": 14}, "title": {"font": {"size": 15}}}
TERMS = {"loss": "loss", "recon": "reconstruction error", "kl": "KL divergence"}
AXES = {
    "epoch": "epoch",
    "seconds": "seconds of training",
    "images_seen": "images seen",
    "parameters": "weights",
}


def in_nats(figure: go.Figure, term: str, *, log: bool) -> go.Figure:
    figure.update_yaxes(title=f"{TERMS[term]} (nats per image)", automargin=True, type="log" if log else "linear")
    return figure.update_xaxes(AXIS).update_yaxes(AXIS)


def add_line(figure: go.Figure, chosen: Sequence[Run], term: str, split: str, *, log: bool = False) -> None:
    """Where the best linear VAE (`pca.line`) would be, for each beta and latent size among runs on the same images."""
    for height in {round(run.line[split][term], 2) for run in chosen if run.line}:
        figure.add_hline(y=height, line={"color": "gray", "width": 1.5, "dash": "dash"})
        # On the axis, not in the legend: it belongs to the images, not to a run. Below its left end, where no curve begins.
        figure.add_annotation(
            text=f"PCA line, {split}: {height:.1f}",
            **{"x": 0, "xref": "x domain", "xanchor": "left", "yanchor": "top"},
            y=math.log10(height) if log else height,
            showarrow=False,
            font={"color": "gray", "size": 13},
        )


def plain(name: str) -> str:
    """A name as it stands: Plotly reads some HTML, references to data (%{...}) and, where there is MathJax, TeX ($...$)."""
    return html.escape(name, quote=False).replace("%", "&#37;").replace("$", "&#36;")


def enlarged(figure: go.Figure, *, by: float) -> go.Figure:
    """A copy of a figure with letters, lines and dots `by` times as large; what it shows, and its hues, stay."""
    copy = go.Figure(figure)
    layout, curves = copy.layout, list(copy.select_traces({"type": "scatter"}))
    fonts = [layout.font, layout.legend.font, *(note.font for note in layout.annotations)]
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
    return copy
