"""How long a person waits for the page, measured in a real browser."""

import contextlib
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from vaedash import installed, places, runs
from vaedash.bench import machine
from vaedash.bench.figures import Figure, Figures, p95
from vaedash.errors import UsageError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FloatRect, Page, Position

PAGES = {
    "Start": "",
    "Train": "train",
    "Compare": "compare",
    "Why": "why",
    "Gallery": "gallery",
    "Draw": "draw",
    "Interpolate": "interpolate",
    "Latent space": "latent-space",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Nothing is computed for the page. Streamlit's own sign of it comes only after a while, and fades.
IDLE = """() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'
    && !document.querySelector('[data-testid=stStatusWidget]')"""


def measure(*, runs_dir: Path | None = None, repeats: int = 5) -> Figures:
    """Times of the page in a real browser, in seconds unless the name says ms: medians, and p95 where there are enough.

    It trains a pair as the Start page's button does, which is kept where `runs_dir` is given.
    Needs the `test` extra's Playwright and a Chromium or Chrome; UsageError if one is missing.
    """
    with tempfile.TemporaryDirectory() as temporary, open_browser() as browser:
        results: dict[str, Figure] = {"machine": {**machine.described("streamlit"), "browser": browser.version}}
        with Server(runs_dir or Path(temporary) / "runs", places.data_dir()) as server:
            results |= _both_buttons(browser, server)
            results |= _morph(browser, server)
            results["first paint"] = {
                name: statistics.median(paint(browser, f"{server.url}/{path}") for _ in range(repeats))
                for name, path in PAGES.items()
            }
        return results


class Server:
    """A Streamlit server of its own, by default on a free port of this machine, until it is closed.

    `options` are Streamlit's (`--server.maxUploadSize=1`), `settings` go into its environment, `limits` is what a shell's
    `ulimit` is told first (`-n 256`). Its output goes to `log`.
    """

    def __init__(
        self,
        folder: Path,
        data_dir: Path,
        *,
        port: int | None = None,
        options: Sequence[str] = ("--server.headless=true",),
        settings: Mapping[str, str] | None = None,
        limits: str = "",
        log: Path = Path(os.devnull),
    ) -> None:
        self.port = port or free_port()
        self.url, self.folder = f"http://localhost:{self.port}", folder
        with open(log, "wb") as output:
            self.process = self._start(data_dir, options, settings or {}, limits, output)
        for _ in range(300):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        self.close()
        raise TimeoutError(f"The server at {self.url} did not come up within a minute.")

    def _start(
        self, data_dir: Path, options: Sequence[str], settings: Mapping[str, str], limits: str, output: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        within = ("sh", "-c", f'ulimit {limits} && exec "$@"', "sh") if limits else ()
        return subprocess.Popen(
            [
                *within,
                sys.executable,
                "-m",
                "streamlit",
                "run",
                "streamlit_app.py",
                f"--server.port={self.port}",
                *options,
            ],
            cwd=places.PROJECT_ROOT,
            env={**os.environ, "VAEDASH_RUNS": str(self.folder), "VAEDASH_DATA": str(data_dir), **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that a test's Ctrl-C is the server's alone
        )

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the server; runs that it launched go on."""
        self.process.terminate()
        self.process.wait(timeout=60)


def free_port() -> int:
    """A port of this machine that nothing listens on at the moment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def browser_path() -> str | None:
    """A Chromium or Chrome on this machine."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextlib.contextmanager
def open_browser() -> "Iterator[Browser]":
    """The browser of this machine, without a window; UsageError that says what is missing."""
    path = browser_path()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise UsageError(f"bench ui needs Playwright: {installed.extra('test')}") from None
    if path is None:
        raise UsageError(f"bench ui needs a browser: one of {', '.join(BROWSERS)}.")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(BROWSER_FLAGS))
        yield browser
        browser.close()


def paint(browser: "Browser", address: str, *, wait: str = "h1") -> float:
    """Seconds from opening an address in a fresh tab to seeing `wait`."""
    tab = browser.new_page()
    start = time.perf_counter()
    tab.goto(address)
    tab.wait_for_selector(wait, timeout=120_000)
    seconds = time.perf_counter() - start
    tab.close()
    return seconds


def _both_buttons(browser: "Browser", server: Server) -> Iterator[tuple[str, Figures]]:
    """Of each button on Start that trains a pair: seconds from the click to the first point of a curve, and to the last word on
    who is ahead. That for photographs is there where CIFAR-10 is.
    """
    for label in ("Train both", "Train both on photographs"):
        tab = browser.new_page()
        tab.goto(server.url)
        tab.get_by_role("button", name="Train both").first.wait_for(timeout=120_000)
        tab.wait_for_timeout(3000)
        button = tab.get_by_role("button", name=re.compile(rf"{label}( \(|$)"))
        if button.count():
            start = time.perf_counter()
            button.click()
            tab.wait_for_function(
                "() => document.querySelector('.live-figure .scatterlayer .js-line')", timeout=300_000
            )
            first = time.perf_counter() - start
            tab.wait_for_function(_JUDGED, timeout=600_000)
            yield f"click on {label}", {"to first point": first, "to verdict": time.perf_counter() - start}
        while any(run.busy for run in runs.list_runs(server.folder)):
            time.sleep(1)
        tab.close()


# Whether it has been said who is ahead, once and for all; before that it begins so.
_JUDGED = """() => [...document.querySelectorAll("[class*=st-key-verdict-] h2")]
  .some((said) => !/^(So far|Both start|Not enough)/.test(said.innerText))"""
# Tells when so many models have drawn; of each key and each move of a finger from its arrival, and from its own time stamp to the
# moment after that frame was handed over for painting.
_MOVES = """(models) => {
  window.drawn = [];
  window.frames = [];
  let [told, canvases] = [null, 0];
  window.onceDrawn = (tell) => ([told, canvases] = [tell, 0]);
  const put = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (...image) {
    put.apply(this, image);
    if (!told || ++canvases < models) return;
    told();
    told = null;
  };
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => frames.push(performance.now() - data);
  for (const kind of ["keydown", "pointermove"])
    addEventListener(kind, ({ timeStamp }) => {
      const arrived = performance.now();
      onceDrawn(() => {
        drawn.push(performance.now() - arrived);
        requestAnimationFrame(() => port2.postMessage(timeStamp));
      });
    }, true);
}"""
# From a click to the moment at which all models have drawn between other ends.
_ENDS = """() => {
  window.waits = [];
  let clicked = 0;
  addEventListener("click", (event) => (clicked = event.timeStamp), true);
  const figures = document.querySelector(".st-key-morph-2 *[class*=bidi], .st-key-morph-2");
  const find = (node) => node.shadowRoot?.querySelector(".figures") ?? [...node.children].map(find).find(Boolean);
  const changed = () => onceDrawn(() => waits.push(performance.now() - clicked));
  new MutationObserver(changed).observe(find(figures), { childList: true });
}"""


def _morph(browser: "Browser", server: Server, *, moves: int = 200, clicks: int = 12) -> dict[str, Figures]:
    """Milliseconds from a key, and from a move of a finger across a picture, to what two models draw there; and from a click on another
    end to its morph, as the browser itself sees them.
    """
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    tab.goto(f"{server.url}/interpolate?alpha=0.00")
    tab.get_by_text("in ten steps").first.wait_for(timeout=120_000)
    tab.wait_for_timeout(2000)
    by_model = tab.locator("figure:not(.end) canvas")
    tab.evaluate(_MOVES, by_model.count())
    tab.locator("input[name=x]").focus()
    by_key = _moves(tab, moves, lambda turn: tab.keyboard.down("ArrowRight" if turn % 120 < 60 else "ArrowLeft"))
    tab.keyboard.up("ArrowRight")
    box = cast("FloatRect", by_model.first.bounding_box())
    tab.mouse.move(box["x"], box["y"] + 9)
    tab.mouse.down()
    by_finger = _moves(
        tab, moves, lambda turn: tab.mouse.move(box["x"] + 1 + turn % int(box["width"] - 1), box["y"] + 9)
    )
    tab.mouse.up()
    tab.evaluate(_ENDS)
    sheet = tab.get_by_alt_text("Some of the test pictures").first
    for number in range(clicks):
        if not sheet.is_visible():  # it lies behind the end that it is chosen for
            tab.locator(".st-key-seat-A button").first.click()
            sheet.wait_for()
        box = cast("FloatRect", sheet.bounding_box())  # of what is on the page
        across, down = number % 8, number // 8
        middle: Position = {"x": (across + 0.5) * box["width"] / 8, "y": (down + 0.5) * box["height"] / 2}
        sheet.click(position=middle)
        tab.wait_for_function(f"waits.length > {number}")
        tab.wait_for_timeout(300)
    waits = tab.evaluate("waits")
    tab.close()
    return {
        "morph: key to both pictures, ms": _spread(by_key[0]),
        "morph: key to frame, ms": _spread(by_key[1]),
        "morph: finger to both pictures, ms": _spread(by_finger[0]),
        "morph: finger to frame, ms": _spread(by_finger[1]),
        "morph: new end to picture, ms": _spread(waits),
    }


def _moves(tab: "Page", count: int, move: Callable[[int], None]) -> tuple[list[float], list[float]]:
    """Milliseconds of each of `count` moves until all models have drawn, and until their frame."""
    tab.wait_for_timeout(500)
    tab.evaluate("() => { drawn.length = frames.length = 0; }")
    for turn in range(count):
        move(turn)
        tab.wait_for_function("turn => frames.length > turn", arg=turn)
    return tab.evaluate("drawn"), tab.evaluate("frames")


def _spread(times: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(times), "p95": p95(times), "count": len(times)}
