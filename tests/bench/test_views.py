"""A server with as few open files as some systems allow, whose pages are opened and left again and again."""

import sys

import pytest

from vaedash import places
from vaedash.bench import views


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="nobody else says what a process has open")
def test_a_server_answers_however_often_its_pages_are_opened_and_left(tmp_path):
    runs = places.PROJECT_ROOT / "runs"
    table = views.measure(views=150, every=50, kept=40, runs_dir=runs, data_dir=tmp_path)
    assert (table["views answered"], table["error"]) == (150, "")
    moments = ["before the first view", "after 50 views", "after 100 views", "after 150 views", "after the last view"]
    last = "when no closed tab is kept any more"
    assert list(table)[4:] == [*moments, last]
    assert all(table[moment][what] > 0 for moment in moments for what in ("open files", "threads", "memory, MB"))
    # A tab is three of them; what is left are the images that a page has mapped into memory.
    assert table[last]["open files"] < table["before the first view"]["open files"] + 10
