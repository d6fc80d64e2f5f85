"""Which of several runs are held against each other: the best of two architectures, paired by seed where there are several."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from vaedash import config
from vaedash.comparing import alike, intervals, results
from vaedash.comparing.alike import Seeds
from vaedash.comparing.intervals import Interval
from vaedash.comparing.results import Standing
from vaedash.runs import Run, schema

Pair = tuple[Standing, Standing]  # one of each side; of one seed where there are several pairs


@dataclass(frozen=True, kw_only=True)
class Rivals:
    """Two sides of a comparison, the first of which has the lower mean test loss, as pairs.

    `seeds` are those of each side where both have several in common, else empty. Each side was picked from as many runs (or,
    with several seeds, settings) as `tried` says, by the loss on `watched`; `others` could not be compared with them.
    """

    pairs: tuple[Pair, ...]
    tried: tuple[int, int] = (1, 1)
    watched: str = config.MONITORS[0]
    seeds: tuple[Seeds, ...] = ()
    others: int = 0

    @property
    def sides(self) -> tuple[list[Standing], list[Standing]]:
        """The runs of the first side and those of the second."""
        return [first for first, _ in self.pairs], [second for _, second in self.pairs]

    @property
    def runs(self) -> tuple[Run, Run]:
        """A run of each side, which stands for all of it but in its seed."""
        first, second = self.pairs[0]
        return first.run, second.run

    @property
    def comparable(self) -> bool:
        """Whether the losses of both sides have the same unit, also within a KL warm-up."""
        return all(_fits(first, second) for first, second in self.pairs)

    @cached_property
    def by_image(self) -> tuple[intervals.Losses, intervals.Losses] | None:
        """The loss of each test image, `(N,)`, its mean over the runs of each side; None where that is not known of all.

        Of weights within a KL warm-up these are at another beta than their losses, and so are not known.
        """
        first, second = (_by_image(side) for side in self.sides)
        return (first, second) if first is not None and second is not None and len(first) == len(second) else None

    @property
    def images(self) -> int:
        """How many test images these are; 0 where that is not known."""
        return len(self.by_image[0]) if self.by_image else self.runs[0].dataset.get("n_test", 0)

    @cached_property
    def means(self) -> tuple[float, float]:
        """The test loss of each side: of all images' losses where they are known, so that gap and interval rest on the same."""
        first, second = (statistics.fmean(map(self._loss, side)) for side in self.sides)
        return first, second

    @property
    def gap(self) -> float:
        """By how much the first side is ahead."""
        return self.means[1] - self.means[0]

    @property
    def gaps(self) -> list[float]:
        """The same for each pair."""
        firsts, seconds = ([self._loss(standing) for standing in side] for side in self.sides)
        return [second - first for first, second in zip(firsts, seconds, strict=True)]

    def over_images(self) -> Interval | None:
        """Of the gap, over other test images like these, the seeds being what they are; None where that cannot be said."""
        return intervals.over_images(self.by_image[1], self.by_image[0]) if self.by_image else None

    def over_seeds(self) -> Interval | None:
        """Of the gap, over other seeds; None where there is one only."""
        return intervals.over_seeds(self.gaps)

    def turned(self) -> "Rivals":
        """The other side first."""
        return replace(
            self,
            pairs=tuple((second, first) for first, second in self.pairs),
            tried=self.tried[::-1],
            seeds=self.seeds[::-1],
        )

    def _loss(self, standing: Standing) -> float:
        losses = _kept_losses(standing.run) if self.by_image else None
        return standing.test_loss if losses is None else float(losses.mean(dtype=np.float64))


def matched(chosen: Sequence[Run]) -> Rivals | None:
    """The best run, and the best one of another architecture or else the second best; None for less than two.

    Best by the loss that each run watched while it learned, never by the test loss: that would favour whoever tried most.
    Of runs with losses of several units, those of one unit, if there are two of them; else the two are not `comparable`.
    """
    measured = results.standings(chosen)
    if len(measured) < 2:
        return None
    group = _of_one_unit(measured)
    watched = _watched([standing.run for standing in group])
    ranks = _ranks(group, watched)
    first, *rest = sorted(group, key=lambda standing: ranks[standing.run.id])
    second = next((other for other in rest if other.run.config.arch != first.run.config.arch), rest[0])
    rivals = replace(_paired(group, first, second), watched=watched, others=len(measured) - len(group))
    return rivals.turned() if rivals.comparable and rivals.gap < 0 else rivals


