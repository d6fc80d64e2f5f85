"""One variational autoencoder for every architecture: an encoder, a decoder, and what lies between them."""

import torch
from torch import Tensor, nn

from vaedash.models import losses

# exp(logvar) stays finite and above zero in fp32 and bf16 alike. A trained latent lies between -8 and 0.
LOGVAR_RANGE = (-30.0, 20.0)


class VAE(nn.Module):
    """`encoder` maps images `(B, 3, side, side)` to `(B, 2 * latent_dim)`; `decoder` maps z `(B, latent_dim)` to images in [0, 1].

    Both compute in the precision of the weights. mu and logvar are fp32 whatever that is: a draw adds small to large.

    With `order` `(side * side,)`, encoder and decoder see and draw images whose pixel i is pixel `order[i]` of the image; outside,
    images are as ever. A loss summed over pixels does not notice.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, *, latent_dim: int, order: Tensor | None = None) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.latent_dim = latent_dim
        self.order: Tensor | None
        self.register_buffer("order", order)  # kept with the weights, which mean nothing without it

    @property
    def dtype(self) -> torch.dtype:
        """The precision of its weights."""
        return next(self.parameters()).dtype

    def forward(self, images: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """mu, logvar, and the mean image for the z that `noise` `(B, latent_dim)` draws from q(z|x): what a loss is made of."""
        mu, logvar = self.encode(images)
        return mu, logvar, self.decode(losses.reparameterize(mu, logvar, noise))

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """mu and logvar of q(z|x), each `(B, latent_dim)`; logvar within LOGVAR_RANGE (a NaN stays one, so that it is noticed)."""
        seen = images.to(self.dtype)
        if self.order is not None:
            seen = seen.flatten(2).index_select(2, self.order).view_as(seen)
        mu, logvar = self.encoder(seen).float().chunk(2, dim=1)
        return mu, logvar.clamp(*LOGVAR_RANGE)

    def decode(self, z: Tensor) -> Tensor:
        """The mean image for each z: `(B, latent_dim)` -> `(B, 3, side, side)` in [0, 1]."""
        drawn = self.decoder(z.to(self.dtype))
        if self.order is None:
            return drawn
        pixels = drawn.flatten(2)
        return torch.empty_like(pixels).index_copy(2, self.order, pixels).view(drawn.shape)
