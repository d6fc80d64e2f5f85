"""Where things are: given, in the environment, or beside the app."""

from pathlib import Path

import pytest

from vaedash import places


@pytest.mark.parametrize(
    ("function", "variable", "beside"),
    [(places.runs_dir, "VAEDASH_RUNS", "runs"), (places.data_dir, "VAEDASH_DATA", "data")],
)
def test_a_place_is_what_was_given_then_the_environments_then_beside_the_app(
    function, variable, beside, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, "from-environment")
    assert function("given") == tmp_path / "given"
    assert function() == tmp_path / "from-environment"
    monkeypatch.delenv(variable)
    assert function() == Path(places.__file__).resolve().parent.parent / beside
