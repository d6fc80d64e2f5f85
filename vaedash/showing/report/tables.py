"""The curves and the tables of a report: figures, settings and facts of its runs beside each other."""

import json
from collections.abc import Mapping, Sequence
from typing import cast

from vaedash import config
from vaedash.comparing import alike, results, trials
from vaedash.comparing.trials import Trials
from vaedash.datasets.notes import said
from vaedash.languages import figure as written
from vaedash.languages import say, to_say
from vaedash.measuring import measures
from vaedash.measuring.measures import MEASURES
from vaedash.runs import Run, tunings
from vaedash.showing import charts
from vaedash.showing.report import words
from vaedash.showing.report.records import Budget, Plot, Row

_NOTHING = "–"  # in a cell that has no value


def plot(group: Sequence[Run]) -> Plot:
    figure = charts.loss_curves(group).update_layout(template="plotly_white")
    return Plot(
        dataset=words.dataset(group[0]),
        beta=say("beta {beta:g}", beta=group[0].config.beta),
        legend=charts.legend(group),
        figure=json.loads(figure.to_json()) | {"config": charts.BARE},
        ends=[
            say("{name} ends at a test loss of {loss}", name=run.name, loss=number(run.epochs[-1]["test_loss"]))
            for run in group
        ],
    )


def budgets(chosen: Sequence[Run]) -> list[Budget]:
    """Those of the tunings that some runs belong to, all of whose trials lie beside them."""
    tuned = {(run.path.parent, run.tuning) for run in chosen if run.tuning}
    among = [run for folder, tuning in sorted(tuned) for run in tunings.members(folder, tuning)]
    return [_budget(tried) for tried in trials.of(chosen, among)]


def _budget(tried: Sequence[Trials]) -> Budget:
    figure = charts.budget(tried).update_layout(template="plotly_white")
    return Budget(
        tuning=tried[0].tuning,
        figure=json.loads(figure.to_json()) | {"config": charts.BARE},
        found=[
            say(
                "{name}, {n} trials: {loss}",
                name=config.spoken(of_arch.arch),
                n=len(of_arch.runs),
                loss=number(of_arch.best_so_far[-1]),
            )
            for of_arch in tried
        ],
    )


_ROWS = {
    "test_loss": to_say("test loss"),
    "test_recon": to_say("recon of it"),
    "test_kl": to_say("KL of it"),
    "below_pca": to_say("below the PCA line"),
    "loss": to_say("train loss"),
    "best_epoch": to_say("kept epoch"),
    "epochs": to_say("epochs"),
    "status": to_say("status"),
    "parameters": to_say("parameters"),
    "seconds": to_say("seconds of training"),
    "images_per_second": to_say("images per second"),
}
_WHOLE = ("seconds", "images_per_second")


def outcomes(chosen: Sequence[Run]) -> list[Row]:
    records, rows = [results.result(run).as_row() | {"status": say(run.status)} for run in chosen], []
    for key, title in _ROWS.items():
        values = [record[key] for record in records]
        if all(value is None for value in values):
            continue
        cells = [number(value, digits=0 if key in _WHOLE else 2) for value in values]
        best = _leading(chosen) if key == "test_loss" else frozenset()
        rows.append(Row(title=say(title), cells=cells, best=best))
    return rows


def _leading(chosen: Sequence[Run]) -> frozenset[int]:
    """The places of the runs with the lowest test loss, if all can be compared."""
    losses = {place: run.test_loss for place, run in enumerate(chosen) if run.test_loss is not None}
    if len(chosen) == 1 or len(alike.groups(chosen)) > 1:
        return frozenset()
    return frozenset(place for place, loss in losses.items() if loss == min(losses.values()))


def quality(chosen: Sequence[Run]) -> list[Row]:
    """What was measured of the runs beside their losses, with what real images would have and on how many it rests."""
    measured, rows = [measures.in_words(run.quality) for run in chosen], []
    for name, measure in MEASURES.items():
        figures = [of_run[name] for of_run in measured if name in of_run]
        if not figures:
            continue
        floors, counts = (" / ".join(sorted({figure[key] for figure in figures} - {""})) for key in ("floor", "n"))
        by = to_say("; by guessing: {floors}") if measure.labelled else to_say("; real images: {floors}")
        cells = [of_run[name]["value"] if name in of_run else _NOTHING for of_run in measured]
        rests = say(
            "Of {counts}; {better}{real}.",
            counts=counts,
            better=figures[0]["better"],
            real=say(by, floors=floors) if floors else "",
        )
        rows.append(Row(title=say(measure.title), cells=cells, about=f"{say(measure.about)} {rests}"))
        rows += _parts(chosen, name)
    return rows


def _parts(chosen: Sequence[Run], name: str) -> list[Row]:
    """What a measure is the mean of, a row each."""
    of_runs = [measures.parts_in_words(run.quality, name) for run in chosen]
    titles = dict.fromkeys(part for of_run in of_runs for part in of_run)
    return [
        Row(
            title=f"{say(MEASURES[name].title)}: {say(part)}",
            cells=[of_run[part]["value"] if part in of_run else _NOTHING for of_run in of_runs],
        )
        for part in titles
    ]


def number(value: object, *, digits: int = 2) -> str:
    if isinstance(value, float):
        return written(value, f",.{digits}f")
    if isinstance(value, int):
        return written(value, ",")
    return _NOTHING if value is None else str(value)


def settings(run: Run) -> Mapping[str, object]:
    return run.config.to_json() | {"dataset": words.bare(run.config.dataset)}


_ABOUT_IMAGES = {
    "name": to_say("images"),
    "fingerprint": to_say("fingerprint of the images"),
    "n_train": to_say("training images"),
    "n_test": to_say("test images"),
    "skipped": to_say("unreadable files skipped"),
}
_UNTOLD = ("dataset", "resumed_after_epoch", "host")


def facts(run: Run) -> dict[str, str]:
    """What the trainer found at its last start, images first."""
    start: Mapping[str, object] = run.facts[-1] if run.facts else {}
    dataset: Mapping[str, object] = run.dataset
    about = {say(title): dataset[key] for key, title in _ABOUT_IMAGES.items() if dataset.get(key) not in (None, "")}
    if notes := dataset.get("notes"):
        about[say("what became of the files")] = " ".join(said(str(note)) for note in cast(Sequence[object], notes))
    kept = {key: value for key, value in start.items() if key not in _UNTOLD and isinstance(value, (str, int, float))}
    if "started" in kept:
        kept["started"] = str(kept["started"])[:16].replace("T", " ") + " UTC"
    return {
        key: words.placeless(value) if isinstance(value, str) else number(value)
        for key, value in (about | {name.replace("_", " "): value for name, value in kept.items()}).items()
        if value != ""
    }
