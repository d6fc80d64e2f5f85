"""The ladder from a terminal: what is lacking is trained, what is there is not, and the figures are told and kept."""

import json

import pytest
import torch

from vaedash import runs
from vaedash.cli import training
from vaedash.comparing import ladder
from vaedash.config import RunConfig
from vaedash.models import archs, matching
from vaedash.runs import Status
from vaedash.training import forecast

pytestmark = pytest.mark.usefixtures("torch_as_it_was")


@pytest.fixture
def climb(call, in_process, quick, places, tmp_path):
    def run(*more):
        return call("ladder", *quick, *places, "--latent-dim", 4, *more)

    return run


def test_a_ladder_is_trained_once_and_told_as_often_as_it_is_asked_for(climb, tmp_path):
    first = climb("--seeds", "0", "--orders", "natural", "--out", tmp_path / "ladder.json")
    assert first.code == 0, first.err
    every = runs.list_runs(tmp_path / "runs")
    assert sorted((run.config.arch, bool(run.config.widths)) for run in every) == [
        ("conv", False),
        ("fc", False),
        ("fc", True),
        ("local", False),
        ("local", True),
    ]
    assert "better than the row above by" in first.out and "(one seed)" in first.out
    again = climb("--seeds", "0", "--orders", "natural", "--json")
    assert again.code == 0 and len(runs.list_runs(tmp_path / "runs")) == 5
    assert again.json == json.loads((tmp_path / "ladder.json").read_text())
    read = ladder.from_json(again.json)
    losses = {run.config.layer_widths: run.test_loss for run in every if run.config.arch == "fc"}
    assert read.rungs[0].losses == {"natural": {0: losses[512, 256]}}


def test_another_seed_adds_its_own_runs_and_what_was_stopped_goes_on(climb, tmp_path):
    climb("--seeds", "0", "--orders", "natural")
    stopped = runs.list_runs(tmp_path / "runs")[0]
    stopped.reopen()
    stopped.write_outcome(Status.STOPPED, "Stopped on request.")
    answer = climb("--seeds", "0,1", "--orders", "natural", "--json")
    assert answer.code == 0, answer.err
    every = runs.list_runs(tmp_path / "runs")
    assert len(every) == 10 and {run.status for run in every} == {Status.FINISHED}
    assert all(len(rung["losses"]["natural"]) == 2 for rung in answer.json["rungs"])


def test_a_rung_that_fails_is_said_to_be_lacking(climb, tmp_path, monkeypatch):
    build = archs.build

    def broken(asked):
        counting = torch.get_default_device().type == "meta"
        return build(asked) if counting or asked.arch != "local" else 1 / 0

    monkeypatch.setattr(archs, "build", broken)
    answer = climb("--seeds", "0", "--orders", "natural")
    assert answer.code == 1
    assert "There is no whole ladder yet" in answer.err and "Not trained: local on photos" in answer.err


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("--orders natural,sideways", "pixel_order must be one of natural, shuffled; got 'sideways'."),
        ("--orders shuffled", "--orders takes natural at least, which all else is held against, got shuffled; add it."),
        ("--seeds x", "seeds takes a whole number, got 'x'."),
        ("--out ladder.txt", "--out must end in .json, got ladder.txt."),
        ("--widths 8", "Unrecognized arguments: --widths 8"),
    ],
)
def test_what_makes_no_ladder_is_refused_before_anything_trains(call, places, given, sentence, tmp_path):
    answer = call("ladder", *places, *given.split())
    assert answer.code == 2 and sentence in answer.err
    assert not (tmp_path / "runs").exists()


# ---- --match --------------------------------------------------------------------------------------------------------


@pytest.fixture
def launched(monkeypatch):
    collected: list[RunConfig] = []
    monkeypatch.setattr(training, "_launch", lambda settings, arguments: collected.extend(settings) or 0)
    return collected


def test_train_gives_every_architecture_the_weights_of_one(call, launched):
    answer = call("train", "--arch", "fc,local,conv", "--preset", "p1", "--match", "weights", "conv")
    assert answer.code == 0
    assert [settings.widths for settings in launched] == ["167-128", "9-18-36", ""]
    assert {settings.preset for settings in launched} == {"p1"}
    assert "FC 167-128: 1,121,870 weights, 6 million operations an image." in answer.err


def test_widths_beside_a_match_are_those_of_the_one_that_is_matched(call, launched):
    assert call("sweep", "--presets", "p1", "--match", "weights", "conv", "--widths", "56-112-224").code == 0
    wide = {settings.arch: settings.widths for settings in launched}
    assert wide["conv"] == "56-112-224" and wide["fc"] not in ("", "56-112-224")


def test_equal_seconds_are_measured_beside_each_other(call, launched, monkeypatch):
    def measure(asked, *, sharing, data_dir):  # a machine on which time is the number of weights
        weights = [int(matching.weights(settings)) for settings in asked]
        return [forecast.Speed(images_per_second=1e9 / count, parameters=count) for count in weights]

    monkeypatch.setattr(forecast, "measure", measure)
    assert call("train", "--arch", "fc,local", "--match", "seconds", "fc").code == 0
    fc, local = launched
    assert fc.widths == "" and matching.weights(local) == pytest.approx(matching.weights(fc), rel=0.1)
