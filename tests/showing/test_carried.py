"""What a page carries along can be played with: from disk, without a network, and what it draws is what the runs draw."""

import json
import re

import numpy as np
import offline
import pytest
import torch
from hand import SIZES, expect, press
from offline import drawn, painted, pixels
from patience import until
from visitor import give_weights, make_run

from vaedash import images, places, runs
from vaedash.models import latent
from vaedash.runs import names
from vaedash.showing import carried, playing, report
from vaedash.showing.report import document


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """An FC and a conv run that know pictures, with weights that nobody trained."""
    folder = tmp_path_factory.mktemp("few")
    made = []
    for seed, arch in enumerate(("fc", "conv")):
        run = make_run(folder, arch=arch, epochs=1)
        give_weights(run, seed=seed)
        photos = np.random.default_rng(3).integers(0, 256, (8, 3, 32, 32), np.uint8)
        run.pictures.write_originals(images.encode_png(images.grid(photos, columns=4)))
        made.append(run.reread())
    return made


@pytest.fixture(scope="module")
def file(few, tmp_path_factory):
    whole = tmp_path_factory.mktemp("report") / "report.html"
    whole.write_text(report.page(few), encoding="utf-8")
    return whole


def brought(chosen):
    models, _ = carried.loaded(chosen)
    return carried.carried(chosen, models, called=lambda run: run.name)


WAY, FIELD = ".morph.flat", ".morph:not(.flat)"
ON_WAY = f"{WAY} figure:not(.end) canvas"


@pytest.mark.parametrize("size", SIZES)
def test_the_slider_moves_what_the_models_themselves_draw_and_it_is_what_torch_draws(browser, few, file, size):
    with offline.opened(browser, file, **SIZES[size]) as tab:
        slider = tab.locator(f"{WAY} input[name=x]")
        expect(slider).to_be_visible()
        until(lambda: len(set(drawn(tab, ON_WAY))) == 2)
        before = drawn(tab, ON_WAY)
        box = slider.bounding_box()
        press(slider)  # in its middle
        until(lambda: all(one != other for one, other in zip(before, drawn(tab, ON_WAY), strict=True)))
        assert box["width"] > 60
        place = float(slider.input_value()) / float(slider.get_attribute("max"))
        assert 0.3 < place < 0.7
        until(lambda: slider.get_attribute("aria-valuetext") == f"{round(100 * place)}% of the way")
        tab.wait_for_timeout(300)
        for model, canvas in zip(brought(few).models, drawn(tab, ON_WAY), strict=True):
            start, end = torch.from_numpy(playing.ends(model.run, model.vae, 2)[0])
            exact = 255 * latent.decode_exactly(model.vae, ((1 - place) * start + place * end)[None])[0].numpy()
            assert np.abs(pixels(canvas) - exact).max() <= model.most + 1  # and half a level of rounding
        for number, end in zip((1, 3), drawn(tab, f"{WAY} .end canvas"), strict=True):
            np.testing.assert_array_equal(pixels(end), few[0].pictures.originals()[number])
        assert tab.evaluate("document.documentElement.scrollWidth") <= tab.viewport_size["width"]
        assert tab.complaints == []


def test_the_error_that_is_told_is_that_of_the_weights_that_are_carried(few, file):
    said = re.search(r"rounded to (\d+) bits", file.read_text())
    made = brought(few)
    assert int(said[1]) == made.bits == 8
    assert 0 < made.models[0].rms < made.models[0].most < 255
    assert f"{made.models[0].most:.2g} at most" in made.exactly and f"{made.models[1].rms:.2g} root" in made.exactly


def test_a_pair_is_carried_whole_within_the_budget_and_more_runs_as_far_as_they_find_room(few, monkeypatch):
    assert [set(model.parts) for model in brought(few).models] == [{"decoder", "encoder"}] * 2
    assert sum(map(len, brought(few).parts)) < carried.MOST
    monkeypatch.setattr(carried, "MOST", 3_000_000)
    assert [set(model.parts) for model in brought(few).models] == [{"decoder"}] * 2
    monkeypatch.setattr(carried, "MOST", 1_000_000)
    some = brought(few)
    assert [model.run.id for model in some.models] == [few[1].id] and some.left_out == [few[0]]
    said = report.page(few)
    assert f"for want of room or for layers of another kind: {few[0].name}." in said
    monkeypatch.setattr(carried, "MOST", 100_000_000)
    assert brought(few).bits == 16 and brought(few).models[0].most < 1


