"""Interpolate, as a person finds it: what the page says and decodes, and, in a real browser, how the morph moves."""

import base64
import functools
import io
import json
import re

import numpy as np
import pytest
import torch
import visitor
from hand import expect, settled
from patience import until
from PIL import Image
from visitor import add_run, words

from vaedash import config, datasets, images, runs
from vaedash.bench.ui import Server
from vaedash.browser import packing
from vaedash.config import RunConfig
from vaedash.datasets.decode import decode
from vaedash.models import latent
from vaedash.runs import weights
from vaedash.ui import crisp, ends, morph

shown = functools.partial(visitor.shown, "interpolate")


@pytest.fixture(autouse=True)
def threads(torch_as_it_was):
    """The page sets torch to one thread."""


@pytest.fixture
def two(folder, photos):
    return [add_run(folder, photos, arch=arch) for arch in config.PAIR]


def drawn(at):
    """What the page handed to the browser: its data, and what it is told of each run, by name."""
    (proto,) = (e.proto for e in at.get("bidi_component") if e.proto.component_name == "vaedash_morph")
    data = json.loads(proto.json)
    return data, {run["name"]: run for run in data["runs"]}


def points(at, run):
    """The z of each end that the browser is to draw a run from, `(ends, latent_dim)`."""
    return np.array(drawn(at)[1][run.name]["z"], np.float32)


def at_ends(*z):
    return torch.stack(z).numpy()


def between(run, *z, method="linear"):
    """What a run draws on the way, by torch."""
    model, _ = weights.load_model(run)
    return latent.decode(model, latent.path(*z, steps=morph.FRAMES, method=method))


def prior(run, seed):
    return latent.prior(1, run.config.latent_dim, seed=seed)[0]


def mu(run, image):
    return latent.encode(weights.load_model(run)[0], image[None])[0][0]


# ---- the points between ---------------------------------------------------------------------------------


def test_a_linear_lattice_is_bilinear():
    corners = latent.prior(4, 5)
    lattice = latent.lattice(corners, side=3).reshape(3, 3, 5)
    for row, column, corner in ((0, 0, 0), (0, 2, 1), (2, 0, 2), (2, 2, 3)):
        assert torch.equal(lattice[row, column], corners[corner])
    assert torch.allclose(lattice[1, 1], corners.mean(0), atol=1e-6)
    assert torch.allclose(lattice[0, 1], (corners[0] + corners[1]) / 2, atol=1e-6)


def test_a_spherical_lattice_stays_on_the_sphere_that_its_corners_lie_on():
    corners = torch.nn.functional.normalize(latent.prior(4, 8), dim=1)
    assert torch.allclose(latent.lattice(corners, side=5, method="slerp").norm(dim=1), torch.ones(25), atol=1e-5)


def test_the_stills_are_the_study_s_ten_steps_and_every_second_row_and_column(two):
    at_random = [ends.End(label=f"{seed}", seed=seed) for seed in range(4)]
    run = two[0]
    strip, changes = morph.stills(run, at_random[:2], method="slerp")
    frames = morph.frames(run, at_random[:2], method="slerp")
    assert np.abs(strip.astype(int) - frames[::7]).max() <= 1 and len(strip) == len(changes) + 1 == 10
    lattice = morph.frames(run, at_random, method="linear").reshape(13, 13, 3, 32, 32)
    field = morph.field(run, at_random, method="linear").reshape(7, 7, 3, 32, 32)
    assert np.abs(field.astype(int) - lattice[::2, ::2]).max() <= 1


# ---- the page -------------------------------------------------------------------------------------------


def test_without_runs_it_says_where_to_begin(folder):
    at = shown()
    assert "No run has weights yet" in words(at)
    assert not at.get("bidi_component")


def test_a_run_without_weights_is_not_offered(folder, photos):
    runs.create(folder, RunConfig.build(dataset=str(photos), latent_dim=4))
    assert "No run has weights yet" in words(shown())


def test_one_run_is_drawn_between_two_of_its_test_pictures(folder, photos, data_dir):
    run = add_run(folder, photos)
    at = shown(a_picture="3", b_picture="7")
    pictures = datasets.load(str(photos), data_dir=data_dir).test
    data, told = drawn(at)
    assert np.array_equal(points(at, run), at_ends(mu(run, pictures[3]), mu(run, pictures[7])))
    assert (told[run.name]["side"], data["way"]) == (32, "linear")
    assert data["labels"]["x"] == "from test picture 3 to test picture 7"
    assert "each step changes a pixel by" in at.get("image")[0].proto.imgs[0].caption


