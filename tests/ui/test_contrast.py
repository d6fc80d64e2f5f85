"""What stands on pages and in reports can be read by everybody, light and dark, in charts too; and who goes by keyboard sees where."""

import pytest
from hand import open_all, press, settled

from vaedash import runs
from vaedash.showing import report

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
expect = playwright.expect

pytestmark = pytest.mark.slow

VIEWS = ("compare", *(f"gallery?view={view}" for view in ("As+they+learn", "Made+up", "Redrawn", "Blind+vote")))
STEPS = 8  # of the tour, before its end
LOOKS = 5  # at a page, at most: while its script runs, what is old there, and the word of it, are faded
# What fades in or turns over has come to rest; what moves for ever does not count.
STILL = """() => {
    const roots = [document]
    for (const root of roots)
        for (const { shadowRoot } of root.querySelectorAll('*')) if (shadowRoot) roots.push(shadowRoot)
    return roots.flatMap(root => root.getAnimations()).every((one) =>
        one.playState !== 'running' || one.effect.getComputedTiming().endTime === Infinity)
}"""
WATCH = """() => {
    window.scriptRan = false
    new MutationObserver(() => { window.scriptRan = true })
        .observe(document.querySelector('[data-testid=stApp]'), { attributeFilter: ['data-test-script-state'] })
}"""
# Words in charts, which axe leaves out, and captions: those that have less contrast with what is behind them than 4.5 (large
# ones, and squares of colour, 3).
FAINT = """() => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })
    const parts = colour => {
        canvas.clearRect(0, 0, 1, 1)
        canvas.fillStyle = colour
        canvas.fillRect(0, 0, 1, 1)
        const [red, green, blue, opacity] = canvas.getImageData(0, 0, 1, 1).data
        return { rgb: [red, green, blue], opacity: opacity / 255 }
    }
    const over = (top, below, opacity) => below.map((part, at) => opacity * top[at] + (1 - opacity) * part)
    const linear = part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    const luminance = rgb => rgb.reduce((sum, part, at) => sum + linear(part / 255) * [0.2126, 0.7152, 0.0722][at], 0)
    const words = '.js-plotly-plot g > text, [data-testid=stCaptionContainer] :is(p, span), .small, figcaption'
    return [...document.querySelectorAll(words)].filter(one => one.textContent.trim() && one.getClientRects().length).flatMap(one => {
        const around = []
        for (let at = one; at; at = at.parentElement) around.unshift(at)
        let behind = [255, 255, 255]
        for (const { rgb, opacity } of around.map(at => parts(getComputedStyle(at).backgroundColor))) behind = over(rgb, behind, opacity)
        const style = getComputedStyle(one)
        const faded = around.reduce((product, at) => product * getComputedStyle(at).opacity, 1)
        const { rgb, opacity } = parts(one instanceof SVGElement ? style.fill : style.color)
        const [high, low] = [luminance(over(rgb, behind, opacity * faded)), luminance(behind)].sort((a, b) => b - a)
        const size = parseFloat(style.fontSize)
        const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) || one.textContent.trim() === '■'
        const contrast = (high + 0.05) / (low + 0.05)
        return faded && contrast < (large ? 3 : 4.5) ? [`${one.textContent.slice(0, 40)}: ${contrast.toFixed(2)}`] : []
    })
}"""


@pytest.fixture(params=["light", "dark"])
def tab(browser, request):
    context = browser.new_context(color_scheme=request.param, viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def assert_everybody_can_read(tab):
    """Nothing found at a page, in a look while it held still."""
    for _ in range(LOOKS):
        settled(tab)
        expect(tab.locator("[aria-busy=true]")).to_have_count(0)  # what is still being computed is faint
        tab.wait_for_function(STILL)
        tab.evaluate(WATCH)
        found = findings(tab)
        if not tab.evaluate("window.scriptRan"):
            break
    assert found == {}


def findings(tab):
    """What axe-core finds that is more than minor, and faint words."""
    results = axe.Axe().run(tab, options={"resultTypes": ["violations"]}).response["violations"]
    found = {
        result["id"]: [node["html"] for node in result["nodes"]] for result in results if result["impact"] != "minor"
    }
    faint = tab.evaluate(FAINT)
    return found | ({"faint": faint} if faint else {})


@pytest.mark.parametrize("path", [*VIEWS, "latent-space"])
def test_everybody_can_read_a_page(tab, clone, path):
    tab.goto(f"{clone.url}/{path}")
    settled(tab)
    open_all(tab)
    if path == "compare":
        expect(tab.locator(".js-plotly-plot .xtick text").first).to_be_visible()
    if path == "latent-space":
        expect(tab.locator(".plane .map")).to_have_count(2)
    assert_everybody_can_read(tab)


def test_everybody_can_read_every_step_of_the_tour_before_and_after_its_answer(tab, clone):
    tab.goto(f"{clone.url}/?tour=1")
    for step in range(1, STEPS + 1):
        expect(tab.get_by_text(f"Step {step} of {STEPS}", exact=True)).to_be_visible()
        settled(tab)
        assert_everybody_can_read(tab)
        if tab.locator("[class*=st-key-tour-say-] button").count():
            tab.keyboard.press("1")
            expect(tab.locator("[class*=st-key-tour-say-] button").first).to_contain_text("person_raised_hand")
            press(tab.locator(".st-key-tour-on button"))
            expect(tab.locator(".st-key-tour-on button")).to_have_text("Next")
            settled(tab)
            tab.wait_for_timeout(1500)  # until what turns up has turned
            assert_everybody_can_read(tab)
        press(tab.locator(".st-key-tour-on button"))
    expect(tab.get_by_text("The end", exact=True)).to_be_visible()
    settled(tab)
    assert_everybody_can_read(tab)


def test_everybody_can_read_a_vote_and_its_answer(tab, clone):
    tab.goto(f"{clone.url}/gallery?view=Blind+vote&ballot=7")
    settled(tab)
    tab.get_by_role("button", name="Vote A").click()
    expect(tab.get_by_role("button", name="A, my vote")).to_be_visible()
    settled(tab)
    assert_everybody_can_read(tab)
    tab.keyboard.press("Enter")
    expect(tab.locator(".st-key-stage-label-A")).to_be_visible()
    settled(tab)
    tab.wait_for_timeout(1500)
    assert_everybody_can_read(tab)


def test_everybody_can_read_a_report(tab, clone, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(report.page(runs.list_runs(clone.folder)), encoding="utf-8")
    tab.goto(file.as_uri())
    expect(tab.locator(".plot .js-line").first).to_be_attached()
    assert findings(tab) == {}


def test_who_goes_through_the_menu_by_keyboard_sees_where(tab, clone):
    tab.goto(clone.url)
    link = tab.get_by_role("link", name="Gallery", exact=True)
    expect(link).to_be_visible()
    tab.keyboard.press("Tab")
    link.focus()
    expect(link).to_have_css("outline-style", "solid")
    expect(link).to_have_css("outline-width", "3px")
