"""Fully connected: every pixel is connected to every unit, so it does not know which pixels are neighbours."""

from torch import nn


def encoder(latent_dim: int) -> nn.Module:
    """Images to mu and logvar, 3072-512-256."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(3072, 512),
        nn.ReLU(),
        nn.Linear(512, 256),
        nn.ReLU(),
        nn.Linear(256, 2 * latent_dim),
    )


def decoder(latent_dim: int) -> nn.Module:
    """z to images, the encoder mirrored."""
    return nn.Sequential(
        nn.Linear(latent_dim, 256),
        nn.ReLU(),
        nn.Linear(256, 512),
        nn.ReLU(),
        nn.Linear(512, 3072),
        nn.Sigmoid(),
        nn.Unflatten(1, (3, 32, 32)),
    )
