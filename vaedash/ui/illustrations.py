"""What there is to see at each step of the tour, before and after its answer."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from vaedash import config, images
from vaedash.comparing import quiz
from vaedash.comparing.quiz import Question
from vaedash.comparing.shuffle import Variant
from vaedash.images import Pixels
from vaedash.languages import say
from vaedash.models import layers
from vaedash.runs import Run
from vaedash.showing import charts, machines
from vaedash.ui import cache, diagram, live, pictures, presenter, squeezed, stage, vote

_ROW = 4  # pictures in a row
_SHEET = 8  # pictures in several rows
_HALF, _CAPTIONED = 0.5, 0.85  # of the stage: for one of two rows, for what has a caption
_DIAGRAM = 640, 330  # its proportions, with the line above it

Button = Callable[[str], None]  # draws the button of an answer


def show(
    question: Question, pair: Sequence[Run], tested: Mapping[Variant, Run], button: Button, *, known: bool
) -> None:
    """Of a pair, and of the runs of the shuffle test (`shuffle.four_runs`): what a question is about, or, once it is `known`,
    what its answer looks like. Where the answers are pictures, each has its `button` below it.
    """
    match question.key:
        case "drew":
            _blind_pictures(pair, button, known)
        case "weights" if known:
            _architectures(pair)
        case "weights":
            _looking(pair)
        case "inside":
            with st.container(key="tour-flow"):
                diagram.flow(pair)
        case "first" if known:
            _after_one_look(pair)
        case "first":
            _held_out(pair, say("pictures that neither has learned from"))
        case "end":
            _curves(pair, known)
        case "numbers":
            squeezed.show(quiz.leader(pair))
        case "made up":
            _rows(pair, button, known)
        case "shuffled" if known:
            _after_shuffling(tested)
        case "shuffled":
            _shuffled_pixels()


def chosen_by_picture(question: Question) -> bool:
    """Whether the answers of a question are pictures."""
    return question.key in ("drew", "made up")


def across(question: Question, pair: Sequence[Run]) -> Sequence[str]:
    """The answers as they stand beside each other, with an empty one where there is something else."""
    if question.key == "drew" and pictures.originals_of(pair[0], 1) is not None:
        first, *others = question.choices
        return first, "", *others
    return question.choices


def _blind_pictures(pair: Sequence[Run], button: Button, known: bool) -> None:
    if ballot := quiz.ballot(pair, kind="prior", draw=0):
        vote.cards(ballot, button, known=known)


def _held_out(pair: Sequence[Run], what: str) -> None:
    tiles = pictures.originals_of(pair[0], _SHEET)
    if tiles is not None:
        stage.picture(tiles, columns=min(_ROW, len(tiles)), key="held-out", alt=what)


def _looking(pair: Sequence[Run]) -> None:
    """What each of them looks at, in a picture of the pair's."""
    originals = pictures.originals_of(pair[0], config.PHOTO_COUNT)
    picture = cache.some_shapes()[0] if originals is None else originals[quiz.best_first(pair[0], originals)[0]]
    for run, column in zip(pair, st.columns(len(pair), gap="small"), strict=True):
        if drawn := machines.drawing(run.config.arch, picture):
            name = config.spoken(run.config.arch)
            with column, stage.card(name):
                stage.label(name, key=name)
                with stage.limited(machines.WIDTH, machines.HEIGHT, key=f"machine-{run.config.arch}"):
                    st.image(
                        drawn,
                        alt=say(
                            "how {name} looks at a picture: {in_words}",
                            name=name,
                            in_words=say(machines.IN_WORDS[run.config.arch]),
                        ),
                        width="stretch",
                    )


def _architectures(pair: Sequence[Run]) -> None:
    """Their layers, if the drawings have as many weights as the runs: another latent size has others."""
    drawn = {arch: steps for arch, steps in layers.known().items() if arch in {run.config.arch for run in pair}}
    if any(run.config.arch not in drawn or diagram.weights(drawn[run.config.arch]) != run.parameters for run in pair):
        _looking(pair)
        return
    for (arch, steps), column in zip(drawn.items(), st.columns(len(drawn)), strict=True):
        with column, stage.limited(*_DIAGRAM, key=f"diagram-{arch}"):
            diagram.show(arch, steps)


