"""Fully connected: every pixel is connected to every unit, so it does not know which pixels are neighbours."""

import math

import torch
from torch import nn

MEMORY_FORMAT = torch.contiguous_format

# Of the learning rate, which is Adam's: of layers in which each unit adds up thousands of pixels, small steps are large already.
MUON_RATE = 5.0


def encoder(latent_dim: int, activation: type[nn.Module], shape: tuple[int, int, int]) -> nn.Module:
    """Images of this shape to mu and logvar, pixels-512-256: with 32 x 32 pixels, 3072-512-256."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(math.prod(shape), 512),
        activation(),
        nn.Linear(512, 256),
        activation(),
        nn.Linear(256, 2 * latent_dim),
    )


def decoder(latent_dim: int, activation: type[nn.Module], shape: tuple[int, int, int]) -> nn.Module:
    """z to images, the encoder mirrored."""
    return nn.Sequential(
        nn.Linear(latent_dim, 256),
        activation(),
        nn.Linear(256, 512),
        activation(),
        nn.Linear(512, math.prod(shape)),
        nn.Sigmoid(),
        nn.Unflatten(1, shape),
    )
