"""Tables of runs: results that can be sorted and taken along, settings with their differences first."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from vaedash import glossary, images, languages, places, text
from vaedash.comparing import alike, differences, results
from vaedash.comparing import ladder as ladders
from vaedash.comparing.differences import Differences
from vaedash.comparing.ladder import Ladder
from vaedash.comparing.results import Cell, Result, Row
from vaedash.languages import say, to_say
from vaedash.measuring import measures
from vaedash.measuring.measures import MEASURES
from vaedash.runs import Run
from vaedash.showing import charts
from vaedash.showing.tables import csv_file
from vaedash.ui import components, live, speaking, visitors

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
    *(
        "told_class",
        "told_class_n",
        "told_attributes",
        "told_attributes_n",
        "told_factors",
        "told_factors_n",
        "mig",
        "mig_n",
    ),
)
_TITLES = (
    *(to_say("run"), to_say("name"), to_say("dataset"), to_say("preset"), to_say("model")),
    *(to_say("status"), to_say("host"), to_say("command")),
)  # of columns that are called by their keys
_PARTS = (to_say("{images} ({n} test images)"),)  # what sets are called of which not all is here
MOST = 500  # rows unless all are asked for: ten thousand take seconds to make and to send
PICTURED = 100  # rows with pictures beside those of the chosen runs: a thousand pictures take seconds to send
_FLOOR = to_say("real pictures, or a guess")
_NAME = 160  # pixels of a name that stays in sight: on a phone, the others need room
BESIDE = 2  # runs whose settings stand side by side; of more, each has a row
_SHORT = 12  # rows that are shown without a scroll bar
# Pixels of a column: for a digit in the table's letters, and around them. As many digits fit wherever a title does.
_LETTER, _MARGINS, _FITS = 9, 24, 8

_Value = str | int | float | None  # of a cell


def result_table(runs: Sequence[Run], *, chosen: Sequence[Run]) -> None:
    """The study's table of readable runs, made from themselves, with their pictures and the commands that replay them.

    It has the `chosen` runs and the first MOST others, and all where a person asks for them; pictures of the first PICTURED.
    """
    pictured = {run.id for run in [*chosen, *runs[:PICTURED]]}
    if len(runs) > MOST and not st.toggle(
        say("All {n:,} runs, which takes a moment longer", n=len(runs)), key="all-results"
    ):
        kept = {run.id for run in [*chosen, *runs[:MOST]]}
        runs = [run for run in runs if run.id in kept]
    table = pd.DataFrame([_pick(results.result(run)) for run in runs])
    table.insert(0, "drawn", [_thumbnail(run) if run.id in pictured else None for run in runs])
    begun, zone = pd.to_datetime(table["created"], format="ISO8601", utc=True, errors="coerce"), visitors.zone()
    table["created"] = begun.dt.tz_convert(zone)
    table["command"] = [results.replay_command(run) for run in runs]
    st.dataframe(
        table,
        hide_index=True,
        row_height=56,
        height="content" if len(runs) <= _SHORT else "auto",
        column_config=_column_config(table, zone=zone),
    )
    if len(runs) > PICTURED:
        st.caption(
            say(
                "{n:,} runs, the newest first; pictures of the newest {pictured} and of the chosen ones.",
                n=len(runs),
                pictured=PICTURED,
            )
        )


def _column_config(table: pd.DataFrame, *, zone: ZoneInfo) -> "dict[str, ColumnConfig]":
    drawn = say("After its last epoch.\n\n{about}", about=glossary.about("prior sample"))
    return {
        **_titles(table),
        "drawn": st.column_config.ImageColumn(say("drawn"), help=drawn),
        "created": st.column_config.DatetimeColumn(
            say("begun"), format="YYYY-MM-DD HH:mm", help=say("In the time of {key}.", key=zone.key)
        ),
        "seed": st.column_config.NumberColumn(say("seed"), format="%d", help=glossary.about("seed")),
        "epochs": _number(table["epochs"], say("epochs to stop"), help=glossary.about("epoch", "early stopping")),
        "loss": _nats(table["loss"], "loss", "train, test", title=say("train loss")),
        "test_loss": _nats(table["test_loss"], "loss", "train, test", title=say("test loss")),
        "test_recon": _nats(table["test_recon"], "recon", "train, test", title=say("test recon")),
        "test_kl": _nats(table["test_kl"], "KL", "train, test", title=say("test KL")),
        "below_pca": _number(
            table["below_pca"],
            say("under the PCA line by"),
            digits=1,
            help=say("Negative: above it.\n\n{about}", about=glossary.about("PCA line")),
        ),
        "n_test": _number(table["n_test"], say("new pictures"), help=glossary.about("train, test")),
        "parameters": _number(table["parameters"], say("weights")),
        "seconds": _number(table["seconds"], say("seconds")),
        "images_per_second": _number(table["images_per_second"], say("pictures/s")),
        "psnr": _measure(table, "psnr"),
        "ssim": _measure(table, "ssim"),
        "psnr_n": _number(table["psnr_n"], say("n of PSNR, SSIM")),
        "iwae": _measure(table, "iwae"),
        "swd": _measure(table, "swd"),
        "swd_n": _number(table["swd_n"], say("n of IWAE, SWD")),
        "fid": _measure(table, "fid"),
        "fid_n": _number(table["fid_n"], say("n of FID")),
        **_of_labels(table),
    }


def _titles(table: pd.DataFrame) -> "dict[str, ColumnConfig]":
    return {key: st.column_config.Column(say(key)) for key in _TITLES if key in table}


def _of_labels(table: pd.DataFrame) -> "dict[str, ColumnConfig]":
    """Those of what the numbers know, each with its n, since each kind of label may be known of other pictures."""
    labelled = [name for name in MEASURES if MEASURES[name].labelled]
    counts = {
        f"{name}_n": _number(table[f"{name}_n"], say("n of {title}", title=say(MEASURES[name].title)))
        for name in labelled
    }
    return {name: _measure(table, name) for name in labelled} | counts


def _number(
    values: "pd.Series[float]", title: str | None = None, *, digits: int = 0, help: str | None = None
) -> "ColumnConfig":
    """A column of numbers, written as the page writes them where the browser can, else as in English, and wide enough for the longest
    of them: a cell that is too narrow cuts off the first digits, and what is left reads as another number.
    """
    longest = max((len(f"{value:,.{digits}f}") for value in values if pd.notna(value)), default=0)
    return st.column_config.NumberColumn(
        title,
        format="localized" if speaking.as_browser() else f"%,.{digits}f",
        step=10**-digits,  # where it is the browser's, so many digits
        help=help,
        width=_LETTER * longest + _MARGINS if longest > _FITS else None,
    )


def _nats(values: "pd.Series[float]", *words: str, title: str) -> "ColumnConfig":
    """A column of losses of this title, and what its words mean."""
    kept = say(
        "Nats per picture, at the epoch whose weights are kept (at beta 0 loss and recon are in units of squared error)."
    )
    return _number(values, title, digits=2, help=f"{kept}\n\n{glossary.about(*words)}")


def _measure(table: pd.DataFrame, name: str) -> "ColumnConfig":
    """A column of a measure of quality, and what it is."""
    measure = MEASURES[name]
    return _number(table[name], say(measure.title), digits=measure.digits, help=say(measure.about))


def downloads(runs: Sequence[Run]) -> None:
    """What came of readable runs, to take along."""

    def every() -> list[Result]:
        return [results.result(run) for run in runs]

    comma = languages.current().comma  # now: what is downloaded is made when nobody's page is drawn
    with st.container(horizontal=True):
        st.download_button(
            "CSV", lambda: csv(every(), comma=comma), "vaedash-results.csv", "text/csv", on_click="ignore"
        )
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
            say(
                "Not measured yet. That happens by itself when a run has ended, or by `{command} evaluate RUN`.",
                command=places.command(),
            )
        )
        return
    which = st.segmented_control(
        say("Measure"), measured, format_func=lambda name: say(MEASURES[name].title), default=measured[0], required=True,
        key=f"measure-{chosen[0].id}", label_visibility="collapsed", wrap=True,
    )  # fmt: skip
    st.caption(say(MEASURES[which].about))
    values = [f"{run.name} {figures[run.id][which]['value']}" for run in chosen if which in figures[run.id]]
    live.chart(
        charts.quality(chosen, which),
        key=f"quality-{chosen[0].id}",
        alt=f"{say(MEASURES[which].title)}: {', '.join(values)}",
    )
    calls = dict(zip((run.id for run in chosen), results.told_apart(chosen), strict=True))
    _known(chosen, calls)
    _parts(chosen, which, calls)
    _in_full([_row_of_measure(name, calls, figures) for name in measured], calls.values())


def _known(chosen: Sequence[Run], calls: Mapping[str, str]) -> None:
    """How often the few numbers tell what a picture shows, for a room."""
    figures = {calls[run.id]: run.quality["told_class"] for run in chosen if "told_class" in run.quality}
    told = [
        say("{value:.0f} of 100 with {call}", value=value, call=components.plain(call))
        for call, figure in figures.items()
        if (value := figure.get("value")) is not None
    ]
    guesses = [floor for figure in figures.values() if (floor := figure.get("floor")) is not None]
    if told and guesses:
        st.markdown(
            say(
                "How much do the few numbers know? From them alone, never seeing the picture, a straight rule says what a new "
                "picture shows and is right for {told}. Who always guesses the commonest is right for {guess:.0f}.",
                told=", ".join(told),
                guess=max(guesses),
            )
        )


def _parts(chosen: Sequence[Run], which: str, calls: Mapping[str, str]) -> None:
    """What the measure is the mean of, for each run; where it is about single numbers, which of them tells what."""
    parts = {run.id: measures.parts_in_words(run.quality, which) for run in chosen}
    if rows := dict.fromkeys(part for of_run in parts.values() for part in of_run):
        _in_full([_row_of_part(part, calls, parts) for part in rows], calls.values())
    for run in chosen:
        shares = run.figures.told_by_latent() if which == "mig" else None
        if shares is not None and len(shares) == len(parts[run.id]):
            st.caption(
                say(
                    "{name}: what each number tells, those first that tell most.",
                    name=components.plain(calls[run.id]),
                )
            )
            live.chart(
                charts.told_by_latent(run, list(parts[run.id]), shares),
                key=f"told-{run.id}",
                alt=say("Which number of {name} tells which factor", name=run.name),
            )


def _in_full(rows: Sequence[Mapping[str, str]], columns: Iterable[str]) -> None:
    """A table whose columns of figures are as wide as the longest: cut off, it would read as another."""
    longest = {column: max(len(row[column]) for row in rows) for column in columns}
    widths = {
        column: st.column_config.TextColumn(width=_LETTER * length + _MARGINS)
        for column, length in longest.items()
        if length > _FITS
    }
    st.dataframe(rows, hide_index=True, column_config=widths)


def _row_of_part(
    part: str, calls: Mapping[str, str], parts: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> dict[str, str]:
    there = [of_run[part]["floor"] for of_run in parts.values() if part in of_run]
    return {
        say("of it"): say(part),
        **{call: parts[run_id].get(part, {}).get("value", "") for run_id, call in calls.items()},
        say("a guess"): max(there),
    }


def _row_of_measure(
    name: str, calls: Mapping[str, str], figures: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> dict[str, str]:
    """What was measured of each run, what real pictures have or a guess, on how many it rests, and what is better.

    By a run's id, `calls` are what it is called, and `figures` what was measured, in words (`measures.in_words`).
    """
    there = [of_run[name] for of_run in figures.values() if name in of_run]
    return {
        say("measure"): say(MEASURES[name].title),
        **{call: figures[run_id].get(name, {}).get("value", "") for run_id, call in calls.items()},
        say(_FLOOR): f"{max(figure['floor'] for figure in there)}{say(', a guess') if MEASURES[name].labelled else ''}",
        "n": " / ".join(sorted({figure["n"] for figure in there})),
        "": there[0]["better"],
    }


def over_seeds(cells: Sequence[Cell]) -> None:
    """Means and spreads over seeds (`results.over_seeds`)."""
    rows = [_said(cell.as_row()) for cell in cells]
    table = pd.DataFrame(
        [{say(title): _harmless(row[key]) for key, title in results.SEEDS_COLUMNS.items()} for row in rows]
    )
    means = table.select_dtypes("float")
    st.dataframe(table, hide_index=True, column_config={title: _number(means[title], digits=2) for title in means})


def rungs(ladder: Ladder) -> None:
    """Every rung of a ladder, with each of its seeds."""
    lines = [{say(title): row[key] for key, title in ladders.COLUMNS.items()} for row in ladders.rows(ladder)]
    st.dataframe(lines, hide_index=True, height="content")


def settings(chosen: Sequence[Run]) -> None:
    """The settings of two runs, a column each: what differs, then what is the same, said once; of more, `_differences`."""
    if len(chosen) > BESIDE:
        _differences(differences.between(chosen), results.in_file_name(chosen))
        return
    contrast = alike.contrast([run.config.to_json() for run in chosen])
    calls = results.told_apart(chosen)
    if contrast.differing:
        rows = [
            {say("setting"): name} | dict(zip(calls, cells, strict=True)) for name, cells in contrast.differing.items()
        ]
        _settings(rows)
    _same(contrast.same, some=bool(contrast.differing))


def _differences(told: Differences, file: str) -> None:
    """A row for each run, to be sorted by any column: the settings in which they differ and what came of it; then what is the same."""
    said = map(_said, told.rows)
    table = pd.DataFrame([{key: _harmless(row[key]) for key in told.columns} for row in said])
    losses = ("test_loss", "test_recon", "test_kl", "train_loss")
    comma = languages.current().comma  # as in `downloads`
    st.dataframe(
        table,
        hide_index=True,
        height="content" if len(table) <= _SHORT else "auto",
        column_config={
            **_titles(table),
            "name": st.column_config.TextColumn(say("name"), pinned=True, width=_NAME),
            **{name: _as_set(table[name]) for name in told.settings},
            **{key: _number(table[key], say(differences.RESULTS[key]), digits=2) for key in losses},
            **{
                key: _number(table[key], say(differences.RESULTS[key]))
                for key in ("active_units", "epochs_done", "seconds")
            },
        },
    )
    st.download_button(
        "CSV",
        lambda: csv_file(told.rows, comma=comma),
        f"vaedash-differences-{file}.csv",
        "text/csv",
        on_click="ignore",
        key="csv-differences",
    )
    _same(told.same, some=bool(told.settings))


def _same(settings: Mapping[str, str], *, some: bool) -> None:
    """What is the same in all runs, which differ in `some` settings or in none."""
    st.caption(say("The same in all of them:") if some else say("They differ in no setting:"))
    _settings([{say("setting"): name, say("value"): value} for name, value in settings.items()])


def _as_set(values: "pd.Series[float]") -> "ColumnConfig":
    """A column of a setting, whose numbers stand as they were given: a rate of 0.00005 is not 0.0001."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return st.column_config.NumberColumn(format="%g")
    return st.column_config.Column()


