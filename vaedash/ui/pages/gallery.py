"""What do they draw: while they learn, out of random numbers, out of a picture?"""

import streamlit as st

from vaedash import glossary, images
from vaedash.ui import cache, choosing, components, gallery, known, pictures, presenter, vote

VIEWS = {"learn": "As they learn", "invent": "Made up", "remember": "Redrawn", "vote": "Blind vote"}
KINDS = {"prior": "Random numbers", "recon": "New pictures"}
ORDERS = {"random": "At random", "row": "In order"}

runs = cache.all_runs()
line = choosing.head("What do they draw?")
chosen = choosing.chosen(line, runs, begun=True)
row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
with row:
    view = components.choice("View", VIEWS, default="learn", key="view")
    if view in ("learn", "vote"):
        about = glossary.about("prior sample", "train, test")
        kind = components.choice("Out of", KINDS, default="prior", key="kind", help=about)

if view == "learn":
    playing = row.toggle("Play", key="playing")
    if not any(run.epochs for run in chosen):
        st.info(" ".join(dict.fromkeys(map(pictures.before_any, chosen))))
        st.stop()
    gallery.as_they_learn(chosen, kind=kind, playing=playing)

elif view == "invent":
    about = f"The seed of the random numbers: each draw is another set of them.\n\n{glossary.about('seed', 'z')}"
    seed = row.number_input("Draw", 0, 2**31 - 1, key="seed", bind="query-params", help=about, width=200)
    few = 16 if presenter.on() else 36
    count = row.segmented_control(
        "Pictures", (16, 36, 64), default=few, required=True, key="count", bind="query-params", wrap=True
    )
    st.caption(
        "The same place in every grid is drawn from the same random numbers.",
        help="Temperature: how far from the average they may lie. 0: not at all. 1: as in training. Above: bolder, and odder.",
    )
    gallery.made_up(chosen, count=count, seed=seed)

elif view == "vote":
    draw = row.number_input("Ballot", 0, 2**31 - 1, key="ballot", bind="query-params", width=160)
    vote.view(chosen, kind=kind, draw=draw)

else:
    left, middle, right = st.columns(3, gap="medium", vertical_alignment="bottom")
    with left:
        order = components.choice("New pictures", ORDERS, default="random", key="order")
    what = "From number" if order == "row" else "Draw"
    number = middle.number_input(what, 0, 2**31 - 1, key="photo", bind="query-params")
    only = known.only(known.labels(chosen), key="only", at=right)
    st.caption(
        "Above, new pictures, which no run has learned from. Below, how each run redraws them, with how wrong that is (its loss), "
        f"and where: black where the colour is right, bright yellow where it is off by {images.ERROR_TOP:.0%} "
        "or more.",
        help="The image is drawn from the centre of what the encoder says (z = mu). Its loss is recon + beta * KL as in the "
        "test loss: z is drawn around mu with the same noise, so the mean over all test images is the run's test loss. "
        f"The error is that of the image shown, the average of red, green and blue.\n\n{glossary.about('loss', 'recon', 'KL')}",
    )
    gallery.remembered(chosen, number=number, shuffled=order == "random", only=only)
components.onward("draw", "Draw one of your own")
