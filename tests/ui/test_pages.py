"""Start, Train and Compare, as a person finds them: with no run, one, several, and runs in every state."""

import ast
import codecs
import csv
import io
import json
import os
import shutil
import time
from pathlib import Path

import house
import numpy as np
import pytest
from locked import keep_out
from patience import PATIENCE
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest
from tuned import trial
from visitor import APP, DATASET, PAGES, figures, make_run, row, shown, words

from vaedash import config, places, runs, storage
from vaedash.comparing import results
from vaedash.runs import queue, record, schema
from vaedash.showing import charts
from vaedash.training import launch
from vaedash.ui import sets, tables, visitors


@pytest.mark.parametrize("which", ["start", "train", "compare"])
def test_a_page_without_runs_says_what_to_do(folder, which):
    text = words(shown(which))
    assert "Nothing has been trained yet" in text
    assert not folder.exists() or not runs.list_runs(folder)


@pytest.mark.parametrize("which", ["train", "compare"])
def test_a_page_says_how_each_run_ended(folder, which):
    made = [make_run(folder, status=status) for status in schema.OUTCOMES]
    text = words(shown(which, runs=",".join(run.id for run in made)))
    for status in schema.OUTCOMES:
        badge = which == "train" or status not in schema.TRAINED  # beside curves, only what is not as it should be
        assert (f"-badge[{status} after 2 epochs]" in text) == badge
        assert (f"It {status}." in text) == (badge and status != "finished")  # of which the badge says everything


@pytest.mark.parametrize("which", ["start", "train", "compare"])
def test_a_damaged_run_is_named_and_the_others_are_shown(folder, which):
    sound = make_run(folder)
    damaged = make_run(folder, arch="fc")
    (damaged.path / "metrics.json").write_text('{"epochs": [')
    text = words(shown(which))
    assert sound.name.split()[0] in text
    if which != "start":
        assert damaged.id in text
        assert "metrics.json" in text


def test_a_running_run_shows_how_far_it_is_and_can_be_stopped(folder):
    run = make_run(folder, status="running")
    progress = {"epoch": 3, "epochs": 100, "seen": 5000, "of": 20000, "loss": 47.5, "images_per_second": 1234.0}
    run.write_progress(progress | {"eta_seconds": 300.0, "trace": [[2.1, 47.9], [2.25, 47.1]]})
    with run.claim():
        at = shown("start")
        assert "So far: a loss of 48.0 nats a new picture, after epoch 2" in words(at)
        assert at.button(key="train-both").disabled
        at.button(key=f"stop-{run.id}").click().run()
    assert run.stop_requested()


def test_an_interrupted_run_offers_to_resume(folder, monkeypatch):
    run = make_run(folder, status="interrupted")
    monkeypatch.setattr(queue, "GRACE", -1.0)
    resumed = []
    monkeypatch.setattr(launch, "resume", lambda run, **_: resumed.append(run.id))
    at = shown("start")
    assert "interrupted" in words(at)
    at.button(key=f"resume-{run.id}").click().run()
    assert resumed == [run.id]


def test_a_failed_run_shows_the_end_of_its_log_without_the_place_of_the_project(folder):
    run = make_run(folder, status="failed", epochs=0)
    (run.path / "train.log").write_text(
        f'File "{places.PROJECT_ROOT}/vaedash/train.py", line 1\nOSError: the last line\n'
    )
    at = shown("start")
    assert "OSError: the last line" in at.code[0].value
    assert str(places.PROJECT_ROOT) not in at.code[0].value


def test_compare_shows_what_the_tuning_of_a_chosen_run_found(folder):
    for arch, losses in (("fc", [9.0, 5.0]), ("conv", [6.0, 4.0])):
        for number, loss in enumerate(losses, start=1):
            trial(folder, number, [loss], arch=arch, tuning="fair *fight*")
    final = [trial(folder, None, [4.5], arch=arch, seed=0, tuning="fair *fight*") for arch in ("fc", "conv")]
    at = shown("compare", runs=",".join(run.id for run in final))
    assert "Best so far against budget: fair *fight*" in words(at)
    [figure] = [figure for figure in figures(at) if "Lowest val loss so far" in figure["alt"]]
    assert "FC 5.0 after 2, conv 4.0 after 2" in figure["alt"]
    assert [trace["y"] for trace in figure["data"] if trace.get("name")] == [[9.0, 5.0], [6.0, 4.0]]
    assert "Best so far" not in words(shown("compare", runs=make_run(folder).id))