def test_dice_are_thrown_anew_and_wilder_ones_draw_something_else(browser, few, file):
    with offline.opened(browser, file, **SIZES["phone"]) as tab:
        place, words = tab.locator(".throws"), tab.locator(".throws output")
        canvases = ".throws figure:not(.real) canvas"
        until(lambda: painted(tab, canvases))
        tab.wait_for_timeout(500)
        first = drawn(tab, canvases)
        z = latent.prior(16, 128)
        for model, canvas in zip(brought(few).models, first, strict=True):
            exact = 255 * latent.decode_exactly(model.vae, z[:1])[0].numpy()
            assert np.abs(pixels(canvas)[:, :32, :32] - exact).max() <= model.most + 1
        expect(words).to_have_text("draw 0, temperature 1.0")
        press(place.get_by_role("button", name="New dice"))
        expect(words).to_have_text("thrown just now, temperature 1.0")
        until(lambda: all(one != other for one, other in zip(first, drawn(tab, canvases), strict=True)))
        thrown = drawn(tab, canvases)
        place.get_by_role("slider").focus()
        tab.keyboard.press("Home")  # not wild at all: every throw draws the same
        until(lambda: all(one != other for one, other in zip(thrown, drawn(tab, canvases), strict=True)))
        tab.wait_for_timeout(300)
        for canvas in map(pixels, drawn(tab, canvases)):
            np.testing.assert_array_equal(canvas[:, :32, :32], canvas[:, -32:, -32:])
        assert tab.complaints == []


def test_a_bar_is_pulled_by_hand_and_by_keys_and_goes_back(browser, few, file):
    with offline.opened(browser, file, **SIZES["laptop"]) as tab:
        place = tab.locator(".numbers").first
        canvas = ".numbers canvas >> nth=0"
        place.scroll_into_view_if_needed()
        until(lambda: painted(tab, canvas))
        tab.wait_for_timeout(300)
        before = drawn(tab, canvas)
        bar = place.get_by_role("slider").first
        bar.click(position={"x": 3, "y": 10})
        until(lambda: float(bar.input_value()) < -2)
        bar.focus()
        tab.keyboard.press("End")
        expect(bar).to_have_attribute("aria-valuetext", "3.0")
        model = brought(few).models[0]
        z = latent.encode(model.vae, few[0].pictures.originals()[[1]])[0].clone()
        z[0, model.used[0]] = 3.0
        exact = 255 * latent.decode_exactly(model.vae, z)[0].numpy()
        tab.wait_for_timeout(300)
        assert np.abs(pixels(drawn(tab, canvas)[0]) - exact).max() <= model.most + 1
        press(place.get_by_role("button", name="Back"))
        until(lambda: drawn(tab, canvas) == before)
        assert tab.complaints == []


def test_a_field_between_four_follows_a_finger(browser, file):
    with offline.opened(browser, file, **SIZES["phone"]) as tab:
        here = f"{FIELD} figure > canvas"
        tab.locator(FIELD).scroll_into_view_if_needed()
        until(lambda: painted(tab, here))
        tab.wait_for_timeout(300)
        before = drawn(tab, here)
        tab.locator(f"{FIELD} .map canvas").first.tap(position={"x": 8, "y": 8})
        until(lambda: all(one != other for one, other in zip(before, drawn(tab, here), strict=True)))
        assert tab.complaints == []


