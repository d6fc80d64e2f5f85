"""Convolutional: every unit looks at a small patch, and the same detector looks everywhere."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

MEMORY_FORMAT = torch.channels_last  # what convolutions are fastest with, on processors and GPUs

MUON_RATE = 2.0  # of the learning rate, which is Adam's

_LAST_SIDE = 4  # pixels a side after the last block


def encoder(
    latent_dim: int, activation: type[nn.Module], shape: tuple[int, int, int], widths: Sequence[int]
) -> nn.Module:
    """Images of this shape to mu and logvar, a block for each halving down to 4 x 4: channels 3-32-64-128 on 32-16-8-4 pixels, and
    with 64 pixels one more, of 256."""
    channels = [shape[0], *widths]
    blocks = nn.Sequential()
    for seen, made in pairwise(channels):
        blocks.extend([nn.Conv2d(seen, made, kernel_size=4, stride=2, padding=1), activation()])
    return blocks.extend([nn.Flatten(), nn.Linear(channels[-1] * _LAST_SIDE**2, 2 * latent_dim)])


def decoder(
    latent_dim: int, activation: type[nn.Module], shape: tuple[int, int, int], widths: Sequence[int]
) -> nn.Module:
    """z to images, the encoder mirrored."""
    channels = [*reversed(widths), shape[0]]
    blocks = nn.Sequential(nn.Linear(latent_dim, channels[0] * _LAST_SIDE**2), activation())
    blocks.append(nn.Unflatten(1, (channels[0], _LAST_SIDE, _LAST_SIDE)))
    for seen, made in pairwise(channels):
        blocks.extend([nn.ConvTranspose2d(seen, made, kernel_size=4, stride=2, padding=1), activation()])
    blocks[-1] = nn.Sigmoid()
    return blocks
