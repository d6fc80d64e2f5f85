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
    for share in table.pop("conv p1 beside its layers alone").values():
        assert list(share) == ["precision", "images/s", "its layers alone", "share"] and 0 < share["share"] < 1.5
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
        "measured after the training, s",
        "memory beyond torch while it trains, MB",
        "memory beyond torch with what is measured, MB",
    ]
    training, measured = list(table["conv run"].values())[-2:]
    assert 0 < training <= measured < 10_000


@slow
def test_a_run_beside_others_is_set_beside_one_thread_and_all(data_dir):
    table = dict(neighbours.measure("fc", data_dir=data_dir, busy=1, rounds=1, seconds=0.5))
    assert list(table) == [f"fc p1 beside {busy} busy processes, images/s" for busy in (0, 1)]
    for figures in table.values():
        assert list(figures) == [*neighbours.WAYS, "of one thread", "of the better one"]
        assert all(figure > 0 for figure in figures.values())


@slow
def test_the_record_of_the_race_names_every_seed_and_says_how_sure_it_is(photos, data_dir):
    race = dict(recipe.measure(dataset=str(photos), data_dir=data_dir, target=1e9, seeds=2))
    assert list(race) == [
        *("machine", "held-out loss to reach"),
        *("conv p1, the notebook's way", "conv fast, seed 0", "conv fast, seed 1", "conv fast"),
        "p of a mean so far below the loss to reach, were it luck",
        "conv fast is faster than the notebook's way by",
        *("fc fast, seed 0", "fc fast, seed 1", "fc fast"),
    ]
    assert race["conv p1, the notebook's way"]["epochs"] == 1  # the first that reaches it
    losses = [race[f"conv fast, seed {seed}"]["loss"] for seed in (0, 1)]
    assert losses[0] != losses[1] and race["conv fast"]["mean loss"] == pytest.approx(sum(losses) / 2)
    assert race["p of a mean so far below the loss to reach, were it luck"] < 1e-6
    seconds = race["conv p1, the notebook's way"]["seconds"] / race["conv fast"]["mean seconds"]
    assert race["conv fast is faster than the notebook's way by"] == pytest.approx(seconds)
