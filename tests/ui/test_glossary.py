"""The glossary: every word that is explained somewhere is in it, each text is there once, and tooltips show it."""

import ast
import json

import pytest
from visitor import make_run, shown

from vaedash import config, glossary, places

UI = places.PROJECT_ROOT / "vaedash" / "ui"


def asked_for():
    """(file, word) wherever a page asks for the meaning of a word."""
    for file in sorted(UI.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("glossary.about", "_nats"):
                yield from ((file.name, word.value) for word in node.args if isinstance(word, ast.Constant))
    yield from ((name, word) for name, setting in config.SETTINGS.items() for word in setting.words)


def test_every_word_that_is_asked_for_is_in_the_glossary_and_none_is_in_vain():
    asked = set(asked_for())
    assert not {(file, word) for file, word in asked if word not in glossary.WORDS}
    only_on_start = {"VAE", "encoder, decoder"}
    assert {word for _, word in asked} == set(glossary.WORDS) - only_on_start


def test_no_text_is_written_twice():
    assert len(set(glossary.WORDS.values())) == len(glossary.WORDS)
    others = "".join(file.read_text(encoding="utf-8") for file in UI.rglob("*.py") if file.name != "glossary.py")
    assert not [word for word, text in glossary.WORDS.items() if text.partition(":")[0].rstrip(".") in others]


def test_the_texts_agree_with_what_is_computed():
    assert f"above {config.ACTIVE_KL:g} nats" in glossary.WORDS["active"]
    assert "loss = recon + beta * KL" in glossary.WORDS["beta"]


def test_words_are_explained_a_line_each():
    assert glossary.about("recon", "epoch") == (
        f"**recon**: {glossary.WORDS['recon']}\n\n**epoch**: {glossary.WORDS['epoch']}"
    )
    with pytest.raises(KeyError):
        glossary.about("embedding")


def test_start_lists_every_word(folder):
    page = " ".join(element.value for element in shown("start").markdown)
    assert all(f"**{word}**: {text}" in page for word, text in glossary.WORDS.items())


def test_the_form_explains_its_words(folder):
    at = shown("train", preset="own")
    for key, word in (("epochs", "epoch"), ("batch_size", "batch size"), ("lr", "learning rate"), ("beta", "beta")):
        assert glossary.WORDS[word] in at.number_input(key=key).help
    assert at.number_input(key="lr").help.startswith("Learning rate of Adam, ")
    assert glossary.WORDS["seed"] in at.text_input(key="seeds").help
    assert all(widget.help for widget in at.number_input)


def test_compare_explains_its_choices_and_its_columns(folder):
    make_run(folder)
    at = shown("compare")
    for key, word in (("term", "KL"), ("axis", "epoch"), ("of", "train, test")):
        assert glossary.WORDS[word] in at.button_group(key=key).help
    columns = json.loads(at.dataframe[-1].proto.columns)
    for column, word in (("seed", "seed"), ("epochs", "early stopping"), ("test_loss", "loss"), ("test_kl", "KL")):
        assert glossary.WORDS[word] in columns[column]["help"]
