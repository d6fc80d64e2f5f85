"""Training from Python: runs that are started in processes of their own and waited for."""

import contextlib
import difflib
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import overload

from vaedash import config, datasets, places, text
from vaedash.config import SETTINGS, RunConfig
from vaedash.errors import UsageError
from vaedash.notebook.run import Run
from vaedash.notebook.runs import Folder, Runs, of_record
from vaedash.runs import Run as Record
from vaedash.settings import Value
from vaedash.training import attended, launch, named, watching


@overload
def train(
    arch: str,
    *,
    name: str | None = None,
    measure: bool = True,
    runs_dir: Folder = None,
    data_dir: Folder = None,
    **settings: Value | None,
) -> Run: ...
@overload
def train(
    arch: list[str] | tuple[str, ...] = config.PAIR,
    *,
    name: str | None = None,
    measure: bool = True,
    runs_dir: Folder = None,
    data_dir: Folder = None,
    **settings: Value | None,
) -> Runs: ...
def train(
    arch: str | list[str] | tuple[str, ...] = config.PAIR,
    *,
    name: str | None = None,
    measure: bool = True,
    runs_dir: Folder = None,
    data_dir: Folder = None,
    **settings: Value | None,
) -> Run | Runs:
    """Train a VAE of one architecture, or of each of several on the same pictures, and wait until all have ended and are measured.

    `arch` is `"fc"`, `"conv"`, `"local"`, the path of a .py file with one's own, which is executed, or a sequence of these; `name`
    what to call the run. `settings` are those of `python -m vaedash train`, with underscores for hyphens: `dataset="cifar10"`,
    `epochs=5`, `latent_dim=16`, `preset="p2"`; docs/settings.md explains each. What is not given has its default. Without
    `measure` it ends with the training: what else is measured of it then, which can take minutes, `python -m vaedash evaluate RUN`
    brings later.

    Each trains in a process of its own, which outlives this one. An interrupt (Ctrl-C, or the button of a notebook) asks them to
    stop, waits until they have, and returns them with the epochs that they finished; `resume` goes on. UsageError for a setting
    that is not allowed, DatasetError for pictures that are missing, both before any run exists; a training that fails is said,
    and has its reason in what it shows of itself.
    """
    asked = _asked([arch] if isinstance(arch, str) else arch, settings, places.data_dir(data_dir))
    attended.try_out(asked)
    attended.read_images(asked, load=lambda images: _load(images, places.data_dir(data_dir)), say=_say)
    started = launch.new_runs(places.runs_dir(runs_dir), asked, name=name)
    trained = _attended([of_record(run, data_dir) for run in started], measure=measure)
    return trained[0] if isinstance(arch, str) else trained


def resume(*stopped: Run, measure: bool = True) -> Run | Runs:
    """Go on with runs that were stopped, interrupted or failed, and wait as `train` does; RunError where there is nothing to go on
    with, before any of them starts.
    """
    for run in stopped:
        launch.require_resumable(run.record)
    resumed = _attended(stopped, measure=measure)
    return resumed[0] if len(resumed) == 1 else resumed


def _attended(group: Sequence[Run], *, measure: bool) -> Runs:
    records = [run.record for run in group]
    with contextlib.suppress(KeyboardInterrupt):
        attended.stay_with(
            records,
            starting=records,
            data_dir=group[0].data_dir,
            say=_say,
            go_on=lambda: _say_how_to_go_on(group),
            look=None if measure else _end_measuring,
        )
    attended.say_what_failed([run.record for run in group], _say)
    return Runs(group)


def _end_measuring(current: Sequence[Record]) -> None:
    for run in current:
        if run.measuring:
            run.request_stop()


def _asked(archs: Sequence[str], settings: dict[str, Value | None], data_dir: Path) -> list[RunConfig]:
    _require_known(settings)
    if not archs or len(set(archs)) < len(archs):
        raise UsageError(f"arch takes different architectures, got {', '.join(archs) or 'none'}.")
    if dataset := settings.get("dataset"):
        with watching.progress() as progress:
            found = named.dataset(str(dataset), data_dir=data_dir, say=_say, progress=progress)
        settings = {**settings, "dataset": found}
    return [RunConfig.build(**{**settings, "arch": named.arch(each)}) for each in archs]


def _require_known(settings: dict[str, Value | None]) -> None:
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
        _say("They had ended already.")


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
