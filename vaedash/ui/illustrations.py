"""What there is to see of each question of the tour, before and after its answer."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from vaedash.comparing import quiz
from vaedash.comparing.quiz import Question
from vaedash.comparing.shuffle import Variant
from vaedash.models import layers
from vaedash.runs import Run
from vaedash.showing import charts
from vaedash.ui import crisp, diagram, live, pictures, presenter, shuffling, vote

_ROW = 6  # pictures in a row
_DIAGRAM = 540  # pixels wide at most, so that two of them fit on a screen


def show(question: Question, pair: Sequence[Run], tested: Mapping[Variant, Run], *, known: bool) -> None:
    """Of a pair, and of the runs of the shuffle test (`shuffle.four_runs`): what a question is about, or, once it is `known`,
    what its answer looks like.
    """
    match question.key:
        case "drew":
            _blind_pictures(pair, known)
        case "weights" if not known:
            _held_out(pair, "pictures of the kind that both learn from")
        case "weights" | "speed":
            _architectures(pair)
        case "first":
            _held_out(pair, "pictures that neither has learned from")
            if known:
                for run in pair:
                    _after_one_look(run)
        case "end":
            _curves(pair, known)
        case "made up":
            _rows(pair, known)
        case "shuffled" if known:
            shuffling.cells(tested, across=2)
        case _:
            shuffling.shapes()


def _blind_pictures(pair: Sequence[Run], known: bool) -> None:
    ballot = quiz.ballot(pair, kind="prior", draw=0)
    if ballot:
        vote.pictures_of(ballot, known=known)


def _held_out(pair: Sequence[Run], caption: str) -> None:
    tiles = pictures.originals_of(pair[0], _ROW)
    if tiles is not None:
        crisp.picture(tiles, columns=_ROW, alt=caption, caption=caption)


def _architectures(pair: Sequence[Run]) -> None:
    """The drawings of those architectures whose weights are as many as the run's: another latent size has others."""
    for run in pair:
        steps = layers.known().get(run.config.arch)
        if steps and diagram.weights(steps) == run.parameters:
            diagram.show(run.config.arch, steps, width=_DIAGRAM)


def _after_one_look(run: Run) -> None:
    tiles, first = run.pictures.sample("recon", 1), run.epochs[0]
    if tiles is not None:
        what = f"redrawn by {run.config.arch} after epoch 1, loss {first['test_loss']:.1f}"
        crisp.picture(tiles[:_ROW], columns=_ROW, alt=what, caption=what)


def _curves(pair: Sequence[Run], known: bool) -> None:
    """The race; before it is known how it ends, its first quarter."""
    length = min(len(run.epochs) for run in pair)
    begun = min(max(1, length // 4), length - 1)
    drawn = [run if known else dataclasses.replace(run, epochs=run.epochs[:begun]) for run in pair]
    live.prepare()
    alt = f"Loss curves of {' and '.join(run.config.arch for run in pair)}"
    live.figure(presenter.figure(charts.race(drawn)), key="tour-race", alt=alt, height=480)


def _rows(pair: Sequence[Run], known: bool) -> None:
    """A row made up and one redrawn; once it is known which is which, the latter below the pictures that it was shown."""
    for letter, (kind, tiles) in (quiz.two_rows(pair) or {}).items():
        st.subheader(letter, anchor=False)
        originals = pictures.originals_of(quiz.leader(pair), len(tiles)) if known and kind == "recon" else None
        if originals is None:
            crisp.picture(tiles, columns=len(tiles), alt=f"row {letter}")
        else:
            both, alt = np.concatenate([originals, tiles]), f"row {letter}, below the pictures that it was shown"
            crisp.picture(both, columns=len(tiles), alt=alt)
