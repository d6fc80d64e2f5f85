"""How fast it is, measured here and now: medians and ratios, as text or JSON; nothing in it is ever asserted by a test."""

import contextlib
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from vaedash import config, runs
from vaedash.errors import UsageError

PAGES = {"Start": "", "Train": "train", "Compare": "compare", "Gallery": "gallery", "Interpolate": "interpolate"}
PAGES["Latent space"] = "latent-space"
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


def ui(*, runs_dir: Path | None = None, repeats: int = 5, many: int = 1000) -> dict[str, Any]:
    """Times of the page in a real browser, in seconds unless the name says ms: medians, and p95 where there are enough.

    It trains a pair as the Start page's button does, which is kept where `runs_dir` is given.
    Needs the `test` extra's Playwright and a Chromium or Chrome; UsageError if one is missing.
    """
    with tempfile.TemporaryDirectory() as temporary, _browser() as browser:
        place = Path(temporary)
        results: dict[str, Any] = {"machine": _machine(browser.version)}
        first = runs_dir or place / "first"
        with Server(first, config.data_dir()) as server:
            results["click on Train both to first point"] = _click_to_first_point(browser, server)
            results["morph: key to frame, ms"] = _morph(browser, server)
            results["first paint"] = {
                name: statistics.median(_paint(browser, f"{server.url}/{path}") for _ in range(repeats))
                for name, path in PAGES.items()
            }
        _fill(place / "many", runs.list_runs(first)[0].path, many)
        ids = ",".join(run.id for run in runs.list_runs(place / "many")[:10])
        with Server(place / "many", config.data_dir()) as server:
            address = f"{server.url}/compare?runs={ids}"
            times = [_paint(browser, address, wait="[data-testid=stDataFrame]") for _ in range(repeats + 1)]
            results[f"Compare, {many} runs on disk, 10 chosen"] = {
                "cold": times[0],
                "warm": statistics.median(times[1:]),
            }
        return results


class Server:
    """A Streamlit server of its own on a free port of this machine, until it is closed."""

    def __init__(self, folder: Path, data_dir: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url, self.folder = f"http://localhost:{port}", folder
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "streamlit",
                "run",
                "streamlit_app.py",
                "--server.headless=true",
                f"--server.port={port}",
            ],
            cwd=config.PROJECT_ROOT,
            env=os.environ | {"VAEDASH_RUNS": str(folder), "VAEDASH_DATA": str(data_dir)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(300):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):
                return
            time.sleep(0.2)
        self.close()
        raise TimeoutError(f"The server at {self.url} did not come up within a minute.")

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the server; runs that it launched go on."""
        self._process.terminate()
        self._process.wait(timeout=20)


def browser_path() -> str | None:
    """A Chromium or Chrome on this machine."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextlib.contextmanager
def _browser() -> Iterator[Any]:
    path = browser_path()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise UsageError('bench ui needs Playwright: pip install -e ".[test]"') from None
    if path is None:
        raise UsageError(f"bench ui needs a browser: one of {', '.join(BROWSERS)}.")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(BROWSER_FLAGS))
        yield browser
        browser.close()


def _machine(browser: str) -> dict[str, Any]:
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "streamlit": version("streamlit"),
        "browser": browser,
    }


def _paint(browser: Any, address: str, *, wait: str = "h1") -> float:
    """Seconds from opening an address in a fresh tab to seeing `wait`."""
    tab = browser.new_page()
    start = time.perf_counter()
    tab.goto(address)
    tab.wait_for_selector(wait, timeout=120_000)
    seconds = time.perf_counter() - start
    tab.close()
    return seconds


def _click_to_first_point(browser: Any, server: Server) -> float:
    tab = browser.new_page()
    tab.goto(server.url)
    tab.get_by_role("button", name="Train both").wait_for(timeout=120_000)
    tab.wait_for_timeout(3000)
    start = time.perf_counter()
    tab.get_by_role("button", name="Train both").click()
    tab.wait_for_function("() => document.querySelector('.live-figure .scatterlayer .js-line')", timeout=300_000)
    seconds = time.perf_counter() - start
    while any(run.active for run in runs.list_runs(server.folder)):
        time.sleep(1)
    tab.close()
    return seconds


def _morph(browser: Any, server: Server, presses: int = 200) -> dict[str, float]:
    """Milliseconds from a key to the frame that it asks for, as the browser itself sees them."""
    tab = browser.new_page()
    tab.goto(f"{server.url}/interpolate")
    tab.wait_for_selector("canvas", timeout=120_000)
    tab.wait_for_timeout(2000)
    times = tab.evaluate(
        """async (presses) => {
            const handle = document.querySelector('input[type=range]');
            const canvas = document.querySelector('canvas');
            const picture = () => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.join();
            const times = [];
            for (let press = 0; press < presses; press++) {
                const before = picture(), start = performance.now();
                const [low, high] = [Number(handle.min || 0), Number(handle.max || 1)];
                handle.value = String(low + (high - low) * ((press * 7) % 60) / 60);
                handle.dispatchEvent(new Event('input', {bubbles: true}));
                await new Promise(requestAnimationFrame);
                if (picture() !== before) times.push(performance.now() - start);
            }
            return times;
        }""",
        presses,
    )
    tab.close()
    ordered = sorted(times)
    return {"median": statistics.median(ordered), "p95": ordered[int(0.95 * len(ordered))], "frames": len(ordered)}


def _fill(folder: Path, pattern: Path, count: int) -> None:
    """A runs folder with `count` copies of a run's records and pictures, without its weights."""
    folder.mkdir()
    for number in range(count):
        run_id = "a" + "".join("abcdefghjk"[int(digit)] for digit in f"{number:05d}")
        shutil.copytree(pattern, folder / run_id, ignore=shutil.ignore_patterns("*.pt*", "lock"))
