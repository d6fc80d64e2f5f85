"""What is missing for a fair or a surer comparison: the runs that would bring it."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from vaedash import config
from vaedash.comparing import alike, caveats, intervals, results, rivals
from vaedash.comparing.rivals import Rivals
from vaedash.config import RunConfig
from vaedash.errors import UsageError
from vaedash.languages import say
from vaedash.runs import Run, Status
from vaedash.settings import Value


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
    if matched is None or not matched.comparable or any(run.active for run in chosen):
        return Missing()
    first, second = matched.runs
    if first.config.arch == second.config.arch:
        return Missing()
    try:
        proposal = _fairer(matched) or _surer(matched, here)
    except UsageError:  # beyond what a setting allows
        return Missing()
    there = [run.settings for run in chosen]
    lacking = tuple(settings for settings in proposal.settings if settings not in there)
    return dataclasses.replace(proposal, settings=lacking) if lacking or proposal.resumed else Missing()


def _fairer(matched: Rivals) -> Missing | None:
    """What would give both the same chance; None where both had it."""
    first, second = matched.runs
    if (short := caveats.shortened(matched)) is not None:
        return _as_long(matched, short)
    if not first.at_full_beta:
        if unfinished := [run for run in matched.runs if run.status.resumable]:
            return _resumed(unfinished[0], matched)
        beyond = tuple(_with(run, epochs=max(run.config.epochs, 2 * run.config.kl_warmup)) for run in matched.runs)
        return Missing(label=say("Train both beyond their KL warm-up"), settings=beyond)
    if caveats.too_soon(matched) is not None:
        patient = tuple(_with(run, patience=2 * run.config.patience) for run in matched.runs)
        return Missing(label=say("Train both with twice the patience"), settings=patient)
    if alike.confounded(first, second):
        fair = RunConfig.build(**first.config.to_json() | {"arch": second.config.arch})
        return Missing(
            label=say("Train {name} with the settings of {other}", name=config.spoken(fair.arch), other=first.name),
            settings=(fair,),
        )
    return None


def _as_long(matched: Rivals, short: int) -> Missing:
    """What gives the side that had to end as long a training as the other had."""
    run, other = matched.runs[short], matched.runs[1 - short]
    if run.status.resumable:
        return _resumed(run, matched)
    if run.status == Status.DIVERGED:
        slower = tuple(_with(rival, preset=None, lr=rival.config.lr / 2) for rival in (other, run))
        return Missing(label=say("Train both with half their learning rate"), settings=slower)
    limit = max(other.config.epochs, caveats.epochs(matched.sides[1 - short]))
    as_long = tuple(_with(standing.run, epochs=limit) for standing in matched.sides[short])
    return Missing(
        label=say("Train {name} for up to {limit} epochs too", name=config.spoken(run.config.arch), limit=limit),
        settings=as_long,
    )


def _surer(matched: Rivals, here: Sequence[Run]) -> Missing:
    """Another seed of both; nothing where no seed would help."""
    if 0 < matched.images < intervals.FEWEST:
        return Missing()
    seed = max(standing.run.config.seed for standing in results.standings(here)) + 1
    both = tuple(_with(run, seed=seed) for run in matched.runs)
    return Missing(label=say("Train both with another seed ({seed})", seed=seed), settings=both)


def _resumed(run: Run, matched: Rivals) -> Missing:
    return Missing(label=say("Resume {name}", name=results.short(run, matched.runs)), resumed=run)


def _with(run: Run, **changes: Value | None) -> RunConfig:
    return RunConfig.from_json(run.config.to_json() | changes)
