"""The latent space page, as a person finds it, and what it computes: the plane, the traversal, the diagnosis, its charts."""

import base64
import functools
import json
import math
import re
import shutil

import numpy as np
import pytest
import torch
import visitor
from hand import expect, press, settled
from patience import until
from visitor import figures, pictures, words

from vaedash import config, datasets, places, runs
from vaedash.browser import packing
from vaedash.config import RunConfig
from vaedash.datasets import shapes
from vaedash.datasets.labels import Label, Trait
from vaedash.languages import Speech, spoken
from vaedash.measuring import directions, latents
from vaedash.measuring.directions import Along, Direction
from vaedash.models import archs, latent
from vaedash.runs import listing, weights
from vaedash.showing import charts
from vaedash.showing.charts import labels as coloured
from vaedash.ui import decoded

shown = functools.partial(visitor.shown, "latent_space")


def told(at, widget):
    """What the browser is told of each thing of this name that it can play with."""
    drawn = (element.proto for element in at.get("bidi_component"))
    return [json.loads(proto.json) for proto in drawn if proto.component_name == f"vaedash_{widget}"]


# ---- the page --------------------------------------------------------------------------------------------


def test_without_runs_or_weights_it_says_where_to_begin(trained, tmp_path, monkeypatch):
    for file in trained.glob("*/*.pt"):
        file.unlink()
    assert "No run has weights yet" in words(shown())
    monkeypatch.setenv("VAEDASH_RUNS", str(tmp_path / "empty"))
    assert "No run has weights yet" in words(shown())


def test_two_runs_are_diagnosed_charted_turned_and_mapped(trained):
    at = shown()
    text = words(at)
    assert text.count("4 latents") == 2 and "0.01 nats" in text
    sorted_kl, units, fc_course, conv_course = figures(at)
    assert len(fc_course["data"][0]["x"]) == len(conv_course["data"][0]["x"]) == 6  # epochs
    assert text.count(" in use after epoch 6, saying ") == 2
    assert "Since when are they in use?" in text
    assert [len(trace["x"]) for trace in units["data"]] == [6, 6]
    assert [trace["line"]["color"] for trace in sorted_kl["data"]] == [charts.HUE["fc"], charts.HUE["conv"]]
    assert (
        [each["name"] for each in told(at, "plane")] == [each["name"] for each in told(at, "numbers")] == ["FC", "conv"]
    )
    assert len(pictures(at)) == 2  # a strip of each
    assert all(alt for alt, _ in pictures(at))
    assert all(each["alt"] for each in [*figures(at), *told(at, "plane")])


def test_one_run_alone_will_do_and_a_damaged_one_is_in_nobodys_way(trained):
    (runs.find(trained, "latest:fc").path / "config.json").write_text("{")
    at = shown()
    assert len(figures(at)) == 3 and len(pictures(at)) == len(told(at, "plane")) == 1


def test_any_latent_can_be_turned_around_the_average_or_a_photograph(trained):
    at = shown(rank=2, start="The picture", photograph=5)
    assert at.slider(key="rank").value == 2 and at.number_input(key="photograph").value == 5
    assert [each["number"] for each in told(at, "plane")] == [5, 5]
    assert [each["start"] for each in told(at, "numbers")] == ["picture 5, redrawn"] * 2
    turned = set()
    for rank in range(1, 5):
        at.slider(key="rank").set_value(rank).run()
        turned.add(pictures(at)[0][1])
    assert turned == {f"number {number} of 4, from -3 to 3" for number in range(1, 5)}
    assert not at.exception


def test_without_photographs_the_latents_can_be_turned_all_the_same(trained):
    for run in listing.folders(trained):
        record = json.loads((run.path / "config.json").read_text())
        (run.path / "config.json").write_text(json.dumps(record | {"dataset": "/nowhere/boxes.zip"}))
    at = shown(start="The picture")
    assert words(at).count("are gone or have changed") == 1 and "/nowhere/boxes.zip" in words(at)
    assert len(figures(at)) == 3  # how many were in use, epoch by epoch, and which
    kept = [run.figures.kl_by_latent()[run.best_epoch - 1] for run in runs.list_runs(trained)[::-1]]
    most = [kl.argmax() + 1 for kl in kept]  # as was counted while it learned
    assert [caption for _, caption in pictures(at)] == [f"number {number} of 4, from -3 to 3" for number in most]


