"""A server that is only looked at, page after page in a real browser: what it holds after each, and which one brings torch."""

from pathlib import Path
from typing import TYPE_CHECKING

from vaedash.bench import machine, memory, ui
from vaedash.bench.figures import Figure, Figures

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Those first that need no torch: it stays where it was loaded once.
VIEWS = {
    **{name: ui.PAGES[name] for name in ("Start", "Train", "Compare", "Why", "Gallery")},
    "Tour": "?tour=1",
    "Gallery, made up": "gallery?view=Made+up",
    "Gallery, redrawn": "gallery?view=Redrawn",
    **{name: ui.PAGES[name] for name in ("Draw", "Interpolate", "Latent space")},
}
_TORCH = "libtorch_cpu"
_PATIENCE = 120_000  # milliseconds that a page may take


def measure(*, runs_dir: Path, data_dir: Path) -> Figures:
    """What a server holds before its first visitor and after each of VIEWS, whose visitors look on. Linux only.

    Needs what `ui.measure` needs; UsageError if that is missing.
    """
    with ui.open_browser() as browser, ui.Server(runs_dir, data_dir, settings={"VAEDASH_READ_ONLY": "1"}) as server:
        held: dict[str, Figure] = {"before the first visitor": _held(server)}
        for name, path in VIEWS.items():
            _visit(browser, f"{server.url}/{path}")
            held[name] = _held(server)
    return {"machine": machine.described("streamlit"), **held}


def _visit(browser: "Browser", address: str) -> None:
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    tab.set_default_timeout(_PATIENCE)
    tab.goto(address)
    tab.get_by_role("heading").first.wait_for()
    for _ in range(2):  # what the browser has just drawn may ask for more
        tab.wait_for_timeout(500)
        tab.wait_for_function(ui.IDLE)
    tab.close()


def _held(server: ui.Server) -> Figures:
    pid = server.process.pid
    return {
        "memory, MB": memory.now(pid) / 1024,
        "of it in no file, MB": memory.own(pid) / 1024,
        "torch": "loaded" if memory.has_loaded(pid, _TORCH) else "not loaded",
    }
