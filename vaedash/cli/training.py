"""Training from a terminal: train, sweep and resume, in the foreground until all their runs have ended."""

import argparse
import contextlib
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence

from vaedash import config, places, runs
from vaedash.cli import parsing, terminal
from vaedash.comparing import results, verdict
from vaedash.config import PRESETS, STUDY, RunConfig
from vaedash.errors import UsageError
from vaedash.runs import Run, Status
from vaedash.runs.schema import ENDED_WELL
from vaedash.settings import Value, whole_number
from vaedash.showing import tables
from vaedash.training import attended, equal, launch, process

_ARCHS = (
    "by comma: names, or paths of .py files with architectures of your own, which are executed (docs/architecture.md)"
)
_TORCHRUN = """

One training on several devices, by torchrun (each process a GPU, or its share of the processor's cores):
  torchrun --nproc-per-node 2 -m vaedash {}
A batch is divided among them as evenly as it goes; each image weighs what it weighs in one process."""


def add_to(commands: parsing.Commands) -> None:
    """Let the command line know these commands."""
    training = parsing.command(
        commands,
        "train",
        train,
        "train FC and conv, or one of them",
        [
            "train --epochs 5",
            "train --arch conv --preset p2",
            "train --arch fc,residual.py",
            "train --arch fc,local,conv --match weights fc",
        ],
        notes=_TORCHRUN.format("train --arch conv"),
    )
    training.add_argument(
        "--arch", default=",".join(config.PAIR), help=f"architectures, {_ARCHS} (default: %(default)s)"
    )
    parsing.add_settings(training, but=("arch",))
    sweeping = parsing.command(
        commands,
        "sweep",
        sweep,
        "train presets x architectures x seeds",
        ["sweep --dataset cifar10", "sweep --seeds 0,1,2 --on ray://10.0.0.1:6379"],
    )
    sweeping.add_argument("--presets", default=",".join(STUDY), help="by comma (default: %(default)s)")
    sweeping.add_argument("--archs", default=",".join(config.PAIR), help=f"{_ARCHS} (default: %(default)s)")
    sweeping.add_argument("--seeds", default="0", help="by comma (default: %(default)s)")
    parsing.add_settings(sweeping, but=("arch", "preset", "seed", *PRESETS["p1"]))
    for launching in (training, sweeping):
        launching.add_argument("--name", help="display name of the run")
        _add_match(launching)
        add_place(launching)
        parsing.add_places(launching, data=True)
        parsing.add_json(launching)

    resuming = parsing.command(
        commands,
        "resume",
        resume,
        "go on with runs that were stopped, interrupted or failed",
        ["resume latest", "resume k3f7qa"],
        notes=_TORCHRUN.format("resume latest"),
    )
    resuming.add_argument("run", nargs="+", metavar="RUN", help=parsing.RUN)
    add_place(resuming)
    parsing.add_moved(resuming)
    parsing.add_places(resuming, data=True)
    parsing.add_json(resuming)


def add_place(parser: argparse.ArgumentParser) -> None:
    """The flag that says on which machines runs train."""
    parser.add_argument(
        "--on",
        type=places.checked_place,
        default=places.LOCAL,
        metavar="PLACE",
        help="where to train: local, ray://HOST:PORT (the address of a Ray cluster that this machine is part of), or ray "
        "(the one in $RAY_ADDRESS, else one of this machine alone) (default: %(default)s)",
    )


def _add_match(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--match",
        nargs=2,
        metavar=("WHAT", "ARCH"),
        help="give every architecture widths at which it has as many weights as ARCH, needs as much arithmetic (flops), or as long for "
        "a training step here (seconds), as in: --match weights conv; --widths are then those of ARCH",
    )


def train(arguments: argparse.Namespace) -> int:
    """One run for each architecture."""
    archs = terminal.archs(arguments.arch, "arch")
    return _launch(_matched([{"arch": arch} for arch in archs], arguments), arguments)


def sweep(arguments: argparse.Namespace) -> int:
    """Every combination of presets, architectures and seeds."""
    presets, archs = terminal.listed(arguments.presets, "presets"), terminal.archs(arguments.archs, "archs")
    seeds = [whole_number(seed, "seeds") for seed in terminal.listed(arguments.seeds, "seeds")]
    varied: list[dict[str, Value]] = [
        {"preset": preset, "arch": arch, "seed": seed} for preset in presets for seed in seeds for arch in archs
    ]
    return _launch(_matched(varied, arguments), arguments)


def _matched(varied: Sequence[dict[str, Value]], arguments: argparse.Namespace) -> list[RunConfig]:
    """The settings that were typed, with what is `varied` by the command, and with the widths that `--match` asks for."""
    if not arguments.match:
        return [terminal.settings(arguments, **fixed) for fixed in varied]
    what, arch = arguments.match
    widths, arguments.widths = arguments.widths, None
    return equal.to(
        arch,
        what,
        [terminal.settings(arguments, **fixed) for fixed in varied],
        widths=widths or "",
        data_dir=terminal.data_dir(arguments),
        say=terminal.say,
    )


def resume(arguments: argparse.Namespace) -> int:
    """Go on with runs that were stopped, interrupted or failed."""
    if launch.by_torchrun():
        return _together(lambda: _resumable(arguments), arguments)
    resumed = _resumable(arguments)
    look_at_place(arguments)
    return _accompany(resumed, arguments)


