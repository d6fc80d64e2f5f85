"""The folder of a site: written file by file, and only where nothing else lies."""

import re
from collections.abc import Mapping
from pathlib import Path

import vaedash
from vaedash import storage
from vaedash.errors import UsageError

LIST = "site.json"  # which files are the site's; the first one that is written
_MADE_BY = "vaedash"
_OLD = re.compile(r"report-[a-z0-9]+\.html|story\.html")  # what an earlier site may have had, and this one has not
_BESIDE = (".git", "CNAME")  # what a host wants beside it


def require_ours(folder: Path) -> None:
    """UsageError where something lies in the folder that is no site of vaedash's, or it is a file."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"A site needs a folder, but {folder.resolve().name} is a file: give another with --out.")
    if folder.is_dir() and _listed(folder) is None and any(each.name not in _BESIDE for each in folder.iterdir()):
        raise UsageError(
            f"{folder.resolve().name} holds other things, and a site would lie among them: give an empty or a new folder with --out."
        )


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of a site, in place of those of an earlier one; UsageError as `require_ours`."""
    require_ours(folder)
    folder.mkdir(parents=True, exist_ok=True)
    earlier = _listed(folder) or []
    storage.write_json(folder / LIST, {"made_by": f"{_MADE_BY} {vaedash.__version__}", "files": sorted(files)})
    for name, data in files.items():
        storage.write_bytes(folder / name, data)
    for name in earlier:
        if name not in files and _OLD.fullmatch(name):
            (folder / name).unlink(missing_ok=True)


def _listed(folder: Path) -> list[str] | None:
    """The files of the site in a folder; None where there is none."""
    try:
        kept = storage.read_json(folder / LIST)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(kept, dict) or not str(kept.get("made_by", "")).startswith(_MADE_BY):
        return None
    files = kept.get("files")
    return [name for name in files if isinstance(name, str)] if isinstance(files, list) else []
