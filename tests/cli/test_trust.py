"""Architectures of one's own on the command line: a path behind --arch, and `trust`, behind which nothing of a run is executed."""

import io
import json
import os
import shlex

import pytest
from own_arch import SOURCE, forgotten, kept, written

from vaedash import cli, config, doctor, runs, storage
from vaedash.cli import training
from vaedash.comparing import results
from vaedash.config import RunConfig
from vaedash.errors import RunError
from vaedash.models import own
from vaedash.runs import weights
from vaedash.showing import report, site, tensorboard
from vaedash.training import launch

pytestmark = pytest.mark.usefixtures("torch_as_it_was")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("VAEDASH_DATA", str(tmp_path / "own-data"))
    monkeypatch.setenv("VAEDASH_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture
def asked(monkeypatch):
    """The settings of the runs that commands would launch."""
    settings = []
    monkeypatch.setattr(training, "_launch", lambda several, _: settings.extend(several) or 0)
    return settings


def names(asked):
    return [config.spoken(settings.arch) for settings in asked]


# ---- a path -----------------------------------------------------------------------------------------------------


def test_train_and_sweep_take_paths_beside_names(asked, tmp_path):
    file = written(tmp_path)
    assert cli.main(["train", "--arch", f"fc,{file}"]) == 0
    assert cli.main(["sweep", "--presets", "p1", "--archs", f"{file},conv"]) == 0
    assert names(asked) == ["FC", "shallow", "shallow", "conv"]
    assert {settings.arch for settings in asked if config.is_own(settings.arch)} == {
        f"shallow@{storage.sha256(SOURCE.encode())}"
    }


def test_others_get_as_many_weights_as_it_has(asked, tmp_path, capsys):
    file = written(tmp_path)
    assert cli.main(["train", "--arch", f"fc,{file}", "--match", "weights", str(file), "--latent-dim", "8"]) == 0
    assert names(asked) == ["FC", "shallow"] and asked[0].widths and not asked[1].widths
    assert "shallow: 76,816 weights" in capsys.readouterr().err


def test_it_has_no_widths_to_give_and_none_to_match_with(asked, tmp_path, capsys):
    file = written(tmp_path)
    assert cli.main(["train", "--arch", str(file), "--widths", "8"]) == 2
    assert cli.main(["train", "--arch", str(file), "--match", "weights", "fc"]) == 2
    assert capsys.readouterr().err.count("shallow has no widths to choose") == 2 and asked == []


def test_what_does_not_work_is_told_before_there_is_a_run(tmp_path, folder, photos, capsys):
    file = written(tmp_path, source=SOURCE.replace("nn.Sigmoid(), ", ""))
    assert cli.main(["train", "--arch", f"fc,{file}", "--dataset", str(photos), "--data-dir", str(tmp_path)]) == 1
    assert "let it end with nn.Sigmoid()" in capsys.readouterr().err and not folder.exists()


@pytest.mark.usefixtures("in_process")
def test_two_of_one_name_train_beside_each_other_resume_and_are_told_apart(
    tmp_path, folder, photos, data_dir, capsys, monkeypatch
):
    quick = f"--dataset {photos} --epochs 1 --latent-dim 4 --precision fp32 --device cpu --data-dir {data_dir}".split()
    before = written(tmp_path / "a")
    after = written(tmp_path / "b", source=SOURCE.replace("nn.Flatten(), ", "nn.Flatten(), nn.ReLU(), "))
    assert cli.main(["train", "--arch", f"{before},{after}", *quick, "--json"]) == 0
    records = json.loads(capsys.readouterr().out)["runs"]
    assert [record["model"] for record in records] == ["shallow", "shallow"]
    first, second = (runs.find(folder, record["run"]) for record in records)
    assert first.config.arch != second.config.arch and runs.find(folder, "latest:shallow").id == second.id
    assert (first.path / "arch.py").read_text() == SOURCE
    assert len(set(results.told_apart([first, second]))) == 2
    # By the command that a report names, in the run's folder, the same is trained again.
    monkeypatch.chdir(first.path)
    again = shlex.split(results.replay_command(first))[3:]
    assert again[:2] == ["train", "--arch"] and again[2] == "arch.py"
    assert cli.main([*again, "--data-dir", str(data_dir), "--json"]) == 0
    twin = runs.find(folder, json.loads(capsys.readouterr().out)["runs"][0]["run"])
    assert twin.config == first.config and twin.test_loss == first.test_loss
    more = dict(first.config.to_json(), epochs=3)
    going_on = runs.create(folder, RunConfig(**more))
    going_on.write_outcome("stopped", "Stopped.")
    launch.start([going_on], data_dir=data_dir)
    assert going_on.reread().status == "finished" and going_on.reread().epochs[0]["test_loss"] == first.test_loss


# ---- trust ------------------------------------------------------------------------------------------------------


@pytest.fixture
def handed_in(tmp_path, folder):
    """A run that came from elsewhere, whose source would leave a mark if anything executed it."""
    mark = tmp_path / "executed"
    source = f"open({str(mark)!r}, 'w').close()\n{SOURCE}"
    arch = kept(tmp_path, source=source)
    run = runs.create(folder, RunConfig(arch=arch, latent_dim=2))
    run.write_outcome("stopped", "It ended.")
    forgotten(arch)
    return run.reread(), mark, source


def test_it_says_where_the_source_is_what_that_means_and_its_hash_and_asks(handed_in, capsys, monkeypatch):
    run, mark, source = handed_in
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert cli.main(["trust", run.id]) == 1  # so that `trust ... && train ...` ends here
    answer = capsys.readouterr()
    said = answer.err
    assert str(run.path / "arch.py") in said and storage.sha256(source.encode()) in said and "executed" in said
    assert answer.out == "It is not trusted, and nothing is executed.\n" and not own.is_trusted(run.config.arch)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert cli.main(["trust", run.id]) == 0
    assert own.source(run.config.arch) == source.encode() and not mark.exists()
    assert cli.main(["trust", run.id]) == 0
    assert "Trusted already" in capsys.readouterr().out


def test_with_yes_it_does_not_ask_and_the_run_goes_on(handed_in, monkeypatch, tmp_path):
    run, mark, _ = handed_in
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert cli.main(["trust", run.id, "--yes"]) == 0 and not mark.exists()
    own.load(run.config.arch)
    assert mark.exists()


def another_hash(run):
    record = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps(record | {"arch": f"shallow@{'0' * 64}"}))


