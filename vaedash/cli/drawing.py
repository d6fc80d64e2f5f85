"""What a trained run can draw: grids, reconstructions, paths, and a report on several; these load torch."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from vaedash import config, datasets, languages, places, storage
from vaedash.cli import parsing, terminal
from vaedash.comparing import intervals, verdict
from vaedash.datasets import labels
from vaedash.errors import UsageError
from vaedash.measuring import directions
from vaedash.measuring.directions import Along, Direction
from vaedash.runs import Run
from vaedash.showing import tables


def add_to(commands: parsing.Commands) -> None:
    """Let the command line know these commands."""
    generating = parsing.command(
        commands, "generate", generate, "draw prior samples", ["generate latest:conv --n 64 --seed 1 --out grid.png"]
    )
    generating.add_argument(
        "--n", type=parsing.bounded(1, config.MOST_MADE_UP), default=64, help="how many (default: %(default)s)"
    )
    generating.add_argument(
        "--seed", type=parsing.bounded(0, 2**31 - 1), default=config.SAMPLE_SEED, help="of z (default: %(default)s)"
    )
    generating.add_argument(
        "--temperature",
        type=parsing.bounded(0.0, config.HOTTEST),
        default=1.0,
        help="standard deviation of z (default: %(default)s)",
    )
    reconstructing = parsing.command(
        commands,
        "reconstruct",
        reconstruct,
        "test images above their reconstructions",
        ["reconstruct latest:fc --n 16"],
    )
    reconstructing.add_argument(
        "--n",
        type=parsing.bounded(1, config.MOST_REDRAWN),
        default=16,
        help="how many test images (default: %(default)s)",
    )
    interpolating = parsing.command(
        commands,
        "interpolate",
        interpolate,
        "morph one picture into another",
        [
            "interpolate latest:conv --from random:1 --to random:2",
            "interpolate latest --from test:3 --to me.jpg --out morph.gif",
        ],
    )
    interpolating.add_argument(
        "--steps",
        type=parsing.bounded(2, config.MOST_STEPS),
        default=10,
        help="frames, ends included (default: %(default)s)",
    )
    ends = "random:SEED, test:INDEX or an image file (default: %(default)s)"
    interpolating.add_argument("--from", dest="start", metavar="POINT", default="random:1", help=ends)
    interpolating.add_argument("--to", dest="end", metavar="POINT", default="random:2", help=ends)
    interpolating.add_argument("--method", choices=("linear", "slerp"), default="linear", help="(default: %(default)s)")
    for parser in (reconstructing, interpolating):
        parsing.add_moved(parser)
    for parser, out in ((generating, "grid.png"), (reconstructing, "recon.png"), (interpolating, "strip.png")):
        parser.add_argument(
            "--out", type=places.written, default=Path(out), metavar="FILE", help="(default: %(default)s)"
        )
        parser.add_argument(
            "--scale", type=parsing.bounded(1, 32), default=4, help="screen pixels a pixel (default: %(default)s)"
        )
        parsing.add_trained_run(parser)
    _add_directions(commands)
    reporting = parsing.command(
        commands,
        "report",
        report,
        "curves, pictures, morph and settings of runs as one HTML file",
        ["report latest:fc latest:conv", "report k3f7qa m2x9pd --out report.html"],
    )
    reporting.add_argument("run", nargs="+", metavar="RUN", help=parsing.RUN)
    reporting.add_argument(
        "--out", type=places.written, default=Path("report.html"), metavar="FILE", help="(default: %(default)s)"
    )
    parsing.add_language(reporting)
    parsing.add_places(reporting)
    parsing.add_json(reporting)


def _add_directions(commands: parsing.Commands) -> None:
    leading = parsing.command(
        commands,
        "directions",
        lead,
        "a test image moved towards a class, an attribute or more of a factor, and what else moves along",
        [
            "directions latest:fc latest:conv --label size",
            "directions latest --label shape=ring --test 8 --out ring.png",
        ],
    )
    leading.add_argument("run", nargs="+", metavar="RUN", help=parsing.RUN)
    leading.add_argument(
        "--label",
        required=True,
        metavar="NAME[=VALUE]",
        help="what is known of the images: a label, for all directions that it has, or a value of it, for one",
    )
    leading.add_argument(
        "--test",
        type=parsing.bounded(0, 2**31 - 1),
        default=0,
        metavar="INDEX",
        help="which test image (default: %(default)s)",
    )
    leading.add_argument(
        "--steps", type=parsing.bounded(3, 101), default=9, help="images in a row (default: %(default)s)"
    )
    leading.add_argument(
        "--out", type=places.written, default=Path("directions.png"), metavar="FILE", help="(default: %(default)s)"
    )
    leading.add_argument(
        "--scale", type=parsing.bounded(1, 32), default=4, help="screen pixels a pixel (default: %(default)s)"
    )
    parsing.add_moved(leading)
    parsing.add_places(leading, data=True)
    parsing.add_json(leading)


def generate(arguments: argparse.Namespace) -> int:
    """A grid of prior samples."""
    from vaedash.models import latent

    terminal.check_out(arguments, ".png")
    run, model, epoch = terminal.model(arguments)
    z = latent.prior(arguments.n, run.config.latent_dim, seed=arguments.seed, temperature=arguments.temperature)
    _save_grid(latent.decode(model, z), arguments, columns=max(1, round(arguments.n**0.5)))
    what = f"{arguments.n} prior samples of {run.id} ({run.name}), weights of epoch {epoch}, seed {arguments.seed}"
    return _finish(arguments, what, {"run": run.id, "epoch": epoch, "n": arguments.n, "seed": arguments.seed})


def reconstruct(arguments: argparse.Namespace) -> int:
    """Held-out images, and below each what the model keeps of it."""
    from vaedash import images
    from vaedash.models import latent

    terminal.check_out(arguments, ".png")
    run, model, epoch = terminal.model(arguments)
    dataset = terminal.images_of(run, arguments)
    originals = np.array(dataset.test[datasets.shown(run.config.dataset, len(dataset.test), arguments.n)])
    pictures = latent.reconstruct(model, originals)
    columns = min(8, len(originals))
    _save_grid(images.in_turn([originals, pictures], columns=columns), arguments, columns=columns)
    what = f"{len(originals)} test images of {dataset.name} above their reconstructions by {run.id}, weights of epoch {epoch}"
    return _finish(arguments, what, {"run": run.id, "epoch": epoch, "n": len(originals)})


def interpolate(arguments: argparse.Namespace) -> int:
    """A path between two points in latent space, as a strip or an animation."""
    from vaedash import images
    from vaedash.models import latent, points

    terminal.check_out(arguments, ".png", ".gif")
    run, model, epoch = terminal.model(arguments)

    def test() -> images.Pixels:
        return terminal.images_of(run, arguments).test

    start, end = (
        points.named(words, model, frame=run.config.frame, test=test) for words in (arguments.start, arguments.end)
    )
    exactly = latent.decode_exactly(model, latent.path(start, end, steps=arguments.steps, method=arguments.method))
    frames, sizes = latent.to_uint8(exactly), latent.step_sizes(exactly)
    if arguments.out.suffix.lower() == ".gif":
        pictures = [images.grid(frame[None], columns=1, scale=arguments.scale * 2) for frame in frames]
        storage.write_bytes(arguments.out, images.there_and_back(pictures, seconds=4.0))
    else:
        _save_grid(frames, arguments, columns=arguments.steps)
    what = (
        f"{arguments.steps} steps from {arguments.start} to {arguments.end} ({arguments.method}) through {run.id}, "
        f"epoch {epoch}; each step changes the picture by {min(sizes):.1f} to {max(sizes):.1f} grey levels"
    )
    return _finish(arguments, what, {"run": run.id, "epoch": epoch, "step_sizes": sizes})


def lead(arguments: argparse.Namespace) -> int:
    """A row of images for each run and direction: the test image, then on its way from less to more."""
    from vaedash import images

    terminal.check_out(arguments, ".png")
    rows, records = [], []
    for run in terminal.find_all(arguments):
        for original, frames, direction in _led(run, arguments):
            rows.append(np.concatenate([original[None], frames]))
            records += [_row(run, direction, along) for along in (direction.own, *direction.along)]
    _save_grid(np.concatenate(images.of_one_size(rows)), arguments, columns=arguments.steps + 1)
    if not arguments.json:
        print(tables.text_table(records, _COLUMNS), end="\n\n")
    what = (
        f"test image {arguments.test}, then from {directions.REACH:g} steps less to as many more; share and the 95% interval "
        "around it are percent of the way from images that lack a trait to those that have it, in one step"
    )
    return _finish(arguments, what, {"test": arguments.test, "along": records})


_COLUMNS = {
    "run": "run",
    "direction": "direction",
    "towards": "towards",
    "share": "share",
    "low": "from",
    "high": "to",
    "about": "",
}


def _led(run: Run, arguments: argparse.Namespace) -> Iterator[tuple[np.ndarray, np.ndarray, Direction]]:
    """For each direction that was asked for: the test image, and what the run draws of it on its way."""
    import torch

    from vaedash.models import latent
    from vaedash.runs import weights

    dataset = terminal.images_of(run, arguments)
    known = labels.of_test(dataset, run.images_at)
    wanted = {trait.name for trait in labels.asked(known, arguments.label)}
    if not 0 <= arguments.test < len(dataset.test):
        raise UsageError(f"--test must be between 0 and {len(dataset.test) - 1}, got {arguments.test}.")
    model, _ = weights.load_model(run)
    numbers = directions.sample(len(dataset.test))
    mu = latent.encode(model, dataset.test[numbers])[0].numpy()
    traits = [trait.among(numbers) for label in known for trait in label.traits()]
    made = directions.measured(mu, traits, fewest=intervals.FEWEST)
    if wanted.isdisjoint(direction.trait.name for direction in made):
        raise UsageError(
            f"Too few of the test images of {dataset.name} have {arguments.label}, or lack it: {intervals.FEWEST} of either half are "
            "needed. Give another --label."
        )
    original = dataset.test[arguments.test]
    start = latent.encode(model, original[None])[0][0].numpy()
    for direction in made:
        if direction.trait.name in wanted:
            z = torch.from_numpy(directions.way(start, direction.step, points=arguments.steps)).float()
            yield original, latent.decode(model, z), direction


def _row(run: Run, direction: Direction, along: Along) -> dict[str, Any]:
    figures = dict.fromkeys(("share", "low", "high"))
    if not along.few:
        figures = {"share": 100 * along.share, "low": 100 * along.low, "high": 100 * along.high}
    about = "too few images" if along.few else "" if along.certain else "may be nothing"
    return {"run": run.id, "direction": direction.trait.name, "towards": along.trait.name, **figures, "about": about}


def report(arguments: argparse.Namespace) -> int:
    """A comparison as one HTML file."""
    from vaedash.showing import report as reporting

    terminal.check_out(arguments, ".html", ".htm")
    chosen = terminal.find_all(arguments)
    with languages.spoken(arguments.language):
        storage.write_bytes(arguments.out, reporting.page(chosen).encode())
    what = f"a report on {', '.join(f'{run.id} ({run.name})' for run in chosen)}; it opens in any browser"
    return _finish(arguments, what, {"runs": [run.id for run in chosen], "verdict": verdict.sentence(chosen)})


def _save_grid(tiles: np.ndarray, arguments: argparse.Namespace, *, columns: int) -> None:
    from vaedash import images

    picture = images.grid(tiles, columns=columns, scale=arguments.scale, gap=arguments.scale)
    storage.write_bytes(arguments.out, images.encode_png(picture))


def _finish(arguments: argparse.Namespace, what: str, record: dict[str, Any]) -> int:
    if arguments.json:
        terminal.print_json(record | {"out": str(arguments.out)})
    else:
        print(f"{arguments.out}: {what}.")
    return terminal.DONE