def test_of_five_runs_four_are_shown(trained):
    first = runs.find(trained, "latest:fc")
    for letter in "wxz":
        shutil.copytree(first.path, trained / (6 * letter))
    at = shown(runs=",".join(run.id for run in runs.list_runs(trained)))
    assert "There is room for 4 runs here: the first 4 are shown." in words(at) and len(figures(at)) == 2 + 4


def test_a_choice_with_fewer_latents_takes_the_slider_back(trained, pair, tiny):
    small = runs.find(trained, "latest:fc")
    large = runs.create(trained, tiny(arch="fc", latent_dim=8, dataset="/nowhere/boxes.zip"))  # so all count as used
    weights.save(large, "best", {"epoch": 1, "model": archs.build(RunConfig(arch="fc", latent_dim=8)).state_dict()})
    at = shown(runs=f"{large.id},{small.id}")
    assert at.slider(key="rank").max > 4
    at.slider(key="rank").set_value(int(at.slider(key="rank").max)).run()
    assert [caption.split(",")[0].split(" of ")[1] for _, caption in pictures(at) if "from -3" in caption] == ["8", "4"]
    at.multiselect[0].set_value([small.id]).run()
    assert not at.exception and at.slider(key="rank").value == 4


def dots(drawn):
    """(number, hue) of each picture on a map, with room for it or not."""
    return zip(drawn["numbers"], drawn["hues"], strict=True)


def test_bars_are_of_the_latents_in_use_in_their_order_and_begin_where_the_page_says(trained):
    for start in ("The average", "The picture"):
        at = shown(start=start, photograph=5)
        for run, bar in zip(runs.list_runs(trained)[::-1], told(at, "numbers"), strict=True):
            assert bar["used"] == decoded.used(run) and bar["side"] == 32
            model, _ = weights.load_model(run)
            images_ = datasets.load(run.config.dataset, data_dir=places.data_dir()).test
            mu = latent.encode(model, images_[[5]])[0][0].numpy()
            np.testing.assert_array_equal(bar["z"], mu if start == "The picture" else np.zeros(4, np.float32))


def test_a_place_on_the_map_is_lifted_to_where_the_picture_lies_on_the_plane(trained):
    for run, drawn in zip(runs.list_runs(trained)[::-1], told(shown(photograph=5), "plane"), strict=True):
        model, _ = weights.load_model(run)
        mu = latent.encode(model, datasets.load(run.config.dataset, data_dir=places.data_dir()).test)[0].numpy()
        sheet = latents.plane(mu)
        across, down = drawn["place"]
        point = np.array([drawn["left"] + across * drawn["span"], drawn["top"] - down * drawn["span"]])
        np.testing.assert_allclose(point, sheet.project(mu[[5]])[0], atol=1e-4)
        np.testing.assert_allclose(
            drawn["centre"] + point @ np.array(drawn["axes"]), sheet.lift(point[None])[0], atol=1e-4
        )
        expected = latent.decode(model, torch.from_numpy(sheet.lift(sheet.project(mu[[5]]))).float())
        flat = np.frombuffer(base64.b64decode(drawn["flattened"]), np.uint8).reshape(expected.shape)
        assert np.abs(flat.astype(int) - expected).max() <= 1


def test_a_run_with_layers_that_a_browser_is_not_taught_has_its_map_and_no_bars(trained, monkeypatch):
    monkeypatch.setattr(packing, "pack", lambda *_, **__: None)
    at = shown()
    assert [each["part"] for each in told(at, "plane")] == ["", ""] and not told(at, "numbers")


def test_of_pictures_of_which_nothing_is_known_nothing_is_coloured_and_nothing_moved(trained):
    at = shown()
    assert not at.selectbox and "Can you move one thing alone?" not in words(at)
    assert {hue for _, hue in dots(told(at, "plane")[0])} == {charts.HUE["fc"]}


