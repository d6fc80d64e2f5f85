"""What a trained model's figures mean: how much each latent says, and how many say anything."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vaedash import config
from vaedash.images import Pixels
from vaedash.languages import counted, say
from vaedash.models import latent, losses
from vaedash.models.vae import VAE
from vaedash.runs import Run
from vaedash.runs.figures import Floats

_BATCH = 256


def kl_by_latent(model: VAE, images: Pixels) -> Floats:
    """Mean KL of each latent over uint8 images `(N, 3, side, side)`, in nats: float64 `(latent_dim,)`. Their sum is the KL term."""
    mu, logvar = latent.encode(model, images)
    return losses.kl_per_latent(mu, logvar).mean(0, dtype=torch.float64).numpy()


def active_units(kl: Floats) -> int:
    """How many latents have a mean KL above `config.ACTIVE_KL`; the others are ignored by the decoder."""
    return int((kl > config.ACTIVE_KL).sum())


def in_use(kl: Floats) -> NDArray[np.int_]:
    """The latents that say anything (`active_units`), the one that says most first."""
    return np.argsort(-kl, kind="stable")[: active_units(kl)]


def kept_kl(run: Run, epoch: int) -> Floats | None:
    """Mean KL of each latent over all held-out images as it was counted when the weights of this epoch were kept; None where that is
    lost.
    """
    kept = run.figures.kl_by_latent()
    if kept is None or kept.shape[1] != run.config.latent_dim or not 0 < epoch <= len(kept):
        return None
    return kept[epoch - 1] if np.isfinite(kept[epoch - 1]).all() else None


def diagnosis(kl: Floats) -> str:
    """One sentence for people who do not program: how many latents are in use, and whether that is a collapse."""
    used, count = active_units(kl), len(kl)
    if used == 0:
        return say(
            "None of the {count} latents is in use: the picture is forgotten on the way, and the decoder answers with the "
            "same average image every time (posterior collapse).",
            count=count,
        )
    if used == count:
        return say("All {count} latents are in use: each of them says something about the picture.", count=count)
    first = counted("{n} of {count} latents is in use", "{n} of {count} latents are in use", n=used, count=count)
    rest = counted("the other one says nothing", "the other {n} say nothing", n=count - used)
    return say("{first}; {rest} about the picture.", first=first, rest=rest)


def advice(used: int, count: int, *, worth: int | None = None) -> str:
    """What to do about `used` of `count` latents, if anything; `worth` is how many the best linear VAE would use (`pca.line`)."""
    if used == 0:
        return say(
            "Try a lower beta, or a KL warm-up: the latents then become useful before they cost their full price."
        )
    if worth and used < worth / 2:
        return say(
            "The best linear VAE on these images would use {worth}. Train longer; if that does not help, try a lower beta or "
            "a KL warm-up.",
            worth=worth,
        )
    if used == count:
        return say("More might be used if there were more: try a larger latent size.")
    linear = say(" The best linear VAE on these images would use {worth}.", worth=worth) if worth else ""
    return say(
        "Unused latents are normal: one that would say less than its KL costs is better left alone.{linear}",
        linear=linear,
    )


def course(kl: Floats) -> str:
    """How the latents came to say what they say, and whether they fell silent, in two sentences.

    `kl` is `(epochs, latent_dim)` in nats, NaN where it is not known. That single latents fall silent is normal: they cost
    more than they said. A collapse is when all of them together say less and less.
    """
    in_use = kl > config.ACTIVE_KL
    used, together, said = in_use.sum(1), np.nan_to_num(kl).sum(1), np.where(in_use, kl, 0).sum(1)
    now = say(
        "{used} in use after epoch {n}, saying {together:.1f} nats together",
        used=used[-1],
        n=len(kl),
        together=said[-1],
    )
    if len(kl) == 1:
        return f"{now}."
    peak = int(together.argmax())
    if together[-1] < together[peak] / 2:
        return say(
            "{now}; after epoch {peak} they said {together:.1f}. That is a collapse: try a lower beta or a KL warm-up.",
            now=now,
            peak=peak + 1,
            together=together[peak],
        )
    fewer = (
        say("Those that fell silent cost more than they said.")
        if used[-1] < used.max()
        else say("None has fallen silent.")
    )
    return say(
        "{now}; {used} after epoch 1, saying {together:.1f}. {fewer}",
        now=now,
        used=used[0],
        together=said[0],
        fewer=fewer,
    )


@dataclass(frozen=True)
class Plane:
    """The flat sheet through a latent space that holds most of how the mu of some images differ (their PCA).

    `centre` is `(latent_dim,)`, `axes` two unit vectors `(2, latent_dim)`, `share` what part of the variance of mu
    each axis explains, `(2,)`.
    """

    centre: Floats
    axes: Floats
    share: Floats

    def project(self, mu: Floats) -> Floats:
        """Where each mu `(N, latent_dim)` lies on the sheet: `(N, 2)`."""
        return np.asarray((mu - self.centre) @ self.axes.T)

    def lift(self, points: Floats) -> Floats:
        """The z of points on the sheet `(N, 2)`: `(N, latent_dim)`; all that the two axes do not say is the average."""
        return np.asarray(self.centre + points @ self.axes)


def plane(mu: Floats) -> Plane:
    """Principal component analysis of mu `(N, latent_dim)`; each axis points to where its largest weight is positive."""
    centre = mu.mean(0, dtype=np.float64)
    _, lengths, rows = np.linalg.svd(mu - centre, full_matrices=False)
    # One image has no second axis and equal ones no variance: zeros then, which project and lift take as they are.
    axes, variances = np.zeros((2, mu.shape[1])), np.square(lengths)
    axes[: len(rows[:2])] = rows[:2]
    largest = axes[[0, 1], np.abs(axes).argmax(1)]
    share = np.zeros(2)
    if variances.sum() > 0:
        share[: len(variances[:2])] = variances[:2] / variances.sum()
    return Plane(centre, axes * np.where(largest < 0, -1.0, 1.0)[:, None], share)
