"""How good a model is beyond its loss: what it keeps of images it never saw, what it makes up, how evenly it turns one into another.

Each measure is a record with its `value` and `n`, the images (or paths) that it rests on. Where chance alone would show
something, the record says how much: `floor`, measured on as many real images.
"""

import copy
import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from vaedash import config, datasets
from vaedash.datasets import Dataset, Progress, silent
from vaedash.images import Pixels
from vaedash.models import latent, losses
from vaedash.models.vae import VAE
from vaedash.runs.schema import Figure

DRAWS = 64  # of z for each image in the importance-weighted bound
MOST = 2000  # images that the costly measures rest on, at most
PATHS, STEPS = 100, 64  # between pairs of held-out images, ends included
_ALIKE = (
    0.01  # grey levels: ends closer than this are the same picture, and what is between them is arithmetic's rounding
)
_BATCH = 250
_SIGMA, _REACH = 1.5, 5  # of SSIM's window, in pixels; it reaches as far on each side of its middle
_LARGEST_PSNR = 100.0  # dB; beyond, no difference is left that eight bits could show

# Patches of the sliced Wasserstein distance: side, how many an image, directions to compare them along.
_PATCH, _PATCHES, _DIRECTIONS = 7, 32, 128
_LEVELS = (32, 16)  # pixels to a side


def measure(model: VAE, dataset: Dataset, *, beta: float, progress: Progress = silent) -> dict[str, Figure]:
    """All measures of a model on a dataset's test images, by name (`measures.MEASURES` says what each is); some seconds to a minute."""
    few = some(dataset.test, MOST)
    figures = similarity(model, dataset.test, progress=progress)
    if beta > 0:  # at 0 a posterior may be infinitely narrow, and the bound has no unit
        figures["iwae"] = importance_bound(model, few, beta=beta, progress=progress)
    progress("comparing patches", 0, 1)
    real = some(dataset.train, len(few))
    few = few[: len(real)]
    made = latent.decode(model, latent.prior(len(few), model.latent_dim))
    figures["swd"] = patch_distance(made, few)
    figures["swd"]["floor"] = patch_distance(real, few)["value"]
    progress("walking between images", 0, 1)
    return figures | smoothness(model, few)


def some(images: Pixels, count: int) -> Pixels:
    """At most `count` of the images, a seeded choice: the same for every run."""
    return np.array(images[datasets.share(len(images), min(1.0, count / len(images)))])


# ---- what it keeps --------------------------------------------------------------------------------------


@torch.inference_mode()
def similarity(model: VAE, images: Pixels, *, progress: Progress = silent) -> dict[str, Figure]:
    """`psnr` in dB and `ssim` (-1 to 1) between images `(N, 3, 32, 32)` and their reconstructions at z = mu, means over images.

    SSIM on each colour channel, with a Gaussian window of 11 pixels and sigma 1.5, over the windows that lie wholly within
    the image, which are 22 by 22 of them, as Wang et al. 2004 have it (their ssim_index.m); windows that reach over the
    border would count pixels that are not there.
    """
    psnr: list[Tensor] = []
    ssim: list[Tensor] = []
    for start in range(0, len(images), _BATCH):
        progress("comparing reconstructions", start, len(images))
        original = _floats(images[start : start + _BATCH])
        redrawn = model.decode(model.encode(original.to(latent.device_of(model)))[0]).float().cpu()
        psnr.append(peak_signal_noise_ratio(redrawn, original, data_range=1.0, dim=(1, 2, 3), reduction="none"))
        ssim.append(_ssim(redrawn, original))
    decibels, likenesses = torch.cat(psnr).clamp(max=_LARGEST_PSNR), torch.cat(ssim)
    return {
        "psnr": Figure(value=decibels.double().mean().item(), n=len(images)),
        "ssim": Figure(value=likenesses.mean().item(), n=len(images)),
    }


