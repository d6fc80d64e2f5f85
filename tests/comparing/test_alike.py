"""What runs have in common: an axis, images, everything but the seed."""

import pytest
from imagined import CONV, FC, four, run

from vaedash.comparing import alike
from vaedash.comparing.alike import Seeds


def test_differing_settings_are_told_with_both_values():
    assert alike.differing_settings(CONV, run("x", arch="fc", seed=3)) == {"arch": ("conv", "fc"), "seed": (0, 3)}
    assert alike.differing_settings(CONV, CONV) == {}


def test_records_beside_each_other_are_parted_into_what_differs_and_what_is_the_same():
    records = [{"a": 1, "b": None, "c": "x"}, {"a": 1, "b": 2, "c": "x\u202e"}, {"a": 1, "b": 2, "d": 0.5}]
    contrast = alike.contrast(records)
    assert contrast.differing == {"b": ["", "2", "2"], "c": ["x", "x", ""], "d": ["", "", "0.5"]}
    assert contrast.same == {"a": "1"}
    assert alike.contrast([]) == alike.Contrast(differing={}, same={})


def test_runs_are_grouped_by_axis_in_the_order_given():
    other, third = run("cccccc", fingerprint="cd34"), run("dddddd", beta=0.5)
    again = run("eeeeee", fingerprint="cd34")
    assert alike.groups([CONV, other, FC, third, again]) == [[CONV, FC], [other, again], [third]]
    assert alike.groups([]) == []


def test_losses_on_shuffled_pixels_share_an_axis_with_the_others():
    assert alike.groups(four()) == [four()]


def test_runs_that_have_not_begun_share_an_axis_only_in_one_frame():
    small, large = (run(name, fingerprint="", image_size=size) for name, size in (("aaaaaa", 32), ("bbbbbb", 64)))
    padded = run("cccccc", fingerprint="", dataset="/my/pictures", fit="pad")
    cropped = run("dddddd", fingerprint="", dataset="/my/pictures")
    assert alike.groups([small, large, padded, cropped]) == [[small], [large], [padded], [cropped]]


def test_groups_that_differ_in_their_frame_are_told_apart_by_it():
    small, large = (
        run(name, fingerprint=name, image_size=size, dataset="/my/pictures", fit=fit)
        for name, size, fit in (("aaaaaa", 32, "crop"), ("bbbbbb", 64, "pad"))
    )
    names = alike.called([[small], [large]])
    assert [name.partition(", ")[2] for name in names] == ["32 pixels", "64 pixels, pad"]


def test_a_frame_that_made_the_same_images_explains_no_difference():
    asked = {"dataset": "/my/pictures", "fingerprint": "ab12"}
    white, usual = run("aaaaaa", arch="fc", background="white", **asked), run("bbbbbb", **asked)
    assert alike.confounded(white, usual) == []
    assert alike.confounded(run("cccccc", arch="fc", lr=0.5, background="white", **asked), usual) == ["lr"]
    other = run("dddddd", arch="fc", background="white", dataset="/my/pictures", fingerprint="cd34")
    assert alike.confounded(other, usual) == ["background"]


def test_runs_are_grouped_by_their_images_whatever_their_beta():
    other, again = run("cccccc", fingerprint="cd34"), run("dddddd", beta=0.5)
    assert alike.by_images([CONV, other, FC, again]) == [[CONV, FC, again], [other]]


def test_a_run_that_has_not_begun_learns_from_the_images_it_was_asked_for():
    waiting = run("cccccc", fingerprint="")
    assert alike.by_images([CONV, waiting, run("dddddd", fingerprint="", fraction=0.5)])[0] == [CONV, waiting]


@pytest.mark.parametrize("setting", [{"device": "cpu"}, {"precision": "fp32"}])
def test_seeds_that_were_computed_elsewhere_or_otherwise_are_seeds_of_one_study(setting):
    cell = [run("abcdef", 80.0, seed=0), run("ghjkmn", 80.0, seed=1, **setting)]
    assert alike.over_seeds(cell) == [Seeds(runs=tuple(cell))]


@pytest.mark.parametrize("setting", [{"lr": 0.5}, {"epochs": 50}, {"arch": "fc"}, {"dataset": "cifar10"}])
def test_runs_that_were_asked_for_something_else_are_no_seeds_of_one_study(setting):
    assert alike.over_seeds([run("abcdef", 80.0, seed=0), run("ghjkmn", 80.0, seed=1, **setting)]) == []


def test_one_seed_trained_twice_is_one_seed():
    assert alike.over_seeds([run("abcdef", 80.0, seed=0), run("ghjkmn", 80.0, seed=0)]) == []


def test_of_one_seed_trained_twice_the_newer_run_counts_and_one_that_was_cut_short_does_not():
    newer = run("mmmmmm", 80.0, seed=1, created="2027-02-01T00:00:00+00:00")
    twin, cut = run("bbbbbb", 80.0, seed=1), run("cccccc", 80.0, seed=2, status="stopped")
    racing, first = run("dddddd", 80.0, seed=3, status="running"), run("aaaaaa", 80.0, seed=0)
    assert alike.over_seeds([newer, twin, cut, racing, first]) == [
        Seeds(runs=(first, newer), cut=(cut,), twins=(twin,))
    ]


def test_a_run_none_of_whose_latents_is_in_use_is_stuck():
    stuck, other = (run(f"{used}aaaaa", 80.0, seed=used, rows={"active_units": used}) for used in (0, 1))
    assert Seeds(runs=(stuck, other)).stuck == (stuck,)
