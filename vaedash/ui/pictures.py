"""Pictures of several runs beside each other: whose they are, what they show, and each to take home."""

import math
from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vaedash import images
from vaedash.comparing import alike, results
from vaedash.errors import DatasetError
from vaedash.images import Pixels
from vaedash.languages import say
from vaedash.runs import Run
from vaedash.showing import charts
from vaedash.ui import cache, choosing, components, crisp, decoded, presenter

LANE, ACROSS = 12, 3  # pictures that stand for all of a kind, and how many beside each other
_SAVED = 128  # pixels to a side of each picture in a file to take home
_BESIDE = 4  # grids of a row
BESIDE_CURVES = 2  # runs whose pictures fit beside their curves


def named(run: Run, among: Sequence[Run]) -> str:
    """The short name behind a square of the run's colour, as Markdown."""
    return mark(charts.hue(run), components.plain(results.short(run, among)))


def short(run: Run, among: Sequence[Run]) -> str:
    """What it is called beside the others, as it stands."""
    return results.short(run, among)


def mark(hue: str, words: str) -> str:
    """Words behind a square of this colour, as Markdown."""
    return f':color[■]{{foreground="{hue}"}} {words}'


def able(chosen: Sequence[Run]) -> list[Run]:
    """Those of the runs that have weights to draw with; where these are damaged, a warning says so."""
    having = [run for run in chosen if decoded.weights(run)]
    harm = {run.id: decoded.damage(run) for run in having}
    for run in having:
        if harm[run.id]:
            st.warning(
                say(
                    "{name} cannot draw. {harm}", name=components.plain(run.name), harm=components.escaped(harm[run.id])
                ),
                icon=":material/warning:",
            )
    return [run for run in having if not harm[run.id]]


def choose(line: DeltaGenerator, runs: Sequence[Run], *, most: int) -> list[Run]:
    """The runs that somebody wants to draw with, `most` at most, chosen in the head of the page; without one, it ends here."""
    chosen = able(choosing.chosen(line, runs, weights=True))
    if not chosen:
        st.stop()
    if len(chosen) > most:
        st.caption(say("There is room for {most} runs here: the first {most} are shown.", most=most))
    return chosen[:most]


def heading(run: Run, among: Sequence[Run]) -> None:
    """Whose pictures follow."""
    st.markdown(titled(run, among))


def titled(run: Run, among: Sequence[Run]) -> str:
    """Its short name and, in grey, what its own name says besides; as Markdown."""
    rest = components.plain(results.rest_of_name(run, among))
    return " ".join([f"**{named(run, among)}**", *([f":gray[{rest}]"] if rest else [])])


def beside(chosen: Sequence[Run]) -> DeltaGenerator:
    """Room for one cell a run: up to three beside each other, on a phone one."""
    return st.grid(min(len(chosen), 3), min_column_width=280, gap="medium")


def grids(cells: int) -> DeltaGenerator:
    """Room for so many grids of pictures: up to four beside each other (five as three and two), on a phone one."""
    return st.grid(_in_a_row(cells), min_column_width=270, gap="medium")


def _in_a_row(cells: int) -> int:
    return math.ceil(cells / math.ceil(cells / _BESIDE))


def on_screen(cells: int) -> tuple[int, int]:
    """Columns and number of pictures of each of so many grids (`cells`), for all to fit on the first screen at twice their size."""
    full = _in_a_row(cells) == _BESIDE
    if presenter.on():
        return (4, 16) if full else (5, 20)
    return (4, 20) if full else (6, 30)


def real_grid(run: Run, *, cells: int) -> None:
    """Real pictures of the kind that a run learns from, as many and as large as in the grids beside them (`cells` in all)."""
    columns, count = on_screen(cells)
    with st.container():
        st.markdown(say("**real pictures**"))
        _real(run, columns=columns, count=count, caption=say("Pictures that they have never seen."))


def tile(image: Pixels, caption: str, *, alt: str) -> None:
    """One image `(3, side, side)` uint8, as wide as its place, its pixels sharp."""
    crisp.picture(image[None], columns=1, alt=alt, caption=caption)


def grid(tiles: Pixels, *, columns: int, alt: str, caption: str, file: str) -> None:
    """Images `(N, 3, side, side)` uint8 as one picture with a caption and a download of it as `file`.png."""
    crisp.picture(tiles, columns=columns, alt=alt, caption=caption)
    download(tiles, columns=columns, file=file)


def download(tiles: Pixels | Callable[[], Pixels], *, columns: int, file: str, label: str = "PNG") -> None:
    """A button that hands out the images as one PNG, made when it is pressed."""

    def made() -> bytes:
        drawn = tiles() if callable(tiles) else tiles
        return images.encode_png(images.grid(drawn, columns=columns, scale=_SAVED // drawn.shape[-1], gap=4))

    st.download_button(
        label,
        data=made,
        file_name=f"{file}.png",
        mime="image/png",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
        help=say("Save this picture"),
        key=f"download-{file}",
    )


def originals_of(run: Run, count: int) -> Pixels | None:
    """What the first `count` tiles of a run's photographs redraw: kept beside them, or else the held-out images themselves."""
    originals = run.pictures.originals()
    if originals is None:
        try:
            tested = cache.test_images(run)
        except DatasetError:
            return None
        originals = tested[[number for number in run.redrawn if number < len(tested)]]
    return originals[:count]


def real(run: Run) -> None:
    """Some pictures of the kind that a run learns from, as large as those that it makes up in `newest`."""
    st.markdown(say("**real pictures**"))
    _real(run, columns=ACROSS, count=LANE)


def _real(run: Run, *, columns: int, count: int, caption: str | None = None) -> None:
    tiles = originals_of(run, count)
    if tiles is None:
        st.caption(say("They are not here any more."))
    else:
        crisp.picture(tiles, columns=columns, alt=say("real pictures, which no run has learned from"), caption=caption)


def newest(run: Run) -> None:
    """What a run made up last."""
    tiles = run.pictures.now() if run.active else None
    if tiles is None:
        tiles = run.pictures.sample("prior", len(run.epochs))
    if tiles is not None:
        since = say("after epoch {n}", n=len(run.epochs)) if run.epochs else None
        crisp.picture(
            tiles[:LANE], columns=ACROSS, alt=say("{name}: what it made up last", name=run.name), caption=since
        )
    elif not run.active:
        st.caption(say("No picture of it was kept.") if run.epochs else before_any(run))


def before_any(run: Run) -> str:
    """Why there are no pictures of a run that has not finished an epoch."""
    if run.damage:
        return say("It is damaged: what it drew cannot be told.")
    return (
        say("Its first pictures come with its first epoch.")
        if run.active
        else say("It ended before its first epoch, without a picture.")
    )


def lanes(chosen: Sequence[Run]) -> None:
    """Real pictures, and beside them the state of each run and what it made up last; up to four beside each other, on a phone one."""
    for group in alike.by_images(chosen):
        with st.grid(min(len(group), 3) + 1, min_column_width=180):
            with st.container():
                real(group[0])
            for run in group:
                with st.container():
                    pair = len(chosen) <= BESIDE_CURVES  # whose names stand above
                    components.status(run, called=f"**{named(run, group)}**" if pair else titled(run, group))
                    newest(run)


def within(key: str, most: int) -> None:
    """Takes a widget's value back to `most` before it is drawn, where the runs chosen now allow less than those before."""
    if st.session_state.get(key, most) > most:
        st.session_state[key] = most
