"""How good a model is beyond its loss: what it keeps of images it never saw, what it makes up, how evenly it turns one into another.

Each measure is a record with its `value` and `n`, the images (or paths) that it rests on. Where chance alone would show
something, the record says how much: `floor`, measured on as many real images.
"""

import copy
import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaedash import config, datasets
from vaedash.datasets import Dataset, Progress, silent
from vaedash.images import Pixels
from vaedash.measuring.workers import Workers
from vaedash.models import latent, losses
from vaedash.models.vae import VAE
from vaedash.runs.schema import Figure

DRAWS = 64  # of z for each image in the importance-weighted bound
MOST = 2000  # images that the costly measures rest on, at most
BOUND = 1000  # those of the costliest: its error is that of the loss on as many images, on which it is measured too
PATHS, STEPS = 100, 64  # between pairs of held-out images, ends included
_ALIKE = (
    0.01  # grey levels: ends closer than this are the same picture, and what is between them is arithmetic's rounding
)
_BATCH = 250
_AT_ONCE = 512  # z that are decoded together
_SIGMA, _REACH = 1.5, 5  # of SSIM's window, in pixels; it reaches as far on each side of its middle
_LARGEST_PSNR = 100.0  # dB; beyond, no difference is left that eight bits could show

# Patches of the sliced Wasserstein distance: side, how many an image, directions to compare them along.
_PATCH, _PATCHES, _DIRECTIONS = 7, 32, 128
_DIRECTIONS_AT_ONCE = 16
_COARSEST = 16  # pixels to a side of the last band


def measure(model: VAE, dataset: Dataset, *, beta: float, progress: Progress = silent) -> dict[str, Figure]:
    """All measures of a model on a dataset's test images, by name (`measures.MEASURES` says what each is); seconds to half a minute."""
    figures: dict[str, Figure] = {}
    for measured in one_by_one(model, dataset, beta=beta, progress=progress):
        figures |= measured
    return figures


def one_by_one(
    model: VAE, dataset: Dataset, *, beta: float, progress: Progress = silent
) -> Iterator[dict[str, Figure]]:
    """The same as they are found, the cheapest first."""
    held_out = dataset.test
    with Workers() as workers:
        yield similarity(model, held_out, workers, progress=progress)
        few = some(held_out, min(MOST, len(dataset.train)))
        real = some(dataset.train, len(few))
        yield {"swd": _likeness_of_patches(model, few, real, workers, progress=progress)}
        yield smoothness(model, mixed(held_out, 2 * PATHS), workers, progress=progress)
        if beta > 0:  # at 0 a posterior may be infinitely narrow, and the bound has no unit
            yield {"iwae": importance_bound(model, mixed(held_out, BOUND), workers, beta=beta, progress=progress)}


def some(images: Pixels, count: int) -> Pixels:
    """At most `count` of the images, a seeded choice in their order: the same for every run."""
    return np.array(images[datasets.share(len(images), min(1.0, count / len(images)))])


def mixed(images: Pixels, count: int) -> Pixels:
    """The same, shuffled: of a set that is sorted by what it shows, neighbours are no more alike than any two."""
    return np.random.default_rng(config.SPLIT_SEED).permutation(some(images, count))


# ---- what it keeps --------------------------------------------------------------------------------------


def similarity(model: VAE, images: Pixels, workers: Workers, *, progress: Progress = silent) -> dict[str, Figure]:
    """`psnr` in dB and `ssim` (-1 to 1) between images `(N, 3, side, side)` and their reconstructions at z = mu, means over images.

    SSIM on each colour channel, with a Gaussian window of 11 pixels and sigma 1.5, over the windows that lie wholly within
    the image, as Wang et al. 2004 have it (their ssim_index.m): 22 by 22 of them where it has 32 pixels a side. Windows that
    reach over the border would count pixels that are not there.
    """

    @torch.inference_mode()
    def compare(originals: Pixels) -> tuple[Tensor, Tensor]:
        original = _floats(originals)
        redrawn = model.decode(model.encode(original.to(latent.device_of(model)))[0]).float().cpu()
        return _psnr(redrawn, original), _ssim(redrawn, original)

    decibels, likenesses, done = 0.0, 0.0, 0
    starts = range(0, len(images), _BATCH)
    for psnr, ssim in workers.each(compare, (images[start : start + _BATCH] for start in starts)):
        progress("measuring reconstructions", done, len(images))
        decibels += psnr.sum().item()
        likenesses += ssim.sum().item()
        done += len(psnr)
    return {
        "psnr": Figure(value=decibels / len(images), n=len(images)),
        "ssim": Figure(value=likenesses / len(images), n=len(images)),
    }


