"""`tune`: real trainings, as many for each architecture; stopped, killed and pruned; and what it says of the best of each."""

import contextlib
import os
import re
import signal
import subprocess
import sys

import pytest
from patience import PATIENCE
from tuned import trial

from vaedash import config, runs
from vaedash.places import PROJECT_ROOT
from vaedash.runs import Status, tunings
from vaedash.training import draws

pytestmark = pytest.mark.usefixtures("torch_as_it_was")
ARCHS = list(config.ARCHS)
FEW = ["--fraction", "0.5", "--epochs", "1", "--precision", "fp32", "--device", "cpu"]


@pytest.fixture
def tune(call, places, photos):
    """Runs `tune` on a few pictures."""
    return lambda *words: call("tune", "--dataset", photos, *FEW, *places, *words)


@pytest.mark.usefixtures("in_process")
def test_each_architecture_tries_as_many_settings_and_the_best_of_each_decide(tune, tmp_path):
    answer = tune("--trials", 2, "--seeds", "0,1", "--json", "--name", "fair").json
    assert [(row["model"], row["trials"], row["pruned"], row["lost"]) for row in answer["archs"]] == [
        (arch, 2, 0, 0) for arch in ARCHS
    ]
    for row in answer["archs"]:
        tried = [made for made in answer["trials"] if made["model"] == row["model"]]
        best = min(tried, key=lambda made: made["val_loss"])
        assert row["val_loss"] == best["val_loss"] == answer["best_so_far"][row["model"]][-1]
        final = [run for run in answer["runs"] if run["model"] == row["model"]]
        assert [run["seed"] for run in final] == [0, 1]
        assert row["test_loss"] == sum(run["test_loss"] for run in final) / 2
        for run in final:
            assert run["config"]["monitor"] == "val"
            assert {name: run["config"][name] for name in draws.RANGES} == {name: best[name] for name in draws.RANGES}
    assert " on the same 12 test images" in answer["verdict"]
    assert {run.name for run in runs.list_runs(tmp_path / "runs")} >= {
        "FC trial 1 of fair",
        "conv final seed 1 of fair",
    }


@pytest.mark.usefixtures("in_process")
def test_the_same_command_again_trains_nothing_and_says_the_same(tune, tmp_path):
    words = ["--trials", 1, "--seeds", "0", "--archs", "conv"]
    first = tune(*words)
    before = {run.id: run.facts for run in runs.list_runs(tmp_path / "runs")}
    again = tune(*words)
    assert first.code == again.code == 0
    assert first.out == again.out
    assert {run.id: run.facts for run in runs.list_runs(tmp_path / "runs")} == before
    table, words, see = again.out.strip().split("\n\n")
    assert re.split(r"\s{2,}", table.splitlines()[0])[:4] == ["model", "trials", "pruned", "lost"]
    assert words.startswith("Each is the best of 1 settings by the loss on pictures held back")
    assert "python -m vaedash report " in see


@pytest.mark.usefixtures("in_process")
def test_a_trial_that_fails_ends_the_command_and_goes_on_with_the_next(tune, tmp_path, monkeypatch):
    from vaedash.models import archs

    words = ["--trials", 1, "--seeds", "0", "--archs", "conv"]
    with monkeypatch.context() as broken:
        broken.setattr(archs, "build", lambda *_: 1 / 0)
        answer = tune(*words)
    assert answer.code == 1
    [run] = runs.list_runs(tmp_path / "runs")
    assert f"Not over: {run.id} (failed)." in answer.err and "ZeroDivisionError" in answer.err
    assert tune(*words).code == 0
    assert run.reread().status == Status.FINISHED


