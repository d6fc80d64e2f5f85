"""What somebody draws in a browser, and what models redraw of it there, against torch."""

import base64
import io
import itertools
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from hand import expect
from PIL import Image
from torch import nn

from vaedash import images
from vaedash.bench import ui
from vaedash.browser import packing, widgets
from vaedash.config import RunConfig
from vaedash.models import archs, latent
from vaedash.models.vae import VAE

SCRIPT = f"{widgets.script('drawing')}\nObject.assign(globalThis, {{ studio, drawing, fromBase64 }});"
STYLE = widgets.style("drawing")
EMPTY = "<!doctype html><meta name=viewport content=width=device-width><title>drawing</title><div class=drawing></div>"
RED, BLUE, BLACK, WHITE = "#cc3322", "#2244aa", "#000000", "#ffffff"
USED = (2, 0, 1)  # latents of which bars are shown
numbers = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Model:
    name: str
    vae: VAE
    side: int = 32
    set: int = -1
    key: int = field(default_factory=lambda: next(numbers))

    @property
    def shuffled(self):
        return self.vae.order is not None

    def redrawn(self, picture):
        """What it makes of a picture `(3, side, side)`, in [0, 1]."""
        return latent.decode_exactly(self.vae, latent.encode(self.vae, picture[None])[0])[0].numpy()

    def wrong(self, picture):
        return float(np.square(self.redrawn(picture) - picture / 255).sum())


def made(name, *, set=-1, **settings):
    """A model whose weights nobody trained, bold enough to tell pictures apart, and as they are packed."""
    torch.manual_seed(next(numbers))
    config = RunConfig.build(**{"dataset": "shapes", "latent_dim": 4, **settings})
    vae = archs.build(config).eval()
    with torch.no_grad():
        for parameter in vae.parameters():
            parameter.mul_(2).copy_(parameter.half().float())
    return Model(name=name, vae=vae, side=config.image_size, set=set)


def tiles(side=32, count=5):
    return np.random.default_rng(1).integers(0, 256, (count, 3, side, side)).astype(np.uint8)


def base64_of(data):
    return base64.b64encode(data).decode()


def png(picture):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


class Easel:
    """A page that has nothing but the widget, and one's hand on it."""

    def __init__(self, page):
        self.page = page
        page.route("http://localhost/*", lambda route: route.fulfill(body=EMPTY, content_type="text/html"))
        page.goto("http://localhost/")  # which a browser takes for secure
        page.add_style_tag(content=STYLE)
        page.add_script_tag(content=SCRIPT)
        page.evaluate("() => (globalThis.told = [])")

    def show(self, *models, sets=(), shuffled=False):
        sides = {model.side for model in models} or {32}
        data = {
            "models": [self._brought(model) for model in models],
            "sets": [
                {"side": some.shape[-1], "pixels": base64_of(some.transpose(0, 2, 3, 1).tobytes())} for some in sets
            ],
            "side": max(sides),
            "orders": {str(side): images.shuffle_order(side).tolist() for side in sides},
            "palette": [WHITE, RED, BLUE, BLACK],
            "shuffled": shuffled,
        }
        script = "(data) => drawing(document.querySelector('.drawing'), data, (...what) => told.push(what))"
        self.page.evaluate(script, data)
        self.settled()

    def _brought(self, model):
        row = {"name": model.name, "hue": "#0072b2", "side": model.side, "latents": model.vae.latent_dim}
        for part in ("encoder", "decoder"):
            packed = packing.pack(model.vae, part, name=f"{model.key}-{part}", side=model.side)
            row[part] = "" if packed is None else f"{model.key}-{part}"
            if packed:
                self.page.evaluate("(packed) => studio.load(fromBase64(packed))", base64_of(packed))
        return {**row, "used": USED, "shuffled": model.shuffled, "set": model.set}

    def settled(self):
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('.figures')].some(({ ariaBusy }) => ariaBusy !== 'true')"
        )

    def pixels(self, selector=".paper"):
        """What a canvas shows, uint8 `(3, side, side)`."""
        script = "(canvas) => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.width).data]"
        found = np.array(self.page.locator(selector).evaluate(script), np.uint8).reshape(-1, 4)
        side = round(len(found) ** 0.5)
        return found[:, :3].reshape(side, side, 3).transpose(2, 0, 1)

    def drawn(self, place, *, restored=True):
        """What the model at a place of those shown has drawn; put back in order, or as it draws it."""
        return self.pixels(f"figure:not(.shown) >> nth={place} >> canvas >> nth={int(restored)}")

    def reading(self, place=0):
        return self.page.locator(".wrong").nth(place).inner_text()

    def press(self, name):
        self.page.locator(f"[name={name}]").click()
        self.settled()

    def take(self, *values):
        for value in values:
            self.page.locator(f"[type=radio][value='{value}']").check()

    def stroke(self, *points):
        box = self.page.locator(".paper").bounding_box()
        scale = box["width"] / self.pixels().shape[-1]
        places = [(box["x"] + x * scale, box["y"] + y * scale) for x, y in points]
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=4)
        self.page.mouse.up()
        self.settled()

    def key(self, *keys):
        for key in keys:
            self.page.locator(".paper").press(key)
        self.settled()

    def opened(self, data, *, kind="image/png"):
        self.page.locator("[type=file]").set_input_files({"name": "any", "mimeType": kind, "buffer": data})


