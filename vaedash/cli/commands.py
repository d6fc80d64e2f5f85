"""The whole command line: one command is parsed and run, and what went wrong is said in a sentence."""

import argparse
import contextlib
import errno
import io
import os
import sys
from collections.abc import Sequence

import vaedash
from vaedash import places
from vaedash.cli import (
    drawing,
    exporting,
    keeping,
    ladder,
    looking,
    measuring,
    opening,
    parsing,
    publishing,
    telling,
    terminal,
    training,
    tuning,
)
from vaedash.errors import UsageError, VaedashError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 a failed run, 2 wrong usage, 130 stopped by Ctrl-C."""
    _prepare_streams()
    try:
        arguments = parser().parse_args(_spelt_out(sys.argv[1:] if argv is None else argv))
        terminal.bring_examples(arguments)
        code = arguments.command(arguments)
        sys.stdout.flush()  # so that a reader who has gone is noticed here, not when the interpreter ends
        return code
    except UsageError as error:
        terminal.say(f"vaedash: {error}")
        return terminal.WRONG_USAGE
    except VaedashError as error:
        terminal.say(f"vaedash: {error}")
        return terminal.FAILED
    except KeyboardInterrupt:
        terminal.say("vaedash: stopped.")
        return terminal.CTRL_C
    except BrokenPipeError:  # `| head` has seen enough
        _leave_stdout()
        return terminal.DONE
    except OSError as error:  # a folder that may not be written, a full disk
        if error.filename is None and error.errno != errno.ENOSPC:
            raise
        where = f"{error.filename}: {error.strerror}" if error.filename else f"{error.strerror}: free some room"
        terminal.say(f"vaedash: {where}.")
        _leave_stdout()
        return terminal.FAILED


def _spelt_out(words: Sequence[str]) -> Sequence[str]:
    """The words of a command line, with the command that is meant where they name none."""
    about_the_whole = ("-h", "--help", "--version")
    named = bool(words) and (not words[0].startswith("-") or words[0] in about_the_whole)
    return words if named else [opening.NAME, *words]


def _prepare_streams() -> None:
    """Have no word end a command: a letter that stdout's encoding lacks is written as its number, and what nobody reads is lost."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by who started this; else the next file that is opened would be in its place
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for good
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _leave_stdout() -> None:
    """Write what can still be written, and let go of the rest, or the interpreter would complain of it as it ends."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def parser() -> argparse.ArgumentParser:
    """The whole command line; each module adds its own commands."""
    called = places.command()
    whole = parsing.Parser(
        prog=called,
        description="Train a fully connected and a convolutional VAE on the same images, and see whether architecture matters.",
        epilog=f"Start here:\n  {called:45} the page, in the browser\n"
        f"  {f'{called} train':45} FC and conv on the built-in shapes\n"
        f"  {f'{called} generate latest:conv':45} what the newest conv run can draw\n"
        f"  {f'{called} sweep --dataset cifar10':45} the study's table\n\n"
        "RUN is an id, the beginning of one, a display name, `latest` or `latest:conv`.\n"
        "Exit codes: 0 done, 1 a run failed, 2 wrong usage, 130 stopped by Ctrl-C.",
        formatter_class=parsing.Help,
    )
    whole.add_argument(
        "--version", action="version", version=f"vaedash {vaedash.__version__}", help="which vaedash this is"
    )
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for family in (
        opening,
        looking,
        training,
        ladder,
        tuning,
        keeping,
        telling,
        exporting,
        drawing,
        publishing,
        measuring,
    ):
        family.add_to(commands)
    return whole
