"""The guided tour on the Start page, as a teacher walks it: predict, reveal, next; what it says is what the runs say."""

import functools
import json
import re
import shutil

import pytest
import streamlit as st
import visitor
from visitor import flowing, make_run, words

from vaedash import config, places, runs
from vaedash.comparing import quiz, shuffle, verdict
from vaedash.runs import listing
from vaedash.ui import cache, components, illustrations, predictions, tallies, visitors
from vaedash.ui.questions import WORDINGS, called

shown = functools.partial(visitor.shown, "start")


@pytest.fixture(autouse=True)
def nobody_predicted_yet():
    """The tallies live as long as the server: other tests' servers are this process too."""
    tallies.tally.clear()


@pytest.fixture
def examples(monkeypatch):
    """The runs that come along: their steps are all there, and all have an answer."""
    monkeypatch.setenv("VAEDASH_RUNS", str(places.PROJECT_ROOT / "runs"))
    return pair_in(places.PROJECT_ROOT / "runs")


def keys(at):
    return [button.key for button in at.button]


def press(at, key):
    at.button(key=key).click().run()
    assert not at.exception
    return at


def alternatives(at):
    """The words that stand for each picture."""
    return [image.alt for element in at.get("image") for image in element.proto.imgs]


def title(at):
    return at.title[0].value


def asked(at):
    """The key of the question that is shown."""
    return next(key for key, wording in WORDINGS.items() if wording.asked == title(at))


def pair_in(folder):
    return components.comparable(runs.list_runs(folder))


# ---- with and without something to ask about -----------------------------------------------------------------


def test_without_a_pair_no_tour_is_offered_and_a_link_to_one_says_what_is_missing(folder):
    for _ in range(2):  # no run, then one run
        assert "tour" not in keys(shown())
        at = shown(tour=2)
        assert "Leave, and train both first" in words(at) and keys(at) == ["tour-leave"]
        assert "Train both" in press(at, "tour-leave").button(key="train-both").label
        make_run(folder)


def test_a_damaged_run_and_one_still_running_are_not_asked_about(folder):
    torn, sound = make_run(folder, arch="fc"), make_run(folder)
    (torn.path / "metrics.json").write_text("{")
    assert "tour" not in keys(shown())
    make_run(folder, arch="fc", status="queued")
    assert "tour" not in keys(shown())
    ended = make_run(folder, arch="fc")
    assert [run.id for run in pair_in(folder)] == [ended.id, sound.id]
    assert title(press(shown(), "tour")) == "Which of these did conv draw?"


def test_runs_that_cannot_be_compared_are_no_pair_and_the_newest_that_can_are(folder):
    made = [make_run(folder, arch=arch) for arch in ("fc", "conv")]
    make_run(folder, arch="conv", beta=4.0)
    make_run(folder, arch="fc", pixel_order="shuffled")
    assert [run.id for run in pair_in(folder)] == [run.id for run in made]


@pytest.mark.parametrize(("step", "what"), [("two", "Does architecture matter?"), (-3, "Does architecture matter?")])
def test_an_address_without_a_step_is_the_start_page(trained, step, what):
    at = shown(tour=step)
    assert title(at) == what and "train-both" in keys(at)


def test_a_step_beyond_the_last_is_the_end(trained):
    at = shown(tour=99)
    assert "tour-on" not in keys(at) and at.header[0].value.startswith("No clear leader")


# ---- the walk ------------------------------------------------------------------------------------------------


def test_who_reads_a_step_can_go_on_while_its_pictures_are_still_to_come(trained, monkeypatch):
    monkeypatch.setattr(illustrations, "show", lambda *_, **__: st.stop())
    for step in (1, 3, 6):
        at = shown(tour=step)
        assert "tour-on" in keys(at) and not at.get("image")


