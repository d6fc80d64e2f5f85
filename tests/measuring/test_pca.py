"""The best linear VAE: against its formula, against brute force, and against a draw of z."""

import independent
import numpy as np
import pytest
import torch

from vaedash import datasets
from vaedash.datasets import Dataset
from vaedash.measuring import heldout, pca
from vaedash.measuring.heldout import HeldOut
from vaedash.models import losses

# Images of 16 by 16: what is measured is a matter of as many numbers as there are pixels, squared, three times over.
SHAPE = (3, 16, 16)
PIXELS = 3 * 16 * 16


@pytest.fixture(scope="module")
def dataset():
    """Small images that vary along six directions, each less than the one before, and a little along all others."""
    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((6, PIXELS)) * np.array([18.0, 14, 10, 8, 6, 4])[:, None] / 255
    parts = []
    for count in (400, 100):
        pixels = 0.5 + rng.standard_normal((count, 6)) @ patterns + 0.008 * rng.standard_normal((count, PIXELS))
        parts.append((255 * pixels).round().clip(0, 255).astype(np.uint8).reshape(-1, *SHAPE))
    return Dataset(name="six", train=parts[0], test=parts[1], fingerprint="0123456789abcdef")


@pytest.fixture(scope="module")
def found(dataset):
    return pca.measure(dataset)


def flat(images):
    return torch.from_numpy(images.reshape(len(images), -1)).double() / 255


def test_the_spectrum_is_that_of_the_covariance(dataset, found):
    train = flat(dataset.train).numpy()
    # The images themselves are factored, not their covariance; there are no more directions than images.
    _, scales, directions = np.linalg.svd(train - train.mean(0), full_matrices=False)
    values = np.zeros(PIXELS)
    values[: len(train)] = scales**2 / len(train)
    assert found.train == pytest.approx(values, rel=1e-3, abs=1e-5)
    held_out = flat(dataset.test).numpy() - train.mean(0)
    assert found.test[:6] == pytest.approx(np.square(held_out @ directions[:6].T).mean(0), rel=1e-3)
    assert found.test.sum() == pytest.approx(np.square(held_out).sum(1).mean(), rel=1e-4)


@pytest.mark.parametrize(("latent_dim", "beta"), [(128, 1.0), (3, 1.0), (128, 0.2)])
def test_the_line_is_the_likelihood_of_a_gaussian(dataset, latent_dim, beta):
    theirs, ours = independent.lines(dataset, latent_dim=latent_dim, beta=beta)
    assert theirs == pytest.approx(ours, rel=1e-5)


def test_the_line_is_the_formula_and_the_split_adds_up(found):
    line = pca.line(found, latent_dim=128, beta=1.0)
    values, kept = found.train, line["train"]["directions"]
    assert kept == (values > 0.5).sum()
    assert line["train"]["recon"] == pytest.approx(kept * 0.5 + values[kept:].sum())
    assert line["train"]["kl"] == pytest.approx(0.5 * np.log(values[:kept] / 0.5).sum())
    ratio = found.test[:kept] / values[:kept]
    held_out = 0.5 * (ratio + np.log(values[:kept] / 0.5)).sum() + found.test[kept:].sum()
    assert line["test"]["loss"] == pytest.approx(held_out)
    for means in line.values():
        assert means["loss"] == pytest.approx(means["recon"] + means["kl"])


@pytest.mark.parametrize(("latent_dim", "beta"), [(4, 0.5), (8, 0.5), (8, 2.0)])
def test_a_linear_vae_trained_by_brute_force_ends_on_the_line_and_never_below(dataset, found, latent_dim, beta):
    torch.manual_seed(0)
    train, test = flat(dataset.train), flat(dataset.test)
    # Seen along twenty axes of their own, which changes no distance; what they lack beside these is added below.
    axes = torch.linalg.svd(train - train.mean(0), full_matrices=False)[2][:20].T
    inside = {name: (images - train.mean(0)) @ axes for name, images in (("train", train), ("test", test))}
    rest = {
        name: (images - train.mean(0)).square().sum(1).mean() - inside[name].square().sum(1).mean()
        for name, images in (("train", train), ("test", test))
    }
    encoder, decoder = torch.randn(20, latent_dim).double() / 9, torch.randn(latent_dim, 20).double() / 9
    weights = [tensor.requires_grad_() for tensor in (encoder, decoder, torch.zeros(latent_dim).double())]

    def loss(name, draws=None):
        x, logvar = inside[name], weights[2].expand(len(inside[name]), -1)
        mu = x @ encoder
        if draws is None:  # the expectation over z is known for a linear decoder
            recon = (mu @ decoder - x).square().sum(1) + (logvar.exp() @ decoder.square()).sum(1)
        else:
            z = (losses.reparameterize(mu, logvar, torch.randn_like(mu)) for _ in range(draws))
            recon = torch.stack([(draw @ decoder - x).square().sum(1) for draw in z]).mean(0)
        return (recon + beta * losses.kl_per_image(mu, logvar)).mean() + rest[name]

    learner = torch.optim.LBFGS(weights, max_iter=2000, tolerance_grad=1e-9, line_search_fn="strong_wolfe")

    def closure():
        learner.zero_grad()
        value = loss("train")
        value.backward()
        return value

    learner.step(closure)
    line = pca.line(found, latent_dim=latent_dim, beta=beta)
    assert line["train"]["loss"] <= loss("train").item() + 1e-4
    assert line["train"]["loss"] == pytest.approx(loss("train").item(), rel=1e-3)
    assert line["test"]["loss"] == pytest.approx(loss("test", draws=500).item(), rel=1e-2)


