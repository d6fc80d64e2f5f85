"""Convolutional: every unit looks at a small patch, and the same detector looks everywhere."""

from itertools import pairwise

import torch
from torch import nn

MEMORY_FORMAT = torch.channels_last  # what convolutions are fastest with, on processors and GPUs

MUON_RATE = 2.0  # of the learning rate, which is Adam's

_FIRST, _LAST_SIDE = 32, 4  # channels of the first block, which then double; pixels a side after the last


def encoder(latent_dim: int, activation: type[nn.Module], shape: tuple[int, int, int]) -> nn.Module:
    """Images of this shape to mu and logvar, a block for each halving down to 4 x 4: channels 3-32-64-128 on 32-16-8-4 pixels, and
    with 64 pixels one more, of 256."""
    channels = _channels(shape)
    blocks = nn.Sequential()
    for seen, made in pairwise(channels):
        blocks.extend([nn.Conv2d(seen, made, kernel_size=4, stride=2, padding=1), activation()])
    return blocks.extend([nn.Flatten(), nn.Linear(channels[-1] * _LAST_SIDE**2, 2 * latent_dim)])


def decoder(latent_dim: int, activation: type[nn.Module], shape: tuple[int, int, int]) -> nn.Module:
    """z to images, the encoder mirrored."""
    channels = _channels(shape)[::-1]
    blocks = nn.Sequential(nn.Linear(latent_dim, channels[0] * _LAST_SIDE**2), activation())
    blocks.append(nn.Unflatten(1, (channels[0], _LAST_SIDE, _LAST_SIDE)))
    for seen, made in pairwise(channels):
        draws = made == channels[-1]
        blocks.append(nn.ConvTranspose2d(seen, made, kernel_size=4, stride=2, padding=1))
        blocks.append(nn.Sigmoid() if draws else activation())
    return blocks


def _channels(shape: tuple[int, int, int]) -> list[int]:
    """Those of an image, and of what comes out of each block of the encoder."""
    colours, side, _ = shape
    halvings = (side // _LAST_SIDE).bit_length() - 1
    return [colours, *(_FIRST * 2**block for block in range(halvings))]
