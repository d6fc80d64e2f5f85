"""A ladder is put together from runs alike in all but what it is about, and each step is worth what its seeds say."""

import dataclasses
import json

import pytest
from imagined import WEIGHTS, run, rung_of

from vaedash import config
from vaedash.comparing import ladder, reasons
from vaedash.config import RunConfig

BASE = RunConfig.build(preset="p1", epochs=5)
LOSSES = {"fc": 110.0, "fc like conv": 109.0, "local like fc": 89.0, "local": 86.0, "conv": 83.0}


def climbed(*, seeds=(0, 1, 2), orders=("natural",), but=None, stuck=(), **changes):
    """The runs of a ladder with these losses, seeds half a nat apart; `but` has others by rung and order; `stuck` are (rung, seed)."""
    made = []
    for number, settings in enumerate(ladder.settings(BASE, ladder.USUAL_WIDTHS, seeds=seeds, orders=orders)):
        rung = rung_of(settings)
        loss = (but or {}).get((rung.key, settings.pixel_order), LOSSES[rung.key]) + 0.5 * settings.seed
        learned = (rung.key, settings.seed) not in stuck
        one = run(
            f"a{number:05d}"[:6],
            loss if learned else 160.0,
            rows={"active_units": 30 if learned else 0},
            **(settings.to_json() | changes),
        )
        facts = {**one.facts[0], "parameters": WEIGHTS[rung.key]}
        made.append(dataclasses.replace(one, facts=(facts,)))
    return made


def test_a_ladder_is_five_models_with_each_seed_and_order_whole_ladders_first():
    asked = ladder.settings(BASE, ladder.USUAL_WIDTHS, seeds=(0, 1), orders=config.PIXEL_ORDERS)
    assert len(asked) == 20 and {settings.preset for settings in asked} == {"p1"}
    first = [(settings.arch, settings.widths, settings.pixel_order, settings.seed) for settings in asked[:5]]
    assert first == [
        ("fc", "", "natural", 0),
        ("fc", "167-128", "natural", 0),
        ("local", "18-36-71", "natural", 0),
        ("local", "", "natural", 0),
        ("conv", "", "natural", 0),
    ]


def test_the_widths_that_pages_know_are_those_that_matching_finds():
    from vaedash.models import matching

    plain = dataclasses.replace(BASE, preset=None)
    for rung in ladder.RUNGS:
        if rung.like:
            own, like = (dataclasses.replace(plain, arch=arch) for arch in (rung.arch, rung.like))
            widths = matching.matched(own, like, matching.by(matching.weights)).widths
            assert widths == ladder.USUAL_WIDTHS[rung.key]


def test_each_step_is_worth_the_mean_of_what_it_is_for_each_seed():
    (found,) = ladder.found(climbed())
    assert [round(step.worth, 6) for step in found.steps()] == [1.0, 20.0, 3.0, 3.0]
    assert found.step("fc", "conv").worth == pytest.approx(27.0)
    assert all(step.clear for step in found.steps())  # seeds move both ends alike here
    assert found.orders() == ["natural"] and found.pictures == "shapes" and found.n_test == 2_000
    assert found.command == "python -m vaedash ladder --dataset shapes --preset p1 --epochs 5"
    assert sorted(found.runs) == sorted(run.id for run in climbed())


def test_one_seed_has_no_interval_and_says_so():
    (found,) = ladder.found(climbed(seeds=(4,)))
    assert {step.interval for step in found.steps()} == {None}
    assert ladder.in_nats(found.step("fc", "conv")) == "27.0 nats (one seed)"
    assert reasons.headline(found) == "Because it looks at neighbours"


def test_runs_that_differ_in_anything_else_are_no_ladder():
    one = climbed()
    assert ladder.found(one[:4]) == []  # of the first seed, conv is lacking
    others = climbed(latent_dim=64, preset=None)
    assert ladder.found([*one[:4], *others[4:5]]) == []
    assert len(ladder.found([*one, *others])) == 2
    assert ladder.found([]) == []
    wide = [
        dataclasses.replace(run, facts=({**run.facts[0], "parameters": 2_000_000},)) for run in one if run.config.widths
    ]
    assert ladder.found([*wide, *(run for run in one if not run.config.widths)]) == []  # not matched


