"""Figures say what the runs say: one hue an architecture, one axis a unit, and nothing smoothed away in silence."""

import dataclasses
import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from tuned import TUNING, trial

from vaedash import config, runs
from vaedash.comparing import ladder, trials
from vaedash.config import RunConfig
from vaedash.languages import Speech, spoken
from vaedash.runs import Status, tunings
from vaedash.showing import charts
from vaedash.showing.charts import curves, keys, style

DATASET = {"name": "shapes", "fingerprint": "0" * 16, "n_test": 2_000}
NUMBERS = itertools.count()


def run_of(losses, *, status="finished", progress=None, name=None, **settings):
    rows = [
        {"epoch": epoch, "seconds": 10.0, "images_seen": 100 * epoch, "images_per_second": 9.0}
        | {f"test_{term}": loss for term in charts.TERMS}
        | {f"train_{term}": None if loss is None else loss + 1 for term in charts.TERMS}
        for epoch, loss in enumerate(losses, start=1)
    ]
    return runs.Run(
        path=Path(f"/runs/a{next(NUMBERS):05d}"),
        settings=RunConfig.build(**settings),
        created="2026-01-01T00:00:00+00:00",
        facts=({"dataset": DATASET},),
        epochs=tuple(rows),
        progress=progress,
        outcome=None,
        notes={"name": name} if name else {},
        status=runs.Status(status),
    )


LINE = {
    split: {"loss": loss, "recon": 3.0, "kl": 1.0, "directions": 2} for split, loss in (("train", 5.5), ("test", 4.5))
}


def named(figure, part):
    return [trace for trace in figure.data if trace.name and part.casefold() in trace.name.casefold()]


def test_each_architecture_has_a_hue_of_its_own_in_every_figure():
    assert len(set(charts.HUE.values())) == len(config.ARCHS)
    pair = [run_of([5.0, 4.0], arch=arch) for arch in config.PAIR]
    for figure in (charts.loss_curves(pair), charts.race(pair)):
        for arch in config.PAIR:
            lines = [trace for trace in named(figure, config.spoken(arch)) if trace.line.color]
            assert lines
            assert {trace.line.color for trace in lines} == {charts.HUE[arch]}


def test_an_architecture_that_did_not_come_along_keeps_one_hue_and_two_of_a_hue_differ_in_their_dash():
    own = [f"net_{letter}@{digit * 64}" for letter, digit in zip("abcdef", "012345", strict=True)]
    edited = own[0].replace("0", "9")
    hues = [charts.of_arch(arch) for arch in (*own, edited)]
    assert hues[0] == hues[-1] == charts.of_arch("net_a") and len(set(hues)) == 2
    assert set(hues).isdisjoint(charts.HUE.values())
    several = [run_of([5.0, 4.0], arch=arch) for arch in (*own, edited, "conv")]
    looks = {(key.hue, key.dash, key.mark) for key in keys.of_runs(several)}
    assert len(looks) == len(several) and len({key.label for key in keys.of_runs(several)}) == len(several)


