"""The words and the table of a comparison: no more is claimed than the figures allow."""

import dataclasses
import shlex
from pathlib import Path

import numpy as np
import pytest

from vaedash.cli import tables
from vaedash.comparing import alike, results, shuffle, verdict
from vaedash.config import RunConfig
from vaedash.measuring.measures import MEASURES
from vaedash.runs import Run, RunFolder, Status


def run(
    run_id: str,
    *tests: float | None,
    status: str = "finished",
    fingerprint: str = "ab12",
    name: str | None = None,
    rows: dict | None = None,
    copy_of: object = None,
    **settings,
) -> Run:
    """A run whose epochs have these test losses; each epoch's train loss falls, so the last is the kept one."""
    epochs = tuple(
        {
            "epoch": number,
            **dict.fromkeys(("train_recon", "train_kl", "test_recon", "test_kl"), 1.0),
            "train_loss": 100.0 - number,
            "test_loss": test,
            "beta": 1.0,
            "seconds": 2.5,
            "images_per_second": 100.0 * number,
            **(rows or {}),
        }
        for number, test in enumerate(tests, start=1)
    )
    dataset = {"name": "shapes", "fingerprint": fingerprint, "n_train": 20_000, "n_test": 2_000, "copy_of": copy_of}
    return Run(
        path=Path(run_id),
        settings=RunConfig(**settings),
        created="2027-01-01T00:00:00+00:00",
        facts=({"parameters": 77, "dataset": dataset},),
        epochs=epochs,
        progress=None,
        outcome=None,
        notes={"name": name} if name else {},
        status=Status(status),
    )


CONV, FC = run("abcdef", 80.0, 73.94, arch="conv"), run("ghjkmn", 90.0, 79.07, arch="fc")
FIGURES = "73.9 against 79.1 nats on the same 2,000 test images"
AHEAD = f"({FIGURES}), ahead from epoch 1 on"
LUCK = "One seed each: how much of it is luck, only more seeds can tell."
NO_COMPARISON = (
    "These runs cannot be compared: they differ in their images or in beta, so their losses have different units."
)


# ---- the verdict --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", [[CONV, FC], [FC, CONV]])
def test_the_lower_test_loss_leads_by_the_difference_whatever_the_order(chosen):
    assert verdict.sentence(chosen) == f"conv leads fc by 5.1 nats per image {AHEAD}. {LUCK}"


def test_the_best_of_each_architecture_are_compared():
    worst, second = run("xyzxyz", 95.0, arch="fc"), run("cccccc", 79.9, 74.0, arch="conv")
    assert verdict.sentence([worst, FC, second, CONV]) == verdict.sentence([CONV, FC])


@pytest.mark.parametrize(
    ("leader", "other", "since"),
    [
        ([5.0, 4.0, 3.0], [6.0, 5.0, 4.0], 1),
        ([7.0, 4.0, 3.0], [6.0, 5.0, 4.0], 2),
        ([5.0, 6.0, 3.0], [6.0, 5.0, 4.0], 3),  # behind again in between
        ([5.0, 5.0, 4.0], [6.0, 6.0, 4.0], None),  # level is not ahead
        ([5.0, 4.0], [6.0, 5.0, 1.0], 1),  # of the epochs that both have
        ([5.0, None, 4.0], [6.0, 6.0, 6.0], 3),
        ([], [6.0], None),
    ],
)
def test_a_leader_is_ahead_from_the_epoch_after_which_it_never_fell_behind(leader, other, since):
    assert verdict.ahead_from(run("abcdef", *leader), run("ghjkmn", *other)) == since


def test_the_kept_epoch_counts_not_the_last():
    spoilt = run("abcdef", 70.0, 99.0, arch="conv", rows={"train_loss": 50.0})  # equals: the first is kept
    assert verdict.sentence([spoilt, FC]).startswith("conv leads fc by 9.1 nats per image (70.0 against 79.1")


