"""Saying a sentence: in English unless somebody looks on who speaks otherwise, with numbers as they are written there."""

import contextvars
import pickle
import threading

import numpy as np
import pytest

from vaedash import languages
from vaedash.languages import ENGLISH, Sentence, again, counted, figure, in_sense, say, speech, spoken


@pytest.fixture(autouse=True)
def nobody_looks_on():
    with spoken(ENGLISH):
        yield


def in_language(tag):
    return spoken(speech(tag))


def test_english_is_said_as_it_stands():
    assert say("{share:.0%} less wrong", share=0.083) == "8% less wrong"
    assert say("100% of it, {as it stands}") == "100% of it, {as it stands}"
    assert counted("1 run", "{n} runs", n=1) == "1 run" and counted("1 run", "{n} runs", n=3) == "3 runs"


def test_a_sentence_is_said_in_the_language_of_whoever_looks():
    with in_language("de"):
        assert say("Who draws better?") == "Wer zeichnet besser?"
    with in_language("es-MX"):
        assert say("Who draws better?") == "¿Quién dibuja mejor?"
    assert say("Who draws better?") == "Who draws better?"


def test_numbers_are_written_as_in_the_region():
    written = {}
    for tag in ("de", "es", "es-MX"):
        with in_language(tag):
            written[tag] = figure(1234.5, ",.1f"), figure(np.float32(8.9), ".1f")
    assert written == {
        "de": ("1.234,5", "8,9"),
        "es": ("1.234,5", "8,9"),
        "es-MX": ("1,234.5", "8.9"),
    }


def test_percent_signs_keep_their_distance_where_they_do():
    with in_language("de"):
        assert say("{share:.0%} less wrong", share=0.083) == "8\u00a0% weniger daneben"


def test_a_name_is_no_number_whatever_it_holds():
    with in_language("de"):
        assert say("Resume {name}", name="FC 1,000.5") == "FC 1,000.5 fortsetzen"
        assert say("Resume {name}", name="{0} {} %s") == "{0} {} %s fortsetzen"


def test_one_and_several_are_told_apart_in_each_language():
    with in_language("de"):
        assert [counted("1 run", "{n} runs", n=n) for n in (1, 2)] == ["1 Lauf", "2 Läufe"]


def test_a_word_of_two_meanings_is_said_as_it_is_meant():
    with in_language("de"):
        assert (say("Draw"), in_sense("a set of random numbers", "Draw")) == ("Zeichnen", "Ziehung")


def test_a_sentence_that_is_kept_is_said_to_each_who_reads_it():
    kept = Sentence("{name} is missing {reason}", name="x", reason=Sentence("is not an ordinary file"))
    error = pickle.loads(pickle.dumps(ValueError(Sentence("Resume {name}", name="FC 1,000.5"))))
    with in_language("de"):
        assert (str(kept), str(error)) == ("x is missing ist keine gewöhnliche Datei", "FC 1,000.5 fortsetzen")
    with in_language("es"):
        assert str(error) == "Continuar FC 1,000.5"
    assert (str(kept), str(error)) == ("x is missing is not an ordinary file", "Resume FC 1,000.5")


def test_what_was_said_in_english_is_said_again_with_its_numbers():
    sentences = ("{share} less wrong", "Finished all {epochs} epochs.")
    with in_language("de"):
        assert again("Finished all 1,024 epochs.", sentences) == "Alle 1.024 Epochen sind zu Ende."
        assert again("Finished all {0} epochs.", sentences) == "Alle {0} Epochen sind zu Ende."
        assert again("Finished all of it.", sentences) == "Finished all of it."
    assert again("Finished all 1,024 epochs.", sentences) == "Finished all 1,024 epochs."


def test_what_nobody_has_translated_is_said_in_english():
    with in_language("es"):
        assert say("Nobody ever wrote this.") == "Nobody ever wrote this."


def test_a_thread_of_its_own_speaks_english_unless_it_is_told_for_whom_it_works():
    heard = []

    def listen():
        heard.append(say("Who draws better?"))

    with in_language("de"):
        threads = [
            threading.Thread(target=listen),
            threading.Thread(target=contextvars.copy_context().run, args=(listen,)),
        ]
        for thread in threads:
            thread.start()
            thread.join()
    assert heard == ["Who draws better?", "Wer zeichnet besser?"]


def test_countries_that_write_a_comma_are_known():
    assert {tag: speech(tag).comma for tag in ("en", "de", "de-CH", "es-MX", "es-AR")} == {
        "en": False,
        "de": True,
        "de-CH": False,
        "es-MX": False,
        "es-AR": True,
    }
    assert languages.speech("de").separators == ",."
