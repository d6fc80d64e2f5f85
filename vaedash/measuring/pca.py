"""The best linear VAE there can be, in closed form: the line that a network should be below.

A linear encoder and decoder with this project's loss, recon + beta * kl, are probabilistic PCA with noise variance
s = beta / 2 (Tipping & Bishop 1999; Lucas et al. 2019), so the loss of the best one follows from the eigenvalues of
the training images' pixel covariance, without training.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from vaedash import config, storage
from vaedash.datasets import Dataset
from vaedash.images import Pixels
from vaedash.runs.schema import FrontierPoint, Line, Lines

_CHUNK = 4096  # images


@dataclass(frozen=True)
class Spectrum:
    """How images vary: along each direction of their training images' principal axes, the largest first.

    `train` are the eigenvalues of the pixel covariance, `(3072,)`; `test` is the held-out images' mean square along
    the same directions, about the training mean. Pixels in [0, 1], float64.
    """

    train: NDArray[np.float64]
    test: NDArray[np.float64]


def measure(dataset: Dataset) -> Spectrum:
    """The spectrum of a dataset; takes some seconds to half a minute."""
    mean = dataset.train.mean(axis=0, dtype=np.float64).reshape(-1) / 255
    values, directions = torch.linalg.eigh(_second_moment(dataset.train, mean))
    held_out = (directions * (_second_moment(dataset.test, mean) @ directions)).sum(0)
    return Spectrum(values.flip(0).clamp_min(0).numpy(), held_out.flip(0).numpy())


def spectrum(dataset: Dataset, *, data_dir: Path) -> Spectrum:
    """The same, measured once for each set of images and then read from the cache in `data_dir`."""
    file = spectrum_file(dataset.fingerprint, data_dir)

    def read() -> Spectrum | None:
        try:
            return Spectrum(*np.load(file))
        except (OSError, ValueError, TypeError):
            return None

    def make() -> Spectrum:
        measured, buffer = measure(dataset), io.BytesIO()
        np.save(buffer, np.stack([measured.train, measured.test]))
        storage.write_bytes(file, buffer.getvalue())
        return measured

    return storage.once(read, make, lock=file.with_suffix(".lock"))


def spectrum_file(fingerprint: str, data_dir: Path) -> Path:
    """Where the spectrum of the images of this fingerprint is kept."""
    return data_dir / "cache" / f"spectrum-{fingerprint}.npy"


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


def _second_moment(images: Pixels, mean: NDArray[np.float64]) -> torch.Tensor:
    """Mean of (x - mean)(x - mean)^T over uint8 images, `(3072, 3072)` float64."""
    total = torch.zeros(config.PIXELS, config.PIXELS, dtype=torch.float64)
    center = torch.from_numpy(mean)
    for start in range(0, len(images), _CHUNK):
        # Each chunk's products in fp32, which pixels of eight bits do not ask more of; their sum in double.
        chunk = torch.from_numpy(np.array(images[start : start + _CHUNK])).reshape(-1, config.PIXELS).double()
        centered = (chunk / 255 - center).float()
        total += (centered.T @ centered).double()
    return total / len(images)
