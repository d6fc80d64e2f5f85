"""Drawings that a page makes itself: how each architecture looks at a picture, and numbers as bars."""

import re
import xml.etree.ElementTree

import numpy as np
import pytest

from vaedash import config
from vaedash.showing import machines
from vaedash.ui import decoded, squeezed

PICTURE = np.full((3, 32, 32), 90, np.uint8)
SVG = "{http://www.w3.org/2000/svg}"


def parts(drawn, kind):
    return list(xml.etree.ElementTree.fromstring(drawn).iter(f"{SVG}{kind}"))


@pytest.mark.parametrize("arch", config.ARCHS)
def test_each_architecture_is_drawn_looking_at_the_picture_moment_by_moment(arch):
    drawn = machines.drawing(arch, PICTURE)
    (image,) = parts(drawn, "image")
    assert image.get("href").startswith("data:image/png;base64,") and machines.IN_WORDS[arch]
    moments = [group for group in parts(drawn, "g") if group.get("class") == "moment"]
    delays = [float(re.search(r"([\d.]+)s", moment.get("style"))[1]) for moment in moments]
    assert len(moments) > 4 and delays == sorted(delays) and delays[-1] < machines.LAP
    assert "prefers-reduced-motion" in drawn


def test_the_window_looks_at_every_place_once():
    squares = [
        group.find(f"{SVG}rect") for group in parts(machines.drawing("conv", PICTURE), "g") if group.get("class")
    ]
    places = {(square.get("x"), square.get("y")) for square in squares}
    assert len(places) == len(squares) == 16


def test_an_architecture_of_ones_own_is_not_drawn():
    assert machines.drawing("mine", PICTURE) is None


@pytest.mark.parametrize("numbers", [[2.0, -1.0, 0.5], [0.1], []])
def test_bars_go_up_and_down_as_far_as_the_numbers(numbers):
    drawn = squeezed.bars(np.array(numbers, np.float32), hue="#123456")
    bars = [(float(bar.get("y")), float(bar.get("height"))) for bar in parts(drawn, "rect")]
    middle, longest = squeezed.HEIGHT / 2, max([1.0, *map(abs, numbers)])
    for (top, height), number in zip(bars, numbers, strict=True):
        assert height == pytest.approx(0.46 * squeezed.HEIGHT * abs(number) / longest, abs=0.1)
        assert (top if number < 0 else top + height) == pytest.approx(middle, abs=0.1)
    assert "prefers-reduced-motion" in drawn


def test_a_picture_is_squeezed_into_the_numbers_in_use_and_drawn_from_these_alone(pair):
    import torch

    from vaedash.models import latent
    from vaedash.runs import weights

    run, photo = pair.run("conv"), pair.run("conv").pictures.originals()[0]
    kept = run.figures.kl_by_latent()[run.best_epoch - 1]
    used = [number for number in np.argsort(-kept, kind="stable") if kept[number] > config.ACTIVE_KL]
    mu, redrawn = decoded.squeezed(run, photo)
    model, _ = weights.load_model(run)
    z = torch.zeros(run.config.latent_dim)
    z[used] = latent.encode(model, photo[None])[0][0][used]
    np.testing.assert_allclose(mu, z[used].numpy(), atol=1e-6)
    np.testing.assert_array_equal(redrawn, latent.decode(model, z[None])[0])


def test_without_a_record_of_what_latents_say_the_picture_itself_tells_which_are_in_use(trained, pair):
    from vaedash import runs

    run = runs.find(trained, "latest:conv")
    (run.path / "kl_by_latent.npy").unlink()
    mu, redrawn = decoded.squeezed(run.reread(), run.pictures.originals()[0])
    assert 0 < len(mu) <= run.config.latent_dim and redrawn.shape == config.USUAL_FRAME.shape
