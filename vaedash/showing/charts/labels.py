"""How pictures are coloured by what is known of them: hues that any eye tells apart for words, a scale for what goes from less to more."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from plotly.colors import sample_colorscale

from vaedash.datasets.labels import Label
from vaedash.languages import say

# Okabe & Ito's palette, told apart with any colour vision; once all are given, they come again with another mark.
_HUES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00")
_MARKS = ("circle", "diamond")
_LETTERS = {"circle": "⬤", "diamond": "◆"}
_REST = "#808080"  # of what there is no hue for, and of pictures of which it is not known
_SCALE = "Cividis"  # even in lightness for any colour vision (Nunez et al. 2018)
_STOPS = 12  # of the scale's bar


@dataclass(frozen=True, kw_only=True)
class Shade:
    """How pictures of one word are drawn: `hue`, Plotly's `mark`, and the same as a `letter`."""

    words: str
    hue: str
    mark: str

    @property
    def letter(self) -> str:
        """The mark as it stands in a line of text."""
        return _LETTERS[self.mark]


def shades(label: Label) -> list[Shade]:
    """What stands for what, of a label with words: the most frequent have a look of their own, the others share one."""
    looks = [(hue, mark) for mark in _MARKS for hue in _HUES]
    present = [(mask.sum(), number, word) for number, (word, mask) in enumerate(label.groups().items()) if mask.any()]
    often = sorted(sorted(present, key=lambda each: -each[0])[: len(looks)], key=lambda each: each[1])
    shown = [Shade(words=word, hue=hue, mark=mark) for (_, _, word), (hue, mark) in zip(often, looks, strict=False)]
    others = len(present) - len(shown)
    return [*shown, Shade(words=say("{others} others", others=others), hue=_REST, mark="circle")] if others else shown


def scale(label: Label) -> list[str]:
    """The colours of a factor from its least value to its most, as CSS has them; or around a wheel, whose ends meet."""
    return _along(label, np.linspace(0, 1, _STOPS))


def drawn_in(label: Label, numbers: NDArray[np.int_]) -> tuple[list[str], list[str]]:
    """Hue and mark of each of the pictures of these numbers."""
    if not label.words:
        values = label.values.astype(np.float64)
        if not label.wheel:
            values = (values - values.min()) / max(float(np.ptp(values)), 1e-12)
        return _along(label, values[numbers]), ["circle"] * len(numbers)
    looks, groups = {shade.words: shade for shade in shades(label)}, label.groups()
    hues, marks = np.full(len(label.values), _REST), np.full(len(label.values), "circle", object)
    for word, mask in groups.items():
        if word in looks:
            hues[mask], marks[mask] = looks[word].hue, looks[word].mark
    return hues[numbers].tolist(), marks[numbers].tolist()


def _along(label: Label, values: NDArray[np.float64]) -> list[str]:
    colours: Sequence[str] | str = [*label.wheel, label.wheel[0]] if label.wheel else _SCALE
    made: list[str] = sample_colorscale(colours, np.clip(values, 0, 1).tolist())
    return made
