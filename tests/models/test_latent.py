"""Prior samples, reconstructions and paths: the same for every model, ends exact to the bit, nothing lost in rounding."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from vaedash.config import RunConfig
from vaedash.errors import UsageError
from vaedash.models import archs, latent
from vaedash.models.vae import VAE


class Brightness(nn.Module):
    """An encoder: mu is the image's mean brightness (and its negative), logvar the largest allowed, so that noise would show."""

    def forward(self, images):
        mean = images.flatten(1).mean(1, keepdim=True)
        return torch.cat([mean, -mean, torch.full((len(mean), 2), 20.0)], 1)


class Flat(nn.Module):
    """A decoder: an image as bright as z's first number."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, z):
        return (self.weight * z[:, 0])[:, None, None, None].expand(-1, 3, 32, 32)


@pytest.fixture
def flat() -> VAE:
    return VAE(Brightness(), Flat(), latent_dim=2).eval()


def levels(count: int) -> np.ndarray:
    """Images of one level each: 0, 1, 2, ... 255, 0, ..."""
    return np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, 3, 32, 32))


def length(points: torch.Tensor) -> torch.Tensor:
    return points.double().norm(dim=1)


def turns(points: torch.Tensor) -> torch.Tensor:
    """The angle between each point and the next."""
    unit = points.double() / length(points)[:, None]
    return torch.arccos((unit[:-1] * unit[1:]).sum(1).clamp(-1, 1))


# ---- prior samples ------------------------------------------------------------------------------------------


def test_prior_samples_are_the_same_for_the_same_seed_whatever_else_is_drawn():
    first = latent.prior(8, 16, seed=3)
    with torch.random.fork_rng():
        torch.manual_seed(99)
        state = torch.get_rng_state()
        second = latent.prior(8, 16, seed=3)
        assert torch.equal(torch.get_rng_state(), state)  # and they leave no trace
    assert first.shape == (8, 16) and torch.equal(first, second)
    assert not torch.equal(first, latent.prior(8, 16, seed=4))
    assert torch.equal(latent.prior(8, 16), latent.prior(8, 16, seed=0))


def test_prior_samples_are_standard_normal_and_the_temperature_is_their_spread():
    z = latent.prior(20_000, 4, seed=1)
    torch.testing.assert_close(z.mean(0), torch.zeros(4), rtol=0, atol=0.03)
    torch.testing.assert_close(z.std(0), torch.ones(4), rtol=0.02, atol=0)
    assert torch.equal(latent.prior(5, 4, seed=1, temperature=0.5), 0.5 * latent.prior(5, 4, seed=1))
    assert not latent.prior(5, 4, temperature=0.0).any()


# ---- through a model ----------------------------------------------------------------------------------------


def test_decoding_keeps_the_order_across_batches(flat):
    z = torch.linspace(0, 1, 600)[:, None].repeat(1, 2)
    decoded = latent.decode(flat, z)
    assert decoded.shape == (600, 3, 32, 32) and decoded.dtype == np.uint8
    assert decoded[:, 0, 0, 0].tolist() == np.rint(np.linspace(0, 1, 600, dtype=np.float32) * 255).tolist()


def test_encoding_keeps_the_order_across_batches(flat):
    pixels = np.concatenate([levels(256), levels(256), levels(40)])
    mu, logvar = latent.encode(flat, pixels)
    assert mu.shape == logvar.shape == (552, 2) and mu.dtype == torch.float32
    np.testing.assert_allclose(mu[:, 0].numpy() * 255, pixels[:, 0, 0, 0], atol=1e-3)
    np.testing.assert_allclose(mu[:, 1].numpy() * 255, -1.0 * pixels[:, 0, 0, 0], atol=1e-3)
    assert (logvar == 20).all()


def test_a_reconstruction_is_decoded_from_mu_without_noise(flat):
    assert np.array_equal(latent.reconstruct(flat, levels(256)), levels(256))


@pytest.mark.parametrize("arch", ["fc", "conv"])
def test_real_models_give_uint8_images_and_no_gradients(arch):
    model = archs.build(RunConfig(arch=arch, latent_dim=4)).eval()
    assert latent.decode(model, latent.prior(3, 4)).shape == (3, 3, 32, 32)
    mu, _ = latent.encode(model, levels(2))
    assert not mu.requires_grad and all(parameter.grad is None for parameter in model.parameters())
    assert latent.device_of(model) == torch.device("cpu")


def test_read_only_images_are_encoded_without_complaint(flat):
    pixels = levels(3).copy()
    pixels.flags.writeable = False
    latent.encode(flat, pixels)
    assert pixels[2].max() == 2


# ---- paths --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", latent.METHODS)
@pytest.mark.parametrize("steps", [2, 3, 10])
def test_the_ends_of_a_path_are_its_ends_to_the_bit(method, steps):
    for seed in range(20):
        start, end = latent.prior(2, 128, seed=seed)
        points = latent.path(start, end, steps=steps, method=method)
        assert points.shape == (steps, 128) and points.dtype == torch.float32
        assert torch.equal(points[0], start) and torch.equal(points[-1], end)


def test_a_linear_path_is_that_of_the_study():
    start, end = latent.prior(2, 16, seed=5)
    points = latent.path(start, end, steps=10)
    for number in range(10):
        alpha = number / 9
        torch.testing.assert_close(points[number], (1 - alpha) * start + alpha * end, rtol=0, atol=1e-6)


def test_a_slerp_turns_at_constant_angle_while_its_length_changes_linearly():
    start, end = latent.prior(2, 64, seed=7)
    end = 2.5 * end
    points = latent.path(start, end, steps=12, method="slerp")
    angle = turns(torch.stack([start, end])).item()
    torch.testing.assert_close(turns(points), torch.full((11,), angle / 11).double(), rtol=0, atol=1e-6)
    expected = torch.linspace(start.norm().item(), end.norm().item(), 12, dtype=torch.float64)
    torch.testing.assert_close(length(points), expected, rtol=1e-6, atol=0)


def test_a_slerp_keeps_the_length_where_a_straight_line_cuts_through_the_middle():
    start, end = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    slerp, linear = (latent.path(start, end, steps=3, method=method)[1] for method in ("slerp", "linear"))
    torch.testing.assert_close(slerp, torch.full((2,), math.sqrt(0.5)))
    torch.testing.assert_close(linear, torch.full((2,), 0.5))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ([1.0, 2.0], [-1.0, -2.0]),  # opposite: no circle is the shortest
        ([1.0, 2.0], [3.0, 6.0]),  # the same direction
        ([1.0, 2.0], [1.0, 2.0]),
        ([0.0, 0.0], [1.0, 2.0]),
        ([1.0, 2.0], [0.0, 0.0]),
        ([0.0, 0.0], [0.0, 0.0]),
    ],
)
def test_where_there_is_no_circle_to_turn_on_a_slerp_goes_straight(start, end):
    start, end = torch.tensor(start), torch.tensor(end)
    slerp = latent.path(start, end, steps=7, method="slerp")
    assert torch.isfinite(slerp).all()
    torch.testing.assert_close(slerp, latent.path(start, end, steps=7))


@pytest.mark.parametrize("off", [1e-3, 1e-5, 1e-7, 1e-9])
def test_a_slerp_is_smooth_up_to_the_places_where_it_goes_straight(off):
    start = torch.tensor([1.0, 0.0], dtype=torch.float64)
    near = torch.tensor([math.cos(off), math.sin(off)], dtype=torch.float64)
    points = latent.path(start, near, steps=5, method="slerp")
    torch.testing.assert_close(length(points), torch.ones(5).double(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("steps", [1, 0, -3])
def test_a_path_has_two_steps_at_least(steps):
    with pytest.raises(UsageError) as caught:
        latent.path(torch.zeros(2), torch.ones(2), steps=steps)
    assert str(caught.value) == f"steps must be at least 2, got {steps}."


def test_another_method_is_told_the_two_there_are():
    with pytest.raises(UsageError) as caught:
        latent.path(torch.zeros(2), torch.ones(2), steps=3, method="cubic")
    assert str(caught.value) == "method must be one of linear, slerp; got 'cubic'."


def test_a_step_size_is_the_root_mean_square_change_in_grey_levels():
    frames = torch.zeros(3, 3, 2, 2)
    frames[1] = 10 / 255  # every value by 10
    frames[2] = 10 / 255
    frames[2, 0, 0, 0] = 70 / 255  # one of twelve by 60
    assert latent.step_sizes(frames) == pytest.approx([10.0, 60 / math.sqrt(12)])
    assert latent.step_sizes(frames.flip(0)) == pytest.approx([60 / math.sqrt(12), 10.0])  # down as far as up


def test_a_step_of_less_than_a_grey_level_is_as_long_as_it_is():
    frames = torch.linspace(0.5, 0.5 + 1 / 255, 11, dtype=torch.float64).view(-1, 1, 1, 1).expand(-1, 3, 2, 2)
    assert latent.step_sizes(frames) == pytest.approx([0.1] * 10)


# ---- between uint8 and [0, 1] -------------------------------------------------------------------------------


def test_every_grey_level_survives_the_way_there_and_back():
    every = torch.arange(256, dtype=torch.uint8)
    there = latent.to_float(every)
    assert there.dtype == torch.float32 and there[0] == 0 and there[255] == 1
    assert np.array_equal(latent.to_uint8(there), np.arange(256))
    assert every.tolist() == list(range(256))


@pytest.mark.parametrize(
    ("value", "level"),
    [
        (0.4 / 255, 0),
        (0.6 / 255, 1),
        (254.4 / 255, 254),
        (254.6 / 255, 255),
        (1.7, 255),
        (-0.3, 0),
        (127.51 / 255, 128),
    ],
)
def test_a_value_becomes_the_nearest_level(value, level):
    assert latent.to_uint8(torch.tensor([value])).tolist() == [level]


def test_half_precision_is_widened_before_it_is_rounded():
    values = torch.linspace(0, 1, 513).bfloat16()  # 255 times such a value need not be one
    assert latent.to_uint8(values).tolist() == np.rint(values.double().numpy() * 255).tolist()
