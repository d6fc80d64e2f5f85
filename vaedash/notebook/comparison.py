"""Runs compared in Python: who leads, in words and as a chart."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from vaedash import languages, places, settings, storage
from vaedash.comparing import alike, results
from vaedash.comparing import verdict as verdicts
from vaedash.errors import UsageError
from vaedash.notebook.run import COLUMNS, Run
from vaedash.notebook.runs import Group, Runs, several
from vaedash.runs import Run as Record
from vaedash.showing import tables

if TYPE_CHECKING:
    from vaedash.showing.charts import Figure


@dataclass(frozen=True, repr=False)
class Comparison:
    """Runs beside each other, as they were when they were compared; a notebook shows verdict, table and curves."""

    runs: Runs
    records: Sequence[Record]

    @property
    def verdict(self) -> str:
        """Who draws better in plain words, as the page says it; or why that cannot be said."""
        return "; ".join(judged.plain for _, judged in verdicts.each(self.records))

    @property
    def grounds(self) -> str:
        """The same with the figures behind it, how sure they are, and what else may have made the difference; a line for each
        set of pictures.
        """
        return verdicts.sentence(self.records)

    @property
    def figure(self) -> "Figure":
        """Their loss curves, as a Plotly figure. UsageError where these are of several units, or there are none."""
        figures = self.figures
        if len(figures) != 1:
            raise UsageError(
                f"These runs make {len(figures)} figures, since losses on other pictures, or with another beta, have another unit: "
                "take .figures, or choose runs with the same that have finished an epoch."
            )
        return figures[0]

    @property
    def figures(self) -> "list[Figure]":
        """One for those of each unit, of the runs that have finished an epoch."""
        from vaedash.showing import charts

        return [charts.loss_curves(group).update_layout(template="plotly_white") for group in self._groups]

    @property
    def _groups(self) -> list[list[Record]]:
        return alike.groups([run for run in self.records if run.epochs])

    def report(self, path: str | os.PathLike[str], *, language: str = "en") -> None:
        """Write all of it as one HTML file with pictures, and models to play with, that opens in any browser, in English (`en`), German
        (`de`) or Spanish (`es`); a region, as in `es-MX`, says how numbers are written. Loads torch.

        UsageError for a path that does not end in .html and for another language, RunError where a run is damaged.
        """
        from vaedash.showing import report

        file = places.written(path)
        places.require_writable(file, ".html", ".htm", called="path")
        with languages.spoken(settings.speech(language)):
            storage.write_bytes(file, report.page(self.records).encode())

    def __repr__(self) -> str:
        return f"{self.verdict}.\n{self.grounds}"

    def _repr_html_(self) -> str:
        rows = [results.result(run).as_row() for run in self.records]
        return tables.html_block(
            tables.html_words(f"{self.verdict}.", bold=True),
            tables.html_words(self.grounds),
            tables.html_table(rows, COLUMNS),
        )

    def _ipython_display_(self) -> None:
        from IPython.display import display

        from vaedash.showing import charts

        display({"text/html": self._repr_html_(), "text/plain": repr(self)}, raw=True)
        if find_spec("nbformat") is None:  # without which Plotly shows nothing
            print('The curves are shown where nbformat is installed: pip install -e ".[notebook]"')
            return
        for group, figure in zip(self._groups, self.figures, strict=True):
            figure.show(config=dict(charts.CONTROLS))
            words = charts.legend(group)
            display({"text/html": tables.html_block(tables.html_words(words)), "text/plain": words}, raw=True)


def compare(*chosen: Run | str | Group) -> Comparison:
    """Who of these draws better, by how much, and how sure that is: runs, or what `find` takes, or lists of these; each once.

    UsageError where one is not found, or where there are fewer than two; RunError where one is damaged.
    """
    group = several(chosen)
    if len(group) < 2:
        raise UsageError(
            f"A comparison takes at least two different runs, got {len(group)}; vaedash.list_runs() has what there is."
        )
    records = [run.record for run in group]
    for record in records:
        record.require_readable()
    return Comparison(Runs(group), records)