def test_models_of_32_and_of_64_pixels_see_the_same_pictures_each_in_its_size(folder, photos, data_dir):
    small, large = add_run(folder, photos), add_run(folder, photos, image_size=64)
    at = shown(a_picture="3", b_picture="7", runs=f"{small.id},{large.id}")
    # Of the finest pictures there are, whichever run comes first.
    pictures = datasets.load(str(photos), data_dir=data_dir, frame=config.Frame(image_size=64)).test[[3, 7]]
    shrunk = [images.resized(picture, 32) for picture in pictures]
    assert np.array_equal(points(at, large), at_ends(*(mu(large, picture) for picture in pictures)))
    assert np.array_equal(points(at, small), at_ends(*(mu(small, picture) for picture in shrunk)))
    assert [run["side"] for run in drawn(at)[1].values()] == [32, 64]
    two_ends = [ends.End(label="", pixels=picture.tobytes()) for picture in pictures]
    frames = [morph.frames(run, two_ends, method="linear") for run in (small, large)]
    animation = Image.open(io.BytesIO(morph.gif(frames)))
    assert animation.size == (2 * 192 + 6, 192)


def test_two_runs_get_the_same_random_ends_and_the_way_that_the_link_says(two):
    at = shown(a="Random", a_seed="5", b="Random", b_seed="6", way="Spherical", alpha="0.25")
    data, told = drawn(at)
    assert (data["start"], data["way"]) == (0.25, "slerp")
    assert list(told) == [run.name for run in two]
    for run in two:
        assert np.array_equal(points(at, run), at_ends(prior(run, 5), prior(run, 6)))


@pytest.mark.parametrize("alpha", ["nan", "-1", "2", "half", ""])
def test_an_alpha_that_is_none_starts_at_a(two, alpha):
    assert drawn(shown(alpha=alpha))[0]["start"] == 0


def test_four_ends_make_a_field(two):
    letters = dict.fromkeys("abcd", "Random")
    at = shown(between="Four pictures", **letters, a_seed="11", b_seed="12", c_seed="13", d_seed="14")
    assert (drawn(at)[0]["columns"], drawn(at)[0]["rows"]) == (morph.SIDE, morph.SIDE)
    for run in two:
        assert np.array_equal(points(at, run), at_ends(*(prior(run, seed) for seed in (11, 12, 13, 14))))


def test_the_dice_throw_another_end(two):
    at = shown(a="Random")
    before = points(at, two[0])
    while at.number_input(key="a_seed").value == 1:
        assert at.button(key="a_seed-dice").label == "Another"
        at.button(key="a_seed-dice").click().run()
    assert not np.array_equal(points(at, two[0])[0], before[0])


def test_a_run_with_layers_that_a_browser_is_not_taught_is_drawn_from_frames(two, monkeypatch):
    known = packing.pack
    monkeypatch.setattr(packing, "pack", lambda model, part, **about: known(untaught(model), part, **about))
    for letters in ("ab", "abcd"):
        at = shown(between="Four pictures" if len(letters) == 4 else "Two pictures", **dict.fromkeys(letters, "Random"))
        for run in two:
            told = drawn(at)[1][run.name]
            assert "z" not in told
            frames = np.frombuffer(base64.b64decode(told["frames"]), np.uint8).reshape(-1, 3, 32, 32)
            model, _ = weights.load_model(run)
            z = [prior(run, seed) for seed in range(1, len(letters) + 1)]
            expected = (
                latent.path(*z, steps=morph.FRAMES)
                if len(letters) == 2
                else latent.lattice(torch.stack(z), side=morph.SIDE)
            )
            assert np.array_equal(frames, latent.decode(model, expected))


def untaught(model):
    """The same with a layer at its end that changes nothing."""
    decoder = torch.nn.Sequential(*model.decoder, torch.nn.Identity())
    return type(model)(model.encoder, decoder, latent_dim=model.latent_dim)


def test_a_number_beyond_the_last_picture_begins_anew(two):
    # 12 test pictures: a link from a larger set still opens.
    assert drawn(shown(a_picture="15"))[0]["labels"]["x"].startswith("from test picture 3 ")


