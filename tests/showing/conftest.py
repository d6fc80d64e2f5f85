"""What tests of reports and sites are about."""

import pytest

from vaedash import places, runs
from vaedash.runs import listing


@pytest.fixture(scope="module")
def examples() -> list[runs.Run]:
    """The four runs on shapes that come along, the pair first."""
    every = [runs.read(folder.path) for folder in listing.folders(places.PROJECT_ROOT / "runs")]
    shapes = [run for run in every if run.notes.get("example") is True and run.config.dataset == "shapes"]
    return sorted(shapes, key=lambda run: (run.config.pixel_order, run.config.arch != "fc"))
