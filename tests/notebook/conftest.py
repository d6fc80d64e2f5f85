"""What the tests of vaedash in Python share: the trained pair as a notebook finds it."""

from collections.abc import Iterator

import pytest

import vaedash
from vaedash.notebook import Runs


@pytest.fixture
def both(pair) -> Iterator[Runs]:
    """fc and conv; whatever a test calls them, they are called afterwards as before."""
    found = Runs(vaedash.find(f"latest:{arch}", pair.folder, data_dir=pair.data_dir) for arch in ("fc", "conv"))
    names = [run.name for run in found]
    yield found
    for run, name in zip(found, names, strict=True):
        run.record.write_notes(name=name)
