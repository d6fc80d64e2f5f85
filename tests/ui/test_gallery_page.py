"""The Gallery, as a person finds it, and what it computes: error maps, rows in turn, the loss of each image."""

import base64
import functools
import json
import re

import numpy as np
import own_arch
import pytest
import torch
import visitor
from hand import expect, press, settled
from visitor import pictures, words

from vaedash import datasets, images, places, runs
from vaedash.browser import packing
from vaedash.measuring import heldout
from vaedash.measuring.heldout import HeldOut
from vaedash.models import latent, own
from vaedash.runs import listing, weights

shown = functools.partial(visitor.shown, "gallery")


def cut(run, epochs):
    run.write_metrics(run.epochs[:epochs])


def forget_weights(run):
    for file in run.path.glob("*.pt"):
        file.unlink()


def lose_images(folder, *, dataset="/nowhere/boxes.zip"):
    for run in listing.folders(folder):
        record = json.loads((run.path / "config.json").read_text())
        (run.path / "config.json").write_text(json.dumps(record | {"dataset": dataset}))


# ---- the page --------------------------------------------------------------------------------------------


def test_without_runs_it_says_where_to_begin(tmp_path, monkeypatch):
    monkeypatch.setenv("VAEDASH_RUNS", str(tmp_path))
    assert "Nothing has been trained yet" in words(shown())


def test_a_run_without_an_epoch_has_no_pictures_yet(tmp_path, monkeypatch, tiny):
    monkeypatch.setenv("VAEDASH_RUNS", str(tmp_path))
    runs.create(tmp_path, tiny())
    assert "Its first pictures come with its first epoch." in words(shown())


def test_one_slider_drives_every_run_and_one_that_ended_earlier_waits(trained):
    cut(runs.find(trained, "latest:fc"), 3)
    at = shown()
    assert at.slider(key="epoch").value == 6
    at.slider(key="epoch").set_value(5).run()
    texts = [alt for alt, _ in pictures(at)]
    assert len(texts) == len(at.get("download_button")) == 2
    assert any("After epoch 5 of 6 (loss" in text for text in texts)
    assert any("After epoch 3 of 3 (loss" in text and "it waits here" in text for text in texts)


def test_photographs_come_with_their_originals_kept_or_held_out_and_without_where_these_are_gone(trained):
    at = shown(kind="New pictures", epoch=5)
    assert at.slider(key="epoch").value == 5  # from the address
    with_originals = pictures(at)
    assert all("below each how it redraws them" in alt for alt, _ in with_originals)
    for file in trained.glob("*/samples/originals.png"):
        file.rename(file.with_suffix(".away"))
    assert pictures(at.run()) == with_originals  # now out of the dataset
    lose_images(trained)
    assert all("the originals are gone or have changed" in alt for alt, _ in pictures(at.run()))
    for file in trained.glob("*/samples/originals.away"):
        file.rename(file.with_suffix(".png"))
    assert pictures(at.run()) == with_originals  # only what each run kept is left


def test_play_goes_from_epoch_to_epoch_and_round_again(trained):
    at = shown(epoch=5)
    at.toggle(key="playing").set_value(True).run()
    assert at.slider(key="epoch").value == 6
    at.run()
    assert at.slider(key="epoch").value == 1


def test_a_choice_of_runs_with_fewer_epochs_takes_the_slider_back(trained):
    at = shown()
    for run in runs.list_runs(trained):
        cut(run, 4)
    assert at.run().slider(key="epoch").value == 4
    for run in runs.list_runs(trained):
        cut(run, 1)
    at.run()
    assert not at.exception and not at.slider and "After epoch 1 of 1" in pictures(at)[0][0]


def thrown(at):
    """What the browser is told of the dice; None where it is told nothing."""
    told = [each.proto for each in at.get("bidi_component") if each.proto.component_name == "vaedash_throws"]
    return json.loads(told[0].json) if told else None


