"""The held-out loss: z drawn from q(z|x) as in training, by noise that is the same at every epoch and for every run."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaedash.images import Pixels
from vaedash.models import latent, losses
from vaedash.models.vae import VAE

_BATCH = 500
_CHUNK = 256  # images whose pixels are added up at once: these sums are whole numbers that fp32 holds exactly


@dataclass(frozen=True)
class HeldOut:
    """Images that are measured, never learned from, with the noise that draws their z."""

    images: Tensor  # (N, 3, side, side) uint8
    noise: Tensor  # (N, latent_dim)

    @classmethod
    def of(
        cls,
        pixels: Pixels,
        latent_dim: int,
        device: str | torch.device = "cpu",
        layout: torch.memory_format = torch.contiguous_format,
    ) -> "HeldOut":
        """Noise is drawn on the CPU whatever the device, so that every run of one latent size is measured with the same."""
        images = torch.empty(pixels.shape, dtype=torch.uint8, memory_format=layout)
        images.numpy()[...] = pixels
        return cls(images.to(device), latent.heldout_noise(len(pixels), latent_dim).to(device))

    @classmethod
    def some(cls, pixels: Pixels, numbers: Sequence[int], latent_dim: int) -> "HeldOut":
        """Those of all held-out images that have these numbers, each with the noise that it has among all."""
        noise = latent.heldout_noise(len(pixels), latent_dim)
        return cls(torch.from_numpy(pixels[list(numbers)]), noise[list(numbers)])

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Images and their noise, some hundred at a time."""
        return zip(self.images.split(_BATCH), self.noise.split(_BATCH), strict=True)


@dataclass(frozen=True, kw_only=True)
class Losses:
    """Means over images, in nats per image: loss = recon + beta * kl."""

    loss: float
    recon: float
    kl: float

    @classmethod
    def of(cls, recon: float, kl: float, *, beta: float) -> "Losses":
        """The loss of two means."""
        return cls(loss=recon + beta * kl, recon=recon, kl=kl)

    def named(self, split: str) -> dict[str, float]:
        """As they are called in a run's records: `test_loss` and so on."""
        return {f"{split}_loss": self.loss, f"{split}_recon": self.recon, f"{split}_kl": self.kl}


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A model on held-out images, in nats: means weighted by image, and each image on its own. Arrays are float64."""

    recon: float
    kl: float
    kl_by_latent: NDArray[np.float64]  # (latent_dim,), the mean over images
    recon_by_image: NDArray[np.float64]  # (N,)
    kl_by_image: NDArray[np.float64]  # (N,)

    def losses(self, *, beta: float) -> Losses:
        """The means, with this weight of the KL."""
        return Losses.of(self.recon, self.kl, beta=beta)

    def loss_by_image(self, *, beta: float) -> NDArray[np.float64]:
        """The loss of each image, `(N,)`; its mean is the loss of `losses`."""
        return self.recon_by_image + beta * self.kl_by_image


@torch.inference_mode()
def evaluate(model: VAE, held_out: HeldOut, *, between: Callable[[], None] = lambda: None) -> Evaluation:
    """What `model` makes of held-out images on the device that both are on, in the precision of its weights.

    `between` is called after every few hundred of them. On a processor, how many threads compute changes no number: with several, a
    convolution is divided otherwise where a batch has an odd number of images, so what is no whole batch is computed by one.
    """
    exact = sum_type(held_out.images.device.type)
    recon_sum, kl_sums = 0.0, torch.zeros(model.latent_dim, dtype=exact, device=held_out.images.device)
    recon_by_image, kl_by_image = [], []
    for batch, noise in held_out.batches():
        pixels = latent.to_float(batch)
        with nullcontext() if len(batch) == _BATCH else _one_thread():
            mu, logvar = model.encode(pixels)
            recon = losses.recon_per_image(model.decode(losses.reparameterize(mu, logvar, noise)), pixels)
        kl = losses.kl_per_latent(mu, logvar)
        recon_sum += recon.sum(dtype=exact).item()
        kl_sums += kl.sum(0, dtype=exact)
        recon_by_image.append(recon.cpu().double())
        kl_by_image.append(kl.sum(1).cpu().double())
        between()
    count = len(held_out.images)
    return Evaluation(
        recon=recon_sum / count,
        kl=float(kl_sums.sum()) / count,
        kl_by_latent=(kl_sums / count).cpu().numpy(),
        recon_by_image=torch.cat(recon_by_image).numpy(),
        kl_by_image=torch.cat(kl_by_image).numpy(),
    )


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@torch.inference_mode()
def mean_picture(train: Tensor, held_out: HeldOut) -> float:
    """The loss of who has learned nothing but the mean of the `train` images, uint8 `(N, 3, side, side)`, and answers every image with it.

    In nats per held-out image; the KL of an answer that is always the same is 0, so beta does not matter. On the device that both are on.
    """
    exact = sum_type(train.device.type)
    total = sum(chunk.float().sum(0).to(exact) for chunk in train.split(_CHUNK))
    mean = (total / (255 * len(train))).float()
    missed = [losses.recon_per_image(mean, latent.to_float(batch)).sum(dtype=exact) for batch, _ in held_out.batches()]
    return float(sum(missed)) / len(held_out.images)


def sum_type(device: str) -> torch.dtype:
    """In which losses are summed over an epoch: double precision, where the device knows it."""
    return torch.float32 if device == "mps" else torch.float64