def test_runs_of_different_latent_sizes_get_the_same_seed_each_in_its_own_space(folder, photos):
    small, large = add_run(folder, photos, arch="fc"), add_run(folder, photos, latent_dim=7)
    at = shown(runs=f"{small.id},{large.id}", a="Random", b="Random")
    assert "do not use equally many numbers" in words(at)
    for run in (small, large):
        assert np.array_equal(points(at, run), at_ends(prior(run, 1), prior(run, 2)))
    assert "equally many" not in words(shown(runs=f"{small.id},{large.id}"))  # a picture is the same for both


def test_where_the_pictures_are_gone_random_ends_still_work(folder, tmp_path):
    run = add_run(folder, tmp_path / "gone.zip")
    at = shown()
    assert "not here any more" in words(at)
    assert at.segmented_control(key="a").options == [ends.RANDOM, ends.OWN]
    assert np.array_equal(points(at, run), at_ends(prior(run, 1), prior(run, 2)))


def test_a_link_to_a_picture_that_is_gone_opens_with_a_random_end(folder, tmp_path):
    add_run(folder, tmp_path / "gone.zip")
    assert drawn(shown(a="Picture", a_picture="3"))[0]["labels"]["x"] == "from random z, seed 1 to random z, seed 2"


def test_pictures_come_from_the_first_run_that_has_them(folder, photos, tmp_path):
    gone, here = add_run(folder, tmp_path / "gone.zip"), add_run(folder, photos, arch="fc")
    at = shown(runs=f"{gone.id},{here.id}")
    assert "The pictures are 12 of photos" in words(at)
    assert len(drawn(at)[1]) == 2


def test_of_many_runs_the_first_four_are_shown_and_it_says_so(folder, photos):
    made = [add_run(folder, photos, seed=seed) for seed in range(5)]
    at = shown(runs=",".join(run.id for run in made))
    assert "There is room for 4 runs" in words(at)
    assert list(drawn(at)[1]) == [run.name for run in made[:4]]


def test_one_s_own_picture_is_an_end(two, photos, data_dir):
    held_out = datasets.load(str(photos), data_dir=data_dir).test
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    at = shown(a="My own")
    assert "Give a picture for A" in words(at)
    at.file_uploader(key="a_file").set_value(("me.png", images.encode_png(pixels), "image/png")).run()
    assert drawn(at)[0]["labels"]["x"].startswith("from your picture to ")
    for run in two:
        assert np.array_equal(points(at, run), at_ends(mu(run, pixels.transpose(2, 0, 1)), mu(run, held_out[4])))


def test_a_snapshot_of_the_camera_is_an_end_and_is_shown_as_the_models_get_it(two, monkeypatch):
    drawn_pictures = []
    monkeypatch.setattr(crisp, "picture", lambda tiles, **words: drawn_pictures.append((tiles, words["alt"])))
    at = shown(a="My own")
    assert not at.camera_input  # it would ask for the camera at once
    at.segmented_control(key="a_from").set_value(ends.CAMERA).run()
    assert "Give a picture for A" in words(at)
    file = io.BytesIO()
    Image.new("RGB", (640, 480), (200, 40, 90)).save(file, "JPEG", quality=100)
    at.camera_input(key="a_camera").set_value(("shot.jpg", file.getvalue(), "image/jpeg")).run()
    seen = decode(file.getvalue())
    assert drawn(at)[0]["labels"]["x"].startswith("from your picture to ")
    assert np.array_equal(points(at, two[0])[0], mu(two[0], seen))
    (shown_tile,) = [tiles for tiles, alt in drawn_pictures if alt.startswith("your picture, as the models get it")]
    assert np.array_equal(shown_tile, seen[None])


def test_no_link_turns_the_camera_on(two):
    at = shown(a="My own", a_from=ends.CAMERA)
    assert at.segmented_control(key="a_from").value == ends.UPLOAD
    assert not at.camera_input


@pytest.mark.parametrize(
    "data", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40], ids=["empty", "text", "torn"]
)
def test_a_file_that_is_no_picture_is_refused_in_words(two, data):
    at = shown(b="My own")
    at.file_uploader(key="b_file").set_value(("me.png", data, "image/png")).run()
    assert not at.exception
    assert "cannot be read as a picture" in words(at)
    assert "Give a picture for B" in words(at)


