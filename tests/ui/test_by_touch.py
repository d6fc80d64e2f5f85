"""What people complain about most, on a laptop by mouse and on a phone by touch: verdicts, choices, changes, progress, titles."""

import contextlib
import re
import shutil
from types import SimpleNamespace

import pytest
from hand import menu, press, settled
from patience import until
from visitor import give_weights, make_run, row

from vaedash.bench.ui import Server

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = pytest.mark.slow

FITS = "element => element.scrollWidth <= window.innerWidth"


@pytest.fixture(scope="module")
def school(tmp_path_factory, data_dir):
    """A server whose runs are two pairs on two sets of pictures, an odd one, and one that was put aside. Only the odd one has weights."""
    folder = tmp_path_factory.mktemp("school") / "runs"
    others = {"name": "leaves", "fingerprint": "fedcba9876543210", "n_train": 20_000, "n_test": 2_000}
    shapes = [make_run(folder, arch=arch, loss=loss) for arch, loss in (("fc", 60.0), ("conv", 50.0))]
    leaves = [
        make_run(folder, arch=arch, loss=loss, dataset="/photos/leaves.zip", dataset_facts=others)
        for arch, loss in (("fc", 60.0), ("conv", 90.0))
    ]
    odd, archived = make_run(folder, beta=4.0), make_run(folder, arch="fc")
    odd.write_notes(name="odd one")
    give_weights(odd, seed=1)
    archived.write_notes(name="put aside", archived=True)
    with Server(folder, data_dir) as opened:
        opened.made = SimpleNamespace(shapes=shapes, leaves=leaves, odd=odd, archived=archived)
        yield opened


def at(server, page, *chosen):
    return f"{server.url}/{page}?runs={','.join(getattr(run, 'id', run) for run in chosen)}"


def said(tab):
    return tab.get_by_test_id("stMain")


def verdicts(tab):
    return tab.locator("[class*=st-key-verdict-] h2")


def test_each_set_of_pictures_has_its_verdict_and_what_stands_alone_is_named(anyone, school):
    made = school.made
    anyone.goto(at(school, "compare", *made.shapes, *made.leaves, made.odd))
    expect(verdicts(anyone)).to_have_count(2)
    expect(verdicts(anyone).filter(has_text=re.compile("leaves.*FC is .* less wrong than conv"))).to_be_visible()
    expect(verdicts(anyone).filter(has_text=re.compile("conv is .* less wrong than FC"))).to_be_visible()
    expect(said(anyone)).to_contain_text("Nothing here to compare with: odd one")
    assert said(anyone).evaluate(FITS)


def test_what_cannot_be_shown_is_named_and_choice_and_address_stay(anyone, school):
    made = school.made
    anyone.goto(at(school, "compare", *made.shapes, made.archived, "zzzzz9"))
    asked = re.compile("(,|%2C)".join([*(run.id for run in (*made.shapes, made.archived)), "zzzzz9"]) + "$")
    for _ in range(2):
        expect(said(anyone)).to_contain_text("put aside")
        expect(said(anyone)).to_contain_text("is archived")
        expect(said(anyone)).to_contain_text("There is no run zzzzz9 here")
        expect(verdicts(anyone)).to_have_text(re.compile("conv is .* less wrong than FC"))
        expect(anyone).to_have_url(asked)
        menu(anyone, "Interpolate")  # which can show none of them, and takes nothing from the choice
        expect(said(anyone)).to_contain_text("have no weights here")
        menu(anyone, "Compare")
    assert said(anyone).evaluate(FITS)


def test_what_another_tab_puts_aside_is_named_in_the_older_one_whose_address_stays(anyone, school):
    fc, conv = school.made.shapes
    anyone.goto(at(school, "compare", fc, conv))
    expect(verdicts(anyone)).to_have_count(1)
    newer = anyone.context.new_page()
    try:
        newer.goto(f"{school.url}/train")
        press(newer.locator("summary").filter(has_text=fc.name).first)
        press(newer.locator(f".st-key-run-{fc.id}").get_by_role("button", name="Archive", exact=True))
        press(newer.get_by_role("button", name="Archive it"))
        until(lambda: fc.reread().archived)
        anyone.bring_to_front()  # a tab behind another one is drawn late
        menu(anyone, "Gallery")
        expect(said(anyone)).to_contain_text("is archived")
        menu(anyone, "Compare")
        expect(said(anyone)).to_contain_text("is archived")
        expect(anyone).to_have_url(re.compile(f"{fc.id}(,|%2C){conv.id}"))
    finally:
        fc.write_notes(archived=False)
        newer.close()


def test_a_change_of_a_run_that_is_gone_meanwhile_is_refused_in_a_sentence(anyone, school):
    gone = make_run(school.folder, arch="fc", beta=3.0)
    gone.write_notes(name="soon gone")
    anyone.goto(f"{school.url}/train")
    press(anyone.locator("summary").filter(has_text="soon gone"))
    its = anyone.locator(f".st-key-run-{gone.id}")
    save = its.get_by_role("button", name="Save", exact=True)
    its.get_by_role("textbox", name="Name").fill("never written")
    save.scroll_into_view_if_needed()
    expect(anyone.get_by_text("is being measured")).to_have_count(0)  # the page is drawn anew once it is known
    settled(anyone)  # drawn anew after that, the list has the run no more, and nothing to press
    shutil.rmtree(gone.path)
    press(save)
    expect(anyone.get_by_test_id("stToast")).to_contain_text(f"Run {gone.id} is ")
    expect(anyone.get_by_test_id("stException")).to_have_count(0)
    assert not gone.path.exists()


def test_progress_goes_on_before_whoever_watches_and_never_names_an_older_epoch(anyone, school):
    pair = [make_run(school.folder, arch=arch, status="running", epochs=1) for arch in ("fc", "conv")]
    on = {"epochs": 200, "seen": 5_000, "of": 20_000, "loss": 47.5, "images_per_second": 900.0, "eta_seconds": 300.0}
    bars = anyone.get_by_test_id("stProgress")
    with contextlib.ExitStack() as training:
        for run in pair:
            training.enter_context(run.claim())
            run.write_progress({**on, "epoch": 2, "trace": [[1.2, 47.5]]})
        anyone.goto(f"{school.url}/train")
        expect(bars.filter(has_text="epoch 2 of 200")).to_have_count(2)
        for run in pair:
            run.write_metrics([row(epoch, 60.0 - epoch / 10) for epoch in range(1, 57)])
            run.write_progress({**on, "epoch": 57, "trace": [[56.2, 47.5]]})
        expect(bars.filter(has_text="epoch 57 of 200")).to_have_count(2)
        expect(anyone.get_by_text(re.compile(r"epoch [12] of 200"))).to_have_count(0)
        expect(anyone).to_have_title(re.compile("^Training: "))
        assert said(anyone).evaluate(FITS)
    for run in pair:
        shutil.rmtree(run.path)


def test_a_tab_is_called_after_its_page_and_what_that_says(anyone, school):
    anyone.goto(at(school, "compare", *school.made.shapes))
    expect(anyone).to_have_title(re.compile("^Compare: conv is .* less wrong than FC on new pictures - vaedash$"))
    menu(anyone, "Gallery")
    expect(anyone).to_have_title("Gallery - vaedash")
    expect(anyone.get_by_role("heading", name="What do they draw?")).to_be_visible()
    expect(anyone).to_have_url(re.compile("gallery.*runs="))
    anyone.go_back()
    expect(anyone).to_have_title(re.compile("^Compare: conv is "))
