"""The tour in a real browser: every step fits the screen, keys and clicks do what a teacher expects, and the answer is a scene."""

import re

import pytest
from hand import settled
from patience import until

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

STEPS = 8
ON = ("Space", "PageDown", "ArrowRight", "Enter", "ArrowDown")
BACK = ("PageUp", "ArrowLeft", "ArrowUp")
NEAR = 30  # pixels; a button is higher than that


@pytest.fixture
def tab(browser):
    opened = browser.new_page(viewport={"width": 1280, "height": 720})
    yield opened
    opened.close()


def at_step(tab, number, *, of=STEPS):
    where = "The end" if number > of else f"Step {number} of {of}"
    expect(tab.get_by_text(where, exact=True)).to_be_visible()
    settled(tab)


def press(tab, key):
    settled(tab)
    tab.keyboard.press(key)


def on(tab):
    return tab.locator(".st-key-tour-on button")


# ---- one screen ------------------------------------------------------------------------------------------------

SCREEN = """() => {
    const main = document.querySelector('[data-testid=stMain]')
    const parts = '.st-key-tour-step :is(h1, p, img, button, a, .js-plotly-plot, [data-testid=stBidiComponentIsolated])'
    const box = element => element.getBoundingClientRect()
    const seen = [...document.querySelectorAll(parts)].filter(element => box(element).height && !element.closest('.st-key-keys'))
    return {
        toScroll: main.scrollHeight - main.clientHeight,
        top: box(document.querySelector('[data-testid=stHeader]')).bottom,
        bottom: innerHeight, right: innerWidth,
        boxes: seen.map(element => {
            const {top, bottom, left, right} = box(element)
            return {what: element.tagName + ' ' + (element.alt ?? element.innerText).slice(0, 40), top, bottom, left, right}
        }),
        words: box(document.querySelector('.st-key-tour-words') ?? document.querySelector('h1')),
        title: box(document.querySelector('.st-key-tour-step h1')),
        below: [...document.querySelectorAll('.st-key-tour-step :is(img, .js-plotly-plot), [class*=st-key-tour-say-] button')]
            .map(element => box(element).top),
        ways: box(document.querySelector('.st-key-tour-ways')).top,
        choices: [...document.querySelectorAll('[class*=st-key-tour-say-] button')].map(element => box(element).bottom),
    }
}"""


def assert_fits(tab):
    settled(tab)
    tab.wait_for_function(
        "() => [...document.querySelectorAll('.live-figure')].every(figure => figure.querySelector('.js-line'))"
    )
    screen = tab.evaluate(SCREEN)
    assert screen["toScroll"] <= 0
    assert len(screen["boxes"]) > 6
    for box in screen["boxes"]:
        assert screen["top"] - 1 <= box["top"] and box["bottom"] <= screen["bottom"], box
        assert box["left"] >= 0 and box["right"] <= screen["right"], box
    assert screen["title"]["bottom"] <= screen["words"]["bottom"]
    assert all(screen["words"]["bottom"] <= top + 1 for top in screen["below"])  # what one has to know stands above
    assert all(bottom <= screen["ways"] for bottom in screen["choices"])


@pytest.mark.parametrize(
    ("width", "height", "large"),
    [
        (1280, 720, True),
        pytest.param(1440, 900, False, marks=pytest.mark.slow),
        pytest.param(1440, 900, True, marks=pytest.mark.slow),
        pytest.param(1920, 1080, True, marks=pytest.mark.slow),
        pytest.param(1024, 768, True, marks=pytest.mark.slow),
    ],
)
def test_every_step_fits_one_screen_before_and_after_its_answer(tab, clone, width, height, large):
    tab.set_viewport_size({"width": width, "height": height})
    tab.goto(f"{clone.url}/?tour=1{'&presenter=true' if large else ''}")
    presses, places = 0, []

    def fits():
        assert_fits(tab)
        places.append(on(tab).bounding_box()["y"])

    for number in range(1, STEPS + 1):
        at_step(tab, number)
        fits()
        choices = tab.locator("[class*=st-key-tour-say-] button")
        if count := choices.count():
            press(tab, str(count))  # the last one has the most words
            expect(choices.nth(count - 1)).to_contain_text("person_raised_hand")
            fits()
            press(tab, ON[presses % len(ON)])
            presses += 1
            expect(on(tab)).to_have_text("Next")
            fits()
            assert tab.locator("button[kind=primary]").count() == 1
        press(tab, ON[presses % len(ON)])
        presses += 1
    at_step(tab, STEPS + 1)
    assert_fits(tab)
    expect(tab.get_by_text("You predicted")).to_be_visible()
    assert max(places) - min(places) < NEAR, places  # who presses it finds it where it was


