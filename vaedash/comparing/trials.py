"""The trials of a tuning, architecture by architecture: the best of them, and how the best so far depends on how many there were."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vaedash import config
from vaedash.comparing import alike
from vaedash.runs import Run, Status, schema
from vaedash.runs.schema import TRAINED


@dataclass(frozen=True, kw_only=True)
class Trials:
    """The trials of one architecture that are over, in the order in which they were drawn."""

    tuning: str
    arch: str
    runs: tuple[Run, ...]

    @property
    def losses(self) -> list[float | None]:
        """The loss of each on the pictures held back, in nats per image (`val_loss`)."""
        return [val_loss(run) for run in self.runs]

    @property
    def best(self) -> Run | None:
        """The one with the lowest such loss, of those that were trained to their end; None where there is none."""
        whole = [(loss, run) for run in self.runs if run.status in TRAINED and (loss := val_loss(run)) is not None]
        return min(whole, key=lambda trial: trial[0])[1] if whole else None

    @property
    def pruned(self) -> int:
        """How many were stopped because they fell behind."""
        return sum(run.status == Status.STOPPED for run in self.runs)

    @property
    def lost(self) -> int:
        """How many came to nothing: they diverged, say."""
        return self.losses.count(None)

    @property
    def seconds(self) -> float:
        """What the epochs of all of them took."""
        return sum(row.get("seconds") or 0.0 for run in self.runs for row in run.epochs)

    @property
    def best_so_far(self) -> list[float | None]:
        """The lowest loss after each trial, of those that were trained to their end, as `best` is; None before the first."""
        whole = [loss if run.status in TRAINED else None for run, loss in zip(self.runs, self.losses, strict=True)]
        return [_lowest(whole[:count]) for count in range(1, len(whole) + 1)]

    @property
    def expected_best(self) -> list[float | None]:
        """The same, expected over the orders in which these trials may have come (`expected_lowest`)."""
        return [expected_lowest(self.losses, count) for count in range(1, len(self.runs) + 1)]


def val_loss(run: Run) -> float | None:
    """The loss of a trial at its kept epoch, on the pictures held back from training; None where it came to nothing."""
    if run.best is None or run.status not in schema.ENDED_WELL:
        return None
    return schema.loss_of(run.best, "val")


def expected_lowest(losses: Sequence[float | None], count: int) -> float | None:
    """The mean of the lowest of the first `count` losses over all orders of these `n`, each as likely; None where in some order
    none of the first has come to something.

    What can be had for a budget, rather than what luck made of it: the curve of Lucic et al. 2018 ("Are GANs created equal?"),
    which Dodge et al. 2019 ("Show your work") have in closed form for draws with replacement, F(v)^count. Of the orders of the
    draws themselves there is none with a bias (Tang et al. 2020): the i-th lowest is the lowest of `count` with a probability of
    C(n - i, count - 1) / C(n, count).
    """
    known, every = sorted(loss for loss in losses if loss is not None), len(losses)
    if count > every or count <= every - len(known):
        return None
    chosen = math.comb(every, count)
    return math.fsum(loss * (math.comb(every - place, count - 1) / chosen) for place, loss in enumerate(known, start=1))


def _lowest(losses: Iterable[float | None]) -> float | None:
    return min((loss for loss in losses if loss is not None), default=None)


def by_arch(members: Iterable[Run], *, most: int | None = None) -> list[Trials]:
    """The trials among the runs of one tuning by architecture, in the order of `config.ARCHS`, and then those of one's own; of each the
    first `most`, or all.

    Where two have the same number, the older one counts.
    """
    numbered: dict[tuple[str, int], Run] = {}
    for run in sorted(members, key=lambda run: run.created):
        if run.settings and run.trial is not None and _over(run) and (most is None or run.trial <= most):
            numbered.setdefault((run.settings.arch, run.trial), run)
    archs = dict.fromkeys([*config.ARCHS, *(arch for arch, _ in numbered)])
    tried = {arch: tuple(numbered[key] for key in sorted(numbered) if key[0] == arch) for arch in archs}
    return [Trials(tuning=runs[0].tuning, arch=arch, runs=runs) for arch, runs in tried.items() if runs]


def _over(run: Run) -> bool:
    """Whether nothing more comes of it, as far as can be seen: what was interrupted goes on, unless it was put aside."""
    return not run.active and (run.archived or run.status not in (Status.INTERRUPTED, Status.ELSEWHERE))


def decide_the_same(first: Run, second: Run) -> bool:
    """Whether both are among the runs that decide one tuning: the best settings of an architecture, trained anew."""
    return bool(first.tuning) and first.tuning == second.tuning and first.trial is None and second.trial is None


def of(chosen: Sequence[Run], among: Sequence[Run]) -> list[list[Trials]]:
    """For each tuning that some of the `chosen` runs belong to, all its trials `among` these that may share an axis with them."""
    first = {run.tuning: run for run in reversed(chosen) if run.tuning and run.settings}
    mates = (
        [other for other in among if other.settings and other.tuning == name and alike.same_axis(run, other)]
        for name, run in first.items()
    )
    return [tried for runs in mates if (tried := by_arch(runs))]
