"""What somebody has zoomed and hidden among the curves stays so, whatever is chosen beside them."""

import pytest
from hand import by_touch, press
from patience import until
from visitor import make_run

from vaedash.bench.ui import Server

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

SEEN = """plot => {
    const ends = axis => axis.range.map(end => Math.round(100 * end))
    return {
        x: ends(plot._fullLayout.xaxis), y: ends(plot._fullLayout.yaxis),
        hidden: [...new Set(plot._fullData.filter(trace => trace.visible === 'legendonly').map(trace => trace.legendgroup))],
        shown: [...new Set(plot._fullData.filter(trace => trace.visible === true).map(trace => trace.legendgroup))],
        traces: plot._fullData.length,
    }
}"""


def seen(tab):
    """What the first figure shows, once it shows anything."""
    return tab.locator(".live-figure:has(.js-line)").first.evaluate(SEEN)


def zoom(tab):
    box = tab.locator(".live-figure .nsewdrag").first.bounding_box()
    tab.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    tab.mouse.down()
    tab.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.6 * box["height"], steps=5)
    tab.mouse.up()
    until(lambda: (seen(tab)["x"][1] - seen(tab)["x"][0]) < 1000)


@pytest.mark.slow
def test_zoom_and_hidden_curves_survive_what_is_chosen_beside_them(anyone, tmp_path, data_dir):
    made = [make_run(tmp_path / "runs", arch=arch, epochs=20) for arch in ("fc", "conv")]
    with Server(tmp_path / "runs", data_dir) as server:
        anyone.goto(f"{server.url}/compare?runs={','.join(run.id for run in made)}")
        curves = anyone.locator(".live-figure").first
        expect(curves.locator(".legendtoggle")).to_have_count(2)
        press(curves.locator(".legendtoggle").first)
        until(lambda: seen(anyone)["hidden"] == [made[0].id])
        if not by_touch(anyone):  # a finger scrolls past a chart
            zoom(anyone)
        before = seen(anyone)
        press(anyone.locator(".st-key-curves button").first)
        for choice in ("Cut outliers", "val"):
            press(anyone.get_by_text(choice, exact=True).first)
            anyone.wait_for_timeout(1500)
            assert seen(anyone) == before, choice
        anyone.get_by_role("slider").first.press("ArrowRight")  # smoothing, with faint lines behind
        until(lambda: seen(anyone)["traces"] > before["traces"])
        after = seen(anyone)
        kept = ("x", "hidden", "shown", *(() if by_touch(anyone) else ("y",)))  # which fits the curves until one zooms
        assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
        press(anyone.get_by_text("Log scale", exact=True))  # on which the same heights would mean others
        until(lambda: seen(anyone)["y"] != before["y"])
        after = seen(anyone)
        assert (after["x"], after["hidden"]) == (before["x"], before["hidden"])