def _psnr(images: Tensor, others: Tensor) -> Tensor:
    """Of each pair, `(N,)` in dB."""
    error = (images.double() - others.double()).square().mean(dim=(1, 2, 3))
    return (-10 * error.log10()).clamp(max=_LARGEST_PSNR)


def _ssim(images: Tensor, others: Tensor) -> Tensor:
    """Of each pair, `(N,)`: the mean over colours and over the windows that lie within the picture. Variances by difference: in double."""
    window = torch.exp(-0.5 * (torch.arange(-_REACH, _REACH + 1, dtype=torch.float64) / _SIGMA).square())
    rows = images.shape[-1] - 2 * _REACH
    blur = torch.zeros(rows, images.shape[-1], dtype=torch.float64)
    for row in range(rows):
        blur[row, row : row + len(window)] = window / window.sum()

    def mean(values: Tensor) -> Tensor:
        return blur @ values @ blur.T

    a, b = images.double(), others.double()
    mean_a, mean_b = mean(a), mean(b)
    variances = mean(a.square() + b.square()) - mean_a.square() - mean_b.square()
    covariance = mean(a * b) - mean_a * mean_b
    small, smaller = 0.01**2, 0.03**2  # the paper's constants, for values up to 1
    likeness = (2 * mean_a * mean_b + small) * (2 * covariance + smaller)
    likeness /= (mean_a.square() + mean_b.square() + small) * (variances + smaller)
    return likeness.mean(dim=(1, 2, 3))


