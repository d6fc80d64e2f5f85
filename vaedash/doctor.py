"""A look at all that is on disk: each damage in one sentence, with what to do; mends, where told to, what can be mended without loss."""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from vaedash import datasets, storage
from vaedash.runs import listing, queue, record, schema, weight_files
from vaedash.runs.record import Run
from vaedash.runs.schema import Epoch, Status

LITTLE_ROOM = 200_000_000  # bytes: what a run keeps, and what it needs besides while it writes
SILENCE = 600.0  # seconds without a report, after which a running run is worth a look
_SETTLED = queue.GRACE  # seconds after which nobody is still writing a temporary file


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
    findings = [*_folders(runs_dir, data_dir), *_queue(runs_dir)]
    for run in sorted(listing.folders(runs_dir), key=lambda run: run.id):
        findings += _run(record.read(run.path))
    return [*findings, *_cache(data_dir)]


def mend(findings: list[Finding]) -> list[Finding]:
    """Mend what can be mended without loss, and return that."""
    mended = []
    for finding in findings:
        if finding.mend:
            finding.mend()
            mended.append(finding)
    return mended


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
    for ticket in queue.stale(folder):
        yield Finding(
            kind="stale-ticket",
            where=ticket.run_id,
            sentence="It has a place in the queue, but no process waits there.",
            remedy="--fix takes the place away; a resume gives it a new one.",
            mend=partial(ticket.path.unlink, missing_ok=True),
        )
    slots = queue.slots(folder)
    training = sum(run.held for run in listing.folders(folder))
    if sum(_stays_true(partial(storage.is_locked, slot)) for slot in slots) > training:
        yield Finding(
            kind="held-slot",
            where=str(slots[0].parent),
            sentence="A process that trains none of these runs holds a slot, so fewer train at once.",
            remedy="Find it (lsof, on Linux and macOS) and end it: its lock goes with it.",
        )


def _stays_true(held: Callable[[], bool]) -> bool:
    """Whether it is so for longer than it takes to write a file."""
    for wait in (0.0, 0.1, 0.4, 0.5):
        time.sleep(wait)
        if not held():
            return False
    return True


# ---- one run --------------------------------------------------------------------------------------------


def _run(run: Run) -> Iterator[Finding]:
    if run.held:
        yield from _silence(run)
        return  # whatever else there is, its process is at work on it
    yield from _records(run)
    if run.status == Status.INTERRUPTED:
        yield Finding(
            kind="interrupted",
            where=run.id,
            sentence=run.sentence.partition(";")[0] + ".",
            remedy=f"Resume it: python -m vaedash resume {run.id}",
        )
    if run.weights.any():
        yield from _weights(run)
    for file in run.pictures.damaged():
        yield Finding(
            kind="unreadable-picture",
            where=run.id,
            sentence=f"samples/{file.name} cannot be read.",
            remedy="The pages leave it out, and nothing else needs it; it may be deleted.",
        )
    for name, remedy in run.figures.damaged().items():
        yield Finding(kind="unreadable-figures", where=run.id, sentence=f"{name} cannot be read.", remedy=remedy)
    yield from _leftovers(run.id, run.leftovers(), run.path)
    if _stays_true(run.notes_held):
        yield Finding(
            kind="held-lock",
            where=run.id,
            sentence="A process holds its notes.lock, so it cannot be renamed or archived.",
            remedy="Find it (lsof, on Linux and macOS) and end it: its lock goes with it.",
        )


def _silence(run: Run) -> Iterator[Finding]:
    updated = run.progress.get("updated") if run.progress else None
    if run.status == Status.RUNNING and updated and (silent := time.time() - updated) > SILENCE:
        yield Finding(
            kind="silent",
            where=run.id,
            sentence=f"Its process lives, but has said nothing for {silent / 60:.0f} minutes.",
            remedy=f"It may be slow or suspended: wait, or stop it: python -m vaedash stop {run.id}",
        )


def _records(run: Run) -> Iterator[Finding]:
    """JSON that is missing or cannot be read."""
    if not run.has_settings():
        yield Finding(
            kind="no-settings",
            where=run.id,
            sentence="config.json is missing, so nothing says what this run is.",
            remedy=f"Put it back, or delete what is left: python -m vaedash archive {run.id} --forever",
        )
    for name, reason in run.damaged_records().items():
        remedy, mend = _remedy(run, name, reason)
        newer = "newer vaedash" in reason
        yield Finding(
            kind="newer-schema" if newer else "damaged-json",
            where=run.id,
            sentence=f"{name} {reason}.".replace("; update to read it", ""),
            remedy=remedy,
            mend=partial(_alone, run, mend) if mend else None,
        )


def _remedy(run: Run, name: str, reason: str) -> tuple[str, Callable[[], None] | None]:
    """What to do about a JSON file that cannot be read, and what does it where that loses nothing."""
    aside = partial(run.set_aside, name)
    if "newer vaedash" in reason:
        return "Update vaedash to read it; until then it is left alone.", None
    if name == "metrics.json" and (epochs := _epochs_in_weights(run)):
        return "--fix sets it aside and takes the epochs out of last.pt, which is whole.", partial(
            _rewrite_metrics, run, epochs
        )
    if name == "outcome.json":
        return "--fix sets it aside; a resume then finds out again how the run ended.", aside
    if name == "notes.json":
        return "--fix sets it aside; name and tags have to be given again.", aside
    if name in ("progress.json", "measured.json"):
        return "--fix sets it aside; whatever needs it writes it anew.", aside
    return f"Put a copy of it back, or train anew; python -m vaedash archive {run.id} puts the run aside.", None


def _rewrite_metrics(run: Run, epochs: Sequence[Epoch]) -> None:
    run.set_aside("metrics.json")
    run.write_metrics(epochs)


def _epochs_in_weights(run: Run) -> Sequence[Epoch] | None:
    from vaedash.runs import weights

    if not run.weights.has("last") or weights.flaw(run, "last"):
        return None
    epochs = weights.load(run, "last").get("epochs")
    return epochs if schema.are_epochs(epochs) else None


def _weights(run: Run) -> Iterator[Finding]:
    from vaedash.runs import weights

    there = {name: run.weights.has(name) for name in weight_files.NAMES}
    flaws = {name: weights.flaw(run, name) for name in there}
    sound = {name: there[name] and not flaws[name] for name in there}
    if not sound["last"] and (there["last"] or there["previous"]):
        yield Finding(
            kind="damaged-weights" if there["last"] else "no-weights",
            where=run.id,
            sentence=flaws["last"] or "last.pt is missing.",
            remedy="--fix restores it from previous.pt, which is whole and one epoch older."
            if sound["previous"]
            else "A resume would begin anew; duplicate the run instead, and keep what it drew.",
            mend=partial(_alone, run, partial(weights.restore_last, run)) if sound["previous"] else None,
        )
    if flaws["previous"] and sound["last"]:
        yield Finding(
            kind="damaged-weights",
            where=run.id,
            sentence=flaws["previous"],
            remedy="last.pt is whole, so nothing is lost; the next epoch of a resume replaces it.",
        )
    if run.best_epoch and not sound["best"]:
        last = weights.load(run, "last") if sound["last"] else {}
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
            mend=partial(_alone, run, partial(weights.restore_best, run)) if kept == run.best_epoch else None,
        )


def _alone(run: Run, mend: Callable[[], None]) -> None:
    """Mend while no training process can begin."""
    with run.claim():
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
        if storage.is_locked(datasets.lock_of(folder)):
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
