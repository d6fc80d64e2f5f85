"""What every dataset's reader returns, and how it reports progress while it works."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from vaedash.images import Pixels

Progress = Callable[[str, int, int], None]
"""Called as `progress(what, done, total)`; `total` is 0 where it is not known. It may raise to cancel."""


CLASS = "class"  # what of an image is known by that name is one of several; folders may well be called no and yes
_YES_NO = ("no", "yes")


def is_attribute(name: str, words: tuple[str, ...]) -> bool:
    """Whether what is known of images by this name, in these words, is something that each has or has not."""
    return words == _YES_NO and name != CLASS


def silent(what: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Images as they were decoded: `train` and `test` are uint8 `(N, 3, side, side)`, RGB, 0 to 255.

    `skipped` counts files that could not be used; `notes` are sentences for the person (how the test images
    were chosen, what was left out). `labels` holds what else is known of each image, and is never learned from: an array
    with one value an image, keyed `"train/class"`, `"test/class"`, and so on for the factors of made images. Where a value
    stands for a word, `names` has the words in their order, by what it is of: `names["class"]`.
    """

    train: Pixels
    test: Pixels
    skipped: int = 0
    notes: tuple[str, ...] = ()
    labels: Mapping[str, np.ndarray] = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
