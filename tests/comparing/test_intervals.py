"""Intervals that cover as they claim, on simulated runs whose truth is known."""

import numpy as np
import pytest

from vaedash.comparing import intervals


def test_the_interval_over_images_covers_the_truth_as_often_as_it_claims():
    rng, covered = np.random.default_rng(1), 0
    for _ in range(400):
        easy = rng.gamma(4.0, 20.0, 300)  # some images are hard for both, which pairing takes out
        one, other = easy + rng.normal(2.0, 5.0, 300), easy + rng.normal(0.0, 5.0, 300)
        found = intervals.over_images(one, other)
        covered += found.low <= 2.0 <= found.high
    assert 0.92 <= covered / 400 <= 0.98


def test_pairing_takes_out_what_is_hard_for_both():
    rng = np.random.default_rng(2)
    easy = rng.gamma(4.0, 20.0, 1000)
    found = intervals.over_images(easy + 1.0 + rng.normal(0, 1, 1000), easy)
    assert found.certain and found.count == 1000
    assert found.mean == pytest.approx(1.0, abs=0.1)
    assert found.high - found.low < 0.2


@pytest.mark.parametrize("seeds", [2, 3, 5, 20, 60])
def test_the_interval_over_seeds_covers_the_truth_as_often_as_it_claims(seeds):
    rng = np.random.default_rng(seeds)
    drawn = [intervals.over_seeds(list(rng.normal(5.9, 0.4, seeds))) for _ in range(2000)]
    assert np.mean([interval.low <= 5.9 <= interval.high for interval in drawn]) == pytest.approx(0.95, abs=0.02)
    assert all(interval.count == seeds for interval in drawn)


def test_one_seed_says_nothing_about_seeds():
    assert intervals.over_seeds([5.9]) is None


def test_no_difference_is_not_called_one():
    rng = np.random.default_rng(3)
    images = rng.gamma(4.0, 20.0, 500)
    assert not intervals.over_images(images + rng.normal(0, 5, 500), images + rng.normal(0, 5, 500)).certain
    assert not intervals.over_seeds([-0.4, 0.5, 0.1]).certain