def test_more_latents_than_are_worth_their_price_change_nothing(found):
    assert pca.line(found, latent_dim=128, beta=1.0) == pca.line(found, latent_dim=256, beta=1.0)


def test_without_a_price_there_is_no_line(found):
    assert pca.line(found, latent_dim=8, beta=0.0) is None


def test_where_nothing_is_worth_its_price_the_mean_image_is_the_best(dataset, found):
    line = pca.line(found, latent_dim=8, beta=1e6)["test"]
    train, test = flat(dataset.train), flat(dataset.test)
    assert (line["directions"], line["kl"]) == (0, 0.0)
    assert line["loss"] == pytest.approx((test - train.mean(0)).square().sum(1).mean().item(), rel=1e-4)
    mean_picture = heldout.mean_picture(torch.from_numpy(dataset.train), HeldOut.of(dataset.test, 2))
    assert line["recon"] == pytest.approx(mean_picture, rel=1e-6)


def test_it_is_measured_once_for_each_set_of_images(dataset, found, tmp_path, monkeypatch):
    measured = []
    monkeypatch.setattr(pca, "measure", lambda images, **_: measured.append(images) or found)
    for _ in range(2):
        kept = pca.spectrum(dataset, data_dir=tmp_path)
        assert np.array_equal(kept.train, found.train) and np.array_equal(kept.test, found.test)
    assert measured == [dataset]


@pytest.mark.slow
def test_the_spectrum_that_comes_along_is_that_of_the_shapes(data_dir, tmp_path, monkeypatch):
    made = datasets.load("shapes", data_dir=data_dir)
    measured = pca.measure(made)
    monkeypatch.setattr(pca, "measure", None)  # it is known
    known = pca.spectrum(made, data_dir=tmp_path)
    assert known.train == pytest.approx(measured.train, rel=1e-6, abs=1e-9)
    # Directions of nearly the same variance may be turned into each other: what they hold together stays.
    assert known.test.cumsum() == pytest.approx(measured.test.cumsum(), rel=1e-4)


def test_the_line_by_the_leading_directions_alone_is_that_by_all(dataset, found, monkeypatch):
    for few, looked_for in (
        (dataset, 200),
        (Dataset(name="few", train=dataset.train[:90], test=dataset.test, fingerprint=""), 60),
    ):
        whole = pca.measure(few)
        with monkeypatch.context() as patch:
            patch.setattr(pca, "_ALL", 50)
            patch.setattr(pca, "_LEADING", looked_for)
            leading = pca.measure(few)
        assert leading.train.sum() == pytest.approx(whole.train.sum(), rel=1e-5)
        assert leading.test.sum() == pytest.approx(whole.test.sum(), rel=1e-5)
        for latent_dim, beta in ((3, 1.0), (50, 1.0), (50, 0.02)):
            one, other = (pca.line(spectrum, latent_dim=latent_dim, beta=beta) for spectrum in (leading, whole))
            for split in ("train", "test"):
                assert one[split] == pytest.approx(other[split], rel=2e-3)


def test_the_line_of_fewer_images_than_pixels_is_that_of_as_many(dataset, monkeypatch):
    few = Dataset(name="few", train=dataset.train[:300], test=dataset.test, fingerprint="")
    by_images = pca.measure(few)
    monkeypatch.setattr(pca, "_of_few", pca._of_many)
    by_pixels = pca.measure(few)
    for latent_dim, beta in ((3, 1.0), (128, 1.0), (128, 0.02)):
        one, other = (pca.line(spectrum, latent_dim=latent_dim, beta=beta) for spectrum in (by_images, by_pixels))
        for split in ("train", "test"):
            assert one[split] == pytest.approx(other[split], rel=1e-4)
    assert by_images.test.sum() == pytest.approx(by_pixels.test.sum(), rel=1e-6)


def test_equal_images_have_no_direction(dataset):
    equal = Dataset(name="one", train=dataset.train[[0, 0, 0]], test=dataset.test[:5], fingerprint="")
    spectrum = pca.measure(equal)
    assert spectrum.train.max() < 1e-9 and np.isfinite(spectrum.test).all()
    apart = flat(dataset.test[:5]) - flat(dataset.train[:1])
    assert pca.line(spectrum, latent_dim=8, beta=1.0)["test"] == {
        "loss": pytest.approx(apart.square().sum(1).mean().item(), rel=1e-6),
        "recon": pytest.approx(apart.square().sum(1).mean().item(), rel=1e-6),
        "kl": 0.0,
        "directions": 0,
    }