# ---- what is known of pictures -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    """A file of 100 test pictures, 50 dark and 50 light ones in turn, with their classes."""
    levels = np.random.default_rng(0).integers(0, 60, (100, 1, 1, 3)) + 120 * (np.arange(100) % 2)[:, None, None, None]
    images = np.broadcast_to(levels, (100, 32, 32, 3)).astype(np.uint8)
    file = tmp_path_factory.mktemp("classes") / "shades.npz"
    words_ = np.where(np.arange(100) % 2, "light", "dark")
    np.savez(file, x_train=images[:8], y_train=words_[:8], x_test=images, y_test=words_)
    return file


@pytest.fixture
def known(folder, classes):
    """An fc and a conv that nobody trained, on them."""
    made = []
    for seed, arch in enumerate(("fc", "conv")):
        run = runs.create(folder, RunConfig.build(dataset=str(classes), latent_dim=4, arch=arch))
        visitor.give_weights(run, seed=seed)
        run.write_outcome("finished", "Finished all 1 epochs.")
        made.append(run.reread())
    return made


def moving(at):
    """What the browser is told of the picture that moves."""
    return told(at, "morph")[0]


def test_the_map_is_coloured_by_what_is_known_or_by_the_run_as_the_address_says(known):
    at = shown()
    assert at.selectbox(key="coloured").options == ["class", "the run's own colour"]
    assert all(word in words(at) for word in ("dark", "light"))
    for drawn in told(at, "plane"):
        by_class = {(number % 2, hue) for number, hue in dots(drawn)}
        assert len(by_class) == 2 and len({hue for _, hue in by_class}) == 2
        assert "coloured by class" in drawn["alt"]
    plain = shown(coloured="the run's own colour")
    assert {hue for _, hue in dots(told(plain, "plane")[0])} == {charts.HUE["fc"]}
    assert not shown(coloured="what nobody knows").exception


def test_one_picture_moves_in_all_runs_along_the_direction_of_each(known, data_dir, classes):
    at = shown(photograph=3)
    assert at.segmented_control(key="towards").options == ["light"]
    data = moving(at)
    assert (data["columns"], data["reach"], data["start"]) == (decoded.MOMENTS, 2.0, 0.5)
    photos = datasets.load(str(classes), data_dir=data_dir).test
    assert data["ends"] == [base64.b64encode(photos[3].tobytes()).decode(), ""]
    for run, ends_told in zip(known, data["runs"], strict=True):
        model, _ = weights.load_model(run)
        mu = latent.encode(model, photos)[0].numpy()
        light = np.arange(100) % 2 == 1
        trait = Trait(label="class", name="light", told="", having=light, lacking=~light)
        (direction,) = directions.measured(mu, [trait], fewest=20)
        ends = np.stack([mu[3] - 2 * direction.step, mu[3] + 2 * direction.step])
        np.testing.assert_allclose(ends_told["z"], ends, atol=1e-5)
        frames = decoded.moved(run, 3, "light")  # for a browser that is not taught it
        expected = latent.decode(model, torch.from_numpy(np.stack([ends[0], mu[3], ends[1]])).float())
        assert np.abs(frames[[0, 20, 40]].astype(int) - expected).max() <= 1  # decoded in another batch
    assert words(at).count("of the way to *light*") == 2
    assert "What one step changes" in figures(at)[0]["alt"]


def test_where_the_slider_was_let_go_is_where_a_link_begins(known):
    assert moving(shown(step="0.75"))["start"] == 0.75
    assert moving(shown(step="nowhere"))["start"] == 0.5


def test_of_few_pictures_there_is_no_direction(folder, known):
    with np.load(known[0].config.dataset) as arrays:
        few = {name: values[:30] for name, values in arrays.items()}
    file = folder.parent / "few.npz"
    np.savez(file, **few)
    run = runs.create(folder, RunConfig.build(dataset=str(file), latent_dim=4))
    visitor.give_weights(run, seed=3)
    at = shown(runs=run.id)
    assert at.selectbox(key="coloured").value == "class" and "Can you move one thing alone?" not in words(at)


