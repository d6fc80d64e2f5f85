"""Which runs belong to a tuning: its trials, each with a number, and the runs that decide it in the end. Their notes say so."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import Timeout

from vaedash import config, storage, text
from vaedash.config import RunConfig
from vaedash.errors import RunError
from vaedash.languages import say
from vaedash.runs import listing, names
from vaedash.runs.record import Run
from vaedash.runs.schema import Notes


@contextlib.contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Be the only one that tunes in this runs folder, for as long as the process lives. RunError if another one does."""
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(storage.locked(folder / names.TUNING, patience=0))
        except Timeout:
            raise RunError(
                say(
                    "Another command is tuning in {folder}: wait for it, stop it with Ctrl-C, or give another folder (--runs-dir).",
                    folder=folder,
                )
            ) from None
        yield


def members(folder: Path, tuning: str) -> list[Run]:
    """The readable runs of a tuning, archived ones too, oldest first."""
    every = listing.list_runs(folder, archived=True)
    return [run for run in reversed(every) if run.settings and run.tuning == tuning]


def create(folder: Path, settings: RunConfig, *, tuning: str, trial: int | None = None) -> Run:
    """A new run of a tuning: which trial it is, or one of those that decide it. Its name says so. RunError as `listing.create`."""
    run = listing.create(folder, settings)
    notes = Notes(name=_name(settings, tuning, trial), tuning=tuning)
    if trial is not None:
        notes["trial"] = trial
    run.write_notes(**notes)
    return run.reread()


def _name(settings: RunConfig, tuning: str, trial: int | None) -> str:
    what = f"final seed {settings.seed}" if trial is None else f"trial {trial}"
    before = f"{config.spoken(settings.arch)} {what} of "
    return before + text.name(tuning, most=text.LONGEST_NAME - len(before))
