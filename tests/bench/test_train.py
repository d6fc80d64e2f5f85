"""What training is measured by: every probe answers from a process of its own, and the table has its keys."""

import pytest

from vaedash.bench import arithmetic, contestants, memory, operations, recipe, train

pytestmark = pytest.mark.slow  # each probe is a process of its own


def test_arithmetic_is_counted_and_compared_with_what_the_machine_could_do():
    counted = arithmetic.measure("conv", "fp32")
    # Forward and backward of a few million weights.
    assert counted.per_image > 1e6 and counted.peak > 1e6
    table = counted.at(counted.peak / counted.per_image)
    assert table["share of the peak"] == pytest.approx(1)
    assert list(table) == ["precision", "MFLOP an image", "GFLOP/s", "matrix peak, GFLOP/s", "share of the peak"]


def test_the_operations_of_a_step_are_named_the_largest_first(data_dir):
    shares = operations.measure("fc", data_dir)
    assert len(shares) == 6 and all(name.startswith("aten::") for name in list(shares)[:1])
    assert sorted(shares.values(), reverse=True) == list(shares.values()) and sum(shares.values()) <= 1


def test_torch_alone_holds_some_memory():
    assert 10_000 < memory.bare() < 10_000_000  # kB


def test_a_contestant_trains_as_many_epochs_as_are_compared(photos, data_dir):
    taken = contestants.turn("vaedash", "conv", dataset=str(photos), data_dir=data_dir, images=20)
    assert len(taken.speeds) == contestants.EPOCHS and min(taken.speeds) > 0
    assert taken.images == 20 and taken.loss > 0 and taken.precision in ("fp32", "bf16")
    assert taken.seconds == pytest.approx(sum(20 / speed for speed in taken.speeds))


def test_a_contestant_trains_until_a_loss_is_there(photos, data_dir):
    taken = contestants.turn("notebook", "fc", dataset=str(photos), data_dir=data_dir, until=1e9)
    assert len(taken.speeds) == 1 and taken.loss <= 1e9


def test_the_tables_have_their_keys(photos, data_dir):
    table = train.measure(dataset=str(photos), data_dir=data_dir, images=20, rounds=1)
    assert list(table) == [
        "machine",
        "fc p1",
        "conv p1",
        "a pair at once",
        "loading the cached images, s",
        "images, train and test",
        "fc run",
        "conv run",
    ]
    rows = [*contestants.present(), "arithmetic", "where a step's time goes, one thread"]
    assert list(table["fc p1"]) == list(table["conv p1"]) == rows
    assert list(table["fc p1"]["vaedash"]) == ["images/s", "vaedash is faster by", "held-out loss after 3 epochs"]
    assert list(table["a pair at once"]) == ["both at once", "one after the other", "ratio"]
    assert list(table["conv run"]) == [
        "start to first step, s",
        "epoch, s",
        "of it held-out loss, pictures, checkpoints",
        "memory beyond torch, MB",
    ]
    times = recipe.measure(dataset=str(photos), data_dir=data_dir, target=1e9)
    assert list(times) == [
        "machine",
        "held-out loss to reach",
        "notebook, p1",
        "vaedash, fast",
        "vaedash is faster by",
    ]
    assert list(times["notebook, p1"]) == list(times["vaedash, fast"]) == ["epochs", "seconds", "loss"]
