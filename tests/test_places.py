"""Where things are: given, in the environment, or beside the app."""

from pathlib import Path

import pytest

from vaedash import places
from vaedash.config import RunConfig


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


@pytest.mark.parametrize(
    "written",
    ["{}", " {} ", '"{}"', "'{}'", " '{}' ", "file://{}", '"file://{}"', "~/my%20pictures", "~/my pictures"],
)
def test_a_path_may_be_written_as_it_was_copied(written, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    path = tmp_path / ("my%20pictures" if "%" in written else "my pictures")
    words = written.format(str(path).replace(" ", "%20") if "file:" in written else path)
    assert places.written(words) == path
    assert RunConfig.build(dataset=words).dataset == str(path.resolve())
    assert places.runs_dir(words) == path.resolve()


@pytest.mark.parametrize("words", ["~nobody-of-this-name/x", "it's", "'", "''"])
def test_a_path_that_only_looks_so_is_left_alone(words):
    assert places.written(words) == Path(words)