def test_damaged_weights_are_reported_in_words(folder, photos):
    run = add_run(folder, photos)
    (run.path / "best.pt").write_bytes(b"torn")
    assert "is damaged" in words(shown())


# ---- pictures of which one thing is known ------------------------------------------------------------------


@pytest.fixture
def pets(folder, tmp_path):
    """A run on 30 test pictures of which every third is a cat."""
    images_ = np.random.default_rng(0).integers(0, 256, (30, 32, 32, 3), np.uint8)
    kinds = np.where(np.arange(30) % 3, "dog", "cat")
    np.savez(tmp_path / "pets.npz", x_train=images_[:8], y_train=kinds[:8], x_test=images_, y_test=kinds)
    return add_run(folder, tmp_path / "pets.npz")


def test_each_end_can_be_of_one_class_alone_and_its_number_is_the_next_that_is(pets):
    at = shown(a_picture=4, a_only="class = cat", b_picture=9, b_only="class = dog")
    assert drawn(at)[0]["labels"]["x"] == "from test picture 6 to test picture 10"
    assert "Picture 6 is the next with class = cat." in words(at)
    at.selectbox(key="b_only").set_value("all").run()
    assert drawn(at)[0]["labels"]["x"] == "from test picture 6 to test picture 9"


def test_the_dice_and_the_sheet_offer_none_but_those(pets):
    at = shown(a_only="class = cat")
    for _ in range(5):
        at.button(key="a_picture-dice").click().run()
        assert at.number_input(key="a_picture").value % 3 == 0
    (sheet_of_a, _) = [
        json.loads(each.proto.json) for each in at.get("bidi_component") if each.proto.component_name == "vaedash_sheet"
    ]
    assert sheet_of_a["count"] == 10  # cats in all


def test_where_nothing_is_known_of_the_pictures_they_cannot_be_chosen_by_it(two):
    assert not shown().selectbox


# ---- in a browser ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server_folder(tmp_path_factory, photos):
    """One run of each architecture, conv's with 64 pixels."""
    folder = tmp_path_factory.mktemp("browser")
    for arch, size in zip(config.PAIR, config.IMAGE_SIZES, strict=True):
        add_run(folder, photos, arch=arch, image_size=size)
    return folder


@pytest.fixture(scope="module")
def server(server_folder, data_dir):
    """The app in a process of its own, with these runs; its address."""
    with Server(server_folder, data_dir) as opened:
        yield f"{opened.url}/interpolate"


# All of these canvases show something.
PAINTED = "all => all.every((one) => one.getContext('2d').getImageData(0, 0, 1, 1).data[3])"


@pytest.fixture
def opened(browser, server, server_folder):
    """Opens the page with both runs; afterwards, no script must have failed and no request have left the machine."""
    contexts, errors, sent = [], [], []

    def open_page(query="?alpha=0.00", *, width=1280, height=900, **looks):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **looks))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: sent.append(request.url))
        page.messages = []
        page.on("websocket", lambda wire: wire.on("framesent", lambda message: page.messages.append(message)))
        both = ",".join(run.id for run in runs.list_runs(server_folder))
        page.goto(f"{server}{query or '?alpha=0.00'}&runs={both}")
        page.locator("output").wait_for()
        page.get_by_text("Drag in a map").or_(page.get_by_text("in ten steps")).first.wait_for()
        settled(page)
        page.wait_for_function(PAINTED, arg=[canvas.element_handle() for canvas in page.locator("canvas").all()])
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
    assert [url for url in sent if not re.match(r"(http://localhost:|data:|blob:)", url)] == []


def pixels(page):
    """What all canvases show that a model draws on."""
    return page.locator("figure:not(.end) canvas").evaluate_all("all => all.map((one) => one.toDataURL())")


def other_pixels(page, before):
    """What they show once that is no longer what they showed before."""
    until(lambda: pixels(page) != before)
    while (now := pixels(page)) != (page.wait_for_timeout(100) or pixels(page)):
        pass
    return now


def alpha(page):
    return int(page.locator("output").inner_text().partition("%")[0]) / 100


def silent(page):
    """How often the page has spoken to the server, once it has been silent for a second."""
    count = -1
    while count != len(page.messages):
        count = len(page.messages)
        page.wait_for_timeout(1000)
    return count


