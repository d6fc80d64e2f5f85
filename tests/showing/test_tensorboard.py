"""Runs as TensorBoard's event files: what they hold is what the run's own files say, as TensorBoard itself reads it."""

import io
import json
import math
import shlex
import subprocess
import sys
import urllib.parse
import urllib.request

import numpy as np
import pytest
from hostile import NAMES
from patience import PATIENCE, until
from PIL import Image
from visitor import make_run, row

from vaedash import cli, runs
from vaedash.bench import ui
from vaedash.comparing import results
from vaedash.config import RunConfig
from vaedash.runs import schema
from vaedash.showing import tensorboard

pytest.importorskip("tensorboard", reason="TensorBoard is not installed")


def read_back(folder):
    """A run's folder as TensorBoard reads it, all of its events."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    everything = EventAccumulator(str(folder), size_guidance={"images": 0, "tensors": 0})
    everything.Reload()
    return everything


def figures(events, tag):
    """(step, value) of a tag."""
    from tensorboard.util import tensor_util

    return [(event.step, tensor_util.make_ndarray(event.tensor_proto).item()) for event in events.Tensors(tag)]


def exported(run, out):
    tensorboard.to_tensorboard([run.reread()], out=out)
    return read_back(out / run.id)


def test_every_figure_of_every_epoch_is_there(pair, tmp_path, capsys):
    assert (
        cli.main(
            [
                "export",
                "tensorboard",
                "latest:fc",
                "latest:conv",
                "--runs-dir",
                str(pair.folder),
                "--out",
                str(tmp_path),
            ]
        )
        == 0
    )
    ids = [pair.run(arch).id for arch in ("fc", "conv")]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted(ids)
    for arch in ("fc", "conv"):
        run = pair.run(arch)
        events = read_back(tmp_path / run.id)
        losses = {f"{term}/{split}" for term in ("loss", "recon", "kl") for split in ("train", "test")}
        rest = {f"training/{name}" for name in ("lr", "beta", "images_per_second", "active_units")}
        assert losses | rest | {"settings", "_hparams_/session_start_info"} == set(events.Tags()["tensors"])
        for name, tag in tensorboard.TAGS.items():
            if not name.startswith("val_"):
                said = figures(events, tag)
                assert said == [(row["epoch"], pytest.approx(row[name], rel=1e-6)) for row in run.epochs]


def test_the_pictures_of_every_epoch_are_there(pair, tmp_path):
    run = pair.run("conv")
    events = exported(run, tmp_path)
    assert set(events.Tags()["images"]) == {"samples/prior", "samples/recon", "samples/originals"}
    for kind in ("prior", "recon"):
        drawn = events.Images(f"samples/{kind}")
        assert [event.step for event in drawn] == [row["epoch"] for row in run.epochs]
        for event in drawn:
            shown = np.asarray(Image.open(io.BytesIO(event.encoded_image_string)))
            assert np.array_equal(shown, np.asarray(Image.open(run.pictures.file(kind, event.step))))
            assert (event.height, event.width) == shown.shape[:2]


def test_an_epoch_ends_its_seconds_after_the_last_start_before_it(folder, tmp_path):
    run = make_run(folder, epochs=4)
    starts = [
        {"started": "2026-01-01T10:00:00.000+00:00", "resumed_after_epoch": 0},
        {"started": "2026-01-02T10:00:00.000+00:00", "resumed_after_epoch": 3},
    ]
    (run.path / "facts.json").write_text(json.dumps({"schema": 1, "starts": starts}))
    first, second = (schema.timestamp(start["started"]) for start in starts)
    ended = [event.wall_time for event in exported(run, tmp_path).Tensors("loss/test")]
    assert ended == [first + 2, first + 4, first + 6, second + 2]  # an epoch of this run takes two seconds


def test_facts_that_say_no_time_leave_that_of_the_launch(folder, tmp_path):
    run = make_run(folder)
    (run.path / "facts.json").write_text('{"schema": 1, "starts": [{"started": 7, "resumed_after_epoch": []}, {}]}')
    launched = schema.timestamp(run.created)
    events = exported(run, tmp_path)
    assert [event.wall_time for event in events.Tensors("loss/test")] == [launched + 2, launched + 4]
    assert [event.wall_time for event in events.Tensors("settings")] == [launched]


def test_a_loss_that_was_not_finite_is_shown_as_such_and_what_was_not_measured_is_left_out(folder, tmp_path):
    run = make_run(folder, epochs=1)
    broken = {**row(2, 40.0), "test_loss": None}
    run.write_metrics([{**row(1, 50.0), "val_loss": 51.0}, broken])
    events = exported(run, tmp_path)
    assert figures(events, "loss/val") == [(1, 51.0)]
    (first, (step, value)) = figures(events, "loss/test")
    assert (first, step) == ((1, 50.0), 2) and math.isnan(value)
    assert "training/active_units" not in events.Tags()["tensors"]


def test_settings_are_text_and_columns(folder, tmp_path):
    from tensorboard.plugins.hparams import plugin_data_pb2
    from tensorboard.util import tensor_util

    run = make_run(folder, arch="fc")
    run.write_notes(name="plain boxes")
    events = exported(run, tmp_path)
    [text] = events.Tensors("settings")
    lines = tensor_util.make_ndarray(text.tensor_proto).item().decode().splitlines()
    assert lines[0] == f"    {results.replay_command(run)}"
    assert "    name           plain boxes" in lines and "    latent_dim     128" in lines
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    session = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info
    assert session.group_name == run.id
    assert session.hparams["name"].string_value == "plain boxes"
    assert session.hparams["latent_dim"].number_value == 128


def test_a_second_export_replaces_the_first_and_nothing_else(folder, tmp_path):
    out, run = tmp_path / "out", make_run(folder, epochs=2)
    others = [out / "mine" / "events.out.tfevents.1.host", out / run.id / "events.out.tfevents.1.host"]
    for other in others:
        other.parent.mkdir(parents=True)
        other.touch()
    for epochs in (2, 3):
        run.write_metrics([row(epoch, 50.0) for epoch in range(1, epochs + 1)])
        assert len(figures(exported(run, out), "loss/test")) == epochs
    assert all(other.exists() for other in others)
    assert len(list((out / run.id).iterdir())) == 2


def test_a_run_without_an_epoch_has_its_settings(folder, tmp_path):
    events = exported(make_run(folder, epochs=0, status="open"), tmp_path)
    assert set(events.Tags()["tensors"]) == {"settings", "_hparams_/session_start_info"}


@pytest.mark.filterwarnings(
    "ignore:html5lib's sanitizer is deprecated:DeprecationWarning"
)  # which TensorBoard brings along
def test_hostile_names_are_no_paths_and_no_markdown(folder, tmp_path):
    from tensorboard.plugins.text.text_plugin import text_array_to_html
    from tensorboard.util import tensor_util

    made = [runs.create(folder, RunConfig(), name=name) for name in NAMES]
    tensorboard.to_tensorboard(made, out=tmp_path / "out")
    assert {entry.name for entry in (tmp_path / "out").iterdir()} == {run.id for run in made}
    assert {entry.name for entry in tmp_path.iterdir()} == {"out", folder.name}
    for run in made:
        [text] = read_back(tmp_path / "out" / run.id).Tensors("settings")
        page = text_array_to_html(tensor_util.make_ndarray(text.tensor_proto), enable_markdown=True)
        assert page.startswith("<pre><code>") and page.count("<") == 4, run.name


def test_without_tensorboard_it_says_how_to_install_it(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.summary.writer.record_writer", None)
    assert cli.main(["export", "tensorboard", make_run(folder).id, "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == (
        'vaedash: TensorBoard is not installed. Try pip install -e ".[tensorboard]", then export again.\n'
    )
    assert not (tmp_path / "out").exists()


def test_tensorboard_shows_what_was_exported(folder, tmp_path, capsys):
    one, other = make_run(folder, arch="fc", epochs=3), make_run(folder, arch="conv", epochs=2)
    assert cli.main(["export", "tensorboard", one.id, other.id, "--out", str(tmp_path / "out")]) == 0
    command = shlex.split(capsys.readouterr().out.partition("See it: ")[2])
    assert command[0] == "tensorboard"
    url = f"http://127.0.0.1:{(port := ui.free_port())}/data/plugin/scalars"
    server = subprocess.Popen(
        [sys.executable, "-m", "tensorboard.main", *command[1:], "--host", "127.0.0.1", "--port", str(port)],
        stderr=subprocess.DEVNULL,
    )

    def asked(question):
        with urllib.request.urlopen(f"{url}/{question}", timeout=PATIENCE) as answer:
            return json.load(answer)

    def known():
        try:
            return len(asked("tags")) == 2
        except OSError:  # it is not up yet
            return False

    try:
        until(lambda: server.poll() is not None or known())
        tags = asked("tags")
        assert set(tags) == {one.id, other.id}
        for run in (one, other):
            assert {"loss/train", "loss/test", "kl/test", "training/lr"} <= set(tags[run.id])
            points = asked(f"scalars?{urllib.parse.urlencode({'run': run.id, 'tag': 'loss/test'})}")
            assert [(step, value) for _, step, value in points] == [
                (one_row["epoch"], one_row["test_loss"]) for one_row in run.epochs
            ]
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE)
