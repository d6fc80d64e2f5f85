"""The table of architectures as models: one file each beside this one, the same two functions in each."""

import importlib
from types import ModuleType

import torch
from torch import nn

from vaedash import config, images
from vaedash.config import RunConfig
from vaedash.errors import UsageError
from vaedash.models.vae import VAE

_ACTIVATIONS = {"relu": nn.ReLU, "silu": nn.SiLU}


def build(settings: RunConfig) -> VAE:
    """A freshly initialised model as the settings of a run ask for it, with torch's default initialisation.

    Its weights come from torch's global generator, which the caller seeds, and lie in the memory format of its
    architecture.
    """
    layers, activation = _architecture(settings.arch), _ACTIVATIONS[settings.activation]
    order = torch.from_numpy(images.shuffle_order(settings.image_size)) if settings.pixel_order == "shuffled" else None
    encoder, decoder = (
        make(settings.latent_dim, activation, settings.frame.shape, settings.layer_widths)
        for make in (layers.encoder, layers.decoder)
    )
    return VAE(encoder, decoder, latent_dim=settings.latent_dim, order=order).to(memory_format=layers.MEMORY_FORMAT)


def memory_format(arch: str) -> torch.memory_format:
    """How images should lie in memory for this architecture. Raises UsageError for an unknown name."""
    return _architecture(arch).MEMORY_FORMAT


def muon_rate(arch: str) -> float:
    """Muon's learning rate with this architecture, as a multiple of Adam's. Raises UsageError for an unknown name."""
    rate: float = _architecture(arch).MUON_RATE
    return rate


def _architecture(arch: str) -> ModuleType:
    if arch not in config.ARCHS:
        raise UsageError(f"arch must be one of {', '.join(config.ARCHS)}; got {arch!r}.")
    return importlib.import_module(f"vaedash.models.{arch}")


def parameter_count(model: VAE) -> int:
    """How many numbers are trained."""
    return sum(parameter.numel() for parameter in model.parameters())
