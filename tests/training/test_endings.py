"""How a training ended: written in English, and said again in the language of whoever reads it."""

import dataclasses
import errno

import pytest
from records import rows

from vaedash import runs
from vaedash.config import RunConfig
from vaedash.languages import speech, spoken
from vaedash.runs import endings
from vaedash.training import loop, process

SETTINGS = RunConfig(epochs=3, patience=2, min_delta=0.5, lr=0.002)


def written(run):
    """(what a training writes, what of it is in every language), for each of its ends."""
    ended = loop._ending(rows(9.5, 9.0, 8.0), dataclasses.replace(SETTINGS, patience=9))
    early = loop._ending(rows(9.5, 9.4, 9.3), SETTINGS)
    broken = loop._ending(rows(9.5, 9.4, 9.4e9), SETTINGS)
    yield ended[1], "3"
    yield early[1], "0,5"
    yield broken[1], "9.400.000.000"
    yield loop._stopped_sentence([]), ""
    yield loop._stopped_sentence(rows(9.5, 9.0)), "2"
    yield loop._diverged_sentence(2, "train_loss", rows(9.5), SETTINGS), "train_loss"
    yield loop._diverged_sentence(1, "train_loss", [], SETTINGS), "0,002"
    yield process.sentence(OSError(errno.ENOSPC, "full"), run), "MB"
    yield process.sentence(MemoryError(), run), "--batch-size"
    yield process.sentence(KeyError("x"), run), "KeyError: 'x'"


@pytest.mark.parametrize("language", ["de", "es"])
def test_every_end_that_is_written_in_english_is_read_in_the_language_of_the_page(tmp_path, language):
    run = runs.create(tmp_path, SETTINGS)
    for english, kept in written(run):
        run.write_outcome("stopped", english)
        assert runs.read(run.path).sentence == english  # in a terminal
        with spoken(speech(language)):
            there = runs.read(run.path).sentence
        assert there != english and kept in there, english


def test_what_somebody_else_has_written_stays_as_it_is(tmp_path):
    for words in ("It went well.", "Finished all {epochs.__class__} epochs!", "Stopped after epoch " * 5000):
        with spoken(speech("de")):
            assert endings.said(words) == words
