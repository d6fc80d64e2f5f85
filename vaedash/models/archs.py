"""The table of architectures as models: the same two functions in each, in a file beside this one, of a package, or of one's own."""

import functools
import importlib
import threading
from types import ModuleType

import torch
from torch import nn

from vaedash import config, images
from vaedash.config import RunConfig
from vaedash.errors import UsageError
from vaedash.languages import say
from vaedash.models import conv, own, trial
from vaedash.models.vae import VAE

# Weights come from torch's one global generator: a model that is built meanwhile would take some of its numbers.
_drawing = threading.RLock()
_ACTIVATIONS = {"relu": nn.ReLU, "silu": nn.SiLU}


def build(settings: RunConfig) -> VAE:
    """A freshly initialised model as the settings of a run ask for it, with torch's default initialisation.

    Its weights come from torch's global generator, which the caller seeds, and lie in the memory format of its
    architecture. RunError, which says why, where that did not come with vaedash and is not trusted here or does not work.
    """
    if settings.arch not in config.BUILT_IN_ARCHS:
        _tried(settings.only(config.MODEL_SETTINGS))
    with _drawing:
        return _made(settings)


def untrained(settings: RunConfig) -> VAE:
    """The model as a run of these settings began: its weights follow from the seed. In evaluation mode. Raises what `build` does."""
    with _drawing, torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        return build(settings).eval().requires_grad_(False)


def outlined(settings: RunConfig) -> VAE:
    """The model as `build` makes it, but where it came with vaedash without any memory: its tensors have a type and a shape only."""
    if settings.arch not in config.BUILT_IN_ARCHS:
        return build(settings)
    with torch.device("meta"):
        return _made(settings)


@functools.lru_cache(maxsize=256)
def _tried(settings: RunConfig) -> None:
    trial.require_working(settings, lambda: _made(settings))


def _made(settings: RunConfig) -> VAE:
    layers, activation = _architecture(settings.arch), _ACTIVATIONS[settings.activation]
    order = torch.from_numpy(images.shuffle_order(settings.image_size)) if settings.pixel_order == "shuffled" else None
    # Of widths only those know that come with vaedash.
    widths = (settings.layer_widths,) if settings.arch in config.BUILT_IN_ARCHS else ()
    encoder, decoder = (
        make(settings.latent_dim, activation, settings.frame.shape, *widths)
        for make in (layers.encoder, layers.decoder)
    )
    return VAE(encoder, decoder, latent_dim=settings.latent_dim, order=order).to(
        memory_format=memory_format(settings.arch)
    )


def memory_format(arch: str) -> torch.memory_format:
    """How images should lie in memory for this architecture; as torch lays them where it does not say. Raises what `build` does."""
    layout: torch.memory_format = getattr(_architecture(arch), "MEMORY_FORMAT", torch.contiguous_format)
    return layout


def muon_rate(arch: str) -> float:
    """Muon's learning rate with this architecture, as a multiple of Adam's; conv's where it does not say. Raises what `build` does."""
    rate: float = getattr(_architecture(arch), "MUON_RATE", conv.MUON_RATE)
    return rate


def _architecture(arch: str) -> ModuleType:
    if config.is_own(arch):
        return own.load(arch)
    if arch not in config.ARCHS:
        raise UsageError(
            say("arch must be one of {allowed}; got {value!r}.", allowed=", ".join(config.ARCHS), value=arch)
        )
    module = config.ARCHS[arch].module
    if module:
        return own.running(arch, lambda: importlib.import_module(module))
    return importlib.import_module(f"vaedash.models.{arch}")


def parameter_count(model: VAE) -> int:
    """How many numbers are trained."""
    return sum(parameter.numel() for parameter in model.parameters())
