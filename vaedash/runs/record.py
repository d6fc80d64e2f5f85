"""A run as it was read: its settings, facts, epochs and notes, and the state that follows from its folder."""

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from vaedash import places, storage, text
from vaedash.config import RunConfig
from vaedash.errors import RunError, UsageError
from vaedash.runs import names, queue, schema, stopping
from vaedash.runs.folder import BAD, RunFolder
from vaedash.runs.pictures import Pictures
from vaedash.runs.schema import (
    Epoch,
    Figure,
    FrontierPoint,
    Images,
    Lines,
    Measured,
    Notes,
    Outcome,
    Progress,
    Start,
    Status,
)

DOCTOR = f"What can be done about it says: {places.command()} doctor"
_METRICS = [*schema.CHECKS].index(names.METRICS)  # where a signature has the stamp of that file
_BY_TRAINER = (names.FACTS, names.PROGRESS, names.METRICS)
# Seconds after which nobody seems to train what another machine began: while it trains, its files change every second, and
# what carries them here takes its time.
STILL = 300.0
FULL = 20_000_000  # bytes of free space, below which hardly anything can be written


@dataclass(frozen=True, kw_only=True)
class Run(RunFolder):
    """One reading of a run's folder; what it does to the folder shows in the next reading (`reread`).

    `epochs` are the rows of metrics.json, in order. `measuring` says whether its training is over and its process measures what
    came of it: such a run is not `active`, its outcome is known. `settings` is None only where `status` is `damaged`; then
    `damage` says why in one sentence. `flaws` are the records that are there but cannot be read, those included that lose
    nothing: the name of each, with the reason as the end of a sentence.
    """

    settings: RunConfig | None
    created: str
    facts: tuple[Start, ...]
    epochs: tuple[Epoch, ...]
    progress: Progress | None
    outcome: Outcome | None
    notes: Notes
    status: Status
    measured: Measured = field(default_factory=Measured)
    measuring: bool = False
    damage: str | None = None
    flaws: Mapping[str, str] = field(default_factory=dict)

    @property
    def pictures(self) -> Pictures:
        return replace(super().pictures, side=self.settings.image_size) if self.settings else super().pictures

    @property
    def config(self) -> RunConfig:
        """Its settings; RunError where the run is too damaged to have any."""
        if self.settings is None:
            raise RunError(f"Run {self.id} is damaged. {self.damage} {DOCTOR}")
        return self.settings

    def ask_to_stop(self) -> None:
        """Ask its process to end after the current batch. UsageError if, as it is now, there is none."""
        now = self.reread()
        if not now.busy:
            raise UsageError(f"Run {self.id} is {now.status}: there is nothing to stop.")
        self.request_stop()

    def require_over(self) -> None:
        """RunError if, as it is now, a process is at work on it or about to be."""
        now = self.reread()
        if now.busy or now.held:
            doing = "being measured" if now.measuring else now.status
            raise RunError(f"Run {self.id} is {doing}: wait for it, or stop it first.")
        now.require_here()

    def require_here(self) -> None:
        """RunError if it seems that another machine trains it."""
        if self.status == Status.ELSEWHERE:
            raise RunError(f"Run {self.id} is better left alone. {self.sentence}")

    def require_readable(self) -> None:
        """RunError, which says why, if the run is too damaged to have settings."""
        _ = self.config

    @cached_property
    def name(self) -> str:
        """The display name a person gave, else one made from the settings."""
        if self.given_name:
            return self.given_name
        return text.visible(" ".join(self.settings.title.split())) if self.settings else self.id

    @property
    def given_name(self) -> str:
        """The display name that a person gave; empty where nobody did."""
        given = self.notes.get("name")
        # Cleaned when it is given; but a folder may come from somebody else.
        return text.name(given) if isinstance(given, str) else ""

    @property
    def tags(self) -> tuple[str, ...]:
        """Words a person put on it."""
        given = self.notes.get("tags")
        return tuple(text.name(tag) for tag in given if isinstance(tag, str)) if isinstance(given, list) else ()

    @property
    def colour(self) -> str:
        """What its colour in charts was called by who gave it one of its own; empty where it has that of its architecture."""
        given = self.notes.get("colour")
        return given if isinstance(given, str) else ""

    @property
    def images_at(self) -> str:
        """The name or path of its images: as it was asked for, or where they have moved since, as somebody has said."""
        moved = self.notes.get("images")
        return moved if isinstance(moved, str) and moved else self.config.dataset

    @property
    def archived(self) -> bool:
        """Whether it was put aside; it is then left out of lists."""
        return self.notes.get("archived") is True

    @property
    def tuning(self) -> str:
        """The tuning that it belongs to; empty where it belongs to none."""
        given = self.notes.get("tuning")
        return text.name(given) if isinstance(given, str) else ""

    @property
    def trial(self) -> int | None:
        """Which trial of its tuning it is, counted from 1; None where it is none."""
        number = self.notes.get("trial")
        return number if self.tuning and type(number) is int and number > 0 else None

    @property
    def example(self) -> bool:
        """Whether it came along with the project."""
        return self.notes.get("example") is True

    @property
    def dataset(self) -> Images:
        """Name, fingerprint and sizes of the images it trained on; empty before the first start."""
        return self.facts[-1].get("dataset", {}) if self.facts else {}

    def trained_on(self, fingerprint: str) -> bool:
        """Whether the images of this fingerprint are those it trained on."""
        return self.dataset.get("fingerprint") == fingerprint

    @property
    def mean_picture(self) -> float | None:
        """The test loss, in nats per image, of who answers every image with the mean of the training images; None where unknown.

        Runs from before that was recorded know it where the best linear VAE would not use a single direction for some beta:
        then it answers so too. It learned from all training images, those included that a run may have kept as `val`.
        """
        recorded = self.dataset.get("mean_picture")
        if recorded is not None or "n_val" in self.dataset:
            return recorded
        linear = [*self.frontier, *([self.line["test"]] if self.line else [])]
        return next((best["recon"] for best in linear if best["kl"] == 0), None)

    @property
    def learned_nothing(self) -> bool:
        """Whether its kept weights know no more than the mean picture: no lower loss on test images, or not a latent in use."""
        if self.best is None:
            return False
        lowest, loss = self.mean_picture, self.test_loss
        no_better = lowest is not None and loss is not None and loss >= lowest
        return no_better or self.best.get(schema.ACTIVE_UNITS, self.measured.get("active_units")) == 0

    @property
    def parameters(self) -> int | None:
        """How many numbers its model learns; None before the first start."""
        return self.facts[-1].get("parameters") if self.facts else None

    @property
    def host(self) -> str:
        """The machine on which it was started last; empty before its first start, and where older runs do not say it."""
        return _host(self.facts)

    @property
    def line(self) -> Lines | None:
        """Of the best linear VAE on its images (`pca.line`); None where it was not measured."""
        return self.measured.get("pca") or None

    @property
    def frontier(self) -> Sequence[FrontierPoint]:
        """The best linear VAE for many beta; empty where it was not measured."""
        return self.measured.get("frontier") or ()

    @property
    def quality(self) -> Mapping[str, Figure]:
        """What was measured beside the losses (`measures.MEASURES`), by name; empty where nothing was."""
        return self.measured.get("quality") or {}

    @property
    def active(self) -> bool:
        """Whether it is queued or running."""
        return self.status.active

    @property
    def busy(self) -> bool:
        """Whether a process is at work on it, or about to be: it is active, or measured."""
        return self.active or self.measuring

    @property
    def done(self) -> float:
        """Which part of its epochs is over, 0 to 1; less than 1 in the end where it stopped early."""
        progress: Progress = self.progress or {}
        within = (
            progress["seen"] / progress["of"] if self.active and progress.get("epoch") == len(self.epochs) + 1 else 0.0
        )
        return min(1.0, (len(self.epochs) + within) / self.config.epochs)

    @cached_property
    def best_epoch(self) -> int | None:
        """The epoch whose weights `best.pt` holds: the plain minimum of the monitored loss."""
        return stopping.best_epoch(self.epochs, self.settings) if self.settings else None

    @cached_property
    def finite_epochs(self) -> int:
        """How many epochs had finite losses only."""
        return sum(None not in row.values() for row in self.epochs)

    @property
    def best(self) -> Epoch | None:
        """The metrics row of that epoch."""
        return self.epochs[self.best_epoch - 1] if self.best_epoch else None

    @property
    def at_full_beta(self) -> bool:
        """Whether that epoch had the beta that the run was asked for; not so within a KL warm-up, nor before the first."""
        return self.best_epoch is not None and self.config.beta_at(self.best_epoch) == self.config.beta

    @property
    def test_loss(self) -> float | None:
        """The test loss of that epoch, in nats per image; None before the first, and where it was not finite."""
        return self.best["test_loss"] if self.best else None

    @property
    def sentence(self) -> str:
        """How it ended or what is wrong, in words; empty while it is well and not over."""
        if self.damage:
            return self.damage
        if self.status == Status.ELSEWHERE:
            return (
                f"Its files changed less than {STILL / 60:.0f} minutes ago, so it seems to train on {self.host}. "
                "If nothing trains it there any more, resume it once they have been still that long."
            )
        if self.status == Status.INTERRUPTED:
            kept = f"after epoch {len(self.epochs)}" if self.epochs else "before its first epoch was finished"
            ended = f"Its process ended without a word {kept}; resume it and it goes on from there."
            # Where there is no room, not even that could be written down.
            free = shutil.disk_usage(self.path).free if self.path.exists() else FULL
            return (
                f"{ended} The disk is full ({free / 1e6:.0f} MB free): free some room first." if free < FULL else ended
            )
        return text.visible(str(self.outcome.get("sentence", ""))) if self.outcome else ""

    def reread(self) -> "Run":
        """The run as it is now."""
        return read(self.path)

    def signature(self) -> tuple[Any, ...]:
        """As `record.signature`, of the folder as it is now."""
        return signature(self.path)


