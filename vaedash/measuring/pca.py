"""The best linear VAE there can be, in closed form: the line that a network should be below.

A linear encoder and decoder with this project's loss, recon + beta * kl, are probabilistic PCA with noise variance
s = beta / 2 (Tipping & Bishop 1999; Lucas et al. 2019), so the loss of the best one follows from the eigenvalues of
the training images' pixel covariance, without training.

`python -m vaedash.measuring.pca` writes the spectrum that comes along anew after the shapes have changed; a test compares the two.
"""

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaedash import config, datasets, places, storage
from vaedash.datasets import Dataset, Progress, silent
from vaedash.images import Pixels
from vaedash.runs.schema import FrontierPoint, Line, Lines

_COMES_ALONG = Path(__file__).parent  # of images that are the same everywhere
_CHUNK = 4096 * config.USUAL_FRAME.pixels  # numbers
_COLUMNS = 512  # of a second moment, which is symmetric: nothing left of them is computed
_ALL = 4096  # directions at most for which all are looked for: the work grows with their cube
_LEADING = 640  # looked for where there are more, of which the longest latent needs 512
_ROUNDS = 6  # of that search


@dataclass(frozen=True)
class Spectrum:
    """How images vary: along each direction of their training images' principal axes, the largest first.

    `train` are the eigenvalues of the pixel covariance, one for each number that an image is; `test` is the held-out images' mean
    square along the same directions, about the training mean. Pixels in [0, 1], float64. Where only the leading directions were looked
    for, the rest of both is spread evenly over the others.
    """

    train: NDArray[np.float64]
    test: NDArray[np.float64]


def measure(dataset: Dataset, *, progress: Progress = silent) -> Spectrum:
    """The spectrum of a dataset; takes a moment for a few hundred images, and some seconds to half a minute for more."""
    mean = torch.from_numpy(dataset.train.mean(axis=0, dtype=np.float64).reshape(-1) / 255)
    pixels = len(mean)
    principal = _of_few if len(dataset.train) < pixels else _of_many
    if min(len(dataset.train), pixels) > _ALL:
        principal = _leading
    values, directions = principal(dataset.train, mean, progress)
    train, held_out = (torch.zeros(pixels, dtype=torch.float64) for _ in range(2))
    train[: len(values)] = values.clamp_min(0)
    total = 0.0
    for centered in _centered(dataset.test, mean, progress):
        held_out[: len(values)] += (centered @ directions).square().sum(0, dtype=torch.float64)
        total += centered.square().sum(dtype=torch.float64).item()
    # What lies along no direction that is known, of the few that there are or were looked for, lies along none in particular.
    _spread_rest(held_out, total, known=len(values))
    if principal is _leading:
        squares = (each.square().sum(dtype=torch.float64).item() for each in _centered(dataset.train, mean, progress))
        _spread_rest(train, sum(squares) / len(dataset.train), known=len(values))
    return Spectrum(train.numpy(), (held_out / len(dataset.test)).numpy())


def _spread_rest(along: Tensor, total: float, *, known: int) -> None:
    along[known:] = max(0.0, total - along.sum().item()) / max(1, len(along) - known)


def _of_many(images: Pixels, mean: Tensor, progress: Progress) -> tuple[Tensor, Tensor]:
    """Eigenvalues of the pixel covariance, `(3072,)` float64, the largest first, and their directions, columns in fp32."""
    pixels = len(mean)
    covariance = torch.zeros(pixels, pixels, dtype=torch.float64)
    for centered in _centered(images, mean, progress):
        # Each chunk's products in fp32, which pixels of eight bits do not ask more of; their sum in double.
        for left in range(0, pixels, _COLUMNS):
            columns = slice(left, left + _COLUMNS)
            covariance[columns, left:] += centered[:, columns].T @ centered[:, left:]
    covariance /= len(images)
    # Both of them read the lower triangle unless told otherwise. Directions in fp32 are half the work of those in double.
    values = torch.linalg.eigvalsh(covariance, UPLO="U")
    _, directions = torch.linalg.eigh(covariance.float(), UPLO="U")
    return values.flip(0), _of_length_one(directions.double()).flip(1)


def _of_few(images: Pixels, mean: Tensor, progress: Progress) -> tuple[Tensor, Tensor]:
    """The same of fewer images than pixels, by what they have in common with each other: `(N,)`, and as many columns."""
    centered = torch.cat(list(_centered(images, mean, progress))).double()
    values, weights = torch.linalg.eigh(centered @ centered.T / len(images))
    return values.flip(0), _of_length_one(centered.T @ weights).flip(1)


