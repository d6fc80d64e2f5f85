"""What can be played with, on an empty page that knows nothing of Streamlit."""

import base64
import re

import numpy as np
import pytest
import torch

from vaedash.browser import packing, widgets
from vaedash.config import RunConfig
from vaedash.models import archs, latent

HOSTILE = "<img src=x onerror=\"window.harmed = true\"> & 'co'"
ENDS = latent.prior(4, 3)
LEVELS = """all => all.map((one) => [...one.getContext('2d').getImageData(0, 0, one.width, one.height).data])"""


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return archs.build(RunConfig.build(dataset="shapes", arch="fc", widths="8-8", latent_dim=3)).eval()


@pytest.fixture
def stage(browser, model):
    """Opens an empty page with a widget's script; `built(data)` calls it there, and says what it told."""
    pages = []

    def opened(name):
        page = browser.new_page()
        pages.append(page)
        page.failed = []
        page.on("pageerror", lambda error: page.failed.append(str(error)))
        page.set_content(f"<style>{widgets.style(name)}</style><div id='root'></div>")
        page.add_script_tag(
            content=f"{widgets.script(name)}\nObject.assign(globalThis, {{ {name}, studio, fromBase64 }});"
        )
        packed = packing.pack(model, "decoder", name="one", side=32)
        page.evaluate("packed => studio.load(fromBase64(packed))", base64.b64encode(packed).decode())
        page.build = lambda data: page.evaluate(
            f"data => {name}(document.getElementById('root'), data, (...told) => (window.told = told))", data
        )
        return page

    yield opened
    for page in pages:
        assert page.failed == []
        assert page.evaluate("window.harmed") is None
        page.close()


def looks(page, selector):
    """What these canvases show, each `(H, W, 3)`, once they are drawn."""
    page.wait_for_timeout(300)
    widths = page.locator(selector).evaluate_all("all => all.map((one) => one.width)")
    shown = page.locator(selector).evaluate_all(LEVELS)
    return [np.array(one, int).reshape(-1, width, 4)[..., :3] for one, width in zip(shown, widths, strict=True)]


def drawn(model, z):
    return latent.decode(model, torch.as_tensor(np.asarray(z), dtype=torch.float32).reshape(-1, 3)).transpose(
        0, 2, 3, 1
    )


RUN = {"name": HOSTILE, "rest": HOSTILE, "hue": "#D55E00", "part": "one", "side": 32}


def test_a_morph_draws_the_same_however_often_it_is_built_and_tells_where_it_was_let_go(stage, model):
    page = stage("morph")
    data = {
        "runs": [{**RUN, "z": ENDS[:2].tolist()}], "way": "slerp", "columns": 64, "rows": 1, "ends": [], "greet": False,
        "labels": {"x": HOSTILE, "y": "down"}, "playing": False, "start": 0.5,
    }  # fmt: skip
    for _ in range(2):
        page.build(data)
    (look,) = looks(page, "figure canvas")
    middle = latent.path(*ENDS[:2], steps=3, method="slerp")[1]
    assert np.abs(look - drawn(model, middle)[0]).max() <= 1
    assert HOSTILE in page.locator("figcaption").inner_text()
    page.locator("input[name=x]").focus()
    page.keyboard.press("End")
    (look,) = looks(page, "figure canvas")
    assert np.abs(look - drawn(model, ENDS[1])[0]).max() <= 1
    assert page.evaluate("told") == ["alpha", 1]


def test_four_ends_are_a_field_with_a_map_of_its_own(stage, model):
    page = stage("morph")
    page.build({
        "runs": [{**RUN, "z": ENDS.tolist()}], "way": "linear", "columns": 13, "rows": 13, "ends": [], "greet": False,
        "labels": {"x": "across", "y": "down"}, "playing": False, "start": 0,
    })  # fmt: skip
    field, look = looks(page, "figure canvas")
    lattice = drawn(model, latent.lattice(ENDS, side=7)).reshape(7, 7, 32, 32, 3).swapaxes(1, 2).reshape(224, 224, 3)
    assert np.abs(field - lattice).max() <= 1
    assert np.abs(look - drawn(model, ENDS.mean(0))[0]).max() <= 1


def throws_data(seed, *, seeds):
    packed = [base64.b64encode(latent.prior(4, 3, seed=each).numpy().tobytes()).decode() for each in seeds]
    return {
        "runs": [{**RUN, "size": 3}], "real": None, "throws": {"3": packed}, "seed": seed, "temperature": 1.0, "count": 4,
        "columns": 2,
    }  # fmt: skip


