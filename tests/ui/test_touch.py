"""On a phone: a finger that begins on a chart scrolls the page, a tap finds a point, and pictures stand in reading order."""

import itertools

import pytest
from hand import SIZES, settled
from patience import until
from visitor import make_run

from vaedash import runs
from vaedash.bench.ui import Server
from vaedash.showing import report

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

PLOT = ".js-plotly-plot .nsewdrag"


def ranges(tab):
    """What the axes of the first chart span, once there is one."""
    return tab.locator(".js-plotly-plot").first.evaluate(
        "({layout: {xaxis, yaxis}}) => [xaxis.range, yaxis.range].join()"
    )


@pytest.fixture
def phone(browser):
    context = browser.new_context(**SIZES["phone"])
    yield context.new_page()
    context.close()


def swipe(tab, locator, *, up=200):
    """A finger that begins in the middle of what is there, and how far that has moved on the screen since."""
    locator.scroll_into_view_if_needed()
    before = locator.bounding_box()
    x, y = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
    session = tab.context.new_cdp_session(tab)
    for kind, moved in (("touchStart", 0), *(("touchMove", step) for step in range(10, up, 10)), ("touchEnd", None)):
        points = [] if moved is None else [{"x": x, "y": y - moved}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    tab.wait_for_timeout(500)  # until it would have stopped rolling
    return before["y"] - locator.bounding_box()["y"]


def assert_a_finger_scrolls_and_a_tap_finds_a_point(tab):
    plot = tab.locator(PLOT).first
    expect(plot).to_be_visible()
    before = ranges(tab)
    assert swipe(tab, plot) > 100
    assert ranges(tab) == before
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    tab.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(tab.locator(".hoverlayer text").first).to_be_visible()
    assert ranges(tab) == before


@pytest.mark.slow
def test_a_finger_on_a_chart_of_a_page_scrolls_it(phone, classroom):
    phone.goto(f"{classroom.url}/compare")
    settled(phone)
    assert_a_finger_scrolls_and_a_tap_finds_a_point(phone)


@pytest.mark.slow
def test_a_finger_that_goes_up_a_map_scrolls_the_page(phone, classroom):
    phone.goto(f"{classroom.url}/latent-space")
    settled(phone)
    map_of_pictures = phone.locator(".plane .map").first
    expect(map_of_pictures).to_be_visible()
    assert swipe(phone, map_of_pictures) > 100


@pytest.mark.slow
def test_a_wheel_over_a_chart_of_a_page_scrolls_it(browser, classroom):
    tab = browser.new_page(**SIZES["laptop"])
    tab.goto(f"{classroom.url}/compare")
    settled(tab)
    plot = tab.locator(PLOT).first
    expect(plot).to_be_visible()
    plot.hover()
    before, whole = plot.bounding_box()["y"], ranges(tab)
    tab.mouse.wheel(0, 200)
    until(lambda: before - plot.bounding_box()["y"] > 100)
    assert ranges(tab) == whole
    tab.close()


def test_a_finger_on_a_chart_of_a_report_scrolls_it(phone, trained, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(report.page(runs.list_runs(trained)), encoding="utf-8")
    phone.goto(file.as_uri())
    assert_a_finger_scrolls_and_a_tap_finds_a_point(phone)


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_pictures_of_many_runs_stand_in_reading_order(browser, tmp_path, data_dir, width):
    made = [
        make_run(tmp_path / "runs", arch=arch, seed=seed) for arch, seed in itertools.product(("fc", "conv"), range(4))
    ]
    tab = browser.new_page(viewport={"width": width, "height": 844})
    with Server(tmp_path / "runs", data_dir) as server:
        tab.goto(f"{server.url}/compare?runs={','.join(run.id for run in made)}")
        last = tab.locator("img[alt*='what it made up last']")
        expect(last).to_have_count(len(made))
        tab.wait_for_function("() => [...document.images].every(image => image.complete)")
        places = last.evaluate_all(
            "all => all.map(one => one.getBoundingClientRect()).map(({x, y}) => [Math.round(y / 9), x])"
        )
        assert places == sorted(places)
        said = last.evaluate_all("all => all.map(one => one.alt)")
        assert said == [f"{run.name}: what it made up last" for run in made]
    tab.close()


@pytest.mark.slow
def test_a_chart_of_another_size_and_back_shows_what_it_showed(browser, classroom):
    tab = browser.new_page(**SIZES["laptop"])
    tab.goto(f"{classroom.url}/compare")
    settled(tab)
    before, whole = tab.locator(PLOT).first.bounding_box()["width"], ranges(tab)
    tab.set_viewport_size({"width": 1100, "height": 900})
    until(lambda: tab.locator(PLOT).first.bounding_box()["width"] < before)
    tab.set_viewport_size(SIZES["laptop"]["viewport"])
    until(lambda: tab.locator(PLOT).first.bounding_box()["width"] == before)
    until(lambda: ranges(tab) == whole)
    tab.close()
