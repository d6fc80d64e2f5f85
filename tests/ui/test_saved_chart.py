"""A chart that is saved as a picture: by a name that says what it is, sharp, and to be read on any ground."""

import re

import pytest
from PIL import Image

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect


@pytest.mark.slow
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_a_saved_chart_has_a_name_is_sharp_and_brings_its_ground_along(browser, clone, tmp_path, colours):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=colours, accept_downloads=True)
    tab = context.new_page()
    tab.goto(f"{clone.url}/compare")
    expect(tab.locator(".live-figure .main-svg").first).to_be_visible()
    tab.get_by_text("What the numbers say, and what it costs").click()
    called = set()
    for plot in tab.locator(".live-figure:has(.main-svg):visible").all()[:2]:
        plot.hover()
        with tab.expect_download() as saved:
            plot.locator(".modebar-btn[data-title*='PNG']").click(force=True)
        called.add(saved.value.suggested_filename)
        saved.value.save_as(tmp_path / "chart.png")
        with Image.open(tmp_path / "chart.png") as picture:
            assert picture.width >= 3 * plot.bounding_box()["width"] - 3
            pixels = picture.convert("RGBA")
        assert pixels.getchannel("A").getextrema() == (255, 255)
        ground = sum(pixels.getpixel((2, 2))[:3])
        assert ground > 600 if colours == "light" else ground < 150
    assert len(called) == 2 and all(re.fullmatch(r"vaedash-[a-z0-9-]+\.png", name) for name in called)
    context.close()
