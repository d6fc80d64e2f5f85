"""Quality beyond the loss: against closed forms, against sets whose distance is known, and on a trained model."""

import math
import shutil
from collections.abc import Iterator

import independent
import numpy as np
import pytest
import torch
from torch import nn

from vaedash import datasets, runs
from vaedash.comparing import results
from vaedash.datasets import Dataset, shapes
from vaedash.measuring import after, measures, quality
from vaedash.measuring.workers import Workers
from vaedash.models import latent
from vaedash.models.vae import VAE
from vaedash.runs import RunFolder, weights

BETA = 0.5
PIXELS = 3 * 32 * 32
# What is measured by itself of pictures of which nothing is said.
ALONE = {name for name, measure in measures.MEASURES.items() if not measure.labelled} - {"fid", "kid"}


@pytest.fixture
def workers() -> Iterator[Workers]:
    with Workers() as hired:
        yield hired


class Linear(nn.Module):
    """A decoder x = W z + c, whose exact posterior and likelihood are known."""

    def __init__(self, latent_dim: int = 3) -> None:
        super().__init__()
        torch.manual_seed(0)
        columns = torch.linalg.qr(torch.randn(PIXELS, latent_dim, dtype=torch.float64))[0]
        self.w = nn.Parameter((columns * torch.tensor([3.0, 2.0, 1.0])[:latent_dim]).float())
        self.c = nn.Parameter(torch.full((PIXELS,), 0.5))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return (z @ self.w.T + self.c).view(-1, 3, 32, 32)


class Posterior(nn.Module):
    """The encoder that belongs to it; `wider` than the exact posterior by a factor on sigma, if not 1."""

    def __init__(self, decoder: Linear, wider: float = 1.0) -> None:
        super().__init__()
        self.decoder, self.wider = decoder, wider

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        w = self.decoder.w
        precision = 1 + 2 / BETA * w.square().sum(0)  # diagonal, since the columns of W are orthogonal
        mu = (images.flatten(1) - self.decoder.c) @ w * 2 / BETA / precision
        logvar = (-precision.log() + 2 * math.log(self.wider)).expand(mu.shape)
        return torch.cat([mu, logvar], dim=1)


def linear(wider: float = 1.0) -> VAE:
    decoder = Linear()
    return VAE(Posterior(decoder, wider), decoder, latent_dim=3).eval().requires_grad_(False)


def drawn(count: int) -> np.ndarray:
    """Images of that linear model's own, so that it is not far off."""
    torch.manual_seed(1)
    return latent.to_uint8(Linear()(torch.randn(count, 3)).detach() + 0.05 * torch.randn(count, 3, 32, 32))


def exact(images: np.ndarray) -> float:
    """-beta ln of the integral of exp(-|x - Wz - c|^2 / beta) over the prior, mean over images."""
    decoder = Linear()
    w, c = decoder.w.detach().double(), decoder.c.detach().double()
    x = latent.to_float(torch.from_numpy(images)).flatten(1).double() - c
    spread = torch.eye(3, dtype=torch.float64) * BETA / 2 + w.T @ w
    quadratic = x.square().sum(1) - ((x @ w) @ torch.linalg.inv(spread) * (x @ w)).sum(1)
    volume = torch.logdet(torch.eye(3, dtype=torch.float64) + 2 / BETA * w.T @ w)
    return (quadratic + BETA / 2 * volume).mean().item()


def test_with_the_exact_posterior_the_bound_is_the_likelihood_for_any_number_of_draws(workers):
    images = drawn(20)
    for draws in (1, 4, 64):
        bound = quality.importance_bound(linear(), images, workers, beta=BETA, draws=draws)
        assert bound["value"] == pytest.approx(exact(images), abs=2e-3)
        assert (bound["n"], bound["k"]) == (20, draws)


def test_with_another_posterior_the_bound_falls_from_the_loss_towards_the_likelihood(workers):
    images = drawn(50)
    figures = {
        draws: quality.importance_bound(linear(1.5), images, workers, beta=BETA, draws=draws)
        for draws in (1, 4, 16, 64)
    }
    bounds = [figures[draws]["value"] for draws in figures]
    assert bounds == sorted(bounds, reverse=True)
    assert exact(images) < bounds[-1] + 1e-3
    # One draw: the loss itself, on average; what is left of the gap after 64 is little.
    assert bounds[0] == pytest.approx(figures[64]["loss"], abs=0.25)
    assert bounds[-1] - exact(images) < 0.1 * (figures[64]["loss"] - exact(images))