def _ssim(images: Tensor, others: Tensor) -> Tensor:
    """Of each pair, `(N,)`: the mean over colours and over the windows that lie within the picture. Variances by difference: in double."""
    _, everywhere = structural_similarity_index_measure(
        images.double(), others.double(), data_range=1.0, sigma=_SIGMA, reduction="none", return_full_image=True
    )
    return everywhere[:, :, _REACH:-_REACH, _REACH:-_REACH].mean(dim=(1, 2, 3))


@torch.inference_mode()
def importance_bound(
    model: VAE, images: Pixels, *, beta: float, draws: int = DRAWS, progress: Progress = silent
) -> Figure:
    """The importance-weighted bound on images `(N, 3, 32, 32)` in the loss's own unit, nats per image, and their `loss`.

    With weights w_k = exp(-recon_k / beta) p(z_k) / q(z_k|x) of `draws` z from q(z|x) it is -beta ln(mean of w): the loss
    for one draw, on average, and closer to -ln p(x) the more there are (Burda et al. 2016, eq. 8, with a decoder of
    variance beta / 2). What it is below the loss is the price of a posterior that may only be Gaussian.
    """
    generator = torch.Generator().manual_seed(config.HELDOUT_SEED)
    bound = loss = 0.0
    each = max(1, 512 // draws)
    for start in range(0, len(images), each):
        progress(f"drawing {draws} z for each image", start, len(images))
        pixels = _floats(images[start : start + each]).to(latent.device_of(model))
        mu, logvar = (part.repeat_interleave(draws, 0) for part in model.encode(pixels))
        noise = torch.randn(mu.shape, generator=generator).to(mu.device)
        z = losses.reparameterize(mu, logvar, noise)
        recon = losses.recon_per_image(model.decode(z), pixels.repeat_interleave(draws, 0)).double()
        prior_over_posterior = 0.5 * (noise.square() - z.square() + logvar).sum(1).double()
        weights = (prior_over_posterior - recon / beta).view(-1, draws)
        bound += -beta * (weights.logsumexp(1) - math.log(draws)).sum().item()
        loss += (recon + beta * losses.kl_per_image(mu, logvar).double()).sum().item() / draws
    return Figure(value=bound / len(images), n=len(images), k=draws, loss=loss / len(images))


# ---- what it makes up -----------------------------------------------------------------------------------


def patch_distance(made: Pixels, real: Pixels) -> Figure:
    """The sliced Wasserstein distance between patches of two sets of images `(N, 3, 32, 32)`, times 1000; equally many in each.

    From each band of a Laplacian pyramid, 32 patches of 7 by 7 pixels an image, each colour brought to mean 0 and
    variance 1; along 128 random directions the sorted values of both sets are compared (Karras et al. 2018, section 5).
    `value` is the mean over the bands, `bands` each of them: coarse shapes in 16 pixels, edges and texture in 32.
    """
    distances = {}
    for side, of_made, of_real in zip(_LEVELS, *map(pyramid, map(_floats, (made, real))), strict=True):
        made_up, taken = _patches(of_made), _patches(of_real)
        directions = torch.randn(
            made_up.shape[1], _DIRECTIONS, generator=torch.Generator().manual_seed(config.SAMPLE_SEED)
        )
        directions /= directions.norm(dim=0)
        # A few directions at a time: all of them at once would not fit into memory.
        apart = [
            ((made_up @ part).sort(dim=0).values - (taken @ part).sort(dim=0).values).abs().mean(0)
            for part in directions.split(16, dim=1)
        ]
        distances[str(side)] = 1000 * torch.cat(apart).double().mean().item()
    return Figure(value=sum(distances.values()) / len(distances), n=len(made), bands=distances)


def pyramid(fine: Tensor) -> Sequence[Tensor]:
    """The bands of a Laplacian pyramid (Burt & Adelson 1983) of images in [0, 1] `(N, 3, 32, 32)`: `(N, 3, side, side)`, for 32 and 16.

    The first is what the second, enlarged, lacks of the image: its edges.
    """
    coarse = _smoothed(fine)[:, :, ::2, ::2]
    spread = torch.zeros_like(fine)
    spread[:, :, ::2, ::2] = coarse
    return fine - 4 * _smoothed(spread), coarse


def _floats(images: Pixels) -> Tensor:
    return latent.to_float(torch.from_numpy(np.array(images)))


def _smoothed(images: Tensor) -> Tensor:
    row = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    kernel = torch.outer(row, row).expand(images.shape[1], 1, 5, 5).to(images)
    return functional.conv2d(functional.pad(images, (2, 2, 2, 2), mode="reflect"), kernel, groups=images.shape[1])


def _patches(band: Tensor) -> Tensor:
    """Patches from random places of each image, `(N * 32, 147)`, each colour with mean 0 and variance 1 over all of them.

    The places are the same in every set, so that a set is at distance 0 from itself.
    """
    generator = torch.Generator().manual_seed(config.SAMPLE_SEED)
    count, colours, side, _ = band.shape
    starts = torch.randint(side - _PATCH + 1, (2, count, _PATCHES, 1, 1, 1), generator=generator)
    image = torch.arange(count).view(-1, 1, 1, 1, 1)
    colour = torch.arange(colours).view(-1, 1, 1)
    along = torch.arange(_PATCH)
    patches = band[image, colour, starts[0] + along.view(-1, 1), starts[1] + along]
    spread, mean = torch.std_mean(patches, dim=(0, 1, 3, 4), keepdim=True)
    return ((patches - mean) / spread.clamp_min(1e-8)).reshape(count * _PATCHES, -1)


# ---- how evenly it turns one into another ---------------------------------------------------------------


def smoothness(model: VAE, images: Pixels, *, steps: int = STEPS) -> dict[str, Figure]:
    """How a model gets from one held-out image to the next along straight lines in latent space; means over up to PATHS pairs.

    `path_pixels` and `path_edges` are the length of the way as a multiple of the straight line between its ends, in pixels
    and in the bands of a Laplacian pyramid, each weighed by its size (Lap1 of Bojanowski et al. 2018): 1 is a mere fade
    from one picture to the other; the more shapes move, the longer. `worst_step` is the largest of a way's `steps` - 1 steps
    in pixels against their mean: 1 is perfectly even. Empty where there are less than two images.

    Decoded in double precision: the more frames, the smaller their steps, and rounding adds up where they do not.
    """
    mu, _ = latent.encode(model, images[: 2 * PATHS])
    exact, ends = copy.deepcopy(model).double(), zip(mu[0::2], mu[1::2], strict=False)
    walked = [_way(latent.decode_exactly(exact, latent.path(*pair, steps=steps))) for pair in ends]
    if not walked:
        return {}
    return {
        name: Figure(value=float(np.mean([way[name] for way in walked])), n=len(walked))
        for name in ("path_pixels", "path_edges", "worst_step")
    }


def _way(frames: Tensor) -> dict[str, float]:
    sizes = latent.step_sizes(frames)
    across, length = latent.step_sizes(frames[[0, -1]])[0], sum(sizes)
    if across < _ALIKE:  # as after a collapse: no way to go, and nothing to hold its length against
        return {"path_pixels": 1.0, "path_edges": 1.0, "worst_step": 1.0}
    bands = pyramid(frames)
    edges = sum(_apart(band[1:], band[:-1]).sum().item() for band in bands)
    straight = sum(_apart(band[-1:], band[:1]).item() for band in bands)
    return {
        "path_pixels": length / across,
        "path_edges": edges / straight,
        "worst_step": max(sizes) / (length / len(sizes)),
    }


def _apart(a: Tensor, b: Tensor) -> Tensor:
    """How different two bands are, `(N,)`: a coarse one counts for as much as the finer one that has four times its pixels."""
    return (a - b).double().abs().mean(dim=(1, 2, 3))
