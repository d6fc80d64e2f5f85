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
from vaedash.showing import carried, report


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


@pytest.mark.parametrize("size", SIZES)
def test_the_slider_moves_what_the_models_themselves_draw_and_it_is_what_torch_draws(browser, few, file, size):
    with offline.opened(browser, file, **SIZES[size]) as tab:
        slider = tab.locator(".morph input")
        expect(slider).to_be_visible()
        until(lambda: len(set(drawn(tab, ".morph canvas"))) == 2)
        before = drawn(tab, ".morph canvas")
        box = slider.bounding_box()
        press(slider)  # in its middle
        until(lambda: all(one != other for one, other in zip(before, drawn(tab, ".morph canvas"), strict=True)))
        assert box["width"] > 60
        place = float(slider.input_value()) / float(slider.get_attribute("max"))
        assert 0.3 < place < 0.7
        until(lambda: slider.get_attribute("aria-valuetext") == f"alpha {place:.2f}")
        tab.wait_for_timeout(300)
        for model, canvas in zip(brought(few).models, drawn(tab, ".morph canvas"), strict=True):
            start, end = torch.from_numpy(carried.ends(model.run, model.vae, 2)[0])
            exact = 255 * latent.decode_exactly(model.vae, ((1 - place) * start + place * end)[None])[0].numpy()
            assert np.abs(pixels(canvas) - exact).max() <= model.most + 1  # and half a level of rounding
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
        place = tab.locator(".dice")
        canvases = ".dice canvas"
        until(lambda: painted(tab, canvases))
        tab.wait_for_timeout(500)
        first = drawn(tab, canvases)
        z = latent.prior(16, 128)
        for model, canvas in zip(brought(few).models, first, strict=True):
            exact = 255 * latent.decode_exactly(model.vae, z[:1])[0].numpy()
            assert np.abs(pixels(canvas)[:, :32, :32] - exact).max() <= model.most + 1
        expect(place).to_contain_text("the same for everybody")
        press(place.get_by_role("button", name="New dice"))
        expect(place).to_contain_text("nobody has seen these before")
        until(lambda: all(one != other for one, other in zip(first, drawn(tab, canvases), strict=True)))
        thrown = drawn(tab, canvases)
        place.get_by_role("slider").focus()
        tab.keyboard.press("Home")  # not wild at all: every throw draws the same
        until(lambda: all(one != other for one, other in zip(thrown, drawn(tab, canvases), strict=True)))
        assert tab.complaints == []


def test_a_bar_is_pulled_by_hand_and_by_keys_and_goes_back(browser, file):
    with offline.opened(browser, file, **SIZES["laptop"]) as tab:
        place = tab.locator(".bars").first
        canvas = ".bars canvas >> nth=0"
        place.scroll_into_view_if_needed()
        until(lambda: painted(tab, canvas))
        tab.wait_for_timeout(300)
        before = drawn(tab, canvas)
        box = place.get_by_role("group").bounding_box()
        tab.mouse.click(box["x"] + 5, box["y"] + 5)
        bar = place.get_by_role("slider").first
        until(lambda: float(bar.get_attribute("aria-valuenow")) > 2)
        until(lambda: drawn(tab, canvas) != before)
        bar.focus()
        tab.keyboard.press("End")
        expect(bar).to_have_attribute("aria-valuenow", "3.0")
        tab.keyboard.press("ArrowRight")
        tab.keyboard.press("PageDown")
        press(place.get_by_role("button", name="As it was"))
        until(lambda: drawn(tab, canvas) == before)
        assert tab.complaints == []


def test_a_map_follows_a_finger(browser, file):
    with offline.opened(browser, file, **SIZES["phone"]) as tab:
        here = ".maps figure > canvas"
        tab.locator(".maps").scroll_into_view_if_needed()
        until(lambda: painted(tab, here))
        tab.wait_for_timeout(300)
        before = drawn(tab, here)
        tab.locator(".map canvas").first.tap(position={"x": 8, "y": 8})
        until(lambda: all(one != other for one, other in zip(before, drawn(tab, here), strict=True)))
        assert tab.complaints == []