def test_the_tour_from_the_first_question_to_what_was_learned(trained):
    both = pair_in(trained)
    questions = {question.key: question for question in quiz.questions(both, {})}
    at = press(shown(), "tour")
    seen, right = [], 0
    for number, key in enumerate(["drew", "weights", "inside", "first", "end", "numbers", "made up"], start=1):
        assert asked(at) == key
        assert at.get("progress")[0].proto.text == f"Step {number} of 8"
        assert "".join(at.query_params["tour"]) == str(number)
        seen.append(key)
        if question := questions.get(key):
            assert question.sentence.rstrip(".") not in words(at)
            guess = question.choices[number % len(question.choices)]
            press(at, f"tour-say-{guess}")
            assert question.sentence not in words(at)
            press(at, "tour-on")
            right += guess == question.answer
            answered = f"You said {called(guess)}{', and so it is' if guess == question.answer else ''}.]"
            assert answered in words(at) and question.sentence in words(at)
            assert at.button(key=f"tour-say-{question.answer}").icon == ":material/check:"
        assert all(alternatives(at))
        press(at, "tour-on")
    # Nobody has shuffled pixels here: a prediction can be made, a button offers to try, and it does not count.
    assert asked(at) == "shuffled" and at.button(key="tour-shuffle-test").label.startswith("Train all four")
    assert "Nobody has tried that" in words(at)
    press(press(at, "tour-say-fc"), "tour-on")
    assert title(at) == "Does architecture matter?"
    learned = at.header[0].value.replace("\\", "")
    assert learned == quiz.learned(both, {}) and verdict.judged(both).plain in learned
    assert f"You predicted {right} of {len(questions) - 1} right" in words(at)


def test_each_step_has_its_words_and_a_letter_of_its_own_in_the_address(examples):
    four = shuffle.four_runs(runs.list_runs(places.PROJECT_ROOT / "runs"))
    questions = {question.key for question in quiz.questions(examples, four)}
    assert questions | {"numbers", "inside"} == set(WORDINGS)
    assert len({key[0] for key in WORDINGS}) == len(WORDINGS)


def test_before_a_made_up_row_it_shows_how_a_picture_is_squeezed_unless_weights_or_pictures_are_lacking(trained):
    at = shown(tour=6)
    assert asked(at) == "numbers" and not [key for key in keys(at) if key.startswith("tour-say-")]
    assert [alt.partition(":")[0] for alt in alternatives(at)] == [
        "a new picture",
        f"what {config.spoken(quiz.leader(pair_in(trained)).config.arch)} keeps of it",
        f"what {config.spoken(quiz.leader(pair_in(trained)).config.arch)} draws from them",
    ]
    for file in trained.glob("*/best.pt"):
        file.unlink()
    assert asked(shown(tour=5)) == "made up"


def test_a_squeezing_model_whose_weights_are_damaged_does_not_stop_the_tour(trained):
    for file in trained.glob("*/best.pt"):
        file.write_bytes(file.read_bytes()[:-100])
    at = shown(tour=6)
    assert asked(at) == "numbers" and "cannot draw" in at.warning[0].value
    assert asked(press(at, "tour-on")) == "made up"


def test_behind_the_question_about_weights_a_picture_flows_through_both_where_they_have_some(trained):
    at = shown(tour=3)
    assert asked(at) == "inside" and [run["name"] for run in flowing(at)["runs"]] == ["FC", "conv"]
    for file in trained.glob("*/best.pt"):
        file.write_bytes(file.read_bytes()[:-100])
    at = shown(tour=3)
    assert asked(at) == "inside" and flowing(at) is None and "cannot draw" in at.warning[0].value
    for file in trained.glob("*/best.pt"):
        file.unlink()
    assert asked(shown(tour=3)) == "first"


def test_the_answer_is_that_of_the_runs_and_of_no_others(folder):
    make_run(folder, arch="fc", loss=40.0)
    make_run(folder, arch="conv", loss=55.0)
    at = shown(tour=4)
    assert asked(at) == "end"
    press(at, "tour-on")
    assert "FC is 28% less wrong than conv on new pictures." in words(at)
    make_run(folder, arch="conv", loss=30.0)
    at = press(shown(tour=4), "tour-on")
    assert "conv is 26% less wrong than FC on new pictures." in words(at)


def test_whose_pictures_are_whose_is_not_on_the_page_before_it_is_revealed(trained):
    at = shown(tour=1)
    assert alternatives(at) == ["pictures, made up by A", "real pictures", "pictures, made up by B"]
    names = [
        config.spoken(run.config.arch) for run in quiz.ballot(pair_in(trained), kind="prior", draw=0).runs.values()
    ]
    assert labels(at) == []
    assert [re.sub(r".*} ", "", label) for label in labels(press(at, "tour-on"))] == names


def labels(at):
    """What is written across pictures: the square and the name."""
    return [text.value for text in at.markdown if text.value.startswith(":color[")]


def test_rows_are_named_once_it_is_known_which_is_made_up(trained):
    at = shown(tour=7)
    assert asked(at) == "made up" and not {"made up", "redrawn"} & {text.value for text in at.markdown}
    press(at, "tour-on")
    assert {"made up", "redrawn"} <= {text.value for text in at.markdown}
    assert len([alt for alt in alternatives(at) if alt.endswith("was shown")]) == 1


