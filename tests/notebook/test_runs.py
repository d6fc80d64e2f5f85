"""Runs in Python: found by what they are called, as a list that can be empty, and each once wherever several are taken."""

import inspect
import pathlib
import pickle

import pytest
import typed_use

import vaedash
from vaedash.errors import UsageError
from vaedash.notebook import Runs
from vaedash.notebook.runs import several


def test_a_list_without_runs_says_so_and_its_table_has_its_columns(both, tmp_path):
    none = vaedash.list_runs(tmp_path)
    assert repr(none) == "No runs; vaedash.train() makes some." and repr(none) in none._repr_html_()
    assert len(none.table()) == 0 and list(none.table().columns) == list(both.table().columns)
    assert none.table().index.name == both.table().index.name == "run"


def test_lists_of_the_same_runs_are_equal_and_can_be_kept(both):
    assert both == Runs(list(both)) and hash(both) == hash(Runs(list(both))) and both != both[:1]
    assert pickle.loads(pickle.dumps(both)) == both


def test_runs_may_be_given_one_by_one_or_as_a_list_and_each_counts_once(both, monkeypatch):
    monkeypatch.setenv("VAEDASH_RUNS", str(both[0].path.parent))
    ids = [run.id for run in both]
    for chosen in (both, [both], [[*both, both[0]]], ids, [ids], [(both[0], ids[1])]):
        assert [run.id for run in several(chosen)] == ids
    assert vaedash.compare(both).verdict == vaedash.compare(*both).verdict == vaedash.compare(ids).verdict


@pytest.mark.parametrize("wrong", [3, None, [3], pathlib.Path("latest")])
def test_what_is_no_run_and_no_name_of_one_is_one_sentence(wrong):
    with pytest.raises(UsageError, match=r"^A run is found by its id or its name, got "):
        vaedash.compare(wrong)


def test_a_type_checker_reads_a_use_of_all_that_there_is():
    source = inspect.getsource(typed_use)
    assert [name for name in vaedash.__all__ if f"vaedash.{name}(" not in source] == []