def test_one_click_trains_both_and_then_the_button_rests(folder, monkeypatch):
    started = []
    monkeypatch.setattr(launch, "start", lambda group, **_: started.append(list(group)))
    at = shown("start")
    at.button(key="train-both").click().run()
    assert at.button(key="train-both").disabled
    assert len(started) == 1
    assert sorted(run.config.arch for run in started[0]) == sorted(config.PAIR)
    assert {run.config.dataset for run in started[0]} == {"shapes"}


def test_a_double_click_launches_once(folder, monkeypatch, promise):
    promise("R10", "double clicks launched once")
    started = []
    monkeypatch.setattr(launch, "start", lambda group, **_: started.append(list(group)))
    at = shown("train")
    at.button(key="launch").click().run()
    at.button(key="launch").click().run()
    assert len(started) == 1
    assert len(runs.list_runs(folder)) == 2


def test_the_form_launches_what_it_shows(folder, monkeypatch):
    started = []
    monkeypatch.setattr(launch, "start", lambda group, **_: started.extend(run.config for run in group))
    at = shown("train")
    at.number_input(key="epochs").set_value(7)
    at.text_input(key="seeds").set_value("3, 4")
    at.run()
    at.button(key="launch").click().run()
    assert {(settings.arch, settings.seed, settings.epochs, settings.preset) for settings in started} == {
        (arch, seed, 7, "p1") for arch in config.PAIR for seed in (3, 4)
    }


def test_only_where_its_owner_named_a_cluster_the_page_can_train_there(folder, monkeypatch):
    started = []
    monkeypatch.setattr(launch, "start", lambda paths, *, data_dir, on: started.append(on))
    assert "where" not in [control.key for control in shown("train").segmented_control]
    monkeypatch.setenv("VAEDASH_RAY_ADDRESS", "head.example:6379")
    for place, on in (("this machine", "local"), ("the cluster", "ray://head.example:6379")):
        at = shown("train")
        at.segmented_control(key="where").set_value(place).run()
        assert ("head.example:6379" in words(at)) == (place == "the cluster")
        at.button(key="launch").click().run()
        assert started.pop() == on
    monkeypatch.setenv("VAEDASH_READ_ONLY", "1")
    assert "where" not in [control.key for control in shown("train").segmented_control]
    at.button(key="launch-sweep").click().run()  # drawn before, with the cluster chosen
    assert started == []


def test_a_run_elsewhere_says_where_it_is_and_what_it_waits_for(folder):
    run, waiting = make_run(folder), make_run(folder, arch="fc")
    for unfinished in (run, waiting):
        (unfinished.path / "outcome.json").unlink()
    run.write_progress(
        {"epoch": 3, "epochs": 9, "seen": 5, "of": 9, "loss": 1.5, "images_per_second": 9.0} | {"eta_seconds": 9.0},
    )
    run.add_facts({"dataset": DATASET, "host": "node*7 (10.0.0.7)"})
    queue.enqueue(waiting, elsewhere=True)
    with run.claim(), waiting.claim():
        at = shown("train")
        bars = " ".join(bar.proto.text for bar in at.get("progress"))
        assert "left, on node\\*7 \\(10\\.0\\.0\\.7\\)" in bars
        assert "Waiting for room on the cluster." in bars
        assert "2 epochs, on node*7 (10.0.0.7)" in words(at)


def test_the_forecast_adds_up(folder):
    at = shown("train")
    at.number_input(key="epochs").set_value(10_000).run()
    # 10,000 epochs of 20,000 images at 1,000 images a second, both at once, and 6% for what comes between epochs:
    # 58.89 hours, so that a thousandth more or less would be seen.
    assert at.metric[0].value == "58.9 hours"


def test_a_run_can_be_renamed_archived_and_restored(folder):
    run = make_run(folder)
    at = shown("train")
    assert edit(at, run, name="mine <b>\u202e", tags="first, best") == []
    renamed = run.reread()
    assert renamed.name == "mine <b>"
    assert renamed.tags == ("first", "best")
    at.button(key=f"archive-{run.id}").click().run()
    assert run.reread().archived
    assert not runs.list_runs(folder)
    at.toggle(key="archived").set_value(True).run()
    at.button(key=f"restore-{run.id}").click().run()
    assert not run.reread().archived