def read(path: Path, *, epochs: tuple[Epoch, ...] | None = None) -> Run:
    """The run in directory `path`, as it is now; never raises on what it finds there. With `epochs`, those that its metrics.json
    is known to hold, this is not read: of thousands it takes longer than all else.
    """
    folder = RunFolder(path)
    # The order matters: a trainer writes its outcome before it frees its lock, so the lock is looked at first.
    held = folder.held
    flaws: dict[str, str] = {}

    def record(name: str, default: Any) -> Any:
        try:
            return folder.record(name)
        except FileNotFoundError:
            return default
        except BAD as error:
            # Of what the system says, the sentence alone: its number and our folder's place help nobody.
            flaws[name] = str((isinstance(error, OSError) and error.strerror) or error)
            return default

    created, settings = record(names.CONFIG, ("", None))
    epochs = record(names.METRICS, ()) if epochs is None else epochs
    facts = record(names.FACTS, ())
    outcome = record(names.OUTCOME, None)
    held = held or (outcome is None and folder.held)  # it may have begun meanwhile
    problems = [said if name in said else f"{name}: {said}" for name, said in flaws.items()]
    if settings is None and not problems:
        problems.append(f"{names.CONFIG} is missing")
    damage = f"Cannot be read: {'; '.join(problems).removesuffix('.')}." if problems else None
    return Run(
        path=path,
        settings=settings,
        created=created,
        facts=facts,
        epochs=epochs,
        # What loses nothing when it is lost does not make a run damaged.
        progress=record(names.PROGRESS, None),
        outcome=outcome,
        notes=record(names.NOTES, {}),
        measured=record(names.MEASURED, {}),
        measuring=held and outcome is not None and outcome["status"] in schema.TRAINED,
        status=Status.DAMAGED
        if damage
        else derive_status(folder, held=held, outcome=outcome, created=created, host=_host(facts), now=time.time()),
        damage=damage,
        flaws={name: said.removeprefix(name).strip(": .") or "cannot be read" for name, said in flaws.items()},
    )


