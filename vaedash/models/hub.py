"""Models on the Hugging Face Hub: exported weights put there, and fetched from there as a file of numbers."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from vaedash import hub as at_hub
from vaedash import text
from vaedash.errors import RunError, UsageError
from vaedash.models import exported

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)


class _NotAskedError(RunError):
    """What cannot be asked of the Hub from here, or now."""


def is_name(words: str) -> bool:
    """Whether this could be a repository there: `owner/name`."""
    fits = _NAME.fullmatch(words) is not None and ".." not in words and "--" not in words
    return fits and not words.endswith((".git", "-", "."))  # which the Hub allows nobody


def require_ready(name: str) -> None:
    """UsageError where this is no name of a repository, or what asks the Hub is not installed: before anything is computed."""
    if not is_name(name):
        raise UsageError(f"{text.name(name)!r} is no name of a repository on the Hub. Give OWNER/NAME.")
    _require_installed(name)


def push(folder: Path, files: Sequence[str], name: str, *, message: str) -> str:
    """Put these files of a folder into the repository `name`, which is made, private, where there is none. The address it has there.

    RunError where the Hub cannot be reached or does not allow it. With which token is the library's business: it stays there.
    """
    _require_installed(name)
    from huggingface_hub import HfApi
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    hub = HfApi(endpoint=at_hub.endpoint())
    with _understood(name):
        address = hub.create_repo(name, private=True, exist_ok=True)
        hub.upload_folder(
            repo_id=name, folder_path=folder, allow_patterns=list(files), commit_message=text.name(message)
        )
    return str(address)


def fetch(name: str, *, data_dir: Path, say: Callable[[str], None]) -> Path:
    """The file of weights in the repository `name`, fetched into the data folder; what was fetched before is enough where the Hub
    cannot be asked, which it then gets to `say`.

    RunError where there is no such repository, none with such a file, or one that is too large, which is not fetched.
    """
    kept = data_dir / "huggingface" / f"models--{name.replace('/', '--')}" / exported.FILE
    try:
        return _fetched(name, kept)
    except _NotAskedError as reason:
        if not kept.is_file():
            raise
        say(f"{reason} Until then, what was fetched before is used.")
        return kept


def within_cache(file: Path) -> Path:
    """The blob for which this file stands in a snapshot of the Hub's own cache (`models--OWNER--NAME/snapshots/COMMIT/FILE`), as a
    link into the same repository's folder; any other file is itself.
    """
    around, blob = file.absolute().parents, Path(os.path.realpath(file))
    if len(around) > 2 and around[1].name == "snapshots" and blob.parent == Path(os.path.realpath(around[2])) / "blobs":
        return blob
    return file


def _fetched(name: str, kept: Path) -> Path:
    _require_installed(name)
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    with _understood(name):
        there = get_hf_file_metadata(hf_hub_url(name, exported.FILE, endpoint=at_hub.endpoint()))
    if there.size is None or there.size > exported.MOST:
        raise RunError(
            f"{exported.FILE} of {name} is larger than {exported.MOST / 1e6:,.0f} MB, and was not fetched. Give another repository."
        )
    with _understood(name):
        hf_hub_download(
            name, exported.FILE, revision=there.commit_hash, local_dir=kept.parent, endpoint=at_hub.endpoint()
        )
    return kept


def _require_installed(name: str) -> None:
    if lack := at_hub.lacking(name):
        raise _NotAskedError(lack)


@contextmanager
def _understood(name: str) -> Iterator[None]:
    """What the Hub or the network answers, in a sentence."""
    try:
        yield
    except Exception as error:
        nothing = f"{name} on the Hub has no {exported.FILE}. Give a repository that `export` has filled."
        refusal = at_hub.refusal(error, name, kind="model", nothing=nothing)
        if refusal.final:
            raise RunError(refusal.sentence) from None
        raise _NotAskedError(refusal.sentence) from None