def edit(at, run, **fields):
    """Type into the fields of a run in the list, save, and see what is said of it."""
    for field, typed in fields.items():
        [found] = [other for other in at.text_input if other.key.startswith(f"{FIELDS[field]}-{run.id}-")]
        found.set_value(typed)
    at.button(key=f"save-{run.id}").click().run()
    assert not at.exception
    return [toast.value.replace("\\", "") for toast in at.toast]


FIELDS = {"name": "rename", "tags": "tags"}


def test_what_was_not_edited_is_not_written_so_an_older_tab_brings_no_old_name_back(folder):
    run = make_run(folder)
    run.write_notes(name="old")
    older, newer = shown("train"), shown("train")
    edit(newer, run, name="new")
    edit(older, run, tags="first")
    assert (run.reread().name, run.reread().tags) == ("new", ("first",))
    # The older tab has run again, and shows the name as it is.
    edit(older, run, tags="second")
    edit(newer, run, name="newer")
    assert (run.reread().name, run.reread().tags) == ("newer", ("second",))


def test_an_automatic_name_stays_automatic_until_one_is_given_and_after_it_is_taken_away(folder):
    run = make_run(folder)
    automatic = run.name
    at = shown("train")
    edit(at, run)
    assert not (run.path / "notes.json").exists()
    edit(at, run, tags="first")
    assert "name" not in run.reread().notes
    edit(at, run, name="mine")
    edit(at, run, name="")
    assert run.reread().name == automatic


def test_a_name_may_be_as_long_here_as_anywhere_else(folder):
    run = make_run(folder)
    run.write_notes(name="n" * 79, tags=["t" * 80] * 20)
    at = shown("train")
    edit(at, run, name=f"{'n' * 79}m")
    assert (run.reread().name, run.reread().tags) == ("n" * 79 + "m", ("t" * 80,) * 20)
    edit(at, run, tags=", ".join(["t" * 80] * 19))
    assert run.reread().tags == ("t" * 80,) * 19


def test_a_run_is_given_a_colour_and_that_of_its_architecture_again(folder):
    run = make_run(folder)
    run.write_notes(tags=["dear"])
    for colour in ("purple", ""):
        at = shown("train")
        [field] = [field for field in at.radio if field.key.startswith(f"colour-{run.id}-")]
        field.set_value(colour)
        at.button(key=f"save-{run.id}").click().run()
        assert not at.exception and (run.reread().colour, run.reread().tags) == (colour, ("dear",))
        marked = any(charts.PINNED["purple"] in element.value for element in shown("compare").markdown)
        assert marked == bool(colour)


@pytest.mark.parametrize("button", ["save", "archive", "again"])
def test_a_change_of_a_run_that_is_gone_is_refused_in_a_sentence_and_leaves_nothing(folder, button):
    run, other = make_run(folder, status="stopped"), make_run(folder)
    at = shown("train")
    [name] = [field for field in at.text_input if field.key.startswith(f"rename-{run.id}-")]
    name.set_value("x")
    shutil.rmtree(run.path)
    at.button(key=f"{button}-{run.id}").click().run()
    assert not at.exception
    [said] = [toast.value.replace("\\", "") for toast in at.toast]
    assert said.startswith(f"Run {run.id} is gone")
    assert {entry.name for entry in folder.iterdir()} == {other.id}


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="may write everywhere")
def test_a_change_that_the_disk_refuses_is_told_in_a_sentence(folder):
    run = make_run(folder)
    at = shown("train")
    run.path.chmod(0o500)
    assert edit(at, run, name="x")[0].startswith(f"Run {run.id} cannot be changed (Permission denied)")


def test_a_run_that_somebody_has_resumed_meanwhile_is_not_archived(folder):
    run = make_run(folder, status="stopped")
    at = shown("train")
    with run.claim():
        at.button(key=f"archive-{run.id}").click().run()
    assert not at.exception and not run.reread().archived
    assert "wait for it, or stop it first." in at.toast[0].value.replace("\\", "")