@pytest.fixture
def page(browser):
    opened = browser.new_page(viewport={"width": 1200, "height": 900})
    errors = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    opened.close()
    assert errors == []


@pytest.fixture
def easel(page):
    return Easel(page)


def rgb(colour):
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def where(picture, colour):
    """Which pixels have a colour, `(side, side)`."""
    return (picture == np.array(rgb(colour))[:, None, None]).all(0)


def scrawl(easel):
    """A picture in which no quarter is like another."""
    easel.take(RED, "broad")
    easel.stroke((6, 6), (12, 20), (26, 22))
    easel.take(BLUE, "fill")
    easel.stroke((28, 3))
    return easel.pixels()


# ---- what models make of it -----------------------------------------------------------------------------


@pytest.mark.parametrize("arch", ["fc", "conv", "local"])
def test_a_drawing_is_redrawn_as_torch_redraws_it_and_how_wrong_that_is_stands_below(easel, arch):
    model = made(arch, arch=arch, **({"widths": "9-18-36"} if arch == "local" else {}))
    easel.show(model)
    before = easel.drawn(0)
    picture = scrawl(easel)
    after = easel.drawn(0)
    assert not np.array_equal(before, after)
    assert np.abs(after - 255 * model.redrawn(picture)).max() < 1
    assert easel.reading() == f"wrong by {model.wrong(picture):,.0f}"


@pytest.mark.parametrize("width", [340, 1280])
def test_of_a_page_in_one_colour_nobody_is_said_to_be_wrong_and_no_bar_moves_once_there_is_more(easel, width):
    easel.page.set_viewport_size({"width": width, "height": 900})
    models = made("fc", set=0), made("conv", arch="conv", set=0)
    easel.show(*models, sets=[tiles()])

    def marks():
        return [mark.strip() for mark in easel.page.locator(".figures .mark").all_inner_texts()]

    def places():
        return [bed.bounding_box()["y"] for bed in easel.page.locator(".bars").all()]

    assert easel.reading().startswith("wrong by \u2013; a new picture by ") and marks() == ["", ""]
    easel.take(BLUE, "fill")
    easel.stroke((16, 16))
    assert easel.reading().startswith("wrong by \u2013; ") and marks() == ["", ""]
    before = places()
    easel.take(RED, "fine")
    easel.stroke((16, 16))
    picture = easel.pixels()
    wrong = [model.wrong(picture) for model in models]
    assert easel.reading().startswith(f"wrong by {wrong[0]:,.0f}; a new picture by ")
    assert [bool(mark) for mark in marks()] == [loss == min(wrong) for loss in wrong]
    assert places() == before


