"""The picture that is shown where somebody passes the site's address on: what two models made up, side by side."""

from collections.abc import Sequence

import numpy as np

from vaedash import images
from vaedash.comparing import quiz
from vaedash.images import Pixels
from vaedash.languages import say, to_say
from vaedash.runs import Run

WIDTH, HEIGHT = 1200, 630  # what previews are cut to
WORDS = to_say("Which of these did conv draw?")
_OTHERS = to_say("Made up by a machine")
_LEARNED = (
    to_say("A program learned to draw."),
    to_say("Two programs learned to draw."),
    to_say("Programs learned to draw."),
)
_INVITED = to_say("{learned} Play along in your browser.")
_COLUMNS, _ROWS, _TILE, _GAP = 4, 2, 128, 4
_MARGIN, _TOP, _BESIDE = 60, 180, 552  # pixels; the last from one set to the other


def preview(pair: Sequence[Run], chosen: Sequence[Run], *, playable: bool) -> bytes:
    """A PNG file of WIDTH by HEIGHT: of a pair its blind pictures, else what the first of the chosen runs made up; whether there is
    something to be played with, it says too.
    """
    picture = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    ballot = quiz.ballot(pair, kind="prior", draw=0) if pair else None
    words = say(WORDS if ballot else _OTHERS)
    learned = say(_LEARNED[min(len(chosen), 3) - 1])
    invited = say(_INVITED, learned=learned) if playable else learned
    picture = images.lettered(picture, words, at=(_MARGIN, 60), size=72)
    picture = images.lettered(picture, invited, at=(_MARGIN, 540), size=40)
    sets = list(ballot.tiles.values()) if ballot else _made_up(chosen)
    for place, tiles in enumerate(sets[:2]):
        laid, left = _laid(tiles), _MARGIN + place * _BESIDE
        below = _TOP + laid.shape[0]
        if ballot:
            picture = images.lettered(picture, "AB"[place], at=(left, below + 12), size=44)
        picture[_TOP:below, left : left + laid.shape[1]] = laid
    return images.encode_png(picture)


def _made_up(chosen: Sequence[Run]) -> list[Pixels]:
    kept = (run.pictures.sample("prior", run.best_epoch) for run in chosen if run.best_epoch)
    return [tiles for tiles in kept if tiles is not None]


def _laid(tiles: Pixels) -> Pixels:
    """As many as find room, each pixel a square of some."""
    scale = _TILE // tiles.shape[-1]
    return images.grid(tiles[: _COLUMNS * _ROWS], columns=_COLUMNS, scale=scale, gap=_GAP)