@pytest.mark.parametrize("archived", [False, True])
def test_a_run_is_deleted_by_a_second_click_that_says_how_much_goes(folder, archived):
    run, other = make_run(folder), make_run(folder)
    (run.path / "last.pt").write_bytes(bytes(31_400_000))
    run.write_notes(archived=archived)
    at = shown("train")
    at.toggle(key="archived").set_value(archived).run()
    at.button(key=f"delete-{run.id}").click().run()
    assert run.path.is_dir() and f"All files of run {run.id} would be deleted" in words(at)
    assert [button.label for button in at.button if "for ever" in button.label] == ["Delete 31 MB for ever"]
    at.button(key=f"keep-{run.id}").click().run()
    assert run.path.is_dir() and "would be deleted" not in words(at)
    at.button(key=f"delete-{run.id}").click().run()
    at.button(key=f"forever-{run.id}").click().run()
    assert not at.exception
    assert {entry.name for entry in folder.iterdir()} == {other.id}
    assert [toast.value for toast in at.toast] == [f"Deleted run {run.id} and all its files."]


def test_a_run_too_damaged_to_be_changed_can_be_deleted(folder):
    run = make_run(folder)
    (run.path / "config.json").unlink()
    at = shown("train")
    at.button(key=f"delete-{run.id}").click().run()
    at.button(key=f"forever-{run.id}").click().run()
    assert not at.exception and not run.path.exists()


def test_a_run_that_somebody_has_resumed_meanwhile_is_not_deleted_and_one_that_is_active_is_not_offered(folder):
    run = make_run(folder, status="stopped")
    at = shown("train")
    at.button(key=f"delete-{run.id}").click().run()
    with run.claim():
        at.button(key=f"forever-{run.id}").click().run()
        assert not at.exception and run.reread().epochs == run.epochs
        assert "wait for it, or stop it first." in at.toast[0].value.replace("\\", "")
        run.reopen()
        at.run()
        assert not [button for button in at.button if button.key in (f"delete-{run.id}", f"forever-{run.id}")]


def test_compare_says_who_leads_and_renders_a_table(folder):
    fc = make_run(folder, arch="fc", loss=60.0)
    conv = make_run(folder, arch="conv", loss=50.0)
    at = shown("compare")
    assert at.header[0].value.replace("\\", "") == "conv is 17% less wrong than FC on new pictures"
    assert "48.0 against 58.0 nats" in words(at)
    table = at.dataframe[-1].value
    assert list(table["model"]) == ["conv", "fc"]
    assert list(table["test_loss"]) == [48.0, 58.0]
    assert [at.isoformat(timespec="milliseconds") for at in table["created"]] == [conv.created, fc.created]
    assert all(command.startswith("python -m vaedash train --arch") for command in table["command"])
    assert "also differ" not in words(at)


def test_runs_that_differ_in_any_setting_are_called_so_in_list_headings_and_table(folder):
    for settings in ({"patience": 7}, {"kl_warmup": 2}, {"fraction": 0.1}):
        make_run(folder, **settings)
    twins = [make_run(folder), make_run(folder)]
    ids = ",".join(run.id for run in runs.list_runs(folder))
    at = shown("compare", runs=ids)
    names = {"conv on shapes, 10%", "conv on shapes, warm-up 2", "conv on shapes, patience 7"}
    assert names | {"conv on shapes"} == {*at.dataframe[-1].value["name"]}
    assert names | {f"conv on shapes ({twin.id})" for twin in twins} <= {*at.multiselect[0].options}
    said = {"conv 10%", "conv warm-up 2", "conv patience 7", *(f"conv {twin.id}" for twin in twins)}
    assert all(f" {called}** :gray[on shapes]" in words(at) for called in said)


def test_the_lanes_of_a_race_of_one_architecture_are_called_by_what_tells_its_runs_apart(folder):
    pair = [make_run(folder, batch_size=size, status="running") for size in (16, 32)]
    pair[0].write_notes(name="the small one")
    with pair[0].claim(), pair[1].claim():
        said = words(shown("train"))
    assert "conv the small one**" in said and "conv on shapes batch 32**" in said


def test_a_csv_says_that_it_is_utf_8_and_when_each_run_began(folder):
    run = make_run(folder)
    run.write_notes(name="größer")
    written = tables.csv([results.result(run.reread())])
    assert written.startswith(codecs.BOM_UTF8)
    [row] = csv.DictReader(io.StringIO(written.decode("utf-8-sig")))
    assert (row["name"], row["created"]) == ("größer", run.created)


