"""The words of a comparison: no more is claimed than the figures allow."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from imagined import CONV, FC, of_seeds, run

from vaedash.comparing import alike, results, verdict
from vaedash.config import RunConfig
from vaedash.runs import Run, RunFolder, Status

FIGURES = "73.9 against 79.1 nats on the same 2,000 test images"
AHEAD = f"({FIGURES}), ahead from epoch 1 on"
LUCK = "One seed each: how much of it is luck, only more seeds can tell."
NO_COMPARISON = (
    "These runs cannot be compared: they differ in their images or in beta, so their losses have different units."
)


# ---- who leads, by how much, since when ----------------------------------------------------------------------


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
    pair = [dataclasses.replace(run, measured=line) for run in (CONV, FC)]
    said = "The best linear VAE (PCA) would have 76.1: conv is 2.2 below, fc is 2.9 above."
    assert verdict.sentence(pair) == f"conv leads fc by 5.1 nats per image {AHEAD}. {said} {LUCK}"
    assert results.below_line(pair[0]) == pytest.approx(2.19)
    assert results.result(pair[1]).below_pca == pytest.approx(-2.94)
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


# ---- difference or luck --------------------------------------------------------------------------------------


def with_losses(folder, chosen, losses):
    path = folder / chosen.id
    path.mkdir()
    RunFolder(path).figures.write_test_losses(losses)
    return dataclasses.replace(chosen, path=path)


def test_one_seed_each_is_judged_image_by_image_and_says_that_seeds_were_not_varied(tmp_path):
    rng = np.random.default_rng(0)
    easy = rng.gamma(4.0, 20.0, 2000)
    pair = [with_losses(tmp_path, run, easy + shift + rng.normal(0, 4, 2000)) for run, shift in ((CONV, 0), (FC, 5.13))]
    found = verdict.over_images([tuple(pair)])
    assert found.low < 5.13 < found.high and found.count == 2000
    said = verdict.sentence(pair)
    assert f"95% interval of the difference: {found.low:.1f} to {found.high:.1f} over other test images. {LUCK}" in said


def test_losses_of_other_images_are_not_paired(tmp_path):
    pair = [with_losses(tmp_path, run, np.ones(count)) for run, count in ((CONV, 5), (FC, 6))]
    assert verdict.over_images([tuple(pair)]) is None


def test_with_several_seeds_the_lead_is_their_mean_and_its_interval_is_over_seeds():
    said = verdict.sentence(of_seeds(5.5, 5.9, 6.3))
    assert said.startswith("conv leads fc by 5.9 nats per image (74.0 against 79.9 nats, means of 3 seeds, on the same")
    assert "95% interval of the difference: 4.9 to 6.9 over other seeds." in said
    assert LUCK not in said and "differ in seed" not in said


def test_both_kinds_of_luck_are_told_apart_where_both_were_varied(tmp_path):
    hard = np.random.default_rng(0).normal(0.0, 20.0, 500)  # images differ far more than models do
    chosen = []
    for imagined in of_seeds(5.5, 5.9, 6.3):
        path = tmp_path / imagined.id
        path.mkdir()
        RunFolder(path).figures.write_test_losses(imagined.best["test_loss"] + hard)
        chosen.append(dataclasses.replace(imagined, path=path))
    said = verdict.sentence(chosen)
    assert "95% interval of the difference: 5.9 to 5.9 over other test images and 4.9 to 6.9 over other seeds." in said


def test_a_lead_that_another_seed_may_turn_is_called_luck():
    said = verdict.sentence(of_seeds(1.0, -1.5, 2.0))
    assert said.startswith("conv leads fc by 0.5 nats") and "over other seeds: it may be luck." in said


def test_the_best_single_run_does_not_decide_between_architectures_of_several_seeds():
    """fc has the best run of all, conv the lower mean."""
    assert verdict.sentence(of_seeds(-0.5, 3.0, 3.5)).startswith("conv leads fc by 2.0 nats")


# ---- what is missing -----------------------------------------------------------------------------------------


def test_an_unfair_comparison_proposes_the_run_that_would_be_fair():
    unfair = run("qqqqqq", 85.0, arch="fc", batch_size=128)
    label, [fair] = verdict.proposed([CONV, unfair])
    assert label == f"Train fc with the settings of {CONV.name}"
    assert fair == dataclasses.replace(CONV.config, arch="fc")


def test_a_fair_comparison_proposes_another_seed():
    label, both = verdict.proposed([CONV, FC])
    assert label == "Train both with another seed (1)"
    assert [(settings.arch, settings.seed) for settings in both] == [("conv", 1), ("fc", 1)]


@pytest.mark.parametrize("status", [Status.RUNNING, Status.QUEUED])
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
