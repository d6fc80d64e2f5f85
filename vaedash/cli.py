"""The command line: the same engine and the same runs as the page, for terminals and scripts."""

import argparse
import contextlib
import dataclasses
import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from vaedash import compare, config, datasets, launch, runs, storage
from vaedash.config import PRESETS, STUDY, RunConfig
from vaedash.errors import UsageError, VaedashError
from vaedash.runs import Run

DONE, FAILED, WRONG_USAGE, CTRL_C = 0, 1, 2, 130
_RUN = "an id, the beginning of one, a display name, latest or latest:conv"
_LOOK = 0.5  # seconds between two looks at runs in progress


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 a failed run, 2 wrong usage, 130 stopped by Ctrl-C."""
    try:
        arguments = _parser().parse_args(argv)
        code = arguments.command(arguments)
        sys.stdout.flush()  # so that a reader who has gone is noticed here, not when the interpreter ends
        return code
    except UsageError as error:
        _say(f"vaedash: {error}")
        return WRONG_USAGE
    except VaedashError as error:
        _say(f"vaedash: {error}")
        return FAILED
    except KeyboardInterrupt:
        _say("vaedash: stopped.")
        return CTRL_C
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:  # a folder that may not be written, a full disk
        if error.filename is None:
            raise
        _say(f"vaedash: {error.filename}: {error.strerror}.")
        return FAILED


# ---- train, sweep, resume: in the foreground until all their runs have ended ----------------------------


def train(arguments: argparse.Namespace) -> int:
    """One run for each architecture."""
    archs = _listed(arguments.arch, "arch")
    return _launch([_settings(arguments, arch=arch) for arch in archs], arguments)


def sweep(arguments: argparse.Namespace) -> int:
    """Every combination of presets, architectures and seeds."""
    presets, archs = _listed(arguments.presets, "presets"), _listed(arguments.archs, "archs")
    seeds = [_whole(seed, "seeds") for seed in _listed(arguments.seeds, "seeds")]
    settings = [
        _settings(arguments, preset=preset, arch=arch, seed=seed)
        for preset in presets
        for seed in seeds
        for arch in archs
    ]
    return _launch(settings, arguments)


def resume(arguments: argparse.Namespace) -> int:
    """Go on with runs that were stopped, interrupted or failed."""
    found = list({run.id: run for run in (_find(arguments, text) for text in arguments.run)}.values())
    for run in found:
        launch.require_resumable(run)
    with _stopping_on_ctrl_c(found, arguments):
        launch.start([run.path for run in found], data_dir=_data_dir(arguments))
        return _watch(found, arguments)


def _launch(settings: list[RunConfig], arguments: argparse.Namespace) -> int:
    # The images are read here, in the foreground, so that whatever is missing is said before any run exists.
    for spec, fraction in {(one.dataset, one.fraction): None for one in settings}:
        _say(_describe(_load(spec, fraction, arguments)))
    started = launch.new_runs(_runs_dir(arguments), settings, name=arguments.name)
    with _stopping_on_ctrl_c(started, arguments):
        launch.start([run.path for run in started], data_dir=_data_dir(arguments))
        return _watch(started, arguments)


@contextlib.contextmanager
def _stopping_on_ctrl_c(watched: Sequence[Run], arguments: argparse.Namespace) -> Iterator[None]:
    """Ctrl-C asks the runs to stop and waits until they have; a second one leaves them to it."""
    try:
        yield
    except KeyboardInterrupt:
        for run in watched:
            if runs.read(run.path).active:
                runs.request_stop(run.path)
        _say("Stopping after the current batch; finished epochs are kept.")
        while any(runs.read(run.path).active for run in watched):
            time.sleep(_LOOK / 5)
        ids = " ".join(run.id for run in watched if runs.read(run.path).status in runs.RESUMABLE)
        _say(f"Go on with: {_command_line('resume', ids, arguments)}" if ids else "They had ended already.")
        raise


def _watch(watched: Sequence[Run], arguments: argparse.Namespace) -> int:
    """Show progress until all have ended, then the table and the verdict. The exit code says whether one failed."""
    display = _Bars(watched) if sys.stderr.isatty() else _Lines()
    current = list(watched)
    while True:
        current = [runs.read(run.path) for run in watched]
        display.show(current)
        if not any(run.active for run in current):
            break
        time.sleep(_LOOK)
    display.close()
    for run in current:
        if run.status in ("failed", "diverged", runs.INTERRUPTED, runs.DAMAGED):
            _say(f"{run.id} {run.name}: {run.status}. {run.sentence}")
    if arguments.json:
        _print_json({"runs": [_record(run) for run in current], "verdict": compare.verdict(current)})
    else:
        print(compare.text_table([compare.result(run) for run in current], compare.STUDY_COLUMNS))
        if len(current) > 1:
            print(f"\n{compare.verdict(current)}")
        print(f"\nSee it: streamlit run streamlit_app.py   (runs are in {_runs_dir(arguments)})")
    return DONE if all(run.status in ("finished", "early-stopped", "stopped") for run in current) else FAILED


class _Lines:
    """Progress where nobody looks at a terminal: one line for each finished epoch."""

    def __init__(self) -> None:
        self._shown: dict[str, int] = {}
        self._status: dict[str, str] = {}

    def show(self, current: Sequence[Run]) -> None:
        for run in current:
            if self._status.get(run.id) != run.status:
                self._status[run.id] = run.status
                _say(f"{run.id} {run.name}: {run.status}")
            for row in run.epochs[self._shown.get(run.id, 0) :]:
                _say(f"{run.id} {run.name}: {_epoch_words(run, row)}")
            self._shown[run.id] = len(run.epochs)

    def close(self) -> None:
        pass


class _Bars:
    """Progress in a terminal: one bar a run, from its progress.json."""

    def __init__(self, watched: Sequence[Run]) -> None:
        from tqdm import tqdm

        layout = "{desc} {bar:24} {postfix}"
        self._bars = {
            run.id: tqdm(total=1, position=position, bar_format=layout, desc=f"{run.id} {run.name}", leave=True)
            for position, run in enumerate(watched)
        }

    def show(self, current: Sequence[Run]) -> None:
        for run in current:
            bar, progress = self._bars[run.id], run.progress or {}
            bar.total = progress.get("of") or 1
            bar.n = progress.get("seen", progress.get("done", 0)) if run.active else bar.total
            bar.set_postfix_str(_progress_words(run, progress), refresh=True)

    def close(self) -> None:
        for bar in self._bars.values():
            bar.close()


def _progress_words(run: Run, progress: dict[str, Any]) -> str:
    if not run.active:
        return f"{run.status}, {_epoch_words(run, run.epochs[-1])}" if run.epochs else run.status
    if run.status == runs.QUEUED:
        return "queued"
    # Before the first step there is no loss yet, and while a run diverges none that is a number.
    if any(progress.get(key) is None for key in ("epoch", "epochs", "images_per_second", "loss", "eta_seconds")):
        return progress.get("phase", "starting")
    test = f", test {run.epochs[-1]['test_loss']:.1f}" if run.epochs else ""
    return (
        f"epoch {progress['epoch']}/{progress['epochs']} {progress['images_per_second']:,.0f} images/s, "
        f"loss {progress['loss']:.1f}{test}, at most {_duration(progress['eta_seconds'])} left"
    )


def _epoch_words(run: Run, row: dict[str, Any]) -> str:
    losses = [f"{split} {_number(row[f'{split}_loss'])}" for split in ("train", "test")]
    return f"epoch {row['epoch']}/{run.config.epochs}, {', '.join(losses)}, {row.get('images_per_second') or 0:,.0f} images/s"


# ---- looking at runs, stopping them, putting them aside -------------------------------------------------


def list_runs(arguments: argparse.Namespace) -> int:
    """All runs, newest first."""
    found = runs.list_runs(_runs_dir(arguments), archived=arguments.archived)
    if arguments.json:
        _print_json([_record(run) for run in found])
    elif not found:
        print(f"No runs in {_runs_dir(arguments)} yet. Start one: python -m vaedash train")
    else:
        columns = {"run": "run", "name": "name", "status": "status", "epochs": "epochs", "test_loss": "test loss"}
        print(compare.text_table([compare.result(run) for run in found], columns))
    return DONE


def show(arguments: argparse.Namespace) -> int:
    """One run: settings, what was found, losses."""
    run = _find(arguments, arguments.run)
    if arguments.json:
        _print_json(_record(run) | {"metrics": list(run.epochs)})
        return DONE
    print(f"{run.id}  {run.name}  {run.status}\n{run.sentence}\n")
    for title, record in (("settings", run.config and run.config.to_json()), ("found", run.facts and run.facts[-1])):
        print(f"{title}:")
        for key, value in (record or {}).items():
            print(runs.visible(f"  {key:20} {value}"))
    if run.epochs:
        columns = {key: key.replace("_", " ") for key in run.epochs[-1]}
        print("\n" + compare.text_table(run.epochs, columns))
    return DONE


def stop(arguments: argparse.Namespace) -> int:
    """Ask a run to end after its current batch."""
    run = _find(arguments, arguments.run)
    if not run.active:
        raise UsageError(f"Run {run.id} is {run.status}: there is nothing to stop.")
    runs.request_stop(run.path)
    print(
        f"Asked {run.id} to stop; it keeps its finished epochs. Go on with: {_command_line('resume', run.id, arguments)}"
    )
    return DONE


def archive(arguments: argparse.Namespace) -> int:
    """Put a run aside, or delete it for ever."""
    run = _find(arguments, arguments.run)
    if run.active:
        raise UsageError(f"Run {run.id} is {run.status}; stop it first: {_command_line('stop', run.id, arguments)}")
    if arguments.forever:
        runs.delete(run.path)
        print(f"Deleted {run.id} and all its files.")
    else:
        runs.write_notes(run.path, archived=True)
        print(f"Archived {run.id}; nothing is deleted. Bring it back: {_command_line('restore', run.id, arguments)}")
    return DONE


def restore(arguments: argparse.Namespace) -> int:
    """Bring an archived run back."""
    run = _find(arguments, arguments.run)
    if not run.archived:
        raise UsageError(f"Run {run.id} is not archived. There is nothing to restore.")
    runs.write_notes(run.path, archived=False)
    print(f"Restored {run.id}.")
    return DONE


# ---- pictures and figures from a trained run; these load torch ------------------------------------------


def generate(arguments: argparse.Namespace) -> int:
    """A grid of prior samples."""
    from vaedash import latent

    _check_out(arguments, ".png")
    run, model, epoch = _model(arguments)
    z = latent.prior(arguments.n, run.config.latent_dim, seed=arguments.seed, temperature=arguments.temperature)
    _save_grid(latent.decode(model, z), arguments, columns=max(1, round(arguments.n**0.5)))
    what = f"{arguments.n} prior samples of {run.id} ({run.name}), weights of epoch {epoch}, seed {arguments.seed}"
    return _finish(arguments, what, {"run": run.id, "epoch": epoch, "n": arguments.n, "seed": arguments.seed})


def reconstruct(arguments: argparse.Namespace) -> int:
    """Held-out images, and below each what the model keeps of it."""
    import numpy as np

    from vaedash import latent

    _check_out(arguments, ".png")
    run, model, epoch = _model(arguments)
    dataset = _load(run.config.dataset, run.config.fraction, arguments)
    originals = np.array(dataset.test[: arguments.n])
    pictures = latent.reconstruct(model, originals)
    columns = min(8, len(originals))
    rows = [
        part
        for start in range(0, len(originals), columns)
        for part in _padded_rows(originals, pictures, start, columns)
    ]
    _save_grid(np.concatenate(rows), arguments, columns=columns)
    what = f"{len(originals)} test images of {dataset.name} above their reconstructions by {run.id}, weights of epoch {epoch}"
    return _finish(arguments, what, {"run": run.id, "epoch": epoch, "n": len(originals)})


def interpolate(arguments: argparse.Namespace) -> int:
    """A path between two points in latent space, as a strip or an animation."""
    import numpy as np

    from vaedash import images, latent

    _check_out(arguments, ".png", ".gif")
    run, model, epoch = _model(arguments)
    start, end = (_end_point(text, run, model, arguments) for text in (arguments.start, arguments.end))
    frames = latent.decode(model, latent.path(start, end, steps=arguments.steps, method=arguments.method))
    sizes = latent.step_sizes(frames)
    if arguments.out.suffix.lower() == ".gif":
        there_and_back = np.concatenate([frames, frames[-2:0:-1]])
        pictures = [images.grid(frame[None], columns=1, scale=arguments.scale * 2) for frame in there_and_back]
        storage.write_bytes(arguments.out, images.encode_gif(pictures, seconds=4.0))
    else:
        _save_grid(frames, arguments, columns=arguments.steps)
    what = (
        f"{arguments.steps} steps from {arguments.start} to {arguments.end} ({arguments.method}) through {run.id}, "
        f"epoch {epoch}; each step changes the picture by {min(sizes):.1f} to {max(sizes):.1f} grey levels"
    )
    return _finish(arguments, what, {"run": run.id, "epoch": epoch, "step_sizes": sizes})


def evaluate(arguments: argparse.Namespace) -> int:
    """The held-out loss of the kept weights, and how many latents say anything."""
    from vaedash import aftermath, analysis, hardware, models
    from vaedash import train as training

    run, model, epoch = _model(arguments)
    dataset = _load(run.config.dataset, run.config.fraction, arguments)
    if dataset.fingerprint != run.dataset.get("fingerprint"):
        raise VaedashError(
            f"The images of {dataset.name} are not those run {run.id} was trained on: figures would not be comparable."
        )
    machine, difference = hardware.as_recorded(run.facts[0], run.config)
    machine.apply()
    kl = analysis.kl_by_latent(model, dataset.test)
    layout = models.memory_format(run.config.arch)
    held_out = training.HeldOut.of(dataset.test, run.config.latent_dim, machine.device, layout)
    # As the run measures itself: on its device, in its precision.
    means = training.evaluate(model.to(machine.device, machine.dtype), held_out, beta=run.config.beta)
    line = aftermath.measure(run, data_dir=config.data_dir(arguments.data_dir))["pca"]
    record = {
        "run": run.id,
        "weights": arguments.weights,
        "epoch": epoch,
        "dataset": dataset.name,
        "n_test": len(dataset.test),
        **{f"test_{term}": means[term] for term in ("loss", "recon", "kl")},
        "active_units": analysis.active_units(kl),
        "latent_dim": run.config.latent_dim,
        "pca": line,
        "note": difference,
    }
    if arguments.json:
        _print_json(record)
    else:
        print(
            f"{run.id} {run.name}, {arguments.weights} weights (epoch {epoch}), {len(dataset.test):,} test images of "
            f"{dataset.name}:\n  loss {means['loss']:.2f} = recon {means['recon']:.2f} + {run.config.beta:g} * kl "
            f"{means['kl']:.2f} nats per image\n  {record['active_units']} of {run.config.latent_dim} latents active "
            f"(mean KL over the test images above {analysis.ACTIVE_KL} nats)"
        )
        if line:
            print(
                f"  the best linear VAE (PCA) has {line['test']['loss']:.2f} = {line['test']['recon']:.2f} + "
                f"{run.config.beta:g} * {line['test']['kl']:.2f} on them, with {line['test']['directions']} directions"
            )
        if difference:
            print(f"  {difference}")
    return DONE


def report(arguments: argparse.Namespace) -> int:
    """A comparison as one HTML file."""
    from vaedash import report as reporting

    _check_out(arguments, ".html", ".htm")
    chosen = list({run.id: run for run in (_find(arguments, text) for text in arguments.run)}.values())
    storage.write_bytes(arguments.out, reporting.page(chosen).encode())
    what = f"a report on {', '.join(f'{run.id} ({run.name})' for run in chosen)}; it opens in any browser"
    return _finish(arguments, what, {"runs": [run.id for run in chosen], "verdict": compare.verdict(chosen)})


def bench(arguments: argparse.Namespace) -> int:
    """Figures of speed on this machine."""
    if arguments.what == "ui":
        from vaedash.bench import ui

        results = ui.measure(runs_dir=arguments.runs_dir and _runs_dir(arguments))
    elif arguments.what == "load":
        from vaedash.bench import load

        results = load.measure(data_dir=config.data_dir(arguments.data_dir))
    else:
        from vaedash.bench import train as training

        measure = training.measure if arguments.what == "train" else training.recipe
        spec = config.dataset_spec(arguments.dataset or "shapes")
        _load(spec, 1.0, arguments)  # once and here: a contestant's process could not say well what is missing
        results = measure(dataset=spec, data_dir=config.data_dir(arguments.data_dir))
    if arguments.json:
        _print_json(results)
    else:
        _print_nested(results)
    return DONE


def doctor(arguments: argparse.Namespace) -> int:
    """Every damage on disk, and what to do about it."""
    from vaedash import doctor as surgery

    places = _runs_dir(arguments), _data_dir(arguments)
    found, mended = surgery.examine(*places), []
    for _ in range(3 if arguments.fix else 0):  # what a damage hid shows once it is mended
        if mendable := surgery.mend(found):
            mended += mendable
            found = surgery.examine(*places)
    if arguments.json:
        said = {"mended": mended, "found": found}
        _print_json({key: [_finding_record(one) for one in findings] for key, findings in said.items()})
        return FAILED if found else DONE
    for one in mended:
        print(runs.visible(f"{one.where}: mended. {one.sentence}"))
    for one in found:
        print(runs.visible(f"{one.where}: {one.sentence} {one.remedy}"))
    count = len(runs.paths(places[0]))
    mendable = sum(one.mend is not None for one in found)
    print(
        f"{count} run{'s' * (count != 1)} in {places[0]}: "
        + (f"{len(found)} found" if found else "all sound")
        + (f"; --fix mends {mendable} of them and loses nothing." if mendable else ".")
    )
    return FAILED if found else DONE


def _finding_record(finding: Any) -> dict[str, Any]:
    record = {key: getattr(finding, key) for key in ("kind", "where", "sentence", "remedy")}
    return record | {"mendable": finding.mend is not None}


def _print_nested(record: Mapping[str, Any], indent: str = "") -> None:
    for name, value in record.items():
        if isinstance(value, Mapping):
            print(f"{indent}{name}:")
            _print_nested(value, indent + "  ")
        else:
            print(f"{indent}{name}: {f'{value:.2f}' if isinstance(value, float) else value}")


def _model(arguments: argparse.Namespace) -> tuple[Run, Any, int]:
    from vaedash import checkpoints

    run = _find(arguments, arguments.run)
    return run, *checkpoints.load_model(run, which=arguments.weights)


def _padded_rows(originals: Any, pictures: Any, start: int, columns: int) -> Iterator[Any]:
    import numpy as np

    for tiles in (originals, pictures):
        row = tiles[start : start + columns]
        yield np.concatenate([row, np.full((columns - len(row), *row.shape[1:]), 255, np.uint8)])


def _end_point(text: str, run: Run, model: Any, arguments: argparse.Namespace) -> Any:
    """z of an end point: `random:SEED`, `test:INDEX`, or an image file (encoded to its mu)."""
    from vaedash import latent

    kind, _, rest = text.partition(":")
    if kind == "random" and rest:
        seed = _whole(rest, "random:SEED")
        if not 0 <= seed < 2**31:
            raise UsageError(f"random:SEED must be between 0 and {2**31 - 1}, got {seed}.")
        return latent.prior(1, run.config.latent_dim, seed=seed)[0]
    if kind == "test" and rest:
        dataset = _load(run.config.dataset, run.config.fraction, arguments)
        index = _whole(rest, "test:INDEX")
        if not 0 <= index < len(dataset.test):
            raise UsageError(f"test:INDEX must be between 0 and {len(dataset.test) - 1}, got {index}.")
        image = dataset.test[index]
    else:
        if not Path(text).is_file():
            raise UsageError(f"An end point is random:SEED, test:INDEX or an image file; {text!r} is none of them.")
        from vaedash.datasets.decode import decode

        image = decode(Path(text).read_bytes())
        if image is None:
            raise UsageError(f"{text} is not an image that can be read. Give a JPEG, PNG or WebP file.")
    return latent.encode(model, image[None])[0][0]


def _check_out(arguments: argparse.Namespace, *endings: str) -> None:
    """Before anything is computed."""
    if arguments.out.suffix.lower() not in endings:
        raise UsageError(f"--out must end in {' or '.join(endings)}, got {arguments.out.name}.")
    if not arguments.out.parent.is_dir():
        raise UsageError(f"There is no folder {arguments.out.parent} to write {arguments.out.name} into.")


def _save_grid(tiles: Any, arguments: argparse.Namespace, *, columns: int) -> None:
    from vaedash import images

    picture = images.grid(tiles, columns=columns, scale=arguments.scale, gap=arguments.scale)
    storage.write_bytes(arguments.out, images.encode_png(picture))


def _finish(arguments: argparse.Namespace, what: str, record: dict[str, Any]) -> int:
    if arguments.json:
        _print_json(record | {"out": str(arguments.out)})
    else:
        print(f"{arguments.out}: {what}.")
    return DONE


# ---- the parser: settings come from config, so form and command line cannot disagree --------------------


class _Parser(argparse.ArgumentParser):
    """argparse whose complaint is one sentence."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[0].upper()}{message[1:]}. Try: {self.prog} --help")


