"""What a trained model makes of a latent space: prior samples, reconstructions and the paths between two points, as uint8 images."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vaedash import config
from vaedash.errors import UsageError
from vaedash.images import Pixels
from vaedash.languages import say
from vaedash.models.vae import VAE

METHODS = ("linear", "slerp")
_BATCH = 256


def prior(count: int, latent_dim: int, *, seed: int = config.SAMPLE_SEED, temperature: float = 1.0) -> Tensor:
    """`count` draws from N(0, temperature**2 I), `(count, latent_dim)`; the same for every model of that latent size."""
    generator = torch.Generator().manual_seed(seed)
    return temperature * torch.randn(count, latent_dim, generator=generator)


@torch.inference_mode()
def decode(model: VAE, z: Tensor) -> Pixels:
    """The images of each z `(N, latent_dim)` as uint8 `(N, 3, side, side)`, rounded to the nearest level: to be looked at."""
    return np.concatenate([to_uint8(model.decode(part)) for part in z.to(device_of(model)).split(_BATCH)])


@torch.inference_mode()
def decode_exactly(model: VAE, z: Tensor) -> Tensor:
    """The same in [0, 1], in the precision of the weights, on the CPU: to be measured, where half a level may be more than is sought."""
    return torch.cat([model.decode(part).cpu() for part in z.to(device_of(model)).split(_BATCH)])


@torch.inference_mode()
def encode(model: VAE, images: Pixels) -> tuple[Tensor, Tensor]:
    """mu and logvar of uint8 images `(N, 3, side, side)`, each `(N, latent_dim)`, fp32 on the CPU."""
    batches = torch.from_numpy(np.array(images)).split(_BATCH)
    parts = zip(*(model.encode(to_float(batch.to(device_of(model)))) for batch in batches), strict=True)
    mu, logvar = (torch.cat(part).float().cpu() for part in parts)
    return mu, logvar


def reconstruct(model: VAE, images: Pixels) -> Pixels:
    """Images `(N, 3, side, side)` uint8 through the model and back, at z = mu: what it keeps of each, without the noise."""
    return decode(model, encode(model, images)[0])


def path(start: Tensor, end: Tensor, *, steps: int, method: str = "linear") -> Tensor:
    """`steps` points from `start` to `end` (both `(latent_dim,)`), ends included: `(steps, latent_dim)`.

    `linear` is z = (1 - alpha) * start + alpha * end, as in the study. `slerp` turns on the great circle
    between them at constant angular speed, its length changing linearly (Shoemake 1985; White 2016), which
    keeps to the lengths that the prior makes likely. Raises UsageError for another method or less than 2 steps.
    """
    if steps < 2:
        raise UsageError(say("steps must be at least 2, got {steps}.", steps=steps))
    alpha = torch.linspace(0, 1, steps, dtype=torch.float64)[:, None]
    a, b = start.double(), end.double()
    if method == "linear":
        points = (1 - alpha) * a + alpha * b
    elif method == "slerp":
        points = _slerp(a, b, alpha)
    else:
        raise UsageError(
            say("method must be one of {allowed}; got {value!r}.", allowed=", ".join(METHODS), value=method)
        )
    # The ends are the ends, to the last bit.
    return torch.cat([start[None].float(), points[1:-1].float(), end[None].float()])


def _slerp(a: Tensor, b: Tensor, alpha: Tensor) -> Tensor:
    length_a, length_b = a.norm(), b.norm()
    straight = (1 - alpha) * a + alpha * b
    if length_a == 0 or length_b == 0:
        return straight  # no direction to turn from
    unit_a, unit_b = a / length_a, b / length_b
    angle = torch.arccos((unit_a @ unit_b).clamp(-1, 1))
    if math.sin(angle) < 1e-6:
        return straight  # the same direction, or opposite ones, between which no circle is the shortest
    direction = (torch.sin((1 - alpha) * angle) * unit_a + torch.sin(alpha * angle) * unit_b) / torch.sin(angle)
    return ((1 - alpha) * length_a + alpha * length_b) * direction


def lattice(corners: Tensor, *, side: int, method: str = "linear") -> Tensor:
    """`side * side` points spread between four corners, row by row: `(side * side, latent_dim)`.

    `corners` is `(4, latent_dim)`: top left, top right, bottom left, bottom right. Each row is a `path` between
    two points at the same height of the left and the right edge; with `linear` that is bilinear interpolation.
    """
    top_left, top_right, bottom_left, bottom_right = corners
    left = path(top_left, bottom_left, steps=side, method=method)
    right = path(top_right, bottom_right, steps=side, method=method)
    return torch.cat([path(a, b, steps=side, method=method) for a, b in zip(left, right, strict=True)])


def step_sizes(frames: Tensor) -> Sequence[float]:
    """How much each frame, in [0, 1] as of `decode_exactly`, differs from the one before: root mean square, in 255ths.

    Never of rounded frames: where steps are small, rounding adds up to more than the way itself.
    """
    change = 255 * frames.double().diff(dim=0)
    steps: list[float] = change.square().mean(dim=(1, 2, 3)).sqrt().tolist()
    return steps


def to_uint8(images: Tensor) -> Pixels:
    """Images in [0, 1] as uint8 on the CPU, rounded to the nearest level."""
    return images.float().mul(255).round().clamp(0, 255).to(torch.uint8).cpu().contiguous().numpy()


def to_float(images: Tensor) -> Tensor:
    """uint8 images as fp32 in [0, 1]."""
    return images.to(torch.float32).div_(255)


def device_of(model: VAE) -> torch.device:
    """Where its weights are."""
    return next(model.parameters()).device


def heldout_noise(count: int, latent_dim: int) -> Tensor:
    """The noise that draws z of each of `count` held-out images, `(count, latent_dim)`: that of the held-out losses."""
    return torch.randn(count, latent_dim, generator=torch.Generator().manual_seed(config.HELDOUT_SEED))


def traversal(start: Tensor, index: int, *, steps: int = 7, reach: float = 3.0) -> Tensor:
    """`start` `(latent_dim,)` with its number `index` going from -reach to +reach, all else as it is: `(steps, latent_dim)`.

    Under the prior a latent lies within 3 of 0 in 997 of 1,000 cases.
    """
    points = start.float().repeat(steps, 1)
    points[:, index] = torch.linspace(-reach, reach, steps)
    return points
