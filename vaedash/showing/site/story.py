"""The story of a pair, for somebody who comes alone: the questions of the tour, answered by the runs themselves."""

import base64
from collections.abc import Mapping, Sequence

import numpy as np

from vaedash import config, images
from vaedash.comparing import alike, quiz, shuffle
from vaedash.comparing.shuffle import Variant
from vaedash.images import Pixels
from vaedash.languages import figure as written
from vaedash.languages import say, to_say
from vaedash.runs import Run
from vaedash.showing import carried, charts, machines
from vaedash.showing.report import document, pictures, words
from vaedash.showing.report.records import Label, Picture
from vaedash.showing.site import lines
from vaedash.showing.site.records import Named, Question, Race, Sheet, Shuffled, Story

_ROW = 6  # pictures beside each other
_CORNERS = 4
_LARGE = 4  # pixels of the page to each of a picture's
_LOOKS = 12  # after which it can be seen what they redraw


def pair(chosen: Sequence[Run]) -> list[Run]:
    """The first FC and the first conv run of these that ended with the same pictures and the same unit of loss; else nothing."""
    sound = [run for run in chosen if run.best and not run.damage and not run.active]
    for group in alike.groups([run for run in sound if run.config.pixel_order == "natural"]):
        first = {run.config.arch: run for run in reversed(group)}
        if all(arch in first for arch in config.PAIR):
            return [first[arch] for arch in config.PAIR]
    return []


def story(about: Sequence[Run], chosen: Sequence[Run], *, report: str) -> Story:
    """The story of a pair, with the shuffled pixels where the chosen runs have tried them; `report` is the address of all figures.
    Loads torch where a run has weights.
    """
    tested = shuffle.four_runs(chosen)
    asked = {question.key: question for question in quiz.questions(about, tested)}
    models, _ = carried.loaded(about)
    shown = _shown(about)
    return Story(
        pictures=words.dataset(about[0]).partition(" (")[0],
        count=written(count, ",") if (count := about[0].dataset.get("n_train")) else "",
        drew=_drew(about, asked.get("drew")),
        machines=_machines(about),
        weights=_plain(asked.get("weights")),
        first=_first(about) if "first" in asked else [],
        first_sentence=asked["first"].sentence if "first" in asked else "",
        race=_race(about, asked.get("end")),
        redrawn=_redrawn(about, None),
        made_up=_made_up(about, asked.get("made up")),
        remembered=_remembered(about),
        morphs=[pictures.morph(run, models[run.id], _label(run), shown) for run in about if run.id in models],
        play=document.play([(run, models[run.id]) for run in about if run.id in models], called=_called, shown=shown),
        shuffled=_shuffled(tested, asked["shuffled"].sentence),
        learned=quiz.learned(about, tested),
        report=report,
    )


def _shown(about: Sequence[Run]) -> list[int]:
    """The numbers of the four pictures of which the better one keeps most; none where there are too few."""
    leader = quiz.leader(about)
    originals = leader.pictures.originals()
    return [] if originals is None or len(originals) < _CORNERS else quiz.best_first(leader, originals)[:_CORNERS]


def _called(run: Run) -> str:
    return config.spoken(run.config.arch)


def _label(run: Run) -> Label:
    return Label(name=_called(run), id=run.id, short=_called(run), hue=charts.hue(run))


def _named(run: Run, tiles: Pixels, alt: str) -> Named:
    drawn = pictures.picture(tiles, columns=_ROW, alt=alt, scale=_LARGE)
    return Named(name=_called(run), hue=charts.hue(run), picture=drawn)


def _plain(question: quiz.Question | None) -> Question | None:
    if question is None or question.answer is None:
        return None
    named = {
        choice: say("about the same") if choice == quiz.LEVEL else config.spoken(choice) for choice in question.choices
    }
    return Question(choices=list(named.values()), answer=named[question.answer], sentence=question.sentence)


def _blind(question: quiz.Question | None, tiles: Mapping[str, Pixels], columns: int, what: str) -> Question | None:
    """A question whose answers are pictures, by letter, of each of which `what` tells."""
    if question is None or question.answer is None:
        return None
    shown = [
        Named(
            name=letter,
            hue="",
            picture=pictures.picture(drawn, columns=columns, alt=say(what, letter=letter), scale=_LARGE),
        )
        for letter, drawn in tiles.items()
    ]
    return Question(choices=question.choices, answer=question.answer, sentence=question.sentence, pictures=shown)


def _drew(about: Sequence[Run], question: quiz.Question | None) -> Question | None:
    ballot = quiz.ballot(about, kind="prior", draw=0)
    return _blind(question, ballot.tiles, 4, to_say("pictures that one of them made up: {letter}")) if ballot else None