def test_each_part_of_a_stroke_is_redrawn_before_the_finger_is_up(easel):
    easel.show(made("conv"))
    box = easel.page.locator(".paper").bounding_box()
    easel.page.mouse.move(box["x"] + 40, box["y"] + 40)
    easel.page.mouse.down()
    easel.settled()
    first = easel.drawn(0)
    easel.page.mouse.move(box["x"] + 300, box["y"] + 300, steps=9)
    easel.settled()
    assert not np.array_equal(easel.drawn(0), first)
    easel.page.mouse.up()


def test_beside_it_stands_how_wrong_the_run_is_about_new_pictures_of_its_own_on_average(easel):
    some = tiles()
    model = made("conv", set=0)
    easel.show(model, sets=[some])
    scrawl(easel)
    expected = np.mean([model.wrong(picture) for picture in some])
    assert easel.reading().endswith(f"; a new picture by {expected:,.0f}")


def test_bars_are_the_numbers_in_use_in_an_order_that_stays(easel):
    model = made("conv", latent_dim=6)
    easel.show(model)
    picture = scrawl(easel)
    mu = latent.encode(model.vae, picture[None])[0][0].numpy()
    bars = easel.page.locator(".bars i").evaluate_all(
        "all => all.map(bar => Number(getComputedStyle(bar).getPropertyValue('--part')))"
    )
    np.testing.assert_allclose(bars, mu[list(USED)] / max(3, np.abs(mu).max()), atol=1e-3)
    assert np.abs(bars).max() > 0.01
    assert easel.page.locator(".bars").get_attribute("aria-label") == "what conv keeps of it: 3 numbers"


def test_the_less_wrong_one_is_marked_and_none_where_they_see_different_sizes(easel):
    models = [made("FC", arch="fc"), made("conv")]
    easel.show(*models)
    picture = scrawl(easel)
    marks = [mark.inner_text() for mark in easel.page.locator(".mark").all()]
    errors = [model.wrong(picture) for model in models]
    assert marks[int(np.argmin(errors))] == "less wrong"
    assert marks[int(np.argmax(errors))] == ""
    easel.show(models[0], made("fine", image_size=64))
    assert [mark.inner_text() for mark in easel.page.locator(".mark").all()] == ["", ""]


def test_a_model_of_fewer_pixels_is_shown_their_averages(easel):
    small, fine = made("small"), made("fine", image_size=64)
    easel.show(small, fine)
    scrawl(easel)
    easel.take(RED, "fine")
    easel.stroke((3, 50), (41, 61))
    picture = easel.pixels()
    assert picture.shape == (3, 64, 64)
    averaged = np.round(picture.reshape(3, 32, 2, 32, 2).mean((2, 4)) - 1e-9).astype(np.uint8)
    assert np.abs(easel.drawn(0) - 255 * small.redrawn(averaged)).max() < 1.5
    assert np.abs(easel.drawn(1) - 255 * fine.redrawn(picture)).max() < 1


# ---- shuffled -------------------------------------------------------------------------------------------


def test_shuffled_a_model_sees_the_project_s_fixed_order_and_what_it_draws_is_put_back(easel):
    model = made("conv")
    easel.show(model)
    picture = scrawl(easel)
    easel.press("shuffled")
    mixed = images.shuffled(picture[None])[0]
    np.testing.assert_array_equal(easel.pixels(".shown canvas"), mixed)
    drawn = easel.drawn(0, restored=False)
    assert np.abs(drawn - 255 * model.redrawn(mixed)).max() < 1
    np.testing.assert_array_equal(images.shuffled(easel.drawn(0)[None])[0], drawn)
    assert easel.reading() == f"wrong by {model.wrong(mixed):,.0f}; in order by {model.wrong(picture):,.0f}"
    np.testing.assert_array_equal(easel.pixels(), picture)
    assert easel.page.evaluate("told") == [["shuffled", True]]


def test_what_has_learned_from_shuffled_pixels_is_not_shuffled_twice(easel):
    model = made("conv", pixel_order="shuffled")
    easel.show(model, shuffled=True)
    picture = scrawl(easel)
    assert np.abs(easel.drawn(0) - 255 * model.redrawn(picture)).max() < 1
    expect(easel.page.locator(".told")).to_have_text(
        "What has learned from shuffled pixels does not mind: it is shown nothing else."
    )


