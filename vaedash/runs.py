"""A run is a directory: this room reads it, adds to it and derives what state it is in; nothing is ever looked up elsewhere.

Each file has one writer (see PROVENANCE). Reading never raises on a bad file: the run then reads as damaged, says why,
and the others are unaffected.
"""

import contextlib
import datetime
import io
import math
import os
import re
import secrets
import shutil
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from vaedash import config, images, storage
from vaedash.config import RunConfig
from vaedash.errors import RunError, UsageError, VaedashError

with contextlib.suppress(ImportError):  # not on Windows
    import fcntl

# Which process writes which file, and when.
PROVENANCE: Mapping[str, str] = {
    "config.json": "what was asked: the launcher, before the process exists; never changed",
    "facts.json": "what was found: the trainer, one entry for each start or resume",
    "metrics.json": "losses of each finished epoch: the trainer; replaced whole",
    "kl_by_latent.npy": "how much each latent said after each epoch: the trainer; losing it loses a picture only",
    "progress.json": "where it is within an epoch: the trainer, about once a second; losing it loses nothing",
    "outcome.json": "how it ended: the trainer's last act",
    "measured.json": "what was measured beside the losses once it had ended, such as the PCA line; losing it loses nothing",
    "test_losses.npy": "the loss of each test image with the kept weights, measured then too",
    "notes.json": "display name, tags, star, archived: the person, through page or command line",
    "stop": "a request to stop: page or command line; the trainer polls it between batches",
    "lock": "held by the process that trains it, or has it trained on a cluster; the kernel drops it however that dies",
    "train.log": "what the training process said",
    "samples": "pictures decoded after each epoch: the trainer",
    "last.pt": "weights and optimizer after the last finished epoch, all that a resume needs: the trainer",
    "previous.pt": "the `last.pt` before it, used when that one is damaged",
    "best.pt": "weights of the epoch with the lowest monitored loss: the trainer",
}

# Every state a run can be in; the first three are not over yet.
QUEUED, RUNNING = "queued", "running"
OUTCOMES = ("finished", "early-stopped", "stopped", "diverged", "failed")
INTERRUPTED, DAMAGED = "interrupted", "damaged"
ACTIVE = (QUEUED, RUNNING)
RESUMABLE = ("stopped", "failed", INTERRUPTED)

DOCTOR = "What can be done about it says: python -m vaedash doctor"
FULL = 20_000_000  # bytes of free space, below which hardly anything can be written
GRACE = 60.0  # seconds that a launched process may take before it holds its lock
RUN_ID = re.compile(r"[a-z][a-z0-9]{5}")
_DIGEST = re.compile(rb"[0-9a-f]{64}")
_LETTERS, _LETTERS_AND_DIGITS = "abcdefghjkmnpqrstuvwxyz", "abcdefghjkmnpqrstuvwxyz23456789"
_QUEUE = ".queue"
_ELSEWHERE = "elsewhere"  # behind the id in the name of a ticket that waits for a cluster

