"""Tables of runs: results that can be sorted and taken along, settings with their differences first."""

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from vaedash import glossary, images, text
from vaedash.comparing import alike, results
from vaedash.comparing.results import Cell, Result, Row
from vaedash.measuring import measures
from vaedash.measuring.measures import MEASURES
from vaedash.runs import Run, RunFolder
from vaedash.showing import charts
from vaedash.ui import presenter

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

_COLUMNS = (
    "name",
    "created",
    "dataset",
    "preset",
    "model",
    "seed",
    "status",
    "epochs",
    "loss",
    "test_loss",
    "test_recon",
    "test_kl",
    "below_pca",
)
_COLUMNS_AFTER = (
    *("n_test", "parameters", "seconds", "images_per_second", "host"),
    *("psnr", "ssim", "psnr_n", "iwae", "swd", "swd_n", "fid", "fid_n"),
)
MOST = 500  # rows unless all are asked for: ten thousand take seconds to make and to send
PICTURED = 100  # rows with pictures beside those of the chosen runs: a thousand pictures take seconds to send
_SHORT = 12  # rows that are shown without a scroll bar

_Value = str | int | float | None  # of a cell


def result_table(runs: Sequence[Run], *, chosen: Sequence[Run]) -> None:
    """The study's table of readable runs, made from themselves, with their pictures and the commands that replay them.

    It has the `chosen` runs and the first MOST others, and all where a person asks for them; pictures of the first PICTURED.
    """
    pictured = {run.id for run in [*chosen, *runs[:PICTURED]]}
    if len(runs) > MOST and not st.toggle(f"All {len(runs):,} runs, which takes a moment longer", key="all-results"):
        kept = {run.id for run in [*chosen, *runs[:MOST]]}
        runs = [run for run in runs if run.id in kept]
    table = pd.DataFrame([_pick(results.result(run)) for run in runs])
    table.insert(0, "drawn", [_thumbnail(run) if run.id in pictured else None for run in runs])
    table["created"] = pd.to_datetime(table["created"], format="ISO8601", utc=True, errors="coerce")
    table["command"] = [results.replay_command(run) for run in runs]
    st.dataframe(
        table,
        hide_index=True,
        row_height=56,
        height="content" if len(runs) <= _SHORT else "auto",
        column_config=_column_config(),
    )
    if len(runs) > PICTURED:
        st.caption(f"{len(runs):,} runs, the newest first; pictures of the newest {PICTURED} and of the chosen ones.")


def _column_config() -> "dict[str, ColumnConfig]":
    number = st.column_config.NumberColumn
    drawn = f"After its last epoch.\n\n{glossary.about('prior sample')}"
    return {
        "drawn": st.column_config.ImageColumn("drawn", help=drawn),
        "created": st.column_config.DatetimeColumn("begun", format="YYYY-MM-DD HH:mm", help="In UTC."),
        "seed": number(help=glossary.about("seed")),
        "epochs": number("epochs to stop", help=glossary.about("epoch", "early stopping")),
        "loss": _nats("loss", "train, test", title="train loss"),
        "test_loss": _nats("loss", "train, test", title="test loss"),
        "test_recon": _nats("recon", "train, test", title="test recon"),
        "test_kl": _nats("KL", "train, test", title="test KL"),
        "below_pca": number(
            "under the PCA line by", format="%.1f", help=f"Negative: above it.\n\n{glossary.about('PCA line')}"
        ),
        "n_test": number("new pictures", help=glossary.about("train, test")),
        "parameters": number("weights", format="localized"),
        "seconds": number(format="%.0f"),
        "images_per_second": number("pictures/s", format="%.0f"),
        "psnr": _measure("psnr"),
        "ssim": _measure("ssim"),
        "psnr_n": number("n of PSNR, SSIM", format="localized"),
        "iwae": _measure("iwae"),
        "swd": _measure("swd"),
        "swd_n": number("n of IWAE, SWD", format="localized"),
        "fid": _measure("fid"),
        "fid_n": number("n of FID", format="localized"),
    }


def _nats(*words: str, title: str) -> "ColumnConfig":
    """A column of losses of this title, and what its words mean."""
    kept = "Nats per picture, at the epoch whose weights are kept (at beta 0 loss and recon are in units of squared error)."
    return st.column_config.NumberColumn(title, format="%.2f", help=f"{kept}\n\n{glossary.about(*words)}")


def _measure(name: str) -> "ColumnConfig":
    """A column of a measure of quality, and what it is."""
    measure = MEASURES[name]
    return st.column_config.NumberColumn(measure.title, format=f"%.{measure.digits}f", help=measure.about)


