"""A run's folder that comes from another machine, by a copy or a program that syncs: what of it is still on its way, as names tell."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from vaedash.languages import say
from vaedash.runs import names

# What stands for a file until all of it is there; the first group is what that will be called.
_FILE = rf"({'|'.join(map(re.escape, names.FILES))})"
_ON_ITS_WAY = tuple(
    re.compile(form.replace("FILE", _FILE))
    for form in (
        r"\.FILE\.icloud",  # iCloud, which keeps it elsewhere until somebody opens it
        r"[.~]syncthing[.~]FILE\.tmp",  # Syncthing
        r"\.FILE\.[A-Za-z0-9]{6}",  # rsync
        r"FILE\.(?:part|partial|filepart|crdownload|download|tmp|!sync|bts|ocdownload)",  # browsers, SFTP, Resilio, ownCloud
        r"\.~FILE(?:\..*)?",  # Nextcloud
    )
)


def on_their_way(folder: Path) -> dict[str, str]:
    """The files of a run that are only begun or promised in its folder: what each will be called, and what stands for it."""
    try:
        there = set(os.listdir(folder))
    except OSError:
        return {}
    return {file: name for name in sorted(there) for file in _stands_for(name) if file not in there}


def _stands_for(name: str) -> Iterator[str]:
    for form in _ON_ITS_WAY:
        if match := form.fullmatch(name):
            yield match[1]


def sentence(coming: Mapping[str, str]) -> str:
    """What is to be said of such files; empty where there are none."""
    if not coming:
        return ""
    file, name = next(iter(coming.items()))
    if len(coming) == 1:
        return say("On its way: {file}, for which {name} stands until it has arrived.", file=file, name=name)
    return say(
        "On its way: {file}, for which {name} stands until it has arrived, and {n} more.",
        file=file,
        name=name,
        n=len(coming) - 1,
    )
