"""Datasets as uint8 arrays in memory: read once, cached, fingerprinted; loading a cached one takes a moment."""

import contextlib
import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaedash import config, storage
from vaedash.config import USUAL_FRAME, Frame
from vaedash.datasets import sources
from vaedash.datasets.source import Progress, Source, silent
from vaedash.datasets.split import share
from vaedash.images import Pixels

CACHE_VERSION = 3  # raise it when any reader decodes differently: old caches are then read anew
_META = "meta.json"  # what is known of the images in a cache


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Images ready to train on: `train` and `test` are uint8 `(N, 3, side, side)`, RGB.

    `fingerprint` names exactly these images in this order (16 hexadecimal digits): runs are comparable only if
    theirs agree. `labels` and `names` are as in `Source`, cut to the images that are here; the `wheels` among the labels are
    factors that come round at 1.
    """

    name: str
    train: Pixels
    test: Pixels
    fingerprint: str
    skipped: int = 0
    notes: tuple[str, ...] = ()
    labels: dict[str, np.ndarray] = field(default_factory=dict)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    wheels: tuple[str, ...] = ()


def described(dataset: Dataset) -> str:
    """How many images there are, and what was odd about them."""
    return " ".join([sizes(dataset), *dataset.notes])


def sizes(dataset: Dataset) -> str:
    """How many images there are."""
    megabytes = (dataset.train.nbytes + dataset.test.nbytes) / 1e6
    skipped = f", {dataset.skipped:,} files skipped because they could not be read" if dataset.skipped else ""
    side = dataset.train.shape[-1]
    return (
        f"{dataset.name}: {len(dataset.train):,} training and {len(dataset.test):,} test images of {side}x{side} pixels, "
        f"{megabytes:.0f} MB in memory{skipped}."
    )


def load(
    spec: str,
    *,
    data_dir: Path,
    fraction: float = 1.0,
    frame: Frame = USUAL_FRAME,
    progress: Progress = silent,
    download: bool = True,
) -> Dataset:
    """The dataset called `spec` (a name or a path, as in a run's config), in this frame, from its cache where there is one.

    `fraction` keeps a share of the training images, drawn with a fixed seed; the test images are always all
    there. Without `download`, nothing is fetched from the network. Raises DatasetError
    with what is missing, where it goes and where it comes from.
    """
    decoded, frame = sources.decoded_share(spec, fraction), config.framed(spec, frame)
    folder = _folder(spec, data_dir, decoded, frame)

    def make() -> tuple[Source, str]:
        images = sources.read(
            spec, data_dir=data_dir, fraction=decoded, frame=frame, progress=progress, download=download
        )
        write_cache(folder, images)
        return _opened(folder)

    # Two runs of a pair may ask at once: one decodes, the other waits and finds the cache.
    source, fingerprint = storage.once(lambda: _open_cache(folder), make, lock=lock_of(folder))
    return _cut(spec, source, fingerprint, fraction=fraction, decoded=decoded)


def cached(spec: str, *, data_dir: Path, fraction: float = 1.0, frame: Frame = USUAL_FRAME) -> Dataset | None:
    """The same, where its images were decoded already; None where `load` would have to. DatasetError where a path leads nowhere."""
    decoded = sources.decoded_share(spec, fraction)
    kept = _open_cache(_folder(spec, data_dir, decoded, config.framed(spec, frame)))
    return kept and _cut(spec, *kept, fraction=fraction, decoded=decoded)


def lacking(spec: str, *, data_dir: Path) -> str:
    """What `load` would have to fetch, or cannot find, and what to do about that; empty where it has all that it needs."""
    lack = sources.lacking(spec, data_dir=data_dir)
    # Of what was downloaded and decoded, nothing but the cache need be left.
    downloaded = spec in config.DATASETS and config.BUILT_IN[spec].downloaded
    return "" if lack and downloaded and (_folder(spec, data_dir, 1.0, USUAL_FRAME) / _META).exists() else lack


def _cut(spec: str, source: Source, fingerprint: str, *, fraction: float, decoded: float) -> Dataset:
    """Of images of which a share was `decoded`, those that a run with this `fraction` learns from."""
    train, labels = source.train, dict(source.labels)
    if fraction != decoded:
        kept = share(len(train), fraction)
        train = train[kept]
        labels = {name: values[kept] if name.startswith("train/") else values for name, values in labels.items()}
        fingerprint = _digest(f"{fingerprint} {fraction!r}")
    return Dataset(
        name=config.dataset_title(spec),
        train=train,
        test=source.test,
        fingerprint=fingerprint,
        skipped=source.skipped,
        notes=source.notes,
        labels=labels,
        names=dict(source.names),
        wheels=sources.wheels(spec),
    )


def packed(
    spec: str, *, called: str = "", data_dir: Path, fraction: float = 1.0, frame: Frame = USUAL_FRAME
) -> dict[str, NDArray[np.uint8]]:
    """The cache of a dataset that was loaded here, for a machine that has not got its images: bytes by name of file.

    Written under those names into a `data_dir` there, in this order, they are what `load` finds first; if they have moved here
    since, under what they were `called`.
    """
    folder, there = (
        place(name, data_dir, sources.decoded_share(name, fraction), config.framed(name, frame))
        for place, name in ((_folder, spec), (_sent_folder, called or spec))
    )
    # What makes a cache of a folder comes last.
    files = sorted(folder.iterdir(), key=lambda file: (file.name == _META, file.name))
    return {(there / file.name).relative_to(data_dir).as_posix(): np.fromfile(file, np.uint8) for file in files}


def _folder(spec: str, data_dir: Path, fraction: float, frame: Frame) -> Path:
    """Where the cache of a dataset is, or is to be."""
    sent = _sent_folder(spec, data_dir, fraction, frame)
    return sent if sent.exists() else data_dir / "cache" / _cache_key(spec, data_dir, fraction, frame)


def _sent_folder(spec: str, data_dir: Path, fraction: float, frame: Frame) -> Path:
    """Where it is on a machine to which it was sent, whatever is, or is not, at its path there."""
    return data_dir / "cache" / f"sent-{_digest(json.dumps([CACHE_VERSION, spec, repr(fraction), *_unusual(frame)]))}"


def _cache_key(spec: str, data_dir: Path, fraction: float, frame: Frame) -> str:
    """A folder name that changes when the images may have."""
    parts = [CACHE_VERSION, spec, *sources.stamp(spec, data_dir=data_dir, fraction=fraction), *_unusual(frame)]
    return f"{config.dataset_title(spec)[:40]}-{_digest(json.dumps(parts))}"


def _unusual(frame: Frame) -> list[object]:
    """What tells a frame from the usual one, of which most caches are."""
    return [] if frame == USUAL_FRAME else [asdict(frame)]


def _open_cache(folder: Path) -> tuple[Source, str] | None:
    """The images in a cache, and their fingerprint; None where it cannot be read, or was never finished."""
    try:
        return _opened(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError):
        return None


def _opened(folder: Path) -> tuple[Source, str]:
    # It is written last, so a cache without it was never finished.
    meta = json.loads((folder / _META).read_bytes())
    # Memory-mapped: a page is read when a batch first touches it, and two runs of a pair share it. "c": what is
    # changed in the memory of one of them, which nobody does, would stay there.
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="c") for name in ("train", "test")}
    labels = {name: np.load(folder / file) for name, file in meta["labels"].items()}
    names = {name: tuple(words) for name, words in meta["names"].items()}
    source = Source(**arrays, skipped=meta["skipped"], notes=tuple(meta["notes"]), labels=labels, names=names)
    return source, meta["fingerprint"]


def lock_of(folder: Path) -> Path:
    """What is held by whoever is at work on a cache."""
    return folder.with_name(f"{folder.name}.lock")


def caches(data_dir: Path) -> list[Path]:
    """The folders of all caches, finished or not."""
    return sorted(path for path in (data_dir / "cache").glob("*") if path.is_dir())


def cache_flaw(folder: Path) -> str:
    """Why a cache cannot be used, as the end of a sentence; empty where it can. It reads all of its images."""
    if not (folder / _META).exists():
        return f"was never finished: it has no {_META}"
    cached = _open_cache(folder)
    if cached is None:
        return "cannot be read"
    source, fingerprint = cached
    return (
        "holds other images than those that were written" if _digest(source.train, source.test) != fingerprint else ""
    )


def remove_cache(folder: Path) -> None:
    """Remove a cache, once nobody is at work on it; its images are read anew when they are next needed."""
    with storage.locked(lock_of(folder)):
        shutil.rmtree(folder)


def leftovers(data_dir: Path) -> list[Path]:
    """What killed writers left half written; some of it may still be in the making."""
    cache = data_dir / "cache"
    return [*cache.glob("*/*.tmp"), *cache.glob(".*.tmp"), *(data_dir / "uploads").glob(".*.tmp")]


def write_cache(folder: Path, source: Source) -> None:
    """Put decoded images into a cache, in the place of what is there; whole once its `meta.json` is."""
    folder.mkdir(exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        (folder / _META).unlink()
    np.save(folder / "train.npy", np.ascontiguousarray(source.train))
    np.save(folder / "test.npy", np.ascontiguousarray(source.test))
    labels = {name: f"label-{name.replace('/', '-')}.npy" for name in source.labels}
    for name, file in labels.items():
        np.save(folder / file, source.labels[name])
    meta = {
        "fingerprint": _digest(source.train, source.test),
        "skipped": source.skipped,
        "notes": list(source.notes),
        "labels": labels,
        "names": {name: list(words) for name, words in source.names.items()},
    }
    temporary = folder / f"{_META}.tmp"
    temporary.write_text(json.dumps(meta, indent=1))
    os.replace(temporary, folder / _META)


def _digest(*parts: str | Pixels) -> str:
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(repr(part.shape).encode())
            digest.update(np.ascontiguousarray(part).data)
        else:
            digest.update(part.encode())
    return digest.hexdigest()[:16]
