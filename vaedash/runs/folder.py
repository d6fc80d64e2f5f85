"""A run's directory as an object: the one place that knows its files, each with one writer; state lives nowhere else."""

import contextlib
import itertools
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Unpack

from filelock import Timeout

from vaedash import config, places, storage, text
from vaedash.errors import RunError, VaedashError
from vaedash.languages import say
from vaedash.models import own
from vaedash.runs import names, schema
from vaedash.runs.figures import Figures
from vaedash.runs.pictures import Pictures
from vaedash.runs.schema import Epoch, Measured, Notes, Progress, Start, Status
from vaedash.runs.weight_files import WeightFiles

_LIKE_OURS = re.compile(
    r"~\$.+|"
    + "|".join(rf"{stem}[\W_].*\.{end}" for stem, dot, end in (name.partition(".") for name in names.FILES) if dot)
)
_FOLDERS = (names.SAMPLES, names.ASIDE)
LOG_CAP = 1_000_000  # bytes of a log that are kept when it is written on


@dataclass(frozen=True)
class RunFolder:
    """The directory of one run, whatever is in it.

    config.json     what was asked: the launcher, before the process exists; never changed
    arch.py         the source of its architecture, where that is somebody's own: the launcher; never changed, nothing executes it
    facts.json      what was found: the trainer, one entry for each start or resume
    metrics.json    losses of each finished epoch: the trainer
    progress.json   where it is within an epoch: the trainer, about once a second; losing it loses nothing
    outcome.json    how it ended: the last act of training, before it is measured
    measured.json   what was measured beside the losses once it was trained; losing it loses nothing
    notes.json      display name, tags, star, archived: the person, through page or command line
    samples/        `Pictures`, decoded after each epoch, and while it trains the one of the moment: the trainer
    *.npy           `Figures`: the trainer
    *.pt            `WeightFiles`: the trainer
    aside/          what is none of these files, once somebody had the doctor put it there; nothing reads it
    stop            a request to stop: page or command line; the trainer polls it between batches
    lock            held by the process that trains it and then measures it, or has that done on a cluster; the kernel drops it
                    however that dies
    train.log       what the training process said
    """

    path: Path

    @property
    def id(self) -> str:
        """Six letters and digits, the name of the directory."""
        return self.path.name

    @property
    def pictures(self) -> Pictures:
        """What it made up and redrew."""
        return Pictures(self.path / names.SAMPLES)

    @property
    def figures(self) -> Figures:
        """What it keeps as arrays."""
        return Figures(self.path)

    @property
    def weights(self) -> WeightFiles:
        """Its weights, as bytes."""
        return WeightFiles(self.path)

    # ---- who is at work on it ---------------------------------------------------------------------------------

    @property
    def held(self) -> bool:
        """Whether a living process waits to train it, trains it or measures it."""
        return storage.is_locked(self.path / names.LOCK)

    @contextlib.contextmanager
    def claim(self) -> Iterator[None]:
        """Hold its lock: as long as the process lives, the run is active. RunError if another process has it.

        Whoever holds it writes, so RunError too where the folder is gone, or that would go elsewhere (`require_own`).
        """
        if not self.path.is_dir():
            raise self._gone()
        self.require_own()
        with contextlib.ExitStack() as held:
            try:
                # An asker's shared lock is held for an instant only.
                held.enter_context(storage.locked(self.path / names.LOCK, patience=2))
            except Timeout:
                raise RunError(
                    say("Run {id} is trained by another process already: wait for it, or stop it first.", id=self.id)
                ) from None
            yield

    def command(self, verb: str) -> str:
        """What to type for it, with the folder of runs where that is not the one that commands look into."""
        folder = self.path.resolve().parent
        where = "" if folder == places.runs_dir() else f" --runs-dir {shlex.quote(str(folder))}"
        return f"{places.command()} {verb} {self.id}{where}"

    def request_stop(self) -> None:
        """Ask the training process to end after its current batch. RunError where that cannot be written down."""
        with self._changing(names.STOP):
            storage.write_bytes(self.path / names.STOP, b"", durable=False)

    def stop_requested(self) -> bool:
        """Whether somebody asked."""
        return (self.path / names.STOP).exists()

    def reopen(self) -> None:
        """Make a run that ended ready to go on: no stop request, no outcome."""
        for name in (names.STOP, names.OUTCOME):
            (self.path / name).unlink(missing_ok=True)

    # ---- records ------------------------------------------------------------------------------------------------

    def record(self, name: str) -> Any:
        """What a JSON file holds (a key of `schema.CHECKS`), checked. Raises FileNotFoundError, or what the checks raise."""
        return schema.CHECKS[name](storage.read_json(self.path / name))

    def write_config(self, settings: Mapping[str, Any], *, created: str) -> None:
        """The launcher's: what was asked."""
        self._write(names.CONFIG, {"created": created, **settings})

    def add_facts(self, facts: Start) -> None:
        """Append one start or resume."""
        self._write(names.FACTS, {"starts": [*(self._readable(names.FACTS) or ()), facts]})

    def write_metrics(self, epochs: Sequence[Epoch]) -> None:
        """Replace the rows; a loss that is not finite becomes null."""
        rows = [{key: schema.finite(value) for key, value in row.items()} for row in epochs]
        self._write(names.METRICS, {"epochs": rows})

    def write_progress(self, progress: Progress) -> None:
        """Replace it, without waiting for the disk."""
        self._write(names.PROGRESS, {key: schema.finite(value) for key, value in progress.items()}, durable=False)

    def write_outcome(self, status: Status, sentence: str) -> None:
        """The last act of training."""
        self._write(names.OUTCOME, {"status": status, "sentence": sentence, "ended": schema.now()})

    def write_notes(self, **changes: Unpack[Notes]) -> None:
        """Change what a person may say of a run: `name`, `tags`, a `note` in Markdown, `colour`, `star`, `archived`, and where its
        `images` are now; or of which `tuning` it is which `trial`.

        Names and tags are cut to 80 characters, a note to 10,000, without control characters and those that change the direction of
        text. RunError where that cannot be written down.
        """
        cleaned = {key: _CLEANED.get(key, _cleaned)(value) for key, value in changes.items()}
        with self._changing(names.NOTES, names.NOTES_LOCK), self._notes_lock():
            notes = self._readable(names.NOTES) or Notes()
            self._write(names.NOTES, {**notes, "schema": config.SCHEMA, **cleaned})

    def write_measured(self, **figures: Unpack[Measured]) -> None:
        """Add to what was measured of an ended run. RunError where that cannot be written down."""
        with self._changing(names.MEASURED, names.NOTES_LOCK), self._notes_lock():
            measured = self._readable(names.MEASURED) or Measured()
            self._write(names.MEASURED, {**measured, "schema": config.SCHEMA, **figures})

    def notes_held(self) -> bool:
        """Whether a process holds what keeps two from writing notes at once."""
        return storage.is_locked(self.path / names.NOTES_LOCK)

    @contextlib.contextmanager
    def _changing(self, *files: str) -> Iterator[None]:
        """Within it, these are written by somebody who saw the run a while ago; what is in the way is a RunError, in words."""
        if not self.has_settings():  # a lock or a record in its place would be a damaged run
            raise self._gone()
        self.require_own(*files)
        try:
            yield
        except OSError as error:
            raise RunError(
                say(
                    "Run {id} cannot be changed ({strerror}): free some room, or change who may write into its folder.",
                    id=self.id,
                    strerror=error.strerror,
                )
            ) from error

    def _gone(self) -> RunError:
        return RunError(
            say(
                "Run {id} is gone: its folder was removed, moved or emptied. Put it back, or choose another run.",
                id=self.id,
            )
        )

    def _notes_lock(self) -> AbstractContextManager[None]:
        return storage.locked(self.path / names.NOTES_LOCK)

    def _readable(self, name: str) -> Any:
        """What a JSON file holds, or None where it is not there or damaged."""
        try:
            return self.record(name)
        except BAD:
            return None

    def _write(self, name: str, record: Mapping[str, Any], *, durable: bool = True) -> None:
        ordered = record if "schema" in record else {"schema": config.SCHEMA, **record}
        storage.write_json(self.path / name, ordered, durable=durable)

    # ---- the source of its architecture ---------------------------------------------------------------------------

    def write_source(self, source: bytes) -> None:
        """The launcher's: what its architecture is, where that is somebody's own."""
        storage.write_bytes(self.path / names.SOURCE, source)

    def source(self) -> bytes:
        """What the run says its architecture is, to be read by people; nothing of it is checked. RunError where it cannot be read."""
        try:
            return storage.read_bytes(self.path / names.SOURCE, most=own.MOST)
        except FileNotFoundError:
            raise RunError(
                say(
                    "Run {id} came without {source}. Put it beside its {config}.",
                    id=self.id,
                    source=names.SOURCE,
                    config=names.CONFIG,
                )
            ) from None
        except storage.UnfitError as error:
            raise RunError(
                say(
                    "{name} of run {id} {flaw}. Put a file of its own in its place, or remove it.",
                    name=names.SOURCE,
                    id=self.id,
                    flaw=error,
                )
            ) from None

    def source_there(self) -> bool:
        """Whether anything is in its place."""
        return os.path.lexists(self.path / names.SOURCE)

    @property
    def source_file(self) -> Path:
        """Where that lies, for people."""
        return self.path / names.SOURCE

    # ---- the log ----------------------------------------------------------------------------------------------------

    @property
    def log(self) -> Path:
        """The file that takes what the training process says."""
        return self.path / names.LOG

    def log_tail(self, *, lines: int = 30) -> str:
        """The end of what the training process said, without the project's place on this machine."""
        try:
            end = storage.read_end(self.log, 20_000).decode(errors="replace")
        except OSError:
            return ""
        return "\n".join(end.replace(f"{places.SOURCES}{os.sep}", "").splitlines()[-lines:])

    # ---- damage -----------------------------------------------------------------------------------------------------

    def has_settings(self) -> bool:
        """Whether there is a config.json at all."""
        settings = self.path / names.CONFIG
        try:
            return settings.exists() or bool(storage.unfit(settings))
        except PermissionError:  # the folder is somebody else's, and may not be looked into
            return False

    def unfit(self, wanted: Iterable[str] = (*names.FILES, *_FOLDERS)) -> dict[str, str]:
        """What lies in the place of these files and is none of the run's own: the name, and the reason as the end of a sentence."""
        flaws = {name: storage.unfit(self.path / name) for name in wanted if name not in _FOLDERS}
        for name in (name for name in _FOLDERS if name in wanted and (self.path / name).is_symlink()):
            flaws[name] = say("is a link, and what it leads to is not the run's")
        return {name: flaw for name, flaw in flaws.items() if flaw}

    def require_own(self, *wanted: str) -> None:
        """RunError, which names it, if in the place of a file, of these or of all, lies what is none of the run's own."""
        for name, flaw in self.unfit(wanted or (*names.FILES, *_FOLDERS)).items():
            raise RunError(
                say(
                    "{name} of run {id} {flaw}. Put a file of its own in its place, or remove it.",
                    name=name,
                    id=self.id,
                    flaw=flaw,
                )
            )

    def set_aside(self, name: str) -> None:
        """Rename a damaged JSON file to `<name>.damaged`, unless it has become readable in the meantime."""
        if not self._damaged(name):
            return
        with self._notes_lock():
            if self._damaged(name):
                storage.replace(self.path / name, self.path / f"{name}.damaged")

    def _damaged(self, name: str) -> bool:
        """Whether a JSON file is there but cannot be read."""
        try:
            self.record(name)
        except FileNotFoundError:
            return False
        except BAD:
            return True
        return False

    def leftovers(self) -> list[Path]:
        """What killed writers left half written; some of it may still be in the making."""
        return [*storage.listed(self.path, names.HALF_WRITTEN), *self.pictures.leftovers()]

    def conflict_copies(self) -> list[Path]:
        """Files beside its own, under names like theirs, that a program which syncs folders has left where two machines wrote.

        Such programs put a word, a date or a number between a name and what follows its first dot.
        """
        like_ours = storage.listed(self.path, _LIKE_OURS)
        return [file for file in like_ours if file.name not in names.FILES] + self.pictures.conflict_copies()

    def set_copies_aside(self) -> None:
        """Move its conflict copies into `aside`, where none replaces another. RunError where that cannot be done."""
        with self._changing(names.ASIDE):
            for file in self.conflict_copies():
                (self.path / names.ASIDE).mkdir(exist_ok=True)
                storage.replace(file, _free(self.path / names.ASIDE / file.name))

    def rename(self, name: str) -> None:
        """Call its folder `name`, where nothing is called so. RunError where that cannot be done, or a process holds it."""
        self._move(self.path.with_name(name))

    def leave(self) -> None:
        """Move its folder out of the runs folder's lists, into `.aside` there. RunError as for `rename`."""
        self._move(_free(self.path.with_name(names.COPIES) / self.path.name))

    def _move(self, place: Path) -> None:
        self._require_left()
        with self._changing(names.CONFIG):
            place.parent.mkdir(exist_ok=True)
            self.path.rename(place)

    def sweep_temporary(self) -> None:
        """Remove what a killed writer left half written, or was drawing; only the holder of the run's lock may."""
        self.pictures.forget_now()
        for leftover in self.leftovers():
            leftover.unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes that its files hold, pictures and weights included."""
        total = 0
        for folder, _, held in os.walk(self.path):
            for name in held:
                with contextlib.suppress(FileNotFoundError):  # it has just gone
                    total += os.lstat(Path(folder, name)).st_size
        return total

    def delete(self) -> None:
        """Remove the run and all its files for ever. RunError where a process holds it, or only a link to it is here."""
        self._require_left()
        if self.path.is_symlink():
            raise RunError(
                say(
                    "Run {id} lies at {place}, and only a link to it is here. Delete that folder, then the link.",
                    id=self.id,
                    place=self.path.resolve(),
                )
            )
        try:
            shutil.rmtree(self.path)
        except OSError as error:
            raise RunError(
                say(
                    "Run {id} is not deleted whole ({strerror}). Change who may write into its folder, then delete it again.",
                    id=self.id,
                    strerror=error.strerror,
                )
            ) from error

    def _require_left(self) -> None:
        """RunError where a process holds it."""
        if self.held:
            raise RunError(
                say("Run {id} is trained or measured by a process: wait for it, or stop it first.", id=self.id)
            )


def _free(place: Path) -> Path:
    """The place, or where something is there the first with a number behind its name."""
    others = (place.with_name(f"{place.name}.{number}") for number in itertools.count(2))
    return next(free for free in itertools.chain([place], others) if not os.path.lexists(free))


def cluster_log(folder: Path) -> Path:
    """The file of a runs folder that takes what the processes say that have runs trained elsewhere."""
    return folder / names.CLUSTER_LOG


# What a damaged file may raise when it is read.
BAD = (ValueError, KeyError, TypeError, AttributeError, OSError, VaedashError)


def end_of(log: Path) -> IO[bytes]:
    """A log to be written on, which is cut to its last LOG_CAP bytes first where it has grown too long."""
    file = storage.opened_at_its_end(log)
    if os.fstat(file.fileno()).st_size > LOG_CAP:
        end = storage.read_end(log, LOG_CAP)
        file.truncate(0)
        file.write(end)
        file.flush()
    return file


def _cleaned(value: Any) -> Any:
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    return text.name(value) if isinstance(value, str) else value


# What is no name: a path stays what it is, a note keeps its lines.
_CLEANED: Mapping[str, Callable[[Any], Any]] = {"images": lambda path: path, "note": text.note}
