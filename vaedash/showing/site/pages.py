"""From runs to the files of a site: an index, a story where there is a pair to tell of, a report on each group, a preview."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import vaedash
from vaedash import config, languages, places
from vaedash.browser import widgets
from vaedash.comparing import alike, verdict
from vaedash.errors import UsageError
from vaedash.languages import say
from vaedash.runs import Run, names, schema
from vaedash.showing import templates
from vaedash.showing.report import document, pictures, words
from vaedash.showing.site import preview, story
from vaedash.showing.site.records import Chapter, Made, Named

_HERE = Path(__file__).parent
_TEMPLATES = templates.environment(_HERE, Path(document.__file__).parent)
_MADE_UP = 8  # pictures of each run on the index
INDEX, STORY, PREVIEW = "index.html", "story.html", "preview.png"


def files(chosen: Sequence[Run], *, address: str = "") -> dict[str, bytes]:
    """The files of a site on these runs, by name, in the language that is spoken (`languages.spoken`); links are relative, but for those
    that a preview needs, where the `address` of the site is known. Loads torch where a run has weights. RunError if one is damaged,
    UsageError for what is no address.
    """
    for run in chosen:
        run.require_readable()
    base = _base(address)
    groups = alike.groups(chosen)
    reports = {f"report-{group[0].id}.html": group for group in groups}
    pair = story.pair(chosen)
    shown = {
        "language": languages.current().tag,
        "base": base,
        "style": document.STYLE + templates.asset(_HERE / "site.css"),
        "made": _made(chosen, address),
    }
    made = {name: document.page(group, home=INDEX).encode() for name, group in reports.items()}
    if pair:
        [report] = [name for name, group in reports.items() if pair[0] in group]
        told = story.story(pair, chosen, report=report)
        its_own = templates.asset(_HERE / "story.js")
        speech = widgets.spoken(*document.WIDGETS, more=its_own)
        made[STORY] = _page("story.html", shown, story=told, scripts=[*document.PLAYING, its_own], speech=speech)
    chapters = [
        _chapter(name, group, title) for (name, group), title in zip(reports.items(), alike.called(groups), strict=True)
    ]
    made[PREVIEW] = preview.preview(pair, chosen, playable=_playable(chosen))
    made[".nojekyll"] = b""  # GitHub Pages is to leave the files as they are
    made[INDEX] = _page(
        "index.html", shown, chapters=chapters, story=STORY if pair else "", playable=_playable(chosen), scripts=[]
    )
    return made


def _page(template: str, shown: dict[str, object], **more: object) -> bytes:
    return _TEMPLATES.get_template(template).render(**shown, **more).encode()


def _base(address: str) -> str:
    """An address as that of a folder; empty where none is given."""
    if not address:
        return ""
    parts = urlsplit(address)
    if parts.scheme not in ("https", "http") or not parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            f"--address must be where the site will be, such as https://name.github.io/vaedash/, got {address!r}."
        )
    return f"{address.removesuffix('/')}/"


def _made(chosen: Sequence[Run], address: str) -> Made:
    told = [f"{places.command()} site", *(run.id for run in chosen), "--out site"]
    if (speech := languages.current()) != languages.ENGLISH:
        told.append(f"--language {speech.tag}")
    if address:
        told.append(f"--address {shlex.quote(address)}")
    return Made(
        version=vaedash.__version__,
        date=schema.today(),
        trained=[words.command(run, chosen) for run in chosen],
        site=" ".join(told),
    )


def _chapter(address: str, group: Sequence[Run], called: str) -> Chapter:
    judged = f"{verdict.judged(group).plain}." if len(group) > 1 else ""
    archs = say(" and ").join(dict.fromkeys(config.spoken(run.config.arch) for run in group))
    made_up = []
    for run in group:
        label = words.label(run, group)
        tiles = run.pictures.sample("prior", run.best_epoch) if run.best_epoch else None
        if tiles is not None:
            drawn = pictures.picture(
                tiles[:_MADE_UP], columns=4, alt=say("made up by {name}", name=label.name), scale=4
            )
            made_up.append(Named(name=label.name, hue=label.hue, picture=drawn))
    return Chapter(
        address=address,
        title=words.placeless(say("{runs} on {dataset}", runs=archs, dataset=called)),
        verdict=words.placeless(judged),
        pictures=made_up,
        playable=_playable(group),
    )


def _playable(chosen: Sequence[Run]) -> bool:
    """Whether something of them is carried that can be played with."""
    return any(run.weights.has(names.BEST) for run in chosen)
