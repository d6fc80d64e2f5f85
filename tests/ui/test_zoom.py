"""What somebody has zoomed and hidden among the curves stays so, whatever is chosen beside them."""

import pytest
from patience import until
from visitor import make_run

from vaedash.bench.ui import Server

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

SEEN = """() => {
    const plot = document.querySelector('.live-figure')
    const ends = axis => axis.range.map(end => Math.round(100 * end))
    return {
        x: ends(plot._fullLayout.xaxis), y: ends(plot._fullLayout.yaxis),
        hidden: [...new Set(plot._fullData.filter(trace => trace.visible === 'legendonly').map(trace => trace.legendgroup))],
        shown: [...new Set(plot._fullData.filter(trace => trace.visible === true).map(trace => trace.legendgroup))],
        traces: plot._fullData.length,
    }
}"""


@pytest.mark.slow
def test_zoom_and_hidden_curves_survive_what_is_chosen_beside_them(browser, tmp_path, data_dir):
    made = [make_run(tmp_path / "runs", arch=arch, epochs=20) for arch in ("fc", "conv")]
    tab = browser.new_page(viewport={"width": 1440, "height": 1000})
    with Server(tmp_path / "runs", data_dir) as server:
        tab.goto(f"{server.url}/compare?runs={','.join(run.id for run in made)}")
        expect(tab.locator(".live-figure .legendtoggle")).to_have_count(2)
        tab.locator(".live-figure .legendtoggle").first.click()
        until(lambda: tab.evaluate(SEEN)["hidden"] == [made[0].id])
        box = tab.locator(".live-figure .nsewdrag").bounding_box()
        tab.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
        tab.mouse.down()
        tab.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.6 * box["height"], steps=5)
        tab.mouse.up()
        until(lambda: (tab.evaluate(SEEN)["x"][1] - tab.evaluate(SEEN)["x"][0]) < 1000)
        before = tab.evaluate(SEEN)
        tab.locator(".st-key-curves button").first.click()
        for press in ("Cut outliers", "val"):
            tab.get_by_text(press, exact=True).first.click()
            tab.wait_for_timeout(1500)
            assert tab.evaluate(SEEN) == before, press
        tab.get_by_role("slider").first.press("ArrowRight")  # smoothing, with faint lines behind
        until(lambda: tab.evaluate(SEEN)["traces"] > before["traces"])
        after = tab.evaluate(SEEN)
        assert {key: after[key] for key in ("x", "y", "hidden", "shown")} == {
            key: before[key] for key in ("x", "y", "hidden", "shown")
        }
        tab.get_by_text("Log scale", exact=True).click()  # on which the same heights would mean others
        until(lambda: tab.evaluate(SEEN)["y"] != before["y"])
        after = tab.evaluate(SEEN)
        assert (after["x"], after["hidden"]) == (before["x"], before["hidden"])
    tab.close()
