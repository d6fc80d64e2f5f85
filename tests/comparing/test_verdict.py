"""The words of a comparison: no more is claimed than the figures allow."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from imagined import CONV, FC, of_seeds, run

from vaedash.comparing import alike, missing, results, rivals, verdict
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
    assert verdict.sentence(chosen) == f"conv leads FC by 5.1 nats per image {AHEAD}. {LUCK}"


@pytest.mark.parametrize(
    ("conv", "fc", "said"),
    [
        (60.0, 80.0, "conv is 25% less wrong than FC on new pictures"),
        (79.9, 80.0, "conv is a trace less wrong than FC on new pictures"),
        (80.0, 60.0, "FC is 25% less wrong than conv on new pictures"),
        (80.0, 80.01, "FC and conv are level"),
    ],
)
def test_plain_words_say_the_lead_as_a_share_of_the_other_loss(conv, fc, said):
    judged = verdict.judged([run("ghjkmn", fc, arch="fc"), run("abcdef", conv, arch="conv")])
    assert {judged.plain, judged.plain.replace("conv and FC", "FC and conv")} & {said}
    assert judged.about.endswith(", one training each") and "nats" not in judged.plain


def test_the_runs_that_are_meant_are_named_with_the_number_of_their_seeds():
    judged = verdict.judged(of_seeds(5.5, 5.9, 6.3))
    assert judged.about.endswith(", 3 seeds each")
    assert all(one.name in judged.about for one in rivals.matched(of_seeds(5.5, 5.9, 6.3)).runs)


def test_the_best_of_each_architecture_are_compared():
    worst, second = run("xyzxyz", 95.0, arch="fc"), run("cccccc", 79.9, arch="conv")
    said = verdict.sentence([worst, FC, second, CONV])
    tried = f"These are {CONV.name} and {FC.name}, each the best of 2 runs by train loss."
    assert said == verdict.sentence([CONV, FC]).replace(LUCK, f"{tried} {LUCK}")


def test_the_loss_that_was_watched_picks_the_best_and_never_the_test_loss():
    """One that is lucky on the test images does not stand for its architecture."""
    lucky = run("cccccc", 60.0, arch="fc", rows={"train_loss": 99.0})
    found = rivals.matched([lucky, FC, CONV])
    assert [standing.run for standing in found.pairs[0]] == [CONV, FC]
    watching = [
        run(run_id, 70.0, arch="fc", monitor="val", lr=lr, rows={"train_loss": train, "val_loss": val})
        for run_id, lr, train, val in (("aaaaaa", 0.001, 60.0, 72.0), ("bbbbbb", 0.002, 66.0, 71.0))
    ]
    conv = run("cccccc", 69.0, arch="conv", monitor="val", rows={"val_loss": 69.5})
    assert rivals.matched([*watching, conv]).runs[1].id == "bbbbbb"
    said = verdict.sentence([*watching, conv])
    assert "the best of 2 runs by val loss, and" in said and "the only one: that favours FC." in said
    mixed = run("dddddd", 71.0, arch="fc", rows={"train_loss": 60.5, "val_loss": 70.0})
    assert "the best of 3 runs by train loss" in verdict.sentence([*watching, mixed, conv])


def test_the_best_of_twelve_settings_against_one_is_said_to_be_that():
    many = [
        run(f"fc{letter}aaa", 79.0 + at, arch="fc", lr=0.001 * (at + 1)) for at, letter in enumerate("abcdefghjkmn")
    ]
    said = verdict.sentence([*many, run("cccccc", 79.6, arch="conv")])
    assert "the best of 12 runs by train loss" in said and "the only one: that favours FC." in said


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


@pytest.mark.parametrize(("archs", "who"), [(("fc", "conv"), "Neither"), (("fc", "conv", "local"), "None of them")])
def test_where_nobody_knows_more_than_the_mean_picture_nobody_leads(archs, who):
    nothing = {"active_units": 0}
    judged = verdict.judged(
        [run(f"abcde{place}", 90.0 + place, arch=arch, rows=nothing) for place, arch in enumerate(archs)]
    )
    assert judged.plain == f"{who} has learned anything yet: the average of all pictures would do as well"
    assert judged.leader is None and not judged.fair


def test_one_training_made_twice_says_nothing_of_luck():
    said = verdict.sentence([CONV, run("ghjkmn", 80.0, 73.90, arch="conv")])
    assert "one training made twice, which says nothing of luck" in said and LUCK not in said


def test_the_kept_epoch_counts_not_the_last():
    spoilt = run("abcdef", 70.0, 99.0, arch="conv", rows={"train_loss": 50.0})  # equals: the first is kept
    assert verdict.sentence([spoilt, FC]).startswith("conv leads FC by 9.1 nats per image (70.0 against 79.1")


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
    said = "The best linear VAE (PCA) would have 76.1: conv is 2.2 below, FC is 2.9 above."
    assert verdict.sentence(pair) == f"conv leads FC by 5.1 nats per image {AHEAD}. {said} {LUCK}"
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
        unread={"metrics.json": "has no list of epochs"},
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
    early, late = run("abcdef", 70.0, arch="conv", kl_warmup=10), run("ghjkmn", 71.0, 70.0, arch="fc", kl_warmup=10)
    assert verdict.sentence([early, late]) == NO_COMPARISON
    again = run("xyzxyz", 75.0, arch="fc", kl_warmup=10)
    said = verdict.sentence([early, again])
    assert said.startswith("So far, within the KL warm-up, conv is 5.0 nats per image ahead of FC (")
    assert missing.proposed([early, late]) == missing.Missing()


def test_what_an_older_run_does_not_say_of_its_beta_follows_from_its_settings():
    without = [
        dataclasses.replace(run, epochs=tuple({**row, "beta": None} for row in run.epochs)) for run in (CONV, FC)
    ]
    without = [
        dataclasses.replace(run, epochs=tuple({k: v for k, v in row.items() if k != "beta"} for row in run.epochs))
        for run in without
    ]
    assert verdict.sentence([without[0], FC]) == verdict.sentence([CONV, FC])
    warm = [dataclasses.replace(run, settings=dataclasses.replace(run.config, kl_warmup=10)) for run in without]
    assert verdict.sentence(warm).startswith("So far, within the KL warm-up")


@pytest.mark.parametrize("odd", [{"beta": 0.0}, {"fingerprint": "cd34"}, {"kl_warmup": 50}])
def test_an_odd_run_among_comparable_ones_does_not_hide_who_leads(odd):
    other = run("xyzxyz", 9.0, arch="fc", rows={"train_loss": 9.0}, **odd)
    said = verdict.sentence([other, CONV, FC])
    assert said.startswith("conv leads FC by 5.1 nats")
    left_out = "Left out: 1 other run on other images or at another beta." in said
    assert left_out != (f"Nothing here to compare with: {other.name} (" in said)
    assert missing.proposed([other, CONV, FC]).label == "Train both with another seed (1)"


@pytest.mark.parametrize(("gap", "level"), [(0.0, True), (0.04, True), (0.06, False), (-0.04, True), (-0.06, False)])
def test_a_gap_that_rounds_to_nothing_is_level(gap, level):
    said = verdict.sentence([run("abcdef", 75.0, arch="conv"), run("ghjkmn", 75.0 + gap, arch="fc")])
    assert ("are level" in said) == level and ("leads" in said) != level
    if not level:
        assert said.startswith(f"{'conv leads FC' if gap > 0 else 'FC leads conv'} by 0.1 nats per image (")


def test_level_runs_are_said_to_be_level():
    assert verdict.sentence([run("abcdef", 75.01, arch="conv"), run("ghjkmn", 75.0, arch="fc")]) == (
        f"FC and conv are level (75.0 against 75.0 nats on the same 2,000 test images). {LUCK}"
    )


def test_what_else_differs_is_named_and_the_architecture_is_not_given_the_credit():
    other = run("ghjkmn", 90.0, 79.07, arch="fc", lr=0.0005, latent_dim=64)
    assert verdict.sentence([CONV, other]) == (
        f"conv leads FC by 5.1 nats per image {AHEAD}. "
        f"They also differ in lr, latent_dim, so how much of it is the architecture's doing is not known. {LUCK}"
    )


def decider(run_id, *losses, tuning="fair", **settings):
    return dataclasses.replace(run(run_id, *losses, **settings), notes={"tuning": tuning})


def test_the_best_settings_of_each_out_of_one_tuning_are_no_fault_of_the_comparison():
    conv, fc = decider("abcdef", 80.0, 73.94, arch="conv"), decider("ghjkmn", 90.0, 79.07, arch="fc", lr=0.0005)
    tuned = "Each has the settings (lr) that did best for it in equally many tries."
    confounds = "They also differ in lr, so how much of it is the architecture's doing is not known."
    assert tuned in verdict.sentence([conv, fc])
    for other in (
        decider("ghjkmn", 90.0, 79.07, arch="fc", lr=0.0005, tuning="another"),
        dataclasses.replace(fc, notes={"tuning": "fair", "trial": 3}),
    ):
        assert confounds in verdict.sentence([conv, other])
    other_seed = verdict.sentence([conv, decider("ghjkmn", 90.0, 79.07, arch="fc", lr=0.0005, seed=1)])
    assert "They also differ in lr, seed, " in other_seed
    assert tuned not in verdict.sentence([conv, decider("ghjkmn", 90.0, 79.07, arch="fc")])


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
    assert f"They also differ in {name}, " in verdict.sentence([CONV, run("ghjkmn", 90.0, 79.07, arch="fc", **setting)])


@pytest.mark.parametrize("setting", [{"epochs": 50}, {"device": "cpu"}, {"precision": "fp32"}])
def test_what_changes_no_figures_does_not_confound(setting):
    assert verdict.sentence([CONV, run("ghjkmn", 90.0, 79.07, arch="fc", **setting)]) == verdict.sentence([CONV, FC])


@pytest.mark.parametrize("status", ["running", "queued"])
def test_a_race_that_is_not_over_is_said_to_be_so(status):
    racing = run("ghjkmn", 90.0, 79.07, arch="fc", status=status)
    assert verdict.sentence([CONV, racing]) == f"conv leads FC by 5.1 nats per image {AHEAD}. Not over yet."
    behind = run("ghjkmn", 79.07, arch="fc", status=status)
    uneven = "No fair comparison yet: conv has looked at all pictures twice, FC once"
    assert verdict.judged([CONV, behind]).plain == uneven
    assert verdict.judged([CONV, behind]).headline == "No fair comparison yet: conv has had 2 epochs, FC 1"


def long(run_id, done, *, loss=79.0, status="finished", **settings):
    """A run whose test loss fell to `loss` over so many epochs."""
    return run(run_id, *(loss + done - number for number in range(1, done + 1)), status=status, **settings)


@pytest.mark.parametrize(
    ("status", "how"),
    [
        ("stopped", "conv was stopped by hand after 2 epochs"),
        ("interrupted", "conv was interrupted after 2 epochs"),
        ("failed", "conv failed after 2 epochs"),
        ("diverged", "conv diverged after 2 epochs"),
        ("finished", "conv reached its limit of 2 epochs"),
    ],
)
def test_unequal_training_is_said_first_and_nobody_leads(status, how):
    fc, conv = long("ghjkmn", 40, loss=23.6, arch="fc"), long("abcdef", 2, loss=80.0, status=status, arch="conv")
    judged = verdict.judged([conv, fc])
    if status == "diverged":
        assert judged.headline == "No fair comparison: the training of conv broke down after 2 epochs, FC has had 40"
    else:
        assert judged.headline == "No fair comparison yet: FC has had 40 epochs, conv 2"
    assert (judged.leader, judged.fair) == (None, False)
    assert judged.grounds.startswith(
        "FC is 56.4 nats per image ahead, 23.6 against 80.0 nats on the same 2,000 test images. "
        f"Training: FC reached its limit of 40 epochs; {how}."
    )


def test_the_epoch_in_which_a_run_diverged_does_not_count_as_one():
    conv = run("abcdef", 80.0, None, status="diverged", arch="conv")
    headline = "No fair comparison: the training of conv broke down after 1 epoch, FC has had 2"
    assert verdict.judged([conv, FC]).headline == headline


def test_one_that_was_stopped_where_the_other_ended_is_named_and_no_more():
    stopped = dataclasses.replace(FC, status=Status.STOPPED)
    said = verdict.sentence([CONV, stopped])
    assert said.startswith("conv leads FC by 5.1 nats")
    assert "Training: conv reached its limit of 2 epochs; FC was stopped by hand after 2 epochs." in said


def test_early_stopping_at_very_different_epochs_is_no_unfairness_but_worth_a_word():
    three, nineteen = (
        long(run_id, epochs, status="early-stopped", arch=arch)
        for run_id, epochs, arch in (("abcdef", 3, "conv"), ("ghjkmn", 19, "fc"))
    )
    said = verdict.sentence([three, dataclasses.replace(nineteen)])
    assert "FC stopped early, after 19 epochs; conv stopped early, after 3 epochs, perhaps too soon for conv." in said
    assert "fair" not in said
    proposal = missing.proposed([three, nineteen])
    assert proposal.label == "Train both with twice the patience"
    assert {settings.patience for settings in proposal.settings} == {10}
    alike_enough = long("ghjkmn", 4, loss=85.0, status="early-stopped", arch="fc")
    assert "Training" not in verdict.sentence([three, alike_enough])


def test_every_caveat_is_said_the_weightiest_first():
    other = run("ghjkmn", 79.07, arch="fc", status="stopped", batch_size=32, lr=0.01, latent_dim=64)
    said = verdict.sentence([CONV, other])
    places = [said.index(part) for part in ("No fair", "Training:", "differ in batch_size, lr, latent_dim", LUCK)]
    assert places == sorted(places)


def test_a_warm_up_that_is_not_over_is_said_and_only_its_own_beta_counts(tmp_path):
    line = {"pca": {split: {"loss": 76.1, "recon": 52.8, "kl": 23.3, "directions": 36} for split in ("train", "test")}}
    pair = [
        with_losses(
            tmp_path,
            dataclasses.replace(run(f"{arch[0]}bcdef", 60.0, loss, arch=arch, kl_warmup=10), measured=line),
            np.full(50, 99.0 + loss),
        )
        for arch, loss in (("conv", 50.0), ("fc", 55.0))
    ]
    said = verdict.sentence(pair)
    assert said.startswith(
        "So far, within the KL warm-up, conv is 5.0 nats per image ahead of FC (50.0 against 55.0 nats"
    )
    assert "The KL warm-up has come to beta 0.2 of 1; the order may still change." in said
    assert "interval" not in said and "PCA" not in said
    assert results.below_line(pair[0]) is None


def test_without_a_price_on_the_numbers_there_are_no_nats():
    said = verdict.sentence([dataclasses.replace(run, settings=dataclasses.replace(run.config, beta=0.0)) for run in (
        run("abcdef", 73.0, arch="conv", rows={"beta": 0.0}), run("ghjkmn", 79.0, arch="fc", rows={"beta": 0.0})
    )])  # fmt: skip
    assert said.startswith(
        "conv leads FC by 6.0 units of squared error per image (73.0 against 79.0 units of squared error"
    )
    assert "nats" not in said
    assert "At beta 0 only redrawing counts: this says nothing of pictures that are made up." in said


def test_few_test_images_decide_nothing():
    few = [
        dataclasses.replace(run, facts=({"dataset": run.dataset | {"n_test": count}},))
        for run, count in ((CONV, 3), (FC, 3))
    ]
    judged = verdict.judged(few)
    assert judged.headline == "No clear leader: conv is 5.1 nats per image ahead of FC, which may be luck"
    assert "on the same 3 test images. So few test images cannot tell a difference from luck" in judged.grounds
    assert missing.proposed(few) == missing.Missing()  # another seed would not help
    single = [dataclasses.replace(run, facts=({"dataset": run.dataset | {"n_test": 1}},)) for run in few]
    assert "on the same test image." in verdict.judged(single).grounds


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
    found = rivals.matched(pair).over_images()
    assert found.low < 5.13 < found.high and found.count == 2000
    said = verdict.sentence(pair)
    assert (
        f"95% interval of the lead of conv: {found.low:.1f} to {found.high:.1f} over other test images. {LUCK}" in said
    )


def test_losses_of_other_images_are_not_paired(tmp_path):
    pair = [with_losses(tmp_path, run, np.ones(count)) for run, count in ((CONV, 5), (FC, 6))]
    assert rivals.matched(pair).over_images() is None


def test_losses_of_weights_that_are_not_the_kept_ones_are_not_used(tmp_path):
    stale = [with_losses(tmp_path, run, np.full(50, loss)) for run, loss in ((CONV, 1.0), (FC, 2.0))]
    stale = [dataclasses.replace(run, measured={"epoch": 1}) for run in stale]
    assert rivals.matched(stale).over_images() is None and rivals.matched(stale).gap == pytest.approx(5.13)


def test_the_gap_and_its_interval_rest_on_the_same_figures(tmp_path):
    """In an older run of low precision, the loss of an epoch was measured in that; the losses of single images were not."""
    rng = np.random.default_rng(0)
    pair = [with_losses(tmp_path, run, loss + rng.normal(0, 1, 400)) for run, loss in ((CONV, 73.9), (FC, 79.2))]
    found = rivals.matched(pair)
    assert found.gap == pytest.approx(found.over_images().mean, abs=1e-5) and found.gap != pytest.approx(5.13, abs=1e-3)
    assert found.gaps == pytest.approx([found.gap])


def test_with_several_seeds_the_lead_is_their_mean_and_its_interval_is_over_seeds():
    said = verdict.sentence(of_seeds(5.5, 5.9, 6.3))
    assert said.startswith("conv leads FC by 5.9 nats per image (74.0 against 79.9 nats, means of 3 seeds, on the same")
    assert "95% interval of the lead of conv: 4.9 to 6.9 over other seeds." in said
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
    assert (
        "95% interval of the lead of conv: 5.9 to 5.9 over other test images and 4.9 to 6.9 over other seeds." in said
    )


def test_a_lead_that_another_seed_may_turn_is_called_luck():
    said = verdict.sentence(of_seeds(1.0, -1.5, 2.0))
    assert said.startswith("No clear leader: conv is 0.5 nats per image ahead of FC, which may be luck (")
    assert "95% interval of the lead of conv (below 0: the other one's): -4.0 to 5.0 over other seeds." in said
    assert verdict.judged(of_seeds(1.0, -1.5, 2.0)).leader is None


def test_every_seed_is_shown_and_what_the_interval_takes_for_granted():
    said = verdict.sentence(of_seeds(5.5, 5.9, 6.3))
    assert "The one over seeds takes differences to follow a bell curve, which 3 seeds cannot show." in said
    assert "Seed by seed (0, 1, 2) the difference is 5.5, 5.9 and 6.3." in said


def test_a_training_that_got_stuck_is_counted_and_named():
    *rest, last = of_seeds(5.5, 5.9, 8.7)[::-1]
    chosen = [
        dataclasses.replace(run, epochs=tuple(row | {"active_units": 0} for row in run.epochs))
        if run.config.arch == "fc" and run.config.seed == 2
        else run
        for run in (*rest, last)
    ]
    said = verdict.sentence(chosen)
    assert "In 1 of 3 seeds a training got stuck, so the interval over seeds is not to be trusted" in said
    assert "without these seeds the lead is 5.7." in said
    assert "FC: seed 2 is stuck, with no latent in use." in said


def test_a_run_that_was_cut_short_is_no_seed_and_of_two_runs_of_one_seed_the_newer_counts():
    whole = of_seeds(5.5, 5.9, 6.3)
    cut = run("cutcut", 99.0, arch="fc", seed=3, status="stopped")
    twin = run("twinab", 90.0, 74.0 + 9.9, arch="fc", seed=0, created="2027-06-01T00:00:00+00:00")
    said = verdict.sentence([*whole, cut, twin])
    assert "means of 3 seeds" in said and "Seed by seed (0, 1, 2) the difference is 9.9, 5.9 and 6.3." in said
    assert "FC: not counted: 1 stopped, 1 older of seed 0." in said


def test_a_stuck_training_without_a_partner_says_nothing_of_the_interval():
    alone = run("stuckk", 90.0, 82.7, arch="fc", seed=7, rows={"active_units": 0})
    said = verdict.sentence([*of_seeds(5.5, 5.9), alone])
    assert "not to be trusted" not in said and "seed 7 has no partner" in said and "means of 2 seeds" in said


def test_seeds_on_other_images_are_no_seeds_of_one_study():
    first, others = of_seeds(5.5, 5.9)[:2], of_seeds(5.5, 6.9)[2:]
    moved = [dataclasses.replace(run, facts=({"dataset": run.dataset | {"fingerprint": "cd34"}},)) for run in others]
    said = verdict.sentence([*first, *moved])
    assert "means" not in said and said.startswith("shapes, ab12: conv leads") and "\nshapes, cd34: conv leads" in said


def test_how_seeds_ended_is_said_together_only_where_they_ended_alike():
    limit, early = ({"status": status, "epochs": 20} for status in ("finished", "early-stopped"))
    convs = [
        long(
            f"c{seed}bcde", 20 if seed == 0 else 8, loss=74.0, arch="conv", seed=seed, **(limit if seed == 0 else early)
        )
        for seed in range(3)
    ]
    fcs = [long(f"f{seed}bcde", 15 + seed, loss=80.0, arch="fc", seed=seed, **early) for seed in range(3)]
    said = verdict.sentence([*convs, *fcs])
    assert "fair" not in said
    fcs = [long(f"f{seed}bcde", 20, loss=80.0, arch="fc", seed=seed, **early) for seed in range(3)]
    said = verdict.sentence([*convs, *fcs])
    assert "Training: conv ended after 12 epochs on average; FC stopped early, after 20 epochs." in said


def test_a_lucky_seed_does_not_speak_for_its_settings():
    lucky = [
        run(f"a{seed}bcde", loss, arch="fc", lr=0.01, seed=seed, rows={"train_loss": loss})
        for seed, loss in ((0, 60.0), (1, 90.0))
    ]
    steady = [run(f"b{seed}bcde", 70.0, arch="fc", seed=seed, rows={"train_loss": 70.0}) for seed in (0, 1)]
    conv = [run(f"c{seed}bcde", 65.0, arch="conv", seed=seed, rows={"train_loss": 65.0}) for seed in (0, 1)]
    found = rivals.matched([*lucky, *steady, *conv])
    assert {standing.run.config.lr for standing in found.sides[1]} == {0.001} and found.tried == (1, 2)


def test_two_settings_of_one_architecture_are_not_each_the_best_of_two():
    said = verdict.sentence([CONV, run("cccccc", 90.0, 80.0, arch="conv", lr=0.01)])
    assert "best of" not in said


def test_seeds_that_cancel_are_not_level(tmp_path):
    judged = verdict.judged(of_seeds(4.0, -4.0, 0.1))
    assert judged.headline == "No clear leader: conv is 0.0 nats per image ahead of FC, which may be luck"
    assert not judged.level


def test_each_side_is_held_against_the_line_of_its_own_latents():
    lines = [
        dataclasses.replace(
            run,
            measured={
                "pca": {split: {"loss": loss, "recon": 1.0, "kl": 1.0, "directions": 3} for split in ("train", "test")}
            },
        )
        for run, loss in ((CONV, 76.1), (FC, 90.1))
    ]
    said = verdict.sentence(lines)
    assert "with as many latents would have 76.1 and 90.1: conv is 2.2 below, FC is 11.0 below." in said


def test_how_many_images_there_are_is_what_was_measured_and_unknown_is_not_none(tmp_path):
    few = [with_losses(tmp_path, run, np.ones(3) * loss) for run, loss in ((CONV, 70.0), (FC, 75.0))]
    assert verdict.judged(few).headline.startswith("No clear leader")
    unknown = [dataclasses.replace(run, facts=({"dataset": {"fingerprint": "ab12"}},)) for run in (CONV, FC)]
    assert "on the same test images)" in verdict.sentence(unknown)


def test_the_best_single_run_does_not_decide_between_architectures_of_several_seeds():
    """fc has the best run of all, conv the lower mean."""
    assert "conv is 2.0 nats per image ahead" in verdict.sentence(of_seeds(-0.5, 3.0, 3.5))


# ---- what is missing -----------------------------------------------------------------------------------------


def test_an_unfair_comparison_proposes_the_run_that_would_be_fair():
    unfair = run("qqqqqq", 90.0, 85.0, arch="fc", batch_size=128)
    proposal = missing.proposed([CONV, unfair])
    fair = dataclasses.replace(CONV.config, arch="fc")
    assert (proposal.label, proposal.settings) == (f"Train FC with the settings of {CONV.name}", (fair,))
    there = run("rrrrrr", 90.0, 86.0, arch="fc", rows={"train_loss": 99.5})
    assert missing.proposed([CONV, unfair, there]) == missing.Missing()  # it has been trained


def test_a_fair_comparison_proposes_another_seed():
    proposal = missing.proposed([CONV, FC])
    assert proposal.label == "Train both with another seed (1)"
    assert [(settings.arch, settings.seed) for settings in proposal.settings] == [("conv", 1), ("fc", 1)]


@pytest.mark.parametrize("status", ["stopped", "interrupted", "failed"])
def test_a_training_that_was_cut_short_is_to_go_on(status):
    short = run("ghjkmn", 90.0, arch="fc", status=status)
    proposal = missing.proposed([CONV, short])
    assert (proposal.label, proposal.resumed, proposal.settings) == ("Resume FC", short, ())


def test_a_limit_that_was_too_low_is_raised_to_the_others():
    proposal = missing.proposed([CONV, run("ghjkmn", 90.0, arch="fc", epochs=1)])
    assert proposal.label == "Train FC for up to 100 epochs too"
    assert [(settings.arch, settings.epochs) for settings in proposal.settings] == [("fc", 100)]


def test_after_a_divergence_both_learn_more_slowly():
    proposal = missing.proposed([CONV, run("ghjkmn", 90.0, None, arch="fc", status="diverged")])
    assert proposal.label == "Train both with half their learning rate"
    assert {(settings.arch, settings.lr) for settings in proposal.settings} == {("fc", 0.0005), ("conv", 0.0005)}


@pytest.mark.parametrize("status", [Status.RUNNING, Status.QUEUED])
def test_nothing_is_proposed_while_they_run_or_without_their_images(status):
    assert missing.proposed([dataclasses.replace(CONV, status=status), FC]) == missing.Missing()
    copied = run("abcdef", 80.0, arch="conv", copy_of="cifar10")
    assert missing.proposed([copied, FC]) == missing.Missing()


def test_what_a_preset_gives_each_architecture_does_not_confound_but_is_said():
    pair = [
        run(f"{arch[0]}bcdef", 80.0, **RunConfig.build(preset="fast", arch=arch).to_json()) for arch in ("fc", "conv")
    ]
    assert "Preset fast gives each architecture a learning rate of its own." in verdict.sentence(pair)
    assert missing.proposed(pair).label == "Train both with another seed (1)"


def test_half_its_own_learning_rate_stays_each_architectures_own():
    diverged = run("abcdef", 90.0, None, status="diverged", **RunConfig.build(preset="fast", arch="conv").to_json())
    other = run("ghjkmn", 90.0, 80.0, **RunConfig.build(preset="fast", arch="fc").to_json())
    proposal = missing.proposed([diverged, other])
    assert {(settings.arch, settings.lr) for settings in proposal.settings} == {("conv", 0.005), ("fc", 0.002)}


def test_nothing_is_proposed_that_a_setting_does_not_allow_or_that_is_there_already():
    slow = [run("abcdef", 90.0, None, arch="conv", lr=1e-6, status="diverged"), dataclasses.replace(FC)]
    assert missing.proposed(slow) == missing.Missing()
    last = [dataclasses.replace(run, settings=dataclasses.replace(run.config, seed=2**31 - 1)) for run in (CONV, FC)]
    assert missing.proposed(last) == missing.Missing()
    short = run("ghjkmn", 90.0, arch="fc", epochs=1)
    there = run("rrrrrr", 90.0, 95.0, arch="fc", rows={"train_loss": 99.9})
    assert missing.proposed([CONV, short, there]) == missing.Missing()


def test_beyond_a_warm_up_limits_only_rise_and_what_was_stopped_goes_on():
    warm = [run(f"{arch[0]}bcdef", 80.0, arch=arch, kl_warmup=10) for arch in ("fc", "conv")]
    assert missing.proposed(warm) == missing.Missing()  # they were asked for enough
    short = [dataclasses.replace(run, settings=dataclasses.replace(run.config, epochs=1)) for run in warm]
    assert {settings.epochs for settings in missing.proposed(short).settings} == {20}
    stopped = [dataclasses.replace(run, status=Status.STOPPED) for run in warm]
    assert missing.proposed(stopped).resumed in stopped
