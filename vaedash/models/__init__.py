"""The architectures that are compared, side by side: one file each, the same two functions in each."""

import importlib
from types import ModuleType

import torch
from torch import nn

from vaedash import config, images
from vaedash.errors import UsageError
from vaedash.models.vae import VAE

__all__ = ["VAE", "build", "memory_format", "parameter_count"]

_ACTIVATIONS = {"relu": nn.ReLU, "silu": nn.SiLU}


def build(arch: str, latent_dim: int, activation: str = "relu", pixel_order: str = "natural") -> VAE:
    """A freshly initialised model of `arch` (a name in `config.ARCHS`), with torch's default initialisation.

    `activation` is one of `config.ACTIVATIONS`, `pixel_order` of `config.PIXEL_ORDERS`. Its weights come from torch's
    global generator, which the caller seeds, and lie in the memory format of its architecture. Raises UsageError for an
    unknown name.
    """
    layers, kind = _architecture(arch), _ACTIVATIONS[activation]
    order = torch.from_numpy(images.shuffle_order()) if pixel_order == "shuffled" else None
    model = VAE(layers.encoder(latent_dim, kind), layers.decoder(latent_dim, kind), order)
    return model.to(memory_format=layers.MEMORY_FORMAT)


def memory_format(arch: str) -> torch.memory_format:
    """How images should lie in memory for this architecture. Raises UsageError for an unknown name."""
    return _architecture(arch).MEMORY_FORMAT


def _architecture(arch: str) -> ModuleType:
    if arch not in config.ARCHS:
        raise UsageError(f"arch must be one of {', '.join(config.ARCHS)}; got {arch!r}.")
    return importlib.import_module(f"vaedash.models.{arch}")


def parameter_count(model: VAE) -> int:
    """How many numbers are trained."""
    return sum(parameter.numel() for parameter in model.parameters())
