"""The architectures that are compared, side by side: one file each, the same two functions in each."""

import importlib

import torch

from vaedash import config
from vaedash.errors import UsageError
from vaedash.models.vae import VAE

__all__ = ["VAE", "build", "parameter_count"]


def build(arch: str, latent_dim: int) -> VAE:
    """A freshly initialised model of `arch` (a name in `config.ARCHS`), with torch's default initialisation.

    Its weights come from torch's global generator, which the caller seeds. Convolutions are laid out
    channels-last, which is what processors and GPUs are fastest with. Raises UsageError for an unknown name.
    """
    if arch not in config.ARCHS:
        raise UsageError(f"arch must be one of {', '.join(config.ARCHS)}; got {arch!r}.")
    layers = importlib.import_module(f"vaedash.models.{arch}")
    return VAE(layers.encoder(latent_dim), layers.decoder(latent_dim)).to(memory_format=torch.channels_last)


def parameter_count(model: VAE) -> int:
    """How many numbers are trained."""
    return sum(parameter.numel() for parameter in model.parameters())
