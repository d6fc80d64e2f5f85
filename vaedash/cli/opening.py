"""The command that opens the page: a Streamlit server of its own for the app that lies in this checkout or in this package."""

import argparse
import os
import subprocess
import sys

from vaedash import places
from vaedash.cli import parsing, terminal

NAME = "page"  # what is meant where no command is named


def add_to(commands: parsing.Commands) -> None:
    """Let the command line know this command."""
    opening = parsing.command(
        commands,
        NAME,
        page,
        "open the page in the browser; without any command, that is what happens",
        ["page", "page --port 8600 --no-browser", "page --runs-dir ~/class", "page -- --server.maxUploadSize 1"],
        notes="\n\nCtrl-C closes it; what trains goes on. Who may open it, and how to let others in, is said in docs/security.md.",
    )
    opening.add_argument(
        "--port",
        type=parsing.bounded(1, 65535),
        metavar="N",
        help="where it listens (default: 8501, or the next free one)",
    )
    opening.add_argument("--no-browser", action="store_true", help="only serve it: no browser is opened")
    opening.add_argument("options", nargs="*", metavar="OPTION", help="behind `--`, options of `streamlit run`")
    parsing.add_places(opening, data=True)


def page(arguments: argparse.Namespace) -> int:
    """Become a server of the page, until Ctrl-C."""
    folders = {"VAEDASH_RUNS": str(terminal.runs_dir(arguments)), "VAEDASH_DATA": str(terminal.data_dir(arguments))}
    environment = os.environ | folders
    if sys.platform != "win32":  # which has no `exec` that a terminal would wait for
        os.execve(sys.executable, _server(arguments), environment)
    return subprocess.call(_server(arguments), env=environment)


def _server(arguments: argparse.Namespace) -> list[str]:
    """The command; Streamlit finds all other options beside the app, in .streamlit/config.toml."""
    # `-P`: where the person happens to stand, there may be files that are called like modules.
    run = [sys.executable, "-P", "-m", "streamlit", "run", str(places.PROJECT_ROOT / "streamlit_app.py")]
    port = [f"--server.port={arguments.port}"] if arguments.port else []
    return [*run, *port, *["--server.headless=true"] * arguments.no_browser, *arguments.options]
