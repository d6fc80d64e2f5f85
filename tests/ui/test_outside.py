"""Nothing that one can click on a page or in a report leads away from this machine."""

import re

import pytest
from hand import open_all, press, settled
from visitor import figures, shown

import vaedash
from vaedash import places, runs
from vaedash.bench import ui as bench
from vaedash.showing import charts, report

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

# Each page, and what of it is one click away.
VIEWS = (*bench.PAGES.values(), "gallery?view=Redrawn", "gallery?view=Blind+vote", "?tour=1")
LINKS = "() => [...document.querySelectorAll('a, area, form')].map(part => String(part.href ?? part.action))"


@pytest.fixture
def watched(anyone):
    """A tab that keeps in `left` every address outside this machine that it asks for, and every window that it opens."""
    anyone.left = []
    anyone.on("request", lambda asked: anyone.left.append(asked.url) if not stays(asked.url) else None)
    anyone.on("popup", lambda window: anyone.left.append(window.url))
    return anyone


def stays(address):
    return re.match(r"(https?|wss?)://localhost[:/]|(data|blob|file|about|mailto|javascript):|$", address) is not None


def press_all_on_charts(tab):
    """Presses every button in the bars of all charts; what each is called."""
    buttons = tab.locator(".modebar-btn")
    called = buttons.evaluate_all("all => all.map(button => button.dataset.title)")
    buttons.evaluate_all("all => all.forEach(button => /screen/.test(button.dataset.title) || button.click())")
    tab.wait_for_timeout(300)  # until a dialog or a window would be there
    assert tab.get_by_text(re.compile("plotly cloud", re.IGNORECASE)).count() == 0
    return called


@pytest.mark.slow
@pytest.mark.parametrize("path", VIEWS)
def test_no_control_of_a_page_leads_outside(watched, clone, promise, path):
    watched.goto(f"{clone.url}/{path}")
    settled(watched)
    open_all(watched)
    if path in ("compare", "latent-space"):
        expect(watched.locator(".modebar-btn").first).to_be_attached()
    called = press_all_on_charts(watched)
    if menu := watched.get_by_test_id("stMainMenu").get_by_role("button"):
        press(menu.first)
        expect(watched.get_by_text("Print", exact=True)).to_be_visible()
        press(watched.get_by_text("About", exact=True))
        expect(watched.get_by_role("dialog")).to_contain_text(f"vaedash {vaedash.__version__}")
    assert [title for title in called if re.search("share|cloud|edit", title, re.IGNORECASE)] == []
    assert [address for address in watched.evaluate(LINKS) if not stays(address)] == []
    assert watched.left == []
    promise("R18", cases=1)


def test_no_control_of_a_report_leads_outside(watched, trained, tmp_path, promise):
    file = tmp_path / "report.html"
    file.write_text(report.page(runs.list_runs(trained)), encoding="utf-8")
    watched.goto(file.as_uri())
    expect(watched.locator(".plot .js-line").first).to_be_attached()
    assert press_all_on_charts(watched) == []
    assert [address for address in watched.evaluate(LINKS) if not stays(address)] == []
    assert watched.left == []
    promise("R18", cases=1)


@pytest.mark.parametrize("page", ["compare", "latent_space"])
def test_every_chart_of_a_page_is_told_to_share_nothing(trained, page):
    shows = [figure["config"] for figure in figures(shown(page))]
    assert shows and all(config.items() >= charts.CONTROLS.items() for config in shows)


def test_a_chart_is_drawn_where_it_is_told_what_may_be_done_with_it_and_nowhere_else():
    sources = [*(places.PROJECT_ROOT / "vaedash" / "ui").rglob("*.py")]
    # Streamlit's own charts bring another plotly.js of four megabytes.
    assert [file.name for file in sources if "plotly_chart(" in file.read_text()] == []
    assert all(
        told["showSendToCloud"] is False and not told["plotlyServerURL"] for told in (charts.BARE, charts.CONTROLS)
    )


def test_what_has_failed_is_shown_without_a_way_to_ask_others_about_it(watched, tmp_path, data_dir):
    secrets = tmp_path / "secrets.toml"
    secrets.write_text("[auth\n")  # cannot be read, and must not open the door
    options = ("--server.headless=true", f"--secrets.files={secrets}")
    with bench.Server(tmp_path / "runs", data_dir, options=options) as server:
        watched.goto(server.url)
        expect(watched.get_by_test_id("stException")).to_be_visible()
        assert [address for address in watched.evaluate(LINKS) if not stays(address)] == []
