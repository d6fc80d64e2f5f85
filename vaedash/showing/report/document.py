"""From runs to the text of an HTML file: they become records of plain data, and `page.html` makes the page of those."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import vaedash
from vaedash import languages
from vaedash.browser import widgets
from vaedash.comparing import alike
from vaedash.languages import say
from vaedash.runs import Run, Status, endings, schema
from vaedash.showing import carried, charts, note, playing, templates
from vaedash.showing.report import pictures, tables, words
from vaedash.showing.report.records import Note, Play, Remark, Report
from vaedash.showing.told import Player

if TYPE_CHECKING:
    from vaedash.models.vae import VAE

_HERE = Path(__file__).parent
WIDGETS = ("morph", "throws", "numbers", "drawing", "flow", "plane")  # as play.js has them
STYLE = templates.asset(_HERE / "page.css") + widgets.style(*WIDGETS)
PLAYING = [widgets.script(*WIDGETS), templates.asset(_HERE / "play.js")]
"""The look of a page whose models are played with, and the scripts that it needs for that."""


def page(chosen: Sequence[Run], *, home: str = "") -> str:
    """The report on these runs as the text of an HTML file, which leads to the page at `home`, if there is one, in the language that is
    spoken (`languages.spoken`); loads torch where a run has weights. RunError if one is damaged.
    """
    for run in chosen:
        run.require_readable()
    return _TEMPLATES.get_template("page.html").render(
        report=_report(chosen, home),
        style=STYLE,
        scripts=[
            *(templates.asset(file) for file in (charts.PLOTLY_JS, charts.TOUCH_JS, _HERE / "curves.js")),
            *PLAYING,
        ],
    )


_TEMPLATES = templates.environment(_HERE)


def _report(chosen: Sequence[Run], home: str) -> Report:
    models, unable = carried.loaded(chosen)
    labels = {run.id: words.label(run, chosen) for run in chosen}
    return Report(
        title=words.title(chosen),
        language=languages.current().tag,
        speech=widgets.spoken(*WIDGETS),
        version=vaedash.__version__,
        home=home,
        date=schema.today(),
        runs=list(labels.values()),
        leads=words.leads(chosen),
        plots=[tables.plot(group) for group in alike.groups([run for run in chosen if run.epochs])],
        budgets=tables.budgets(chosen),
        results=tables.outcomes(chosen),
        endings=[
            f"{run.name}: {words.placeless(endings.said(run.sentence))}"
            for run in chosen
            if run.sentence and run.status != Status.FINISHED
        ],
        notes=[Note(run=labels[run.id], html=note.html(run.note)) for run in chosen if run.note],
        quality=tables.quality(chosen),
        samples=[pictures.sample(run, chosen) for run in chosen],
        photos=[pictures.photos(group, chosen) for group in alike.by_images(chosen)],
        morphs=[pictures.morph(run, models[run.id], labels[run.id]) for run in chosen if run.id in models],
        play=play(
            [(run, models[run.id]) for run in chosen if run.id in models], called=lambda run: labels[run.id].short
        ),
        unable=[Remark(run=labels[run.id], words=why) for run, why in unable],
        settings=alike.contrast([tables.settings(run) for run in chosen]),
        facts=alike.contrast([tables.facts(run) for run in chosen]),
        commands=[words.command(run, chosen) for run in chosen],
        own_images=any(map(words.needs_a_path, chosen)),
    )


def play(able: "Sequence[tuple[Run, VAE]]", *, called: Callable[[Run], str], shown: Sequence[int] = ()) -> Play:
    """What runs that can draw can be played with; `called` is what the page calls them, `shown` as in `carried.Model`."""
    chosen = [run for run, _ in able]
    brought = carried.carried(chosen, {run.id: vae for run, vae in able}, called=called, shown=shown)
    models, left_out = brought.models, ", ".join(run.name for run in brought.left_out)
    named = [(Player(run=run, called=called(run)), vae) for run, vae in able]
    return Play(
        parts=brought.parts,
        exactly=brought.exactly,
        left_out=say(
            "Not to be played with here, for want of room or for layers of another kind: {names}.", names=left_out
        )
        if left_out
        else "",
        between=playing.between(named, models, shown),
        corners=playing.corners(models),
        throws=playing.throws(models),
        numbers=playing.numbers(models),
        drawing=playing.drawing(models),
        flow=playing.flow(models),
        planes=playing.planes(models),
    )