def test_compare_names_what_else_may_be_the_reason(folder):
    make_run(folder, arch="fc", loss=60.0, preset=None, lr=0.01)
    make_run(folder, arch="conv", loss=50.0, preset=None)
    at = shown("compare")
    assert "They also differ in lr, so how much of it is the architecture's doing is not known." in words(at)


def test_compare_shows_what_was_measured_beyond_the_loss_with_its_n(folder):
    fc, conv = make_run(folder, arch="fc"), make_run(folder, arch="conv")
    assert "Not measured yet. That happens by itself when a run has ended" in words(shown("compare"))
    fc.write_measured(quality={"psnr": {"value": 21.95, "n": 2000}})
    conv.write_measured(quality={"psnr": {"value": 24.48, "n": 2000}, "swd": {"value": 58.7, "n": 1000, "floor": 8.1}})
    at = shown("compare")
    table = at.dataframe[0].value
    assert list(table["measure"]) == ["PSNR", "SWD"]
    assert list(table["conv"]) == ["24.48 dB", "58.7"]
    assert list(table["n"]) == ["2,000 test images", "1,000 test images"]
    assert list(table["real pictures, or a guess"]) == ["", "8.1"]
    [chart] = [chart for chart in figures(at) if chart["alt"].startswith("PSNR")]
    assert "n = 2,000" in json.dumps(chart["data"])
    assert not at.get("plotly_chart")  # for one of those another four megabytes of plotly.js would come
    every = at.dataframe[-1].value
    assert list(every["psnr"]) == [24.48, 21.95] and list(every["psnr_n"]) == [2000, 2000]


def test_compare_says_how_much_the_few_numbers_know_of_as_many_runs_as_there_are(folder):
    for arch, right in (("fc", 54.2), ("conv", 99.25), ("conv", 98.0)):
        parts = {
            name: {"value": share, "floor": 0.001, "n": 2000, "low": None, "high": None}
            for name, share in (("hue", 0.1), ("size", 0.02))
        }
        told = {"value": right, "n": 2000, "floor": 19.9, "low": right - 1, "high": right + 0.5}
        run = make_run(folder, arch=arch, seed=int(right))
        run.write_measured(
            quality={"told_class": told, "mig": {"value": 0.06, "n": 2000, "floor": 0.001, "parts": parts}}
        )
        run.figures.write_told_by_latent(np.array([[0.1, 0.3], [0.02, 0.04]]))
    at = shown("compare", runs=",".join(run.id for run in runs.list_runs(folder)))
    said = words(at)
    assert "How much do the few numbers know?" in said and "Who always guesses the commonest is right for 20." in said
    assert all(f"{count} of 100 with" in said for count in (54, 98, 99))
    table = at.dataframe[0].value
    assert list(table["measure"]) == ["class told", "MIG"]
    assert list(table["real pictures, or a guess"]) == ["19.9%, a guess", "0.001, a guess"]
    [measure] = [each for each in at.get("button_group") if each.key and each.key.startswith("measure-")]
    at.session_state[measure.key] = "mig"
    at.run()
    assert list(at.dataframe[0].value["of it"]) == ["hue", "size"]
    assert sum(chart["alt"].startswith("Which number of") for chart in figures(at)) == 3


def curves(at):
    """What each chart of the curves is told."""
    return [figure for figure in figures(at) if figure["alt"].startswith("Curves of")]


def test_compare_cuts_outliers_off_says_so_and_shows_them_to_who_asks(folder):
    well, broken = make_run(folder, epochs=3), make_run(folder, arch="fc", epochs=3, status="diverged")
    broken.write_metrics([row(1, 70.0), row(2, 60.0), row(3, 1e6)])
    chosen = f"{well.id},{broken.id}"
    at = shown("compare", runs=chosen)
    assert at.toggle(key="cut").value is True
    [told] = curves(at)
    assert told["alt"].startswith("Curves of") and "2 points above the picture, up to 1,000,000" in told["alt"]
    assert told["layout"]["yaxis"]["range"][1] < 100
    at.toggle(key="cut").set_value(False).run()
    assert "range" not in curves(at)[0]["layout"]["yaxis"]
    assert shown("compare", runs=chosen, cut="false").toggle(key="cut").value is False


