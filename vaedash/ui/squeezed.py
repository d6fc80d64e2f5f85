"""A picture, the few numbers that a model keeps of it, and what it draws from them: a scene in three parts."""

import numpy as np
import streamlit as st

from vaedash import config
from vaedash.comparing import quiz
from vaedash.images import Pixels
from vaedash.languages import say
from vaedash.runs import Run, names
from vaedash.runs.figures import Floats
from vaedash.showing import charts
from vaedash.ui import decoded, pictures, stage

WIDTH, HEIGHT, _ARROW = 640, 240, 60
_GREY = "#7d7d7d"  # can be read on light and dark
# Bars grow out of the middle line, one after the other, for whom motion does no harm.
_MOTION = """@media (prefers-reduced-motion: no-preference) {
rect { transform-origin: 0 50%; animation: grow 0.5s ease-out backwards; }
@keyframes grow { from { transform: scaleY(0); } }
}"""


def possible(run: Run) -> bool:
    """Whether there are weights to squeeze with, and a picture that the run has not learned from."""
    return run.weights.has(names.BEST) and pictures.originals_of(run, 1) is not None


def show(run: Run) -> None:
    """The scene; where the weights turn out to be damaged, what is wrong."""
    originals = pictures.originals_of(run, config.PHOTO_COUNT)
    if originals is None or not pictures.able([run]):
        return
    shown = originals[quiz.best_first(run, originals)[0]]
    mu, redrawn = decoded.squeezed(run, shown)
    name = config.spoken(run.config.arch)
    before, middle, after = st.columns([4, 7, 4], gap="small", vertical_alignment="center")
    with before:
        _tile(shown, say("a new picture: {size:,} numbers", size=shown.size), key="squeezed-before")
    with middle, stage.limited(WIDTH, HEIGHT, key="squeezed"):
        what = say("what {name} keeps of it: {n} numbers", name=name, n=len(mu))
        st.image(bars(mu, hue=charts.hue(run)), alt=what, caption=what, width="stretch")
    with after:
        _tile(redrawn, say("what {name} draws from them", name=name), key="squeezed-after")


def _tile(pixels: Pixels, what: str, *, key: str) -> None:
    stage.picture(pixels[None], columns=1, key=key, alt=what, caption=what)


def bars(numbers: Floats, *, hue: str) -> str:
    """Numbers as bars up and down from a middle line, between two arrows, as SVG."""
    step = (WIDTH - 2 * _ARROW) / max(1, len(numbers))
    scale = 0.46 * HEIGHT / max([1.0, *np.abs(numbers).tolist()])
    drawn = "".join(
        f'<rect x="{_ARROW + place * step:.1f}" y="{HEIGHT / 2 - max(0.0, scale * number):.1f}" width="{0.7 * step:.1f}" '
        f'height="{abs(scale * number):.1f}" style="animation-delay: {0.4 + 0.8 * place / len(numbers):.2f}s"/>'
        for place, number in enumerate(numbers.tolist())
    )
    arrows = "".join(
        f'<path d="M{x} {HEIGHT / 2}h24" stroke="{_GREY}" stroke-width="4"/><path d="M{x + 38} {HEIGHT / 2}l-16 -9v18z" fill="{_GREY}"/>'
        for x in (6, WIDTH - _ARROW + 14)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"><style>{_MOTION}</style>'
        f'<g fill="{hue}">{drawn}</g>{arrows}</svg>'
    )
