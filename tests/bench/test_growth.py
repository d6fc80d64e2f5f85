"""Many runs: pages show the newest and look for the others; and what the measuring of growth rests on."""

import numpy as np
import pytest
from visitor import make_run, shown, words

from vaedash import config, runs
from vaedash.bench import growth, images, pages
from vaedash.ui import choosing, components, managing, tables


@pytest.fixture
def five(folder):
    """Five runs, newest first; the oldest has a name of its own."""
    made = [make_run(folder, arch=arch, seed=seed) for seed, arch in enumerate(("conv", "fc", "conv", "fc", "conv"))]
    made[0].write_notes(name="the very first", tags=["dear"])
    return runs.list_runs(folder)


@pytest.fixture
def room_for_two(monkeypatch):
    """Choices and tables that show two runs unless more are asked for."""
    monkeypatch.setattr(choosing, "OFFERED", 2)
    monkeypatch.setattr(tables, "MOST", 2)


def test_where_there_is_room_for_all_nothing_is_looked_for(five):
    at = shown("compare")
    assert list(at.multiselect[0].options) == [*(run.name for run in five[:-1]), "the very first [dear]"]
    assert "look-for-runs" not in [field.key for field in at.text_input]
    assert not [toggle for toggle in at.toggle if toggle.key == "all-results"]
    assert len(at.dataframe[-1].value) == 5


def test_of_many_runs_the_newest_are_offered_beside_the_chosen(five, room_for_two):
    at = shown("compare", runs=five[3].id)
    assert list(at.multiselect[0].options) == [five[0].name, five[1].name, five[3].name]
    assert at.multiselect[0].value == [five[3].id]
    assert "Here are the newest 2 of 5 runs." in words(at)


@pytest.mark.parametrize("sought", ["very first", "FIRST the", "dear", "{id}", "seed 0", "finished first"])
def test_a_run_is_looked_for_by_words_and_what_was_chosen_stays(five, room_for_two, sought):
    at = shown("compare", runs=five[0].id)
    at.text_input(key="look-for-runs").set_value(sought.format(id=five[4].id)).run()
    assert list(at.multiselect[0].options) == [five[0].name, "the very first [dear]"]
    assert at.multiselect[0].value == [five[0].id]
    at.multiselect[0].set_value([five[0].id, five[4].id]).run()
    at.text_input(key="look-for-runs").set_value("").run()
    assert at.multiselect[0].value == [five[0].id, five[4].id]
    assert at.query_params["runs"] == f"{five[0].id},{five[4].id}"


def test_words_that_nothing_is_known_by_are_answered(five, room_for_two):
    at = shown("compare")
    at.text_input(key="look-for-runs").set_value("nowhere").run()
    assert "No run is known by all of these words." in words(at)
    assert len(at.multiselect[0].value) == 2 and not at.exception


def test_the_table_has_the_newest_and_the_chosen_and_all_on_request(five, room_for_two):
    at = shown("compare", runs=five[4].id)
    assert list(at.dataframe[-1].value["name"]) == [five[0].name, five[1].name, "the very first"]
    at.toggle(key="all-results").set_value(True).run()
    assert list(at.dataframe[-1].value["name"]) == [run.name for run in five]


def test_the_train_page_lists_the_newest_and_finds_the_others(five, monkeypatch):
    monkeypatch.setattr(managing, "LISTED", 2)
    at = shown("train")
    assert [element.label for element in at.expander if "finished" in element.label] == [
        f"{components.plain(run.name)}: finished" for run in five[:2]
    ]
    at.text_input(key="look-for-run").set_value("first").run()
    assert [element.label for element in at.expander if "finished" in element.label] == [
        f"{components.plain('the very first [dear]')}: finished"
    ]


# ---- the measuring -------------------------------------------------------------------------------------


def test_the_many_runs_are_whole_and_no_two_alike(tmp_path):
    growth.fill(tmp_path / "runs", 20)
    made = runs.list_runs(tmp_path / "runs")
    assert len(made) == 20 and not [run.damage for run in made if run.damage]
    assert {run.status for run in made} <= {"finished", "early-stopped"}
    assert len({run.created for run in made}) == len({run.config.seed for run in made}) == 20
    for run in made:
        assert run.pictures.sample("prior", len(run.epochs)).shape == (config.SAMPLE_COUNT, *config.USUAL_FRAME.shape)
    seconds = growth.list_all(tmp_path / "runs")
    assert len(seconds) == 8 and all(figure > 0 for figure in seconds.values())


@pytest.mark.usefixtures("torch_as_it_was")
def test_images_are_read_in_order_and_as_they_are_drawn(tmp_path):
    measured = images.measure(tmp_path / "images.npy", 500)
    assert np.load(tmp_path / "images.npy", mmap_mode="r").shape == (500, *config.USUAL_FRAME.shape)
    speeds = [figures["images/s"] for figures in measured.values() if isinstance(figures, dict)]
    assert len(speeds) == 5 and min(speeds) > 0


@pytest.mark.slow
def test_pages_are_timed_where_there_are_many_runs(browser, tmp_path):
    growth.fill(tmp_path / "runs", 12)
    table = pages.measure(browser, tmp_path / "runs")
    assert all(seconds > 0 for seconds in table[f"Compare, {pages.CHOSEN} chosen"].values())
    assert {"Start", "Gallery", "Interpolate", "Latent space", "memory of the server, MB"} < table.keys()