# ---- keys and clicks -------------------------------------------------------------------------------------------


def test_keys_go_on_back_and_away_once_each_and_leave_buttons_and_text_fields_alone(tab, clone):
    tab.goto(f"{clone.url}/?tour=2")
    at_step(tab, 2)
    # A key that is held down goes on once.
    tab.keyboard.down("PageDown")
    tab.keyboard.down("PageDown")
    tab.keyboard.up("PageDown")
    expect(on(tab)).to_have_text("Next")
    for key in BACK:
        press(tab, key)
        at_step(tab, 1)
        tab.goto(f"{clone.url}/?tour=2&seen=w")
        at_step(tab, 2)
    # A button that has the focus is pressed, and nothing else.
    tab.locator(".st-key-tour-back button").focus()
    press(tab, "Space")
    at_step(tab, 1)
    tab.locator(".st-key-tour-say-B button").focus()
    press(tab, "Enter")
    expect(tab.locator(".st-key-tour-say-B button")).to_contain_text("person_raised_hand")
    expect(on(tab)).to_have_text("Reveal")
    # Who writes, writes.
    tab.evaluate("() => document.body.append(Object.assign(document.createElement('input'), {id: 'note'}))")
    tab.locator("#note").focus()
    for key in ("Space", "PageDown", "1", "Escape", "Enter"):
        press(tab, key)
    assert tab.locator("#note").input_value() == " 1"
    tab.locator("#note").evaluate("element => element.remove()")
    expect(on(tab)).to_have_text("Reveal")
    expect(tab.locator(".st-key-tour-say-A button")).not_to_contain_text("person_raised_hand")
    # Away, and the keys are the page's again.
    press(tab, "Escape")
    expect(tab.get_by_role("button", name="Train both")).to_be_visible()
    settled(tab)
    for key in ("PageDown", "Space", "1"):
        press(tab, key)
    settled(tab)
    assert "tour" not in tab.url and "seen" not in tab.url


def test_a_click_on_a_picture_answers_and_the_next_key_goes_on(tab, clone):
    tab.goto(f"{clone.url}/?tour=1")
    at_step(tab, 1)
    for letter in "AB":
        picture = tab.get_by_alt_text(re.compile(f"made up by {letter}")).bounding_box()
        tab.mouse.click(picture["x"] + picture["width"] / 3, picture["y"] + picture["height"] / 3)
        expect(tab.locator(f".st-key-tour-say-{letter} button")).to_contain_text("person_raised_hand")
    tab.locator(".st-key-tour-say-A button").click()
    expect(tab.locator(".st-key-tour-say-A button")).to_contain_text("person_raised_hand")
    press(tab, "Space")  # not on the button that was clicked
    expect(on(tab)).to_have_text("Next")
    press(tab, "Space")
    at_step(tab, 2)
    tab.reload()
    at_step(tab, 2)
    press(tab, "PageUp")
    at_step(tab, 1)
    expect(tab.get_by_text("You said A")).to_be_visible()