def test_shuffled_the_page_says_what_one_flat_colour_would_have_been(easel):
    easel.show(made("conv"), shuffled=True)
    told = easel.page.locator(".told")
    expect(told).to_contain_text("there is nothing to shuffle")
    picture = scrawl(easel) / 255
    flat = np.square(picture - picture.mean((1, 2), keepdims=True)).sum()
    expect(told).to_contain_text(f"one flat colour instead would be wrong by {flat:,.0f}")


# ---- the hand -------------------------------------------------------------------------------------------


def test_brushes_differ_in_size_and_the_eraser_paints_paper(easel):
    easel.show()
    painted = []
    for size in ("fine", "medium", "broad"):
        easel.take(size)
        easel.stroke((16.5, 16.5))
        painted.append(int(where(easel.pixels(), BLACK).sum()))
    assert painted[:2] == [1, 9] and 24 <= painted[2] <= 36
    easel.take("eraser")
    easel.stroke((16.5, 16.5))
    assert where(easel.pixels(), WHITE).all()


def test_a_line_has_no_gaps_however_fast_it_is(easel):
    easel.show()
    easel.take("fine")
    box = easel.page.locator(".paper").bounding_box()
    easel.page.mouse.move(box["x"] + 2, box["y"] + 2)
    easel.page.mouse.down()
    easel.page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    easel.page.mouse.up()
    assert where(easel.pixels(), BLACK).any(0).all()


def test_a_fill_ends_at_another_colour(easel):
    easel.show()
    easel.take(RED, "medium")
    easel.stroke((8, 8), (24, 8), (24, 24), (8, 24), (8, 8))
    easel.take(BLUE, "fill")
    easel.stroke((16, 16))
    blue = where(easel.pixels(), BLUE)
    assert blue[16, 16] and blue.sum() > 100 and not blue[0, 0]


@pytest.mark.parametrize("how", ["button", "keys"])
def test_every_step_can_be_taken_back(easel, how):
    easel.show(sets=[tiles()])
    steps = [easel.pixels()]
    easel.stroke((5, 5), (20, 9))
    steps.append(easel.pixels())
    easel.press("another")
    steps.append(easel.pixels())
    easel.press("clear")
    assert where(easel.pixels(), WHITE).all()
    for before in reversed(steps):
        easel.press("undo") if how == "button" else easel.key("Control+z")
        np.testing.assert_array_equal(easel.pixels(), before)
    expect(easel.page.locator("[name=undo]")).to_be_disabled()


def test_paper_of_another_colour_leaves_what_is_drawn(easel):
    easel.show()
    easel.stroke((5, 5), (20, 9))
    drawn = where(easel.pixels(), BLACK)
    paper = easel.page.get_by_label("Colour of the paper")
    paper.fill(BLUE)
    easel.settled()
    np.testing.assert_array_equal(where(easel.pixels(), BLACK), drawn)
    np.testing.assert_array_equal(where(easel.pixels(), BLUE), ~drawn)
    easel.press("clear")
    assert where(easel.pixels(), BLUE).all()


def test_any_colour_paints(easel):
    easel.show()
    easel.page.get_by_label("Any colour").fill("#12ab34")
    easel.stroke((16, 16))
    assert where(easel.pixels(), "#12ab34").sum() == 9
    expect(easel.page.locator(".colours [type=radio]:checked")).to_have_count(0)


def test_one_draws_by_keyboard_alone_and_hears_where_the_cursor_is(easel):
    easel.show()
    easel.take("fine", RED)
    easel.key("ArrowRight", "ArrowDown", "ArrowDown", " ")
    assert np.argwhere(where(easel.pixels(), RED)).tolist() == [[2, 1]]
    expect(easel.page.get_by_role("status")).to_have_text("row 3, column 2: red")
    easel.key("Shift+ArrowRight", "Shift+ArrowRight")
    assert np.argwhere(where(easel.pixels(), RED)).tolist() == [[2, 1], [2, 2], [2, 3]]
    expect(easel.page.locator(".cursor")).to_be_visible()


