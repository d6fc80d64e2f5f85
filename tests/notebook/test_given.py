"""What is handed over in Python: numpy, pathlib, one or several, all are taken; what is none of it is said in a sentence."""

from pathlib import Path
from typing import SupportsFloat, SupportsIndex, get_type_hints

import numpy as np
import pytest

import vaedash
from vaedash import config, runs
from vaedash.errors import UsageError
from vaedash.notebook import given


def test_a_type_checker_is_told_each_setting_with_the_kind_of_its_values():
    hints = get_type_hints(given.Settings)
    assert set(hints) == set(config.SETTINGS) - {"arch"}
    kinds = {SupportsIndex: int, SupportsFloat: float}
    assert {name: kinds.get(hint, str) for name, hint in hints.items()} == {
        name: config.SETTINGS[name].kind for name in hints
    }


def test_settings_of_numpy_and_pathlib_are_those_of_python(monkeypatch, photos, tmp_path):
    started: list[config.RunConfig] = []

    def new_runs(_: object, asked: list[config.RunConfig], **__: object) -> list[runs.Run]:
        started.extend(asked)
        raise KeyboardInterrupt  # before any of them is made

    monkeypatch.setattr(vaedash.notebook.training.launch, "new_runs", new_runs)
    for latent_dim, lr in ((np.int64(4), np.float32(0.25)), (4, 0.25)):
        with pytest.raises(KeyboardInterrupt):
            vaedash.train("fc", dataset=Path(photos), latent_dim=latent_dim, lr=lr, data_dir=tmp_path)
    assert started[0] == started[1] and {type(started[0].latent_dim), type(started[0].lr)} == {int, float}


def test_numbers_of_numpy_are_numbers_and_others_are_refused():
    assert type(given.whole("n", np.int32(3), 1, 5)) is int and type(given.number("n", np.float32(3), 1, 5)) is float
    for wrong in (np.int64(6), np.float64(3), np.bool_(True), "3", None):
        with pytest.raises(UsageError, match=r"^n must be .*, got "):
            given.whole("n", wrong, 1, 5)


def test_an_architecture_may_be_the_path_of_a_file_and_is_refused_where_it_is_no_word():
    assert given.architectures("fc") == ["fc"] and given.architectures(Path("own.py")) == ["own.py"]
    assert given.architectures(("fc", Path("own.py"))) == ["fc", "own.py"]
    for wrong in (None, 3, ["fc", 3], [["fc"]]):
        with pytest.raises(UsageError, match=r"^arch takes names and .py files, got "):
            given.architectures(wrong)
    for wrong in ([], ["fc", "fc"]):
        with pytest.raises(UsageError, match=r"^arch takes different architectures, got "):
            given.architectures(wrong)
