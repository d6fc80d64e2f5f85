"""The blind vote in the Gallery: several visitors on one ballot, whose answer nothing on the page gives away."""

import functools
import re
import threading

import pytest
import visitor
from visitor import make_run, words

from vaedash import config, runs
from vaedash.comparing import quiz
from vaedash.ui import components, tallies, visitors

shown = functools.partial(visitor.shown, "gallery", view="Blind vote")


@pytest.fixture(autouse=True)
def no_votes_yet():
    """The tallies live as long as the server: other tests' servers are this process too."""
    tallies.tally.clear()


@pytest.fixture
def both(trained):
    return components.comparable(runs.list_runs(trained))


def press(at, key):
    at.button(key=key).click().run()
    assert not at.exception
    return at


def says(at):
    """The tally."""
    return at.subheader[-1].value


def ballot(both, **of):
    return quiz.ballot(both, **({"kind": "prior", "draw": 0} | of))


# ---- what it takes -------------------------------------------------------------------------------------------


def test_without_runs_it_says_where_to_begin(folder):
    assert "Nothing has been trained yet" in words(shown())


@pytest.mark.parametrize("others", [[], [{"arch": "conv", "seed": 1}], [{"arch": "fc", "beta": 4.0}]])
def test_one_architecture_or_runs_that_differ_in_their_unit_are_no_vote(folder, others):
    made = [make_run(folder, arch="conv"), *(make_run(folder, **settings) for settings in others)]
    at = shown(runs=",".join(run.id for run in made))
    assert "A vote takes an FC run and a conv run" in words(at)
    assert not [button for button in at.button if str(button.key).startswith("vote-")]


def test_a_damaged_run_is_named_and_has_no_part_in_a_vote(trained, both):
    (both[0].path / "metrics.json").write_text("{")
    at = shown(runs=",".join(run.id for run in both))
    assert both[0].id in at.warning[0].value and "A vote takes" in words(at)


def test_runs_that_kept_no_such_pictures_say_so(folder):
    for arch in config.PAIR:
        make_run(folder, arch=arch)
    assert "kept no such pictures" in words(shown(kind="New pictures"))


# ---- voting ------------------------------------------------------------------------------------------------------


def test_a_room_votes_on_one_ballot_and_each_visitor_once(trained, both):
    answer = ballot(both).answer
    other = next(letter for letter in "AB" if letter != answer)
    room = [shown() for _ in range(3)]
    press(room[0], f"vote-{answer}")
    press(room[1], f"vote-{other}")
    press(room[2], f"vote-{other}")
    assert says(room[2]) == "3 votes so far"
    press(room[2], f"vote-{answer}")  # changes the vote, and adds none
    assert says(room[0].run()) == "3 votes so far"
    assert room[2].button(key=f"vote-{answer}").label == f"{answer}, my vote"
    assert says(press(room[0], "reveal")) == "2 of 3 votes found conv"
    # The others have not looked, and may still vote; who looked may not.
    assert says(press(room[1], f"vote-{answer}")) == "3 votes so far"
    assert says(room[0].run()) == "3 of 3 votes found conv"
    assert room[0].button(key="vote-A").disabled


def test_a_vote_sent_after_the_answer_was_seen_does_not_count(trained, both):
    name, at = ballot(both).name, press(shown(), "reveal")
    assert says(at) == "Nobody voted"
    at.button(key="vote-A").proto.disabled = False  # as a browser may send what it was never offered
    press(at, "vote-A")
    assert tallies.tally(name) == {}


@pytest.mark.parametrize("kind", ["prior", "recon"])
def test_the_answer_is_nowhere_on_the_page_before_it_is_revealed(trained, both, kind):
    at = press(shown(kind={"prior": "Random numbers", "recon": "New pictures"}[kind]), "vote-B")
    shown_here = [image for element in at.get("image") for image in element.proto.imgs]
    # A file is called after a hash of what is in it, which may spell anything.
    assert all(re.fullmatch(r"/mock/media/[0-9a-f]+\.png", image.url) for image in shown_here)
    named = ["fc", "conv", *(run.id for run in both), *(run.name for run in both)]
    for letter in "AB":
        (image,) = [image for image in shown_here if f" by {letter}" in image.alt]
        assert not [name for name in named if name in image.alt or name in image.caption]
    # Apart from the question, the choice of runs, which name both, and the address, no text, key or label does.
    texts = [element.value for kind_of in (at.markdown, at.caption, at.subheader) for element in kind_of]
    labels = [f"{button.key} {button.label} {button.help}" for button in at.button]
    assert not [text for text in texts + labels if any(name in text for name in named)]
    assert not at.get("download_button")
    revealed = [text.value for text in press(at, "reveal").markdown if text.value.startswith(":color[")]
    names = [config.spoken(run.config.arch) for run in ballot(both, kind=kind).runs.values()]
    assert [text.rpartition(" ")[2] for text in revealed] == names


def test_real_pictures_stand_above_what_was_redrawn_and_beside_what_was_made_up(trained):
    def alternatives(at):
        return [image.alt for element in at.get("image") for image in element.proto.imgs]

    assert alternatives(shown(kind="New pictures")) == [
        f"4 pictures, redrawn by {letter}, below the real ones" for letter in "AB"
    ]
    assert alternatives(shown()) == ["pictures, made up by A", "real pictures", "pictures, made up by B"]
    for file in trained.glob("*/samples/originals.png"):
        file.unlink()
    for file in trained.glob("*/config.json"):
        file.write_text(re.sub(r'"dataset": "[^"]*"', '"dataset": "/nowhere/boxes.zip"', file.read_text()))
    assert alternatives(shown()) == ["pictures, made up by A", "pictures, made up by B"]


def test_the_next_ballot_has_a_tally_of_its_own(trained):
    at = press(press(press(shown(), "vote-A"), "reveal"), "next")
    assert at.number_input(key="ballot").value == 1
    assert says(at) == "0 votes so far"
    assert says(shown(ballot=0)) == "1 vote so far"  # whoever comes by the link


def test_a_tally_can_be_counted_anew_but_not_by_those_who_only_look_on(trained, both, monkeypatch):
    name, at = ballot(both).name, press(press(shown(), "vote-A"), "reveal")
    monkeypatch.setenv("VAEDASH_READ_ONLY", "1")
    at.button(key="anew").click().run()  # of a page that was drawn before
    assert [toast.value for toast in at.toast] == [visitors.LOOK_ON] and len(tallies.tally(name)) == 1
    assert "anew" not in [button.key for button in at.button]
    assert says(press(shown(), "vote-B")) == "2 votes so far"  # voting changes nothing on disk
    monkeypatch.delenv("VAEDASH_READ_ONLY")
    assert says(press(at.run(), "anew")) == "0 votes so far"
    assert not tallies.tally(name)


def test_votes_of_many_at_once_are_all_counted(folder):
    def room(number):
        for turn in range(200):
            tallies.tally("a ballot")[f"{number}-{turn}"] = "AB"[turn % 2]
            counts.append(len(tallies.tally("a ballot").copy()))

    counts = []
    threads = [threading.Thread(target=room, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tallies.tally("a ballot")) == max(counts) == 1600
