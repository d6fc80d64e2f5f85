"""Directions through a latent space, where what they are and what they change is known by construction."""

import math

import numpy as np
import pytest

from vaedash.datasets.labels import Label, Trait
from vaedash.measuring import directions


def coin(rng, count, name):
    """A trait that half of the pictures have, by chance; and 1 for who has it."""
    has = rng.random(count) < 0.5
    return Trait(label=name, name=name, told="", having=has, lacking=~has), has.astype(float)


def latents(*columns, noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack(columns, axis=1) + noise * rng.normal(size=(len(columns[0]), len(columns)))


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def test_a_direction_leads_from_the_mean_without_to_the_mean_with(rng):
    hat, worn = coin(rng, 4000, "hat")
    (found,) = directions.measured(latents(2 * worn, np.zeros(4000), noise=0.1), [hat], fewest=20)
    assert found.step == pytest.approx([2, 0], abs=0.02)
    assert found.own.share == pytest.approx(1, abs=0.03) and found.own.certain and found.along == ()


def test_what_lies_on_latents_of_its_own_does_not_move_along(rng):
    (hat, worn), (smile, smiling) = coin(rng, 4000, "hat"), coin(rng, 4000, "smile")
    for found in directions.measured(latents(worn, smiling, noise=0.2), [hat, smile], fewest=20):
        assert found.own.share > 0.8
        assert abs(found.along[0].share) < 0.08


def test_what_a_model_mixes_up_moves_along_by_as_much_as_it_is_mixed(rng):
    (hat, worn), (smile, smiling) = coin(rng, 8000, "hat"), coin(rng, 8000, "smile")
    # Half of every step of the first latent is what the second one says of a smile.
    mu = latents(worn, smiling + 0.5 * worn, noise=0.01)
    of_hat, _ = directions.measured(mu, [hat, smile], fewest=20)
    assert of_hat.step == pytest.approx([1, 0.5], abs=0.05)
    assert of_hat.along[0].share == pytest.approx(
        0, abs=0.06
    )  # it can be told apart all the same: the first latent tells
    one = directions.measured(mu[:, 1:], [hat, smile], fewest=20)
    # On one latent alone nothing can: by least squares a smile is 1 / (0.25 + 0.0625) * 0.25 of it, a hat half of that.
    assert one[0].along[0].share == pytest.approx(0.5 * 0.8, abs=0.05)
    assert one[1].along[0].share == pytest.approx(0.4, abs=0.05)
    assert one[1].own.share == pytest.approx(0.8, abs=0.05)


def test_what_pictures_have_together_moves_along(rng):
    hat, worn = coin(rng, 4000, "hat")
    same = Trait(label="coat", name="coat", told="", having=hat.having, lacking=hat.lacking)
    of_hat, _ = directions.measured(latents(worn, np.zeros(4000), noise=0.05), [hat, same], fewest=20)
    assert of_hat.along[0].share == pytest.approx(1, abs=0.05)


def test_a_trait_that_the_latents_do_not_hold_has_a_direction_that_leads_nowhere(rng):
    hat, _ = coin(rng, 2000, "hat")
    (found,) = directions.measured(rng.normal(size=(2000, 8)), [hat], fewest=20)
    assert abs(found.own.share) < 0.05 and not found.own.certain


def test_fewer_pictures_than_the_fewest_have_no_direction_and_nothing_is_said_of_them(rng):
    hat, worn = coin(rng, 400, "hat")
    rare = np.arange(400) < 39  # fewer than 20 in one of the halves
    scar = Trait(label="scar", name="scar", told="", having=rare, lacking=~rare)
    (found,) = directions.measured(latents(worn, rare * 1.0), [hat, scar], fewest=20)
    assert found.trait is hat
    assert found.along[0].trait is scar and found.along[0].few and not found.along[0].certain
    enough = np.arange(400) < 80
    scar = Trait(label="scar", name="scar", told="", having=enough, lacking=~enough)
    assert len(directions.measured(latents(worn, enough * 1.0), [hat, scar], fewest=20)) == 2
    assert directions.measured(latents(worn, worn), [], fewest=20) == []


def test_classes_that_come_in_turn_are_in_both_halves():
    turn = np.arange(200) % 2 == 0
    trait = Trait(label="class", name="cat", told="", having=turn, lacking=~turn)
    (found,) = directions.measured(latents(turn * 1.0, noise=0.1), [trait], fewest=20)
    assert found.own.certain


def test_the_middle_third_of_a_factor_takes_no_part():
    values = np.linspace(0, 1, 3000)
    (trait,) = Label(name="size", values=values).traits()
    mu = latents(np.where((values > 1 / 3) & (values < 2 / 3), 1e6, values), noise=0.01)
    (found,) = directions.measured(mu, [trait], fewest=20)
    assert found.step == pytest.approx([2 / 3], abs=0.01)
    assert 0.8 < found.own.share < 1.05


def test_the_95_percent_interval_holds_the_truth_about_as_often():
    mix = np.random.default_rng(3).normal(size=(4, 4))

    def drawn(rng, count):
        pairs = [coin(rng, count, name) for name in ("hat", "smile")]
        plain = np.stack([pairs[0][1], pairs[1][1] + 0.5 * pairs[0][1]], axis=1)
        mu = np.concatenate([plain, np.zeros((count, 2))], axis=1) + 0.5 * rng.normal(size=(count, 4))
        return [trait for trait, _ in pairs], mu @ mix

    (many, place), held = drawn(np.random.default_rng(4), 200_000), 0
    covariance = np.cov(place.T) + 0.01 * np.eye(4)
    weights = [
        0.25 * np.linalg.solve(covariance, place[trait.having].mean(0) - place[trait.lacking].mean(0)) for trait in many
    ]
    for seed in range(300):
        traits, mu = drawn(np.random.default_rng(100 + seed), 300)
        of_hat, of_smile = directions.measured(mu, traits, fewest=20)
        for found, along, truth in (
            (of_hat, of_hat.own, weights[0]),
            (of_hat, of_hat.along[0], weights[1]),
            (of_smile, of_smile.own, weights[1]),
        ):
            held += along.low <= truth @ found.step <= along.high
    print(f"held the truth: {held / 900:.3f}")
    assert 0.92 < held / 900 < 0.98


def test_few_pictures_and_many_latents_are_measured_without_an_infinity(rng):
    hat, worn = coin(rng, 90, "hat")
    (found,) = directions.measured(latents(worn, *np.zeros((255, 90))).astype(np.float32), [hat], fewest=10)
    assert np.isfinite(found.step).all() and math.isfinite(found.own.low) and found.own.low < found.own.high


def test_the_way_leads_through_the_start_in_its_middle_and_two_steps_to_either_side():
    way = directions.way(np.array([1.0, 0.0]), np.array([0.0, 3.0]), points=5)
    assert way.tolist() == [[1, -6], [1, -3], [1, 0], [1, 3], [1, 6]]


def test_of_many_pictures_some_are_taken_from_everywhere():
    assert directions.sample(10).tolist() == [*range(10)]
    numbers = directions.sample(20_000)
    assert len(numbers) == directions.PICTURES and (numbers[0], numbers[-1]) == (0, 19_999)
