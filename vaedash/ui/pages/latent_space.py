"""What does each latent say about a picture, and how many say anything at all?"""

import streamlit as st

from vaedash import glossary
from vaedash.languages import say, to_say
from vaedash.ui import cache, choosing, components, decoded, directions, latents, live, pictures

MOST_RUNS = 4
STARTS = {"average": to_say("The average"), "photo": to_say("The picture")}

runs = cache.all_runs()
line = choosing.head(say("What do the numbers mean?"), help=glossary.about("z", "latent size"))
chosen = pictures.choose(line, runs, most=MOST_RUNS)
photos = latents.photographs(chosen)
measured = [run for run in chosen if run.id in photos]

st.markdown(
    say("A model squeezes every picture into a few numbers. Turn one of them, or **pull the bars**: what changes?")
)
left, middle, right = st.columns([3, 2, 1], gap="medium", vertical_alignment="bottom")
most = max(2, *(len(decoded.used(run)) for run in chosen))
pictures.within("rank", most)
about = say("Only the numbers that say anything, the one that says most first. Each run has an order of its own.")
rank = left.slider(say("Which number? 1 says most"), 1, most, key="rank", bind="query-params", help=about)
about = say(
    "The other numbers stay as they are: all at 0, which draws the average, or as the encoder answers for the picture."
)
with middle:
    start = components.choice(say("Starting from"), STARTS, default="average", key="start", help=about)
last = min((len(images) for images in photos.values()), default=1) - 1
pictures.within("photograph", last)
number = right.number_input(say("Picture"), 0, last, key="photograph", bind="query-params")
live.prepare()
latents.turned(chosen, rank=rank, start=start, number=number, here=photos)
if measured:
    latents.mapped(measured, number=number, photos=photos)
    latents.how_to_read()
    directions.moved(measured, number=number, photo=photos[measured[0].id][number])
with st.expander(say("How much does each number say, and since when?"), icon=":material/stacked_line_chart:"):
    if measured:
        latents.how_much(measured, chosen)
    latents.since_when(chosen)
    latents.courses(chosen)
components.onward("train", say("Train your own"))
