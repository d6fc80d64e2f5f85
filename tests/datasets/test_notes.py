"""What is said of images that were read: written down in English, read in each language."""

import pytest

from vaedash.datasets import notes
from vaedash.datasets.notes import Note, places
from vaedash.languages import LANGUAGES, speech, spoken

PARTS = {
    **dict.fromkeys(("again", "copies", "held", "missing", "n_test", "n_train", "plain"), 1204),
    **dict.fromkeys(("black", "white"), "65,535.5"),
    "archive": "a.tar",
    "ending": ".txt",
    "folder": "/b/c",
    "learned": "training",
    "lists": "x.txt, y.txt",
    "name": "d/e.png",
    "named": 202599,
    "partition": "p.txt",
    "side": "training",
    "tested": "test",
    "title": "CIFAR-10",
    "train": "seg_train/ (3,000 files)",
    "test": "seg_test/ (1 file)",
}


def in_language(language):
    return spoken(speech(language))


@pytest.mark.parametrize("count", [1, 3000])
@pytest.mark.parametrize("note", Note)
def test_a_note_is_kept_in_english_and_said_in_each_language_with_all_that_it_tells(note, count):
    several = places([("a/", 2000), ("b/", 1), ("c.png", None)], more=7)
    kept = note(**PARTS, places=several, count=count)
    assert notes.said(kept) == kept and "{" not in kept
    for language in set(LANGUAGES) - {"en"}:
        with in_language(language):
            said = notes.said(kept)
        assert said != kept and "{" not in said
        for part in ("1,204", "3,000", "65,535.5", "202,599", "2,000"):
            assert (part in said, part.translate(str.maketrans(",.", ".,")) in said) == (False, part in kept)
        for part in ("a.tar", ".txt", "/b/c", "d/e.png", "p.txt", "CIFAR-10", "seg_train/", "a/", "c.png"):
            assert said.count(part) == kept.count(part), part


def test_places_are_said_one_by_one():
    kept = Note.OUTSIDE(places=places([("a/", 2000), ("b, c/", 1), ("d.png", None)], more=1000))
    assert kept == "Left out, since they lie outside both: a/ (2,000 files), b, c/ (1 file), d.png and 1,000 more."
    with in_language("de"):
        assert notes.said(kept) == (
            "Weggelassen, da sie außerhalb von beiden liegen: a/ (2.000 Dateien), b, c/ (1 Datei), d.png und 1.000 weitere."
        )


@pytest.mark.parametrize("name", ["training", "run", "status", "0001", "1,5", "a, b"])
def test_what_a_file_is_called_is_no_word_and_no_number(name):
    told = [
        (Note.WITHOUT_ENDING, {"name": name, "count": 1}),
        (Note.ARRAYS, {"learned": name, "n_train": 2000, "tested": "x_test", "n_test": 100}),
        (Note.OUTSIDE, {"places": places([(name, 2), ("b/", 1)])}),
        (Note.MISSING, {"folder": name, "missing": 1, "count": 20000}),
    ]
    for language in set(LANGUAGES) - {"en"}:
        with in_language(language):
            for note, parts in told:
                kept = note(**parts)
                assert notes.said(kept).count(name) == kept.count(name), notes.said(kept)


def test_a_number_is_written_as_it_was():
    kept = Note.ARRAY_VALUES(black=f"{-1.5e-05:,.6g}", white=f"{2e6:,.6g}")
    with in_language("de"):
        assert notes.said(kept) == "Von den Werten der Arrays wird -1,5e-05 schwarz und 2e+06 weiß."


def test_what_is_no_note_stays_as_it_is():
    with in_language("de"):
        assert notes.said("Something else, of 1,000.") == "Something else, of 1,000."