# What a metrics row may hold besides its epoch: finite numbers, or null where a loss was not finite.
METRICS = tuple(f"{split}_{term}" for split in ("train", "test", "val") for term in ("loss", "recon", "kl"))
REQUIRED_METRICS = frozenset(METRICS[:6])
_NUMBERS = frozenset({int, float, type(None)})  # as JSON's are read; null stands for one that is not finite
# And how many latents are in use (`analysis.active_units`), measured on the test images; older runs have not counted them.
ACTIVE_UNITS = "active_units"
_FRONTIER = ("beta", "kl", "recon")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One reading of a run's directory.

    `epochs` are the rows of metrics.json, in order. `config` is None only where `status` is `damaged`; then
    `damage` says why in one sentence.
    """

    path: Path
    config: RunConfig | None
    created: str
    facts: tuple[Mapping[str, Any], ...]
    epochs: tuple[Mapping[str, Any], ...]
    progress: Mapping[str, Any] | None
    outcome: Mapping[str, Any] | None
    notes: Mapping[str, Any]
    status: str
    measured: Mapping[str, Any] = field(default_factory=dict)
    damage: str | None = None

    @property
    def id(self) -> str:
        """Six letters and digits, the name of the directory."""
        return self.path.name

    @cached_property
    def name(self) -> str:
        """The display name a person gave, else one made from the settings."""
        given = self.notes.get("name")
        # Cleaned when it is given; but a folder may come from somebody else.
        if isinstance(given, str) and (given := _plain(given)):
            return given
        return visible(" ".join(self.config.title.split())) if self.config else self.id

    @property
    def tags(self) -> tuple[str, ...]:
        """Words a person put on it."""
        given = self.notes.get("tags")
        return tuple(_plain(tag) for tag in given if isinstance(tag, str)) if isinstance(given, list) else ()

    @property
    def archived(self) -> bool:
        """Whether it was put aside; it is then left out of lists."""
        return self.notes.get("archived") is True

    @property
    def dataset(self) -> Mapping[str, Any]:
        """Name, fingerprint and sizes of the images it trained on; empty before the first start.

        Where they were a copy of a built-in dataset, `copy_of` names that one.
        """
        return self.facts[-1].get("dataset", {}) if self.facts else {}

    @property
    def parameters(self) -> int | None:
        """How many numbers its model learns; None before the first start."""
        return self.facts[-1].get("parameters") if self.facts else None

    @property
    def host(self) -> str:
        """The machine on which it was started last; empty before its first start, and where older runs do not say it."""
        host = self.facts[-1].get("host") if self.facts else ""
        return visible(host) if isinstance(host, str) else ""

    @property
    def line(self) -> Mapping[str, Mapping[str, float]]:
        """Of the best linear VAE on its images (`pca.line`), for `train` and `test`; empty where it was not measured."""
        return self.measured.get("pca") or {}

    @property
    def frontier(self) -> Sequence[Mapping[str, float]]:
        """`beta`, `kl` and `recon` of the best linear VAE for many beta; empty where it was not measured."""
        return self.measured.get("frontier") or ()

    @property
    def quality(self) -> Mapping[str, Mapping[str, Any]]:
        """What was measured beside the losses (`measures.MEASURES`), by name: `value`, `n` and more; empty where nothing was."""
        return self.measured.get("quality") or {}

    @property
    def active(self) -> bool:
        """Whether it is queued or running."""
        return self.status in ACTIVE

    @cached_property
    def best_epoch(self) -> int | None:
        """The epoch whose weights `best.pt` holds: the plain minimum of the monitored loss."""
        return best_epoch(self.epochs, self.config) if self.config else None

    @property
    def best(self) -> Mapping[str, Any] | None:
        """The metrics row of that epoch."""
        return self.epochs[self.best_epoch - 1] if self.best_epoch else None

    @property
    def sentence(self) -> str:
        """How it ended or what is wrong, in words; empty while it is well and not over."""
        if self.damage:
            return self.damage
        if self.status == INTERRUPTED:
            kept = f"after epoch {len(self.epochs)}" if self.epochs else "before its first epoch was finished"
            said = f"Its process ended without a word {kept}; resume it and it goes on from there."
            # Where there is no room, not even that could be written down.
            free = shutil.disk_usage(self.path).free if self.path.exists() else FULL
            return f"{said} The disk is full ({free / 1e6:.0f} MB free): free some room first." if free < FULL else said
        return visible(str(self.outcome.get("sentence", ""))) if self.outcome else ""


# ---- what early stopping and the best weights rest on: derived from the rows, never stored ----------


def monitored(epochs: Iterable[Mapping[str, Any]], settings: RunConfig) -> list[tuple[int, float]]:
    """(epoch, monitored loss) of the epochs that may be compared: those with the full beta.

    While a KL warm-up raises beta, each epoch's loss has a unit of its own, so none of those counts.
    """
    key = f"{settings.monitor}_loss"
    return [
        (row["epoch"], row[key])
        for row in epochs
        if key in row and not _diverged(row) and settings.beta_at(row["epoch"]) == settings.beta
    ]


def best_epoch(epochs: Sequence[Mapping[str, Any]], settings: RunConfig) -> int | None:
    """The epoch with the lowest monitored loss (the first of equals); during a KL warm-up, the last one."""
    if rows := monitored(epochs, settings):
        return min(rows, key=lambda row: row[1])[0]
    return max((row["epoch"] for row in epochs if not _diverged(row)), default=None)


def epochs_without_improvement(epochs: Iterable[Mapping[str, Any]], settings: RunConfig) -> int:
    """How many epochs in a row, up to the last, did not improve; improved means loss < best - min_delta.

    Only an improvement moves `best`, so a slow creep of less than min_delta an epoch counts once it adds up.
    """
    best, stale = math.inf, 0
    for _, loss in monitored(epochs, settings):
        if loss < best - settings.min_delta:
            best, stale = loss, 0
        else:
            stale += 1
    return stale


def _diverged(row: Mapping[str, Any]) -> bool:
    """Whether something in it was not finite: such an epoch is recorded, but its weights are not kept."""
    return None in row.values()


# ---- reading ----------------------------------------------------------------------------------------


def read(path: Path) -> Run:
    """The run in directory `path`, as it is now; never raises on what it finds there."""
    # The order matters: a trainer writes its outcome and then frees its lock, so the lock is looked at first.
    held = lock_is_held(path / "lock")
    problems: list[str] = []

    def record(name: str, check: Any, default: Any) -> Any:
        try:
            return check(storage.read_json(path / name))
        except FileNotFoundError:
            return default
        except (ValueError, KeyError, TypeError, AttributeError, OSError, VaedashError) as error:
            problems.append(f"{name}: {error}" if name not in str(error) else str(error))
            return default

    created, settings = record("config.json", _check_config, ("", None))
    epochs = record("metrics.json", _check_metrics, ())
    facts = record("facts.json", _check_facts, ())
    outcome = record("outcome.json", _check_outcome, None)
    if settings is None and not problems:
        problems.append("config.json is missing")
    damage = f"Cannot be read: {'; '.join(problems).removesuffix('.')}." if problems else None
    # What loses nothing when it is lost does not make a run damaged.
    progress = record("progress.json", _check_progress, None)
    notes = record("notes.json", _check_record, {})
    measured = record("measured.json", _check_measured, {})
    return Run(
        path=path,
        config=settings,
        created=created,
        facts=facts,
        epochs=epochs,
        progress=progress,
        outcome=outcome,
        notes=notes,
        measured=measured,
        status=DAMAGED if damage else derive_status(path, held=held, outcome=outcome, created=created, now=time.time()),
        damage=damage,
    )


def signature(path: Path) -> tuple[Any, ...]:
    """Something that differs whenever `read(path)` would: readings may be kept for as long as it stays the same."""
    files = {name: _stamp(f"{path}/{name}") for name in _CHECKS}
    held = lock_is_held(f"{path}/lock")
    if files["outcome.json"] and not held:  # over: neither queue nor clock have a say any more
        return (*files.values(), held)
    ticket, written = queue_ticket(path), files["config.json"]
    recent = written and time.time() - written[0] / 1e9 < GRACE + 1
    return (*files.values(), held, ticket, int(time.time()) if recent or ticket else None)


def _stamp(file: str) -> tuple[int, int, int] | None:
    try:
        stat = os.stat(file)
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def derive_status(path: Path, *, held: bool, outcome: Mapping[str, Any] | None, created: str, now: float) -> str:
    """The state of a readable run: first match wins, and nobody's process id is trusted."""
    if outcome and not held:
        return outcome["status"]
    ticket = queue_ticket(path)
    if held:
        return QUEUED if ticket else RUNNING
    launched = max(timestamp(created), ticket.launched_at if ticket else 0.0)
    return QUEUED if abs(now - launched) < GRACE else INTERRUPTED  # a launch in the future is a clock set back


