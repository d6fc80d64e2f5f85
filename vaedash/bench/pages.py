"""How long pages take where there are thousands of runs: in a server just started, opened again, and after a click."""

import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

from vaedash.bench import memory, ui
from vaedash.bench.figures import Figure, Figures
from vaedash.runs import listing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHOSEN = 10  # runs on the Compare page
_PATIENCE = 120_000  # milliseconds that a page may take


def measure(browser: "Browser", folder: Path) -> Figures:
    """Seconds from an address to its settled page, in a server just started and again; Compare as one uses it; the server's memory."""
    ids = ",".join(sorted((run.id for run in listing.folders(folder)), reverse=True)[:CHOSEN])
    with ui.Server(folder, folder.with_name("data")) as server:
        address = f"{server.url}/compare?runs={ids}"
        results: dict[str, Figure] = {f"Compare, {CHOSEN} chosen": _compare(browser, address)}
        for name, path in ui.PAGES.items():
            if name not in ("Compare", "Train"):  # Train measures this machine's speed before it has settled
                opened = [_settled(browser, f"{server.url}/{path}?runs={ids}") for _ in range(3)]
                results[name] = {"first opening": opened[0], "opened again": statistics.median(opened[1:])}
        results["Train, its list of runs"] = statistics.median(
            ui.paint(browser, f"{server.url}/train", wait="[data-testid=stExpander] summary") for _ in range(3)
        )
        results["memory of the server, MB"] = memory.peak(server.process.pid) / 1024
    return results


def _compare(browser: "Browser", address: str, repeats: int = 3) -> Figures:
    """Seconds until curves are there: in a server just started, in a browser that has seen the page, after a click."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(_PATIENCE)
    opened, changed = [], []
    for _ in range(repeats + 1):
        tab = context.new_page()
        start = time.perf_counter()
        tab.goto(address)
        tab.wait_for_selector(".js-plotly-plot .js-line", state="attached")
        opened.append(time.perf_counter() - start)
        tab.get_by_text("All runs as a table", exact=True).wait_for()
        tab.get_by_role("button", name="Curves").click()
        tab.wait_for_timeout(1000)
        start = time.perf_counter()
        tab.get_by_role("radio", name="KL divergence").or_(tab.get_by_role("button", name="KL divergence")).click()
        tab.wait_for_function(
            "() => [...document.querySelectorAll('.js-plotly-plot .ytitle')].some((title) => /KL/.test(title.textContent))"
        )
        changed.append(time.perf_counter() - start)
        tab.close()
    context.close()
    return {
        "first opening": opened[0],
        "opened again": statistics.median(opened[1:]),
        "other curves": statistics.median(changed),
    }


def _settled(browser: "Browser", address: str) -> float:
    tab = browser.new_page()
    tab.set_default_timeout(_PATIENCE)
    start = time.perf_counter()
    tab.goto(address)
    tab.get_by_role("heading", level=1).first.wait_for()
    tab.wait_for_function(ui.IDLE)
    seconds = time.perf_counter() - start
    tab.close()
    return seconds
