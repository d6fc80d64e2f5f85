"""A picture that flows through models: what a browser shows of it, by hand, by keyboard and without motion."""

import base64
import re

import numpy as np
import pytest
import torch

from vaedash.browser import packing, widgets
from vaedash.config import RunConfig
from vaedash.models import archs, latent, losses

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect

SETTINGS = {arch: RunConfig(arch=arch, latent_dim=6) for arch in ("fc", "conv")} | {
    "local": RunConfig(arch="local", latent_dim=6, widths="8-9-10")
}
HOSTILE = "<img src=x onerror=\"document.title='hit'\">"


def bold(arch):
    """A model of large weights, so that latents differ in what they say."""
    torch.manual_seed(1)
    model = archs.build(SETTINGS[arch]).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(2)
    return model


MODELS = {arch: bold(arch) for arch in SETTINGS}
PICTURES = np.random.default_rng(3).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)


def names_of(arch, state):
    return {part: f"{arch}-{state}-{part}" for part in ("encoder", "decoder")}


def lane(arch, name=None):
    states = {state: names_of(arch, state) for state in ("trained", "untrained")}
    return {"name": name or arch, "hue": "#0072B2", "used": [4, 1, 3], **states}


def data(*archs_shown, **changes):
    pictures = base64.b64encode(PICTURES.tobytes()).decode()
    return {"runs": [lane(arch) for arch in archs_shown], "pictures": pictures, "side": 32, **changes}


def opened(browser, shown, *, loaded=True, prelude="", **context):
    tab = browser.new_context(**context).new_page()
    tab.goto("about:blank")
    tab.add_style_tag(content=widgets.style("flow"))
    tab.add_script_tag(
        content=f"{prelude}\n{widgets.script('flow')}\nObject.assign(globalThis, {{ studio, flow, fromBase64 }});"
    )
    tab.evaluate(
        """(data) => {
            const root = document.body.appendChild(document.createElement("div"));
            globalThis.told = [];
            globalThis.draw = (data) => flow(root, data, (...words) => told.push(words));
            draw(data);
        }""",
        shown,
    )
    if loaded:
        bring(tab, "trained", {arch: MODELS[arch] for arch in SETTINGS})
    return tab


def bring(tab, state, models):
    for arch, model in models.items():
        for part, name in names_of(arch, state).items():
            packed = packing.pack(model, part, name=name, side=32)
            tab.evaluate("(packed) => studio.load(fromBase64(packed))", base64.b64encode(packed).decode())


def there(tab, what):
    tab.locator(f".flow[data-there={what}]").wait_for()
    return tab


def blocks(tab, lane=0):
    return tab.locator("section").nth(lane).locator("li button")


def drawn(tab, lane, at):
    """The pixels of a block, (height, width, 4)."""
    height, width, levels = (
        blocks(tab, lane)
        .nth(at)
        .locator("canvas")
        .evaluate(
            "one => [one.height, one.width, [...one.getContext('2d').getImageData(0, 0, one.width, one.height).data]]"
        )
    )
    return np.array(levels, np.uint8).reshape(height, width, 4)


@pytest.fixture(scope="module")
def tab(browser):
    opened_tab = there(opened(browser, data("fc", "conv", "local"), reduced_motion="reduce"), "trained-0")
    yield opened_tab
    opened_tab.context.close()


@pytest.fixture(autouse=True)
def nothing_enlarged(request):
    yield
    if "tab" in request.fixturenames:
        request.getfixturevalue("tab").keyboard.press("Escape")


def test_every_layer_is_a_block_between_the_picture_and_what_is_drawn_of_it(tab):
    captions = [blocks(tab, number).locator("small").all_inner_texts() for number in range(3)]
    assert captions[0] == ["in", "512", "256", "μ, σ", "z", "256", "512", "out"]
    assert captions[1] == ["in", "16×16", "8×8", "4×4", "μ, σ", "z", "4×4", "8×8", "16×16", "out"]
    assert captions[2] == captions[1]
    for number in range(3):
        np.testing.assert_array_equal(drawn(tab, number, 0)[..., :3], PICTURES[0])


def test_maps_at_rest_are_the_strongest_ones(tab):
    first = torch.relu(MODELS["conv"].encoder[0](latent.to_float(torch.from_numpy(PICTURES[:1]).permute(0, 3, 1, 2))))
    strength = first[0].detach().abs().sum((1, 2))
    strongest = first[0, strength.argmax()].detach().numpy()
    tile = drawn(tab, 1, 1)[:16, :16, :3].sum(2, dtype=int).ravel()
    assert drawn(tab, 1, 1).shape[:2] == (33, 33)  # two by two, and a line between them
    # Brighter where it is stronger.
    assert np.corrcoef(np.sqrt(strongest.ravel()), tile)[0, 1] > 0.95