def test_the_same_z_go_through_all_runs_at_the_temperature_asked_for(trained):
    at = shown(view="Made up", seed=3, temperature=0.5)
    data = thrown(at)
    assert (data["seed"], data["temperature"], data["count"], data["columns"]) == (3, 0.5, 36, 6)
    assert [run["size"] for run in data["runs"]] == [4, 4] and len({run["part"] for run in data["runs"]}) == 2
    for later, packed in enumerate(data["throws"]["4"]):
        z = np.frombuffer(base64.b64decode(packed), np.float32).reshape(36, 4)
        np.testing.assert_array_equal(z, latent.prior(36, 4, seed=3 + later).numpy())
    assert [button.proto.label for button in at.get("download_button")] == ["PNG of FC", "PNG of conv"]
    (commands,) = (code.value for code in at.code)
    assert commands.splitlines() == [
        f"python -m vaedash generate {run.id} --n 36 --seed 3 --temperature 0.5"
        for run in (runs.find(trained, "latest:fc"), runs.find(trained, "latest:conv"))
    ]
    at.number_input(key="seed").set_value(4)
    at.button_group(key="count").set_value(64).run()
    assert (thrown(at)["seed"], thrown(at)["count"]) == (4, 64) and not at.exception


@pytest.mark.parametrize("temperature", ["nan", "-1", "2.1", "1e999", "warm", ""])
def test_a_temperature_that_is_none_is_that_of_training(trained, temperature):
    assert thrown(shown(view="Made up", temperature=temperature))["temperature"] == 1


def test_the_last_seed_is_followed_by_the_first(trained):
    data = thrown(shown(view="Made up", seed=2**31 - 1, count=16))
    after = np.frombuffer(base64.b64decode(data["throws"]["4"][1]), np.float32)
    np.testing.assert_array_equal(after, latent.prior(16, 4, seed=0).numpy().ravel())


def test_a_run_with_layers_that_a_browser_is_not_taught_is_drawn_here(trained, monkeypatch):
    monkeypatch.setattr(packing, "pack", lambda *_, **__: None)
    at = shown(view="Made up", seed=3, temperature=0.5)
    assert thrown(at) is None
    assert [caption.split(",")[0] for _, caption in pictures(at)] == ["Draw 3 at temperature 0.5"] * 2
    assert len(at.get("download_button")) == 2


def test_each_photograph_stands_above_what_each_run_makes_of_it_with_its_loss_and_error(trained):
    at = shown(view="Redrawn", order="In order", photo=10)
    shot = pictures(at)
    assert len(shot) == 8 * (1 + 2 * 2) and len(at.get("download_button")) == 1
    # From number 10 of 12 on, and round again.
    assert [caption for _, caption in shot if caption.startswith("number")] == [
        f"number {n}" for n in (10, 11, 0, 1, 2, 3, 4, 5)
    ]
    run = runs.find(trained, "latest:conv")
    model, _ = weights.load_model(run)
    test = datasets.load(run.config.dataset, data_dir=places.data_dir()).test
    loss = heldout.evaluate(model, HeldOut.of(test, run.config.latent_dim)).loss_by_image(beta=1.0)
    assert any(caption.endswith(f"conv **{loss[10]:.1f}**") for _, caption in shot)
    at.button_group(key="order").set_value("random").run()
    assert len(pictures(at)) == len(shot) and not at.exception


def test_a_run_without_weights_shows_what_it_left(trained):
    forget_weights(runs.find(trained, "latest:fc"))
    at = shown(view="Made up")
    assert "Without weights it cannot draw anew" in words(at) and len(pictures(at)) == 1
    assert [run["name"] for run in thrown(at)["runs"]] == ["conv"]
    at = shown(view="Redrawn")
    assert "only the last grid" in words(at) and len(pictures(at)) == 8 * 3 + 1


def test_gone_photographs_are_said_and_everything_else_goes_on(trained):
    lose_images(trained)
    at = shown(view="Redrawn")
    assert "The pictures are gone or have changed" in words(at) and "/nowhere/boxes.zip" in words(at)
    assert len(pictures(at)) == 2  # the grids that the runs left
    data = thrown(shown(view="Made up"))
    assert len(data["runs"]) == 2 and data["real"]["count"] == 12  # that a run kept


def test_a_run_that_finds_the_photographs_no_more_is_shown_those_of_another_that_has_the_same(trained):
    before = pictures(shown(view="Redrawn"))
    fc = runs.find(trained, "latest:fc")
    record = json.loads((fc.path / "config.json").read_text())
    (fc.path / "config.json").write_text(json.dumps(record | {"dataset": "/nowhere/boxes.zip"}))
    at = shown(view="Redrawn")
    assert "gone or have changed" not in words(at) and "only the last grid" not in words(at)
    assert pictures(at) == before and len(before) == 8 * (1 + 2 * 2)