def look_at_place(arguments: argparse.Namespace) -> None:
    """Say what there is where the runs are to train; RunError if there is nothing."""
    if arguments.on != places.LOCAL:
        from vaedash.cluster import machines

        terminal.say(f"{machines.look(arguments.on)}.")


def _resumable(arguments: argparse.Namespace) -> list[Run]:
    chosen = terminal.find_all(arguments)
    for run in chosen:
        launch.require_resumable(run)
        if arguments.dataset:
            terminal.images_of(run, arguments)
    return [run.reread() for run in chosen]


def _launch(settings: list[RunConfig], arguments: argparse.Namespace) -> int:
    if launch.by_torchrun():
        return _together(lambda: _one_by_one(settings, arguments), arguments)
    look_at_place(arguments)
    attended.try_out(settings)
    read_images(settings, arguments)
    started = launch.new_runs(terminal.runs_dir(arguments), settings, name=arguments.name)
    return _accompany(started, arguments)


def _accompany(group: Sequence[Run], arguments: argparse.Namespace) -> int:
    """Start these runs and stay with them until all have ended, then say what came of them."""
    ended = stay_with(group, arguments, starting=group, go_on=lambda: _say_how_to_go_on(group, arguments))
    return _conclude(ended, arguments)


def stay_with(
    group: Sequence[Run],
    arguments: argparse.Namespace,
    *,
    starting: Sequence[Run],
    go_on: Callable[[], None],
    look: Callable[[Sequence[Run]], None] | None = None,
) -> list[Run]:
    """As `attended.stay_with`, where the arguments say."""
    return attended.stay_with(
        group,
        starting=starting,
        data_dir=terminal.data_dir(arguments),
        say=terminal.say,
        go_on=go_on,
        on=arguments.on,
        look=look,
    )


def _one_by_one(settings: list[RunConfig], arguments: argparse.Namespace) -> Iterator[Run]:
    """A run of each settings, made when the one before has ended: nobody waits in line for it."""
    read_images(settings, arguments)
    for asked in settings:
        name = launch.member_name(arguments.name, asked, settings)
        yield runs.create(terminal.runs_dir(arguments), asked, name=name)


def read_images(settings: Sequence[RunConfig], arguments: argparse.Namespace) -> None:
    """As `attended.read_images`, with a bar while they are read for the first time."""
    attended.read_images(settings, load=lambda images: terminal.load(images, arguments), say=terminal.say)


def _together(chosen: Callable[[], Iterable[Run]], arguments: argparse.Namespace) -> int:
    """Train one run after the other, in this process and the others that torchrun started; worker 0 alone sees to the runs."""
    if arguments.on != places.LOCAL:
        raise UsageError(
            f"torchrun trains in the processes that it started, so --on must be local, got {arguments.on}."
        )
    launch.begin_anew()
    from vaedash.training.loop import follow
    from vaedash.training.team import TorchrunTeam

    data_dir = terminal.data_dir(arguments)
    ended: list[Run] = []
    with TorchrunTeam() as team:
        if not team.leads:
            # They end when worker 0 does. torchrun, which may want to end them before, would cut it short.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            follow(team, data_dir=data_dir)
            return terminal.DONE
        for run in chosen():
            launch.line_up([run])
            terminal.say(f"{run.id} {run.name}: {team.size} processes")
            with launch.logged(run), _stopping_on_signals(run) as signals:
                status = process.work(run, data_dir, team=team)
            ended.append(run.reread())
            if status == Status.FAILED:
                team.leave(ended[-1].sentence)
            if status == Status.FAILED or signals:
                break
    code = _conclude(ended, arguments)
    if signals:
        _say_how_to_go_on(ended, arguments)
    return terminal.CTRL_C if signals else code


@contextlib.contextmanager
def _stopping_on_signals(run: Run) -> Iterator[list[int]]:
    """torchrun hands a Ctrl-C on as a signal, and ends its workers with another: both ask the run to stop. Yields those that came."""
    came: list[int] = []

    def ask(number: int, *_: object) -> None:
        came.append(number)
        run.request_stop()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say_how_to_go_on(stopped: Sequence[Run], arguments: argparse.Namespace) -> None:
    ids = " ".join(run.id for run in stopped if run.reread().status.resumable)
    if not ids:
        terminal.say("Their training had ended already.")
        return
    place = f" --on {arguments.on}" if arguments.on != places.LOCAL else ""
    terminal.say(f"Go on with: {terminal.command_line('resume', ids, arguments)}{place}")


def _conclude(current: Sequence[Run], arguments: argparse.Namespace) -> int:
    """The table and the verdict of runs that have ended. The exit code says whether one failed."""
    attended.say_what_failed(current, terminal.say)
    seeds = [cell.as_row() for cell in results.over_seeds(current)]
    if arguments.json:
        records = [terminal.record(run) for run in current]
        terminal.print_json({"runs": records, "over_seeds": seeds, "verdict": verdict.sentence(current)})
    else:
        print(tables.text_table([results.result(run).as_row() for run in current], results.STUDY_COLUMNS))
        if seeds:
            print(f"\n{tables.text_table(seeds, results.SEEDS_COLUMNS)}")
        if len(current) > 1:
            print(f"\n{verdict.sentence(current)}")
        print(
            f"\nSee it: {terminal.command_line('page', '', arguments)}   (runs are in {terminal.runs_dir(arguments)})"
        )
    return terminal.DONE if all(run.status in ENDED_WELL for run in current) else terminal.FAILED
