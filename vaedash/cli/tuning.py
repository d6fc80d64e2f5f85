"""A fair fight from a terminal: each architecture gets as many settings to try, and then the best of each are compared."""

import argparse
import statistics
from collections.abc import Sequence

from vaedash import config, text
from vaedash.cli import parsing, terminal, training
from vaedash.comparing import trials, verdict
from vaedash.comparing.results import Row
from vaedash.comparing.trials import Trials
from vaedash.errors import UsageError
from vaedash.runs import Run, tunings
from vaedash.runs.schema import ENDED_WELL
from vaedash.settings import Value, whole_number
from vaedash.showing import tables
from vaedash.training import attended, draws, launch, watching
from vaedash.training.draws import RANGES, Engine
from vaedash.training.rounds import TRIAL_SEED, Round, Tuning

_COLUMNS = {
    "model": "model",
    "trials": "trials",
    "pruned": "pruned",
    "lost": "lost",
    "seconds": "seconds",
    "best": "best settings",
    "val_loss": "val loss",
    "each": "test loss of each",
    "test_loss": "mean",
}
_RANGE_COLUMNS = {"setting": "setting", "range": "drawn from"}
_NOTES = f"""

Drawn for each trial, by the same rule for every architecture:
{{}}
Trials train on all training images but those held back (--val-fraction), with seed {TRIAL_SEED}; the best is the one with the lowest loss
on those, and the --seeds that decide were not among the trials. Trials come in rounds, so all architectures have had as many at
any time. Ctrl-C stops them, and the same command goes on; with more --trials it goes on beyond where it ended. A trial that fails
again and again counts as lost once it is put aside (archive RUN). With --on, each round is sent to the cluster as sweep would send it;
--at-once says how many trials of each architecture a round has, which then know nothing of each other."""


def add_to(commands: parsing.Commands) -> None:
    """Let the command line know this command."""
    ranges = "\n".join(f"  {row['setting']:<13}{row['range']}" for row in _ranges())
    tuning = parsing.command(
        commands,
        "tune",
        tune,
        "a fair fight: each architecture tries as many settings, and the best of each are compared",
        ["tune --trials 20 --epochs 20", "tune --dataset cifar10 --name fair --seeds 0,1,2", "tune --ranges"],
        notes=_NOTES.format(ranges),
    )
    tuning.add_argument(
        "--name", default="tuning", help="what the tuning is called, and known by (default: %(default)s)"
    )
    tuning.add_argument("--archs", default=",".join(config.ARCHS), help="by comma (default: %(default)s)")
    counted = parsing.bounded(1, 10_000)
    tuning.add_argument(
        "--trials", type=counted, default=20, metavar="N", help="settings that each tries (default: %(default)s)"
    )
    tuning.add_argument(
        "--at-once", type=counted, default=1, metavar="N", help="trials of each in a round (default: %(default)s)"
    )
    tuning.add_argument("--seeds", default="0,1,2", help="of the best, by comma (default: %(default)s)")
    tuning.add_argument(
        "--sampler",
        choices=draws.SAMPLERS,
        default=draws.SAMPLERS[0],
        help=f"tpe learns from the trials of an architecture, once there are {draws.AT_RANDOM}; random never (default: %(default)s)",
    )
    tuning.add_argument(
        "--pruner",
        choices=draws.PRUNERS,
        default=draws.PRUNERS[0],
        help="median stops a trial whose val loss is above the median of the earlier ones at that epoch, after the first third of its "
        f"epochs and {draws.UNPRUNED} whole trials (default: %(default)s)",
    )
    tuning.add_argument(
        "--draw-seed",
        type=parsing.bounded(0, 2**31 - 1),
        default=0,
        metavar="N",
        help="seed of the draws (default: %(default)s)",
    )
    tuning.add_argument("--ranges", action="store_true", help="print what settings are drawn from, and do nothing else")
    parsing.add_settings(tuning, but=("arch", "preset", "seed", "monitor", *RANGES))
    training.add_place(tuning)
    parsing.add_places(tuning, data=True)
    parsing.add_json(tuning)


def tune(arguments: argparse.Namespace) -> int:
    """All trials, then the best settings of each architecture over seeds, and what came of it."""
    if arguments.ranges:
        return _print_ranges(arguments)
    asked, seeds = _asked(arguments), _seeds(arguments)
    draws.require_engine()
    if launch.by_torchrun():
        raise UsageError("tune starts processes of its own: leave torchrun out, or train the best settings with it.")
    training.look_at_place(arguments)
    training.read_images([*asked.asked.values()], arguments)
    with tunings.claim(asked.folder):
        asked.require_same()
        for made in asked.rounds():
            _say_what_is_tried(made, asked)
            if left := _over(made, arguments):
                return _give_up(left)
        terminal.say(f"The best of {asked.trials} settings each, over seeds {arguments.seeds}.")
        final = asked.contest(seeds)
        if left := _over(final, arguments):
            return _give_up(left)
    return _conclude(asked, [run.reread() for run in final.runs], arguments)