def _made_up(about: Sequence[Run], question: quiz.Question | None) -> Question | None:
    rows = quiz.two_rows(about)
    return (
        _blind(question, {letter: tiles for letter, (_, tiles) in rows.items()}, 5, to_say("row {letter}"))
        if rows
        else None
    )


def _remembered(about: Sequence[Run]) -> Named | None:
    """The row that is not made up, below the pictures that it was redrawn from."""
    rows, originals = quiz.two_rows(about), quiz.leader(about).pictures.originals()
    if rows is None or originals is None:
        return None
    [(letter, redrawn)] = [(letter, tiles) for letter, (kind, tiles) in rows.items() if kind == "recon"]
    alt = say("real pictures, and below each what row {letter} is", letter=letter)
    tiles = np.concatenate([originals[: len(redrawn)], redrawn])
    return Named(
        name=say("{letter}, below the pictures that it was redrawn from", letter=letter),
        hue="",
        picture=pictures.picture(tiles, columns=len(redrawn), alt=alt, scale=_LARGE),
    )


def _machines(about: Sequence[Run]) -> list[Named]:
    """What each of them looks at, in a picture that neither has learned from."""
    originals = about[0].pictures.originals()
    if originals is None:
        return []
    shown = originals[quiz.best_first(about[0], originals)[0]]
    made = []
    for run in about:
        if drawn := machines.drawing(run.config.arch, shown):
            seen = say(machines.IN_WORDS[run.config.arch])
            alt = say("how {name} looks at a picture: {in_words}", name=_called(run), in_words=seen)
            made.append(Named(name=_called(run), hue=charts.hue(run), picture=_svg(drawn, alt=alt)))
    return made


def _svg(drawn: str, *, alt: str) -> Picture:
    source = f"data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()}"
    return Picture(source=source, alt=alt, width=machines.WIDTH, height=machines.HEIGHT)


def _first(about: Sequence[Run]) -> list[Named]:
    return _redrawn(about, 1)


def _redrawn(about: Sequence[Run], epoch: int | None) -> list[Named]:
    """New pictures, and below each how each run redraws it, after that epoch or in the end."""
    made = []
    for run in about:
        originals, drawn = run.pictures.originals(), run.pictures.sample("recon", epoch or run.best_epoch or 0)
        if originals is not None and drawn is not None:
            count = min(_ROW, len(originals), len(drawn))
            alt = say("new pictures, and below each as {name} redraws it", name=_called(run))
            made.append(_named(run, np.concatenate([originals[:count], drawn[:count]]), alt))
    return made


def _race(about: Sequence[Run], question: quiz.Question | None) -> Race | None:
    if question is None:
        return None
    figure = charts.contest(about)
    alt = say("Two lines, FC and conv: how wrong each is with new pictures, after each look at all the others.")
    still = Picture(source=lines.still(figure), alt=alt, width=lines.WIDTH, height=lines.HEIGHT)
    most = min(len(run.epochs) for run in about)
    looks = np.unique(np.linspace(1, most, min(_LOOKS, most)).round().astype(int)).tolist()
    sheets = [_sheet(run, looks) for run in about]
    return Race(
        lines=still,
        sentence=question.sentence,
        looks=looks,
        places=[lines.across(figure, look) for look in looks],
        sheets=[sheet for sheet in sheets if sheet],
    )


def _sheet(run: Run, looks: Sequence[int]) -> Sheet | None:
    """What a run redrew after each of these looks, below the pictures themselves; None where one is lacking."""
    rows = [run.pictures.originals(), *(run.pictures.sample("recon", look) for look in looks)]
    kept = [row[:_ROW] for row in rows if row is not None and len(row) >= _ROW]
    if len(kept) < len(rows):
        return None
    source = pictures.embedded(images.grid(np.concatenate(kept), columns=_ROW))
    return Sheet(name=_called(run), hue=charts.hue(run), side=run.config.image_size, columns=_ROW, source=source)


def _shuffled(tested: Mapping[Variant, Run], sentence: str) -> Shuffled | None:
    """What each made up in the end, with the pixels as they are and below shuffled."""
    if not sentence:
        return None
    made = []
    for arch in config.PAIR:
        runs = [tested[arch, order] for order in config.PIXEL_ORDERS]
        rows = [tiles[:_ROW] for run in runs if (tiles := run.pictures.sample("prior", len(run.epochs))) is not None]
        if len(rows) == len(runs):
            alt = say(
                "made up by {name}: above with the pixels as they are, below with shuffled ones",
                name=config.spoken(arch),
            )
            made.append(_named(runs[0], np.concatenate(rows), alt))
    return Shuffled(pictures=made, sentence=sentence)
