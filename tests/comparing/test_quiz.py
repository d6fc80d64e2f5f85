"""A lesson asks what the runs can answer, answers what they say, and hides whose pictures are whose until it is asked."""

import dataclasses

import numpy as np
import pytest
from visitor import DATASET, make_run, row

from vaedash import config, runs
from vaedash.comparing import quiz, shuffle
from vaedash.ui import components


@pytest.fixture
def make(folder):
    """Makes a pair: changes of each architecture's run, by name."""

    def build(**changes):
        common = {arch: changes.pop(arch, {}) for arch in config.PAIR}
        for arch, own in common.items():
            make_run(folder, arch=arch, **{"loss": {"fc": 60.0, "conv": 50.0}[arch], "epochs": 4} | changes | own)
        return components.comparable(runs.list_runs(folder))

    return build


def asked(pair):
    return {question.key: question for question in quiz.questions(pair, shuffle.four_runs(pair))}


# ---- questions and their answers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fc", "conv", "answer", "said"),
    [
        (60.0, 50.0, "conv", "conv is 18% less wrong than FC on new pictures."),
        (50.0, 60.0, "fc", "FC is 18% less wrong than conv on new pictures."),
        (50.0, 50.04, "level", "FC and conv are level."),
    ],
)
def test_who_is_ahead_is_what_the_runs_say(make, fc, conv, answer, said):
    questions = asked(make(fc={"loss": fc}, conv={"loss": conv}))
    assert (questions["end"].answer, questions["end"].sentence) == (answer, said)
    assert questions["first"].answer == answer
    assert questions["end"].choices == ("fc", "conv", "level")


def test_figures_of_the_first_look_are_those_of_the_first_epoch(make):
    assert asked(make())["first"].sentence == "After one look, conv is 17% less wrong than FC."


@pytest.mark.parametrize(
    ("conv", "answer", "said"),
    [
        (1_000_000, "fc", "FC has 3.0 times as many: 3.0 million against 1.0 million."),
        (90_000, "fc", "FC has 33.3 times as many: 3.0 million against 90,000."),
        (2_900_000, "level", "Both have about as many: 3.0 million against 2.9 million."),
    ],
)
def test_weights_within_a_twentieth_are_about_the_same(make, conv, answer, said):
    for run, count in zip(pair := make(), (3_000_000, conv), strict=True):
        run.add_facts({"parameters": count, "dataset": DATASET})
    question = asked([run.reread() for run in pair])["weights"]
    assert (question.answer, question.sentence) == (answer, said)


def test_what_the_files_cannot_answer_is_left_out(make):
    pair = make(epochs=1)
    for run in pair:
        (run.path / "facts.json").unlink()
        for file in (run.path / "samples").iterdir():
            file.unlink()
    pair = [run.reread() for run in pair]
    assert set(asked(pair)) == {"end", "shuffled"}
    assert asked(pair)["shuffled"].answer is None


def test_a_first_epoch_within_a_warm_up_of_one_of_them_is_no_first_look(make):
    pair = make()
    pair[0].write_metrics([row(1, 59.0) | {"beta": 0.5}, row(2, 58.0)])
    assert "first" not in asked([run.reread() for run in pair])


def test_who_suffers_more_is_asked_of_the_shuffled_runs(make, folder):
    pair = make()
    for arch, loss in (("fc", 61.0), ("conv", 75.0)):
        make_run(folder, arch=arch, loss=loss, epochs=4, pixel_order="shuffled")
    tested = shuffle.four_runs(runs.list_runs(folder))
    question = quiz.questions(pair, tested)[-1]
    assert (question.key, question.answer) == ("shuffled", "conv")
    assert (
        question.sentence
        == "With shuffled pixels, conv is 54% more wrong than before and FC is about as good as before."
    )


def test_the_row_that_is_made_up_is_the_one_without_photographs(pair):
    both = components.comparable([pair.run(arch) for arch in config.PAIR])
    question, rows = asked(both)["made up"], quiz.two_rows(both)
    kind, tiles = rows[question.answer]
    best = quiz.leader(both)
    assert kind == "prior" and best.best["test_loss"] == min(run.best["test_loss"] for run in both)
    np.testing.assert_array_equal(tiles, best.pictures.sample("prior", best.best_epoch)[:3])
    assert {len(tiles) for _, tiles in rows.values()} == {3}


def test_the_picture_that_is_kept_best_comes_first(pair):
    run = pair.run("conv")
    redrawn = run.pictures.sample("recon", run.best_epoch)
    originals = np.full_like(redrawn, 90)
    originals[:, :, :, ::2] = 30  # as wrong everywhere
    originals[7] = redrawn[7]
    order = quiz.best_first(run, originals)
    assert order[0] == 7 and sorted(order) == list(range(len(redrawn)))


