"""What settings are drawn from, and what is stopped before its end: the same for every architecture, and again the same."""

import dataclasses

import pytest
from tuned import DRAWN, trial

from vaedash import config
from vaedash.errors import UsageError
from vaedash.runs import Status
from vaedash.training import draws
from vaedash.training.draws import RANGES, Engine, Span

SAMPLER = pytest.mark.parametrize("sampler", draws.SAMPLERS)


def values(drawn_from):
    return (drawn_from.low, drawn_from.high) if isinstance(drawn_from, Span) else drawn_from.values


@pytest.mark.parametrize("name", RANGES)
def test_every_value_of_a_range_is_allowed(name):
    for value in values(RANGES[name]):
        config.SETTINGS[name].check(value)


@SAMPLER
def test_a_draw_is_the_same_whenever_it_is_asked_for_and_different_for_each_number_and_seed(sampler):
    engine = Engine(epochs=9, sampler=sampler)
    drawn = [engine.drawn(number, []) for number in range(1, 9)]
    assert drawn == [Engine(epochs=9, sampler=sampler).drawn(number, []) for number in range(1, 9)]
    assert len({settings["lr"] for settings in drawn}) == 8
    assert drawn != [Engine(epochs=9, sampler=sampler, seed=1).drawn(number, []) for number in range(1, 9)]


@SAMPLER
def test_what_is_drawn_is_within_the_ranges_and_short_enough_to_be_typed(sampler):
    for number in range(1, 40):
        drawn = Engine(epochs=9, sampler=sampler).drawn(number, [])
        assert drawn.keys() == RANGES.keys()
        low, high = RANGES["lr"].low, RANGES["lr"].high
        assert low <= drawn["lr"] <= high and float(f"{drawn['lr']:.3g}") == drawn["lr"]
        for name in RANGES.keys() - {"lr"}:
            assert drawn[name] in RANGES[name].values


def two_histories(folder):
    """As many trials, of which in the one case small learning rates were good, in the other large ones."""
    rates = [1e-4 * 1.5**number for number in range(draws.AT_RANDOM)]
    return [
        [trial(folder, number, [sign * rate * 1e4], lr=rate) for number, rate in enumerate(rates, start=1)]
        for sign in (1, -1)
    ]


def test_tpe_draws_alike_at_first_and_then_by_what_the_trials_came_to(tmp_path):
    engine, (low, high) = Engine(epochs=9, sampler="tpe"), two_histories(tmp_path)
    assert engine.drawn(6, low[:5]) == engine.drawn(6, high[:5]) == engine.drawn(6, [])
    rates = [[engine.drawn(number, history)["lr"] for number in range(11, 41)] for history in (low, high)]
    assert sum(rates[0]) < sum(rates[1])
    assert rates[0] == [engine.drawn(number, low)["lr"] for number in range(11, 41)]


def test_random_draws_whatever_the_trials_came_to(tmp_path):
    engine, (low, high) = Engine(epochs=9, sampler="random"), two_histories(tmp_path)
    assert [engine.drawn(number, low) for number in (11, 12)] == [engine.drawn(number, high) for number in (11, 12)]


def enough(folder):
    return [trial(folder, number, [10.0 - epoch for epoch in range(9)]) for number in range(1, draws.UNPRUNED + 1)]


def test_a_trial_is_behind_once_it_is_above_the_median_after_a_third_of_its_epochs(tmp_path):
    earlier = enough(tmp_path)
    bad = trial(tmp_path, 6, [99.0] * 7, status=None)
    assert Engine(epochs=9).behind(bad, earlier) == 3
    assert Engine(epochs=9, pruner="none").behind(bad, earlier) is None
    assert Engine(epochs=9).behind(bad, earlier[1:]) is None  # too few to tell
    late = trial(tmp_path, 7, [9.0, 8.0, 7.0, 6.0, 5.9, 5.9], status=None)
    assert Engine(epochs=9).behind(late, earlier) == 6
    good = trial(tmp_path, 8, [9.0 - epoch for epoch in range(9)], status=None)
    assert Engine(epochs=9).behind(good, earlier) is None


def test_trials_that_were_stopped_or_diverged_are_no_measure_for_others(tmp_path):
    whole = enough(tmp_path)[1:]
    others = [trial(tmp_path, 1, [1.0] * 9, status=status) for status in (Status.STOPPED, Status.DIVERGED)]
    assert Engine(epochs=9).behind(trial(tmp_path, 6, [99.0] * 7, status=None), [*others, *whole]) is None


def test_how_soon_a_pruned_trial_heard_of_it_changes_no_draw(tmp_path):
    before = [*enough(tmp_path), *(trial(tmp_path, number, [9.0] * 9, lr=2e-3) for number in range(6, 11))]
    stopped = [trial(tmp_path, 11, [99.0] * epochs, status=Status.STOPPED, lr=9e-3) for epochs in (3, 8)]
    engine = Engine(epochs=9, sampler="tpe")
    assert engine.drawn(12, [*before, stopped[0]]) == engine.drawn(12, [*before, stopped[1]])


def test_a_trial_that_came_to_nothing_is_learned_from_too(tmp_path):
    lost = [trial(tmp_path, number, [], status=Status.DIVERGED, lr=9e-3) for number in range(1, 12)]
    rates = [Engine(epochs=9).drawn(number, lost)["lr"] for number in range(12, 22)]
    assert len(set(rates)) == 10


def test_trials_from_other_ranges_are_not_mixed_with_these(tmp_path):
    foreign = trial(tmp_path, 1, [5.0], lr=0.5)
    with pytest.raises(UsageError, match="not within the ranges"):
        Engine(epochs=9).drawn(2, [foreign])


def test_what_was_drawn_is_said_as_the_names_of_runs_say_it(tmp_path):
    run = trial(tmp_path, 1, [5.0])
    assert draws.in_words(run) == "lr 0.001, batch 64, latent 32, constant, relu"
    assert {**dataclasses.asdict(run.config), **DRAWN} == dataclasses.asdict(run.config)
