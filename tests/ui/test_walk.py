"""The four minutes before a room, in a real browser, with the runs of a fresh clone: what matters is on the screen, in plain words.

Each page is walked at the size of a projector with large type and of a laptop, light and dark.
"""

import re

import pytest
from hand import settled
from patience import until

from vaedash import config
from vaedash.config import RunConfig
from vaedash.languages import LANGUAGES
from vaedash.training import launch

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
expect = playwright.expect

pytestmark = pytest.mark.slow

LOOKS = {  # the window, whether type is large, and the colours
    "room": ((1280, 720), True, "dark"),
    "room-light": ((1280, 720), True, "light"),
    "laptop": ((1440, 900), False, "light"),
    "laptop-dark": ((1440, 900), False, "dark"),
    "phone": ((390, 844), False, "light"),
}
# What nobody of fourteen knows, and therefore nobody finds before asking for it: words, in any form.
FORBIDDEN = re.compile(
    r"\b(nats?|intervals?|PCA|seeds?|p[123]|latents?|IWAE|SWD|PSNR|SSIM|KL|variance|root mean square|kept epoch|axis 1|alpha"
    r"|hyper\w*|posterior|prior|ELBO|test loss|photos-\w+|fc)\b"
)
# Each page with what has to be on the first screen of it, as selectors.
PAGES = {
    "": ["h1", ".st-key-train-both button", ".st-key-tour button", "[class*=st-key-crisp-] img >> nth=2"],
    "compare": [
        "h1",
        "[class*=st-key-verdict-] h2",
        ".js-plotly-plot .plot-container",
        "[class*=st-key-crisp-] img >> nth=2",
    ],
    "why": ["h1", "[class*=st-key-verdict-] h2", ".js-plotly-plot .plot-container"],
    "gallery": ["h1", ".st-key-epoch", "[class*=st-key-crisp-] img >> nth=0", "[class*=st-key-crisp-] img >> nth=2"],
    "draw": [
        "h1",
        "canvas.paper",
        "figure:not(.shown) >> nth=0",
        "figure:not(.shown) >> nth=1",
        "[name=undo]",
        ".switch",
    ],
    "interpolate": ["h1", "canvas >> nth=0", "canvas >> nth=3", "input[name=x]"],
    "latent-space": [
        "h1",
        ".st-key-rank",
        "[class*=st-key-crisp-] img >> nth=0",
        "[class*=st-key-crisp-] img >> nth=1",
    ],
}
EXPLAINED = {"latent-space": {"latents"}, "compare": {"nats", "nat", "PCA"}, "why": {"nats"}}  # where they stand


@pytest.fixture(scope="module", params=LOOKS)
def tab(browser, request):
    (width, height), tab_is_large, colours = LOOKS[request.param]
    context = browser.new_context(color_scheme=colours, viewport={"width": width, "height": height})
    page = context.new_page()
    page.look, page.large = request.param, tab_is_large
    yield page
    context.close()


def visit(tab, clone, path):
    joined = "&" if "?" in path else "?"
    tab.goto(f"{clone.url}/{path}{f'{joined}presenter=true' if tab.large else ''}")
    settled(tab)


def inside(tab, selector):
    """Whether an element is on the screen from top to bottom, where it is not larger than the screen."""
    found = tab.locator(selector).first
    expect(found).to_be_visible()
    box, size = found.bounding_box(), tab.viewport_size
    fits = box["x"] >= 0 and box["y"] >= 0 and box["x"] + box["width"] <= size["width"] + 1
    return fits and box["y"] + box["height"] <= size["height"] + 1


@pytest.mark.parametrize("path", PAGES)
def test_what_a_page_is_for_is_on_its_first_screen_in_words_for_everybody(tab, clone, path):
    visit(tab, clone, path)
    if tab.look != "phone":  # on which one scrolls
        outside = [selector for selector in PAGES[path] if not inside(tab, selector)]
        until(
            lambda: all(inside(tab, selector) for selector in outside), 30
        )  # the last parts may still be on their way
    said = tab.get_by_test_id("stMain").inner_text()
    assert set(FORBIDDEN.findall(said)) - EXPLAINED.get(path, set()) == set()


@pytest.fixture(scope="module")
def room(browser):
    """A projector before a class, with large type."""
    context = browser.new_context(color_scheme="dark", viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.large = True
    yield page
    context.close()


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("path", PAGES)
def test_in_other_languages_too_what_a_page_is_for_is_on_its_first_screen(room, clone, path, language):
    visit(room, clone, f"{path}?lang={language}")
    outside = [selector for selector in PAGES[path] if not inside(room, selector)]
    until(lambda: all(inside(room, selector) for selector in outside), 30)
    assert room.evaluate("document.documentElement.lang") == language
    # Names of pages, all of them, the languages and the switch stand beside each other.
    assert not room.get_by_text(re.compile(r"^\d+ more$")).is_visible()
    last = room.get_by_test_id("stTopNavLink").last.bounding_box()
    names, switch = (
        room.get_by_test_id("stTopNav").bounding_box(),
        room.locator(".st-key-corner").bounding_box(),
    )
    assert last["x"] + last["width"] <= names["x"] + names["width"] <= switch["x"]


@pytest.mark.parametrize("path", [*PAGES, "train", "gallery?view=Redrawn", "gallery?view=Blind+vote", "?tour=1"])
def test_everybody_can_use_it(tab, clone, path):
    """No finding of axe-core that is more than minor: contrast, names, order of headings, what lies within what."""
    visit(tab, clone, path)
    results = axe.Axe().run(tab, options={"resultTypes": ["violations"]}).response["violations"]
    found = {
        result["id"]: [node["html"] for node in result["nodes"]] for result in results if result["impact"] != "minor"
    }
    assert found == {}


def test_who_wants_less_motion_is_shown_no_sweep(browser, clone):
    page = browser.new_context(reduced_motion="reduce").new_page()
    page.goto(f"{clone.url}/interpolate")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.wait_for_timeout(1500)
    assert page.locator("input[name=x]").input_value() == "0"
    page.context.close()


def test_a_morph_plays_once_for_who_has_just_come_and_a_hand_stops_it(browser, clone):
    page = browser.new_context().new_page()
    page.goto(f"{clone.url}/interpolate")
    slider = page.locator("input[name=x]")
    expect(slider).not_to_have_value("0")  # nobody touched it
    slider.press("Home")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(slider).to_have_value("0")
    page.context.close()


def test_who_leads_how_sure_that_is_and_the_line_come_by_themselves_when_a_race_is_over(browser, clone):
    settings = [RunConfig.build(preset="p1", arch=arch, epochs=2, fraction=0.1) for arch in config.PAIR]
    made = launch.new_runs(clone.folder, settings)
    launch.start(made, data_dir=clone.data_dir)
    page = browser.new_context().new_page()
    page.goto(clone.url)
    expect(page.get_by_role("button", name="Stop").first).to_be_visible()  # from here on, nobody reloads
    until(lambda: all(run.reread().status == "finished" for run in made))
    page.get_by_role("button", name="How sure is that?").first.click()
    said = page.get_by_test_id("stPopoverBody")
    expect(said).to_contain_text("95% interval")
    expect(said).to_contain_text("The best linear VAE (PCA) would have")
    until(lambda: not any(run.reread().busy for run in made))
    assert all({"psnr", "swd", "iwae"} <= run.reread().quality.keys() for run in made)
    expect(page.get_by_role("button", name="Train both")).to_be_enabled()
    page.context.close()
