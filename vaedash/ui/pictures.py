"""Pictures of several runs beside each other: whose they are, what they show, and each to take home."""

import itertools
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vaedash import images
from vaedash.comparing import results
from vaedash.errors import DatasetError
from vaedash.images import Pixels
from vaedash.runs import Run
from vaedash.showing import charts
from vaedash.ui import cache, components, crisp, decoded


def named(run: Run, among: Sequence[Run]) -> str:
    """The short name behind a square of the architecture's colour, as Markdown."""
    return f':color[■]{{foreground="{charts.HUE[run.config.arch]}"}} {results.short(run, among)}'


def able(chosen: Sequence[Run]) -> list[Run]:
    """Those of the runs that have weights to draw with; where these are damaged, a warning says so."""
    having = [run for run in chosen if decoded.weights(run)]
    harm = {run.id: decoded.damage(run) for run in having}
    for run in having:
        if harm[run.id]:
            st.warning(
                f"{components.plain(run.name)} cannot draw. {components.escaped(harm[run.id])}",
                icon=":material/warning:",
            )
    return [run for run in having if not harm[run.id]]


def choose(runs: Sequence[Run], *, most: int) -> list[Run]:
    """The runs that somebody wants to draw with, `most` at most; without one, the page ends here."""
    chosen = able(components.choose_runs(runs, weights=True))
    if not chosen:
        st.stop()
    if len(chosen) > most:
        st.caption(f"There is room for {most} runs here: the first {most} are shown.")
    return chosen[:most]


def heading(run: Run, among: Sequence[Run]) -> None:
    """Whose pictures follow."""
    rest = run.name.removeprefix(run.config.arch).strip()
    st.markdown(f"**{named(run, among)}** :gray[{components.plain(rest)}]")


def beside(chosen: Sequence[Run]) -> DeltaGenerator:
    """Room for one cell a run: up to three beside each other, on a phone one."""
    return st.grid(min(len(chosen), 3), min_column_width=280, gap="medium")


def tile(image: Pixels, caption: str, *, alt: str) -> None:
    """One image `(3, 32, 32)` uint8, as wide as its place, its pixels sharp."""
    crisp.picture(image[None], columns=1, alt=alt, caption=caption)


def grid(tiles: Pixels, *, columns: int, alt: str, caption: str, file: str) -> None:
    """Images `(N, 3, 32, 32)` uint8 as one picture with a caption and a download of it as `file`.png."""
    crisp.picture(tiles, columns=columns, alt=alt, caption=caption)
    download(tiles, columns=columns, file=file)


def download(tiles: Pixels, *, columns: int, file: str) -> None:
    """A button that hands out the images as one PNG, made when it is pressed."""
    st.download_button(
        "PNG",
        data=lambda: images.encode_png(images.grid(tiles, columns=columns, scale=4, gap=4)),
        file_name=f"{file}.png",
        mime="image/png",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
        help="Save this picture",
        key=f"download-{file}",
    )


def originals_of(run: Run, count: int) -> Pixels | None:
    """What the first `count` tiles of a run's photographs redraw: kept beside them, or else the held-out images themselves."""
    originals = run.pictures.originals()
    if originals is None:
        try:
            originals = cache.test_images(run)
        except DatasetError:
            return None
    return originals[:count]


def newest(chosen: Sequence[Run]) -> None:
    """The state of each run and what it made up after its newest epoch: up to four beside each other."""
    for run, column in zip(chosen, itertools.cycle(st.columns(min(len(chosen), 4))), strict=False):
        with column:
            components.status_line(run)
            tiles = run.pictures.sample("prior", len(run.epochs))
            if tiles is None:
                st.caption("No pictures yet: they come with the first epoch.")
            else:
                what = f"{len(tiles)} images from random z, after epoch {len(run.epochs)}"
                crisp.picture(tiles, columns=8, alt=f"{run.name}: {what}", caption=what)


def within(key: str, most: int) -> None:
    """Takes a widget's value back to `most` before it is drawn, where the runs chosen now allow less than those before."""
    if st.session_state.get(key, most) > most:
        st.session_state[key] = most
