"""Training from Python: runs that are started in processes of their own and waited for."""

import contextlib
import difflib
import inspect
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Unpack, overload

from vaedash import config, datasets, places, text
from vaedash.config import SETTINGS, RunConfig
from vaedash.errors import UsageError
from vaedash.notebook import given
from vaedash.notebook.given import Arch, Archs, Settings
from vaedash.notebook.run import Run
from vaedash.notebook.runs import Folder, Group, Runs, of_record, several
from vaedash.runs import Run as Record
from vaedash.training import attended, equal, launch, named, watching


@overload
def train(  # type: ignore[overload-overlap]  # a word is a sequence of words, too
    arch: Arch,
    *,
    name: str | None = None,
    match: tuple[str, str] | None = None,
    on: str = places.LOCAL,
    measure: bool = True,
    runs_dir: Folder = None,
    data_dir: Folder = None,
    **settings: Unpack[Settings],
) -> Run: ...
@overload
def train(
    arch: Archs = config.PAIR,
    *,
    name: str | None = None,
    match: tuple[str, str] | None = None,
    on: str = places.LOCAL,
    measure: bool = True,
    runs_dir: Folder = None,
    data_dir: Folder = None,
    **settings: Unpack[Settings],
) -> Runs: ...
def train(
    arch: Arch | Archs = config.PAIR,
    *,
    name: str | None = None,
    match: tuple[str, str] | None = None,
    on: str = places.LOCAL,
    measure: bool = True,
    runs_dir: Folder = None,
    data_dir: Folder = None,
    **settings: Unpack[Settings],
) -> Run | Runs:
    """Train a VAE of one architecture, or of each of several on the same pictures, and wait until all have ended and are measured.

    `arch` is `"fc"`, `"conv"`, `"local"`, the path of a .py file with one's own, which is executed, or a sequence of these; `name`
    what to call the run. `settings` are those of `python -m vaedash train`, with underscores for hyphens: `dataset="cifar10"`,
    `epochs=5`, `latent_dim=16`, `preset="p2"`; docs/settings.md explains each. What is not given has its default. Without
    `measure` it ends with the training: what else is measured of it then, which can take minutes, `python -m vaedash evaluate RUN`
    brings later.

    `match=("weights", "conv")` gives every architecture widths at which it has as many weights as conv, needs as much arithmetic
    (`"flops"`), or as long for a training step here (`"seconds"`); `widths` are then conv's. `on` is where they train: `"local"`,
    `"ray://HOST:PORT"`, the address of a Ray cluster that this machine is part of, or `"ray"`.

    Each trains in a process of its own, which outlives this one. An interrupt (Ctrl-C, or the button of a notebook) asks them to
    stop, waits until they have, and returns them with the epochs that they finished; `resume` goes on. UsageError for a setting
    that is not allowed, DatasetError for pictures that are missing, both before any run exists; a training that fails is said,
    and has its reason in what it shows of itself.
    """
    _require_words(name)
    measure = given.yes_or_no("measure", measure)
    asked = _asked(given.architectures(arch), settings, match, places.data_dir(data_dir))
    _look_at(places.checked_place(on))
    attended.try_out(asked)
    attended.read_images(asked, load=lambda images: _load(images, places.data_dir(data_dir)), say=_say)
    started = launch.new_runs(places.runs_dir(runs_dir), asked, name=name)
    trained = _attended([of_record(run, data_dir) for run in started], measure=measure, on=on)
    return trained[0] if isinstance(arch, (str, os.PathLike)) else trained


@overload
def resume(  # type: ignore[overload-overlap]  # as above
    stopped: Run | str, /, *, on: str = places.LOCAL, measure: bool = True
) -> Run: ...
@overload
def resume(
    stopped: Run | str, another: Run | str, /, *further: Run | str, on: str = places.LOCAL, measure: bool = True
) -> Runs: ...
@overload
def resume(stopped: Group, /, *, on: str = places.LOCAL, measure: bool = True) -> Runs: ...
def resume(*stopped: Run | str | Group, on: str = places.LOCAL, measure: bool = True) -> Run | Runs:
    """Go on with runs that were stopped, interrupted or failed, and wait as `train` does, `on` the same machines as there.

    One run comes back as it is, several, and a list of any number, as a list. UsageError where one is not found, RunError where
    there is nothing to go on with, before any of them starts.
    """
    group = several(stopped)
    if not group:
        raise UsageError("resume takes at least one run, got none; give what train returned, or an id.")
    places.checked_place(on)
    measure = given.yes_or_no("measure", measure)
    for run in group:
        launch.require_resumable(run.record)
    _look_at(on)
    resumed = _attended(group, measure=measure, on=on)
    return resumed[0] if len(stopped) == 1 and isinstance(stopped[0], (Run, str)) else resumed


