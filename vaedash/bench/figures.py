"""What a benchmark returns: figures by the words under which they are printed, some of them tables of further ones."""

from collections.abc import Mapping, Sequence
from typing import Union

Figure = Union[str, float, None, Sequence[str], "Figures"]
Figures = Mapping[str, Figure]


def p95(times: Sequence[float]) -> float:
    """What 95 of 100 are below."""
    return sorted(times)[int(0.95 * len(times))]
