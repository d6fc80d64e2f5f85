"""What a person says of a run, and what is said of it elsewhere."""

import argparse
import sys

from vaedash import text
from vaedash.cli import parsing, terminal
from vaedash.errors import UsageError
from vaedash.training import message


def add_to(commands: parsing.Commands) -> None:
    """Let the command line know these commands."""
    noting = parsing.command(
        commands,
        "note",
        note,
        "what was written of a run, or with TEXT, write it",
        ["note latest", "note latest:fc 'beta too high? **try 0.5**'", "note k3f7qa - < remarks.md", "note k3f7qa ''"],
    )
    noting.add_argument("run", metavar="RUN", help=parsing.RUN)
    noting.add_argument(
        "text",
        nargs="?",
        metavar="TEXT",
        help="Markdown, in place of what was there; - reads it from stdin, '' removes it",
    )
    parsing.add_places(noting)

    notifying = parsing.command(
        commands,
        "notify",
        notify,
        "tell the webhook of a run as it is now, as it is told by itself when a run has ended (VAEDASH_WEBHOOK)",
        ["notify latest", "notify latest --json"],
    )
    notifying.add_argument("run", metavar="RUN", help=parsing.RUN)
    parsing.add_places(notifying)
    notifying.add_argument("--json", action="store_true", help="print what it would be told, and tell nobody")


def note(arguments: argparse.Namespace) -> int:
    """Print what was written of a run, or write it."""
    run = terminal.find(arguments, arguments.run)
    if arguments.text is None:
        print(run.note)
        return terminal.DONE
    given = sys.stdin.read() if arguments.text == "-" else arguments.text
    if len(given) > text.LONGEST_NOTE:
        raise UsageError(
            f"A note has at most {text.LONGEST_NOTE:,} characters, got {len(given):,}: leave out some of it."
        )
    run.write_notes(note=given)
    print(f"Noted of {run.id}." if given.strip() else f"{run.id} has no note any more.")
    return terminal.DONE


def notify(arguments: argparse.Namespace) -> int:
    """Tell the webhook of a run, or print what it would be told."""
    run = terminal.find(arguments, arguments.run)
    if arguments.json:
        terminal.print_json(message.body(run))
        return terminal.DONE
    message.send(run)
    print(f"Told of {run.id}.")
    return terminal.DONE
