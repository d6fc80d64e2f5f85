"""A report: one HTML file that shows a comparison of runs anywhere, without a server, a network or the runs themselves."""

import base64
import dataclasses
import hashlib
import html
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from vaedash import config, images, places, text
from vaedash.comparing import alike, results, verdict
from vaedash.errors import RunError
from vaedash.measuring import measures
from vaedash.measuring.measures import MEASURES
from vaedash.runs import Run, schema
from vaedash.showing import charts

FRAMES = 64  # of a morph, ends included: every seventh is one of the study's ten steps
_COLUMNS = 8  # of every grid, the morph's sheet of frames too
_PHOTOS = 32  # held-out images that are shown
_HERE = Path(__file__).parent

# A path that begins at a root; what follows its last separator may stay.
_PLACE = re.compile(r"(?<![\w:/.])(?:[A-Za-z]:)?[\\/](?:[^\s\\/'\"<>]+[\\/])+")


def page(chosen: Sequence[Run]) -> str:
    """The report on these runs as the text of an HTML file; loads torch where one has weights. RunError if one is damaged."""
    for run in chosen:
        run.require_readable()
    plotly, script = charts.PLOTLY_JS.read_text(encoding="utf-8"), _part("report.js")
    return Template(_part("report.html")).substitute(
        policy=_policy(plotly, script),
        style=_part("report.css"),
        title=_text(_title(chosen)),
        date=schema.now()[:10],
        verdict=_verdicts(chosen),
        curves=_curves(chosen),
        results=_results(chosen),
        quality=_quality(chosen),
        samples=_samples(chosen),
        photos=_photos(chosen),
        morph=_morphs(chosen),
        settings=_side_by_side(chosen, [_settings(run) for run in chosen]),
        facts=_side_by_side(chosen, [_facts(run) for run in chosen]),
        commands=_commands(chosen),
        plotly=plotly,
        script=script,
    )


