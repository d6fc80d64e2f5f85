"""Several runs in Python: found where they lie, and as a list that shows itself as a table."""

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, overload

from vaedash import places, runs
from vaedash.comparing import results
from vaedash.comparing.results import Row
from vaedash.notebook.run import COLUMNS, Run
from vaedash.showing import tables

if TYPE_CHECKING:
    import pandas

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

        return pandas.DataFrame([results.result(run.record).as_row() for run in self]).set_index("run")

    def __repr__(self) -> str:
        return tables.text_table(self._rows(), COLUMNS)

    def _repr_html_(self) -> str:
        return tables.html_block(tables.html_table(self._rows(), COLUMNS))

    def _rows(self) -> list[Row]:
        return [results.result(run.record).as_row() for run in self]


def list_runs(runs_dir: Folder = None, *, data_dir: Folder = None, archived: bool = False) -> Runs:
    """All runs in a folder, newest first, those that were put aside only if asked for.

    `runs_dir` and `data_dir` are where runs and images live: by default where the command line and the page have them.
    """
    return Runs(of_record(run, data_dir) for run in runs.list_runs(places.runs_dir(runs_dir), archived=archived))


def find(run: str, runs_dir: Folder = None, *, data_dir: Folder = None) -> Run:
    """The one run that is meant: by its id, the beginning of one, its name, `latest` or `latest:conv`.

    UsageError, which lists what there is, where that is none or several.
    """
    return of_record(runs.find(places.runs_dir(runs_dir), run), data_dir)


def of_record(run: runs.Run, data_dir: Folder) -> Run:
    """A run as it was read, with what a notebook asks of it."""
    return Run(run.path, places.data_dir(data_dir))
