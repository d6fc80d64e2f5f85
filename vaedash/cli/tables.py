"""Rows as aligned plain text."""

from collections.abc import Mapping, Sequence

from vaedash import text

_GAP = "  "  # between two columns


def text_table(rows: Sequence[Mapping[str, object]], columns: Mapping[str, str]) -> str:
    """Rows as aligned plain text. `columns` maps a row's key to its heading; numbers are set right."""
    titles = list(columns.values())
    cells = [[_cell(row.get(key)) for key in columns] for row in rows]
    widths = [max(map(text.columns, column)) for column in zip(titles, *cells, strict=True)]
    numbers = [all(isinstance(row.get(key), (int, float, type(None))) for row in rows) for key in columns]
    rule = ["-" * width for width in widths]
    return "\n".join(_line(line, widths, numbers) for line in (titles, rule, *cells))


def _line(cells: Sequence[str], widths: Sequence[int], numbers: Sequence[bool]) -> str:
    parts = []
    for cell, width, right in zip(cells, widths, numbers, strict=True):
        room = " " * (width - text.columns(cell))
        parts.append(room + cell if right else cell + room)
    return _GAP.join(parts).rstrip()


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}"
    return text.visible(" ".join(str(value).split()))
