"""The Gallery's views: what runs drew while they learned, what they make up, and what they make of photographs."""

import functools
import math
from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from vaedash import glossary, images
from vaedash.comparing import alike, results
from vaedash.errors import DatasetError
from vaedash.images import Pixels
from vaedash.languages import figure, say
from vaedash.runs import Run
from vaedash.ui import cache, components, decoded, known, pictures, studio, throws

_SECONDS = 0.8  # that an epoch stays on the screen while it plays
_PHOTOS = 8


# ---- while they learn ----------------------------------------------------------------------------------------------


def as_they_learn(chosen: Sequence[Run], *, kind: str, playing: bool) -> None:
    """What each run drew after each epoch (`prior` or `recon`): one slider for all, which moves by itself while `playing`."""
    st.fragment(_epoch, run_every=_SECONDS if playing else None)(chosen, kind, playing)


def _epoch(chosen: Sequence[Run], kind: str, playing: bool) -> None:
    state, last = st.session_state, max(len(run.epochs) for run in chosen)
    if playing:
        state.epoch = state.get("epoch", last) % last + 1
    elif "epoch" not in state and "epoch" not in st.query_params:
        state.epoch = last
    pictures.within("epoch", last)
    about = say("{about} Arrow keys move the slider too.", about=glossary.about("epoch"))
    epoch = st.slider(say("Epoch"), 1, last, key="epoch", bind="query-params", help=about) if last > 1 else 1
    with_real = kind == "prior"
    cells = len(chosen) + with_real
    with pictures.grids(cells):
        if with_real:
            pictures.real_grid(chosen[0], cells=cells)
        for run in chosen:
            with st.container():
                pictures.heading(run, chosen)
                own = min(epoch, len(run.epochs))
                waits = say(" It has no later one, so it waits here.") if own < epoch else ""
                _kept(run, kind, own, cells=cells, also=waits)