def importance_bound(
    model: VAE,
    images: Pixels,
    workers: Workers,
    *,
    beta: float,
    draws: int = DRAWS,
    progress: Progress = silent,
) -> Figure:
    """The importance-weighted bound on images `(N, 3, side, side)` in the loss's own unit, nats per image, and their `loss`.

    With weights w_k = exp(-recon_k / beta) p(z_k) / q(z_k|x) of `draws` z from q(z|x) it is -beta ln(mean of w): the loss
    for one draw, on average, and closer to -ln p(x) the more there are (Burda et al. 2016, eq. 8, with a decoder of
    variance beta / 2). What it is below the loss is the price of a posterior that may only be Gaussian.
    """

    @torch.inference_mode()
    def weigh(part: tuple[Pixels, Tensor]) -> tuple[float, float]:
        pixels = _floats(part[0]).to(latent.device_of(model))
        mu, logvar = (each.repeat_interleave(draws, 0) for each in model.encode(pixels))
        noise = part[1].to(mu.device)
        z = losses.reparameterize(mu, logvar, noise)
        recon = losses.recon_per_image(model.decode(z), pixels.repeat_interleave(draws, 0)).double()
        prior_over_posterior = 0.5 * (noise.square() - z.square() + logvar).sum(1).double()
        weights = (prior_over_posterior - recon / beta).view(-1, draws)
        bound = -beta * (weights.logsumexp(1) - math.log(draws)).sum().item()
        return bound, (recon + beta * losses.kl_per_image(mu, logvar).double()).sum().item() / draws

    def parts() -> Iterator[tuple[Pixels, Tensor]]:
        generator = torch.Generator().manual_seed(config.HELDOUT_SEED)
        for start in range(0, len(images), each):
            few = images[start : start + each]
            yield few, torch.randn(len(few) * draws, model.latent_dim, generator=generator)

    each = max(1, _AT_ONCE // draws)
    bound = loss = 0.0
    for number, (of_bound, of_loss) in enumerate(workers.each(weigh, parts())):
        progress(f"measuring the bound, {draws} z for each image", number * each, len(images))
        bound += of_bound
        loss += of_loss
    return Figure(value=bound / len(images), n=len(images), k=draws, loss=loss / len(images))


# ---- what it makes up -----------------------------------------------------------------------------------


def _likeness_of_patches(model: VAE, held_out: Pixels, real: Pixels, workers: Workers, *, progress: Progress) -> Figure:
    """The distance of as many made-up images from those held out; its floor is that of the `real` ones."""
    made = latent.decode(model, latent.prior(len(held_out), model.latent_dim))
    figure, floor = patch_distances(held_out, (made, real), workers, progress=progress)
    figure["floor"] = floor["value"]
    return figure


def patch_distances(
    images: Pixels, sets: Sequence[Pixels], workers: Workers, *, progress: Progress = silent
) -> list[Figure]:
    """The sliced Wasserstein distance between patches of each of `sets` and of `images`, all `(N, 3, side, side)`, times 1000.

    From each band of a Laplacian pyramid, 32 patches of 7 by 7 pixels an image, each colour brought to mean 0 and
    variance 1; along 128 random directions the sorted values of both sets are compared (Karras et al. 2018, section 5).
    `value` is the mean over the bands, `bands` each of them by its pixels a side: coarse shapes in 16, edges and texture in 32.
    """
    distances: list[dict[str, float]] = [{} for _ in sets]
    all_bands = list(zip(*map(_bands, (images, *sets)), strict=True))
    for number, bands in enumerate(all_bands):
        progress("measuring patches", number, len(all_bands))
        patches, *others = workers.each(_patches, bands)
        for distance, apart in zip(distances, _apart_along(patches, others, workers), strict=True):
            distance[str(bands[0].shape[-1])] = 1000 * apart
    return [Figure(value=sum(each.values()) / len(each), n=len(images), bands=each) for each in distances]


def _apart_along(patches: Tensor, others: Sequence[Tensor], workers: Workers) -> NDArray[np.float64]:
    """How far the values of each of the `others` are from those of `patches`, all `(M, 147)`, mean over random directions."""
    generator = torch.Generator().manual_seed(config.SAMPLE_SEED)
    directions = torch.randn(patches.shape[1], _DIRECTIONS, generator=generator)
    directions /= directions.norm(dim=0)

    def compare(along: Tensor) -> list[float]:
        # numpy sorts numbers that lie side by side in less than half the time that torch takes.
        these, *those = (np.sort((along @ each.T).numpy()) for each in (patches, *others))
        return [float(np.abs(these - that).mean(dtype=np.float64)) for that in those]

    # A few directions at a time: all of them at once would not fit into memory.
    apart = list(workers.each(compare, directions.T.contiguous().split(_DIRECTIONS_AT_ONCE)))
    mean: NDArray[np.float64] = np.mean(apart, axis=0)
    return mean


def _bands(images: Pixels) -> Sequence[Tensor]:
    return pyramid(_floats(images))


def pyramid(fine: Tensor) -> Sequence[Tensor]:
    """The bands of a Laplacian pyramid (Burt & Adelson 1983) of images in [0, 1] `(N, 3, side, side)`, each half as wide as the one before,
    down to 16 pixels: of 32, two of them.

    Each but the last is what the next one, enlarged, lacks of the image: its edges.
    """
    if fine.shape[-1] <= _COARSEST:
        return (fine,)
    blur = _blur(fine.shape[-1]).to(fine)
    # Of the blurred image every second pixel; and that spread out again, with zeros between, and blurred.
    coarse = blur[::2] @ fine @ blur[::2].T
    return fine - 4 * (blur[:, ::2] @ coarse @ blur[:, ::2].T), *pyramid(coarse)


def _blur(side: int) -> Tensor:
    """What 1, 4, 6, 4, 1 sixteenths of neighbours make of `side` pixels in a row, as a matrix; beyond the border, the row is mirrored."""
    blur = torch.zeros(side, side)
    for row in range(side):
        for away, weight in zip(range(-2, 3), (1, 4, 6, 4, 1), strict=True):
            mirrored = side - 1 - abs(side - 1 - abs(row + away))
            blur[row, mirrored] += weight / 16
    return blur


def _floats(images: Pixels) -> Tensor:
    return latent.to_float(torch.from_numpy(np.array(images)))


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


def smoothness(
    model: VAE, images: Pixels, workers: Workers, *, steps: int = STEPS, progress: Progress = silent
) -> dict[str, Figure]:
    """How a model gets from one held-out image to the next along straight lines in latent space; means over up to PATHS pairs.

    `path_pixels` and `path_edges` are the length of the way as a multiple of the straight line between its ends, in pixels
    and in the bands of a Laplacian pyramid, each weighed by its size (Lap1 of Bojanowski et al. 2018): 1 is a mere fade
    from one picture to the other; the more shapes move, the longer. `worst_step` is the largest of a way's `steps` - 1 steps
    in pixels against their mean: 1 is perfectly even. Empty where there are less than two images.

    Decoded in double precision: the more frames, the smaller their steps, and rounding adds up where they do not.
    """
    mu, _ = latent.encode(model, images[: 2 * PATHS])
    exact, ends = copy.deepcopy(model).double(), list(zip(mu[0::2], mu[1::2], strict=False))
    walked: list[dict[str, float]] = []
    for way in workers.each(lambda pair: _way(latent.decode_exactly(exact, latent.path(*pair, steps=steps))), ends):
        progress("measuring ways between images", len(walked), len(ends))
        walked.append(way)
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
