"""A run's images on its device, and the batches of an epoch: an order and a noise that seed and epoch alone decide."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vaedash import datasets
from vaedash.config import RunConfig
from vaedash.datasets import Dataset
from vaedash.errors import DatasetError
from vaedash.measuring.heldout import HeldOut
from vaedash.models import archs


@dataclass(frozen=True)
class Split:
    """`train` uint8 `(N, 3, side, side)`, and what is held out, by name (`test`, perhaps `val`)."""

    train: Tensor
    held_out: dict[str, HeldOut]

    @classmethod
    def of(cls, dataset: Dataset, settings: RunConfig, device: str) -> "Split":
        """The test images as they are; with `monitor` val, a seeded share of the training images becomes `val`."""
        train, held_out = dataset.train, {"test": dataset.test}
        if settings.monitor == "val":
            chosen = datasets.share(len(train), settings.val_fraction)
            held_out["val"], train = train[chosen], np.delete(train, chosen, axis=0)
        if not len(train):
            raise DatasetError(
                f"No training image of {dataset.name} is left: raise --fraction or lower --val-fraction."
            )
        layout = archs.memory_format(settings.arch)
        return cls(
            torch.from_numpy(train).to(device),
            {name: HeldOut.of(pixels, settings.latent_dim, device, layout) for name, pixels in held_out.items()},
        )


def batches(pixels: Tensor, settings: RunConfig, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Each image once, in an order that depends on seed and epoch alone, with the noise that draws its z.

    No generator's state outlives an epoch, so a resume needs none; and architectures do not matter, so fc and
    conv of one seed see the same batches in the same order.
    """
    shuffle = torch.Generator().manual_seed(_derived_seed(settings.seed, "order", epoch))
    layout = archs.memory_format(settings.arch)
    order = torch.randperm(len(pixels), generator=shuffle).to(pixels.device)
    generator = torch.Generator(pixels.device).manual_seed(_derived_seed(settings.seed, "noise", epoch))
    for chosen in order.split(settings.batch_size):
        noise = torch.randn(len(chosen), settings.latent_dim, generator=generator, device=pixels.device)
        yield pixels[chosen].contiguous(memory_format=layout), noise


def _derived_seed(seed: int, purpose: str, epoch: int) -> int:
    """A seed of its own for each purpose and epoch: neighbouring seeds share nothing."""
    digest = hashlib.sha256(f"{seed} {purpose} {epoch}".encode()).digest()
    return int.from_bytes(digest[:8]) >> 1
