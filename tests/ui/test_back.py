"""The browser's own ways: Back undoes a choice and leads to the page before, and a form is as it was, by mouse and by touch."""

import re

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = pytest.mark.slow

SIZES = {"laptop": (1440, 900, False), "phone": (390, 844, True)}


@pytest.fixture(params=SIZES)
def tab(browser, request):
    width, height, touch = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height}, has_touch=touch)
    yield context.new_page()
    context.close()


def press(tab, place):
    """A click, or a tap where that is how one points."""
    place.scroll_into_view_if_needed()
    (place.tap if tab.evaluate("navigator.maxTouchPoints") else place.click)()


def chosen(tab):
    return tab.locator(".st-key-runs-chosen button").first


def test_back_undoes_a_choice_and_then_leads_to_the_page_before(tab, classroom):
    tab.goto(classroom.url)
    press(tab, tab.get_by_role("link", name="Compare them closely"))
    expect(tab).to_have_url(re.compile("runs="))
    expect(chosen(tab)).to_contain_text("boxes fc, boxes conv")
    before = tab.url
    press(tab, chosen(tab))
    press(tab, tab.get_by_test_id("stMultiSelect").locator("[aria-label*='emove']").first)
    expect(tab).not_to_have_url(before)
    expect(chosen(tab)).not_to_contain_text("boxes fc")
    tab.go_back()
    expect(tab).to_have_url(before)
    expect(chosen(tab)).to_contain_text("boxes fc, boxes conv")
    tab.go_back()
    expect(tab.get_by_role("heading", name="Does architecture matter?")).to_be_visible()


def test_a_form_is_as_it_was_after_a_look_at_another_page(tab, classroom):
    tab.goto(f"{classroom.url}/train?preset=p2&seeds=5")
    press(tab, tab.get_by_text("More settings"))
    press(tab, tab.get_by_role("radio", name="shuffled"))
    press(tab, tab.get_by_role("radio", name="celeba"))
    tab.get_by_label("Name", exact=True).first.fill("mine")
    tab.get_by_label("Name", exact=True).first.press("Enter")
    expect(tab.get_by_text("These pictures are not here.")).to_be_visible()
    menu(tab, "Gallery")
    expect(tab.get_by_role("heading", name="What do they draw?")).to_be_visible()
    menu(tab, "Train")
    expect(tab.get_by_role("radio", name="celeba")).to_be_checked()
    expect(tab.get_by_role("radio", name="p2")).to_be_checked()
    expect(tab.get_by_label("Name", exact=True).first).to_have_value("mine")
    expect(tab.get_by_label("Seeds", exact=True)).to_have_value("5")
    press(tab, tab.get_by_text("More settings"))
    expect(tab.get_by_role("radio", name="shuffled")).to_be_checked()


def menu(tab, page):
    """Through the menu, which on a phone is opened first."""
    link = tab.get_by_role("link", name=page, exact=True)
    if link.is_visible() and link.bounding_box()["x"] >= 0:
        press(tab, link)
    else:
        tab.get_by_test_id("stExpandSidebarButton").tap()
        press(tab, link)
        tab.get_by_test_id("stSidebarCollapseButton").get_by_role("button").tap()
