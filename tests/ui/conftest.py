"""Servers of the app, each a process of its own, for tests that look at it in a browser."""

import shutil

import pytest
from hand import SIZES

from vaedash import places, runs
from vaedash.bench.ui import Server


@pytest.fixture(params=SIZES)
def anyone(browser, request):
    """A tab of somebody: on a laptop by mouse, or on a phone by touch."""
    context = browser.new_context(**SIZES[request.param])
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A server with the runs that come along, and nothing else."""
    folder, data_dir = tmp_path_factory.mktemp("clone") / "runs", tmp_path_factory.mktemp("data")
    for run in runs.list_runs(places.PROJECT_ROOT / "runs"):
        if run.example:
            shutil.copytree(run.path, folder / run.id)
    with Server(folder, data_dir) as opened:
        opened.data_dir = data_dir
        yield opened


@pytest.fixture(scope="module")
def classroom(pair, tmp_path_factory):
    """A server whose runs folder holds a trained FC and conv."""
    folder = shutil.copytree(pair.folder, tmp_path_factory.mktemp("classroom") / "runs")
    with Server(folder, pair.data_dir) as opened:
        yield opened
