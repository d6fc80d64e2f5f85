"""Presenter mode: the switch is on every page, the address carries it, and what is enlarged stays what it was."""

import pytest
from visitor import PAGES, figures, make_run, shown

from vaedash import config
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
    [curves] = [figure for figure in figures(at) if figure["alt"].startswith("Curves of")]
    return curves


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
    assert {charts.HUE[arch] for arch in config.PAIR} <= {trace.get("line", {}).get("color") for trace in large["data"]}


def dashes(at):
    """The dash of each run, by its id."""
    return {
        trace["legendgroup"]: trace["line"]["dash"] for trace in spec(at)["data"] if "dash" in trace.get("line", {})
    }


def test_a_run_keeps_its_dash_when_another_one_is_taken_away(folder):
    made = [make_run(folder, arch="fc", seed=seed, lr=1e-3 * (seed + 1)) for seed in range(3)]
    at = shown("compare", runs=",".join(run.id for run in made))
    before = dashes(at)
    at.multiselect[0].set_value([run.id for run in made[1:]]).run()
    assert dashes(at) == {run.id: before[run.id] for run in made[1:]}
    assert len(set(before.values())) == 3
