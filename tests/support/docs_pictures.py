"""The pictures of pages in `docs/`, taken of a server with the runs that come along: `python tests/support/docs_pictures.py [FOLDER]`."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hand import settled

from vaedash import places, runs
from vaedash.bench import ui

_LAPTOP, _ROOM = (1440, 900), (1280, 720)
_DRAWN = """() => [...document.images].every(image => image.complete)
    && [...document.querySelectorAll('.live-figure')].every(figure => figure.querySelector('.main-svg'))"""


def halfway(tab: Any) -> None:
    """The slider of a morph in its middle, and no hand on it."""
    slider = tab.locator("input[name=x]")
    slider.fill(str(int(slider.get_attribute("max")) // 2))
    slider.blur()


def drawn(tab: Any) -> None:
    """A sun in a blue sky, by hand."""
    paper = tab.locator("canvas.paper")
    box = paper.bounding_box()
    colours, tools = tab.locator(".colours input"), tab.locator(".tools")

    def move(across: float, down: float) -> None:
        tab.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"], steps=8)

    for colour, tool, line in _SUN:
        colours.nth(colour).check()
        tools.locator(f"[value={tool}]").check()
        move(*line[0])
        tab.mouse.down()
        for place in line[1:]:
            move(*place)
        tab.mouse.up()
    tab.mouse.move(0, 0)


_SUN: list[tuple[int, str, list[tuple[float, float]]]] = [
    (3, "fill", [(0.5, 0.5)]),
    (4, "broad", [(0.5, 0.38), (0.62, 0.5), (0.5, 0.62), (0.38, 0.5), (0.5, 0.38), (0.5, 0.5)]),
]
_CRISP = "[class*=st-key-crisp-] img >> nth="
# For each its address, the window, its colours, what comes last on it, and what is done before it is taken.
PICTURES: dict[str, tuple[str, tuple[int, int], str, str, Callable[[Any], None] | None]] = {
    "start": ("", _LAPTOP, "light", f"{_CRISP}3", None),
    "compare": ("compare", _LAPTOP, "light", "text=All runs as a table", None),
    "room": ("compare?presenter=true", _ROOM, "light", "text=All runs as a table", None),
    "why": ("why?presenter=true", _ROOM, "light", "[class*=st-key-staircase] .js-plotly-plot", None),
    "gallery": ("gallery", _LAPTOP, "light", f"{_CRISP}2", None),
    "draw": ("draw", _LAPTOP, "light", ".wrong:not(:empty) >> nth=1", drawn),
    "interpolate": ("interpolate", _LAPTOP, "light", f"{_CRISP}1", halfway),
    "latent-space": ("latent-space", _LAPTOP, "dark", ".plane .map >> nth=1", None),
    "tour": ("?tour=1&presenter=true", _ROOM, "light", f"{_CRISP}2", None),
    "flow": ("?tour=3&presenter=true", _ROOM, "light", ".flow[data-there]", None),
    "squeezed": ("?tour=6&presenter=true", _ROOM, "light", f"{_CRISP}1", None),
}


def take(folder: Path) -> None:
    """Write all of them into a folder."""
    with tempfile.TemporaryDirectory() as temporary, ui.open_browser() as browser:
        there = Path(temporary) / "runs"
        for run in runs.list_runs(places.PROJECT_ROOT / "runs"):
            if run.example:
                shutil.copytree(run.path, there / run.id)
        with ui.Server(there, Path(temporary) / "data") as server:
            for name, (path, (width, height), colours, last, done) in PICTURES.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=colours, reduced_motion="reduce"
                )
                tab = context.new_page()
                tab.goto(f"{server.url}/{path}")
                tab.locator(last).first.wait_for(state="attached")
                settled(tab)
                tab.wait_for_function(_DRAWN)
                tab.wait_for_timeout(3000)  # until charts and fonts have their sizes
                if done:
                    done(tab)
                    tab.wait_for_timeout(500)
                tab.screenshot(path=folder / f"{name}.png")
                context.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]) if sys.argv[1:] else places.PROJECT_ROOT / "docs")