def of_throw(model, seed):
    tiles = drawn(model, latent.prior(4, 3, seed=seed))
    grid = np.zeros((65, 65, 3), int)
    for at, tile in enumerate(tiles):
        down, across = 33 * (at // 2), 33 * (at % 2)
        grid[down : down + 32, across : across + 32] = tile
    return grid


def test_dice_go_on_as_far_as_throws_are_here_and_late_news_take_nothing_back(stage, model):
    page = stage("throws")
    page.build(throws_data(7, seeds=[7, 8, 9, 10]))
    (look,) = looks(page, "canvas")
    assert np.abs(look - of_throw(model, 7)).max() <= 1
    dice = page.get_by_role("button", name="New dice")
    for _ in range(3):
        dice.click()
    assert page.evaluate("told") == ["lying", {"seed": 10, "temperature": 1}]
    assert dice.get_attribute("aria-disabled") == "true"
    dice.dispatch_event("click")  # what comes next is not here yet
    assert page.locator("output").inner_text() == "draw 10, temperature 1.0"
    page.build(throws_data(8, seeds=[8, 9, 10, 11]))  # an answer to the first click, when two more were made
    assert page.locator("output").inner_text() == "draw 10, temperature 1.0"
    assert dice.get_attribute("aria-disabled") == "false"
    (look,) = looks(page, "canvas")
    assert np.abs(look - of_throw(model, 10)).max() <= 1
    page.build(throws_data(10, seeds=[10, 11]))
    page.build(throws_data(9, seeds=[9, 10]))  # somebody typed one that lay here before
    assert page.locator("output").inner_text() == "draw 9, temperature 1.0"
    (look,) = looks(page, "canvas")
    assert np.abs(look - of_throw(model, 9)).max() <= 1


def test_where_nobody_has_more_throws_the_browser_throws_and_what_lies_there_stays(stage, model):
    page = stage("throws")
    data = {**throws_data(7, seeds=[7]), "alone": True, "real": None}
    data["runs"] = [data["runs"][0], data["runs"][0]]  # of one size: both get the same
    page.build(data)
    (first, _) = looks(page, "canvas")
    assert np.abs(first - of_throw(model, 7)).max() <= 1
    assert page.locator("output").inner_text() == "draw 7, temperature 1.0"
    page.get_by_role("button", name="New dice").click()
    own, other = looks(page, "canvas")
    assert (own == other).all() and (own != first).any()
    assert page.locator("output").inner_text() == "thrown just now, temperature 1.0"
    slider = page.get_by_role("slider")
    slider.press("ArrowRight")
    warmer, _ = looks(page, "canvas")
    slider.press("ArrowLeft")
    again, _ = looks(page, "canvas")
    assert (warmer != own).any() and (again == own).all()
    page.get_by_role("button", name="New dice").click()
    anew, _ = looks(page, "canvas")
    assert (anew != own).any()


def test_a_map_of_which_all_pictures_came_shows_the_chosen_one_and_redraws_it(stage, model):
    page = stage("plane")
    photos = np.random.default_rng(1).integers(0, 256, (3, 3, 32, 32), np.uint8)
    mu = latent.prior(3, 3).numpy()
    data = {
        **RUN, "alt": HOSTILE, "centre": [0, 0, 0], "axes": [[1, 0, 0], [0, 1, 0]], "left": -4.0, "top": 4.0, "span": 8.0, "tile": 0.1,
        "points": [[0.2, 0.2], [0.5, 0.5], [0.8, 0.8]], "numbers": [4, 5, 6], "hues": ["#D55E00"] * 3, "marks": ["circle"] * 3,
        "pictured": [0, 2], "number": 5, "coloured": False, "tiles": base64.b64encode(photos.tobytes()).decode(),
        "mu": base64.b64encode(mu.tobytes()).decode(),
    }  # fmt: skip
    for number in (5, 6):
        page.build({**data, "number": number})
        live, real, redrawn = looks(page, "figure canvas")
        at = number - 4
        assert (real == photos[at].transpose(1, 2, 0)).all()
        assert np.abs(redrawn - drawn(model, mu[at])[0]).max() <= 1
        place = 8 * data["points"][at][0] - 4
        assert np.abs(live - drawn(model, [place, -place, 0])[0]).max() <= 1
    tiles = page.locator(".map canvas").evaluate(
        "map => [0.2, 0.8].map(at => [...map.getContext('2d').getImageData(880 * at, 880 * at, 1, 1).data].slice(0, 3))"
    )
    assert [list(photos[at, :, 16, 16]) for at in (0, 2)] == tiles
    page.locator(".handle").press("Enter")
    assert page.evaluate("told") == ["picked", 6]


def test_what_was_pulled_stays_until_numbers_begin_elsewhere(stage, model):
    page = stage("numbers")
    data = {**RUN, "used": [2, 0], "z": [0.5, -4.0, 0.0], "start": HOSTILE, "first": 1}
    page.build(data)
    assert page.locator("input:visible").count() == 1
    page.get_by_role("button", name="1 more").click()
    page.get_by_role("slider", name=re.compile("number 1$")).press("Home")
    for _ in range(2):
        (look,) = looks(page, "canvas")
        assert np.abs(look - drawn(model, [-3, -4, 0])[0]).max() <= 1
        page.build(data)
    page.build({**data, "z": [0.0, 0.0, 1.0]})
    (look,) = looks(page, "canvas")
    assert np.abs(look - drawn(model, [0, 0, 1])[0]).max() <= 1
    assert page.locator("figcaption").inner_text() == HOSTILE


@pytest.mark.parametrize("name", ["morph", "throws", "numbers"])
def test_a_browser_that_is_too_old_is_told_so_in_one_sentence(stage, name):
    page = stage(name)
    page.evaluate("studio.flaw = 'too old'")
    data = {"morph": {"runs": [{**RUN, "z": [[0]]}]}, "throws": {"runs": [RUN]}, "numbers": RUN}[name]
    for _ in range(2):
        page.build(data)
    assert page.locator("#root").inner_text() == "too old"
