"""What a person names, by a word, a path or an address, as settings have it: architectures and images."""

from collections.abc import Callable
from pathlib import Path

from vaedash import config, places, runs, storage
from vaedash.datasets import Progress, hub, silent
from vaedash.models import own


def arch(typed: str) -> str:
    """An architecture from what was typed: a name as it stands; the file at a path is kept as one of this person's own, and trusted.

    UsageError where that file cannot be one.
    """
    if not typed.endswith(".py"):
        return typed
    file = places.written(typed)
    source = own.read(file)
    kept = _of_run(file, source) or own.named(file, source)
    own.trust(kept, source)
    return kept


def dataset(typed: str, *, data_dir: Path, say: Callable[[str], None], progress: Progress = silent) -> str:
    """The name of a dataset or the path of one's own images, from what was typed; what is on the Hub is fetched first."""
    if not hub.is_name(typed):
        return config.dataset_spec(typed)
    return str(hub.fetch(typed, data_dir=data_dir, progress=progress, say=say))


def _of_run(file: Path, source: bytes) -> str:
    """What a run calls its own architecture, where this is its source; else nothing. So that to train it again trains the same."""
    settings = runs.read(file.parent).settings if file.name == runs.RunFolder(file.parent).source_file.name else None
    same = settings and config.is_own(settings.arch) and settings.arch.endswith(f"@{storage.sha256(source)}")
    return settings.arch if settings and same else ""
