"""What may be done with a chart in a browser: all of it on the spot, with nothing sent or opened elsewhere."""

from collections.abc import Mapping
from pathlib import Path

# Has a page scroll under a finger that begins on a chart; once on every page.
TOUCH_JS = Path(__file__).parent / "touch.js"
# Unless it is told not to, plotly.js offers to share every chart in its maker's cloud.
_AT_HOME = {"showSendToCloud": False, "plotlyServerURL": "", "displaylogo": False, "responsive": True}
# As Plotly takes it: for a chart that is only looked at, and for one that can be zoomed, and saved as a picture.
BARE: Mapping[str, object] = {**_AT_HOME, "displayModeBar": False}
CONTROLS: Mapping[str, object] = {
    **_AT_HOME,
    "displayModeBar": "hover",
    "modeBarButtonsToRemove": ["sendChartToCloud", "select2d", "lasso2d"],
}
_SHARP = 3  # pixels of a saved picture for each on the screen: it is meant for a slide or a page


def controls(name: str) -> Mapping[str, object]:
    """CONTROLS for a chart that is saved as a picture of this `name`, made of letters, digits and hyphens."""
    saved = {"format": "png", "scale": _SHARP, "filename": f"vaedash-{name}"}
    return {**CONTROLS, "toImageButtonOptions": saved}
