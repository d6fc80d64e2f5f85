"""Runs that somebody waits for, in a terminal or a notebook: made ready, started, looked at and stopped by Ctrl-C."""

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vaedash import config, datasets, places
from vaedash.config import FRAME_SETTINGS, RunConfig
from vaedash.datasets import Dataset
from vaedash.runs import Run, Status
from vaedash.runs.schema import TRAINED
from vaedash.training import launch, watching

_LOOK = 0.5  # seconds between two looks at runs in progress

Say = Callable[[str], None]  # tells the person a sentence


def try_out(settings: Sequence[RunConfig]) -> None:
    """In the foreground: architectures that did not come with vaedash are built once. RunError where one does not work."""
    foreign = [asked for asked in settings if asked.arch not in config.BUILT_IN_ARCHS]
    if foreign:
        from vaedash.models import archs

        for asked in foreign:
            archs.build(asked)


def read_images(settings: Sequence[RunConfig], *, load: Callable[[RunConfig], Dataset], say: Say) -> None:
    """In the foreground, so that whatever is missing is said before any run exists; DatasetError where something is."""
    for caution in dict.fromkeys(asked.caution for asked in settings if asked.caution):
        say(caution)
    for images in dict.fromkeys(asked.only(("dataset", "fraction", *FRAME_SETTINGS)) for asked in settings):
        say(datasets.described(load(images)))


def stay_with(
    group: Sequence[Run],
    *,
    starting: Sequence[Run],
    data_dir: Path,
    say: Say,
    go_on: Callable[[], None],
    on: str = places.LOCAL,
    look: Callable[[Sequence[Run]], None] | None = None,
) -> list[Run]:
    """Start some of these runs and show how far all are, until they have ended and are measured; returns them as they are then.

    At every look at them, `look` is told what was seen. Ctrl-C stops them, and then `go_on` says how they go on, before
    KeyboardInterrupt goes on its way.
    """
    processes: list[subprocess.Popen[bytes]] = []
    try:
        with _stopping_on_ctrl_c(group, say, go_on):
            if starting:
                processes += launch.start(starting, data_dir=data_dir, on=on)
            return _watched(group, say, look)
    finally:
        if on != places.LOCAL:
            for process in processes:  # which has a cluster to leave, or to end
                process.wait()


@contextlib.contextmanager
def _stopping_on_ctrl_c(watched: Sequence[Run], say: Say, go_on: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C asks the runs to stop and waits until they have; a second one leaves them to it."""
    try:
        yield
    except KeyboardInterrupt:
        asked = [run for run in (each.reread() for each in watched) if run.busy]
        for run in asked:
            run.request_stop()
        if any(run.active for run in asked):
            say("Stopping after the current batch; finished epochs are kept.")
        elif asked:
            say("Measuring no further; what is measured is kept.")
        while any(run.reread().busy for run in watched):
            time.sleep(_LOOK / 5)
        for run in asked:
            if run.reread().status in TRAINED:  # by itself, so that it was being measured, or about to be
                say(f"{run.id} may be measured in part only. The rest: {run.command('evaluate')}")
        go_on()
        raise


def _watched(watched: Sequence[Run], say: Say, look: Callable[[Sequence[Run]], None] | None) -> list[Run]:
    """Show progress until all have ended and are measured."""
    display = watching.display(watched, say=say)
    while True:
        current = [run.reread() for run in watched]
        display.show(current)
        if not any(run.busy for run in current):
            break
        if look:
            look(current)
        time.sleep(_LOOK)
    display.close()
    return current


def say_what_failed(current: Sequence[Run], say: Say) -> None:
    """Why some of these runs came to no good end."""
    for run in current:
        if run.status in (Status.FAILED, Status.DIVERGED, Status.INTERRUPTED, Status.DAMAGED):
            say(f"{run.id} {run.name}: {run.status}. {run.sentence}")
