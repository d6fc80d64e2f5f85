"""Every page in every state that runs can be in: it opens, and says what there is to say."""

import contextlib
import os

import pytest
from impostors import at_once
from visitor import give_weights, make_run, row, shown, words

from vaedash import places
from vaedash.bench import ui
from vaedash.runs import queue

PAGES = ("start", "train", "compare", "gallery", "draw", "interpolate", "latent_space")
DRAWING = ("gallery", "draw", "interpolate", "latent_space")  # what they show is drawn with a run's weights

# What each page says wherever there is a run to show.
USUAL = {
    "start": "Train both|The architectures",
    "train": "All runs",
    "compare": "Who draws better?|real pictures",
    "gallery": "After epoch 2 of 2 (loss 48.0): made up.",
    "draw": "What do they make of yours?|Draw something.",
    "interpolate": "The same way in ten steps|each step changes a pixel",
    "latent_space": "What do the numbers mean?|of 4, from -3 to 3",
}


def says(at, expected):
    captions = " ".join(image.caption for element in at.get("image") for image in element.proto.imgs)
    buttons = " ".join(button.label for button in at.button)
    drawn = " ".join(element.proto.json for element in at.get("bidi_component"))  # by a script in the browser
    text = " ".join((words(at), captions, buttons, drawn))
    missing = [part for part in expected.split("|") if part not in text]
    assert not missing, text


@pytest.fixture
def make(folder, photos, torch_as_it_was):
    """Makes a run of 4 latents on the 12 held-out photographs, with weights."""

    def build(arch="conv", **settings):
        run = make_run(folder, arch=arch, preset=None, dataset=str(photos), latent_dim=4, dataset_facts={}, **settings)
        give_weights(run, seed=1)
        return run.reread()

    return build


@pytest.fixture
def interrupted(monkeypatch):
    """A run without an outcome reads as interrupted at once."""
    monkeypatch.setattr(queue, "GRACE", -1.0)


@pytest.mark.parametrize("page", PAGES)
def test_without_a_run_it_says_where_to_begin(folder, page):
    at = shown(page)
    says(
        at,
        "No run has weights yet" if page in ("draw", "interpolate", "latent_space") else "Nothing has been trained yet",
    )
    assert not at.error and not at.warning


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("archs", [["conv"], ["fc", "conv"]], ids=["one", "two"])
def test_one_run_or_two_are_shown(make, page, archs):
    made = [make(arch) for arch in archs]
    at = shown(page)
    says(at, USUAL[page])
    says(at, "|".join(run.name.split()[0] for run in made))
    assert not at.error and not at.warning
    if page not in ("start", "train"):
        assert at.multiselect[0].value == [run.id for run in made]


@pytest.mark.parametrize("page", PAGES)
def test_a_running_run_is_shown_as_far_as_it_is(make, page):
    with make(status="running").claim():
        at = shown(page)
    says(at, USUAL[page])
    if page in ("start", "train"):
        says(at, "Stop|So far: a loss of |nats a new picture, after epoch 2")
    assert not at.error and not at.warning


@pytest.mark.parametrize(("count", "words"), [(2, "Both start"), (3, "All start")])
def test_several_that_have_not_finished_an_epoch_start_from_noise(folder, count, words):
    with contextlib.ExitStack() as held:
        for number in range(count):
            held.enter_context(make_run(folder, epochs=0, status="running", seed=number).claim())
        says(shown("train"), f"{words} from random numbers: at first, what they draw is noise")


def test_of_several_of_which_one_waits_those_that_learn_are_compared_at_equal_epochs(folder):
    with contextlib.ExitStack() as held:
        for arch, epochs, loss in (("fc", 5, 60.0), ("conv", 3, 50.0), ("conv", 0, 0.0)):
            run = make_run(folder, arch=arch, epochs=epochs, loss=loss, status="running", seed=3 - min(epochs, 3))
            held.enter_context(run.claim())
        at = shown("train")
    assert "No fair comparison yet" not in words(at)
    says(at, "So far: conv")


def test_an_epoch_without_a_loss_breaks_no_page(folder):
    run = make_run(folder, status="running")
    run.write_metrics([row(1, 40.0), row(2, None)])
    with run.claim():
        says(shown("train"), "Not enough to compare yet")


@pytest.mark.parametrize("page", PAGES)
def test_a_running_run_without_an_epoch_is_waited_for(folder, page):
    with make_run(folder, epochs=0, status="running").claim():
        at = shown(page)
    expected = {
        "start": "Stop|It starts from random numbers: at first, what it draws is noise",
        "train": "Stop|It starts from random numbers: at first, what it draws is noise",
        "compare": "Not enough to compare yet",
        "gallery": "Its first pictures come with its first epoch.",
    }
    says(at, expected.get(page, "No run has weights yet"))