def test_the_clouds_and_their_kl_are_those_of_torch(tab):
    mu, logvar = latent.encode(MODELS["conv"], PICTURES[:1].transpose(0, 3, 1, 2))
    kl = losses.kl_per_latent(mu, logvar)[0]
    blocks(tab, 1).nth(4).click()
    said = tab.locator("dialog figcaption").last.inner_text()
    total, first = map(float, re.findall(r"[\d.]+\d", said))
    assert total == pytest.approx(kl.sum().item(), abs=0.06) and first == pytest.approx(
        kl[[4, 1, 3]].max().item(), abs=0.06
    )
    shares = tab.locator("dialog .bar i").evaluate_all("parts => parts.map(part => Number(part.style.flexGrow))")
    used = kl[[4, 1, 3]].sort(descending=True).values
    wanted = [*(used / kl.sum()).tolist(), (1 - used.sum() / kl.sum()).item()]
    np.testing.assert_allclose(shares, wanted, atol=2e-3)
    assert tab.locator("dialog svg circle").count() == 3
    heights = tab.locator("dialog svg ellipse").evaluate_all("all => all.map(one => Number(one.getAttribute('ry')))")[
        ::3
    ]
    sigma = torch.exp(0.5 * logvar)[0, [4, 1, 3]]
    np.testing.assert_allclose(np.divide(heights, heights[0]), (sigma / sigma[0]).numpy(), rtol=1e-2)


def test_resample_draws_another_z_and_with_it_another_picture_but_notes_down_the_same(tab):
    before = [drawn(tab, 0, at) for at in (1, 7)]
    clouds = blocks(tab, 0).nth(3).locator("svg").inner_html()
    dots = blocks(tab, 0).nth(4).locator("svg").inner_html()
    tab.get_by_role("button", name="Resample").click()
    tab.wait_for_function(
        "before => document.querySelectorAll('section li button')[4].querySelector('svg').innerHTML !== before",
        arg=dots,
    )
    np.testing.assert_array_equal(drawn(tab, 0, 1), before[0])
    assert blocks(tab, 0).nth(3).locator("svg").inner_html() == clouds
    assert (drawn(tab, 0, 7) != before[1]).any()


def test_a_block_is_enlarged_by_keyboard_its_window_goes_by_arrows_and_escape_brings_back(tab):
    block = blocks(tab, 1).nth(1)
    block.focus()
    tab.keyboard.press("Enter")
    dialog = tab.get_by_role("dialog", name="conv: 32 maps of 16×16")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("the same at every place")
    window = dialog.locator(".marks.shown i")
    expect(window).to_have_count(2)
    seen = "all => all.map(one => ['--x', '--y', '--w', '--h'].map(name => Number(one.parentElement.style.getPropertyValue(name))))"
    assert window.evaluate_all(seen) == [[15, 15, 4, 4], [8, 8, 1, 1]]
    for key in ["ArrowLeft"] * 20 + ["ArrowUp"]:
        tab.keyboard.press(key)
    assert window.evaluate_all(seen) == [[0, 13, 3, 4], [0, 7, 1, 1]]  # beyond the border there is nothing
    canvases = dialog.locator("canvas").evaluate_all("all => all.map(one => [one.width, one.height])")
    assert canvases == [[32, 32], [16, 16], [8 * 17 - 1, 4 * 17 - 1]]
    tab.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(block).to_be_focused()


@pytest.mark.parametrize(
    ("number", "at", "words"),
    [
        (0, 1, "looks at all 3,072"),
        (0, 5, "looks at all 6"),
        (1, 6, "looks at all 6"),
        (1, 7, "everywhere with the same brush"),
        (2, 1, "a detector of its own at each place"),
        (2, 9, "each with a brush of its own"),
        (1, 5, "One value out of each cloud"),
    ],
)
def test_each_block_says_in_a_sentence_what_it_is(tab, number, at, words):
    blocks(tab, number).nth(at).click()
    expect(tab.locator("dialog p")).to_contain_text(words)


def test_a_window_lies_on_what_a_block_looks_at_while_it_is_pointed_at(tab):
    blocks(tab, 1).nth(2).hover()
    expect(tab.locator("section").nth(1).locator(".marks.shown")).to_have_count(2)
    tab.mouse.move(0, 0)
    expect(tab.locator("section .marks.shown")).to_have_count(0)
    blocks(tab, 0).nth(1).hover()  # FC has none
    expect(tab.locator("section .marks.shown")).to_have_count(0)


def test_who_wants_less_motion_is_offered_none(tab):
    assert tab.get_by_role("button", name="Play").count() == 0
    assert tab.evaluate("document.getAnimations().length") == 0