def test_the_end_of_the_race_is_not_drawn_before_it_is_revealed(trained):
    at = shown(tour=5)
    assert asked(at) == "end"
    last = {run.config.arch: run.epochs[-1]["epoch"] for run in pair_in(trained)}
    assert last == {"fc": 6, "conv": 6} and reach(at) == 1
    assert reach(press(at, "tour-on")) == 6


def reach(at):
    """The last epoch that a curve of the race goes to."""
    (proto,) = (e.proto for e in at.get("bidi_component") if e.proto.component_name == "vaedash_live_figure")
    return max(max(trace["x"]) for trace in json.loads(proto.json)["data"])


def test_back_keeps_what_was_predicted_and_leaving_ends_the_tour(trained):
    at = press(press(press(shown(), "tour"), "tour-say-A"), "tour-on")
    before = words(at)
    assert "You said A" in before
    press(press(at, "tour-on"), "tour-back")
    assert words(at) == before
    press(at, "tour-leave")
    assert not {"tour", "pair", "said", "seen"} & set(at.query_params) and "train-both" in keys(at)
    press(at, "tour")  # from the beginning, and nothing is predicted any more
    assert not at.button(key="tour-say-A").disabled


def test_a_prediction_can_be_changed_until_it_is_revealed(trained):
    at = shown(tour=2)
    press(press(at, "tour-say-conv"), "tour-say-fc")
    press(at, "tour-on")
    assert "You said FC, and so it is" in words(at)  # whose weights are more
    choices = ("fc", "conv", "level")
    assert all(at.button(key=f"tour-say-{choice}").disabled for choice in choices)
    at.button(key="tour-say-conv").proto.disabled = False  # as a browser may send what it was never offered
    assert "You said FC" in words(press(at, "tour-say-conv"))


def test_a_reload_keeps_the_step_the_pair_the_guesses_and_what_was_revealed(trained):
    at = press(press(press(press(shown(), "tour"), "tour-say-B"), "tour-on"), "tour-on")
    press(at, "tour-say-conv")
    address = {name: "".join(value) for name, value in at.query_params.items()}
    assert address["said"] == "d2w2" and address["seen"] == "d"
    for arch in config.PAIR:
        make_run(trained, arch=arch)  # a newer pair
    again = shown(**address)
    assert words(again) == words(at)
    assert again.button(key="tour-say-conv").icon and not again.button(key="tour-say-fc").icon
    press(again, "tour-back")
    assert "You said B" in words(again) and again.button(key="tour-say-A").disabled


@pytest.mark.parametrize(
    "foreign",
    [
        {"said": "w9", "seen": "zz"},
        {"said": "<script>", "seen": "9"},
        {"said": "d2x1", "pair": "aaaaaa.bbbbbb"},
        {"said": "w0w", "pair": "." * 1000},
    ],
)
def test_a_foreign_address_is_read_as_far_as_it_has_a_meaning(trained, foreign):
    at = shown(tour=2, **foreign)
    assert asked(at) == "weights" and not any(button.icon for button in at.button)
    assert "".join(at.query_params["pair"]) == ".".join(run.id for run in pair_in(trained))
    press(at, "tour-say-fc")
    assert "w1" in "".join(at.query_params["said"])


def test_a_pair_in_the_address_that_cannot_be_compared_is_not_asked_about(trained):
    lone = make_run(trained, arch="conv", beta=4.0)
    fc, conv = pair_in(trained)
    for ids in (f"{fc.id}.{lone.id}", conv.id):
        assert "".join(shown(tour=1, pair=ids).query_params["pair"]) == f"{fc.id}.{conv.id}"


def test_once_a_run_of_the_pair_has_gone_it_says_so_once_and_forgets_what_was_predicted_of_it(trained):
    fc, conv = pair_in(trained)
    newer = {arch: make_run(trained, arch=arch) for arch in config.PAIR}
    at = press(press(shown(tour=1, pair=f"{fc.id}.{conv.id}"), "tour-say-B"), "tour-on")
    assert at.query_params["said"] and at.query_params["seen"] and not at.toast
    shutil.rmtree(conv.path)
    at.run()
    (said,) = (toast.value for toast in at.toast)
    assert "has gone" in said and all(components.plain(run.name) in said for run in newer.values())
    assert "said" not in at.query_params and "seen" not in at.query_params
    assert not at.run().toast


