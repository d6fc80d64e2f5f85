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


def test_an_interrupt_returns_the_runs_and_says_how_they_go_on(monkeypatch, tiny, tmp_path, capsys):
    run = vaedash.find(runs.create(tmp_path, tiny()).id, tmp_path)
    run.record.write_outcome(Status.STOPPED, "Stopped on request.")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(attended.launch, "start", lambda *_, **__: [])
    monkeypatch.setattr(attended, "_watched", interrupted)
    assert vaedash.resume(run) == run
    # It was not at work yet, so that nothing had to stop.
    assert capsys.readouterr().out == f'Go on with: vaedash.resume(vaedash.find("{run.id}"))\n'


def test_what_goes_on_is_returned_as_it_was_given_and_trains_where_it_is_told(monkeypatch, tiny, tmp_path):
    made = [runs.create(tmp_path, tiny()) for _ in range(2)]
    for run in made:
        run.write_outcome(Status.STOPPED, "Stopped on request.")
    monkeypatch.setenv("VAEDASH_RUNS", str(tmp_path))
    seen: list[object] = []
    monkeypatch.setattr("vaedash.cluster.machines.look", lambda on: "2 machines")
    monkeypatch.setattr(attended, "stay_with", lambda group, *, on, **_: seen.append((on, [run.id for run in group])))
    one, other = (vaedash.find(run.id) for run in made)
    assert vaedash.resume(one.id, on="ray") == one and vaedash.resume([one]) == Runs([one])
    assert vaedash.resume(one, other) == vaedash.resume(Runs([one, other])) == Runs([one, other])
    assert [(on, len(group)) for on, group in seen] == [("ray", 1), ("local", 1), ("local", 2), ("local", 2)]


def test_nothing_goes_on_where_what_is_asked_is_wrong(monkeypatch, tiny, tmp_path):
    monkeypatch.setattr(attended, "stay_with", lambda *_, **__: pytest.fail("it went on"))
    run = vaedash.find(runs.create(tmp_path, tiny()).id, tmp_path)
    run.record.write_outcome(Status.STOPPED, "Stopped on request.")
    for asked, where, sentence in (
        ([], "local", "resume takes at least one run"),
        ([[]], "local", "resume takes at least one run"),
        ([run], "moon", "Runs train on local"),
        ([run], None, "Runs train on local"),
        ([3], "local", "A run is found by its id or its name, got 3"),
    ):
        with pytest.raises(vaedash.errors.UsageError, match=sentence):
            vaedash.resume(*asked, on=where)


def test_a_run_is_called_by_words(tmp_path):
    with pytest.raises(vaedash.errors.UsageError, match="name must be what to call the run, got 5"):
        vaedash.train("fc", name=5, dataset=tmp_path / "none", runs_dir=tmp_path / "runs", data_dir=tmp_path)
    assert not (tmp_path / "runs").exists()


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


def test_architectures_are_matched_as_on_the_command_line(monkeypatch, tmp_path, capsys):
    started: list[config.RunConfig] = []

    def new_runs(_: object, asked: list[config.RunConfig], **__: object) -> list[object]:
        started.extend(asked)
        raise KeyboardInterrupt  # before any of them is made

    monkeypatch.setattr(vaedash.notebook.training.launch, "new_runs", new_runs)
    for preset, widths in (("p1", None), (None, "56-112-224")):
        with pytest.raises(KeyboardInterrupt):
            vaedash.train(
                ["fc", "conv"],
                match=("weights", "conv"),
                preset=preset,
                widths=widths,
                data_dir=tmp_path,
                fraction=0.01,
            )
    assert [asked.widths for asked in started[:2]] == ["167-128", ""] and started[0].preset == "p1"
    assert started[3].widths == "56-112-224" and started[2].widths not in ("", "56-112-224")
    assert "FC 167-128: 1,121,870 weights, " in capsys.readouterr().out


@pytest.mark.parametrize("match", ["weights", ("weights",), ("weights", "conv", "fc"), ("weights", None), 5, ()])
def test_a_match_that_is_no_cost_with_an_architecture_is_one_sentence(tmp_path, match):
    with pytest.raises(vaedash.errors.UsageError, match="match takes a cost and an architecture"):
        vaedash.train("fc", match=match, runs_dir=tmp_path, data_dir=tmp_path)


def test_where_to_train_is_checked_before_anything_is_made_and_then_handed_on(monkeypatch, tiny, tmp_path):
    with pytest.raises(vaedash.errors.UsageError, match="Runs train on local"):
        vaedash.train("fc", on="moon", runs_dir=tmp_path / "runs", data_dir=tmp_path)
    assert not (tmp_path / "runs").exists()
    seen: list[str] = []
    monkeypatch.setattr("vaedash.cluster.machines.look", lambda on: seen.append(on) or "2 machines")
    monkeypatch.setattr(attended, "stay_with", lambda *_, on, **__: seen.append(on))
    vaedash.train("fc", on="ray", runs_dir=tmp_path / "runs", data_dir=tmp_path, fraction=0.01)
    assert seen == ["ray", "ray"]
