"""A look at all that is on disk: each damage in one sentence, with what to do; mends, where told to, what can be mended without loss."""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from vaedash import config, datasets, launch, runs
from vaedash.runs import Run

LITTLE_ROOM = 200_000_000  # bytes: what a run keeps, and what it needs besides while it writes
SILENCE = 600.0  # seconds without a report, after which a running run is worth a look
_SETTLED = runs.GRACE  # seconds after which nobody is still writing a temporary file


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One damage, at `where` (a run's id, or a folder): what it is and what to do about it, a sentence each.

    `kind` is a word for scripts. `mend`, where there is one, mends it and loses nothing.
    """

    kind: str
    where: str
    sentence: str
    remedy: str
    mend: Callable[[], None] | None = None


def examine(runs_dir: Path, data_dir: Path) -> list[Finding]:
    """Everything that is wrong in a runs folder and in the cache of images; changes nothing. Loads torch if there are weights."""
    found = [*_folders(runs_dir, data_dir), *_queue(runs_dir)]
    for path in sorted(runs.paths(runs_dir)):
        found += _run(runs.read(path))
    return [*found, *_cache(data_dir)]


def mend(found: list[Finding]) -> list[Finding]:
    """Mend what can be mended without loss, and return that."""
    mendable = [finding for finding in found if finding.mend]
    for finding in mendable:
        finding.mend()
    return mendable


# ---- folders and queue ----------------------------------------------------------------------------------


def _folders(*folders: Path) -> Iterator[Finding]:
    for folder in dict.fromkeys(folder for folder in folders if folder.is_dir()):
        free = shutil.disk_usage(folder).free
        if free < LITTLE_ROOM:
            yield Finding(
                kind="little-room",
                where=str(folder),
                sentence=f"The disk has {free / 1e6:,.0f} MB left; a run may need {LITTLE_ROOM / 1e6:,.0f} MB.",
                remedy="Free some room: archive RUN --forever deletes a run, and the cache of images may be deleted.",
            )
        if not os.access(folder, os.W_OK | os.X_OK):
            yield Finding(
                kind="not-writable",
                where=str(folder),
                sentence="This user may not write here.",
                remedy="Change the folder's permissions, or name another one with --runs-dir or --data-dir.",
            )


def _queue(folder: Path) -> Iterator[Finding]:
    for ticket in runs.stale_tickets(folder):
        yield Finding(
            kind="stale-ticket",
            where=ticket.run_id,
            sentence="It has a place in the queue, but no process waits there.",
            remedy="--fix takes the place away; a resume gives it a new one.",
            mend=partial(ticket.path.unlink, missing_ok=True),
        )
    slots = [folder / ".slots" / f"{number}.lock" for number in range(config.SLOTS)]
    training = sum(runs.lock_is_held(path / "lock") for path in runs.paths(folder))
    if len([slot for slot in slots if _stays_held(slot)]) > training:
        yield Finding(
            kind="held-slot",
            where=str(folder / ".slots"),
            sentence="A process that trains none of these runs holds a slot, so fewer train at once.",
            remedy="Find it (lsof, on Linux and macOS) and end it: its lock goes with it.",
        )


def _stays_held(lock: Path) -> bool:
    """Whether it is held for longer than it takes to write a file."""
    for wait in (0.0, 0.1, 0.4, 0.5):
        time.sleep(wait)
        if not runs.lock_is_held(lock):
            return False
    return True


# ---- one run --------------------------------------------------------------------------------------------


def _run(run: Run) -> Iterator[Finding]:
    if runs.lock_is_held(run.path / "lock"):
        yield from _silence(run)
        return  # whatever else there is, its process is at work on it
    yield from _records(run)
    if run.status == runs.INTERRUPTED:
        yield Finding(
            kind="interrupted",
            where=run.id,
            sentence=run.sentence.partition(";")[0] + ".",
            remedy=f"Resume it: python -m vaedash resume {run.id}",
        )
    if any(run.path.glob("*.pt*")):
        yield from _weights(run)
    for file in runs.damaged_samples(run.path):
        yield Finding(
            kind="unreadable-picture",
            where=run.id,
            sentence=f"samples/{file.name} cannot be read.",
            remedy="The pages leave it out, and nothing else needs it; it may be deleted.",
        )
    for name, read, remedy in (
        ("test_losses.npy", runs.test_losses, "Compare judges by the means alone; it may be deleted."),
        ("kl_by_latent.npy", runs.kl_by_latent, "Latent space leaves its picture out; it may be deleted."),
    ):
        if (run.path / name).exists() and read(run.path) is None:
            yield Finding(kind="unreadable-figures", where=run.id, sentence=f"{name} cannot be read.", remedy=remedy)
    yield from _leftovers(run.id, runs.leftovers(run.path), run.path)
    if _stays_held(run.path / "notes.lock"):
        yield Finding(
            kind="held-lock",
            where=run.id,
            sentence="A process holds its notes.lock, so it cannot be renamed or archived.",
            remedy="Find it (lsof, on Linux and macOS) and end it: its lock goes with it.",
        )


def _silence(run: Run) -> Iterator[Finding]:
    said = run.progress and run.progress.get("updated")
    if run.status == runs.RUNNING and said and (silent := time.time() - said) > SILENCE:
        yield Finding(
            kind="silent",
            where=run.id,
            sentence=f"Its process lives, but has said nothing for {silent / 60:.0f} minutes.",
            remedy=f"It may be slow or suspended: wait, or stop it: python -m vaedash stop {run.id}",
        )


def _records(run: Run) -> Iterator[Finding]:
    """JSON that is missing or cannot be read."""
    if not (run.path / "config.json").exists():
        yield Finding(
            kind="no-settings",
            where=run.id,
            sentence="config.json is missing, so nothing says what this run is.",
            remedy=f"Put it back, or delete what is left: python -m vaedash archive {run.id} --forever",
        )
    for name, reason in runs.damaged_files(run.path).items():
        remedy, mend = _remedy(run, name, reason)
        newer = "newer vaedash" in reason
        yield Finding(
            kind="newer-schema" if newer else "damaged-json",
            where=run.id,
            sentence=f"{name} {reason}.".replace("; update to read it", ""),
            remedy=remedy,
            mend=mend and partial(_alone, run.path, mend),
        )


def _remedy(run: Run, name: str, reason: str) -> tuple[str, Callable[[], None] | None]:
    """What to do about a JSON file that cannot be read, and what does it where that loses nothing."""
    aside = partial(runs.set_aside, run.path, name)
    if "newer vaedash" in reason:
        return "Update vaedash to read it; until then it is left alone.", None
    if name == "metrics.json" and (epochs := _epochs_in_weights(run.path)):
        return "--fix sets it aside and takes the epochs out of last.pt, which is whole.", partial(
            _rewrite_metrics, run.path, epochs
        )
    if name == "outcome.json":
        return "--fix sets it aside; a resume then finds out again how the run ended.", aside
    if name == "notes.json":
        return "--fix sets it aside; name and tags have to be given again.", aside
    if name in ("progress.json", "measured.json"):
        return "--fix sets it aside; whatever needs it writes it anew.", aside
    return f"Put a copy of it back, or train anew; python -m vaedash archive {run.id} puts the run aside.", None


def _rewrite_metrics(path: Path, epochs: list[dict]) -> None:
    runs.set_aside(path, "metrics.json")
    runs.write_metrics(path, epochs)


def _epochs_in_weights(path: Path) -> list[dict] | None:
    from vaedash import checkpoints

    if not (path / "last.pt").exists() or checkpoints.flaw(path, "last"):
        return None
    epochs = checkpoints.load(path, "last").get("epochs")
    return epochs if runs.are_epochs(epochs) else None


def _weights(run: Run) -> Iterator[Finding]:
    from vaedash import checkpoints

    there = {name: (run.path / f"{name}.pt").exists() for name in ("last", "previous", "best")}
    flaws = {name: checkpoints.flaw(run.path, name) for name in there}
    sound = {name: there[name] and not flaws[name] for name in there}
    if not sound["last"] and (there["last"] or there["previous"]):
        yield Finding(
            kind="damaged-weights" if there["last"] else "no-weights",
            where=run.id,
            sentence=flaws["last"] or "last.pt is missing.",
            remedy="--fix restores it from previous.pt, which is whole and one epoch older."
            if sound["previous"]
            else "A resume would begin anew; duplicate the run instead, and keep what it drew.",
            mend=partial(_alone, run.path, partial(checkpoints.restore_last, run.path)) if sound["previous"] else None,
        )
    if flaws["previous"] and sound["last"]:
        yield Finding(
            kind="damaged-weights",
            where=run.id,
            sentence=flaws["previous"],
            remedy="last.pt is whole, so nothing is lost; the next epoch of a resume replaces it.",
        )
    if run.best_epoch and not sound["best"]:
        last = checkpoints.load(run.path, "last") if sound["last"] else {}
        kept = last.get("epoch") if "model" in last else None
        yield Finding(
            kind="damaged-weights" if there["best"] else "no-weights",
            where=run.id,
            sentence=flaws["best"] or "best.pt is missing.",
            remedy="--fix takes the weights out of last.pt, which is of the same epoch."
            if kept == run.best_epoch
            else "Give --weights last where a command takes it"
            + ("." if sound["last"] else ", once last.pt is mended.")
            + " A resume writes best.pt with its next best epoch.",
            mend=partial(_alone, run.path, partial(checkpoints.restore_best, run.path))
            if kept == run.best_epoch
            else None,
        )


def _alone(path: Path, mend: Callable[[], None]) -> None:
    """Mend while no training process can begin."""
    with launch.claim(path):
        mend()


# ---- what killed writers left, and the cache of images --------------------------------------------------


def _leftovers(where: str, files: list[Path], within: Path) -> Iterator[Finding]:
    for file in files:
        with contextlib.suppress(FileNotFoundError):  # it has just become whole
            if time.time() - file.stat().st_mtime < _SETTLED:
                continue
            yield Finding(
                kind="leftover",
                where=where,
                sentence=f"{file.relative_to(within)} was left half written by a process that was killed.",
                remedy="--fix removes it.",
                mend=partial(file.unlink, missing_ok=True),
            )


def _cache(data_dir: Path) -> Iterator[Finding]:
    for folder in datasets.caches(data_dir):
        lock = folder.with_name(f"{folder.name}.lock")
        if runs.lock_is_held(lock):
            continue  # somebody is reading images into it
        if flaw := datasets.cache_flaw(folder):
            yield Finding(
                kind="broken-cache",
                where=str(folder),
                sentence=f"This cache of images {flaw}.",
                remedy="--fix removes it; the images are read anew when they are next needed.",
                mend=partial(datasets.remove_cache, folder),
            )
    yield from _leftovers(str(data_dir), datasets.leftovers(data_dir), data_dir)
