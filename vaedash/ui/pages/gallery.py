"""What do they make: while they learn, out of random numbers, out of a photograph?"""

import math

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vaedash import glossary, images
from vaedash.comparing import alike
from vaedash.ui import cache, components, decoded, pictures, vote

VIEWS = {"learn": "As they learn", "invent": "Made up", "remember": "Remembered", "vote": "Blind vote"}
KINDS = {"prior": "Random numbers", "recon": "Photographs"}
ORDERS = {"random": "At random", "row": "In order"}
SECONDS = 0.8  # that an epoch stays on the screen while it plays
PHOTOS = 8

st.title("What do they make?")
found = cache.all_runs()
components.damaged(found)
chosen = components.choose_runs([run for run in found if run.epochs] or found)
left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
view = left.segmented_control(
    "View", VIEWS, format_func=VIEWS.get, default="learn", required=True, key="view", bind="query-params"
)


def learn() -> None:
    """What each run drew after each epoch: one slider for all, which can move by itself."""
    state, last = st.session_state, max(len(run.epochs) for run in chosen)
    if playing:
        state.epoch = state.get("epoch", last) % last + 1
    elif "epoch" not in state and "epoch" not in st.query_params:
        state.epoch = last
    pictures.within("epoch", last)
    about = f"{glossary.about('epoch')} Arrow keys move the slider too."
    epoch = st.slider("Epoch", 1, last, key="epoch", bind="query-params", help=about) if last > 1 else 1
    with pictures.beside(chosen):
        for run in chosen:
            with st.container():
                pictures.heading(run, chosen)
                own = min(epoch, len(run.epochs))
                pictures.kept(run, kind, own, " It has no later one, so it waits here." if own < epoch else "")


def out_of(place: DeltaGenerator) -> str:
    """Whether the pictures come out of random numbers or of photographs."""
    about = glossary.about("prior sample", "train, test")
    choice = {"format_func": KINDS.get, "default": "prior", "required": True, "help": about}
    return place.segmented_control("Out of", KINDS, key="kind", bind="query-params", **choice)


if view == "learn":
    row = right.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    kind = out_of(row)
    playing = row.toggle("Play", key="playing")
    if not any(run.epochs for run in chosen):
        st.info("No chosen run has finished an epoch yet; its first pictures come with it.")
        st.stop()
    st.fragment(learn, run_every=SECONDS if playing else None)()

elif view == "invent":
    left, middle, right = st.columns(3, gap="medium", vertical_alignment="bottom")
    about = f"The seed of the random numbers: each draw is another set of them.\n\n{glossary.about('seed', 'z')}"
    seed = left.number_input("Draw", 0, 2**31 - 1, key="seed", bind="query-params", help=about)
    about = "How far from the average z may lie. 0: not at all. 1: as in training. Above: bolder, and odder."
    temperature = middle.slider("Temperature", 0.0, 2.0, 1.0, 0.1, key="temperature", bind="query-params", help=about)
    count = right.segmented_control("Images", (16, 36, 64), default=36, required=True, key="count", bind="query-params")
    st.caption("The same place is the same z in every grid, wherever the runs have equally many latents.")
    able = pictures.able(chosen)
    with pictures.beside(chosen):
        for run in chosen:
            with st.container():
                pictures.heading(run, chosen)
                if run not in able:
                    st.caption("Without weights it cannot draw anew: this is the last grid that it left.")
                    pictures.kept(run, "prior", len(run.epochs))
                    continue
                tiles = decoded.prior(run, count=count, seed=seed, temperature=temperature)
                what = f"Draw {seed} at temperature {temperature:g}, with the weights of epoch {decoded.epoch(run)}."
                file = f"{run.id}-draw-{seed}-temperature-{temperature:g}-{count}"
                pictures.grid(tiles, columns=math.isqrt(count), alt=f"{run.name}. {what}", caption=what, file=file)

elif view == "vote":
    row = right.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    kind = out_of(row)
    draw = row.number_input("Ballot", 0, 2**31 - 1, key="ballot", bind="query-params", width=160)
    vote.view(chosen, kind=kind, draw=draw)

else:
    left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
    order = left.segmented_control(
        "Photographs", ORDERS, format_func=ORDERS.get, default="random", required=True, key="order", bind="query-params"
    )
    what = "From number" if order == "row" else "Draw"
    number = right.number_input(what, 0, 2**31 - 1, key="photo", bind="query-params")
    st.caption(
        "Above, photographs that no run learned from. Below, what each run makes of them, with its loss in nats (lower is "
        f"better), and its error: black where the colour is right, bright yellow where it is off by {images.ERROR_TOP:.0%} "
        "or more.",
        help="The image is drawn from the centre of what the encoder says (z = mu). Its loss is recon + beta * KL as in the "
        "test loss: z is drawn around mu with the same noise, so the mean over all test images is the run's test loss. "
        f"The error is that of the image shown, the average of red, green and blue.\n\n{glossary.about('loss', 'recon', 'KL')}",
    )
    for group in alike.by_images(chosen):
        able = pictures.able(group)
        photos, finding = pictures.held_out(group)
        able = [run for run in able if run in finding]
        if photos is not None and able:
            draw = (
                np.arange(number, number + PHOTOS)
                if order == "row"
                else np.random.default_rng(number).permutation(len(photos))
            )
            pictures.remembered(able, photos, tuple((draw[:PHOTOS] % len(photos)).tolist()))
        if lacking := [run for run in group if run not in able]:
            st.caption("Without weights or photographs there is only the last grid that a run left.")
            with pictures.beside(lacking):
                for run in lacking:
                    with st.container():
                        pictures.heading(run, chosen)
                        pictures.kept(run, "recon", len(run.epochs))
