"""The catalogues: whole, of the same sentences as the code, and each with the parts of the sentence that it translates."""

import string

import pytest
from babel.messages.pofile import read_po, write_po

from vaedash.languages import LANGUAGES, catalogues, gathering

FOREIGN = LANGUAGES[1:]


@pytest.fixture(scope="module")
def gathered():
    return gathering.gathered()


def written(language):
    with (catalogues.FOLDER / language / "LC_MESSAGES" / "vaedash.po").open("rb") as file:
        return read_po(file, locale=language)


def sentences(catalogue):
    return {(message.id, message.context) for message in catalogue if message.id}


def both(message):
    """(English, translated), for each of the forms of a message."""
    if isinstance(message.id, str):
        return [(message.id, message.string)]
    return [(message.id[0], message.string[0]), *((message.id[1], form) for form in message.string[1:])]


def parts(sentence):
    """Its parts by name, each with how it is written: `{loss:.1f}`."""
    return sorted((name, form) for _, name, form, _ in string.Formatter().parse(sentence) if name is not None)


@pytest.mark.parametrize("language", FOREIGN)
def test_a_catalogue_has_the_sentences_of_the_code_and_no_others(gathered, language):
    # `python -m vaedash.languages.gathering` brings them together again.
    assert sentences(written(language)) == sentences(gathered)


@pytest.mark.parametrize("language", FOREIGN)
def test_every_sentence_is_translated_and_none_by_a_guess(language):
    catalogue = written(language)
    lacking = [message.id for message in catalogue if message.id and not all(words for _, words in both(message))]
    assert lacking == [] and not [message.id for message in catalogue if message.id and message.fuzzy]


@pytest.mark.parametrize("language", FOREIGN)
def test_a_translation_has_the_parts_of_its_sentence_written_alike(language):
    wrong = [
        pair
        for message in written(language)
        if message.id
        for pair in both(message)
        if parts(pair[0]) != parts(pair[1]) and (isinstance(message.id, str) or pair[0] != message.id[0])
    ]
    assert wrong == []


@pytest.mark.parametrize("language", FOREIGN)
def test_what_is_bold_or_broken_in_english_is_so_in_a_translation(language):
    marks = ("**", "<br>", "\n", "`", '"')
    wrong = [
        pair
        for message in written(language)
        if message.id
        for pair in both(message)
        if [pair[0].count(mark) for mark in marks] != [pair[1].count(mark) for mark in marks]
    ]
    assert wrong == []


def test_a_label_of_any_language_leads_back_to_the_english_one():
    assert catalogues.original("Nachgezeichnet") == "Redrawn" == catalogues.original("Redibujadas")
    assert catalogues.original("what nobody says") == "what nobody says"


@pytest.mark.parametrize(
    ("tag", "meant"),
    [
        ("de", ("de", "de")),
        ("de-AT", ("de", "de_AT")),
        ("es-MX", ("es", "es_MX")),
        ("es_419", ("es", "es_419")),
        ("en-GB", ("en", "en")),
        ("de-XX-nonsense", ("de", "de")),
    ],
)
def test_a_browser_s_tag_is_a_language_and_a_region(tag, meant):
    speech = catalogues.speech(tag)
    assert (speech.language, speech.region) == meant


@pytest.mark.parametrize("tag", ["", "fr", "de;", "../de", "de-" + "a" * 99, "<b>", "deutsch"])
def test_what_is_no_language_of_the_page_is_none(tag):
    assert catalogues.speech(tag) is None


def test_a_sentence_that_is_now_counted_has_to_be_translated_anew_and_the_others_stay(tmp_path, monkeypatch):
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    once = written("de")
    countable = next(message for message in once if isinstance(message.id, tuple))
    once.delete(countable.id[0], countable.context)
    once.add(countable.id[0], "einmal", context=countable.context)
    with (folder / "vaedash.po").open("wb") as file:
        write_po(file, once)
    monkeypatch.setattr(gathering, "FOLDER", tmp_path)
    assert gathering.renew("de") == 1
