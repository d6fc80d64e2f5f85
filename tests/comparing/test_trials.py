"""What the trials of a tuning came to: the best so far, what may be expected of a budget, and which trials count."""

import itertools
import math
import statistics

import pytest
from tuned import TUNING, trial

from vaedash.comparing import trials
from vaedash.runs import Status, tunings


def over_all_orders(losses, count):
    """The same by trying every order: the mean of the lowest of the first so many."""
    firsts = [order[:count] for order in itertools.permutations(losses)]
    known = [[loss for loss in first if loss is not None] for first in firsts]
    return statistics.fmean(min(first) for first in known) if all(known) else None


@pytest.mark.parametrize(
    "losses", [[3.0], [5.0, 1.0, 2.0, 9.0, 4.0, 4.0], [2.0, 2.0, 2.0], [7.0, None, 1.0, 3.0, None], [None, None]]
)
def test_what_is_expected_of_a_budget_is_the_mean_over_all_orders(losses):
    for count in range(1, len(losses) + 1):
        expected = over_all_orders(losses, count)
        found = trials.expected_lowest(losses, count)
        assert found == expected if expected is None else math.isclose(found, expected), count


def test_what_is_expected_never_rises_with_the_budget_and_ends_at_the_best():
    losses = [float(loss * 37 % 101) for loss in range(60)]
    expected = [trials.expected_lowest(losses, count) for count in range(1, 61)]
    assert expected == sorted(expected, reverse=True)
    assert math.isclose(expected[0], statistics.fmean(losses)) and expected[-1] == min(losses)
    assert trials.expected_lowest(losses, 61) is None


def test_the_best_so_far_follows_the_order_of_the_draws(tmp_path):
    for number, loss in ((3, 4.0), (1, 9.0), (2, 12.0), (4, 7.0)):
        trial(tmp_path, number, [loss + 1, loss])
    [tried] = trials.by_arch(trials_of(tmp_path))
    assert tried.losses == [9.0, 12.0, 4.0, 7.0]
    assert tried.best_so_far == [9.0, 9.0, 4.0, 4.0]
    assert tried.best.trial == 3 and tried.seconds == 16.0


def test_only_what_was_trained_to_its_end_can_be_the_best(tmp_path):
    whole = trial(tmp_path, 1, [9.0, 8.0])
    trial(tmp_path, 2, [3.0], status=Status.STOPPED)
    trial(tmp_path, 3, [2.0, None], status=Status.DIVERGED)
    trial(tmp_path, 4, [1.0], status=Status.FAILED)
    trial(tmp_path, 5, [], status=Status.FINISHED)
    [tried] = trials.by_arch(trials_of(tmp_path))
    assert tried.best.id == whole.id
    assert tried.losses == [8.0, 3.0, None, None, None]
    assert (tried.pruned, tried.lost) == (1, 3)


def test_trials_are_told_by_architecture_and_number_and_not_yet_while_they_train(tmp_path):
    older = trial(tmp_path, 1, [5.0], arch="fc")
    trial(tmp_path, 1, [4.0], arch="fc")
    trial(tmp_path, 1, [6.0], arch="conv")
    trial(tmp_path, 2, [3.0], arch="conv", status=None)  # nobody knows yet what will come of it
    trial(tmp_path, None, [2.0], arch="conv", seed=0)  # decides in the end
    trial(tmp_path, 7, [1.0], arch="conv")
    tried = trials.by_arch(trials_of(tmp_path), most=6)
    assert [(of_arch.arch, of_arch.losses) for of_arch in tried] == [("fc", [5.0]), ("conv", [6.0])]
    assert tried[0].runs[0].id == older.id


def test_a_tuning_is_found_by_any_of_its_runs_and_has_one_unit(tmp_path):
    final = trial(tmp_path, None, [2.0], seed=0)
    trial(tmp_path, 1, [5.0])
    trial(tmp_path, 2, [4.0], beta=2.0)
    trial(tmp_path, 1, [3.0], tuning="another one")
    every = [*trials_of(tmp_path), *trials_of(tmp_path, "another one")]
    assert [[of_arch.losses for of_arch in tried] for tried in trials.of([final], every)] == [[[5.0]]]
    assert trials.of([], every) == []


def trials_of(folder, tuning=TUNING):
    return tunings.members(folder, tuning)
