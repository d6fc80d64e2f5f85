"""What shuffled pixels cost each architecture is told from four runs alike in all else, once all are over."""

import dataclasses

from imagined import CONV, FC, four, run

from vaedash.comparing import shuffle
from vaedash.config import RunConfig


def test_a_shuffle_test_is_four_runs_alike_in_all_but_architecture_and_order():
    tested = shuffle.four_runs([CONV, FC, *four(lr=0.5)])
    assert {key: run.id for key, run in tested.items()} == {
        (run.config.arch, run.config.pixel_order): run.id for run in four()
    }
    assert shuffle.four_runs([*four()[:3], dataclasses.replace(four(seed=1)[3])]) == {}
    assert shuffle.four_runs([]) == {}
    more = [
        run(f"bbcde{number}", 70.0, arch="local", pixel_order=order)
        for number, order in enumerate(["natural", "shuffled"])
    ]
    assert shuffle.four_runs([*more, *four()]) == shuffle.four_runs(four())
    assert shuffle.four_runs([*more, *four()[:3]]) == {}
    settings = [RunConfig.build(preset="fast", arch=arch, pixel_order=order) for arch, order in tested]
    own_rates = [run(f"abcde{number}", 80.0, **one.to_json()) for number, one in enumerate(settings)]
    assert len(shuffle.four_runs(own_rates)) == 4


def test_what_the_shuffle_costs_each_architecture_is_told_once_all_are_over():
    tested = shuffle.four_runs(four())
    assert shuffle.sentence(tested) == "With shuffled pixels, conv is 16.5 nats worse and FC is as good as before."
    better = {**tested, ("fc", "shuffled"): run("ghjkmn", 78.0, arch="fc", pixel_order="shuffled")}
    assert shuffle.sentence(better) == "With shuffled pixels, conv is 16.5 nats worse and FC is 1.0 nats better."
    assert shuffle.sentence(shuffle.four_runs(four(status="running"))) == ""


def test_without_a_unit_it_is_told_as_a_share_and_a_change_that_may_be_luck_as_none():
    tested = shuffle.four_runs(four())
    said = "With shuffled pixels, conv is 22% more wrong than before and FC is about as good as before."
    assert shuffle.plainly(tested) == said
    better = {**tested, ("fc", "shuffled"): run("ghjkmn", 60.0, arch="fc", pixel_order="shuffled")}
    assert shuffle.plainly(better).endswith("and FC is 24% less wrong than before.")
    assert shuffle.plainly(shuffle.four_runs(four(status="running"))) == ""


def test_without_the_four_runs_nothing_is_said():
    assert shuffle.sentence({}) == "" and shuffle.costs({}) == {}