def test_a_run_that_was_passed_on_without_its_images_says_so(trained):
    lose_images(trained, dataset="Boxes, a copy")
    at = shown(view="Redrawn")
    assert "came without its images, Boxes, a copy" in words(at) and len(pictures(at)) == 2


def test_a_run_of_an_architecture_that_nobody_here_trusts_shows_its_pictures_and_says_what_to_do(
    trained, tmp_path, monkeypatch
):
    monkeypatch.setenv("VAEDASH_DATA", str(tmp_path / "own-data"))
    run = runs.find(trained, "latest:fc")
    record = json.loads((run.path / "config.json").read_text())
    arch = own_arch.kept(tmp_path, "theirs")
    source = own_arch.forgotten(arch) and own_arch.SOURCE.encode()
    (run.path / "config.json").write_text(json.dumps(record | {"arch": arch}))
    assert pictures(shown(view="As they learn"))
    at = shown(view="Made up")
    assert f"python -m vaedash trust {run.id}" in words(at) and "cannot draw" in words(at)
    assert len(pictures(at)) == 1  # what it drew itself, after its last epoch
    own.trust(arch, source)
    at = shown(view="Made up")
    assert "trust" not in words(at) and "holds the weights of another model" in words(at)


def test_a_damaged_run_is_in_nobodys_way(trained):
    (runs.find(trained, "latest:fc").path / "config.json").write_text("{")
    for view in ("As they learn", "Redrawn"):
        assert pictures(shown(view=view))
    assert thrown(shown(view="Made up"))


# ---- what it computes ------------------------------------------------------------------------------------


def test_an_error_map_is_black_where_right_and_brightest_from_the_top_on():
    original = np.zeros((1, 3, 1, 4), np.uint8)
    other = original.copy()
    other[0, :, 0, 1] = (153, 153, 0)  # 0.6, 0.6 and 0 of full brightness: 0.4 on average
    other[0, :, 0, 2] = 255
    other[0, :, 0, 3] = 51  # 0.2: half of the scale
    drawn = images.error_map(original, other)
    assert drawn.shape == original.shape and drawn.dtype == np.uint8
    assert drawn[0, :, 0, 0].tolist() == [0, 0, 4]
    assert drawn[0, :, 0, 1].tolist() == drawn[0, :, 0, 2].tolist() == [252, 255, 164]
    assert drawn[0, :, 0, 3].tolist() == [186, 57, 82]  # halfway between (159, 42, 99) and (212, 72, 66), to even
    np.testing.assert_array_equal(drawn, images.error_map(other, original))


def test_an_error_map_gets_brighter_with_the_error():
    original = np.zeros((1, 3, 1, 103), np.uint8)
    drawn = images.error_map(original, original + np.arange(103, dtype=np.uint8))
    luminance = np.array([0.2126, 0.7152, 0.0722]) @ drawn[0, :, 0, :]
    assert (np.diff(luminance) > 0).all()


def test_rows_of_several_sets_take_turns_and_a_short_row_is_filled_up():
    a = np.arange(1, 6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 3, 2, 2), np.uint8)
    turned = images.in_turn([a, a + 10], columns=3)
    assert turned[:, 0, 0, 0].tolist() == [1, 2, 3, 11, 12, 13, 4, 5, 255, 14, 15, 255]


def test_the_loss_of_an_image_is_what_an_independent_computation_gives(pair):
    run = pair.run("fc")
    model, _ = weights.load_model(run)
    test = datasets.load(run.config.dataset, data_dir=pair.data_dir).test
    noise = latent.heldout_noise(len(test), run.config.latent_dim)
    losses = heldout.evaluate(model, HeldOut.of(test, run.config.latent_dim)).loss_by_image(beta=2.5)
    for number, pixels in enumerate(test):
        x = torch.tensor(pixels[None] / 255, dtype=torch.float32)
        mu, logvar = model.encode(x)
        decoded = model.decode(mu + torch.exp(logvar / 2) * noise[number])
        prior = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
        kl = torch.distributions.kl_divergence(torch.distributions.Normal(mu, torch.exp(logvar / 2)), prior).sum()
        assert losses[number] == pytest.approx(float(((decoded - x) ** 2).sum() + 2.5 * kl), rel=1e-5)


