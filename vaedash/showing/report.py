"""A report: one HTML file that shows a comparison of runs anywhere, without a server, a network or the runs themselves.

Here the runs become records of plain data; `report.html` makes the page of them.
"""

import base64
import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import numpy as np

from vaedash import config, images, places, text
from vaedash.comparing import alike, results, verdict
from vaedash.errors import RunError
from vaedash.measuring import measures
from vaedash.measuring.measures import MEASURES
from vaedash.runs import Run, Status, schema
from vaedash.showing import charts

FRAMES = 64  # of a morph, ends included: every seventh is one of the study's ten steps
_COLUMNS = 8  # of every grid, the morph's sheet of frames too
_PHOTOS = 32  # held-out images that are shown
_NOTHING = "–"  # in a cell that has no value
_HERE = Path(__file__).parent

# A path that begins at a root; what follows its last separator may stay.
_PLACE = re.compile(r"(?<![\w:/.])(?:[A-Za-z]:)?[\\/](?:[^\s\\/'\"<>]+[\\/])+")


# ---- what the page is made of: every text as it is, to be escaped where it becomes HTML ----------------------


@dataclass(frozen=True, kw_only=True)
class Label:
    """How a run is called: by its name, its id, or what tells it from the others in a word or two; and its hue."""

    name: str
    id: str
    short: str
    hue: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture as a data URL, what it shows in words, and its size in pixels of the page."""

    source: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Lead:
    """Who leads, in a few words, and the figures behind it."""

    headline: str
    grounds: str


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Curves on one axis: the images and beta that they share, a Plotly figure, and where each run ends in words."""

    dataset: str
    beta: str
    figure: Mapping[str, object]
    ends: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a table, a cell for each run; the cells at the places in `best` are bold. `about` says what the row is."""

    title: str
    cells: Sequence[str]
    best: frozenset[int] = frozenset()
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class SideBySide:
    """Records of all runs: what differs, as rows; what is the same, by name."""

    differing: Sequence[Row]
    same: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What a run made up; no picture where none is left."""

    run: Label
    picture: Picture | None
    what: str


@dataclass(frozen=True, kw_only=True)
class Strip:
    """A few images in a row, originals (which have no hue) or what a run made of them."""

    label: str
    hue: str
    picture: Picture


@dataclass(frozen=True, kw_only=True)
class Photos:
    """Held-out images of a dataset, block by block with what every run makes of them; `notes` say what is missing."""

    dataset: str
    blocks: Sequence[Sequence[Strip]]
    notes: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Morph:
    """A run's way between two pictures: a sheet of all frames, as a data URL, and ten of them side by side."""

    run: Label
    between: str
    sheet: str
    steps: Picture


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What is to be said of one run: a sentence, or a command."""

    run: Label
    words: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that the page shows, in its order."""

    title: str
    date: str
    runs: Sequence[Label]
    leads: Sequence[Lead]
    plots: Sequence[Plot]
    results: Sequence[Row]
    endings: Sequence[str]
    quality: Sequence[Row]
    samples: Sequence[Sample]
    photos: Sequence[Photos]
    morphs: Sequence[Morph]
    unable: Sequence[Remark]  # runs that cannot draw, and why
    settings: SideBySide
    facts: SideBySide
    commands: Sequence[Remark]
    own_images: bool  # whether a command names images that are not built in


# ---- from runs to page -------------------------------------------------------------------------------------------


def page(chosen: Sequence[Run]) -> str:
    """The report on these runs as the text of an HTML file; loads torch where one has weights. RunError if one is damaged."""
    for run in chosen:
        run.require_readable()
    return _TEMPLATES.get_template("report.html").render(
        report=_report(chosen),
        last_frame=FRAMES - 1,
        style=_asset(_HERE / "report.css"),
        scripts=[_asset(charts.PLOTLY_JS), _asset(_HERE / "report.js")],
    )