def _settings(rows: Sequence[Mapping[str, str]]) -> None:
    st.dataframe(
        [{column: _harmless(cell) for column, cell in row.items()} for row in rows],
        hide_index=True,
        height="content",
        column_config={say("setting"): st.column_config.TextColumn(pinned=True)},
    )


def csv(every: Sequence[Result], *, comma: bool = False) -> bytes:
    """Results as CSV (`csv_file`)."""
    return csv_file([result.as_row() for result in every], comma=comma)


def _pick(result: Result) -> Row:
    # The table has a CSV download of its own, which hands out the cells as they are.
    row = _said(result.as_row())
    return {key: _harmless(row[key]) for key in (*_COLUMNS, *_COLUMNS_AFTER)}


def _said(row: Row) -> Row:
    """A row with the words among its cells in the language of the page."""
    said = {key: say(str(row[key])) for key in ("preset", "status") if row.get(key)}
    if images := row.get("dataset"):
        said["dataset"] = languages.again(str(images), _PARTS)
    return row | said


def _harmless(value: _Value) -> _Value:
    return text.cell(value) if isinstance(value, str) else value


def _thumbnail(run: Run) -> str | None:
    return _drawn(run, str(run.path), len(run.epochs), run.signature()) if run.epochs else None


@st.cache_data(max_entries=2000, show_spinner=False)
def _drawn(_run: Run, path: str, epoch: int, signature: tuple[object, ...]) -> str | None:  # noqa: ARG001 - by these it is known
    tiles = _run.pictures.sample("prior", epoch)
    if tiles is None:
        return None
    return "data:image/png;base64," + base64.b64encode(images.encode_png(images.grid(tiles[:8], columns=4))).decode()
