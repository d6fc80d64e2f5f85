"""What is missing for a fair or a surer comparison: the runs that would bring it."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from vaedash.comparing import alike, caveats, intervals, results, rivals
from vaedash.comparing.results import Standing
from vaedash.config import RunConfig
from vaedash.runs import Run, Status


@dataclass(frozen=True, kw_only=True)
class Missing:
    """What to do, in a few words: train runs with these settings, or let `resumed` go on. Empty where nothing can be done."""

    label: str = ""
    settings: tuple[RunConfig, ...] = ()
    resumed: Run | None = None


def proposed(chosen: Sequence[Run]) -> Missing:
    """What would make a comparison of these runs fair, or else surer; nothing while runs are active or without their images."""
    here = [run for run in chosen if not run.dataset.get("copy_of")]
    matched = rivals.matched(here)
    if matched is None or any(run.active for run in chosen):
        return Missing()
    first, second = matched.runs
    if first.config.arch == second.config.arch or not alike.same_axis(first, second):
        return Missing()
    if (shorter := caveats.cut(matched)) is not None:
        return _whole(matched.sides[shorter], longer=matched.sides[1 - shorter])
    if not first.at_full_beta:
        beyond = tuple(dataclasses.replace(run.config, epochs=2 * run.config.kl_warmup) for run in (first, second))
        return Missing(label="Train both beyond their KL warm-up", settings=beyond)
    if (soon := caveats.too_soon(matched)) is not None:
        patience = 2 * matched.runs[soon].config.patience
        patient = tuple(dataclasses.replace(run.config, patience=patience) for run in (first, second))
        return Missing(label=f"Train both with more patience ({patience} epochs)", settings=patient)
    if alike.confounded(first, second):
        fair = RunConfig.build(**first.config.to_json() | {"arch": second.config.arch})
        if any(fair == run.settings for run in chosen):  # it is there, but others of its kind are better
            return Missing()
        return Missing(label=f"Train {fair.arch} with the settings of {first.name}", settings=(fair,))
    if first.dataset.get("n_test", intervals.FEWEST) < intervals.FEWEST:  # no seed would help
        return Missing()
    seed = max(standing.run.config.seed for standing in results.standings(here)) + 1
    both = tuple(dataclasses.replace(run.config, seed=seed) for run in (first, second))
    return Missing(label=f"Train both with another seed ({seed})", settings=both)


def _whole(shorter: Sequence[Standing], *, longer: Sequence[Standing]) -> Missing:
    """What gives the side that was cut short as long a training as the other had."""
    run, other = shorter[0].run, longer[0].run
    if run.status.resumable:
        return Missing(label=f"Resume {results.short(run, (run, other))}", resumed=run)
    if run.status == Status.DIVERGED:
        lr = run.config.lr / 2
        both = tuple(dataclasses.replace(rival.config, preset=None, lr=lr) for rival in (other, run))
        return Missing(label=f"Train both with half the learning rate ({lr:g})", settings=both)
    limit = max(other.config.epochs, caveats.epochs(longer))
    as_long = tuple(dataclasses.replace(standing.run.config, epochs=limit) for standing in shorter)
    return Missing(label=f"Train {run.config.arch} for up to {limit} epochs too", settings=as_long)
