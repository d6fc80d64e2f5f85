"""Figures: of a trained run, and of how fast everything is here."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vaedash import config, places
from vaedash.bench.figures import Figure, Figures
from vaedash.cli import parsing, terminal
from vaedash.config import RunConfig
from vaedash.measuring import measures
from vaedash.runs import Run
from vaedash.training import watching


def add_to(commands: parsing.Commands) -> None:
    """Let the command line know these commands."""
    evaluating = parsing.command(
        commands,
        "evaluate",
        evaluate,
        "held-out loss of a run's weights, and how good the kept ones are beyond it",
        ["evaluate latest:conv --json", "evaluate latest:conv --fid"],
    )
    parsing.add_trained_run(evaluating)
    parsing.add_moved(evaluating)
    evaluating.add_argument(
        "--fid",
        type=parsing.bounded(10, 50_000),
        nargs="?",
        const=10_000,
        default=0,
        metavar="N",
        help="FID and KID too, of N prior samples against N test images (10000 where N is left out); needs the extra fid, the "
        "weights of Inception (95 MB, fetched once), and about a second for every 10 images on a processor's core",
    )
    benching = parsing.command(
        commands,
        "bench",
        bench,
        "measure how fast it is here",
        [
            "bench train",
            "bench train --busy 1",
            "bench train --dataset cifar10",
            "bench ui --json",
            "bench load",
            "bench growth --runs 1000",
        ],
    )
    benching.add_argument(
        "what",
        metavar="WHAT",
        choices=("train", "recipe", "gpu", "ui", "memory", "load", "views", "growth"),
        help="train: training beside a notebook's way and pythae's (where it is installed), and what a run costs besides; "
        "recipe: how long preset `fast`, with five seeds, and a notebook with preset p1 take to one held-out loss; "
        "gpu: what a GPU makes of it, from a batch to the whole study, and whether it learns what the processor learns; "
        "ui: the page in a real browser; memory: what a server holds after each of its pages; load: thirty people watching one training; "
        "views: what a server holds while its pages are opened a thousand times; "
        "growth: thousands of runs, runs of thousands of epochs, and a file of more images than fit in memory. Each takes some minutes",
    )
    benching.add_argument("--dataset", help="images that train, recipe and gpu learn from (default: shapes)")
    benching.add_argument(
        "--busy",
        type=parsing.bounded(1, 64),
        metavar="N",
        help="of train: how it goes beside N processes that never rest, in place of all else",
    )
    benching.add_argument(
        "--runs", type=parsing.bounded(10, 100_000), default=10_000, help="of growth: how many (default: %(default)s)"
    )
    benching.add_argument(
        "--images",
        type=parsing.bounded(1_000, 100_000_000),
        default=500_000,
        help="of growth: how many, 3 kB each (default: %(default)s)",
    )
    parsing.add_places(benching, data=True)
    parsing.add_json(benching)


def evaluate(arguments: argparse.Namespace) -> int:
    """The held-out loss of a run's weights, how many latents say anything, and how good the kept weights are beyond the loss."""
    from vaedash.measuring import after, heldout, knowledge, latents
    from vaedash.measuring.heldout import HeldOut
    from vaedash.models import archs
    from vaedash.training import hardware

    run, model, epoch = terminal.model(arguments)
    dataset = terminal.images_of(run, arguments)
    run = run.reread()
    machine, difference = hardware.as_recorded(run.facts[0], run.config)
    machine.apply()
    layout = archs.memory_format(run.config.arch)
    held_out = HeldOut.of(dataset.test, run.config.latent_dim, machine.device, layout)
    # As the run measures itself: on its device, in fp32, at the beta of that epoch.
    measured, beta = heldout.evaluate(model.to(machine.device), held_out), run.config.beta_at(epoch)
    with watching.progress() as progress:
        figures = after.measure(run, data_dir=terminal.data_dir(arguments), fid_of=arguments.fid, progress=progress)
    record = {
        "run": run.id,
        "weights": arguments.weights,
        "epoch": epoch,
        "dataset": dataset.name,
        "n_test": len(dataset.test),
        "beta": beta,
        **measured.losses(beta=beta).named("test"),
        "active_units": latents.active_units(measured.kl_by_latent),
        "latent_dim": run.config.latent_dim,
        "pca": figures["pca"] if beta == run.config.beta else None,
        "quality": figures["quality"],
        "note": " ".join(filter(None, (difference, knowledge.lacking() if dataset.labels else ""))),
    }
    if arguments.json:
        terminal.print_json(record)
    else:
        print("\n".join(_evaluation_words(run, record)))
    return terminal.DONE