def another_source(run):
    (run.path / "arch.py").write_text("raise SystemExit(1)")


def a_link(run):
    (run.path / "arch.py").unlink()
    (run.path / "arch.py").symlink_to("/etc/hostname")


def huge(run):
    with open(run.path / "arch.py", "wb") as file:
        file.truncate(5_000_000_000)


def a_pipe(run):
    (run.path / "arch.py").unlink()
    os.mkfifo(run.path / "arch.py")


def climbing(run):
    record = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps(record | {"arch": f"../../shallow@{'0' * 64}"}))


HOSTILE = [another_hash, another_source, a_link, huge, a_pipe, climbing]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_of_a_hostile_run_nothing_is_trusted_or_executed_and_a_sentence_says_why(handed_in, hostile, capsys, promise):
    run, mark, _ = handed_in
    hostile(run)
    assert cli.main(["trust", run.id, "--yes"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("vaedash: ") and "Traceback" not in said
    assert not mark.exists() and not [*own.kept_at(f"x@{'0' * 64}").parent.glob("*.py")]
    promise("R12")


@pytest.mark.parametrize("hostile", [lambda run: None, *HOSTILE])
def test_lists_reports_exports_and_the_doctor_execute_nothing_of_a_run(
    handed_in, hostile, folder, tmp_path, data_dir, capsys, promise
):
    run, mark, _ = handed_in
    hostile(run)
    run = run.reread()
    listed = runs.list_runs(folder)
    assert [each.id for each in listed] == [run.id]
    doctor.examine(folder, data_dir)
    if not run.damage:
        assert "shallow" in run.name
        (tmp_path / "r.html").write_text(report.page(listed))
        site.write(tmp_path / "site", site.files(listed))
        tensorboard.to_tensorboard(listed, out=tmp_path / "tb")
        with pytest.raises(RunError, match="python -m vaedash trust"):
            weights.load_model(run)
        capsys.readouterr()
        assert cli.main(["resume", run.id, "--data-dir", str(data_dir)]) == 1
        refused = run.unfit(["arch.py"]).get("arch.py", f"python -m vaedash trust {run.id}")
        assert refused in capsys.readouterr().err and run.reread().sentence == "It ended."
    assert not mark.exists()
    promise("R12")
