"""Presenter mode: the switch is on every page, the address carries it, and what is enlarged stays what it was."""

import json

import pytest
from visitor import PAGES, make_run, shown

from vaedash.showing import charts
from vaedash.ui import presenter


@pytest.mark.parametrize("page", sorted(file.stem for file in PAGES.glob("*.py")))
def test_every_page_has_the_switch_and_an_address_turns_it_on(folder, page):
    make_run(folder)
    assert shown(page).toggle(key="presenter").value is False
    assert shown(page, presenter="true").toggle(key="presenter").value is True


def test_the_switch_goes_along_from_page_to_page(folder):
    make_run(folder)
    at = shown("start")
    at.toggle(key="presenter").set_value(True).run()
    at.switch_page(str(PAGES / "compare.py")).run()
    assert at.toggle(key="presenter").value is True


def spec(at):
    return json.loads(at.get("plotly_chart")[0].proto.spec)


def test_figures_have_larger_letters_and_the_same_hues(folder):
    for arch in ("fc", "conv"):
        make_run(folder, arch=arch)
    small, large = spec(shown("compare")), spec(shown("compare", presenter="true"))
    by = presenter._FIGURES
    assert large["layout"]["xaxis"]["tickfont"]["size"] == pytest.approx(
        by * small["layout"]["xaxis"]["tickfont"]["size"]
    )
    assert [trace["line"]["color"] for trace in large["data"] if "line" in trace] == [
        trace["line"]["color"] for trace in small["data"] if "line" in trace
    ]
    assert set(charts.HUE.values()) <= {trace.get("line", {}).get("color") for trace in large["data"]}