def test_twelve_classes_have_ten_looks_and_the_rarest_share_one():
    values = np.concatenate([np.full(30 - word, word) for word in range(12)] + [[-1]])
    label = Label(name="class", values=values, words=tuple("abcdefghijkl"))
    shades = charts.shades(label)
    assert [shade.words for shade in shades] == [*"abcdefghij", "2 others"]
    assert len({(shade.hue, shade.mark) for shade in shades}) == 11
    hues, marks = coloured.drawn_in(label, np.arange(len(values)))
    assert len(set(zip(hues, marks, strict=True))) == 11 and hues[-1] == hues[-2] == shades[-1].hue


def test_a_factor_is_coloured_from_its_least_to_its_most_and_a_wheel_as_it_is():
    size = Label(name="size", values=np.array([8.5, 12.0, 10.25]))
    hues, _ = coloured.drawn_in(size, np.arange(3))
    assert [hues[0], hues[1]] == [charts.scale(size)[0], charts.scale(size)[-1]]
    hue = Label(name="hue", values=np.array([0.0, 1.0, 1 / 9]), factor=shapes.FACTORS["hue"])
    assert coloured.drawn_in(hue, np.arange(3))[0] == ["rgb(229, 72, 77)", "rgb(229, 72, 77)", "rgb(247, 114, 27)"]


def test_what_moves_along_has_a_row_for_each_trait_and_a_dot_with_its_interval_for_each_run(tmp_path, tiny):
    def trait(name):
        return Trait(label=name, name=name, told="", having=np.ones(1, bool), lacking=np.zeros(1, bool))

    def along(name, share):
        return Along(trait=trait(name), share=share, low=share - 0.1, high=share + 0.1)

    made = [runs.create(tmp_path, tiny(arch=arch)) for arch in ("fc", "conv")]
    pairs = [
        (run, Direction(trait=trait("hat"), step=np.zeros(2), own=along("hat", 0.9), along=others))
        for run, others in zip(
            made,
            [(along("coat", 0.1), along("smile", -0.5)), (along("coat", 0.2), along("smile", float("nan")))],
            strict=True,
        )
    ]
    figure = charts.moved_along(pairs)
    assert figure.layout.yaxis.ticktext == ("hat", "smile", "coat")
    fc, conv = figure.data
    assert list(fc.x) == pytest.approx([90, -50, 10]) and list(conv.x) == pytest.approx([90, 20])
    assert list(fc.error_x.array) == pytest.approx([10, 10, 10])
    assert [round(place) for place in conv.y] == [0, 2]


def test_what_is_named_has_a_row_even_where_many_of_the_traits_own_kind_move_farther(tmp_path, tiny):
    def along(name, share, *, label):
        trait = Trait(label=label, name=name, told="", having=np.ones(1, bool), lacking=np.zeros(1, bool))
        return Along(trait=trait, share=share, low=share - 0.01, high=share + 0.01)

    own = along("cat", 0.9, label="class")
    kin = [along(f"class {number}", -0.5 - number / 100, label="class") for number in range(20)]
    others = [
        along("bigger", 0.2, label="size"),
        along("redder", 0.1, label="hue"),
        along("rounder", 0.05, label="form"),
    ]
    direction = Direction(trait=own.trait, step=np.zeros(2), own=own, along=(*kin, *others))
    assert [each.trait.name for each in direction.besides(2)] == ["bigger", "redder"]
    rows = charts.moved_along([(runs.create(tmp_path, tiny()), direction)]).layout.yaxis.ticktext
    assert rows[:2] == ("cat", "class 19") and rows[-3:] == ("bigger", "redder", "rounder") and len(rows) == 13


def test_what_moves_along_is_called_as_whoever_looks_calls_it(tmp_path, tiny):
    trait = Trait(label="size", name="bigger", told="", having=np.ones(1, bool), lacking=np.zeros(1, bool))
    own = Along(trait=trait, share=0.9, low=0.8, high=1.0)
    direction = Direction(trait=trait, step=np.zeros(2), own=own, along=())
    with spoken(Speech(language="de", region="de")):
        figure = charts.moved_along([(runs.create(tmp_path, tiny()), direction)])
    assert figure.layout.yaxis.ticktext == ("größer",) and figure.layout.xaxis.ticksuffix == "\u00a0%"
    assert figure.data[0].customdata[0][2] == "größer"


