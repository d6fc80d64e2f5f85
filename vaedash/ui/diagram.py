"""An architecture as a drawing: every step from image to mu and sigma, to z, and back, to scale, from the model's own layers."""

import math
from typing import Any

import streamlit as st

from vaedash import config
from vaedash.showing import charts

_WIDTH, _HEIGHT, _MIDDLE = 640, 235, 85
_LABEL = 50  # width that the words below a block need


def svg(arch: str, steps: dict[str, list[dict[str, Any]]]) -> str:
    """The drawing of one architecture (`vaedash.models.layers.known()[arch]`) as SVG; its grey words can be read on light and dark."""
    encoder, decoder = steps["encoder"], steps["decoder"]
    # The encoder's last layer gives mu and the logarithm of sigma squared side by side: two blocks of half its width.
    latent_dim = encoder[-1]["shape"][0] // 2
    blocks = [
        *[(_shape_words(step["shape"]), step["shape"], step["weights"]) for step in encoder[:-1]],
        (f"μ, σ\n2×{latent_dim}", [latent_dim, 2], encoder[-1]["weights"]),
        (f"z\n{latent_dim}", [latent_dim], 0),
        *[(_shape_words(step["shape"]), step["shape"], step["weights"]) for step in decoder[1:]],
    ]
    places = [max(_LABEL, _size(shape)[0]) for _, shape, _ in blocks]
    gap = (_WIDTH - sum(places)) / len(blocks)
    parts, x, end = [], gap / 2, 0.0
    for (words, shape, trained), place in zip(blocks, places, strict=True):
        centre, (width, _) = x + place / 2, _size(shape)
        if parts:
            parts.append(_arrow(end, centre - width / 2))
        parts.append(_block(arch, words, shape, trained, centre, x - gap / 2))
        end = centre + width / 2 + max(_shifts(shape))
        x += place + gap
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 0 {_WIDTH + 16} {_HEIGHT}" font-family="sans-serif" '
        f'fill="#7d7d7d">{"".join(parts)}</svg>'
    )


def show(arch: str, steps: dict[str, list[dict[str, Any]]], *, width: str | int = "stretch") -> None:
    """The drawing with its name, and how many weights it has."""
    st.markdown(f"**{arch}**: {config.ARCHS[arch]}, {weights(steps) / 1e6:.1f} million weights")
    st.image(svg(arch, steps), alt=in_words(arch, steps), width=width)


def in_words(arch: str, steps: dict[str, list[dict[str, Any]]]) -> str:
    """The same as text, for those who cannot see it."""
    shapes = [" by ".join(map(str, step["shape"])) for part in steps.values() for step in part]
    return f"{arch}: {', '.join(shapes)}; {weights(steps):,} weights"


def weights(steps: dict[str, list[dict[str, Any]]]) -> int:
    """How many numbers are trained."""
    return sum(step["weights"] for part in steps.values() for step in part)


def _block(arch: str, words: str, shape: list[int], trained: int, centre: float, before: float) -> str:
    width, height = _size(shape)
    x = centre - width / 2
    rectangles = "".join(
        f'<rect x="{x + shift:.1f}" y="{_MIDDLE - height / 2 - shift:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2" '
        f'fill="{charts.HUE[arch]}" fill-opacity="{0.85 if shift == 0 else 0.35}" stroke="white" stroke-opacity="0.5"/>'
        for shift in _shifts(shape)
    )
    lines = "".join(
        f'<tspan x="{centre:.1f}" dy="{0 if row == 0 else 17}">{line}</tspan>'
        for row, line in enumerate(words.split("\n"))
    )
    text = f'<text x="{centre:.1f}" y="{_HEIGHT - 50}" text-anchor="middle" font-size="15">{lines}</text>'
    number = ""
    if trained:
        number = (
            f'<text x="{before:.1f}" y="{_HEIGHT - 6}" text-anchor="middle" font-size="14">{_thousands(trained)}</text>'
        )
    return rectangles + text + number


def _arrow(start: float, end: float) -> str:
    """From one block to the next, with a little air on both sides."""
    start, end = start + 2, end - 2
    return (
        f'<path d="M{start:.1f} {_MIDDLE}H{end - 4:.1f}" stroke="#7d7d7d" stroke-width="1.5"/>'
        f'<path d="M{end:.1f} {_MIDDLE}l-6 -3.5v7z"/>'
    )


def _size(shape: list[int]) -> tuple[float, float]:
    """Width and height of a block: maps are squares as large as they are, vectors are bars, longer for more numbers."""
    if len(shape) == 3:
        return shape[1] * 2.0 + 4, shape[1] * 2.0 + 4
    return 12.0, 20 * math.log2(max(2, shape[0])) - 76


def _shifts(shape: list[int]) -> list[float]:
    """Behind a map, a few more: more for more channels. mu and sigma are two."""
    if len(shape) == 3:
        return [2.5 * number for number in range(round(math.log2(shape[0])), -1, -1)]
    return [5.0, 0.0] if len(shape) == 2 else [0.0]


def _shape_words(shape: list[int]) -> str:
    return f"{shape[0]} of\n{shape[1]}×{shape[2]}" if len(shape) == 3 else f"{shape[0]}"


def _thousands(count: int) -> str:
    return f"{count / 1e6:.1f}M" if count >= 1e6 else f"{count / 1e3:.0f}k" if count >= 1e4 else f"{count / 1e3:.1f}k"