def _evaluation_words(run: Run, record: Mapping[str, Any]) -> Iterator[str]:
    beta = record["beta"]
    yield (
        f"{run.id} {run.name}, {record['weights']} weights (epoch {record['epoch']}), {record['n_test']:,} test images of "
        f"{record['dataset']}:"
    )
    yield (
        f"  loss {record['test_loss']:.2f} = recon {record['test_recon']:.2f} + {beta:g} * kl {record['test_kl']:.2f} "
        f"{run.config.unit} per image"
    )
    yield (
        f"  {record['active_units']} of {record['latent_dim']} latents active (mean KL over the test images above "
        f"{config.ACTIVE_KL} nats)"
    )
    if record["pca"]:
        line = record["pca"]["test"]
        yield (
            f"  the best linear VAE (PCA) has {line['loss']:.2f} = {line['recon']:.2f} + {beta:g} * {line['kl']:.2f} on "
            f"them, with {line['directions']} directions"
        )
    yield "the kept weights, beyond the loss:"
    for name, row in measures.in_words(record["quality"]).items():
        measure = measures.MEASURES[name]
        against = "by guessing" if measure.labelled else "real images against real ones"
        floor = f"; {against} {row['floor']}" if row["floor"] else ""
        yield f"  {measure.title}: {row['value']} ({row['n']}{floor}; {row['better']})"
        for part, of_part in measures.parts_in_words(record["quality"], name).items():
            yield f"    {part}: {of_part['value']} ({against} {of_part['floor']})"
    if beta != run.config.beta and "iwae" in record["quality"]:
        yield f"  the IWAE bound is at beta {run.config.beta:g}, which the warm-up has not reached"
    if record["note"]:
        yield f"  {record['note']}"


def bench(arguments: argparse.Namespace) -> int:
    """Figures of speed on this machine, each as soon as it is known."""
    known: dict[str, Figure] = {}
    for name, figure in _measured(arguments):
        known[name] = figure
        if not arguments.json:
            _print_nested({name: figure})
            sys.stdout.flush()
    if arguments.json:
        terminal.print_json(known)
    return terminal.DONE


def _measured(arguments: argparse.Namespace) -> Iterable[tuple[str, Figure]]:
    if arguments.what == "ui":
        from vaedash.bench import ui

        return ui.measure(runs_dir=arguments.runs_dir and terminal.runs_dir(arguments)).items()
    if arguments.what == "load":
        from vaedash.bench import load

        return load.measure(data_dir=places.data_dir(arguments.data_dir)).items()
    if arguments.what in ("memory", "views"):
        from vaedash.bench import looking, views

        measure = looking.measure if arguments.what == "memory" else views.measure
        return measure(runs_dir=terminal.runs_dir(arguments), data_dir=places.data_dir(arguments.data_dir)).items()
    if arguments.what == "growth":
        from vaedash.bench import growth

        return growth.measure(count=arguments.runs, images=arguments.images).items()
    return _of_training(arguments)


def _of_training(arguments: argparse.Namespace) -> Iterable[tuple[str, Figure]]:
    from vaedash.bench import gpu, neighbours, recipe, train

    data_dir = places.data_dir(arguments.data_dir)
    if arguments.busy and arguments.what == "train":
        return (
            found for arch in config.PAIR for found in neighbours.measure(arch, data_dir=data_dir, busy=arguments.busy)
        )
    if arguments.what == "gpu":
        gpu.require()
    spec = config.dataset_spec(arguments.dataset or "shapes")
    # Once and here: a contestant's process could not say well what is missing.
    terminal.load(RunConfig(dataset=spec), arguments)
    if arguments.what == "train":
        return train.measure(dataset=spec, data_dir=data_dir)
    if arguments.what == "recipe":
        return recipe.measure(dataset=spec, data_dir=data_dir)
    return gpu.measure(dataset=spec, data_dir=data_dir)


def _print_nested(figures: Figures, indent: str = "") -> None:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            print(f"{indent}{name}:")
            _print_nested(value, indent + "  ")
        else:
            print(f"{indent}{name}: {_written(value) if isinstance(value, float) else value}")


def _written(value: float) -> str:
    """With two digits that say something, whether it is a share of a thousand or thousands."""
    return f"{value:.2f}" if value == 0 or abs(value) >= 0.1 else f"{value:.2g}"