@pytest.mark.parametrize("arch", ["fc", "conv"])
def test_the_mean_of_the_losses_is_the_test_loss_that_training_reported(pair, arch):
    run = pair.run(arch)
    model, epoch = weights.load_model(run)
    test = datasets.load(run.config.dataset, data_dir=pair.data_dir).test
    beta = run.config.beta_at(epoch)
    losses = heldout.evaluate(model, HeldOut.of(test, run.config.latent_dim)).loss_by_image(beta=beta)
    assert losses.mean() == pytest.approx(run.epochs[epoch - 1]["test_loss"], rel=1e-5)


def test_the_noise_is_that_of_training():
    pixels = np.zeros((7, 3, 32, 32), np.uint8)
    assert torch.equal(latent.heldout_noise(7, 5), HeldOut.of(pixels, 5, "cpu").noise)


# ---- those of which one thing is known ---------------------------------------------------------------------


@pytest.fixture
def of_classes(folder, tmp_path):
    """An fc and a conv that nobody trained, on 30 test pictures of which every third is a cat."""
    images = np.random.default_rng(0).integers(0, 256, (30, 32, 32, 3), np.uint8)
    kinds = np.where(np.arange(30) % 3, "dog", "cat")
    np.savez(tmp_path / "pets.npz", x_train=images[:8], y_train=kinds[:8], x_test=images, y_test=kinds)
    for seed, arch in enumerate(("fc", "conv")):
        run = visitor.make_run(folder, dataset=str(tmp_path / "pets.npz"), dataset_facts={}, arch=arch)
        visitor.give_weights(run, seed=seed)
    return folder


def numbers_shown(at):
    captions = [caption for _, caption in pictures(at) if caption.startswith("number ")]
    return [int(caption.removeprefix("number ")) for caption in captions]


def test_pictures_of_one_class_alone_are_redrawn_in_order_and_at_random_as_the_address_says(of_classes):
    at = shown(view="Redrawn", order="In order", photo=4, only="class = cat")
    assert at.selectbox(key="only").options == ["all", "class = cat", "class = dog"]
    assert numbers_shown(at) == [6, 9, 12, 15, 18, 21, 24, 27]  # the first cat from number 4 on
    drawn = numbers_shown(shown(view="Redrawn", photo=4, only="class = cat"))
    assert len(set(drawn)) == 8 and all(number % 3 == 0 for number in drawn)
    at.selectbox(key="only").set_value("all").run()
    assert numbers_shown(at) == [*range(4, 12)]


def test_a_link_to_a_class_that_there_is_not_shows_all(of_classes):
    assert numbers_shown(shown(view="Redrawn", order="In order", only="class = hen")) == [*range(8)]


def test_of_pictures_of_which_nothing_is_known_none_can_be_chosen_by_it(trained):
    assert not shown(view="Redrawn").selectbox


# ---- in a browser ----------------------------------------------------------------------------------------


LEVELS = """all => all.map((one) => {
    const look = one.getContext('2d').getImageData(0, 0, one.width, one.height)
    return [one.width, ...look.data]
})"""


def levels(tab):
    """What each run's grid shows, `(height, width, 3)`; the real pictures are the first."""
    tab.wait_for_timeout(300)
    drawn = tab.locator(".throws canvas").evaluate_all(LEVELS)
    return [np.array(one, np.uint8).reshape(-1, width, 4)[..., :3].astype(int) for width, *one in drawn][1:]


def by_torch(folder, *, seed, temperature, count):
    """The same by torch, white between the pictures."""
    for arch in ("fc", "conv"):
        run = runs.find(folder, f"latest:{arch}")
        model, _ = weights.load_model(run)
        z = latent.prior(count, run.config.latent_dim, seed=seed, temperature=temperature)
        yield images.grid(latent.decode(model, z), columns=4, gap=1).astype(int)


def same(shown_, drawn):
    """Whether all pictures are the same, to one level; what lies between them is clear, or white."""
    between = np.arange(shown_.shape[0]) % 33 == 32
    inside = ~between[:, None] & ~between[None]
    return np.abs(shown_ - drawn)[inside].max() <= 1