class _Help(argparse.RawDescriptionHelpFormatter):
    """argparse's help with each command and its purpose on one line."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        self._action_max_length = 16  # argparse forgets the indent of commands when it measures their names


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m vaedash",
        description="Train a fully connected and a convolutional VAE on the same images, and see whether architecture matters.",
        epilog="Start here:\n  python -m vaedash train                       both architectures on the built-in shapes\n"
        "  python -m vaedash generate latest:conv        what the newest conv run can draw\n"
        "  python -m vaedash sweep --dataset cifar10     the study's table\n\n"
        "RUN is an id, the beginning of one, a display name, `latest` or `latest:conv`.\n"
        "Exit codes: 0 done, 1 a run failed, 2 wrong usage, 130 stopped by Ctrl-C.",
        formatter_class=_Help,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    training = _command(
        commands,
        "train",
        train,
        "train FC and conv, or one of them",
        ["train --epochs 5", "train --arch conv --preset p2"],
    )
    training.add_argument(
        "--arch", default=",".join(config.ARCHS), help="architectures, by comma (default: %(default)s)"
    )
    _add_settings(training, but=("arch",))
    sweeping = _command(
        commands,
        "sweep",
        sweep,
        "train presets x architectures x seeds",
        ["sweep --dataset cifar10", "sweep --seeds 0,1,2"],
    )
    sweeping.add_argument("--presets", default=",".join(STUDY), help="by comma (default: %(default)s)")
    sweeping.add_argument("--archs", default=",".join(config.ARCHS), help="by comma (default: %(default)s)")
    sweeping.add_argument("--seeds", default="0", help="by comma (default: %(default)s)")
    _add_settings(sweeping, but=("arch", "preset", "seed", *PRESETS["p1"]))
    for launching in (training, sweeping):
        launching.add_argument("--name", help="display name of the run")
        _add_places(launching, data=True)
        _add_json(launching)

    resuming = _command(
        commands,
        "resume",
        resume,
        "go on with runs that were stopped, interrupted or failed",
        ["resume latest", "resume k3f7qa"],
    )
    resuming.add_argument("run", nargs="+", metavar="RUN", help=_RUN)
    _add_places(resuming, data=True)
    _add_json(resuming)

    listing = _command(commands, "runs", list_runs, "list the runs", ["runs", "runs --json"])
    listing.add_argument("--archived", action="store_true", help="archived ones too")
    _add_places(listing)
    _add_json(listing)
    for name, function, what in (
        ("show", show, "settings, facts and losses of a run"),
        ("stop", stop, "stop a run after its current batch; finished epochs are kept"),
        ("archive", archive, "put a run aside; nothing is deleted without --forever"),
        ("restore", restore, "bring an archived run back"),
    ):
        one = _command(commands, name, function, what, [f"{name} latest"])
        one.add_argument("run", metavar="RUN", help=_RUN)
        _add_places(one)
        if name == "show":
            _add_json(one)
        if name == "archive":
            one.add_argument("--forever", action="store_true", help="delete the run and all its files instead")

    generating = _command(
        commands, "generate", generate, "draw prior samples", ["generate latest:conv --n 64 --seed 1 --out grid.png"]
    )
    generating.add_argument("--n", type=_bounded(1, 1024), default=64, help="how many (default: %(default)s)")
    generating.add_argument(
        "--seed", type=_bounded(0, 2**31 - 1), default=config.SAMPLE_SEED, help="of z (default: %(default)s)"
    )
    generating.add_argument(
        "--temperature", type=_bounded(0.0, 10.0), default=1.0, help="standard deviation of z (default: %(default)s)"
    )
    reconstructing = _command(
        commands,
        "reconstruct",
        reconstruct,
        "test images above their reconstructions",
        ["reconstruct latest:fc --n 16"],
    )
    reconstructing.add_argument(
        "--n", type=_bounded(1, 512), default=16, help="how many test images (default: %(default)s)"
    )
    interpolating = _command(
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
        "--steps", type=_bounded(2, 500), default=10, help="frames, ends included (default: %(default)s)"
    )
    places = "random:SEED, test:INDEX or an image file (default: %(default)s)"
    interpolating.add_argument("--from", dest="start", metavar="POINT", default="random:1", help=places)
    interpolating.add_argument("--to", dest="end", metavar="POINT", default="random:2", help=places)
    interpolating.add_argument("--method", choices=("linear", "slerp"), default="linear", help="(default: %(default)s)")
    for drawing, out in ((generating, "grid.png"), (reconstructing, "recon.png"), (interpolating, "strip.png")):
        drawing.add_argument("--out", type=Path, default=Path(out), metavar="FILE", help="(default: %(default)s)")
        drawing.add_argument(
            "--scale", type=_bounded(1, 32), default=4, help="screen pixels a pixel (default: %(default)s)"
        )
    evaluating = _command(
        commands, "evaluate", evaluate, "held-out loss of a run's weights", ["evaluate latest:conv --json"]
    )
    reporting = _command(
        commands,
        "report",
        report,
        "curves, pictures, morph and settings of runs as one HTML file",
        ["report latest:fc latest:conv", "report k3f7qa m2x9pd --out report.html"],
    )
    reporting.add_argument("run", nargs="+", metavar="RUN", help=_RUN)
    reporting.add_argument(
        "--out", type=Path, default=Path("report.html"), metavar="FILE", help="(default: %(default)s)"
    )
    _add_places(reporting)
    _add_json(reporting)
    measuring = _command(
        commands,
        "bench",
        bench,
        "measure how fast it is here",
        ["bench train", "bench train --dataset cifar10", "bench ui --json", "bench load"],
    )
    measuring.add_argument(
        "what",
        metavar="WHAT",
        choices=("train", "recipe", "ui", "load"),
        help="train: training beside a notebook's way and pythae's (where it is installed), and what a run costs besides; "
        "recipe: how long preset `fast` and a notebook with preset p1 take to one held-out loss; "
        "ui: the page in a real browser; load: thirty people watching one training. Each takes some minutes",
    )
    measuring.add_argument("--dataset", help="images that train and recipe learn from (default: shapes)")
    _add_places(measuring, data=True)
    _add_json(measuring)
    examining = _command(
        commands,
        "doctor",
        doctor,
        "look for damage in all runs and the cache of images; exit code 0: all sound, 1: something found",
        ["doctor", "doctor --fix"],
    )
    examining.add_argument(
        "--fix", action="store_true", help="mend what can be mended without losing anything; the rest is only named"
    )
    _add_places(examining, data=True)
    _add_json(examining)
    for using in (generating, reconstructing, interpolating, evaluating):
        using.add_argument("run", metavar="RUN", help=_RUN)
        using.add_argument("--weights", choices=("best", "last"), default="best", help="(default: %(default)s)")
        _add_places(using, data=True)
        _add_json(using)
    return parser


def _command(commands: Any, name: str, function: Callable[..., int], what: str, examples: Sequence[str]) -> Any:
    lines = "\n".join(f"  python -m vaedash {example}" for example in examples)
    one = commands.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}.",
        epilog=f"Examples:\n{lines}",
        formatter_class=_Help,
    )
    one.set_defaults(command=function)
    return one


def _add_settings(parser: argparse.ArgumentParser, *, but: Sequence[str]) -> None:
    """A flag for each setting of a run. No defaults here: RunConfig.build must see what was given and what was not."""
    for setting in dataclasses.fields(RunConfig):
        if setting.name not in but:
            kind = {int: int, float: float}.get(type(setting.default), str)
            choices = setting.metadata.get("choices")
            default = "" if setting.default is None else f" (default: {setting.default})"
            metavar = "{" + ",".join(choices) + "}" if choices else ("NAME|PATH" if setting.name == "dataset" else "N")
            parser.add_argument(
                f"--{setting.name.replace('_', '-')}",
                type=kind,
                choices=choices,
                metavar=metavar,
                help=f"{setting.metadata['help']}{default}",
            )


def _add_places(parser: argparse.ArgumentParser, *, data: bool = False) -> None:
    parser.add_argument("--runs-dir", metavar="DIR", help="where runs live (default: $VAEDASH_RUNS or runs/)")
    if data:
        parser.add_argument("--data-dir", metavar="DIR", help="downloads and caches (default: $VAEDASH_DATA or data/)")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, and nothing else there")


def _bounded(low: float, high: float) -> Callable[[str], float]:
    """An argparse type: a number from `low` to `high`, whole if the bounds are."""

    def convert(text: str) -> float:
        kind = int if isinstance(low, int) else float
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a {'whole ' if kind is int else ''}number") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"must be between {low} and {high}, got {value}")
        return value

    return convert


# ---- small things the commands share --------------------------------------------------------------------


def _settings(arguments: argparse.Namespace, **fixed: Any) -> RunConfig:
    given = {name: getattr(arguments, name, None) for name in config.setting_names()}
    return RunConfig.build(**(given | fixed))


def _load(spec: str, fraction: float, arguments: argparse.Namespace) -> datasets.Dataset:
    from tqdm import tqdm

    with tqdm(disable=not sys.stderr.isatty(), leave=False, unit_scale=True) as bar:

        def progress(what: str, done: int, total: int) -> None:
            bar.set_description_str(what, refresh=False)
            bar.total, bar.n = total or None, done
            bar.refresh()

        return datasets.load(spec, data_dir=_data_dir(arguments), fraction=fraction, progress=progress)


def _describe(dataset: datasets.Dataset) -> str:
    megabytes = (dataset.train.nbytes + dataset.test.nbytes) / 1e6
    skipped = f", {dataset.skipped:,} files skipped because they could not be read" if dataset.skipped else ""
    sentence = (
        f"{dataset.name}: {len(dataset.train):,} training and {len(dataset.test):,} test images, "
        f"{megabytes:.0f} MB in memory{skipped}."
    )
    return " ".join([sentence, *dataset.notes])


def _record(run: Run) -> dict[str, Any]:
    """A run as one JSON object."""
    return {
        **compare.result(run),
        "sentence": run.sentence,
        "path": str(run.path),
        "config": run.config and run.config.to_json(),
        "facts": run.facts[-1] if run.facts else None,
    }


def _find(arguments: argparse.Namespace, text: str) -> Run:
    return runs.find(_runs_dir(arguments), text)


def _command_line(command: str, ids: str, arguments: argparse.Namespace) -> str:
    """What to type next, with the flags that said where things are."""
    places = [("--runs-dir", arguments.runs_dir)]
    if command == "resume":
        places.append(("--data-dir", getattr(arguments, "data_dir", None)))
    flags = "".join(f" {flag} {shlex.quote(given)}" for flag, given in places if given)
    return f"python -m vaedash {command} {ids}{flags}"


def _runs_dir(arguments: argparse.Namespace) -> Path:
    folder = config.runs_dir(arguments.runs_dir)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"Runs need a folder, but {folder} is a file.")
    return folder


def _data_dir(arguments: argparse.Namespace) -> Path:
    return config.data_dir(arguments.data_dir)


def _listed(text: str, flag: str) -> list[str]:
    items = [item.strip() for item in text.split(",") if item.strip()]
    if not items or len(set(items)) < len(items):
        raise UsageError(f"--{flag} takes different values by comma, got {text!r}.")
    return items


def _whole(text: str, what: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{what} takes a whole number, got {text!r}.") from None


def _number(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.2f}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _say(text: str) -> None:
    """To the person: stdout belongs to results."""
    print(runs.visible(text), file=sys.stderr, flush=True)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=1, allow_nan=False))
