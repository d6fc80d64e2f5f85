"""What early stopping and the best weights rest on: derived from the rows of epochs, never stored."""

import math
from collections.abc import Iterable, Sequence

from vaedash.config import RunConfig
from vaedash.runs import schema
from vaedash.runs.schema import Epoch


def monitored(epochs: Iterable[Epoch], settings: RunConfig) -> list[tuple[int, float]]:
    """(epoch, monitored loss) of the epochs that may be compared: those with the full beta.

    While a KL warm-up raises beta, each epoch's loss has a unit of its own, so none of those counts.
    """
    return [
        (row["epoch"], loss)
        for row in epochs
        if (loss := schema.loss_of(row, settings.monitor)) is not None
        and not _diverged(row)
        and settings.beta_at(row["epoch"]) == settings.beta
    ]


def best_epoch(epochs: Sequence[Epoch], settings: RunConfig) -> int | None:
    """The epoch with the lowest monitored loss (the first of equals); during a KL warm-up, the last one."""
    if rows := monitored(epochs, settings):
        return min(rows, key=lambda row: row[1])[0]
    return max((row["epoch"] for row in epochs if not _diverged(row)), default=None)


def epochs_without_improvement(epochs: Iterable[Epoch], settings: RunConfig) -> int:
    """How many epochs in a row, up to the last, did not improve; improved means loss < best - min_delta.

    Only an improvement moves `best`, so a slow creep of less than min_delta an epoch counts once it adds up.
    """
    best, stale = math.inf, 0
    for _, loss in monitored(epochs, settings):
        if loss < best - settings.min_delta:
            best, stale = loss, 0
        else:
            stale += 1
    return stale


def _diverged(row: Epoch) -> bool:
    """Whether something in it was not finite: such an epoch is recorded, but its weights are not kept."""
    return None in row.values()
