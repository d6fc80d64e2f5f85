"""What is kept of a text that came from elsewhere: words as their language writes them, and nothing that only misleads."""

import unicodedata

import pytest

from vaedash import text

JOINER, NON_JOINER = "\u200d", "\u200c"


@pytest.mark.parametrize(
    "word",
    [
        f"می{NON_JOINER}خواهم",  # Persian: without it, another word
        f"क्{JOINER}ष",  # Hindi: another letter
        f"\N{WOMAN}{JOINER}\N{MICROSCOPE}",  # one picture, not two
        f"\N{WOMAN}\N{EMOJI MODIFIER FITZPATRICK TYPE-5}{JOINER}\N{MICROSCOPE}",
        f"\N{WAVING WHITE FLAG}\ufe0f{JOINER}\N{RAINBOW}",
    ],
)
def test_a_joiner_is_kept_where_words_need_it(word):
    assert text.visible(word) == word and text.name(f" {word} ") == word


@pytest.mark.parametrize(
    "word",
    [
        f"F{JOINER}C",
        f"conv{NON_JOINER}",
        f"{JOINER}conv",
        f"東{JOINER}京",
        f"می{NON_JOINER} FC",
        f"FC {NON_JOINER}می",
        "F\u200bC",
        "F\u202eC",
    ],
)
def test_what_cannot_be_seen_goes_where_it_only_makes_names_look_alike(word):
    assert text.visible(word).isprintable() and text.name(word).isprintable()


def test_a_name_is_the_same_however_its_accents_were_typed():
    apart = unicodedata.normalize("NFD", "Zoë, Übung, 각")
    assert len(apart) > len("Zoë, Übung, 각")
    assert text.name(apart) == "Zoë, Übung, 각"


def test_a_name_that_is_cut_does_not_end_within_a_picture_of_several():
    assert text.name(f"{'x' * 78}\N{WOMAN}{JOINER}\N{MICROSCOPE}") == f"{'x' * 78}\N{WOMAN}"


def test_a_long_name_in_a_message_keeps_its_beginning_and_its_end():
    assert text.brief("conv, third class") == "conv, third class"
    short = text.brief(f"conv of class 3b {'x' * 50} seed 7")
    assert len(short) <= text.SHORT and "x…x" in short
    assert short.startswith("conv of class 3b x") and short.endswith(" seed 7")


@pytest.mark.parametrize(("word", "columns"), [("FC", 2), ("東京", 4), ("Zoe\u0308", 3), ("\N{CAT FACE}!", 3), ("", 0)])
def test_a_word_takes_as_many_columns_as_a_terminal_gives_it(word, columns):
    assert text.columns(word) == columns
