"""A page on paper: dark on white even from a dark screen, its charts whole, and nothing that one could only press."""

import pytest

from vaedash.bench.ui import Server

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect


@pytest.mark.slow
def test_on_paper_a_page_is_dark_on_white_with_whole_charts_and_without_controls(browser, pair):
    tab = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="dark")
    with Server(pair.folder, pair.data_dir) as server:
        tab.goto(f"{server.url}/compare")
        plot = tab.locator(".live-figure .main-svg").first
        expect(plot).to_be_visible()
        tab.emulate_media(media="print", color_scheme="dark")
        light = "one => getComputedStyle(one)[{}].match(/\\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b)"
        assert tab.get_by_test_id("stApp").evaluate(light.format("'backgroundColor'")) > 700
        assert tab.locator("h1").evaluate(light.format("'color'")) < 150
        assert tab.locator(".live-figure .xtick text").first.evaluate(light.format("'fill'")) < 150
        for control in ("stHeader", "stPopover", "stDownloadButton", "stPageLink"):
            assert all(not part.is_visible() for part in tab.get_by_test_id(control).all()), control
        assert tab.locator(".live-figure").first.evaluate("one => getComputedStyle(one).breakInside") == "avoid"
        assert tab.pdf()[:4] == b"%PDF"
    tab.close()
