"""The latent space page, as a person finds it, and what it computes: the plane, the traversal, the diagnosis, its charts."""

import base64
import functools
import json
import shutil

import numpy as np
import pytest
import torch
import visitor
from hand import expect
from visitor import figures, pictures, words

from vaedash import datasets, runs
from vaedash.config import RunConfig
from vaedash.datasets import shapes
from vaedash.datasets.labels import Label, Trait
from vaedash.measuring import directions, latents
from vaedash.measuring.directions import Along, Direction
from vaedash.models import archs, latent
from vaedash.runs import listing, weights
from vaedash.showing import charts
from vaedash.showing.charts import labels as coloured
from vaedash.ui import decoded

shown = functools.partial(visitor.shown, "latent_space")


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
    *maps, sorted_kl, units, fc_course, conv_course = figures(at)
    assert len(fc_course["data"][0]["x"]) == len(conv_course["data"][0]["x"]) == 6  # epochs
    assert text.count(" in use after epoch 6, saying ") == 2
    assert "Since when are they in use?" in text
    assert [len(trace["x"]) for trace in units["data"]] == [6, 6]
    assert [trace["line"]["color"] for trace in sorted_kl["data"]] == [charts.HUE["fc"], charts.HUE["conv"]]
    assert len(maps) == 2
    assert len(pictures(at)) == 2 * (1 + 3)  # a strip, and the photograph three times
    assert all(alt for alt, _ in pictures(at)) and all(figure["alt"] for figure in figures(at))


def test_one_run_alone_will_do_and_a_damaged_one_is_in_nobodys_way(trained):
    (runs.find(trained, "latest:fc").path / "config.json").write_text("{")
    at = shown()
    assert len(figures(at)) == 4 and len(pictures(at)) == 4


def test_any_latent_can_be_turned_around_the_average_or_a_photograph(trained):
    at = shown(rank=2, start="The picture", photograph=5)
    assert at.slider(key="rank").value == 2 and at.number_input(key="photograph").value == 5
    assert any(caption == "picture 5" for _, caption in pictures(at))
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
    assert "are gone or have changed" in words(at) and "/nowhere/boxes.zip" in words(at)
    assert len(figures(at)) == 3  # how many were in use, epoch by epoch, and which
    assert [caption for _, caption in pictures(at)] == ["number 1 of 4, from -3 to 3"] * 2


def test_of_five_runs_four_are_shown(trained):
    first = runs.find(trained, "latest:fc")
    for letter in "wxz":
        shutil.copytree(first.path, trained / (6 * letter))
    at = shown(runs=",".join(run.id for run in runs.list_runs(trained)))
    assert "There is room for 4 runs here: the first 4 are shown." in words(at) and len(figures(at)) == 4 + 2 + 4


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
    for trace in drawn["data"][:2]:
        packed, hues = trace["customdata"], trace["marker"]["color"]
        numbers = np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"]) if packed else []
        yield from zip(np.asarray(numbers).tolist(), hues, strict=True)


def test_of_pictures_of_which_nothing_is_known_nothing_is_coloured_and_nothing_moved(trained):
    at = shown()
    assert not at.selectbox and "Can you move one thing alone?" not in words(at)
    assert {hue for _, hue in dots(figures(at)[0])} == {charts.HUE["fc"]}


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
    """What the browser is told of the picture that moves: its data, and each run's frames."""
    (proto,) = (each.proto for each in at.get("bidi_component") if each.proto.component_name == "vaedash_morph")
    data = json.loads(proto.json)
    packed = [np.frombuffer(base64.b64decode(run["frames"]), np.uint8) for run in data["runs"]]
    return data, [frames.reshape(-1, 3, 32, 32) for frames in packed]


def test_the_map_is_coloured_by_what_is_known_or_by_the_run_as_the_address_says(known):
    at = shown()
    assert at.selectbox(key="coloured").options == ["class", "the run's own colour"]
    assert all(word in words(at) for word in ("dark", "light"))
    for drawn in figures(at)[:2]:
        by_class = {(number % 2, hue) for number, hue in dots(drawn)}
        assert len(by_class) == 2 and len({hue for _, hue in by_class}) == 2
        assert "coloured by class" in drawn["alt"]
    plain = shown(coloured="the run's own colour")
    assert {hue for _, hue in dots(figures(plain)[0])} == {charts.HUE["fc"]}
    assert not shown(coloured="what nobody knows").exception


