"""Why does conv win? The stairs that come along, those that were trained here, and the button that trains some."""

import json

import pytest
from imagined import WEIGHTS, rung_of
from visitor import figures, make_run, shown, words

from vaedash import config
from vaedash.comparing import ladder, reasons
from vaedash.training import launch
from vaedash.ui import stairs

LOSSES = {"fc": 60.0, "fc like conv": 61.0, "local like fc": 45.0, "local": 42.0, "conv": 40.0}


@pytest.fixture
def nothing_comes_along(tmp_path, monkeypatch):
    monkeypatch.setattr(ladder, "RECORDED", tmp_path / "none")


def train(folder, *, seeds=(0, 1), orders=("natural",)):
    for settings in ladder.settings(stairs.settings()[0], ladder.USUAL_WIDTHS, seeds=seeds, orders=orders):
        rung = rung_of(settings)
        loss = LOSSES[rung.key] + 20 * (settings.pixel_order == "shuffled")
        run = make_run(folder, loss=loss + 5, **settings.to_json())
        run.add_facts({"parameters": WEIGHTS[rung.key]})


def test_what_comes_along_answers_before_anything_was_trained(folder):
    at = shown("why")
    known = ladder.recorded()[0]
    assert at.title[0].value == "Why does conv win?" and reasons.headline(known) in words(at)
    assert known.command in " ".join(code.value for code in at.code)
    (drawn,) = figures(at)
    treads = [trace for trace in drawn["data"] if trace["mode"] == "lines"]
    assert len(treads) == len(ladder.RUNGS)
    assert not at.error and not at.warning


def test_a_link_names_the_pictures_as_they_are_called(folder):
    at = shown("why", stairs="CIFAR-10")
    (known,) = [each for each in ladder.recorded() if each.pictures == "CIFAR-10"]
    assert reasons.headline(known) in words(at) and known.command in " ".join(code.value for code in at.code)


def test_stairs_that_were_trained_here_stand_beside_them(folder):
    train(folder)
    at = shown("why", stairs="shapes, trained here")
    assert "Because it looks at neighbours" in words(at)
    (drawn,) = figures(at)
    heights = [trace["y"][0] for trace in drawn["data"] if trace["mode"] == "lines"]
    assert heights == [60.0, 61.0, 45.0, 42.0, 40.0]
    assert not [toggle for toggle in at.toggle if toggle.key == "stairs-shuffled"]  # that was not trained


def test_shuffled_pixels_are_a_second_flight_where_they_were_trained(folder):
    train(folder, orders=config.PIXEL_ORDERS)
    at = shown("why", stairs="shapes, trained here")
    at.toggle(key="stairs-shuffled").set_value(True).run()
    (drawn,) = figures(at)
    assert len([trace for trace in drawn["data"] if trace["mode"] == "lines"]) == 2 * len(ladder.RUNGS)
    assert words(at).count("ith shuffled pixels") == 1


def test_where_there_are_none_they_can_be_trained_by_one_click(folder, nothing_comes_along, monkeypatch):
    started = []
    monkeypatch.setattr(launch, "start", lambda group, **_: started.extend(run.config for run in group))
    at = shown("why")
    assert "Nobody has trained the stairs" in words(at)
    at.button(key="train-stairs").click().run()
    assert started == stairs.settings() and len(started) == 50
    assert {settings.dataset for settings in started} == {"shapes"}


def test_a_damaged_run_is_named_and_the_stairs_are_shown(folder):
    (make_run(folder).path / "config.json").write_text("{")
    at = shown("why")
    assert "Cannot be read: config.json" in words(at) and figures(at)


def test_a_foreign_name_of_pictures_stays_a_name(folder, tmp_path, monkeypatch):
    record = ladder.to_json(ladder.recorded()[0]) | {"pictures": "**<b>[x](http://x.example)"}
    (tmp_path / "one.json").write_text(json.dumps(record))
    monkeypatch.setattr(ladder, "RECORDED", tmp_path)
    at = shown("why")
    (option,) = at.button_group(key="stairs").proto.options
    assert option.content.startswith("\\*\\*\\<b\\>\\[x\\]")
