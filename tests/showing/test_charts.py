"""Figures say what the runs say: one hue an architecture, one axis a unit, and nothing smoothed away in silence."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest

from vaedash import config, runs
from vaedash.config import RunConfig
from vaedash.showing import charts
from vaedash.showing.charts import curves, style

DATASET = {"name": "shapes", "fingerprint": "0" * 16, "n_test": 2_000}
NUMBERS = itertools.count()


def run_of(losses, *, status="finished", progress=None, name=None, **settings):
    rows = [
        {"epoch": epoch, "seconds": 10.0, "images_seen": 100 * epoch, "images_per_second": 9.0}
        | {f"{split}_{term}": loss + (split == "train") for split in ("train", "test") for term in charts.TERMS}
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
    pair = [run_of([5.0, 4.0], arch=arch) for arch in config.ARCHS]
    for figure in (charts.loss_curves(pair), charts.race(pair)):
        for arch in config.ARCHS:
            lines = [trace for trace in named(figure, arch) if trace.line.color]
            assert lines
            assert {trace.line.color for trace in lines} == {charts.HUE[arch]}


def test_an_enlarged_figure_says_the_same_in_the_same_hues():
    measured = {"pca": LINE, "frontier": [{"beta": 1.0, "kl": 3.0, "recon": 2.0}]}
    pair = [dataclasses.replace(run_of([5.0, 4.0], arch=arch), measured=measured) for arch in config.ARCHS]
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


def test_runs_of_one_architecture_differ_in_dash():
    figure = charts.loss_curves([run_of([5.0, 4.0], arch="fc", seed=seed, lr=1e-3 * (seed + 1)) for seed in range(3)])
    assert len({trace.line.dash for trace in named(figure, ", test")}) == 3


@pytest.mark.parametrize(
    ("axis", "expected"), [("epoch", [1, 2, 3]), ("seconds", [10, 20, 30]), ("images_seen", [100, 200, 300])]
)
def test_curves_stand_where_the_axis_says(axis, expected):
    figure = charts.loss_curves([run_of([5.0, 4.0, 3.0])], axis=axis)
    assert list(named(figure, ", test")[0].x) == expected
    assert list(named(figure, ", test")[0].y) == [5.0, 4.0, 3.0]
    assert list(named(figure, ", train")[0].y) == [6.0, 5.0, 4.0]


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


def test_an_update_keeps_zoom_and_legend():
    for figure in (charts.loss_curves([run_of([5.0])]), charts.race([run_of([5.0])])):
        assert figure.layout.uirevision == "keep"


def test_a_race_without_a_finished_epoch_can_be_drawn():
    figure = charts.race([run_of([], status="running")])
    assert not figure.layout.yaxis.showticklabels


def test_a_race_shows_where_every_run_stands():
    ahead = run_of([50.0], status="running", progress={"trace": [[1.5, 45.0]]})
    behind = run_of([], status="running", progress={"trace": [[0.5, 90.0]]})
    low, high = charts.race([ahead, behind]).layout.yaxis.range
    assert low < 45.0
    assert high > 90.0


def lines(figure):
    return {shape.y0 for shape in figure.layout.shapes}, [note.text for note in figure.layout.annotations]


def test_the_best_linear_vae_is_one_line_for_all_runs_that_share_it():
    pair = [dataclasses.replace(run_of([5.0, 4.0], arch=arch), measured={"pca": LINE}) for arch in config.ARCHS]
    assert lines(charts.loss_curves(pair)) == ({4.5}, ["PCA line, test: 4.5"])
    assert lines(charts.race(pair))[0] == {4.5}
    assert lines(charts.loss_curves(pair, term="recon"))[0] == {3.0}
    assert lines(charts.loss_curves(pair, splits=["train"])) == ({5.5}, ["PCA line, train: 5.5"])
    assert charts.loss_curves(pair, log=True).layout.annotations[0].y == pytest.approx(0.653, abs=1e-3)


def test_without_a_measurement_there_is_no_line():
    assert lines(charts.loss_curves([run_of([5.0])])) == (set(), [])


def test_each_run_is_a_point_of_rate_and_distortion_with_its_way_there():
    pair = [run_of([5.0, 4.0], arch=arch) for arch in config.ARCHS]
    figure = charts.rate_distortion(pair)
    for arch, one in zip(config.ARCHS, pair, strict=True):
        [point] = named(figure, arch)
        assert (point.x[0], point.y[0]) == (4.0, 4.0) and point.marker.color == charts.HUE[arch]
        [way] = [trace for trace in figure.data if trace.legendgroup == one.id and trace.mode == "lines"]
        assert list(way.x) == [5.0, 4.0]
    [iso] = [trace for trace in figure.data if trace.line.dash == "dot" and not trace.legendgroup]
    assert iso.y[0] == 4.0  # what the loss would be without a KL
    assert (iso.y[0] - iso.y[1]) / iso.x[1] == pytest.approx(1.0)  # beta


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
    assert [(trace.x[0], trace.y[0]) for trace in named(figure, ", test")] == [(3_511_040, 4.0), (1_119_811, 4.0)]
    assert [trace.y[0] for trace in named(figure, ", train")] == [5.0, 5.0]
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
    assert figure.layout.annotations[0].text == "real images: 8.1"
    assert figure.layout.xaxis.title.text == "SWD, lower is better; n = 2,000"


def test_runs_of_one_name_have_a_place_each():
    twins = [with_quality("fc", 84.4, name="twin"), with_quality("fc", 80.0, name="twin")]
    assert len({trace.y[0] for trace in charts.quality(twins, "swd").data}) == 2


@pytest.mark.parametrize(("beta", "unit"), [(1.0, "nats"), (0.0, "units of squared error")])
def test_an_axis_says_what_the_losses_count(beta, unit):
    pair = [run_of([5.0, 4.0], arch=arch, beta=beta) for arch in config.ARCHS]
    for figure in (charts.loss_curves(pair), charts.race(pair), charts.loss_curves(pair, term="recon")):
        assert figure.layout.yaxis.title.text.endswith(f"({unit} per image)")
    assert "(nats per image)" in charts.loss_curves(pair, term="kl").layout.yaxis.title.text


def test_within_a_warm_up_there_is_no_line_at_another_beta():
    whole = dataclasses.replace(run_of([5.0, 4.0]), measured={"pca": LINE})
    warm = dataclasses.replace(run_of([5.0, 4.0], kl_warmup=10), measured={"pca": LINE})
    assert charts.loss_curves([whole]).layout.annotations and not charts.loss_curves([warm]).layout.annotations
