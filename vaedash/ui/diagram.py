"""Architectures as drawings: every step from image to mu and sigma, to z, and back. To scale, from the model's own layers; or alive,
with a picture that flows through the runs of a pair in the visitor's browser.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from vaedash import config
from vaedash.browser import widgets
from vaedash.comparing import quiz
from vaedash.languages import figure, say
from vaedash.models.layers import Step, Steps
from vaedash.runs import Run, names
from vaedash.showing import charts, told
from vaedash.showing.told import Player
from vaedash.ui import decoded, pictures, studio

_WIDTH, _HEIGHT, _MIDDLE = 640, 235, 85
_LABEL = 50  # width that the words below a block need
_component = st.components.v2.component(
    "vaedash_flow",
    html='<div class="flow"></div>',
    css=widgets.style("flow"),
    js=f"""{widgets.script("flow")}
export default ({{ data, parentElement, setStateValue }}) => {{
  const root = parentElement.querySelector(".flow");
  return flow(root, heard(root, data), setStateValue);
}};
""",
)


@dataclass(frozen=True, kw_only=True)
class _Block:
    """A step's outcome: its `shape`, the words below it, and how many weights lead to it."""

    words: str
    shape: list[int]
    weights: int

    @property
    def size(self) -> tuple[float, float]:
        """Width and height: maps are squares as large as they are, vectors are bars, longer for more numbers."""
        if len(self.shape) == 3:
            return self.shape[1] * 2.0 + 4, self.shape[1] * 2.0 + 4
        return 12.0, 20 * math.log2(max(2, self.shape[0])) - 76

    @property
    def shifts(self) -> list[float]:
        """Behind a map, a few more: more for more channels. mu and sigma are two."""
        if len(self.shape) == 3:
            return [2.5 * number for number in range(round(math.log2(self.shape[0])), -1, -1)]
        return [5.0, 0.0] if len(self.shape) == 2 else [0.0]


def svg(arch: str, steps: Steps) -> str:
    """The drawing of one architecture (`vaedash.models.layers.known()[arch]`) as SVG; its grey words can be read on light and dark."""
    blocks = _blocks(steps)
    places = [max(_LABEL, block.size[0]) for block in blocks]
    gap = (_WIDTH - sum(places)) / len(blocks)
    parts: list[str] = []
    x, end = gap / 2, 0.0
    for block, place in zip(blocks, places, strict=True):
        centre, (width, _) = x + place / 2, block.size
        if parts:
            parts.append(_arrow(end, centre - width / 2))
        parts.append(_drawn(arch, block, centre=centre, before=x - gap / 2))
        end = centre + width / 2 + max(block.shifts)
        x += place + gap
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 0 {_WIDTH + 16} {_HEIGHT}" font-family="sans-serif" '
        f'fill="#7d7d7d">{"".join(parts)}</svg>'
    )


def show(arch: str, steps: Steps, *, width: Literal["stretch"] | int = "stretch") -> None:
    """The drawing with its name, and how many weights it has."""
    st.markdown(
        say(
            "**{name}**: {title}, {weights:.1f} million weights",
            name=config.spoken(arch),
            title=say(config.ARCHS[arch].title),
            weights=weights(steps) / 1e6,
        )
    )
    st.image(svg(arch, steps), alt=in_words(arch, steps), width=width)


def can_flow(run: Run) -> bool:
    """Whether it has weights of layers that a browser knows; found out without torch."""
    return run.config.arch in config.BUILT_IN_ARCHS and run.weights.has(names.BEST)


def flow(chosen: Sequence[Run]) -> list[str]:
    """Lets new pictures flow through those of the runs that a browser can compute; which architectures these are. Loads torch.

    The first run that kept pictures lends them; a run of pictures of another size is left out.
    """
    tiles = next(
        (tiles for run in chosen if (tiles := pictures.originals_of(run, config.PHOTO_COUNT)) is not None), None
    )
    if tiles is None:
        st.caption(say("The pictures that they were tried with are not here any more."))
        return []
    alike = [run for run in pictures.able(chosen) if run.config.image_size == tiles.shape[-1]]
    flowing = [run for run in alike if all(studio.brought(run, part) for part in studio.PARTS)]
    if not flowing:
        return []
    shown = tiles[quiz.best_first(quiz.leader(flowing), tiles)[: told.FLOWING]]
    data = told.flow([_lane(run, flowing) for run in flowing], shown)
    if _component(
        data={**data, **widgets.spoken("flow")}, key="flow-widget", on_untrained_change=lambda: None
    ).untrained:
        for run in flowing:
            for part in studio.PARTS:
                studio.brought(run, part, state="untrained")
    return [run.config.arch for run in flowing]