def paths(folder: Path) -> list[Path]:
    """The directories of all runs in a runs folder."""
    return [Path(place) for place in _places(folder)]


def _places(folder: Path) -> list[str]:
    # As text: to make ten thousand paths takes as long as to look at the files in them.
    try:
        return [entry.path for entry in os.scandir(folder) if RUN_ID.fullmatch(entry.name) and entry.is_dir()]
    except FileNotFoundError:
        return []


def list_runs(folder: Path, *, archived: bool = False) -> list[Run]:
    """All runs in a runs folder, newest first; archived ones only if asked for."""
    found = (read(path) for path in paths(folder))
    return newest_first(run for run in found if archived or not run.archived)


class Readings:
    """Runs as they were when last read. To list them again, only those are read whose signature has changed since."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[tuple[Any, ...], Run]] = {}

    def list_runs(self, folder: Path, *, archived: bool = False) -> list[Run]:
        """As `runs.list_runs`."""
        known, kept = self._kept, {}
        for place in _places(folder):
            before = known.get(place)
            path = before[1].path if before else Path(place)
            mark = signature(path)
            kept[place] = before if before and before[0] == mark else (mark, read(path))
        self._kept = kept  # without those that are gone
        return newest_first(run for _, run in kept.values() if archived or not run.archived)


def newest_first(found: Iterable[Run]) -> list[Run]:
    """Sorted by creation."""
    return sorted(found, key=lambda run: (run.created, run.id), reverse=True)


def find(folder: Path, text: str) -> Run:
    """The one run that `text` means: an id, a unique prefix of one, a display name, `latest` or `latest:conv`.

    Raises UsageError that lists what there is where it means none or several.
    """
    if RUN_ID.fullmatch(text) and text != "latest" and (folder / text).is_dir():
        return read(folder / text)  # and none of the others, of which there may be thousands
    every = list_runs(folder, archived=True)
    if not every:
        raise UsageError(f"There are no runs in {folder} yet. Start one: python -m vaedash train")
    if text == "latest" or text.startswith("latest:"):
        arch = text.partition(":")[2]
        matches = [run for run in every if not run.archived and run.config and arch in ("", run.config.arch)][:1]
    else:
        named = [run for run in every if run.name == text]
        matches = named or [run for run in every if text and run.id.startswith(text)]
    if len(matches) == 1:
        return matches[0]
    listed = ", ".join(run.id for run in (matches or every)[:8])
    if matches:
        raise UsageError(f"{text!r} means several runs: {listed}. Give an id.")
    raise UsageError(f"No run is called {text!r}. Runs: {listed}.")


def lock_is_held(path: Path | str) -> bool:
    """Whether a living process holds the lock file at `path`; asking never disturbs it or another who asks."""
    if "fcntl" in globals():
        try:
            fd = os.open(path, os.O_RDONLY)
        except OSError:
            return False
        try:
            # A shared lock fails only against the holder's exclusive one, never against another reader's.
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
    if not Path(path).exists():
        return False
    try:
        with FileLock(path, timeout=0.05):
            return False
    except Timeout:
        return True


# ---- the queue: one ticket a waiting run, in the order of launching ----------------------------------


@dataclass(frozen=True)
class Ticket:
    """A launched run's place in the queue; gone once it trains."""

    path: Path
    run_id: str
    order: int  # nanoseconds since 1970 at the launch
    elsewhere: bool = False  # it waits for a machine of a cluster, and so stands in nobody's way here

    @property
    def launched_at(self) -> float:
        """Seconds since 1970 at the launch."""
        return self.order / 1e9


