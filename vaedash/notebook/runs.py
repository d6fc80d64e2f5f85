"""Several runs in Python: found where they lie, and as a list that shows itself as a table."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, overload

from vaedash import places, runs
from vaedash.comparing import results
from vaedash.comparing.results import Row
from vaedash.errors import UsageError
from vaedash.notebook.run import COLUMNS, Run
from vaedash.runs import examples
from vaedash.showing import tables

if TYPE_CHECKING:
    import pandas

_NONE = "No runs; vaedash.train() makes some."

Folder = str | os.PathLike[str] | None


class Runs(Sequence[Run]):
    """Runs in an order, to be counted, indexed and unpacked like a tuple."""

    def __init__(self, several: Iterable[Run]) -> None:
        self._runs = tuple(several)

    def __len__(self) -> int:
        return len(self._runs)

    @overload
    def __getitem__(self, place: int) -> Run: ...
    @overload
    def __getitem__(self, place: slice) -> "Runs": ...
    def __getitem__(self, place: int | slice) -> "Run | Runs":
        return Runs(self._runs[place]) if isinstance(place, slice) else self._runs[place]

    def table(self) -> "pandas.DataFrame":
        """What came of each as a row: settings, losses in nats per image, and all that was measured; its index is their ids."""
        import pandas

        return pandas.DataFrame(self._rows(), columns=results.columns()).set_index("run")

    def __eq__(self, other: object) -> bool:
        return self._runs == other._runs if isinstance(other, Runs) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._runs)

    def __repr__(self) -> str:
        return tables.text_table(self._rows(), COLUMNS) if self else _NONE

    def _repr_html_(self) -> str:
        return tables.html_block(tables.html_table(self._rows(), COLUMNS) if self else tables.html_words(_NONE))

    def _rows(self) -> list[Row]:
        return [results.result(run.record).as_row() for run in self]


def list_runs(runs_dir: Folder = None, *, data_dir: Folder = None, archived: bool = False) -> Runs:
    """All runs in a folder, newest first, those that were put aside only if asked for.

    `runs_dir` and `data_dir` are where runs and images live: by default where the command line and the page have them, with the
    example runs among them.
    """
    folder = _folder(runs_dir)
    return Runs(of_record(run, data_dir) for run in runs.list_runs(folder, archived=archived))


def find(run: str, runs_dir: Folder = None, *, data_dir: Folder = None) -> Run:
    """The one run that is meant: by its id, the beginning of one, its name, `latest` or `latest:conv`.

    UsageError, which lists what there is, where that is none or several.
    """
    if not isinstance(run, str):
        raise UsageError(f'A run is found by its id or its name, got {run!r}; give "latest" for example.')
    return of_record(runs.find(_folder(runs_dir), run), data_dir)


Group: TypeAlias = Sequence[Run | str]


def several(chosen: Iterable[Run | str | Group]) -> list[Run]:
    """Each run of these once, be it given as it is, by what `find` takes, or within a list. UsageError where one is not found."""
    flat: dict[str, Run] = {}
    for one in chosen:
        inner = [one] if isinstance(one, (Run, str)) or not isinstance(one, Iterable) else one
        for each in inner:
            run = each if isinstance(each, Run) else find(each)
            flat[run.id] = run
    return list(flat.values())


def of_record(run: runs.Run, data_dir: Folder) -> Run:
    """A run as it was read, with what a notebook asks of it."""
    return Run(run.path, places.data_dir(data_dir))


def _folder(runs_dir: Folder) -> Path:
    """Where runs live, with the examples where nobody named another place."""
    if not runs_dir:
        examples.bring_along(print)
    return places.runs_dir(runs_dir)
