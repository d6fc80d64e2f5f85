"""Convolutional: every unit looks at a small patch, and the same detector looks everywhere."""

import torch
from torch import nn

MEMORY_FORMAT = torch.channels_last  # what convolutions are fastest with, on processors and GPUs

MUON_RATE = 2.0  # of the learning rate, which is Adam's


def encoder(latent_dim: int, activation: type[nn.Module]) -> nn.Module:
    """Images to mu and logvar, channels 3-32-64-128 on 32-16-8-4 pixels."""
    return nn.Sequential(
        nn.Conv2d(3, 32, kernel_size=4, stride=2, padding=1),
        activation(),
        nn.Conv2d(32, 64, kernel_size=4, stride=2, padding=1),
        activation(),
        nn.Conv2d(64, 128, kernel_size=4, stride=2, padding=1),
        activation(),
        nn.Flatten(),
        nn.Linear(128 * 4 * 4, 2 * latent_dim),
    )


def decoder(latent_dim: int, activation: type[nn.Module]) -> nn.Module:
    """z to images, the encoder mirrored."""
    return nn.Sequential(
        nn.Linear(latent_dim, 128 * 4 * 4),
        activation(),
        nn.Unflatten(1, (128, 4, 4)),
        nn.ConvTranspose2d(128, 64, kernel_size=4, stride=2, padding=1),
        activation(),
        nn.ConvTranspose2d(64, 32, kernel_size=4, stride=2, padding=1),
        activation(),
        nn.ConvTranspose2d(32, 3, kernel_size=4, stride=2, padding=1),
        nn.Sigmoid(),
    )