def test_a_picture_of_ones_own_is_redrawn_as_torch_redraws_it_and_leaves_the_page_for_nowhere(
    browser, few, file, tmp_path
):
    picture = np.random.default_rng(4).integers(0, 256, (1, 3, 32, 32), np.uint8)
    (tmp_path / "own.png").write_bytes(images.encode_png(images.grid(picture, columns=1)))
    (tmp_path / "no.png").write_bytes(b"no picture")
    with offline.opened(browser, file, **SIZES["laptop"]) as tab:
        chooser = tab.get_by_label("A picture of your own")
        chooser.set_input_files(tmp_path / "no.png")
        expect(tab.locator(".redrawn-own")).to_contain_text("no picture that this browser can read")
        chooser.set_input_files(tmp_path / "own.png")
        expect(tab.locator(".redrawn-stage canvas")).to_have_count(3)
        expect(tab.locator(".redrawn-stage")).to_be_visible()
        original, *others = drawn(tab, ".redrawn-stage canvas")
        np.testing.assert_array_equal(pixels(original), picture[0])
        for model, canvas in zip(brought(few).models, others, strict=True):
            mu = latent.encode(model.vae, picture)[0]
            exact = 255 * latent.decode_exactly(model.vae, mu)[0].numpy()
            assert np.abs(pixels(canvas) - exact).max() <= 2 * model.most + 1  # two parts are rounded
        assert tab.complaints == []


def test_without_javascript_all_stills_are_there_and_a_sentence_says_what_is_missing(browser, file):
    with offline.opened(browser, file, java_script_enabled=False, **SIZES["phone"]) as tab:
        assert "open it in a browser with JavaScript" in tab.locator("body").inner_text()
        assert not tab.locator(".morph").is_visible() and not tab.locator(".live").first.is_visible()
        assert tab.locator("img[alt*='ten pictures']").first.is_visible()


def test_in_a_browser_that_cannot_compute_the_frames_that_were_drawn_before_still_move(browser, file, tmp_path):
    # Without a kernel; a policy knows a script by its hash, so that goes too.
    text = re.sub(r"<meta http-equiv[^>]+>", "", file.read_text())
    (tmp_path / "old.html").write_text(re.sub(r'const KERNEL = "[^"]+"', 'const KERNEL = "AAAA"', text))
    with offline.opened(browser, tmp_path / "old.html", **SIZES["laptop"]) as tab:
        expect(tab.locator(".needs")).to_contain_text("too old to draw by itself")
        until(lambda: painted(tab, ".morph canvas"))
        before = drawn(tab, ".morph canvas")
        tab.locator(".morph input").focus()
        tab.keyboard.press("End")
        until(lambda: all(one != other for one, other in zip(before, drawn(tab, ".morph canvas"), strict=True)))
        assert not tab.locator(".dice").count()
        assert tab.complaints == []


def test_weights_that_a_browser_cannot_hold_are_not_carried(few):
    run = few[0]
    models, _ = carried.loaded([run])
    with torch.no_grad():
        models[run.id].decoder[0].weight[0, 0] = torch.inf
    made = carried.carried([run], models, called=lambda run: run.name)
    assert made.models == [] and made.left_out == [run] and made.exactly == ""
    assert carried.dice([]) is carried.own([]) is carried.ways([], 2) is None


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
    (run.path / "notes.json").write_text(json.dumps({"name": "</script><b>\u202ebold", "schema": 1}))
    page = report.page([run.reread()])
    told = [json.loads(text) for text in re.findall(r'<script type="application/json">(.*?)</script>', page)]
    names = {told["name"] for data in told for told in data.get("runs", [])}
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