def test_similarity_is_what_the_definition_says(workers):
    images = drawn(8)
    model = linear()
    alike = quality.similarity(model, images, workers)
    pixels = latent.to_float(torch.from_numpy(images))
    redrawn = model.decode(model.encode(pixels)[0])
    errors = (redrawn - pixels).square().mean(dim=(1, 2, 3))
    assert alike["psnr"]["value"] == pytest.approx((10 * torch.log10(1 / errors)).mean().item(), rel=1e-5)
    assert alike["psnr"]["n"] == alike["ssim"]["n"] == 8
    assert 0 < alike["ssim"]["value"] < 1


class Copy(nn.Module):
    """Keeps everything, or answers with what is given."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))  # a model has some

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x.flatten(1), torch.zeros_like(x.flatten(1))], 1) if x.ndim == 4 else x.view(-1, 3, 32, 32)


@pytest.mark.parametrize("arch", ["fc", "conv"])
def test_every_measure_is_what_other_libraries_and_double_precision_make_it(pair, arch):
    run = pair.run(arch)
    model, _ = weights.load_model(run)
    dataset = datasets.load(run.config.dataset, data_dir=pair.data_dir)
    found = independent.compared(model, dataset, beta=run.config.beta, say=lambda what: None)
    assert {measures.MEASURES[name].title for name in ALONE} <= set(found)
    for measure, (theirs, ours) in found.items():
        # A step is the mean of a stretch: the worst of finer ones is a little worse.
        near = 0.05 if measure == "worst step, 1,024 frames" else 1e-3
        assert theirs == pytest.approx(ours, rel=near), measure


def test_windows_over_the_border_do_not_count_as_similar():
    """Outside of the windows that lie within the picture, nothing changes the figure by what is beyond the border."""
    images = drawn(3)
    framed = images.copy()
    framed[:, :, 5:-5, 5:-5] = 255 - framed[:, :, 5:-5, 5:-5]
    likeness = independent.similarity(independent.pixels_of(images), independent.pixels_of(framed))[1]
    assert quality._ssim(*map(quality._floats, (framed, images))).mean().item() == pytest.approx(likeness, abs=1e-6)


def test_what_is_kept_whole_is_as_similar_as_can_be(workers):
    alike = quality.similarity(VAE(Copy(), Copy(), latent_dim=1), drawn(3), workers)
    assert alike["psnr"]["value"] == 100.0
    assert alike["ssim"]["value"] == pytest.approx(1.0)


def blurred(images: np.ndarray) -> np.ndarray:
    blur = quality._blur(32) @ quality._blur(32)
    return latent.to_uint8(blur @ latent.to_float(torch.from_numpy(images)) @ blur.T)


def test_sets_of_the_same_kind_are_close_and_others_are_not_each_in_the_band_where_they_differ(workers):
    images = shapes.make(n_train=0, n_test=1200).test
    some, others = images[:600], images[600:]
    dots = np.random.default_rng(0).integers(0, 256, some.shape, dtype=np.uint8)
    same, floor, soft, noise = quality.patch_distances(some, (some, others, blurred(some), dots), workers)
    assert same["value"] == 0
    assert floor["value"] < soft["value"] < noise["value"]
    assert floor["value"] == pytest.approx(np.mean(list(floor["bands"].values())))
    # What a blur takes away is edges, not coarse shapes.
    assert soft["bands"]["32"] > 3 * floor["bands"]["32"]
    assert soft["bands"]["16"] < 0.5 * soft["bands"]["32"]
    assert floor["n"] == 600


def test_the_bands_of_a_pyramid_hold_the_whole_image():
    images = latent.to_float(torch.from_numpy(drawn(2)))
    fine, coarse = quality.pyramid(images)
    assert (fine.shape, coarse.shape) == ((2, 3, 32, 32), (2, 3, 16, 16))
    spread = torch.zeros_like(fine)
    spread[:, :, ::2, ::2] = coarse
    kernel = torch.tensor([1.0, 4, 6, 4, 1]) / 16
    padded = nn.functional.pad(spread, (2, 2, 2, 2), mode="reflect")
    smoothed = nn.functional.conv2d(padded, torch.outer(kernel, kernel).expand(3, 1, 5, 5), groups=3)
    whole = fine + 4 * smoothed
    assert torch.allclose(whole, images, atol=1e-6)
    grey_fine, grey_coarse = quality.pyramid(torch.full((1, 3, 32, 32), 100 / 255))
    assert grey_fine.abs().max() < 1e-6 and torch.allclose(grey_coarse, torch.tensor(100 / 255))


class Jump(Copy):
    """Draws black or white, and nothing between."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (super().forward(x) > 0.5).float() if x.ndim == 2 else super().forward(x)


