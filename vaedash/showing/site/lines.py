"""A chart of two lines and their names as a still picture, for a page that draws no charts: SVG from the same figure."""

import base64
import html

from vaedash.showing.charts import Figure

WIDTH, HEIGHT, _ROOM = 720, 320, 90  # of the picture, and for names behind the lines


def across(figure: Figure, x: float) -> float:
    """Where a value of the first axis stands in the still, in percent of its width."""
    left, right = figure.layout.xaxis.range
    return 100 * (1 - _ROOM / WIDTH) * (x - left) / (right - left)


def still(figure: Figure) -> str:
    """The lines of a figure and the names at their ends, as the data URL of an SVG picture."""
    low, high = figure.layout.yaxis.range
    drawn = []
    for trace in figure.data:
        points = [
            (WIDTH * across(figure, x) / 100, HEIGHT * (high - y) / (high - low))
            for x, y in zip(trace.x, trace.y, strict=True)
            if y is not None
        ]
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        (x, y), colour = points[-1], html.escape(trace.line.color)
        drawn.append(
            f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="4" stroke-linejoin="round"/>'
            f'<text x="{x + 10:.1f}" y="{y + 8:.1f}" fill="{colour}" font-size="24" font-weight="700" '
            f'font-family="system-ui, sans-serif">{html.escape(trace.name)}</text>'
        )
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(drawn)}</svg>'
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
