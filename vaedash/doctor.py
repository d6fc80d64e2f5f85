"""A look at all that is on disk: each damage in one sentence, with what to do; mends, where told to, what can be mended without loss."""

import contextlib
import os
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from vaedash import config, datasets, storage, text
from vaedash.config import RunConfig
from vaedash.errors import RunError
from vaedash.models import own
from vaedash.runs import arriving, listing, names, queue, record, schema, views
from vaedash.runs.record import Run
from vaedash.runs.schema import Epoch, Status

LITTLE_ROOM = 200_000_000  # bytes: what a run keeps, and what it needs besides while it writes
SILENCE = 600.0  # seconds without a report, after which a running run is worth a look
# What no other look at a run notices: records, weights and figures cannot be read, and say so.
_READ_BY_NOBODY_ELSE = (
    *(names.LOG, names.SOURCE, names.STOP, names.LOCK, names.NOTES_LOCK, names.SAMPLES),
    *map(names.hashes_file, names.WEIGHTS),
)
_ID_WITHIN = re.compile(rf"(?<![a-z0-9]){config.RUN_ID.pattern}(?![a-z0-9])")
_WORD = re.compile(r"[^\W\d_]+")
_ADDED = {"copy", "of"}  # by programs that copy folders; beside other words, what looks like an id may be one too
_SETTLED = queue.GRACE  # seconds after which nobody is still writing a temporary file

Origin: TypeAlias = tuple[str, RunConfig | None]  # `Run.origin`


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
    findings = [*_folders(runs_dir, data_dir), *_queue(runs_dir), *_views(runs_dir)]
    ids, originals = set[str](), dict[Origin, Run]()
    for folder in sorted(listing.folders(runs_dir), key=lambda folder: folder.id):
        run = record.read(folder.path)
        ids.add(run.id)
        findings += _run(run)
        first = originals.get(run.origin)
        if first and not first.archived:
            findings += _twin(first, run)
        elif run.settings:
            originals[run.origin] = run
    copies = (record.read(folder.path) for folder in listing.unlisted(runs_dir))
    findings += (_unlisted(run, originals.get(run.origin), ids) for run in copies)
    return [*findings, *_cache(data_dir), *_skipped()]


def mend(findings: Iterable[Finding]) -> list[Finding]:
    """Mend what can be mended without loss, and return that."""
    mended = []
    for finding in findings:
        if finding.mend:
            with contextlib.suppress(RunError):  # a process has the run meanwhile, say: it stays found
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
            mend=ticket.remove,
        )
    slots = queue.slots(folder)
    training = sum(run.held for run in listing.folders(folder))
    if sum(_stays_true(partial(storage.is_locked, slot)) for slot in slots) > training:
        yield Finding(
            kind="held-slot",
            where=str(queue.slots_folder(folder)),
            sentence="A process that trains none of these runs holds a slot, so fewer train at once.",
            remedy="Find it (lsof, on Linux and macOS) and end it: its lock goes with it.",
        )


def _views(folder: Path) -> Iterator[Finding]:
    try:
        views.saved(folder)
    except RunError as error:
        sentence, _, remedy = str(error).partition(". ")
        yield Finding(kind="damaged-views", where=str(folder), sentence=f"{sentence}.", remedy=remedy)


def _stays_true(held: Callable[[], bool]) -> bool:
    """Whether it is so for longer than it takes to write a file."""
    for wait in (0.1, 0.4, 0.5):
        if not held():
            return False
        time.sleep(wait)
    return held()


# ---- folders that were renamed or copied -------------------------------------------------------------------


def _twin(first: Run, run: Run) -> Iterator[Finding]:
    """Of a run that is there under a second id and not archived."""
    if run.archived:
        return
    same = len(run.epochs) == len(first.epochs)
    other = min((run, first), key=lambda twin: len(twin.epochs))
    which = f"{other.id}, which has {'as many' if same else 'fewer'} epochs"
    fix = f"--fix archives {which}: {other.command('restore')} undoes it."
    by_hand = f"A process holds it: wait for that or stop it, then archive {which}: {other.command('archive')}"
    yield Finding(
        kind="twin",
        where=run.id,
        sentence=f"It is the same run as {first.id}, copied: a comparison would count it twice.",
        remedy=by_hand if other.held else fix,
        mend=None if other.held else partial(_alone, other, partial(other.write_notes, archived=True)),
    )


def _unlisted(run: Run, original: Run | None, ids: Collection[str]) -> Finding:
    """Of a folder that no list has."""
    remedy, mend = _relisted(run, ids) if original is None else _spared(run, original)
    return Finding(
        kind="unlisted",
        where=run.id,
        sentence=f"This folder holds {f'a copy of run {original.id}' if original else 'a run'}, but its name is no id, so no list has it.",
        remedy=remedy,
        mend=None if run.held else mend,
    )