def tickets(folder: Path) -> list[Ticket]:
    """All tickets in a runs folder, oldest first."""
    found = []
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for entry in os.scandir(folder / _QUEUE):
            order, _, rest = entry.name.partition("-")
            run_id, _, where = rest.partition("-")
            if order.isdecimal() and RUN_ID.fullmatch(run_id) and where in ("", _ELSEWHERE):
                found.append(Ticket(Path(entry.path), run_id, int(order), elsewhere=bool(where)))
    return sorted(found, key=lambda ticket: (ticket.order, ticket.run_id))


def queue_ticket(path: Path) -> Ticket | None:
    """The ticket of the run at `path`, if it waits."""
    return next((ticket for ticket in tickets(path.parent) if ticket.run_id == path.name), None)


def ahead(ticket: Ticket) -> int:
    """How many wait before it, for the same machines."""
    return sum(
        other.elsewhere == ticket.elsewhere and other.order < ticket.order
        for other in tickets(ticket.path.parent.parent)
    )


def stale_tickets(folder: Path) -> list[Ticket]:
    """Those whose run nobody is about to train: there is no process that waits with it, and none that could still begin."""
    return [
        ticket
        for ticket in tickets(folder)
        if not lock_is_held(folder / ticket.run_id / "lock") and time.time() - ticket.launched_at > GRACE
    ]


