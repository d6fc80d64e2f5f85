"""What runs have in common: which may share an axis, which differ in nothing but their seed, what else differs."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from vaedash import config
from vaedash.config import RunConfig
from vaedash.runs import Run

# Settings that may differ between two runs without making them incomparable as architectures.
_INCIDENTAL = ("arch", "preset", "device", "precision", "epochs")


def differing_settings(a: Run, b: Run) -> dict[str, tuple[Any, Any]]:
    """The settings in which two readable runs differ: name to (value of a, value of b)."""
    one, other = a.config.to_json(), b.config.to_json()
    return {name: (one[name], other[name]) for name in one if one[name] != other[name]}


def same_axis(a: Run, b: Run) -> bool:
    """Whether the losses of two runs may share an axis: the same images, in the same unit."""
    return a.config.beta == b.config.beta and same_images(a, b)


def same_images(a: Run, b: Run) -> bool:
    """Whether two runs learn from the same images: by their fingerprints, or where one has not begun by what was asked."""
    one, other = a.dataset.get("fingerprint"), b.dataset.get("fingerprint")
    if one and other:
        return one == other
    return (a.config.dataset, a.config.fraction) == (b.config.dataset, b.config.fraction)


def groups(chosen: Sequence[Run]) -> list[list[Run]]:
    """Readable runs by the axis that their losses may share, in the order given."""
    found: list[list[Run]] = []
    for run in chosen:
        for group in found:
            if same_axis(group[0], run):
                group.append(run)
                break
        else:
            found.append([run])
    return found


def but_seed(run: Run) -> RunConfig:
    return dataclasses.replace(run.config, seed=0)


def confounded(first: Run, second: Run) -> list[str]:
    """The settings besides the architecture to which a difference may be due; what their common preset gives each is none."""
    common = config.PRESETS.get(first.config.preset, {}) if first.config.preset == second.config.preset else {}
    return [name for name in differing_settings(first, second) if name not in (*_INCIDENTAL, *common)]
