"""The table of results: what came of a run, what came of a study's cells, and how each is trained again."""

import dataclasses
import shlex

import pytest
from imagined import CONV, of_seeds, run

from vaedash.comparing import results
from vaedash.config import RunConfig
from vaedash.measuring.measures import MEASURES
from vaedash.runs import Status


def test_a_row_holds_the_losses_of_the_kept_epoch_and_the_cost_of_all():
    equals = {"train_loss": 50.0}  # the first of them is kept
    chosen = run("abcdef", 80.0, 75.0, 90.0, arch="fc", name="mine", batch_size=32, rows=equals)
    row = {
        "run": "abcdef",
        "name": "mine",
        "created": chosen.created,
        "dataset": "shapes",
        "preset": "own",
        "model": "fc",
        "seed": 0,
        "status": "finished",
        "epochs": 3,
        "best_epoch": 1,
        "loss": 50.0,
        "test_loss": 80.0,
        "test_recon": 1.0,
        "test_kl": 1.0,
        "below_pca": None,
        "n_test": 2000,
        "parameters": 77,
        "seconds": 7.5,
        "images_per_second": 200.0,
        "host": None,
        "note": None,
        **dict.fromkeys(MEASURES, None),
        **dict.fromkeys((f"{name}_n" for name in MEASURES), None),
    }
    assert list(results.result(chosen).as_row().items()) == list(
        row.items()
    )  # their order is that of an export's columns


def test_a_row_says_what_was_measured_and_on_how_many_it_rests():
    measured = {"quality": {"swd": {"value": 58.7, "n": 2000, "floor": 8.1}}}
    row = results.result(dataclasses.replace(CONV, measured=measured)).as_row()
    assert (row["swd"], row["swd_n"], row["fid"], row["fid_n"]) == (58.7, 2000, None, None)


def test_only_a_run_with_a_finite_loss_stands_anywhere():
    without = [run("ghjkmn", arch="fc"), run("ghjkmn", None, arch="fc")]
    [standing] = results.standings([*without, CONV])
    assert (standing.run, standing.test_loss, standing.train_loss, standing.beta) == (CONV, 73.94, 98.0, 1.0)


def test_a_row_of_a_run_without_an_epoch_has_gaps_and_no_wrong_numbers():
    result = results.result(run("abcdef", **RunConfig.build(preset="p2").to_json()))
    assert (result.preset, result.epochs, result.seconds) == ("p2", 0, 0.0)
    assert [result.best_epoch, result.loss, result.test_loss, result.images_per_second] == [None] * 4


def test_a_cell_of_a_study_is_a_mean_and_a_spread_over_seeds():
    cells = results.over_seeds([*of_seeds(5.5, 5.9, 6.3), run("single", 90.0, 70.0, latent_dim=64)])
    assert [(cell.model, cell.seeds) for cell in cells] == [("fc", 3), ("conv", 3)]
    assert cells[0].test_loss == pytest.approx(79.9) and cells[0].test_loss_spread == pytest.approx(0.4)
    assert cells[1].test_loss == pytest.approx(74.0) and cells[1].test_loss_spread == 0.0
    assert set(results.SEEDS_COLUMNS) <= set(cells[0].as_row())


def test_runs_that_are_not_over_or_share_a_seed_are_no_cell():
    twins = [dataclasses.replace(run, settings=dataclasses.replace(run.config, seed=0)) for run in of_seeds(1.0, 1.0)]
    assert results.over_seeds(twins) == []
    assert results.over_seeds([dataclasses.replace(run, status=Status.RUNNING) for run in of_seeds(1.0, 1.0)]) == []


def called(*names, **settings):
    chosen = [run(f"{at}bcdef", arch=name.partition(" ")[0], name=name) for at, name in enumerate(names)]
    return results.told_apart(chosen)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], []),
        (["fc p1 shapes seed 0"], ["FC"]),
        (["fc p1 shapes (example)", "conv p1 shapes (example)"], ["FC", "conv"]),
        (["fc p1 shapes seed 0", "conv p1 shapes seed 10"], ["FC seed 0", "conv seed 10"]),
        (["conv p1 shapes seed 0", "conv p1 shapes shuffled seed 0"], ["conv", "conv shuffled"]),
        (["fc batch 64, lr 0.001, latent 64", "fc batch 32, lr 0.001, latent 128"], ["FC batch 64 latent 64", "FC batch 32 latent 128"]),
        (["fc on shapes, 20 epochs", "fc on shapes, 1 epoch, beta 2"], ["FC 20 epochs", "FC 1 epoch beta 2"]),
        (["fc on shapes, 20 epochs, 10%", "fc on shapes, 40 epochs, 10%"], ["FC 20 epochs", "FC 40 epochs"]),
        (["fc on faces, 64 pixels, pad", "conv on faces, 64 pixels, pad"], ["FC", "conv"]),
        (["fc on faces, 64 pixels", "fc on faces, white background"], ["FC 64 pixels", "FC white background"]),
        (["fc on shapes", "fc on shuffled shapes"], ["FC", "FC shuffled"]),
        (["fc p1", "fc p1", "conv p1"], ["FC 0bcdef", "FC 1bcdef", "conv"]),
        (["fc is fcool", "conv is better"], ["FC fcool", "conv better"]),
        (["fc on shapes (example)", "fc on shapes (shuffled, example)"], ["FC (example)", "FC (shuffled, example)"]),
        (["fc on shapes, 5 epochs", "fc shapes, 9 epochs"], ["FC 5 epochs", "FC 9 epochs"]),
    ],
)  # fmt: skip
def test_a_run_is_called_by_what_tells_it_from_the_others(names, expected):
    assert called(*names) == expected