def enqueue(path: Path, *, elsewhere: bool = False) -> None:
    """Give the run at `path` a ticket (a fresh one if it had one): for this machine, or for one `elsewhere`."""
    dequeue(path)
    (path.parent / _QUEUE).mkdir(exist_ok=True)
    (path.parent / _QUEUE / f"{time.time_ns()}-{path.name}{f'-{_ELSEWHERE}' * elsewhere}").touch()


def dequeue(path: Path) -> None:
    """Take its ticket away."""
    while ticket := queue_ticket(path):
        ticket.path.unlink(missing_ok=True)


# ---- writing: each function belongs to one writer ----------------------------------------------------


def create(folder: Path, settings: RunConfig, *, name: str | None = None) -> Run:
    """A new run directory with its config.json, under an id of its own (claimed by `mkdir`, so two never share one)."""
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        run_id = secrets.choice(_LETTERS) + "".join(secrets.choice(_LETTERS_AND_DIGITS) for _ in range(5))
        try:
            (folder / run_id).mkdir()
            break
        except FileExistsError:
            continue
    path = folder / run_id
    storage.write_json(path / "config.json", {"schema": config.SCHEMA, "created": now(), **settings.to_json()})
    if name:
        write_notes(path, name=name)
    return read(path)


def write_notes(path: Path, **changes: Any) -> None:
    """Change what a person may say of a run: `name`, `tags`, `star`, `archived`.

    Names and tags are cut to 80 characters, without control characters and those that change the direction of text.
    """
    changes = {key: _plain(value) for key, value in changes.items()}
    with FileLock(path / "notes.lock"):
        try:
            notes = _check_record(storage.read_json(path / "notes.json"))
        except (FileNotFoundError, ValueError):
            notes = {}
        storage.write_json(path / "notes.json", {**notes, "schema": config.SCHEMA, **changes})


def write_measured(path: Path, **figures: Any) -> None:
    """Add to what was measured of an ended run."""
    with FileLock(path / "notes.lock"):
        storage.write_json(path / "measured.json", {**read(path).measured, "schema": config.SCHEMA, **figures})


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return " ".join(visible(" ".join(value.split())).split())[:80].rstrip()
    return value


def visible(text: str) -> str:
    """`text` without what moves a cursor, changes the direction of text or cannot be seen; lines stay lines."""
    kept = (" " if letter.isspace() and letter != "\n" else letter for letter in text)
    return "".join(letter for letter in kept if letter == "\n" or not unicodedata.category(letter).startswith("C"))


def request_stop(path: Path) -> None:
    """Ask the training process to end after its current batch."""
    (path / "stop").touch()


def stop_requested(path: Path) -> bool:
    """Whether somebody asked."""
    return (path / "stop").exists()