def _asked(arguments: argparse.Namespace) -> Tuning:
    name = text.name(arguments.name)
    fixed: dict[str, Value] = {"monitor": "val", "seed": TRIAL_SEED}
    archs = terminal.archs(arguments.archs, "archs")
    asked = {arch: terminal.settings(arguments, arch=arch, **fixed) for arch in archs}
    if not name:
        raise UsageError(f"A tuning needs a name that can be read, got {arguments.name!r}: give another --name.")
    return Tuning(
        folder=terminal.runs_dir(arguments),
        name=name,
        asked=asked,
        trials=arguments.trials,
        at_once=arguments.at_once,
        engine=Engine(
            epochs=asked[archs[0]].epochs,
            sampler=arguments.sampler,
            pruner=arguments.pruner,
            seed=arguments.draw_seed,
        ),
    )


def _seeds(arguments: argparse.Namespace) -> list[int]:
    seeds = [whole_number(seed, "seeds") for seed in terminal.listed(arguments.seeds, "seeds")]
    for seed in seeds:
        config.SETTINGS["seed"].check(seed)
    if TRIAL_SEED in seeds:
        raise UsageError(
            f"Seed {TRIAL_SEED} is that of the trials, by which the best is chosen: leave it out of --seeds."
        )
    return seeds


def _over(made: Round, arguments: argparse.Namespace) -> list[Run]:
    """Train what is left of a round; returns what even then is not over."""
    waiting = made.left()
    if waiting:
        training.stay_with(
            waiting,
            arguments,
            starting=made.idle(),
            look=made.look,
            go_on=lambda: terminal.say("The same command goes on from there."),
        )
    return made.left()


def _say_what_is_tried(made: Round, asked: Tuning) -> None:
    for run in made.runs:
        spoken = config.spoken(run.config.arch)
        terminal.say(f"Trial {run.trial} of {asked.trials}, {spoken}: {draws.in_words(run)}")


def _give_up(left: Sequence[Run]) -> int:
    attended.say_what_failed(left, terminal.say)
    ids = ", ".join(f"{run.id} ({run.status})" for run in left)
    terminal.say(
        f"Not over: {ids}. The same command goes on with it; archive RUN puts a trial aside that cannot be trained."
    )
    return terminal.FAILED


# ---- what came of it ---------------------------------------------------------------------------------------


def _conclude(asked: Tuning, final: Sequence[Run], arguments: argparse.Namespace) -> int:
    tried = asked.tried()
    rows = [_row(of_arch, [run for run in final if run.config.arch == of_arch.arch]) for of_arch in tried]
    ids = " ".join(run.id for run in final)
    if arguments.json:
        terminal.print_json(
            {
                "tuning": asked.name,
                "archs": rows,
                "runs": [terminal.record(run) for run in final],
                "verdict": verdict.sentence(final),
                "trials": [_trial(run) for of_arch in tried for run in of_arch.runs],
                "best_so_far": {of_arch.arch: of_arch.best_so_far for of_arch in tried},
                "expected_best": {of_arch.arch: of_arch.expected_best for of_arch in tried},
            }
        )
    else:
        print(tables.text_table(rows, _COLUMNS))
        print(f"\n{_how_chosen(asked)}\n{verdict.sentence(final)}")
        print(f"\nBest so far against budget: {terminal.command_line('report', ids, arguments)} --out report.html")
        print(f"On the page: {terminal.command_line('page', '', arguments)}   (runs are in {asked.folder})")
    attended.say_what_failed(final, terminal.say)
    return terminal.DONE if all(run.status in ENDED_WELL for run in final) else terminal.FAILED


def _row(tried: Trials, final: Sequence[Run]) -> Row:
    losses = [run.test_loss for run in final if run.test_loss is not None]
    best = tried.best
    return {
        "model": tried.arch,
        "trials": len(tried.runs),
        "pruned": tried.pruned,
        "lost": tried.lost,
        "seconds": tried.seconds,
        "best": draws.in_words(best) if best else None,
        "val_loss": trials.val_loss(best) if best else None,
        "each": ", ".join(watching.loss_words(run.test_loss) for run in final),
        "test_loss": statistics.fmean(losses) if len(losses) == len(final) else None,
    }


def _trial(run: Run) -> Row:
    drawn: Row = {name: getattr(run.config, name) for name in RANGES}
    return {
        "run": run.id,
        "model": run.config.arch,
        "trial": run.trial,
        "status": run.status,
        "epochs": len(run.epochs),
        "val_loss": trials.val_loss(run),
        **drawn,
    }


def _how_chosen(asked: Tuning) -> str:
    learns = asked.engine.sampler == "tpe" and asked.trials > draws.AT_RANDOM
    learned = f"; from trial {draws.AT_RANDOM + 1} on, by what its own trials had come to" if learns else ""
    return (
        f"Each is the best of {asked.trials} settings by the loss on pictures held back, drawn from the same ranges{learned}. "
        "The test pictures were not asked."
    )


def _ranges() -> list[Row]:
    return [{"setting": name, "range": str(drawn_from)} for name, drawn_from in RANGES.items()]


def _print_ranges(arguments: argparse.Namespace) -> int:
    if arguments.json:
        terminal.print_json(_ranges())
    else:
        print(tables.text_table(_ranges(), _RANGE_COLUMNS))
    return terminal.DONE
