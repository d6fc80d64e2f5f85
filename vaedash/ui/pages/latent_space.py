"""What does each latent say about a picture, and how many say anything at all?"""

import streamlit as st

from vaedash import glossary
from vaedash.ui import cache, components, latents, pictures

MOST_RUNS = 2
STARTS = {"average": "The average", "photo": "The photograph"}

st.title("What do the latents say?", help=glossary.about("z", "latent size"))
st.markdown(
    "A model squeezes every picture into a few numbers, its **latents**, and draws it again from them. "
    "How much does each of them say, what happens when one is turned, and which pictures lie close together?"
)
runs = cache.all_runs()
components.damaged(runs)
chosen = pictures.choose(runs, most=MOST_RUNS)
photos = latents.photographs(chosen)
measured = [run for run in chosen if run.id in photos]

if measured:
    latents.how_much(measured, chosen)
latents.since_when(chosen)
latents.courses(chosen)

st.subheader("What happens when one is turned?", anchor=False)
left, middle, right = st.columns([3, 2, 1], gap="medium", vertical_alignment="bottom")
most = max(run.config.latent_dim for run in chosen)
pictures.within("rank", most)
about = "1 is the latent that says most. Each run has an order of its own."
rank = left.slider("Latent, by how much it says", 1, most, key="rank", bind="query-params", help=about)
about = "The other latents stay as they are: all at 0, which draws the average, or as the encoder answers for the photograph."
with middle:
    start = components.choice("Starting from", STARTS, default="average", key="start", help=about)
last = min((len(images) for images in photos.values()), default=1) - 1
pictures.within("photograph", last)
number = right.number_input("Photograph", 0, last, key="photograph", bind="query-params")
latents.turned(chosen, rank=rank, start=start, number=number, photos=photos)

if measured:
    latents.maps(measured, chosen, number=number, photos=photos)
