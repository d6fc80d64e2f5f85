"""Runs as files of other tools: TensorBoard's, weights with a card, graphs."""

import argparse
import shlex
from collections.abc import Callable
from pathlib import Path

from vaedash import places
from vaedash.cli import parsing, terminal
from vaedash.errors import UsageError
from vaedash.runs import Run


def add_to(commands: parsing.Commands) -> None:
    """Let the command line know this command."""
    exporting = parsing.command(
        commands,
        "export",
        export,
        "write runs as other tools' files: event files for TensorBoard, weights with a card, graphs for ONNX",
        [
            "export tensorboard latest:fc latest:conv",
            "export safetensors p2xhuw --out ~/models",
            "export safetensors p2xhuw --push owner/vae-on-cifar10 --licence mit",
            "export onnx n88far p2xhuw",
        ],
    )
    exporting.add_argument(
        "what",
        metavar="WHAT",
        choices=tuple(_WRITERS),
        help="tensorboard: its event files; safetensors: weights, with a card that says what they are; onnx: encoder and decoder as "
        "graphs, held against torch",
    )
    exporting.add_argument("run", nargs="+", metavar="RUN", help=parsing.RUN)
    exporting.add_argument(
        "--out",
        type=places.written,
        metavar="DIR",
        help="gets a folder for each run, named by its id; what an earlier export of a run left there is replaced (default: a folder "
        "called as WHAT)",
    )
    exporting.add_argument(
        "--push",
        metavar="OWNER/NAME",
        help="put the weights and their card into this repository of the Hugging Face Hub too; a new one is private",
    )
    exporting.add_argument(
        "--licence",
        default="",
        metavar="ID",
        help="under which the weights are handed on, as the Hub calls it; the card says nothing where you do not know",
    )
    parsing.add_places(exporting)
    parsing.add_json(exporting)


def export(arguments: argparse.Namespace) -> int:
    """Runs as another tool's files."""
    out = arguments.out = arguments.out or Path(arguments.what)
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out must be a folder, but {out} is a file.")
    if arguments.what != "safetensors" and (arguments.push or arguments.licence):
        raise UsageError(f"--push and --licence are for safetensors, got {arguments.what}: leave them out.")
    chosen = terminal.find_all(arguments)
    if any((out / run.id).resolve() == run.path.resolve() for run in chosen):
        raise UsageError(f"--out must be another folder than {out}, which holds the runs themselves.")
    return _WRITERS[arguments.what](arguments, chosen)


def _tensorboard(arguments: argparse.Namespace, chosen: list[Run]) -> int:
    from vaedash.showing import tensorboard

    tensorboard.to_tensorboard(chosen, out=arguments.out)
    if arguments.json:
        terminal.print_json({"runs": [run.id for run in chosen], "out": str(arguments.out)})
    else:
        # By itself TensorBoard keeps ten pictures of each kind.
        see = f"tensorboard --logdir {shlex.quote(str(arguments.out))} --samples_per_plugin images=1000"
        print(f"{arguments.out}: {', '.join(f'{run.id} ({run.name})' for run in chosen)}. See it: {see}")
    return terminal.DONE


def _safetensors(arguments: argparse.Namespace, chosen: list[Run]) -> int:
    from vaedash.models import hub
    from vaedash.showing import cards, exports

    cards.require_licence(arguments.licence)
    if arguments.push:
        if len(chosen) > 1:
            raise UsageError(f"--push takes one run, since a repository holds one model; got {len(chosen)}.")
        hub.require_ready(arguments.push)
    written = [
        exports.weights(run, out=arguments.out, licence=arguments.licence, at=arguments.push or "") for run in chosen
    ]
    address = ""
    for one in written if arguments.push else ():
        address = hub.push(one.folder, one.files, arguments.push, message=f"{one.run.name} ({one.run.id}), by vaedash")
    if arguments.json:
        terminal.print_json(
            {"runs": [run.id for run in chosen], "out": str(arguments.out), "files": list(written[0].files)}
            | ({"address": address} if address else {})
        )
        return terminal.DONE
    for one in written:
        print(f"{one.folder}: {', '.join(one.files)}. In Python: vaedash.load({str(one.folder)!r})")
    if address:
        print(
            f"{address} has them. A repository that was made just now is private; its settings on the Hub make it public."
        )
    return terminal.DONE


def _onnx(arguments: argparse.Namespace, chosen: list[Run]) -> int:
    from vaedash.showing import exports

    written = [exports.graphs(run, out=arguments.out, say=terminal.say) for run in chosen]
    if arguments.json:
        terminal.print_json(
            {
                "runs": [run.id for run in chosen],
                "out": str(arguments.out),
                "apart": {one.run.id: dict(one.apart) for one in written},
            }
        )
        return terminal.DONE
    for one in written:
        apart = ", ".join(f"{part} {most:.1g}" for part, most in one.apart.items())
        print(f"{one.folder}: {', '.join(one.files)}. Largest difference from torch: {apart}.")
    return terminal.DONE


_WRITERS: dict[str, Callable[[argparse.Namespace, list[Run]], int]] = {
    "tensorboard": _tensorboard,
    "safetensors": _safetensors,
    "onnx": _onnx,
}
