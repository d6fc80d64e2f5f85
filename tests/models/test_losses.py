"""The terms of the loss, against torch's own distributions and against plain sums."""

import math

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from vaedash.models import losses


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def exact_kl(mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    q = Normal(mu.double(), torch.exp(0.5 * logvar.double()))
    return kl_divergence(q, Normal(torch.tensor(0.0).double(), torch.tensor(1.0).double()))


def test_the_kl_of_each_latent_is_that_of_the_two_normal_distributions(generator):
    mu, logvar = 3 * torch.randn(7, 5, generator=generator), 2 * torch.randn(7, 5, generator=generator)
    torch.testing.assert_close(losses.kl_per_latent(mu, logvar).double(), exact_kl(mu, logvar), rtol=1e-5, atol=1e-6)


def test_the_kl_of_an_image_is_the_sum_over_its_latents_never_a_mean(generator):
    mu, logvar = torch.randn(7, 5, generator=generator), torch.randn(7, 5, generator=generator)
    found = losses.kl_per_image(mu, logvar)
    assert found.shape == (7,)
    torch.testing.assert_close(found.double(), exact_kl(mu, logvar).sum(1), rtol=1e-5, atol=1e-6)
    twice = losses.kl_per_image(torch.cat([mu, mu], 1), torch.cat([logvar, logvar], 1))
    torch.testing.assert_close(twice, 2 * found)


@pytest.mark.parametrize(
    ("mu", "logvar", "kl"),
    [
        (0.0, 0.0, 0.0),
        (1.0, 0.0, 0.5),
        (-2.0, 0.0, 2.0),
        (0.0, math.log(4), 0.5 * (4 - 1 - math.log(4))),
        (0.0, -2.0, 0.5 * (math.exp(-2) + 1)),
    ],
)
def test_the_kl_of_one_latent_worked_by_hand(mu, logvar, kl):
    assert losses.kl_per_latent(torch.tensor([[mu]]), torch.tensor([[logvar]])).item() == pytest.approx(kl, rel=1e-6)


def test_the_kl_is_never_negative_and_stays_finite_at_the_ends_of_logvar():
    mu, logvar = torch.zeros(1, 601), torch.linspace(-30, 20, 601)[None]
    kl = losses.kl_per_latent(mu, logvar)
    assert (kl >= 0).all() and torch.isfinite(kl).all()


def test_the_kl_is_computed_in_single_precision_whatever_comes_in(generator):
    mu, logvar = (torch.randn(64, 128, generator=generator).bfloat16() for _ in range(2))
    found = losses.kl_per_image(mu, logvar)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), exact_kl(mu, logvar).sum(1), rtol=1e-5, atol=1e-3)


def test_recon_is_the_squared_error_summed_over_an_image(generator):
    decoded, images = (torch.rand(6, 3, 32, 32, generator=generator) for _ in range(2))
    found = losses.recon_per_image(decoded, images)
    expected = np.square(decoded.double().numpy() - images.double().numpy()).sum(axis=(1, 2, 3))
    assert found.shape == (6,)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5)


def test_recon_counts_every_value_of_an_image():
    black = torch.zeros(2, 3, 32, 32)
    assert losses.recon_per_image(black, torch.ones(2, 3, 32, 32)).tolist() == [3072.0, 3072.0]
    assert losses.recon_per_image(black, black).tolist() == [0.0, 0.0]


def test_recon_is_summed_in_single_precision_though_the_network_computes_in_half():
    decoded, images = torch.full((1, 3, 32, 32), 0.5).bfloat16(), torch.full((1, 3, 32, 32), 0.49)
    found = losses.recon_per_image(decoded, images)
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(3072 * 0.01**2, rel=1e-4)


def test_a_draw_has_the_mean_and_spread_of_q(generator):
    mu, logvar = torch.tensor([[2.0, -1.0]]), torch.tensor([[math.log(9.0), math.log(0.25)]])
    draws = losses.reparameterize(mu, logvar, torch.randn(40_000, 2, generator=generator))
    torch.testing.assert_close(draws.mean(0), mu[0], rtol=0, atol=0.06)
    torch.testing.assert_close(draws.std(0), torch.tensor([3.0, 0.5]), rtol=0.02, atol=0)
    assert torch.equal(losses.reparameterize(mu, logvar, torch.zeros(1, 2)), mu)


def test_a_draw_passes_gradients_to_mu_and_logvar():
    mu, logvar = torch.tensor([[0.5]], requires_grad=True), torch.tensor([[0.0]], requires_grad=True)
    losses.reparameterize(mu, logvar, torch.tensor([[2.0]])).sum().backward()
    assert mu.grad.item() == 1.0 and logvar.grad.item() == 1.0  # noise * 1/2 * std


def test_the_loss_bounds_the_evidence_of_a_gaussian_decoder_with_variance_one_half(generator):
    """For a linear decoder x = w z + noise of variance 1/2, -ln p(x) is known, and the best q meets the bound."""
    w, x = 0.8, 1.3
    variance = 1 / (1 + 2 * w * w)  # of the exact posterior
    mu, logvar = torch.tensor([[2 * w * x * variance]]), torch.tensor([[math.log(variance)]])
    expected_recon = (x - w * mu.item()) ** 2 + w * w * variance
    bound = expected_recon + losses.kl_per_image(mu, logvar).item() + 0.5 * math.log(math.pi)
    evidence = Normal(0.0, math.sqrt(w * w + 0.5)).log_prob(torch.tensor(x)).item()
    assert bound == pytest.approx(-evidence, rel=1e-6)