def test_compare_says_in_words_what_no_legend_says(folder):
    made = [make_run(folder, arch=arch, seed=seed) for seed in range(7) for arch in config.PAIR]
    pair, all_of_them = (",".join(run.id for run in some) for some in (made[:2], made))
    assert "Bold: on new pictures; thin: while learning. A dot marks" in words(shown("compare", runs=pair))
    assert "Point at a curve to see which run it is." in words(shown("compare", runs=all_of_them))


def test_compare_puts_the_settings_of_two_runs_beside_each_other(folder):
    made = [
        make_run(folder, arch="fc", preset="p1"),
        make_run(folder, arch="conv", preset="p2", seed=3),
    ]
    at = shown("compare", runs=",".join(run.id for run in made))
    differing, same = (frame.value for frame in at.dataframe if "setting" in frame.value)
    assert list(differing.columns) == ["setting", "FC", "conv p2 seed 3"]
    assert list(differing["setting"]) == ["arch", "preset", "batch_size", "lr", "seed"]
    assert list(differing["conv p2 seed 3"]) == ["conv", "p2", "128", "0.0005", "3"]
    assert {*same["setting"]} == {*config.SETTINGS} - {*differing["setting"]}
    assert dict(zip(same["setting"], same["value"], strict=True))["dataset"] == "shapes"


def test_the_settings_of_twins_are_the_same_and_one_run_has_none_beside_it(folder):
    twins = [make_run(folder), make_run(folder)]
    at = shown("compare", runs=",".join(run.id for run in twins))
    [same] = [frame.value for frame in at.dataframe if "setting" in frame.value]
    assert "They differ in no setting" in words(at) and len(same) == len(config.SETTINGS)
    assert "Settings side by side" not in words(shown("compare", runs=twins[0].id))


def test_runs_on_other_images_get_a_chart_of_their_own(folder):
    fc, conv = make_run(folder, arch="fc"), make_run(folder, arch="conv")
    conv.add_facts({"dataset": DATASET | {"fingerprint": "f" * 16}})
    at = shown("compare", runs=f"{fc.id},{conv.id}")
    assert len(curves(at)) == 2
    assert "cannot be compared" in at.header[0].value
    assert {fc.id, conv.id} == set(at.query_params["runs"].split(","))


def test_a_link_shows_the_runs_it_names(folder):
    made = [make_run(folder, arch="fc", seed=seed) for seed in range(3)]
    at = AppTest.from_file(APP, default_timeout=PATIENCE)
    at.query_params["runs"] = f"{made[0].id},{made[2].id}"
    at.switch_page(str(PAGES / "compare.py")).run()
    assert not at.exception
    assert set(at.multiselect[0].value) == {made[0].id, made[2].id}


def test_readings_are_kept_until_a_file_changes(folder, monkeypatch):
    from vaedash.ui import cache

    run = make_run(folder)
    monkeypatch.setattr(queue, "GRACE", -10.0)
    cache.all_runs()
    reads = []
    monkeypatch.setattr(record, "read", lambda path, read=record.read, **how: reads.append(path) or read(path, **how))
    assert len(cache.all_runs()[0].epochs) == 2
    assert not reads
    time.sleep(0.01)
    run.write_metrics([row(1, 3.0)])
    assert len(cache.all_runs()[0].epochs) == 1
    assert len(reads) == 1


def test_compare_launches_the_run_that_is_missing_and_shows_it_beside_the_others(folder, monkeypatch):
    monkeypatch.setattr(launch, "start", lambda *_, **__: [])
    pair = [make_run(folder, arch="fc", batch_size=32), make_run(folder, arch="conv", loss=40.0)]
    at = shown("compare", runs=",".join(run.id for run in pair))
    at.button(key=f"missing-{pair[0].id}").click().run()
    assert not at.exception
    added = {run.id for run in runs.list_runs(folder)} - {run.id for run in pair}
    [new] = [runs.find(folder, run_id) for run_id in added]
    assert (new.config.arch, new.config.batch_size) == ("fc", 64)
    assert set("".join(at.query_params["runs"]).split(",")) == {*added, *(run.id for run in pair)}