def test_drawn_again_with_the_same_data_nothing_changes_and_with_other_data_a_choice_stays(tab):
    tab.get_by_role("button", name="Picture 2").click()
    there(tab, "trained-1")
    tab.locator("section").first.evaluate("section => (section.id = 'same')")
    tab.evaluate("data => draw(data)", data("fc", "conv", "local"))
    assert tab.locator("#same").count() == 1
    tab.evaluate("data => draw(data)", data("fc"))
    there(tab, "trained-1")
    assert tab.locator("section").count() == 1
    np.testing.assert_array_equal(drawn(tab, 0, 0)[..., :3], PICTURES[1])
    tab.evaluate("data => draw(data)", data("fc", "conv", "local"))
    tab.get_by_role("button", name="Picture 1").click()
    there(tab, "trained-0")


def test_untrained_is_asked_for_and_shown_once_it_is_brought(tab):
    untrained = {arch: archs.untrained(SETTINGS[arch]) for arch in SETTINGS}
    tab.get_by_role("button", name="untrained").click()
    assert tab.evaluate("told") == [["untrained", True]]
    expect(tab.locator("section[aria-busy=true]")).to_have_count(3)
    bring(tab, "untrained", untrained)
    there(tab, "untrained-0")
    mu, logvar = latent.encode(untrained["fc"], PICTURES[:1].transpose(0, 3, 1, 2))
    blocks(tab, 0).nth(3).click()
    total = losses.kl_per_image(mu, logvar).item()
    expect(tab.locator("dialog figcaption").last).to_contain_text(f"{total:.1f} nats in all")
    tab.keyboard.press("Escape")
    tab.get_by_role("button", name="trained", exact=True).click()
    there(tab, "trained-0")


# Time as a multiple of what it is: a machine may be slow.
PACE = """const { animate } = Element.prototype;
Element.prototype.animate = function (frames, timing) {
    return animate.call(this, frames, { ...timing, delay: PACE * timing.delay });
};"""


def test_a_picture_flows_from_left_to_right_and_can_be_held(browser):
    moving = there(opened(browser, data("conv"), prelude=PACE.replace("PACE", "200")), "trained-0")
    opacity = "() => [...document.querySelectorAll('li')].map(one => Number(getComputedStyle(one).opacity))"
    moving.get_by_role("button", name="Pause").click()
    moving.wait_for_function(
        "document.getAnimations().every(({ pending, playState }) => !pending && playState !== 'running')"
    )
    held = moving.evaluate(opacity)
    assert held == sorted(held, reverse=True) and held[-1] == 0.12
    moving.wait_for_timeout(700)
    assert moving.evaluate(opacity) == held
    moving.get_by_role("button", name="Play").click()
    assert moving.evaluate("document.getAnimations().some(({ playState }) => playState === 'running')")
    moving.context.close()


def test_whoever_plays_sees_the_next_picture_and_after_the_last_the_first(browser):
    playing = there(opened(browser, data("conv"), prelude=PACE.replace("PACE", "0")), "trained-0")
    playing.get_by_role("button", name="Picture 2").click()
    there(playing, "trained-1")
    playing.get_by_role("button", name="Play").click()
    there(playing, "trained-2")
    there(playing, "trained-0")
    playing.get_by_role("button", name="Pause").click()
    playing.context.close()


def test_a_hostile_name_is_only_a_name(browser):
    tab = there(opened(browser, data(runs=[lane("fc", HOSTILE)])), "trained-0")
    blocks(tab).nth(1).click()
    expect(tab.locator("dialog .name")).to_have_text(f"{HOSTILE}: 512 numbers")
    assert tab.locator("img").count() == 0 and tab.title() == ""
    tab.context.close()


def test_a_model_whose_numbers_all_fell_silent_is_shown_too(browser):
    tab = there(opened(browser, data(runs=[lane("fc") | {"used": []}])), "trained-0")
    blocks(tab).nth(3).click()
    expect(tab.locator("dialog figcaption").first).to_have_text(
        "0 of 6 numbers are in use, the one that says most first"
    )
    assert tab.locator("dialog svg circle").count() == 0
    tab.context.close()


def test_a_browser_that_cannot_compute_says_so_and_nothing_else(browser):
    tab = opened(browser, data("fc"), loaded=False, prelude="delete globalThis.WebAssembly;")
    expect(tab.locator(".flow")).to_have_text(
        "This browser is too old to draw by itself; any of the last three years can."
    )
    tab.context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_it_flows_across_a_wide_window_and_down_a_narrow_one_and_stays_within(browser, width):
    tab = there(opened(browser, data("fc", "conv"), viewport={"width": width, "height": 800}), "trained-0")
    first, last = (blocks(tab, 1).nth(at).bounding_box() for at in (0, 9))
    assert (last["y"] == pytest.approx(first["y"], abs=1)) == (width > 700)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.context.close()
