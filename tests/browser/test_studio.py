"""The studio of a page: which parts it has, what it forgets, and that it says so where nothing can be drawn any more."""

import base64

import pytest
import torch
from torch import nn

from vaedash.browser import client, packing, widgets
from vaedash.models.vae import VAE

ADDED = client.script() + "\nObject.assign(globalThis, { studio, newest, fromBase64 });"
RUN = """name => studio.run(name, new Float32Array([1, 1]), 1).then(() => "drawn", (error) => error.constructor.name)"""


@pytest.fixture
def tab(browser):
    page = browser.new_page()
    page.goto("about:blank")
    yield page
    page.close()


def part(name: str, *, slot: str = "") -> str:
    torch.manual_seed(1)
    decoder = nn.Sequential(nn.Linear(2, 3072), nn.Sigmoid(), nn.Unflatten(1, (3, 32, 32)))
    packed = packing.pack(VAE(nn.Identity(), decoder, latent_dim=2), "decoder", name=name, slot=slot, side=32)
    assert packed is not None
    return base64.b64encode(packed).decode()


def load(tab, packed: str) -> None:
    tab.evaluate("packed => studio.load(fromBase64(packed))", packed)


def test_of_a_part_that_learns_on_the_newest_two_are_kept(tab):
    tab.add_script_tag(content=ADDED)
    for name in ("first", "second", "third"):
        load(tab, part(name, slot="one"))
        load(tab, part(f"another {name}"))
        assert tab.evaluate(RUN, name) == "drawn"
    assert tab.evaluate("['first', 'second', 'third'].map((name) => studio.has(name))") == [False, True, True]
    assert all(tab.evaluate(RUN, name) == "drawn" for name in ("second", "third", "another first"))


def test_a_worker_that_is_refused_leaves_nobody_waiting_and_says_so(tab):
    tab.set_content("<meta http-equiv='Content-Security-Policy' content=\"worker-src 'self'\"><p></p>")
    tab.evaluate(
        "text => document.body.append(Object.assign(document.createElement('script'), { textContent: text }))", ADDED
    )
    waited = tab.evaluate(RUN, "whatever")
    assert waited == "Refused" and tab.evaluate("studio.flaw").endswith("load the page anew.")
    assert tab.evaluate(RUN, "whatever") == "Refused" and tab.evaluate("studio.has('whatever')")


def test_a_part_that_came_broken_is_said_and_what_asks_for_the_newest_goes_on(tab):
    tab.add_script_tag(content=ADDED)
    heard = "new Promise((resolve) => studio.heed(document.body, () => resolve(studio.flaw)))"
    tab.evaluate(f"() => {{ globalThis.heard = {heard}; }}")
    whole = base64.b64decode(part("cut"))
    load(tab, base64.b64encode(whole[: len(whole) // 2]).decode())
    assert tab.evaluate(RUN, "cut") == "Refused"
    assert "came broken" in tab.evaluate("heard")
    asked = "async () => { const ask = newest((name) => studio.run(name, new Float32Array(2), 1)); await ask('cut'); return 'quiet'; }"
    assert tab.evaluate(asked) == "quiet"


def test_an_answer_that_comes_after_the_end_is_nobodys(tab):
    wrong = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.add_script_tag(content=ADDED)
    load(tab, part("late"))
    assert tab.evaluate(RUN, "late") == "drawn"
    question = "{ kind: 'run', name: 'late', inputs: new Float32Array(2), count: 1 }"
    tab.evaluate(f"() => {{ studio.ask({question}).catch(() => {{}}); studio.fail('No more.'); }}")
    tab.wait_for_timeout(200)
    assert wrong == []


def test_of_those_who_hear_when_nothing_can_be_drawn_any_more_each_hears_once_and_who_has_left_is_forgotten(tab):
    tab.add_script_tag(content=ADDED)
    heard = tab.evaluate(
        """() => {
            const heard = [];
            const [gone, here] = ["gone", "here"].map((name) => {
                const root = document.body.appendChild(document.createElement("p"));
                for (const time of ["first", "again"]) studio.heed(root, () => heard.push(`${name}, ${time}`));
                return root;
            });
            gone.remove();
            studio.heed(here, () => heard.push("here, last"));
            const kept = studio.heeding.size;
            studio.fail("No more.");
            return [kept, heard];
        }"""
    )
    assert heard == [1, ["here, last"]]


# Widgets of every kind, told by whoever has no model: they wait for one that never comes.
WIDGETS = {
    "throws": {"runs": [{"name": "FC", "rest": "", "hue": "#D55E00", "part": "none", "side": 32, "size": 2}], "count": 1, "columns": 1,
               "seed": 1, "temperature": 1, "throws": {"2": []}, "alone": True},
    "numbers": {"name": "FC", "hue": "#D55E00", "part": "none", "side": 32, "z": [0, 0], "used": [0, 1], "first": 2,
                "start": "the average"},
}  # fmt: skip


@pytest.mark.parametrize("widget", WIDGETS)
def test_a_widget_says_so_when_nothing_can_be_drawn_any_more(tab, widget):
    tab.add_script_tag(content=f"{widgets.script(widget)}\nObject.assign(globalThis, {{ studio, {widget} }});")
    tab.evaluate(
        f"data => {widget}(document.body.appendChild(document.createElement('main')), data, () => {{}})",
        WIDGETS[widget],
    )
    assert tab.locator("main canvas").count() == 1
    tab.evaluate("studio.fail('What draws has stopped.')")
    assert tab.locator("main").inner_text() == "What draws has stopped."
