"""What training is measured by: every probe answers from a process of its own, and the table has its keys."""

import pytest

from vaedash.bench import contestants, memory, recipe, train

pytestmark = pytest.mark.slow  # each probe is a process of its own


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


def test_the_tables_hold_what_was_measured(photos, data_dir):
    table = train.measure(dataset=str(photos), data_dir=data_dir, images=20, rounds=1, archs=("conv",))
    whole_runs = ["loading the cached images, s", "images, train and test", "fc run", "conv run"]
    assert list(table) == ["machine", "conv p1", "a pair at once", *whole_runs]
    conv = table["conv p1"]
    assert list(conv) == [*contestants.present(), "arithmetic", "where a step's time goes, one thread"]
    assert list(conv["vaedash"]) == ["images/s", "vaedash is faster by", "held-out loss after 3 epochs"]
    # Forward and backward of a few million weights.
    assert conv["arithmetic"]["MFLOP an image"] > 1 and conv["arithmetic"]["share of the peak"] > 0
    shares = conv["where a step's time goes, one thread"]
    assert len(shares) == 6 and all(name.startswith("aten::") for name in list(shares)[:1])
    assert sorted(shares.values(), reverse=True) == list(shares.values()) and sum(shares.values()) <= 1
    assert list(table["a pair at once"]) == ["both at once", "one after the other", "ratio"]
    assert list(table["conv run"]) == [
        "start to first step, s",
        "epoch, s",
        "of it held-out loss, pictures, checkpoints",
        "memory beyond torch, MB",
    ]


def test_the_time_to_one_loss_is_that_of_both_recipes(photos, data_dir):
    times = recipe.measure(dataset=str(photos), data_dir=data_dir, target=1e9)
    assert list(times) == [
        "machine",
        "held-out loss to reach",
        "notebook, p1",
        "vaedash, fast",
        "vaedash is faster by",
    ]
    assert list(times["notebook, p1"]) == list(times["vaedash, fast"]) == ["epochs", "seconds", "loss"]
