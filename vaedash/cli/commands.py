"""The whole command line: one command is parsed and run, and what went wrong is said in a sentence."""

import argparse
import os
import sys
from collections.abc import Sequence

from vaedash.cli import drawing, keeping, measuring, parsing, terminal, training
from vaedash.errors import UsageError, VaedashError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 a failed run, 2 wrong usage, 130 stopped by Ctrl-C."""
    try:
        arguments = parser().parse_args(argv)
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
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return terminal.DONE
    except OSError as error:  # a folder that may not be written, a full disk
        if error.filename is None:
            raise
        terminal.say(f"vaedash: {error.filename}: {error.strerror}.")
        return terminal.FAILED


def parser() -> argparse.ArgumentParser:
    """The whole command line; each module adds its own commands."""
    whole = parsing.Parser(
        prog="python -m vaedash",
        description="Train a fully connected and a convolutional VAE on the same images, and see whether architecture matters.",
        epilog="Start here:\n  python -m vaedash train                       both architectures on the built-in shapes\n"
        "  python -m vaedash generate latest:conv        what the newest conv run can draw\n"
        "  python -m vaedash sweep --dataset cifar10     the study's table\n\n"
        "RUN is an id, the beginning of one, a display name, `latest` or `latest:conv`.\n"
        "Exit codes: 0 done, 1 a run failed, 2 wrong usage, 130 stopped by Ctrl-C.",
        formatter_class=parsing.Help,
    )
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for family in (training, keeping, drawing, measuring):
        family.add_to(commands)
    return whole