def _relisted(run: Run, ids: Collection[str]) -> tuple[str, Callable[[], None] | None]:
    """What brings a renamed run back into the lists, and what does it where only one id may be meant."""
    within = [found for found in _ID_WITHIN.findall(run.id) if found not in ids]
    besides = {word.casefold() for word in _WORD.findall(_ID_WITHIN.sub(" ", run.id))}
    if len(within) != 1 or besides - _ADDED:
        to = within[0] if within else "six small letters and digits, the first a letter"
        return f"Rename it to {to}, or move it out of the runs folder.", None
    return f"--fix renames it to {within[0]}; renaming it undoes that.", partial(run.rename, within[0])


def _spared(run: Run, original: Run) -> tuple[str, Callable[[], None] | None]:
    """What is to be done with a copy, and what does it where that holds no epoch more."""
    if len(run.epochs) > len(original.epochs):
        return f"It has more epochs than {original.id}: compare the two, and move one out of the runs folder.", None
    return "--fix moves it into the folder .aside beside it; moving it back undoes that.", run.leave


# ---- one run --------------------------------------------------------------------------------------------


def _run(run: Run) -> Iterator[Finding]:
    if not _may_be_read(run.path):
        yield Finding(
            kind="not-readable",
            where=run.id,
            sentence="This user may not look into its folder.",
            remedy="Change the folder's permissions, or have its owner do so; the other runs do without it.",
        )
        return
    if run.held:
        yield from _silence(run)
        return  # whatever else there is, its process is at work on it
    if run.status == Status.ELSEWHERE:
        return  # or that of another machine
    yield from _records(run)
    if run.status == Status.INTERRUPTED:
        yield Finding(
            kind="interrupted",
            where=run.id,
            sentence=run.sentence.partition(";")[0] + ".",
            remedy=f"Resume it: {run.command('resume')}",
        )
    if run.settings and config.is_own(run.settings.arch):
        yield from _source(run, run.settings.arch)
    if run.weights.any():
        yield from _weights(run)
    for file in run.pictures.damaged():
        yield Finding(
            kind="unreadable-picture",
            where=run.id,
            sentence=f"{file.relative_to(run.path).as_posix()} cannot be read.",
            remedy="The pages leave it out, and nothing else needs it; it may be deleted.",
        )
    for name, remedy in run.figures.damaged().items():
        yield Finding(kind="unreadable-figures", where=run.id, sentence=f"{name} cannot be read.", remedy=remedy)
    for name, flaw in run.unfit(_READ_BY_NOBODY_ELSE).items():
        yield Finding(
            kind="no-file",
            where=run.id,
            sentence=f"{name} {flaw}.",
            remedy="Put a file of its own in its place, or remove it; until then the run cannot go on.",
        )
    if copies := [file.relative_to(run.path).as_posix() for file in run.conflict_copies()]:
        more = f" and {len(copies) - 1} more" if len(copies) > 1 else ""
        yield Finding(
            kind="conflict-copy",
            where=run.id,
            sentence=f"{text.name(copies[0])}{more} is no file of a run: a program that syncs folders leaves such copies.",
            remedy="They are not read. --fix moves them into its folder aside; moving them back undoes that.",
            mend=run.set_copies_aside,
        )
    yield from _on_their_way(run)
    yield from _leftovers(run.id, run.leftovers(), run.path)
    if _stays_true(run.notes_held):
        yield Finding(
            kind="held-lock",
            where=run.id,
            sentence=f"A process holds its {names.NOTES_LOCK}, so it cannot be renamed or archived.",
            remedy="Find it (lsof, on Linux and macOS) and end it: its lock goes with it.",
        )


def _on_their_way(run: Run) -> Iterator[Finding]:
    """What has not arrived yet from another machine, and what came with another clock."""
    for file, name in arriving.on_their_way(run.path).items():
        yield Finding(
            kind="on-its-way",
            where=run.id,
            sentence=f"{file} has not arrived: {text.name(name)} stands for it.",
            remedy="Wait for the program that copies or syncs it, or have that keep the folder on this machine; then remove what is left.",
        )
    for sentence in run.oddities:
        yield Finding(
            kind="odd",
            where=run.id,
            sentence=sentence,
            remedy="Copy the run again where something is missing; nothing here is changed by itself.",
        )


def _may_be_read(folder: Path) -> bool:
    try:
        os.scandir(folder).close()
    except PermissionError:
        return False
    return True


def _silence(run: Run) -> Iterator[Finding]:
    reported = run.progress.get("updated") if run.progress else None
    if run.status != Status.RUNNING or not reported:
        return
    silent = time.time() - reported
    if silent > SILENCE:
        yield Finding(
            kind="silent",
            where=run.id,
            sentence=f"Its process lives, but has said nothing for {silent / 60:.0f} minutes.",
            remedy=f"It may be slow or suspended: wait, or stop it: {run.command('stop')}",
        )