def _host(facts: Sequence[Start]) -> str:
    host = facts[-1].get("host") if facts else ""
    return text.visible(host) if isinstance(host, str) else ""


def derive_status(
    run: RunFolder, *, held: bool, outcome: Outcome | None, created: str, now: float, host: str = ""
) -> Status:
    """The state of a readable run: first match wins, and nobody's process id is trusted."""
    if outcome and (not held or outcome["status"] in schema.TRAINED):  # after which its process measures
        return Status(outcome["status"])
    ticket = queue.ticket_of(run)
    if held:
        return Status.QUEUED if ticket else Status.RUNNING
    if ticket:
        launched = ticket.launched_at
    elif any((run.path / name).exists() for name in _BY_TRAINER):
        return Status.ELSEWHERE if _seems_elsewhere(run, host, now) else Status.INTERRUPTED  # it had begun
    else:
        launched = schema.timestamp(created)
    # A launch in the future is a clock set back.
    return Status.QUEUED if abs(now - launched) < queue.GRACE else Status.INTERRUPTED


def _seems_elsewhere(run: RunFolder, host: str, now: float) -> bool:
    """Whether another machine, of this name, seems to train it: what it writes has arrived here a short while ago.

    Its lock holds there only. A clock that is set wrong by more than STILL hides it; one of a cluster's machines (`name
    (address)`) trains for the one that holds the lock.
    """
    if host in ("", places.host()) or host.endswith(")"):
        return False
    written = [stamp[0] / 1e9 for name in _BY_TRAINER if (stamp := _stamp(f"{run.path}/{name}"))]
    return any(abs(now - when) < STILL for when in written)


def signature(path: Path | str) -> tuple[Any, ...]:
    """Something that differs whenever `read(path)` would: readings may be kept for as long as it stays the same."""
    files = {name: _stamp(f"{path}/{name}") for name in schema.CHECKS}
    held = storage.is_locked(f"{path}/{names.LOCK}")
    if files[names.OUTCOME] and not held:  # over: neither queue nor clock have a say any more
        return (*files.values(), held)
    ticket, written = queue.ticket_of(RunFolder(Path(path))), files[names.CONFIG]
    now = time.time()
    recent = written and now - written[0] / 1e9 < queue.GRACE + 1
    changed = any(stamp and abs(now - stamp[0] / 1e9) < STILL + 1 for stamp in map(files.__getitem__, _BY_TRAINER))
    return (*files.values(), held, ticket, int(now) if recent or changed or ticket else None)


def epochs_still(run: Run, before: tuple[Any, ...], now: tuple[Any, ...]) -> tuple[Epoch, ...] | None:
    """The epochs of a reading, where by the signatures of then and now its metrics.json is the same and could be read; else None."""
    same = now[_METRICS] is not None and before[_METRICS] == now[_METRICS]
    return run.epochs if same and names.METRICS not in run.flaws else None


def _stamp(file: str) -> tuple[int, int, int] | None:
    try:
        stat = os.stat(file)
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