def test_a_finger_draws_and_does_not_scroll(browser):
    context = browser.new_context(viewport={"width": 390, "height": 500}, has_touch=True, is_mobile=True)
    easel = Easel(context.new_page())
    easel.show(made("conv"))
    box = easel.page.locator(".paper").bounding_box()
    easel.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    easel.settled()
    assert where(easel.pixels(), BLACK).sum() == 9
    assert easel.page.locator(".paper").evaluate("(paper) => getComputedStyle(paper).touchAction") == "none"
    assert easel.page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


# ---- pictures from elsewhere ----------------------------------------------------------------------------


def test_a_new_picture_is_one_of_the_run_s_and_another_each_time(easel):
    some = tiles(count=3)
    easel.show(sets=[some])
    for number in (0, 1, 2, 0):
        easel.press("another")
        np.testing.assert_array_equal(easel.pixels(), some[number])


def test_the_square_middle_of_a_file_is_opened(easel):
    wide = np.zeros((320, 640, 3), np.uint8)
    wide[:, 160:320] = rgb(RED)
    wide[:, 320:480] = rgb(BLUE)
    easel.show(made("conv"))
    easel.opened(png(wide))
    expect(easel.page.locator("[name=undo]")).to_be_enabled()
    picture = easel.pixels()
    assert where(picture, RED)[:, :15].all() and where(picture, BLUE)[:, 17:].all()


@pytest.mark.parametrize("how", ["dropped", "pasted"])
def test_a_picture_can_be_dropped_and_pasted(easel, how):
    easel.show()
    script = """([how, data]) => {
        const carried = new DataTransfer();
        carried.items.add(new File([fromBase64(data)], "any.png", { type: "image/png" }));
        const [target, event] = how === "dropped"
            ? [document.querySelector(".paper"), new DragEvent("drop", { dataTransfer: carried, bubbles: true })]
            : [document.body, new ClipboardEvent("paste", { clipboardData: carried, bubbles: true })];
        target.dispatchEvent(event);
    }"""
    easel.page.evaluate(script, [how, base64_of(png(np.full((40, 40, 3), rgb(RED), np.uint8)))])
    expect(easel.page.locator("[name=undo]")).to_be_enabled()
    assert where(easel.pixels(), RED).all()


def test_a_file_that_is_no_picture_is_answered_in_a_sentence_and_changes_nothing(easel):
    easel.show()
    easel.opened(b"<svg xmlns='http://www.w3.org/2000/svg'><script>told.push(1)</script></svg>", kind="image/svg+xml")
    expect(easel.page.get_by_role("alert")).to_contain_text("cannot be read as a picture")
    assert where(easel.pixels(), WHITE).all() and easel.page.evaluate("told") == []


def test_both_pictures_to_take_home_are_as_on_the_page(easel):
    model = made("conv")
    easel.show(model)
    picture = scrawl(easel)
    for name, count in (("save", 1), ("saveAll", 2)):
        with easel.page.expect_download() as caught:
            easel.page.locator(f"[name={name}]").click()
        saved = np.asarray(Image.open(caught.value.path()).convert("RGB"))
        shown = [picture, easel.drawn(0)][:count]
        for place, one in enumerate(shown):
            part = saved[8:512:16, 8 + 528 * place : 528 * place + 512 : 16].transpose(2, 0, 1)
            np.testing.assert_array_equal(part, one)


# ---- the camera -----------------------------------------------------------------------------------------