def test_compare_has_a_verdict_for_each_set_of_pictures_and_names_what_stands_alone(folder):
    fc, conv = make_run(folder, arch="fc"), make_run(folder, arch="conv", loss=40.0)
    others = [make_run(folder, arch=arch, beta=2.0, loss=loss) for arch, loss in (("fc", 60.0), ("conv", 90.0))]
    odd = make_run(folder, arch="conv", beta=4.0)
    odd.write_notes(name="odd one")
    at = shown("compare", runs=",".join(run.id for run in (fc, conv, *others, odd)))
    said = [header.value for header in at.header]
    [natural, heavier] = said
    assert "beta 1" in natural and "conv is" in natural and "less wrong than FC" in natural
    assert "beta 2" in heavier and "FC is" in heavier and "less wrong than conv" in heavier
    assert "Nothing here to compare with: odd one" in words(at)
    # One odd run takes nothing from a pair, which then needs no name for its pictures.
    assert "Nothing here to compare with: odd one" in words(shown("compare", runs=f"{fc.id},{conv.id},{odd.id}"))
    assert "beta" not in shown("compare", runs=f"{fc.id},{conv.id}").header[0].value


def test_compare_lets_a_run_go_on_that_was_cut_short(folder, monkeypatch):
    resumed = []
    monkeypatch.setattr(launch, "resume", lambda run, **_: resumed.append(run.id))
    pair = [make_run(folder, arch="fc", epochs=1, status="stopped"), make_run(folder, arch="conv", epochs=4)]
    at = shown("compare", runs=",".join(run.id for run in pair))
    assert "No fair comparison yet: conv has had 4 epochs, FC 1" in words(at)
    at.button(key=f"missing-{pair[0].id}").click().run()
    assert not at.exception and resumed == [pair[0].id]


# ---- why conv wins ------------------------------------------------------------------------------------------


def test_one_click_trains_both_on_both_orders_of_the_pixels(folder, monkeypatch):
    started = []
    monkeypatch.setattr(launch, "start", lambda group, **_: started.extend(run.config for run in group))
    at = shown("start")
    assert "And if the pixels are shuffled?" in words(at)
    at.button(key="shuffle-test").click().run()
    assert {(settings.arch, settings.pixel_order) for settings in started} == {
        (arch, order) for arch in config.PAIR for order in config.PIXEL_ORDERS
    }
    assert len({(settings.epochs, settings.seed, settings.preset, settings.dataset) for settings in started}) == 1


def test_the_four_runs_of_the_shuffle_test_tell_what_it_cost_each(folder):
    for loss, arch, order in ((80, "fc", "natural"), (75, "conv", "natural"), (80, "fc", "shuffled")):
        make_run(folder, loss=loss, arch=arch, pixel_order=order)
    assert "shuffled pixels" not in words(shown("start"))
    make_run(folder, loss=91, arch="conv", pixel_order="shuffled")
    at = shown("start")
    assert "With shuffled pixels, conv is 22% more wrong than before and FC is about as good as before." in words(at)
    assert [(metric.label, metric.value) for metric in at.metric] == [
        ("FC, pixels as they are", "78.0"),
        ("FC, pixels shuffled", "78.0"),
        ("conv, pixels as they are", "73.0"),
        ("conv, pixels shuffled", "89.0"),
    ]
    # The race above stays that of the pictures as they are.
    assert "conv leads FC by 5.0 nats" in words(at)


def test_a_shuffle_test_that_runs_shows_how_far_each_is(folder):
    made = [
        make_run(folder, epochs=0, status="queued", arch=arch, pixel_order=order)
        for order in config.PIXEL_ORDERS
        for arch in config.PAIR
    ]
    at = shown("start")
    assert {metric.value for metric in at.metric} == {"queued"} and len(made) == len(at.metric)


def test_the_form_knows_the_order_of_the_pixels_and_a_duplicate_keeps_it(folder, monkeypatch):
    run = make_run(folder, pixel_order="shuffled")
    started = []
    monkeypatch.setattr(launch, "start", lambda group, **_: started.extend(run.config for run in group))
    at = shown("train")
    at.button(key=f"copy-{run.id}").click().run()
    at.button(key="launch").click().run()
    assert [settings.pixel_order for settings in started] == ["shuffled"]


def test_choices_that_do_not_fit_beside_each_other_go_on_below_and_are_not_cut_off():
    calls = [
        (file.name, node)
        for file in house.sources()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("segmented_control", "pills")
    ]
    assert calls
    assert [
        (name, node.lineno) for name, node in calls if "wrap" not in {keyword.arg for keyword in node.keywords}
    ] == []