def test_a_fade_is_straight_and_even_and_a_jump_is_all_in_one_step(workers):
    black_and_white = np.stack([np.full((3, 32, 32), level, np.uint8) for level in (0, 255)])
    fade = quality.smoothness(VAE(Copy(), Copy(), latent_dim=1), black_and_white, workers)
    assert {name: figure["n"] for name, figure in fade.items()} == dict.fromkeys(fade, 1)
    assert {name: figure["value"] for name, figure in fade.items()} == pytest.approx(dict.fromkeys(fade, 1.0), abs=1e-4)
    jump = quality.smoothness(VAE(Copy(), Jump(), latent_dim=1), black_and_white, workers)
    assert jump["path_pixels"]["value"] == pytest.approx(1.0)
    assert jump["worst_step"]["value"] == pytest.approx(quality.STEPS - 1)
    # Ends that look alike leave no way to go.
    still = quality.smoothness(VAE(Copy(), Copy(), latent_dim=1), black_and_white[[0, 0]], workers)
    assert [figure["value"] for figure in still.values()] == [1.0, 1.0, 1.0]
    assert quality.smoothness(VAE(Copy(), Copy(), latent_dim=1), black_and_white[:1], workers) == {}


def test_a_way_around_a_corner_is_longer_than_the_straight_one():
    corner = torch.full((3, 3, 32, 32), 0.4)
    corner[1, 0], corner[2, 0] = 0.8, 0.8
    corner[2, 1] = 0.8
    there = quality._way(corner)
    assert there["path_pixels"] == pytest.approx(2 / math.sqrt(2))


class Brightness(Copy):
    """An encoder that says how bright a picture is, from 0 to 1."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mu = x.mean(dim=(1, 2, 3))[:, None]
        return torch.cat([mu, torch.zeros_like(mu)], 1)


class Arc(Copy):
    """Turns z from 0 to 1 into a quarter of a circle: red falls by a few levels while green rises by as many."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        angle, levels = z[:, 0] * math.pi / 2, 5 / 255
        red, green = 0.3 + levels * angle.cos(), 0.3 + levels * angle.sin()
        colours = torch.stack([red, green, torch.full_like(red, 0.3)], 1)
        return colours[:, :, None, None].expand(-1, 3, 32, 32)


@pytest.mark.parametrize("steps", [64, 256, 1024])
def test_the_length_of_an_arc_is_that_of_the_circle_however_many_frames_walk_it(workers, steps):
    """Five levels in all: of frames in eight bits, the figure would be that of their rounding, and grow with their number."""
    black_and_white = np.stack([np.full((3, 32, 32), level, np.uint8) for level in (0, 255)])
    walked = quality.smoothness(VAE(Brightness(), Arc(), latent_dim=1), black_and_white, workers, steps=steps)
    # In pixels against the chord; in bands both colours change, one after the other: the way along two sides of a square.
    assert walked["path_pixels"]["value"] == pytest.approx(math.pi / 2 / math.sqrt(2), rel=1e-3)
    assert walked["path_edges"]["value"] == pytest.approx(1.0, rel=1e-3)
    assert walked["worst_step"]["value"] == pytest.approx(1.0, rel=1e-3)


