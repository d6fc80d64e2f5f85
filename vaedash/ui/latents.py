"""What the latents of runs say: how much each one says and since when, what it does when it is turned, and the map of them all."""

from collections.abc import Collection, Mapping, Sequence

import streamlit as st

from vaedash import config, glossary
from vaedash.comparing import alike
from vaedash.errors import DatasetError
from vaedash.images import Pixels
from vaedash.languages import say
from vaedash.runs import Run
from vaedash.runs.figures import Floats
from vaedash.showing import charts
from vaedash.ui import cache, components, decoded, known, live, numbers, pictures, plane, presenter


def photographs(chosen: Sequence[Run]) -> dict[str, Pixels]:
    """The held-out images of each run, by its id; a warning for those whose images are not here any more, one for each set of them."""
    here: dict[str, Pixels] = {}
    why: dict[str, str] = {}
    for run in chosen:
        try:
            here[run.id] = cache.test_images(run)
        except DatasetError as error:
            why[run.id] = str(error)
    for group in alike.by_images([run for run in chosen if run.id in why]):
        gone = say(
            "The pictures of {names} are gone or have changed. {error}",
            names=say(" and ").join(components.plain(run.name) for run in group),
            error=components.escaped(why[group[0].id]),
        )
        st.warning(say("{gone} Latents can be turned all the same.", gone=gone))
    return here


def how_much(measured: Sequence[Run], chosen: Sequence[Run]) -> None:
    """What each latent of the `measured` runs, of all those `chosen`, says about held-out images. Loads torch."""
    from vaedash.measuring import latents

    by_run = [(run, decoded.kl(run)) for run in measured]
    st.header(say("How much does each one say?"), anchor=False, help=glossary.about("KL", "active"))
    with pictures.beside(chosen):
        for run, kl in by_run:
            with st.container(border=True):
                pictures.heading(run, chosen)
                st.markdown(latents.diagnosis(kl))
                worth = run.line["test"]["directions"] if run.line else None
                st.caption(latents.advice(latents.active_units(kl), len(kl), worth=worth))
    spoken = " ".join(f"{run.name}: {latents.diagnosis(kl)}" for run, kl in by_run)
    figure = charts.kl_by_latent(by_run, threshold=config.ACTIVE_KL, places=presenter.places(chosen))
    live.chart(figure, alt=say("KL of each latent, sorted. {spoken}", spoken=spoken), key="kl")
    st.caption(
        say(
            "A latent is in use if its KL divergence, averaged over all held-out pictures, is above {active_kl:g} nats. "
            "That is how far the encoder's answer for a picture is from the one it would give without seeing it.",
            active_kl=config.ACTIVE_KL,
        )
    )


def since_when(chosen: Sequence[Run]) -> None:
    """How many latents were in use after each epoch, of runs that counted them."""
    figure = charts.active_units(chosen, places=presenter.places(chosen))
    if figure is None:
        return
    st.header(say("Since when are they in use?"), anchor=False, help=glossary.about("active", "epoch", "PCA line"))
    counts = (
        say("{name}: {active} in the end", name=run.name, active=run.epochs[-1].get("active_units"))
        for run in chosen
        if run.epochs
    )
    live.chart(
        figure,
        alt=say("Latents in use after each epoch. {names}", names=", ".join(counts)),
        key="active-units",
        height=300,
    )
    st.caption(
        say(
            "Counted on all held-out pictures after each epoch. A curve that falls towards 0 is a collapse on its way: stop the "
            "run, and try a lower beta or a KL warm-up."
        )
    )


def courses(chosen: Sequence[Run]) -> None:
    """How much each latent said after each epoch, of runs that kept it."""
    kept = [(run, kl) for run in chosen if (kl := run.figures.kl_by_latent()) is not None]
    if not kept:
        return
    st.caption(
        say("Each line is a latent, from the first epoch to the last: the stronger the colour, the more it says.")
    )
    with pictures.beside(chosen):
        for run, kl in kept:
            with st.container():
                pictures.heading(run, chosen)
                _course(run, kl[: len(run.epochs)])


def _course(run: Run, kl: Floats) -> None:
    from vaedash.measuring import latents

    sentences = latents.course(kl)
    live.chart(
        charts.kl_over_epochs(run, kl, threshold=config.ACTIVE_KL),
        alt=say("{name}: KL of each latent by epoch. {sentences}", name=run.name, sentences=sentences),
        key=f"course-{run.id}",
    )
    st.caption(sentences)


def turned(chosen: Sequence[Run], *, rank: int, start: str, number: int, here: Collection[str]) -> None:
    """For each run, the latent that says `rank`-most from -3 to 3, the others as in picture `number` (`start` is `photo`) or 0; and all
    that are in use, to be pulled.

    `here` are the ids of those whose held-out pictures are here.
    """
    with pictures.beside(chosen):
        for run in chosen:
            with st.container():
                pictures.heading(run, chosen)
                around = number if start == "photo" and run.id in here else None
                _turned(run, rank, start, number, around)
                numbers.show(run, called=pictures.short(run, chosen), around=around)


def mapped(chosen: Sequence[Run], *, number: int, photos: Mapping[str, Pixels]) -> None:
    """For each run whose held-out pictures are here (`photos`, by run), the map of where they lie, on which a click chooses one: the
    `number`; with a choice of what colours it, where anything is known of them. Other pictures have a legend of their own.
    """
    groups = alike.by_images(chosen)
    labels = [{label.name: label for label in known.labels(group)} for group in groups]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        colour = known.colour([*{name: label for of_group in labels for name, label in of_group.items()}.values()])
        if len(groups) == 1 and colour in labels[0]:
            known.legend(labels[0][colour])
    for group, of_group in zip(groups, labels, strict=True):
        if len(groups) > 1 and colour in of_group:
            known.legend(of_group[colour])
        with pictures.beside(group):
            for run in group:
                with st.container():
                    pictures.heading(run, chosen)
                    _map(run, chosen, number, photos[run.id], colour)


def _turned(run: Run, rank: int, start: str, number: int, around: int | None) -> None:
    index = decoded.ranked(run)[min(rank, run.config.latent_dim) - 1]
    tiles = decoded.traversed(run, index, around=around)
    what = say("number {index} of {latent_dim}, from -3 to 3", index=index + 1, latent_dim=run.config.latent_dim)
    file = f"{run.id}-latent-{index + 1}-{start}-{number}"
    pictures.grid(tiles, columns=len(tiles), alt=f"{run.name}. {what}", caption=what, file=file)


def _map(run: Run, chosen: Sequence[Run], number: int, photos: Pixels, colour: str) -> None:
    coloured = say(", coloured by {colour}", colour=colour) if colour else ""
    plane.show(
        run,
        called=pictures.short(run, chosen),
        number=number,
        photos=photos,
        colour=colour,
        alt=say(
            "Map of new pictures among the numbers of {name}{coloured}; the number above chooses one too.",
            name=run.name,
            coloured=coloured,
        ),
        on_pick=_choose,
    )
    across, up = decoded.plane(run).share
    st.caption(say("Across {across:.0%}, up {up:.0%} of all that differs.", across=across, up=up))


def how_to_read() -> None:
    """What is seen on the maps and below them."""
    st.caption(
        say(
            "On each map lie up to a thousand new pictures: those that the model squeezes into similar numbers lie close together. "
            "**Drag anywhere**, also where no picture lies: the model draws what that place stands for, all else being the average. "
            "Click a picture, and a ring shows where each model puts it."
        ),
        help=glossary.about("μ and σ", "train, test"),
    )


def _choose(number: int) -> None:
    st.session_state.photograph = number
