"""A run as it was read: its settings, facts, epochs and notes, and the state that follows from its folder."""

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from vaedash import config, places, storage, text
from vaedash.config import RunConfig
from vaedash.errors import RunError, UsageError
from vaedash.languages import Sentence, again, current, say, to_say
from vaedash.runs import arriving, endings, names, queue, schema, stopping
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

_METRICS = [*schema.CHECKS].index(names.METRICS)  # where a signature has the stamp of that file
_NEEDED = (names.CONFIG, names.METRICS, names.FACTS, names.OUTCOME)  # what loses nothing does not make a run damaged
_EXAMPLES = (  # what those that come along are called in their notes
    to_say("{arch} on shuffled {images} (example)"),
    to_say("{arch} on {images}, {preset} (example)"),
    to_say("{arch} on {images} (example)"),
)
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
    `damage` says why in one sentence. `unread` are the records that are there but cannot be read, those included that lose
    nothing: the name of each, with the reason, said to whoever reads it, since all visitors share a reading.
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
    unread: Mapping[str, Sentence | str] = field(default_factory=dict)

    @property
    def damage(self) -> str | None:
        """Why it is damaged, in one sentence; None where it is not."""
        if self.status != Status.DAMAGED:
            return None
        if not self.path.is_dir():
            return say("Its folder is not here any more.")
        reasons = {name: str(reason) for name, reason in self.unread.items() if name in _NEEDED}
        problems = [reason if name in reason else f"{name}: {reason}" for name, reason in reasons.items()]
        problems = problems or [say("{file} is missing", file=names.CONFIG)]
        damage = say("Cannot be read: {problems}.", problems="; ".join(problems).removesuffix("."))
        return " ".join(filter(None, (damage, arriving.sentence(arriving.on_their_way(self.path)))))

    @property
    def flaws(self) -> Mapping[str, str]:
        """What is wrong with each record that cannot be read, as the end of a sentence."""
        return {
            name: str(reason).removeprefix(name).strip(": .") or say("cannot be read")
            for name, reason in self.unread.items()
        }

    @property
    def pictures(self) -> Pictures:
        return replace(super().pictures, side=self.settings.image_size) if self.settings else super().pictures

    @property
    def config(self) -> RunConfig:
        """Its settings; RunError where the run is too damaged to have any."""
        if self.settings is None:
            raise self.damaged()
        return self.settings

    def damaged(self) -> RunError:
        """What to raise of a damaged run where it is needed whole, or where it has gone."""
        if not self.path.is_dir():
            return self._gone()
        return RunError(
            say(
                "Run {id} is damaged. {damage} What can be done about it says: {command} doctor",
                id=self.id,
                damage=self.damage,
                command=places.command(),
            )
        )

    def ask_to_stop(self) -> None:
        """Ask its process to end after the current batch. UsageError if, as it is now, there is none."""
        now = self.reread()
        if not now.busy:
            raise UsageError(say("Run {id} is {status}: there is nothing to stop.", id=self.id, status=say(now.status)))
        self.request_stop()

    def require_over(self) -> None:
        """RunError if, as it is now, a process is at work on it or about to be."""
        now = self.reread()
        if now.busy or now.held:
            doing = say("being measured") if now.measuring else say(now.status)
            raise RunError(say("Run {id} is {doing}: wait for it, or stop it first.", id=self.id, doing=doing))
        now.require_here()

    def require_here(self) -> None:
        """RunError if it seems that another machine trains it."""
        if self.status == Status.ELSEWHERE:
            raise RunError(say("Run {id} is better left alone. {sentence}", id=self.id, sentence=self.sentence))

    def require_readable(self) -> None:
        """RunError, which says why, if the run is too damaged to have settings."""
        _ = self.config

    @property
    def name(self) -> str:
        """The display name a person gave, else one made from the settings, for whoever looks; so is that of an example."""
        if not self.settings or (self.given_name and not self.example):
            return self.given_name or self.id
        language = current().language
        if language not in self._titles:
            made = again(self.given_name, _EXAMPLES) if self.given_name else self.settings.title
            self._titles[language] = text.visible(" ".join(made.split()))
        return self._titles[language]

    @cached_property
    def _titles(self) -> dict[str, str]:
        """That which nobody here has given, by language."""
        return {}

    @cached_property
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
    def note(self) -> str:
        """What a person wrote of it, in Markdown; empty where nobody did."""
        given = self.notes.get("note")
        return text.note(given) if isinstance(given, str) else ""

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

    @property
    def redrawn(self) -> list[int]:
        """The numbers of the test images that it redraws after each epoch."""
        recorded = self.dataset.get("redrawn")
        first = list(range(min(config.PHOTO_COUNT, self.dataset.get("n_test", config.PHOTO_COUNT))))
        return first if recorded is None else recorded

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
            return say(
                "Its files changed less than {still:.0f} minutes ago, so it seems to train on {host}. If nothing trains it there "
                "any more, resume it once they have been still that long.",
                still=STILL / 60,
                host=self.host,
            )
        if self.status == Status.INTERRUPTED:
            kept = (
                say("after epoch {n}", n=len(self.epochs))
                if self.epochs
                else say("before its first epoch was finished")
            )
            if self.host in ("", places.host()) or self.host.endswith(")"):
                ended = say("Its process ended without a word {kept}; resume it and it goes on from there.", kept=kept)
            else:
                ended = say(
                    "Its process on {host} ended without a word {kept}; resume it and it goes on from there. If it trains there still, "
                    "what it writes does not arrive here: then leave it alone.",
                    host=self.host,
                    kept=kept,
                )
            # Where there is no room, not even that could be written down.
            free = shutil.disk_usage(self.path).free if self.path.exists() else FULL
            return (
                say(
                    "{ended} The disk is full ({free:.0f} MB free): free some room first.",
                    ended=ended,
                    free=free / 1e6,
                )
                if free < FULL
                else ended
            )
        return text.visible(endings.said(str(self.outcome.get("sentence", "")))) if self.outcome else ""

    @property
    def origin(self) -> tuple[str, RunConfig | None]:
        """What no two runs share: when it was made, to the millisecond, and with which settings."""
        return self.created, self.settings

    @property
    def oddities(self) -> tuple[str, ...]:
        """What is odd about a run that can be read, in sentences: what has not arrived from where it was copied or synced from, and
        times that clocks cannot have told.
        """
        if self.damage:
            return ()
        return tuple(filter(None, (self._lacking(), self._times())))

    def _lacking(self) -> str:
        """What of its files is not here, though it says that it has ended."""
        if self.active or not self.outcome or not self.settings:
            return ""
        done, coming = len(self.epochs), arriving.on_their_way(self.path)
        wanted = self.settings.epochs if self.outcome["status"] == Status.FINISHED else 0
        wanted = max(wanted, self.measured.get("epoch", 0), self.outcome["status"] in schema.TRAINED)
        if done < wanted:
            coming.setdefault(names.METRICS, "")
        if not coming:
            return ""
        rows = (
            say("{n} of {wanted} epochs are here", n=done, wanted=wanted)
            if done < wanted
            else say("all its epochs are here")
        )
        return say(
            "Not all of it has arrived: {files} ({epochs}). It is complete as soon as the rest is here; until then its figures are of "
            "what there is.",
            files=", ".join(coming),
            epochs=rows,
        )

    def _times(self) -> str:
        said = self.outcome.get("ended") if self.outcome else None
        begun, ended = schema.timestamp(self.created), schema.timestamp(said) if isinstance(said, str) else 0.0
        if begun > time.time() + STILL:
            day = self.created[:10]
            return say(
                "The clock was ahead where it was made: on {day}, it says, which is yet to come, so lists have it first.",
                day=day,
            )
        if ended and ended < begun - STILL:
            return say(
                "It ended before it was made, by its times: the clocks of two machines differed, and its times mean little."
            )
        return ""

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
    unread: dict[str, Sentence | str] = {}

    def record(name: str, default: Any) -> Any:
        try:
            return folder.record(name)
        except FileNotFoundError:
            return default
        except BAD as error:
            # Of what the system says, the sentence alone: its number and our folder's place help nobody.
            unread[name] = (isinstance(error, OSError) and error.strerror) or storage.reason(error)
            return default

    created, settings = record(names.CONFIG, ("", None))
    epochs = record(names.METRICS, ()) if epochs is None else epochs
    facts = record(names.FACTS, ())
    outcome = record(names.OUTCOME, None)
    held = held or (outcome is None and folder.held)  # it may have begun meanwhile
    damaged = settings is None or bool(unread)
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
        if damaged
        else derive_status(folder, held=held, outcome=outcome, created=created, host=_host(facts), now=time.time()),
        unread=unread,
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
