"""Saved views of Compare: saved, listed, opened by their address, deleted; shown only, where visitors look on."""

import json

import pytest
from streamlit.runtime.context import ContextProxy
from visitor import make_run, shown, words

from vaedash.runs import views
from vaedash.ui import visitors


@pytest.fixture
def two(folder):
    return [make_run(folder, arch=arch) for arch in ("fc", "conv")]


def links(at):
    """The addresses of the saved views."""
    return [html.proto.body for html in at.get("html") if "target=" in html.proto.body]


def led_to(at):
    """Where the browser is sent on to."""
    told = [part.proto for part in at.get("bidi_component") if part.proto.component_name == "vaedash_view"]
    return [json.loads(proto.json)["query"] for proto in told]


def test_a_view_is_saved_listed_and_deleted(folder, two):
    fc, conv = two
    at = shown("compare", runs=f"{conv.id},{fc.id}", log="true")
    at.text_input(key="view-name").set_value('my "view" <b>')
    at.button(key="save-view").click().run()
    assert not at.exception
    assert views.saved(folder) == {'my "view" <b>': f"runs={conv.id},{fc.id}&log=true"}
    at = shown("compare")
    assert links(at) == [
        f'<a href="?runs={conv.id},{fc.id}&amp;log=true" target="_self" class="saved-view">my &quot;view&quot; &lt;b&gt;</a>'
    ]
    at.button(key="forget-0").click().run()
    assert views.saved(folder) == {}


def test_its_address_leads_on_to_what_it_stands_for_and_nothing_else_is_drawn(folder, two):
    views.save(folder, "mine", f"runs={two[0].id}&axis=seconds&evil=1&view=mine&axis=javascript:alert(1)")
    at = shown("compare", view="mine")
    assert led_to(at) == [f"runs={two[0].id}&axis=seconds&axis=javascript%3Aalert%281%29"]
    assert not at.title


@pytest.mark.parametrize("lang", ["en", "de", "es"])
def test_what_is_said_of_a_view_with_a_long_name_fits_the_three_lines_of_a_message(folder, two, lang):
    at = shown("compare", lang=lang)
    at.text_input(key="view-name").set_value("w" * 77 + "end")
    for key in ("save-view", "forget-0"):
        at.button(key=key).click().run()
        said = at.toast[0].value.replace("\\", "")
        assert "wwww…wwww" in said and "end" in said and len(said) < 100


def test_a_view_within_another_page_stays_a_panel(folder, two, monkeypatch):
    monkeypatch.setattr(ContextProxy, "is_embedded", property(lambda self: True))
    views.save(folder, "mine", f"runs={two[0].id}")
    assert led_to(shown("compare", view="mine")) == [f"runs={two[0].id}&embed=true"]


def test_a_view_that_is_gone_and_a_file_that_is_damaged_are_said_and_the_page_goes_on(folder, two):
    at = shown("compare", view="gone")
    assert "There is no saved view called gone here (any more)." in words(at) and at.title
    (folder / ".views.json").write_text("{")
    at = shown("compare", view="gone")
    assert "Saved views cannot be read" in words(at) and at.title
    assert "view-name" not in [field.key for field in at.text_input]


def test_who_only_looks_on_opens_views_and_changes_none(folder, two, monkeypatch):
    at = shown("compare")
    at.text_input(key="view-name").set_value("mine")
    monkeypatch.setenv("VAEDASH_READ_ONLY", "1")
    at.button(key="save-view").click().run()
    assert views.saved(folder) == {} and [toast.value for toast in at.toast] == [visitors.LOOK_ON]
    views.save(folder, "mine", f"runs={two[0].id}")
    at = shown("compare")
    assert len(links(at)) == 1 and not at.text_input and not [button for button in at.button if "forget" in button.key]
