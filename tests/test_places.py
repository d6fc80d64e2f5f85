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


def test_what_an_installed_vaedash_makes_is_kept_with_the_person(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "INSTALLED", True)
    monkeypatch.delenv("VAEDASH_RUNS", raising=False)
    monkeypatch.delenv("VAEDASH_DATA", raising=False)
    monkeypatch.setattr("platformdirs.user_data_path", lambda name, **_: tmp_path / name)
    assert (places.runs_dir(), places.data_dir()) == (tmp_path / "vaedash" / "runs", tmp_path / "vaedash" / "data")
    assert places.examples() == places.PROJECT_ROOT / "runs"
    monkeypatch.setenv("VAEDASH_RUNS", str(tmp_path))
    assert places.examples() is None  # a folder that somebody named holds what they put there


def test_a_checkout_holds_its_examples_itself():
    assert places.examples() is None and not places.INSTALLED


@pytest.mark.parametrize(
    ("called", "installed", "command"),
    [
        ("/usr/lib/python3/vaedash/__main__.py", False, "python -m vaedash"),
        ("/home/a/.venv/bin/vaedash", False, "vaedash"),
        ("vaedash.exe", False, "vaedash"),
        ("/opt/x/streamlit/__main__.py", True, "vaedash"),
        ("/opt/x/streamlit/__main__.py", False, "python -m vaedash"),
    ],
)
def test_the_command_line_is_called_as_it_was_just_now_or_as_it_can_be(monkeypatch, called, installed, command):
    monkeypatch.setattr(places, "INSTALLED", installed)
    monkeypatch.setattr("sys.argv", [called])
    assert places.command() == command