@pytest.mark.slow
def test_the_morph_follows_the_finger_and_tells_the_server_once_it_is_let_go(opened):
    page = opened()
    messages = silent(page)
    slider = page.locator("input[name=x]").bounding_box()
    y = slider["y"] + slider["height"] / 2
    page.mouse.move(slider["x"] + 9, y)
    page.mouse.down()
    seen = [pixels(page)]
    for part in (0.2, 0.4, 0.6, 0.8):
        page.mouse.move(slider["x"] + part * slider["width"], y, steps=5)
        seen.append(other_pixels(page, seen[-1]))
    assert len({tuple(each) for each in seen}) == 5
    assert len(pixels(page)) == 2 and len(set(pixels(page))) == 2
    assert silent(page) == messages
    page.mouse.up()
    until(lambda: f"alpha={alpha(page):.2f}" in page.url)
    assert silent(page) == messages + 1


@pytest.mark.slow
def test_a_finger_across_a_picture_pulls_it_and_one_up_and_down_scrolls(opened):
    page = opened(width=390, height=844, has_touch=True)
    before, picture = pixels(page), page.locator("figure:not(.end) canvas").last
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("one => getComputedStyle(one).touchAction") == "pan-y"
    box = picture.bounding_box()
    page.touchscreen.tap(box["x"] + 0.75 * box["width"], box["y"] + 9)
    other_pixels(page, before)
    assert alpha(page) == pytest.approx(0.75, abs=0.01)
    until(lambda: f"alpha={alpha(page):.2f}" in page.url)


@pytest.mark.slow
def test_places_between_two_steps_are_drawn_too(opened):
    page = opened("?alpha=0.50")
    before = pixels(page)
    box = page.locator("figure:not(.end) canvas").first.bounding_box()
    page.mouse.move(box["x"] + 0.504 * box["width"], box["y"] + 9)
    page.mouse.down()
    other_pixels(page, before)
    page.mouse.up()
    assert alpha(page) == 0.5


@pytest.mark.slow
def test_a_browser_that_is_too_old_says_so(browser, server):
    context = browser.new_context()
    context.add_init_script("delete window.Worker")
    page = context.new_page()
    page.goto(server)
    page.get_by_text("This browser is too old to draw by itself").wait_for()
    context.close()


@pytest.mark.slow
@pytest.mark.parametrize(("way", "place"), [("linear", 0), ("linear", 21), ("slerp", 42)])
def test_each_canvas_has_the_pixels_that_its_model_draws(opened, server_folder, way, place):
    called = {"linear": "Straight", "slerp": "Spherical"}[way]
    page = opened(f"?alpha={place / 63}&way={called}&a=Random&a_seed=1&b=Random&b_seed=2")
    shown = page.locator("figure:not(.end) canvas").evaluate_all(
        "all => all.map((one) => [one.width, ...one.getContext('2d').getImageData(0, 0, one.width, one.height).data])"
    )
    drawn = {width: np.array(levels, np.uint8).reshape(width, width, 4) for width, *levels in shown}
    runs_there = {run.config.image_size: run for run in runs.list_runs(server_folder)}
    assert drawn.keys() == runs_there.keys() == {*config.IMAGE_SIZES}
    for side, run in runs_there.items():
        expected = between(run, prior(run, 1), prior(run, 2), method=way)[place].transpose(1, 2, 0)
        assert (
            np.abs(drawn[side][..., :3].astype(int) - expected).max() <= 1
        )  # its weights are rounded to half precision


CAMERA = """() => {
    window.asked = 0
    const canvas = Object.assign(document.createElement('canvas'), {width: 640, height: 480})
    setInterval(() => canvas.getContext('2d').fillRect(0, 0, 640, 480), 40)
    navigator.mediaDevices.getUserMedia = async () => { window.asked += 1; return canvas.captureStream() }
}"""