def test_what_a_hand_has_opened_and_closed_or_moved_leaves_the_keys_to_the_tour(tab, clone):
    tab.goto(f"{clone.url}/?tour=2")
    at_step(tab, 2)
    tab.get_by_role("button", name="On your phones").click()
    expect(tab.get_by_text("Keys: Space")).to_be_visible()
    press(tab, "Escape")
    expect(tab.get_by_text("Keys: Space")).to_be_hidden()
    press(tab, "Space")
    expect(on(tab)).to_have_text("Next")
    expect(tab.get_by_text("Keys: Space")).to_be_hidden()
    # By keyboard it is opened again.
    tab.keyboard.press("Tab")
    tab.get_by_role("button", name="On your phones").focus()
    press(tab, "Space")
    expect(tab.get_by_text("Keys: Space")).to_be_visible()

    tab.goto(f"{clone.url}/?tour={STEPS + 1}")
    at_step(tab, STEPS + 1)
    slider = tab.locator("[type=range], [role=slider]").first
    slider.click()
    press(tab, "PageUp")
    at_step(tab, STEPS)


# ---- scenes ----------------------------------------------------------------------------------------------------

MOVES = "selector => getComputedStyle(document.querySelector(selector)).animationName"


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_an_answer_is_a_scene_unless_motion_does_somebody_harm(browser, clone, motion):
    context = browser.new_context(reduced_motion=motion)
    tab = context.new_page()
    try:
        tab.goto(f"{clone.url}/?tour=5")
        at_step(tab, 5)
        press(tab, "Space")
        tab.wait_for_selector(".st-key-contest-known .scatterlayer .js-line")
        assert tab.evaluate(MOVES, ".st-key-contest-known .scatterlayer") == (
            "none" if motion == "reduce" else "uncover"
        )
        tab.goto(f"{clone.url}/?tour=1&seen=d")
        at_step(tab, 1)
        assert tab.evaluate(MOVES, "[class*=st-key-stage-label]") == ("none" if motion == "reduce" else "turn-up")
    finally:
        context.close()


CANVAS = """() => document.querySelector('.st-key-winner [data-testid=stBidiComponentIsolated]')
    ?.shadowRoot.querySelector('canvas')?.toDataURL()"""


def test_in_the_end_the_winner_turns_one_picture_into_another_and_three_doors_lead_on(tab, clone):
    tab.goto(f"{clone.url}/?tour=9&presenter=true")
    at_step(tab, STEPS + 1)
    tab.wait_for_function(f"({CANVAS})")
    before = tab.evaluate(CANVAS)
    until(lambda: tab.evaluate(CANVAS) != before)
    for door, heading in (
        ("Interpolate: ", "What lies between"),
        ("Gallery: ", "What do they draw"),
        ("Train: ", "Train"),
    ):
        tab.goto(f"{clone.url}/?tour=9&presenter=true")
        at_step(tab, STEPS + 1)
        tab.get_by_role("link", name=door).click()
        expect(tab.get_by_role("heading", level=1, name=heading)).to_be_visible()
        settled(tab)
        assert "presenter=true" in tab.url
    tab.goto(f"{clone.url}/?tour=9")
    at_step(tab, STEPS + 1)
    tab.get_by_role("link", name="Gallery: ").click()
    expect(tab.get_by_role("heading", name="Which of these did conv draw?")).to_be_visible()


@pytest.mark.slow
def test_a_room_sees_its_predictions_grow_without_a_click(browser, clone):
    contexts = [browser.new_context() for _ in range(3)]
    teacher, *pupils = (context.new_page() for context in contexts)
    try:
        for visitor in (teacher, *pupils):
            visitor.goto(f"{clone.url}/?tour=3&pair=qhv3pe.vcg4vt")
            at_step(visitor, 3, of=6)  # these have no weights
        for number, pupil in enumerate(pupils, start=1):
            pupil.get_by_role("button", name="FC").click()
            expect(pupil.locator(".st-key-tour-say-fc button")).to_contain_text("person_raised_hand")
            bars = teacher.locator(".st-key-tour-room div[title]")
            if number > 1:
                expect(bars.first).to_have_attribute("title", f"{number} of {number} predictions")
        expect(teacher.locator(".st-key-tour-room .right")).to_have_count(0)
        press(teacher, "PageDown")
        expect(teacher.locator(".st-key-tour-room .right")).to_have_attribute("title", "0 of 2 predictions")
        expect(pupils[0].locator(".st-key-tour-room .right")).to_have_count(0)
    finally:
        for context in contexts:
            context.close()
