"""Directions through a latent space, from pictures that lack something to those that have it, and what else moves along."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaedash import config, images
from vaedash.datasets.labels import Mask, Trait
from vaedash.runs.figures import Floats

PICTURES = 4000  # test pictures, at most: half of them make the directions, the others measure them
REACH = 2.0  # steps from a picture, to either side, that are worth looking at
NAMED = 3  # others that are named where there is no room for all of them
_ERRORS = 1.96  # standard errors: within lie 95% of what varies normally
_RIDGE = 0.01  # of the prior's variance: a latent whose mu varies less says as good as nothing


@dataclass(frozen=True, kw_only=True)
class Along:
    """How far one step along a direction leads towards a trait: 1 is all the way from pictures that lack it to those that have it, 0
    nowhere, below 0 away from it.

    `low` and `high` are the 95% interval over pictures. All three are NaN where too `few` pictures have the trait, or lack it.
    """

    trait: Trait
    share: float
    low: float
    high: float

    @property
    def few(self) -> bool:
        """Whether there were too few pictures to say."""
        return bool(np.isnan(self.share))

    @property
    def certain(self) -> bool:
        """Whether it excludes that nothing moves along."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, kw_only=True)
class Direction:
    """One step through a latent space, `(latent_dim,)`, from the mean mu of pictures that lack a trait to that of those that have it.

    `own` is how far it leads towards that trait itself, by what a straight line can read out; `along` how far towards all others.
    """

    trait: Trait
    step: Floats
    own: Along
    along: tuple[Along, ...]

    def besides(self, most: int) -> list[Along]:
        """Those others that surely move along or away, `most` of them, the farthest first; none of its trait's own kind, which
        excludes it.
        """
        others = [each for each in self.along if each.certain and each.trait.label != self.trait.label]
        return sorted(others, key=lambda each: -abs(each.share))[:most]


def sample(count: int) -> NDArray[np.int_]:
    """Which of `count` test pictures make and measure directions: PICTURES at most, evenly spread, since a set may be sorted."""
    return images.evenly(count, PICTURES)


def measured(mu: Floats, traits: Sequence[Trait], *, fewest: int) -> list[Direction]:
    """The direction of each trait in the latent space in which pictures lie at `mu` `(N, latent_dim)`, and what else moves along.

    A direction d is the mean of mu with the trait less the mean without (White 2016, "Sampling Generative Networks",
    arXiv:1609.04468: attribute vectors), of half of the pictures. The others teach a straight line, by least squares, to read a
    trait out of mu, 1 with it and 0 without; along d this read-out changes by its weights times d. No picture is in both, so that
    chance does not add up. Its interval is the heteroskedasticity-consistent one (MacKinnon & White 1985, HC3). A trait that
    fewer than `fewest` pictures of either half have, or lack, has no direction.
    """
    # By chance, always the same: a set may have its classes in turn.
    making = np.random.default_rng(config.SPLIT_SEED).permutation(len(mu)) % 2 == 0
    teaching = ~making
    exact = mu.astype(np.float64)
    able = [trait for trait in traits if _enough(trait, (making, teaching), fewest)]
    nan = float("nan")
    few = [Along(trait=trait, share=nan, low=nan, high=nan) for trait in traits if trait not in able]
    steps = np.array([_difference(exact, trait, making) for trait in able]).reshape(len(able), mu.shape[1])
    changes = [_read_out(exact, trait, teaching, steps) for trait in able]  # a row a trait, a column a direction
    return [
        Direction(
            trait=trait,
            step=steps[place],
            own=changes[place][place],
            along=(*(row[place] for number, row in enumerate(changes) if number != place), *few),
        )
        for place, trait in enumerate(able)
    ]


def _enough(trait: Trait, halves: Sequence[Mask], fewest: int) -> bool:
    return all((mask & half).sum() >= fewest for mask in (trait.having, trait.lacking) for half in halves)


def _difference(mu: Floats, trait: Trait, among: Mask) -> Floats:
    return np.asarray(mu[trait.having & among].mean(0) - mu[trait.lacking & among].mean(0))


def _read_out(mu: Floats, trait: Trait, among: Mask, steps: Floats) -> list[Along]:
    """By how much each of the `steps` `(T, latent_dim)` changes what a straight line reads of the trait."""
    known = (trait.having | trait.lacking) & among
    count, has = int(known.sum()), trait.having[known].astype(np.float64)
    apart, above = mu[known] - mu[known].mean(0), has - has.mean()
    covariance = apart.T @ apart / count + _RIDGE * np.eye(mu.shape[1])
    weights = np.linalg.solve(covariance, apart.T @ above / count)
    spread = np.linalg.solve(covariance, np.vstack([steps, apart]).T) / count  # of the steps, then of the pictures
    leverage = np.einsum("nd,dn->n", apart, spread[:, len(steps) :]) + 1 / count
    missed = (above - apart @ weights) / (1 - leverage)
    errors = np.sqrt(np.square(missed) @ np.square(apart @ spread[:, : len(steps)]))
    return [
        Along(trait=trait, share=float(share), low=float(share - reach), high=float(share + reach))
        for share, reach in zip(steps @ weights, _ERRORS * errors, strict=True)
    ]


def way(start: Floats, step: Floats, *, points: int, reach: float = REACH) -> Floats:
    """`points` points `(points, latent_dim)` on the straight line through `start` `(latent_dim,)`, from `reach` steps before it to as
    many behind.
    """
    return np.asarray(start + np.linspace(-reach, reach, points)[:, None] * step)