def test_the_runs_chosen_on_another_page_are_asked_rather_than_the_newest(folder):
    older = [make_run(folder, arch=arch, loss=loss) for arch, loss in (("fc", 40.0), ("conv", 60.0))]
    for arch in config.PAIR:
        make_run(folder, arch=arch)
    at = visitor.shown("compare", runs=",".join(run.id for run in older))
    at.switch_page(str(visitor.PAGES / "start.py")).run()
    press(at, "tour")
    assert "".join(at.query_params["pair"]) == ".".join(run.id for run in older)


def test_a_run_that_ends_meanwhile_does_not_change_the_tour(trained):
    before = [run.id for run in pair_in(trained)]
    at = press(shown(), "tour")
    for arch in config.PAIR:
        make_run(trained, arch=arch)
    assert [run.id for run in pair_in(trained)] != before
    at.query_params["tour"] = "5"
    press(at.run(), "tour-on")
    assert verdict.judged([runs.read(trained / run_id) for run_id in before]).plain in words(at)


# ---- a room ----------------------------------------------------------------------------------------------------


def bars(at):
    """The bars of what the room predicts, as they are drawn."""
    drawn = " ".join(element.proto.body for element in at.get("html"))
    return re.findall(r'<div class="(\w*)" title="(\d+ of \d+) predictions">', drawn)


def test_what_a_room_predicts_is_seen_once_several_have_and_has_a_colour_at_the_reveal(trained):
    room = [shown(tour=2) for _ in range(3)]
    assert bars(press(room[0], "tour-say-conv")) == []
    press(room[1], "tour-say-fc")
    assert bars(press(room[2], "tour-say-level")) == [("", "1 of 3"), ("", "1 of 3"), ("", "1 of 3")]
    press(room[2], "tour-say-fc")  # changes the prediction, and adds none
    assert bars(room[0].run()) == [("", "2 of 3"), ("", "1 of 3"), ("", "0 of 3")]
    assert bars(press(room[0], "tour-on")) == [("right", "2 of 3"), ("", "1 of 3"), ("", "0 of 3")]
    assert bars(room[1].run()) == [("", "2 of 3"), ("", "1 of 3"), ("", "0 of 3")]
    assert bars(shown(tour=3)) == []  # of another question nothing is known


def test_for_the_next_class_it_is_counted_anew_but_not_by_those_who_only_look_on(trained, monkeypatch):
    room = [press(shown(tour=2), "tour-say-fc") for _ in range(2)]
    assert bars(room[0].run())
    monkeypatch.setenv("VAEDASH_READ_ONLY", "1")
    room[0].button(key="tour-anew").click().run()  # of a page that was drawn before
    assert [toast.value for toast in room[0].toast] == [visitors.LOOK_ON] and bars(room[0])
    assert "tour-anew" not in keys(room[0])
    monkeypatch.delenv("VAEDASH_READ_ONLY")
    assert bars(press(room[0].run(), "tour-anew")) == []
    press(room[1], "tour-say-conv")
    assert tallies.count(predictions.room("weights", pair_in(trained))).total() == 1


def test_who_has_seen_the_answer_predicts_no_more(trained):
    at, other = shown(tour=2), shown(tour=2)
    press(press(at, "tour-say-conv"), "tour-on")
    press(other, "tour-say-conv")
    at.button(key="tour-say-fc").proto.disabled = False
    assert bars(press(at, "tour-say-fc")) == [("right", "0 of 2"), ("", "2 of 2"), ("", "0 of 2")]


# ---- shuffled pixels -----------------------------------------------------------------------------------------


def test_the_last_question_is_answered_once_somebody_has_tried(folder):
    for order, fc, conv in (("natural", 60, 50), ("shuffled", 62, 75)):
        make_run(folder, arch="fc", loss=fc, pixel_order=order)
        make_run(folder, arch="conv", loss=conv, pixel_order=order)
    at = shown(tour=5)
    assert asked(at) == "shuffled" and "tour-shuffle-test" not in keys(at)
    press(press(at, "tour-say-conv"), "tour-on")
    assert "conv is 52% more wrong than before and FC is about as good as before" in words(at)
    assert {"FC", "conv"} <= {text.value for text in at.markdown} and len(alternatives(at)) == 2
    press(at, "tour-on")
    assert "Shuffle the pixels, and that lead is gone" in at.header[0].value and "1 of 1 right" in words(at)


def shuffling(folder, **status):
    """Two runs that have ended, and four of the shuffle test in these states."""
    for arch in config.PAIR:
        make_run(folder, arch=arch)
    return [
        make_run(folder, arch=arch, pixel_order=order, preset="p2", **status)
        for order in config.PIXEL_ORDERS
        for arch in config.PAIR
    ]


