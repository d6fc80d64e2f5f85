"""Which of several runs are held against each other: the best of two architectures, paired by seed where there are several."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from vaedash.comparing import alike, intervals, results
from vaedash.comparing.alike import Seeds
from vaedash.comparing.intervals import Interval
from vaedash.comparing.results import Standing
from vaedash.runs import Run, schema

Pair = tuple[Standing, Standing]  # one of each side; of one seed where there are several pairs


@dataclass(frozen=True)
class Rivals:
    """Two sides of a comparison, the first of which has the lower mean test loss, as pairs; and from how many each was picked.

    `seeds` are those of each side where both have several in common, else empty.
    """

    pairs: tuple[Pair, ...]
    tried: tuple[int, int] = (1, 1)
    seeds: tuple[Seeds, ...] = ()

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
        first, second = self.pairs[0]
        return alike.same_axis(first.run, second.run) and first.beta == second.beta

    @cached_property
    def by_image(self) -> tuple[intervals.Losses, intervals.Losses] | None:
        """The loss of each test image, `(N,)`, its mean over the runs of each side; None where that is not known of all.

        Of weights within a KL warm-up these are at another beta than their losses, and so are not known.
        """
        first, second = (_by_image(side) for side in self.sides)
        return (first, second) if first is not None and second is not None and len(first) == len(second) else None

    @cached_property
    def means(self) -> tuple[float, float]:
        """The test loss of each side: of all images' losses where they are known, so that gap and interval rest on the same."""
        first, second = (statistics.fmean(map(self._loss, side)) for side in self.sides)
        return first, second

    def _loss(self, standing: Standing) -> float:
        losses = _kept_losses(standing.run) if self.by_image else None
        return standing.test_loss if losses is None else float(losses.mean(dtype=np.float64))

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


def matched(chosen: Sequence[Run]) -> Rivals | None:
    """The best run, and the best one of another architecture or else the second best; None for less than two.

    Best by the loss that each run watched while it learned, never by the test loss: that would favour whoever tried most.
    """
    measured = sorted(results.standings(chosen), key=lambda standing: _watched(standing, chosen))
    if len(measured) < 2:
        return None
    first, *others = measured
    second = next((other for other in others if other.run.config.arch != first.run.config.arch), others[0])
    rivals = _paired(measured, first, second)
    return rivals.turned() if rivals.comparable and rivals.gap < 0 else rivals


def _watched(standing: Standing, among: Sequence[Run]) -> float:
    """The monitored loss of the kept epoch; the train loss, which every run has, where not all watched the same."""
    monitors = {run.settings.monitor for run in among if run.settings}
    split = monitors.pop() if len(monitors) == 1 else "train"
    loss = schema.loss_of(standing.run.best, split) if standing.run.best else None
    return standing.train_loss if loss is None else loss


def _paired(measured: Sequence[Standing], first: Standing, second: Standing) -> Rivals:
    """The two, or, where both are there with several seeds in common, a pair for each seed of which both are over."""
    every = {standing.run.id: standing for standing in measured}
    of_first, of_second = (_seeds(measured, rival) for rival in (first, second))
    if of_first and of_second and alike.but_seed(first.run) != alike.but_seed(second.run):
        by_seed = [{run.config.seed: every[run.id] for run in seeds.runs} for seeds in (of_first, of_second)]
        common = sorted(by_seed[0].keys() & by_seed[1].keys())
        if len(common) > 1:
            pairs = tuple((by_seed[0][seed], by_seed[1][seed]) for seed in common)
            tried = _settings(measured, first), _settings(measured, second)
            return Rivals(pairs, tried, (of_first, of_second))
    if first.run.config.arch == second.run.config.arch:
        return Rivals(((first, second),))
    return Rivals(((first, second),), (len(_kin(measured, first)), len(_kin(measured, second))))


def _seeds(measured: Sequence[Standing], rival: Standing) -> Seeds | None:
    alikes = [standing.run for standing in measured if alike.but_seed(standing.run) == alike.but_seed(rival.run)]
    return next(iter(alike.over_seeds(alikes)), None)


def _kin(measured: Sequence[Standing], rival: Standing) -> list[Run]:
    """The runs of its architecture from which it was picked."""
    runs = [standing.run for standing in measured if standing.run.config.arch == rival.run.config.arch]
    return [run for run in runs if alike.same_axis(run, rival.run)]


def _settings(measured: Sequence[Standing], rival: Standing) -> int:
    """How many settings, whatever their seed, its own were picked from."""
    return len({alike.but_seed(run) for run in _kin(measured, rival)})


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
