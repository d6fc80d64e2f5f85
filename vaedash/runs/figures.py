"""What a run keeps as arrays beside its records: figures image by image and latent by latent."""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaedash import storage
from vaedash.runs import names

_MOST = 100_000_000  # bytes: ten thousand epochs of 512 latents take 20 MB

Floats = NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True)
class Figures:
    """Those in the `folder` of one run; None where they were not measured or cannot be read. float32 on disk."""

    folder: Path

    def test_losses(self) -> NDArray[np.float32] | None:
        """The loss of each test image with the kept weights, `(N,)` in nats."""
        losses = _array(self.folder / names.TEST_LOSSES, dimensions=1)
        return losses if losses is not None and np.isfinite(losses).all() else None

    def write_test_losses(self, losses: Floats) -> None:
        """Keep the loss of each test image, for comparisons image by image."""
        storage.write_bytes(self.folder / names.TEST_LOSSES, _npy(losses))

    def kl_by_latent(self) -> NDArray[np.float32] | None:
        """Mean KL of each latent over the test images after each epoch, `(epochs, latent_dim)` in nats.

        NaN in epochs of which it was lost. Written before the epoch is announced, so there may be one row too many.
        """
        return _array(self.folder / names.KL_BY_LATENT, dimensions=2)

    def write_kl_by_latent(self, epochs: Sequence[Floats]) -> None:
        """Keep how much each latent says after each epoch, without waiting for the disk: losing it loses a picture only."""
        storage.write_bytes(self.folder / names.KL_BY_LATENT, _npy(np.stack(epochs).astype(np.float32)), durable=False)

    def told_by_latent(self) -> NDArray[np.float32] | None:
        """Which part of each factor each latent tells with the kept weights, `(factors, latent_dim)`, 0 to 1 (`knowledge.Knowledge`)."""
        return _array(self.folder / names.TOLD_BY_LATENT, dimensions=2)

    def write_told_by_latent(self, shares: Floats) -> None:
        """Keep which latent tells which factor; it is measured again in a moment."""
        storage.write_bytes(self.folder / names.TOLD_BY_LATENT, _npy(shares), durable=False)

    def damaged(self) -> dict[str, str]:
        """The files that are there but cannot be read, each with what does without it, as a sentence."""
        cases = (
            (names.TEST_LOSSES, self.test_losses, "Compare judges by the means alone; it may be deleted."),
            (names.KL_BY_LATENT, self.kl_by_latent, "Latent space leaves its picture out; it may be deleted."),
            (names.TOLD_BY_LATENT, self.told_by_latent, "Compare leaves its picture out; it may be deleted."),
        )
        return {name: rest for name, read, rest in cases if os.path.lexists(self.folder / name) and read() is None}


def _array(file: Path, *, dimensions: int) -> NDArray[np.float32] | None:
    """The float32 array in a file, or None where there is none that can be read."""
    try:
        array = np.load(io.BytesIO(storage.read_bytes(file, most=_MOST)), allow_pickle=False)
    except (OSError, ValueError, EOFError, MemoryError):  # the last where it only claims to hold so much
        return None
    sound = isinstance(array, np.ndarray) and array.ndim == dimensions and array.dtype == np.float32 and array.size
    return array if sound else None


def _npy(values: Floats) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values.astype(np.float32))
    return buffer.getvalue()