@pytest.mark.parametrize(
    "chosen", [[], [CONV], [CONV, run("ghjkmn", arch="fc")], [CONV, run("ghjkmn", None, arch="fc")]]
)
def test_two_measured_runs_are_needed(chosen):
    assert verdict.sentence(chosen) == "Two runs with a finished epoch each are needed for a comparison."


def test_the_verdict_says_where_the_best_linear_vae_would_be():
    line = {
        "pca": {split: {"loss": 76.13, "recon": 52.85, "kl": 23.28, "directions": 36} for split in ("train", "test")}
    }
    pair = [dataclasses.replace(one, measured=line) for one in (CONV, FC)]
    said = "The best linear VAE (PCA) would have 76.1: conv is 2.2 below, fc is 2.9 above."
    assert verdict.sentence(pair) == f"conv leads fc by 5.1 nats per image {AHEAD}. {said} {LUCK}"
    assert results.below_line(pair[0]) == pytest.approx(2.19)
    assert results.result(pair[1])["below_pca"] == pytest.approx(-2.94)
    assert "PCA" not in verdict.sentence([pair[0], FC])


def test_a_damaged_run_is_left_out():
    damaged = Run(
        path=Path("zzzzzz"),
        settings=None,
        created="",
        facts=(),
        epochs=CONV.epochs,
        progress=None,
        outcome=None,
        notes={},
        status=Status.DAMAGED,
        damage="Cannot be read.",
    )
    assert verdict.sentence([damaged, CONV, FC]) == verdict.sentence([CONV, FC])


@pytest.mark.parametrize(
    "other",
    [run("ghjkmn", 79.0, arch="fc", fingerprint="cd34"), run("ghjkmn", 79.0, arch="fc", beta=2.0)],
    ids=["images", "beta"],
)
def test_losses_of_different_units_are_never_compared(other):
    assert verdict.sentence([CONV, other]) == NO_COMPARISON
    assert not alike.same_axis(CONV, other)


def test_losses_within_a_warm_up_are_compared_only_at_the_same_beta():
    early, late = (
        run(run_id, 70.0, arch=arch, kl_warmup=10, rows={"beta": beta})
        for run_id, arch, beta in (("abcdef", "conv", 0.1), ("ghjkmn", "fc", 0.2))
    )
    assert verdict.sentence([early, late]) == NO_COMPARISON
    again = run("xyzxyz", 75.0, arch="fc", kl_warmup=10, rows={"beta": 0.1})
    assert verdict.sentence([early, again]).startswith("conv leads fc by 5.0 nats")


@pytest.mark.parametrize(("gap", "level"), [(0.0, True), (0.04, True), (0.06, False), (-0.04, True), (-0.06, False)])
def test_a_gap_that_rounds_to_nothing_is_level(gap, level):
    said = verdict.sentence([run("abcdef", 75.0, arch="conv"), run("ghjkmn", 75.0 + gap, arch="fc")])
    assert ("are level" in said) == level and ("leads" in said) != level
    if not level:
        assert said.startswith(f"{'conv leads fc' if gap > 0 else 'fc leads conv'} by 0.1 nats per image (")


def test_level_runs_are_said_to_be_level():
    assert verdict.sentence([run("abcdef", 75.01, arch="conv"), run("ghjkmn", 75.0, arch="fc")]) == (
        f"fc and conv are level (75.0 against 75.0 nats on the same 2,000 test images). {LUCK}"
    )


def test_what_else_differs_is_named_and_the_architecture_is_not_given_the_credit():
    other = run("ghjkmn", 79.07, arch="fc", lr=0.0005, latent_dim=64)
    assert verdict.sentence([CONV, other]) == (
        f"conv leads fc by 5.1 nats per image ({FIGURES}). "
        "They also differ in lr, latent_dim, so this is not the architecture's doing alone."
    )


@pytest.mark.parametrize(
    "setting",
    [
        {"batch_size": 32},
        {"seed": 1},
        {"kl_warmup": 1},
        {"fraction": 0.5},
        {"patience": 9},
        {"pixel_order": "shuffled"},
    ],
)
def test_every_setting_that_changes_the_figures_confounds(setting):
    [name] = setting
    assert f"They also differ in {name}, " in verdict.sentence([CONV, run("ghjkmn", 79.07, arch="fc", **setting)])


