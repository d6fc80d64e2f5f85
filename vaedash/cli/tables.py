"""Rows as aligned plain text."""

from collections.abc import Mapping, Sequence
from typing import Any

from vaedash import text


def text_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> str:
    """Rows as aligned plain text. `columns` maps a row's key to its heading; numbers are set right."""
    cells = [[_cell(row.get(key)) for key in columns] for row in rows]
    widths = [max(len(text) for text in column) for column in zip(columns.values(), *cells, strict=True)]
    right = [all(isinstance(row.get(key), (int, float, type(None))) for row in rows) for key in columns]
    lines = [list(columns.values()), ["-" * width for width in widths], *cells]
    return "\n".join(
        "  ".join(
            text.rjust(w) if r else text.ljust(w) for text, w, r in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}"
    return text.visible(" ".join(str(value).split()))
