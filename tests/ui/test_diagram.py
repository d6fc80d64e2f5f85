"""The architectures on Start: still, until somebody asks to watch a picture flow through those that have weights."""

import base64
import shutil

import numpy as np
import pytest
from hand import settled
from visitor import flowing, make_run, shown, words

from vaedash import config, runs
from vaedash.bench.ui import Server
from vaedash.comparing import quiz
from vaedash.ui import components, diagram

INVITATION = "Watch a picture flow through FC and conv"


def stills(at):
    return [image.alt.partition(":")[0] for element in at.get("image") for image in element.proto.imgs]


def parts(at):
    """How many parts of models are brought to the browser."""
    return len([e for e in at.get("bidi_component") if e.proto.component_name == "vaedash_part"])


def opened(at):
    at.session_state["flow"] = True
    at.run()
    assert not at.exception
    return at


def test_nothing_flows_before_somebody_asks_and_then_the_still_drawings_are_for_paper(trained):
    at = shown("start")
    assert flowing(at) is None and parts(at) == 0
    assert {config.spoken(arch) for arch in config.BUILT_IN_ARCHS} <= set(stills(at))
    at = opened(at)
    data = flowing(at)
    assert [run["name"] for run in data["runs"]] == ["FC", "conv"] and parts(at) == 4
    assert {config.spoken(arch) for arch in config.BUILT_IN_ARCHS} <= set(stills(at))


def test_the_pictures_that_flow_are_new_ones_and_the_one_that_is_kept_best_comes_first(trained):
    pair = components.comparable(runs.list_runs(trained))
    data = flowing(opened(shown("start")))
    tiles = np.frombuffer(base64.b64decode(data["pictures"]), np.uint8).reshape(-1, data["side"], data["side"], 3)
    originals = pair[0].pictures.originals().transpose(0, 2, 3, 1)
    best = quiz.best_first(quiz.leader(pair), pair[0].pictures.originals())
    np.testing.assert_array_equal(tiles, originals[best[: len(tiles)]])
    assert len(tiles) == 6


def test_the_latents_in_use_are_those_that_are_counted_elsewhere(trained):
    pair = components.comparable(runs.list_runs(trained))
    for run, lane in zip(pair, flowing(opened(shown("start")))["runs"], strict=True):
        kept = run.figures.kl_by_latent()[run.best_epoch - 1]
        wanted = [number for number in np.argsort(-kept, kind="stable") if kept[number] > config.ACTIVE_KL]
        assert lane["used"] == wanted


def test_runs_without_weights_invite_to_nothing(folder):
    for arch in config.PAIR:
        make_run(folder, arch=arch)
    assert INVITATION not in words(shown("start")) and INVITATION not in [e.label for e in shown("start").expander]


def test_an_architecture_that_a_browser_does_not_know_stays_still(trained, monkeypatch):
    from vaedash.browser import packing

    monkeypatch.setattr(packing, "_ACTIVATIONS", {})
    monkeypatch.setattr(diagram.studio, "_packed", diagram.studio._packed.__wrapped__)
    at = opened(shown("start"))
    assert flowing(at) is None and "FC" in stills(at)


playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect


def test_a_picture_flows_in_a_browser_also_as_it_was_before_learning_and_on_paper_it_is_still(browser, pair, tmp_path):
    folder = shutil.copytree(pair.folder, tmp_path / "runs")
    tab = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    with Server(folder, pair.data_dir) as server:
        tab.goto(server.url)
        settled(tab)
        tab.get_by_text(INVITATION).click()
        tab.locator(".flow[data-there=trained-0]").wait_for()
        tab.get_by_role("button", name="untrained", exact=True).click()
        tab.locator(".flow[data-there=untrained-0]").wait_for()
        settled(tab)
        still = tab.locator(".st-key-on-paper img")
        assert still.count() == 2 and not still.first.is_visible()
        tab.emulate_media(media="print")
        expect(still.first).to_be_visible()
        expect(tab.locator(".flow")).to_be_hidden()
    tab.close()
