"""What does each latent say about a picture, and how many say anything at all?"""

import streamlit as st

from vaedash import config, glossary
from vaedash.errors import DatasetError
from vaedash.measuring import latents
from vaedash.showing import charts
from vaedash.ui import cache, components, decoded, pictures, presenter

STARTS = {"average": "The average", "photo": "The photograph"}


def clicked(key: str) -> None:
    """Makes the photograph that was clicked on a map the chosen one."""
    if points := st.session_state[key].selection.points:
        st.session_state.photograph = points[0]["customdata"]


st.title("What do the latents say?", help=glossary.about("z", "latent size"))
st.markdown(
    "A model squeezes every picture into a few numbers, its **latents**, and draws it again from them. "
    "How much does each of them say, what happens when one is turned, and which pictures lie close together?"
)
found = cache.all_runs()
components.damaged(found)
chosen = pictures.able(components.choose_runs(found, weights=True))
if not chosen:
    st.stop()
if len(chosen) > 2:
    st.caption("Two at a time fit here: these are the first two.")
    chosen = chosen[:2]

measured, photos = [], {}
for run in chosen:
    try:
        photos[run.id] = cache.test_images(run)
        measured.append((run, decoded.kl(run)))
    except DatasetError as error:
        gone = f"The photographs of {components.plain(run.name)} are gone or have changed. {components.escaped(str(error))}"
        st.warning(f"{gone} Its latents can be turned all the same.")

if measured:
    st.subheader("How much does each one say?", anchor=False, help=glossary.about("KL", "active"))
    with pictures.beside(chosen):
        for run, kl in measured:
            with st.container(border=True):
                pictures.heading(run, chosen)
                st.markdown(latents.diagnosis(kl))
                worth = run.line["test"]["directions"] if run.line else None
                st.caption(latents.advice(latents.active_units(kl), len(kl), worth=worth))
    spoken = " ".join(f"{run.name}: {latents.diagnosis(kl)}" for run, kl in measured)
    figure = charts.kl_by_latent(measured, threshold=config.ACTIVE_KL)
    st.plotly_chart(presenter.figure(figure), alt=f"KL of each latent, sorted. {spoken}", key="kl")
    st.caption(
        f"A latent is in use if its KL divergence, averaged over all held-out photographs, is above {config.ACTIVE_KL:g} "
        "nats. That is how far the encoder's answer for a photograph is from the one it would give without seeing it."
    )

if figure := charts.active_units(chosen):
    st.subheader("Since when are they in use?", anchor=False, help=glossary.about("active", "epoch", "PCA line"))
    counts = (f"{run.name}: {run.epochs[-1].get('active_units')} in the end" for run in chosen if run.epochs)
    st.plotly_chart(
        presenter.figure(figure),
        alt=f"Latents in use after each epoch. {', '.join(counts)}",
        key="active-units",
        height=300,
    )
    st.caption(
        "Counted on all held-out photographs after each epoch. A curve that falls towards 0 is a collapse on its way: stop the "
        "run, and try a lower beta or a KL warm-up."
    )

courses = {run.id: run.figures.kl_by_latent() for run in chosen}
if any(kl is not None for kl in courses.values()):
    st.caption("Each line is a latent, from the first epoch to the last: the stronger the colour, the more it says.")
    with pictures.beside(chosen):
        for run in (run for run in chosen if courses[run.id] is not None):
            with st.container():
                pictures.heading(run, chosen)
                said = latents.course(courses[run.id][: len(run.epochs)])
                figure = charts.kl_over_epochs(run, courses[run.id][: len(run.epochs)], threshold=config.ACTIVE_KL)
                st.plotly_chart(
                    presenter.figure(figure),
                    alt=f"{run.name}: KL of each latent by epoch. {said}",
                    key=f"course-{run.id}",
                )
                st.caption(said)

st.subheader("What happens when one is turned?", anchor=False)
left, middle, right = st.columns([3, 2, 1], gap="medium", vertical_alignment="bottom")
about = "1 is the latent that says most. Each run has an order of its own."
most = max(run.config.latent_dim for run in chosen)
pictures.within("rank", most)
rank = left.slider("Latent, by how much it says", 1, most, key="rank", bind="query-params", help=about)
about = "The other latents stay as they are: all at 0, which draws the average, or as the encoder answers for the photograph."
start = middle.segmented_control(
    "Starting from",
    STARTS,
    format_func=STARTS.get,
    default="average",
    required=True,
    key="start",
    bind="query-params",
    help=about,
)
last = min((len(here) for here in photos.values()), default=1) - 1
pictures.within("photograph", last)
number = right.number_input("Photograph", 0, last, key="photograph", bind="query-params")
with pictures.beside(chosen):
    for run in chosen:
        with st.container():
            pictures.heading(run, chosen)
            index = decoded.ranked(run)[min(rank, run.config.latent_dim) - 1]
            tiles = decoded.traversed(run, index, around=number if start == "photo" and run.id in photos else None)
            what = f"Latent {index + 1} of {run.config.latent_dim} at -3, -2, -1, 0, 1, 2 and 3."
            file = f"{run.id}-latent-{index + 1}-{start}-{number}"
            pictures.grid(tiles, columns=len(tiles), alt=f"{run.name}. {what}", caption=what, file=file)

if measured:
    st.subheader("Which pictures lie close together?", anchor=False, help=glossary.about("μ and σ", "train, test"))
    st.caption(
        "Up to a thousand photographs that the model never learned from, laid flat: of all directions through its latent space, "
        "the two along which they differ most. Click one to see what the model makes of it."
    )
    with pictures.beside(chosen):
        for run, _ in measured:
            with st.container():
                pictures.heading(run, chosen)
                key = f"map-{run.id}"
                st.plotly_chart(
                    presenter.figure(decoded.chart(run)),
                    key=key,
                    on_select=lambda key=key: clicked(key),
                    selection_mode="points",
                    alt=f"Map of the held-out photographs in the latent space of {run.name}; the number above chooses one too.",
                )
                pictures.photograph(run, number, photos[run.id][number])
    st.caption(
        "Left the photograph, in the middle what the model makes of it with all its latents, right what is left of it "
        "if only its two coordinates on this map are known."
    )
