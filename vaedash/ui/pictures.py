"""Pictures of several runs beside each other: whose they are, what they show, and each to take home."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from vaedash import images
from vaedash.comparing import results
from vaedash.errors import DatasetError
from vaedash.runs import Run
from vaedash.showing import charts
from vaedash.ui import cache, components, decoded


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


def heading(run: Run, among: Sequence[Run]) -> None:
    """Whose pictures follow."""
    rest = run.name.removeprefix(run.config.arch).strip()
    st.markdown(f"**{named(run, among)}** :gray[{components.plain(rest)}]")


def beside(chosen: Sequence[Run]) -> st.delta_generator.DeltaGenerator:
    """Room for one cell a run: up to three beside each other, on a phone one."""
    return st.grid(min(len(chosen), 3), min_column_width=280, gap="medium")


def tile(image: np.ndarray, caption: str, *, alt: str) -> None:
    """One image `(3, 32, 32)` uint8, as wide as its place, its pixels sharp."""
    components.picture(image[None], columns=1, scale=6, alt=alt, caption=caption)


def grid(tiles: np.ndarray, *, columns: int, alt: str, caption: str, file: str) -> None:
    """Images `(N, 3, 32, 32)` uint8 as one picture with a caption and a download of it as `file`.png."""
    components.picture(tiles, columns=columns, alt=alt, caption=caption)
    download(tiles, columns=columns, file=file)


def download(tiles: np.ndarray, *, columns: int, file: str) -> None:
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


def kept(run: Run, kind: str, epoch: int, also: str = "") -> None:
    """The grid (`prior` or `recon`) that a run kept after an epoch; photographs with the originals above, if any are left."""
    tiles = run.pictures.sample(kind, epoch)
    if tiles is None:
        st.caption(f"No picture of epoch {epoch} was kept." if epoch else "Pictures come with the first epoch.")
        return
    what = f"{len(tiles)} images out of random numbers"
    if kind == "recon":
        originals = originals_of(run, len(tiles))
        if originals is None:
            what = "photographs it never learned from, as it redraws them (the originals are gone or have changed)"
        else:
            tiles = images.in_turn([originals, tiles[: len(originals)]], columns=8)
            what = "rows of photographs it never learned from, and below each what it makes of them"
    loss = run.epochs[epoch - 1]["test_loss"]
    measured = f", test loss {loss:.1f} nats" if loss is not None else ""
    after = f"After epoch {epoch} of {len(run.epochs)}{measured}: {what}.{also}"
    grid(tiles, columns=8, alt=f"{run.name}. {after}", caption=after, file=f"{run.id}-{kind}-{epoch:04d}")


def originals_of(run: Run, count: int) -> np.ndarray | None:
    """What the first `count` tiles of a run's photographs redraw: kept beside them, or else the held-out images themselves."""
    found = run.pictures.originals()
    if found is None:
        try:
            found = cache.test_images(run)
        except DatasetError:
            return None
    return found[:count]


def remembered(chosen: Sequence[Run], photos: np.ndarray, numbers: tuple[int, ...]) -> None:
    """Held-out images by number, a column each: the original, then for each run what it makes of it, the loss and the error."""
    made = [decoded.remembered(run, numbers) for run in chosen]
    originals = photos[list(numbers)]
    errors = [images.error_map(originals, redrawn) for redrawn, _ in made]
    with st.grid(len(numbers), min_column_width=96):
        for place, number in enumerate(numbers):
            with st.container(gap="xsmall"):
                tile(originals[place], f"number {number}", alt=f"held-out photograph {number}")
                for run, (redrawn, loss), error in zip(chosen, made, errors, strict=True):
                    by = f"photograph {number} by {run.name}"
                    tile(
                        redrawn[place],
                        f"{named(run, chosen)} **{loss[place]:.1f}**",
                        alt=f"{by}, loss {loss[place]:.1f} nats",
                    )
                    tile(error[place], "error", alt=f"where {by} differs from the original")
    rows = [originals, *(tiles for (redrawn, _), error in zip(made, errors, strict=True) for tiles in (redrawn, error))]
    file = "-".join(("photographs", str(numbers[0]), *(run.id for run in chosen)))
    download(images.in_turn(rows, columns=len(numbers)), columns=len(numbers), file=file)


def photograph(run: Run, number: int, original: np.ndarray) -> None:
    """A held-out image, what the run makes of it, and what its place on the map alone makes of it."""
    redrawn, loss = decoded.remembered(run, (number,))
    with st.grid(3, min_column_width=80):
        tile(original, f"photograph {number}", alt=f"held-out photograph {number}")
        tile(
            redrawn[0],
            f"redrawn, {loss[0]:.1f} nats",
            alt=f"photograph {number} by {run.name}, loss {loss[0]:.1f} nats",
        )
        tile(
            decoded.flattened(run, number)[0],
            "from the map alone",
            alt=f"photograph {number} from its place on the map",
        )


def within(key: str, most: int) -> None:
    """Takes a widget's value back to `most` before it is drawn, where the runs chosen now allow less than those before."""
    if st.session_state.get(key, most) > most:
        st.session_state[key] = most


def held_out(group: Sequence[Run]) -> tuple[np.ndarray | None, list[Run]]:
    """The held-out images of runs that learned from the same, and which of them still find them; a warning where none does."""
    photos, finding, errors = None, [], []
    for run in group:
        try:
            photos = cache.test_images(run)
            finding.append(run)
        except DatasetError as error:
            errors.append(error)
    if not finding:
        st.warning(f"The photographs are gone or have changed. {components.escaped(str(errors[0]))}")
    return photos, finding
