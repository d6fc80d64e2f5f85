"""Runs as they lie there: looking at them, stopping them, putting them aside, mending them."""

import argparse
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vaedash import config, places, runs, storage, text
from vaedash.cli import parsing, terminal
from vaedash.comparing import differences, results
from vaedash.errors import UsageError
from vaedash.models import own
from vaedash.runs import Run, listing
from vaedash.showing import tables

if TYPE_CHECKING:
    from vaedash.doctor import Finding


def add_to(commands: parsing.Commands) -> None:
    """Let the command line know these commands."""
    looking = parsing.command(commands, "runs", list_runs, "list the runs", ["runs", "runs --json"])
    looking.add_argument("--archived", action="store_true", help="archived ones too")
    parsing.add_places(looking)
    parsing.add_json(looking)
    showing = parsing.command(
        commands,
        "show",
        show,
        "settings, facts and losses of a run; of several, in which settings they differ, and what came of each",
        ["show latest", "show k3f7qa m2x9pd t81rbc", "show k3f7qa m2x9pd --csv"],
    )
    showing.add_argument("run", nargs="+", metavar="RUN", help=parsing.RUN)
    showing.add_argument("--csv", action="store_true", help="that table as CSV on stdout, and nothing else there")
    parsing.add_places(showing)
    parsing.add_json(showing)
    for name, function, what in (
        ("stop", stop, "stop a run after its current batch; finished epochs are kept"),
        ("archive", archive, "put a run aside; nothing is deleted without --forever"),
        ("restore", restore, "bring an archived run back"),
    ):
        parser = parsing.command(commands, name, function, what, [f"{name} latest"])
        parser.add_argument("run", metavar="RUN", help=parsing.RUN)
        parsing.add_places(parser)
        if name == "archive":
            parser.add_argument("--forever", action="store_true", help="delete the run and all its files instead")

    trusting = parsing.command(
        commands,
        "trust",
        trust,
        "let the source of a run's own architecture be executed on this machine, once you have read it",
        ["trust latest", "trust k3f7qa --yes"],
    )
    trusting.add_argument("run", metavar="RUN", help=parsing.RUN)
    trusting.add_argument("--yes", action="store_true", help="do not ask")
    parsing.add_places(trusting)

    examining = parsing.command(
        commands,
        "doctor",
        doctor,
        "look for damage in all runs and the cache of images; exit code 0: all sound, 1: something found",
        ["doctor", "doctor --fix"],
    )
    examining.add_argument(
        "--fix",
        action="store_true",
        help="mend what can be mended without losing anything, and say what was done; the rest is only named",
    )
    parsing.add_places(examining, data=True)
    parsing.add_json(examining)


def list_runs(arguments: argparse.Namespace) -> int:
    """All runs, newest first."""
    listed = runs.list_runs(terminal.runs_dir(arguments), archived=arguments.archived)
    if unlisted := listing.unlisted(terminal.runs_dir(arguments)):
        others = "A folder holds" if len(unlisted) == 1 else f"{len(unlisted)} folders hold"
        terminal.say(
            f"{others} a run under a name that is no id. What to do: {terminal.command_line('doctor', '', arguments)}"
        )
    if arguments.json:
        terminal.print_json([terminal.record(run) for run in listed])
    elif not listed:
        print(f"No runs in {terminal.runs_dir(arguments)} yet. Start one: {places.command()} train")
    else:
        columns = {
            "run": "run",
            "name": "name",
            "status": "status",
            "epochs": "epochs",
            "test_loss": "test loss",
            "host": "host",
        }
        print(tables.text_table([results.result(run).as_row() for run in listed], columns))
    return terminal.DONE


def show(arguments: argparse.Namespace) -> int:
    """One run: settings, what was found, losses. Several: in which settings they differ, beside what came of it."""
    chosen = terminal.find_all(arguments)
    if len(chosen) > 1 or arguments.csv:
        return _differences(chosen, arguments)
    [run] = chosen
    if arguments.json:
        terminal.print_json(terminal.record(run) | {"metrics": list(run.epochs)})
        return terminal.DONE
    print(f"{run.id}  {run.name}  {run.status}\n{run.sentence}\n")
    for oddity in run.oddities:
        print(f"{oddity}\n")
    if run.note:
        print(f"note:\n{textwrap.indent(run.note, '  ')}\n")
    for title, record in (
        ("settings", run.settings.to_json() if run.settings else None),
        ("found", run.facts and run.facts[-1]),
    ):
        print(f"{title}:")
        for key, value in (record or {}).items():
            print(text.visible(f"  {key:20} {value}"))
    if run.epochs:
        columns = {key: key.replace("_", " ") for key in run.epochs[-1]}
        print("\n" + tables.text_table(run.epochs, columns))
    return terminal.DONE


