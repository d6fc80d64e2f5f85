"""Tables of runs: results that can be sorted and taken along, settings with their differences marked."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from vaedash import glossary, images, text
from vaedash.comparing import alike, results
from vaedash.comparing.results import Cell, Result
from vaedash.measuring import measures
from vaedash.measuring.measures import MEASURES
from vaedash.runs import Run, RunFolder
from vaedash.showing import charts
from vaedash.ui import presenter

_COLUMNS = (
    "name",
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


def result_table(found: Sequence[Run], *, chosen: Sequence[Run]) -> None:
    """The study's table of readable runs, made from themselves, with their pictures and the commands that replay them.

    It has the `chosen` runs and the first MOST others, and all where a person asks for them; pictures of the first PICTURED.
    """
    pictured = {run.id for run in [*chosen, *found[:PICTURED]]}
    if len(found) > MOST and not st.toggle(f"All {len(found):,} runs, which takes a moment longer", key="all-results"):
        kept = {run.id for run in [*chosen, *found[:MOST]]}
        found = [run for run in found if run.id in kept]
    table = pd.DataFrame([_pick(results.result(run)) for run in found])
    table.insert(0, "drawn", [_thumbnail(run) if run.id in pictured else None for run in found])
    table["command"] = [results.replay_command(run) for run in found]
    st.dataframe(
        table,
        hide_index=True,
        row_height=56,
        height="content" if len(found) <= _SHORT else "auto",
        column_config={
            "drawn": st.column_config.ImageColumn(
                "drawn", help=f"After its last epoch.\n\n{glossary.about('prior sample')}"
            ),
            "seed": st.column_config.NumberColumn(help=glossary.about("seed")),
            "epochs": st.column_config.NumberColumn("epochs to stop", help=glossary.about("epoch", "early stopping")),
            "loss": _nats("loss", "train, test"),
            "test_loss": _nats("loss", "train, test"),
            "test_recon": _nats("recon", "train, test"),
            "test_kl": _nats("KL", "train, test"),
            "below_pca": st.column_config.NumberColumn("below PCA", format="%.1f", help=glossary.about("PCA line")),
            "n_test": st.column_config.NumberColumn("test images", help=glossary.about("train, test")),
            "parameters": st.column_config.NumberColumn(format="localized"),
            "seconds": st.column_config.NumberColumn(format="%.0f"),
            "images_per_second": st.column_config.NumberColumn("images/s", format="%.0f"),
            **{name: _measure(name) for name in ("psnr", "ssim", "iwae", "swd", "fid")},
            "psnr_n": st.column_config.NumberColumn("n of PSNR, SSIM", format="localized"),
            "swd_n": st.column_config.NumberColumn("n of IWAE, SWD", format="localized"),
            "fid_n": st.column_config.NumberColumn("n of FID", format="localized"),
        },
    )
    if len(found) > PICTURED:
        st.caption(f"{len(found):,} runs, the newest first; pictures of the newest {PICTURED} and of the chosen ones.")


def _nats(*words: str) -> Any:
    """A column of losses, and what its words mean."""
    kept = "Nats per image, at the epoch whose weights are kept."
    return st.column_config.NumberColumn(format="%.2f", help=f"{kept}\n\n{glossary.about(*words)}")


def _measure(name: str) -> Any:
    """A column of a measure of quality, and what it is."""
    measure = MEASURES[name]
    return st.column_config.NumberColumn(measure.title, format=f"%.{measure.digits}f", help=measure.about)


def quality(chosen: Sequence[Run]) -> None:
    """What was measured of runs on the same images beside their losses: one measure as a picture, all of them as a table."""
    said = {run.id: measures.in_words(run.quality) for run in chosen}
    measured = [name for name in MEASURES if any(name in of_run for of_run in said.values())]
    if not measured:
        st.caption(
            "Not measured yet. That happens by itself when a run has ended, or by `python -m vaedash evaluate RUN`."
        )
        return
    which = st.segmented_control(
        "Measure", measured, format_func=lambda name: MEASURES[name].title, default=measured[0], required=True,
        key=f"measure-{chosen[0].id}", label_visibility="collapsed",
    )  # fmt: skip
    st.caption(MEASURES[which].about)
    title = MEASURES[which].title
    values = ", ".join(f"{run.name} {said[run.id][which]['value']}" for run in chosen if which in said[run.id])
    figure = presenter.figure(charts.quality(chosen, which))
    st.plotly_chart(figure, key=f"quality-{chosen[0].id}", alt=f"{title}: {values}")
    st.dataframe([_row_of_measure(name, chosen, said) for name in measured], hide_index=True)


def _row_of_measure(name: str, chosen: Sequence[Run], said: Mapping[str, Any]) -> dict[str, str]:
    """What was measured of each run, what real images have, on how many it rests, and what is better."""
    found = [of_run[name] for of_run in said.values() if name in of_run]
    return {
        "measure": MEASURES[name].title,
        **{f"{run.name} ({run.id})": said[run.id].get(name, {}).get("value", "") for run in chosen},
        "real images": max(row["floor"] for row in found),
        "n": " / ".join(sorted({row["n"] for row in found})),
        "": found[0]["better"],
    }


def over_seeds(cells: Sequence[Cell]) -> None:
    """Means and spreads over seeds (`results.over_seeds`)."""
    rows = [cell.as_row() for cell in cells]
    named = [{title: row[key] for key, title in results.SEEDS_COLUMNS.items()} for row in rows]
    st.dataframe(
        [
            {key: _harmless(round(value, 2) if isinstance(value, float) else value) for key, value in row.items()}
            for row in named
        ],
        hide_index=True,
    )


def settings(a: Run, b: Run) -> None:
    """The settings of two runs, what differs first and marked."""
    differing = alike.differing_settings(a, b)
    one, other = a.config.to_json(), b.config.to_json()
    order = [*differing, *(name for name in one if name not in differing)]
    st.dataframe(
        [
            {
                "": "≠" if name in differing else "",
                "setting": name,
                f"{a.name} ({a.id})": _text(one[name]),
                f"{b.name} ({b.id})": _text(other[name]),
            }
            for name in order
        ],
        hide_index=True,
    )


def csv(found: Sequence[Result]) -> str:
    """Results as CSV; text that a spreadsheet would run is made to be text."""
    rows = [{key: _harmless(value) for key, value in result.as_row().items()} for result in found]
    return pd.DataFrame(rows).to_csv(index=False)


def _pick(result: Result) -> dict[str, Any]:
    # The table has a CSV download of its own, which hands out the cells as they are.
    row = result.as_row()
    return {key: _harmless(row[key]) for key in (*_COLUMNS, *_COLUMNS_AFTER)}


def _thumbnail(run: Run) -> str | None:
    return _drawn(str(run.path), len(run.epochs), run.signature()) if run.epochs else None


@st.cache_data(max_entries=2000, show_spinner=False)
def _drawn(path: str, epoch: int, signature: tuple) -> str | None:  # noqa: ARG001 - a run may be trained anew under its id
    tiles = RunFolder(Path(path)).pictures.sample("prior", epoch)
    if tiles is None:
        return None
    return "data:image/png;base64," + base64.b64encode(images.encode_png(images.grid(tiles[:8], columns=4))).decode()


def _harmless(value: Any) -> Any:
    return text.cell(value) if isinstance(value, str) else value


def _text(value: Any) -> str:
    return "" if value is None else str(value)
