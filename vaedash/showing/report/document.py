"""From runs to the text of an HTML file: they become records of plain data, and `page.html` makes the page of those."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

import jinja2

from vaedash import text
from vaedash.comparing import alike
from vaedash.runs import Run, Status, schema
from vaedash.showing import charts
from vaedash.showing.report import pictures, tables, words
from vaedash.showing.report.records import Report

_HERE = Path(__file__).parent


def page(chosen: Sequence[Run]) -> str:
    """The report on these runs as the text of an HTML file; loads torch where one has weights. RunError if one is damaged."""
    for run in chosen:
        run.require_readable()
    return _TEMPLATES.get_template("page.html").render(
        report=_report(chosen),
        last_frame=pictures.FRAMES - 1,
        style=_asset(_HERE / "page.css"),
        scripts=[_asset(charts.PLOTLY_JS), _asset(charts.TOUCH_JS), _asset(_HERE / "page.js")],
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
    morphs, unable = pictures.morphs(chosen)
    return Report(
        title=words.title(chosen),
        date=schema.now()[:10],
        runs=[words.label(run, chosen) for run in chosen],
        leads=words.leads(chosen),
        plots=[tables.plot(group) for group in alike.groups([run for run in chosen if run.epochs])],
        budgets=tables.budgets(chosen),
        results=tables.outcomes(chosen),
        endings=[
            f"{run.name}: {words.placeless(run.sentence)}"
            for run in chosen
            if run.sentence and run.status != Status.FINISHED
        ],
        quality=tables.quality(chosen),
        samples=[pictures.sample(run, chosen) for run in chosen],
        photos=[pictures.photos(group, chosen) for group in alike.by_images(chosen)],
        morphs=morphs,
        unable=unable,
        settings=alike.contrast([tables.settings(run) for run in chosen]),
        facts=alike.contrast([tables.facts(run) for run in chosen]),
        commands=[words.command(run, chosen) for run in chosen],
        own_images=any(map(words.needs_a_path, chosen)),
    )