def test_what_is_measured_of_a_run_has_a_name_an_n_and_a_floor_where_there_is_one(pair):
    run = pair.run("conv")
    assert set(run.quality) == ALONE
    assert all(math.isfinite(figure["value"]) for figure in run.quality.values())
    assert {name: figure["n"] for name, figure in run.quality.items()} == {
        **dict.fromkeys(("psnr", "ssim", "iwae", "swd"), 12),
        **dict.fromkeys(("path_pixels", "path_edges", "worst_step"), 6),
    }
    assert run.quality["swd"]["floor"] > 0
    assert run.quality["iwae"]["value"] < run.quality["iwae"]["loss"] == pytest.approx(run.best["test_loss"], rel=0.05)
    row = results.result(run).as_row()
    assert (row["psnr"], row["psnr_n"], row["fid"]) == (run.quality["psnr"]["value"], 12, None)


def test_measuring_again_gives_the_same_and_keeps_what_was_asked_for_besides(pair, tmp_path):
    path = tmp_path / pair.run("fc").id
    shutil.copytree(pair.run("fc").path, path)
    before = runs.read(path)
    fid = {"value": 106.0, "n": 10, "floor": 30.0}
    RunFolder(path).write_measured(quality={**before.quality, "fid": fid})
    after.measure(runs.read(path), data_dir=pair.data_dir)
    assert runs.read(path).quality == {**before.quality, "fid": fid}
    # Of other weights it would be wrong.
    weights.save(RunFolder(path), "best", weights.load(RunFolder(path), "best") | {"epoch": 1})
    after.measure(runs.read(path), data_dir=pair.data_dir)
    assert "fid" not in runs.read(path).quality


def test_without_a_price_on_the_numbers_there_is_no_bound(pair):
    model, _ = weights.load_model(pair.run("conv"))
    dataset = datasets.load(pair.run("conv").config.dataset, data_dir=pair.data_dir)
    assert "iwae" not in quality.measure(model, dataset, beta=0.0)


def test_the_choice_of_images_is_seeded_and_theirs():
    images = np.arange(50, dtype=np.uint8).reshape(50, 1, 1, 1)
    few = quality.some(images, 7)
    assert len(few) == 7 and (quality.some(images, 7) == few).all() and set(few.ravel()) <= set(range(50))
    assert len(quality.some(images, 99)) == 50


def test_of_a_set_that_is_sorted_by_what_it_shows_every_measure_sees_all_of_it(monkeypatch):
    """Ten classes of 300 images, one after another, each of one level: those of all classes are weighed, and ways lead between them."""
    sorted_by_class = np.repeat(np.arange(10, dtype=np.uint8), 300)[:, None, None, None]
    sorted_by_class = np.ascontiguousarray(np.broadcast_to(sorted_by_class, (3000, 3, 32, 32)))
    seen = {}

    def kept(measure):
        def instead(_model, images, *_others, **_options):
            seen[measure] = images[:, 0, 0, 0].astype(int)
            return {}

        return instead

    for measure in ("similarity", "_likeness_of_patches", "smoothness", "importance_bound"):
        monkeypatch.setattr(quality, measure, kept(measure))
    dataset = Dataset(name="sorted", train=sorted_by_class, test=sorted_by_class, fingerprint="")
    quality.measure(VAE(Copy(), Copy(), latent_dim=1), dataset, beta=1.0)
    assert {measure: len(levels) for measure, levels in seen.items()} == {
        "similarity": 3000,
        "_likeness_of_patches": quality.MOST,
        "smoothness": 2 * quality.PATHS,
        "importance_bound": quality.BOUND,
    }
    for levels in seen.values():
        assert np.bincount(levels, minlength=10).min() > len(levels) / 40
    starts, ends = seen["smoothness"].reshape(-1, 2).T
    assert (starts != ends).mean() > 0.8


def test_a_measure_in_words_has_its_n_its_floor_and_what_is_better():
    said = measures.in_words(
        {"swd": {"value": 58.69, "n": 2000, "floor": 8.1}, "psnr": {"value": 24.484, "n": 2000}, "odd": {"value": 1}}
    )
    nothing = measures.in_words({"swd": {"value": 374.0, "n": 12, "floor": 476.0}})["swd"]["value"]
    assert nothing == "374.0, no more than real images"
    assert said == {
        "psnr": {"value": "24.48 dB", "floor": "", "n": "2,000 test images", "better": "higher is better"},
        "swd": {"value": "58.7", "floor": "8.1", "n": "2,000 test images", "better": "lower is better"},
    }
