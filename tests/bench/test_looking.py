"""A server that is only looked at, and what it holds after each of its pages."""

import json
import subprocess
import sys

import pytest

from vaedash import places
from vaedash.bench import looking, ui


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="nobody else says what a process holds")
@pytest.mark.skipif(ui.browser_path() is None, reason="there is no browser here")
def test_what_a_server_holds_is_said_after_each_page_and_reading_brings_no_torch(tmp_path):
    # In a process of its own: this one may hold a browser already, and drives no second one.
    places_told = ["--runs-dir", str(places.PROJECT_ROOT / "runs"), "--data-dir", str(tmp_path)]
    command = [sys.executable, "-m", "vaedash", "bench", "memory", "--json", *places_told]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=places.PROJECT_ROOT)
    table = json.loads(ran.stdout)
    assert list(table)[1:] == ["before the first visitor", *looking.VIEWS]
    held = [table[name] for name in list(table)[1:]]
    assert all(0 < figures["of it in no file, MB"] < figures["memory, MB"] for figures in held)
    without = [name for name in looking.VIEWS if table[name]["torch"] == "not loaded"]
    assert {"Start", "Train", "Compare", "Why", "Gallery", "Tour"} <= set(without)