def reopen(path: Path) -> None:
    """Make a run that ended ready to go on: no stop request, no outcome."""
    for name in ("stop", "outcome.json"):
        (path / name).unlink(missing_ok=True)


def write_metrics(path: Path, epochs: Sequence[Mapping[str, Any]]) -> None:
    """Replace metrics.json; a loss that is not finite becomes null."""
    rows = [{key: finite(value) for key, value in row.items()} for row in epochs]
    storage.write_json(path / "metrics.json", {"schema": config.SCHEMA, "epochs": rows})


def write_progress(path: Path, progress: Mapping[str, Any]) -> None:
    """Replace progress.json, without waiting for the disk: losing it loses nothing."""
    record = {key: finite(value) for key, value in progress.items()}
    storage.write_json(path / "progress.json", {"schema": config.SCHEMA, **record}, durable=False)


def add_facts(path: Path, facts: Mapping[str, Any]) -> None:
    """Append one start or resume to facts.json."""
    starts = [*read(path).facts, facts]
    storage.write_json(path / "facts.json", {"schema": config.SCHEMA, "starts": starts})


def write_outcome(path: Path, status: str, sentence: str) -> None:
    """The trainer's last act."""
    storage.write_json(
        path / "outcome.json", {"schema": config.SCHEMA, "status": status, "sentence": sentence, "ended": now()}
    )


def write_weights(path: Path, name: str, data: bytes | memoryview) -> None:
    """Replace `name`.pt (`last`, `best` or `previous`) and its SHA-256, keeping the `last` before it as `previous`.

    At every instant the hash of each whole .pt file, old or new, is in one of the .sha256 files: a new one gets
    there before its file, and an old one stays until its file is replaced.
    """
    file, hashes = path / f"{name}.pt", path / f"{name}.pt.sha256"
    digest, before = f"{storage.sha256(data)}  {name}.pt\n".encode(), hashes.read_bytes() if hashes.exists() else b""
    # A damaged `last` must not take the place of a sound `previous`.
    moved = name == "last" and file.exists() and storage.sha256_of(file) in known_digests(path)
    if moved:
        storage.replace(file, path / "previous.pt")
    storage.write_bytes(hashes, digest + before)
    storage.write_bytes(file, data)
    if moved:
        storage.write_bytes(path / "previous.pt.sha256", before)
    storage.write_bytes(hashes, digest)


def known_digests(path: Path) -> set[str]:
    """The SHA-256 of every weights file that was ever written whole in a run, as far as it is still there."""
    return {match.decode() for file in path.glob("*.pt.sha256") for match in _DIGEST.findall(file.read_bytes())}


def write_sample(path: Path, name: str, png: bytes) -> None:
    """A picture under samples/; `name` is like `prior-0001.png`."""
    (path / "samples").mkdir(exist_ok=True)
    storage.write_bytes(path / "samples" / name, png)


def sample_path(path: Path, kind: str, epoch: int) -> Path:
    """Where the picture of `kind` (`prior` or `recon`) of an epoch lies, if it was made."""
    return path / "samples" / f"{kind}-{epoch:04d}.png"


def samples(path: Path, kind: str, epoch: int) -> np.ndarray | None:
    """The images `(N, 3, 32, 32)` of that picture, or None where there is none that can be read."""
    return _tiles(sample_path(path, kind, epoch))


def test_losses(path: Path) -> np.ndarray | None:
    """The loss of each test image with the kept weights, `(N,)` in nats, or None where that was not measured."""
    losses = _array(path / "test_losses.npy", dimensions=1)
    return losses if losses is not None and np.isfinite(losses).all() else None


def write_test_losses(path: Path, losses: np.ndarray) -> None:
    """Keep the loss of each test image, for comparisons image by image."""
    storage.write_bytes(path / "test_losses.npy", _npy(losses))


def kl_by_latent(path: Path) -> np.ndarray | None:
    """Mean KL of each latent over the test images after each epoch, `(epochs, latent_dim)` in nats; None where that was not measured.

    NaN in epochs of which it was lost. Written before the epoch is announced, so there may be one row too many.
    """
    return _array(path / "kl_by_latent.npy", dimensions=2)