def test_one_picture_moves_in_all_runs_along_the_direction_of_each(known, data_dir, classes):
    at = shown(photograph=3)
    assert at.segmented_control(key="towards").options == ["light"]
    data, frames = moving(at)
    assert data["columns"] == len(data["words"]) == decoded.MOMENTS and data["start"] == 0.5
    assert (data["words"][0], data["words"][20], data["words"][-1]) == (
        "2.0 steps less",
        "as it is redrawn",
        "2.0 steps more",
    )
    photos = datasets.load(str(classes), data_dir=data_dir).test
    assert data["ends"] == [base64.b64encode(photos[3].tobytes()).decode(), ""]
    for run, drawn in zip(known, frames, strict=True):
        model, _ = weights.load_model(run)
        mu = latent.encode(model, photos)[0].numpy()
        light = np.arange(100) % 2 == 1
        trait = Trait(label="class", name="light", told="", having=light, lacking=~light)
        (direction,) = directions.measured(mu, [trait], fewest=20)
        ends = np.stack([mu[3] - 2 * direction.step, mu[3], mu[3] + 2 * direction.step])
        expected = latent.decode(model, torch.from_numpy(ends).float())
        assert np.abs(drawn[[0, 20, 40]].astype(int) - expected).max() <= 1  # decoded in another batch
    assert words(at).count("of the way to *light*") == 2
    assert "What one step changes" in figures(at)[2]["alt"]


def test_where_the_slider_was_let_go_is_where_a_link_begins(known):
    assert moving(shown(step="0.75"))[0]["start"] == 0.75
    assert moving(shown(step="nowhere"))[0]["start"] == 0.5


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


def test_the_map_draws_pictures_that_do_not_overlap_and_dots_for_the_rest(tmp_path, tiny):
    rng = np.random.default_rng(0)
    points, photos = rng.normal(size=(300, 2)), rng.integers(0, 256, (300, 3, 32, 32), np.uint8)
    numbers = np.arange(300) * 3
    figure = charts.latent_map(runs.create(tmp_path, tiny()), points, photos, numbers, np.array([0.25, 0.125]))
    dots, pictured = figure.data
    assert sorted([*dots.customdata, *pictured.customdata]) == numbers.tolist()
    drawn = figure.layout.images
    assert len(drawn) == len(pictured.x) > 20
    spots = np.array([(image.x, image.y) for image in drawn])
    apart = np.abs(spots[:, None] - spots[None]).max(-1) + np.eye(len(spots)) * 99
    assert apart.min() >= drawn[0].sizex
    assert figure.layout.xaxis.title.text == "across 25%, up 12% of all that differs"


def test_a_map_of_equal_points_is_drawn_all_the_same(tmp_path, tiny):
    photos = np.zeros((5, 3, 32, 32), np.uint8)
    figure = charts.latent_map(runs.create(tmp_path, tiny()), np.zeros((5, 2)), photos, np.arange(5), np.zeros(2))
    assert len(figure.layout.images) == 1


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


# ---- in a browser ----------------------------------------------------------------------------------------


def test_the_slider_moves_the_picture_in_both_runs_at_once_and_stands_in_the_address(browser, clone):
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    failed = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(f"{clone.url}/latent-space?towards=bigger")
    expect(page.locator("output")).to_have_text("as it is redrawn")
    drawn = page.locator("figure:not(.end) canvas")
    before = drawn.evaluate_all("all => all.map((one) => one.toDataURL())")
    page.locator("input[name=x]").focus()
    page.keyboard.press("End")
    after = drawn.evaluate_all("all => all.map((one) => one.toDataURL())")
    assert len(before) == 2 and all(old != new for old, new in zip(before, after, strict=True))
    expect(page.locator("output")).to_have_text("2.0 steps more")
    page.wait_for_url("**step=1.00**")
    context.close()
    assert failed == []
