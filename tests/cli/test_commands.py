"""The command line: each command's work, what it prints where, and what it says when it is used wrongly."""

import argparse
import contextlib
import dataclasses
import itertools
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import visitor
from answer import Answer
from patience import PATIENCE
from PIL import Image

from vaedash import cli, config, datasets, images, runs
from vaedash.cli import measuring, terminal, training
from vaedash.config import RunConfig
from vaedash.models import archs, latent
from vaedash.places import PROJECT_ROOT, cores, runs_dir
from vaedash.runs import Run, Status, queue, weights
from vaedash.training import watching

pytestmark = pytest.mark.usefixtures("torch_as_it_was")


@pytest.fixture
def of_pair(pair, call) -> Callable[..., Answer]:
    """Runs a command that uses the trained pair."""

    def run(command: str, *arguments: object) -> Answer:
        places = ["--runs-dir", pair.folder]
        if command in ("generate", "reconstruct", "interpolate", "directions", "evaluate", "resume"):
            places += ["--data-dir", pair.data_dir]
        return call(command, *arguments, *places)

    return run


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A runs folder of one's own, found through VAEDASH_RUNS."""
    monkeypatch.setenv("VAEDASH_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


# ---- training -------------------------------------------------------------------------------------------


def test_train_trains_the_pair_and_prints_one_json_document(pair, common):
    assert pair.code == 0
    answer = json.loads(pair.stdout)
    assert set(answer) == {"runs", "over_seeds", "verdict"}
    assert [(run["model"], run["status"], run["epochs"]) for run in answer["runs"]] == [
        ("fc", "finished", 6),
        ("conv", "finished", 6),
    ]
    assert re.fullmatch(
        r"(No clear leader: |.*has learned nothing).* on the same 12 test images\).*", answer["verdict"]
    )
    for record in answer["runs"]:
        run = pair.run(record["model"])
        assert record["run"] == run.id and record["path"] == str(common / "pair" / run.id)
        assert record["name"] == f"boxes {run.config.arch}"
        assert record["test_loss"] == run.best["test_loss"]
        assert record["config"] == run.config.to_json()


def test_where_nobody_looks_at_a_terminal_progress_is_a_line_an_epoch_on_stderr(pair):
    assert "photos: 52 training and 12 test images" in pair.stderr
    assert "\r" not in pair.stderr and "\x1b" not in pair.stderr
    for arch in config.PAIR:
        run = pair.run(arch)
        lines = [line for line in pair.stderr.splitlines() if line.startswith(f"{run.id} boxes {arch}: ")]
        epochs = [line for line in lines if ": epoch " in line]
        assert len(epochs) == 6
        for line, row in zip(epochs, run.epochs, strict=True):
            assert f"epoch {row['epoch']}/6, train {row['train_loss']:.2f}, test {row['test_loss']:.2f}, " in line
        assert lines[-1].endswith((": finished", "images/s"))


def test_a_pair_shares_the_cores_and_each_has_a_process_of_its_own(pair):
    for arch in config.PAIR:
        run = pair.run(arch)
        assert run.facts[0]["threads"] == max(1, cores() // 2)
        assert "finished: Finished all 6 epochs." in (run.path / "train.log").read_text()


def test_train_prints_a_table_and_the_verdict(call, in_process, quick, places):
    answer = call("train", *quick, *places, "--latent-dim", 4)
    assert answer.code == 0
    table, verdict, see = answer.out.strip().split("\n\n")
    heading, _, *rows = table.splitlines()
    assert re.split(r"\s{2,}", heading) == (
        ["preset", "model", "seed", "epochs to stop", "loss", "test loss", "seconds", "status", "run"]
    )
    assert [row.split()[:4] for row in rows] == [["own", "fc", "0", "1"], ["own", "conv", "0", "1"]]
    assert " on the same 12 test images)" in verdict
    assert see.startswith("See it: python -m vaedash page --runs-dir")


def test_on_a_terminal_progress_is_a_bar_for_each_run(monkeypatch, call, in_process, quick, places):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    answer = call("train", *quick, *places, "--arch", "conv", "--latent-dim", 4)
    assert answer.code == 0
    assert "finished, epoch 1/1, train " in answer.err.replace("\r", "\n")


def test_a_bar_says_how_far_a_run_is(tiny, tmp_path):
    run = dataclasses.replace(runs.create(tmp_path, tiny()), status=Status.RUNNING)
    progress = {"epoch": 2, "epochs": 9, "images_per_second": 1234.5, "loss": 75.02, "eta_seconds": 4000}
    assert watching.progress_words(run, progress) == "epoch 2/9, at most 1:06:40 left, loss 75.0, 1,234 images/s"
    assert watching.progress_words(run, {"phase": "decoding images"}) == "decoding images"
    assert watching.progress_words(run, {}) == "starting"
    assert watching.progress_words(dataclasses.replace(run, status=Status.QUEUED), {}) == "queued"
    ended = dataclasses.replace(run, status=Status.FINISHED, measuring=True)
    assert watching.progress_words(ended, {"phase": "measuring patches"}) == "finished, measuring patches"
    assert watching.progress_words(ended, {}) == "finished, measuring"


def test_a_run_counts_as_done_once_it_is_measured(monkeypatch, capsys, tiny, tmp_path):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    pair = [runs.create(tmp_path, tiny(arch=arch)) for arch in ("fc", "conv")]
    display = watching.display(pair, say=terminal.say)
    for status, measured in ((Status.RUNNING, False), (Status.FINISHED, True), (Status.FINISHED, False)):
        display.show([dataclasses.replace(run, status=status, measuring=measured) for run in pair])
    display.close()
    words = [line.partition(": ")[2] or line for line in capsys.readouterr().err.splitlines()]
    assert words == [
        "running",
        "running",
        "finished, measuring",
        "finished, measuring",
        "finished",
        "finished",
        "2 of 2 runs done",
    ]


def test_sweep_prints_the_studys_table(call, in_process, quick, places):
    answer = call("sweep", *quick, *places, "--presets", "p1,p3", "--archs", "conv", "--seeds", 7, "--fraction", 0.2)
    assert answer.code == 0
    heading, rule, *rows = answer.out.split("\n\n")[0].splitlines()
    assert re.split(r"\s{2,}", heading)[:7] == (
        ["preset", "model", "seed", "epochs to stop", "loss", "test loss", "seconds"]
    )
    assert set(rule) == {"-", " "}
    assert [row.split()[:4] for row in rows] == [["p1", "conv", "7", "1"], ["p3", "conv", "7", "1"]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[RunConfig]:
    """Collects the settings that would be trained."""
    collected: list[RunConfig] = []
    monkeypatch.setattr(training, "_launch", lambda settings, arguments: collected.extend(settings) or 0)
    return collected


def test_sweep_is_the_study_unless_told_otherwise(call, asked):
    assert call("sweep", "--dataset", "cifar10").code == 0
    assert [(settings.preset, settings.arch, settings.seed, settings.dataset) for settings in asked] == [
        (preset, arch, 0, "cifar10") for preset in ("p1", "p2", "p3") for arch in ("fc", "conv")
    ]
    for settings in asked:
        assert {name: getattr(settings, name) for name in config.PRESETS["p1"]} == dict(config.PRESETS[settings.preset])
        assert (settings.patience, settings.min_delta, settings.monitor) == (5, 0.5, "train")
        assert (settings.epochs, settings.beta) == (100, 1.0)


def test_sweep_takes_every_combination_of_presets_archs_and_seeds(call, asked):
    call("sweep", "--presets", "p3,p1", "--archs", "conv,fc", "--seeds", "1,2")
    combinations = {(settings.preset, settings.arch, settings.seed) for settings in asked}
    assert combinations == set(itertools.product(("p1", "p3"), ("fc", "conv"), (1, 2)))
    assert len(asked) == 8


def test_every_setting_can_be_given_to_train(call, asked):
    given = {
        **{"dataset": "celeba", "batch_size": 32, "lr": 0.002, "latent_dim": 16, "epochs": 7, "beta": 0.5},
        **{"kl_warmup": 3, "fraction": 0.25, "seed": 4, "patience": 9, "min_delta": 0.1, "monitor": "val"},
        **{"val_fraction": 0.2, "device": "cpu", "precision": "bf16", "schedule": "one-cycle", "activation": "silu"},
        **{"pixel_order": "shuffled", "optimizer": "muon", "widths": "8-16-32-64"},
        **{"image_size": 64, "fit": "pad", "background": "black"},
    }
    flags = [part for name, value in given.items() for part in (f"--{name.replace('_', '-')}", value)]
    assert call("train", "--arch", "conv", *flags).code == 0
    assert asked == [RunConfig(arch="conv", **given)]
    assert set(given) | {"arch", "preset"} == set(config.SETTINGS)


def test_celeba_is_used_to_three_tenths_unless_told_otherwise(call, asked):
    call("train", "--dataset", "celeba")
    assert {settings.fraction for settings in asked} == {0.3}


def test_a_failed_run_is_exit_code_1_with_its_reason(monkeypatch, call, in_process, quick, places):
    monkeypatch.setattr(archs, "build", lambda *_: 1 / 0)
    answer = call("train", *quick, *places, "--arch", "conv", "--name", "doomed", "--json")
    assert answer.code == 1
    [run] = answer.json["runs"]
    assert run["status"] == "failed"
    assert f"{run['run']} doomed: failed. ZeroDivisionError: division by zero." in answer.err


def test_missing_images_are_said_before_any_run_exists(call, tmp_path, places):
    answer = call("train", "--dataset", tmp_path / "nowhere", *places)
    assert answer.code == 1
    assert answer.err.startswith(f"vaedash: There is no file or folder {tmp_path / 'nowhere'}.")
    assert not (tmp_path / "runs").exists()


def test_a_stopped_run_is_resumed_in_the_foreground(call, in_process, quick, places, tmp_path, tiny):
    run = runs.create(tmp_path / "runs", tiny(epochs=1))
    run.write_outcome(Status.STOPPED, "Stopped on request.")
    run.request_stop()
    answer = call("resume", run.id, *places, "--json")
    assert answer.code == 0
    assert [run["status"] for run in answer.json["runs"]] == ["finished"]


def test_one_run_that_cannot_be_resumed_keeps_the_others_from_starting(call, places, folder, tiny):
    stopped, finished = (runs.create(folder, tiny(seed=seed)) for seed in (0, 1))
    stopped.write_outcome(Status.STOPPED, "Stopped on request.")
    finished.write_outcome(Status.FINISHED, "Finished all 2 epochs.")
    answer = call("resume", stopped.id, finished.id, *places)
    assert answer.code == 1
    assert f"Run {finished.id} is finished: there is nothing to resume." in answer.err
    assert stopped.reread().status == Status.STOPPED
    assert queue.tickets(folder) == []


@pytest.mark.skipif(os.name == "nt", reason="SIGINT to a process group")
def test_ctrl_c_stops_the_run_keeps_its_checkpoint_and_says_how_to_go_on(tmp_path, photos, places):
    command = [sys.executable, "-m", "vaedash", "train", "--arch", "conv", "--dataset", str(photos), *places]
    process = subprocess.Popen(
        [
            *command,
            *["--epochs", "5000", "--patience", "5000", "--latent-dim", "4", "--precision", "fp32", "--device", "cpu"],
        ],
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with contextlib.ExitStack() as stack:
        stack.enter_context(process)
        stack.callback(process.kill)  # and its trainer, should it not have heard
        stack.callback(lambda: [run.request_stop() for run in runs.list_runs(tmp_path / "runs")])
        answer = ""
        while ": epoch 1/5000" not in answer:
            line = process.stderr.readline()
            assert line, answer
            answer += line
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does
        out, rest = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert out == ""
    assert "Stopping after the current batch; finished epochs are kept." in rest
    assert "Traceback" not in rest
    [run] = runs.list_runs(tmp_path / "runs")
    assert run.status == "stopped"
    assert f"epoch {len(run.epochs)} is kept" in run.sentence
    assert weights.load(run, "last")["epoch"] == len(run.epochs) >= 1
    # The command that it names finds the run, wherever its folder is.
    [go_on] = re.findall(r"Go on with: python -m vaedash (.*)", rest)
    arguments = cli.parser().parse_args(shlex.split(go_on))
    assert arguments.command is training.resume
    assert [runs.find(runs_dir(arguments.runs_dir), text).id for text in arguments.run] == [run.id]


# ---- looking, stopping, putting aside -------------------------------------------------------------------


def test_runs_lists_the_newest_first(of_pair, pair):
    answer = of_pair("runs")
    heading, _, *rows = answer.out.splitlines()
    assert heading.split() == ["run", "name", "status", "epochs", "test", "loss", "host"]
    assert [row.split()[:4] for row in rows] == [
        [pair.run(arch).id, "boxes", arch, "finished"] for arch in ("conv", "fc")
    ]
    listed = of_pair("runs", "--json")
    assert listed.code == 0
    assert [run["name"] for run in listed.json] == ["boxes conv", "boxes fc"]


def test_without_a_run_it_says_how_to_start_one(call, folder):
    answer = call("runs")
    assert answer.code == 0
    assert answer.out == f"No runs in {folder} yet. Start one: python -m vaedash train\n"
    assert call("runs", "--json").json == []


def test_show_prints_settings_facts_and_losses(of_pair, pair):
    run = pair.run("fc")
    answer = of_pair("show", run.id)
    assert answer.code == 0
    assert answer.out.startswith(f"{run.id}  boxes fc  finished\nFinished all 6 epochs.\n")
    for words in ("latent_dim           4", "device               cpu", "parameters ", f"{run.best['test_loss']:.1f}"):
        assert words in answer.out
    record = of_pair("show", run.id, "--json").json
    assert record["metrics"] == list(run.epochs)
    assert record["facts"]["dataset"]["fingerprint"] == run.dataset["fingerprint"]


def test_the_list_says_of_a_folder_that_holds_a_run_and_has_no_id(call, folder, tiny):
    path = runs.create(folder, tiny()).path
    assert "name that is no id" not in call("runs").err
    path.rename(folder / f"{path.name} (copy)")
    listed = call("runs", "--json")
    assert listed.json == [] and listed.code == 0
    assert listed.err == "A folder holds a run under a name that is no id. What to do: python -m vaedash doctor\n"


def test_a_damaged_run_is_listed_and_shown_with_its_reason(call, folder, tiny):
    path = runs.create(folder, tiny()).path
    (path / "config.json").write_text("{")
    listed, shown = call("runs"), call("show", path.name)
    assert listed.code == shown.code == 0
    assert f"{path.name}  damaged" in " ".join(listed.out.split(" ")).replace(f"{path.name}  {path.name}", path.name)
    assert "config.json is not readable JSON" in shown.out


@pytest.mark.parametrize(
    ("text", "arch"),
    [
        ("{fc}", "fc"),
        ("boxes fc", "fc"),
        ("latest", "conv"),
        ("latest:fc", "fc"),
        ("latest:conv", "conv"),
        ("{prefix}", "fc"),
    ],
)
def test_a_run_is_meant_by_id_prefix_name_or_as_the_latest(of_pair, pair, text, arch):
    fc, conv = pair.run("fc").id, pair.run("conv").id
    prefix = next(fc[:length] for length in range(1, 7) if fc[:length] != conv[:length])
    assert of_pair("show", text.format(fc=fc, prefix=prefix), "--json").json["model"] == arch


def test_a_text_that_means_several_runs_lists_them(call, folder, tiny):
    ids = {runs.create(folder, tiny(), name="twin").id for _ in range(2)}
    answer = call("show", "twin")
    assert answer.code == 2
    assert answer.err.startswith("vaedash: 'twin' means several runs: ")
    assert all(run_id in answer.err for run_id in ids)


def test_stop_asks_the_run_and_says_how_to_go_on(call, folder, tiny):
    run = runs.create(folder, tiny())  # a second old: queued
    answer = call("stop", "latest")
    assert answer.code == 0
    assert f"python -m vaedash resume {run.id}" in answer.out
    assert run.stop_requested()


def ended(folder: Path, settings: RunConfig) -> Run:
    run = runs.create(folder, settings)
    run.write_outcome(Status.FINISHED, "Finished.")
    return run.reread()


def test_archive_puts_a_run_aside_and_restore_brings_it_back(call, folder, tiny):
    run = ended(folder, tiny())
    assert "nothing is deleted" in call("archive", run.id).out
    assert call("runs", "--json").json == []
    assert [row["run"] for row in call("runs", "--archived", "--json").json] == [run.id]
    assert call("show", run.id).code == 0
    assert call("restore", run.id).code == 0
    assert [row["run"] for row in call("runs", "--json").json] == [run.id]
    assert sorted(file.name for file in run.path.iterdir() if file.suffix == ".json") == [
        "config.json",
        "notes.json",
        "outcome.json",
    ]


def test_only_forever_deletes_and_only_what_is_not_active(call, folder, tiny):
    run, waiting = ended(folder, tiny()), runs.create(folder, tiny())
    assert call("archive", run.id, "--forever").out == f"Deleted {run.id} and all its files.\n"
    assert not run.path.exists()
    for flags in ([], ["--forever"]):
        answer = call("archive", waiting.id, *flags)
        assert answer.code == 2
        assert "stop it first: python -m vaedash stop" in answer.err
    assert waiting.path.exists() and not waiting.reread().archived


def test_runs_lie_where_the_flag_says_else_the_environment(call, folder, tmp_path, tiny):
    here, there = runs.create(folder, tiny()), runs.create(tmp_path / "there", tiny())
    assert [run["run"] for run in call("runs", "--json").json] == [here.id]
    assert [run["run"] for run in call("runs", "--json", "--runs-dir", tmp_path / "there").json] == [there.id]


# ---- pictures and figures -------------------------------------------------------------------------------


def tiles(file: Path, *, columns: int) -> np.ndarray:
    """The images of a grid drawn at scale 1, whose gaps are one pixel wide."""
    picture = np.pad(images.decode_picture(file.read_bytes()), ((0, 1), (0, 1), (0, 0)))
    assert picture.shape[1] == columns * 33
    return images.ungrid(picture, side=33)[:, :, :32, :32]


def test_generate_draws_the_same_picture_from_the_same_seed(of_pair, tmp_path):
    drawn = {}
    for name, flags in (
        ("one", ["--seed", 1]),
        ("again", ["--seed", 1]),
        ("other", ["--seed", 2]),
        ("cooler", ["--seed", 1, "--temperature", 0.5]),
        ("last", ["--seed", 1, "--weights", "last"]),
    ):
        file = tmp_path / f"{name}.png"
        assert of_pair("generate", "latest:conv", "--n", 9, "--out", file, *flags).code == 0
        drawn[name] = file.read_bytes()
    assert drawn["again"] == drawn["one"]
    assert drawn["other"] != drawn["one"] and drawn["cooler"] != drawn["one"]


def test_generate_decodes_prior_samples_of_the_best_weights(of_pair, pair, tmp_path):
    file, run = tmp_path / "grid.png", pair.run("conv")
    answer = of_pair("generate", run.id, "--n", 6, "--seed", 3, "--scale", 1, "--out", file, "--json")
    model, epoch = weights.load_model(run)
    assert answer.json == {"run": run.id, "epoch": epoch, "n": 6, "seed": 3, "out": str(file)}
    assert np.array_equal(tiles(file, columns=2), latent.decode(model, latent.prior(6, 4, seed=3)))


def test_what_is_written_goes_home_where_a_shell_leaves_that_to_the_command(of_pair, tmp_path, monkeypatch):
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    for command, file in (("generate", "grid.png"), ("report", "r.html"), ("reconstruct", "recon.png")):
        assert of_pair(command, "latest:conv", f"--out=~/{file}").code == 0
        assert (tmp_path / file).stat().st_size
    drawn = of_pair("interpolate", "latest:conv", "--from=~/grid.png", "--steps", 2, f"--out={tmp_path / 'strip.png'}")
    assert drawn.code == 0


def test_the_best_weights_are_used_unless_the_last_are_asked_for(call, pair, tmp_path):
    shutil.copytree(pair.run("conv").path, tmp_path / "runs" / "aaaaaa")
    (tmp_path / "runs" / "aaaaaa" / "best.pt").unlink()
    flags = ["--out", tmp_path / "grid.png", "--runs-dir", tmp_path / "runs"]
    assert call("generate", "aaaaaa", *flags).code == 1
    assert call("generate", "aaaaaa", "--weights", "last", *flags).code == 0


def test_temperature_0_draws_the_middle_of_the_prior_every_time(of_pair, tmp_path):
    file = tmp_path / "grid.png"
    of_pair("generate", "latest:fc", "--n", 4, "--temperature", 0, "--scale", 1, "--out", file)
    assert len({tile.tobytes() for tile in tiles(file, columns=2)}) == 1


def test_reconstruct_shows_test_images_above_what_is_kept_of_them(of_pair, pair, photos, tmp_path):
    file = tmp_path / "recon.png"
    assert of_pair("reconstruct", "latest:conv", "--n", 10, "--scale", 1, "--out", file).code == 0
    shown = tiles(file, columns=8)
    tested = datasets.load(str(photos), data_dir=pair.data_dir).test
    originals = tested[datasets.shown(str(photos), len(tested), 10)]
    pictures = latent.reconstruct(weights.load_model(pair.run("conv"))[0], originals)
    assert len(shown) == 32
    assert np.array_equal(shown[:8], originals[:8]) and np.array_equal(shown[16:18], originals[8:])
    assert np.array_equal(shown[8:16], pictures[:8]) and np.array_equal(shown[24:26], pictures[8:])
    assert (shown[18:24] == 255).all() and (shown[26:] == 255).all()


@pytest.fixture
def shades(tmp_path):
    """Runs that nobody trained on 100 test images of two classes, dark and light in turn; the images; the flags that find them."""
    levels = np.random.default_rng(0).integers(0, 60, (100, 1, 1, 3)) + 120 * (np.arange(100) % 2)[:, None, None, None]
    drawn = np.broadcast_to(levels, (100, 32, 32, 3)).astype(np.uint8)
    sides = {f"x_{side}": drawn for side in ("train", "test")}
    kinds = {f"y_{side}": np.where(np.arange(100) % 2, "light", "dark") for side in ("train", "test")}
    np.savez(tmp_path / "shades.npz", **sides, **kinds)
    made = []
    for seed, arch in enumerate(("fc", "conv")):
        settings = RunConfig.build(dataset=str(tmp_path / "shades.npz"), arch=arch, latent_dim=4)
        run = runs.create(tmp_path / "runs", settings)
        visitor.give_weights(run, seed=seed)
        run.write_outcome("finished", "Finished.")
        made.append(run.reread())
    return made, drawn.transpose(0, 3, 1, 2), ["--runs-dir", tmp_path / "runs", "--data-dir", tmp_path / "data"]


def test_directions_draws_the_image_then_the_way_of_each_run_and_says_what_moves_along(call, shades, tmp_path):
    made, drawn, flags = shades
    file = tmp_path / "light.png"
    ids = [run.id for run in made]
    asked = ["directions", *ids, "--label", "class", "--test", 4, "--steps", 5, "--scale", 1, "--out", file, *flags]
    answer = call(*asked, "--json")
    assert answer.code == 0
    rows = answer.json["along"]
    assert [(row["run"], row["direction"], row["towards"]) for row in rows] == [
        (each, "light", "light") for each in ids
    ]
    assert all(row["low"] < row["share"] < row["high"] for row in rows)
    picture = np.asarray(Image.open(file))
    tiles = [picture[top : top + 32, left : left + 32] for top in (0, 33) for left in range(0, 198, 33)]
    for place, run in enumerate(made):
        original, *way = tiles[6 * place : 6 * place + 6]
        assert np.array_equal(original, drawn[4].transpose(1, 2, 0))
        model, _ = weights.load_model(run)
        redrawn = latent.reconstruct(model, drawn[[4]])[0].transpose(1, 2, 0)
        assert np.abs(way[2].astype(int) - redrawn).max() <= 1  # the middle is no step away
        assert not np.array_equal(way[0], way[4])
    said = call(*asked)
    assert said.code == 0 and "light" in said.out and said.out.count(ids[0]) == 1


@pytest.mark.parametrize("method", ["linear", "slerp"])
def test_interpolate_begins_and_ends_at_the_decoded_end_points(of_pair, pair, tmp_path, method):
    file = tmp_path / "strip.png"
    flags = ["--from", "random:5", "--to", "test:3", "--steps", 6, "--method", method, "--scale", 1]
    answer = of_pair("interpolate", "latest:conv", *flags, "--out", file)
    assert answer.code == 0
    assert answer.out.startswith(f"{file}: 6 steps from random:5 to test:3 ({method})")
    frames = tiles(file, columns=6)
    model = weights.load_model(pair.run("conv"))[0]
    start = latent.prior(1, 4, seed=5)
    end, _ = latent.encode(model, datasets.load(pair.run("conv").config.dataset, data_dir=pair.data_dir).test[3:4])
    assert np.array_equal(frames[0], latent.decode(model, start)[0])
    assert np.array_equal(frames[-1], latent.decode(model, end)[0])
    assert len({frame.tobytes() for frame in frames}) == 6


def test_an_image_file_is_an_end_point_like_the_test_image_that_it_holds(of_pair, pair, tmp_path):
    picture = datasets.load(pair.run("fc").config.dataset, data_dir=pair.data_dir).test[0]
    (tmp_path / "me.png").write_bytes(images.encode_png(np.ascontiguousarray(picture.transpose(1, 2, 0))))
    flags = ["--from", "test:0", "--to", tmp_path / "me.png", "--out", tmp_path / "strip.png", "--json"]
    answer = of_pair("interpolate", "latest:fc", *flags)
    assert answer.json["step_sizes"] == [0.0] * 9


def test_a_morph_goes_there_and_back(of_pair, tmp_path):
    file = tmp_path / "morph.gif"
    flags = ["--from", "test:0", "--to", "test:1", "--steps", 5, "--scale", 2, "--out", file]
    assert of_pair("interpolate", "latest:conv", *flags).code == 0
    with Image.open(file) as morph:
        assert morph.n_frames == 8  # 1 2 3 4 5 4 3 2
        assert morph.size == (128, 128)
        assert morph.info["loop"] == 0


@pytest.mark.parametrize("arch", ["fc", "conv"])
@pytest.mark.parametrize("which", ["best", "last"])
def test_evaluate_agrees_with_the_row_of_the_epoch_whose_weights_these_are(of_pair, pair, arch, which):
    run = pair.run(arch)
    answer = of_pair("evaluate", run.id, "--weights", which, "--json")
    assert answer.code == 0
    row = run.best if which == "best" else run.epochs[-1]
    assert answer.json["epoch"] == row["epoch"]
    for key in ("test_loss", "test_recon", "test_kl"):
        assert answer.json[key] == pytest.approx(row[key], abs=1e-6)
    assert answer.json["n_test"] == 12 and answer.json["latent_dim"] == 4
    assert 1 <= answer.json["active_units"] <= 4
    assert answer.json["note"] == ""
    line = run.reread().line
    assert answer.json["pca"] == line
    for split in ("train", "test"):
        assert line[split]["loss"] == pytest.approx(line[split]["recon"] + line[split]["kl"])
        assert 0 < line[split]["directions"] <= 4


def test_evaluate_says_the_loss_in_words(of_pair, pair):
    best = pair.run("conv").best
    answer = of_pair("evaluate", "latest:conv")
    assert f"loss {best['test_loss']:.2f} = recon {best['test_recon']:.2f} + 1 * kl {best['test_kl']:.2f}" in answer.out
    assert re.search(r"\d of 4 latents active", answer.out)


def test_evaluate_measures_what_the_epoch_measured_whatever_it_learned_in_and_however_far_its_warm_up_was(
    call, in_process, pack, places, tmp_path
):
    own = pack(tmp_path / "own.zip")
    flags = f"--arch fc --dataset {own} --epochs 1 --latent-dim 4 --device cpu --precision bf16 --kl-warmup 4".split()
    assert call("train", *flags, *places).code == 0
    row = runs.list_runs(tmp_path / "runs")[0].epochs[0]
    answer = call("evaluate", "latest", *places, "--json")
    assert answer.json["beta"] == row["beta"] == 0.25
    assert answer.json["test_loss"] == pytest.approx(row["test_loss"], abs=1e-6)
    assert "PCA" not in call("evaluate", "latest", *places).out


def test_evaluate_refuses_other_images_than_those_of_the_training(call, in_process, pack, places, tmp_path):
    own = pack(tmp_path / "own.zip")
    flags = f"--arch conv --dataset {own} --epochs 1 --latent-dim 4 --precision fp32 --device cpu".split()
    assert call("train", *flags, *places).code == 0
    pack(own, test_seed=9)
    answer = call("evaluate", "latest", *places)
    assert answer.code == 1
    assert "figures would not be comparable" in answer.err


def test_pictures_that_have_moved_are_found_where_somebody_says_and_remembered(
    call, in_process, pack, places, tmp_path
):
    own = pack(tmp_path / "own.zip")
    flags = f"--arch conv --dataset {own} --epochs 1 --latent-dim 4 --precision fp32 --device cpu".split()
    assert call("train", *flags, *places).code == 0
    (tmp_path / "elsewhere").mkdir()
    moved = own.rename(tmp_path / "elsewhere" / f"{'a long name ' * 12}.zip")
    grid = ("--out", tmp_path / "grid.png")
    for command in (("evaluate", "latest"), ("reconstruct", "latest", *grid)):
        assert "There is no file or folder" in call(*command, *places).err
    assert call("evaluate", "latest", "--dataset", moved, *places).code == 0
    run = runs.find(tmp_path / "runs", "latest")
    assert run.images_at == str(moved) and run.config.dataset == str(own)
    for command in (
        ("evaluate", "latest"),
        ("reconstruct", "latest", *grid),
        ("interpolate", "latest", "--to", "test:0", *grid),
    ):
        assert call(*command, *places).code == 0

    # Where others lie, it is said, and nothing is remembered.
    other = pack(tmp_path / "other.zip", test_seed=9)
    answer = call("reconstruct", "latest", "--dataset", other, *grid, *places)
    assert answer.code == 1 and "figures would not be comparable" in answer.err
    assert run.reread().images_at == str(moved)


def test_a_run_goes_on_with_pictures_that_have_moved(call, in_process, pack, places, tmp_path):
    own = pack(tmp_path / "own.zip")
    flags = f"--arch fc --dataset {own} --epochs 1 --latent-dim 4 --precision fp32 --device cpu".split()
    assert call("train", *flags, *places).code == 0
    run = runs.find(tmp_path / "runs", "latest")
    run.write_outcome(Status.STOPPED, "Stopped on request.")
    moved = own.rename(tmp_path / "moved.zip")
    assert call("resume", run.id, *places).code == 1
    run.write_outcome(Status.STOPPED, "Stopped on request.")
    answer = call("resume", run.id, "--dataset", moved, *places, "--json")
    assert answer.code == 0 and [each["status"] for each in answer.json["runs"]] == ["finished"]


def test_images_says_what_becomes_of_them_and_draws_what_the_page_shows(call, pack, places, tmp_path):
    own, out = pack(tmp_path / "my own.zip"), tmp_path / "some.png"
    answer = call("images", own, "--out", out, "--scale", 1, *places[-2:])
    dataset = datasets.load(str(own), data_dir=Path(places[-1]))
    assert answer.code == 0
    first, *_, learn, drawn = answer.out.splitlines()
    assert first.startswith(
        f"{dataset.name}: {len(dataset.train)} training and {len(dataset.test)} test images of 32x32 pixels, "
    )
    assert all(note in answer.out for note in dataset.notes)
    assert learn.endswith(f"python -m vaedash train --dataset '{own}'") and dataset.fingerprint in learn
    assert drawn == f"{out}: some of the training images."
    assert np.array_equal(tiles(out, columns=8), images.spread(dataset.train, 16))
    said = call("images", own, "--json", *places[-2:]).json
    assert (said["n_train"], said["fingerprint"], said["out"]) == (len(dataset.train), dataset.fingerprint, None)


def test_images_are_looked_at_in_the_frame_that_is_asked_for(call, pack, places, tmp_path):
    own, out = pack(tmp_path / "own.zip"), tmp_path / "some.png"
    answer = call("images", own, "--image-size", 64, "--fit", "pad", "--out", out, "--scale", 1, *places[-2:])
    dataset = datasets.load(str(own), data_dir=Path(places[-1]), frame=config.Frame(image_size=64, fit="pad"))
    assert "test images of 64x64 pixels, " in answer.out and dataset.fingerprint in answer.out
    assert f"python -m vaedash train --dataset {own} --image-size 64 --fit pad" in answer.out
    first = images.decode_picture(out.read_bytes())[:64, :64].transpose(2, 0, 1)
    assert np.array_equal(first, images.spread(dataset.train, 16)[0])
    refused = call("images", "cifar10", "--image-size", 64)
    assert refused.code == 2 and "CIFAR-10 has pictures of one size and shape" in refused.err


def test_images_counts_what_is_known_of_each(call, places):
    answer = call("images", "shapes", *places[-2:])
    assert "Known of each image: shape, of which there are 5: heart (4,082), square (4,039)" in answer.out
    assert "Known of each image: size, 8.5 to 12." in answer.out


def test_a_run_without_weights_names_those_that_have_some(of_pair, pair, tiny):
    run = runs.create(pair.folder, tiny())
    try:
        answer = of_pair("generate", run.id)
    finally:
        run.delete()
    assert answer.code == 1
    assert answer.err.startswith(f"vaedash: Run {run.id} has no weights yet. Runs with weights: ")
    assert pair.run("fc").id in answer.err and pair.run("conv").id in answer.err


# ---- help, and wrong usage ------------------------------------------------------------------------------


def commands() -> dict[str, argparse.ArgumentParser]:
    [choices] = [action for action in cli.parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(choices.choices)


def test_the_commands_are_those_that_were_promised(call):
    promised = (
        "train sweep resume runs show stop archive restore generate reconstruct interpolate directions evaluate export"
    )
    assert set(promised.split()) <= set(commands())
    answer = call("--help")
    assert answer.code == 0
    assert all(re.search(rf"^ +{name} ", answer.out, re.M) for name in commands())


@pytest.mark.parametrize("name", commands())
def test_the_help_of_every_command_documents_each_option_and_has_examples_that_parse(call, name):
    answer = call(name, "--help")
    assert answer.code == 0 and answer.err == ""
    for action in commands()[name]._actions:
        assert action.help, action.dest
        assert (action.option_strings or [action.metavar])[-1] in answer.out
    examples = re.findall(r"^  python -m vaedash (.*)$", answer.out, re.M)
    assert examples
    for example in examples:
        assert example.split()[0] == name
        cli.parser().parse_args(shlex.split(example.partition(" < ")[0]))  # what a shell hands in is no argument
    assert ("--data-dir" if name == "images" else "--runs-dir") in answer.out


WRONG = [
    ("--frobnicate", "Unrecognized arguments: --frobnicate. Try: python -m vaedash"),
    ("--port 0", "--port: must be between 1 and 65535, got 0. Try: python -m vaedash page --help"),
    ("trian", "invalid choice: 'trian'"),
    ("train --frobnicate", "Unrecognized arguments: --frobnicate"),
    (
        "train --arch vgg",
        "arch must be one of fc, conv, local, or the path of a .py file with one of your own; got 'vgg'.",
    ),
    ("train --arch fc,fc", "--arch takes different values by comma, got 'fc,fc'."),
    ("train --arch ,", "--arch takes different values by comma, got ','."),
    ("train --preset p9", "--preset"),
    ("train --latent-dim 0", "latent_dim must be between 2 and 512, got 0."),
    ("train --latent-dim 513", "latent_dim must be between 2 and 512, got 513."),
    ("train --epochs 0", "epochs must be between 1 and 10000, got 0."),
    ("train --epochs 1.5", "--epochs: invalid int value: '1.5'"),
    ("train --batch-size many", "--batch-size: invalid int value: 'many'"),
    ("train --lr nan", "lr must be between"),
    ("train --lr 0", "lr must be between"),
    ("train --beta -1", "beta must be between"),
    ("train --fraction 0", "fraction must be between"),
    ("train --val-fraction 0.9", "val_fraction must be between"),
    ("train --seed -1", "seed must be between"),
    ("train --monitor test", "--monitor: invalid choice: 'test'"),
    ("train --precision fp16", "--precision: invalid choice: 'fp16'"),
    ("train --device tpu", "--device: invalid choice: 'tpu'"),
    ("train --dataset", "--dataset: expected one argument"),
    ("sweep --seeds 0,0", "--seeds takes different values by comma"),
    ("sweep --seeds one", "seeds takes a whole number, got 'one'."),
    ("sweep --presets p9", "preset must be one of p1, p2, p3, fast; got 'p9'."),
    (
        "sweep --archs vgg",
        "arch must be one of fc, conv, local, or the path of a .py file with one of your own; got 'vgg'.",
    ),
    ("sweep --batch-size 3", "Unrecognized arguments: --batch-size 3"),
    ("show", "required: RUN"),
    ("show nobody", "No run is called 'nobody'. Runs: "),
    ("show latest:vgg", "There is no architecture 'vgg': give latest:fc or latest:conv or latest:local."),
    ("show latestish", "No run is called 'latestish'. Runs: "),
    ("show ''", "No run is called ''. Runs: "),
    ("show ../{id}", "No run is called '../"),
    ("stop latest:conv", "is finished: there is nothing to stop."),
    ("restore latest:conv", "is not archived."),
    ("export", "required: WHAT, RUN"),
    ("export wandb latest", "WHAT: invalid choice: 'wandb'"),
    ("export tensorboard latest --out {tmp}/text.png", "--out must be a folder, but {tmp}/text.png is a file."),
    ("export onnx latest --licence mit", "--push and --licence are for safetensors, got onnx: leave them out."),
    ("export safetensors latest --licence 'My own'", "--licence must be as the Hub calls it, got 'My own'."),
    ("export safetensors latest --push nobody", "'nobody' is no name of a repository on the Hub. Give OWNER/NAME."),
    (
        "export safetensors latest:fc latest:conv --push o/n",
        "--push takes one run, since a repository holds one model; got 2.",
    ),
    ("generate latest:conv --n 0", "--n: must be between 1 and 1024, got 0"),
    ("generate latest:conv --n 2.5", "--n: '2.5' is not a whole number"),
    ("generate latest:conv --temperature -1", "--temperature: must be between 0.0 and 10.0"),
    ("generate latest:conv --temperature nan", "--temperature: must be between 0.0 and 10.0"),
    ("generate latest:conv --scale 99", "--scale: must be between 1 and 32, got 99"),
    ("generate latest:conv --weights worst", "--weights: invalid choice: 'worst'"),
    (
        "generate latest:conv --out {tmp}/grid.jpg",
        "--out must end in .png, got grid.jpg.",
    ),
    ("generate latest:conv --out {tmp}/none/grid.png", "There is no folder {tmp}/none to write grid.png into."),
    ("reconstruct latest:conv --out {tmp}/recon.gif", "--out must end in .png"),
    ("interpolate latest:conv --out {tmp}/strip.webp", "--out must end in .png or .gif, got strip.webp."),
    ("interpolate latest:conv --steps 1", "--steps: must be between 2 and 500, got 1"),
    ("interpolate latest:conv --method cubic", "--method: invalid choice: 'cubic'"),
    ("interpolate latest:conv --from random:x", "random:SEED takes a whole number, got 'x'."),
    ("interpolate latest:conv --from random:99999999999999999999", "random:SEED"),
    ("interpolate latest:conv --from random:", "'random:' is none of them."),
    ("interpolate latest:conv --from test:12", "test:INDEX must be between 0 and 11, got 12."),
    ("interpolate latest:conv --to test:-1", "test:INDEX must be between 0 and 11, got -1."),
    ("interpolate latest:conv --to {tmp}/none.png", "An end point is random:SEED, test:INDEX or an image file;"),
    ("interpolate latest:conv --to {tmp}/text.png", "text.png is not an image that can be read."),
]


@pytest.mark.parametrize(("line", "words"), WRONG, ids=[line for line, _ in WRONG])
def test_wrong_usage_is_exit_code_2_and_one_clear_sentence(monkeypatch, call, pair, tmp_path, line, words):
    monkeypatch.setenv("VAEDASH_RUNS", str(pair.folder))
    monkeypatch.setenv("VAEDASH_DATA", str(pair.data_dir))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.png").write_text("not an image")
    before = sorted(tmp_path.rglob("*")), sorted(pair.folder.glob("*"))
    names = {"tmp": tmp_path, "id": pair.run("fc").id}
    answer = call(*shlex.split(line.format(**names)))
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith("vaedash: ") and answer.err.count("\n") == 1
    assert answer.err.rstrip().endswith((".", "--help"))
    assert words.format(**names) in answer.err
    assert (sorted(tmp_path.rglob("*")), sorted(pair.folder.glob("*"))) == before


def test_a_runs_folder_that_is_a_file_is_said_in_one_sentence(call, tmp_path, quick):
    (tmp_path / "file").write_text("")
    for command in (["runs"], ["show", "latest"], ["train", *quick]):
        answer = call(*command, "--runs-dir", tmp_path / "file")
        assert answer.code in (1, 2)
        assert answer.err.splitlines()[-1].startswith("vaedash: ") and str(tmp_path / "file") in answer.err
        assert "Traceback" not in answer.err


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT), "VAEDASH_RUNS": str(tmp_path)}
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "vaedash", "runs"]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, env=environment)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0.00"), (2e-5, "2e-05"), (0.0059, "0.0059"), (-0.031, "-0.031"), (0.13, "0.13"), (1234.5, "1234.50")],
)
def test_a_figure_of_a_benchmark_keeps_digits_that_say_something(value, written):
    assert measuring._written(value) == written


def test_bench_says_which_images_are_missing_before_it_measures(call, tmp_path):
    answer = call("bench", "train", "--dataset", tmp_path / "gone.zip", "--data-dir", tmp_path)
    assert answer.code == 1
    assert answer.err.startswith(f"vaedash: There is no file or folder {tmp_path / 'gone.zip'}.")
