"""The ladder from a terminal: what lies between FC and conv is trained, as far as it is lacking, and what it says is printed."""

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from vaedash import runs, storage
from vaedash.cli import parsing, terminal, training
from vaedash.comparing import ladder as ladders
from vaedash.comparing import reasons
from vaedash.config import PIXEL_ORDERS, STUDY, RunConfig
from vaedash.errors import RunError, UsageError
from vaedash.runs import Run
from vaedash.runs.schema import TRAINED
from vaedash.settings import whole_number
from vaedash.showing import tables
from vaedash.training import launch


def add_to(commands: parsing.Commands) -> None:
    """Let the command line know this command."""
    climbing = parsing.command(
        commands,
        "ladder",
        ladder,
        "train what lies between FC and conv, a change at a time, and say which part of conv wins",
        ["ladder --epochs 5", "ladder --dataset cifar10 --seeds 0,1,2", "ladder --orders natural --out ladder.json"],
        notes="\n\nWhat is there is not trained again, and what was stopped goes on: the same command once more says what is known.",
    )
    climbing.add_argument("--seeds", default=",".join(map(str, ladders.SEEDS)), help="by comma (default: %(default)s)")
    climbing.add_argument(
        "--orders", default=",".join(PIXEL_ORDERS), help="orders of the pixels, by comma (default: %(default)s)"
    )
    climbing.add_argument("--out", type=Path, metavar="FILE.json", help="write the figures into a file, too")
    parsing.add_settings(climbing, but=("arch", "widths", "pixel_order", "seed"))
    climbing.add_argument("--name", help="display name of the runs")
    training.add_place(climbing)
    parsing.add_places(climbing, data=True)
    parsing.add_json(climbing)


def ladder(arguments: argparse.Namespace) -> int:
    """What is still lacking of a ladder, and what it says."""
    if arguments.out:
        terminal.check_out(arguments, ".json")
    orders = terminal.listed(arguments.orders, "orders")
    seeds = [whole_number(seed, "seeds") for seed in terminal.listed(arguments.seeds, "seeds")]
    if PIXEL_ORDERS[0] not in orders:
        raise UsageError(
            f"--orders takes {PIXEL_ORDERS[0]} at least, which all else is held against, got {arguments.orders}; add it."
        )
    base = terminal.settings(arguments, **({} if arguments.preset else {"preset": STUDY[0]}))
    asked = ladders.settings(base, _widths(base), seeds=seeds, orders=orders)
    fingerprint = terminal.load(asked[0], arguments).fingerprint
    there = _there(asked, fingerprint, arguments)
    lacking = [settings for settings in asked if settings not in there]
    going_on = [run for run in there.values() if run.status.resumable]
    if lacking or going_on:
        training.look_at_place(arguments)
        training.read_images(asked, arguments)
        new = launch.new_runs(terminal.runs_dir(arguments), lacking, name=arguments.name)
        group = [run.reread() for run in (*going_on, *new)]
        training.stay_with(group, arguments, starting=group, go_on=_say_how_to_go_on)
    return _tell(_there(asked, fingerprint, arguments), asked, arguments)


def _say_how_to_go_on() -> None:
    terminal.say("Go on with: the same command again.")


def _widths(base: RunConfig) -> dict[str, str]:
    """Those of the rungs that are matched."""
    from vaedash.models import matching

    by_weights = matching.by(matching.weights)
    plain = dataclasses.replace(base, preset=None)
    return {
        rung.key: matching.matched(
            dataclasses.replace(plain, arch=rung.arch), dataclasses.replace(plain, arch=rung.like), by_weights
        ).widths
        for rung in ladders.RUNGS
        if rung.like
    }


def _there(asked: Sequence[RunConfig], fingerprint: str, arguments: argparse.Namespace) -> dict[RunConfig, Run]:
    """The newest run of each of these settings on these images that is trained, or can go on, or is at it; wherever it was computed."""
    folder, wanted = terminal.runs_dir(arguments), {ladders.but_machine(settings): settings for settings in asked}
    every: dict[RunConfig, Run] = {}
    for run in reversed(runs.list_runs(folder) if folder.is_dir() else []):
        of_these = run.dataset.get("fingerprint") in (None, fingerprint)
        if run.settings and of_these and (run.status in TRAINED or run.status.resumable or run.busy):
            settings = wanted.get(ladders.but_machine(run.settings))
            if settings and not (settings in every and every[settings].status in TRAINED and run.status not in TRAINED):
                every[settings] = run
    return every


def _tell(there: Mapping[RunConfig, Run], asked: Sequence[RunConfig], arguments: argparse.Namespace) -> int:
    """The ladder as far as it is there."""
    lacking = [settings.title for settings in asked if settings not in there or there[settings].status not in TRAINED]
    if lacking:
        terminal.say(f"Not trained: {'; '.join(lacking)}.")
    climbed = ladders.found(list(there.values()))
    if not climbed:
        raise RunError(
            "There is no whole ladder yet: each of its five models needs a trained run. Give the same command again to go on."
        )
    record = ladders.to_json(climbed[0])
    if arguments.out:
        storage.write_json(arguments.out, record)
    if arguments.json:
        terminal.print_json(record)
    else:
        print(tables.text_table(ladders.rows(climbed[0]), ladders.COLUMNS))
        for sentence in (reasons.plainly(climbed[0]), reasons.in_figures(climbed[0]), reasons.shuffled(climbed[0])):
            print(f"\n{sentence}" if sentence else "", end="\n" if sentence else "")
    return terminal.FAILED if lacking else terminal.DONE