def _records(run: Run) -> Iterator[Finding]:
    """JSON that is missing or cannot be read."""
    if not run.has_settings():
        yield Finding(
            kind="no-settings",
            where=run.id,
            sentence=f"{names.CONFIG} is missing, so nothing says what this run is.",
            remedy=f"Put it back, or delete what is left: {run.command('archive')} --forever",
        )
    for name, reason in run.flaws.items():
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
    if name == names.METRICS and (epochs := _epochs_in_weights(run)):
        return "--fix sets it aside and takes the epochs out of last.pt, which is whole.", partial(
            _rewrite_metrics, run, epochs
        )
    if name == names.OUTCOME:
        return "--fix sets it aside; a resume then finds out again how the run ended.", aside
    if name == names.NOTES:
        return "--fix sets it aside; name and tags have to be given again.", aside
    if name in (names.PROGRESS, names.MEASURED):
        return "--fix sets it aside; whatever needs it writes it anew.", aside
    return f"Put a copy of it back, or train anew; {run.command('archive')} puts the run aside.", None


def _source(run: Run, arch: str) -> Iterator[Finding]:
    """Of a run whose architecture is somebody's own, and whose source is missing or another one."""
    try:
        flaw = (
            ""
            if own.fits(arch, run.source())
            else "is not the source that its record names: its SHA-256 is another one"
        )
    except RunError:
        if run.unfit([names.SOURCE]):
            return  # said where files are
        flaw = "is missing"
    if not flaw:
        return
    try:
        kept = own.source(arch)
    except RunError:
        kept = None
    again = "--fix writes it again, from what is trusted here." if kept else "Put the right one beside its records."
    yield Finding(
        kind="damaged-source" if run.source_there() else "no-source",
        where=run.id,
        sentence=f"{names.SOURCE} {flaw}.",
        remedy=f"{again} Curves and pictures do without it.",
        mend=partial(_alone, run, partial(run.write_source, kept)) if kept else None,
    )


def _skipped() -> Iterator[Finding]:
    """Architectures of packages that are not in the table."""
    for skipped in config.SKIPPED_ARCHS:
        yield Finding(
            kind="skipped-architecture",
            where=skipped.package,
            sentence=skipped.sentence,
            remedy=f"Have its maker name another in the entry points of {config.ARCH_GROUP}, or remove the package.",
        )


def _rewrite_metrics(run: Run, epochs: Sequence[Epoch]) -> None:
    run.set_aside(names.METRICS)
    run.write_metrics(epochs)


def _epochs_in_weights(run: Run) -> Sequence[Epoch] | None:
    from vaedash.runs import weights

    if not run.weights.has(names.LAST) or weights.flaw(run, names.LAST):
        return None
    epochs = weights.load(run, names.LAST).get("epochs")
    return epochs if schema.are_epochs(epochs) else None


def _weights(run: Run) -> Iterator[Finding]:
    from vaedash.runs import weights

    there = {name for name in names.WEIGHTS if run.weights.has(name)}
    flaws = {name: weights.flaw(run, name) for name in names.WEIGHTS}
    sound = {name for name in there if not flaws[name]}
    if names.LAST not in sound and there & {names.LAST, names.PREVIOUS}:
        yield _no_last(run, flaws[names.LAST], previous_is_sound=names.PREVIOUS in sound)
    if flaws[names.PREVIOUS] and names.LAST in sound:
        yield Finding(
            kind="damaged-weights",
            where=run.id,
            sentence=flaws[names.PREVIOUS],
            remedy="last.pt is whole, so nothing is lost; the next epoch of a resume replaces it.",
        )
    if run.best_epoch and names.BEST not in sound:
        yield _no_best(run, flaws[names.BEST], last_is_sound=names.LAST in sound)


def _no_last(run: Run, flaw: str, *, previous_is_sound: bool) -> Finding:
    """Of a run without sound `last` weights: they are missing, or have this flaw."""
    from vaedash.runs import weights

    if previous_is_sound:
        remedy = "--fix restores it from previous.pt, which is whole and one epoch older."
    else:
        remedy = "A resume would begin anew; duplicate the run instead, and keep what it drew."
    return Finding(
        kind="damaged-weights" if flaw else "no-weights",
        where=run.id,
        sentence=flaw or "last.pt is missing.",
        remedy=remedy,
        mend=partial(_alone, run, partial(weights.restore_last, run)) if previous_is_sound else None,
    )


def _no_best(run: Run, flaw: str, *, last_is_sound: bool) -> Finding:
    """Of a run without sound `best` weights: they are missing, or have this flaw."""
    from vaedash.runs import weights

    last = weights.load(run, names.LAST) if last_is_sound else {}
    same_epoch = "model" in last and last.get("epoch") == run.best_epoch
    if same_epoch:
        remedy = "--fix takes the weights out of last.pt, which is of the same epoch."
    else:
        once = "" if last_is_sound else ", once last.pt is mended"
        remedy = (
            f"Give --weights last where a command takes it{once}. A resume writes best.pt with its next best epoch."
        )
    return Finding(
        kind="damaged-weights" if flaw else "no-weights",
        where=run.id,
        sentence=flaw or "best.pt is missing.",
        remedy=remedy,
        mend=partial(_alone, run, partial(weights.restore_best, run)) if same_epoch else None,
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