def test_a_name_that_does_not_begin_with_the_architecture_follows_it():
    assert results.told_apart([run("abcdef", arch="fc", name="mine"), run("ghjkmn", name="yours")]) == [
        *("FC mine", "conv yours")
    ]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["fc p1 shapes seed 0", "conv p2"], [("FC", "p1 shapes seed 0"), ("conv", "p2")]),
        (
            ["fc p1", "conv p1 seed 1", "conv p1 seed 2"],
            [("FC", "p1"), ("conv seed 1", "p1"), ("conv seed 2", "p1")],
        ),
        (["conv p1", "conv p1"], [("conv 0bcdef", "p1"), ("conv 1bcdef", "p1")]),
        (["conv", "conv p1"], [("conv", ""), ("conv p1", "")]),
        (["conv on shapes", "conv on faces, 10%"], [("conv shapes", ""), ("conv faces 10%", "")]),
        (["fc p1", "convolutional, of old"], [("FC", "p1"), ("conv", "convolutional, of old")]),
    ],
)
def test_a_run_is_called_by_its_architecture_or_where_that_is_not_enough_by_what_the_names_do_not_share(
    names, expected
):
    chosen = [run(f"{at}bcdef", arch=name[:4].partition(" ")[0], name=name) for at, name in enumerate(names)]
    assert [(results.short(run, chosen), results.rest_of_name(run, chosen)) for run in chosen] == expected


def test_the_seeds_of_a_cell_are_called_by_what_they_share_and_the_others_do_not():
    every = [
        run(f"{preset}{seed}", **RunConfig.build(arch="fc", preset=preset, seed=seed).to_json())
        for preset in ("p1", "p2")
        for seed in (0, 1)
    ]
    assert results.together(every[:2], every) == "FC"
    assert results.together(every[:2], every[:2]) == "FC"


@pytest.mark.parametrize(
    ("settings", "command"),
    [
        ({"arch": "fc"}, "--arch fc --dataset shapes"),
        ({"preset": "p2", "seed": 3}, "--arch conv --dataset shapes --preset p2 --seed 3"),
        ({"dataset": "celeba"}, "--arch conv --dataset celeba"),
        ({"dataset": "celeba", "fraction": 1.0}, "--arch conv --dataset celeba --fraction 1.0"),
        ({"dataset": "/my cats; rm -rf", "lr": 0.01}, "--arch conv --dataset '/my cats; rm -rf' --lr 0.01"),
    ],
)
def test_the_command_that_replays_a_run_says_what_was_asked_and_nothing_else(settings, command):
    replayed = results.replay_command(run("abcdef", **RunConfig.build(**settings).to_json()))
    assert replayed == f"python -m vaedash train {command}"
    words = shlex.split(replayed)[4:]
    given = {flag[2:].replace("-", "_"): value for flag, value in zip(words[::2], words[1::2], strict=True)}
    kinds = {"seed": int, "fraction": float, "lr": float}
    assert RunConfig.build(**{key: kinds.get(key, str)(value) for key, value in given.items()}) == RunConfig.build(
        **settings
    )


def test_a_run_on_a_copy_of_a_dataset_is_replayed_on_the_dataset_itself():
    copied = run("abcdef", copy_of="cifar10", **RunConfig.build(dataset="/gone/copy.zip", preset="p2").to_json())
    assert results.replay_command(copied) == "python -m vaedash train --arch conv --dataset cifar10 --preset p2"


@pytest.mark.parametrize("said", ["imagenet", ["cifar10"], 7, ""])
def test_a_copy_of_what_is_unknown_is_replayed_as_it_was_asked(said):
    assert "--dataset /my/cats" in results.replay_command(run("abcdef", copy_of=said, dataset="/my/cats"))


def test_the_name_of_a_file_has_room_for_the_ids_of_some_runs_and_says_how_many_more():
    many = [run(f"abc{number:03}", 80.0) for number in range(40)]
    assert results.in_file_name(many[:2]) == "abc000-abc001"
    assert results.in_file_name(many) == "abc000-abc001-abc002-abc003-abc004-abc005-and-34-more"
