"""What training is measured by: every probe answers from a process of its own, and the table has its keys."""

import pytest

from vaedash.bench import contestants, neighbours, recipe, train

slow = pytest.mark.slow  # each probe is a process of its own


def test_a_turn_takes_as_long_as_its_epochs():
    turn = contestants.Turn(speeds=[100.0, 50.0], loss=1.0, precision="fp32", images=200)
    assert turn.seconds == 2.0 + 4.0 and contestants.speed([turn, turn]) == 75.0


@slow
def test_the_tables_hold_what_was_measured(photos, data_dir):
    table = dict(train.measure(dataset=str(photos), data_dir=data_dir, images=20, rounds=1, archs=("conv",)))
    whole_runs = ["loading the cached images, s", "images, train and test", "fc run", "conv run"]
    shares = table.pop("conv p1, where a step's time goes, one thread")
    assert list(table) == ["machine", "conv p1", "a pair at once", *whole_runs]
    conv = table["conv p1"]
    assert list(conv) == [*contestants.present(), "arithmetic"]
    assert list(conv["vaedash"]) == ["images/s", "vaedash is faster by", "held-out loss after 3 epochs"]
    assert all(figure > 0 for figure in conv["vaedash"].values())
    assert conv["arithmetic"]["precision"] in ("fp32", "bf16")
    # Forward and backward of a few million weights.
    assert conv["arithmetic"]["MFLOP an image"] > 1 and conv["arithmetic"]["share of the peak"] > 0
    assert len(shares) == 6 and all(name.startswith("aten::") for name in list(shares)[:1])
    assert sorted(shares.values(), reverse=True) == list(shares.values()) and sum(shares.values()) <= 1
    assert list(table["a pair at once"]) == ["both at once", "one after the other", "ratio"]
    assert list(table["conv run"]) == [
        "start to first step, s",
        "epoch, s",
        "of it held-out loss, pictures, checkpoints",
        "memory beyond torch, MB",
    ]
    assert 0 < table["conv run"]["memory beyond torch, MB"] < 10_000


@slow
def test_a_run_beside_others_is_set_beside_one_thread_and_all(data_dir):
    table = dict(neighbours.measure("fc", data_dir=data_dir, busy=1, rounds=1, seconds=0.5))
    assert list(table) == [f"fc p1 beside {busy} busy processes, images/s" for busy in (0, 1)]
    for figures in table.values():
        assert list(figures) == [*neighbours.WAYS, "of one thread", "of the better one"]
        assert all(figure > 0 for figure in figures.values())


@slow
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
    for contestant in ("notebook, p1", "vaedash, fast"):
        assert times[contestant]["seconds"] > 0 and 0 < times[contestant]["loss"] <= 1e9
    assert times["notebook, p1"]["epochs"] == 1  # the first that reaches it