def test_a_picture_that_is_chosen_on_one_map_is_chosen_on_all_of_the_same_pictures(browser, few, file):
    with offline.opened(browser, file, **SIZES["laptop"]) as tab:
        canvases = ".plane .shown figure:not(.live) canvas"
        until(lambda: painted(tab, canvases))
        first = tab.locator(".plane").first
        told = json.loads(re.search(r'data-widget="plane" hidden><script[^>]*>(.*?)</script>', file.read_text())[1])
        area = first.locator(".map").bounding_box()
        x, y = told["points"][told["pictured"][-1]]
        first.locator(".map").click(position={"x": x * area["width"], "y": y * area["height"]})
        number = told["pictured"][-1]
        assert number != told["number"]
        expect(tab.get_by_text(f"picture {number}", exact=True)).to_have_count(2)
        expect(tab.get_by_text("from the map alone")).to_have_count(2)
        tab.wait_for_timeout(300)
        photo = few[0].pictures.originals()[[number]]
        shown = [pixels(each) for each in drawn(tab, canvases)]
        for model, (real, redrawn) in zip(brought(few).models, (shown[:2], shown[2:]), strict=True):
            np.testing.assert_array_equal(real, photo[0])
            exact = 255 * latent.decode_exactly(model.vae, latent.encode(model.vae, photo)[0])[0].numpy()
            assert np.abs(redrawn - exact).max() <= model.most + 1
        first.locator(".handle").press("ArrowLeft")
        expect(first.locator(".live figcaption")).to_contain_text("made up at")
        expect(tab.get_by_text("from the map alone")).to_have_count(1)
        assert tab.complaints == []


@pytest.mark.parametrize("size", SIZES)
def test_a_picture_goes_through_the_layers_and_each_can_be_seen_large(browser, file, size):
    with offline.opened(browser, file, **SIZES[size]) as tab:
        lanes, place = tab.locator(".flow section"), tab.locator("[data-widget=flow]")
        assert not lanes.count()  # it would have flowed before anybody saw it
        place.evaluate("place => place.scrollIntoView()")
        expect(lanes).to_have_count(2)
        expect(lanes.first.locator("li")).to_have_count(8)
        expect(tab.locator(".flow .states")).to_be_hidden()  # what they began with is not carried
        press(lanes.last.locator("li > button").nth(1))
        expect(tab.get_by_role("dialog")).to_contain_text("a window that slides")
        tab.keyboard.press("Escape")
        expect(tab.get_by_role("dialog")).to_be_hidden()
        assert tab.complaints == []


def test_a_picture_of_ones_own_is_redrawn_as_torch_redraws_it_and_leaves_the_page_for_nowhere(
    browser, few, file, tmp_path
):
    picture = np.random.default_rng(4).integers(0, 256, (1, 3, 32, 32), np.uint8)
    (tmp_path / "own.png").write_bytes(images.encode_png(images.grid(picture, columns=1, scale=8)))
    (tmp_path / "no.png").write_bytes(b"no picture")
    with offline.opened(browser, file, **SIZES["laptop"]) as tab:
        chooser = tab.locator(".drawing [type=file]")
        chooser.set_input_files(tmp_path / "no.png")
        expect(tab.locator(".drawing .sorry")).to_contain_text("cannot be read as a picture")
        chooser.set_input_files(tmp_path / "own.png")
        until(lambda: np.array_equal(pixels(drawn(tab, ".drawing .paper")[0]), picture[0]))
        expect(tab.locator(".drawing .figures")).to_have_attribute("aria-busy", "false")
        tab.wait_for_timeout(300)
        redrawn = drawn(tab, ".drawing figure:not(.shown) .pair canvas:last-of-type")
        for model, canvas in zip(brought(few).models, redrawn, strict=True):
            mu = latent.encode(model.vae, picture)[0]
            exact = 255 * latent.decode_exactly(model.vae, mu)[0].numpy()
            assert np.abs(pixels(canvas) - exact).max() <= 2 * model.most + 1  # two parts are rounded
        assert tab.complaints == []


def test_a_page_from_a_disk_that_gets_no_camera_says_so_in_a_sentence(browser, file):
    with offline.opened(browser, file, **SIZES["laptop"]) as tab:
        tab.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
        press(tab.get_by_role("button", name="Camera"))
        expect(tab.locator(".drawing .sorry")).to_contain_text("lend no camera to a page that was opened from a disk")
        expect(tab.get_by_role("button", name="Camera")).to_be_enabled()
        assert tab.complaints == []


def test_without_javascript_all_stills_are_there_and_a_sentence_says_what_is_missing(browser, file):
    with offline.opened(browser, file, java_script_enabled=False, **SIZES["phone"]) as tab:
        assert "open it in a browser with JavaScript" in tab.locator("body").inner_text()
        assert not tab.locator(".played:visible, .alive:visible").count()
        assert tab.locator("img[alt*='ten pictures']").first.is_visible()