def write_kl_by_latent(path: Path, epochs: Sequence[np.ndarray]) -> None:
    """Keep how much each latent says after each epoch, without waiting for the disk: losing it loses a picture only."""
    storage.write_bytes(path / "kl_by_latent.npy", _npy(np.stack(epochs)), durable=False)


def _array(file: Path, *, dimensions: int) -> np.ndarray | None:
    """The float32 array in a file, or None where there is none that can be read."""
    try:
        found = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    sound = isinstance(found, np.ndarray) and found.ndim == dimensions and found.dtype == np.float32 and found.size
    return found if sound else None


def _npy(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values.astype(np.float32))
    return buffer.getvalue()


def originals(path: Path) -> np.ndarray | None:
    """The held-out images `(N, 3, 32, 32)` that every `recon` picture of a run redraws, or None as in `samples`."""
    return _tiles(path / "samples" / "originals.png")


def _tiles(file: Path) -> np.ndarray | None:
    try:
        # A trainer writes PNG; runs that are passed on may hold the smaller WebP.
        return images.ungrid(images.decode_picture((file if file.exists() else file.with_suffix(".webp")).read_bytes()))
    except (OSError, ValueError, SyntaxError):
        return None


def log_tail(path: Path, *, lines: int = 30) -> str:
    """The end of what the training process said, without the project's place on this machine."""
    try:
        text = (path / "train.log").read_bytes()[-20_000:].decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.replace(f"{config.PROJECT_ROOT}{os.sep}", "").splitlines()[-lines:])


def leftovers(path: Path) -> list[Path]:
    """What killed writers left half written in a run; some of it may still be in the making."""
    return [*path.glob(".*.tmp"), *path.glob("samples/.*.tmp")]


def sweep_temporary(path: Path) -> None:
    """Remove what a killed writer left half written; only the holder of the run's lock may."""
    for leftover in leftovers(path):
        leftover.unlink(missing_ok=True)


def damaged_files(path: Path) -> dict[str, str]:
    """The JSON files of a run that are there but cannot be read, each with the reason as the end of a sentence."""
    found = {}
    for name, check in _CHECKS.items():
        try:
            check(storage.read_json(path / name))
        except FileNotFoundError:
            continue
        except (ValueError, KeyError, TypeError, AttributeError, OSError, VaedashError) as error:
            found[name] = str(error).removeprefix(name).strip(": .") or "cannot be read"
    return found


def are_epochs(rows: Any) -> bool:
    """Whether these could be the rows of a metrics.json."""
    try:
        return bool(_check_metrics({"epochs": rows}))
    except (ValueError, TypeError):
        return False


def damaged_samples(path: Path) -> list[Path]:
    """The pictures of a run that cannot be read."""
    every = [*path.glob("samples/*.png"), *path.glob("samples/*.webp")]
    return sorted(file for file in every if _tiles(file) is None)


def set_aside(path: Path, name: str) -> None:
    """Rename a damaged JSON file of a run to `<name>.damaged`, unless it has become readable in the meantime."""
    with FileLock(path / "notes.lock"):
        if name in damaged_files(path):
            storage.replace(path / name, path / f"{name}.damaged")


def delete(path: Path) -> None:
    """Remove a run and all its files for ever."""
    shutil.rmtree(path)


def now() -> str:
    """This moment as ISO 8601 in UTC, to the millisecond."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def finite(value: Any) -> Any:
    """`value`, or None for a float that JSON cannot say."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


# ---- checks: what a readable file holds --------------------------------------------------------------


