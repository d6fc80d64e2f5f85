"""Rows as aligned plain text."""

from collections.abc import Mapping, Sequence

from tabulate import SEPARATING_LINE, Line, simple_separated_format, tabulate

from vaedash import text

_FORMAT = simple_separated_format("  ")._replace(linebelowheader=Line("", "-", "  ", ""))  # a rule of dashes


def text_table(rows: Sequence[Mapping[str, object]], columns: Mapping[str, str]) -> str:
    """Rows as aligned plain text. `columns` maps a row's key to its heading; numbers are set right."""
    cells = [[_cell(row.get(key)) for key in columns] for row in rows]
    numbers = [all(isinstance(row.get(key), (int, float, type(None))) for row in rows) for key in columns]
    return tabulate(
        # Headings are a row like any other: real ones would make their columns two characters wider.
        [list(columns.values()), SEPARATING_LINE, *cells],
        tablefmt=_FORMAT,
        colalign=["right" if right else "left" for right in numbers],
        disable_numparse=True,
    )


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}"
    return text.visible(" ".join(str(value).split()))