def test_a_stuck_seed_is_counted_and_left_out_of_the_means():
    (found,) = ladder.found(climbed(stuck=[("fc like conv", 1)]))
    narrow = found.rungs[1]
    assert narrow.stuck == {"natural": [1]} and narrow.losses["natural"][1] == 160.0
    assert found.mean("fc like conv", "natural") == pytest.approx(109.5)  # seeds 0 and 2
    assert found.steps()[0].interval.count == 2
    assert (
        "Stuck, with no latent in use, and left out of the means: FC 167-128, pixels as they are, seed 1."
        in reasons.in_figures(found)
    )
    assert [row["stuck"] for row in ladder.rows(found)] == [0, 1, 0, 0, 0]
    assert reasons.plainly(found).endswith("with as few as conv, FC is no better, and 1 of 3 trainings got stuck.")


def test_a_ladder_is_read_back_from_its_record():
    (found,) = ladder.found(climbed(orders=config.PIXEL_ORDERS, stuck=[("fc", 2)]))
    again = ladder.from_json(json.loads(json.dumps(ladder.to_json(found))))
    assert again == dataclasses.replace(found, runs=())


def test_what_comes_along_is_whole():
    for known in ladder.recorded():
        assert [trained.rung for trained in known.rungs] == list(ladder.RUNGS)
        assert known.orders() == list(config.PIXEL_ORDERS) and known.n_train > known.n_test > 0
        for trained in known.rungs:
            assert len(trained.losses["natural"]) >= 5 and trained.weights > 1_000_000
        assert reasons.headline(known)
        assert f"{reasons.plainly(known)} {reasons.shuffled(known)}".count("ith shuffled pixels") == 1


def test_of_seeds_that_two_rungs_do_not_share_nothing_is_made_up():
    (found,) = ladder.found(climbed(stuck=[("fc like conv", 1), ("fc like conv", 2)]))
    first = found.steps()[0]
    assert (first.worth, first.interval, first.tried, first.clear) == (1.0, None, 3, False)


def test_a_rung_all_of_whose_seeds_are_stuck_is_said_to_have_learned_nothing():
    (found,) = ladder.found(climbed(stuck=[("fc like conv", seed) for seed in range(3)]))
    assert found.mean("fc like conv", "natural") == 160.0
    assert "Stuck with every seed, so that its mean is that of nothing learned: FC 167-128" in reasons.in_figures(found)
    assert "left out" not in reasons.in_figures(found)


def test_a_preset_that_has_values_of_its_own_for_an_architecture_makes_a_ladder_too():
    base = RunConfig.build(preset="fast")
    asked = ladder.settings(base, ladder.USUAL_WIDTHS, seeds=(0,), orders=("natural",))
    assert {settings.preset for settings in asked} == {"fast"}
    made = [
        dataclasses.replace(one, facts=({**one.facts[0], "parameters": WEIGHTS[rung_of(one.config).key]},))
        for one in (run(f"a{number:05d}", 50.0, **settings.to_json()) for number, settings in enumerate(asked))
    ]
    (found,) = ladder.found(made)
    assert found.command == "python -m vaedash ladder --dataset shapes --preset fast"


def test_what_is_not_trained_yet_is_missing_wherever_the_rest_was_computed():
    asked = ladder.settings(BASE, ladder.USUAL_WIDTHS, seeds=(0,), orders=("natural",))
    there = [
        run("abcdef", 50.0, **(asked[0].to_json() | {"device": "cuda"})),
        run("abcdeg", 50.0, status="failed", **asked[1].to_json()),
        run("abcdeh", status="running", **asked[2].to_json()),
    ]
    assert ladder.missing(asked, there) == [asked[1], *asked[3:]]


def test_a_command_quotes_what_a_folder_is_called_and_says_every_setting():
    asked = RunConfig(arch="conv", dataset="/data/my pics; touch owned $(id)", optimizer="muon", patience=9, lr=0.5)
    assert ladder.command(asked) == (
        "python -m vaedash ladder --dataset 'my pics; touch owned $(id)' --lr 0.5 --optimizer muon --patience 9"
    )


# ---- in words -------------------------------------------------------------------------------------------------------


def told(**losses):
    keys = {key.replace(" ", "_"): key for key in LOSSES}
    (found,) = ladder.found(climbed(but={(keys[name], "natural"): loss for name, loss in losses.items()}))
    return found