def _asset(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _shown(value: object) -> object:
    """Every value on its way into the page: what is HTML already stays, of anything else what may be seen."""
    return value if hasattr(value, "__html__") else text.visible(str(value))


def _sha256(script: str) -> str:
    """As a content security policy names a script."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    finalize=_shown,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["sha256"] = _sha256


def _report(chosen: Sequence[Run]) -> Report:
    morphs, unable = _morphs(chosen)
    return Report(
        title=_title(chosen),
        date=schema.now()[:10],
        runs=[_label(run, chosen) for run in chosen],
        leads=_leads(chosen),
        plots=[_plot(group) for group in alike.groups([run for run in chosen if run.epochs])],
        results=_results(chosen),
        endings=[
            f"{run.name}: {_placeless(run.sentence)}"
            for run in chosen
            if run.sentence and run.status != Status.FINISHED
        ],
        quality=_quality(chosen),
        samples=[_sample(run, chosen) for run in chosen],
        photos=[_photos(group, chosen) for group in alike.by_images(chosen)],
        morphs=morphs,
        unable=unable,
        settings=_side_by_side([_settings(run) for run in chosen]),
        facts=_side_by_side([_facts(run) for run in chosen]),
        commands=[_command(run, chosen) for run in chosen],
        own_images=any(map(_needs_a_path, chosen)),
    )


def _label(run: Run, among: Sequence[Run]) -> Label:
    return Label(name=run.name, id=run.id, short=results.short(run, among), hue=charts.HUE[run.config.arch])


def _title(chosen: Sequence[Run]) -> str:
    archs = list(dict.fromkeys(run.config.arch for run in chosen))
    if len(chosen) == 1:
        return chosen[0].name
    what = " and ".join(archs) if len(archs) > 1 else f"{len(chosen)} {archs[0]} runs"
    return f"{what} on {', '.join(dict.fromkeys(map(_dataset, chosen)))}"


def _leads(chosen: Sequence[Run]) -> list[Lead]:
    """Who leads, of those that can be compared with each other."""
    groups = alike.groups(chosen)
    rivals = [group for group in groups if len(group) > 1]
    if not rivals:  # then the verdict says why they cannot be compared
        return [_lead(chosen)] if len(chosen) > 1 else []
    return [_lead(group, several=len(groups) > 1) for group in rivals]


def _lead(group: Sequence[Run], *, several: bool = False) -> Lead:
    judged = verdict.judged(group)
    on = f"{_dataset(group[0])}, beta {group[0].config.beta:g}: " if several else ""
    return Lead(headline=f"{on}{judged.headline}", grounds=judged.grounds)


# ---- nothing of where anything was ------------------------------------------------------------------------------


def _placeless(words: str) -> str:
    """Without where anything was on the machine that trained: only the last part of each path stays."""
    known = sorted({str(places.PROJECT_ROOT), str(places.runs_dir()), str(places.data_dir())}, key=len, reverse=True)
    for place in known:  # these may hold spaces
        words = words.replace(f"{place}{os.sep}", "")
    return _PLACE.sub("", words)


def _dataset(run: Run) -> str:
    return _placeless(str(run.dataset.get("name") or config.dataset_title(run.config.dataset)))


def _bare(dataset: str) -> str:
    """A dataset's name, or of a path the last part."""
    return re.split(r"[\\/]", dataset.rstrip("\\/"))[-1]


def _command(run: Run, among: Sequence[Run]) -> Remark:
    """What trains the run again, on images that go by their name alone."""
    bare = dataclasses.replace(run, settings=dataclasses.replace(run.config, dataset=_bare(run.config.dataset)))
    return Remark(run=_label(run, among), words=results.replay_command(bare))


def _needs_a_path(run: Run) -> bool:
    return _bare(run.config.dataset) not in config.DATASETS and run.dataset.get("copy_of") not in config.DATASETS


# ---- curves and tables ----------------------------------------------------------------------------------


def _plot(group: Sequence[Run]) -> Plot:
    figure = charts.loss_curves(group).update_layout(template="plotly_white")
    return Plot(
        dataset=_dataset(group[0]),
        beta=f"{group[0].config.beta:g}",
        figure=json.loads(figure.to_json()),
        ends=[f"{run.name} ends at a test loss of {_number(run.epochs[-1]['test_loss'])}" for run in group],
    )


_ROWS = {
    "test_loss": "test loss",
    "test_recon": "recon of it",
    "test_kl": "KL of it",
    "below_pca": "below the PCA line",
    "loss": "train loss",
    "best_epoch": "kept epoch",
    "epochs": "epochs",
    "status": "status",
    "parameters": "parameters",
    "seconds": "seconds of training",
    "images_per_second": "images per second",
}
_WHOLE = ("seconds", "images_per_second")


def _results(chosen: Sequence[Run]) -> list[Row]:
    records, rows = [results.result(run).as_row() for run in chosen], []
    for key, title in _ROWS.items():
        values = [record[key] for record in records]
        if all(value is None for value in values):
            continue
        cells = [_number(value, digits=0 if key in _WHOLE else 2) for value in values]
        best = _leading(chosen) if key == "test_loss" else frozenset()
        rows.append(Row(title=title, cells=cells, best=best))
    return rows


def _leading(chosen: Sequence[Run]) -> frozenset[int]:
    """The places of the runs with the lowest test loss, if all can be compared."""
    losses = {place: run.test_loss for place, run in enumerate(chosen) if run.test_loss is not None}
    if len(chosen) == 1 or len(alike.groups(chosen)) > 1:
        return frozenset()
    return frozenset(place for place, loss in losses.items() if loss == min(losses.values()))


def _quality(chosen: Sequence[Run]) -> list[Row]:
    """What was measured of the runs beside their losses, with what real images would have and on how many it rests."""
    measured, rows = [measures.in_words(run.quality) for run in chosen], []
    for name, measure in MEASURES.items():
        figures = [of_run[name] for of_run in measured if name in of_run]
        if not figures:
            continue
        floors, counts = (" / ".join(sorted({figure[key] for figure in figures} - {""})) for key in ("floor", "n"))
        real = f"; real images: {floors}" if floors else ""
        cells = [of_run[name]["value"] if name in of_run else _NOTHING for of_run in measured]
        about = f"{measure.about} Of {counts}; {figures[0]['better']}{real}."
        rows.append(Row(title=measure.title, cells=cells, about=about))
    return rows


def _number(value: object, *, digits: int = 2) -> str:
    if isinstance(value, float):
        return f"{value:,.{digits}f}"
    if isinstance(value, int):
        return f"{value:,}"
    return _NOTHING if value is None else str(value)


def _side_by_side(records: Sequence[Mapping[str, object]]) -> SideBySide:
    """What differs between the runs, and what is the same said once: by what can be seen of it."""
    differing, same = [], {}
    for name in dict.fromkeys(name for record in records for name in record):
        values = [record.get(name) for record in records]
        cells = ["" if value is None else text.visible(str(value)) for value in values]
        if len(set(cells)) > 1:
            differing.append(Row(title=name, cells=[cell or _NOTHING for cell in cells]))
        else:
            same[name] = cells[0] or _NOTHING
    return SideBySide(differing=differing, same=same)


def _settings(run: Run) -> Mapping[str, object]:
    return run.config.to_json() | {"dataset": _bare(run.config.dataset)}


_ABOUT_IMAGES = {
    "name": "images",
    "fingerprint": "fingerprint of the images",
    "n_train": "training images",
    "n_test": "test images",
    "skipped": "unreadable files skipped",
}
_UNTOLD = ("dataset", "resumed_after_epoch", "host")


def _facts(run: Run) -> dict[str, str]:
    """What the trainer found at its last start, images first."""
    start: Mapping[str, object] = run.facts[-1] if run.facts else {}
    dataset: Mapping[str, object] = run.dataset
    about = {title: dataset[key] for key, title in _ABOUT_IMAGES.items() if dataset.get(key) not in (None, "")}
    kept = {key: value for key, value in start.items() if key not in _UNTOLD and isinstance(value, (str, int, float))}
    if "started" in kept:
        kept["started"] = str(kept["started"])[:16].replace("T", " ")  # in UTC
    return {
        key.replace("_", " "): _placeless(value) if isinstance(value, str) else _number(value)
        for key, value in (about | kept).items()
        if value != ""
    }


# ---- pictures -------------------------------------------------------------------------------------------


def _picture(tiles: np.ndarray, *, alt: str, columns: int = _COLUMNS, scale: int = 2) -> Picture:
    """Images `(N, 3, 32, 32)` uint8, `scale` pixels of the page to each of theirs; what is between them is clear."""
    opaque = np.concatenate([tiles, np.full_like(tiles[:, :1], 255)], axis=1)
    picture = images.grid(opaque, columns=columns, gap=1, background=0)
    height, width = picture.shape[0] * scale, picture.shape[1] * scale
    return Picture(source=_embedded(picture), alt=alt, width=width, height=height)


def _embedded(picture: np.ndarray) -> str:
    return f"data:image/png;base64,{base64.b64encode(images.encode_png(picture)).decode()}"


def _sample(run: Run, among: Sequence[Run]) -> Sample:
    tiles = _kept(run, "prior")
    if tiles is None:
        return Sample(run=_label(run, among), picture=None, what="no picture of its kept epoch is here.")
    what = f"{len(tiles)} images from random z, after epoch {run.best_epoch}"
    return Sample(run=_label(run, among), picture=_picture(tiles, alt=f"{run.name}: {what}"), what=what)


def _kept(run: Run, kind: str) -> np.ndarray | None:
    """The pictures of the epoch whose weights are kept."""
    return run.pictures.sample(kind, run.best_epoch) if run.best_epoch else None


def _photos(group: Sequence[Run], among: Sequence[Run]) -> Photos:
    """Rows of held-out images, and below each what every run makes of it."""
    rows, missing = [], []
    for run in group:
        label, tiles = _label(run, among), _kept(run, "recon")
        if tiles is None:
            missing.append(label.short)
        else:
            rows.append((label.short, label.hue, run.name, tiles))
    notes = [f"No picture of its kept epoch is here: {', '.join(missing)}."] if missing else []
    originals = next((tiles for run in group if (tiles := run.pictures.originals()) is not None), None)
    if rows and originals is not None:
        rows.insert(0, ("original", "", "held-out images", originals))
    elif rows:
        notes.append("The originals are not here.")
    return Photos(dataset=_dataset(group[0]), blocks=_blocks(rows), notes=notes)


def _blocks(rows: Sequence[tuple[str, str, str, np.ndarray]]) -> list[list[Strip]]:
    """Rows (label, hue, whose pictures, pictures) cut to the width of the page."""
    count = min([_PHOTOS, *(len(tiles) for *_, tiles in rows)]) if rows else 0
    blocks = []
    for start in range(0, count, _COLUMNS):
        end = min(start + _COLUMNS, count)
        numbers = f"numbers {start} to {end - 1}"
        strips = [
            Strip(label=label, hue=hue, picture=_picture(tiles[start:end], alt=f"{name}, {numbers}"))
            for label, hue, name, tiles in rows
        ]
        blocks.append(strips)
    return blocks


def _morphs(chosen: Sequence[Run]) -> tuple[list[Morph], list[Remark]]:
    """The ways of the runs that can draw, and why the others cannot."""
    able, unable = [], []
    for run in chosen:
        label = _label(run, chosen)
        try:
            able.append(_morph(run, label))
        except (RunError, FileNotFoundError):
            reason = "its weights are damaged" if run.weights.has("best") else "its weights are not here"
            unable.append(Remark(run=label, words=f"cannot draw: {reason}."))
    return able, unable


def _morph(run: Run, label: Label) -> Morph:
    frames, between = _frames(run)
    steps = frames[:: (FRAMES - 1) // 9]
    return Morph(
        run=label,
        between=between,
        sheet=_embedded(images.grid(frames, columns=_COLUMNS)),
        steps=_picture(steps, columns=10, alt=f"{run.name}: ten pictures {between}", scale=3),
    )


def _frames(run: Run) -> tuple[np.ndarray, str]:
    """What the kept weights draw on the way between two held-out images, or else two random z; and between which."""
    from vaedash.models import latent
    from vaedash.runs import weights

    model, _ = weights.load_model(run)
    photos = run.pictures.originals()
    if photos is None or len(photos) < 2:
        start, end = (latent.prior(1, run.config.latent_dim, seed=seed)[0] for seed in (1, 2))
        return latent.decode(model, latent.path(start, end, steps=FRAMES)), "between two random z"
    numbers = [len(photos) // 5, 2 * len(photos) // 5]
    ends = latent.encode(model, photos[numbers])[0]
    between = "between held-out images {} and {}".format(*numbers)
    return latent.decode(model, latent.path(*ends, steps=FRAMES)), between