def _after_one_look(pair: Sequence[Run]) -> None:
    """Rows of pictures, and below each picture what a run made of it after its first epoch."""
    for run, column in zip(pair, st.columns(len(pair), gap="small"), strict=True):
        tiles, name = run.pictures.sample("recon", 1), config.spoken(run.config.arch)
        originals = pictures.originals_of(run, _SHEET)
        if tiles is not None:
            count = min(_SHEET, len(tiles), _SHEET if originals is None else len(originals))
            sets = [some[:count] for some in (originals, tiles) if some is not None]
            what = (
                say("redrawn by {name}", name=name)
                if originals is None
                else say("new pictures, and below each as {name} redraws it", name=name)
            )
            with column:
                _named(name, sets, alt=what)


def _named(name: str, sets: Sequence[Pixels], *, alt: str) -> None:
    """Rows of pictures with a name on them: one of each of the sets in turn."""
    tiles = images.in_turn(sets, columns=_ROW)
    with stage.card(name):
        stage.label(name, key=name)
        stage.rows(tiles, columns=_ROW, key=f"rows-{name}", alt=alt, together=len(sets))


def _curves(pair: Sequence[Run], known: bool) -> None:
    """How the race goes; before it is known how it ends, its first quarter."""
    length = min(len(run.epochs) for run in pair)
    begun = min(max(1, length // 4), length - 1)
    live.prepare()
    names = say(" and ").join(config.spoken(run.config.arch) for run in pair)
    if known:  # it draws itself from where it stood
        share = 1 - (max(1, begun) - 1) / max(1, max(len(run.epochs) for run in pair) - 1)
        st.html(f"<style>:root {{ --still-to-come: {share:.1%}; }}</style>")
    with st.container(key="contest-known" if known else "contest"):
        live.figure(
            presenter.figure(charts.contest(pair, looks=None if known else begun)),
            key="tour-race",
            alt=say(
                "Two lines, {names}: how wrong each is with new pictures, after each look at all the others.",
                names=names,
            ),
        )


def _rows(pair: Sequence[Run], button: Button, known: bool) -> None:
    """A row made up and one redrawn; once it is known which is which, the latter below the pictures that it was shown."""
    rows = quiz.two_rows(pair) or {}
    for (letter, (kind, tiles)), column in zip(
        rows.items(), st.columns(len(rows), gap="small", vertical_alignment="bottom"), strict=True
    ):
        originals = pictures.originals_of(quiz.leader(pair), len(tiles)) if known and kind == "recon" else None
        if originals is not None:  # above the card, whose words are about what is redrawn
            with column:
                shown = say("the pictures that row {letter} was shown", letter=letter)
                stage.picture(originals, columns=len(tiles), key=f"shown-{letter}", alt=shown, share=_HALF)
        with column, stage.card(letter):
            if known:
                stage.label({"prior": say("made up"), "recon": say("redrawn")}[kind], key=letter)
            row = say("row {letter}", letter=letter)
            stage.picture(tiles, columns=len(tiles), key=f"row-{letter}", alt=row, share=_HALF)
            button(letter)


def _shuffled_pixels() -> None:
    """Pictures as they are, and as a model sees them shuffled."""
    some = cache.some_shapes()[:_SHEET]
    orders = {"as": (say("as they are"), some), "sh": (say("shuffled"), images.shuffled(some))}
    for (key, (name, tiles)), column in zip(orders.items(), st.columns(len(orders), gap="small"), strict=True):
        with column:
            alt = say("pictures, their pixels {name}", name=name)
            stage.picture(tiles, columns=_ROW, key=f"pixels-{key}", alt=alt, caption=name, share=_CAPTIONED)


def _after_shuffling(tested: Mapping[Variant, Run]) -> None:
    """What each architecture made up in the end, with the pixels as they are and below shuffled."""
    for arch, column in zip(config.PAIR, st.columns(len(config.PAIR), gap="small"), strict=True):
        made_up = [
            run.pictures.sample("prior", len(run.epochs))
            for run in (tested[arch, order] for order in config.PIXEL_ORDERS)
        ]
        rows = [tiles[:_ROW] for tiles in made_up if tiles is not None]
        if len(rows) == len(made_up):
            name = config.spoken(arch)
            what = say("made up by {name}: above with the pixels as they are, below with shuffled ones", name=name)
            with column:
                _named(name, rows, alt=what)