def test_most_of_the_lead_is_said_to_come_from_neighbours():
    found = told()
    assert reasons.headline(found) == "Because it looks at neighbours"
    assert reasons.plainly(found) == (
        "Looking at neighbours is worth most of conv's lead. That its detectors are the same everywhere is worth 11% of it. "
        "The number of weights is not it: with as few as conv, FC is no better."
    )


def test_where_local_is_better_sharing_is_said_to_hold_back():
    assert "rather holds it back here" in reasons.plainly(told(local=80.0))


def test_where_sharing_makes_no_sure_difference_it_is_not_given_any():
    assert "makes no sure difference, but saves 89% of the weights" in reasons.plainly(told(local=83.0))


def test_where_conv_does_not_win_nothing_explains_why():
    found = told(conv=111.0)
    assert reasons.headline(found) == "Here it does not"
    assert reasons.plainly(found) == "Here FC is ahead of conv."
    assert reasons.plainly(told(conv=110.0)) == "What sets conv apart from FC makes no sure difference here."


def test_an_fc_that_is_better_with_fewer_weights_is_said_to_be():
    assert reasons.plainly(told(fc_like_conv=100.0)).endswith("With as few weights as conv, FC is better, too.")
    assert reasons.plainly(told(fc_like_conv=120.0)).endswith("FC is worse: having more is not what holds it back.")


def test_where_neighbours_bring_nothing_that_is_said():
    found = told(local_like_fc=111.0, fc_like_conv=111.0)
    assert reasons.headline(found) == "Not because it looks at neighbours"


def test_one_seed_whose_windows_help_on_shuffled_pixels_is_not_told_they_bring_nothing():
    (found,) = ladder.found(climbed(seeds=(0,), orders=config.PIXEL_ORDERS))
    assert "still 21.0 nats (one seed): so much is not the neighbours' doing" in reasons.plainly(found)
    assert reasons.shuffled(found) == ""  # which would say it again


def test_what_shuffling_leaves_is_said_once_it_was_tried():
    assert reasons.shuffled(told()) == ""
    lost = {("local like fc", "shuffled"): 110.0, ("local", "shuffled"): 112.0, ("conv", "shuffled"): 125.0}
    (found,) = ladder.found(climbed(orders=config.PIXEL_ORDERS, but=lost))
    assert reasons.shuffled(found) == (
        "With shuffled pixels, where no neighbours are left to look at, the windows bring nothing: 0.0 nats (0.0 to 0.0). And conv "
        "trails FC by 15.0 nats (15.0 to 15.0)."
    )
    nothing = {("conv", "natural"): 110.0}
    (kept,) = ladder.found(climbed(orders=config.PIXEL_ORDERS, but=nothing))
    assert "it was not the neighbours alone" in reasons.shuffled(kept) and "shuffled" not in reasons.plainly(kept)


def test_what_the_windows_lose_by_shuffling_is_told_as_the_neighbours_part_seed_by_seed():
    half = {("local like fc", "shuffled"): 102.0}
    (found,) = ladder.found(climbed(orders=config.PIXEL_ORDERS, but=half))
    assert found.lost("fc", "local like fc").worth == pytest.approx(21.0 - 8.0)
    assert "which is the neighbours' part: 13.0 nats (13.0 to 13.0)." in reasons.in_figures(found)
    assert "neighbours' part" not in reasons.in_figures(told())  # where nothing was shuffled
    stuck = [("local like fc", seed) for seed in (0, 1)] + [("fc", 2)]
    (apart,) = ladder.found(climbed(orders=config.PIXEL_ORDERS, stuck=stuck))
    assert apart.lost("fc", "local like fc") is None and "neighbours' part" not in reasons.in_figures(apart)


def test_what_remains_where_no_neighbours_are_left_is_not_put_down_to_them():
    half = {("local like fc", "shuffled"): 102.0}
    (found,) = ladder.found(climbed(orders=config.PIXEL_ORDERS, but=half))
    assert reasons.headline(found) == "Partly because it looks at neighbours"
    assert reasons.plainly(found).startswith(
        "Small windows are worth most of conv's lead, 21.0 nats; but with shuffled pixels, where they show no neighbours, still 8.0 nats "
        "(8.0 to 8.0): so much is not"
    )
    (kept,) = ladder.found(climbed(orders=config.PIXEL_ORDERS))
    assert reasons.headline(kept) == "Not because it looks at neighbours"
