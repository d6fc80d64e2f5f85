"""A server whose pages are opened and left, a thousand times over: what it holds meanwhile, and whether it goes on answering."""

import itertools
import time
import tomllib
from pathlib import Path

from websockets.exceptions import WebSocketException

from vaedash import places
from vaedash.bench import machine, memory, ui
from vaedash.bench.figures import Figure, Figures
from vaedash.bench.session import Session

FILES = 256  # that macOS lets a process have open, unless it is told otherwise


def measure(
    *, views: int = 1000, every: int = 100, files: int = FILES, kept: int | None = None, runs_dir: Path, data_dir: Path
) -> Figures:
    """What a server that may have so many `files` open holds after each `every` views, one tab after the other, of all pages
    in turn; and at last, once every closed tab has been kept for as many seconds as it is `kept`, or else as the page's own
    settings say.

    The first view that is not answered is the last one. POSIX only.
    """
    kept = kept or _kept()
    options = ("--server.headless=true", f"--server.disconnectedSessionTTL={kept}")
    with ui.Server(runs_dir, data_dir, options=options, limits=f"-n {files}") as server:
        held: dict[str, Figure] = {"before the first view": _held(server)}
        answered, error = 0, ""
        for page in itertools.islice(itertools.cycle(ui.PAGES.values()), views):
            if error := _view(server, page):
                break
            answered += 1
            if answered % every == 0:
                held[f"after {answered:,} views"] = _held(server)
        held["after the last view"] = _held(server)
        time.sleep(kept + 5)
        held["when no closed tab is kept any more"] = _held(server)
    return {
        "machine": machine.described("streamlit"),
        "files that it may have open": files,
        "views answered": answered,
        "error": error,
        **held,
    }


def _kept() -> int:
    """Seconds that a closed tab is kept."""
    settings = tomllib.loads((places.PROJECT_ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    return int(settings["server"]["disconnectedSessionTTL"])


def _view(server: ui.Server, page: str) -> str:
    """What went wrong, if anything did."""
    try:
        with Session(server.url, page) as tab:
            return "; ".join(shown.message for shown in tab.errors())
    except (OSError, WebSocketException) as error:
        return f"{type(error).__name__}: {error}"


def _held(server: ui.Server) -> Figures:
    pid = server.process.pid
    return {
        "open files": memory.open_files(pid),
        "threads": memory.threads(pid),
        "memory, MB": memory.now(pid) / 1024,
    }
