"""What do they draw: while they learn, out of random numbers, out of a picture?"""

import streamlit as st

from vaedash import glossary, images
from vaedash.languages import in_sense, say, to_say
from vaedash.ui import cache, choosing, components, gallery, known, pictures, presenter, sharing, vote

VIEWS = {
    "learn": to_say("As they learn"),
    "invent": to_say("Made up"),
    "remember": to_say("Redrawn"),
    "vote": to_say("Blind vote"),
}
KINDS = {"prior": to_say("Random numbers"), "recon": to_say("New pictures")}
ORDERS = {"random": to_say("At random"), "row": to_say("In order")}

runs = cache.all_runs()
line = choosing.head(say("What do they draw?"))
chosen = choosing.chosen(line, runs, begun=True)
with line:
    sharing.popover("Gallery", chosen)
row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
with row:
    view = components.choice(say("View"), VIEWS, default="learn", key="view")
    if view in ("learn", "vote"):
        about = glossary.about("prior sample", "train, test")
        kind = components.choice(say("Out of"), KINDS, default="prior", key="kind", help=about)

if view == "learn":
    playing = row.toggle(say("Play"), key="playing")
    if not any(run.epochs for run in chosen):
        st.info(" ".join(dict.fromkeys(map(pictures.before_any, chosen))))
        st.stop()
    gallery.as_they_learn(chosen, kind=kind, playing=playing)

elif view == "invent":
    about = say(
        "The seed of the random numbers: each draw is another set of them.\n\n{about}",
        about=glossary.about("seed", "z"),
    )
    seed = row.number_input(
        in_sense("a set of random numbers", "Draw"),
        0,
        2**31 - 1,
        key="seed",
        bind="query-params",
        help=about,
        width=200,
    )
    few = 16 if presenter.on() or len(chosen) > 2 else 36  # larger ones, where more than two share the row
    count = row.segmented_control(
        say("Pictures"), (16, 36, 64), default=few, required=True, key="count", bind="query-params", wrap=True
    )
    st.caption(
        say("The same place in every grid is drawn from the same random numbers."),
        help=say(
            "Temperature: how far from the average they may lie. 0: not at all. 1: as in training. Above: bolder, and odder."
        ),
    )
    gallery.made_up(chosen, count=count, seed=seed)

elif view == "vote":
    draw = row.number_input(say("Ballot"), 0, 2**31 - 1, key="ballot", bind="query-params", width=160)
    vote.view(chosen, kind=kind, draw=draw)

else:
    left, middle, right = st.columns(3, gap="medium", vertical_alignment="bottom")
    with left:
        order = components.choice(say("New pictures"), ORDERS, default="random", key="order")
    what = say("From number") if order == "row" else in_sense("a set of random numbers", "Draw")
    number = middle.number_input(what, 0, 2**31 - 1, key="photo", bind="query-params")
    only = known.only(known.labels(chosen), key="only", at=right)
    st.caption(
        say(
            "Above, new pictures, which no run has learned from. Below, how each run redraws them, with how wrong that is "
            "(its loss), and where: black where the colour is right, bright yellow where it is off by {error_top:.0%} or "
            "more.",
            error_top=images.ERROR_TOP,
        ),
        help=say(
            "The image is drawn from the centre of what the encoder says (z = mu). Its loss is recon + beta * KL as in the "
            "test loss: z is drawn around mu with the same noise, so the mean over all test images is the run's test loss. "
            "The error is that of the image shown, the average of red, green and blue.\n\n{about}",
            about=glossary.about("loss", "recon", "KL"),
        ),
    )
    gallery.remembered(chosen, number=number, shuffled=order == "random", only=only)
components.onward("draw", say("Draw one of your own"))