@pytest.mark.slow
def test_dice_and_temperature_draw_what_the_command_line_draws_and_stand_in_the_address(anyone, classroom):
    failed = []
    anyone.on("pageerror", lambda error: failed.append(str(error)))
    chosen = ",".join(runs.find(classroom.folder, f"latest:{arch}").id for arch in ("fc", "conv"))
    anyone.goto(f"{classroom.url}/gallery?view=Made+up&count=16&seed=5&runs={chosen}")
    expect(anyone.locator(".throws output")).to_have_text("draw 5, temperature 1.0")
    settled(anyone)
    for _ in range(3):
        press(anyone.get_by_role("button", name="New dice"))
    expect(anyone.locator(".throws output")).to_have_text("draw 8, temperature 1.0")
    expect(anyone.get_by_role("spinbutton", name="Draw")).to_have_value("8")
    slider = anyone.get_by_role("slider", name="Temperature")
    slider.focus()
    for _ in range(3):
        anyone.keyboard.press("ArrowLeft")
    expect(anyone.locator(".throws output")).to_have_text("draw 8, temperature 0.7")
    expect(anyone).to_have_url(re.compile("seed=8.*temperature=0.7"))
    settled(anyone)
    drawn = [*by_torch(classroom.folder, seed=8, temperature=0.7, count=16)]
    assert [same(*pair) for pair in zip(levels(anyone), drawn, strict=True)] == [True, True]
    field = anyone.get_by_role("spinbutton", name="Draw")
    field.fill("2000")
    field.press("Enter")
    expect(anyone.locator(".throws output")).to_have_text("draw 2000, temperature 0.7")
    settled(anyone)
    drawn = [*by_torch(classroom.folder, seed=2000, temperature=0.7, count=16)]
    assert [same(*pair) for pair in zip(levels(anyone), drawn, strict=True)] == [True, True]
    assert anyone.get_by_test_id("stMain").evaluate("element => element.scrollWidth <= window.innerWidth")
    assert failed == []


@pytest.mark.slow
def test_while_the_temperature_is_pulled_pictures_follow_and_the_server_is_told_once(anyone, classroom):
    messages = []
    anyone.on("websocket", lambda wire: wire.on("framesent", lambda message: messages.append(message)))
    anyone.goto(f"{classroom.url}/gallery?view=Made+up&count=16")
    expect(anyone.locator(".throws output")).to_have_text("draw 0, temperature 1.0")
    settled(anyone)
    slider = anyone.get_by_role("slider", name="Temperature")
    slider.scroll_into_view_if_needed()
    anyone.wait_for_timeout(1500)
    box, before = slider.bounding_box(), levels(anyone)
    messages.clear()
    anyone.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    anyone.mouse.down()
    for part in (0.4, 0.2, 0.0):
        anyone.mouse.move(box["x"] + part * box["width"], box["y"] + box["height"] / 2)
        anyone.wait_for_timeout(50)
    cold = levels(anyone)
    assert messages == []
    assert all((old != new).any() for old, new in zip(before, cold, strict=True))
    tiles = [grid[:131, :131] for grid in cold]
    assert all((tile[:32, :32] == tile[33:65, 99:131]).all() for tile in tiles)  # at 0 all are the average
    anyone.mouse.up()
    expect(anyone).to_have_url(re.compile("temperature=0$"))
    assert len(messages) == 1


@pytest.mark.slow
def test_grids_of_three_runs_and_the_real_one_share_a_row_whole_pixels_large(anyone, clone):
    chosen = [run.id for run in listing.list_runs(clone.folder)][:3]
    anyone.goto(f"{clone.url}/gallery?runs={','.join(chosen)}")
    grids = anyone.locator('[data-testid="stImage"] img')
    expect(grids).to_have_count(4)
    settled(anyone)
    stand = grids.evaluate_all(
        "all => all.map((one) => { const at = one.getBoundingClientRect(); return [at.x, at.width] })"
    )
    lefts, widths = zip(*stand, strict=True)
    by_touch = anyone.viewport_size["width"] < 400
    assert len(set(lefts)) == (1 if by_touch else 4)
    assert by_touch or set(widths) == {2 * (4 * 33 - 1)}  # four pictures across, twice as large as they are
    assert anyone.get_by_test_id("stMain").evaluate("element => element.scrollWidth <= window.innerWidth")
