"""The page in a real browser: from an empty folder to a finished race, and what a link, a phone and the dark make of it."""

import re
import time

import pytest

from vaedash import runs
from vaedash.bench import ui as bench

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
expect.set_options(timeout=60_000)

PAGES = tuple(bench.PAGES.values())


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server whose runs folder is empty."""
    opened = bench.Server(tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("data"))
    yield opened
    for run in runs.list_runs(opened.folder):
        runs.request_stop(run.path)
    opened.close()


@pytest.fixture
def tab(browser):
    """A tab that keeps what went wrong: errors in the console, and requests that leave the machine."""
    opened = browser.new_page(viewport={"width": 1440, "height": 1000})
    opened.set_default_timeout(60_000)
    opened.complaints = []
    opened.on("console", lambda message: opened.complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.on("request", lambda request: opened.complaints.append(request.url) if leaves(request.url) else None)
    yield opened
    opened.close()


def leaves(url: str) -> bool:
    return not re.match(r"(https?|wss?)://localhost[:/]|data:|blob:", url)


def unexpected(complaints: list[str]) -> list[str]:
    # On a page other than the first, Streamlit looks for its server below that page's address before it looks above.
    return [text for text in complaints if "404 (Not Found)" not in text]


def settled(tab) -> None:
    """Waits until the script has run, or only its forecast is still being measured."""
    expect(tab.get_by_role("heading", level=1).first).to_be_visible()
    tab.wait_for_function(
        """() => !document.querySelector('[data-testid=stStatusWidget]')
            || document.body.innerText.includes('Measuring how fast this machine is')"""
    )


@pytest.mark.parametrize("path", PAGES)
def test_every_page_of_an_empty_folder_opens_without_complaint(tab, server, path):
    tab.goto(f"{server.url}/{path}")
    settled(tab)
    expect(
        tab.get_by_text("Nothing has been trained yet").or_(tab.get_by_text("No run has weights yet")).first
    ).to_be_visible()
    expect(tab.get_by_test_id("stException")).to_have_count(0)
    assert unexpected(tab.complaints) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_a_phone_in_the_dark(browser, server, path):
    phone = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    try:
        phone.goto(f"{server.url}/{path}")
        settled(phone)
        main = phone.get_by_test_id("stMain")
        assert main.evaluate("element => element.scrollWidth <= window.innerWidth")
        background = phone.get_by_test_id("stApp").evaluate("element => getComputedStyle(element).backgroundColor")
        assert sum(map(int, re.findall(r"\d+", background)[:3])) < 200
    finally:
        phone.close()


@pytest.fixture(scope="module")
def of_pair(measured):
    """A server that shows the trained pair."""
    opened = bench.Server(measured.folder, measured.data_dir)
    yield opened
    opened.close()


def test_what_was_measured_beyond_the_loss_is_shown_as_a_picture_and_as_a_table(tab, of_pair):
    tab.goto(f"{of_pair.url}/compare")
    tab.get_by_text("Beyond the loss").click()
    expect(tab.get_by_text("PSNR (dB), higher is better; n = 12")).to_be_visible()
    tab.get_by_role("button", name="SWD").click()
    expect(tab.get_by_text("SWD, lower is better; n = 12")).to_be_visible()
    expect(tab.get_by_text(re.compile("real images: "))).to_be_visible()
    tab.get_by_role("button", name="weights").click()
    expect(tab.locator(".js-plotly-plot").first.locator(".xtitle")).to_have_text("weights")
    expect(tab.locator(".js-plotly-plot").first.locator(".scatterlayer .point")).to_have_count(4)
    assert unexpected(tab.complaints) == []


def test_the_course_of_every_latent_is_drawn(tab, of_pair):
    tab.goto(f"{of_pair.url}/latent-space")
    expect(tab.locator(".heatmaplayer image").or_(tab.locator(".heatmaplayer .hm")).first).to_be_attached()
    expect(tab.get_by_text(re.compile("in use after epoch 6, saying"))).to_have_count(2)
    assert unexpected(tab.complaints) == []


@pytest.mark.slow
def test_a_newcomer_trains_both_stops_one_resumes_it_and_plays_with_what_they_learned(browser, tab, server):
    tab.goto(server.url)
    tab.get_by_role("button", name="Train both").click()

    # Two lanes, and a curve that has points before the first epoch is over.
    expect(tab.get_by_role("button", name="Stop")).to_have_count(2)
    tab.wait_for_function(
        "() => document.querySelectorAll('.live-figure .scatterlayer .js-line').length >= 2", timeout=120_000
    )

    # Two grids, epoch by epoch.
    tab.wait_for_function(
        "() => document.querySelectorAll('[data-testid=stImage] img[alt*=\"36 images\"]').length == 2", timeout=240_000
    )

    # Hide a curve: it stays hidden while new points come.
    legend = tab.locator(".live-figure .legendtoggle").first
    legend.click()
    tab.wait_for_timeout(2_500)
    assert tab.locator(".live-figure .legend .traces").first.evaluate("trace => getComputedStyle(trace).opacity") != "1"

    # Stop one, resume it, and wait for both.
    if tab.get_by_role("button", name="Stop").count():
        tab.get_by_role("button", name="Stop").last.click()
        tab.get_by_role("button", name="Resume").first.click()
    deadline = time.monotonic() + 400
    while any(run.status != "finished" for run in runs.list_runs(server.folder)) and time.monotonic() < deadline:
        time.sleep(1)
    assert [run.status for run in runs.list_runs(server.folder)] == ["finished", "finished"]
    expect(tab.get_by_text(re.compile("leads .* nats per image")).first).to_be_visible(timeout=20_000)

    # The runs travel to the other pages.
    ids = {run.id for run in runs.list_runs(server.folder)}
    tab.get_by_role("link", name="Compare").click()
    expect(tab.get_by_role("heading", name="Compare")).to_be_visible()
    expect(tab.locator(".js-plotly-plot .js-line").first).to_be_visible()
    assert all(run_id in tab.url for run_id in ids)
    tab.get_by_role("link", name="Gallery").click()
    expect(tab.get_by_test_id("stImage").first).to_be_visible()

    # The morph moves under the finger, without asking the server.
    tab.get_by_role("link", name="Interpolate").click()
    handle = tab.locator("input[type=range]").first
    expect(handle).to_be_visible()
    expect(tab.locator("canvas")).to_have_count(2)
    pixels = "() => [...document.querySelectorAll('canvas')].map(canvas => canvas.toDataURL())"
    before = tab.evaluate(pixels)
    handle.focus()
    tab.keyboard.press("End")
    tab.wait_for_timeout(300)
    after = tab.evaluate(pixels)
    assert all(one != other for one, other in zip(before, after, strict=True))

    # A link opens the same view.
    address = tab.url
    again = browser.new_page()
    again.goto(address)
    expect(again.locator("canvas")).to_have_count(2, timeout=60_000)
    again.close()
    assert unexpected(tab.complaints) == []