@pytest.mark.slow
def test_the_browser_is_asked_for_its_camera_once_that_is_chosen_and_a_snapshot_is_an_end(opened):
    page = opened()
    page.evaluate(CAMERA)
    page.locator(".st-key-seat-A button").first.click()
    page.locator(".st-key-a").get_by_role("radio", name=ends.OWN).click()
    page.get_by_text("Give a picture for A").wait_for()
    page.wait_for_timeout(1000)
    assert page.evaluate("window.asked") == 0
    page.locator(".st-key-a_from").get_by_role("radio", name=ends.CAMERA).click()
    page.get_by_role("button", name="Take Photo").click()
    page.get_by_alt_text(re.compile("your picture, as the models get it")).wait_for()
    page.get_by_text("Give a picture for A").wait_for(state="hidden")
    assert page.evaluate("window.asked") >= 1


@pytest.mark.slow
def test_a_link_opens_where_it_was_left(opened):
    page = opened("?alpha=0.75&a=Random&a_seed=42&way=Spherical")
    assert alpha(page) == 0.75
    page.locator(".st-key-seat-A button").first.click()
    expect(page.get_by_role("spinbutton", name="Seed")).to_have_value("42")


@pytest.mark.slow
def test_it_plays_there_and_back_and_pauses(opened):
    page = opened()
    page.get_by_role("button", name="Play").click()
    seen = set()
    until(lambda: seen.add(tuple(pixels(page))) or len(seen) > 3)
    page.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(300)
    still = pixels(page)
    page.wait_for_timeout(300)
    assert pixels(page) == still


@pytest.mark.slow
def test_where_motion_is_unwanted_it_plays_in_the_ten_steps_of_the_study(opened):
    page = opened(reduced_motion="reduce")
    page.get_by_role("button", name="Play").click()
    seen = set()
    assert until(lambda: seen.add(alpha(page)) or len(seen) > 3) > 2  # seconds: three steps, at their leisure
    assert seen <= {round(step / 9, 2) for step in range(10)}


@pytest.mark.slow
def test_keys_move_it_and_space_plays(opened):
    page = opened()
    messages = silent(page)
    page.locator("input[name=x]").focus()
    page.keyboard.press("End")
    assert alpha(page) == 1
    page.keyboard.press("ArrowLeft")
    assert alpha(page) == round(62 / 63, 2)
    last = pixels(page)
    page.keyboard.press("Home")
    first = other_pixels(page, last)
    page.keyboard.down("ArrowRight")
    assert other_pixels(page, first) and alpha(page) == round(1 / 63, 2)
    page.keyboard.up("ArrowRight")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Pause").wait_for()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Play").wait_for()
    assert silent(page) > messages


@pytest.mark.slow
def test_a_clicked_picture_becomes_an_end_and_the_place_stays(opened):
    page = opened("?alpha=0.50")
    before = pixels(page)
    page.locator(".st-key-seat-A button").first.click()
    page.get_by_alt_text("Some of the test pictures").first.click(position={"x": 5, "y": 5})
    page.wait_for_url("**a_picture=0*")
    expect(page.locator("input[aria-label='Test picture']")).to_have_value("0")
    until(lambda: pixels(page) != before)
    assert alpha(page) == 0.5


@pytest.mark.slow
def test_a_finger_in_one_map_leads_all_runs(opened):
    page = opened("?between=Four+pictures")
    before = pixels(page)
    box = page.locator(".map canvas").first.bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    expect(page.locator("output")).to_have_text("0.00 across, 0.00 down")
    page.mouse.move(box["x"] + box["width"] + 50, box["y"] + box["height"] / 2)
    expect(page.locator("output")).to_have_text("1.00 across, 0.50 down")
    page.mouse.up()
    after = other_pixels(page, before)
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True, False]
    page.locator("input[name=y]").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("output")).to_have_text(f"1.00 across, {5 / 12:.2f} down")


@pytest.mark.slow
@pytest.mark.parametrize("query", ["", "?between=Four+pictures"])
def test_it_fits_a_phone(opened, query):
    page = opened(query, width=390, height=844)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for canvas in page.locator("canvas").all():
        box = canvas.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert page.get_by_test_id("stMain").evaluate("element => element.scrollWidth") <= 390


@pytest.mark.slow
def test_the_morph_and_the_stills_can_be_taken_away(opened):
    page = opened()
    for name, size, count in (
        ("GIF", (2 * 192 + 6, 192), 2 * morph.FRAMES - 2),
        ("PNG", (10 * 132 - 4, 2 * 132 - 4), 1),
    ):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        with Image.open(download.value.path()) as picture:
            assert (picture.format, picture.size, getattr(picture, "n_frames", 1)) == (name, size, count)