def _differences(chosen: Sequence[Run], arguments: argparse.Namespace) -> int:
    for run in chosen:
        run.require_readable()
    told = differences.between(chosen)
    if arguments.json:
        terminal.print_json({"rows": told.rows, "same": told.same})
    elif arguments.csv:
        print(tables.csv_table(told.rows), end="")
    else:
        as_set = [row | {name: _as_set(row[name]) for name in told.settings} for row in told.rows]
        print(tables.text_table(as_set, told.columns))
        print("\nThe same in all of them:")
        for name, value in told.same.items():
            print(f"  {name:20} {value}")
    return terminal.DONE


def _as_set(value: object) -> object:
    """A setting as it was given: a table for losses would round it."""
    return f"{value:g}" if isinstance(value, float) else value


def stop(arguments: argparse.Namespace) -> int:
    """Ask a run to end after its current batch."""
    run = terminal.find(arguments, arguments.run)
    run.ask_to_stop()
    if run.measuring:
        print(f"Asked {run.id} to stop measuring. The rest: {terminal.command_line('evaluate', run.id, arguments)}")
        return terminal.DONE
    print(
        f"Asked {run.id} to stop; it keeps its finished epochs. Go on with: {terminal.command_line('resume', run.id, arguments)}"
    )
    return terminal.DONE


def archive(arguments: argparse.Namespace) -> int:
    """Put a run aside, or delete it for ever."""
    run = terminal.find(arguments, arguments.run)
    if run.busy:
        doing = "being measured" if run.measuring else run.status
        raise UsageError(f"Run {run.id} is {doing}; stop it first: {terminal.command_line('stop', run.id, arguments)}")
    run.require_over()
    if arguments.forever:
        run.delete()
        print(f"Deleted {run.id} and all its files.")
    else:
        run.write_notes(archived=True)
        print(
            f"Archived {run.id}; nothing is deleted. Bring it back: {terminal.command_line('restore', run.id, arguments)}"
        )
    return terminal.DONE


def restore(arguments: argparse.Namespace) -> int:
    """Bring an archived run back."""
    run = terminal.find(arguments, arguments.run)
    if not run.archived:
        raise UsageError(f"Run {run.id} is not archived. There is nothing to restore.")
    run.write_notes(archived=False)
    print(f"Restored {run.id}.")
    return terminal.DONE


def trust(arguments: argparse.Namespace) -> int:
    """Put the source that came with a run where it may be executed from."""
    run = terminal.find(arguments, arguments.run)
    arch = run.config.arch
    if not config.is_own(arch):
        raise UsageError(f"Run {run.id} has no architecture of somebody's own. There is nothing to trust.")
    if own.is_trusted(arch):
        own.source(arch, run=run.id)
        print(f"Trusted already: {own.kept_at(arch)}")
        return terminal.DONE
    source = run.source()
    terminal.say(
        f"{run.source_file} is {len(source):,} bytes of Python with the SHA-256 {storage.sha256(source)}. "
        "It would be executed on this machine, and could do there whatever you can: read it first."
    )
    if not arguments.yes and not _agreed("Execute it from now on?"):
        print("It is not trusted, and nothing is executed.")
        return terminal.FAILED
    own.trust(arch, source)
    print(f"Trusted: {own.kept_at(arch)}. Removing that file undoes it.")
    return terminal.DONE


def _agreed(question: str) -> bool:
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def doctor(arguments: argparse.Namespace) -> int:
    """Every damage on disk, and what to do about it."""
    from vaedash import doctor as surgery

    runs_dir, data_dir = terminal.runs_dir(arguments), terminal.data_dir(arguments)
    findings, mended = surgery.examine(runs_dir, data_dir), []
    if arguments.fix:
        for _ in range(3):  # what a damage hid shows once it is mended
            if not (mended_now := surgery.mend(findings)):
                break
            mended += mended_now
            findings = surgery.examine(runs_dir, data_dir)
    if arguments.json:
        terminal.print_json(
            {
                "mended": [_finding_record(finding) for finding in mended],
                "found": [_finding_record(finding) for finding in findings],
            }
        )
    else:
        for finding in mended:
            print(text.visible(f"{finding.where}: mended. {finding.sentence} {finding.remedy}"))
        for finding in findings:
            print(text.visible(f"{finding.where}: {finding.sentence} {finding.remedy}"))
        print(_summary(runs_dir, data_dir, findings))
    return terminal.FAILED if findings else terminal.DONE


def _summary(runs_dir: Path, data_dir: Path, findings: Sequence["Finding"]) -> str:
    count = len(listing.folders(runs_dir))
    examined = f"{'1 run' if count == 1 else f'{count} runs'} in {runs_dir}, images in {data_dir}"
    if not findings:
        return f"{examined}: all sound."
    mendable = sum(finding.mend is not None for finding in findings)
    remedy = f"; --fix mends {mendable} of them and loses nothing" if mendable else ""
    return f"{examined}: {len(findings)} found{remedy}."


def _finding_record(finding: "Finding") -> dict[str, str | bool]:
    return {
        "kind": finding.kind,
        "where": finding.where,
        "sentence": finding.sentence,
        "remedy": finding.remedy,
        "mendable": finding.mend is not None,
    }
