"""The command line: the same engine and the same runs as the page, for terminals and scripts."""

from vaedash.cli.commands import main, parser

__all__ = ["main", "parser"]
