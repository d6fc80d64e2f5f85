"""The terminal that commands talk to: what was typed, as settings, runs and images; what is said, and where."""

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaedash import config, datasets, places, runs, text
from vaedash.comparing import results
from vaedash.config import RunConfig
from vaedash.errors import UsageError
from vaedash.measuring import same
from vaedash.runs import Run, examples
from vaedash.settings import Value
from vaedash.training import named, watching

if TYPE_CHECKING:
    from vaedash.models.vae import VAE

DONE, FAILED, WRONG_USAGE, CTRL_C = 0, 1, 2, 130  # exit codes


def settings(arguments: argparse.Namespace, **fixed: Value) -> RunConfig:
    """The settings that were typed, with some `fixed` by the command."""
    typed = {name: getattr(arguments, name, None) for name in config.SETTINGS}
    if typed["dataset"]:
        # Several runs are made from one command: it is asked for once.
        arguments.dataset = typed["dataset"] = spec(typed["dataset"], arguments)
    return RunConfig.build(**(typed | fixed))


def load(settings: RunConfig, arguments: argparse.Namespace) -> datasets.Dataset:
    """The images of a run with these settings, with a bar while they are read for the first time."""
    with watching.progress() as show:
        return datasets.load(
            settings.dataset,
            data_dir=data_dir(arguments),
            fraction=settings.fraction,
            frame=settings.frame,
            progress=show,
        )


def spec(typed: str, arguments: argparse.Namespace) -> str:
    """As `named.dataset`, with a bar of what is fetched."""
    with watching.progress() as show:
        return named.dataset(typed, data_dir=data_dir(arguments), progress=show, say=say)


def archs(typed: str, flag: str) -> list[str]:
    """Architectures by comma, each as `named.arch`."""
    return [named.arch(each) for each in listed(typed, flag)]


def images_of(run: Run, arguments: argparse.Namespace) -> datasets.Dataset:
    """The images of a run: where `--dataset` says that they are now, which is then kept with the run, or where they were.

    DatasetError where those there are not its own.
    """
    at = spec(arguments.dataset, arguments) if arguments.dataset else ""
    with watching.progress() as show:
        return same.images_of(run, data_dir=data_dir(arguments), at=at, progress=show)


def check_out(arguments: argparse.Namespace, *endings: str) -> None:
    """Before anything is computed, whether a file of such a name can be written."""
    places.require_writable(arguments.out, *endings, called="--out")


def record(run: Run) -> dict[str, Any]:
    """A run as one JSON object."""
    return {
        **results.result(run).as_row(),
        "sentence": run.sentence,
        "path": str(run.path),
        "config": run.settings.to_json() if run.settings else None,
        "facts": run.facts[-1] if run.facts else None,
    }


def find(arguments: argparse.Namespace, text: str) -> Run:
    """The run that `text` means (`runs.find`)."""
    return runs.find(runs_dir(arguments), text)


def find_all(arguments: argparse.Namespace) -> list[Run]:
    """The runs that were named, each once, in the order given."""
    return list({run.id: run for run in (find(arguments, text) for text in arguments.run)}.values())


def model(arguments: argparse.Namespace) -> tuple[Run, "VAE", int]:
    """The run that is meant, its model with the weights asked for, and the epoch these are of; loads torch."""
    from vaedash.runs import weights

    run = find(arguments, arguments.run)
    return run, *weights.load_model(run, which=arguments.weights)


def command_line(command: str, ids: str, arguments: argparse.Namespace) -> str:
    """What to type next, with the flags that said where things are."""
    folders = {"--runs-dir": arguments.runs_dir}
    if command in ("resume", "page"):
        folders["--data-dir"] = getattr(arguments, "data_dir", None)
    flags = "".join(f" {flag} {shlex.quote(folder)}" for flag, folder in folders.items() if folder)
    return f"{places.command()} {command} {ids}".rstrip() + flags


def runs_dir(arguments: argparse.Namespace) -> Path:
    """Where runs live; UsageError if that is a file."""
    folder = places.runs_dir(arguments.runs_dir)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"Runs need a folder, but {folder} is a file: give another with --runs-dir.")
    return folder


def bring_examples(arguments: argparse.Namespace) -> None:
    """Have the examples among the person's runs, where a command is about these and no folder was named."""
    if "runs_dir" in arguments and not arguments.runs_dir:
        examples.bring_along(say)


def data_dir(arguments: argparse.Namespace) -> Path:
    """Where downloads and caches live."""
    return places.data_dir(arguments.data_dir)


def listed(text: str, flag: str) -> list[str]:
    """The values between commas; UsageError if there are none, or one stands twice."""
    items = [item.strip() for item in text.split(",") if item.strip()]
    if not items or len(set(items)) < len(items):
        raise UsageError(f"--{flag} takes different values by comma, got {text!r}.")
    return items


def say(sentence: str) -> None:
    """To the person: stdout belongs to results."""
    print(text.visible(sentence), file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """The one document on stdout."""
    print(json.dumps(value, indent=1, allow_nan=False))
