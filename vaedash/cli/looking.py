"""What is known of images before anything learns from them: how many, what became of the files, and some of them."""

import argparse
import shlex
from collections import Counter
from typing import Any

from vaedash import config, datasets, images, places, storage, text
from vaedash.cli import parsing, terminal
from vaedash.config import FRAME_SETTINGS, SETTINGS, RunConfig
from vaedash.datasets import Dataset

_MOST_CLASSES = 10  # that are counted one by one


def add_to(commands: parsing.Commands) -> None:
    """Let the command line know this command."""
    looking = parsing.command(
        commands,
        "images",
        look,
        "what becomes of images, before anything learns from them",
        ["images my_photos.zip", "images cifar10 --out cifar10.png"],
    )
    looking.add_argument("dataset", metavar="DATASET", help=SETTINGS["dataset"].help)
    looking.add_argument(
        "--out",
        type=places.written,
        metavar="FILE",
        help=f"a PNG file for {config.PREVIEW_COUNT} of the training images, those that the page shows",
    )
    looking.add_argument(
        "--scale", type=parsing.bounded(1, 32), default=4, help="screen pixels a pixel (default: %(default)s)"
    )
    parsing.add_settings(looking, but=[name for name in SETTINGS if name not in FRAME_SETTINGS])
    parsing.add_data(looking)
    parsing.add_json(looking)


def look(arguments: argparse.Namespace) -> int:
    """Read the images, say what became of the files, and draw some."""
    spec = terminal.spec(arguments.dataset, arguments)
    if arguments.out:
        terminal.check_out(arguments, ".png")
    settings = RunConfig.build(dataset=spec, **{name: getattr(arguments, name) for name in FRAME_SETTINGS})
    dataset = terminal.load(settings, arguments)
    if arguments.out:
        chosen = images.spread(dataset.train, config.PREVIEW_COUNT)
        picture = images.grid(chosen, columns=8, scale=arguments.scale, gap=arguments.scale)
        storage.write_bytes(arguments.out, images.encode_png(picture))
    if arguments.json:
        terminal.print_json(_record(dataset) | {"out": str(arguments.out) if arguments.out else None})
        return terminal.DONE
    print(datasets.sizes(dataset))
    for note in dataset.notes:
        print(note)
    for name in sorted({key.partition("/")[2] for key in dataset.labels}):
        print(_labels(dataset, name))
    asked = {SETTINGS[name].flag: getattr(arguments, name) for name in FRAME_SETTINGS}
    flags = "".join(f" {flag} {value}" for flag, value in asked.items() if value is not None)
    learn = f"{places.command()} train --dataset {shlex.quote(arguments.dataset)}{flags}"
    print(f"Fingerprint: {dataset.fingerprint}. Learn from them: {learn}")
    if arguments.out:
        print(f"{arguments.out}: some of the training images.")
    return terminal.DONE


def _record(dataset: Dataset) -> dict[str, Any]:
    return {
        "dataset": dataset.name,
        "n_train": len(dataset.train),
        "n_test": len(dataset.test),
        "skipped": dataset.skipped,
        "notes": list(dataset.notes),
        "labels": sorted({key.partition("/")[2] for key in dataset.labels}),
        "names": {name: list(words) for name, words in dataset.names.items()},
        "fingerprint": dataset.fingerprint,
    }


def _labels(dataset: Dataset, name: str) -> str:
    """What is known of each image under a name: words with their counts, or from where to where it goes."""
    values = dataset.labels[f"train/{name}"]
    words = dataset.names.get(name)
    if words is None:
        return f"Known of each image: {name}, {values.min():.4g} to {values.max():.4g}."
    counts = Counter(values.tolist()).most_common()
    shown = [f"{text.visible(words[label]) if label >= 0 else 'none'} ({count:,})" for label, count in counts]
    rest = f" and {len(shown) - _MOST_CLASSES} more" if len(shown) > _MOST_CLASSES else ""
    return f"Known of each image: {name}, of which there are {len(words)}: {', '.join(shown[:_MOST_CLASSES])}{rest}."
