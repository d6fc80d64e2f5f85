"""Runs as they lie there: looking at them, stopping them, putting them aside, taking them along, mending them."""

import argparse
import shlex
from pathlib import Path
from typing import Any

from vaedash import runs, text
from vaedash.cli import parsing, tables, terminal
from vaedash.comparing import results
from vaedash.errors import UsageError
from vaedash.runs import listing


def add_to(commands: Any) -> None:
    """Let the command line know these commands."""
    listing = parsing.command(commands, "runs", list_runs, "list the runs", ["runs", "runs --json"])
    listing.add_argument("--archived", action="store_true", help="archived ones too")
    parsing.add_places(listing)
    parsing.add_json(listing)
    for name, function, what in (
        ("show", show, "settings, facts and losses of a run"),
        ("stop", stop, "stop a run after its current batch; finished epochs are kept"),
        ("archive", archive, "put a run aside; nothing is deleted without --forever"),
        ("restore", restore, "bring an archived run back"),
    ):
        one = parsing.command(commands, name, function, what, [f"{name} latest"])
        one.add_argument("run", metavar="RUN", help=parsing.RUN)
        parsing.add_places(one)
        if name == "show":
            parsing.add_json(one)
        if name == "archive":
            one.add_argument("--forever", action="store_true", help="delete the run and all its files instead")

    exporting = parsing.command(
        commands,
        "export",
        export,
        "write runs as another tool's files: curves, pictures and settings for TensorBoard",
        ["export tensorboard latest:fc latest:conv", "export tensorboard k3f7qa --out ~/tensorboard"],
    )
    exporting.add_argument("what", metavar="WHAT", choices=("tensorboard",), help="tensorboard: its event files")
    exporting.add_argument("run", nargs="+", metavar="RUN", help=parsing.RUN)
    exporting.add_argument(
        "--out",
        type=Path,
        default=Path("tensorboard"),
        metavar="DIR",
        help="gets a folder for each run, named by its id; what an earlier export of a run left there is replaced (default: %(default)s)",
    )
    parsing.add_places(exporting)
    parsing.add_json(exporting)

    examining = parsing.command(
        commands,
        "doctor",
        doctor,
        "look for damage in all runs and the cache of images; exit code 0: all sound, 1: something found",
        ["doctor", "doctor --fix"],
    )
    examining.add_argument(
        "--fix", action="store_true", help="mend what can be mended without losing anything; the rest is only named"
    )
    parsing.add_places(examining, data=True)
    parsing.add_json(examining)


def list_runs(arguments: argparse.Namespace) -> int:
    """All runs, newest first."""
    found = runs.list_runs(terminal.runs_dir(arguments), archived=arguments.archived)
    if arguments.json:
        terminal.print_json([terminal.record(run) for run in found])
    elif not found:
        print(f"No runs in {terminal.runs_dir(arguments)} yet. Start one: python -m vaedash train")
    else:
        columns = {
            "run": "run",
            "name": "name",
            "status": "status",
            "epochs": "epochs",
            "test_loss": "test loss",
            "host": "host",
        }
        print(tables.text_table([results.result(run).as_row() for run in found], columns))
    return terminal.DONE


def show(arguments: argparse.Namespace) -> int:
    """One run: settings, what was found, losses."""
    run = terminal.find(arguments, arguments.run)
    if arguments.json:
        terminal.print_json(terminal.record(run) | {"metrics": list(run.epochs)})
        return terminal.DONE
    print(f"{run.id}  {run.name}  {run.status}\n{run.sentence}\n")
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


def stop(arguments: argparse.Namespace) -> int:
    """Ask a run to end after its current batch."""
    run = terminal.find(arguments, arguments.run)
    if not run.active:
        raise UsageError(f"Run {run.id} is {run.status}: there is nothing to stop.")
    run.request_stop()
    print(
        f"Asked {run.id} to stop; it keeps its finished epochs. Go on with: {terminal.command_line('resume', run.id, arguments)}"
    )
    return terminal.DONE


def archive(arguments: argparse.Namespace) -> int:
    """Put a run aside, or delete it for ever."""
    run = terminal.find(arguments, arguments.run)
    if run.active:
        raise UsageError(
            f"Run {run.id} is {run.status}; stop it first: {terminal.command_line('stop', run.id, arguments)}"
        )
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


def export(arguments: argparse.Namespace) -> int:
    """Runs as TensorBoard's event files."""
    from vaedash.showing import tensorboard as exporting

    out = arguments.out.expanduser()
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out must be a folder, but {out} is a file.")
    chosen = terminal.find_all(arguments)
    exporting.to_tensorboard(chosen, out=out)
    if arguments.json:
        terminal.print_json({"runs": [run.id for run in chosen], "out": str(out)})
    else:
        # By itself TensorBoard keeps ten pictures of each kind.
        see = f"tensorboard --logdir {shlex.quote(str(out))} --samples_per_plugin images=1000"
        print(f"{out}: {', '.join(f'{run.id} ({run.name})' for run in chosen)}. See it: {see}")
    return terminal.DONE


def doctor(arguments: argparse.Namespace) -> int:
    """Every damage on disk, and what to do about it."""
    from vaedash import doctor as surgery

    places = terminal.runs_dir(arguments), terminal.data_dir(arguments)
    found, mended = surgery.examine(*places), []
    for _ in range(3 if arguments.fix else 0):  # what a damage hid shows once it is mended
        if mendable := surgery.mend(found):
            mended += mendable
            found = surgery.examine(*places)
    if arguments.json:
        said = {"mended": mended, "found": found}
        terminal.print_json({key: [_finding_record(one) for one in findings] for key, findings in said.items()})
        return terminal.FAILED if found else terminal.DONE
    for one in mended:
        print(text.visible(f"{one.where}: mended. {one.sentence}"))
    for one in found:
        print(text.visible(f"{one.where}: {one.sentence} {one.remedy}"))
    count = len(listing.folders(places[0]))
    mendable = sum(one.mend is not None for one in found)
    print(
        f"{count} run{'s' * (count != 1)} in {places[0]}: "
        + (f"{len(found)} found" if found else "all sound")
        + (f"; --fix mends {mendable} of them and loses nothing." if mendable else ".")
    )
    return terminal.FAILED if found else terminal.DONE


def _finding_record(finding: Any) -> dict[str, Any]:
    record = {key: getattr(finding, key) for key in ("kind", "where", "sentence", "remedy")}
    return record | {"mendable": finding.mend is not None}