def downloads(runs: Sequence[Run]) -> None:
    """What came of readable runs, to take along."""

    def every() -> list[Result]:
        return [results.result(run) for run in runs]

    with st.container(horizontal=True):
        st.download_button("CSV", lambda: csv(every()), "vaedash-results.csv", "text/csv", on_click="ignore")
        st.download_button(
            "JSON",
            lambda: json.dumps([result.as_row() for result in every()], indent=1),
            "vaedash-results.json",
            "application/json",
            on_click="ignore",
        )


def quality(chosen: Sequence[Run]) -> None:
    """What was measured of runs on the same images beside their losses: one measure as a picture, all of them as a table."""
    figures = {run.id: measures.in_words(run.quality) for run in chosen}
    measured = [name for name in MEASURES if any(name in of_run for of_run in figures.values())]
    if not measured:
        st.caption(
            "Not measured yet. That happens by itself when a run has ended, or by `python -m vaedash evaluate RUN`."
        )
        return
    which = st.segmented_control(
        "Measure", measured, format_func=lambda name: MEASURES[name].title, default=measured[0], required=True,
        key=f"measure-{chosen[0].id}", label_visibility="collapsed", wrap=True,
    )  # fmt: skip
    st.caption(MEASURES[which].about)
    values = [f"{run.name} {figures[run.id][which]['value']}" for run in chosen if which in figures[run.id]]
    st.plotly_chart(
        presenter.figure(charts.quality(chosen, which)),
        key=f"quality-{chosen[0].id}",
        alt=f"{MEASURES[which].title}: {', '.join(values)}",
    )
    calls = dict(zip((run.id for run in chosen), results.told_apart(chosen), strict=True))
    st.dataframe([_row_of_measure(name, calls, figures) for name in measured], hide_index=True)


def _row_of_measure(
    name: str, calls: Mapping[str, str], figures: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> dict[str, str]:
    """What was measured of each run, what real pictures have, on how many it rests, and what is better.

    By a run's id, `calls` are what it is called, and `figures` what was measured, in words (`measures.in_words`).
    """
    there = [of_run[name] for of_run in figures.values() if name in of_run]
    return {
        "measure": MEASURES[name].title,
        **{call: figures[run_id].get(name, {}).get("value", "") for run_id, call in calls.items()},
        "real pictures": max(figure["floor"] for figure in there),
        "n": " / ".join(sorted({figure["n"] for figure in there})),
        "": there[0]["better"],
    }


def over_seeds(cells: Sequence[Cell]) -> None:
    """Means and spreads over seeds (`results.over_seeds`)."""
    rows = [cell.as_row() for cell in cells]
    st.dataframe(
        [{title: _rounded(row[key]) for key, title in results.SEEDS_COLUMNS.items()} for row in rows], hide_index=True
    )


def settings(chosen: Sequence[Run]) -> None:
    """The settings of several runs, a column each: what differs, then what is the same, said once."""
    contrast = alike.contrast([run.config.to_json() for run in chosen])
    calls = results.told_apart(chosen)
    if contrast.differing:
        rows = [{"setting": name} | dict(zip(calls, cells, strict=True)) for name, cells in contrast.differing.items()]
        _settings(rows)
    st.caption("The same in all of them:" if contrast.differing else "They differ in no setting:")
    _settings([{"setting": name, "value": value} for name, value in contrast.same.items()])


def _settings(rows: Sequence[Mapping[str, str]]) -> None:
    st.dataframe(
        [{column: _harmless(cell) for column, cell in row.items()} for row in rows],
        hide_index=True,
        height="content",
        column_config={"setting": st.column_config.TextColumn(pinned=True)},
    )


def csv(every: Sequence[Result]) -> str:
    """Results as CSV; text that a spreadsheet would run is made to be text."""
    rows = [{key: _harmless(value) for key, value in result.as_row().items()} for result in every]
    return pd.DataFrame(rows).to_csv(index=False)


def _pick(result: Result) -> Row:
    # The table has a CSV download of its own, which hands out the cells as they are.
    row = result.as_row()
    return {key: _harmless(row[key]) for key in (*_COLUMNS, *_COLUMNS_AFTER)}


def _rounded(value: _Value) -> _Value:
    return round(value, 2) if isinstance(value, float) else _harmless(value)


def _harmless(value: _Value) -> _Value:
    return text.cell(value) if isinstance(value, str) else value


def _thumbnail(run: Run) -> str | None:
    return _drawn(str(run.path), len(run.epochs), run.signature()) if run.epochs else None


@st.cache_data(max_entries=2000, show_spinner=False)
def _drawn(path: str, epoch: int, signature: tuple[object, ...]) -> str | None:  # noqa: ARG001 - a run may be trained anew under its id
    tiles = RunFolder(Path(path)).pictures.sample("prior", epoch)
    if tiles is None:
        return None
    return "data:image/png;base64," + base64.b64encode(images.encode_png(images.grid(tiles[:8], columns=4))).decode()
