"""The browser's own ways: Back undoes a choice and leads to the page before, and a form is as it was, by mouse and by touch."""

import re

import pytest
from hand import menu, press

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = pytest.mark.slow


def chosen(tab):
    return tab.locator(".st-key-runs-chosen button").first


def test_back_undoes_a_choice_and_then_leads_to_the_page_before(anyone, classroom):
    anyone.goto(classroom.url)
    press(anyone.get_by_role("link", name="Compare them closely"))
    expect(anyone).to_have_url(re.compile("runs="))
    expect(chosen(anyone)).to_contain_text("boxes fc, boxes conv")
    before = anyone.url
    press(chosen(anyone))
    press(anyone.get_by_test_id("stMultiSelect").locator("[aria-label*='emove']").first)
    expect(anyone).not_to_have_url(before)
    expect(chosen(anyone)).not_to_contain_text("boxes fc")
    anyone.go_back()
    expect(anyone).to_have_url(before)
    expect(chosen(anyone)).to_contain_text("boxes fc, boxes conv")
    anyone.go_back()
    expect(anyone.get_by_role("heading", name="Does architecture matter?")).to_be_visible()


def test_a_form_is_as_it_was_after_a_look_at_another_page(anyone, classroom):
    anyone.goto(f"{classroom.url}/train?preset=p2&seeds=5")
    press(anyone.get_by_text("More settings"))
    press(anyone.get_by_role("radio", name="shuffled"))
    press(anyone.get_by_role("radio", name="celeba"))
    anyone.get_by_label("Name", exact=True).first.fill("mine")
    anyone.get_by_label("Name", exact=True).first.press("Enter")
    expect(anyone.get_by_text("These pictures are not here.")).to_be_visible()
    menu(anyone, "Gallery")
    expect(anyone.get_by_role("heading", name="What do they draw?")).to_be_visible()
    menu(anyone, "Train")
    expect(anyone.get_by_role("radio", name="celeba")).to_be_checked()
    expect(anyone.get_by_role("radio", name="p2")).to_be_checked()
    expect(anyone.get_by_label("Name", exact=True).first).to_have_value("mine")
    expect(anyone.get_by_label("Seeds", exact=True)).to_have_value("5")
    press(anyone.get_by_text("More settings"))
    expect(anyone.get_by_role("radio", name="shuffled")).to_be_checked()