def _lane(run: Run, among: Sequence[Run]) -> told.Data:
    player = Player(run=run, called=pictures.short(run, among), used=decoded.used(run), **_names(run, "trained"))
    # One that came from elsewhere may begin as it likes.
    untrained = _names(run, "untrained") if run.config.arch in config.BUILT_IN_ARCHS else None
    return told.lane(player, untrained=untrained)


def _names(run: Run, state: studio.State) -> Mapping[str, str]:
    return {part: studio.called(run, part, state=state) for part in studio.PARTS}


def in_words(arch: str, steps: Steps) -> str:
    """The same as text, for those who cannot see it."""
    shapes = [say(" by ").join(map(str, step["shape"])) for part in steps.values() for step in part]
    return say(
        "{name}: {shapes}; {weights:,} weights",
        name=config.spoken(arch),
        shapes=", ".join(shapes),
        weights=weights(steps),
    )


def weights(steps: Steps) -> int:
    """How many numbers are trained."""
    return sum(step["weights"] for part in steps.values() for step in part)


def _blocks(steps: Steps) -> list[_Block]:
    *to_maps, last = steps["encoder"]
    _, *from_z = steps["decoder"]
    # The encoder's last layer gives mu and the logarithm of sigma squared side by side: two blocks of half its width.
    latent_dim = last["shape"][0] // 2
    return [
        *map(_block, to_maps),
        _Block(words=f"μ, σ\n2×{latent_dim}", shape=[latent_dim, 2], weights=last["weights"]),
        _Block(words=f"z\n{latent_dim}", shape=[latent_dim], weights=0),
        *map(_block, from_z),
    ]


def _block(step: Step) -> _Block:
    shape = step["shape"]
    words = (
        say("{maps} of\n{rows}×{columns}", maps=shape[0], rows=shape[1], columns=shape[2])
        if len(shape) == 3
        else f"{shape[0]}"
    )
    return _Block(words=words, shape=shape, weights=step["weights"])


def _drawn(arch: str, block: _Block, *, centre: float, before: float) -> str:
    """A block around its `centre`; the number of its weights stands at `before`, below the arrow that leads to it."""
    width, height = block.size
    x = centre - width / 2
    rectangles = "".join(
        f'<rect x="{x + shift:.1f}" y="{_MIDDLE - height / 2 - shift:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2" '
        f'fill="{charts.of_arch(arch)}" fill-opacity="{0.85 if shift == 0 else 0.35}" stroke="white" stroke-opacity="0.5"/>'
        for shift in block.shifts
    )
    lines = "".join(
        f'<tspan x="{centre:.1f}" dy="{0 if row == 0 else 17}">{line}</tspan>'
        for row, line in enumerate(block.words.split("\n"))
    )
    words = f'<text x="{centre:.1f}" y="{_HEIGHT - 50}" text-anchor="middle" font-size="15">{lines}</text>'
    if not block.weights:
        return rectangles + words
    count = _thousands(block.weights)
    number = f'<text x="{before:.1f}" y="{_HEIGHT - 6}" text-anchor="middle" font-size="14">{count}</text>'
    return rectangles + words + number


def _arrow(start: float, end: float) -> str:
    """From one block to the next, with a little air on both sides."""
    start, end = start + 2, end - 2
    return (
        f'<path d="M{start:.1f} {_MIDDLE}H{end - 4:.1f}" stroke="#7d7d7d" stroke-width="1.5"/>'
        f'<path d="M{end:.1f} {_MIDDLE}l-6 -3.5v7z"/>'
    )


def _thousands(count: int) -> str:
    if count >= 1e6:
        return f"{figure(count / 1e6, '.1f')}M"
    return f"{figure(count / 1e3, '.0f' if count >= 1e4 else '.1f')}k"