def _check_record(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("is not a JSON object")
    return value


def _check_config(value: Any) -> tuple[str, RunConfig]:
    record = _check_record(value)
    schema = record.get("schema")
    if not isinstance(schema, int):
        raise ValueError("has no schema number")
    if schema > config.SCHEMA:
        raise ValueError(
            f"was written by a newer vaedash (schema {schema}, this one knows {config.SCHEMA}); update to read it"
        )
    created = record.get("created")
    if not isinstance(created, str) or timestamp(created) == 0.0:
        raise ValueError("has no creation time")
    return created, RunConfig.from_json(record)


def _check_metrics(value: Any) -> tuple[Mapping[str, Any], ...]:
    rows = _check_record(value).get("epochs")
    if not isinstance(rows, list):
        raise ValueError("has no list of epochs")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or row.get("epoch") != number or REQUIRED_METRICS - row.keys():
            raise ValueError(f"row {number} is not the record of epoch {number}")
        if isinstance(row["epoch"], float) or {*map(type, row.values())} - _NUMBERS:
            raise ValueError(f"row {number} holds something that is not a number")
        if isinstance(row.get(ACTIVE_UNITS), float) or (row.get(ACTIVE_UNITS) or 0) < 0:
            raise ValueError(f"row {number} has {row[ACTIVE_UNITS]} active units, which is no count")
    return tuple(rows)


def _check_progress(value: Any) -> dict[str, Any]:
    record = _check_record(value)
    kinds: dict[str, Callable[[Any], bool]] = {"phase": lambda item: isinstance(item, str), "trace": _is_trace}
    if not all(kinds.get(key, _is_number)(item) for key, item in record.items()):
        raise ValueError("holds something that is not a number")
    return record


def _is_trace(value: Any) -> bool:
    """Whether it is a list of points, each an epoch and a loss."""
    return isinstance(value, list) and all(
        isinstance(point, list) and len(point) == 2 and all(map(_is_number, point)) and None not in point
        for point in value
    )


def _is_number(value: Any) -> bool:
    """Whether it is a number, or null in the place of one."""
    return type(value) in _NUMBERS


def _check_facts(value: Any) -> tuple[Mapping[str, Any], ...]:
    starts = _check_record(value).get("starts")
    if not isinstance(starts, list) or not all(isinstance(start, dict) for start in starts):
        raise ValueError("has no list of starts")
    for dataset in (start.get("dataset", {}) for start in starts):
        sizes = [dataset.get("n_train", 0), dataset.get("n_test", 0)] if isinstance(dataset, dict) else [None]
        if not all(isinstance(size, int) for size in sizes):
            raise ValueError("does not say how many images there were")
    return tuple(starts)


def _check_measured(value: Any) -> dict[str, Any]:
    record = _check_record(value)
    if line := record.get("pca"):
        figures = [line[split][name] for split in ("train", "test") for name in ("loss", "recon", "kl", "directions")]
        if not all(isinstance(figure, (int, float)) for figure in figures):
            raise ValueError("has a figure that is not a number")
    if not all(isinstance(point[name], (int, float)) for point in record.get("frontier") or () for name in _FRONTIER):
        raise ValueError("has a figure that is not a number")
    for measure in (record.get("quality") or {}).values():
        if not all(_is_number(measure.get(key)) for key in ("value", "n", "floor")):
            raise ValueError("has a measure that is not a number")
    return record


def _check_outcome(value: Any) -> dict[str, Any]:
    record = _check_record(value)
    if record.get("status") not in OUTCOMES:
        raise ValueError(f"says a status that is none of {', '.join(OUTCOMES)}")
    return record


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "config.json": _check_config,
    "metrics.json": _check_metrics,
    "facts.json": _check_facts,
    "outcome.json": _check_outcome,
    "progress.json": _check_progress,
    "notes.json": _check_record,
    "measured.json": _check_measured,
}


def timestamp(text: str) -> float:
    """Seconds since 1970, or 0 where `text` is not a time."""
    try:
        return datetime.datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def require_settings(run: Run) -> RunConfig:
    """Its settings; RunError where the run is damaged."""
    if run.config is None:
        raise RunError(f"Run {run.id} is damaged. {run.damage} {DOCTOR}")
    return run.config