@pytest.mark.parametrize("setting", [{"epochs": 50}, {"device": "cpu"}, {"precision": "fp32"}])
def test_what_changes_no_figures_does_not_confound(setting):
    assert verdict.sentence([CONV, run("ghjkmn", 79.07, arch="fc", **setting)]).endswith(LUCK)


@pytest.mark.parametrize("status", ["running", "queued"])
def test_a_race_that_is_not_over_is_said_to_be_so(status):
    racing = run("ghjkmn", 79.07, arch="fc", status=status)
    assert verdict.sentence([CONV, racing]) == f"conv leads fc by 5.1 nats per image ({FIGURES}). Not over yet."


@pytest.mark.parametrize("status", ["early-stopped", "stopped", "interrupted", "diverged"])
def test_a_race_that_is_over_is_not(status):
    assert verdict.sentence([CONV, run("ghjkmn", 79.07, arch="fc", status=status)]).endswith(LUCK)


def test_runs_of_one_architecture_are_called_by_their_names():
    other = run("ghjkmn", 79.07, arch="conv", name="the other")
    said = verdict.sentence([run("abcdef", 73.94, arch="conv", name="mine"), other])
    assert said.startswith("mine leads the other by 5.1 nats")


# ---- what differs, and what may share an axis ---------------------------------------------------------------


def test_differing_settings_are_told_with_both_values():
    assert alike.differing_settings(CONV, run("x", arch="fc", seed=3)) == {"arch": ("conv", "fc"), "seed": (0, 3)}
    assert alike.differing_settings(CONV, CONV) == {}


def test_runs_are_grouped_by_axis_in_the_order_given():
    other, third = run("cccccc", fingerprint="cd34"), run("dddddd", beta=0.5)
    again = run("eeeeee", fingerprint="cd34")
    assert alike.groups([CONV, other, FC, third, again]) == [[CONV, FC], [other, again], [third]]
    assert alike.groups([]) == []


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


@pytest.mark.parametrize("said", ["mnist", ["cifar10"], 7, ""])
def test_a_copy_of_what_is_unknown_is_replayed_as_it_was_asked(said):
    assert "--dataset /my/cats" in results.replay_command(run("abcdef", copy_of=said, dataset="/my/cats"))


# ---- the table ----------------------------------------------------------------------------------------------


def test_a_row_holds_the_losses_of_the_kept_epoch_and_the_cost_of_all():
    equals = {"train_loss": 50.0}  # the first of them is kept
    chosen = run("abcdef", 80.0, 75.0, 90.0, arch="fc", name="mine", batch_size=32, rows=equals)
    assert results.result(chosen) == {
        "run": "abcdef",
        "name": "mine",
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
        **dict.fromkeys((key for name in MEASURES for key in (name, f"{name}_n")), None),
    }


def test_a_row_of_a_run_without_an_epoch_has_gaps_and_no_wrong_numbers():
    row = results.result(run("abcdef", **RunConfig.build(preset="p2").to_json()))
    assert (row["preset"], row["epochs"], row["seconds"]) == ("p2", 0, 0.0)
    assert [row[key] for key in ("best_epoch", "loss", "test_loss", "images_per_second")] == [None] * 4


def test_a_table_is_aligned_with_numbers_to_the_right():
    rows = [
        {"name": "a", "loss": 73.94, "n": 5, "mixed": "x"},
        {"name": "longer", "loss": None, "n": 12345, "mixed": 1.0},
        {"name": "", "loss": 1234.5, "n": None, "mixed": None},
    ]
    table = tables.text_table(rows, {"name": "name", "loss": "test loss", "n": "n", "mixed": "mixed"})
    assert table.splitlines() == [
        "name    test loss      n  mixed",
        "------  ---------  -----  -----",
        "a            73.9      5  x",
        "longer          -  12345  1.0",
        "            1,234      -  -",
    ]