def test_without_what_was_redrawn_pictures_keep_their_order(make):
    assert quiz.best_first(make()[0], np.zeros((3, 3, 32, 32), np.uint8)) == [0, 1, 2]


# ---- what was learned ----------------------------------------------------------------------------------------


def test_what_was_learned_is_one_sentence_on_these_runs(make, folder):
    pair = make()
    for run, count in zip(pair, (4_000_000, 1_000_000), strict=True):
        run.add_facts({"parameters": count, "dataset": DATASET})
    pair = [run.reread() for run in pair]
    fewer = "Yes: conv is 18% less wrong than FC on new pictures, with 25% of its weights."
    assert quiz.learned(pair, {}) == fewer
    for arch, loss in (("fc", 61.0), ("conv", 75.0)):
        make_run(folder, arch=arch, loss=loss, epochs=4, pixel_order="shuffled")
    tested = shuffle.four_runs(runs.list_runs(folder))
    assert quiz.learned(pair, tested) == f"{fewer} Shuffle the pixels, and that lead is gone."


def test_a_lead_that_shuffled_pixels_leave_is_not_said_to_be_lost(make, folder):
    pair = make()
    for arch, loss in (("fc", 80.0), ("conv", 75.0)):
        make_run(folder, arch=arch, loss=loss, epochs=4, pixel_order="shuffled")
    said = quiz.learned(pair, shuffle.four_runs(runs.list_runs(folder)))
    assert said.endswith(
        "With shuffled pixels, conv is 54% more wrong than before and FC is 36% more wrong than before."
    )


def test_shuffled_pixels_of_other_images_say_nothing_of_these(make, folder):
    pair = make()
    other = {"dataset_facts": DATASET | {"fingerprint": "f" * 16}, "dataset": "cifar10"}
    for order in config.PIXEL_ORDERS:
        for arch in config.PAIR:
            make_run(folder, arch=arch, pixel_order=order, loss=90.0 if order == "shuffled" else 70.0, **other)
    tested = shuffle.four_runs(runs.list_runs(folder))
    assert tested and "huffle" not in quiz.learned(pair, tested)


def test_level_runs_teach_that_it_does_not_matter_here(make):
    assert quiz.learned(make(loss=50.0), {}) == "Not here: FC and conv are level."


def test_the_score_counts_what_was_predicted_and_could_be_answered(make):
    questions = quiz.questions(make(), {})
    answers = {question.key: question.answer for question in questions}
    assert quiz.score(questions, {}) == (0, 0, 0)
    assert quiz.score(questions, {"end": answers["end"], "first": "level", "shuffled": "fc"}) == (
        1,
        2,
        pytest.approx(2 / 3),
    )


# ---- ballots ---------------------------------------------------------------------------------------------------


def test_a_ballot_shows_both_the_same_and_is_the_same_for_everybody(pair):
    both = components.comparable([pair.run(arch) for arch in config.PAIR])
    for kind, count in (("prior", 9), ("recon", 4)):
        shown, again = (quiz.ballot(order, kind=kind, draw=3) for order in (both, both))
        assert (shown.name, shown.numbers, list(shown.runs)) == (again.name, again.numbers, ["A", "B"])
        assert len(set(shown.numbers)) == count and shown.sought == "conv"
        for letter, run in shown.runs.items():
            kept = run.pictures.sample(kind, run.best_epoch)
            np.testing.assert_array_equal(shown.tiles[letter], kept[list(shown.numbers)])
        assert shown.runs[shown.answer].config.arch == "conv"
        assert quiz.ballot(both, kind=kind, draw=4).numbers != shown.numbers


def test_no_letter_is_the_better_guess(make):
    # The ids are others in each run of this test: a fair coin is outside of this range once in 300,000 times.
    pair = make()
    answers = [quiz.ballot(pair, kind="prior", draw=draw).answer for draw in range(400)]
    assert 153 < answers.count("A") < 247


def test_which_run_was_named_first_does_not_tell(make):
    pair = make()
    letters = {}
    for order in (pair, pair[::-1]):
        shown = quiz.ballot(order, kind="prior", draw=1)
        letters[shown.sought] = {run.id: letter for letter, run in shown.runs.items()}
    assert letters["conv"] == letters["fc"]


def test_who_redraws_other_pictures_is_on_no_ballot_with_them(pair):
    fc, conv = components.comparable([pair.run(arch) for arch in config.PAIR])
    [start] = fc.facts
    others = dataclasses.replace(fc, facts=({**start, "dataset": {**start["dataset"], "redrawn": [0, 2, 4]}},))
    assert quiz.ballot([others, conv], kind="recon", draw=0) is None
    assert quiz.ballot([others, conv], kind="prior", draw=0)


def test_without_pictures_there_is_no_ballot(make):
    assert quiz.ballot(make(), kind="recon", draw=0) is None