def test_while_all_four_train_it_says_how_far_they_are_and_in_the_end_the_answer(folder, monkeypatch):
    four = shuffling(folder, status="queued")
    at = shown(tour=5)
    assert asked(at) == "shuffled" and "tour-shuffle-test" not in keys(at) and "Nobody" not in words(at)
    texts = [progress.proto.text for progress in at.get("progress")]
    assert texts[1:] == [
        f"{arch}, pixels {order}: waits" for order in ("as they are", "shuffled") for arch in ("FC", "conv")
    ]
    current = cache.current

    def meanwhile(run_id):
        for run in four:
            run.write_outcome("finished", "It finished.")
        return current(run_id)

    monkeypatch.setattr(cache, "current", meanwhile)
    at.run()
    assert not at.exception and "With shuffled pixels" in words(at)
    assert len(at.get("progress")) == 1 and at.button(key="tour-on").label == "Next"


def test_if_some_of_the_four_do_not_come_through_it_says_which_and_they_can_be_tried_again(folder):
    four = shuffling(folder)
    (four[0].path / "metrics.json").unlink()
    at = shown(tour=5)
    assert "FC, pixels as they are: finished" in words(at) and "Nobody" not in words(at)
    assert "tour-shuffle-test" in keys(at)


def test_who_only_looks_on_is_not_asked_what_cannot_be_answered(trained, monkeypatch):
    monkeypatch.setenv("VAEDASH_READ_ONLY", "1")
    at = press(shown(), "tour")
    assert at.get("progress")[0].proto.text == "Step 1 of 7"
    assert title(shown(tour=8)) == "Does architecture matter?"
    assert "tour-shuffle-test" not in keys(shown(tour=7))


def test_pictures_of_a_run_whose_images_are_gone_are_shown_without_the_originals(trained):
    for file in trained.glob("*/samples/originals.png"):
        file.unlink()
    for run in listing.folders(trained):
        text = (run.path / "config.json").read_text()
        (run.path / "config.json").write_text(re.sub(r'"dataset": "[^"]*"', '"dataset": "/nowhere/boxes.zip"', text))
    for step in (1, 2, 3, 5):
        at = press(shown(tour=step), "tour-on")
        assert len(alternatives(at)) == 2 and asked(at) != "numbers"
    assert alternatives(shown(tour=9)) == [f"made up by {config.spoken(quiz.leader(pair_in(trained)).config.arch)}"]


# ---- words -----------------------------------------------------------------------------------------------------

# What a room does not speak, and what the names of runs hold.
FOREIGN = re.compile(
    r"\b(nats?|epochs?|seeds?|latents?|p[123]|loss(es)? \S*\d|test loss|KL|PCA|beta|mu|sigma|prior|posterior|sampl\w+|"
    r"reconstruct\w*|images?|photo\w*|runs?|example|architecture [abc]|(?-i:fc|Conv))\b",
    re.IGNORECASE,
)


def first_layer(block):
    """All that is said without a click: texts, labels, what stands in figures, words for those who do not see pictures."""
    for child in block.children.values():
        if child.type in ("popover", "expander"):
            yield child.proto.popover.label if child.type == "popover" else child.label
        elif hasattr(child, "children"):
            yield from first_layer(child)
        elif child.type == "bidi_component":
            yield from written(json.loads(child.proto.json)) if "data" in json.loads(child.proto.json or "{}") else ()
        elif child.type == "image":
            yield from (text for image in child.proto.imgs for text in (image.alt, image.caption))
        elif child.type == "progress":
            yield child.proto.text
        elif child.type != "html":
            yield str(getattr(child, "label", "") or getattr(child, "value", ""))


def written(figure):
    for trace in figure["data"]:
        yield from (trace["name"], *trace["text"])
    for axis in ("xaxis", "yaxis"):
        yield str(figure["layout"][axis].get("title"))
    yield figure["alt"]
    assert not figure["layout"].get("annotations")


@pytest.mark.parametrize("step", range(1, 10))
def test_no_step_says_in_its_first_layer_what_a_room_does_not_speak(examples, step):
    at = shown(tour=step)
    for _ in range(2):
        texts = list(first_layer(at.main))
        assert len(texts) > 7
        assert [text for text in texts if FOREIGN.search(text)] == []
        if "tour-on" in keys(at) and at.button(key="tour-on").label == "Reveal":
            press(at, "tour-on")


def test_names_and_figures_are_one_click_below(examples):
    at = shown(tour=5, seen="e")
    assert all(run.name in words(at) for run in examples)
    assert verdict.judged(examples).headline in words(at)