def _attended(group: Sequence[Run], *, measure: bool, on: str = places.LOCAL) -> Runs:
    records = [run.record for run in group]
    with contextlib.suppress(KeyboardInterrupt):
        attended.stay_with(
            records,
            starting=records,
            data_dir=group[0].data_dir,
            say=_say,
            go_on=lambda: _say_how_to_go_on(group),
            on=on,
            look=None if measure else _end_measuring,
        )
    attended.say_what_failed([run.record for run in group], _say)
    return Runs(group)


def _end_measuring(current: Sequence[Record]) -> None:
    for run in current:
        if run.measuring:
            run.request_stop()


def _look_at(on: str) -> None:
    """Says what there is where runs are to train; RunError if there is nothing."""
    if on != places.LOCAL:
        from vaedash.cluster import machines

        _say(f"{machines.look(on)}.")


def _asked(
    archs: Sequence[str], given_settings: Settings, match: tuple[str, str] | None, data_dir: Path
) -> list[RunConfig]:
    _require_known(given_settings)
    _require_pair(match)
    settings = {name: given.plain(value) for name, value in given_settings.items()}
    dataset = settings.get("dataset")
    if dataset is not None and not isinstance(dataset, str):
        raise UsageError(
            f"dataset takes the name of a built-in one or a path, got {type(dataset).__name__}; save arrays as .npz or .npy and give "
            "that file."
        )
    if dataset:
        with watching.progress() as progress:
            found = named.dataset(dataset, data_dir=data_dir, say=_say, progress=progress)
        settings = {**settings, "dataset": found}
    widths = str(settings.get("widths") or "")
    if match:
        settings = {**settings, "widths": None}
    asked = [RunConfig.build(**{**settings, "arch": named.arch(each)}) for each in archs]
    return equal.to(match[1], match[0], asked, widths=widths, data_dir=data_dir, say=_say) if match else asked


def _require_pair(match: object) -> None:
    words = match if isinstance(match, (tuple, list)) else ()
    if match is not None and (len(words) != 2 or not all(isinstance(word, str) for word in words)):
        raise UsageError(
            f'match takes a cost and an architecture, got {match!r}; give ("weights", "conv") for example.'
        )


def _require_words(name: object) -> None:
    if name is not None and not isinstance(name, str):
        raise UsageError(f'name must be what to call the run, got {name!r}; give "mine" for example.')


def _require_known(settings: Iterable[str]) -> None:
    for name in settings:
        if name not in SETTINGS:
            close = difflib.get_close_matches(name, SETTINGS, n=3) or list(SETTINGS)
            raise UsageError(f"There is no setting {name!r}. Give one of these: {', '.join(close)}.")


def _load(images: RunConfig, data_dir: Path) -> datasets.Dataset:
    with watching.progress() as progress:
        return datasets.load(
            images.dataset, data_dir=data_dir, fraction=images.fraction, frame=images.frame, progress=progress
        )


def _say_how_to_go_on(stopped: Sequence[Run]) -> None:
    left = [run for run in stopped if run.status.resumable]
    for run in left:
        _say(f'Go on with: vaedash.resume(vaedash.find("{run.id}"))')
    if not left:
        _say("Their training had ended already.")


def _say(sentence: str) -> None:
    """To the person, where results are too: what a notebook is told on stderr looks like an error there."""
    print(text.visible(sentence), flush=True)


def _with_settings(function: Callable[..., object]) -> inspect.Signature:
    """The signature of a function with each setting by its name, for whoever asks for help, and for notebooks that complete names."""
    own = inspect.signature(function)
    kept = [each for each in own.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    further = [
        inspect.Parameter(
            setting.name, inspect.Parameter.KEYWORD_ONLY, default=setting.default, annotation=setting.kind
        )
        for setting in SETTINGS.values()
        if setting.name != "arch"
    ]
    return own.replace(parameters=[*kept, *further])


vars(train)["__signature__"] = _with_settings(train)
