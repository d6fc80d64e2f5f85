"""Does architecture matter? The question, one button, pictures to guess from, and the answer for who asks."""

import streamlit as st

from vaedash import config, datasets, glossary, places
from vaedash.languages import say
from vaedash.models import layers
from vaedash.ui import cache, components, crisp, diagram, launching, race, shuffling, teaser, tour

runs = cache.all_runs()
if tour.step():
    tour.walk(runs)
    st.stop()

st.title(say("Does architecture matter?"), anchor=False)
st.markdown(
    say(
        "Two programs learn to draw by looking at the same pictures. They are alike in everything but one: "
        "**FC** (fully connected) looks at all pixels at once and does not know which ones are neighbours; **conv** "
        "(convolutional) looks through small windows "
        "that slide over the picture. Watch both learn, and see who draws better."
    )
)

readable = [run for run in runs if run.settings]
example, latest = components.showcase(readable), components.latest(readable)
racing = any(run.active for run in runs)
shapes = launching.pair("p1", "shapes", epochs=launching.QUICK_EPOCHS)
photographs = launching.pair("fast", "cifar10", epochs=launching.PHOTO_EPOCHS)
with st.container(horizontal=True):
    launching.button(say("Train both (about a minute or two)"), shapes, key="train-both", disabled=racing, primary=True)
    if not datasets.lacking("cifar10", data_dir=places.data_dir()):
        label = say("Train both on photographs (a minute or two)")
        launching.button(label, photographs, key="train-both-photographs", disabled=racing)
    tour.invitation(runs)
if not readable:
    st.caption(
        say("Nothing has been trained yet. It needs no download: the pictures are coloured shapes, drawn on the spot.")
    )
components.damaged(runs)

# Nothing is given away before somebody asks; but who trained, or has something to go on with, finds it at once.
asked = bool(latest) and (racing or bool(launching.mine()) or any(run.status.resumable for run in latest))
if asked:
    race.race([run.id for run in latest])
elif not (example and teaser.show(example)):
    crisp.picture(
        cache.some_shapes(),
        columns=12,
        alt=say("rings, squares, triangles, stars and hearts in many colours"),
        caption=say("some of the pictures that they learn from"),
    )
ended = [] if asked else [latest]
for pair in ([example] if example != latest else []) + ended:
    if pair:
        names = components.named(pair)
        which = say("your latest") if pair == latest else say("the example")
        with st.expander(say("See how {which} ended: {names}", which=which, names=names), icon=":material/visibility:"):
            race.race([run.id for run in pair])

shuffling.section(runs, resting=racing)

st.header(say("The architectures"), anchor=False)
st.caption(
    say(
        "From picture to a few numbers, and back. Blocks are to scale; the last line says how many weights each arrow learns. "
        "**local** looks through conv's windows with a detector of its own at each place: it stands between the two."
    )
)
flowing: list[str] = []
alive = [run for run in example or latest if diagram.can_flow(run)]
if alive:
    names = say(" and ").join(config.spoken(run.config.arch) for run in alive)
    watch = st.expander(
        say("Watch a picture flow through {names}", names=names),
        key="flow",
        icon=":material/play_circle:",
        on_change="rerun",
    )
    if watch.open:
        with watch:
            flowing = diagram.flow(alive)
still = layers.known()
with st.grid(len(config.PAIR), min_column_width=380, gap="medium"):
    for arch in [arch for arch in still if arch not in flowing]:
        with st.container():
            diagram.show(arch, still[arch])
if flowing:
    with st.container(key="on-paper"):  # on which nothing flows
        for arch in flowing:
            diagram.show(arch, still[arch])

with st.expander(say("Words"), icon=":material/dictionary:"):
    lines = [f"- **{say(word)}**: {say(meaning)}" for word, meaning in glossary.WORDS.items()]
    left, right = st.columns(2)
    left.markdown("\n".join(lines[: len(lines) // 2 + 1]))
    right.markdown("\n".join(lines[len(lines) // 2 + 1 :]))
components.onward("compare", say("Compare them closely"))
