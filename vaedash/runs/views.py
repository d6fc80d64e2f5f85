"""Saved views of a comparison: each a name for the query of an address, in one small file beside the runs."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from vaedash import config, storage, text
from vaedash.errors import RunError, UsageError
from vaedash.languages import say
from vaedash.runs import names

MOST = 200  # views
LONGEST = 4_000  # characters of a query: the ids of 500 runs


def saved(folder: Path) -> dict[str, str]:
    """The query of each view in a runs folder, by its name, in the order of names. RunError, in a sentence, if the file is damaged."""
    try:
        record = storage.read_json(folder / names.VIEWS)
        return dict(sorted(_checked(record).items(), key=lambda view: view[0].casefold()))
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        raise RunError(
            say(
                "Saved views cannot be read: {flaw}. "
                "Move {file} out of the runs folder, or put a sound copy in its place; no run is affected.",
                flaw=str(error).removeprefix(f"{names.VIEWS} "),
                file=names.VIEWS,
            )
        ) from None


def save(folder: Path, name: str, query: str) -> str:
    """Keep a query under a name, in place of what had that name; returns the name as it is kept. UsageError where that cannot be one."""
    called = text.name(name)
    if not called:
        raise UsageError(say("A view needs a name of at least one letter that can be seen: give it one."))
    if len(query) > LONGEST:
        raise UsageError(
            say(
                "A view has at most {most:,} characters, got {n:,}: choose fewer runs.",
                most=LONGEST,
                n=len(query),
            )
        )
    with _changing(folder) as views:
        views[called] = query
        if len(views) > MOST:
            raise UsageError(
                say("There are {most} saved views already, which is all there may be: delete one first.", most=MOST)
            )
    return called


def forget(folder: Path, name: str) -> None:
    """Remove a view; nothing where it is gone."""
    with _changing(folder) as views:
        views.pop(name, None)


@contextlib.contextmanager
def _changing(folder: Path) -> Iterator[dict[str, str]]:
    """The views, to be changed by one at a time; a damaged file is left as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    with storage.locked(folder / names.VIEWS_LOCK):
        before = saved(folder)
        views = dict(before)
        yield views
        if views != before:
            storage.write_json(folder / names.VIEWS, {"schema": config.SCHEMA, "views": views})


def _checked(record: object) -> Mapping[str, str]:
    """What a file of views holds, with names as they may be shown. ValueError for anything else."""
    if not isinstance(record, dict):
        raise ValueError(say("is not a JSON object"))
    if isinstance(schema := record.get("schema"), int) and schema > config.SCHEMA:
        raise ValueError(
            say(
                "was written by a newer vaedash (schema {schema}, this one knows {known})",
                schema=schema,
                known=config.SCHEMA,
            )
        )
    views = record.get("views")
    if not isinstance(views, dict) or not all(isinstance(query, str) for query in views.values()):
        raise ValueError(say("has no views, each with a query"))
    if len(views) > MOST:  # a page of which would take minutes to draw
        raise ValueError(say("holds {n:,} views, of which there may be {most}", n=len(views), most=MOST))
    return {text.name(name): query for name, query in views.items() if text.name(name) and len(query) <= LONGEST}