def test_a_table_of_nothing_is_its_headings():
    assert tables.text_table([], {"a": "first", "b": "second"}).splitlines() == ["first  second", "-----  ------"]


def test_the_studys_table_has_the_studys_columns():
    table = tables.text_table([results.result(CONV), results.result(FC)], results.STUDY_COLUMNS)
    headings = table.splitlines()[0]
    for heading in ("preset", "model", "seed", "epochs to stop", "loss", "test loss", "seconds", "status", "run"):
        assert heading in headings
    assert "73.9" in table and "79.1" in table


# ---- difference or luck --------------------------------------------------------------------------------------


def with_losses(folder, chosen, losses):
    path = folder / chosen.id
    path.mkdir()
    RunFolder(path).figures.write_test_losses(losses)
    return dataclasses.replace(chosen, path=path)


def test_one_seed_each_is_judged_image_by_image_and_says_that_seeds_were_not_varied(tmp_path):
    rng = np.random.default_rng(0)
    easy = rng.gamma(4.0, 20.0, 2000)
    pair = [with_losses(tmp_path, one, easy + shift + rng.normal(0, 4, 2000)) for one, shift in ((CONV, 0), (FC, 5.13))]
    found = verdict.over_images([tuple(pair)])
    assert found.low < 5.13 < found.high and found.count == 2000
    said = verdict.sentence(pair)
    assert f"95% interval of the difference: {found.low:.1f} to {found.high:.1f} over other test images. {LUCK}" in said


def test_losses_of_other_images_are_not_paired(tmp_path):
    pair = [with_losses(tmp_path, one, np.ones(count)) for one, count in ((CONV, 5), (FC, 6))]
    assert verdict.over_images([tuple(pair)]) is None


def of_seeds(*gaps):
    return [
        run(f"{letter}bcde{seed}", 90.0, 74.0 + gap * (arch == "fc"), arch=arch, seed=seed)
        for seed, gap in enumerate(gaps)
        for letter, arch in (("a", "fc"), ("b", "conv"))
    ]


def test_with_several_seeds_the_lead_is_their_mean_and_its_interval_is_over_seeds():
    said = verdict.sentence(of_seeds(5.5, 5.9, 6.3))
    assert said.startswith("conv leads fc by 5.9 nats per image (74.0 against 79.9 nats, means of 3 seeds, on the same")
    assert "95% interval of the difference: 4.9 to 6.9 over other seeds." in said
    assert LUCK not in said and "differ in seed" not in said


def test_both_kinds_of_luck_are_told_apart_where_both_were_varied(tmp_path):
    hard = np.random.default_rng(0).normal(0.0, 20.0, 500)  # images differ far more than models do
    chosen = []
    for one in of_seeds(5.5, 5.9, 6.3):
        path = tmp_path / one.id
        path.mkdir()
        RunFolder(path).figures.write_test_losses(one.best["test_loss"] + hard)
        chosen.append(dataclasses.replace(one, path=path))
    said = verdict.sentence(chosen)
    assert "95% interval of the difference: 5.9 to 5.9 over other test images and 4.9 to 6.9 over other seeds." in said


def test_a_cell_of_a_study_is_a_mean_and_a_spread_over_seeds():
    cells = results.over_seeds([*of_seeds(5.5, 5.9, 6.3), run("single", 90.0, 70.0, latent_dim=64)])
    assert [(cell["model"], cell["seeds"]) for cell in cells] == [("fc", 3), ("conv", 3)]
    assert cells[0]["test_loss"] == pytest.approx(79.9) and cells[0]["test_loss_spread"] == pytest.approx(0.4)
    assert cells[1]["test_loss"] == pytest.approx(74.0) and cells[1]["test_loss_spread"] == 0.0
    assert set(results.SEEDS_COLUMNS) <= set(cells[0])


def test_runs_that_are_not_over_or_share_a_seed_are_no_cell():
    twins = [dataclasses.replace(one, settings=dataclasses.replace(one.config, seed=0)) for one in of_seeds(1.0, 1.0)]
    assert results.over_seeds(twins) == []
    assert results.over_seeds([dataclasses.replace(one, status="running") for one in of_seeds(1.0, 1.0)]) == []


