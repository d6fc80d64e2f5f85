"""Rows as tables: aligned plain text for a terminal, HTML for a notebook, CSV to take along."""

import csv
import html
import io
import math
from collections.abc import Iterable, Mapping, Sequence

from vaedash import text

_GAP = "  "  # between two columns
_SMALL = 0.1  # below that, one decimal says nothing
# A notebook would set $x$ as a formula wherever it stands, but for elements of these classes.
_NO_FORMULAS = "tex2jax_ignore mathjax_ignore"


def text_table(rows: Sequence[Mapping[str, object]], columns: Mapping[str, str]) -> str:
    """Rows as aligned plain text. `columns` maps a row's key to its heading; numbers are set right."""
    titles = list(columns.values())
    cells = [[_cell(row.get(key)) for key in columns] for row in rows]
    widths = [max(map(text.columns, column)) for column in zip(titles, *cells, strict=True)]
    numbers = _numbers(rows, columns)
    rule = ["-" * width for width in widths]
    return "\n".join(_line(line, widths, numbers) for line in (titles, rule, *cells))


def html_table(rows: Sequence[Mapping[str, object]], columns: Mapping[str, str]) -> str:
    """The same as HTML that leaves colours and letters to the notebook that it is in, be it light or dark."""
    sides = ["right" if right else "left" for right in _numbers(rows, columns)]
    head = _html_row("th", columns.values(), sides)
    body = "".join(_html_row("td", [_cell(row.get(key)) for key in columns], sides) for row in rows)
    # As pandas calls its tables, for which every notebook has a look.
    return f'<table class="dataframe"><thead>{head}</thead><tbody>{body}</tbody></table>'


def csv_table(rows: Sequence[Mapping[str, object]], *, comma: bool = False) -> str:
    """Rows with the same keys as CSV; text that a spreadsheet would run is made to be text. With `comma`, it is as spreadsheets of
    countries take it that write 8,9: cells are parted by semicolons. What was not measured, or is no number, is an empty cell.
    """
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]) if rows else [], lineterminator="\n", delimiter=";" if comma else ",")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: _csv_cell(value, comma=comma) for key, value in row.items()})
    return file.getvalue()


def csv_file(rows: Sequence[Mapping[str, object]], *, comma: bool = False) -> bytes:
    """The same as a file, which begins with the mark by which spreadsheets know that it is UTF-8."""
    return csv_table(rows, comma=comma).encode("utf-8-sig", errors="replace")


def _csv_cell(value: object, *, comma: bool) -> object:
    if isinstance(value, str):
        return text.cell(value)
    if isinstance(value, float):
        figure = str(value) if math.isfinite(value) else ""
        return figure.replace(".", ",") if comma else figure
    return value


def html_words(words: str, *, bold: bool = False) -> str:
    """A paragraph for each line of words."""
    tag = "strong" if bold else "span"
    return "".join(f"<p><{tag}>{_escaped(line)}</{tag}></p>" for line in words.splitlines())


def html_block(*parts: str) -> str:
    """Pieces of HTML as one, in which no text is taken for a formula; on a phone it is scrolled, not the page."""
    return f'<div class="{_NO_FORMULAS}" style="overflow-x: auto">{"".join(parts)}</div>'


def _numbers(rows: Sequence[Mapping[str, object]], columns: Mapping[str, str]) -> list[bool]:
    """Of each column, whether it holds nothing else."""
    return [all(isinstance(row.get(key), (int, float, type(None))) for row in rows) for key in columns]


def _line(cells: Sequence[str], widths: Sequence[int], numbers: Sequence[bool]) -> str:
    parts = []
    for cell, width, right in zip(cells, widths, numbers, strict=True):
        room = " " * (width - text.columns(cell))
        parts.append(room + cell if right else cell + room)
    return _GAP.join(parts).rstrip()


def _html_row(tag: str, cells: Iterable[str], sides: Sequence[str]) -> str:
    made = (
        f'<{tag} style="text-align: {side}; white-space: nowrap">{_escaped(cell)}</{tag}>'
        for cell, side in zip(cells, sides, strict=True)
    )
    return f"<tr>{''.join(made)}</tr>"


def _escaped(words: str) -> str:
    return html.escape(text.visible(words))


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        if abs(value) >= 1000:
            return f"{value:,.0f}"
        return f"{value:.1f}" if value == 0 or abs(value) >= _SMALL else f"{value:.3g}"
    return text.visible(" ".join(str(value).split()))
