"""Where a command's words go: terminals of few letters, streams that nobody holds, disks without room, windows of few columns."""

import os
import subprocess
import sys

import pytest

from vaedash import __version__, runs, text
from vaedash.config import RunConfig
from vaedash.training import watching

pytestmark = pytest.mark.skipif(os.name == "nt", reason="redirected by a shell of Unix")


@pytest.fixture
def folder(tmp_path):
    """A run whose name has letters that few terminals know."""
    runs.create(tmp_path / "runs", RunConfig(), name="東京 Zoë")
    return tmp_path / "runs"


def told(words, *, where="", **environment):
    """What a command leaves behind, whose output the shell sends `where`."""
    command = ["sh", "-c", f'exec "$@" {where}', "sh", sys.executable, "-m", "vaedash", *map(str, words)]
    how = {"capture_output": True, "encoding": "utf-8", "errors": "replace", "timeout": 300}
    return subprocess.run(command, env={**os.environ, **environment}, **how)


@pytest.mark.parametrize("letters", ["ascii", "cp1252", "latin-1"])
@pytest.mark.parametrize("command", ["runs", "show"])
def test_a_letter_that_a_terminal_lacks_ends_no_command(folder, command, letters):
    [run] = runs.list_runs(folder)
    words = [command, *([run.id] if command == "show" else []), "--runs-dir", folder]
    answer = told(words, PYTHONIOENCODING=letters)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert r"\u6771\u4eac" in answer.stdout and "queued" in answer.stdout


def test_a_command_whose_output_nobody_holds_does_its_work(folder):
    answer = told(["runs", "--runs-dir", folder], where=">&-")
    assert (answer.returncode, answer.stderr) == (0, "")


def test_what_is_said_to_a_closed_stderr_does_not_get_among_the_results(folder):
    (folder / "no id").mkdir()
    [run] = runs.list_runs(folder)
    (folder / "no id" / "config.json").write_bytes((run.path / "config.json").read_bytes())
    assert told(["runs", "--json", "--runs-dir", folder], where="2>&-").stdout.startswith("[")
    answer = told(["show", "nobody", "--runs-dir", folder], where="2>&-")
    assert (answer.returncode, answer.stdout) == (2, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")  # noqa: PTH110
def test_an_output_on_a_full_disk_is_said_in_a_sentence(folder):
    answer = told(["runs", "--runs-dir", folder], where=">/dev/full")
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == ["vaedash: No space left on device: free some room."]


def test_a_command_tells_which_vaedash_it_is():
    answer = told(["--version"])
    assert (answer.returncode, answer.stdout) == (0, f"vaedash {__version__}\n")


WORDS = "epoch 57/100, at most 12:05 left, loss 74.2, test 80.1, 12,673 images/s"


@pytest.mark.parametrize("room", [159, 119, 79, 59, 39])
@pytest.mark.parametrize("name", ["FC on CIFAR-10, p3, seed 4, 12%", "東京の猫と犬と鳥と魚", ""])
def test_a_line_of_progress_keeps_within_its_terminal_and_says_first_what_matters(room, name):
    left, bar, right = watching.fitting("k3f7qa", name, WORDS, room=room)
    assert text.columns(left) + bar + text.columns(right) + 2 <= room
    assert left.startswith("k3f7qa") and bar >= 1 and WORDS.startswith(right)
    assert right.startswith("epoch 57/100")
    if room >= 79:
        assert "12:05 left" in right and "test 80.1" in right
    if room >= 119:
        assert right == WORDS and (name[:3] in left)