def test_every_button_is_called_by_words_that_can_be_read_out():
    # An icon alone is read out by the name that its font has for it.
    kinds = {"button", "download_button", "popover", "link_button", "page_link", "toggle"}
    for file in house.sources(places.PROJECT_ROOT / "vaedash" / "ui"):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in kinds:
                first = node.args[0] if node.args else None
                assert not (isinstance(first, ast.Constant) and not first.value.strip()), f"{file.name}:{node.lineno}"


@pytest.mark.parametrize(
    ("zone", "begun", "called"),
    [
        ("Asia/Tokyo", "2027-01-02 08:30", "Asia/Tokyo"),
        ("America/St_Johns", "2027-01-01 20:00", "America/St_Johns"),
        (None, "2027-01-01 23:30", "UTC"),
        ("../../etc/passwd", "2027-01-01 23:30", "UTC"),
        ("Nowhere/At_All", "2027-01-01 23:30", "UTC"),
    ],
)
def test_the_results_table_says_when_a_run_began_by_the_clock_of_who_looks(folder, monkeypatch, zone, begun, called):
    run = make_run(folder)
    settings = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps(settings | {"created": "2027-01-01T23:30:00+00:00"}))
    monkeypatch.setattr(ContextProxy, "timezone", property(lambda self: zone))
    [table] = [element for element in shown("compare").dataframe if "created" in element.value]
    assert table.value["created"].dt.strftime("%Y-%m-%d %H:%M").tolist() == [begun]
    assert f"In the time of {called}." in table.proto.columns
    assert f"{run.id}, created {begun}, " in words(shown("train"))


def test_a_training_that_cannot_be_written_down_is_told_in_a_sentence(folder, monkeypatch):
    at = shown("start")
    folder.mkdir(exist_ok=True)
    keep_out_of_making(monkeypatch)
    at.button(key="train-both").click().run()
    assert not at.exception
    [said] = [toast.value.replace("\\", "") for toast in at.toast]
    assert (
        said.startswith("No run can be made in ")
        and "(Permission denied): free some room, change who may write" in said
    )
    assert str(folder.parent) not in said


@pytest.mark.parametrize("which", ["start", "train", "compare", "gallery", "draw", "interpolate", "latent_space"])
def test_a_runs_folder_that_nobody_here_may_look_into_is_told_in_a_sentence(folder, monkeypatch, which):
    make_run(folder)
    keep_out(monkeypatch, folder)
    at = AppTest.from_file(APP, default_timeout=PATIENCE).run()
    at.switch_page(str(PAGES / f"{which}.py")).run()
    assert not at.exception
    [said] = [error.value.replace("\\", "") for error in at.error]
    assert said.startswith("The runs in ") and "change who may read that folder" in said
    assert str(folder.parent) not in said


def test_pictures_that_cannot_be_kept_are_told_in_a_sentence(folder, monkeypatch):
    monkeypatch.setattr(storage, "write_bytes", refuse("photos.zip"))
    told = []
    monkeypatch.setattr(visitors, "tell", told.append)
    assert sets._keep(b"not kept") is None
    assert [words.replace("\\", "") for words in told] == [
        "photos.zip: Permission denied. Free some room, or change who may read and write there."
    ]


def refuse(name):
    def refusing(*_, **__):
        raise PermissionError(13, "Permission denied", f"/somewhere/{name}")

    return refusing


def keep_out_of_making(monkeypatch):
    monkeypatch.setattr(Path, "mkdir", refuse("runs"))


def test_three_runs_or_more_are_a_table_of_what_differs(folder):
    made = [make_run(folder, arch="conv", lr=lr, loss=loss) for lr, loss in ((5e-5, 52.0), (1e-3, 62.0), (2e-3, 72.0))]
    at = shown("compare", runs=",".join(run.id for run in made))
    [table] = [frame.value for frame in at.dataframe if "lr" in frame.value.columns]
    assert list(table["lr"]) == [5e-5, 1e-3, 2e-3] and list(table["test_loss"]) == [50.0, 60.0, 70.0]
    assert "batch_size" not in table.columns
    assert "The same in all of them:" in words(at)
