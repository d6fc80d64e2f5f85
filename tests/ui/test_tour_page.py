"""The guided tour on the Start page, as a teacher walks it: predict, reveal, next; what it says is what the runs say."""

import functools
import json
import re

import pytest
import visitor
from visitor import make_run, words

from vaedash import config, runs
from vaedash.comparing import quiz, verdict
from vaedash.runs import listing
from vaedash.ui import components
from vaedash.ui.questions import WORDINGS

shown = functools.partial(visitor.shown, "start")


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
    make_run(folder, arch="fc", status="running")
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


def test_the_tour_from_the_first_question_to_what_was_learned(trained):
    both = pair_in(trained)
    questions = quiz.questions(both, {})
    at = press(shown(), "tour")
    seen, right = [], 0
    for number, question in enumerate(questions[:-1], start=1):
        assert asked(at) == question.key
        assert at.get("progress")[0].proto.text.startswith(f"Question {number} of {len(questions)} on ")
        assert "".join(at.query_params["tour"]) == str(number)
        assert question.sentence.rstrip(".") not in words(at)
        guess = question.choices[number % len(question.choices)]
        press(at, f"tour-say-{guess}")
        assert question.sentence not in words(at)
        press(at, "tour-on")
        right += guess == question.answer
        answered = (
            f"**{question.answer}**, as you said." if guess == question.answer else f"It is **{question.answer}**"
        )
        assert answered in " ".join(box.value for box in (*at.success, *at.warning))
        assert question.sentence in words(at)
        assert at.button(key=f"tour-say-{question.answer}").icon == ":material/check:"
        assert all(alternatives(at))
        press(at, "tour-on")
        seen.append(question.key)
    # Nobody has shuffled pixels here: a prediction can be made, a button offers to try, and it does not count.
    assert asked(at) == "shuffled" and at.button(key="tour-shuffle-test").label.startswith("Train all four")
    press(press(at, "tour-say-fc"), "tour-on")
    assert title(at) == "Does architecture matter?"
    headline, score = (header.value.replace("\\", "") for header in at.header)
    assert headline == quiz.learned(both, {}) and verdict.judged(both).plain in headline
    assert score.startswith(f"You predicted {right} of {len(seen)} right")
    assert seen == ["drew", "weights", "speed", "first", "end", "made up"]


def test_every_question_has_its_words(trained):
    questions = quiz.questions(pair_in(trained), {})
    assert {question.key for question in questions} == set(WORDINGS)


def test_the_answer_is_that_of_the_runs_and_of_no_others(folder):
    make_run(folder, arch="fc", loss=40.0)
    make_run(folder, arch="conv", loss=55.0)
    at = shown(tour=5)
    assert asked(at) == "end"
    press(at, "tour-on")
    assert "FC is 28% less wrong than conv on new pictures." in words(at)
    make_run(folder, arch="conv", loss=30.0)
    at = press(shown(tour=5), "tour-on")
    assert "conv is 26% less wrong than FC on new pictures." in words(at)


def test_whose_pictures_are_whose_is_not_on_the_page_before_it_is_revealed(trained):
    at = shown(tour=1)
    assert alternatives(at) == ["12 pictures, drawn by A", "12 pictures, drawn by B"]
    assert [header.value for header in at.subheader] == ["A", "B"]
    press(at, "tour-on")
    assert [re.sub(r".*} ", "", header.value) for header in at.subheader[:2]] == [
        config.spoken(run.config.arch) for run in quiz.ballot(pair_in(trained), kind="prior", draw=0).runs.values()
    ]


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
    verdicts = [box.value for box in (*at.success, *at.warning)]
    press(press(at, "tour-on"), "tour-back")
    assert [box.value for box in (*at.success, *at.warning)] == verdicts != []
    press(at, "tour-leave")
    assert "tour" not in at.query_params and "train-both" in keys(at)
    press(at, "tour")  # from the beginning, and nothing is predicted any more
    assert not at.button(key="tour-say-A").disabled


def test_a_prediction_can_be_changed_until_it_is_revealed(trained):
    at = shown(tour=2)
    press(press(at, "tour-say-conv"), "tour-say-fc")
    press(at, "tour-on")
    assert at.success[0].value.startswith("**fc**, as you said")  # whose weights are more
    assert all(at.button(key=f"tour-say-{choice}").disabled for choice in ("fc", "conv", "level"))


def test_the_runs_chosen_on_another_page_are_asked_rather_than_the_newest(folder):
    older = [make_run(folder, arch=arch, loss=loss) for arch, loss in (("fc", 40.0), ("conv", 60.0))]
    for arch in config.ARCHS:
        make_run(folder, arch=arch)
    at = visitor.shown("compare", runs=",".join(run.id for run in older))
    at.switch_page(str(visitor.PAGES / "start.py")).run()
    press(at, "tour")
    assert at.session_state.tour_pair == [run.id for run in older]


def test_a_run_that_ends_meanwhile_does_not_change_the_tour(trained):
    before = [run.id for run in pair_in(trained)]
    at = press(shown(), "tour")
    for arch in config.ARCHS:
        make_run(trained, arch=arch)
    assert [run.id for run in pair_in(trained)] != before
    at.query_params["tour"] = "5"
    press(at.run(), "tour-on")
    assert verdict.judged([runs.read(trained / run_id) for run_id in before]).plain in words(at)


# ---- shuffled pixels -----------------------------------------------------------------------------------------


def test_the_last_question_is_answered_once_somebody_has_tried(folder):
    for order, fc, conv in (("natural", 60, 50), ("shuffled", 62, 75)):
        make_run(folder, arch="fc", loss=fc, pixel_order=order)
        make_run(folder, arch="conv", loss=conv, pixel_order=order)
    at = shown(tour=6)
    assert asked(at) == "shuffled" and "tour-shuffle-test" not in keys(at)
    press(press(at, "tour-say-conv"), "tour-on")
    assert "conv is 52% more wrong than before and FC is about as good as before" in words(at)
    assert len(at.metric) == 4
    press(at, "tour-on")
    assert "loses that lead" in at.header[0].value and "1 of 1 right" in at.header[1].value


def test_who_only_looks_on_is_not_asked_what_cannot_be_answered(trained, monkeypatch):
    monkeypatch.setenv("VAEDASH_READ_ONLY", "1")
    at = press(shown(), "tour")
    assert "of 6" in at.get("progress")[0].proto.text
    assert title(shown(tour=7)) == "Does architecture matter?"
    assert "tour-shuffle-test" not in keys(shown(tour=6))


def test_pictures_of_a_run_whose_images_are_gone_are_shown_without_the_originals(trained):
    for file in trained.glob("*/samples/originals.png"):
        file.unlink()
    for run in listing.folders(trained):
        text = (run.path / "config.json").read_text()
        (run.path / "config.json").write_text(re.sub(r'"dataset": "[^"]*"', '"dataset": "/nowhere/boxes.zip"', text))
    for step in (4, 6):
        at = press(shown(tour=step), "tour-on")
        assert len(alternatives(at)) == 2
