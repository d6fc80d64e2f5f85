"""The ends of a path through latent space, and how a person chooses one: a held-out picture, a random z, one's own."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from vaedash import config, glossary, images
from vaedash.config import Frame
from vaedash.datasets.decode import Manner, decode
from vaedash.datasets.labels import Label
from vaedash.errors import DatasetError
from vaedash.images import Pixels
from vaedash.languages import say, to_say
from vaedash.runs import Run
from vaedash.ui import cache, components, crisp, known, sheet

PICTURE, RANDOM, OWN = to_say("Picture"), to_say("Random"), to_say("My own")
WAYS = UPLOAD, CAMERA = to_say("Upload"), to_say("Camera")  # to one's own
SEEDS = 10_000  # that the dice throw; any other can be typed
A_SHEET = 16  # pictures to click at once
_SEEN = 192  # pixels wide is one's own picture, which has 32 or 64
_ABOUT_CAMERA = to_say(
    "A browser lends its camera only to a page whose address begins with https, or with localhost on this machine; "
    "everywhere else, upload a picture. Either stays in the server's memory and is never written to its disk."
)


@dataclass(frozen=True, kw_only=True)
class End:
    """Where a path begins or ends: at the z of a random seed, or at the z (mu) that a model gives a picture.

    `pixels` are the bytes of a uint8 image `(3, side, side)`; None stands for a random z.
    """

    label: str
    seed: int = 0
    pixels: bytes | None = None

    def image(self, side: int) -> Pixels | None:
        """Its picture as a model sees it that has so many pixels a side."""
        if self.pixels is None:
            return None
        own = math.isqrt(len(self.pixels) // 3)
        return images.resized(np.frombuffer(self.pixels, np.uint8).reshape(3, own, own), side)


def held_out(chosen: Sequence[Run]) -> tuple[Pixels | None, str, Sequence[Label]]:
    """The test pictures of the first run whose pictures are still here, or those that one kept to redraw them, or None; what there
    is to say of them, and what is known of them.
    """
    try:
        # The finest there are: a model of fewer pixels makes its own of them.
        run, pictures = cache.first_test_images(sorted(chosen, key=lambda run: -run.config.image_size))
    except DatasetError:
        kept = next((kept for run in chosen if (kept := run.pictures.originals()) is not None), None)
        if kept is None:
            return (
                None,
                say("The new pictures of these runs are not here any more. Random ends and your own still work."),
                [],
            )
        return (
            kept,
            say("The pictures are {n} that no run has learned from; the others are not here any more.", n=len(kept)),
            [],
        )
    title = components.plain(config.dataset_title(run.config.dataset))
    about = say("The pictures are {n:,} of {title} that no run has learned from.", n=len(pictures), title=title)
    return pictures, about, cache.test_labels(run)


def choose(
    letter: str, *, place: int, pictures: Pixels | None, frame: Frame, labels: Sequence[Label] = ()
) -> End | None:
    """The end called `letter`, as chosen and as the URL says; None while there is nothing to go by.

    `pictures` are the held-out ones on offer, uint8 `(N, 3, side, side)`, if there are any; by their `labels` some of them can be
    chosen. `place`, 1 to 4, sets what is there before anybody chose. One's own is brought to the `frame`.
    """
    key = letter.lower()
    kinds = [RANDOM, OWN] if pictures is None else [PICTURE, RANDOM, OWN]
    kind = components.choice(f"**{letter}**", {kind: kind for kind in kinds}, default=kinds[0], key=key)
    if kind == PICTURE and pictures is not None:
        return _picture(key, place, pictures, labels)
    if kind == RANDOM:
        seed = _number(say("Seed"), f"{key}_seed", place, range(SEEDS), help=glossary.about("seed", "z"))
        return End(label=say("random z, seed {seed}", seed=seed), seed=seed)
    return _own(key, frame)


def _picture(letter: str, place: int, pictures: Pixels, labels: Sequence[Label]) -> End:
    key, only = f"{letter}_picture", known.only(labels, key=f"{letter}_only")
    offered = known.meant(labels, only, len(pictures))
    # A link may come from a larger set of pictures: its numbers begin anew at the end of this one.
    asked = _number(say("Test picture"), key, len(pictures) * place // 5, offered) % len(pictures)
    chosen = known.next_of(offered, asked)
    index = int(offered[chosen])
    if index != asked:
        st.caption(say("Picture {index} is the next with {only}.", index=index, only=components.plain(only)))
    # Some sets are sorted by what they show, so a sheet takes one picture from each part of the set.
    stride = -(-len(offered) // A_SHEET)
    tile, first = divmod(chosen, stride)
    sheet.pick(
        pictures[offered[first::stride]],
        picked=tile,
        alt=say("Some of the test pictures; the one chosen is number {index}", index=index),
        key=f"{key}-sheet",
        on_pick=lambda tile: _put(key, int(offered[first + stride * tile])),
    )
    return End(label=say("test picture {index}", index=index), pixels=pictures[index].tobytes())


def _own(key: str, frame: Frame) -> End | None:
    # Where its widget is, a browser asks for the camera: so it is there for who chose it, and no link may choose it.
    way = st.segmented_control(
        say("Your picture"),
        WAYS,
        default=UPLOAD,
        required=True,
        key=f"{key}_from",
        format_func=lambda way: say(way),
        help=say(_ABOUT_CAMERA),
        wrap=True,
    )
    if way == UPLOAD:
        file = st.file_uploader(say("A file"), key=f"{key}_file", max_upload_size=50, label_visibility="collapsed")
    else:
        file = st.camera_input(say("A snapshot"), key=f"{key}_camera", label_visibility="collapsed")
    if file is None:
        return None
    pixels = decode(file.getvalue(), Manner.of(frame))
    if pixels is None:
        st.warning(say("This file cannot be read as a picture. A photograph as JPEG, PNG or WebP will do."))
        return None
    with st.container(width=_SEEN):
        caption = say("as the models get it: {rows} x {columns} pixels", rows=pixels.shape[1], columns=pixels.shape[2])
        crisp.picture(pixels[None], columns=1, alt=say("your picture, {caption}", caption=caption), caption=caption)
    return End(label=say("your picture"), pixels=pixels.tobytes())


def _number(
    label: str, key: str, default: int, offered: Sequence[int] | NDArray[np.int_], *, help: str | None = None
) -> int:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.number_input(label, 0, 2**31 - 1, default, key=key, bind="query-params", help=help)
        st.button(
            say("Another"),  # in letters: an icon alone is read out by the name that its font has for it
            key=f"{key}-dice",
            on_click=lambda: _put(key, int(random.choice(offered))),
            help=say("One at random"),
        )
    return number


def _put(key: str, number: int) -> None:
    st.session_state[key] = number
