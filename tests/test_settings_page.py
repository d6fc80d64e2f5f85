"""The page on settings in the documentation is what the settings themselves say."""

import subprocess
import sys

from vaedash import config
from vaedash.cli import reference
from vaedash.places import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def test_the_page_is_what_is_printed_from_the_settings():
    assert reference.page() == PAGE


def test_the_page_has_every_setting_and_every_preset_once():
    assert all(PAGE.count(f"| `{setting.flag}` |") == 1 for setting in config.SETTINGS.values())
    assert all(PAGE.count(f"\n| `{preset}` |") == 1 for preset in config.PRESETS)


def test_the_command_that_the_page_names_prints_it():
    assert "python -m vaedash.cli.reference" in PAGE
    printed = subprocess.run(
        [sys.executable, "-m", "vaedash.cli.reference"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    assert (printed.stdout, printed.stderr) == (PAGE, "")
