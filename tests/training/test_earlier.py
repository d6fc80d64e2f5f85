"""A run that an earlier vaedash began and was killed in: it reads, shows and goes on as it would have then.

`tests/runs/earlier` holds it, killed after the first of three epochs, and what became of one that was left alone.
"""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from outcomes import TIMING

from vaedash import cli, config, places, runs
from vaedash.runs import Run, weights
from vaedash.training import process

EARLIER = places.PROJECT_ROOT / "tests" / "runs" / "earlier"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return runs.read(Path(shutil.copytree(EARLIER / "fgzdmm", tmp_path / "fgzdmm")))


def uninterrupted() -> dict:
    return json.loads((EARLIER / "uninterrupted.json").read_text())


def rows_of(run: Run) -> list[dict]:
    """Its epochs to the last bit, without what a clock said."""
    return [
        {key: value.hex() if isinstance(value, float) else value for key, value in row.items() if key not in TIMING}
        for row in run.epochs
    ]


def digest(run: Run) -> str:
    """Of its last weights."""
    hashed = hashlib.sha256()
    for name, tensor in weights.load(run, "last")["model"].items():
        hashed.update(name.encode())
        hashed.update(tensor.contiguous().numpy().tobytes())
    return hashed.hexdigest()


def test_it_reads_as_what_it_is(run):
    assert (run.status, run.damage, len(run.epochs), run.best_epoch) == ("interrupted", None, 1, 1)
    assert rows_of(run) == uninterrupted()["epochs"][:1]
    assert run.pictures.sample("prior", 1).shape == (64, 3, 32, 32)
    assert run.pictures.originals().shape == (32, 3, 32, 32)
    model, epoch = weights.load_model(run)
    assert (model.latent_dim, epoch) == (4, 1)


def test_it_is_shown_as_it_was(run, capsys):
    assert cli.main(["show", run.id, "--json", "--runs-dir", str(run.path.parent)]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record.pop("path") == str(run.path)
    assert record.pop("created") == run.created  # which it did not say then
    expected = uninterrupted()["show"]
    assert record.pop("name") and expected.pop("name")  # nobody gave it one: it is made anew out of the settings
    # Of a setting that there was not then, it has what everything had.
    for name in set(record["config"]) - set(expected["config"]):
        assert record["config"].pop(name) == config.SETTINGS[name].default
    # What was not measured then, it has not.
    for name in set(record) - set(expected):
        assert record.pop(name) is None
    assert record == expected


def test_it_goes_on_as_if_it_had_never_been_interrupted(run, tmp_path, monkeypatch, data_dir, torch_as_it_was):
    monkeypatch.setattr(places, "cores", lambda: 1)
    whole = runs.create(tmp_path / "whole", run.config)
    assert process.work(run, data_dir) == process.work(whole, data_dir) == "finished"
    resumed, whole = run.reread(), whole.reread()
    assert rows_of(resumed)[1:] == rows_of(whole)[1:] or rows_of(resumed)[0] != rows_of(whole)[0]
    assert resumed.facts[1]["note"] != ""  # it was not recorded which vaedash had begun it
    assert resumed.facts[1]["source"] == whole.facts[0]["source"] != ""
    then = uninterrupted()
    if rows_of(whole) == then["epochs"]:  # on a machine that computes to the last bit what that one did
        assert rows_of(resumed) == then["epochs"]
        assert digest(resumed) == digest(whole) == then["weights"]
    for row, before in zip(resumed.epochs, then["epochs"], strict=True):
        assert row["test_loss"] == pytest.approx(float.fromhex(before["test_loss"]), rel=0.01)
