"""Training from Python: the same runs as from the command line, and an interrupt that loses nothing."""

import contextlib
import inspect

import pytest

import vaedash
from vaedash import cli, config, runs
from vaedash.cli import terminal
from vaedash.notebook import Run, Runs
from vaedash.runs import Status
from vaedash.training import attended

QUICK = {"epochs": 1, "latent_dim": 4, "precision": "fp32", "device": "cpu"}


@pytest.mark.usefixtures("in_process", "torch_as_it_was")
def test_a_training_is_that_of_the_command_line(photos, data_dir, tmp_path, capsys):
    run = vaedash.train("conv", dataset=photos, name="mine", runs_dir=tmp_path, data_dir=data_dir, **QUICK)
    assert isinstance(run, Run) and (run.name, run.status, run.epochs) == ("mine", "finished", 1)
    said = capsys.readouterr()
    assert "52 training and 12 test images" in said.out and "epoch 1/1, train " in said.out and said.err == ""
    typed = ["train", "--arch", "conv", "--dataset", str(photos), "--epochs", "1", "--latent-dim", "4"]
    arguments = cli.parser().parse_args([*typed, "--precision", "fp32", "--device", "cpu"])
    assert run.settings == terminal.settings(arguments, arch="conv")
    assert run.record.quality  # what is measured after it, too


@pytest.mark.usefixtures("in_process", "torch_as_it_was")
def test_several_architectures_are_several_runs_in_the_order_asked_for(photos, data_dir, tmp_path):
    trained = vaedash.train(["conv", "fc"], dataset=str(photos), runs_dir=tmp_path, data_dir=data_dir, **QUICK)
    assert isinstance(trained, Runs) and [run.settings.arch for run in trained] == ["conv", "fc"]
    assert len(vaedash.list_runs(tmp_path)) == 2


def test_nothing_is_made_where_a_setting_or_the_pictures_are_wrong(tmp_path):
    for wrong in ({"epochs": 0}, {"arch": "gan"}, {"lernrate": 1}, {"dataset": str(tmp_path / "none")}):
        with pytest.raises(vaedash.errors.VaedashError):
            vaedash.train(**{"arch": "fc", "runs_dir": tmp_path / "runs", "data_dir": tmp_path, **wrong})
    assert not (tmp_path / "runs").exists()


def test_an_interrupt_asks_the_runs_to_stop_and_returns_them(monkeypatch, tiny, tmp_path, capsys):
    run = vaedash.find(runs.create(tmp_path, tiny()).id, tmp_path)
    run.record.write_outcome(Status.STOPPED, "Stopped on request.")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(attended.launch, "start", lambda *_, **__: [])
    monkeypatch.setattr(attended, "_watched", interrupted)
    assert vaedash.resume(run) == run
    said = capsys.readouterr().out
    assert "finished epochs are kept" in said and f'vaedash.resume(vaedash.find("{run.id}"))' in said


def test_without_measuring_it_ends_with_the_training(monkeypatch, tiny, tmp_path):
    made = runs.create(tmp_path, tiny())
    made.write_outcome(Status.STOPPED, "Stopped on request.")

    with contextlib.ExitStack() as process:

        def start(*_: object, **__: object) -> list[object]:
            """A process that has trained, and measures until it is asked to stop."""
            process.enter_context(made.claim())
            made.write_outcome(Status.FINISHED, "Finished.")
            return []

        monkeypatch.setattr(attended.launch, "start", start)
        monkeypatch.setattr(attended.time, "sleep", lambda _: made.stop_requested() and process.close())
        assert vaedash.resume(vaedash.find(made.id, tmp_path), measure=False).status == "finished"
        assert made.stop_requested()


def test_help_names_every_setting_with_its_default():
    parameters = inspect.signature(vaedash.train).parameters
    assert set(parameters) >= {*config.SETTINGS, "name", "measure", "runs_dir", "data_dir"}
    assert {name: parameters[name].default for name in config.SETTINGS if name != "arch"} == {
        name: setting.default for name, setting in config.SETTINGS.items() if name != "arch"
    }
