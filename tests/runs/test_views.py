"""Saved views: a name for an address, kept in one file beside the runs, which nobody overwrites where it is damaged."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from hostile import NAMES

from vaedash import storage
from vaedash.errors import RunError, UsageError
from vaedash.runs import listing, views

QUERY = "runs=abcdef,ghjkmn&axis=seconds"


def test_a_view_is_kept_replaced_and_forgotten(tmp_path):
    folder = tmp_path / "runs"
    assert views.saved(folder) == {}
    assert views.save(folder, "  my\tview ", QUERY) == "my view"
    views.save(folder, "Another", "runs=abcdef")
    assert list(views.saved(folder).items()) == [("Another", "runs=abcdef"), ("my view", QUERY)]
    views.save(folder, "Another", QUERY)
    views.forget(folder, "my view")
    views.forget(folder, "nothing")
    assert views.saved(folder) == {"Another": QUERY}
    assert listing.list_runs(folder) == [] and listing.unlisted(folder) == []


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", '{"views": []}', '{"views": {"a": 1}}', '{"schema": 99, "views": {}}', '"views"', "\x00\xff"],
)
def test_a_damaged_file_is_one_sentence_and_stays_as_it_is(tmp_path, damage):
    file = tmp_path / ".views.json"
    file.write_text(damage)
    for deed in (
        lambda: views.saved(tmp_path),
        lambda: views.save(tmp_path, "mine", QUERY),
        lambda: views.forget(tmp_path, "mine"),
    ):
        with pytest.raises(
            RunError, match=r"Saved views cannot be read: .*\. Move \.views\.json out of the runs folder"
        ):
            deed()
    assert file.read_text() == damage


def test_many_who_save_at_once_lose_no_view(tmp_path):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: views.save(tmp_path, f"view {number}", QUERY), range(40)))
    assert len(views.saved(tmp_path)) == 40


def test_what_can_be_no_view_is_refused_and_nothing_is_written(tmp_path):
    for name, query, complaint in (
        ("\u200b \n", QUERY, "needs a name"),
        ("long", "runs=" + "a" * views.LONGEST, "choose fewer runs"),
    ):
        with pytest.raises(UsageError, match=complaint):
            views.save(tmp_path, name, query)
    assert not (tmp_path / ".views.json").exists()
    full = {"schema": 1, "views": {str(number): QUERY for number in range(views.MOST)}}
    storage.write_json(tmp_path / ".views.json", full)
    with pytest.raises(UsageError, match="delete one first"):
        views.save(tmp_path, "one more", QUERY)
    assert views.save(tmp_path, "7", "runs=abcdef") == "7"  # which takes no room


def test_names_of_strangers_are_cleaned(tmp_path):
    (tmp_path / ".views.json").write_text(
        json.dumps({"schema": 1, "views": dict.fromkeys(NAMES, QUERY)}).replace("\\ud800", "")
    )
    for name in views.saved(tmp_path):
        assert name and len(name) <= 80 and name.isprintable()


def test_a_file_with_more_views_than_a_page_can_draw_is_one_sentence(tmp_path):
    many = {"schema": 1, "views": {str(number): QUERY for number in range(views.MOST + 1)}}
    storage.write_json(tmp_path / ".views.json", many)
    with pytest.raises(RunError, match="holds 201 views, of which there may be 200"):
        views.saved(tmp_path)