def _fits(first: Standing, second: Standing) -> bool:
    return alike.same_axis(first.run, second.run) and first.beta == second.beta


def _of_one_unit(measured: Sequence[Standing]) -> Sequence[Standing]:
    """The largest group whose losses have one unit, one with several architectures first; all, where none has two runs."""
    groups = [[other for other in measured if _fits(standing, other)] for standing in measured]

    def weight(group: Sequence[Standing]) -> tuple[bool, bool, int]:
        archs = {standing.run.config.arch for standing in group}
        return len(archs) > 1, group[0].run.at_full_beta, len(group)

    largest = max((group for group in groups if len(group) > 1), key=weight, default=None)
    return largest or measured


def _watched(among: Sequence[Run]) -> str:
    """The split whose loss all of them watched; train, which every run has, where they did not watch the same."""
    monitors = {run.config.monitor for run in among}
    return monitors.pop() if len(monitors) == 1 else config.MONITORS[0]


def _ranks(group: Sequence[Standing], watched: str) -> Mapping[str, tuple[float, float]]:
    """By run id, its loss on the watched images at the kept epoch, before it the mean over its seeds: a lucky seed does not
    speak for its settings.
    """
    own = {standing.run.id: _loss_on(standing, watched) for standing in group}
    means = dict(own)
    for seeds in alike.over_seeds([standing.run for standing in group]):
        mean = statistics.fmean(own[run.id] for run in seeds.runs)
        means |= dict.fromkeys((run.id for run in seeds.runs), mean)
    return {run_id: (means[run_id], own[run_id]) for run_id in own}


def _loss_on(standing: Standing, split: str) -> float:
    loss = schema.loss_of(standing.run.best, split) if standing.run.best else None
    return standing.train_loss if loss is None else loss


def _paired(group: Sequence[Standing], first: Standing, second: Standing) -> Rivals:
    """The two, or, where both are there with several seeds in common, a pair for each seed of which both are over."""
    several = first.run.config.arch != second.run.config.arch
    of_first, of_second = (_seeds(group, rival) for rival in (first, second))
    if of_first and of_second and alike.but_seed(first.run) != alike.but_seed(second.run):
        every = {standing.run.id: standing for standing in group}
        by_seed = [{run.config.seed: every[run.id] for run in seeds.runs} for seeds in (of_first, of_second)]
        common = sorted(by_seed[0].keys() & by_seed[1].keys())
        if len(common) > 1:
            pairs = tuple((by_seed[0][seed], by_seed[1][seed]) for seed in common)
            tried = (_settings(group, first), _settings(group, second)) if several else (1, 1)
            return Rivals(pairs=pairs, tried=tried, seeds=(of_first, of_second))
    tried = (len(_kin(group, first)), len(_kin(group, second))) if several else (1, 1)
    return Rivals(pairs=((first, second),), tried=tried)


def _seeds(group: Sequence[Standing], rival: Standing) -> Seeds | None:
    alikes = [standing.run for standing in group if alike.but_seed(standing.run) == alike.but_seed(rival.run)]
    return next(iter(alike.over_seeds(alikes)), None)


def _kin(group: Sequence[Standing], rival: Standing) -> list[Run]:
    """The runs of its architecture from which it was picked."""
    return [standing.run for standing in group if standing.run.config.arch == rival.run.config.arch]


def _settings(group: Sequence[Standing], rival: Standing) -> int:
    """How many settings, whatever their seed, its own were picked from."""
    return len({alike.but_seed(run) for run in _kin(group, rival)})


def _by_image(side: Sequence[Standing]) -> intervals.Losses | None:
    every = [losses for standing in side if (losses := _kept_losses(standing.run)) is not None]
    if len(every) < len(side) or len({len(losses) for losses in every}) > 1:
        return None
    mean: intervals.Losses = np.mean(every, axis=0, dtype=np.float64)
    return mean


def _kept_losses(run: Run) -> intervals.Losses | None:
    """What was measured of the weights that are kept, at the beta of their losses."""
    if run.measured.get("epoch", run.best_epoch) != run.best_epoch or not run.at_full_beta:
        return None
    return run.figures.test_losses()
