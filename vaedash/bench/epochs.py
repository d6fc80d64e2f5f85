"""What pages take of a pair with ten thousand epochs, beside the same pair with as many as usual."""

import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

from vaedash import places, runs
from vaedash.bench import memory, ui
from vaedash.bench.figures import Figures
from vaedash.runs import copying

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

USUAL, MANY = 40, 10_000
_AGAIN = 3  # openings after the first
_PATIENCE = 300_000  # milliseconds that a page may take


def measure(browser: "Browser", folder: Path, *, many: int = MANY) -> Figures:
    """Seconds of computing, the server's and the tab's together, until a page that was opened before stands again; and the ratio.

    By computing, since a clock also counts what else the machine has to do; the seconds by the clock stand beside.
    """
    usual, long = (_opened(browser, _pair(folder / str(epochs), epochs)) for epochs in (USUAL, many))
    return {
        page: {
            f"{USUAL} epochs": usual[page][0],
            f"{many:,} epochs": long[page][0],
            "ratio": long[page][0] / usual[page][0],
            f"{USUAL} epochs, by the clock": usual[page][1],
            f"{many:,} epochs, by the clock": long[page][1],
        }
        for page in ui.PAGES
    }


def _pair(folder: Path, epochs: int) -> Path:
    """A runs folder with the example that can draw, both architectures, at so many epochs."""
    examples = {run.config.arch: run for run in runs.list_runs(places.PROJECT_ROOT / "runs") if _draws_shapes(run)}
    for arch, run in examples.items():
        copying.drawn_out(run, folder, f"long{arch[0]}a", epochs=epochs)
    return folder


def _draws_shapes(run: runs.Run) -> bool:
    return run.example and run.config.dataset == "shapes" and run.weights.has("best")


def _opened(browser: "Browser", folder: Path) -> dict[str, tuple[float, float]]:
    """By page, the medians of computing and of the clock."""
    with ui.Server(folder, places.data_dir()) as server:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(_PATIENCE)
        taken = {}
        for page, path in ui.PAGES.items():
            every = [_open(context, server, path) for _ in range(1 + _AGAIN)][1:]
            computing, clock = zip(*every, strict=True)
            taken[page] = statistics.median(computing), statistics.median(clock)
        context.close()
    return taken


def _open(context: "BrowserContext", server: ui.Server, path: str) -> tuple[float, float]:
    tab = context.new_page()
    asked = context.new_cdp_session(tab)
    asked.send("Performance.enable", {"timeDomain": "threadTicks"})
    before, start = memory.computing(server.process.pid), time.perf_counter()
    tab.goto(f"{server.url}/{path}")
    # What stands last on it: a link to the next page, or the list of runs.
    tab.locator("[data-testid=stPageLink], [data-testid=stExpander] summary").last.wait_for(state="attached")
    if path != ui.PAGES["Train"]:
        tab.get_by_text("Next:").first.wait_for(state="attached")
    tab.wait_for_function(ui.IDLE)
    clock = time.perf_counter() - start
    tab.wait_for_timeout(2000)  # what the browser draws after that
    figures = asked.send("Performance.getMetrics")["metrics"]
    [drawing] = [figure["value"] for figure in figures if figure["name"] == "TaskDuration"]
    tab.close()
    return memory.computing(server.process.pid) - before + drawing, clock
