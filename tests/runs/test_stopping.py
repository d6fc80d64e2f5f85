"""Which epoch is the best, and when there was none better for long enough."""

import math

import pytest
from records import complete, make, row, rows

from vaedash import storage
from vaedash.config import RunConfig
from vaedash.runs import stopping


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(storage, "_fsync", lambda fd: None)


@pytest.mark.parametrize(
    ("losses", "best"),
    [
        ([], None),
        ([5.0], 1),
        ([5.0, 4.0, 4.5], 2),
        ([5.0, 4.0, 4.0, 4.0], 2),  # the first of equals
        ([5.0, 4.9, 4.8], 3),  # the plain minimum: min_delta has no say in it
        ([None, 4.0], 2),
    ],
)
def test_the_best_epoch_is_the_first_with_the_lowest_monitored_loss(losses, best):
    assert stopping.best_epoch(rows(*losses), RunConfig(min_delta=0.5)) == best


def test_the_validation_loss_decides_where_it_is_monitored_and_the_test_loss_never():
    metrics = [
        row(1, train_loss=9.0, val_loss=5.0, test_loss=3.0),
        row(2, train_loss=8.0, val_loss=4.0, test_loss=2.0),
        row(3, train_loss=7.0, val_loss=6.0, test_loss=1.0),
        row(4, train_loss=8.5, val_loss=7.0, test_loss=0.5),
    ]
    assert stopping.best_epoch(metrics, RunConfig(monitor="train")) == 3
    assert stopping.best_epoch(metrics, RunConfig(monitor="val")) == 2
    assert stopping.epochs_without_improvement(metrics, RunConfig(monitor="train")) == 1
    assert stopping.epochs_without_improvement(metrics, RunConfig(monitor="val")) == 2


@pytest.mark.parametrize(
    ("losses", "stale"),
    [
        ([], 0),
        ([100.0], 0),
        ([100.0, 99.0, 98.0], 0),
        ([100.0, 99.5], 1),  # exactly min_delta lower is not below best - min_delta
        ([100.0, 99.499], 0),
        ([100.0, 99.6, 99.2], 0),  # best stays at 100 until it is beaten by more than half
        ([100.0, 99.6, 99.2, 98.8, 98.4], 0),
        ([100.0, 99.6, 99.55, 99.52], 3),
        ([100.0, 90.0, 95.0, 91.0, 89.6, 89.51, 89.5], 5),  # had best moved to 89.6 the last would be no worse
        ([100.0, 101.0, 102.0, 103.0, 104.0, 105.0], 5),
        ([100.0, 101.0, 102.0, 103.0, 104.0, 99.0], 0),
        ([100.0, 90.0, 90.0, 90.0, 90.0, 90.0], 4),
    ],
)
def test_epochs_are_counted_since_the_loss_last_fell_below_best_by_more_than_min_delta(losses, stale):
    assert stopping.epochs_without_improvement(rows(*losses), RunConfig(min_delta=0.5)) == stale


def test_without_min_delta_any_fall_improves_and_an_equal_loss_does_not():
    settings = RunConfig(min_delta=0.0)
    assert stopping.epochs_without_improvement(rows(5.0, math.nextafter(5.0, 0)), settings) == 0
    assert stopping.epochs_without_improvement(rows(5.0, 5.0), settings) == 1


def test_a_warm_ups_epochs_count_for_nothing_once_beta_is_full():
    settings = RunConfig(kl_warmup=3)  # full from epoch 3 on
    metrics = rows(50.0, 60.0, 70.0, 69.8, 69.6)
    assert stopping.monitored(metrics, settings) == [(3, 70.0), (4, 69.8), (5, 69.6)]
    assert stopping.best_epoch(metrics, settings) == 5
    assert stopping.epochs_without_improvement(metrics, settings) == 2
    assert stopping.best_epoch(metrics[:4], settings) == 4


def test_during_a_warm_up_the_last_epoch_is_kept_and_nothing_is_stale():
    settings = RunConfig(kl_warmup=10)
    metrics = rows(50.0, 60.0, 70.0)
    assert stopping.best_epoch(metrics, settings) == 3
    assert stopping.epochs_without_improvement(metrics, settings) == 0


@pytest.mark.parametrize("warmup", [0, 10])
@pytest.mark.parametrize("broken", ["train_loss", "test_loss", "test_kl"])
def test_an_epoch_that_diverged_is_never_the_best_for_its_weights_are_not_kept(warmup, broken):
    metrics = [row(1, 9.0), row(2, 8.0), row(3, 7.0, **{broken: None})]
    assert stopping.best_epoch(metrics, RunConfig(kl_warmup=warmup)) == 2
    assert stopping.best_epoch([row(1, 9.0, **{broken: None})], RunConfig(kl_warmup=warmup)) is None


def test_a_run_knows_its_best_row(tmp_path):
    run = complete(tmp_path)
    assert run.best_epoch == 2 and run.best["train_loss"] == 80.0
    assert make(tmp_path).best is None
