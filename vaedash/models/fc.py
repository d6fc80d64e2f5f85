"""Fully connected: every pixel is connected to every unit, so it does not know which pixels are neighbours."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

MEMORY_FORMAT = torch.contiguous_format

# Of the learning rate, which is Adam's: of layers in which each unit adds up thousands of pixels, small steps are large already.
MUON_RATE = 5.0


def encoder(
    latent_dim: int, activation: type[nn.Module], shape: tuple[int, int, int], widths: Sequence[int]
) -> nn.Module:
    """Images of this shape to mu and logvar, pixels-512-256: with 32 x 32 pixels, 3072-512-256."""
    layers = nn.Sequential(nn.Flatten())
    for seen, made in pairwise([math.prod(shape), *widths]):
        layers.extend([nn.Linear(seen, made), activation()])
    return layers.append(nn.Linear(widths[-1], 2 * latent_dim))


def decoder(
    latent_dim: int, activation: type[nn.Module], shape: tuple[int, int, int], widths: Sequence[int]
) -> nn.Module:
    """z to images, the encoder mirrored."""
    layers = nn.Sequential()
    for seen, made in pairwise([latent_dim, *reversed(widths)]):
        layers.extend([nn.Linear(seen, made), activation()])
    return layers.extend([nn.Linear(widths[0], math.prod(shape)), nn.Sigmoid(), nn.Unflatten(1, shape)])