# ---- what it computes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kl", "sentence"),
    [
        ([2.0, 1.0], "All 2 latents are in use: each of them says something about the picture."),
        ([1.0, 0.02, 0.01, 0.0], "2 of 4 latents are in use; the other 2 say nothing about the picture."),
        ([1.0, 0.02, 0.0], "2 of 3 latents are in use; the other one says nothing about the picture."),
        ([1.0, 0.0, 0.0], "1 of 3 latents is in use; the other 2 say nothing about the picture."),
    ],
)
def test_the_diagnosis_says_how_many_latents_are_in_use(kl, sentence):
    assert latents.diagnosis(np.array(kl)) == sentence


def test_the_diagnosis_calls_a_collapse_by_its_name():
    sentence = latents.diagnosis(np.zeros(128))
    assert sentence.startswith("None of the 128 latents is in use") and "posterior collapse" in sentence


def test_the_plane_is_what_numpys_eigenvectors_of_the_covariance_say():
    rng = np.random.default_rng(0)
    mu = (rng.normal(size=(200, 6)) * [3, 2, 1, 0.5, 0.2, 0.1]) @ np.linalg.qr(rng.normal(size=(6, 6)))[0] + 5
    plane = latents.plane(mu.astype(np.float32))
    values, vectors = np.linalg.eigh(np.cov(mu.T))
    np.testing.assert_allclose(plane.share, values[:-3:-1] / values.sum(), rtol=1e-4)
    np.testing.assert_allclose(np.abs(plane.axes @ vectors[:, :-3:-1]), np.eye(2), atol=1e-3)
    assert (plane.axes[[0, 1], np.abs(plane.axes).argmax(1)] > 0).all()
    np.testing.assert_allclose(plane.project(mu).mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(plane.project(mu).var(0, ddof=1), values[:-3:-1], rtol=1e-3)


def test_what_is_lifted_from_the_plane_lies_where_it_lay():
    plane = latents.plane(np.random.default_rng(1).normal(size=(20, 5)))
    points = np.array([[1.0, -2.0], [0.0, 0.0]])
    np.testing.assert_allclose(plane.project(plane.lift(points)), points, atol=1e-12)
    np.testing.assert_allclose(plane.lift(points)[1], plane.centre)


@pytest.mark.parametrize("mu", [np.ones((1, 3)), np.ones((9, 3)), np.random.default_rng(0).normal(size=(2, 3))])
def test_a_plane_through_too_little_is_still_a_plane(mu):
    plane = latents.plane(mu)
    assert np.isfinite(plane.project(mu)).all() and 0 <= plane.share.sum() <= 1 + 1e-9
    assert plane.lift(plane.project(mu)).shape == mu.shape


def test_a_traversal_moves_one_latent_and_no_other():
    start = torch.tensor([0.5, -1.0, 2.0])
    points = latent.traversal(start, 1)
    assert points[:, 1].tolist() == [-3, -2, -1, 0, 1, 2, 3]
    assert torch.equal(points[:, [0, 2]], start[[0, 2]].expand(7, 2))
    assert start[1] == -1  # as it was


def test_the_chart_sorts_the_latents_and_names_each(tmp_path, tiny):
    run = runs.create(tmp_path, tiny())
    figure = charts.kl_by_latent([(run, np.array([0.5, 0.0, 2.0]))], threshold=0.01)
    trace = figure.data[0]
    assert list(trace.y) == [2.0, 0.5, 1e-5] and list(trace.customdata) == [3, 1, 2]  # no 0 on a logarithmic axis
    assert trace.line.color == charts.HUE["conv"]
    assert figure.layout.shapes[0].y0 == 0.01 and figure.layout.annotations[0].y == -2
    twice = charts.kl_by_latent([(run, np.ones(3)), (runs.create(tmp_path, tiny()), np.ones(3))], threshold=0.01)
    assert twice.data[0].line.dash != twice.data[1].line.dash


def test_the_map_shows_pictures_that_do_not_overlap_and_dots_for_the_rest(tmp_path, tiny):
    points, numbers = np.random.default_rng(0).normal(size=(300, 2)), np.arange(300) * 3
    drawn = charts.latent_map(runs.create(tmp_path, tiny()), points, numbers)
    assert drawn.numbers.tolist() == numbers.tolist() and {*drawn.hues} == {charts.HUE["conv"]}
    spots = drawn.points[drawn.pictured]
    assert len(spots) > 20
    apart = np.abs(spots[:, None] - spots[None]).max(-1) + np.eye(len(spots))
    assert apart.min() >= drawn.tile - 1e-9
    assert (drawn.points >= drawn.tile / 2 - 1e-9).all() and (drawn.points <= 1 - drawn.tile / 2 + 1e-9).all()
    np.testing.assert_allclose(drawn.at(tuple(points[7])), drawn.points[7])
    upwards = np.argsort(points[:, 1])
    assert drawn.points[upwards[0], 1] > drawn.points[upwards[-1], 1]  # from the top


def test_a_map_of_equal_points_is_drawn_all_the_same(tmp_path, tiny):
    drawn = charts.latent_map(runs.create(tmp_path, tiny()), np.zeros((5, 2)), np.arange(5))
    assert drawn.pictured.tolist() == [0] and np.allclose(drawn.points, 0.5)


# ---- how many are in use, epoch by epoch -----------------------------------------------------------------


def counted(folder, units, *, directions=None, **settings):
    """A run that counted these units; None stands for an epoch of before they were counted."""
    made = visitor.make_run(folder, epochs=len(units), **settings)
    kept = [row | ({} if one is None else {"active_units": one}) for row, one in zip(made.epochs, units, strict=True)]
    made.write_metrics(kept)
    if directions:
        figures = {"loss": 3.0, "recon": 2.0, "kl": 1.0, "directions": directions}
        made.write_measured(pca=dict.fromkeys(("train", "test"), figures))
    return made.reread()


def test_the_curve_has_a_point_for_each_epoch_that_counted_and_the_line_of_the_best_linear_vae(tmp_path):
    fc, conv = counted(tmp_path, [None, 5, 3], arch="fc", directions=36), counted(tmp_path, [7, 8, 9], arch="conv")
    figure = charts.active_units([fc, conv])
    assert [list(trace.y) for trace in figure.data] == [[None, 5, 3], [7, 8, 9]]
    assert [trace.line.color for trace in figure.data] == [charts.HUE["fc"], charts.HUE["conv"]]
    assert [shape.y0 for shape in figure.layout.shapes] == [36]
    assert figure.layout.annotations[0].text == "best linear VAE: 36"


def test_runs_from_before_units_were_counted_are_readable_and_have_no_curve(tmp_path):
    old = counted(tmp_path, [None, None])
    assert old.status == "finished" and charts.active_units([old]) is None
    assert charts.active_units([old, counted(tmp_path, [2])]).data[0].y == (2,)


@pytest.mark.parametrize("units", [-1, 2.5, "3", [3], True])
def test_a_count_that_is_none_is_damage(tmp_path, units):
    assert counted(tmp_path, [units]).status == "damaged"


@pytest.mark.parametrize(
    ("used", "worth", "said"),
    [
        (0, 36, "Try a lower beta, or a KL warm-up"),
        (17, 36, "The best linear VAE on these images would use 36. Train longer"),
        (30, 36, "Unused latents are normal"),
        (30, None, "Unused latents are normal"),
        (128, 36, "try a larger latent size"),
    ],
)
def test_the_advice_fits_what_is_in_use(used, worth, said):
    assert said in latents.advice(used, 128, worth=worth)
    if used == 30:
        assert latents.advice(used, 128, worth=worth).endswith("would use 36.") == (worth is not None)


def test_a_latent_is_a_row_of_colour_that_says_since_when_it_speaks(tmp_path):
    made = visitor.make_run(tmp_path, epochs=3, arch="fc")
    kl = np.array([[0.0, 0.5, 0.0], [1.0, 0.5, np.nan], [2.0, 0.005, 0.0]])
    [rows] = charts.kl_over_epochs(made, kl, threshold=0.01).data
    assert list(rows.x) == [1, 2, 3]
    assert rows.z[0] == pytest.approx([-2, 0, np.log10(2)])  # what says most in the end is on top
    assert rows.z[1] == pytest.approx([np.log10(0.5), np.log10(0.5), -2])
    assert [cell[0] for cell in rows.customdata[:, 0]] == [1, 2, 3]
    assert (rows.zmin, rows.zmax) == (-2, pytest.approx(np.log10(2)))
    assert "213,94,0" in rows.colorscale[1][1]  # the hue of fc


def kl_of(*epochs):
    return np.array([[int(letter) / 10 if letter != "?" else np.nan for letter in epoch] for epoch in epochs])


@pytest.mark.parametrize(
    ("epochs", "said"),
    [
        (("500",), "1 in use after epoch 1, saying 0.5 nats together."),
        (
            ("500", "550", "555"),
            "3 in use after epoch 3, saying 1.5 nats together; 1 after epoch 1, saying 0.5. None has fallen silent.",
        ),
        (("555", "880", "990"), "2 in use after epoch 3, saying 1.8 nats together; 3 after epoch 1, saying 1.5. Those"),
        (
            ("123", "999", "110"),
            "saying 0.2 nats together; after epoch 2 they said 2.7. That is a collapse: try a lower",
        ),
        (("???", "500"), "1 in use after epoch 2, saying 0.5 nats together; 0 after epoch 1, saying 0.0. None"),
    ],
)
def test_the_course_of_the_latents_is_told_and_a_collapse_is_when_all_together_say_less(epochs, said):
    assert said in latents.course(kl_of(*epochs))


def test_what_latents_in_use_say_is_told_without_the_rest():
    quiet = np.full((2, 100), config.ACTIVE_KL / 2)
    quiet[:, 0] = 3.0
    assert "1 in use after epoch 2, saying 3.0 nats together" in latents.course(quiet)


# ---- in a browser ----------------------------------------------------------------------------------------


def test_the_slider_moves_the_picture_in_both_runs_at_once_and_stands_in_the_address(browser, clone):
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    failed = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(f"{clone.url}/latent-space?towards=bigger")
    expect(page.locator("output")).to_have_text("as it is redrawn")
    drawn = page.locator(".morph figure:not(.end) canvas")
    looks = "all => all.map((one) => one.toDataURL())"
    until(lambda: len({*drawn.evaluate_all(looks)}) == 2)  # both have come, and differ
    before = drawn.evaluate_all(looks)
    page.locator(".morph input[name=x]").focus()
    page.keyboard.press("End")
    until(lambda: all(old != new for old, new in zip(before, drawn.evaluate_all(looks), strict=True)))
    expect(page.locator("output")).to_have_text("2.0 steps more")
    page.wait_for_url("**step=1.00**")
    context.close()
    assert failed == []


@pytest.fixture
def page(anyone, classroom):
    failed = []
    anyone.on("pageerror", lambda error: failed.append(str(error)))
    chosen = ",".join(runs.find(classroom.folder, f"latest:{arch}").id for arch in ("fc", "conv"))
    anyone.goto(f"{classroom.url}/latent-space?runs={chosen}&photograph=2")
    anyone.locator(".plane canvas").nth(7).wait_for()
    settled(anyone)
    anyone.wait_for_timeout(1000)
    anyone.sent = []
    anyone.on("websocket", lambda wire: wire.on("framesent", lambda message: anyone.sent.append(message)))
    yield anyone
    assert anyone.get_by_test_id("stMain").evaluate("element => element.scrollWidth <= window.innerWidth")
    assert failed == []


def levels(canvas):
    """What a canvas shows, `(3, side, side)`, once it has come to rest."""
    canvas.page.wait_for_timeout(300)
    shown_ = canvas.evaluate("one => [...one.getContext('2d').getImageData(0, 0, one.width, one.height).data]")
    side = math.isqrt(len(shown_) // 4)
    return np.array(shown_, int).reshape(side, side, 4)[..., :3].transpose(2, 0, 1)


def drawn_of(classroom, arch, z):
    model, _ = weights.load_model(runs.find(classroom.folder, f"latest:{arch}"))
    return latent.decode(model, torch.tensor(np.asarray(z), dtype=torch.float32)[None])[0]


@pytest.mark.slow
def test_a_bar_that_is_pulled_changes_its_number_alone_and_back_is_back(page, classroom):
    for place, arch in enumerate(("fc", "conv")):
        bars = page.locator(".numbers").nth(place)
        canvas, average = bars.locator("canvas"), np.zeros(4)
        assert np.abs(levels(canvas) - drawn_of(classroom, arch, average)).max() <= 1
        bar = bars.get_by_role("slider").first
        number = int(bar.get_attribute("aria-label").rpartition(" ")[2]) - 1
        press(bar)
        bar.press("End")
        assert bar.get_attribute("aria-valuetext") == "3.0"
        assert np.abs(levels(canvas) - drawn_of(classroom, arch, 3 * np.eye(4)[number])).max() <= 1
        expect(bars.locator("figcaption")).to_have_text(re.compile("^1 of "))
        press(bars.get_by_role("button", name="Back"))
        assert np.abs(levels(canvas) - drawn_of(classroom, arch, average)).max() <= 1
        expect(bars.locator("figcaption")).to_have_text("the average")


@pytest.mark.slow
def test_wherever_the_map_is_pulled_the_model_draws_what_lies_there(page, classroom, pair):
    run = runs.find(classroom.folder, "latest:conv")
    photos = datasets.load(run.config.dataset, data_dir=pair.data_dir).test
    mu = latent.encode(weights.load_model(run)[0], photos)[0].numpy()
    sheet = latents.plane(mu)
    drawn = charts.latent_map(run, sheet.project(mu), np.arange(len(mu)))
    frame, live = page.locator(".plane .map").nth(1), page.locator(".plane .live canvas").nth(1)
    alone = sheet.lift(sheet.project(mu[[2]]))[0]
    assert np.abs(levels(live) - drawn_of(classroom, "conv", alone)).max() <= 1
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    for part in (0.2, 0.5, 0.9):
        page.mouse.move(box["x"] + part * box["width"], box["y"] + 0.25 * box["height"])
    page.mouse.up()
    handle = frame.get_by_role("slider")
    at = [float(handle.evaluate(f"one => parseFloat(one.style.getPropertyValue('--{axis}'))")) / 100 for axis in "xy"]
    assert at == pytest.approx([0.9, 0.25], abs=0.02)
    point = np.array([[drawn.left + at[0] * drawn.span, drawn.top - at[1] * drawn.span]])
    assert np.abs(levels(live) - drawn_of(classroom, "conv", sheet.lift(point)[0])).max() <= 2
    expect(page.locator(".plane .live figcaption").nth(1)).to_have_text(re.compile("^made up at "))
    handle.focus()
    before = levels(live)
    for _ in range(9):
        page.keyboard.press("ArrowLeft")
    assert (levels(live) != before).any()
    page.keyboard.press("Home")
    expect(page.locator(".plane .live figcaption").nth(1)).to_have_text("from the map alone")
    assert page.sent == []


@pytest.mark.slow
def test_a_click_on_a_picture_of_one_map_chooses_it_in_all(page, classroom, pair):
    run = runs.find(classroom.folder, "latest:fc")
    photos = datasets.load(run.config.dataset, data_dir=pair.data_dir).test
    mu = latent.encode(weights.load_model(run)[0], photos)[0].numpy()
    drawn = charts.latent_map(run, latents.plane(mu).project(mu), np.arange(len(mu)))
    other = int(next(number for number in drawn.pictured if number not in (0, 2)))
    frame = page.locator(".plane .map").first
    frame.scroll_into_view_if_needed()
    box, (across, down) = frame.bounding_box(), drawn.points[other]
    page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
    expect(page.get_by_role("spinbutton", name="Picture")).to_have_value(str(other))
    for plane in page.locator(".plane").all():
        expect(plane.locator("figcaption").nth(1)).to_have_text(f"picture {other}")
    page.wait_for_url(f"**photograph={other}*")
