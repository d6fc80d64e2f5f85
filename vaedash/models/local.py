"""Locally connected: every unit looks at a small patch, as in conv, and each place has a detector of its own."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

MEMORY_FORMAT = torch.channels_last  # as conv: what lies side by side here are the channels of a place

MUON_RATE = 2.0  # of the learning rate, which is Adam's

_LAST_SIDE = 4  # pixels a side after the last block


def encoder(
    latent_dim: int, activation: type[nn.Module], shape: tuple[int, int, int], widths: Sequence[int]
) -> nn.Module:
    """Images of this shape to mu and logvar, block for block as conv's, each kernel used at one place only."""
    channels, side = [shape[0], *widths], shape[1]
    blocks = nn.Sequential()
    for seen, made in pairwise(channels):
        blocks.extend([Local2d(seen, made, side), activation()])
        side //= 2
    return blocks.extend([nn.Flatten(), nn.Linear(channels[-1] * _LAST_SIDE**2, 2 * latent_dim)])


def decoder(
    latent_dim: int, activation: type[nn.Module], shape: tuple[int, int, int], widths: Sequence[int]
) -> nn.Module:
    """z to images, the encoder mirrored."""
    channels, side = [*reversed(widths), shape[0]], _LAST_SIDE
    blocks = nn.Sequential(nn.Linear(latent_dim, channels[0] * _LAST_SIDE**2), activation())
    blocks.append(nn.Unflatten(1, (channels[0], _LAST_SIDE, _LAST_SIDE)))
    for seen, made in pairwise(channels):
        blocks.extend([LocalTranspose2d(seen, made, side), activation()])
        side *= 2
    blocks[-1] = nn.Sigmoid()
    return blocks


# ---- the layers -----------------------------------------------------------------------------------------------------


class Local2d(nn.Module):
    """A convolution of 4 by 4, with stride 2 and padding 1, that has a kernel and a bias of its own at each place.

    Images `(B, seen, side, side)` to `(B, made, side / 2, side / 2)`. `weight` `(places, 16 * seen, made)`: a kernel for each place of
    what comes out, row by row; of three dimensions, so that a memory format for images leaves it as it lies. `bias` `(places * made,)`.
    Both begin as torch begins a convolution's, between -1 and 1 over the root of how many numbers a unit adds up.
    """

    def __init__(self, seen: int, made: int, side: int) -> None:
        super().__init__()
        places, bound = (side // 2) ** 2, 1 / math.sqrt(16 * seen)
        self.weight = nn.Parameter(torch.empty(places, 16 * seen, made).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(places * made).uniform_(-bound, bound))

    def forward(self, images: Tensor) -> Tensor:
        places, width, made = self.weight.shape
        side = math.isqrt(places)
        patches = _Patches.apply(images).view(places, -1, width)
        out = torch.baddbmm(self.bias.view(places, 1, made), patches, self.weight)
        return out.view(side, side, -1, made).permute(2, 3, 0, 1)


class LocalTranspose2d(nn.Module):
    """The transpose of `Local2d`: maps `(B, seen, side, side)` to `(B, made, 2 * side, 2 * side)`.

    `weight` `(places, seen, 16 * made)`: a kernel for each place of what goes in; `bias` `(4 * places * made,)`: of what comes out.
    """

    def __init__(self, seen: int, made: int, side: int) -> None:
        super().__init__()
        places, bound = side**2, 1 / math.sqrt(16 * made)
        self.weight = nn.Parameter(torch.empty(places, seen, 16 * made).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(4 * places * made).uniform_(-bound, bound))

    def forward(self, maps: Tensor) -> Tensor:
        places, seen, width = self.weight.shape
        side = math.isqrt(places)
        at_places = maps.permute(2, 3, 0, 1).reshape(places, -1, seen)
        drawn = torch.bmm(at_places, self.weight).view(side, side, -1, width)
        return _Laid.apply(drawn) + self.bias.view(2 * side, 2 * side, -1).permute(2, 0, 1)


# With stride 2 a patch of 4 by 4 is four blocks of 2 by 2. An image as blocks is `(rows + 1, columns + 1, B, 4 * channels)`, its border
# of zeros included; a patch is a block with its right, lower and diagonal neighbour.


def _blocks(images: Tensor) -> Tensor:
    count, channels, height, width = images.shape
    padded = nn.functional.pad(images.permute(2, 3, 0, 1), (0, 0, 0, 0, 1, 1, 1, 1))
    parts = padded.reshape(height // 2 + 1, 2, width // 2 + 1, 2, count, channels)
    return parts.permute(0, 2, 4, 1, 3, 5).reshape(height // 2 + 1, width // 2 + 1, count, 4 * channels)


def _images(blocks: Tensor) -> Tensor:
    rows, columns, count, channels = blocks.shape
    parts = blocks.view(rows, columns, count, 2, 2, channels // 4).permute(0, 3, 1, 4, 2, 5)
    padded = parts.reshape(2 * rows, 2 * columns, count, channels // 4)
    return padded[1:-1, 1:-1].permute(2, 3, 0, 1)


_SHIFTS = ((0, 0), (0, 1), (1, 0), (1, 1))


def _gathered(blocks: Tensor) -> Tensor:
    rows, columns = blocks.shape[0] - 1, blocks.shape[1] - 1
    return torch.cat([blocks[down : down + rows, right : right + columns] for down, right in _SHIFTS], dim=-1)


def _scattered(patches: Tensor) -> Tensor:
    rows, columns, count, width = patches.shape
    blocks = patches.new_zeros(rows + 1, columns + 1, count, width // 4)
    for part, (down, right) in zip(patches.chunk(4, dim=-1), _SHIFTS, strict=True):
        blocks[down : down + rows, right : right + columns] += part
    return blocks


class _Patches(torch.autograd.Function):
    """Images to the patches that are seen at each place, `(rows, columns, B, 16 * channels)`."""

    @staticmethod
    def forward(_, images):
        return _gathered(_blocks(images))

    @staticmethod
    def backward(_, gradient):
        return _images(_scattered(gradient))


class _Laid(torch.autograd.Function):
    """Patches of each place laid over one another: the transpose of `_Patches`."""

    @staticmethod
    def forward(_, patches):
        return _images(_scattered(patches))

    @staticmethod
    def backward(_, gradient):
        return _gathered(_blocks(gradient))
