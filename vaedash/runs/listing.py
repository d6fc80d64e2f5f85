"""The runs of a folder: listed, found by what a person types, and made under an id of their own."""

import contextlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from vaedash import config, places
from vaedash import text as names
from vaedash.config import RunConfig
from vaedash.errors import RunError, UsageError
from vaedash.languages import say
from vaedash.models import own
from vaedash.runs import record, schema
from vaedash.runs.folder import RunFolder
from vaedash.runs.record import Run

_LETTERS, _LETTERS_AND_DIGITS = "abcdefghjkmnpqrstuvwxyz", "abcdefghjkmnpqrstuvwxyz23456789"


def folders(folder: Path) -> list[RunFolder]:
    """The folders of all runs in a runs folder."""
    return [RunFolder(Path(place)) for place in _places(folder)]


def list_runs(folder: Path, *, archived: bool = False) -> list[Run]:
    """All runs in a runs folder, newest first; archived ones only if asked for."""
    every = (record.read(Path(place)) for place in _places(folder))
    return newest_first(run for run in every if archived or not run.archived)


def unlisted(folder: Path) -> list[RunFolder]:
    """Folders in a runs folder that hold a run and have no id for a name, sorted: somebody has renamed or copied them.

    What begins with a dot was hidden on purpose.
    """
    others = [entry for entry in _entries(folder) if not config.RUN_ID.fullmatch(entry.name) and entry.is_dir()]
    seen = (RunFolder(Path(entry.path)) for entry in others if not entry.name.startswith("."))
    return sorted((run for run in seen if run.has_settings()), key=lambda run: run.id)


class Readings:
    """Runs as they were when last read. Only those are read again whose signature has changed since, and of these the epochs only
    where an epoch has been written.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[tuple[Any, ...], Run]] = {}

    def list_runs(self, folder: Path, *, archived: bool = False) -> list[Run]:
        """As `listing.list_runs`."""
        kept = {place: self._reading(place) for place in _places(folder)}
        self._kept = kept  # without those that are gone
        return newest_first(run for _, run in kept.values() if archived or not run.archived)

    def run(self, path: Path) -> Run:
        """As `record.read`."""
        reading = self._reading(str(path))
        self._kept[str(path)] = reading
        return reading[1]

    def _reading(self, place: str) -> tuple[tuple[Any, ...], Run]:
        before = self._kept.get(place)
        path = before[1].path if before else Path(place)
        mark = record.signature(path)
        if before is None:
            return mark, record.read(path)
        was, run = before
        if was == mark:
            return before
        return mark, record.read(path, epochs=record.epochs_still(run, was, mark))


def newest_first(runs: Iterable[Run]) -> list[Run]:
    """Sorted by creation."""
    return sorted(runs, key=lambda run: (run.created, run.id), reverse=True)


def find(folder: Path, text: str) -> Run:
    """The one run that `text` means: an id, a unique prefix of one, a display name, `latest` or `latest:conv`; in small letters or
    capitals.

    Raises UsageError that lists what there is where it means none or several.
    """
    if config.RUN_ID.fullmatch(text) and text != "latest" and (folder / text).is_dir():
        return record.read(folder / text)  # and none of the others, of which there may be thousands
    every = list_runs(folder, archived=True)
    if not every:
        raise UsageError(
            say(
                "There are no runs in {folder} yet. Start one: {command} train", folder=folder, command=places.command()
            )
        )
    if text == "latest" or text.startswith("latest:"):
        arch = text.partition(":")[2]
        known = dict.fromkeys([*config.ARCHS, *(config.arch_name(run.settings.arch) for run in every if run.settings)])
        if arch not in ("", *known):
            choices = say(" or ").join(f"latest:{name}" for name in known)
            raise UsageError(say("There is no architecture {arch!r}: give {choices}.", arch=arch, choices=choices))
        matches = [
            run
            for run in every
            if not run.archived and run.settings and arch in ("", config.arch_name(run.settings.arch))
        ][:1]
    else:
        called, asked = names.name(text), names.name(text).casefold()
        named = [run for run in every if run.name == called] or [run for run in every if run.name.casefold() == asked]
        matches = named or [run for run in every if asked and run.id.startswith(asked)]
    if len(matches) == 1:
        return matches[0]
    listed = ", ".join(run.id for run in (matches or every)[:8])
    if matches:
        raise UsageError(say("{text!r} means several runs: {listed}. Give an id.", text=text, listed=listed))
    raise UsageError(say("No run is called {text!r}. Runs: {listed}.", text=text, listed=listed))


def create(folder: Path, settings: RunConfig, *, name: str | None = None) -> Run:
    """A new run directory with its config.json, under an id of its own (claimed by `mkdir`, so two never share one).

    RunError where nothing can be written, and where its architecture is somebody's own that is not trusted here.
    """
    source = own.source(settings.arch) if config.is_own(settings.arch) else None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        run = _claimed(folder)
        if source is not None:
            run.write_source(source)
        run.write_config(settings.to_json(), created=schema.now())
    except OSError as error:
        raise RunError(
            say(
                "No run can be made in {folder} ({strerror}): free some room, change who may write there, or give another folder "
                "(--runs-dir, VAEDASH_RUNS).",
                folder=folder,
                strerror=error.strerror,
            )
        ) from error
    if name:
        run.write_notes(name=name)
    return record.read(run.path)


def _claimed(folder: Path) -> RunFolder:
    while True:
        run = RunFolder(folder / _drawn_id())
        with contextlib.suppress(FileExistsError):
            run.path.mkdir()
            return run


def _drawn_id() -> str:
    return secrets.choice(_LETTERS) + "".join(secrets.choice(_LETTERS_AND_DIGITS) for _ in range(5))


def _places(folder: Path) -> list[str]:
    # As text: to make ten thousand paths takes as long as to look at the files in them.
    return [entry.path for entry in _entries(folder) if config.RUN_ID.fullmatch(entry.name) and entry.is_dir()]


def _entries(folder: Path) -> Iterable[os.DirEntry[str]]:
    """What lies in a runs folder; nothing where there is none. RunError if it cannot be looked at."""
    try:
        return os.scandir(folder)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(
            say(
                "The runs in {folder} cannot be looked at ({strerror}): change who may read that folder, or give another one "
                "(--runs-dir, VAEDASH_RUNS).",
                folder=folder,
                strerror=error.strerror,
            )
        ) from error
