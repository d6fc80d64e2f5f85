"""What somebody hands over in Python, as the rooms below take it: numbers of numpy as Python's own, paths as words."""

import os
from collections.abc import Iterable, Sequence
from typing import SupportsFloat, SupportsIndex, TypeAlias, TypedDict, cast

import numpy as np

from vaedash.errors import UsageError
from vaedash.settings import Value, require_within

Path: TypeAlias = str | os.PathLike[str]
Arch: TypeAlias = Path  # by its name, or the file of one's own
Archs: TypeAlias = Sequence[Arch]


class Settings(TypedDict, total=False):
    """The settings of a run but for `arch`, so that editors complete them and type checkers know them; `config.RunConfig` explains each."""

    dataset: Path
    image_size: SupportsIndex
    fit: str
    background: str
    preset: str | None
    batch_size: SupportsIndex
    lr: SupportsFloat
    latent_dim: SupportsIndex
    optimizer: str
    schedule: str
    activation: str
    widths: str | None
    pixel_order: str
    epochs: SupportsIndex
    beta: SupportsFloat
    kl_warmup: SupportsIndex
    fraction: SupportsFloat
    seed: SupportsIndex
    patience: SupportsIndex
    min_delta: SupportsFloat
    monitor: str
    val_fraction: SupportsFloat
    device: str
    precision: str


def plain(value: object) -> Value | None:
    """A number of numpy as Python's own, a path as its words; anything else as it is, for whoever takes it to refuse."""
    if isinstance(value, np.generic):
        value = value.item()
    return cast("Value | None", os.fspath(value) if isinstance(value, os.PathLike) else value)


def whole(name: str, value: SupportsIndex, low: int, high: int) -> int:
    """A whole number that is called `name`; UsageError where it is none from `low` to `high`."""
    require_within(name, plain(value), low, high)
    return int(value)


def number(name: str, value: SupportsFloat, low: float, high: float) -> float:
    """A number that is called `name`; UsageError where it is none from `low` to `high`."""
    require_within(name, plain(value), low, high, whole=False)
    return float(value)


def yes_or_no(name: str, value: object) -> bool:
    """A choice that is called `name`; UsageError where it is neither True nor False: any word would pass for True."""
    chosen = plain(value)
    if not isinstance(chosen, bool):
        raise UsageError(f"{name} takes True or False, got {value!r}; give {name}=False for example.")
    return chosen


def architectures(arch: object) -> list[str]:
    """What there is of it in words, be it one or several; UsageError where it is no architecture, none, or one is there twice."""
    several = [arch] if isinstance(arch, (str, os.PathLike)) or not isinstance(arch, Iterable) else list(arch)
    words = [_architecture(each) for each in several]
    if not words or len(set(words)) < len(words):
        got = ", ".join(words) or "none"
        raise UsageError(f'arch takes different architectures, got {got}; give ["fc", "conv"] for example.')
    return words


def _architecture(one: object) -> str:
    words = plain(one)
    if not isinstance(words, str):
        raise UsageError(f'arch takes names and .py files, got {words!r}; give "fc" or ["fc", "conv"] for example.')
    return words