def _kept(run: Run, kind: str, epoch: int, *, cells: int, also: str = "") -> None:
    """The grid (`prior` or `recon`) that a run kept after an epoch, one of `cells` grids; photographs with the originals above, if any
    are left.
    """
    tiles = run.pictures.sample(kind, epoch)
    if tiles is None:
        st.caption(say("No picture of epoch {epoch} was kept.", epoch=epoch) if epoch else pictures.before_any(run))
        return
    columns, count = pictures.on_screen(cells)
    tiles, what = tiles[:count], say("made up")
    if kind == "recon":
        originals = pictures.originals_of(run, len(tiles))
        if originals is None:
            what = say("new pictures, redrawn (the originals are gone or have changed)")
        else:
            shown = min(count // 2, len(originals), len(tiles)) // columns * columns
            tiles = images.in_turn([originals[:shown], tiles[:shown]], columns=columns)
            what = say("rows of new pictures, and below each how it redraws them")
    loss = run.epochs[epoch - 1]["test_loss"]
    measured = say(" (loss {loss:.1f})", loss=loss) if loss is not None else ""
    after = say(
        "After epoch {epoch} of {n}{measured}: {what}.{also}",
        epoch=epoch,
        n=len(run.epochs),
        measured=measured,
        what=what,
        also=also,
    )
    pictures.grid(
        tiles, columns=columns, alt=f"{run.name}. {after}", caption=after, file=f"{run.id}-{kind}-{epoch:04d}"
    )


# ---- out of random numbers -----------------------------------------------------------------------------------------


def made_up(chosen: Sequence[Run], *, count: int, seed: int) -> None:
    """As many images of each run out of the same random numbers, drawn by the browser where it knows a run's layers; the last grid that
    it left of one without weights.
    """
    able = pictures.able(chosen)
    parts = {run.id: part for run in able if (part := studio.brought(run, "decoder"))}
    if parts:
        throws.show(parts, chosen, real=pictures.originals_of(chosen[0], count), count=count, seed=seed)
    others = [run for run in chosen if run.id not in parts]
    if others:
        cells = len(others) + (not parts)
        with pictures.grids(cells):
            if not parts:
                pictures.real_grid(chosen[0], cells=cells)
            for run in others:
                with st.container():
                    pictures.heading(run, chosen)
                    _drawn_here(run, able=run in able, count=count, seed=seed, cells=cells)
    if able:
        _taken_home([run for run in able if run.id in parts], able, count=count, seed=seed)


def _drawn_here(run: Run, *, able: bool, count: int, seed: int, cells: int) -> None:
    if not able:
        st.caption(say("Without weights it cannot draw anew: this is the last grid that it left."))
        _kept(run, "prior", len(run.epochs), cells=cells)
        return
    temperature = throws.temperature()
    tiles = decoded.prior(run, count=count, seed=seed, temperature=temperature)
    what = say(
        "Draw {seed} at temperature {temperature:g}, with the weights of epoch {epoch}.",
        seed=seed,
        temperature=temperature,
        epoch=decoded.epoch(run),
    )
    file = _file(run, count=count, seed=seed)
    pictures.grid(tiles, columns=math.isqrt(count), alt=f"{run.name}. {what}", caption=what, file=file)


def _taken_home(alive: Sequence[Run], able: Sequence[Run], *, count: int, seed: int) -> None:
    """The pictures of runs that a browser draws, made once more here where somebody saves them; and how anybody makes them again."""
    temperature = throws.temperature()
    commands = [f"{run.command('generate')} --n {count} --seed {seed} --temperature {temperature:g}" for run in able]
    with st.container(horizontal=True, vertical_alignment="center"):
        for run in alive:
            draw = functools.partial(decoded.prior, run, count=count, seed=seed, temperature=temperature)
            label = say("PNG of {name}", name=components.plain(pictures.short(run, able)))
            pictures.download(draw, columns=math.isqrt(count), file=_file(run, count=count, seed=seed), label=label)
        with st.popover(say("The same once more"), type="tertiary", icon=":material/terminal:"):
            st.code("\n".join(commands), language="sh")


def _file(run: Run, *, count: int, seed: int) -> str:
    return f"{run.id}-draw-{seed}-temperature-{throws.temperature():g}-{count}"


# ---- out of photographs --------------------------------------------------------------------------------------------


def remembered(chosen: Sequence[Run], *, number: int, shuffled: bool, only: str = known.ALL) -> None:
    """Some held-out photographs, from `number` on or drawn with it as the seed, and what the runs make of them; of those that `only`
    means (`known.only`).
    """
    for group in alike.by_images(chosen):
        able = pictures.able(group)
        try:
            owner, photos = cache.first_test_images(group)
        except DatasetError as error:
            st.warning(say("The pictures are gone or have changed. {error}", error=components.escaped(str(error))))
            able = []
        else:
            if able:
                offered = known.meant(cache.test_labels(owner), only, len(photos))
                _redrawn(able, photos, _numbers(offered, number % len(photos), number, shuffled=shuffled))
        if lacking := [run for run in group if run not in able]:
            st.caption(say("Without weights or pictures there is only the last grid that a run left."))
            with pictures.grids(len(lacking)):
                for run in lacking:
                    with st.container():
                        pictures.heading(run, chosen)
                        _kept(run, "recon", len(run.epochs), cells=len(lacking))


def _numbers(offered: NDArray[np.int_], first: int, seed: int, *, shuffled: bool) -> tuple[int, ...]:
    """Which of the photographs `offered`: those from number `first` on and round again, or as many drawn at random with the `seed`."""
    if shuffled:
        return tuple(np.random.default_rng(seed).permutation(offered)[:_PHOTOS].tolist())
    begin = known.next_of(offered, first)
    return tuple(int(offered[(begin + place) % len(offered)]) for place in range(min(_PHOTOS, len(offered))))


def _redrawn(able: Sequence[Run], photos: Pixels, numbers: tuple[int, ...]) -> None:
    """A column for each photograph: the original, then for each run what it makes of it, the loss and the error."""
    made = [decoded.remembered(run, photos, numbers) for run in able]
    originals = photos[list(numbers)]
    errors = [images.error_map(originals, redrawn) for redrawn, _ in made]
    with st.grid(len(numbers), min_column_width=96):
        for place, number in enumerate(numbers):
            with st.container(gap="xsmall"):
                pictures.tile(
                    originals[place],
                    say("number {number}", number=number),
                    alt=say("held-out picture {number}", number=number),
                )
                for run, (redrawn, losses), error in zip(able, made, errors, strict=True):
                    by = say("picture {number} by {name}", number=number, name=run.name)
                    loss = figure(losses[place], ".1f")
                    named = pictures.named(run, able)
                    pictures.tile(
                        redrawn[place],
                        f"{named} **{loss}**",
                        alt=say("{by}, loss {loss} {unit}", by=by, loss=loss, unit=run.config.unit),
                    )
                    pictures.tile(error[place], say("error"), alt=say("where {by} differs from the original", by=by))
    rows = [originals]
    for (redrawn, _), error in zip(made, errors, strict=True):
        rows += [redrawn, error]
    file = f"photographs-{numbers[0]}-{results.in_file_name(able)}"
    pictures.download(images.in_turn(rows, columns=len(numbers)), columns=len(numbers), file=file)