def _leading(images: Pixels, mean: Tensor, progress: Progress) -> tuple[Tensor, Tensor]:
    """The leading ones of many: `(_LEADING,)`, and as many columns. By subspace iteration from a seeded start, which never makes the
    covariance, and then Rayleigh and Ritz (Halko, Martinsson & Tropp 2011, section 4.5)."""
    directions = torch.randn(len(mean), _LEADING, generator=torch.Generator().manual_seed(0))
    for _ in range(_ROUNDS):
        directions, _ = torch.linalg.qr(_through_covariance(directions, images, mean, progress))
    values, turned = torch.linalg.eigh(
        (directions.T @ _through_covariance(directions, images, mean, progress)).double()
    )
    return values.flip(0), (directions @ turned.float()).flip(1)


def _through_covariance(directions: Tensor, images: Pixels, mean: Tensor, progress: Progress) -> Tensor:
    """The product of the pixel covariance with some columns."""
    product = torch.zeros_like(directions)
    for centered in _centered(images, mean, progress):
        product += centered.T @ (centered @ directions) / len(images)
    return product


def _of_length_one(columns: Tensor) -> Tensor:
    """The columns as they are used, in fp32; one that is zero, as where two images are equal, stays so."""
    lengths: Tensor = columns.norm(dim=0)
    return (columns / lengths.clamp_min(1e-9)).float()


def _centered(images: Pixels, mean: Tensor, progress: Progress) -> Iterator[Tensor]:
    """Images less `mean`, some thousand at a time: `(N, pixels)` fp32 in [-1, 1]."""
    count = _CHUNK // len(mean)
    for start in range(0, len(images), count):
        progress("measuring how pictures vary", start, len(images))
        chunk = torch.from_numpy(np.array(images[start : start + count])).reshape(-1, len(mean)).double()
        yield (chunk / 255 - mean).float()


def spectrum(dataset: Dataset, *, data_dir: Path, progress: Progress = silent) -> Spectrum:
    """The same, measured once for each set of images and then read from the cache in `data_dir`; that of the shapes comes along."""
    file = spectrum_file(dataset.fingerprint, data_dir)

    def read() -> Spectrum | None:
        for known in (file, _COMES_ALONG / file.name):
            with contextlib.suppress(OSError, ValueError, TypeError):
                return Spectrum(*np.load(known))
        return None

    def make() -> Spectrum:
        measured = measure(dataset, progress=progress)
        _write(file, measured)
        return measured

    return storage.once(read, make, lock=file.with_suffix(".lock"))


def spectrum_file(fingerprint: str, data_dir: Path) -> Path:
    """Where the spectrum of the images of this fingerprint is kept."""
    return data_dir / "cache" / _name(fingerprint)


def _name(fingerprint: str) -> str:
    return f"spectrum-{fingerprint}.npy"


def _write(file: Path, measured: Spectrum) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.stack([measured.train, measured.test]))
    storage.write_bytes(file, buffer.getvalue())


def line(spectrum: Spectrum, *, latent_dim: int, beta: float) -> Lines | None:
    """`loss`, `recon` and `kl` of the best linear VAE in nats per image, for `train` and `test`, and how many `directions` it uses.

    With eigenvalues l_i and s = beta / 2 it keeps the k = #{i <= latent_dim: l_i > s} directions that are worth their
    price; its posterior along them is known, so held-out images are measured exactly, without drawing z. None for
    beta 0, where a posterior may be infinitely narrow and costs nothing.
    """
    if beta == 0:
        return None
    s = beta / 2
    kept = int((spectrum.train[:latent_dim] > s).sum())
    value = spectrum.train[:kept]
    lines = {}
    for split, square in (("train", spectrum.train), ("test", spectrum.test)):
        along, rest = square[:kept], square[kept:].sum()
        # The decoded image falls short of x by s / l of it, and z's variance s / l comes back scaled by l - s.
        recon = (s**2 * along / value**2 + s * (value - s) / value).sum() + rest
        kl = 0.5 * ((value - s) * along / value**2 + s / value - 1 + np.log(value / s)).sum() if kept else 0.0
        lines[split] = Line(loss=float(recon + beta * kl), recon=float(recon), kl=float(kl), directions=kept)
    return Lines(train=lines["train"], test=lines["test"])


def frontier(spectrum: Spectrum, *, latent_dim: int) -> list[FrontierPoint]:
    """`beta`, `kl` and `recon` of the best linear VAE on the held-out images, for a range of beta and those that are published."""
    betas = sorted({*np.geomspace(0.02, 8.0, 25).round(4).tolist(), *config.PUBLISHED_BETAS.values()})
    lines = ((beta, line(spectrum, latent_dim=latent_dim, beta=beta)) for beta in betas)
    return [
        FrontierPoint(beta=beta, kl=best["test"]["kl"], recon=best["test"]["recon"]) for beta, best in lines if best
    ]


if __name__ == "__main__":
    shapes = datasets.load("shapes", data_dir=places.data_dir())
    _write(_COMES_ALONG / _name(shapes.fingerprint), measure(shapes))