def test_a_browser_that_cannot_compute_says_so_once_and_the_still_pictures_stay(browser, file, tmp_path):
    # Without a kernel; a policy knows a script by its hash, so that goes too.
    text = re.sub(r"<meta http-equiv[^>]+>", "", file.read_text())
    (tmp_path / "old.html").write_text(re.sub(r'const KERNEL = "[^"]+"', 'const KERNEL = "AAAA"', text))
    with offline.opened(browser, tmp_path / "old.html", **SIZES["laptop"]) as tab:
        expect(tab.get_by_text("too old to draw by itself")).to_have_count(1)
        assert not tab.locator(".played:visible, .alive:visible").count()
        assert tab.locator("img[alt*='ten pictures']").count() == 2
        assert tab.complaints == []


def test_a_model_that_is_not_carried_moves_by_frames_that_torch_drew_beside_one_that_is(
    browser, few, tmp_path, monkeypatch
):
    monkeypatch.setattr(carried, "MOST", 1_000_000)
    assert [model.run.id for model in brought(few).models] == [few[1].id]
    (tmp_path / "some.html").write_text(report.page(few))
    models, _ = carried.loaded(few)
    with offline.opened(browser, tmp_path / "some.html", **SIZES["laptop"]) as tab:
        until(lambda: len(set(drawn(tab, ON_WAY))) == 2)
        before = drawn(tab, ON_WAY)
        tab.locator(f"{WAY} input[name=x]").press("End")
        until(lambda: all(one != other for one, other in zip(before, drawn(tab, ON_WAY), strict=True)))
        end = torch.from_numpy(playing.ends(few[0], models[few[0].id], 2)[0][1:])
        exact = latent.decode(models[few[0].id], end)[0]
        np.testing.assert_allclose(pixels(drawn(tab, ON_WAY)[0]), exact, atol=1)
        assert tab.complaints == []


def test_weights_that_a_browser_cannot_hold_are_not_carried(few):
    run = few[0]
    models, _ = carried.loaded([run])
    with torch.no_grad():
        models[run.id].decoder[0].weight[0, 0] = torch.inf
    made = carried.carried([run], models, called=lambda run: run.name)
    assert made.models == [] and made.left_out == [run] and made.exactly == ""
    assert playing.throws([]) is playing.drawing([]) is playing.flow([]) is playing.corners([]) is None
    assert playing.between([], []) is None and playing.planes([]) == playing.numbers([]) == []


def test_who_has_no_weights_or_others_than_were_written_is_not_carried(tmp_path):
    bare, harmed = make_run(tmp_path, arch="conv"), make_run(tmp_path, arch="conv", seed=1)
    give_weights(harmed, seed=0)
    file = harmed.path / names.weights_file(names.BEST)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    models, unable = carried.loaded(runs.list_runs(tmp_path))
    assert models == {} and {(run.id, why) for run, why in unable} == {
        (bare.id, "cannot draw: its weights are not here."),
        (harmed.id, "cannot draw: its weights are damaged."),
    }


def test_a_name_in_what_is_played_with_shows_nothing_that_cannot_be_seen(tmp_path):
    run = make_run(tmp_path, arch="conv", epochs=1)
    give_weights(run, seed=0)
    models, _ = carried.loaded([run])
    able = [(run, models[run.id])]
    made = document.play(able, called=lambda run: "</script><b>\u202ebold")
    told = [made.between, made.corners, made.throws, *made.numbers]
    names = {each["name"] for data in told for each in data.get("runs", [data])}
    assert names == {"</script><b>bold"}


def test_what_the_documentation_says_of_the_pair_that_comes_along_is_so():
    examples = [runs.find(places.PROJECT_ROOT / "runs", name) for name in ("hkfrfp", "qmmcpg")]
    said = (places.PROJECT_ROOT / "docs" / "site.md").read_text()
    made = brought(examples)
    fc, conv = (f"{model.most:.2g} and {model.rms:.2g}" for model in made.models)
    assert f"with {made.bits} bits: {fc} for FC, {conv} for conv" in said
    letters = sum(map(len, made.parts)) / 1e6
    assert (
        f"and {letters:.1f} MB with 8 bits; a report on that pair is {len(report.page(examples)) / 1e6:.1f} MB" in said
    )
    assert f"stays below {carried.MOST / 1e6:.1f} MB" in said