def test_the_camera_s_picture_is_redrawn_while_it_runs_and_frozen_by_one_button(browser):
    flags = [*ui.BROWSER_FLAGS, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    other = browser.browser_type.launch(executable_path=ui.browser_path(), args=flags)
    easel = Easel(other.new_page())
    easel.show(made("conv"))
    blank = easel.drawn(0)
    easel.page.locator("[name=camera]").click()
    expect(easel.page.locator("video")).to_be_visible()
    easel.page.wait_for_function("() => document.querySelector('video')?.currentTime > 0.2")
    assert where(easel.pixels(), WHITE).all()  # until it is frozen
    assert not np.array_equal(easel.drawn(0), blank)
    easel.page.locator("video").evaluate("(video) => (globalThis.track = video.srcObject.getTracks()[0])")
    easel.page.get_by_role("button", name="Take it").click()
    expect(easel.page.locator("video")).to_be_hidden()
    assert not where(easel.pixels(), WHITE).all()
    assert easel.page.evaluate("track.readyState") == "ended"
    easel.press("undo")
    assert where(easel.pixels(), WHITE).all()
    other.close()


def test_without_a_camera_it_says_so(easel):
    easel.page.context.grant_permissions(["camera"], origin="http://localhost")
    easel.show()
    easel.page.locator("[name=camera]").click()
    expect(easel.page.get_by_role("alert")).to_have_text("There is no camera here.")


def test_without_permission_it_says_where_to_give_it(easel):
    easel.show()
    easel.page.evaluate(
        "() => (navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError'); })"
    )
    easel.page.locator("[name=camera]").click()
    expect(easel.page.get_by_role("alert")).to_contain_text("may not use the camera here")
    expect(easel.page.locator("[name=camera]")).to_be_enabled()


def test_a_page_that_may_have_no_camera_says_what_address_it_takes(easel):
    easel.show()
    easel.page.evaluate("() => Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    easel.page.locator("[name=camera]").click()
    expect(easel.page.get_by_role("alert")).to_contain_text("begins with https")


# ---- again ----------------------------------------------------------------------------------------------


def test_shown_again_with_other_models_it_keeps_the_drawing_and_what_can_be_taken_back(easel):
    easel.show(made("one"))
    picture = scrawl(easel)
    other = made("other", arch="fc")
    for _ in range(2):
        easel.show(other)
    np.testing.assert_array_equal(easel.pixels(), picture)
    assert easel.page.locator("canvas.paper").count() == 1
    assert easel.page.locator("figure:not(.shown) figcaption b").all_inner_texts() == ["other"]
    assert np.abs(easel.drawn(0) - 255 * other.redrawn(picture)).max() < 1
    easel.press("undo")
    assert not np.array_equal(easel.pixels(), picture)


def test_on_a_new_element_as_after_a_way_to_another_page_it_is_still_there(easel):
    easel.show(made("one"))
    picture = scrawl(easel)
    easel.page.evaluate("() => (document.body.innerHTML = '<div class=drawing></div>')")
    easel.show(made("one"))
    np.testing.assert_array_equal(easel.pixels(), picture)


def test_a_fine_drawing_loses_nothing_while_all_models_are_coarse(easel):
    fine = made("fine", image_size=64)
    easel.show(fine)
    easel.take("fine")
    easel.stroke((3, 5), (40, 55))
    picture = easel.pixels()
    easel.show(made("small"))
    easel.show(fine)
    np.testing.assert_array_equal(easel.pixels(), picture)


def test_a_hostile_name_is_words(easel):
    name = "<img src=x onerror=told.push(1)>"
    easel.show(made(name))
    scrawl(easel)
    assert easel.page.locator("figure:not(.shown) figcaption b").inner_text() == name
    assert easel.page.locator("img").count() == 0 and easel.page.evaluate("told") == []


def test_a_model_with_layers_that_a_browser_does_not_know_is_answered_in_a_sentence(easel):
    odd = VAE(nn.Sequential(nn.Flatten(), nn.Linear(3072, 8), nn.Tanh()), nn.Tanh(), latent_dim=4)
    usual = made("conv")
    easel.show(Model(name="odd", vae=odd), usual)
    picture = scrawl(easel)
    expect(easel.page.locator(".lacking")).to_contain_text("layers that a browser does not know")
    assert easel.reading() == f"wrong by {usual.wrong(picture):,.0f}"


def test_a_browser_that_cannot_compute_says_so_and_still_draws(page):
    page.add_init_script("delete globalThis.Worker")
    easel = Easel(page)
    easel.show(made("conv"))
    expect(page.locator(".flaw")).to_have_text(
        "This browser is too old to draw by itself; any of the last three years can."
    )
    scrawl(easel)
    assert not where(easel.pixels(), WHITE).all()