@pytest.mark.parametrize("page", ["start", "compare", "gallery"])
def test_a_run_that_ended_before_its_first_epoch_promises_no_pictures(folder, page):
    make_run(folder, epochs=0, status="stopped")
    at = shown(page)
    says(at, "It ended before its first epoch, without a picture.")
    assert "come with its first epoch" not in words(at)


@pytest.mark.parametrize("page", PAGES)
def test_a_failed_run_is_shown_with_the_reason(make, page):
    make(status="failed")
    at = shown(page)
    says(at, USUAL[page])
    if page not in DRAWING:
        says(at, "-badge[failed after 2 epochs]|It failed.")
    if page in ("start", "train"):
        says(at, "Resume|The end of its log" if page == "start" else "Resume")


@pytest.mark.parametrize("page", PAGES)
def test_an_interrupted_run_is_shown_with_what_to_do(make, interrupted, page):
    make(status="interrupted")
    at = shown(page)
    says(at, USUAL[page])
    if page not in DRAWING:
        says(at, "-badge[interrupted after 2 epochs]|resume it and it goes on from there")


@pytest.mark.parametrize("page", PAGES)
def test_a_run_that_seems_to_train_on_another_machine_is_shown_as_far_as_it_is(make, page):
    run = make(status="running")
    run.add_facts({"host": "school-7"})
    at = shown(page)
    says(at, USUAL[page])
    if page not in DRAWING:
        says(at, "-badge[elsewhere after 2 epochs]|seems to train on school-7")
    assert not [button for button in at.button if button.label == "Resume"]
    assert not at.error and not at.warning


def test_a_folder_that_holds_a_run_under_another_name_is_named(make, folder):
    run = make()
    (run.path).rename(folder / f"{run.id} (1)")
    says(shown("train"), f"In no list, because the folder's name is no id: {run.id} (1).")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("file", ["config.json", "metrics.json"])
def test_a_damaged_run_is_named_with_the_reason_and_the_other_is_shown(make, page, file):
    make("fc")
    torn = make()
    (torn.path / file).write_bytes((torn.path / file).read_bytes()[:40])
    at = shown(page)
    says(at, f"{USUAL[page]}|{torn.id}|Cannot be read: {file}")
    assert not at.error


@pytest.mark.skipif(os.name == "nt", reason="has no pipes with a name")
@pytest.mark.parametrize("page", PAGES)
def test_a_run_whose_file_is_a_pipe_is_named_at_once_and_the_other_is_shown(make, page):
    make("fc")
    handed_in = make()
    (handed_in.path / "metrics.json").unlink()
    os.mkfifo(handed_in.path / "metrics.json")
    with at_once():
        at = shown(page)
    says(at, f"{USUAL[page]}|{handed_in.id}|Cannot be read: metrics.json is not an ordinary file.")
    assert not at.error


@pytest.mark.parametrize("page", PAGES)
def test_a_damaged_run_alone_is_named(make, page):
    torn = make()
    (torn.path / "config.json").write_text("{")
    at = shown(page)
    says(at, f"{torn.id}|Cannot be read: config.json")
    assert not at.error


VIEWS = [
    ("gallery", {"view": "Made up"}, "drawn from the same random numbers"),
    ("gallery", {"view": "Redrawn"}, "number 0"),
    ("draw", {}, USUAL["draw"]),
    ("interpolate", {}, USUAL["interpolate"]),
    ("latent_space", {}, USUAL["latent_space"]),
]


@pytest.mark.parametrize(("page", "query", "expected"), VIEWS)
def test_damaged_weights_are_named_and_the_other_run_is_shown(make, page, query, expected):
    make("fc")
    torn = make()
    (torn.path / "best.pt").write_bytes((torn.path / "best.pt").read_bytes()[:-100])
    at = shown(page, order="In order", **query)
    says(at, expected)
    assert not at.error
    assert [f"best.pt of run {torn.id} is damaged" in warning.value.replace("\\", "") for warning in at.warning] == [
        True
    ]


@pytest.mark.parametrize(("page", "query", "expected"), VIEWS)
def test_damaged_weights_and_no_others_are_named(make, page, query, expected):
    torn = make()
    (torn.path / "best.pt").write_bytes(b"torn")
    at = shown(page, **query)
    says(at, f"{torn.name} cannot draw. best.pt of run {torn.id} is damaged")
    assert not at.error


@pytest.mark.parametrize("page", ["start", "train", "compare", "gallery"])
def test_damaged_weights_are_in_nobodys_way_where_nothing_is_drawn(make, page):
    (make().path / "best.pt").write_bytes(b"torn")
    says(shown(page), USUAL[page])


def test_all_pages_are_visited():
    files = {file.stem for file in (places.PROJECT_ROOT / "vaedash" / "ui" / "pages").glob("*.py")}
    assert {*PAGES, "why"} == files  # that one is about no run in particular: tests/ui/test_why_page.py
    assert {(path or "start").replace("-", "_") for path in ui.PAGES.values()} == files  # and timed