def test_a_lead_that_another_seed_may_turn_is_called_luck():
    said = verdict.sentence(of_seeds(1.0, -1.5, 2.0))
    assert said.startswith("conv leads fc by 0.5 nats") and "over other seeds: it may be luck." in said


def test_the_best_single_run_does_not_decide_between_architectures_of_several_seeds():
    """fc has the best run of all, conv the lower mean."""
    assert verdict.sentence(of_seeds(-0.5, 3.0, 3.5)).startswith("conv leads fc by 2.0 nats")


def test_an_unfair_comparison_proposes_the_run_that_would_be_fair():
    unfair = run("qqqqqq", 85.0, arch="fc", batch_size=128)
    label, [fair] = verdict.proposed([CONV, unfair])
    assert label == f"Train fc with the settings of {CONV.name}"
    assert fair == dataclasses.replace(CONV.config, arch="fc")


def test_a_fair_comparison_proposes_another_seed():
    label, both = verdict.proposed([CONV, FC])
    assert label == "Train both with another seed (1)"
    assert [(one.arch, one.seed) for one in both] == [("conv", 1), ("fc", 1)]


@pytest.mark.parametrize("status", ["running", "queued"])
def test_nothing_is_proposed_while_they_run_or_without_their_images(status):
    assert verdict.proposed([dataclasses.replace(CONV, status=status), FC]) == ("", [])
    copied = run("abcdef", 80.0, arch="conv", copy_of="cifar10")
    assert verdict.proposed([copied, FC]) == ("", [])


def test_what_a_preset_gives_each_architecture_does_not_confound_but_is_said():
    pair = [
        run(f"{arch[0]}bcdef", 80.0, **RunConfig.build(preset="fast", arch=arch).to_json()) for arch in ("fc", "conv")
    ]
    assert "Preset fast gives each architecture a learning rate of its own." in verdict.sentence(pair)
    assert verdict.proposed(pair)[0] == "Train both with another seed (1)"


# ---- why conv wins ------------------------------------------------------------------------------------------


def four(**changes):
    losses = {("fc", "natural"): 79.0, ("conv", "natural"): 74.0, ("fc", "shuffled"): 79.0, ("conv", "shuffled"): 90.5}
    return [
        run(f"abcde{number}", loss, arch=arch, pixel_order=order, **changes)
        for number, ((arch, order), loss) in enumerate(losses.items())
    ]


def test_losses_on_shuffled_pixels_share_an_axis_with_the_others():
    assert alike.groups(four()) == [four()]


def test_a_shuffle_test_is_four_runs_alike_in_all_but_architecture_and_order():
    tested = shuffle.four_runs([CONV, FC, *four(lr=0.5)])
    assert {key: one.id for key, one in tested.items()} == {
        (one.config.arch, one.config.pixel_order): one.id for one in four()
    }
    assert shuffle.four_runs([*four()[:3], dataclasses.replace(four(seed=1)[3])]) == {}
    assert shuffle.four_runs([]) == {}
    settings = [RunConfig.build(preset="fast", arch=arch, pixel_order=order) for arch, order in tested]
    own_rates = [run(f"abcde{number}", 80.0, **one.to_json()) for number, one in enumerate(settings)]
    assert len(shuffle.four_runs(own_rates)) == 4


def test_what_the_shuffle_costs_each_architecture_is_told_once_all_are_over():
    tested = shuffle.four_runs(four())
    assert shuffle.sentence(tested) == "With shuffled pixels, conv is 16.5 nats worse and fc is as good as before."
    better = {**tested, ("fc", "shuffled"): run("ghjkmn", 78.0, arch="fc", pixel_order="shuffled")}
    assert shuffle.sentence(better) == "With shuffled pixels, conv is 16.5 nats worse and fc is 1.0 nats better."
    assert shuffle.sentence(shuffle.four_runs(four(status="running"))) == ""
