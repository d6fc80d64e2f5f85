"""Many runs in one table: only the settings in which they differ, beside what came of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vaedash.comparing import alike
from vaedash.comparing.results import Row
from vaedash.languages import to_say
from vaedash.runs import Run, schema

# What came of a run, by the key of its column; none is the name of a setting.
RESULTS = {
    "status": to_say("status"),
    "test_loss": to_say("test loss"),
    "test_recon": to_say("test recon"),
    "test_kl": to_say("test KL"),
    "train_loss": to_say("train loss"),
    "active_units": to_say("numbers in use"),
    "epochs_done": to_say("epochs to stop"),
    "seconds": to_say("seconds"),
}


@dataclass(frozen=True, kw_only=True)
class Differences:
    """Runs beside each other: the names of the settings in which they differ; a row for each, with its id, its name, those settings
    and RESULTS; and what is the same in all, in words.
    """

    settings: Sequence[str]
    rows: Sequence[Row]
    same: Mapping[str, str]

    @property
    def columns(self) -> dict[str, str]:
        """Headings by key, in the order of the table."""
        return {"run": "run", "name": "name", **{name: name for name in self.settings}, **RESULTS}


def between(chosen: Sequence[Run]) -> Differences:
    """The differences of readable runs, in the order given."""
    contrast = alike.contrast([run.config.to_json() for run in chosen])
    settings = list(contrast.differing)
    return Differences(settings=settings, rows=[_row(run, settings) for run in chosen], same=contrast.same)


def _row(run: Run, settings: Sequence[str]) -> Row:
    asked = run.config.to_json()
    row: Row = {"run": run.id, "name": run.name, **{name: asked.get(name) for name in settings}}
    kept = run.best
    came: Row = {
        "status": run.status,
        "test_loss": run.test_loss,
        "test_recon": schema.loss_of(kept, "test", "recon") if kept else None,
        "test_kl": schema.loss_of(kept, "test", "kl") if kept else None,
        "train_loss": schema.loss_of(kept, "train") if kept else None,
        "active_units": kept.get("active_units") if kept else None,
        "epochs_done": len(run.epochs),
        "seconds": sum(row.get("seconds") or 0.0 for row in run.epochs),
    }
    return row | came