def _part(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _policy(*scripts: str) -> str:
    """What a browser may do with the file: run these scripts, show what is embedded, and ask nobody for anything."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:"


def _text(value: Any) -> str:
    """Anything as text in HTML, and nothing but text."""
    return html.escape(text.visible(str(value)))


def _placeless(text: str) -> str:
    """Without where anything was on the machine that trained: only the last part of each path stays."""
    known = sorted({str(places.PROJECT_ROOT), str(places.runs_dir()), str(places.data_dir())}, key=len, reverse=True)
    for place in known:  # these may hold spaces
        text = text.replace(f"{place}{os.sep}", "")
    return _PLACE.sub("", text)


def _title(chosen: Sequence[Run]) -> str:
    archs = list(dict.fromkeys(run.config.arch for run in chosen))
    if len(chosen) == 1:
        return chosen[0].name
    what = " and ".join(archs) if len(archs) > 1 else f"{len(chosen)} {archs[0]} runs"
    return f"{what} on {', '.join(dict.fromkeys(map(_dataset, chosen)))}"


def _dataset(run: Run) -> str:
    return _placeless(str(run.dataset.get("name") or config.dataset_title(run.config.dataset)))


def _swatch(run: Run) -> str:
    return f'<i class="hue" style="--hue:{charts.HUE[run.config.arch]}"></i>'


def _verdicts(chosen: Sequence[Run]) -> str:
    """Who leads, of those that can be compared with each other."""
    groups = alike.groups(chosen)
    rivals = [group for group in groups if len(group) > 1] or [chosen] * (len(chosen) > 1)
    several, parts = len(groups) > 1 and rivals != [chosen], []
    for group in rivals:
        said = verdict.judged(group)
        on = f"{_dataset(group[0])}, beta {group[0].config.beta:g}: " * several
        parts.append(f'<p class="headline">{_text(f"{on}{said.headline}")}.</p><p>{_text(said.grounds)}</p>')
    return "".join(parts)


# ---- curves and tables ----------------------------------------------------------------------------------


def _curves(chosen: Sequence[Run]) -> str:
    groups = alike.groups([run for run in chosen if run.epochs])
    if not groups:
        return "<p>None of these runs has finished an epoch yet.</p>"
    split = "<p>These runs have different images or a different beta, so their losses have different units: one chart each.</p>"
    return split * (len(groups) > 1) + "".join(map(_plot, groups))


def _plot(group: Sequence[Run]) -> str:
    # No character that could end the element that it stands in.
    figure = charts.loss_curves(group).update_layout(template="plotly_white").to_json().replace("<", "\\u003c")
    ends = ", ".join(f"{run.name} ends at a test loss of {_number(run.epochs[-1]['test_loss'])}" for run in group)
    return (
        f'<figure><div class="plot" style="--runs:{len(group)}" role="img" aria-label="{_text(f"Loss by epoch: {ends}")}">'
        f'<script type="application/json">{figure}</script></div>'
        f"<figcaption>{_text(_dataset(group[0]))}, beta {group[0].config.beta:g}. Bold: test images, which no run has "
        "learned from; thin: training images. A dot marks the epoch whose weights are kept.</figcaption></figure>"
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


def _results(chosen: Sequence[Run]) -> str:
    found = [results.result(run).as_row() for run in chosen]
    rows = []
    for key, title in _ROWS.items():
        values = [row[key] for row in found]
        if all(value is None for value in values):
            continue
        cells = [_number(value, digits=0 if key in _WHOLE else 2) for value in values]
        if key == "test_loss" and len(alike.groups(chosen)) == 1 and len(chosen) > 1:
            least = min((value for value in values if value is not None), default=None)
            cells = [f"<b>{cell}</b>" * (value == least) or cell for cell, value in zip(cells, values, strict=True)]
        rows.append(f'<tr><th scope="row">{title}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>')
    endings = [f"{run.name}: {_placeless(run.sentence)}" for run in chosen if run.sentence and run.status != "finished"]
    return _table(chosen, rows) + "".join(f'<p class="small">{_text(ending)}</p>' for ending in endings)


def _quality(chosen: Sequence[Run]) -> str:
    """What was measured of the runs beside their losses, with what real images would have and on how many it rests."""
    said, rows = [measures.in_words(run.quality) for run in chosen], []
    for name, measure in MEASURES.items():
        if not (found := [of_run[name] for of_run in said if name in of_run]):
            continue
        cells = "".join(f"<td>{_text(of_run[name]['value']) if name in of_run else '&ndash;'}</td>" for of_run in said)
        floors, counts = (" / ".join(sorted({row[key] for row in found} - {""})) for key in ("floor", "n"))
        real = f"; real images: {floors}" * bool(floors)
        note = _text(f"{measure.about} Of {counts}; {found[0]['better']}{real}.")
        rows.append(f'<tr><th scope="row">{_text(measure.title)}<small class="about">{note}</small></th>{cells}</tr>')
    return _table(chosen, rows) if rows else "<p>Not measured of these runs.</p>"


def _number(value: Any, *, digits: int = 2) -> str:
    if value is None:
        return "&ndash;"
    return (
        f"{value:,.{digits}f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else _text(value)
    )


def _table(chosen: Sequence[Run], rows: Iterable[str]) -> str:
    heads = "".join(
        f'<th scope="col">{_swatch(run)}{_text(run.name)} <small>{_text(run.id)}</small></th>' for run in chosen
    )
    body = f"<thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(rows)}</tbody>"
    # A table that is wider than a phone scrolls by itself, and by keyboard.
    return f'<div class="wide" role="group" aria-label="Table" tabindex="0"><table>{body}</table></div>'


def _side_by_side(chosen: Sequence[Run], records: Sequence[Mapping[str, Any]]) -> str:
    """What differs between the runs first and marked; what is the same said once."""
    names = list(dict.fromkeys(name for record in records for name in record))
    differing, same = [], []
    for name in names:
        values = [_text("" if record.get(name) is None else record[name]) or "&ndash;" for record in records]
        if len(set(values)) > 1:
            cells = "".join(f"<td>{value}</td>" for value in values)
            differing.append(
                f'<tr class="differs"><th scope="row">{_text(name)} <abbr title="differs">&ne;</abbr></th>{cells}</tr>'
            )
        else:
            same.append(f'<tr><th scope="row">{_text(name)}</th><td colspan="{len(chosen)}">{values[0]}</td></tr>')
    return _table(chosen, [*differing, *same])


def _settings(run: Run) -> dict[str, Any]:
    return run.config.to_json() | {"dataset": _bare(run.config.dataset)}


def _bare(dataset: str) -> str:
    """A dataset's name, or of a path the last part: where it was is nobody's business."""
    return re.split(r"[\\/]", dataset.rstrip("\\/"))[-1]


_ABOUT_IMAGES = {
    "name": "images",
    "fingerprint": "fingerprint of the images",
    "n_train": "training images",
    "n_test": "test images",
    "skipped": "unreadable files skipped",
}


def _facts(run: Run) -> dict[str, Any]:
    """What the trainer found at its last start, images first."""
    found = dict(run.facts[-1]) if run.facts else {}
    for name in ("dataset", "resumed_after_epoch", "host"):  # where it was is nobody's business
        found.pop(name, None)
    about = {title: run.dataset[key] for key, title in _ABOUT_IMAGES.items() if run.dataset.get(key) not in (None, "")}
    kept = {key: value for key, value in found.items() if isinstance(value, (str, int, float)) and value != ""}
    if "started" in kept:
        kept["started"] = str(kept["started"])[:16].replace("T", " ")  # in UTC
    return {
        key.replace("_", " "): _placeless(value) if isinstance(value, str) else _number(value)
        for key, value in (about | kept).items()
    }


def _commands(chosen: Sequence[Run]) -> str:
    lines, own = [], False
    for run in chosen:
        named = dataclasses.replace(run.config, dataset=_bare(run.config.dataset))
        command = results.replay_command(dataclasses.replace(run, settings=named))
        own |= named.dataset not in config.DATASETS and run.dataset.get("copy_of") not in config.DATASETS
        lines.append(f"<dt>{_swatch(run)}{_text(run.name)}</dt><dd><code>{_text(command)}</code></dd>")
    note = "<p>In place of the name of images that are not built in, give the path where you keep them.</p>" * own
    return f"<dl>{''.join(lines)}</dl>{note}"


# ---- pictures -------------------------------------------------------------------------------------------


def _picture(tiles: np.ndarray, *, alt: str, columns: int = _COLUMNS, scale: int = 2) -> str:
    """Images `(N, 3, 32, 32)` uint8 as an `<img>`, `scale` pixels of the page to each of theirs; what is between them is clear."""
    opaque = np.concatenate([tiles, np.full_like(tiles[:, :1], 255)], axis=1)
    picture = images.grid(opaque, columns=columns, gap=1, background=0)
    height, width = picture.shape[0] * scale, picture.shape[1] * scale
    return f'<img src="{_embedded(picture)}" alt="{_text(alt)}" width="{width}" height="{height}">'


def _embedded(picture: np.ndarray) -> str:
    return f"data:image/png;base64,{base64.b64encode(images.encode_png(picture)).decode()}"


def _samples(chosen: Sequence[Run]) -> str:
    return f'<div class="grids">{"".join(map(_sample, chosen))}</div>'


def _sample(run: Run) -> str:
    tiles = run.pictures.sample("prior", run.best_epoch) if run.best_epoch else None
    head = f"{_swatch(run)}{_text(run.name)}"
    if tiles is None:
        return f"<figure><figcaption>{head}: no picture of its kept epoch is here.</figcaption></figure>"
    what = f"{len(tiles)} images from random z, after epoch {run.best_epoch}"
    picture = _picture(tiles, alt=f"{run.name}: {what}")
    return f"<figure>{picture}<figcaption>{head}: {what}</figcaption></figure>"


def _photos(chosen: Sequence[Run]) -> str:
    groups = alike.by_images(chosen)
    several = len(groups) > 1
    return "".join(
        f"<h3>{_text(_dataset(group[0]))}</h3>" * several + _redrawn(group, among=chosen) for group in groups
    )


def _redrawn(group: Sequence[Run], *, among: Sequence[Run]) -> str:
    """Rows of held-out images, and below each what every run makes of it."""
    kept = [(run, run.pictures.sample("recon", run.best_epoch) if run.best_epoch else None) for run in group]
    rows = [(results.short(run, among), _swatch(run), run.name, tiles) for run, tiles in kept if tiles is not None]
    originals = next((found for run in group if (found := run.pictures.originals()) is not None), None)
    missing = [results.short(run, among) for run, tiles in kept if tiles is None]
    notes = [f"No picture of its kept epoch is here: {', '.join(missing)}."] if missing else []
    if rows and originals is not None:
        rows.insert(0, ("original", "", "held-out images", originals))
    elif rows:
        notes.append("The originals are not here.")
    count = min([_PHOTOS, *(len(tiles) for *_, tiles in rows)])
    blocks = []
    for start in range(0, count if rows else 0, _COLUMNS):
        end = min(start + _COLUMNS, count)
        strips = (
            f"<dt>{swatch}{_text(label)}</dt><dd>"
            f"{_picture(tiles[start:end], alt=f'{name}, numbers {start} to {end - 1}')}</dd>"
            for label, swatch, name, tiles in rows
        )
        blocks.append(f"<dl>{''.join(strips)}</dl>")
    said = "".join(f'<p class="small">{_text(note)}</p>' for note in notes)
    return f'<div class="redrawn">{"".join(blocks)}</div>{said}'


def _morphs(chosen: Sequence[Run]) -> str:
    able, unable = [], []
    for run in chosen:
        try:
            able.append(_morph(run, among=chosen))
        except (RunError, FileNotFoundError):
            reason = "its weights are damaged" if run.weights.has("best") else "its weights are not here"
            unable.append(f'<p class="small">{_swatch(run)}{_text(run.name)} cannot draw: {reason}.</p>')
    if not able:
        return "".join(unable)
    figures, strips = zip(*able, strict=True)
    return (
        f'<div class="morph"><div class="stage">{"".join(figures)}</div><div class="controls">'
        '<button type="button">▶ Play</button><input type="range" min="0" value="0" '
        f'max="{FRAMES - 1}" aria-label="alpha, from the first picture to the second"><output>alpha 0.00</output></div></div>'
        f"<h3>The same way in ten steps</h3>{''.join(strips)}{''.join(unable)}"
    )


def _morph(run: Run, *, among: Sequence[Run]) -> tuple[str, str]:
    """The canvas of one run with all its frames, and its ten steps."""
    frames, between = _frames(run)
    sheet = _embedded(images.grid(frames, columns=_COLUMNS))
    name = _text(run.name)
    figure = (
        f'<figure style="--hue:{charts.HUE[run.config.arch]}">'
        f'<canvas width="32" height="32" role="img" aria-label="{name}" data-name="{name}"></canvas>'
        f'<img class="frames" hidden alt="" src="{sheet}"><figcaption>{name}</figcaption></figure>'
    )
    strip = _picture(frames[:: (FRAMES - 1) // 9], columns=10, alt=f"{run.name}: ten pictures {between}", scale=3)
    return (
        figure,
        f"<figure>{strip}<figcaption>{_swatch(run)}{_text(results.short(run, among))}, {between}</figcaption></figure>",
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
