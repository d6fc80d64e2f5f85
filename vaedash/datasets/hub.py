"""Datasets of the Hugging Face Hub: their Parquet files, fetched once into the data folder, and then one's own like any other."""

import functools
import glob
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from vaedash import hub as at_hub
from vaedash import storage
from vaedash.datasets.source import Progress, silent
from vaedash.errors import DatasetError
from vaedash.text import visible

PREFIX = "hf:"
_CONVERTED = "refs/convert/parquet"  # where the Hub keeps every dataset as Parquet: <config>/<split>/0000.parquet
_NAME = re.compile(r"[\w.-]{1,96}(/[\w.-]{1,96})?")
_USUAL = "default"
_MOST_SAID = 8
_MARK = ".fetched"  # beside the files of a config, once all of them are there: which, and of what configs this is which


class _NotAskedError(DatasetError):
    """What cannot be asked of the Hub from here, or now."""


def _unheard(_: str) -> None:
    """What nobody is there to be told."""


def is_name(spec: str) -> bool:
    """Whether what was typed is the name of a dataset there: `hf:ylecun/mnist`, `hf:owner/name:config`."""
    return spec.startswith(PREFIX)


def fetch(spec: str, *, data_dir: Path, progress: Progress = silent, say: Callable[[str], None] = _unheard) -> Path:
    """The folder with the Parquet files of a dataset there; what is here already is not fetched again, and is enough where the Hub
    cannot be asked, which it then gets to `say`.

    Raises DatasetError where `huggingface_hub` is not installed, where there is no such dataset, where it has several configs and
    none was named, and where the Hub cannot be reached.
    """
    name, _, config = spec.removeprefix(PREFIX).partition(":")
    if not _NAME.fullmatch(name) or ".." in spec or (config and not re.fullmatch(r"[\w. -]{1,96}", config)):
        raise DatasetError(f"{visible(spec)} is no name of a dataset: give hf:OWNER/NAME, or hf:OWNER/NAME:CONFIG.")
    try:
        return _fetched(name, config, data_dir, progress)
    except _NotAskedError as reason:
        kept = next(filter(functools.partial(_whole, config), _homes(name, config, data_dir)), None)
        if kept is None:
            raise
        say(f"{reason} Until then, what was fetched before is used.")
        return kept.resolve()


def _fetched(name: str, config: str, data_dir: Path, progress: Progress) -> Path:
    if lack := at_hub.lacking(name):
        raise _NotAskedError(lack)
    from huggingface_hub import HfApi, get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()  # there is one already
    progress(f"asking the Hub for {name}", 0, 0)
    with _understood(name):
        hub = HfApi(endpoint=at_hub.endpoint())
        files = hub.list_repo_files(name, repo_type="dataset", revision=_CONVERTED)
    configs = sorted({file.split("/")[0] for file in files if file.endswith(".parquet") and "/" in file})
    chosen = _chosen(config, configs)
    if chosen not in configs:
        there = ", ".join(map(visible, configs[:_MOST_SAID])) or "none"
        raise DatasetError(f"{name} has no config {chosen!r}: give one of hf:{name}:CONFIG. There are: {there}.")
    [home] = _homes(name, chosen, data_dir)
    wanted = sorted(file for file in files if file.startswith(f"{chosen}/") and file.endswith(".parquet"))
    for number, file in enumerate(wanted):
        progress(f"downloading {name}", number, len(wanted))
        server = at_hub.endpoint()
        with _understood(name):
            # The library is content with any file of that name where the Hub does not answer it, be it of another day.
            now = get_hf_file_metadata(
                hf_hub_url(name, file, repo_type="dataset", revision=_CONVERTED, endpoint=server)
            )
            commit = now.commit_hash or _CONVERTED
            hf_hub_download(name, file, repo_type="dataset", revision=commit, local_dir=home, endpoint=server)
    for old in {*home.rglob("*.parquet")} - {home / file for file in wanted}:
        old.unlink()  # of what the dataset was when it was fetched before
    progress(f"downloading {name}", len(wanted), len(wanted))
    storage.write_json(home / _MARK, {"config": chosen, "configs": configs, "files": _files(home)})
    return home.resolve()


def _chosen(config: str, configs: Sequence[str]) -> str:
    """The config that is asked for, or meant where none is; empty where that cannot be told."""
    return config or (_USUAL if _USUAL in configs else configs[0] if len(configs) == 1 else "")


def _files(home: Path) -> dict[str, list[int]]:
    """Size and time of each file of a config that is here."""
    found = {str(path.relative_to(home)): path.stat() for path in sorted(home.rglob("*.parquet"))}
    return {name: [stat.st_size, stat.st_mtime_ns] for name, stat in found.items()}


def _whole(config: str, home: Path) -> bool:
    """Whether here is all that was fetched last, and it is of the config that is asked for or meant."""
    try:
        mark = json.loads((home / _MARK).read_bytes())
        return mark["files"] == _files(home) and mark["config"] == _chosen(config, mark["configs"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _homes(name: str, config: str, data_dir: Path) -> list[Path]:
    """Where the files of a config are, or are to be; without one, wherever there are files of this dataset."""
    place, called = data_dir / "huggingface", name.replace("/", "--")
    if config:  # no name has an @ in it, so each has a folder of its own
        return [place / (called if config == _USUAL else f"{called}@{config}")]
    return [place / called, *sorted(place.glob(f"{glob.escape(called)}@*"))]


@contextmanager
def _understood(name: str) -> Iterator[None]:
    """What the Hub or the network answers, in a sentence."""
    try:
        yield
    except Exception as error:
        nothing = f"The Hub has not made Parquet files of {name}; download its images by hand, and give the folder."
        refusal = at_hub.refusal(error, name, kind="dataset", nothing=nothing)
        if refusal.final:
            raise DatasetError(refusal.sentence) from None
        raise _NotAskedError(refusal.sentence) from None
