"""Draw, as a person finds it: what the page hands to the browser, and that it asks for nothing back."""

import base64
import functools
import json
import re

import numpy as np
import pytest
import visitor
from hand import expect, menu, settled
from visitor import add_run, words

from vaedash import config, images, runs
from vaedash.measuring import latents
from vaedash.runs import weights
from vaedash.ui import decoded

shown = functools.partial(visitor.shown, "draw")


@pytest.fixture(autouse=True)
def threads(torch_as_it_was):
    """Weights are packed by torch."""


def handed(at):
    """What the widget is told."""
    (proto,) = (e.proto for e in at.get("bidi_component") if e.proto.component_name == "vaedash_drawing")
    return json.loads(proto.json)


# ---- the page -------------------------------------------------------------------------------------------


def test_both_parts_of_each_run_are_brought_and_named(folder, photos):
    made = [add_run(folder, photos, arch=arch) for arch in config.PAIR]
    at = shown()
    brought = [e.proto for e in at.get("bidi_component") if e.proto.component_name == "vaedash_part"]
    models = handed(at)["models"]
    assert [model["name"] for model in models] == ["FC", "conv"]
    assert [model["encoder"].partition("-")[0] for model in models] == [run.id for run in made]
    assert len({model[part] for model in models for part in ("encoder", "decoder")}) == len(brought) == 4


def test_new_pictures_of_the_runs_come_along_once_as_they_are(trained, pair):
    data = handed(shown())
    (some,) = data["sets"]
    assert [model["set"] for model in data["models"]] == [0, 0]
    pixels = np.frombuffer(base64.b64decode(some["pixels"]), np.uint8).reshape(-1, some["side"], some["side"], 3)
    originals = pair.run("conv").pictures.originals()
    np.testing.assert_array_equal(pixels.transpose(0, 3, 1, 2), originals)
    assert data["palette"] == images.palette(originals, 12)


def test_runs_of_other_sizes_have_an_order_each_and_are_said_not_to_compare(folder, photos):
    made = [add_run(folder, photos, image_size=size) for size in config.IMAGE_SIZES]
    at = shown(runs=",".join(run.id for run in made))
    data = handed(at)
    assert data["side"] == max(config.IMAGE_SIZES)
    assert data["orders"] == {str(size): images.shuffle_order(size).tolist() for size in config.IMAGE_SIZES}
    assert "32 and 64 pixels a side" in words(at)


def test_without_a_picture_of_its_own_a_run_still_redraws(folder, photos):
    run = add_run(folder, photos.parent / "gone.zip")
    data = handed(shown())
    assert data["sets"] == [] and data["models"][0]["set"] == -1
    assert data["models"][0]["used"] == list(range(run.config.latent_dim))
    assert len(data["palette"]) > 2


def test_the_numbers_in_use_are_those_that_the_page_on_latents_counts(trained, pair):
    run = pair.run("conv")
    kept = run.figures.kl_by_latent()[decoded.epoch(run) - 1]
    used = decoded.used(run)
    assert used == sorted(np.flatnonzero(kept > config.ACTIVE_KL), key=lambda number: -kept[number])


def test_without_a_record_of_them_they_are_counted_on_the_new_pictures(trained, pair):
    run = runs.find(trained, "latest:conv")
    (run.path / "kl_by_latent.npy").unlink()
    counted = latents.kl_by_latent(weights.load_model(run)[0], run.pictures.originals())
    assert decoded.used(run.reread()) == latents.in_use(counted).tolist()


def test_a_link_can_ask_for_shuffled_pixels(folder, photos):
    add_run(folder, photos)
    assert handed(shown(shuffled="true"))["shuffled"] is True
    assert handed(shown())["shuffled"] is False


# ---- in a browser ---------------------------------------------------------------------------------------


@pytest.fixture
def tab(anyone, classroom):
    errors, sent = [], []
    anyone.on("pageerror", lambda error: errors.append(str(error)))
    anyone.on("request", lambda request: sent.append(request.url))
    anyone.messages, anyone.came = [], []

    def listen(wire):
        wire.on("framesent", lambda message: anyone.messages.append(message))
        wire.on("framereceived", lambda message: anyone.came.append(len(message)))

    anyone.on("websocket", listen)
    anyone.goto(f"{classroom.url}/draw")
    ready(anyone)
    yield anyone
    assert errors == []
    assert [url for url in sent if not re.match(r"(http://localhost:|data:|blob:)", url)] == []


def ready(tab):
    settled(tab)
    expect(tab.locator(".wrong:not(:empty)").first).to_be_visible()


def scrawl(tab):
    paper = tab.locator("canvas.paper")
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    tab.mouse.move(box["x"] + 30, box["y"] + 30)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 150, box["y"] + 180, steps=10)
    tab.mouse.up()
    return pixels(tab)


def pixels(tab):
    return tab.locator("canvas.paper").evaluate("(canvas) => canvas.toDataURL()")


def test_nothing_that_is_drawn_leaves_the_browser(tab):
    tab.wait_for_timeout(1000)
    before, reading = len(tab.messages), tab.locator(".wrong").first.inner_text()
    blank = pixels(tab)
    assert scrawl(tab) != blank
    expect(tab.locator(".wrong").first).not_to_have_text(reading)
    tab.locator("[name=another]").click()
    tab.locator("[name=undo]").click()
    tab.wait_for_timeout(1500)
    assert len(tab.messages) == before


def test_weights_are_sent_once_and_drawn_with_after_a_way_to_other_pages(tab):
    of_conv, _, of_fc, _ = sorted(tab.came)[-4:]  # bytes of messages: each model's two parts
    assert of_fc > of_conv > 300_000
    tab.came.clear()
    for page in ("Gallery", "Interpolate", "Draw"):
        menu(tab, page)
        settled(tab)
    ready(tab)
    reading = tab.locator(".wrong").first.inner_text()
    tab.locator("[name=another]").click()
    expect(tab.locator(".wrong").first).not_to_have_text(reading)
    assert tab.came and max(tab.came) < of_conv


def test_a_switch_of_the_page_other_runs_and_another_page_leave_the_drawing(tab, classroom):
    drawn = scrawl(tab)
    tab.locator("[name=shuffled]").click()
    expect(tab).to_have_url(re.compile("shuffled=true"))
    settled(tab)
    assert pixels(tab) == drawn
    menu(tab, "Gallery")
    tab.get_by_role("heading", name="What do they draw?").wait_for()
    menu(tab, "Draw")
    ready(tab)
    assert pixels(tab) == drawn
    tab.locator(".st-key-runs-chosen button").click()
    tab.get_by_test_id("stMultiSelect").locator("[aria-label*='emove']").last.click()
    expect(tab.locator("figure:not(.shown)")).to_have_count(1)
    assert pixels(tab) == drawn
