"""Which runs belong to a tuning, what they are called, and that one command tunes at a time."""

import pytest
from filelock import FileLock

from vaedash import runs
from vaedash.config import RunConfig
from vaedash.errors import RunError
from vaedash.runs import names, tunings
from vaedash.runs.folder import RunFolder


def test_a_trial_says_in_its_name_and_its_notes_of_which_tuning_it_is(tmp_path):
    trial = tunings.create(tmp_path, RunConfig(arch="fc"), tuning="fair", trial=3)
    final = tunings.create(tmp_path, RunConfig(arch="conv", seed=2), tuning="fair")
    other = runs.create(tmp_path, RunConfig())
    assert (trial.name, trial.tuning, trial.trial) == ("FC trial 3 of fair", "fair", 3)
    assert (final.name, final.tuning, final.trial) == ("conv final seed 2 of fair", "fair", None)
    assert (other.tuning, other.trial) == ("", None)
    assert [run.id for run in tunings.members(tmp_path, "fair")] == [trial.id, final.id]


def test_a_run_that_is_renamed_or_archived_stays_in_its_tuning(tmp_path):
    trial = tunings.create(tmp_path, RunConfig(), tuning="fair", trial=1)
    trial.write_notes(name="mine", archived=True)
    [found] = tunings.members(tmp_path, "fair")
    assert (found.name, found.trial) == ("mine", 1)


def test_a_long_name_of_a_tuning_leaves_room_for_the_trial(tmp_path):
    trial = tunings.create(tmp_path, RunConfig(), tuning="x" * 80, trial=12)
    assert trial.name.startswith("conv trial 12 of xxx") and len(trial.name) == 80
    assert trial.tuning == "x" * 80


@pytest.mark.parametrize("number", [0, -1, True, "3", 2.5, None])
def test_a_number_that_is_none_makes_no_trial(tmp_path, number):
    run = tunings.create(tmp_path, RunConfig(), tuning="fair")
    RunFolder(run.path).write_notes(trial=number)
    assert run.reread().trial is None


def test_one_command_tunes_in_a_runs_folder_at_a_time(tmp_path):
    with tunings.claim(tmp_path), pytest.raises(RunError, match="Another command is tuning"), tunings.claim(tmp_path):
        pass
    with FileLock(tmp_path / names.TUNING):
        pass
    assert runs.list_runs(tmp_path) == []