@pytest.mark.parametrize("number", ["SIGINT", "SIGKILL"])
@pytest.mark.skipif(os.name == "nt", reason="signals to a process group")
def test_a_command_that_was_stopped_or_killed_goes_on_and_trains_no_finished_epoch_again(
    call, places, photos, tmp_path, number
):
    settings = ["--epochs", "40", "--patience", "40", "--precision", "fp32", "--device", "cpu"]
    words = ["tune", "--dataset", str(photos), "--archs", "fc", "--trials", "1", "--seeds", "0", *settings, *places]
    command = [sys.executable, "-m", "vaedash", *words]
    with contextlib.ExitStack() as stack:
        process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        stack.enter_context(process)
        stack.callback(process.kill)
        stack.callback(lambda: [run.request_stop() for run in runs.list_runs(tmp_path / "runs")])
        said = ""
        while ": epoch 1/40" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        os.killpg(process.pid, getattr(signal, number))
        said += process.communicate(timeout=PATIENCE)[1]
        [run] = runs.list_runs(tmp_path / "runs")
        kept, stopped = len(run.epochs), run.status == Status.STOPPED
        if number == "SIGINT":
            assert process.returncode == 130 and "The same command goes on from there." in said
        answer = call(*words, "--json")
    assert answer.code == 0
    trained = runs.read(run.path)
    assert len(trained.epochs) == 40 and trained.trial == 1
    [made] = [other for other in runs.list_runs(tmp_path / "runs") if other.trial is None]
    assert made.config.seed == 0 and made.tuning == trained.tuning
    # Whoever killed the command left the training to itself, and it was only waited for.
    assert stopped <= (number == "SIGINT")
    assert [start.get("resumed_after_epoch") for start in trained.facts] == [0, *([kept] if stopped else [])]


def test_a_trial_that_falls_behind_is_stopped_and_reads_as_a_stopped_run(call, places, photos, tmp_path, monkeypatch):
    monkeypatch.setattr(draws, "SPARED", 1000)
    settings = {"dataset": str(photos), "epochs": 60, "patience": 60, "precision": "fp32", "device": "cpu"}
    for number in range(1, draws.UNPRUNED + 1):
        drawn = draws.Engine(epochs=60).drawn(number, ())
        trial(tmp_path / "runs", number, [1.0] * 60, tuning="tuning", **settings, **drawn)
    flags = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
    answer = call("tune", "--archs", "conv", "--trials", draws.UNPRUNED + 1, "--seeds", 0, *flags, *places, "--json")
    [pruned] = [run for run in tunings.members(tmp_path / "runs", "tuning") if run.trial == draws.UNPRUNED + 1]
    assert pruned.status == Status.STOPPED and 1 <= len(pruned.epochs) < 60
    assert answer.code == 0
    [row] = answer.json["archs"]
    assert (row["trials"], row["pruned"], row["val_loss"]) == (draws.UNPRUNED + 1, 1, 1.0)


def test_two_commands_do_not_tune_at_once(tune, tmp_path):
    with tunings.claim(tmp_path / "runs"):
        answer = tune("--trials", 1)
    assert answer.code == 1 and "Another command is tuning" in answer.err
    assert runs.list_runs(tmp_path / "runs") == []


def test_the_ranges_are_printed_as_they_are(call):
    printed = call("tune", "--ranges", "--json").json
    assert [(row["setting"], row["range"]) for row in printed] == [
        (name, str(drawn_from)) for name, drawn_from in draws.RANGES.items()
    ]
    help_text = call("tune", "--help").out
    for row in printed:
        assert row["setting"] in help_text and row["range"] in help_text
        assert row["range"] in call("tune", "--ranges").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--archs", "fc,nothing"], "arch must be one of"),
        (["--archs", "fc,fc"], "--archs takes different values"),
        (["--seeds", "0,1000"], "Seed 1000 is that of the trials"),
        (["--seeds", "-1"], "seed must be between"),
        (["--trials", "0"], "must be between 1 and"),
        (["--lr", "0.1"], "unrecognized arguments: --lr"),
        (["--name", "\u200b"], "A tuning needs a name"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_made(tune, tmp_path, words, said):
    answer = tune(*words)
    assert answer.code == 2
    assert said.casefold() in answer.err.casefold()
    assert not (tmp_path / "runs").exists()
