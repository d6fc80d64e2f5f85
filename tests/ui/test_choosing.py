"""Which runs the pages are about: what a link names, what was chosen elsewhere, and what of it cannot be shown."""

import pytest
import visitor
from visitor import PAGES, give_weights, make_run, shown, words

from vaedash import config
from vaedash.runs import tunings
from vaedash.ui import choosing


def linked(at):
    return "".join(at.query_params["runs"]).split(",")


@pytest.mark.parametrize("page", ["compare", "gallery", "draw", "interpolate", "latent_space"])
def test_what_a_link_names_and_cannot_be_shown_is_named_and_kept_in_the_address(folder, page):
    pair = [make_run(folder, arch=arch) for arch in config.PAIR]
    for run in pair:
        give_weights(run, seed=1)
    archived = make_run(folder, arch="fc")
    archived.write_notes(name="put aside", archived=True)
    ids = [pair[0].id, archived.id, "zzzzz9", "../../etc"]
    at = shown(page, runs=",".join(ids))
    assert not at.exception
    assert linked(at) == ids
    said = words(at)
    assert "put aside" in said and "is archived" in said and "There is no run zzzzz9 here" in said
    assert "etc" not in said and "And " not in said
    # Where nothing of it is left, no other run takes its place.
    at = shown(page, runs="zzzzz9")
    assert linked(at) == ["zzzzz9"] and "Choose a run or two above" in words(at)
    many = [f"zzzz{first}{second}" for first in "abc" for second in "abc"]
    assert "And 3 more" in words(shown(page, runs=",".join(many)))


def test_a_look_at_a_page_that_cannot_show_them_changes_nothing_of_the_choice(folder):
    three = [make_run(folder, arch=arch, seed=seed) for seed, arch in enumerate(("fc", "conv", "fc"))]
    give_weights(three[1], seed=1)
    at = shown("compare", runs=",".join(run.id for run in three))
    before = linked(at)
    at.switch_page(str(PAGES / "interpolate.py")).run()
    assert "have no weights here" in words(at)
    at.switch_page(str(PAGES / "compare.py")).run()
    assert not at.exception and linked(at) == before == [run.id for run in three]


def test_a_run_is_found_among_the_others_by_its_tags(folder):
    make_run(folder, arch="conv")
    run = make_run(folder, arch="fc")
    run.write_notes(name="baseline", tags=["for the talk", "slow"])
    at = shown("compare")
    assert "baseline [for the talk] [slow]" in at.multiselect(key="runs-picked").options


def a_trial(folder, number, arch):
    run = tunings.create(folder, config.RunConfig.build(preset="p1", arch=arch), tuning="fair", trial=number)
    run.add_facts({"parameters": 1, "dataset": visitor.DATASET})
    run.write_metrics([visitor.row(1, 40.0)])
    run.write_outcome("finished", "It ended.")
    return run.reread()


def test_the_many_trials_of_a_tuning_stand_behind_all_others_and_are_nobodys_latest(folder, monkeypatch):
    monkeypatch.setattr(choosing, "OFFERED", 3)
    pair = [make_run(folder, arch=arch) for arch in config.PAIR]
    drawn = [a_trial(folder, number, arch) for number in (1, 2) for arch in config.PAIR]
    at = shown("compare")
    assert sorted(at.multiselect(key="runs-picked").value) == sorted(run.id for run in pair)
    offered = at.multiselect(key="runs-picked").options
    assert len(offered) == 3 and {*offered[:2]} == {run.name for run in pair}
    assert offered[2] == drawn[-1].name
    picked = shown("compare", runs=drawn[0].id).multiselect(key="runs-picked")
    assert picked.value == [drawn[0].id] and picked.options[-1] == drawn[0].name
