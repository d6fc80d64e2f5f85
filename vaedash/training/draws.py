"""What a tuning draws its settings from, and the engine that draws and prunes: Optuna, which only this room knows.

Optuna is handed the trials so far each time that it is asked, and keeps nothing: what a tuning knows are its runs, and so it
goes on wherever these are, whatever was killed. A draw depends on nothing but the seed, its number and the trials before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vaedash import config, installed
from vaedash.comparing import trials
from vaedash.errors import UsageError
from vaedash.runs import Run, Status, stopping
from vaedash.runs.schema import TRAINED
from vaedash.settings import Value

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial


@dataclass(frozen=True, kw_only=True)
class Span:
    """Numbers from `low` to `high`, each power of ten as likely as another."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}, log-uniform"


@dataclass(frozen=True)
class OneOf:
    """A few values, each as likely as another."""

    values: tuple[Value, ...]

    def __str__(self) -> str:
        return ", ".join(map(str, self.values))


# The same for every architecture, and fixed before the first trial: around what is usual (Adam's 1e-3, batches of 64, 128
# numbers), as far to either side as trainings of an hour still get somewhere.
RANGES: Mapping[str, Span | OneOf] = {
    "lr": Span(low=1e-4, high=1e-2),
    "batch_size": OneOf((32, 64, 128, 256)),
    "latent_dim": OneOf((32, 64, 128, 256)),
    "schedule": OneOf(config.SCHEDULES),
    "activation": OneOf(config.ACTIVATIONS),
}
SAMPLERS = ("tpe", "random")
PRUNERS = ("median", "none")
AT_RANDOM = 10  # trials of an architecture before `tpe` learns from them
UNPRUNED = 5  # trials of an architecture that were trained to their end, before one is held against them
SPARED = 3  # the first of so many parts of a training prunes nothing: a schedule begins slowly
_DIGITS = 3  # of a drawn number: as many as a person would type


def require_engine() -> None:
    """UsageError where Optuna is not installed."""
    try:
        import optuna
    except ImportError:
        raise UsageError(f"Tuning needs Optuna, which is not installed: {installed.extra('tune')}") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)


@dataclass(frozen=True, kw_only=True)
class Engine:
    """How settings are drawn (`sampler`, one of SAMPLERS) and what is stopped before its end (`pruner`, one of PRUNERS)."""

    epochs: int  # of a trial, at most
    sampler: str = SAMPLERS[0]
    pruner: str = PRUNERS[0]
    seed: int = 0

    def drawn(self, number: int, earlier: Sequence[Run]) -> dict[str, Value]:
        """A value of each of RANGES for trial `number` of an architecture whose `earlier` trials are over, in their order.

        Until a sampler learns from them, each architecture is given the same. UsageError where one of them was drawn from
        other ranges.
        """
        study = self._study(number, [self._told(run, earlier[:place]) for place, run in enumerate(earlier)])
        given: dict[str, Value] = study.ask(_space()).params
        return {name: _typed(value) for name, value in given.items()}

    def may_have_drawn(self, run: Run) -> bool:
        """Whether a trial is what this engine would have drawn, as far as that can be told without those before it: one that was drawn
        at random says by which seed, and one that `tpe` drew is none of these.
        """
        drawn = replace(self, sampler="random").drawn(run.trial or 0, ())
        at_random = self.sampler == "random" or (run.trial or 0) <= AT_RANDOM
        return at_random == all(getattr(run.config, name) == value for name, value in drawn.items())

    def behind(self, run: Run, earlier: Sequence[Run]) -> int | None:
        """The epoch after which its val loss was above the median of what the `earlier` trials had then; None where it never was."""
        whole = [self._told(other, ()) for other in earlier if other.status in TRAINED]
        trial = self._study(0, whole).ask()
        for epoch, loss in _course(run):
            trial.report(loss, epoch)
            if trial.should_prune():
                return epoch
        return None

    def _study(self, number: int, told: Sequence["FrozenTrial"]) -> "Study":
        import optuna

        seed = int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0])
        samplers = {
            "tpe": lambda: optuna.samplers.TPESampler(seed=seed, n_startup_trials=AT_RANDOM),
            "random": lambda: optuna.samplers.RandomSampler(seed=seed),
        }
        pruners = {
            "median": lambda: optuna.pruners.MedianPruner(
                n_startup_trials=UNPRUNED, n_warmup_steps=self.epochs // SPARED
            ),
            "none": optuna.pruners.NopPruner,
        }
        study = optuna.create_study(sampler=samplers[self.sampler](), pruner=pruners[self.pruner]())
        study.add_trials(told)
        return study

    def _told(self, run: Run, earlier: Sequence[Run]) -> "FrozenTrial":
        """A trial as Optuna knows it: a pruned one as far as where it fell behind, whenever it heard of that."""
        from optuna.trial import TrialState, create_trial

        state, course = TrialState.PRUNED, _course(run)
        if run.status in TRAINED:
            state = TrialState.COMPLETE
        elif run.status == Status.STOPPED and (last := self.behind(run, earlier)) is not None:
            course = [(epoch, loss) for epoch, loss in course if epoch <= last]
        try:
            return create_trial(
                state=state,
                params={name: getattr(run.config, name) for name in RANGES},
                distributions=_space(),
                value=trials.val_loss(run) if state is TrialState.COMPLETE else None,
                intermediate_values=dict(course),
            )
        except ValueError:
            raise UsageError(
                f"Run {run.id} is a trial of {run.tuning}, but has settings that are not within the ranges of today: "
                "give another --name."
            ) from None


def _space() -> "dict[str, BaseDistribution]":
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    return {
        name: FloatDistribution(drawn_from.low, drawn_from.high, log=True)
        if isinstance(drawn_from, Span)
        else CategoricalDistribution(drawn_from.values)
        for name, drawn_from in RANGES.items()
    }


def _typed(value: Value) -> Value:
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def _course(run: Run) -> list[tuple[int, float]]:
    return stopping.monitored(run.epochs, run.config)


def in_words(run: Run) -> str:
    """What was drawn for a run, as its name would say it."""
    return ", ".join(config.SETTINGS[name].spoken(getattr(run.config, name)) for name in RANGES)
