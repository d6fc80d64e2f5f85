"""Hands on a page in a browser: a mouse on a laptop, or a finger on a phone."""

from typing import Any

from vaedash.bench import ui

# The window, and whether one points by a finger.
SIZES: dict[str, dict[str, Any]] = {
    "laptop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}


def expect(place: Any) -> Any:
    """What is waited for at a place; where playwright is missing, only whoever asks finds out."""
    from playwright.sync_api import expect

    return expect(place)


def by_touch(tab: Any) -> bool:
    """Whether one points by a finger there."""
    return bool(tab.evaluate("navigator.maxTouchPoints"))


def press(place: Any) -> None:
    """A click, or a tap where that is how one points, once no fold is on its way open or shut: what it moves is not where it was."""
    place.page.wait_for_function(
        "() => [...document.querySelectorAll('details')].every(one => !one.getAnimations().length)"
    )
    place.scroll_into_view_if_needed()
    (place.tap if by_touch(place.page) else place.click)()


def menu(tab: Any, page: str) -> None:
    """Through the menu, which on a phone is opened first and closes by itself."""
    link, opener = tab.get_by_role("link", name=page, exact=True), tab.get_by_test_id("stExpandSidebarButton")
    if tab.viewport_size["width"] > 700:
        press(link)
        return
    press(opener)
    press(link)
    opener.wait_for()


def settled(tab: Any) -> None:
    """Waits until the script has run, nothing old and nothing that only holds a place is on the page, and pictures are there."""
    tab.get_by_role("heading", level=1).first.wait_for()
    tab.wait_for_function(
        f"() => ({ui.IDLE})() && !document.querySelector('[data-stale=true], [data-testid=stSkeleton]')"
        " && [...document.images].every(image => image.complete)"
    )


def open_all(tab: Any) -> None:
    """Opens whatever is folded, one after the other; what is loaded only then has come, and has moved what lies below it."""
    for closed in tab.locator("[data-testid=stExpander] summary").all():
        lively = closed.locator("xpath=ancestor::*[contains(@class, 'st-key-flow')]")
        press(closed)
        if lively.count():
            expect(lively.first.locator(".flow section").first).to_be_visible()
        settled(tab)