def luminance(hue):
    """As WCAG 2 has it."""
    parts = [int(hue[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("hue", charts.PINNED.values())
def test_a_colour_to_pin_is_nobodys_and_can_be_seen_on_light_and_dark(hue):
    assert hue not in charts.HUE.values()
    for ground in (1.0, luminance("#181715")):
        light, dark = sorted((luminance(hue), ground), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 3


@pytest.mark.parametrize(("colour", "known"), [("purple", True), ("no such", False), (["purple"], False)])
def test_a_run_has_the_colour_that_it_was_given_in_every_figure(colour, known):
    run = run_of([5.0, 4.0], arch="conv", name="mine")
    run = dataclasses.replace(run, notes={**run.notes, "colour": colour})
    hue = charts.PINNED["purple"] if known else charts.HUE["conv"]
    other = run_of([5.0, 4.0], arch="conv", name="other")
    for figure in (charts.loss_curves([run, other]), charts.race([run, other])):
        assert {trace.line.color for trace in named(figure, "mine") if trace.line.color} == {hue}
        assert {trace.line.color for trace in named(figure, "other") if trace.line.color} == {charts.HUE["conv"]}


def test_an_enlarged_figure_says_the_same_in_the_same_hues():
    measured = {"pca": LINE, "frontier": [{"beta": 1.0, "kl": 3.0, "recon": 2.0}]}
    pair = [dataclasses.replace(run_of([5.0, 4.0], arch=arch), measured=measured) for arch in config.PAIR]
    course = charts.kl_over_epochs(pair[0], np.ones((2, 4)), threshold=0.01)
    assert charts.enlarged(course, by=2.0).data[0].colorbar.title.font.size == 2 * style.LETTERS
    for figure in (charts.loss_curves(pair), charts.race(pair), charts.rate_distortion(pair)):
        before = figure.to_json()
        large = charts.enlarged(figure, by=2.0)
        assert figure.to_json() == before  # others may see it as it is
        assert large.layout.font.size == 2 * style.LETTERS
        for axis in (large.layout.xaxis, large.layout.yaxis):
            assert axis.tickfont.size >= 28 and axis.title.font.size >= 30
        for one, other in zip(figure.data, large.data, strict=True):
            assert (one.name, one.x, one.y, one.line.color, one.marker.color) == (
                *(other.name, other.x, other.y, other.line.color, other.marker.color),
            )
            assert one.line.width is None or other.line.width == 2 * one.line.width
        for one, other in zip(figure.layout.annotations, large.layout.annotations, strict=True):
            assert (other.text, other.font.size, other.font.color) == (one.text, 2 * one.font.size, one.font.color)


def of_split(figure, split):
    return [trace for trace in figure.data if trace.line.width == style.WIDTHS[split]]


def test_runs_of_one_architecture_differ_in_dash():
    figure = charts.loss_curves([run_of([5.0, 4.0], arch="fc", seed=seed, lr=1e-3 * (seed + 1)) for seed in range(3)])
    assert len({trace.line.dash for trace in of_split(figure, "test")}) == 3


@pytest.mark.parametrize(
    ("axis", "ends", "middles"),
    [
        ("epoch", [1, 2, 3], [0.5, 1.5, 2.5]),
        ("seconds", [10, 20, 30], [5, 15, 25]),
        ("images_seen", [100, 200, 300], [50, 150, 250]),
    ],
)
def test_a_test_loss_stands_at_the_end_of_its_epoch_and_a_train_loss_in_the_middle(axis, ends, middles):
    figure = charts.loss_curves([run_of([5.0, 4.0, 3.0])], axis=axis)
    [test], [train] = of_split(figure, "test"), of_split(figure, "train")
    assert (list(test.x), list(test.y)) == (ends, [5.0, 4.0, 3.0])
    assert (list(train.x), list(train.y)) == (middles, [6.0, 5.0, 4.0])


def test_an_epoch_stands_at_the_same_place_in_the_race_as_among_the_curves():
    pair = [run_of([5.0, 4.0, 3.0], arch=arch) for arch in config.PAIR]
    race, curves = charts.race(pair), charts.loss_curves(pair)
    for split, words in (("train", "while learning"), ("test", "on new pictures")):
        assert [list(trace.x) for trace in named(race, words)] == [list(trace.x) for trace in of_split(curves, split)]


# ---- legends, and what a pointer finds --------------------------------------------------------------------------


def entries(figure):
    return [trace.name for trace in figure.data if trace.showlegend and trace.name]


def study(*, seeds, presets=config.STUDY):
    return [
        run_of([9.0, 4.0 + seed], arch=arch, preset=preset, seed=seed)
        for preset in presets
        for seed in range(seeds)
        for arch in config.PAIR
    ]


def test_the_legend_of_a_pair_says_fc_and_conv_and_words_say_the_rest():
    pair = [run_of([5.0, 4.0], arch=arch) for arch in config.PAIR]
    assert entries(charts.loss_curves(pair)) == ["FC", "conv"]
    assert charts.legend(pair) == (
        "Bold: on new pictures; thin: while learning. A dot marks the epoch whose weights are kept."
    )
    assert charts.legend(pair, splits=["train"]) == "Thin: while learning."
    assert charts.legend(pair, splits=["val", "test"]) == charts.legend(pair, splits=["test"])  # nothing was held back
    assert charts.legend(pair, axis="parameters") == "Filled: on new pictures; open: while learning."


def test_the_legend_of_several_runs_says_of_each_what_the_others_are_not():
    figure = charts.loss_curves(study(seeds=1))
    assert entries(figure) == ["FC", "conv", "FC p2", "conv p2", "FC p3", "conv p3"]
    assert entries(charts.rate_distortion(study(seeds=1))) == entries(figure)
    assert figure.layout.hovermode == "x unified"


def test_a_legend_has_room_for_some_letters_of_a_long_name_and_a_pointer_finds_all_of_them():
    figure = charts.loss_curves([run_of([5.0], name=f"{'long ' * 9}<b>"), run_of([5.0], arch="fc")])
    curve = of_split(figure, "test")[0]
    assert curve.name == "conv long long long long long…"
    assert curve.hovertemplate.endswith(f"<extra>conv {'long ' * 9}&lt;b&gt;</extra>")


def test_runs_too_many_for_a_dash_each_share_a_legend_entry_and_a_pointer_finds_each_name():
    figure = charts.loss_curves(study(seeds=6))
    assert entries(figure) == [
        *("FC, 18 runs", "conv, 18 runs"),
        *(f"{arch}{preset}, mean of 6 seeds" for preset in ("", " p2", " p3") for arch in ("FC", "conv")),
    ]
    curves = [trace for trace in figure.data if trace.opacity == 0.5]
    assert len(curves) == 2 * 36 and {trace.line.dash for trace in curves} == {"solid"}
    assert figure.layout.hovermode == "closest"
    assert all(trace.hovertemplate and trace.hoverinfo != "skip" for trace in curves)
    assert "%{y:.2f} on new pictures, epoch %{customdata}<extra>conv p3 seed 5</extra>" in {
        trace.hovertemplate for trace in curves
    }
    assert "Point at a curve to see which run it is." in charts.legend(study(seeds=6))


def test_as_many_means_as_there_are_too_many_of_share_an_entry_too():
    many = [
        run_of([5.0, 4.0], arch="fc", seed=seed, lr=1e-3 * (1 + setting)) for setting in range(16) for seed in range(2)
    ]
    assert entries(charts.loss_curves(many)) == ["FC, 32 runs", "FC, 16 means of seeds"]


def looks(chosen, places):
    """What each run looks like, by its id."""
    return {run.id: (key.dash, key.mark) for run, key in zip(chosen, keys.of_runs(chosen, places), strict=True)}


def test_fifteen_runs_of_one_architecture_look_different_and_keep_its_hue():
    many = [run_of([5.0, 4.0], arch="fc", lr=1e-3 * (1 + number)) for number in range(15)]
    assert len(set(looks(many, None).values())) == 15
    figure = charts.loss_curves(many)
    assert len(entries(figure)) == 15
    drawn = {(trace.line.dash, trace.marker.symbol) for trace in of_split(figure, "test")}
    assert len(drawn) == 15 and {trace.line.color for trace in of_split(figure, "test")} == {charts.HUE["fc"]}


def test_a_run_looks_the_same_for_as_long_as_it_is_chosen():
    many = [run_of([5.0, 4.0], arch="fc", lr=1e-3 * (1 + number)) for number in range(8)]
    places = charts.places(many, {})
    before = looks(many, places)
    fewer = many[3:]
    places = charts.places(fewer, places)
    assert looks(fewer, places) == {run.id: before[run.id] for run in fewer}
    newcomer = run_of([5.0, 4.0], arch="fc", lr=1.0)
    places = charts.places([newcomer, *fewer], places)
    after = looks([newcomer, *fewer], places)
    assert {run.id: after[run.id] for run in fewer} == {run.id: before[run.id] for run in fewer}
    assert len(set(after.values())) == 6


def test_a_pointer_finds_one_of_many_runs_and_not_a_list_of_all():
    pair, many = study(seeds=1, presets=("p1",)), study(seeds=2)
    assert charts.loss_curves(pair).layout.hovermode == "x unified"
    counted = [dataclasses.replace(run, epochs=tuple(row | {"active_units": 3} for row in run.epochs)) for run in many]
    for figure in (
        charts.loss_curves(many),
        charts.active_units(counted),
        charts.kl_by_latent([(run, np.ones(4)) for run in many], threshold=0.01),
    ):
        assert figure.layout.hovermode == "closest"
    [told, *_] = of_split(charts.loss_curves(many), "test")
    assert "epoch %{customdata}<extra>" in told.hovertemplate


def test_a_click_on_an_entry_takes_all_that_it_stands_for():
    figure = charts.loss_curves(study(seeds=2), smoothing=0.5)
    shown = {trace.legendgroup for trace in figure.data if trace.showlegend}
    assert all(trace.legendgroup in shown for trace in figure.data) and len(shown) == len(entries(figure))


def test_a_pointer_finds_all_losses_of_an_epoch_in_one_line_for_each_run():
    pair = [run_of([5.0, None], arch="fc"), run_of([5.25, 4.0], arch="conv")]
    figure = charts.loss_curves(pair, splits=("train", "val", "test"))
    told = [trace for trace in figure.data if trace.customdata is not None and "lines" in trace.mode]
    assert [trace.hovertemplate for trace in told] == [
        "%{customdata}<extra>FC</extra>",
        "%{customdata}<extra>conv</extra>",
    ]
    assert [list(trace.customdata) for trace in told] == [["5.00 (6.00)", "– (–)"], ["5.25 (6.25)", "4.00 (5.00)"]]
    assert figure.layout.xaxis.unifiedhovertitle.text == "epoch %{x}<br>on new pictures (while learning)"


def test_nothing_around_a_plot_takes_its_room():
    for figure in (charts.loss_curves(study(seeds=6)), charts.rate_distortion(study(seeds=6))):
        assert figure.layout.height - figure.layout.legend.maxheight >= 400


# ---- outliers ---------------------------------------------------------------------------------------------------


def notes(figure):
    return [note.text for note in figure.layout.annotations]


def broken():
    return [run_of([90.0, 80.0, 9e5, 1e6], arch="fc", status="diverged"), run_of([85.0, 75.0, 74.0, 73.0])]


def test_outliers_are_cut_off_and_counted():
    figure = charts.loss_curves(broken())
    low, high = figure.layout.yaxis.range
    assert low < 73.0 and 91.0 < high < 120.0
    assert notes(figure) == ["4 points above the picture,<br>up to 1,000,001"]
    low, high = charts.loss_curves(broken(), log=True).layout.yaxis.range
    assert low < np.log10(73.0) and np.log10(91.0) < high < 2.1


def test_one_outlier_is_one_point_and_a_huge_one_a_short_number():
    assert notes(charts.loss_curves([run_of([1e30, 80.0, 75.0])], splits=["test"])) == [
        "1 point above the picture,<br>up to 1e+30"
    ]


def test_whoever_wants_to_sees_the_outliers_and_then_nothing_is_said():
    figure = charts.loss_curves(broken(), cut=False)
    assert figure.layout.yaxis.range is None and notes(figure) == []


@pytest.mark.parametrize(
    "losses",
    [
        [[300.0, 90.0, 75.0, 74.0], [400.0, 82.0, 81.0]],  # the beginning of a training that goes well
        [[150.0, 149.0], [27.0, 26.0]],  # one has learned nothing
        [[1e6, 9e5]],  # there is nothing beside it
        [[80.0]],
        [[None, None]],
        [],
    ],
)
def test_what_is_no_outlier_is_not_cut_off(losses):
    figure = charts.loss_curves([run_of(each, lr=1e-3 * (at + 1)) for at, each in enumerate(losses)])
    assert figure.layout.yaxis.range is None and notes(figure) == []


def test_a_run_that_was_never_well_is_above_the_picture_of_the_others():
    figure = charts.loss_curves([run_of([3e6], arch="fc"), run_of([80.0, 75.0])], splits=["test"])
    assert figure.layout.yaxis.range[1] < 100 and notes(figure) == ["1 point above the picture,<br>up to 3,000,000"]


def with_kl(run, *values):
    rows = (row | {"train_kl": kl, "test_kl": kl} for row, kl in zip(run.epochs, values, strict=True))
    return dataclasses.replace(run, epochs=tuple(rows))


def test_a_kl_that_collapsed_makes_neither_others_nor_what_was_before_outliers():
    silent, speaking = with_kl(run_of([80.0, 80.0], arch="fc"), 9.0, 0.0), with_kl(run_of([80.0, 75.0]), 9.0, 12.0)
    for chosen in ([silent], [silent, speaking]):
        for log in (False, True):
            assert charts.loss_curves(chosen, term="kl", log=log).layout.yaxis.range is None


def test_a_kl_that_broke_down_is_cut_off_on_a_logarithmic_axis_too():
    low, high = charts.loss_curves(
        [with_kl(run_of([80.0, 75.0, 70.0]), 0.0, 1e5, 12.0)], term="kl", log=True
    ).layout.yaxis.range
    assert low < np.log10(12.0) < high < 2


def test_the_line_of_the_best_linear_vae_stays_in_a_picture_that_was_cut():
    pair = [dataclasses.replace(run, measured={"pca": LINE}) for run in broken()]
    figure = charts.loss_curves(pair)
    assert figure.layout.yaxis.range[0] < LINE["test"]["loss"]
    assert len(notes(figure)) == 2


def test_by_weights_outliers_are_cut_off_too():
    pair = [
        dataclasses.replace(run_of([loss], arch=arch), facts=({"parameters": 9},))
        for arch, loss in (("fc", 3e6), ("conv", 75.0))
    ]
    figure = charts.loss_curves(pair, axis="parameters", splits=["test"])
    assert figure.layout.yaxis.range[1] < 100 and len(notes(figure)) == 1


def test_a_race_in_which_one_breaks_down_shows_the_other():
    running = run_of([85.0, 75.0], status="running", progress={"trace": [[2.5, 5e6]]})
    figure = charts.race([broken()[0], running])
    assert figure.layout.yaxis.range[1] < 120
    assert notes(figure) == ["3 points above the picture,<br>up to 5,000,000"]


def test_a_dot_marks_the_epoch_whose_weights_are_kept():
    dot = named(charts.loss_curves([run_of([5.0, 3.0, 4.0])]), "kept epoch")[0]
    assert (list(dot.x), list(dot.y)) == ([2], [3.0])


def test_smoothing_keeps_the_raw_line_behind_and_starts_without_bias():
    figure = charts.loss_curves([run_of([8.0, 4.0, 4.0])], smoothing=0.5, splits=("test",))
    faint, smooth = [trace for trace in figure.data if trace.mode == "lines"]
    assert list(faint.y) == [8.0, 4.0, 4.0]
    assert faint.opacity < 0.5
    assert list(smooth.y) == pytest.approx([8.0, (0.25 * 8 + 0.5 * 4) / 0.75, (0.125 * 8 + 0.25 * 4 + 0.5 * 4) / 0.875])


def test_smoothing_leaves_a_gap_where_a_loss_was_not_finite():
    assert curves.smoothed([1.0, None, 1.0], 0.9) == pytest.approx([1.0, None, 1.0])


def test_a_smoothed_value_is_said_to_be_one_and_the_dot_of_the_kept_epoch_lies_on_its_curve():
    run = run_of([76.0, 20.0, 30.0])
    figure = charts.loss_curves([run], smoothing=0.9)
    [dot] = named(figure, "kept epoch")
    [curve] = [trace for trace in of_split(figure, "test") if trace.customdata is not None]
    assert dot.y[0] == curve.y[1] and dot.x[0] == curve.x[1] == 2 and dot.y[0] > 40
    assert figure.layout.xaxis.unifiedhovertitle.text.endswith("(while learning), smoothed")
    assert "smoothed" in charts.legend([run], smoothing=0.9) and "smoothed" not in charts.legend([run])
    many = charts.loss_curves(study(seeds=6), smoothing=0.5)
    assert any(", smoothed, epoch" in (trace.hovertemplate or "") for trace in many.data)


def test_a_loss_between_two_that_are_not_finite_is_seen_and_so_is_where_they_broke_down():
    run = run_of([90.0, 80.0, None, 70.0, None, 60.0])
    figure = charts.loss_curves([run], splits=["test"])
    crosses = [trace for trace in figure.data if trace.marker.symbol == "x"]
    assert [(list(trace.x), list(trace.y)) for trace in crosses] == [([3, 5], [80.0, 70.0])]
    assert "epoch %{customdata}: no finite number on new pictures" in crosses[0].hovertemplate
    dots = [trace for trace in figure.data if trace.mode == "markers" and trace.hoverinfo == "skip"]
    assert [(list(trace.x), list(trace.y)) for trace in dots] == [([4, 6], [70.0, 60.0])]
    assert "A cross marks" in charts.legend([run]) and "cross" not in charts.legend([run_of([5.0, 4.0])])


def test_a_loss_of_ten_billion_flattens_nothing():
    well, broken = run_of([90.0, 80.0]), run_of([2e10, 1e10], arch="fc")
    figure = charts.rate_distortion([well, broken])
    assert figure.layout.yaxis.range[1] < 200 and figure.layout.xaxis.range[1] < 200
    assert notes(figure) == ["1 point above the picture,<br>up to 1e+10"]
    assert charts.contest([well, broken]).layout.yaxis.range[1] < 200


def test_seeds_get_a_mean_and_a_band():
    figure = charts.loss_curves([run_of([5.0, 3.0], seed=0), run_of([7.0, 5.0, 1.0], seed=1)])
    mean = named(figure, "mean of 2 seeds")[0]
    assert list(mean.y) == [6.0, 4.0]
    band = next(trace for trace in figure.data if trace.fill == "toself")
    assert list(band.y) == pytest.approx([6 + 2**0.5, 4 + 2**0.5, 4 - 2**0.5, 6 - 2**0.5])


def test_runs_that_differ_in_more_than_their_seed_get_no_band():
    figure = charts.loss_curves([run_of([5.0], seed=0), run_of([7.0], seed=1, lr=2e-3)])
    assert not named(figure, "mean of")


def test_seeds_that_were_trained_on_several_machines_get_a_band_too():
    figure = charts.loss_curves([run_of([5.0], seed=0, device="cpu"), run_of([7.0], seed=1, precision="fp32")])
    assert list(named(figure, "mean of 2 seeds")[0].y) == [6.0]


def test_one_seed_trained_twice_is_no_mean_of_seeds():
    assert not named(charts.loss_curves([run_of([5.0]), run_of([5.0])]), "mean of")


def test_the_race_grows_within_an_epoch():
    progress = {"trace": [[1.0, 4.9], [1.2, 4.5], [1.4, 4.4]]}
    learning = named(charts.race([run_of([5.0], status="running", progress=progress)]), "while learning")[0]
    assert list(learning.x) == [0.5, 1.2, 1.4]
    assert list(learning.y) == [6.0, 4.5, 4.4]
    over = run_of([5.0], progress=progress)
    assert list(named(charts.race([over]), "while learning")[0].x) == [0.5]


def test_no_epoch_stands_twice_below_a_race():
    short = charts.race([run_of([9.0, 8.0, 7.0], epochs=3)])
    assert short.layout.xaxis.dtick == 1 and short.layout.xaxis.nticks is None
    assert charts.race([run_of([9.0] * 30, epochs=30)]).layout.xaxis.nticks == 10


def test_what_a_pointer_is_told_is_written_as_the_axis_is():
    with spoken(Speech(language="de", region="de")):
        figure = charts.loss_curves([run_of([5.25, 4.75])])
    [words] = {
        tuple(trace.customdata)
        for trace in figure.data
        if trace.customdata is not None and "," in str(trace.customdata[0])
    }
    assert not any("." in each for each in words)


def test_the_legend_of_a_race_tells_runs_of_one_architecture_apart():
    figure = charts.race([run_of([5.0], patience=7), run_of([6.0], kl_warmup=2)])
    assert [curve.name for curve in figure.data if curve.showlegend] == [
        "conv patience 7 on new pictures",
        "conv warm-up 2 on new pictures",
    ]


def test_an_update_keeps_zoom_and_legend():
    for figure in (charts.loss_curves([run_of([5.0])]), charts.race([run_of([5.0])])):
        assert figure.layout.uirevision == "keep"


def test_a_race_without_a_finished_epoch_can_be_drawn():
    figure = charts.race([run_of([], status="running")])
    assert not figure.layout.yaxis.showticklabels


def test_a_race_shows_where_every_run_stands():
    ahead = run_of([50.0], status="running", progress={"trace": [[1.5, 45.0]]})
    behind = run_of([], status="running", progress={"trace": [[0.5, 90.0]]})
    low, high = (10**end for end in charts.race([ahead, behind]).layout.yaxis.range)
    assert low < 45.0
    assert high > 90.0


def test_the_axes_of_a_race_stand_still_while_it_goes_on():
    earlier = dataclasses.replace(
        run_of([5.0, 4.0]), measured={"pca": LINE}, facts=({"dataset": {"mean_picture": 10.0}},)
    )
    races = [
        [run_of(losses, status="running", epochs=8, arch=arch) for arch in config.PAIR]
        for losses in ([], [9.0], [9.0, 7.0, 6.0, 5.0, 4.0, 3.5, 3.2, 3.1])
    ]
    layouts = [charts.race(chosen, known=[earlier]).layout for chosen in races]
    assert {layout.xaxis.range for layout in layouts} == {(0, 8 * 1.02)}
    assert {layout.yaxis.range for layout in layouts} == {(math.log10(0.6 * 4.5), math.log10(11.0))}
    far = charts.race([run_of([9.0, 0.5], arch="fc")], known=[earlier]).layout.yaxis.range
    assert 10 ** far[0] < 0.5 and far[1] == layouts[0].yaxis.range[1]


def test_a_long_race_is_shown_in_steps_and_not_to_its_limit():
    begun = run_of([9.0], status="running", epochs=100)
    on_its_way = run_of([9.0] * 30, status="running", epochs=100)
    assert [charts.race([run]).layout.xaxis.range[1] for run in (begun, on_its_way)] == [20 * 1.02, 50 * 1.02]


def test_the_last_overtaking_is_marked_with_the_name_of_who_overtakes():
    pair = [run_of(losses, arch=arch) for arch, losses in (("fc", [9.0, 8.0, 7.5]), ("conv", [9.5, 8.5, 6.0]))]
    (note,) = charts.race(pair).layout.annotations
    assert (note.text, note.x) == ("conv overtakes", 3)
    assert not charts.race(pair[:1]).layout.annotations


def test_a_contest_says_names_and_nothing_of_the_trade_and_has_room_for_what_is_still_to_come(monkeypatch):
    pair = [run_of([9.0, 6.0, 5.5], arch="fc"), run_of([8.0, 5.0], arch="conv")]
    begun, whole = charts.contest(pair, looks=1), charts.contest(pair)
    assert [(list(trace.y), trace.text[-1]) for trace in whole.data] == [([9.0, 6.0, 5.5], "FC"), ([8.0, 5.0], "conv")]
    assert [list(trace.y) for trace in begun.data] == [[9.0], [8.0]]
    for axis in ("xaxis", "yaxis"):
        assert begun.layout[axis].range == whole.layout[axis].range
    low, high = whole.layout.yaxis.range
    assert low < 5.0 and high > 9.0 and not whole.layout.yaxis.showticklabels and not whole.layout.annotations
    assert whole.layout.margin.r >= 4 * 12 > charts.race(pair).layout.margin.r  # a name ends where the picture does
    monkeypatch.setattr(config, "spoken", lambda arch: arch * 10)  # a long one stands above its line instead
    assert charts.contest(pair).layout.margin.r < 4 * 12 and charts.contest(pair).data[0].textposition == "top left"


def lines(figure):
    words = [note.text.replace("<br>", " ") for note in figure.layout.annotations]
    return {shape.y0 for shape in figure.layout.shapes}, words


def test_the_best_linear_vae_is_one_line_for_all_runs_that_share_it():
    pair = [dataclasses.replace(run_of([5.0, 4.0], arch=arch), measured={"pca": LINE}) for arch in config.PAIR]
    assert lines(charts.loss_curves(pair)) == ({4.5}, ["a formula alone (PCA): 4.5"])
    assert lines(charts.race(pair))[0] == {4.5}
    assert lines(charts.loss_curves(pair, term="recon"))[0] == {3.0}
    assert lines(charts.loss_curves(pair, splits=["train"])) == (
        {5.5},
        ["a formula alone (PCA), on the pictures learned from: 5.5"],
    )
    assert charts.loss_curves(pair, log=True).layout.annotations[0].y == pytest.approx(0.653, abs=1e-3)


def words_on(*losses):
    """The words of the line at 4.5 beside a curve with these test losses."""
    measured = dataclasses.replace(run_of(losses), measured={"pca": LINE})
    return charts.loss_curves([measured], splits=["test"]).layout.annotations[0]


def test_words_stand_where_no_curve_runs_through_them():
    aside = words_on(*[9.0] * 4, 2.0)
    assert (aside.text, aside.x, aside.xanchor, aside.yanchor) == ("a formula alone (PCA): 4.5", 0, "left", "top")
    through = words_on(9.0, *[4.4] * 6, *[2.0] * 6)  # along the left half, just below the line
    assert through.text == "a formula alone<br>(PCA): 4.5" and through.yanchor == "bottom" and through.x > 0
    everywhere = words_on(*[9.0, 1.0] * 20)
    assert 0 <= everywhere.x <= 1
    # As large as they may be they fit nowhere: along the line, close above and below it, lie curves. Smaller, they fit at its left.
    narrow = words_on(8.0, 7.0, *[4.6, 4.3] * 6)
    assert (narrow.x, narrow.yanchor) == (0, "top")


def test_enlarged_a_unit_has_a_line_of_its_own():
    assert (
        charts.enlarged(charts.loss_curves([run_of([5.0])]), by=1.4).layout.yaxis.title.text
        == "how wrong: loss<br>(nats per picture)"
    )


def test_without_a_measurement_there_is_no_line():
    assert lines(charts.loss_curves([run_of([5.0])])) == (set(), [])


def test_each_run_is_a_point_of_rate_and_distortion_with_its_way_there():
    pair = [run_of([5.0, 4.0], arch=arch) for arch in config.PAIR]
    figure = charts.rate_distortion(pair)
    for arch, one in zip(config.PAIR, pair, strict=True):
        [point] = named(figure, config.spoken(arch))
        assert (point.x[0], point.y[0]) == (4.0, 4.0) and point.marker.color == charts.HUE[arch]
        [way] = [trace for trace in figure.data if trace.legendgroup == one.id and trace.mode == "lines"]
        assert list(way.x) == [5.0, 4.0]
    [iso] = [trace for trace in figure.data if trace.line.dash == "dot" and not trace.legendgroup]
    assert iso.y[0] == 4.0  # what the loss would be without a KL
    assert (iso.y[0] - iso.y[1]) / iso.x[1] == pytest.approx(1.0)  # beta


def test_of_many_runs_only_the_lowest_and_the_highest_loss_have_a_line():
    def isolines(count):
        figure = charts.rate_distortion([run_of([99.0, 4.0 + at], lr=1e-3 * (at + 1)) for at in range(count)])
        return [trace.y[0] for trace in figure.data if trace.line.dash == "dot" and not trace.legendgroup]

    assert isolines(3) == [4.0, 5.0, 6.0] and isolines(12) == [4.0, 15.0]


def test_the_frontier_is_marked_where_well_known_code_stands():
    frontier = [{"beta": beta, "kl": 8.0 / beta, "recon": beta} for beta in sorted(config.PUBLISHED_BETAS.values())]
    one = dataclasses.replace(run_of([5.0, 4.0]), measured={"frontier": frontier})
    [curve] = named(charts.rate_distortion([one]), "any beta")
    assert list(curve.y) == [point["recon"] for point in frontier]
    [marks] = [trace for trace in charts.rate_distortion([one]).data if trace.mode == "markers+text"]
    assert set(marks.customdata) == set(config.PUBLISHED_BETAS)


def test_runs_without_an_epoch_have_no_point():
    assert not charts.rate_distortion([run_of([])]).data


# ---- equal cost, and quality ---------------------------------------------------------------------------------


def test_by_parameters_each_run_is_a_dot_where_it_was_kept_and_one_that_never_began_is_none():
    fc, conv = (
        dataclasses.replace(run_of([5.0, 4.0], arch=arch), facts=({"parameters": count},))
        for arch, count in (("fc", 3_511_040), ("conv", 1_119_811))
    )
    figure = charts.loss_curves([fc, conv, dataclasses.replace(run_of([3.0]), facts=())], axis="parameters")
    dots = [(trace.marker.symbol, trace.x[0], trace.y[0]) for trace in figure.data]
    assert [dot[1:] for dot in dots if dot[0] == "circle"] == [(3_511_040, 4.0), (1_119_811, 4.0)]
    assert [dot[2] for dot in dots if dot[0] == "circle-open"] == [5.0, 5.0]
    assert len(entries(figure)) == 2
    assert {trace.mode for trace in figure.data} == {"markers"}
    assert figure.layout.xaxis.title.text == "weights"


def with_quality(arch, value, **settings):
    measured = {"quality": {"swd": {"value": value, "n": 2000, "floor": 8.11}}}
    return dataclasses.replace(run_of([5.0], arch=arch, **settings), measured=measured)


def test_a_measure_is_a_dot_a_run_beside_the_line_of_real_images_with_its_n():
    fc, conv = with_quality("fc", 84.4), with_quality("conv", 58.7)
    figure = charts.quality([fc, conv, run_of([5.0])], "swd")  # the third was not measured
    assert [trace.x[0] for trace in figure.data] == [84.4, 58.7]
    assert [trace.marker.color for trace in figure.data] == [charts.HUE["fc"], charts.HUE["conv"]]
    assert [shape.x0 for shape in figure.layout.shapes] == [8.1]
    assert figure.layout.annotations[0].text == "real pictures: 8.1"
    assert figure.layout.xaxis.title.text == "SWD, lower is better; n = 2,000"
    with spoken(Speech(language="de", region="de")):
        assert charts.quality([fc], "swd").layout.xaxis.title.text == "SWD, niedriger ist besser; n = 2.000"


def test_runs_of_one_name_have_a_place_each():
    twins = [with_quality("fc", 84.4, name="twin"), with_quality("fc", 80.0, name="twin")]
    figure = charts.quality(twins, "swd")
    assert len({trace.y[0] for trace in figure.data}) == 2
    assert list(figure.layout.yaxis.ticktext) == [f"FC {run.id}" for run in twins]


@pytest.mark.parametrize(("beta", "unit"), [(1.0, "nats"), (0.0, "units of squared error")])
def test_an_axis_says_what_the_losses_count(beta, unit):
    pair = [run_of([5.0, 4.0], arch=arch, beta=beta) for arch in config.PAIR]
    for figure in (charts.loss_curves(pair), charts.loss_curves(pair, term="recon")):
        assert figure.layout.yaxis.title.text.endswith(f"({unit} per picture)")
    assert "(nats per picture)" in charts.loss_curves(pair, term="kl").layout.yaxis.title.text


def test_within_a_warm_up_there_is_no_line_at_another_beta():
    whole = dataclasses.replace(run_of([5.0, 4.0]), measured={"pca": LINE})
    warm = dataclasses.replace(run_of([5.0, 4.0], kl_warmup=10), measured={"pca": LINE})
    assert charts.loss_curves([whole]).layout.annotations and not charts.loss_curves([warm]).layout.annotations


# ---- ten thousand epochs ----------------------------------------------------------------------------------------


def long_run():
    """10,000 epochs with a spike, a dip, which is kept, and a gap."""
    losses = [100.0 + 1000.0 / epoch + (epoch * 7 % 13) / 10 for epoch in range(1, 10_001)]
    losses[4_321], losses[7_777], losses[6_000] = 190.0, 50.0, None
    return run_of(losses), losses


@pytest.mark.parametrize("smoothing", [0.0, 0.9])
def test_a_long_curve_has_as_many_points_as_a_screen_shows_and_all_that_stands_out(smoothing):
    run, losses = long_run()
    figure = charts.loss_curves([run], smoothing=smoothing)
    for trace in (trace for trace in figure.data if "lines" in trace.mode):
        assert len(trace.x) < 4_000
    [drawn] = [trace for trace in of_split(figure, "test") if trace.opacity == (0.25 if smoothing else 1.0)]
    there = dict(zip(drawn.x, drawn.y, strict=True))
    assert there[1] == losses[0] and there[10_000] == losses[-1]
    assert there[4_322] == 190.0 and there[7_778] == 50.0 and there[6_001] is None
    [dot] = named(figure, "kept epoch")
    assert dot.x[0] == 7_778
    for start in range(0, 10_000, 100):  # what a pixel shows of each stretch reaches as far up and down as ever
        stretch = [loss for loss in losses[start : start + 100] if loss is not None]
        shown = [there[epoch] for epoch in range(start + 1, start + 101) if there.get(epoch) is not None]
        assert (min(shown), max(shown)) == (min(stretch), max(stretch))


def test_other_charts_of_a_long_run_have_no_more_points_than_a_screen_shows():
    run, _ = long_run()
    rows = tuple(row | {"active_units": 5 + row["epoch"] % 3} for row in run.epochs)
    counted = dataclasses.replace(run, epochs=rows)
    seeds = [dataclasses.replace(counted, settings=RunConfig.build(seed=seed)) for seed in (1, 2)]
    course = charts.kl_over_epochs(run, np.ones((10_000, 4)), threshold=0.01).data[0]
    assert len(course.x) == course.z.shape[1] == 200 and (course.x[0], course.x[-1]) == (1, 10_000)
    pair = [counted, dataclasses.replace(counted, settings=RunConfig.build(arch="fc"))]
    drawn = [charts.active_units([counted]), charts.rate_distortion([counted]), charts.loss_curves(seeds)]
    for figure in (*drawn, charts.race(pair), charts.contest(pair)):
        assert all(len(trace.x) < 4_000 for trace in figure.data)
        assert not [trace for trace in figure.data if len(trace.x) > 400 and "markers" in trace.mode]


def test_the_race_of_long_runs_keeps_what_stands_out():
    run, losses = long_run()
    [drawn] = named(charts.race([run]), "on new pictures")
    there = dict(zip(drawn.x, drawn.y, strict=True))
    assert (there[1], there[10_000], there[4_322], there[7_778]) == (losses[0], losses[-1], 190.0, 50.0)
    assert there[6_001] is None


def test_a_short_curve_keeps_every_point():
    [drawn] = of_split(charts.loss_curves([run_of([5.0] * 1000)]), "test")
    assert list(drawn.x) == list(range(1, 1001))


# ---- tuning ---------------------------------------------------------------------------------------------


def tried_in(folder):
    return trials.by_arch(tunings.members(folder, TUNING))


def test_a_tuning_has_a_line_for_each_architecture_that_never_rises(tmp_path):
    for arch, losses in (("fc", [9.0, 5.0, 7.0]), ("conv", [6.0, 8.0, 4.0])):
        for number, loss in enumerate(losses, start=1):
            trial(tmp_path, number, [loss], arch=arch)
    figure = charts.budget(tried_in(tmp_path))
    lines = {trace.name: trace for trace in figure.data if trace.showlegend is not False}
    assert {name: list(line.y) for name, line in lines.items()} == {"FC": [9.0, 5.0, 5.0], "conv": [6.0, 6.0, 4.0]}
    for arch in ("fc", "conv"):
        _, expected, dots = (trace for trace in figure.data if trace.legendgroup == arch)
        assert {trace.line.color for trace in (lines[config.spoken(arch)], expected)} == {charts.HUE[arch]}
        assert list(expected.y) == sorted(expected.y, reverse=True) and expected.y[-1] == min(dots.y)
        assert math.isclose(expected.y[0], sum(dots.y) / 3)
    assert figure.layout.xaxis.title.text == "trials of each architecture"
    assert "on pictures held back (nats per picture)" in figure.layout.yaxis.title.text


def test_a_trial_that_was_stopped_is_an_open_dot_and_one_that_came_to_nothing_is_none(tmp_path):
    trial(tmp_path, 1, [9.0])
    trial(tmp_path, 2, [12.0], status=Status.STOPPED)
    trial(tmp_path, 3, [], status=Status.DIVERGED)
    best, expected, dots = charts.budget(tried_in(tmp_path)).data
    assert list(dots.y) == [9.0, 12.0, None] and list(dots.marker.symbol)[:2] == ["circle", "circle-open"]
    assert list(best.y) == [9.0, 9.0, 9.0]
    assert expected.y[0] is None and expected.y[1] == pytest.approx((9.0 + 9.0 + 12.0) / 3)


def test_a_trial_far_above_all_others_leaves_room_for_the_lines_and_is_counted(tmp_path):
    for number, loss in enumerate([50.0, 52.0, 51.0, 4000.0], start=1):
        trial(tmp_path, number, [loss])
    figure = charts.budget(tried_in(tmp_path))
    assert figure.layout.yaxis.range[1] < 60
    assert [note.text for note in figure.layout.annotations] == ["1 point above the picture,<br>up to 4,000"]


def test_a_tuning_all_of_whose_trials_came_to_nothing_is_drawn_empty(tmp_path):
    trial(tmp_path, 1, [], status=Status.FAILED)
    assert all(list(trace.y) == [None] for trace in charts.budget(tried_in(tmp_path)).data)


def test_an_interval_reaches_to_both_sides_of_its_dot_and_a_guess_is_called_one():
    figure = {"value": 54.0, "n": 2000, "floor": 19.9, "low": 52.0, "high": 57.0}
    drawn = charts.quality(
        [dataclasses.replace(run_of([5.0]), measured={"quality": {"told_class": figure}})], "told_class"
    )
    [dot] = drawn.data
    assert (list(dot.error_x.arrayminus), list(dot.error_x.array)) == ([2.0], [3.0])
    assert drawn.layout.annotations[0].text == "a guess: 19.9"
    without = charts.quality([with_quality("fc", 84.4)], "swd").data[0]
    assert without.error_x.array is None


def test_which_latent_tells_what_is_drawn_a_row_a_factor_and_those_first_that_tell_most():
    shares = np.zeros((2, 40))
    shares[0, 7], shares[1, 30], shares[0, 30] = 0.8, 0.5, 0.1
    [cells] = charts.told_by_latent(run_of([5.0]), ["hue", "<b>x</b>"], shares).data
    assert list(cells.x) == ["8", "31"]
    assert list(cells.y) == ["hue", "&lt;b&gt;x&lt;/b&gt;"]
    assert np.array(cells.z) == pytest.approx(np.array([[0.8, 0.1], [0.0, 0.5]]))
    assert len(charts.told_by_latent(run_of([5.0]), ["hue"], np.full((1, 40), 0.2)).data[0].x) == 24
    assert len(charts.told_by_latent(run_of([5.0]), ["hue"], np.zeros((1, 40))).data[0].x) == 0


# ---- the stairs -----------------------------------------------------------------------------------------


def stairs_of(*, stuck=()):
    """A ladder of three seeds, half a nat apart; of the narrow FC those `stuck` learned nothing."""
    losses = {seed: 50.0 + 0.5 * seed for seed in range(3)}
    rungs = tuple(
        ladder.Trained(
            rung=rung,
            widths="8",
            weights=1_000_000,
            losses={"natural": {seed: loss - 5 * place for seed, loss in losses.items()}},
            stuck={"natural": list(stuck)} if rung.key == "fc like conv" else {},
        )
        for place, rung in enumerate(ladder.RUNGS)
    )
    return ladder.Ladder(pictures="shapes", n_train=9, n_test=9, how="p1", rungs=rungs, command="")


def test_a_step_of_the_stairs_is_bold_only_where_it_is_more_than_luck():
    notes = [note.text for note in charts.staircase(stairs_of()).layout.annotations]
    assert notes.count("<b>\u25bc 5.0</b><br>\u00b1 0.0") == 4
    notes = [note.text for note in charts.staircase(stairs_of(stuck=[1, 2])).layout.annotations]
    assert (
        notes.count("\u25bc 5.0<br>maybe luck") == 2 and "2 of 3<br>stuck" in notes
    )  # one seed of three is left to both sides
