"""The terms of the evidence lower bound, one value an image, in nats.

A decoder that is Gaussian with variance 1/2 has -ln p(x|z) = squared error + a constant, so
`recon + kl` is an upper bound on -ln p(x) up to that constant (Kingma & Welling 2014, eq. 10, appendix B).
"""

import torch
from torch import Tensor


def recon_per_image(decoded: Tensor, images: Tensor) -> Tensor:
    """Squared error summed over all values of each image (3,072 of 32 x 32 pixels): `(B, 3, side, side)` twice, in [0, 1] -> `(B,)`.

    Computed in fp32 whatever the precision of the network: a sum of thousands of terms is beyond bf16's 8 bits.
    """
    return (decoded.float() - images.float()).square().flatten(1).sum(1)


def kl_per_latent(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mu, exp(logvar)) || N(0, 1)) of each latent of each image: `(B, latent_dim)`, never negative."""
    mu, logvar = mu.float(), logvar.float()
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar)


def kl_per_image(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(q(z|x) || N(0, I)), summed over latents, never averaged (that would make beta depend on their number): `(B,)`."""
    return kl_per_latent(mu, logvar).sum(1)


def reparameterize(mu: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    """A draw from q(z|x) as a differentiable function of `mu` and `logvar`; `noise` is standard normal, all `(B, latent_dim)`."""
    return mu + noise * torch.exp(0.5 * logvar)
